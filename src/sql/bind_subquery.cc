// Subqueries in expressions. IN and EXISTS as conditions become semi and anti joins; elsewhere a subquery is a left join with the one
// row that holds its value.
#include <algorithm>
#include <numeric>

#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"
#include "sql/decorrelate.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;
using types::TypeId;

namespace {

const DataType& Truth() {
  static const DataType type(TypeId::kBoolean);
  return type;
}

Expression TruthOf(bool value) { return Expression::Literal(expr::Value::Boolean(value)); }
Expression Unknown() { return Expression::Literal(expr::Value::Null(Truth())); }

Expression Called(std::string_view function, std::vector<Expression> arguments, const Position& at) {
  return OrFail(expr::Resolve(function, std::move(arguments)), at);
}

std::string_view Comparison(BinaryOp op) {
  switch (op) {
    case BinaryOp::kEqual: return "=";
    case BinaryOp::kNotEqual: return "<>";
    case BinaryOp::kLess: return "<";
    case BinaryOp::kLessOrEqual: return "<=";
    case BinaryOp::kGreater: return ">";
    case BinaryOp::kGreaterOrEqual: return ">=";
    default: return "";
  }
}

BinaryOp Inverse(BinaryOp op) {
  switch (op) {
    case BinaryOp::kLess: return BinaryOp::kGreaterOrEqual;
    case BinaryOp::kLessOrEqual: return BinaryOp::kGreater;
    case BinaryOp::kGreater: return BinaryOp::kLessOrEqual;
    case BinaryOp::kGreaterOrEqual: return BinaryOp::kLess;
    case BinaryOp::kEqual: return BinaryOp::kNotEqual;
    default: return op;
  }
}

std::vector<std::string> Numbered(size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(fmt::format("$f{}", i));
  return names;
}

bool ContainsAll(const std::vector<int>& all, const std::vector<int>& part) {
  return std::all_of(part.begin(), part.end(),
                     [&](int column) { return std::find(all.begin(), all.end(), column) != all.end(); });
}

/// Rows whose order does not matter; of EXISTS neither does how many there are.
PlanPtr WithoutOrder(PlanPtr plan, SubqueryUse::Kind kind) {
  while (auto* sort = plan->As<SortPlan>()) {
    const bool some = kind == SubqueryUse::Kind::kExists && sort->limit.value_or(1) > 0;
    if (sort->offset > 0 || (sort->limit && !some)) break;
    plan = sort->input;
  }
  return plan;
}

/// Of the queries around that of `scope`, from the nearest on.
std::vector<PlanPtr> PlansAround(const Scope& scope) {
  std::vector<PlanPtr> plans;
  for (const Scope* outer = scope.outer; outer; outer = outer->outer) plans.push_back(outer->plan);
  return plans;
}

/// Joins of one subquery to the rows of a plan, which gets columns at its end.
class ValueJoin {
 public:
  ValueJoin(PlanPtr& plan, const SubqueryUse& use, std::function<int(int)> column)
      : plan_(plan), use_(use), around_{plan, use.further, std::move(column), use.at} {}

  Expression Scalar() {
    Hoisted h = Hoist(use_.plan, around_);
    if (h.one_row) return OfOneRow(h, h.outputs[0], h.one_row->outputs_of_none[0], Expression());
    KeyedSubquery keyed = Keyed(std::move(h), around_);
    const std::vector<int> keys = KeysOf(keyed);
    const auto& unique = keyed.plan->unique_keys;
    if (std::any_of(unique.begin(), unique.end(),
                    [&](const std::vector<int>& key) { return ContainsAll(keys, key); })) {
      const int first = Join(keyed.plan, keyed.outputs, keyed.keys);
      return InputOf(*plan_, first);
    }
    graph::AggregateCall call;
    call.function = "SINGLE_VALUE";
    call.arguments = {0};
    call.type = keyed.plan->columns[0].type.WithNullable(true);
    call.name = "EXPR$0";
    PlanPtr single = MakeAggregate({.input = keyed.plan, .keys = keys, .calls = {std::move(call)}});
    const int first = Join(std::move(single), 0, keyed.keys);
    return InputOf(*plan_, first + static_cast<int>(keys.size()));
  }

  Expression Exists() {
    Hoisted h = Hoist(WithoutOrder(use_.plan, use_.kind), around_);
    if (h.one_row) return OfOneRow(h, TruthOf(true), TruthOf(true), TruthOf(false));
    KeyedSubquery keyed = Keyed(std::move(h), around_);
    return Found(MatchPlan(keyed, false), 0, keyed.keys, {});
  }

  // x IN q: of an empty q FALSE, else of a NULL x NULL, else if a row equals TRUE, else if there is a NULL in it NULL.
  Expression In() {
    KeyedSubquery keyed = HoistKeyed(WithoutOrder(use_.plan, use_.kind), around_);
    const bool may_be_null = std::any_of(use_.operands.begin(), use_.operands.end(),
                                         [](const Expression& e) { return e.type().nullable(); }) ||
                             AnyOutputNullable(keyed);
    if (may_be_null && keyed.outputs > 1)
      FailAt(use_.at, "IN with several columns that may be NULL is supported as a condition joined by AND only");
    const Expression found = Found(MatchPlan(keyed, true), keyed.outputs, keyed.keys, use_.operands);
    if (!may_be_null) return found;
    const Counts counts = Count(keyed);
    std::vector<Expression> cases = {
        Called("COALESCE", {Called("=", {counts.rows, Zero()}, use_.at), TruthOf(true)}, use_.at),
        TruthOf(false),
        Called("IS NULL", {use_.operands[0]}, use_.at),
        Unknown(),
        found,
        TruthOf(true),
        Called("<", {counts.values, counts.rows}, use_.at),
        Unknown(),
        TruthOf(false)};
    return Called("CASE", std::move(cases), use_.at);
  }

  // x < ANY q is x < the greatest of q, and x <> ANY q x <> the greatest or the least; if that is not TRUE, and there are NULLs, the
  // answer is not known. ALL is NOT ANY of the opposite.
  Expression Quantified() {
    const BinaryOp op = use_.all ? Inverse(use_.op) : use_.op;
    KeyedSubquery keyed = HoistKeyed(WithoutOrder(use_.plan, use_.kind), around_);
    const bool both = op == BinaryOp::kNotEqual;
    const bool most = both || op == BinaryOp::kLess || op == BinaryOp::kLessOrEqual;
    const Counts counts = Count(keyed, most ? "MAX" : "MIN", both ? "MIN" : "");
    Expression compared = Called(Comparison(op), {use_.operands[0], counts.extreme}, use_.at);
    if (both)
      compared = Called("OR", {compared, Called(Comparison(op), {use_.operands[0], counts.other}, use_.at)}, use_.at);
    std::vector<Expression> cases = {
        Called("COALESCE", {Called("=", {counts.rows, Zero()}, use_.at), TruthOf(true)}, use_.at),
        TruthOf(false),
        Called("IS TRUE", {compared}, use_.at),
        TruthOf(true),
        Called("<", {counts.values, counts.rows}, use_.at),
        Unknown(),
        compared};
    Expression any = Called("CASE", std::move(cases), use_.at);
    return use_.all ? Called("NOT", {std::move(any)}, use_.at) : any;
  }

 private:
  struct Counts {
    Expression rows, values, extreme, other;  // rows: NULL if there are none
  };

  static Expression Zero() { return Expression::Literal(expr::Value::BigInt(0)); }

  static std::vector<int> KeysOf(const KeyedSubquery& keyed) {
    std::vector<int> keys(keyed.keys.size());
    std::iota(keys.begin(), keys.end(), keyed.outputs);
    return keys;
  }
  static bool AnyOutputNullable(const KeyedSubquery& keyed) {
    return std::any_of(keyed.plan->columns.begin(), keyed.plan->columns.begin() + keyed.outputs,
                       [](const PlanColumn& column) { return column.type.nullable(); });
  }

  /// Left join with `right`, whose columns from `first` on equal `keys`, and whose first columns equal `operands`. The first of its
  /// columns in the result.
  int Join(PlanPtr right, int first, const std::vector<KeyedSubquery::Key>& keys,
           const std::vector<Expression>& operands = {}) {
    const int width = static_cast<int>(plan_->columns.size());
    std::vector<Expression> on;
    for (size_t i = 0; i < operands.size(); ++i)
      on.push_back(
          Called("=", {operands[i], Expression::Input(width + static_cast<int>(i), right->columns[i].type)}, use_.at));
    for (size_t i = 0; i < keys.size(); ++i) {
      const int column = first + static_cast<int>(i);
      on.push_back(Called(keys[i].nulls_match ? "IS NOT DISTINCT FROM" : "=",
                          {around_.Joined(keys[i].outer, 0),
                           Expression::Input(width + column, right->columns[static_cast<size_t>(column)].type)},
                          use_.at));
    }
    plan_ = MakeJoinOn(JoinType::kLeft, plan_, std::move(right), on);
    return width;
  }

  /// One row for each key (and value) that the subquery has, and TRUE behind.
  PlanPtr MatchPlan(const KeyedSubquery& keyed, bool values) {
    std::vector<Expression> columns = InputsOfAll(*keyed.plan);
    if (!values) columns.erase(columns.begin(), columns.begin() + keyed.outputs);
    columns.push_back(TruthOf(true));
    std::vector<int> all(columns.size());
    std::iota(all.begin(), all.end(), 0);
    std::vector<std::string> names = Numbered(columns.size());
    return MakeAggregate(
        {.input = MakeCalc(keyed.plan, std::nullopt, std::move(columns), std::move(names)), .keys = std::move(all)});
  }

  Expression Found(PlanPtr matches, int first, const std::vector<KeyedSubquery::Key>& keys,
                   const std::vector<Expression>& operands) {
    Join(std::move(matches), first, keys, operands);
    return Called("IS NOT NULL", {InputOf(*plan_, static_cast<int>(plan_->columns.size()) - 1)}, use_.at);
  }

  Counts Count(const KeyedSubquery& keyed, std::string_view extreme = "", std::string_view other = "") {
    AggregatePlan node{.input = keyed.plan, .keys = KeysOf(keyed)};
    auto call = [&](std::string_view function, std::vector<int> arguments, DataType type) {
      graph::AggregateCall made;
      made.function = function;
      made.arguments = std::move(arguments);
      made.type = std::move(type);
      made.name = fmt::format("$c{}", node.calls.size());
      node.calls.push_back(std::move(made));
    };
    call("COUNT", {}, DataType(TypeId::kBigInt, false));
    call("COUNT", {0}, DataType(TypeId::kBigInt, false));
    for (std::string_view function : {extreme, other})
      if (!function.empty()) call(function, {0}, keyed.plan->columns[0].type.WithNullable(true));
    const int first = Join(MakeAggregate(std::move(node)), 0, keyed.keys) + static_cast<int>(keyed.keys.size());
    Counts counts{InputOf(*plan_, first), InputOf(*plan_, first + 1), {}, {}};
    if (!extreme.empty()) counts.extreme = InputOf(*plan_, first + 2);
    if (!other.empty()) counts.other = InputOf(*plan_, first + 3);
    return counts;
  }

  /// `some` if the aggregate found rows, else `none`; `failed` where HAVING is not TRUE.
  Expression OfOneRow(const Hoisted& h, const Expression& some, Expression none, const Expression& failed) {
    const int width = static_cast<int>(plan_->columns.size());
    std::vector<Expression> columns = InputsOfAll(*h.plan);
    columns.push_back(TruthOf(true));
    std::vector<std::string> names = Numbered(columns.size());
    PlanPtr right = MakeCalc(h.plan, std::nullopt, std::move(columns), std::move(names));
    std::vector<Expression> on;
    for (const Expression& e : h.conjuncts) on.push_back(around_.Joined(e, width));
    plan_ = MakeJoinOn(JoinType::kLeft, plan_, std::move(right), on);
    const Expression found =
        Called("IS NOT NULL", {InputOf(*plan_, static_cast<int>(plan_->columns.size()) - 1)}, use_.at);
    auto tested = [&](const std::vector<Expression>& tests, Expression value) {
      std::vector<Expression> joined;
      for (const Expression& test : tests) joined.push_back(around_.Joined(test, width));
      auto all = JoinConjuncts(joined);
      return all ? Called("CASE", {*all, std::move(value), failed}, use_.at) : value;
    };
    Expression value = around_.Joined(some, width);
    none = around_.Joined(none, width);
    const bool is_null_of_none =
        none.is_null_literal() && value.kind() == Expression::Kind::kInput && h.one_row->tests.empty();
    if (is_null_of_none) return InputOf(*plan_, value.input());
    return Called("CASE", {found, tested(h.one_row->tests, value), tested(h.one_row->tests_of_none, none)}, use_.at);
  }

  PlanPtr& plan_;
  const SubqueryUse& use_;
  Surroundings around_;
};

}  // namespace

DataType SubqueryUse::type() const {
  if (kind == Kind::kScalar) return plan->columns[0].type.WithNullable(true);
  return DataType(TypeId::kBoolean, kind != Kind::kExists);
}

SubqueryUse Binder::BindSubquery(const Expr& expr, const ExprContext& context, const Scope& around) {
  SubqueryUse use;
  use.at = expr.span.begin;
  const QueryPtr* query = nullptr;
  ExprPtr operand;
  if (auto* scalar = expr.As<ScalarQuery>()) {
    query = &scalar->query;
  } else if (auto* exists = expr.As<Exists>()) {
    use.kind = SubqueryUse::Kind::kExists;
    query = &exists->query;
  } else if (auto* in = expr.As<In>()) {
    use.kind = SubqueryUse::Kind::kIn;
    use.negated = in->negated;
    query = &in->query;
    operand = in->operand;
  } else if (auto* quantified = expr.As<Quantified>()) {
    use.all = quantified->quantifier == Quantifier::kAll;
    const bool is_in = quantified->op == (use.all ? BinaryOp::kNotEqual : BinaryOp::kEqual);
    use.kind = is_in ? SubqueryUse::Kind::kIn : SubqueryUse::Kind::kQuantified;
    use.negated = is_in && use.all;
    use.op = quantified->op;
    query = &quantified->query;
    operand = quantified->operand;
  }
  use.plan = BindQuery(**query, &around);
  use.further = PlansAround(around);
  if (auto* row = operand ? operand->As<RowValue>() : nullptr)
    for (const ExprPtr& field : row->fields) use.operands.push_back(BindExpr(*field, context));
  else if (operand)
    use.operands.push_back(BindExpr(*operand, context));
  const size_t width = use.plan->columns.size();
  if (use.kind == SubqueryUse::Kind::kScalar && width != 1)
    FailAt(expr.span.begin, fmt::format("A scalar subquery gives one column, this one {}", width));
  if (operand && use.operands.size() != width)
    FailAt(expr.span.begin, fmt::format("IN compares {} columns with {}", use.operands.size(), width));
  return use;
}

ExprContext Binder::WithSubqueries(ExprContext context, Scope& scope) {
  const ExprContext plain = context;
  context.subquery = [this, plain, &scope](const Expr& expr) {
    return SubqueryValue(BindSubquery(expr, plain, scope), scope.plan, nullptr);
  };
  return context;
}

Conditions Binder::BindConditions(const Expr& condition, const ExprContext& context, const Scope& around) {
  Conditions result;
  auto* all = condition.As<Logical>();
  if (all && all->op == LogicalOp::kAnd) {
    for (const ExprPtr& part : all->operands) {
      Conditions each = BindConditions(*part, context, around);
      result.joins.insert(result.joins.end(), each.joins.begin(), each.joins.end());
      result.conjuncts.insert(result.conjuncts.end(), each.conjuncts.begin(), each.conjuncts.end());
    }
    return result;
  }
  const Expr* positive = &condition;
  bool negated = false;
  while (auto* unary = positive->As<Unary>()) {
    if (unary->op != UnaryOp::kNot) break;
    positive = unary->operand.get();
    negated = !negated;
  }
  auto* in = positive->As<In>();
  auto* quantified = positive->As<Quantified>();
  const bool is_in =
      (in && in->query) ||
      (quantified && quantified->query &&
       quantified->op == (quantified->quantifier == Quantifier::kAll ? BinaryOp::kNotEqual : BinaryOp::kEqual));
  if (!is_in && !positive->As<Exists>()) {
    SplitConjuncts(BindCondition(condition, context), result.conjuncts);
    return result;
  }
  SubqueryUse use = BindSubquery(*positive, context, around);
  use.negated = use.negated != negated;
  result.joins.push_back(std::move(use));
  return result;
}

PlanPtr Binder::ApplySemiJoin(const SubqueryUse& use, PlanPtr plan, const std::function<int(int)>& column) {
  const Surroundings around{plan, use.further, column, use.at};
  const int width = static_cast<int>(plan->columns.size());
  Hoisted h = Hoist(WithoutOrder(use.plan, use.kind), around);
  if (h.one_row) {
    const Expression value = SubqueryValue(use, plan, column);
    return Trimmed(MakeFilter(std::move(plan), value), static_cast<size_t>(width));
  }
  std::vector<Expression> on;
  for (const Expression& e : h.conjuncts) on.push_back(around.Joined(e, width));
  for (size_t i = 0; i < use.operands.size(); ++i) {
    const Expression &left = use.operands[i], right = around.Joined(h.outputs[i], width);
    Expression equal = Called("=", {left, right}, use.at);
    // NOT IN holds only where each comparison is FALSE: a row whose comparison is not known keeps a row back as an equal one does.
    for (const Expression& side : {left, right})
      if (use.negated && side.type().nullable())
        equal = Called("OR", {equal, Called("IS NULL", {side}, use.at)}, use.at);
    on.push_back(std::move(equal));
  }
  return MakeJoinOn(use.negated ? JoinType::kAnti : JoinType::kSemi, std::move(plan), h.plan, on);
}

// Plain conditions first: what they keep away need not be kept by the joins.
PlanPtr Binder::ApplyConditions(const Conditions& conditions, PlanPtr plan, const std::function<int(int)>& column) {
  if (auto condition = JoinConjuncts(conditions.conjuncts)) plan = MakeFilter(std::move(plan), *condition);
  for (const SubqueryUse& use : conditions.joins) plan = ApplySemiJoin(use, std::move(plan), column);
  return plan;
}

Expression Binder::SubqueryValue(const SubqueryUse& use, PlanPtr& plan, const std::function<int(int)>& column) {
  ValueJoin join(plan, use, column);
  Expression value;
  switch (use.kind) {
    case SubqueryUse::Kind::kScalar: value = join.Scalar(); break;
    case SubqueryUse::Kind::kExists: value = join.Exists(); break;
    case SubqueryUse::Kind::kIn: value = join.In(); break;
    case SubqueryUse::Kind::kQuantified: value = join.Quantified(); break;
  }
  return use.negated ? Called("NOT", {std::move(value)}, use.at) : value;
}

PlanPtr Binder::Trimmed(PlanPtr plan, size_t width) {
  if (plan->columns.size() == width) return plan;
  std::vector<Expression> columns = InputsOfAll(*plan);
  columns.resize(width);
  std::vector<std::string> names;
  for (size_t i = 0; i < width; ++i) names.push_back(plan->columns[i].name);
  return MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
}

// FROM a, LATERAL (SELECT ... WHERE b.x = a.x): the subquery's rows for each row of the left side.
Scope Binder::BindLateral(const Join& join, Scope left) {
  const TableRef& ref = *join.right;
  const Position& at = ref.span.begin;
  if (join.kind == JoinKind::kRight || join.kind == JoinKind::kFull)
    FailAt(at, "LATERAL (SELECT ...) stands on the right of CROSS, INNER and LEFT joins");
  if (join.natural || !join.using_columns.empty()) FailAt(at, "LATERAL (SELECT ...) is joined ON a condition");
  const Scope right = WithAlias(BindQuery(*std::get<DerivedTable>(ref.node).query, &left), ref, "");
  const Surroundings around{left.plan, PlansAround(left), nullptr, at};
  const Hoisted h = Hoist(right.plan, around);
  const bool outer_join = join.kind == JoinKind::kLeft;
  const int width = static_cast<int>(left.plan->columns.size());
  Scope both = Combine(left, right, MakeJoin({.left = left.plan, .right = right.plan}), at);
  both.outer = left.outer;
  std::vector<Expression> outputs = InputsOfAll(*left.plan), on, tests;
  for (const Expression& e : h.outputs) outputs.push_back(around.Joined(e, width));
  for (const Expression& e : h.conjuncts) on.push_back(around.Joined(e, width));
  if (join.on) SplitConjuncts(BindCondition(*join.on, {.scope = &both, .clause = "ON"}), tests);
  const bool only_true =
      std::all_of(tests.begin(), tests.end(), [](const Expression& e) { return e == TruthOf(true); });
  if (outer_join && h.one_row && !(only_true && h.one_row->tests.empty()))
    FailAt(at, "A LEFT JOIN with LATERAL of an aggregate without GROUP BY has no condition but TRUE, and no HAVING");
  std::vector<Expression> columns = InputsOfAll(*h.plan);
  columns.push_back(TruthOf(true));
  PlanPtr inner = MakeCalc(h.plan, std::nullopt, columns, Numbered(columns.size()));
  if (outer_join && !only_true)
    for (const Expression& e : tests) on.push_back(expr::ReplaceInputs(e, outputs));
  PlanPtr plan =
      MakeJoinOn(outer_join || h.one_row ? JoinType::kLeft : JoinType::kInner, left.plan, std::move(inner), on);
  const Expression found = Called("IS NOT NULL", {InputOf(*plan, static_cast<int>(plan->columns.size()) - 1)}, at);
  for (size_t i = static_cast<size_t>(width); i < outputs.size(); ++i) {
    const size_t output = i - static_cast<size_t>(width);
    if (h.one_row)
      outputs[i] = Called("CASE", {found, outputs[i], around.Joined(h.one_row->outputs_of_none[output], width)}, at);
    else if (outputs[i].kind() == Expression::Kind::kInput)
      outputs[i] = InputOf(*plan, outputs[i].input());
    else if (outer_join)
      outputs[i] = Called("CASE", {found, outputs[i], Expression()}, at);
  }
  if (h.one_row && !h.one_row->tests.empty()) {
    std::vector<Expression> some, none;
    for (const Expression& e : h.one_row->tests) some.push_back(around.Joined(e, width));
    for (const Expression& e : h.one_row->tests_of_none) none.push_back(around.Joined(e, width));
    plan = MakeFilter(plan, Called("CASE", {found, *JoinConjuncts(some), *JoinConjuncts(none)}, at));
  }
  std::vector<std::string> names;
  for (const PlanColumn& column : both.plan->columns) names.push_back(column.name);
  both.plan = MakeCalc(std::move(plan), std::nullopt, std::move(outputs), std::move(names));
  if (!outer_join && !only_true) both.plan = MakeFilter(both.plan, *JoinConjuncts(tests));
  return both;
}

}  // namespace thalweg::sql
