// Kafka as a source and a sink of records. Options are those of Flink's Kafka connector; errors in them come out of Execute.
//
//   env.FromSource(KafkaSource<Click>("localhost:9092", "clicks").Group("stats").StartEarliest().Build(), strategy)
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/ends.h"
#include "connectors/kafka_options.h"

namespace thalweg::api {

using connectors::DeliveryGuarantee;
using connectors::KafkaPartitioner;
using connectors::OffsetReset;

/// What source and sink share: the client.
template <typename Derived, typename Base>
class KafkaBuilder : public Base {
 public:
  /// A client property: "security.protocol", "fetch.min.bytes" ...
  Derived& Property(const std::string& name, const std::string& value) {
    return this->Option(connectors::kafka_option::kProperties + name, value);
  }

 protected:
  using Base::Base;
  static std::string Joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ";") + name;
    return text;
  }
};

/// Fields of T are read from the value by its format (json unless said otherwise), or from the message's metadata. Reads from the
/// beginning, without end, unless said otherwise.
template <types::IsRecord T>
class KafkaSource : public KafkaBuilder<KafkaSource<T>, RecordSourceBuilder<KafkaSource<T>, Source<T>>> {
  using Base = KafkaBuilder<KafkaSource<T>, RecordSourceBuilder<KafkaSource<T>, Source<T>>>;

 public:
  using FieldName = FieldOf<T>;
  /// Topics or TopicPattern must follow.
  explicit KafkaSource(const std::string& bootstrap_servers)
      : Base("kafka-source", "kafka", types::Record<T>::schema()) {
    this->Option(connectors::kafka_option::kServers, bootstrap_servers).Format("json").StartEarliest();
  }
  KafkaSource(const std::string& bootstrap_servers, const std::string& topic) : KafkaSource(bootstrap_servers) {
    Topics({topic});
  }

  KafkaSource& Topics(const std::vector<std::string>& topics) {
    this->Without({connectors::kafka_option::kTopicPattern}).Name("kafka:" + this->Joined(topics));
    return this->Option(connectors::kafka_option::kTopic, this->Joined(topics));
  }
  /// All topics whose whole name matches the regular expression.
  KafkaSource& TopicPattern(const std::string& pattern) {
    this->Without({connectors::kafka_option::kTopic}).Name("kafka:" + pattern);
    return this->Option(connectors::kafka_option::kTopicPattern, pattern);
  }
  /// Offsets are committed to the group at checkpoints.
  KafkaSource& Group(const std::string& group) { return this->Option(connectors::kafka_option::kGroup, group); }
  /// Looks for new partitions and topics this often (5 min unless said otherwise); 0: never. Bounded sources never look.
  KafkaSource& DiscoverEvery(std::chrono::milliseconds interval) {
    return this->Option(connectors::kafka_option::kDiscovery, DurationText(interval));
  }

  // Where reading starts, unless the job goes on from a checkpoint.
  KafkaSource& StartEarliest() { return Start(connectors::kafka_option::kEarliest); }
  KafkaSource& StartLatest() { return Start(connectors::kafka_option::kLatest); }
  /// Where the group's offsets are. Partitions without one: as `reset` says; kNone: the job fails,
  /// unless Property("auto.offset.reset") says otherwise.
  KafkaSource& StartCommitted(OffsetReset reset = OffsetReset::kNone) {
    if (reset != OffsetReset::kNone)
      this->Option(connectors::kafka_option::kOffsetReset, std::string(connectors::OffsetResetName(reset)));
    return Start(connectors::kafka_option::kGroupOffsets);
  }
  /// At the first record with this timestamp (milliseconds since 1970) or a later one; where there is none, at the end.
  KafkaSource& StartTimestamp(int64_t timestamp_ms) {
    return Start(connectors::kafka_option::kTimestamp)
        .Option(connectors::kafka_option::kStartTimestamp, std::to_string(timestamp_ms));
  }
  /// Offsets by partition, of one topic. Other partitions: at the group's offset, else at their beginning.
  KafkaSource& StartSpecific(const std::map<int32_t, int64_t>& offsets) {
    return Start(connectors::kafka_option::kSpecificOffsets)
        .Option(connectors::kafka_option::kStartOffsets, OffsetsText(offsets));
  }

  // Where the job ends, looked up when it starts; without one of these it never does.
  KafkaSource& BoundedLatest() { return Stop(connectors::kafka_option::kLatest); }
  /// At the group's offsets; all partitions must have one.
  KafkaSource& BoundedCommitted() { return Stop(connectors::kafka_option::kGroupOffsets); }
  /// Before the first record with this timestamp (milliseconds since 1970) or a later one; where there is none, at the end.
  KafkaSource& BoundedTimestamp(int64_t timestamp_ms) {
    return Stop(connectors::kafka_option::kTimestamp)
        .Option(connectors::kafka_option::kStopTimestamp, std::to_string(timestamp_ms));
  }
  /// Before these offsets by partition, of one topic. Other partitions: before the group's offset, else they are not read.
  KafkaSource& BoundedSpecific(const std::map<int32_t, int64_t>& offsets) {
    return Stop(connectors::kafka_option::kSpecificOffsets)
        .Option(connectors::kafka_option::kStopOffsets, OffsetsText(offsets));
  }

 private:
  KafkaSource& Start(const char* mode) {
    this->Without({connectors::kafka_option::kStartTimestamp, connectors::kafka_option::kStartOffsets});
    return this->Option(connectors::kafka_option::kStart, mode);
  }
  KafkaSource& Stop(const char* mode) {
    this->Without({connectors::kafka_option::kStopTimestamp, connectors::kafka_option::kStopOffsets});
    return this->Option(connectors::kafka_option::kStop, mode);
  }
  static std::string OffsetsText(const std::map<int32_t, int64_t>& offsets) {
    std::vector<std::string> entries;
    for (const auto& [partition, offset] : offsets)
      entries.push_back("partition:" + std::to_string(partition) + ",offset:" + std::to_string(offset));
    return Base::Joined(entries);
  }
};

/// Appends records to a topic, at least once unless said otherwise, as json unless said otherwise. Fields that are no metadata make the
/// value.
template <types::IsRecord T>
class KafkaSink : public KafkaBuilder<KafkaSink<T>, FormatEndBuilder<KafkaSink<T>, Sink<T>>> {
  using Base = KafkaBuilder<KafkaSink<T>, FormatEndBuilder<KafkaSink<T>, Sink<T>>>;

 public:
  using FieldName = FieldOf<T>;
  /// TopicFrom must follow.
  explicit KafkaSink(const std::string& bootstrap_servers) : Base("kafka-sink", "kafka", types::Record<T>::schema()) {
    this->Option(connectors::kafka_option::kServers, bootstrap_servers)
        .Format("json")
        .Delivery(DeliveryGuarantee::kAtLeastOnce);
  }
  KafkaSink(const std::string& bootstrap_servers, const std::string& topic) : KafkaSink(bootstrap_servers) {
    Topics({topic});
  }

  /// With TopicFrom: the topics that rows may go to. Without: the one.
  KafkaSink& Topics(const std::vector<std::string>& topics) {
    return this->Name("kafka:" + this->Joined(topics)).Option(connectors::kafka_option::kTopic, this->Joined(topics));
  }
  KafkaSink& Delivery(DeliveryGuarantee guarantee) {
    return this->Option(connectors::kafka_option::kDelivery, std::string(connectors::DeliveryGuaranteeName(guarantee)));
  }
  KafkaSink& Partitioner(KafkaPartitioner partitioner) {
    return this->Option(connectors::kafka_option::kPartitioner,
                        std::string(connectors::KafkaPartitionerName(partitioner)));
  }

  /// The fields of the message's key. One of text is the key as it stands, others are written in the value's format, unless KeyFormat
  /// says another.
  template <typename... Fields>
  KafkaSink& Key(const Fields&... fields) {
    return this->Option(connectors::kafka_option::kKeyFields, this->Joined({FieldName(fields).name()...}));
  }
  /// json, csv or raw.
  KafkaSink& KeyFormat(const std::string& format) { return this->Option(connectors::kafka_option::kKeyFormat, format); }
  /// Key fields do not stand in the value, too.
  KafkaSink& ValueWithoutKey() {
    return this->Option(connectors::kafka_option::kValueFields, connectors::kafka_option::kExceptKey);
  }

  // Fields that are a part of the message beside its value.
  /// A map from text to text or bytes; an empty optional in it is a header without value.
  KafkaSink& Headers(const FieldName& field) { return Metadata(field, "headers"); }
  KafkaSink& TopicFrom(const FieldName& field) { return Metadata(field, "topic"); }
  /// int32_t; an empty optional: as the partitioner says.
  KafkaSink& PartitionFrom(const FieldName& field) { return Metadata(field, "partition"); }
  /// Milliseconds since 1970. Without it: the row's event time, else the time of sending.
  KafkaSink& TimestampFrom(const FieldName& field) { return Metadata(field, "timestamp"); }
  /// headers, topic, partition, timestamp or key.
  KafkaSink& Metadata(const FieldName& field, const std::string& metadata) {
    return this->Option(connectors::kafka_option::kMetadata + field.name(), metadata);
  }
};

}  // namespace thalweg::api
