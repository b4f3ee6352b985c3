// What a program chooses of Kafka, and the options that say so: names stand here once, for the nodes' readers and for api/kafka.h.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg::connectors {

/// Where to read when no offset is known, or the wanted one is gone.
enum class OffsetReset : uint8_t { kNone, kEarliest, kLatest };
constexpr std::string_view OffsetResetName(OffsetReset reset) {
  constexpr std::string_view kNames[] = {"none", "earliest", "latest"};
  return kNames[static_cast<size_t>(reset)];
}

enum class DeliveryGuarantee : uint8_t {
  kNone,         // rows in flight at a failure may be lost
  kAtLeastOnce,  // they are written, perhaps again
  kExactlyOnce,  // refused: not there yet
};
constexpr std::string_view DeliveryGuaranteeName(DeliveryGuarantee guarantee) {
  constexpr std::string_view kNames[] = {"none", "at-least-once", "exactly-once"};
  return kNames[static_cast<size_t>(guarantee)];
}

/// Which partition a row without a partition of its own goes to.
enum class KafkaPartitioner : uint8_t {
  kDefault,     // by the key's hash as Kafka's Java client; rows without key where that client's would go: anywhere
  kFixed,       // all rows of a subtask to one partition
  kRoundRobin,  // each batch of rows to the next partition; rows without key only
};
constexpr std::string_view KafkaPartitionerName(KafkaPartitioner partitioner) {
  constexpr std::string_view kNames[] = {"default", "fixed", "round-robin"};
  return kNames[static_cast<size_t>(partitioner)];
}

namespace kafka_option {

inline constexpr char kProperties[] = "properties.";  // a prefix
inline constexpr char kServers[] = "properties.bootstrap.servers";
inline constexpr char kGroup[] = "properties.group.id";
inline constexpr char kOffsetReset[] = "properties.auto.offset.reset";
inline constexpr char kTopic[] = "topic";
inline constexpr char kTopicPattern[] = "topic-pattern";
inline constexpr char kStart[] = "scan.startup.mode";
inline constexpr char kStartTimestamp[] = "scan.startup.timestamp-millis";
inline constexpr char kStartOffsets[] = "scan.startup.specific-offsets";
inline constexpr char kStop[] = "scan.bounded.mode";
inline constexpr char kStopTimestamp[] = "scan.bounded.timestamp-millis";
inline constexpr char kStopOffsets[] = "scan.bounded.specific-offsets";
inline constexpr char kEarliest[] = "earliest-offset";  // kStart
inline constexpr char kLatest[] = "latest-offset";      // kStart, kStop
inline constexpr char kGroupOffsets[] = "group-offsets";
inline constexpr char kTimestamp[] = "timestamp";
inline constexpr char kSpecificOffsets[] = "specific-offsets";
inline constexpr char kUnbounded[] = "unbounded";  // kStop
inline constexpr char kDiscovery[] = "scan.topic-partition-discovery.interval";
inline constexpr char kMetadata[] = "metadata.";  // a prefix
inline constexpr char kDelivery[] = "sink.delivery-guarantee";
inline constexpr char kSemantic[] = "sink.semantic";  // what Flink called it once
inline constexpr char kPartitioner[] = "sink.partitioner";
inline constexpr char kTransactionalIdPrefix[] = "sink.transactional-id-prefix";
inline constexpr char kValueFormat[] = "value.format";
inline constexpr char kFormat[] = "format";
inline constexpr char kKeyFields[] = "key.fields";
inline constexpr char kKeyFieldsPrefix[] = "key.fields-prefix";
inline constexpr char kKeyFormat[] = "key.format";
inline constexpr char kValueFields[] = "value.fields-include";
inline constexpr char kAll[] = "ALL";  // kValueFields
inline constexpr char kExceptKey[] = "EXCEPT_KEY";

}  // namespace kafka_option

}  // namespace thalweg::connectors
