// Kafka as a source and a sink of records. Options are those of Flink's Kafka connector; errors in them come out of Execute.
//
//   env.FromSource(KafkaSource<Click>("localhost:9092", "clicks").Group("stats").StartEarliest().Build(), strategy)
#pragma once

#include <string>

#include "api/ends.h"

namespace thalweg::api {

/// Fields of T are read from the value by its format (json unless said otherwise), or from the message's metadata.
template <types::IsRecord T>
class KafkaSource : public EndBuilder<KafkaSource<T>, Source<T>> {
 public:
  KafkaSource(const std::string& bootstrap_servers, const std::string& topic)
      : EndBuilder<KafkaSource<T>, Source<T>>("kafka-source", "kafka:" + topic, types::Record<T>::schema()) {
    this->Option("topic", topic).Format("json").StartEarliest().Property("bootstrap.servers", bootstrap_servers);
  }
  /// A client property: "security.protocol", "fetch.min.bytes" ...
  KafkaSource& Property(const std::string& name, const std::string& value) {
    return this->Option("properties." + name, value);
  }
  /// Offsets are committed to the group at checkpoints.
  KafkaSource& Group(const std::string& group) { return Property("group.id", group); }
  KafkaSource& StartEarliest() { return this->Option("scan.startup.mode", "earliest-offset"); }
  KafkaSource& StartLatest() { return this->Option("scan.startup.mode", "latest-offset"); }
  KafkaSource& StartCommitted() { return this->Option("scan.startup.mode", "group-offsets"); }
  /// The job ends at the offsets that are the latest when it starts.
  KafkaSource& BoundedLatest() { return this->Option("scan.bounded.mode", "latest-offset"); }
  /// Field `field` from the message: topic, partition, offset, timestamp, key or headers.
  KafkaSource& Metadata(const std::string& field, const std::string& metadata) {
    return this->Option("metadata." + field, metadata);
  }
  /// Rows that do not parse: fail, or skip (and count); DataStream::DeadLetters keeps them.
  KafkaSource& OnParseError(const std::string& policy) { return this->Option("error-policy", policy); }
};

/// Appends records to a topic, at least once unless said otherwise, as json unless said otherwise.
template <types::IsRecord T>
class KafkaSink : public EndBuilder<KafkaSink<T>, Sink<T>> {
 public:
  KafkaSink(const std::string& bootstrap_servers, const std::string& topic)
      : EndBuilder<KafkaSink<T>, Sink<T>>("kafka-sink", "kafka:" + topic, types::Record<T>::schema()) {
    this->Option("topic", topic)
        .Format("json")
        .Delivery("at-least-once")
        .Property("bootstrap.servers", bootstrap_servers);
  }
  KafkaSink& Property(const std::string& name, const std::string& value) {
    return this->Option("properties." + name, value);
  }
  /// Fields that make the message's key.
  KafkaSink& KeyFields(const std::string& fields) { return this->Option("key.fields", fields); }
  /// none or at-least-once.
  KafkaSink& Delivery(const std::string& guarantee) { return this->Option("sink.delivery-guarantee", guarantee); }
};

}  // namespace thalweg::api
