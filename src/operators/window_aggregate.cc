#include "operators/window_aggregate.h"

#include <optional>
#include <utility>

#include "graph/aggregate_spec.h"
#include "operators/aggregate_layout.h"
#include "operators/column_window.h"
#include "operators/row_keys.h"

namespace thalweg::operators {
namespace {

using graph::WindowProperty;

/// TIMESTAMP(3) or, of a local time, TIMESTAMP_LTZ(3).
types::DataType TimeType(const graph::WindowAggregateSpec& spec) {
  const int column = spec.window.time_column;
  const bool instant = column >= 0 ? spec.input.field(column).type.id() == types::TypeId::kTimestampLtz
                                   : spec.window.processing_time || !spec.window.zone.empty();
  return instant ? types::DataType::TimestampLtz(3, false) : types::DataType::Timestamp(3, false);
}

types::DataType PropertyType(const graph::WindowAggregateSpec& spec, WindowProperty property) {
  switch (property) {
    case WindowProperty::kTime: return TimeType(spec);
    case WindowProperty::kProcessingTime: return types::DataType::TimestampLtz(3, false);
    default: return types::DataType::Timestamp(3, false);
  }
}

std::vector<types::DataType> WindowOutputTypes(const graph::WindowAggregateSpec& spec) {
  std::vector<types::DataType> types;
  for (int key : spec.keys) types.push_back(spec.input.field(key).type);
  for (const graph::AggregateCall& call : spec.calls) types.push_back(call.type);
  for (WindowProperty property : spec.properties) types.push_back(PropertyType(spec, property));
  return types;
}

class WindowAggregate final : public ColumnWindow {
 public:
  WindowAggregate(ColumnWindowParts parts, graph::WindowAggregateSpec spec, std::shared_ptr<AggregateLayout> layout)
      : ColumnWindow(std::move(parts), WindowOutputTypes(spec)),
        spec_(std::move(spec)),
        layout_(std::move(layout)),
        merged_(*layout_),
        taken_(*layout_),
        instant_(TimeType(spec_).id() == types::TypeId::kTimestampLtz) {
    if (!setting().late_output) return;
    std::vector<types::DataType> types;
    for (const types::Field& field : spec_.input.fields()) types.push_back(field.type);
    late_.emplace(std::move(types), kLatePort);
  }

  Status Open(flow::Context& context) override {
    THALWEG_TRY(ColumnWindow::Open(context));
    return late_ ? late_->Open(context) : Status();
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override {
    if (late_) THALWEG_TRY(late_->Snapshot());
    return ColumnWindow::Snapshot(barrier);
  }

 protected:
  const types::ObjectType& accumulator_type() const override { return layout_->object_type(); }
  bool can_merge() const override { return true; }

  void AddRows(const int32_t* rows, int32_t count, void* const* accumulators) override {
    blocks_.resize(static_cast<size_t>(count));
    ops_.resize(static_cast<size_t>(count));
    for (size_t i = 0; i < blocks_.size(); ++i) {
      const types::RowKind kind = batch().kind(rows[i]);
      const bool retraction = kind == types::RowKind::kUpdateBefore || kind == types::RowKind::kDelete;
      blocks_[i] = layout_->Open(accumulators[i]);
      ops_[i] = retraction ? kRetractRow : kAddRow;
      AggregateLayout::RowCount(blocks_[i]) += retraction ? -1 : 1;
    }
    layout_->Update({.batch = &batch(), .rows = rows, .count = count, .groups = blocks_.data(), .ops = ops_.data()});
  }
  void TakeAccumulator(void* accumulator) override { taken_.Take(accumulator); }
  void MergeTaken(void* accumulator, bool) override {
    layout_->Merge(layout_->Open(accumulator), taken_.block());
    taken_.Clear();
  }
  void StartMerge() override { merged_.Clear(); }
  // Opening binds what a slow backend shows; it changes nothing that counts.
  void AddSlice(const void* accumulator) override {
    layout_->Merge(merged_.block(), layout_->Open(const_cast<void*>(accumulator)));
  }
  void FireMerged(const state::KeyView& key, const Window& window) override { FireOne(key, window, merged_.object()); }

  void FireOne(const state::KeyView& key, const Window& window, void* accumulator) override {
    const std::byte* block = layout_->Open(accumulator);
    if (AggregateLayout::RowCount(block) <= 0) return;
    const auto keys = static_cast<int>(spec_.keys.size());
    AppendKeyColumns(key.bytes, output().row(), 0, keys);
    for (int call = 0; call < layout_->size(); ++call) layout_->AppendResult(block, call, output().column(keys + call));
    int column = keys + layout_->size();
    for (WindowProperty property : spec_.properties) output().column(column++).Append(PropertyOf(property, window));
    output().FinishRow(types::RowKind::kInsert);
  }
  // What the window has of a row is its number.
  void EmitLate(const void* value, int64_t, types::RowKind) override {
    const int32_t row = RowOf(value);
    late_->CopyRow(batch(), row, batch().kind(row));
  }
  // Both ports, whatever the first says: rows of neither may wait longer than they must.
  bool Drain(flow::Output& out) override {
    const bool main = ColumnWindow::Drain(out);
    return (!late_ || late_->Drain(out)) && main;
  }
  bool Flush() override {
    const bool main = ColumnWindow::Flush();
    return (!late_ || late_->Flush()) && main;
  }
  Status PortStatus() const override {
    THALWEG_TRY(layout_->status());
    if (late_) THALWEG_TRY(late_->status());
    return ColumnWindow::PortStatus();
  }

 private:
  int64_t PropertyOf(WindowProperty property, const Window& window) {
    switch (property) {
      case WindowProperty::kStart: return window.start;
      case WindowProperty::kEnd: return window.end;
      case WindowProperty::kTime: return instant_ ? zone().ToUtc(window.max_timestamp()) : window.max_timestamp();
      case WindowProperty::kProcessingTime: return clock_ms();
    }
    return 0;
  }

  graph::WindowAggregateSpec spec_;
  std::shared_ptr<AggregateLayout> layout_;
  AggregateObject merged_;
  AggregateObject taken_;
  bool instant_;
  std::optional<RowOutput> late_;
  std::vector<std::byte*> blocks_;
  std::vector<uint8_t> ops_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeWindowAggregate(const graph::Node& node) {
  THALWEG_ASSIGN(graph::WindowAggregateSpec spec, graph::DecodeWindowAggregate(node.payload));
  THALWEG_ASSIGN(std::shared_ptr<AggregateLayout> layout,
                 AggregateLayout::Make(spec.input, spec.calls, {.retracts = spec.input_changes, .merges = true}));
  THALWEG_ASSIGN(ColumnWindowParts parts,
                 MakeColumnWindowParts({spec.window, spec.input, spec.keys, node.name,
                                        node.outputs.size() > static_cast<size_t>(kLatePort)}));
  return std::unique_ptr<flow::Operator>(
      std::make_unique<WindowAggregate>(std::move(parts), std::move(spec), std::move(layout)));
}

}  // namespace thalweg::operators
