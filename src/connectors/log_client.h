// The seam to a partitioned log (Kafka): everything the source and the sink ask of it. librdkafka stands behind it in production,
// a script in unit tests, a simulated log in simulation.
// Rule: LogConsumer and LogProducer never block, but at their end; LogClient's own methods may, and are called on I/O threads only.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::connectors {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

using LogOffsets = std::map<TopicPartition, int64_t>;

struct LogTopic {
  std::string name;
  int32_t partitions = 0;
};

/// A record as it was fetched. Views live as long as the LogFetch they came in. A null key or value has a null data pointer.
struct LogRecord {
  std::string_view key;
  std::string_view value;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  enum class TimestampType : uint8_t {
    kNone = 0,
    kCreateTime = 1,
    kLogAppendTime = 2
  } timestamp_type = TimestampType::kNone;
  int32_t leader_epoch = -1;  // -1: not known
  uint32_t first_header = 0;  // in LogFetch::headers
  uint32_t headers = 0;
};

struct LogHeader {
  std::string_view key;
  std::string_view value;  // null data pointer: null value
};

/// Records of one partition in offset order.
struct LogFetch {
  TopicPartition partition;
  std::vector<LogRecord> records;
  std::vector<LogHeader> headers;
  /// >= 0: the end of the partition was reached here; whatever lies below and was not delivered never will be (transaction
  /// markers, aborted or compacted records).
  int64_t end_position = -1;
  /// >= 0: the wanted offset is not in the log. Reading goes on here, further on or further back, with the records of this fetch.
  int64_t reset_position = -1;
  /// Offset after the last record that readers may see, as last heard; -1: unknown.
  int64_t high_watermark = -1;
  std::shared_ptr<const void> memory;  // owns what the views point to
};

struct LogConsumerOptions {
  bool headers = false;       // fill LogFetch::headers
  std::string offset_reset;   // "earliest", "latest", "none": where to go on when the wanted offset is gone
  bool await_topics = false;  // a topic that is gone is told and waited for, and no error
  int64_t memory_bytes = 0;   // for fetched records that were not taken yet
  std::string client_id;      // a suffix, may be empty
};

/// Reads assigned partitions. All methods: one thread (the task's); they never block.
class LogConsumer {
 public:
  virtual ~LogConsumer() = default;
  /// Starts reading each partition at its offset (>= 0), beside those assigned before.
  virtual void Assign(const LogOffsets& positions) = 0;
  virtual void Unassign(const TopicPartition& partition) = 0;
  /// Stops and resumes handing out one partition; what was already taken in may still come.
  virtual void Pause(const TopicPartition& partition, bool paused) = 0;
  /// What was fetched next, or nullopt: then `on_ready` is called (from any thread) once there is more.
  /// Errors are final: a topic that is gone for some seconds, a refused login, an offset that is not there with "none" as
  /// offset_reset. Brokers that cannot be reached for a while are no error.
  virtual Result<std::optional<LogFetch>> Next() = 0;
  /// Commits group offsets in the background, in order; a failure is counted, not reported, and mended by the next commit.
  virtual void Commit(const LogOffsets& offsets) = 0;
  virtual int64_t commits_succeeded() const = 0;
  virtual int64_t commits_failed() const = 0;
  /// What the group took since the last call.
  virtual LogOffsets TakeCommitted() = 0;
  /// Ends reading, and waits for what Commit was asked for: for a bounded time, then it says on stderr what the group lacks. The one
  /// call that blocks: when the task's loop is over. Afterwards only the counts and TakeCommitted may be asked for.
  virtual void Close() = 0;
};

struct LogMessage {
  std::string_view topic;
  int32_t partition = -1;        // -1: by `slot`, else by the key's hash (Java's murmur2), anywhere without a key
  std::optional<uint32_t> slot;  // partition = slot modulo the topic's partitions; only if LogProducerOptions::slots
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  const LogHeader* headers = nullptr;
  size_t header_count = 0;
  std::optional<int64_t> timestamp_ms;  // else the time of sending
};

struct LogProducerOptions {
  bool idempotent = false;   // unless a property says otherwise
  bool slots = false;        // messages may have one
  int64_t memory_bytes = 0;  // for messages not yet acknowledged
  std::string client_id;
};

/// Writes records. One thread (the task's); never blocks.
class LogProducer {
 public:
  virtual ~LogProducer() = default;
  /// Takes a message (its bytes are copied). False: the queue is full, `on_ready` is called when there is room.
  /// Fails for what no retry can mend (unknown topic, a message that is too large).
  virtual Result<bool> Produce(const LogMessage& message) = 0;
  /// Messages taken and not yet acknowledged. When it is not 0, `on_ready` is called once it becomes 0.
  virtual int64_t in_flight() = 0;
  /// The first failed delivery: topic, partition, reason. Also a failure calls `on_ready`.
  virtual Status status() = 0;
  virtual int64_t delivered() const = 0;
};

struct OffsetQuery {
  enum class Kind : uint8_t { kEarliest, kLatest, kCommitted, kTimestamp } kind = Kind::kEarliest;
  int64_t timestamp_ms = 0;  // kTimestamp: the first record at or after it
};

/// Any thread; methods block for a bounded time, and fail soon once a stop is asked for.
class LogClient {
 public:
  virtual ~LogClient() = default;
  /// The named topics (UserError if one is unknown), or all but the log's own when `names` is empty.
  virtual Result<std::vector<LogTopic>> Topics(const std::vector<std::string>& names, std::stop_token stop) = 0;
  /// Offsets of the partitions; those without one (nothing committed, no record so late) are absent from the result.
  virtual Result<LogOffsets> Offsets(const std::vector<TopicPartition>& partitions, OffsetQuery query,
                                     std::stop_token stop) = 0;
  /// The group whose offsets are read and committed; empty: none.
  virtual std::string group() const = 0;
  virtual Result<std::unique_ptr<LogConsumer>> CreateConsumer(const LogConsumerOptions& options,
                                                              std::function<void()> on_ready) = 0;
  virtual Result<std::unique_ptr<LogProducer>> CreateProducer(const LogProducerOptions& options,
                                                              std::function<void()> on_ready) = 0;
};

}  // namespace thalweg::connectors
