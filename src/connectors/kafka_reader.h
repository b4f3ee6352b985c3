// Reads the Kafka partitions a subtask was given.
// Rule: a split's position is the offset after the last record emitted (or skipped for good), never what was merely fetched. It goes
// back only where the log says that the position is not there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kafka_reader_metrics.h"
#include "connectors/kafka_rows.h"
#include "connectors/kafka_split.h"
#include "connectors/log_client.h"
#include "flow/source.h"

namespace thalweg::connectors {

struct KafkaReaderOptions {
  KafkaRowOptions rows;
  std::string offset_reset = "earliest";  // "earliest", "latest", "none": when an offset is not there
  bool await_topics = false;              // a topic that is gone is told and waited for, and no error
  bool commit_offsets = true;             // to the client's group, if it has one
  int64_t memory_bytes = 0;               // 0: its part of the memory limit
};

class KafkaReader final : public flow::SourceReader {
 public:
  KafkaReader(KafkaReaderOptions options, std::shared_ptr<LogClient> client);

  Status Open(flow::Context& context) override;
  Status AddSplits(const std::vector<flow::Split>& splits) override;
  void NoMoreSplits() override { no_more_splits_ = true; }
  void PauseSplit(const std::string& split, bool paused) override;
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override;
  std::vector<flow::Split> SnapshotSplits() const override;
  void OnSnapshot(uint64_t checkpoint) override;
  Status OnCheckpointComplete(uint64_t checkpoint) override;
  Status OnUnfitRow(const columns::UnfitRow& row) override { return rows_->Reject(row); }
  void Close() override;

 private:
  struct Reading {
    std::string id;
    KafkaSplit split;
    bool assigned = false;  // to the consumer: it had something left to read
    int64_t high_watermark = -1;
    int64_t lag() const { return high_watermark < 0 ? 0 : std::max<int64_t>(high_watermark - split.next_offset, 0); }
  };
  using Readings = std::map<TopicPartition, Reading>;

  /// Takes records up to a batch, the split's stop, or the fetch's end. True: the split has ended.
  Result<bool> TakeRecords(Reading& reading, int32_t most);
  void Finish(Readings::iterator reading, flow::SourceOutput& out);
  bool FinishEmpty(flow::SourceOutput& out);
  void EmitDeadLetters(flow::SourceOutput& out);
  void ReportLag();
  void ReportCommits();

  const KafkaReaderOptions options_;
  const std::shared_ptr<LogClient> client_;
  flow::Context* context_ = nullptr;
  std::unique_ptr<KafkaRows> rows_;
  std::unique_ptr<LogConsumer> consumer_;
  std::optional<KafkaReaderMetrics> metrics_;
  Readings readings_;
  bool no_more_splits_ = false;
  bool may_be_empty_ = false;      // a split may have nothing left to read from the beginning
  std::optional<LogFetch> fetch_;  // being emitted
  size_t next_record_ = 0;         // in fetch_

  LogOffsets finished_;                       // of ended splits, until committed
  std::map<uint64_t, LogOffsets> to_commit_;  // by checkpoint
};

}  // namespace thalweg::connectors
