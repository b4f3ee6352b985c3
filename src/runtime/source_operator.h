// SourceOperator: the head of a source task. Drives the reader, and makes each split's watermarks.
// Rule: a split's position and its watermark state are snapshotted together, so a replay judges lateness as the first run did.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flow/operator.h"
#include "flow/program.h"
#include "flow/source.h"
#include "runtime/poll_rows.h"
#include "state/snapshot.h"
#include "time/eager_watermarks.h"

namespace thalweg::runtime {

/// A split on its way to a reader: with the watermark state it had in the checkpoint (empty: new).
struct SplitAssignment {
  flow::Split split;
  std::string watermark_state;
};
std::string EncodeSplit(const SplitAssignment& assignment);
Result<SplitAssignment> DecodeSplit(std::string_view bytes);

/// From a source's coordinator to a source operator.
struct SourceEvent {
  enum class Kind : uint8_t { kAssign = 0, kNoMoreSplits = 1, kForReader = 2 };
  Kind kind = Kind::kAssign;
  std::vector<SplitAssignment> splits;  // kAssign; none: the subtask gets nothing for now
  std::string for_reader;               // kForReader: SourceReader::OnEvent
};
std::string EncodeSourceEvent(const SourceEvent& event);
Result<SourceEvent> DecodeSourceEvent(std::string_view bytes);

/// The task's thread.
class SourceOperator final : public flow::Operator, private flow::SourceOutput {
 public:
  /// `pipeline` may be null. `bounded`: every reader of this source ends.
  SourceOperator(std::unique_ptr<flow::SourceReader> reader, const flow::SourcePipeline* pipeline,
                 bool bounded = false);

  Status Open(flow::Context& context) override;
  Result<flow::Progress> Process(int, flow::Rows&, flow::Output&) override;
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override;
  Status OnCheckpointComplete(uint64_t checkpoint) override;
  /// A SourceEvent.
  Status OnEvent(std::string_view event) override;
  void Close() override { reader_->Close(); }

  Status AddSplits(const std::vector<SplitAssignment>& splits);
  /// Not while rows are held for a watermark: those first.
  Result<flow::ReadProgress> Poll(flow::Output& out);
  /// Rows are held that the reader has given: CurrentWatermark has to be sent before the next Poll, and no barrier before all have been given.
  bool holds_rows() const { return !held_.empty(); }
  /// Of generators that go with the rows (time/eager_watermarks.h). Before any split.
  void SetWatermarkInterval(int64_t ms) { watermark_interval_ms_ = ms; }
  /// Rows emitted since the last Passed.
  int64_t under_measure() const { return static_cast<int64_t>(rows_ - rows_measured_); }
  /// Those took so long to pass the chain: Poll asks for as many as pass it in time.
  void Passed(int64_t took_ns);
  /// Least watermark of the splits that are neither idle nor finished; it stays while there are none. Call at the watermark interval.
  int64_t CurrentWatermark();
  /// No split, or all quiet for longer than the idle timeout. Active until the first assignment is known: its splits may hold rows
  /// older than its neighbours' watermark. Without a split a bounded one is about to end time: what windows and sorts behind it hold
  /// till then must not be overtaken by the end of another source.
  bool idle() const { return assigned_ && idle_; }
  /// The source may not emit (no credit downstream, memory limit): that is no silence of its splits, their idle timeouts stand still
  /// until the next Poll.
  void PauseIdleTimeouts();
  /// Splits whose watermark is above are paused, the others resumed. What was read already still comes.
  void SetWatermarkLimit(int64_t limit);
  /// Least watermark of the splits that are not idle, kMaxWatermark if there is none: what a group is aligned by. Idleness as at
  /// the last CurrentWatermark.
  int64_t AlignmentWatermark() const;
  const flow::SourcePipeline* pipeline() const { return pipeline_; }
  void CollectSplits(state::OperatorSnapshot& snapshot) const;
  uint64_t rows() const { return rows_; }

 private:
  struct SplitTime {
    std::unique_ptr<time::WatermarkGenerator> generator;
    time::EagerWatermarks* eager = nullptr;  // the generator, if it is one
    // Idleness is counted as in Flink: from the first look (CurrentWatermark) that finds no new rows, so that what a split has shown
    // counts before it is called idle.
    bool rows_since_look = false;
    std::optional<int64_t> quiet_since_ms;
    bool idle = false;    // at the last look
    bool paused = false;  // ahead of the watermark limit: kept from speaking, so not idle
    int64_t watermark() const { return generator ? generator->Current() : time::kMinWatermark; }
  };
  void Align(const std::string& id, SplitTime& split);
  void Emit(const std::string& split, columns::Batch batch) override;
  /// Rows that are transformed, up to the first that has to wait for a watermark.
  void Give(const std::string& split, columns::Batch batch);
  void GiveHeld();
  Status Transform(columns::Batch& batch);
  void EmitSide(int port, columns::Batch batch) override;
  void FinishSplit(const std::string& split) override;
  columns::BufferPool& pool() override { return out_->pool(); }

  std::unique_ptr<flow::SourceReader> reader_;
  const flow::SourcePipeline* pipeline_;
  const bool bounded_;
  flow::SourceTransform transform_;
  std::vector<columns::UnfitRow> unfit_;  // scratch
  flow::Context* context_ = nullptr;
  flow::Output* out_ = nullptr;
  std::map<std::string, SplitTime> splits_;
  int64_t watermark_ = time::kMinWatermark;
  int64_t watermark_limit_ = time::kMaxWatermark;
  bool assigned_ = false;  // has heard of its first splits (perhaps none)
  bool idle_ = true;
  int64_t IdleClockMs() const;

  /// What a reader has given behind a row that has to wait: rows, or the end of a split.
  struct Held {
    std::string split;
    columns::Batch batch;
    bool ends = false;
  };
  std::deque<Held> held_;
  int64_t watermark_interval_ms_ = 200;

  std::optional<int64_t> paused_since_ms_;
  int64_t paused_ms_ = 0;  // all together, which the idle clock is behind
  uint64_t rows_ = 0;
  uint64_t rows_measured_ = 0;
  PollRows ask_;
  uint64_t last_snapshot_ = 0;
  Status error_;
};

}  // namespace thalweg::runtime
