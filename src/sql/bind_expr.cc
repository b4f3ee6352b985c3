// Scalar expressions: the syntax tree's operators and special forms as calls of expr's functions.
#include <algorithm>
#include <cmath>
#include <span>

#include "expr/evaluator.h"
#include "expr/functions.h"
#include "expr/time_text.h"
#include "expr/type_rules.h"
#include "sql/binder.h"
#include "sql/decorrelate.h"
#include "sql/print.h"
#include "sql/to_data_type.h"
#include "types/scalar_text.h"

namespace thalweg::sql {

using expr::Expression;
using expr::Value;
using types::DataType;
using types::TypeId;

void FailAt(const Position& at, std::string message, std::string hint) {
  throw SyntaxError{at, std::move(message), std::move(hint)};
}

void SplitConjuncts(const Expression& condition, std::vector<Expression>& conjuncts) {
  if (condition.kind() == Expression::Kind::kCall && condition.function().name == "AND") {
    for (const Expression& part : condition.arguments()) SplitConjuncts(part, conjuncts);
    return;
  }
  conjuncts.push_back(condition);
}

namespace {

/// Longest chain of AND or OR that becomes as many levels: longer ones are shallower by halves.
constexpr int kMostChained = 128;

/// Parts joined by AND or OR, from the left on; where that would be deep, by halves.
Expression Connected(std::string_view connective, std::span<const Expression> parts) {
  int depth = 0;
  for (const Expression& part : parts) depth = std::max(depth + 1, part.depth() + (depth > 0 ? 1 : 0));
  const expr::Function& function = *expr::Registry::BuiltIn().Find(connective);
  // Not resolved anew, for that fails where a part is as deep as may be; the binder asks each as it comes.
  auto both = [&](const Expression& a, const Expression& b) {
    auto resolved = expr::Resolve(function, {a, b});
    if (resolved.ok()) return *std::move(resolved);
    return Expression::Call(function, {a, b}, DataType(TypeId::kBoolean));
  };
  if (parts.size() > 2 && depth > kMostChained) {
    const size_t half = parts.size() / 2;
    return both(Connected(connective, parts.first(half)), Connected(connective, parts.subspan(half)));
  }
  Expression all = parts[0];
  for (const Expression& part : parts.subspan(1)) all = both(all, part);
  return all;
}

/// What a condition leaves for the calls around it: that many halves, and those that a subquery puts around.
constexpr int kMostConditionDepth = expr::kMaxExpressionDepth - 24;

}  // namespace

std::optional<Expression> JoinConjuncts(const std::vector<Expression>& conjuncts) {
  if (conjuncts.empty()) return std::nullopt;
  return Connected("AND", conjuncts);
}

namespace {

Expression Text(std::string_view word) { return Expression::Literal(Value::String(word)); }

std::string_view FunctionOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd: return "+";
    case BinaryOp::kSubtract: return "-";
    case BinaryOp::kMultiply: return "*";
    case BinaryOp::kDivide: return "/";
    case BinaryOp::kModulo: return "%";
    case BinaryOp::kConcat: return "||";
    case BinaryOp::kEqual: return "=";
    case BinaryOp::kNotEqual: return "<>";
    case BinaryOp::kLess: return "<";
    case BinaryOp::kLessOrEqual: return "<=";
    case BinaryOp::kGreater: return ">";
    case BinaryOp::kGreaterOrEqual: return ">=";
    case BinaryOp::kIsDistinctFrom: return "IS DISTINCT FROM";
    case BinaryOp::kIsNotDistinctFrom: return "IS NOT DISTINCT FROM";
    case BinaryOp::kOverlaps: return "OVERLAPS";
    case BinaryOp::kMemberOf: return "MEMBER OF";
    case BinaryOp::kSubmultisetOf: return "SUBMULTISET OF";
  }
  return "";
}

std::string_view TestOf(IsTest test) {
  switch (test) {
    case IsTest::kNull: return "NULL";
    case IsTest::kTrue: return "TRUE";
    case IsTest::kFalse: return "FALSE";
    case IsTest::kUnknown: return "UNKNOWN";
    case IsTest::kJson: return "JSON";
    case IsTest::kJsonValue: return "JSON VALUE";
    case IsTest::kJsonObject: return "JSON OBJECT";
    case IsTest::kJsonArray: return "JSON ARRAY";
    case IsTest::kJsonScalar: return "JSON SCALAR";
    case IsTest::kASet: return "A SET";
    case IsTest::kEmpty: return "EMPTY";
  }
  return "";
}

int64_t MillisOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kWeek: return 604'800'000;
    case TimeUnit::kDay: return 86'400'000;
    case TimeUnit::kHour: return 3'600'000;
    case TimeUnit::kMinute: return 60'000;
    default: return 1000;
  }
}

bool OfMonths(TimeUnit unit) {
  return unit == TimeUnit::kYear || unit == TimeUnit::kQuarter || unit == TimeUnit::kMonth;
}

/// Digits from `at` on; false if there are none or more than fit.
bool ReadNumber(std::string_view text, size_t& at, int64_t& number) {
  const size_t begin = at;
  number = 0;
  for (; at < text.size() && types::IsDigit(text[at]); ++at) {
    if (number > 100'000'000'000'000) return false;
    number = number * 10 + (text[at] - '0');
  }
  return at > begin;
}

/// "2 10:05:30.5" of DAY TO SECOND and what lies within it, in milliseconds.
std::optional<int64_t> DayTimeText(std::string_view text, TimeUnit from, TimeUnit to) {
  int64_t millis = 0;
  size_t at = 0;
  for (auto unit = static_cast<int>(from);; ++unit) {
    int64_t number;
    if (!ReadNumber(text, at, number)) return std::nullopt;
    if (static_cast<TimeUnit>(unit) != from && number >= (static_cast<TimeUnit>(unit) == TimeUnit::kHour ? 24 : 60))
      return std::nullopt;
    millis += number * MillisOf(static_cast<TimeUnit>(unit));
    if (static_cast<TimeUnit>(unit) == TimeUnit::kSecond && at < text.size() && text[at] == '.') {
      int64_t scale = 100;
      for (++at; at < text.size() && types::IsDigit(text[at]); ++at, scale /= 10) millis += (text[at] - '0') * scale;
    }
    if (static_cast<TimeUnit>(unit) == to) return at == text.size() ? std::optional(millis) : std::nullopt;
    const char separator = static_cast<TimeUnit>(unit) == TimeUnit::kDay ? ' ' : ':';
    if (at >= text.size() || text[at++] != separator) return std::nullopt;
  }
}

}  // namespace

Expression Binder::Resolve(std::string_view function, Arguments arguments, const Expr& at) {
  return OrFail(expr::Resolve(function, std::move(arguments)), at.span.begin);
}

Expression Binder::Interval(const IntervalLiteral& literal, const Expr& expr) {
  const IntervalQualifier& unit = literal.qualifier;
  std::string_view text = types::Trim(literal.text);
  bool negative = literal.negative;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = negative != (text[0] == '-');
    text.remove_prefix(1);
  }
  const TimeUnit to = unit.to.value_or(unit.from);
  const int64_t sign = negative ? -1 : 1;
  size_t at = 0;
  int64_t number = 0;
  if (OfMonths(unit.from)) {
    int64_t months = 0;
    bool good = ReadNumber(text, at, number);
    months = number * (unit.from == TimeUnit::kYear ? 12 : unit.from == TimeUnit::kQuarter ? 3 : 1);
    if (good && to != unit.from) {
      good = at < text.size() && text[at++] == '-' && ReadNumber(text, at, number) && number < 12;
      months += number;
    }
    if (!good || at != text.size() || months > INT32_MAX)
      FailAt(expr.span.begin, fmt::format("Illegal interval literal '{}'", literal.text));
    return Expression::Literal(Value::IntervalMonths(static_cast<int32_t>(sign * months)));
  }
  std::optional<int64_t> millis;
  if (unit.from == TimeUnit::kWeek) {
    if (ReadNumber(text, at, number) && at == text.size()) millis = number * MillisOf(TimeUnit::kWeek);
  } else {
    millis = DayTimeText(text, unit.from, to);
  }
  if (!millis) FailAt(expr.span.begin, fmt::format("Illegal interval literal '{}'", literal.text));
  return Expression::Literal(Value::IntervalMillis(sign * *millis));
}

Expression Binder::Literal(const sql::Literal& literal, const Expr& expr) {
  const std::string& text = literal.text;
  auto bad = [&](std::string_view what) {
    std::string_view example;
    if (what == "DATE") example = "a date is written DATE '2024-12-31'";
    if (what == "TIME") example = "a time is written TIME '23:59:59'";
    if (what.starts_with("TIMESTAMP")) example = "a timestamp is written TIMESTAMP '2024-12-31 23:59:59.123'";
    FailAt(expr.span.begin, fmt::format("Illegal {} literal '{}'", what, text), std::string(example));
  };
  switch (literal.kind) {
    case LiteralKind::kNull: return {};
    case LiteralKind::kTrue: return Expression::Literal(Value::Boolean(true));
    case LiteralKind::kFalse: return Expression::Literal(Value::Boolean(false));
    case LiteralKind::kUnknown: return Expression::Literal(Value::Null(DataType(TypeId::kBoolean)));
    case LiteralKind::kString: return Text(text);
    case LiteralKind::kApproximate: {
      double value;
      if (!types::ParseDouble(text, &value) || !std::isfinite(value)) bad("numeric");
      return Expression::Literal(Value::Double(value));
    }
    case LiteralKind::kInteger: {
      int64_t whole;
      if (types::ParseInt64(text, &whole))
        return Expression::Literal(whole == static_cast<int32_t>(whole) ? Value::Int(static_cast<int32_t>(whole))
                                                                        : Value::BigInt(whole));
      [[fallthrough]];
    }
    case LiteralKind::kDecimal: {
      const size_t dot = std::min(text.find('.'), text.size());
      const int scale = dot == text.size() ? 0 : static_cast<int>(text.size() - dot - 1);
      std::string_view digits = text;
      while (digits.size() > 1 && digits[0] == '0' && types::IsDigit(digits[1])) digits.remove_prefix(1);
      const int precision = std::max(1, static_cast<int>(digits.size()) - (dot < text.size() ? 1 : 0));
      types::Int128 value;
      if (precision > 38 || types::ParseDecimal(text, precision, scale, &value) != types::DecimalParse::kOk)
        FailAt(expr.span.begin, fmt::format("Numeric literal '{}' out of range", text),
               "it has at most 38 digits; 1E40 is a DOUBLE");
      return Expression::Literal(Value::Decimal(value, std::max(precision, scale), scale));
    }
    case LiteralKind::kBinary: {
      std::string bytes;
      for (size_t i = 0; i + 1 < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
      return Expression::Literal(Value::Binary(bytes));
    }
    case LiteralKind::kDate: {
      auto days = expr::ParseSqlDate(text);
      if (!days) bad("DATE");
      return Expression::Literal(Value::Date(*days));
    }
    case LiteralKind::kTime: {
      auto millis = expr::ParseSqlTime(text);
      const size_t point = text.find('.');
      const int precision = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
      if (!millis || precision > 9) bad("TIME");
      return Expression::Literal(Value::Build(*DataType::FromParts(TypeId::kTime, false, precision, 0, {}),
                                              [&](columns::ColumnBuilder& out) { out.Append(*millis); }));
    }
    case LiteralKind::kTimestamp:
    case LiteralKind::kTimestampLtz: {
      auto value = expr::ParseSqlTimestamp(text, expr::DayOfMonth::kExact);
      if (!value) bad("TIMESTAMP");
      const size_t point = text.find('.');
      const int precision = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
      if (precision > 9) bad("TIMESTAMP");
      Expression local = Expression::Literal(Value::Timestamp(*value, precision));
      if (literal.kind == LiteralKind::kTimestamp) return local;
      return OrFail(expr::Cast(local, DataType::TimestampLtz(precision)), expr.span.begin);
    }
  }
  return {};
}

Expression Binder::BindCondition(const Expr& expr, const ExprContext& context) {
  Expression condition = BindExpr(expr, context);
  if (condition.is_null_literal()) return Expression::Literal(Value::Null(DataType(TypeId::kBoolean)));
  if (condition.type().id() != TypeId::kBoolean)
    FailAt(expr.span.begin,
           fmt::format("{} needs a BOOLEAN condition, this is {}", context.clause, condition.type().ToString()));
  std::vector<Expression> conjuncts;
  SplitConjuncts(condition, conjuncts);
  for (const Expression& each : conjuncts)
    if (each.depth() > kMostConditionDepth)
      FailAt(expr.span.begin, fmt::format("A condition is nested deeper than {}", kMostConditionDepth));
  return condition;
}

Value Binder::BindConstant(const Expr& expr, std::string_view what) {
  if (expr.As<ColumnRef>()) FailAt(expr.span.begin, fmt::format("{} must be a constant", what));
  Expression bound = BindExpr(expr, {.clause = what});
  if (bound.is_literal()) return bound.value();
  if (!expr::InputsOf(bound).empty()) FailAt(expr.span.begin, fmt::format("{} must be a constant", what));
  columns::BufferPool pool;
  auto zone = OrFail(expr::Zone::Find(environment_.zone), expr.span.begin);
  return OrFail(
      expr::EvaluateConstant(bound, {.pool = pool, .query_start_ms = environment_.query_start_ms, .zone = &zone}),
      expr.span.begin);
}

int64_t Binder::BindMillis(const Expr& expr, std::string_view what) {
  const Value value = BindConstant(expr, what);
  if (value.is_null() || value.type().id() != TypeId::kIntervalDayTime)
    FailAt(expr.span.begin,
           fmt::format("{} must be an interval of days to seconds, this is {}", what, value.type().ToString()),
           expr::IsInteger(value.type().id()) ? "INTERVAL '10' MINUTE" : "");
  return value.number<int64_t>();
}

namespace {

struct FoundColumn {
  int column;
  size_t used;  // parts of the name; what follows are fields of a row
};

// Parts that qualify, the column, then fields of a row. As in Flink a table of the name comes before a column of it.
std::optional<FoundColumn> FindColumn(const Scope& scope, const Name& name, const Position& at) {
  if (name.size() == 1)
    for (const auto& [merged, column] : scope.merged)
      if (merged == name[0].text) return FoundColumn{column, 1};
  std::optional<FoundColumn> found;
  std::string owner;
  for (size_t qualifier = std::min<size_t>(name.size(), 4); qualifier-- > 0 && !found;) {
    for (const Scope::Source& source : scope.sources) {
      if (qualifier == 1 && source.alias != name[0].text) continue;
      if (qualifier >= 2) {
        if (!source.path || source.path->object != name[qualifier - 1].text ||
            source.path->database != name[qualifier - 2].text)
          continue;
        if (qualifier == 3 && source.path->catalog != name[0].text) continue;
      }
      for (int i = source.first; i < source.first + source.count; ++i) {
        const std::string& column = name[qualifier].text;
        if (scope.plan->columns[static_cast<size_t>(i)].name != column) continue;
        if (found)
          FailAt(at, fmt::format("Column '{}' is ambiguous", column),
                 qualifier > 0 || owner == source.alias
                     ? ""
                     : fmt::format("it is in {0} and {1}: write {0}.{2} or {1}.{2}", owner, source.alias, column));
        found = FoundColumn{i, qualifier + 1};
        owner = source.alias;
      }
    }
  }
  return found;
}

/// Where a field lies in a row's columns.
struct FoundField {
  int column;
  std::vector<std::string> path;  // of fields, from the column's own to the one that was sought
};

/// Of the columns' fields and theirs: as in Flink, what is no column may be a field of a row that one has, the least deep of that name.
std::optional<FoundField> FindField(const Scope& scope, const std::string& name, const Position& at) {
  struct Row {
    const DataType* type;
    FoundField place;
  };
  std::vector<Row> rows, deeper;
  for (size_t i = 0; i < scope.plan->columns.size(); ++i)
    rows.push_back({&scope.plan->columns[i].type, {static_cast<int>(i), {}}});
  std::optional<FoundField> found;
  for (; !rows.empty() && !found; rows = std::exchange(deeper, {})) {
    for (const Row& row : rows) {
      if (row.type->id() != TypeId::kRow) continue;
      for (const types::Field& field : row.type->children()) {
        FoundField place = row.place;
        place.path.push_back(field.name);
        if (field.name == name && found) FailAt(at, fmt::format("Column '{}' is ambiguous", name));
        if (field.name == name) found = place;
        deeper.push_back({&field.type, std::move(place)});
      }
    }
  }
  return found;
}

}  // namespace

Expression Binder::BindColumn(const ColumnRef& ref, const Expr& expr, const ExprContext& context) {
  const Name& name = ref.name;
  if (context.aliases && name.size() == 1)
    if (auto named = context.aliases->find(name[0].text); named != context.aliases->end()) return named->second;
  const Position& at = expr.span.begin;
  const Scope* scope = context.scope;
  std::optional<FoundColumn> found;
  int level = 0;
  for (; scope; scope = scope->outer, ++level)
    if ((found = FindColumn(*scope, name, at))) break;
  if (found) {
    Expression column = InputOf(*scope->plan, found->column);
    if (level > 0) column = OuterColumn(level, found->column, column.type());
    for (size_t i = found->used; i < name.size(); ++i)
      column = FieldOf(std::move(column), name[i], at,
                       i > 0 ? name[i - 1].text : scope->plan->columns[static_cast<size_t>(found->column)].name);
    return column;
  }
  std::optional<FoundField> field = context.scope ? FindField(*context.scope, name[0].text, at) : std::nullopt;
  if (!field) FailColumn(name, expr, context.scope);
  const Plan& plan = *context.scope->plan;
  Expression column = InputOf(plan, field->column);
  std::string owner = plan.columns[static_cast<size_t>(field->column)].name;
  for (size_t i = 1; i < name.size(); ++i) field->path.push_back(name[i].text);
  for (const std::string& part : field->path) {
    column = FieldOf(std::move(column), {part, expr.span}, at, owner);
    owner = part;
  }
  return column;
}

void Binder::FailColumn(const Name& name, const Expr& expr, const Scope* scope) const {
  const std::string& column = name.back().text;
  const std::string message =
      name.size() == 1 ? fmt::format("Column '{}' not found in any table", column)
                       : fmt::format("Column '{}' not found in table '{}'", column, name[name.size() - 2].text);
  if (name.size() == 1 && !selects_.empty())
    for (const SelectItem& item : selects_.back()->items)
      if (item.alias && item.alias->text == column && item.expr.get() != &expr)
        FailAt(expr.span.begin, message,
               fmt::format("{} is given in the select list, whose names only ORDER BY knows: write the expression, or "
                           "put a query around this one",
                           column));
  std::string call;
  if (name.size() == 1 && expr::Registry::BuiltIn().Find(column) && expr::Resolve(column, {}).ok())
    call = fmt::format("a function is called with parentheses: {}()", column);
  if (!scope || scope->sources.empty()) FailAt(expr.span.begin, message, call.empty() ? "there is no FROM" : call);
  std::vector<std::string> tables, columns;
  bool qualified = name.size() == 1;
  NearestWord nearest(column);
  for (const Scope::Source& source : scope->sources) {
    tables.push_back(source.alias);
    if (name.size() > 1 && source.alias != name[name.size() - 2].text) continue;
    qualified = true;
    for (int i = source.first; i < source.first + source.count; ++i) {
      const std::string& known = scope->plan->columns[static_cast<size_t>(i)].name;
      nearest.Consider(known);
      if (!known.empty()) columns.push_back(known);
    }
  }
  if (!qualified) FailAt(expr.span.begin, message, fmt::format("the tables here are {}", fmt::join(tables, ", ")));
  if (!nearest.word().empty()) FailAt(expr.span.begin, message, fmt::format("did you mean {}?", nearest.word()));
  if (!call.empty()) FailAt(expr.span.begin, message, call);
  // Few enough to read: what there is.
  constexpr size_t kMostShown = 10;
  const bool few = !columns.empty() && columns.size() <= kMostShown;
  FailAt(expr.span.begin, message, few ? fmt::format("the columns here are {}", fmt::join(columns, ", ")) : "");
}

/// `row.field`; `at`: of the whole, `name`: what stands before the point.
Expression Binder::FieldOf(Expression row, const Identifier& field, const Position& at, std::string_view name) {
  const DataType type = row.type().WithNullable(true);
  if (type.id() != TypeId::kRow)
    FailAt(at, fmt::format("{} is of type {}: only a ROW has fields, not '{}'", name, type.ToString(), field.text));
  NearestWord nearest(field.text);
  for (const types::Field& each : type.children()) {
    if (each.name == field.text) return OrFail(expr::Resolve("FIELD", {std::move(row), Text(field.text)}), at);
    nearest.Consider(each.name);
  }
  FailAt(field.span.begin, fmt::format("{} has no field '{}'", type.ToString(), field.text),
         nearest.word().empty() ? "" : fmt::format("did you mean {}?", nearest.word()));
}

namespace {

/// Written as (a, b, ...), of so many fields.
bool IsRowOf(const Expression& value, size_t fields) {
  return value.kind() == Expression::Kind::kCall && value.function().name == "ROW" &&
         value.arguments().size() == fields;
}

/// left = right, or left <> right as `name` says, by `resolve(name, arguments)`. A row that is a value equals another whose NULLs are at
/// the same places; written ones are compared field by field.
template <typename R>
Expression Equality(std::string_view name, const Expression& left, const Expression& right, R resolve) {
  const size_t fields = left.kind() == Expression::Kind::kCall ? left.arguments().size() : 0;
  if (fields == 0 || !IsRowOf(left, fields) || !IsRowOf(right, fields)) return resolve(name, {left, right});
  std::vector<Expression> parts;
  for (size_t i = 0; i < fields; ++i) parts.push_back(resolve(name, {left.arguments()[i], right.arguments()[i]}));
  return Connected(name == "=" ? "AND" : "OR", parts);
}

}  // namespace

Expression Binder::BindCase(const Case& node, const Expr& expr, const ExprContext& context) {
  Arguments arguments;
  std::optional<Expression> subject;
  if (node.operand) subject = BindExpr(*node.operand, context);
  for (const Case::Branch& branch : node.branches) {
    Expression when = BindExpr(*branch.when, context);
    if (subject)
      when = Equality("=", *subject, when, [&](std::string_view name, Arguments sides) {
        return Resolve(name, std::move(sides), *branch.when);
      });
    if (when.type().id() != TypeId::kBoolean && when.type().id() != TypeId::kNull)
      FailAt(branch.when->span.begin,
             fmt::format("WHEN needs a BOOLEAN condition, this is {}", when.type().ToString()));
    arguments.push_back(std::move(when));
    arguments.push_back(BindExpr(*branch.then, context));
  }
  arguments.push_back(node.otherwise ? BindExpr(*node.otherwise, context) : Expression());
  return ResolveCommon("CASE", std::move(arguments), expr, "branches", 1, 2);
}

Expression Binder::ResolveCommon(std::string_view function, Arguments arguments, const Expr& at, std::string_view what,
                                 size_t first, size_t step) {
  std::vector<std::string> types;
  for (size_t i = 0; i < arguments.size(); ++i) {
    // Of pairs every second one counts, and the one behind the last pair.
    if (i < first || ((i - first) % step != 0 && i + 1 < arguments.size())) continue;
    const std::string type = arguments[i].type().WithNullable(true).ToString();
    if (arguments[i].type().id() != TypeId::kNull && std::find(types.begin(), types.end(), type) == types.end())
      types.push_back(type);
  }
  auto resolved = expr::Resolve(function, std::move(arguments));
  if (resolved.ok()) return *std::move(resolved);
  if (types.size() < 2) FailAt(at.span.begin, resolved.status().message());
  std::string list = types[0];
  for (size_t i = 1; i < types.size(); ++i) list += (i + 1 == types.size() ? " and " : ", ") + types[i];
  FailAt(at.span.begin, fmt::format("The {} of {} have no type in common: {}", what, function, list));
}

Expression Binder::BindItem(const Subscript& node, const Expr& expr, const ExprContext& context) {
  Expression whole = BindExpr(*node.operand, context), index = BindExpr(*node.index, context);
  const DataType type = whole.type();
  if (type.id() == TypeId::kArray && index.is_literal() && index.type().id() == TypeId::kInt &&
      !index.is_null_literal() && index.value().number<int32_t>() < 1)
    FailAt(node.index->span.begin, fmt::format("Array element access needs an index starting at 1 but was {}",
                                               index.value().number<int32_t>()));
  auto item = expr::Resolve("ITEM", {whole, index});
  if (item.ok()) return *std::move(item);
  if (type.children().empty())
    FailAt(expr.span.begin,
           fmt::format("{} has no parts: [ ] stands behind an ARRAY, a MAP or a ROW", type.ToString()));
  const std::string wanted =
      type.id() == TypeId::kMap ? type.children()[0].type.WithNullable(true).ToString() : "an integer";
  FailAt(node.index->span.begin, fmt::format("The brackets behind {} take {}, this is {}", type.ToString(), wanted,
                                             index.type().WithNullable(true).ToString()));
}

Expression Binder::BindCollection(const Collection& node, const Expr& expr, const ExprContext& context) {
  if (node.query) FailAt(expr.span.begin, "ARRAY, MAP and MULTISET of a query are not supported yet");
  if (node.kind == CollectionKind::kMultiset) FailAt(expr.span.begin, "MULTISET values are not supported yet");
  Arguments arguments;
  for (const ExprPtr& element : node.elements) arguments.push_back(BindExpr(*element, context));
  if (node.kind == CollectionKind::kArray) return ResolveCommon("ARRAY", std::move(arguments), expr, "elements");
  Arguments keys;
  for (size_t i = 0; i < arguments.size(); i += 2) keys.push_back(arguments[i]);
  if (!keys.empty() && !expr::CommonType(keys)) return ResolveCommon("MAP", std::move(arguments), expr, "keys", 0, 2);
  return ResolveCommon("MAP", std::move(arguments), expr, "values", 1, 2);
}

DataType Binder::TypeOf(const TypeSpec& spec) {
  auto type = ToDataType(spec);
  if (type.ok()) return *std::move(type);
  // It names a place of its own, within the type.
  std::string message = type.status().message();
  if (const size_t colon = message.find(": "); message.starts_with("line ") && colon != std::string::npos)
    message.erase(0, colon + 2);
  FailAt(spec.span.begin, message);
}

Expression Binder::BindCast(const Cast& node, const Expr& expr, const ExprContext& context) {
  Expression operand = BindExpr(*node.operand, context);
  const DataType type = TypeOf(*node.type);
  const bool fixed = node.type->kind == TypeKind::kChar || node.type->kind == TypeKind::kBinary;
  return OrFail(expr::Cast(std::move(operand), type, {.try_cast = node.try_cast, .fixed_length = fixed}),
                expr.span.begin);
}

Expression Binder::BindIn(const In& node, const Expr& expr, const ExprContext& context) {
  if (node.query) {
    if (!context.subquery) FailAt(expr.span.begin, fmt::format("A subquery is not supported in {}", context.clause));
    return context.subquery(expr);
  }
  Arguments arguments = {BindExpr(*node.operand, context)};
  for (const ExprPtr& element : node.list) arguments.push_back(BindExpr(*element, context));
  const size_t fields = arguments[0].kind() == Expression::Kind::kCall ? arguments[0].arguments().size() : 0;
  auto is_row = [&](const Expression& e) { return IsRowOf(e, fields); };
  auto may_hold_null = [](const Expression& e) { return expr::AnyNullable(e.arguments()); };
  if (fields > 0 && std::all_of(arguments.begin(), arguments.end(), is_row) &&
      std::any_of(arguments.begin(), arguments.end(), may_hold_null)) {
    auto resolve = [&](std::string_view name, Arguments sides) { return Resolve(name, std::move(sides), expr); };
    Arguments parts;
    for (size_t i = 1; i < arguments.size(); ++i) parts.push_back(Equality("=", arguments[0], arguments[i], resolve));
    Expression any = Connected("OR", parts);
    return node.negated ? Resolve("NOT", {any}, expr) : any;
  }
  Expression in = ResolveCommon("IN", std::move(arguments), expr, "values");
  return node.negated ? Resolve("NOT", {in}, expr) : in;
}

Expression Binder::BindExpr(const Expr& expr, const ExprContext& context) {
  if (context.grouping)
    if (auto group = MatchGroup(expr, context)) return *std::move(group);
  auto bind = [&](const ExprPtr& each) { return BindExpr(*each, context); };
  auto negate = [&](Expression e, bool negated) { return negated ? Resolve("NOT", {std::move(e)}, expr) : e; };
  if (auto* node = expr.As<sql::Literal>()) return Literal(*node, expr);
  if (auto* node = expr.As<IntervalLiteral>()) return Interval(*node, expr);
  if (auto* node = expr.As<ColumnRef>())
    return context.match ? BindMatchColumn(*node, expr, context) : BindColumn(*node, expr, context);
  if (auto* node = expr.As<Symbol>()) return Text(node->word);
  if (auto* node = expr.As<Unary>()) {
    if (node->op == UnaryOp::kPlus) return bind(node->operand);
    if (node->op == UnaryOp::kMinus) {
      // -2147483648 is an INT, though 2147483648 is not.
      if (auto* number = node->operand->As<sql::Literal>();
          number && (number->kind == LiteralKind::kInteger || number->kind == LiteralKind::kDecimal)) {
        sql::Literal negative{number->kind, "-" + number->text};
        int64_t whole;
        if (number->kind == LiteralKind::kInteger && types::ParseInt64(negative.text, &whole))
          return Expression::Literal(whole == static_cast<int32_t>(whole) ? Value::Int(static_cast<int32_t>(whole))
                                                                          : Value::BigInt(whole));
      }
      return Resolve("-", {bind(node->operand)}, expr);
    }
    if (node->op == UnaryOp::kNot) return Resolve("NOT", {bind(node->operand)}, expr);
    if (!context.match) FailAt(expr.span.begin, "RUNNING and FINAL stand in MATCH_RECOGNIZE only");
    // At the last row of a match there is no difference.
    if (context.match->defines < 0) return bind(node->operand);
    FailAt(expr.span.begin, "Cannot use RUNNING/FINAL in DEFINE");
  }
  if (auto* node = expr.As<Is>())
    return Resolve(fmt::format("IS {}{}", node->negated ? "NOT " : "", TestOf(node->test)), {bind(node->operand)},
                   expr);
  if (auto* node = expr.As<Logical>()) {
    const std::string_view name = node->op == LogicalOp::kAnd ? "AND" : "OR";
    Arguments parts;
    for (const ExprPtr& operand : node->operands) {
      parts.push_back(bind(operand));
      // Told of what does not fit, before the others are looked at.
      if (parts.size() > 1) Resolve(name, {parts[0], parts.back()}, *operand);
    }
    return Connected(name, parts);
  }
  if (auto* node = expr.As<Binary>()) {
    if (node->op == BinaryOp::kMemberOf || node->op == BinaryOp::kSubmultisetOf)
      FailAt(expr.span.begin, fmt::format("{} is not supported", FunctionOf(node->op)),
             "ARRAY_CONTAINS(array, value) asks for one element");
    if (node->op == BinaryOp::kOverlaps) {
      Arguments arguments;
      for (const ExprPtr& side : {node->left, node->right}) {
        auto* period = side->As<RowValue>();
        if (!period || period->fields.size() != 2) FailAt(side->span.begin, "OVERLAPS needs periods: (begin, end)");
        for (const ExprPtr& field : period->fields) arguments.push_back(bind(field));
      }
      return Resolve("OVERLAPS", std::move(arguments), expr);
    }
    if (node->op == BinaryOp::kEqual || node->op == BinaryOp::kNotEqual)
      return Equality(FunctionOf(node->op), bind(node->left), bind(node->right),
                      [&](std::string_view name, Arguments sides) { return Resolve(name, std::move(sides), expr); });
    return Resolve(FunctionOf(node->op), {bind(node->left), bind(node->right)}, expr);
  }
  if (auto* node = expr.As<Between>()) {
    const Expression operand = bind(node->operand), low = bind(node->low), high = bind(node->high);
    auto within = [&](const Expression& a, const Expression& b) {
      return Resolve("AND", {Resolve(">=", {operand, a}, expr), Resolve("<=", {operand, b}, expr)}, expr);
    };
    Expression between = within(low, high);
    if (node->symmetric) between = Resolve("OR", {between, within(high, low)}, expr);
    return negate(std::move(between), node->negated);
  }
  if (auto* node = expr.As<In>()) return BindIn(*node, expr, context);
  if (auto* node = expr.As<Like>()) {
    Arguments arguments = {bind(node->operand), bind(node->pattern)};
    if (node->escape) arguments.push_back(bind(node->escape));
    return negate(Resolve(node->kind == LikeKind::kLike ? "LIKE" : "SIMILAR TO", std::move(arguments), expr),
                  node->negated);
  }
  if (auto* node = expr.As<Quantified>(); node && !node->query) {
    const bool any = node->quantifier != Quantifier::kAll;
    Arguments all;
    const Expression operand = bind(node->operand);
    for (const ExprPtr& element : node->list)
      all.push_back(Resolve(FunctionOf(node->op), {operand, bind(element)}, expr));
    return Connected(any ? "OR" : "AND", all);
  }
  if (expr.As<Exists>() || expr.As<ScalarQuery>() || expr.As<Quantified>()) {
    if (!context.subquery) FailAt(expr.span.begin, fmt::format("A subquery is not supported in {}", context.clause));
    return context.subquery(expr);
  }
  if (auto* node = expr.As<Case>()) return BindCase(*node, expr, context);
  if (auto* node = expr.As<Cast>()) return BindCast(*node, expr, context);
  if (auto* node = expr.As<Call>()) return BindCall(*node, expr, context);
  if (auto* node = expr.As<Collection>()) return BindCollection(*node, expr, context);
  if (auto* node = expr.As<RowValue>()) {
    Arguments arguments;
    for (const ExprPtr& field : node->fields) arguments.push_back(bind(field));
    return Resolve("ROW", std::move(arguments), expr);
  }
  if (auto* node = expr.As<Subscript>()) return BindItem(*node, expr, context);
  if (auto* node = expr.As<FieldAccess>()) return FieldOf(bind(node->operand), node->field, expr.span.begin, "this");
  if (expr.As<Star>()) FailAt(expr.span.begin, "* stands alone in a select list, or in COUNT(*)");
  FailAt(expr.span.begin, "This is not supported here");
}

}  // namespace thalweg::sql
