// Calls: scalar functions with their special forms, aggregates, OVER.
#include <algorithm>

#include "base/ascii.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "expr/json_value.h"
#include "expr/refused.h"
#include "expr/user_function.h"
#include "sql/binder.h"
#include "sql/to_data_type.h"

namespace thalweg::sql {

using expr::Expression;
using expr::Value;
using types::DataType;
using types::TypeId;

bool LooksAhead(std::string_view function) {
  return function == "LEAD" || function == "NTILE" || function == "CUME_DIST" || function == "PERCENT_RANK";
}

namespace {

Expression Word(std::string_view word) { return Expression::Literal(Value::String(word)); }

bool HasColumn(const Scope* scope, const std::string& name) {
  return scope && std::any_of(scope->plan->columns.begin(), scope->plan->columns.end(),
                              [&](const PlanColumn& column) { return column.name == name; });
}

constexpr std::string_view kCurrentDatabase = "CURRENT_DATABASE";

/// "TUMBLE_START" and its kin in the select list of a group window.
bool IsWindowProperty(std::string_view name) {
  const size_t underscore = name.find('_');
  const std::string_view window = name.substr(0, underscore);
  return underscore != std::string_view::npos && (window == "TUMBLE" || window == "HOP" || window == "SESSION");
}

bool IsKnownCall(std::string_view name) {
  for (std::string_view grouping : {"GROUPING", "GROUPING_ID", "GROUP_ID"})
    if (name == grouping) return true;
  return name == kCurrentDatabase || LooksAhead(name) || IsWindowProperty(name) || expr::FindAggregate(name) ||
         expr::Registry::BuiltIn().Find(name);
}

/// Functions of other dialects, and what does the same here. Sorted.
constexpr std::pair<std::string_view, std::string_view> kForeignFunctions[] = {
    {"ARRAY_LENGTH", "CARDINALITY(array)"},
    {"CHARINDEX", "LOCATE(part, text)"},
    {"DATEADD", "time + INTERVAL '1' DAY"},
    {"DATEDIFF", "TIMESTAMPDIFF(DAY, from, to)"},
    {"DATETIME_DIFF", "TIMESTAMPDIFF(DAY, from, to)"},
    {"DATE_ADD", "date + INTERVAL '1' DAY"},
    {"DATE_DIFF", "TIMESTAMPDIFF(DAY, from, to)"},
    {"DATE_PART", "EXTRACT(DAY FROM time)"},
    {"DATE_SUB", "date - INTERVAL '1' DAY"},
    {"DATE_TRUNC", "FLOOR(time TO DAY)"},
    {"GETDATE", "CURRENT_TIMESTAMP"},
    {"GROUP_CONCAT", "LISTAGG(text, ',')"},
    {"ISNULL", "IFNULL(value, other), or value IS NULL"},
    {"LEN", "CHAR_LENGTH(text)"},
    {"LENGTH", "CHAR_LENGTH(text)"},
    {"NVL", "COALESCE(value, other) or IFNULL(value, other)"},
    {"STRING_AGG", "LISTAGG(text, ',')"},
    {"STRPOS", "POSITION(part IN text) or LOCATE(part, text)"},
    {"STR_TO_DATE", "TO_TIMESTAMP(text, 'yyyy-MM-dd HH:mm:ss') or TO_DATE(text, 'yyyy-MM-dd')"},
    {"TO_CHAR", "DATE_FORMAT(time, 'yyyy-MM-dd')"},
};

std::string_view InPlaceOf(std::string_view name) {
  for (const auto& [foreign, here] : kForeignFunctions)
    if (foreign == name) return here;
  return {};
}

/// IGNORE NULLS, and ABSENT ON NULL of the JSON aggregates: an array leaves NULLs out unless it is told not to.
bool IgnoresNulls(const Call& call, std::string_view name) {
  const auto on_null = call.json ? call.json->on_null : std::nullopt;
  if (name == "JSON_ARRAYAGG") return on_null != JsonNulls::kNull;
  if (name == "JSON_OBJECTAGG") return on_null && *on_null != JsonNulls::kNull;
  return call.nulls == NullTreatment::kIgnore;
}

std::string_view BehaviorWord(JsonBehavior behavior) {
  switch (behavior) {
    case JsonBehavior::kNull: return "NULL";
    case JsonBehavior::kError: return "ERROR";
    case JsonBehavior::kDefault: return "DEFAULT";
    case JsonBehavior::kTrue: return "TRUE";
    case JsonBehavior::kFalse: return "FALSE";
    case JsonBehavior::kUnknown: return "UNKNOWN";
    case JsonBehavior::kEmptyArray: return "EMPTY ARRAY";
    case JsonBehavior::kEmptyObject: return "EMPTY OBJECT";
  }
  return "NULL";
}

std::string_view WrapperWord(JsonWrapper wrapper) {
  switch (wrapper) {
    case JsonWrapper::kWithout: return "WITHOUT";
    case JsonWrapper::kConditional: return "CONDITIONAL";
    case JsonWrapper::kUnconditional: return "UNCONDITIONAL";
  }
  return "WITHOUT";
}

}  // namespace

bool IsWordOfColumn(const Call& call) {
  return call.syntax == CallSyntax::kNoParentheses &&
         !expr::Registry::BuiltIn().Find(AsciiUpper(call.name.back().text));
}

// The clauses become arguments where expr/json.cc and json_query.cc have them.
Expression Binder::BindJsonCall(const Call& call, const Expr& expr, const ExprContext& context) {
  const std::string name = AsciiUpper(call.name.back().text);
  Arguments arguments;
  for (const ExprPtr& argument : call.arguments) arguments.push_back(BindExpr(*argument, context));
  static const JsonClauses kNone;
  const JsonClauses& clauses = call.json ? *call.json : kNone;
  if (clauses.on_null)
    arguments.insert(arguments.begin(), Word(*clauses.on_null == JsonNulls::kNull ? "NULL ON NULL" : "ABSENT ON NULL"));
  if (name == "JSON_EXISTS" && clauses.on_error) arguments.push_back(Word(BehaviorWord(clauses.on_error->behavior)));
  const std::optional<DataType> returned = clauses.returning ? std::optional(TypeOf(*clauses.returning)) : std::nullopt;
  const bool typed = name == "JSON_VALUE" && returned && expr::IsJsonValueType(*returned);
  if (name == "JSON_VALUE" && (typed || clauses.on_empty || clauses.on_error)) {
    for (const auto& fallback : {clauses.on_empty, clauses.on_error}) {
      arguments.push_back(Word(fallback ? BehaviorWord(fallback->behavior) : "NULL"));
      arguments.push_back(fallback && fallback->value ? BindExpr(*fallback->value, context)
                                                      : Expression::Literal(Value::Null(DataType(TypeId::kString))));
    }
    if (typed) arguments.push_back(Expression::Literal(Value::Null(*returned)));
  }
  if (name == "JSON_QUERY" && (clauses.wrapper || clauses.on_empty || clauses.on_error)) {
    arguments.push_back(Word(WrapperWord(clauses.wrapper.value_or(JsonWrapper::kWithout))));
    for (const auto& fallback : {clauses.on_empty, clauses.on_error})
      arguments.push_back(Word(fallback ? BehaviorWord(fallback->behavior) : "NULL"));
  }
  if (!returned || typed) return Resolve(name, std::move(arguments), expr);
  const DataType& type = *returned;
  const bool texts = type.id() == TypeId::kArray && type.children()[0].type.id() == TypeId::kString;
  if (name == "JSON_QUERY" && type.id() != TypeId::kString && !texts)
    FailAt(clauses.returning->span.begin,
           fmt::format("JSON_QUERY returns STRING or ARRAY<STRING>, not {}", type.ToString()));
  if (name == "JSON_QUERY" && type.id() == TypeId::kArray)
    return Resolve("JSON_QUERY_ARRAY", std::move(arguments), expr);
  Expression value = Resolve(name, std::move(arguments), expr);
  if (type.id() == TypeId::kString) return value;
  return OrFail(expr::Cast(std::move(value), type), expr.span.begin);
}

Expression Binder::BindCall(const Call& call, const Expr& expr, const ExprContext& context) {
  if (context.match)
    if (auto of_match = BindMatchCall(call, expr, context)) return *std::move(of_match);
  const std::string name = AsciiUpper(call.name.back().text);
  const UserFunctionEntry* user = FindUserFunction(call);
  if (!user && IsWordOfColumn(call) && HasColumn(context.scope, call.name.back().text))
    return context.match ? BindMatchColumn(ColumnRef{call.name}, expr, context)
                         : BindColumn(ColumnRef{call.name}, expr, context);
  if (!user && !IsKnownCall(name)) FailFunction(call, expr);
  if (call.over) return BindOver(call, expr, context);
  if (auto property = BindWindowProperty(call, expr, context)) return *std::move(property);
  if (auto grouping = BindGroupingFunction(call, expr, context)) return *std::move(grouping);
  if (user) {
    if (expr::IsTableFunction(*user->function))
      FailAt(expr.span.begin, fmt::format("{} is a table function: it stands in FROM, as LATERAL TABLE({}(...))",
                                          call.name.back().text, call.name.back().text));
    return BindUserCall(*user, call, expr, context);
  }
  if (expr::FindAggregate(name) && !expr::Registry::BuiltIn().Find(name)) return BindAggregate(call, expr, context);
  if (call.filter) FailAt(expr.span.begin, fmt::format("FILTER needs an aggregate function, {} is none", name));
  if (call.syntax == CallSyntax::kJson || call.syntax == CallSyntax::kJsonObject)
    return BindJsonCall(call, expr, context);
  Arguments arguments;
  for (const ExprPtr& argument : call.arguments) arguments.push_back(BindExpr(*argument, context));
  if (name == "TRIM" && call.syntax == CallSyntax::kTrim && arguments.size() == 2)
    arguments.insert(arguments.begin() + 1, Word(" "));
  if (name == "TRIM" && call.syntax != CallSyntax::kTrim && arguments.size() == 1)
    arguments = {Word("BOTH"), Word(" "), arguments[0]};
  if (call.syntax == CallSyntax::kExtract && arguments[0].is_literal()) {
    const std::vector<std::string_view> units = expr::ExtractUnits(arguments[1].type());
    const std::string& unit = call.arguments[0]->As<Symbol>()->word;
    if (!units.empty() && std::find(units.begin(), units.end(), unit) == units.end())
      FailAt(call.arguments[0]->span.begin,
             fmt::format("EXTRACT has no unit {} for {}", unit, arguments[1].type().WithNullable(true).ToString()),
             fmt::format("there are: {}", fmt::join(units, ", ")));
  }
  if (name == kCurrentDatabase && arguments.empty()) return Word(environment_.catalog.current_database());
  return Resolve(name, std::move(arguments), expr);
}

const UserFunctionEntry* Binder::FindUserFunction(const Call& call) const {
  const std::string name = AsciiUpper(call.name.back().text);
  return environment_.catalog.FindFunction(call.name,
                                           expr::FindAggregate(name) || expr::Registry::BuiltIn().Find(name));
}

Expression Binder::BindUserCall(const UserFunctionEntry& user, const Call& call, const Expr& expr,
                                const ExprContext& context) {
  if (call.filter)
    FailAt(expr.span.begin, fmt::format("FILTER needs an aggregate function, {} is none", call.name.back().text));
  Arguments arguments;
  for (const ExprPtr& argument : call.arguments) arguments.push_back(BindExpr(*argument, context));
  return OrFail(expr::Resolve(*user.function, std::move(arguments)), expr.span.begin);
}

void Binder::FailFunction(const Call& call, const Expr& expr) const {
  const std::string name = AsciiUpper(call.name.back().text);
  if (const std::string_view why = expr::WhyRefused(name); !why.empty())
    FailAt(expr.span.begin, fmt::format("Function {} is not supported: {}", name, why));
  if (const std::string_view here = InPlaceOf(name); !here.empty())
    FailAt(expr.span.begin, fmt::format("Unknown function: {}", call.name.back().text), fmt::format("write {}", here));
  NearestWord nearest(name);
  for (const expr::Aggregate& aggregate : expr::AllAggregates()) nearest.Consider(aggregate.name);
  for (const expr::Function* function : expr::Registry::BuiltIn().All())
    if (!function->inner) nearest.Consider(function->name);
  FailAt(expr.span.begin, fmt::format("Unknown function: {}", call.name.back().text),
         nearest.word().empty() ? "" : fmt::format("did you mean {}?", nearest.word()));
}

bool Binder::IsApproximateCount(std::string_view function, const Expr& expr) const {
  if (function != "APPROX_COUNT_DISTINCT") return false;
  if (!environment_.batch)
    FailAt(expr.span.begin,
           fmt::format("Function {} is not supported: Flink has it in batch mode only; COUNT(DISTINCT x) is exact",
                       function));
  return true;
}

Expression Binder::BindAggregate(const Call& call, const Expr& expr, const ExprContext& context) {
  const std::string name = AsciiUpper(call.name.back().text);
  const bool approximate = IsApproximateCount(name, expr);
  if (expr::FindAggregate(name)->over_only)
    FailAt(expr.span.begin, fmt::format("{} needs an OVER clause", name),
           fmt::format("{}(...) OVER (PARTITION BY ... ORDER BY time attribute)", name));
  if (!context.grouping) {
    FailAt(expr.span.begin, fmt::format("Aggregate function {} is not allowed in {}", name, context.clause),
           context.clause == "WHERE" ? "conditions on groups stand in HAVING"
           : context.clause == "ON" || context.clause == "an aggregate function" ? "compute it in a subquery first"
                                                                                 : "");
  }
  Grouping& grouping = *context.grouping;
  ExprContext rows{.scope = grouping.input, .clause = "an aggregate function", .subquery = grouping.subquery_of_rows};
  Grouping::Aggregate aggregate;
  aggregate.function = name;
  aggregate.distinct = call.quantifier == SetQuantifier::kDistinct;
  aggregate.ignore_nulls = IgnoresNulls(call, name);
  const bool star = call.arguments.size() == 1 && call.arguments[0]->As<Star>();
  if (star && name != "COUNT")
    FailAt(call.arguments[0]->span.begin, fmt::format("* stands in COUNT(*), not in {}", name));
  if (!star)
    for (const ExprPtr& argument : call.arguments) aggregate.arguments.push_back(BindExpr(*argument, rows));
  const int json = expr::FindAggregate(name)->json_argument;
  if (json >= 0 && json < static_cast<int>(aggregate.arguments.size()))
    aggregate.arguments[static_cast<size_t>(json)] =
        Resolve("JSON_STRING", {aggregate.arguments[static_cast<size_t>(json)]}, expr);
  if (call.filter) {
    rows.clause = "FILTER";
    aggregate.filter = BindCondition(*call.filter, rows);
  }
  for (const std::vector<OrderItem>* items : {&call.order_by, &call.within_group})
    if (!items->empty())
      FailAt(items->front().expr->span.begin, fmt::format("ORDER BY inside of {} is not supported", name),
             "it takes values in the order in which they come");
  std::vector<DataType> types;
  for (const Expression& argument : aggregate.arguments) types.push_back(argument.type());
  const bool never_empty = (!grouping.keys.empty() || grouping.window) && !aggregate.filter;
  aggregate.type = OrFail(expr::AggregateResultType(name, types, never_empty), expr.span.begin);
  if (approximate) {  // nothing is as close as the exact count
    aggregate.function = "COUNT";
    aggregate.distinct = true;
  }
  auto found = std::find(grouping.aggregates.begin(), grouping.aggregates.end(), aggregate);
  const auto index = static_cast<size_t>(found - grouping.aggregates.begin());
  if (found == grouping.aggregates.end()) grouping.aggregates.push_back(aggregate);
  return Expression::Input(static_cast<int>(grouping.keys.size() + index), aggregate.type);
}

}  // namespace thalweg::sql
