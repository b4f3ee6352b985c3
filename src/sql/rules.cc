#include "sql/rules.h"

#include <algorithm>
#include <set>

#include "expr/functions.h"
#include "sql/binder.h"
#include "sql/prune.h"
#include "sql/pushdown.h"
#include "sql/time_terms.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using graph::WindowShape;
using types::TypeId;

std::vector<std::string> NamesOf(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanColumn& column : plan.columns) names.push_back(column.name);
  return names;
}

bool IsCallOf(const Expression& e, std::string_view name) {
  return e.kind() == Expression::Kind::kCall && e.function().name == name;
}

std::optional<int64_t> WholeNumber(const Expression& e) {
  if (!e.is_literal() || e.is_null_literal()) return std::nullopt;
  if (e.type().id() == TypeId::kInt) return e.value().number<int32_t>();
  if (e.type().id() == TypeId::kBigInt) return e.value().number<int64_t>();
  return std::nullopt;
}

/// CAST(x AS a wider type) is x, for comparisons with literals.
const Expression& WithoutCast(const Expression& e) { return IsCallOf(e, "CAST") ? e.arguments()[0] : e; }

struct Comparison {
  int column;
  std::string_view op;  // column op value
  int64_t value;
};

std::optional<Comparison> ComparesColumn(const Expression& e) {
  if (e.kind() != Expression::Kind::kCall || e.arguments().size() != 2) return std::nullopt;
  const std::string& op = e.function().name;
  const Expression &a = WithoutCast(e.arguments()[0]), &b = WithoutCast(e.arguments()[1]);
  auto mirrored = [](std::string_view name) -> std::string_view {
    return name == "<" ? ">" : name == "<=" ? ">=" : name == ">" ? "<" : name == ">=" ? "<=" : name;
  };
  if (op != "<" && op != "<=" && op != ">" && op != ">=" && op != "=") return std::nullopt;
  if (auto value = WholeNumber(b); value && a.kind() == Expression::Kind::kInput)
    return Comparison{a.input(), op, *value};
  if (auto value = WholeNumber(a); value && b.kind() == Expression::Kind::kInput)
    return Comparison{b.input(), mirrored(op), *value};
  return std::nullopt;
}

PlanPtr WithInputs(const Plan& plan, const std::vector<PlanPtr>& inputs) {
  if (auto* n = plan.As<CalcPlan>()) return MakeCalc(inputs[0], n->condition, n->columns, NamesOf(plan));
  if (auto* n = plan.As<AggregatePlan>()) {
    AggregatePlan node = *n;
    node.input = inputs[0];
    return MakeAggregate(std::move(node));
  }
  if (auto* n = plan.As<WindowPlan>()) return MakeWindow(inputs[0], n->shape);
  if (auto* n = plan.As<JoinPlan>()) {
    JoinPlan node = *n;
    node.left = inputs[0];
    node.right = inputs[1];
    return MakeJoin(std::move(node));
  }
  if (auto* n = plan.As<TemporalJoinPlan>()) {
    TemporalJoinPlan node = *n;
    node.left = inputs[0];
    node.right = inputs[1];
    return MakeTemporalJoin(std::move(node));
  }
  if (auto* n = plan.As<UnnestPlan>()) {
    UnnestPlan node = *n;
    std::vector<PlanColumn> appended(plan.columns.begin() + static_cast<long>(n->input->columns.size()),
                                     plan.columns.end());
    node.input = inputs[0];
    return MakeUnnest(std::move(node), std::move(appended));
  }
  if (plan.As<UnionPlan>()) return MakeUnion(inputs);
  if (auto* n = plan.As<OverPlan>()) {
    OverPlan node = *n;
    node.input = inputs[0];
    return MakeOver(std::move(node));
  }
  if (auto* n = plan.As<RankPlan>()) {
    RankPlan node = *n;
    node.input = inputs[0];
    return MakeRank(std::move(node), n->number ? plan.columns.back().name : "");
  }
  if (auto* n = plan.As<SortPlan>()) {
    SortPlan node = *n;
    node.input = inputs[0];
    return MakeSort(std::move(node));
  }
  if (auto* n = plan.As<ToChangelogPlan>()) {
    ToChangelogPlan node = *n;
    node.input = inputs[0];
    return MakeToChangelog(std::move(node), plan.columns[n->partition.size()].name);
  }
  if (auto* n = plan.As<FromChangelogPlan>()) {
    FromChangelogPlan node = *n;
    node.input = inputs[0];
    return MakeFromChangelog(std::move(node));
  }
  if (auto* n = plan.As<MatchPlan>()) {
    MatchPlan node = *n;
    node.input = inputs[0];
    return MakeMatch(std::move(node));
  }
  return nullptr;
}

bool Deterministic(const std::vector<Expression>& all) {
  return std::all_of(all.begin(), all.end(), [](const Expression& e) { return e.deterministic(); });
}

/// Calls are worth computing once: an expression that the calc above uses twice stays below.
bool UsedTwice(const std::vector<Expression>& above, const std::vector<Expression>& below) {
  std::vector<int> uses(below.size());
  for (const Expression& e : above)
    for (int input : expr::InputsOf(e))
      if (below[static_cast<size_t>(input)].kind() == Expression::Kind::kCall && ++uses[static_cast<size_t>(input)] > 1)
        return true;
  return false;
}

}  // namespace

PlanPtr MergeCalcs(const Plan& plan) {
  auto* upper = plan.As<CalcPlan>();
  auto* lower = upper ? upper->input->As<CalcPlan>() : nullptr;
  if (!lower || !Deterministic(lower->columns)) return nullptr;
  std::vector<Expression> above = upper->columns;
  if (upper->condition) above.push_back(*upper->condition);
  if (UsedTwice(above, lower->columns)) return nullptr;
  // A time keeps its role only as a column of its own: PROCTIME() is none any more inside another expression.
  std::vector<Expression> columns, conjuncts;
  for (const Expression& e : upper->columns) columns.push_back(expr::ReplaceInputs(e, lower->columns));
  if (lower->condition) SplitConjuncts(*lower->condition, conjuncts);
  if (upper->condition) SplitConjuncts(expr::ReplaceInputs(*upper->condition, lower->columns), conjuncts);
  // Calcs of deep expressions stay two.
  constexpr int kMostMerged = expr::kMaxExpressionDepth - 24;
  for (const std::vector<Expression>* made : {&columns, &conjuncts})
    for (const Expression& e : *made)
      if (e.depth() > kMostMerged) return nullptr;
  return MakeCalc(lower->input, JoinConjuncts(conjuncts), std::move(columns), NamesOf(plan));
}

PlanPtr PushConditionsIntoJoin(const Plan& plan) {
  auto* calc = plan.As<CalcPlan>();
  auto* join = calc && calc->condition ? calc->input->As<JoinPlan>() : nullptr;
  if (!join || join->type != JoinType::kInner || join->interval || join->windowed || !calc->condition->deterministic())
    return nullptr;
  const int width = static_cast<int>(join->left->columns.size());
  std::vector<Expression> conjuncts, left, right, both;
  SplitConjuncts(*calc->condition, conjuncts);
  for (const Expression& e : conjuncts) {
    const std::vector<int> inputs = expr::InputsOf(e);
    if (!inputs.empty() && inputs.back() < width) {
      left.push_back(e);
    } else if (!inputs.empty() && inputs.front() >= width) {
      std::vector<int> to(static_cast<size_t>(inputs.back()) + 1);
      for (int input : inputs) to[static_cast<size_t>(input)] = input - width;
      right.push_back(expr::RemapInputs(e, to));
    } else {
      both.push_back(e);
    }
  }
  PlanPtr left_plan = join->left, right_plan = join->right;
  if (auto condition = JoinConjuncts(left)) left_plan = MakeFilter(std::move(left_plan), *condition);
  if (auto condition = JoinConjuncts(right)) right_plan = MakeFilter(std::move(right_plan), *condition);
  for (const JoinKey& key : join->keys)
    both.push_back(
        expr::Resolve(key.nulls_match ? "IS NOT DISTINCT FROM" : "=",
                      {InputOf(*left_plan, key.left),
                       Expression::Input(width + key.right, right_plan->columns[static_cast<size_t>(key.right)].type)})
            .value());
  if (join->condition) SplitConjuncts(*join->condition, both);
  PlanPtr joined = MakeJoinOn(JoinType::kInner, std::move(left_plan), std::move(right_plan), both, join->ttl);
  return MakeCalc(std::move(joined), std::nullopt, calc->columns, NamesOf(plan));
}

PlanPtr RecogniseRank(const Plan& plan) {
  auto* calc = plan.As<CalcPlan>();
  auto* over = calc && calc->condition ? calc->input->As<OverPlan>() : nullptr;
  if (!over || over->calls.size() != 1 || over->calls[0].function != "ROW_NUMBER" || over->order.empty())
    return nullptr;
  const int number = static_cast<int>(over->input->columns.size());
  std::vector<Expression> conjuncts, rest;
  SplitConjuncts(*calc->condition, conjuncts);
  int64_t from = 1, to = INT64_MAX;
  for (const Expression& e : conjuncts) {
    auto comparison = ComparesColumn(e);
    if (!comparison || comparison->column != number) {
      rest.push_back(e);
      continue;
    }
    const int64_t value = comparison->value;
    if (comparison->op == "=") from = std::max(from, value), to = std::min(to, value);
    if (comparison->op == "<") to = std::min(to, value - 1);
    if (comparison->op == "<=") to = std::min(to, value);
    if (comparison->op == ">") from = std::max(from, value + 1);
    if (comparison->op == ">=") from = std::max(from, value);
  }
  if (to == INT64_MAX || from > to) return nullptr;
  std::vector<Expression> users = calc->columns;
  users.insert(users.end(), rest.begin(), rest.end());
  const bool used = std::any_of(users.begin(), users.end(), [&](const Expression& e) {
    const std::vector<int> inputs = expr::InputsOf(e);
    return !inputs.empty() && inputs.back() == number;
  });
  // Where only one number is kept, it is a constant.
  const bool numbered = used && from != to;
  PlanPtr rank = MakeRank({over->input, over->partition, over->order, from, to, numbered}, over->calls[0].name);
  std::vector<Expression> columns = calc->columns;
  if (used && !numbered) {
    std::vector<Expression> values = InputsOfAll(*over->input);
    values.push_back(Expression::Literal(expr::Value::BigInt(from)));
    for (std::vector<Expression>* all : {&columns, &rest})
      for (Expression& e : *all) e = expr::ReplaceInputs(e, values);
  }
  return MakeCalc(std::move(rank), JoinConjuncts(rest), std::move(columns), NamesOf(plan));
}

PlanPtr DropRankNumber(const Plan& plan) {
  auto* calc = plan.As<CalcPlan>();
  auto* rank = calc ? calc->input->As<RankPlan>() : nullptr;
  if (!rank || !rank->number) return nullptr;
  std::vector<Expression> users = calc->columns;
  if (calc->condition) users.push_back(*calc->condition);
  const int number = static_cast<int>(rank->input->columns.size());
  for (const Expression& e : users) {
    const std::vector<int> inputs = expr::InputsOf(e);
    if (!inputs.empty() && inputs.back() == number) return nullptr;
  }
  RankPlan without = *rank;
  without.number = false;
  return MakeCalc(MakeRank(std::move(without), ""), calc->condition, calc->columns, NamesOf(plan));
}

/// Whether the groups of an aggregate over SESSION are those by which the sessions were made: else a session has several groups, and is
/// known only when it is over.
bool GroupsAreSessions(const AggregatePlan& node, const CalcPlan* calc, const WindowPlan& function) {
  const WindowColumns& window = *node.input->window;
  std::vector<int> groups, partition = function.shape.partition;
  for (int key : node.keys) {
    if (key == window.start || key == window.end || key == window.time) continue;
    if (!calc) {
      groups.push_back(key);
      continue;
    }
    const Expression& value = calc->columns[static_cast<size_t>(key)];
    if (value.kind() != Expression::Kind::kInput) return false;
    groups.push_back(value.input());
  }
  std::sort(groups.begin(), groups.end());
  std::sort(partition.begin(), partition.end());
  return groups == partition;
}

PlanPtr RecogniseWindowAggregate(const Plan& plan) {
  auto* node = plan.As<AggregatePlan>();
  if (!node || node->window) return nullptr;
  const WindowColumns* among = WindowAmong(*node->input, node->keys);
  if (!among) return nullptr;
  const WindowColumns& window = *among;
  AggregatePlan windowed = *node;
  windowed.keys.clear();
  std::vector<int> place(plan.columns.size());
  std::vector<std::pair<size_t, WindowProperty>> properties;
  for (size_t i = 0; i < node->keys.size(); ++i) {
    const int key = node->keys[i];
    if (key == window.start)
      properties.push_back({i, WindowProperty::kStart});
    else if (key == window.end)
      properties.push_back({i, WindowProperty::kEnd});
    else if (key == window.time)
      properties.push_back({i, WindowProperty::kTime});
    else {
      place[i] = static_cast<int>(windowed.keys.size());
      windowed.keys.push_back(key);
    }
  }
  const int keys = static_cast<int>(windowed.keys.size()), calls = static_cast<int>(windowed.calls.size());
  for (int i = 0; i < calls; ++i) place[node->keys.size() + static_cast<size_t>(i)] = keys + i;
  for (size_t i = 0; i < properties.size(); ++i) {
    place[properties[i].first] = keys + calls + static_cast<int>(i);
    windowed.properties.push_back(properties[i].second);
  }
  windowed.window = window.shape;
  windowed.window->partition.clear();
  windowed.window->start_column = window.start;
  windowed.window->end_column = window.end;
  std::set<int> aggregated;
  for (const graph::AggregateCall& call : node->calls) {
    aggregated.insert(call.arguments.begin(), call.arguments.end());
    if (call.filter >= 0) aggregated.insert(call.filter);
  }
  // Straight from the function, unless the windows of rows are aggregated: the rows need not be multiplied first.
  auto* calc = node->input->As<CalcPlan>();
  auto* function = (calc ? calc->input : node->input)->As<WindowPlan>();
  const bool session = window.shape.kind == graph::WindowShape::Kind::kSession;
  if (session && function && !GroupsAreSessions(*node, calc, *function)) return nullptr;
  if (function) {
    const int width = static_cast<int>(function->input->columns.size());
    std::vector<Expression> columns;
    std::vector<std::string> names;
    bool apart = !calc || !calc->condition || expr::InputsOf(*calc->condition).empty() ||
                 expr::InputsOf(*calc->condition).back() < width;
    for (size_t i = 0; i < node->input->columns.size() && apart; ++i) {
      Expression e = calc ? calc->columns[i] : InputOf(*node->input, static_cast<int>(i));
      const std::vector<int> inputs = expr::InputsOf(e);
      if (!inputs.empty() && inputs.back() >= width) {
        const int column = static_cast<int>(i);
        apart = e.kind() == Expression::Kind::kInput && !aggregated.contains(column) &&
                (column == window.start || column == window.end || column == window.time);
        e = Expression::Literal(expr::Value::Null(e.type()));
      }
      columns.push_back(std::move(e));
      names.push_back(node->input->columns[i].name);
    }
    if (apart) {
      windowed.window->start_column = windowed.window->end_column = -1;
      windowed.window->time_column = static_cast<int>(columns.size());
      columns.push_back(InputOf(*function->input, function->shape.time_column));
      names.push_back("$time");
      windowed.input =
          MakeCalc(function->input, calc ? calc->condition : std::nullopt, std::move(columns), std::move(names));
    }
  }
  if (windowed.window->end_column >= 0) windowed.window->time_column = window.time >= 0 ? window.time : -1;
  PlanPtr aggregate = MakeAggregate(std::move(windowed));
  std::vector<Expression> columns;
  for (int column : place) columns.push_back(InputOf(*aggregate, column));
  return MakeCalc(std::move(aggregate), std::nullopt, std::move(columns), NamesOf(plan));
}

namespace {

/// The rows of one side of a join, with NULLs in place of the other's columns; none of them unless it is an outer side.
PlanPtr Unmatched(const Plan& plan, const PlanPtr& side, size_t first, bool outer) {
  std::vector<Expression> columns;
  for (size_t i = 0; i < plan.columns.size(); ++i)
    columns.push_back(i >= first && i < first + side->columns.size()
                          ? InputOf(*side, static_cast<int>(i - first))
                          : Expression::Literal(expr::Value::Null(plan.columns[i].type)));
  std::optional<Expression> none;
  if (!outer) none = Expression::Literal(expr::Value::Boolean(false));
  return MakeCalc(side, std::move(none), std::move(columns), NamesOf(plan));
}

/// A join whose bounds no two rows can meet. Both sides are read, as by another join.
PlanPtr WithoutMatches(const JoinPlan& join, const Plan& plan) {
  const bool left = join.type == JoinType::kLeft || join.type == JoinType::kFull;
  const bool right = join.type == JoinType::kRight || join.type == JoinType::kFull;
  return MakeUnion(
      {Unmatched(plan, join.left, 0, left), Unmatched(plan, join.right, join.left->columns.size(), right)});
}

}  // namespace

namespace {

/// Rowtimes that a join's keys say are equal: they stay keys.
std::optional<TimeDistance> EqualTimes(const JoinPlan& join) {
  for (const JoinKey& key : join.keys)
    if (!key.nulls_match && join.left->columns[static_cast<size_t>(key.left)].time == TimeRole::kRowtime &&
        join.right->columns[static_cast<size_t>(key.right)].time == TimeRole::kRowtime)
      return TimeDistance{.left = key.left, .right = key.right, .lower_ms = 0, .upper_ms = 0};
  return std::nullopt;
}

}  // namespace

PlanPtr RecogniseIntervalJoin(const Plan& plan) {
  auto* join = plan.As<JoinPlan>();
  if (!join || join->interval || join->type == JoinType::kSemi || join->type == JoinType::kAnti) return nullptr;
  std::optional<TimeDistance> times = EqualTimes(*join);
  if ((!times && !join->condition) || RecogniseWindowJoin(plan)) return nullptr;
  const int width = static_cast<int>(join->left->columns.size());
  std::vector<Expression> conjuncts, rest;
  if (join->condition) SplitConjuncts(*join->condition, conjuncts);
  for (const Expression& e : conjuncts) {
    rest.push_back(e);
    const std::optional<TimeDistance> distance = TimeDistanceOf(e, width);
    if (!distance) continue;
    const TimeRole role = join->left->columns[static_cast<size_t>(distance->left)].time;
    if (role == TimeRole::kNone || role != join->right->columns[static_cast<size_t>(distance->right)].time) continue;
    if (!times) times = TimeDistance{.left = distance->left, .right = distance->right};
    if (times->left != distance->left || times->right != distance->right) continue;
    NarrowDistance(*times, *distance);
    rest.pop_back();
  }
  if (!times || !times->lower_ms || !times->upper_ms) return nullptr;
  if (*times->lower_ms > *times->upper_ms) return WithoutMatches(*join, plan);
  JoinPlan interval = *join;
  interval.condition = JoinConjuncts(rest);
  const bool proctime = join->left->columns[static_cast<size_t>(times->left)].time == TimeRole::kProctime;
  interval.interval = IntervalBounds{times->left, times->right, *times->lower_ms, *times->upper_ms, proctime};
  return MakeJoin(std::move(interval));
}

PlanPtr RecogniseWindowJoin(const Plan& plan) {
  auto* join = plan.As<JoinPlan>();
  if (!join || join->windowed || join->interval || !WindowsOfJoin(*join)) return nullptr;
  JoinPlan windowed = *join;
  windowed.windowed = true;
  return MakeJoin(std::move(windowed));
}

namespace {

PlanPtr ApplyRules(const PlanPtr& plan) {
  std::vector<PlanPtr> inputs = InputsOfPlan(*plan);
  bool changed = false;
  for (PlanPtr& input : inputs) {
    PlanPtr better = ApplyRules(input);
    changed = changed || better != input;
    input = std::move(better);
  }
  PlanPtr now = changed ? WithInputs(*plan, inputs) : plan;
  for (auto rule : {MergeCalcs, SimplifyOuterJoin, PushConditionsIntoJoin, PushFilterBelowJoin, PushJoinCondition,
                    PushFilterBelowGroups, RecogniseRank, DropRankNumber, RecogniseWindowAggregate,
                    RecogniseIntervalJoin, RecogniseWindowJoin})
    if (PlanPtr better = rule(*now)) return ApplyRules(better);
  return now;
}

}  // namespace

PlanPtr Optimize(const PlanPtr& plan) { return ApplyRules(PruneColumns(ApplyRules(plan))); }

}  // namespace thalweg::sql
