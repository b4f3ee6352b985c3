// An outer join under a condition that no padded row passes is none: its rows change by updates then, and not by taking padded ones back.
#include <algorithm>

#include "expr/functions.h"
#include "sql/binder.h"
#include "sql/rules.h"

namespace thalweg::sql {

using expr::Expression;

namespace {

/// Columns [first, last).
struct ColumnRange {
  int first = 0;
  int last = 0;
};

bool IsOneOf(const Expression& e, std::initializer_list<std::string_view> names) {
  return e.kind() == Expression::Kind::kCall &&
         std::any_of(names.begin(), names.end(), [&](std::string_view name) { return e.function().name == name; });
}

/// NULL where all columns of `side` are.
bool NullWithSide(const Expression& e, ColumnRange side) {
  if (e.kind() == Expression::Kind::kInput) return e.input() >= side.first && e.input() < side.last;
  if (!IsOneOf(e, {"=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "MOD", "CAST", "TRY_CAST", "UPPER",
                   "LOWER", "LIKE", "NOT"}))
    return false;
  return std::any_of(e.arguments().begin(), e.arguments().end(),
                     [&](const Expression& each) { return NullWithSide(each, side); });
}

/// Not TRUE where all columns of `side` are NULL.
bool RejectsNullsOf(const Expression& e, ColumnRange side) {
  auto rejects = [&](const Expression& each) { return RejectsNullsOf(each, side); };
  if (IsOneOf(e, {"AND"})) return std::any_of(e.arguments().begin(), e.arguments().end(), rejects);
  if (IsOneOf(e, {"OR"})) return std::all_of(e.arguments().begin(), e.arguments().end(), rejects);
  if (IsOneOf(e, {"IS NOT NULL", "IS TRUE", "IS FALSE"})) return NullWithSide(e.arguments()[0], side);
  return NullWithSide(e, side);
}

JoinType WithoutPadding(JoinType type, bool needs_left, bool needs_right) {
  switch (type) {
    case JoinType::kLeft: return needs_right ? JoinType::kInner : type;
    case JoinType::kRight: return needs_left ? JoinType::kInner : type;
    case JoinType::kFull:
      if (needs_left && needs_right) return JoinType::kInner;
      return needs_left ? JoinType::kLeft : needs_right ? JoinType::kRight : type;
    default: return type;
  }
}

}  // namespace

PlanPtr SimplifyOuterJoin(const Plan& plan) {
  auto* calc = plan.As<CalcPlan>();
  auto* join = calc && calc->condition ? calc->input->As<JoinPlan>() : nullptr;
  if (!join) return nullptr;
  const int left = static_cast<int>(join->left->columns.size());
  const int all = left + static_cast<int>(join->right->columns.size());
  const JoinType type = WithoutPadding(join->type, RejectsNullsOf(*calc->condition, {0, left}),
                                       RejectsNullsOf(*calc->condition, {left, all}));
  if (type == join->type) return nullptr;
  JoinPlan simple = *join;
  simple.type = type;
  std::vector<std::string> names;
  for (const PlanColumn& column : plan.columns) names.push_back(column.name);
  return MakeCalc(MakeJoin(std::move(simple)), calc->condition, calc->columns, std::move(names));
}

}  // namespace thalweg::sql
