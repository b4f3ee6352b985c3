// MATCH_RECOGNIZE: the pattern, and DEFINE and MEASURES over what is read of its rows. Below the match stands a calc with all that is
// computed of single rows, conditions among them; above it one that computes the measures.
#include <algorithm>
#include <map>

#include <fmt/ranges.h>

#include "base/ascii.h"
#include "columns/buffer.h"
#include "expr/aggregates.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"
#include "sql/time_attributes.h"

namespace thalweg::sql {

using expr::Expression;
using graph::MatchRead;
using graph::MatchVariable;
using types::DataType;
using types::TypeId;

namespace {

int FindVariable(const std::vector<MatchVariable>& pattern, const std::string& name) {
  for (size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i].name == name) return static_cast<int>(i);
  return -1;
}

int VariableOf(const std::vector<MatchVariable>& pattern, const Identifier& name) {
  const int found = FindVariable(pattern, name.text);
  if (found >= 0) return found;
  std::vector<std::string> names;
  for (const MatchVariable& variable : pattern) names.push_back(variable.name);
  FailAt(name.span.begin, fmt::format("Unknown pattern '{}'", name.text),
         fmt::format("the variables of the pattern are {}", fmt::join(names, ", ")));
}

void SetQuantity(const Quantity& quantity, const Position& at, MatchVariable& variable) {
  variable.min = quantity.min.value_or(0);
  variable.max = quantity.max.value_or(-1);
  if (variable.max >= 0 && (variable.max == 0 || variable.max < variable.min))
    FailAt(at, fmt::format("The quantifier of {} allows no number of rows", variable.name));
  const bool optional = variable.min == 0 && variable.max == 1;
  if (optional && quantity.reluctant)
    FailAt(at, "Reluctant optional variables are not supported",
           fmt::format("of {0}? both ways are tried, and the match that is complete first counts", variable.name));
  variable.greedy = !quantity.reluctant && !optional && variable.min != variable.max;
}

/// The variables of a pattern, in their order.
void Flatten(const Pattern& pattern, std::vector<MatchVariable>& variables) {
  switch (pattern.kind) {
    case PatternKind::kVariable: {
      if (FindVariable(variables, pattern.variable.text) >= 0)
        FailAt(pattern.at, fmt::format("Pattern variables must be unique: {} stands twice", pattern.variable.text));
      MatchVariable& variable = variables.emplace_back();
      variable.name = pattern.variable.text;
      if (pattern.quantity) SetQuantity(*pattern.quantity, pattern.at, variable);
      return;
    }
    case PatternKind::kConcatenation:
      for (const PatternPtr& part : pattern.parts) Flatten(*part, variables);
      if (!pattern.quantity) return;
      if (pattern.parts.size() > 1 || pattern.parts[0]->kind != PatternKind::kVariable || pattern.parts[0]->quantity)
        FailAt(pattern.at, "Groups in patterns are not supported: a quantifier stands behind one variable");
      SetQuantity(*pattern.quantity, pattern.at, variables.back());
      return;
    case PatternKind::kAlternation:
      FailAt(pattern.at, "Alternatives in patterns are not supported",
             "one variable whose condition has OR takes either row");
    case PatternKind::kPermute: FailAt(pattern.at, "PERMUTE in patterns is not supported");
    case PatternKind::kExclusion: FailAt(pattern.at, "Exclusions in patterns, '{-' '-}', are not supported");
    case PatternKind::kEmpty:
      FailAt(pattern.at, "Patterns that can produce empty matches are not supported",
             "at least one variable must not be optional");
  }
}

std::vector<MatchVariable> PatternOf(const MatchRecognize& match) {
  if (match.strict_start || match.strict_end)
    FailAt(match.anchor_at, "Anchors of patterns, ^ and $, are not supported: a partition of a stream has no end");
  std::vector<MatchVariable> variables;
  Flatten(*match.pattern, variables);
  const Position& at = match.pattern->at;
  if (std::ranges::all_of(variables, [](const MatchVariable& variable) { return variable.min == 0; }))
    FailAt(at, "Patterns that can produce empty matches are not supported",
           "at least one variable must not be optional");
  if (variables.back().greedy)
    FailAt(at, "Greedy quantifiers are not allowed as the last element of a pattern",
           fmt::format("finish it with a simple variable, or write a reluctant quantifier, as {}+?",
                       variables.back().name));
  int64_t rows = 0;
  for (const MatchVariable& variable : variables) rows += std::max(variable.min, variable.max);
  if (rows > graph::kMostPatternRows)
    FailAt(at,
           fmt::format("The quantifiers of the pattern count {} rows, more than {}", rows, graph::kMostPatternRows));
  return variables;
}

void RefuseClauses(const MatchRecognize& match) {
  if (match.all_rows.value_or(false))
    FailAt(match.rows_at, "ALL ROWS PER MATCH is not supported",
           "ONE ROW PER MATCH is, and MEASURES say what it holds");
  if (!match.subsets.empty()) FailAt(match.subsets[0].name.span.begin, "SUBSET is not supported");
}

/// The input of `use` that reads so; each is there once.
Expression AddRead(MatchUse& use, MatchRead read, const DataType& type) {
  const auto found = std::ranges::find(use.reads, read);
  const auto index = static_cast<int>(found - use.reads.begin());
  if (found == use.reads.end()) use.reads.push_back(std::move(read));
  return Expression::Input(index, type);
}

/// `condition` over the row at hand alone, as an expression over it; nullopt: it asks for other rows, or may not be asked beforehand.
std::optional<Expression> OfRowAlone(const Expression& condition, const MatchUse& use,
                                     const std::vector<Expression>& below) {
  if (!condition.deterministic() || condition.may_fail()) return std::nullopt;
  std::vector<Expression> columns;
  for (const MatchRead& read : use.reads) {
    const bool at_hand =
        read.kind == MatchRead::Kind::kLast && read.offset == 0 && (read.variable < 0 || read.variable == use.defines);
    if (!at_hand) return std::nullopt;
    columns.push_back(below[static_cast<size_t>(read.column)]);
  }
  for (int input : expr::InputsOf(condition)) {
    const Expression& column = columns[static_cast<size_t>(input)];
    if (!column.deterministic() || column.may_fail()) return std::nullopt;
  }
  return expr::ReplaceInputs(condition, columns);
}

bool IsTrue(const Expression& condition) {
  return condition.is_literal() && !condition.value().is_null() && condition.value().boolean();
}

/// Columns of the rows below a match, each once.
struct RowColumns {
  const Plan* rows = nullptr;
  std::vector<Expression> columns;
  std::vector<std::string> names;

  int Place(const Expression& e) {
    const auto found = std::ranges::find(columns, e);
    if (found != columns.end()) return static_cast<int>(found - columns.begin());
    columns.push_back(e);
    names.push_back(e.kind() == Expression::Kind::kInput ? rows->columns[static_cast<size_t>(e.input())].name
                                                         : fmt::format("$f{}", columns.size() - 1));
    return static_cast<int>(columns.size() - 1);
  }
};

void CheckOutputNames(const std::vector<std::string>& names, const Position& at) {
  std::map<std::string, int> counts;
  for (const std::string& name : names) ++counts[name];
  std::vector<std::string> twice;
  for (const std::string& name : names)
    if (counts[name]-- > 1) twice.push_back(name);
  if (!twice.empty()) FailAt(at, fmt::format("Columns ambiguously defined: {{{}}}", fmt::join(twice, ", ")));
}

int PlainColumn(const Expression& e, const Position& at, std::string_view clause) {
  if (e.kind() != Expression::Kind::kInput) FailAt(at, fmt::format("{} of MATCH_RECOGNIZE takes columns", clause));
  return e.input();
}

}  // namespace

std::vector<graph::SortKey> Binder::BindMatchOrder(const MatchRecognize& match, const TableRef& ref, Scope& rows,
                                                   int& time) {
  if (match.order_by.empty())
    FailAt(ref.span.begin, "You must specify either rowtime or proctime for order by.",
           "ORDER BY, behind PARTITION BY, names a time attribute");
  std::vector<graph::SortKey> order;
  for (const OrderItem& item : match.order_by) {
    graph::SortKey key;
    key.column =
        PlainColumn(BindExpr(*item.expr, {.scope = &rows, .clause = "ORDER BY"}), item.expr->span.begin, "ORDER BY");
    key.descending = item.descending;
    key.nulls_last = item.nulls == NullOrder::kDefault ? item.descending : item.nulls == NullOrder::kLast;
    order.push_back(key);
  }
  const Position& at = match.order_by[0].expr->span.begin;
  time = order[0].column;
  rows.plan = WithTimeAttribute(rows.plan, time);
  const PlanColumn& column = rows.plan->columns[static_cast<size_t>(time)];
  const bool timestamp = column.type.id() == TypeId::kTimestamp || column.type.id() == TypeId::kTimestampLtz;
  if (column.time == TimeRole::kNone && !(environment_.batch && timestamp))
    FailAt(at, "You must specify either rowtime or proctime for order by as the first one.",
           "a column is one if WATERMARK FOR or PROCTIME() says so");
  if (order[0].descending) FailAt(at, "Primary sort order of a streaming table must be ascending on time.");
  return order;
}

Scope Binder::BindMatch(const MatchTable& table, const TableRef& ref, const Scope* outer) {
  const MatchRecognize& match = *table.match;
  RefuseClauses(match);
  Scope rows = BindFrom(*table.input, outer);
  int time = -1;
  const std::vector<graph::SortKey> order = BindMatchOrder(match, ref, rows, time);
  RowColumns below{.rows = rows.plan.get()};
  MatchPlan node;
  std::vector<std::string> names;
  for (const ExprPtr& expr : match.partition_by) {
    const int column =
        PlainColumn(BindExpr(*expr, {.scope = &rows, .clause = "PARTITION BY"}), expr->span.begin, "PARTITION BY");
    node.partition.push_back(below.Place(InputOf(*rows.plan, column)));
    names.push_back(rows.plan->columns[static_cast<size_t>(column)].name);
  }
  // Of finer times, in batch mode, milliseconds order first.
  Expression first = InputOf(*rows.plan, time);
  const bool finer = first.type().precision() > 3;
  if (finer) {
    const bool ltz = first.type().id() == TypeId::kTimestampLtz;
    first = OrFail(expr::Cast(first, ltz ? DataType::TimestampLtz(3, first.type().nullable())
                                         : DataType::Timestamp(3, first.type().nullable())),
                   ref.span.begin);
  }
  node.order.push_back({.column = below.Place(first)});
  for (size_t i = finer ? 0 : 1; i < order.size(); ++i) {
    node.order.push_back(order[i]);
    node.order.back().column = below.Place(InputOf(*rows.plan, order[i].column));
  }

  node.pattern = PatternOf(match);
  MatchUse use{.rows = &rows, .pattern = &node.pattern, .time = time};
  use.place = [&below](const Expression& e) { return below.Place(e); };
  std::vector<bool> defined(node.pattern.size());
  std::vector<MatchVariable> pattern = node.pattern;
  for (const MatchRecognize::Definition& definition : match.define) {
    const int number = VariableOf(node.pattern, definition.variable);
    const auto at = static_cast<size_t>(number);
    if (defined[at])
      FailAt(definition.variable.span.begin,
             fmt::format("Pattern variable '{}' has already been defined", definition.variable.text));
    defined[at] = true;
    use.defines = number;
    use.reads.clear();
    const Expression condition =
        BindCondition(*definition.condition, {.scope = &rows, .clause = "DEFINE", .match = &use});
    if (IsTrue(condition)) continue;
    if (auto alone = OfRowAlone(condition, use, below.columns)) {
      pattern[at].column = below.Place(*alone);
      continue;
    }
    pattern[at].condition = condition;
    pattern[at].reads = use.reads;
  }

  use.defines = -1;
  use.reads.clear();
  std::vector<Expression> measures;
  for (const MatchRecognize::Measure& measure : match.measures) {
    measures.push_back(BindExpr(*measure.expr, {.scope = &rows, .clause = "MEASURES", .match = &use}));
    names.push_back(measure.alias.text);
  }
  if (names.empty())
    FailAt(ref.span.begin, "A match without PARTITION BY and MEASURES has no columns", "MEASURES say what it holds");
  CheckOutputNames(names, ref.span.begin);
  node.output = use.reads;

  if (match.after) {
    constexpr graph::MatchSpec::After kAfter[] = {
        graph::MatchSpec::After::kPastLastRow, graph::MatchSpec::After::kToNextRow, graph::MatchSpec::After::kToFirst,
        graph::MatchSpec::After::kToLast, graph::MatchSpec::After::kToLast};
    node.after = kAfter[static_cast<size_t>(match.after->kind)];
    if (match.after->kind >= SkipKind::kToFirst) node.skip_to = VariableOf(node.pattern, match.after->variable);
  }
  if (match.within) {
    node.within_ms = BindMillis(*match.within, "WITHIN");
    if (node.within_ms <= 0) FailAt(match.within->span.begin, "The interval of WITHIN must be positive");
  }
  node.pattern = std::move(pattern);
  node.input = MakeCalc(rows.plan, std::nullopt, std::move(below.columns), std::move(below.names));

  const auto keys = static_cast<int>(node.partition.size());
  PlanPtr plan = MakeMatch(std::move(node));
  std::vector<Expression> columns;
  for (int key = 0; key < keys; ++key) columns.push_back(InputOf(*plan, key));
  std::vector<int> moved;
  for (int column = keys; column < static_cast<int>(plan->columns.size()); ++column) moved.push_back(column);
  for (const Expression& measure : measures) columns.push_back(expr::RemapInputs(measure, moved));
  return WithAlias(MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names)), ref, "");
}

Expression Binder::BindMatchColumn(const ColumnRef& ref, const Expr& expr, const ExprContext& context) {
  MatchUse& use = *context.match;
  Name name = ref.name;
  int variable = -1;
  if (name.size() > 1) {
    const auto& columns = use.rows->plan->columns;
    const bool of_row =
        std::ranges::any_of(columns, [&](const PlanColumn& column) { return column.name == name[0].text; });
    if (!of_row || FindVariable(*use.pattern, name[0].text) >= 0) {
      variable = VariableOf(*use.pattern, name[0]);
      name.erase(name.begin());
    }
  }
  Expression column = BindColumn(ColumnRef{std::move(name)}, expr, {.scope = use.rows, .clause = context.clause});
  MatchRead read;
  if (use.around) {
    use.around->variables.insert(variable);
    if (use.around->aggregate) return column;
    read = use.around->read;
  }
  read.variable = variable;
  read.column = use.place(column);
  return AddRead(use, std::move(read), column.type().WithNullable(true));
}

std::optional<Expression> Binder::BindMatchCall(const Call& call, const Expr& expr, const ExprContext& context) {
  const std::string name = AsciiUpper(call.name.back().text);
  if (name == "FIRST" || name == "LAST" || name == "PREV" || name == "NEXT") return BindNavigation(call, expr, context);
  if (name == "MATCH_ROWTIME" || name == "MATCH_PROCTIME") return BindMatchTime(call, expr, context);
  if (call.over) FailAt(expr.span.begin, fmt::format("OVER is not allowed in {}", context.clause));
  if (!FindUserFunction(call) && expr::FindAggregate(name) && !expr::Registry::BuiltIn().Find(name))
    return BindMatchAggregate(call, expr, context);
  return std::nullopt;
}

Expression Binder::BindNavigation(const Call& call, const Expr& expr, const ExprContext& context) {
  MatchUse& use = *context.match;
  const std::string name = AsciiUpper(call.name.back().text);
  const Position& at = expr.span.begin;
  const bool physical = name == "PREV" || name == "NEXT";
  if (physical && use.defines < 0) FailAt(at, fmt::format("Cannot use PREV/NEXT in MEASURES: {}", name));
  if (call.arguments.empty() || call.arguments.size() > 2)
    FailAt(at, fmt::format("{0} takes a column and a number of rows: {0}(A.price, 1)", name));
  if (use.around) FailAt(at, fmt::format("{} cannot stand inside of {}", name, use.around->function));
  MatchUse::Around around{.function = name};
  around.read.kind = name == "FIRST" ? MatchRead::Kind::kFirst : MatchRead::Kind::kLast;
  if (physical) around.read.offset = 1;
  if (call.arguments.size() == 2) {
    const expr::Value offset = BindConstant(*call.arguments[1], fmt::format("The number of rows of {}", name));
    if (offset.is_null() || !expr::IsInteger(offset.type().id()))
      FailAt(call.arguments[1]->span.begin, fmt::format("The number of rows of {} must be a whole number", name));
    const Expression wide = OrFail(expr::Cast(Expression::Literal(offset), DataType(TypeId::kBigInt)), at);
    columns::BufferPool pool;
    around.read.offset = OrFail(expr::EvaluateConstant(wide, {.pool = pool}), at).number<int64_t>();
    if (around.read.offset < 0) FailAt(call.arguments[1]->span.begin, fmt::format("{} cannot count backwards", name));
  }
  if (physical && around.read.offset != 0)
    FailAt(at, fmt::format("{} is not supported: it counts rows of the partition, of any variable", name),
           "LAST(A.price, 1) is the row before the last one that A took");
  use.around = &around;
  Expression value = BindExpr(*call.arguments[0], context);
  use.around = nullptr;
  if (around.variables.empty()) FailAt(at, fmt::format("{} needs a column", name));
  if (around.variables.size() > 1) FailAt(at, fmt::format("Multiple pattern variables in {}", name));
  return value;
}

Expression Binder::BindMatchTime(const Call& call, const Expr& expr, const ExprContext& context) {
  MatchUse& use = *context.match;
  const std::string name = AsciiUpper(call.name.back().text);
  const PlanColumns& columns = use.rows->plan->columns;
  const PlanColumn& time = columns[static_cast<size_t>(use.time)];
  if (name == "MATCH_PROCTIME") {
    if (!call.arguments.empty()) FailAt(expr.span.begin, "MATCH_PROCTIME takes no argument");
    return Resolve("PROCTIME", {}, expr);
  }
  if (time.time == TimeRole::kProctime)
    FailAt(expr.span.begin, "MATCH_ROWTIME needs ORDER BY of a rowtime attribute",
           "MATCH_PROCTIME() is the time of the match here");
  if (call.arguments.size() > 1) FailAt(expr.span.begin, "MATCH_ROWTIME takes a rowtime attribute, or nothing");
  MatchRead read{.kind = MatchRead::Kind::kTime};
  DataType type = DataType::Timestamp(3, false);
  if (!call.arguments.empty()) {
    const Expression column = BindExpr(*call.arguments[0], {.scope = use.rows, .clause = "MATCH_ROWTIME"});
    if (column.kind() != Expression::Kind::kInput ||
        columns[static_cast<size_t>(column.input())].time != TimeRole::kRowtime)
      FailAt(call.arguments[0]->span.begin, "The argument of MATCH_ROWTIME must be a rowtime attribute");
    read.column = use.place(column);
    type = column.type().WithNullable(false);
  }
  return AddRead(use, std::move(read), type);
}

Expression Binder::BindMatchAggregate(const Call& call, const Expr& expr, const ExprContext& context) {
  MatchUse& use = *context.match;
  const std::string name = AsciiUpper(call.name.back().text);
  const Position& at = expr.span.begin;
  const expr::Aggregate& function = *expr::FindAggregate(name);
  if (use.around) FailAt(at, fmt::format("{} cannot stand inside of {}", name, use.around->function));
  if (function.over_only) FailAt(at, fmt::format("{} needs an OVER clause", name));
  if (call.quantifier == SetQuantifier::kDistinct || name == "APPROX_COUNT_DISTINCT")
    FailAt(at, "DISTINCT is not supported in aggregates of MATCH_RECOGNIZE");
  if (call.filter || !call.order_by.empty() || !call.within_group.empty())
    FailAt(at, fmt::format("FILTER and ORDER BY are not supported in {} of MATCH_RECOGNIZE", name));
  MatchUse::Around around{.function = name, .aggregate = true};
  graph::AggregateCall made;
  made.function = name;
  made.ignore_nulls = call.nulls == NullTreatment::kIgnore;
  made.name = name;
  const bool star = call.arguments.size() == 1 && call.arguments[0]->As<Star>();
  if (star && name != "COUNT") FailAt(at, fmt::format("* stands in COUNT(*), not in {}", name));
  if (function.json_argument >= 0) FailAt(at, fmt::format("{} is not supported in MATCH_RECOGNIZE", name));
  std::vector<DataType> types;
  use.around = &around;
  if (!star)
    for (const ExprPtr& argument : call.arguments) {
      const Expression value = BindExpr(*argument, context);
      types.push_back(value.type());
      made.arguments.push_back(use.place(value));
    }
  use.around = nullptr;
  if (around.variables.size() > 1) FailAt(at, "Aggregation must be applied to a single pattern variable");
  made.type = OrFail(expr::AggregateResultType(name, types, false), at);
  MatchRead read{.kind = MatchRead::Kind::kAggregate};
  if (!around.variables.empty()) read.variable = *around.variables.begin();
  read.call = made;
  return AddRead(use, std::move(read), made.type);
}

}  // namespace thalweg::sql
