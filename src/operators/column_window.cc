#include "operators/column_window.h"

#include <array>
#include <numeric>
#include <utility>

#include "base/hash.h"
#include "columns/format.h"
#include "columns/gather.h"
#include "metrics/names.h"
#include "metrics/registry.h"

namespace thalweg::operators {

using flow::Progress;
using types::TypeId;

namespace {

bool IsAttached(const graph::WindowShape& shape) { return shape.end_column >= 0; }

/// The window that a row brings along in two of its columns.
class AttachedAssigner final : public WindowAssigner {
 public:
  AttachedAssigner(const graph::WindowShape& shape, std::shared_ptr<const BatchAtHand> at_hand)
      : start_(shape.start_column),
        end_(shape.end_column),
        domain_(shape.processing_time ? TimeDomain::kProcessingTime : TimeDomain::kEventTime),
        sessions_(shape.kind == graph::WindowShape::Kind::kSession),
        at_hand_(std::move(at_hand)) {}
  Window Given(const void* element) const override {
    const int32_t row = *static_cast<const int32_t*>(element);
    const columns::Batch& batch = *at_hand_->batch;
    return {batch.column(start_).data<int64_t>()[row], batch.column(end_).data<int64_t>()[row]};
  }
  void Assign(const void* element, int64_t, int64_t, std::vector<Window>& windows) const override {
    windows.push_back(Given(element));
  }
  // Sessions are one of a key each: a list for each of them would take more than its timer.
  std::optional<SliceShape> slices() const override {
    if (sessions_) return std::nullopt;
    return SliceShape::OfGivenWindows();
  }
  TimeDomain domain() const override { return domain_; }
  std::string ToString() const override { return "Attached"; }

 private:
  int start_, end_;
  TimeDomain domain_;
  bool sessions_;
  std::shared_ptr<const BatchAtHand> at_hand_;
};

WindowShape PlainShape(const graph::WindowShape& shape) {
  constexpr WindowKind kKinds[] = {WindowKind::kTumbling, WindowKind::kSliding, WindowKind::kCumulative,
                                   WindowKind::kSession};
  return {.kind = kKinds[static_cast<int>(shape.kind)],
          .domain = shape.processing_time ? TimeDomain::kProcessingTime : TimeDomain::kEventTime,
          .size_ms = shape.size_ms,
          .step_ms = shape.slide_ms,
          .offset_ms = shape.offset_ms};
}

std::vector<types::DataType> KeyTypes(const ColumnWindowSetting& setting) {
  std::vector<types::DataType> types;
  for (int key : setting.keys) types.push_back(setting.input.field(key).type);
  return types;
}

/// Columns 1, 2, ...: where key columns stand beside the numbers of rows.
std::vector<int> KeyPlaces(size_t count) {
  std::vector<int> places(count);
  std::iota(places.begin(), places.end(), kFirstKeyColumn);
  return places;
}

}  // namespace

Result<ColumnWindowParts> MakeColumnWindowParts(ColumnWindowSetting setting) {
  ColumnWindowParts parts;
  parts.at_hand = std::make_shared<BatchAtHand>();
  if (!setting.shape.zone.empty()) {
    THALWEG_ASSIGN(expr::Zone zone, expr::Zone::Find(setting.shape.zone));
    parts.zone = WindowZone(std::move(zone));
  }
  if (IsAttached(setting.shape))
    parts.assigner = std::make_shared<AttachedAssigner>(setting.shape, parts.at_hand);
  else
    parts.assigner = MakeAssigner(PlainShape(setting.shape));
  THALWEG_TRY(parts.assigner->Validate());
  parts.setting = std::move(setting);
  return parts;
}

ColumnWindow::ColumnWindow(ColumnWindowParts parts, std::vector<types::DataType> output)
    : WindowCore({.assigner = parts.assigner, .late_output = parts.setting.late_output, .name = parts.setting.name}),
      parts_(std::move(parts)),
      output_(std::move(output)) {
  if (!parts_.setting.keys.empty()) hasher_.emplace(KeyTypes(parts_.setting), KeyPlaces(parts_.setting.keys.size()));
}

Status ColumnWindow::Open(flow::Context& context) {
  THALWEG_TRY(WindowCore::Open(context));
  timeless_ = &context.metrics().counter(metrics::kNumNullRowTimeRecordsDropped);
  return output_.Open(context);
}

// Rows whose time is NULL are in no window: left out, and counted when what stands before them is done.
Result<Progress> ColumnWindow::Process(int input, flow::Rows& rows, flow::Output& out) {
  const graph::WindowShape& shape = parts_.setting.shape;
  const columns::Column* times =
      IsAttached(shape) || shape.processing_time ? nullptr : &rows.batch().column(shape.time_column);
  if (!times || !times->validity) return ProcessTimed(input, rows, out);
  std::vector<int32_t> timed;
  for (int32_t row = rows.next(); row < rows.end(); ++row)
    if (!times->IsNull(row)) timed.push_back(row);
  const auto count = static_cast<int32_t>(timed.size());
  const int32_t all = rows.end() - rows.next();
  if (timed.empty()) {
    timeless_->Add(all);
    rows.AdvanceTo(rows.end());
  }
  if (timed.empty() || count == all) return ProcessTimed(input, rows, out);
  flow::Rows inner(columns::Gather(rows.batch(), timed.data(), count, out.pool()));
  THALWEG_ASSIGN(const Progress progress, ProcessTimed(input, inner, out));
  const int32_t to = inner.done() ? rows.end() : timed[static_cast<size_t>(inner.next())];
  timeless_->Add(to - rows.next() - inner.next());
  rows.AdvanceTo(to);
  return progress;
}

Result<Progress> ColumnWindow::ProcessTimed(int input, flow::Rows& rows, flow::Output& out) {
  THALWEG_ASSIGN(columns::Batch numbered, Numbered(rows.batch(), out.pool()));
  flow::Rows inner(std::move(numbered));
  inner.AdvanceTo(rows.next());
  parts_.at_hand->batch = &rows.batch();
  Result<Progress> progress = WindowCore::Process(input, inner, out);
  parts_.at_hand->batch = nullptr;
  rows.AdvanceTo(inner.next());
  return progress;
}

Result<Progress> ColumnWindow::OnWatermark(flow::Watermark watermark, flow::Output& out) {
  return WindowCore::OnWatermark({parts_.zone.Passed(watermark.time)}, out);
}

Result<Progress> ColumnWindow::OnTimer(int64_t now_ms, flow::Output& out) {
  return WindowCore::OnTimer(parts_.zone.Passed(now_ms), out);
}

Result<std::vector<std::string>> ColumnWindow::Snapshot(const flow::Barrier& barrier) {
  THALWEG_TRY(output_.Snapshot());
  return WindowCore::Snapshot(barrier);
}

std::string ColumnWindow::RowText(const void* value) const {
  return parts_.at_hand->batch ? columns::RowText(batch(), RowOf(value)) : "";
}

Result<columns::Batch> ColumnWindow::Numbered(const columns::Batch& batch, columns::BufferPool& pool) {
  columns::Batch numbered(pool, batch.rows());
  columns::Column numbers;
  numbers.type = types::DataType(TypeId::kInt, false);
  numbers.length = batch.rows();
  numbers.values = pool.Allocate(sizeof(int32_t) * static_cast<size_t>(batch.rows()));
  std::iota(numbers.values.mutable_data<int32_t>(), numbers.values.mutable_data<int32_t>() + batch.rows(), 0);
  numbered.AddColumn(std::move(numbers));
  for (int key : parts_.setting.keys) numbered.AddColumn(batch.column(key));
  AddHashes(pool, numbered);
  THALWEG_TRY(AddTimes(batch, pool, numbered));
  return numbered;
}

void ColumnWindow::AddHashes(columns::BufferPool& pool, columns::Batch& numbered) {
  if (hasher_) return hasher_->FillHashes(numbered, pool);
  columns::BufferRef hashes = pool.Allocate(sizeof(uint64_t) * static_cast<size_t>(numbered.rows()));
  std::fill_n(hashes.mutable_data<uint64_t>(), numbered.rows(), Hash64({}));
  numbered.key_hashes() = std::move(hashes);
}

Status ColumnWindow::AddTimes(const columns::Batch& batch, columns::BufferPool& pool, columns::Batch& numbered) const {
  const graph::WindowShape& shape = parts_.setting.shape;
  const bool attached = IsAttached(shape);
  if (!attached && shape.processing_time) return {};
  const columns::Column& column = batch.column(attached ? shape.end_column : shape.time_column);
  for (int32_t row = 0; attached && column.validity && row < batch.rows(); ++row)
    if (column.IsNull(row) || batch.column(shape.start_column).IsNull(row))
      return UserError("The window of a row must not be NULL: {}, in {}", columns::RowText(batch, row),
                       parts_.setting.name);
  const bool local = !attached && column.type.id() == TypeId::kTimestampLtz && !shape.zone.empty();
  if (!attached && !local) {
    numbered.times() = column.values;
    return {};
  }
  columns::BufferRef times = pool.Allocate(sizeof(int64_t) * static_cast<size_t>(batch.rows()));
  auto* to = times.mutable_data<int64_t>();
  const auto* from = column.data<int64_t>();
  for (int32_t row = 0; row < batch.rows(); ++row) to[row] = attached ? from[row] - 1 : parts_.zone.ToLocal(from[row]);
  numbered.times() = std::move(times);
  return {};
}

void ColumnWindow::Add(void* accumulator, bool, const void* value) {
  const int32_t row = RowOf(value);
  AddRows(&row, 1, &accumulator);
}

void ColumnWindow::AddRun(const columns::Batch&, int32_t from, int32_t to, const Window& slice) {
  const WindowBytes ns(slice);
  for (int32_t end; from < to; from = end) {
    end = std::min(to, from + BatchKeys::kViews);
    AddSome(from, keys_.View(from, end), ns, slice);
  }
}

// First the rows whose accumulators are there, together; then the others in their order: rows of one key stay in order.
void ColumnWindow::AddSome(int32_t from, std::span<const state::KeyView> keys, const WindowBytes& ns,
                           const Window& slice) {
  std::array<void*, BatchKeys::kViews> found;
  std::array<int32_t, BatchKeys::kViews> rows, missing;
  contents_->FindEach(keys, ns.view(), found.data());
  int32_t there = 0, absent = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const int32_t row = from + static_cast<int32_t>(i);
    if (!found[i]) {
      missing[static_cast<size_t>(absent++)] = row;
      continue;
    }
    found[static_cast<size_t>(there)] = found[i];
    rows[static_cast<size_t>(there++)] = row;
  }
  row_ = from;
  if (there > 0) AddRows(rows.data(), there, found.data());
  for (int32_t i = 0; i < absent; ++i) {
    row_ = missing[static_cast<size_t>(i)];
    const state::KeyView& key = keys[static_cast<size_t>(row_ - from)];
    bool created = false;
    void* accumulator = contents_->FindOrCreate(key, ns.view(), &created);
    AddRows(&row_, 1, &accumulator);
    if (created) OnSliceCreated(key, slice);
  }
}

size_t ColumnWindow::FireSome(std::span<const state::KeyView> keys, const Window& window, void* const* accumulators,
                              const flow::Output& out) {
  const WindowBytes ns(window);
  size_t fired = 0;
  for (; fired < keys.size() && out.has_credit(); ++fired) {
    void* accumulator = accumulators[fired];
    if (!accumulator) accumulator = contents_->Find(keys[fired], ns.view());
    if (accumulator) FireOne(keys[fired], window, accumulator);
  }
  return fired;
}

}  // namespace thalweg::operators
