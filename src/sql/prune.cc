#include "sql/prune.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "sql/binder.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using Needed = std::set<int>;

/// A plan in which the needed columns are left, and where.
struct Pruned {
  PlanPtr plan;
  std::vector<int> place;  // by the old column; -1: gone
};

std::vector<int> Identity(size_t count) {
  std::vector<int> place(count);
  std::iota(place.begin(), place.end(), 0);
  return place;
}

void Need(Needed& needed, const Expression& expression) {
  for (int input : expr::InputsOf(expression)) needed.insert(input);
}
void Need(Needed& needed, const std::vector<int>& columns) { needed.insert(columns.begin(), columns.end()); }
void Need(Needed& needed, const std::vector<graph::SortKey>& order) {
  for (const graph::SortKey& key : order) needed.insert(key.column);
}
void Need(Needed& needed, const graph::AggregateCall& call) {
  Need(needed, call.arguments);
  if (call.filter >= 0) needed.insert(call.filter);
  Need(needed, call.order_by);
}
void Need(Needed& needed, const graph::WindowShape& shape) {
  for (int column : {shape.time_column, shape.start_column, shape.end_column})
    if (column >= 0) needed.insert(column);
  Need(needed, shape.partition);
}
/// Those of the first `count` columns, `from` on.
Needed Part(const Needed& needed, int from, int count) {
  Needed part;
  for (int column : needed)
    if (column >= from && column < from + count) part.insert(column - from);
  return part;
}

int Placed(int column, const std::vector<int>& place) {
  return column < 0 ? column : place[static_cast<size_t>(column)];
}
std::vector<int> Placed(std::vector<int> columns, const std::vector<int>& place) {
  for (int& column : columns) column = Placed(column, place);
  return columns;
}
std::vector<graph::SortKey> Placed(std::vector<graph::SortKey> order, const std::vector<int>& place) {
  for (graph::SortKey& key : order) key.column = Placed(key.column, place);
  return order;
}
graph::AggregateCall Placed(graph::AggregateCall call, const std::vector<int>& place) {
  call.arguments = Placed(std::move(call.arguments), place);
  call.filter = Placed(call.filter, place);
  call.order_by = Placed(std::move(call.order_by), place);
  return call;
}
graph::WindowShape Placed(graph::WindowShape shape, const std::vector<int>& place) {
  for (int* column : {&shape.time_column, &shape.start_column, &shape.end_column}) *column = Placed(*column, place);
  shape.partition = Placed(std::move(shape.partition), place);
  return shape;
}
void Need(Needed& needed, const graph::MatchRead& read) {
  if (read.column >= 0) needed.insert(read.column);
  Need(needed, read.call);
}
std::vector<graph::MatchRead> Placed(std::vector<graph::MatchRead> reads, const std::vector<int>& place) {
  for (graph::MatchRead& read : reads) {
    read.column = Placed(read.column, place);
    read.call = Placed(std::move(read.call), place);
  }
  return reads;
}
Expression Placed(const Expression& expression, const std::vector<int>& place) {
  return expr::RemapInputs(expression, place);
}

Pruned Prune(const PlanPtr& plan, Needed needed);

/// Exactly the needed columns, in their order; at least one if there is one, for a row needs something to be a row of.
Pruned Narrow(const PlanPtr& plan, Needed needed) {
  if (needed.empty() && !plan->columns.empty()) needed.insert(0);
  Pruned below = Prune(plan, needed);
  if (below.plan->columns.size() == needed.size()) return below;
  std::vector<Expression> columns;
  std::vector<std::string> names;
  std::vector<int> place(plan->columns.size(), -1);
  for (int column : needed) {
    place[static_cast<size_t>(column)] = static_cast<int>(columns.size());
    columns.push_back(InputOf(*below.plan, below.place[static_cast<size_t>(column)]));
    names.push_back(plan->columns[static_cast<size_t>(column)].name);
  }
  return {MakeCalc(below.plan, std::nullopt, std::move(columns), std::move(names)), std::move(place)};
}

struct PruneNode {
  const PlanPtr& plan;
  const Needed& needed;

  Pruned Same() const { return {plan, Identity(plan->columns.size())}; }
  int count(const PlanPtr& input) const { return static_cast<int>(input->columns.size()); }
  /// The place of the input's columns, then of those appended.
  Pruned Appending(PlanPtr made, const Pruned& input) const {
    std::vector<int> place = input.place;
    const size_t appended = plan->columns.size() - place.size();
    const size_t first = made->columns.size() - appended;
    for (size_t i = 0; i < appended; ++i) place.push_back(static_cast<int>(first + i));
    return {std::move(made), std::move(place)};
  }

  Pruned operator()(const ScanPlan&) const { return Same(); }
  Pruned operator()(const ValuesPlan&) const { return Same(); }

  Pruned operator()(const CalcPlan& calc) const {
    Needed kept = needed;
    if (kept.empty() && !calc.columns.empty()) kept.insert(0);
    Needed inputs;
    for (int column : kept) Need(inputs, calc.columns[static_cast<size_t>(column)]);
    if (calc.condition) Need(inputs, *calc.condition);
    const Pruned below = Prune(calc.input, inputs);
    std::vector<Expression> columns;
    std::vector<std::string> names;
    std::vector<int> place(plan->columns.size(), -1);
    for (int column : kept) {
      const auto at = static_cast<size_t>(column);
      place[at] = static_cast<int>(columns.size());
      columns.push_back(Placed(calc.columns[at], below.place));
      names.push_back(plan->columns[at].name);
    }
    std::optional<Expression> condition;
    if (calc.condition) condition = Placed(*calc.condition, below.place);
    return {MakeCalc(below.plan, std::move(condition), std::move(columns), std::move(names)), std::move(place)};
  }

  Pruned operator()(const AggregatePlan& node) const {
    Needed inputs;
    Need(inputs, node.keys);
    for (const graph::AggregateCall& call : node.calls) Need(inputs, call);
    if (node.window) Need(inputs, *node.window);
    if (node.late)
      for (int column : node.late->inputs)
        if (column >= 0) inputs.insert(column);
    const Pruned below = Narrow(node.input, inputs);
    AggregatePlan made = node;
    if (node.late) made.late->inputs = Placed(node.late->inputs, below.place);
    made.input = below.plan;
    made.keys = Placed(node.keys, below.place);
    for (graph::AggregateCall& call : made.calls) call = Placed(std::move(call), below.place);
    if (node.window) made.window = Placed(*node.window, below.place);
    return {MakeAggregate(std::move(made)), Identity(plan->columns.size())};
  }

  Pruned operator()(const WindowPlan& node) const {
    Needed inputs = Part(needed, 0, count(node.input));
    Need(inputs, node.shape);
    const Pruned below = Narrow(node.input, inputs);
    return Appending(MakeWindow(below.plan, Placed(node.shape, below.place)), below);
  }

  /// Of two sides with an equality; `conditions` are over both.
  struct Sides {
    Pruned left, right;
    std::vector<int> both;  // places of left, then right columns
  };
  Sides SidesOf(const PlanPtr& left, const PlanPtr& right, const std::vector<JoinKey>& keys,
                const std::optional<Expression>& condition, Needed left_needed, Needed right_needed) const {
    Needed both;
    if (condition) Need(both, *condition);
    for (const JoinKey& key : keys) {
      left_needed.insert(key.left);
      right_needed.insert(key.right);
    }
    left_needed.merge(Part(both, 0, count(left)));
    right_needed.merge(Part(both, count(left), count(right)));
    Sides sides{Narrow(left, left_needed), Narrow(right, right_needed), {}};
    sides.both = sides.left.place;
    const int width = count(sides.left.plan);
    for (int column : sides.right.place) sides.both.push_back(column < 0 ? -1 : column + width);
    return sides;
  }
  static void MoveKeys(std::vector<JoinKey>& keys, const Sides& sides) {
    for (JoinKey& key : keys) {
      key.left = Placed(key.left, sides.left.place);
      key.right = Placed(key.right, sides.right.place);
    }
  }

  Pruned operator()(const JoinPlan& join) const {
    const bool left_only = join.type == JoinType::kSemi || join.type == JoinType::kAnti;
    const int width = count(join.left);
    Needed left = Part(needed, 0, width), right;
    if (!left_only) right = Part(needed, width, count(join.right));
    if (join.interval) {
      left.insert(join.interval->left_time);
      right.insert(join.interval->right_time);
    }
    const Sides sides = SidesOf(join.left, join.right, join.keys, join.condition, std::move(left), std::move(right));
    JoinPlan made = join;
    made.left = sides.left.plan;
    made.right = sides.right.plan;
    MoveKeys(made.keys, sides);
    if (join.condition) made.condition = Placed(*join.condition, sides.both);
    if (join.interval) {
      made.interval->left_time = Placed(join.interval->left_time, sides.left.place);
      made.interval->right_time = Placed(join.interval->right_time, sides.right.place);
    }
    return {MakeJoin(std::move(made)), left_only ? sides.left.place : sides.both};
  }

  Pruned operator()(const TemporalJoinPlan& join) const {
    const int width = count(join.left);
    Needed left = Part(needed, 0, width), right = Part(needed, width, count(join.right));
    left.insert(join.left_time);
    if (join.right_time >= 0) right.insert(join.right_time);
    // Rows that the right side holds are told apart by it.
    if (!join.right->unique_keys.empty()) Need(right, join.right->unique_keys[0]);
    const Sides sides = SidesOf(join.left, join.right, join.keys, join.condition, std::move(left), std::move(right));
    TemporalJoinPlan made = join;
    made.left = sides.left.plan;
    made.right = sides.right.plan;
    MoveKeys(made.keys, sides);
    if (join.condition) made.condition = Placed(*join.condition, sides.both);
    made.left_time = Placed(join.left_time, sides.left.place);
    made.right_time = Placed(join.right_time, sides.right.place);
    return {MakeTemporalJoin(std::move(made)), sides.both};
  }

  Pruned operator()(const UnnestPlan& node) const {
    Needed inputs = Part(needed, 0, count(node.input));
    Need(inputs, node.collection);
    if (node.condition) {
      Needed read;
      Need(read, *node.condition);
      inputs.merge(Part(read, 0, count(node.input)));
    }
    const Pruned below = Narrow(node.input, inputs);
    UnnestPlan made = node;
    made.input = below.plan;
    made.collection = Placed(node.collection, below.place);
    std::vector<PlanColumn> appended(plan->columns.begin() + count(node.input), plan->columns.end());
    if (node.condition) {
      std::vector<int> place = below.place;
      for (size_t i = 0; i < appended.size(); ++i) place.push_back(count(below.plan) + static_cast<int>(i));
      made.condition = Placed(*node.condition, place);
    }
    return Appending(MakeUnnest(std::move(made), std::move(appended)), below);
  }

  Pruned operator()(const UnionPlan& node) const {
    std::vector<PlanPtr> inputs;
    std::vector<int> place;
    for (const PlanPtr& input : node.inputs) {
      Pruned below = Narrow(input, needed);
      inputs.push_back(below.plan);
      place = std::move(below.place);
    }
    return {MakeUnion(std::move(inputs)), std::move(place)};
  }

  Pruned operator()(const OverPlan& node) const {
    Needed inputs = Part(needed, 0, count(node.input));
    Need(inputs, node.partition);
    Need(inputs, node.order);
    for (const graph::AggregateCall& call : node.calls) Need(inputs, call);
    for (const graph::FrameEdge& edge : {node.frame.start, node.frame.end})
      if (edge.column >= 0) inputs.insert(edge.column);
    const Pruned below = Narrow(node.input, inputs);
    OverPlan made = node;
    for (graph::FrameEdge* edge : {&made.frame.start, &made.frame.end})
      edge->column = Placed(edge->column, below.place);
    made.input = below.plan;
    made.partition = Placed(node.partition, below.place);
    made.order = Placed(node.order, below.place);
    for (graph::AggregateCall& call : made.calls) call = Placed(std::move(call), below.place);
    return Appending(MakeOver(std::move(made)), below);
  }

  Pruned operator()(const RankPlan& node) const {
    Needed inputs = Part(needed, 0, count(node.input));
    Need(inputs, node.partition);
    Need(inputs, node.order);
    const Pruned below = Narrow(node.input, inputs);
    RankPlan made = node;
    made.input = below.plan;
    made.partition = Placed(node.partition, below.place);
    made.order = Placed(node.order, below.place);
    return Appending(MakeRank(std::move(made), node.number ? plan->columns.back().name : ""), below);
  }

  Pruned operator()(const SortPlan& node) const {
    Needed inputs = needed;
    Need(inputs, node.keys);
    Pruned below = Narrow(node.input, inputs);
    SortPlan made = node;
    made.input = below.plan;
    made.keys = Placed(node.keys, below.place);
    return {MakeSort(std::move(made)), std::move(below.place)};
  }

  Pruned operator()(const ExpandPlan&) const { return Same(); }

  /// All columns of the input, as it is best made.
  static Pruned Whole(const PlanPtr& input) {
    Needed all;
    for (int column : Identity(input->columns.size())) all.insert(column);
    return Narrow(input, std::move(all));
  }
  Pruned operator()(const ToChangelogPlan& node) const {
    ToChangelogPlan made = node;
    const Pruned below = Whole(node.input);
    made.input = below.plan;
    made.partition = Placed(node.partition, below.place);
    const std::string op_name = plan->columns[node.partition.size()].name;
    return {MakeToChangelog(std::move(made), op_name), Identity(plan->columns.size())};
  }
  Pruned operator()(const FromChangelogPlan& node) const {
    FromChangelogPlan made = node;
    const Pruned below = Whole(node.input);
    made.input = below.plan;
    made.partition = Placed(node.partition, below.place);
    made.op = Placed(node.op, below.place);
    return {MakeFromChangelog(std::move(made)), Identity(plan->columns.size())};
  }
  Pruned operator()(const MatchPlan& node) const {
    MatchPlan made = node;
    made.output.clear();
    Needed inputs;
    std::vector<int> place = Identity(plan->columns.size());
    for (size_t i = 0; i < node.output.size(); ++i) {
      const size_t at = node.partition.size() + i;
      const bool kept = needed.contains(static_cast<int>(at));
      place[at] = kept ? static_cast<int>(node.partition.size() + made.output.size()) : -1;
      if (kept) made.output.push_back(node.output[i]);
    }
    // A row needs something to be a row of.
    if (node.partition.empty() && made.output.empty() && !node.output.empty()) {
      place[0] = 0;
      made.output.push_back(node.output[0]);
    }
    Need(inputs, node.partition);
    Need(inputs, node.order);
    for (const graph::MatchRead& read : made.output) Need(inputs, read);
    for (const graph::MatchVariable& variable : node.pattern) {
      if (variable.column >= 0) inputs.insert(variable.column);
      for (const graph::MatchRead& read : variable.reads) Need(inputs, read);
    }
    const Pruned below = Narrow(node.input, inputs);
    made.input = below.plan;
    made.partition = Placed(node.partition, below.place);
    made.order = Placed(node.order, below.place);
    made.output = Placed(std::move(made.output), below.place);
    for (graph::MatchVariable& variable : made.pattern) {
      variable.column = Placed(variable.column, below.place);
      variable.reads = Placed(std::move(variable.reads), below.place);
    }
    return {MakeMatch(std::move(made)), std::move(place)};
  }
};

Pruned Prune(const PlanPtr& plan, Needed needed) { return std::visit(PruneNode{plan, needed}, plan->node); }

}  // namespace

PlanPtr PruneColumns(const PlanPtr& plan) {
  Needed all;
  for (size_t i = 0; i < plan->columns.size(); ++i) all.insert(static_cast<int>(i));
  return Prune(plan, std::move(all)).plan;
}

}  // namespace thalweg::sql
