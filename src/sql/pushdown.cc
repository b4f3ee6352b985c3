#include "sql/pushdown.h"

#include <algorithm>

#include "expr/functions.h"
#include "sql/binder.h"

namespace thalweg::sql {
namespace {

using expr::Expression;

std::vector<std::string> FilteredNames(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanColumn& column : plan.columns) names.push_back(column.name);
  return names;
}

/// All columns that `e` reads are `from` to `to` - 1, and there is one.
bool ReadsOnly(const Expression& e, int from, int to) {
  const std::vector<int> inputs = expr::InputsOf(e);
  return !inputs.empty() && inputs.front() >= from && inputs.back() < to;
}

Expression ShiftedBy(const Expression& e, int by) {
  const std::vector<int> inputs = expr::InputsOf(e);
  std::vector<int> to(inputs.empty() ? 0 : static_cast<size_t>(inputs.back()) + 1);
  for (int input : inputs) to[static_cast<size_t>(input)] = input + by;
  return expr::RemapInputs(e, to);
}

bool KeepsAllOfLeft(JoinType type) { return type == JoinType::kLeft || type == JoinType::kFull; }
bool KeepsAllOfRight(JoinType type) { return type == JoinType::kRight || type == JoinType::kFull; }

struct Divided {
  std::vector<Expression> left, right, rest;
};
/// `may_left`: those that read the left side alone go to it.
Divided Divide(const Expression& condition, int width, int all, bool may_left, bool may_right) {
  Divided divided;
  std::vector<Expression> conjuncts;
  SplitConjuncts(condition, conjuncts);
  for (const Expression& e : conjuncts) {
    if (may_left && e.deterministic() && ReadsOnly(e, 0, width))
      divided.left.push_back(e);
    else if (may_right && e.deterministic() && ReadsOnly(e, width, all))
      divided.right.push_back(ShiftedBy(e, -width));
    else
      divided.rest.push_back(e);
  }
  return divided;
}

JoinPlan WithFilters(const JoinPlan& join, const Divided& divided) {
  JoinPlan filtered = join;
  if (auto condition = JoinConjuncts(divided.left)) filtered.left = MakeFilter(join.left, *condition);
  if (auto condition = JoinConjuncts(divided.right)) filtered.right = MakeFilter(join.right, *condition);
  return filtered;
}

}  // namespace

PlanPtr PushFilterBelowJoin(const Plan& plan) {
  auto* calc = plan.As<CalcPlan>();
  auto* join = calc && calc->condition ? calc->input->As<JoinPlan>() : nullptr;
  if (!join) return nullptr;
  const int width = static_cast<int>(join->left->columns.size());
  const int all = static_cast<int>(calc->input->columns.size());
  const Divided divided =
      Divide(*calc->condition, width, all, !KeepsAllOfRight(join->type), !KeepsAllOfLeft(join->type));
  if (divided.left.empty() && divided.right.empty()) return nullptr;
  return MakeCalc(MakeJoin(WithFilters(*join, divided)), JoinConjuncts(divided.rest), calc->columns,
                  FilteredNames(plan));
}

PlanPtr PushJoinCondition(const Plan& plan) {
  auto* join = plan.As<JoinPlan>();
  if (!join || !join->condition) return nullptr;
  const int width = static_cast<int>(join->left->columns.size());
  const int all = width + static_cast<int>(join->right->columns.size());
  // A left row that an anti or left join's condition turns away has no match, but stays.
  const bool may_left = !KeepsAllOfLeft(join->type) && join->type != JoinType::kAnti;
  const Divided divided = Divide(*join->condition, width, all, may_left, !KeepsAllOfRight(join->type));
  if (divided.left.empty() && divided.right.empty()) return nullptr;
  JoinPlan pushed = WithFilters(*join, divided);
  pushed.condition = JoinConjuncts(divided.rest);
  return MakeJoin(std::move(pushed));
}

PlanPtr PushFilterBelowGroups(const Plan& plan) {
  auto* calc = plan.As<CalcPlan>();
  if (!calc || !calc->condition) return nullptr;
  std::vector<Expression> conjuncts, pushed, rest;
  SplitConjuncts(*calc->condition, conjuncts);
  auto divide = [&](const std::vector<int>& columns) {
    for (const Expression& e : conjuncts) {
      const std::vector<int> reads = expr::InputsOf(e);
      const bool below =
          e.deterministic() && !reads.empty() && std::all_of(reads.begin(), reads.end(), [&](int column) {
            return std::find(columns.begin(), columns.end(), column) != columns.end();
          });
      (below ? pushed : rest).push_back(e);
    }
    return !pushed.empty();
  };
  PlanPtr made;
  if (auto* aggregate = calc->input->As<AggregatePlan>(); aggregate && !aggregate->window) {
    std::vector<int> keys;
    for (size_t i = 0; i < aggregate->keys.size(); ++i) keys.push_back(static_cast<int>(i));
    if (!divide(keys)) return nullptr;
    AggregatePlan filtered = *aggregate;
    filtered.input = MakeFilter(aggregate->input, expr::RemapInputs(*JoinConjuncts(pushed), aggregate->keys));
    made = MakeAggregate(std::move(filtered));
  } else if (auto* rank = calc->input->As<RankPlan>()) {
    if (!divide(rank->partition)) return nullptr;
    RankPlan filtered = *rank;
    filtered.input = MakeFilter(rank->input, *JoinConjuncts(pushed));
    made = MakeRank(std::move(filtered), rank->number ? calc->input->columns.back().name : "");
  } else if (auto* both = calc->input->As<UnionPlan>()) {
    if (!calc->condition->deterministic()) return nullptr;
    std::vector<PlanPtr> inputs;
    for (const PlanPtr& input : both->inputs) inputs.push_back(MakeFilter(input, *calc->condition));
    made = MakeUnion(std::move(inputs));
  }
  if (!made) return nullptr;
  return MakeCalc(std::move(made), JoinConjuncts(rest), calc->columns, FilteredNames(plan));
}

}  // namespace thalweg::sql
