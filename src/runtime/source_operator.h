// SourceOperator: the head of a source task. Drives the reader, and makes each split's watermarks.
// Rule: a split's position and its watermark state are snapshotted together, so a replay judges lateness as the first run did.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flow/operator.h"
#include "flow/program.h"
#include "flow/source.h"
#include "state/snapshot.h"
#include "time/watermark.h"

namespace thalweg::runtime {

/// A split on its way to a reader: with the watermark state it had in the checkpoint (empty: new).
struct SplitAssignment {
  flow::Split split;
  std::string watermark_state;
};
std::string EncodeSplit(const SplitAssignment& assignment);
Result<SplitAssignment> DecodeSplit(std::string_view bytes);

/// The task's thread.
class SourceOperator final : public flow::Operator, private flow::SourceOutput {
 public:
  /// `pipeline` may be null.
  SourceOperator(std::unique_ptr<flow::SourceReader> reader, const flow::SourcePipeline* pipeline);

  Status Open(flow::Context& context) override;
  Result<flow::Progress> Process(int, flow::Rows&, flow::Output&) override;
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override;
  Status OnCheckpointComplete(uint64_t checkpoint) override;
  Status OnEvent(std::string_view event) override { return reader_->OnEvent(event); }
  void Close() override { reader_->Close(); }

  Status AddSplits(const std::vector<SplitAssignment>& splits);
  void NoMoreSplits() { reader_->NoMoreSplits(); }
  Result<flow::ReadProgress> Poll(flow::Output& out);
  /// Least watermark of the splits that are neither idle nor finished; it stays while there are none. Call at the watermark interval.
  int64_t CurrentWatermark();
  /// No split, or all quiet for longer than the idle timeout.
  bool idle() const { return idle_; }
  /// The source may not emit (no credit downstream, memory limit): that is no silence of its splits, their idle timeouts stand still
  /// until the next Poll.
  void PauseIdleTimeouts();
  void CollectSplits(state::OperatorSnapshot& snapshot) const;
  uint64_t rows() const { return rows_; }

 private:
  struct SplitTime {
    std::unique_ptr<time::WatermarkGenerator> generator;
    // Idleness is counted as in Flink: from the first look (CurrentWatermark) that finds no new rows, so that what a split has shown
    // counts before it is called idle.
    bool rows_since_look = false;
    std::optional<int64_t> quiet_since_ms;
  };
  void Emit(const std::string& split, columns::Batch batch) override;
  void EmitSide(int port, columns::Batch batch) override;
  void FinishSplit(const std::string& split) override;
  columns::BufferPool& pool() override { return out_->pool(); }

  std::unique_ptr<flow::SourceReader> reader_;
  const flow::SourcePipeline* pipeline_;
  std::function<Result<columns::Batch>(columns::Batch, columns::BufferPool&)> transform_;
  flow::Context* context_ = nullptr;
  flow::Output* out_ = nullptr;
  std::map<std::string, SplitTime> splits_;
  int64_t watermark_ = time::kMinWatermark;
  bool idle_ = true;
  int64_t IdleClockMs() const;

  std::optional<int64_t> paused_since_ms_;
  int64_t paused_ms_ = 0;  // all together, which the idle clock is behind
  uint64_t rows_ = 0;
  uint64_t last_snapshot_ = 0;
  Status error_;
};

}  // namespace thalweg::runtime
