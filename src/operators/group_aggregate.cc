#include "operators/group_aggregate.h"

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "graph/aggregate_spec.h"
#include "operators/aggregate_layout.h"
#include "operators/row_changes.h"
#include "operators/row_keys.h"
#include "operators/row_output.h"

namespace thalweg::operators {
namespace {

using types::RowKind;

/// Rows taken together: their changes fit one or two output batches.
constexpr int32_t kBlockRows = 512;

bool IsRetraction(RowKind kind) { return kind == RowKind::kUpdateBefore || kind == RowKind::kDelete; }

std::vector<types::DataType> OutputTypes(const graph::GroupAggregateSpec& spec) {
  std::vector<types::DataType> types;
  for (int key : spec.keys) types.push_back(spec.input.field(key).type);
  for (const graph::AggregateCall& call : spec.calls) types.push_back(call.type);
  return types;
}

class GroupAggregate final : public flow::Operator {
 public:
  GroupAggregate(graph::GroupAggregateSpec spec, std::shared_ptr<AggregateLayout> layout)
      : spec_(std::move(spec)), layout_(std::move(layout)), output_(OutputTypes(spec_)) {}

  Status Open(flow::Context& context) override {
    backend_ = context.keyed_state();
    if (!backend_) return InternalError("A group aggregate needs a keyed input: {}", context.task().operator_name);
    keys_ = RowKeys(spec_.keys, context.task().max_parallelism);
    state::StateSpec state;
    state.name = "group-aggregates";
    state.kind = state::StateKind::kAggregating;
    state.value_codec = layout_->object_type().name;
    state.ttl.ttl_ms = spec_.ttl_ms;
    THALWEG_ASSIGN(groups_, backend_->OpenTable(state, layout_->object_type()));
    return output_.Open(context);
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (!output_.Drain(out)) return flow::Progress::kMore;
    keys_.Load(rows.batch(), rows.next());
    while (!rows.done() && output_.has_credit()) {
      const int32_t from = rows.next(), to = std::min(rows.end(), from + block_rows_);
      if (ProcessBlock(rows.batch(), from, to, out.pool())) rows.AdvanceTo(to);
    }
    return Finish(rows.done() ? flow::Progress::kDone : flow::Progress::kMore);
  }

  // Rows that wait are sent before the watermark, and before the end.
  Result<flow::Progress> OnWatermark(flow::Watermark, flow::Output& out) override { return SendWaiting(out); }
  Result<flow::Progress> OnEnd(flow::EndKind, flow::Output& out) override { return SendWaiting(out); }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    THALWEG_TRY(output_.Snapshot());
    return std::vector<std::string>{};
  }

 private:
  Result<flow::Progress> SendWaiting(flow::Output& out) {
    return Finish(output_.Drain(out) ? flow::Progress::kDone : flow::Progress::kMore);
  }
  Result<flow::Progress> Finish(flow::Progress progress) {
    const bool flushed = output_.Flush();
    THALWEG_TRY(layout_->status());
    THALWEG_TRY(backend_->status());
    THALWEG_TRY(output_.status());
    return flushed ? progress : flow::Progress::kMore;
  }

  /// False: the table cannot show several groups at once; rows are taken one by one from now on.
  bool ProcessBlock(const columns::Batch& batch, int32_t from, int32_t to, columns::BufferPool& pool) {
    const auto count = static_cast<size_t>(to - from);
    for (size_t i = 0; i < count; ++i) views_[i] = keys_[from + static_cast<int32_t>(i)];
    if (!FindGroups(count)) {
      block_rows_ = 1;
      return false;
    }
    Count(batch, from, count);
    changes_.Start(layout_->types(), pool);
    layout_->UpdateEach({.batch = &batch,
                         .rows = rows_.data(),
                         .count = static_cast<int32_t>(count),
                         .groups = blocks_.data(),
                         .ops = ops_.data()},
                        counts_.data(), changes_.builders());
    EraseEmpty(count);
    changes_.Emit(batch, spec_.keys, std::span(rows_).first(count), std::span(kinds_).first(count),
                  {.update_before = spec_.generate_update_before, .equal_too = spec_.ttl_ms > 0}, output_);
    return true;
  }

  /// The blocks of views_[0, count), made where there are none.
  bool FindGroups(size_t count) {
    if (count == 1) {
      blocks_[0] = layout_->Open(groups_->FindOrCreate(views_[0], {}, nullptr));
      return true;
    }
    const std::span<const state::KeyView> views(views_.data(), count);
    groups_->FindEach(views, {}, objects_.data());
    bool missing = false;
    for (size_t i = 0; i < count; ++i) {
      if (objects_[i]) continue;
      groups_->FindOrCreate(views_[i], {}, nullptr);
      missing = true;
    }
    if (missing) groups_->FindEach(views, {}, objects_.data());
    for (size_t i = 0; i < count; ++i) {
      if (!objects_[i]) return false;
      blocks_[i] = layout_->Open(objects_[i]);
    }
    return true;
  }

  /// What each row does to its group. A group without rows is one that is not there.
  void Count(const columns::Batch& batch, int32_t from, size_t count) {
    empty_.clear();
    for (size_t i = 0; i < count; ++i) {
      const int32_t row = from + static_cast<int32_t>(i);
      int64_t& rows = AggregateLayout::RowCount(blocks_[i]);
      rows_[i] = row;
      counts_[2 * i] = rows;
      if (!IsRetraction(batch.kind(row))) {
        kinds_[i] = rows == 0 ? Change::kInsert : Change::kUpdate;
        ops_[i] = rows == 0 ? kAddRow | kFresh : kAddRow;
        ++rows;
      } else if (rows == 0) {
        kinds_[i] = Change::kNone;
        ops_[i] = kSkipRow;
      } else {
        --rows;
        kinds_[i] = rows == 0 ? Change::kDelete : Change::kUpdate;
        ops_[i] = kRetractRow;
      }
      counts_[2 * i + 1] = rows;
      if (rows == 0) empty_.push_back(i);
    }
  }

  void EraseEmpty(size_t) {
    std::erase_if(empty_, [&](size_t i) { return AggregateLayout::RowCount(blocks_[i]) != 0; });
    for (size_t i : empty_) groups_->Erase(views_[i], {});
  }

  graph::GroupAggregateSpec spec_;
  std::shared_ptr<AggregateLayout> layout_;
  RowOutput output_;
  RowKeys keys_;
  state::KeyedBackend* backend_ = nullptr;
  state::ObjectTable* groups_ = nullptr;
  RowChanges changes_;
  int32_t block_rows_ = kBlockRows;
  // Of the block at hand.
  std::array<state::KeyView, kBlockRows> views_;
  std::array<void*, kBlockRows> objects_;
  std::array<std::byte*, kBlockRows> blocks_;
  std::array<int32_t, kBlockRows> rows_;
  std::array<uint8_t, kBlockRows> ops_;
  std::array<Change, kBlockRows> kinds_;
  std::array<int64_t, size_t{2} * kBlockRows> counts_;
  std::vector<size_t> empty_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeGroupAggregate(const graph::Node& node) {
  THALWEG_ASSIGN(graph::GroupAggregateSpec spec, graph::DecodeGroupAggregate(node.payload));
  THALWEG_ASSIGN(std::shared_ptr<AggregateLayout> layout,
                 AggregateLayout::Make(spec.input, spec.calls, {.retracts = spec.input_changes}));
  return std::unique_ptr<flow::Operator>(std::make_unique<GroupAggregate>(std::move(spec), std::move(layout)));
}

}  // namespace thalweg::operators
