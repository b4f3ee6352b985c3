// GROUP BY: keys, the older group windows, aggregates, grouping sets.
#include <algorithm>

#include "base/ascii.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"
#include "sql/decorrelate.h"

namespace thalweg::sql {

using expr::Expression;
using expr::Value;
using graph::WindowShape;
using types::DataType;
using types::TypeId;

namespace {

bool IsGroupWindow(std::string_view name) { return name == "TUMBLE" || name == "HOP" || name == "SESSION"; }

/// Calls `visit` with each expression below `expr`, itself first, but for what lies in subqueries.
template <typename F>
bool AnyExpr(const Expr& expr, F&& visit) {
  if (visit(expr)) return true;
  auto any = [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const ExprPtr& each) { return each && AnyExpr(*each, visit); });
  };
  if (auto* n = expr.As<Unary>()) return AnyExpr(*n->operand, visit);
  if (auto* n = expr.As<Is>()) return AnyExpr(*n->operand, visit);
  if (auto* n = expr.As<Logical>()) return any(n->operands);
  if (auto* n = expr.As<Binary>()) return AnyExpr(*n->left, visit) || AnyExpr(*n->right, visit);
  if (auto* n = expr.As<Between>())
    return AnyExpr(*n->operand, visit) || AnyExpr(*n->low, visit) || AnyExpr(*n->high, visit);
  if (auto* n = expr.As<In>()) return AnyExpr(*n->operand, visit) || any(n->list);
  if (auto* n = expr.As<Like>()) return AnyExpr(*n->operand, visit) || AnyExpr(*n->pattern, visit);
  if (auto* n = expr.As<Case>()) {
    if (n->operand && AnyExpr(*n->operand, visit)) return true;
    for (const Case::Branch& branch : n->branches)
      if (AnyExpr(*branch.when, visit) || AnyExpr(*branch.then, visit)) return true;
    return n->otherwise && AnyExpr(*n->otherwise, visit);
  }
  if (auto* n = expr.As<Cast>()) return AnyExpr(*n->operand, visit);
  if (auto* n = expr.As<Call>()) return any(n->arguments);
  if (auto* n = expr.As<Collection>()) return any(n->elements);
  if (auto* n = expr.As<RowValue>()) return any(n->fields);
  if (auto* n = expr.As<Subscript>()) return AnyExpr(*n->operand, visit) || AnyExpr(*n->index, visit);
  if (auto* n = expr.As<FieldAccess>()) return AnyExpr(*n->operand, visit);
  return false;
}

bool ContainsAggregate(const Expr& expr) {
  return AnyExpr(expr, [](const Expr& each) {
    auto* call = each.As<Call>();
    if (!call || call->over) return false;
    const std::string name = AsciiUpper(call->name.back().text);
    return expr::FindAggregate(name) && !expr::Registry::BuiltIn().Find(name);
  });
}

}  // namespace

bool Grouping::Aggregate::operator==(const Aggregate& other) const {
  return function == other.function && arguments == other.arguments && filter == other.filter &&
         distinct == other.distinct && ignore_nulls == other.ignore_nulls;
}

bool Binder::HasAggregates(const Select& select) const {
  if (select.group_by || select.having) return true;
  return std::any_of(select.items.begin(), select.items.end(),
                     [](const SelectItem& item) { return ContainsAggregate(*item.expr); });
}

bool HasGroupWindow(const Select& select) {
  return select.group_by && std::ranges::any_of(*select.group_by, [](const GroupingElement& element) {
           auto* call = element.kind == GroupingKind::kExpr ? element.exprs[0]->As<Call>() : nullptr;
           return call && IsGroupWindow(AsciiUpper(call->name.back().text));
         });
}

std::optional<WindowShape> Binder::GroupWindow(const Expr& expr, const Scope& scope) {
  auto* call = expr.As<Call>();
  if (!call) return std::nullopt;
  const std::string name = AsciiUpper(call->name.back().text);
  if (!IsGroupWindow(name)) return std::nullopt;
  const size_t intervals = name == "HOP" ? 2 : 1;
  if (call->arguments.size() != 1 + intervals)
    FailAt(expr.span.begin, fmt::format("{} takes a time attribute and {}", name,
                                        intervals == 2 ? "two intervals: slide and size" : "one interval"));
  Expression time = BindExpr(*call->arguments[0], {.scope = &scope, .clause = "GROUP BY"});
  WindowShape shape;
  if (time.kind() == Expression::Kind::kInput) shape.time_column = time.input();
  const bool timestamp = time.type().id() == TypeId::kTimestamp || time.type().id() == TypeId::kTimestampLtz;
  const bool any_time = environment_.batch && timestamp;  // all rows are there when windows are made
  if (shape.time_column < 0 ||
      (scope.plan->columns[static_cast<size_t>(shape.time_column)].time == TimeRole::kNone && !any_time))
    FailAt(call->arguments[0]->span.begin,
           fmt::format("{} needs a time attribute, this is {}", name, time.type().ToString()),
           "a column is one if WATERMARK FOR or PROCTIME() says so");
  shape.processing_time = scope.plan->columns[static_cast<size_t>(shape.time_column)].time == TimeRole::kProctime;
  if (environment_.batch && shape.processing_time)
    FailAt(call->arguments[0]->span.begin, "Window can not be defined over a proctime attribute column for batch mode",
           "all rows are read at one time");
  if (time.type().id() == TypeId::kTimestampLtz) shape.zone = environment_.zone;
  shape.kind = name == "TUMBLE" ? WindowShape::Kind::kTumble
               : name == "HOP"  ? WindowShape::Kind::kHop
                                : WindowShape::Kind::kSession;
  shape.size_ms = BindMillis(*call->arguments.back(), fmt::format("The size of {}", name));
  if (name == "HOP") shape.slide_ms = BindMillis(*call->arguments[1], "The slide of HOP");
  if (shape.size_ms <= 0 || (name == "HOP" && shape.slide_ms <= 0))
    FailAt(expr.span.begin, fmt::format("The intervals of {} must be positive", name));
  return shape;
}

void Binder::AddGroup(const ExprPtr& expr, Grouping& grouping) {
  if (auto window = GroupWindow(*expr, *grouping.input)) {
    if (grouping.window) FailAt(expr->span.begin, "Only one window may stand in GROUP BY");
    grouping.window = window;
    grouping.window_call = expr;
    return;
  }
  Expression key = BindExpr(*expr, {.scope = grouping.input, .clause = "GROUP BY"});
  if (std::find(grouping.keys.begin(), grouping.keys.end(), key) != grouping.keys.end()) return;
  grouping.keys.push_back(std::move(key));
  grouping.key_exprs.push_back(expr);
}

Grouping Binder::BindGrouping(const Select& select, const Scope& scope) {
  Grouping grouping;
  grouping.input = &scope;
  if (!select.late_into.empty()) {
    grouping.late = BindLate(select.late_into);
    grouping.late_at = select.late_into[0].span.begin;
  }
  if (!select.group_by) return grouping;
  const bool plain = std::all_of(select.group_by->begin(), select.group_by->end(), [](const GroupingElement& element) {
    return element.kind == GroupingKind::kExpr || element.kind == GroupingKind::kEmpty;
  });
  if (!plain) {
    BindGroupingSets(select, grouping);
    return grouping;
  }
  for (const GroupingElement& element : *select.group_by)
    if (element.kind == GroupingKind::kExpr) AddGroup(element.exprs[0], grouping);
  return grouping;
}

// An expression over the rows that is a group key as a whole; a column that is none cannot be had.
std::optional<Expression> Binder::MatchGroup(const Expr& expr, const ExprContext& context) {
  Grouping& grouping = *context.grouping;
  if (ContainsAggregate(expr)) return std::nullopt;
  if (expr.As<sql::Literal>() || expr.As<IntervalLiteral>() || expr.As<Symbol>()) return std::nullopt;
  std::optional<Expression> bound;
  try {
    bound = BindExpr(expr, {.scope = grouping.input, .clause = context.clause});
  } catch (const SyntaxError&) {
    if (expr.As<ColumnRef>()) throw;
    return std::nullopt;  // a part of it is to blame, and found there
  }
  for (size_t i = 0; i < grouping.keys.size(); ++i)
    if (grouping.keys[i] == *bound) return Expression::Input(static_cast<int>(i), grouping.KeyType(i));
  if (HasOuter(*bound) && expr::InputsOf(*bound).empty()) return bound;
  if (auto* column = expr.As<ColumnRef>())
    FailAt(expr.span.begin, fmt::format("Expression '{}' is not being grouped", column->name.back().text),
           "add it to GROUP BY, or use it in an aggregate function");
  return std::nullopt;
}

std::optional<Expression> Binder::BindWindowProperty(const Call& call, const Expr& expr, const ExprContext& context) {
  const std::string name = AsciiUpper(call.name.back().text);
  const size_t underscore = name.find('_');
  if (underscore == std::string::npos || !IsGroupWindow(name.substr(0, underscore))) return std::nullopt;
  const std::string part = name.substr(underscore + 1);
  std::optional<WindowProperty> property;
  if (part == "START") property = WindowProperty::kStart;
  if (part == "END") property = WindowProperty::kEnd;
  if (part == "ROWTIME") property = WindowProperty::kTime;
  if (part == "PROCTIME") property = WindowProperty::kProcessingTime;
  if (!property) return std::nullopt;
  if (!context.grouping || !context.grouping->window)
    FailAt(expr.span.begin, fmt::format("{} needs {} in GROUP BY", name, name.substr(0, underscore)));
  Grouping& grouping = *context.grouping;
  Call same = call;
  same.name.back().text = name.substr(0, underscore);
  Expr window_expr{expr.span, same};
  auto shape = GroupWindow(window_expr, *grouping.input);
  if (shape != grouping.window)
    FailAt(expr.span.begin, fmt::format("{} is of another window than that of GROUP BY", name));
  if (property == WindowProperty::kTime && shape->processing_time)
    FailAt(expr.span.begin, "A proctime window cannot provide a rowtime attribute",
           fmt::format("write {}_PROCTIME", name.substr(0, underscore)));
  if (property == WindowProperty::kProcessingTime && environment_.batch)
    FailAt(expr.span.begin, "PROCTIME window property is not supported in batch queries");
  auto found = std::find(grouping.properties.begin(), grouping.properties.end(), *property);
  const auto index = static_cast<int>(found - grouping.properties.begin());
  if (found == grouping.properties.end()) grouping.properties.push_back(*property);
  const bool ltz =
      *property == WindowProperty::kProcessingTime ||
      (*property == WindowProperty::kTime &&
       grouping.input->plan->columns[static_cast<size_t>(shape->time_column)].type.id() == TypeId::kTimestampLtz);
  // Aggregates are still being found: properties are counted from the end, and moved when all are known.
  return Expression::Input(kFirstProperty + index,
                           ltz ? DataType::TimestampLtz(3, false) : DataType::Timestamp(3, false));
}

TablePtr Binder::BindLate(const Name& name) const {
  const ObjectPath path = PathOf(name);
  TablePtr table = environment_.catalog.FindTable(path);
  if (!table) FailAt(name[0].span.begin, environment_.catalog.NoTable(path).message());
  if (table->is_view()) FailAt(name[0].span.begin, fmt::format("A view cannot be written: {}", path.ToString()));
  return table;
}

// The table's columns are those of the rows by name; the window that a row came too late for is none of its own.
LateRows Binder::LateRowsOf(const Grouping& grouping, const std::function<int(const Expression&)>& place) const {
  const Plan& rows = *grouping.input->plan;
  LateRows late{grouping.late, {}};
  bool any = false;
  for (int target : late.table->Writable()) {
    const TableColumn& column = late.table->columns[static_cast<size_t>(target)];
    int found = -1;
    for (size_t i = 0; i < rows.columns.size() && found < 0; ++i) {
      const int index = static_cast<int>(i);
      const bool of_window =
          rows.window && (index == rows.window->start || index == rows.window->end || index == rows.window->time);
      if (rows.columns[i].name == column.name && !of_window) found = index;
    }
    if (found < 0 && !column.type.nullable())
      FailAt(grouping.late_at,
             fmt::format("Column '{}' of {} is NOT NULL, and the rows of the window have none of that name",
                         column.name, late.table->path.ToString()));
    if (found >= 0 && !expr::CastsImplicitly(rows.columns[static_cast<size_t>(found)].type, column.type))
      FailAt(grouping.late_at, fmt::format("Column '{}' of {} is {}, the rows of the window have {}", column.name,
                                           late.table->path.ToString(), column.type.ToString(),
                                           rows.columns[static_cast<size_t>(found)].type.ToString()));
    any = any || found >= 0;
    late.inputs.push_back(found < 0 ? -1 : place(InputOf(rows, found)));
  }
  if (!any)
    FailAt(grouping.late_at,
           fmt::format("No column of {} is among the rows of the window", late.table->path.ToString()));
  return late;
}

namespace {

/// Windows are by milliseconds: in batch mode a finer column may be given.
Expression OfMillis(Expression time) {
  const DataType& type = time.type();
  if (type.precision() <= 3) return time;
  const DataType millis = type.id() == TypeId::kTimestampLtz ? DataType::TimestampLtz(3, type.nullable())
                                                             : DataType::Timestamp(3, type.nullable());
  return expr::Cast(std::move(time), millis).value();
}

}  // namespace

PlanPtr Binder::ApplyGrouping(const Grouping& grouping, PlanPtr plan) {
  std::vector<Expression> columns;
  std::vector<std::string> names;
  // Of grouping sets an aggregate of a key is over the row's own value, not over the NULL that stands for it in some sets.
  size_t shared = 0;
  auto append = [&](const Expression& e) {
    columns.push_back(e);
    names.push_back(e.kind() == Expression::Kind::kInput
                        ? grouping.input->plan->columns[static_cast<size_t>(e.input())].name
                        : fmt::format("$f{}", columns.size() - 1));
    return static_cast<int>(columns.size() - 1);
  };
  auto place = [&](const Expression& e) {
    for (size_t i = shared; i < columns.size(); ++i)
      if (columns[i] == e) return static_cast<int>(i);
    return append(e);
  };
  AggregatePlan node;
  node.ttl_ms = grouping.ttl_ms;
  for (const Expression& key : grouping.keys) {
    const bool is_number = !grouping.sets.empty() && &key == &grouping.keys.back();
    node.keys.push_back(is_number ? append(Expression::Literal(expr::Value::BigInt(0))) : place(key));
  }
  if (!grouping.sets.empty()) shared = columns.size();
  for (const Grouping::Aggregate& aggregate : grouping.aggregates) {
    graph::AggregateCall call;
    call.function = aggregate.function;
    for (const Expression& argument : aggregate.arguments) call.arguments.push_back(place(argument));
    if (aggregate.filter) call.filter = place(*aggregate.filter);
    call.distinct = aggregate.distinct;
    call.ignore_nulls = aggregate.ignore_nulls;
    call.type = aggregate.type;
    call.name = fmt::format("EXPR${}", node.calls.size());
    node.calls.push_back(std::move(call));
  }
  if (grouping.window) {
    node.window = grouping.window;
    node.window->time_column = place(OfMillis(InputOf(*plan, grouping.window->time_column)));
    node.properties = grouping.properties;
  }
  if (grouping.late && !grouping.sets.empty())
    FailAt(grouping.late_at,
           "LATE DATA INTO is not supported with GROUPING SETS, ROLLUP and CUBE: a row is late for each of the sets");
  if (grouping.late) node.late = LateRowsOf(grouping, place);
  node.input = MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
  if (!grouping.sets.empty()) node.input = ExpandSets(std::move(node.input), grouping);
  return MakeAggregate(std::move(node));
}

}  // namespace thalweg::sql
