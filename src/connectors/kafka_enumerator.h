// Finds the partitions of a Kafka source and gives each to one reader, once.
// Rule: a split leaves here with exact offsets; they are looked up once, when the partition is first seen, so that a restart before
// the first record does not move them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/kafka_options.h"
#include "connectors/kafka_split.h"
#include "connectors/log_client.h"
#include "flow/cancellable.h"
#include "flow/source.h"

namespace thalweg::connectors {

/// Where reading starts in the partitions that exist at the start; those found later are read from their beginning.
struct StartOffsets {
  enum class Kind : uint8_t { kEarliest, kLatest, kCommitted, kTimestamp, kSpecific } kind = Kind::kEarliest;
  int64_t timestamp_ms = 0;                    // kTimestamp: first record at or after it, the end if there is none
  LogOffsets specific;                         // kSpecific: others start at the group's offset, else follow `reset`
  OffsetReset reset = OffsetReset::kEarliest;  // kCommitted, kSpecific: where none is known
  static StartOffsets Earliest() { return {}; }
  static StartOffsets Latest() { return {.kind = Kind::kLatest, .reset = OffsetReset::kLatest}; }
  static StartOffsets Committed(OffsetReset reset = OffsetReset::kNone) {
    return {.kind = Kind::kCommitted, .reset = reset};
  }
  static StartOffsets Timestamp(int64_t ms) {
    return {.kind = Kind::kTimestamp, .timestamp_ms = ms, .reset = OffsetReset::kLatest};
  }
  static StartOffsets Specific(LogOffsets offsets, OffsetReset reset = OffsetReset::kEarliest) {
    return {.kind = Kind::kSpecific, .specific = std::move(offsets), .reset = reset};
  }
};

/// Where reading stops, exclusive; looked up with the start. Never: the source is unbounded.
struct StopOffsets {
  enum class Kind : uint8_t { kNever, kLatest, kCommitted, kTimestamp, kSpecific } kind = Kind::kNever;
  int64_t timestamp_ms = 0;
  LogOffsets specific;  // kSpecific: others end at the group's offset, else at their beginning: they are not read
  static StopOffsets Never() { return {}; }
  static StopOffsets Latest() { return {.kind = Kind::kLatest}; }
  static StopOffsets Committed() { return {.kind = Kind::kCommitted}; }
  static StopOffsets Timestamp(int64_t ms) { return {.kind = Kind::kTimestamp, .timestamp_ms = ms}; }
  static StopOffsets Specific(LogOffsets offsets) { return {.kind = Kind::kSpecific, .specific = std::move(offsets)}; }
};

struct KafkaEnumeratorOptions {
  std::vector<std::string> topics;  // or
  std::string topic_pattern;        // a regular expression that matches the whole name
  StartOffsets start;
  StopOffsets stop;
  int64_t discovery_interval_ms = 0;  // 0: partitions are looked up once
};

/// Reader of a partition: Flink's rule, so that a topic's partitions lie on readers in a row. `parallelism` > 0.
int KafkaSplitOwner(const TopicPartition& partition, int parallelism);

class KafkaEnumerator final : public flow::SplitEnumerator, public flow::Cancellable {
 public:
  /// UserError if the pattern is no regular expression.
  static Result<std::unique_ptr<KafkaEnumerator>> Make(KafkaEnumeratorOptions options,
                                                       std::shared_ptr<LogClient> client);

  /// Fails if Kafka cannot be reached or a topic is unknown. Once a first look succeeded, later failures to reach it only mean
  /// that nothing new was found: the readers notice for themselves, and recover.
  Result<flow::Discovery> Discover() override;
  /// Of Discover, which waits for Kafka as long as it cannot be reached.
  void Cancel() override { stop_.request_stop(); }
  int64_t discovery_interval_ms() const override { return options_.discovery_interval_ms; }
  std::vector<flow::EnumeratorAction> OnDiscovery(const flow::Discovery& discovery) override;
  std::vector<flow::EnumeratorAction> OnStart(int parallelism, const std::vector<flow::Split>& restored) override;
  std::string Snapshot() const override;
  Status Restore(std::string_view bytes) override;

 private:
  struct Pattern;
  KafkaEnumerator(KafkaEnumeratorOptions options, std::shared_ptr<LogClient> client);

  // Discover's part: touched by the I/O thread alone once the job runs.
  Result<std::vector<TopicPartition>> List();
  Result<std::vector<KafkaSplit>> Resolve(const std::vector<TopicPartition>& partitions, bool first);
  Result<LogOffsets> Ask(const std::vector<TopicPartition>& partitions, OffsetQuery query);
  /// Partitions without an answer get the end of the log.
  Result<LogOffsets> AskOrLatest(const std::vector<TopicPartition>& partitions, OffsetQuery query);
  Result<LogOffsets> StartOf(const std::vector<TopicPartition>& partitions, bool first);
  /// The group's offsets, where it has none those of `reset`; all of `reset` without a group.
  Result<LogOffsets> CommittedOr(const std::vector<TopicPartition>& partitions, OffsetReset reset);
  /// `named`, and for the partitions it leaves out as CommittedOr: Flink's rule for start and stop.
  Result<LogOffsets> Named(const std::vector<TopicPartition>& partitions, const LogOffsets& named, OffsetReset reset);
  Result<LogOffsets> StopOf(const std::vector<TopicPartition>& partitions);

  void GiveOut(const std::vector<flow::Split>& splits, std::vector<flow::EnumeratorAction>& actions) const;
  void NoMore(std::vector<flow::EnumeratorAction>& actions) const;

  const KafkaEnumeratorOptions options_;
  const std::shared_ptr<LogClient> client_;  // shared with readers and later attempts: a stop is not its own
  std::stop_source stop_;
  std::shared_ptr<const Pattern> pattern_;
  // Discover's: every partition it has seen, with the split it was resolved to (empty state: before a restore).
  std::map<std::string, flow::Split> looked_up_;
  bool first_look_done_ = false;

  // The coordinator's thread.
  int parallelism_ = 0;               // 0: not started
  bool discovered_ = false;           // the first discovery has come in
  std::set<std::string> seen_;        // ids given out, now or before the restore
  std::vector<flow::Split> waiting_;  // seen before the readers started
};

}  // namespace thalweg::connectors
