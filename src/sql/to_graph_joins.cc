// Graphs of plans: joins of streams, of windows, with versions.
#include <algorithm>

#include "base/check.h"
#include "graph/join_spec.h"
#include "sql/keys.h"
#include "sql/to_graph_state.h"
#include "sql/upsert_keys.h"

namespace thalweg::sql {

using expr::Expression;

graph::JoinSides GraphMaker::State::SidesOf(const std::vector<JoinKey>& keys, const PlanPtr& left, const PlanPtr& right,
                                            const std::optional<Expression>& condition, JoinType type) {
  graph::JoinSides sides;
  sides.left = SchemaOf(left->columns);
  sides.right = SchemaOf(right->columns);
  sides.left_keys = Sides(keys, true);
  sides.right_keys = Sides(keys, false);
  for (const JoinKey& key : keys) sides.null_equal.push_back(key.nulls_match ? 1 : 0);
  sides.type = type;
  sides.condition = condition;
  sides.zone = options.zone == "UTC" ? "" : options.zone;
  return sides;
}

Result<GraphMaker::State::Stream> GraphMaker::State::AddJoin(const Plan& plan, std::string kind, std::string name,
                                                             std::string payload, Input left, Input right,
                                                             int32_t parallelism,
                                                             const std::optional<WindowBest>& best) {
  graph::Node node = NewNode(std::move(kind), std::move(name), std::move(payload), SchemaOf(plan.columns));
  node.keyed = true;
  if (best) {
    node.uid = UidOf(node, {{left}, {right}}, nullptr);
    Input& side = best->left ? left : right;
    graph::Node before = NewNode("window-best", "WindowBest", Encode(best->spec), best->spec.input);
    side.from = AddShared(std::move(before), {{Input{side.from}}}, side.from.parallelism);
  }
  return AddShared(std::move(node), {{std::move(left)}, {std::move(right)}}, parallelism);
}

Result<TimeBounds> GraphMaker::State::BoundsOf(const JoinPlan& join) {
  const TimeBounds bounds = TimeBoundsOf(join);
  if (!bounds.left && !bounds.right) return bounds;
  THALWEG_ASSIGN(Changes left, modes.ChangesOf(*join.left));
  THALWEG_ASSIGN(Changes right, modes.ChangesOf(*join.right));
  const bool expire = TtlOf(join.ttl.left_ms) > 0 || TtlOf(join.ttl.right_ms) > 0;
  return left.any() || right.any() || expire ? TimeBounds{} : bounds;
}

Result<std::optional<WindowBest>> GraphMaker::State::BestOf(const JoinPlan& join) {
  std::optional<WindowBest> best = WindowBestOf(join);
  if (!best || options.batch) return std::nullopt;
  THALWEG_ASSIGN(Changes left, modes.ChangesOf(*join.left));
  THALWEG_ASSIGN(Changes right, modes.ChangesOf(*join.right));
  auto rows = built.find({best->scan.get(), false}), counted = built.find({best->window_scan.get(), false});
  if (left.any() || right.any() || rows == built.end() || counted == built.end()) return std::nullopt;
  if (rows->second.node != counted->second.node) return std::nullopt;
  best->spec.input = SchemaOf((best->left ? join.left : join.right)->columns);
  return best;
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const JoinPlan& join, bool before) {
  THALWEG_ASSIGN(Changes left_changes, modes.ChangesOf(*join.left));
  THALWEG_ASSIGN(Changes right_changes, modes.ChangesOf(*join.right));
  THALWEG_ASSIGN(before, update_before.OfInput(plan, before));
  THALWEG_ASSIGN(Stream left, Build(join.left, before));
  THALWEG_ASSIGN(Stream right, Build(join.right, before));
  Input left_edge = Keyed(left, Sides(join.keys, true)), right_edge = Keyed(right, Sides(join.keys, false));
  left_edge.changelog = ModeOf(left_changes, before);
  right_edge.changelog = ModeOf(right_changes, before);
  const int32_t parallelism = join.keys.empty() ? 1 : 0;
  graph::JoinSides sides = SidesOf(join.keys, join.left, join.right, join.condition, join.type);
  const Changes below{left_changes.updates || right_changes.updates, left_changes.deletes || right_changes.deletes};
  if (JoinsByInterval(join, below)) {
    graph::IntervalJoinSpec spec{std::move(sides), join.interval->lower_ms, join.interval->upper_ms};
    if (!join.interval->processing_time) {
      spec.left_time = join.interval->left_time;
      spec.right_time = join.interval->right_time;
    }
    return AddJoin(plan, "interval-join", "IntervalJoin", Encode(spec), left_edge, right_edge, parallelism);
  }
  if (join.windowed) {
    const std::optional<JoinedWindows> windows = WindowsOfJoin(join);
    THALWEG_CHECK(windows, "A window join has lost its windows: {}", ToText(plan));
    graph::WindowJoinSpec spec{std::move(sides), windows->left->end, windows->right->end};
    spec.zone = windows->left->shape.zone;
    return AddJoin(plan, "window-join", "WindowJoin", Encode(spec), left_edge, right_edge, parallelism);
  }
  graph::JoinSpec spec;
  spec.sides = std::move(sides);
  spec.left_unique_key = StateKey(UpsertKeys(*join.left), spec.sides.left_keys);
  spec.right_unique_key = StateKey(UpsertKeys(*join.right), spec.sides.right_keys);
  spec.left_ttl_ms = TtlOf(join.ttl.left_ms);
  spec.right_ttl_ms = TtlOf(join.ttl.right_ms);
  spec.left_append_only = !left_changes.any();
  spec.right_append_only = !right_changes.any();
  THALWEG_ASSIGN(TimeBounds bounds, BoundsOf(join));
  spec.left_bound = bounds.left;
  spec.right_bound = bounds.right;
  THALWEG_ASSIGN(const std::optional<WindowBest> best, BestOf(join));
  return AddJoin(plan, "join", "Join", Encode(spec), left_edge, right_edge, parallelism, best);
}

Result<bool> GraphMaker::State::TakesBack(const Plan& plan) {
  THALWEG_ASSIGN(const Changes changes, modes.Produced(plan, Changes{}));
  if (changes.any()) return true;
  for (const PlanPtr& input : InputsOfPlan(plan)) {
    THALWEG_ASSIGN(const bool below, TakesBack(*input));
    if (below) return true;
  }
  return false;
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const TemporalJoinPlan& join, bool before) {
  if (options.batch && join.right_time >= 0) {
    THALWEG_ASSIGN(const bool settled, TakesBack(*join.right));
    if (settled)
      return UserError(
          "A temporal join by event time needs a table of versions in batch mode: of a query whose rows change only "
          "the "
          "last version is left. Join with a table that has a PRIMARY KEY and a WATERMARK, or run in streaming mode");
  }
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*join.left));
  THALWEG_ASSIGN(Stream left, Build(join.left, before));
  THALWEG_ASSIGN(Stream right, Build(join.right, true));
  Input left_edge = Keyed(left, Sides(join.keys, true)), right_edge = Keyed(right, Sides(join.keys, false));
  left_edge.changelog = ModeOf(below, before);
  THALWEG_ASSIGN(Changes right_changes, modes.ChangesOf(*join.right));
  right_edge.changelog = ModeOf(right_changes, true);
  graph::JoinSides sides =
      SidesOf(join.keys, join.left, join.right, join.condition, join.outer ? JoinType::kLeft : JoinType::kInner);
  THALWEG_ASSIGN(const bool has_end, modes.Bounded(*join.right));
  const auto& unique = join.right->unique_keys;
  const bool one_a_key = std::any_of(unique.begin(), unique.end(), [&](const std::vector<int>& key) {
    return HoldsAll(Sides(join.keys, false), key);
  });
  if (join.snapshot || (join.right_time < 0 && (has_end || !one_a_key))) {
    using Load = graph::SnapshotJoinSpec::Load;
    graph::SnapshotJoinSpec spec;
    spec.sides = std::move(sides);
    if (std::vector<std::vector<int>> keys = UpsertKeys(*join.right); !keys.empty())
      spec.right_unique_key = std::move(keys[0]);
    spec.load = has_end ? Load::kEnd : join.load_time_ms ? Load::kTime : Load::kNone;
    spec.load_time_ms = join.load_time_ms.value_or(0);
    spec.ttl_ms = options.state_ttl_ms;
    return AddJoin(plan, "snapshot-join", "SnapshotJoin", Encode(spec), left_edge, right_edge, 0);
  }
  graph::TemporalJoinSpec spec;
  spec.sides = std::move(sides);
  if (join.right_time >= 0) {
    spec.left_time = join.left_time;
    spec.right_time = join.right_time;
  }
  spec.ttl_ms = options.state_ttl_ms;
  return AddJoin(plan, "temporal-join", "TemporalJoin", Encode(spec), left_edge, right_edge, 0);
}

}  // namespace thalweg::sql
