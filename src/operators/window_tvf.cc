#include "operators/window_tvf.h"

#include <utility>

#include "graph/aggregate_spec.h"
#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/column_window.h"
#include "operators/row_keys.h"
#include "operators/stored_row.h"

namespace thalweg::operators {
namespace {

using flow::Progress;

/// Rows whose windows are made together.
constexpr int32_t kTvfRows = 256;

/// Whether the time is an instant: then windows are on local time, and window_time is an instant too.
bool HasInstants(const graph::WindowTvfSpec& spec) {
  if (spec.window.processing_time) return true;
  return spec.input.field(spec.window.time_column).type.id() == types::TypeId::kTimestampLtz;
}

std::vector<types::DataType> TvfOutputTypes(const graph::WindowTvfSpec& spec) {
  std::vector<types::DataType> types;
  for (const types::Field& field : spec.input.fields()) types.push_back(field.type);
  types.push_back(types::DataType::Timestamp(3, false));
  types.push_back(types::DataType::Timestamp(3, false));
  types.push_back(HasInstants(spec) ? types::DataType::TimestampLtz(3, false) : types::DataType::Timestamp(3, false));
  return types;
}

void AppendWindow(const Window& window, const WindowZone& zone, bool instant, RowOutput& out, int column) {
  out.column(column).Append(window.start);
  out.column(column + 1).Append(window.end);
  out.column(column + 2).Append(instant ? zone.ToUtc(window.max_timestamp()) : window.max_timestamp());
}

/// Windows on a grid: no state.
class AlignedTvf final : public flow::Operator {
 public:
  AlignedTvf(ColumnWindowParts parts, graph::WindowTvfSpec spec)
      : parts_(std::move(parts)),
        spec_(std::move(spec)),
        instant_(HasInstants(spec_)),
        output_(TvfOutputTypes(spec_)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    timeless_ = &context.metrics().counter(metrics::kNumNullRowTimeRecordsDropped);
    return output_.Open(context);
  }
  Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (!output_.Drain(out)) return Progress::kMore;
    while (!rows.done() && output_.has_credit()) {
      const int32_t to = std::min(rows.end(), rows.next() + kTvfRows);
      AppendRows(rows.batch(), rows.next(), to);
      rows.AdvanceTo(to);
    }
    return Finish(rows.done());
  }
  Result<Progress> OnWatermark(flow::Watermark, flow::Output& out) override { return Finish(output_.Drain(out)); }
  Result<Progress> OnEnd(flow::EndKind, flow::Output& out) override { return Finish(output_.Drain(out)); }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    THALWEG_TRY(output_.Snapshot());
    return std::vector<std::string>{};
  }

 private:
  Result<Progress> Finish(bool done) {
    const bool flushed = output_.Flush();
    THALWEG_TRY(output_.status());
    return flushed && done ? Progress::kDone : Progress::kMore;
  }

  void Assign(const columns::Batch& batch, int32_t row, int64_t now_ms) {
    if (spec_.window.processing_time) return parts_.assigner->Assign(nullptr, 0, now_ms, windows_);
    const columns::Column& times = batch.column(spec_.window.time_column);
    if (times.IsNull(row)) return timeless_->Increment();
    const int64_t time = times.data<int64_t>()[row];
    parts_.assigner->Assign(nullptr, instant_ ? parts_.zone.ToLocal(time) : time, now_ms, windows_);
  }

  void AppendRows(const columns::Batch& batch, int32_t from, int32_t to) {
    rows_.clear();
    windows_.clear();
    const int64_t now = parts_.zone.ToLocal(context_->clock().NowMs());
    for (int32_t row = from; row < to; ++row) {
      Assign(batch, row, now);
      rows_.resize(windows_.size(), row);
    }
    for (size_t done = 0; done < rows_.size();) done += AppendSome(batch, done);
  }

  /// Column by column, as many as there is room for.
  size_t AppendSome(const columns::Batch& batch, size_t from) {
    const size_t count = std::min(rows_.size() - from, static_cast<size_t>(output_.row().room()));
    const int width = batch.num_columns();
    for (int column = 0; column < width; ++column)
      output_.column(column).AppendRows(batch.column(column), rows_.data() + from, static_cast<int32_t>(count));
    for (size_t i = from; i < from + count; ++i) AppendWindow(windows_[i], parts_.zone, instant_, output_, width);
    for (size_t i = from; i < from + count; ++i) output_.FinishRow(batch.kind(rows_[i]));
    return count;
  }

  ColumnWindowParts parts_;
  graph::WindowTvfSpec spec_;
  bool instant_;
  RowOutput output_;
  flow::Context* context_ = nullptr;
  metrics::Counter* timeless_ = nullptr;
  std::vector<Window> windows_;
  std::vector<int32_t> rows_;  // the row of each window
};

/// Sessions: rows wait in the session's contents.
class SessionTvf final : public ColumnWindow {
 public:
  using WaitingRows = std::vector<std::pair<uint8_t, std::string>>;  // kind, stored bytes

  SessionTvf(ColumnWindowParts parts, const graph::WindowTvfSpec& spec)
      : ColumnWindow(std::move(parts), TvfOutputTypes(spec)), width_(spec.input.size()), instant_(HasInstants(spec)) {}

 protected:
  const types::ObjectType& accumulator_type() const override { return types::ObjectTypeOf<WaitingRows>(); }
  bool can_merge() const override { return true; }
  void AddRows(const int32_t* rows, int32_t count, void* const* accumulators) override {
    for (int32_t i = 0; i < count; ++i) {
      auto& [kind, bytes] = static_cast<WaitingRows*>(accumulators[i])->emplace_back();
      kind = static_cast<uint8_t>(batch().kind(rows[i]));
      AppendStoredRow(batch(), rows[i], bytes);
    }
  }
  void TakeAccumulator(void* accumulator) override { taken_ = std::move(*static_cast<WaitingRows*>(accumulator)); }
  void MergeTaken(void* accumulator, bool) override {
    auto& into = *static_cast<WaitingRows*>(accumulator);
    std::move(taken_.begin(), taken_.end(), std::back_inserter(into));
    taken_.clear();
  }
  void FireOne(const state::KeyView&, const Window& window, void* accumulator) override {
    for (const auto& [kind, bytes] : *static_cast<const WaitingRows*>(accumulator)) {
      ReadStoredRow(bytes, output().row(), 0, width_);
      AppendWindow(window, zone(), instant_, output(), width_);
      output().FinishRow(static_cast<types::RowKind>(kind));
    }
  }
  // Sessions have no slices.
  void StartMerge() override {}
  void AddSlice(const void*) override {}
  void FireMerged(const state::KeyView&, const Window&) override {}

 private:
  int width_;
  bool instant_;
  WaitingRows taken_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeWindowTvf(const graph::Node& node) {
  THALWEG_ASSIGN(graph::WindowTvfSpec spec, graph::DecodeWindowTvf(node.payload));
  if (spec.window.end_column >= 0) return InternalError("A table function of windows takes rows without windows");
  THALWEG_ASSIGN(ColumnWindowParts parts,
                 MakeColumnWindowParts({spec.window, spec.input, spec.window.partition, node.name}));
  if (spec.window.kind == graph::WindowShape::Kind::kSession)
    return std::unique_ptr<flow::Operator>(std::make_unique<SessionTvf>(std::move(parts), spec));
  return std::unique_ptr<flow::Operator>(std::make_unique<AlignedTvf>(std::move(parts), std::move(spec)));
}

}  // namespace thalweg::operators
