// Graphs of plans: groups, in one phase or two, and windows.
#include <algorithm>
#include <numeric>
#include <ranges>

#include "graph/aggregate_spec.h"
#include "graph/scan_spec.h"
#include "sql/to_graph_state.h"

namespace thalweg::sql {

using graph::Partitioning;

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const AggregatePlan& aggregate,
                                                          bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*aggregate.input));
  THALWEG_ASSIGN(Stream input, Build(aggregate.input, true));
  Input edge = Keyed(input, aggregate.keys);
  edge.changelog = ModeOf(below, true);
  if (aggregate.window) {
    if (below.any() && !aggregate.window->processing_time) WatchOldRows(*aggregate.input);
    graph::WindowAggregateSpec spec;
    spec.input = SchemaOf(aggregate.input->columns);
    spec.keys = aggregate.keys;
    spec.calls = aggregate.calls;
    spec.window = *aggregate.window;
    spec.properties = aggregate.properties;
    spec.input_changes = below.any();
    graph::Node node = NewNode("window-aggregate", "WindowAggregate", Encode(spec), SchemaOf(plan.columns));
    node.keyed = true;
    // The operator sends late rows to its second port if it has one.
    if (aggregate.late)
      node.outputs.push_back(
          {"late", std::make_shared<const types::Schema>(SchemaOf(aggregate.input->columns)), "", ""});
    const Stream stream = AddShared(std::move(node), {{edge}}, ParallelismOf(aggregate.keys));
    if (aggregate.late) THALWEG_TRY(AddLateSink(aggregate, stream, below));
    return stream;
  }
  if (aggregate.late)
    return UserError(
        "LATE DATA INTO is for groups over windows: GROUP BY has no window_start and window_end, nor TUMBLE, HOP or "
        "SESSION");
  graph::GroupAggregateSpec spec;
  spec.input = SchemaOf(aggregate.input->columns);
  spec.keys = aggregate.keys;
  spec.calls = aggregate.calls;
  spec.input_changes = below.any();
  spec.generate_update_before = before;
  spec.ttl_ms = aggregate.ttl_ms.value_or(options.state_ttl_ms);
  graph::Node node = NewNode("group-aggregate", "GroupAggregate", Encode(spec), SchemaOf(plan.columns));
  node.keyed = true;
  if (options.fold.enabled) {
    THALWEG_TRY(CheckBundleSize());
    graph::SetMiniBatch(node, options.fold.mini_batch);
    if (InTwoPhases(spec, input)) return TwoPhases(spec, std::move(node), std::move(edge));
  }
  return AddShared(std::move(node), {{edge}}, ParallelismOf(aggregate.keys));
}

namespace {

/// Whether an operator of the plan keeps rows, and gives them again when they change.
bool KeepsRows(const Plan& plan) {
  if (plan.As<ScanPlan>() || plan.As<ValuesPlan>()) return false;
  if (!plan.As<CalcPlan>() && !plan.As<UnnestPlan>() && !plan.As<UnionPlan>() && !plan.As<WindowPlan>()) return true;
  return std::ranges::any_of(InputsOfPlan(plan), [](const PlanPtr& input) { return KeepsRows(*input); });
}

}  // namespace

void GraphMaker::State::WatchOldRows(const Plan& plan) {
  if (!KeepsRows(plan)) return;
  std::vector<PlanPtr> below = InputsOfPlan(plan);
  while (!below.empty()) {
    const PlanPtr next = std::move(below.back());
    below.pop_back();
    if (auto* scan = next->As<ScanPlan>()) repeated.insert(scan->table.get());
    for (const PlanPtr& input : InputsOfPlan(*next)) below.push_back(input);
  }
}

void GraphMaker::State::SendEachWatermark(graph::JobGraph& made) const {
  for (const auto& [table, nodes] : source_nodes)
    for (uint32_t id : nodes) {
      if (!repeated.contains(table)) continue;
      graph::Node& node = made.nodes[id - 1];
      if (node.scan.empty()) continue;
      graph::ScanSpec spec = graph::DecodeScan(node.scan).value();
      if (spec.pace != graph::ScanSpec::Pace::kLateRows) continue;
      spec.pace = graph::ScanSpec::Pace::kEachRise;
      node.scan = graph::Encode(spec);
    }
}

Status GraphMaker::State::CheckBundleSize() const {
  if (options.fold.mini_batch.rows > 0) return {};
  return UserError("Key: '{}' must be > 0 where '{}' is true, and is {}", config::kMiniBatchSize.key,
                   config::kMiniBatchEnabled.key, options.fold.mini_batch.rows);
}

bool GraphMaker::State::InTwoPhases(const graph::GroupAggregateSpec& spec, Stream input) const {
  if (options.fold.phases == config::AggregatePhases::kOne) return false;
  const int32_t from = input.parallelism > 0 ? input.parallelism : options.parallelism;
  const int32_t to = spec.keys.empty() ? 1 : options.parallelism;
  static const std::set<std::string> kMerging = {"COUNT", "SUM", "$SUM0", "AVG", "MIN", "MAX"};
  return (from > 1 || to > 1) && std::all_of(spec.calls.begin(), spec.calls.end(),
                                             [](const auto& call) { return kMerging.contains(call.function); });
}

GraphMaker::State::Stream GraphMaker::State::TwoPhases(const graph::GroupAggregateSpec& spec, graph::Node one_phase,
                                                       Input edge) {
  graph::Node global = one_phase;
  global.uid = UidOf(one_phase, {{edge}}, nullptr);
  global.kind = "global-group-aggregate";
  global.name = "GlobalGroupAggregate";
  graph::Node local =
      NewNode("local-group-aggregate", "LocalGroupAggregate", one_phase.payload, graph::PartialSchema(spec));
  // Each waits for half of the time that a row may take.
  graph::MiniBatch half = options.fold.mini_batch;
  half.latency_ms = std::max<int64_t>(1, half.latency_ms / 2);
  graph::SetMiniBatch(local, half);
  half.latency_ms = std::max<int64_t>(1, options.fold.mini_batch.latency_ms - half.latency_ms);
  graph::SetMiniBatch(global, half);
  const int32_t parallelism = edge.from.parallelism;
  edge.partitioning = Partitioning::kForward;
  edge.keys.clear();
  const Stream partials = AddShared(std::move(local), {{edge}}, parallelism);
  std::vector<int> keys(spec.keys.size());
  std::iota(keys.begin(), keys.end(), 0);
  return AddShared(std::move(global), {{Keyed(partials, keys)}}, ParallelismOf(keys));
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const WindowPlan& window, bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*window.input));
  THALWEG_ASSIGN(Stream input, Build(window.input, before));
  graph::WindowTvfSpec spec;
  spec.input = SchemaOf(window.input->columns);
  spec.window = window.shape;
  graph::Node node = NewNode("window-tvf", "WindowTableFunction", Encode(spec), SchemaOf(plan.columns));
  Input edge{input, Partitioning::kForward, {}, ModeOf(below, before)};
  if (window.shape.kind != graph::WindowShape::Kind::kSession)
    return AddShared(std::move(node), {{edge}}, input.parallelism);
  node.keyed = true;
  Input keyed = Keyed(input, window.shape.partition);
  return AddShared(std::move(node), {{keyed}}, ParallelismOf(window.shape.partition));
}

}  // namespace thalweg::sql
