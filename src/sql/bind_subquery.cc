// Subqueries in WHERE: IN and EXISTS become semi and anti joins, scalar ones a join with their one row.
#include <algorithm>

#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"

namespace thalweg::sql {

using expr::Expression;

// Conjuncts of IN and EXISTS filter the rows before the others are looked at: they are joins. A scalar subquery anywhere in WHERE
// appends a column to the rows, which goes again behind the filter.
PlanPtr Binder::ApplySubqueries(const Expr& where, Scope& scope, std::vector<Expression>& conjuncts) {
  std::vector<ExprPtr> parts;
  auto* all = where.As<Logical>();
  if (all && all->op == LogicalOp::kAnd)
    parts = all->operands;
  PlanPtr plan = scope.plan;
  auto semi = [&](const Expr& part, const QueryPtr& query, const ExprPtr& operand, bool negated) {
    PlanPtr right = BindQuery(*query, &scope);
    std::vector<Expression> on;
    if (operand) {
      const int width = static_cast<int>(plan->columns.size());
      Arguments left;
      if (auto* row = operand->As<RowValue>())
        for (const ExprPtr& field : row->fields) left.push_back(BindExpr(*field, {.scope = &scope, .clause = "WHERE"}));
      else
        left.push_back(BindExpr(*operand, {.scope = &scope, .clause = "WHERE"}));
      if (left.size() != right->columns.size())
        FailAt(part.span.begin, fmt::format("IN compares {} columns with {}", left.size(), right->columns.size()));
      for (size_t i = 0; i < left.size(); ++i)
        on.push_back(Resolve("=", {left[i], Expression::Input(width + static_cast<int>(i), right->columns[i].type)}, part));
      if (negated && std::any_of(left.begin(), left.end(), [](const Expression& e) { return e.type().nullable(); }))
        FailAt(part.span.begin, "NOT IN (SELECT ...) over columns that may be NULL is not supported yet", "write NOT EXISTS, or filter NULLs away first and CAST to NOT NULL types");
    }
    plan = MakeJoinOn(negated ? JoinType::kAnti : JoinType::kSemi, std::move(plan), std::move(right), on);
    scope.plan = plan;
  };
  const int width = static_cast<int>(plan->columns.size());
  ExprContext context{.scope = &scope, .clause = "WHERE"};
  context.subquery = [&](const Expr& expr) -> Expression {
    auto* scalar = expr.As<ScalarQuery>();
    if (!scalar) FailAt(expr.span.begin, "IN, EXISTS and comparisons with ANY or ALL of a query are supported as conditions joined by AND only");
    PlanPtr right = BindQuery(*scalar->query, &scope);
    if (right->columns.size() != 1)
      FailAt(expr.span.begin, fmt::format("A scalar subquery gives one column, this one {}", right->columns.size()));
    const bool one_row = std::any_of(right->unique_keys.begin(), right->unique_keys.end(), [](const auto& key) { return key.empty(); });
    if (!one_row) {
      graph::AggregateCall call;
      call.function = "SINGLE_VALUE";
      call.arguments = {0};
      call.type = right->columns[0].type.WithNullable(true);
      call.name = "EXPR$0";
      AggregatePlan node;
      node.input = std::move(right);
      node.calls = {std::move(call)};
      right = MakeAggregate(std::move(node));
    }
    plan = MakeJoinOn(JoinType::kLeft, std::move(plan), std::move(right), {});
    scope.plan = plan;
    return InputOf(*plan, static_cast<int>(plan->columns.size()) - 1);
  };
  auto each = [&](const Expr& part) {
    const Expr* positive = &part;
    bool negated = false;
    if (auto* unary = part.As<Unary>(); unary && unary->op == UnaryOp::kNot) {
      positive = unary->operand.get();
      negated = true;
    }
    if (auto* in = positive->As<In>(); in && in->query) return semi(part, in->query, in->operand, in->negated != negated);
    if (auto* exists = positive->As<Exists>()) return semi(part, exists->query, nullptr, negated);
    SplitConjuncts(BindCondition(part, context), conjuncts);
  };
  if (parts.empty())
    each(where);
  else
    for (const ExprPtr& part : parts) each(*part);
  if (static_cast<int>(plan->columns.size()) == width) return plan;
  if (auto condition = JoinConjuncts(conjuncts)) plan = MakeFilter(std::move(plan), *condition);
  conjuncts.clear();
  std::vector<Expression> columns = InputsOfAll(*plan);
  columns.resize(static_cast<size_t>(width));
  std::vector<std::string> names;
  for (int i = 0; i < width; ++i) names.push_back(plan->columns[static_cast<size_t>(i)].name);
  return MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
}

}  // namespace thalweg::sql
