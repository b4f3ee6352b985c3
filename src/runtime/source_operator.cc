#include "runtime/source_operator.h"

#include <algorithm>
#include <utility>

#include "columns/gather.h"

namespace thalweg::runtime {

using columns::Batch;
using flow::Progress;

std::string EncodeSplit(const SplitAssignment& assignment) {
  ByteWriter out;
  out.String(assignment.split.id);
  out.String(assignment.split.state);
  out.String(assignment.watermark_state);
  return out.Take();
}

Result<SplitAssignment> DecodeSplit(std::string_view bytes) {
  ByteReader in(bytes);
  SplitAssignment assignment;
  assignment.split.id = in.String();
  assignment.split.state = in.String();
  assignment.watermark_state = in.String();
  THALWEG_TRY(in.status());
  if (!in.AtEnd()) return ExternalError("Malformed split: {} bytes behind its end", in.remaining());
  return assignment;
}

std::string EncodeSourceEvent(const SourceEvent& event) {
  ByteWriter out;
  out.U8(static_cast<uint8_t>(event.kind));
  switch (event.kind) {
    case SourceEvent::Kind::kAssign:
      for (const SplitAssignment& assignment : event.splits) out.String(EncodeSplit(assignment));
      break;
    case SourceEvent::Kind::kNoMoreSplits: break;
    case SourceEvent::Kind::kForReader: out.String(event.for_reader); break;
  }
  return out.Take();
}

Result<SourceEvent> DecodeSourceEvent(std::string_view bytes) {
  ByteReader in(bytes);
  SourceEvent event;
  event.kind = static_cast<SourceEvent::Kind>(in.U8());
  switch (event.kind) {
    case SourceEvent::Kind::kAssign:
      while (in.status().ok() && !in.AtEnd()) {
        std::string_view split = in.String();
        THALWEG_TRY(in.status());
        THALWEG_ASSIGN(SplitAssignment assignment, DecodeSplit(split));
        event.splits.push_back(std::move(assignment));
      }
      break;
    case SourceEvent::Kind::kNoMoreSplits: break;
    case SourceEvent::Kind::kForReader: event.for_reader = in.String(); break;
    default: return InternalError("Unknown event for a source: kind {}", static_cast<int>(event.kind));
  }
  THALWEG_TRY(in.status());
  if (!in.AtEnd()) return ExternalError("Malformed event for a source: {} bytes behind its end", in.remaining());
  return event;
}

SourceOperator::SourceOperator(std::unique_ptr<flow::SourceReader> reader, const flow::SourcePipeline* pipeline,
                               bool bounded)
    : reader_(std::move(reader)), pipeline_(pipeline), bounded_(bounded) {
  if (pipeline_ && pipeline_->make_transform) transform_ = pipeline_->make_transform();
}

Status SourceOperator::Open(flow::Context& context) {
  context_ = &context;
  return reader_->Open(context);
}

Result<Progress> SourceOperator::Process(int, flow::Rows&, flow::Output&) {
  return InternalError("A source has no input");
}

Status SourceOperator::OnEvent(std::string_view bytes) {
  THALWEG_ASSIGN(SourceEvent event, DecodeSourceEvent(bytes));
  switch (event.kind) {
    case SourceEvent::Kind::kAssign: return AddSplits(event.splits);
    case SourceEvent::Kind::kNoMoreSplits: reader_->NoMoreSplits(); break;
    case SourceEvent::Kind::kForReader: return reader_->OnEvent(event.for_reader);
  }
  return {};
}

Status SourceOperator::AddSplits(const std::vector<SplitAssignment>& assignments) {
  assigned_ = true;
  std::vector<flow::Split> splits;
  for (const SplitAssignment& assignment : assignments) {
    SplitTime& split = splits_[assignment.split.id];
    split.quiet_since_ms = IdleClockMs();
    if (pipeline_ && pipeline_->make_watermarks) {
      split.generator = pipeline_->make_watermarks();
      split.eager = dynamic_cast<time::EagerWatermarks*>(split.generator.get());
      if (split.eager) split.eager->SetInterval(watermark_interval_ms_);
      if (!assignment.watermark_state.empty()) {
        ByteReader in(assignment.watermark_state);
        split.generator->Restore(in);
        THALWEG_TRY(in.status().WithContext(fmt::format("Watermark state of split '{}'", assignment.split.id)));
      }
    }
    splits.push_back(assignment.split);
  }
  return reader_->AddSplits(splits);
}

void SourceOperator::PauseIdleTimeouts() {
  if (!paused_since_ms_) paused_since_ms_ = context_->clock().NowMs();
}

int64_t SourceOperator::IdleClockMs() const {
  return (paused_since_ms_ ? *paused_since_ms_ : context_->clock().NowMs()) - paused_ms_;
}

Result<flow::ReadProgress> SourceOperator::Poll(flow::Output& out) {
  if (paused_since_ms_) {
    paused_ms_ += context_->clock().NowMs() - *paused_since_ms_;
    paused_since_ms_.reset();
  }
  out_ = &out;
  credit_ = out.has_credit();
  poll_rows_ = ask_.rows();
  if (holds_rows()) {
    GiveHeld();
    return flow::ReadProgress::kMore;
  }
  auto progress = reader_->Poll(*this);
  if (!error_.ok()) return std::exchange(error_, Status());
  // It says so again when it is asked behind them.
  if (holds_rows() && progress.ok()) return flow::ReadProgress::kMore;
  return progress;
}

void SourceOperator::Passed(int64_t took_ns) {
  ask_.Passed(under_measure(), took_ns);
  rows_measured_ = rows_;
}

Status SourceOperator::Transform(Batch& batch) {
  if (!transform_) return {};
  unfit_.clear();
  THALWEG_ASSIGN(batch, transform_(std::move(batch), out_->pool(), unfit_));
  for (const columns::UnfitRow& row : unfit_) THALWEG_TRY(reader_->OnUnfitRow(row));
  return {};
}

void SourceOperator::Emit(const std::string& id, Batch batch) {
  if (batch.rows() == 0 || !error_.ok()) return;
  if (Status status = Transform(batch); !status.ok()) {
    error_ = std::move(status);
    credit_ = false;
    return;
  }
  if (!batch || batch.rows() == 0) return;
  if (pipeline_ && pipeline_->assign_times) pipeline_->assign_times(batch, out_->pool());
  if (holds_rows()) return held_.push_back({id, std::move(batch)});
  Give(id, std::move(batch));
}

void SourceOperator::Give(const std::string& id, Batch batch) {
  auto split = splits_.find(id);
  if (split != splits_.end()) {
    split->second.rows_since_look = true;
    if (split->second.eager && batch.times()) {
      const int32_t rows = batch.rows();
      const int32_t taken = split->second.eager->Take(batch.times().data<int64_t>(), rows);
      if (taken < rows) {
        held_.push_front({id, columns::Slice(batch, taken, rows - taken, out_->pool())});
        if (taken == 0) return void(credit_ = false);
        batch = columns::Slice(batch, 0, taken, out_->pool());
      }
    } else if (split->second.generator && batch.times()) {
      flow::ShowRows(batch, *split->second.generator);
    }
    if (watermark_limit_ != time::kMaxWatermark) Align(id, split->second);
  }
  rows_ += static_cast<uint64_t>(batch.rows());
  out_->Emit(std::move(batch));
  credit_ = out_->has_credit() && !holds_rows();
}

void SourceOperator::GiveHeld() {
  Held held = std::move(held_.front());
  held_.pop_front();
  if (held.ends)
    splits_.erase(held.split);
  else
    Give(held.split, std::move(held.batch));
}

void SourceOperator::EmitSide(int port, Batch batch) {
  out_->Emit(port, std::move(batch));
  credit_ = out_->has_credit() && !holds_rows();
}

void SourceOperator::FinishSplit(const std::string& id) {
  if (holds_rows()) return held_.push_back({.split = id, .batch = {}, .ends = true});
  splits_.erase(id);
}

int64_t SourceOperator::CurrentWatermark() {
  int64_t now = IdleClockMs();
  int64_t timeout = pipeline_ ? pipeline_->idle_timeout_ms : 0;
  int64_t least = time::kMaxWatermark;
  bool any_active = false;
  for (auto& [id, split] : splits_) {
    const bool rows = std::exchange(split.rows_since_look, false);
    if (rows || split.paused) {
      split.quiet_since_ms.reset();
    } else if (!split.quiet_since_ms) {
      split.quiet_since_ms = now;
    }
    // What ends has its last watermark then: how fast it is read must not tell which rows are late.
    if (split.eager && !bounded_ && !holds_rows() && split.quiet_since_ms &&
        now - *split.quiet_since_ms >= watermark_interval_ms_)
      split.eager->OnQuiet();
    if (split.generator) split.generator->OnPeriodicEmit();
    int64_t watermark = split.watermark();
    split.idle = timeout > 0 && split.quiet_since_ms && now - *split.quiet_since_ms >= timeout;
    if (split.idle) continue;
    any_active = true;
    least = std::min(least, watermark);
  }
  idle_ = !any_active && !(bounded_ && splits_.empty());
  // When all are quiet nothing is known of any: the watermark stays, as in Flink (CombinedWatermarkStatus).
  if (any_active) watermark_ = std::max(watermark_, least);
  return watermark_;
}

void SourceOperator::SetWatermarkLimit(int64_t limit) {
  watermark_limit_ = limit;
  for (auto& [id, split] : splits_) Align(id, split);
}

void SourceOperator::Align(const std::string& id, SplitTime& split) {
  bool ahead = split.watermark() > watermark_limit_;
  if (ahead == split.paused) return;
  split.paused = ahead;
  reader_->PauseSplit(id, ahead);
}

int64_t SourceOperator::AlignmentWatermark() const {
  int64_t least = time::kMaxWatermark;
  for (const auto& [id, split] : splits_)
    if (!split.idle) least = std::min(least, split.watermark());
  return assigned_ ? least : time::kMinWatermark;
}

Result<std::vector<std::string>> SourceOperator::Snapshot(const flow::Barrier& barrier) {
  last_snapshot_ = barrier.id;
  reader_->OnSnapshot(barrier.id);
  return std::vector<std::string>{};
}

Status SourceOperator::OnCheckpointComplete(uint64_t checkpoint) {
  // Of an ended source: its last word stands in this checkpoint, and nothing has changed since.
  if (checkpoint > last_snapshot_) reader_->OnSnapshot(checkpoint);
  return reader_->OnCheckpointComplete(checkpoint);
}

void SourceOperator::CollectSplits(state::OperatorSnapshot& snapshot) const {
  for (flow::Split& split : reader_->SnapshotSplits()) {
    SplitAssignment assignment{std::move(split), {}};
    auto time = splits_.find(assignment.split.id);
    if (time != splits_.end() && time->second.generator) {
      ByteWriter out;
      time->second.generator->Snapshot(out);
      assignment.watermark_state = out.Take();
    }
    snapshot.splits.push_back(EncodeSplit(assignment));
  }
}

}  // namespace thalweg::runtime
