#include "operators/group_aggregate.h"

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "graph/aggregate_spec.h"
#include "operators/aggregate_layout.h"
#include "operators/bundle_aggregate.h"
#include "operators/group_rows.h"
#include "operators/row_changes.h"
#include "operators/row_keys.h"
#include "operators/row_output.h"

namespace thalweg::operators {
namespace {

class GroupAggregate final : public flow::Operator {
 public:
  GroupAggregate(graph::GroupAggregateSpec spec, std::shared_ptr<AggregateLayout> layout)
      : spec_(std::move(spec)), layout_(std::move(layout)), output_(GroupResultTypes(spec_)) {}

  Status Open(flow::Context& context) override {
    backend_ = context.keyed_state();
    if (!backend_) return InternalError("A group aggregate needs a keyed input: {}", context.task().operator_name);
    keys_ = RowKeys(spec_.keys, context.task().max_parallelism);
    THALWEG_ASSIGN(groups_, OpenGroups(*backend_, *layout_, spec_.ttl_ms));
    finder_.Open(*groups_, *layout_);
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
    if (!finder_.Find(std::span(views_).first(count), blocks_.data())) {
      block_rows_ = 1;
      return false;
    }
    deeds_.Count(batch, from, count, blocks_.data());
    changes_.Start(layout_->types(), pool);
    layout_->UpdateEach({.batch = &batch,
                         .rows = deeds_.rows.data(),
                         .count = static_cast<int32_t>(count),
                         .groups = blocks_.data(),
                         .ops = deeds_.ops.data()},
                        deeds_.counts.data(), changes_.builders());
    EraseEmpty();
    changes_.Emit(batch, spec_.keys, std::span(deeds_.rows).first(count), std::span(deeds_.kinds).first(count),
                  {.update_before = spec_.generate_update_before, .equal_too = spec_.ttl_ms > 0}, output_);
    return true;
  }

  void EraseEmpty() {
    std::erase_if(deeds_.empty, [&](size_t i) { return AggregateLayout::RowCount(blocks_[i]) != 0; });
    for (size_t i : deeds_.empty) groups_->Erase(views_[i], {});
  }

  graph::GroupAggregateSpec spec_;
  std::shared_ptr<AggregateLayout> layout_;
  RowOutput output_;
  RowKeys keys_;
  state::KeyedBackend* backend_ = nullptr;
  state::ObjectTable* groups_ = nullptr;
  GroupFinder finder_;
  RowChanges changes_;
  int32_t block_rows_ = kRowsTogether;
  // Of the block at hand.
  std::array<state::KeyView, kRowsTogether> views_;
  std::array<std::byte*, kRowsTogether> blocks_;
  RowDeeds deeds_;
};

}  // namespace

std::vector<types::DataType> GroupResultTypes(const graph::GroupAggregateSpec& spec) {
  std::vector<types::DataType> types;
  for (int key : spec.keys) types.push_back(spec.input.field(key).type);
  for (const graph::AggregateCall& call : spec.calls) types.push_back(call.type);
  return types;
}

Result<std::unique_ptr<flow::Operator>> MakeGroupAggregate(const graph::Node& node) {
  THALWEG_ASSIGN(std::optional<graph::MiniBatch> mini_batch, graph::MiniBatchOf(node));
  THALWEG_ASSIGN(graph::GroupAggregateSpec spec, graph::DecodeGroupAggregate(node.payload));
  THALWEG_ASSIGN(std::shared_ptr<AggregateLayout> layout,
                 AggregateLayout::Make(spec.input, spec.calls, {.retracts = spec.input_changes}));
  if (mini_batch) return MakeBundledAggregate(*mini_batch, std::move(spec), std::move(layout));
  return std::unique_ptr<flow::Operator>(std::make_unique<GroupAggregate>(std::move(spec), std::move(layout)));
}

}  // namespace thalweg::operators
