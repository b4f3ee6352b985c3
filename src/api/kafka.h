// Kafka as a source and a sink of records. Options are those of Flink's Kafka connector; errors in them come out of Execute.
//
//   env.FromSource(KafkaSource<Click>("localhost:9092", "clicks").Group("stats").StartEarliest().Build(), strategy)
#pragma once

#include <string>
#include <utility>

#include "api/ends.h"

namespace thalweg::api {

/// Fields of T are read from the value by its format, or from the message's metadata.
template <types::IsRecord T>
class KafkaSource {
 public:
  KafkaSource(const std::string& bootstrap_servers, const std::string& topic) {
    source_.kind = "kafka-source";
    source_.name = "kafka:" + topic;
    source_.schema = types::Record<T>::schema();
    source_.options = {{"topic", topic}, {"format", "json"}, {"scan.startup.mode", "earliest-offset"}};
    Property("bootstrap.servers", bootstrap_servers);
  }
  /// A client property: "security.protocol", "fetch.min.bytes" ...
  KafkaSource& Property(const std::string& name, const std::string& value) {
    return Option("properties." + name, value);
  }
  /// Offsets are committed to the group at checkpoints.
  KafkaSource& Group(const std::string& group) { return Property("group.id", group); }
  KafkaSource& StartEarliest() { return Option("scan.startup.mode", "earliest-offset"); }
  KafkaSource& StartLatest() { return Option("scan.startup.mode", "latest-offset"); }
  KafkaSource& StartCommitted() { return Option("scan.startup.mode", "group-offsets"); }
  /// The job ends at the offsets that are the latest when it starts.
  KafkaSource& BoundedLatest() { return Option("scan.bounded.mode", "latest-offset"); }
  /// json, csv or raw.
  KafkaSource& Format(const std::string& format) { return Option("format", format); }
  /// Field `field` from the message: topic, partition, offset, timestamp, key or headers.
  KafkaSource& Metadata(const std::string& field, const std::string& metadata) {
    return Option("metadata." + field, metadata);
  }
  /// Rows that do not parse: fail, or skip (and count).
  KafkaSource& OnParseError(const std::string& policy) { return Option("error-policy", policy); }
  /// Any option of the connector by its name.
  KafkaSource& Option(const std::string& name, const std::string& value) {
    source_.options[name] = value;
    return *this;
  }
  Source<T> Build() const { return source_; }

 private:
  Source<T> source_;
};

/// Appends records to a topic, at least once.
template <types::IsRecord T>
class KafkaSink {
 public:
  KafkaSink(const std::string& bootstrap_servers, const std::string& topic) {
    sink_.kind = "kafka-sink";
    sink_.name = "kafka:" + topic;
    sink_.schema = types::Record<T>::schema();
    sink_.options = {{"topic", topic}, {"format", "json"}, {"sink.delivery-guarantee", "at-least-once"}};
    Property("bootstrap.servers", bootstrap_servers);
  }
  KafkaSink& Property(const std::string& name, const std::string& value) { return Option("properties." + name, value); }
  KafkaSink& Format(const std::string& format) { return Option("format", format); }
  /// Fields that make the message's key.
  KafkaSink& KeyFields(const std::string& fields) { return Option("key.fields", fields); }
  /// none or at-least-once.
  KafkaSink& Delivery(const std::string& guarantee) { return Option("sink.delivery-guarantee", guarantee); }
  KafkaSink& Option(const std::string& name, const std::string& value) {
    sink_.options[name] = value;
    return *this;
  }
  Sink<T> Build() const { return sink_; }

 private:
  Sink<T> sink_;
};

}  // namespace thalweg::api
