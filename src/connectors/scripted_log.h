// A log in memory behind the LogClient seam, for tests: what is in it, how it is cut into fetches and when it fails is scripted.
// Rule: one thread; the same calls give the same answers.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/log_client.h"

namespace thalweg::connectors {

struct ScriptedRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  int64_t timestamp_ms = 0;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  int32_t leader_epoch = -1;
};

/// A topic's contents and a group's offsets; clients share it.
struct ScriptedLog {
  struct Partition {
    std::map<int64_t, ScriptedRecord> records;  // gaps: compacted away, or transaction markers
    int64_t begin = 0;
    int64_t end = 0;
    void Append(ScriptedRecord record) { records[end++] = std::move(record); }
    void AppendMarker() { ++end; }
  };
  std::map<TopicPartition, Partition> partitions;
  LogOffsets committed;
  std::vector<LogOffsets> commits;  // each call
  bool answer_commits_at_close = false;
  size_t fetch_records = 3;
  int64_t fetched_before = 0;  // records before the wanted offset that a fetch holds, too; below fetch_records
  Status topics_error, offsets_error, fetch_error;
  std::function<void()> on_topics;  // asked for
  // Of producers.
  std::vector<std::pair<TopicPartition, ScriptedRecord>> unacknowledged;
  size_t queue_limit = SIZE_MAX;
  Status delivery_error;
  LogConsumerOptions consumer_options;
  LogProducerOptions producer_options;
  std::function<void()> wake_consumer, wake_producer;
  std::set<TopicPartition> assigned, paused;

  void Create(const std::string& topic, int32_t count) {
    for (int32_t i = 0; i < count; ++i) partitions[{topic, i}];
  }
  /// The broker acknowledges all that was sent.
  void Acknowledge() {
    for (auto& [place, record] : unacknowledged) partitions[place].Append(std::move(record));
    unacknowledged.clear();
    if (wake_producer) wake_producer();
  }
};

class ScriptedConsumer final : public LogConsumer {
 public:
  explicit ScriptedConsumer(std::shared_ptr<ScriptedLog> log) : log_(std::move(log)) {}
  void Assign(const LogOffsets& positions) override {
    for (const auto& [partition, offset] : positions) {
      positions_[partition] = offset;
      log_->assigned.insert(partition);
    }
  }
  void Unassign(const TopicPartition& partition) override {
    THALWEG_CHECK(positions_.erase(partition) == 1);
    log_->assigned.erase(partition);
  }
  void Pause(const TopicPartition& partition, bool paused) override {
    paused ? (void)log_->paused.insert(partition) : (void)log_->paused.erase(partition);
  }
  Result<std::optional<LogFetch>> Next() override {
    if (!log_->fetch_error.ok()) return log_->fetch_error;
    // Partitions take turns.
    std::vector<TopicPartition> order;
    for (const auto& [partition, offset] : positions_) order.push_back(partition);
    auto after = std::find_if(order.begin(), order.end(), [&](const TopicPartition& p) { return last_ < p; });
    std::rotate(order.begin(), after, order.end());
    for (const TopicPartition& partition : order)
      if (auto fetch = FetchFrom(partition)) return fetch;
    return std::optional<LogFetch>();
  }
  void Commit(const LogOffsets& offsets) override {
    log_->commits.push_back(offsets);
    unanswered_.push_back(offsets);
    if (!log_->answer_commits_at_close) Answer();
  }
  int64_t commits_succeeded() const override { return commits_; }
  int64_t commits_failed() const override { return 0; }
  LogOffsets TakeCommitted() override { return std::exchange(committed_, {}); }
  void Close() override { Answer(); }

 private:
  void Answer() {
    for (const LogOffsets& offsets : unanswered_)
      for (const auto& [partition, offset] : offsets) log_->committed[partition] = committed_[partition] = offset;
    commits_ += static_cast<int64_t>(unanswered_.size());
    unanswered_.clear();
  }
  std::optional<LogFetch> FetchFrom(const TopicPartition& partition) {
    ScriptedLog::Partition& source = log_->partitions.at(partition);
    int64_t& position = positions_[partition];
    const bool reset = position < source.begin || position > source.end;
    if (log_->paused.contains(partition) || (!reset && position >= source.end && told_end_[partition] == source.end))
      return std::nullopt;
    last_ = partition;
    LogFetch fetch;
    if (reset)
      fetch.reset_position = position = log_->consumer_options.offset_reset == "latest" ? source.end : source.begin;
    fetch.partition = partition;
    fetch.high_watermark = source.end;
    auto held = std::make_shared<std::vector<ScriptedRecord>>();
    held->reserve(log_->fetch_records);
    auto record = source.records.lower_bound(position - log_->fetched_before);
    for (; record != source.records.end() && held->size() < log_->fetch_records; ++record) {
      held->push_back(record->second);
      Add(fetch, record->first, held->back());
      position = record->first + 1;
    }
    if (record == source.records.end()) {
      position = std::max(position, source.end);
      told_end_[partition] = fetch.end_position = source.end;
    }
    fetch.memory = held;
    return fetch;
  }
  static std::string_view View(const std::optional<std::string>& bytes) {
    return bytes ? std::string_view(*bytes) : std::string_view();
  }
  static void Add(LogFetch& fetch, int64_t offset, const ScriptedRecord& record) {
    LogRecord view{
        .key = View(record.key), .value = View(record.value), .offset = offset, .timestamp_ms = record.timestamp_ms};
    view.timestamp_type = LogRecord::TimestampType::kCreateTime;
    view.leader_epoch = record.leader_epoch;
    view.first_header = static_cast<uint32_t>(fetch.headers.size());
    view.headers = static_cast<uint32_t>(record.headers.size());
    for (const auto& [name, value] : record.headers) fetch.headers.push_back({name, View(value)});
    fetch.records.push_back(view);
  }

  std::shared_ptr<ScriptedLog> log_;
  LogOffsets positions_, told_end_;
  TopicPartition last_;
  std::vector<LogOffsets> unanswered_;
  LogOffsets committed_;
  int64_t commits_ = 0;
};

class ScriptedProducer final : public LogProducer {
 public:
  explicit ScriptedProducer(std::shared_ptr<ScriptedLog> log) : log_(std::move(log)) {}
  Result<bool> Produce(const LogMessage& message) override {
    if (!log_->delivery_error.ok()) return log_->delivery_error;
    if (log_->unacknowledged.size() >= log_->queue_limit) return false;
    ScriptedRecord record;
    if (message.key) record.key = std::string(*message.key);
    if (message.value) record.value = std::string(*message.value);
    record.timestamp_ms = message.timestamp_ms.value_or(-1);
    for (size_t i = 0; i < message.header_count; ++i) {
      const LogHeader& header = message.headers[i];
      record.headers.emplace_back(header.key,
                                  header.value.data() ? std::optional<std::string>(header.value) : std::nullopt);
    }
    log_->unacknowledged.push_back({{std::string(message.topic), PartitionOf(message)}, std::move(record)});
    ++sent_;
    return true;
  }
  int64_t in_flight() override { return static_cast<int64_t>(log_->unacknowledged.size()); }
  Status status() override { return log_->delivery_error; }
  int64_t delivered() const override { return sent_ - static_cast<int64_t>(log_->unacknowledged.size()); }

 private:
  int32_t PartitionOf(const LogMessage& message) const {
    if (message.partition >= 0 || !message.slot) return std::max(message.partition, 0);
    THALWEG_CHECK(log_->producer_options.slots);
    int32_t count = 0;
    for (const auto& [place, contents] : log_->partitions) count += place.topic == message.topic;
    return static_cast<int32_t>(*message.slot % static_cast<uint32_t>(std::max(count, 1)));
  }

  std::shared_ptr<ScriptedLog> log_;
  int64_t sent_ = 0;
};

class ScriptedLogClient final : public LogClient {
 public:
  explicit ScriptedLogClient(std::shared_ptr<ScriptedLog> log, std::string group = "")
      : log_(std::move(log)), group_(std::move(group)) {}
  Result<std::vector<LogTopic>> Topics(const std::vector<std::string>& names, std::stop_token stop) override {
    if (log_->on_topics) log_->on_topics();
    if (stop.stop_requested()) return ExternalError("Stopped");
    if (!log_->topics_error.ok()) return log_->topics_error;
    std::map<std::string, int32_t> counts;
    for (const auto& [partition, contents] : log_->partitions) ++counts[partition.topic];
    std::vector<LogTopic> topics;
    for (const auto& [name, count] : counts)
      if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) topics.push_back({name, count});
    if (!names.empty() && topics.size() < names.size())
      return UserError("Unknown Kafka topic: '{}'", fmt::join(names, ", "));
    return topics;
  }
  Result<LogOffsets> Offsets(const std::vector<TopicPartition>& wanted, OffsetQuery query,
                             std::stop_token stop) override {
    if (stop.stop_requested()) return ExternalError("Stopped");
    if (!log_->offsets_error.ok()) return log_->offsets_error;
    LogOffsets offsets;
    for (const TopicPartition& partition : wanted)
      if (auto offset = OffsetOf(partition, query)) offsets[partition] = *offset;
    return offsets;
  }
  std::string group() const override { return group_; }
  Result<std::unique_ptr<LogConsumer>> CreateConsumer(const LogConsumerOptions& options,
                                                      std::function<void()> on_ready) override {
    log_->consumer_options = options;
    log_->wake_consumer = std::move(on_ready);
    return std::unique_ptr<LogConsumer>(new ScriptedConsumer(log_));
  }
  Result<std::unique_ptr<LogProducer>> CreateProducer(const LogProducerOptions& options,
                                                      std::function<void()> on_ready) override {
    log_->producer_options = options;
    log_->wake_producer = std::move(on_ready);
    return std::unique_ptr<LogProducer>(new ScriptedProducer(log_));
  }

 private:
  std::optional<int64_t> OffsetOf(const TopicPartition& partition, OffsetQuery query) const {
    const ScriptedLog::Partition& contents = log_->partitions.at(partition);
    switch (query.kind) {
      case OffsetQuery::Kind::kEarliest: return contents.begin;
      case OffsetQuery::Kind::kLatest: return contents.end;
      case OffsetQuery::Kind::kTimestamp:
        for (const auto& [offset, record] : contents.records)
          if (record.timestamp_ms >= query.timestamp_ms) return offset;
        return std::nullopt;
      case OffsetQuery::Kind::kCommitted:
        if (auto found = log_->committed.find(partition); found != log_->committed.end()) return found->second;
        return std::nullopt;
    }
    return std::nullopt;
  }
  std::shared_ptr<ScriptedLog> log_;
  std::string group_;
};

}  // namespace thalweg::connectors
