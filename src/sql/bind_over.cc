// OVER: its calls in a select list, their frames.
#include <algorithm>

#include "base/ascii.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;
using types::TypeId;

namespace {

bool IsOffset(const FrameBound& bound) {
  return bound.kind == FrameBoundKind::kPreceding || bound.kind == FrameBoundKind::kFollowing;
}

/// `ROWS n PRECEDING` goes to the current row; `ROWS n FOLLOWING` begins there, as in Flink.
std::pair<FrameBound, FrameBound> BoundsOf(const WindowFrame& frame) {
  if (frame.end) return {frame.start, *frame.end};
  const FrameBound current{FrameBoundKind::kCurrentRow, nullptr};
  if (frame.start.kind == FrameBoundKind::kFollowing || frame.start.kind == FrameBoundKind::kUnboundedFollowing)
    return {current, frame.start};
  return {frame.start, current};
}

/// Why the frame cannot be, in Calcite's words; empty if it can.
std::string FaultOf(const FrameBound& start, const FrameBound& end) {
  if (start.kind == FrameBoundKind::kUnboundedFollowing)
    return "UNBOUNDED FOLLOWING cannot be specified for the lower frame boundary";
  if (end.kind == FrameBoundKind::kUnboundedPreceding)
    return "UNBOUNDED PRECEDING cannot be specified for the upper frame boundary";
  const bool ends_before = end.kind == FrameBoundKind::kPreceding;
  if (start.kind == FrameBoundKind::kCurrentRow && ends_before)
    return "Upper frame boundary cannot be PRECEDING when lower boundary is CURRENT ROW";
  if (start.kind == FrameBoundKind::kFollowing && ends_before)
    return "Upper frame boundary cannot be PRECEDING when lower boundary is FOLLOWING";
  if (start.kind == FrameBoundKind::kFollowing && end.kind == FrameBoundKind::kCurrentRow)
    return "Upper frame boundary cannot be CURRENT ROW when lower boundary is FOLLOWING";
  return {};
}

/// A number or an interval of days to seconds.
bool IsNegative(const expr::Value& value) {
  if (value.type().id() == TypeId::kIntervalDayTime) return value.number<int64_t>() < 0;
  return value.ToString().starts_with('-');
}

}  // namespace

void Binder::BindFrame(const WindowFrame& frame, OverCalls::One& one, const Expr& expr) {
  const auto [start, end] = BoundsOf(frame);
  if (const std::string fault = FaultOf(start, end); !fault.empty()) FailAt(expr.span.begin, fault);
  if (!environment_.batch && end.kind != FrameBoundKind::kCurrentRow)
    FailAt(expr.span.begin, "OVER windows end at CURRENT ROW: rows that follow are not known in a stream");
  one.bounds.rows = frame.rows;
  one.bounds.start = BindFrameEdge(start, frame.rows);
  one.bounds.end = BindFrameEdge(end, frame.rows);
  if (frame.rows || !environment_.batch || !(IsOffset(start) || IsOffset(end))) return;

  // The first and the last value of the order's column within a row's frame, all three of one type.
  if (one.order.empty()) FailAt(expr.span.begin, "A RANGE with an offset needs ORDER BY in its OVER");
  if (one.order.size() > 1) FailAt(expr.span.begin, "RANGE clause cannot be used with compound ORDER BY clause");
  auto& [order, key] = one.order[0];
  // Integers go beyond their type.
  if (expr::IsInteger(order.type().id()))
    order = OrFail(expr::Cast(order, DataType::Decimal(20, 0, order.type().nullable())), expr.span.begin);
  std::vector<Expression> limits = {order};
  for (const FrameBound* bound : {&start, &end})
    if (IsOffset(*bound)) limits.push_back(LimitOf(*bound, order, key.descending));
  const std::optional<DataType> common = expr::CommonType(limits);
  if (!common) FailAt(expr.span.begin, "Data Type mismatch between ORDER BY and RANGE clause");
  for (Expression& limit : limits) limit = OrFail(expr::Cast(limit, *common), expr.span.begin);
  order = limits[0];
  if (IsOffset(start)) one.start_limit = limits[1];
  if (IsOffset(end)) one.end_limit = limits.back();
}

graph::FrameEdge Binder::BindFrameEdge(const FrameBound& bound, bool rows) {
  if (!IsOffset(bound)) return {.unbounded = bound.kind != FrameBoundKind::kCurrentRow};
  const Position at = bound.offset->span.begin;
  int64_t offset = 0;
  if (rows) {
    const expr::Value value = BindConstant(*bound.offset, "The frame of OVER");
    if (value.is_null() || value.type().id() != TypeId::kInt) FailAt(at, "ROWS needs a number of rows");
    offset = value.number<int32_t>();
  } else if (!environment_.batch) {
    offset = BindMillis(*bound.offset, "The frame of OVER");
  }
  if (offset < 0)
    FailAt(at, "A frame of OVER has a number of rows, or an interval, on a side of the row: not negative");
  return {.offset = bound.kind == FrameBoundKind::kPreceding ? -offset : offset};
}

Expression Binder::LimitOf(const FrameBound& bound, const Expression& order, bool descending) {
  const Position at = bound.offset->span.begin;
  const expr::Value offset = BindConstant(*bound.offset, "The frame of OVER");
  const TypeId type = order.type().id(), by = offset.type().id();
  if (by == TypeId::kIntervalYearMonth) FailAt(at, "INTERVAL_YEAR_MONTH type is not allowed for window boundary");
  const bool dates = expr::IsDatetime(type) && type != TypeId::kTime;
  if (!dates && !expr::IsNumeric(type)) FailAt(at, "Data type of ORDER BY prohibits use of RANGE clause");
  if (offset.is_null() || (dates ? by != TypeId::kIntervalDayTime : !expr::IsNumeric(by)))
    FailAt(at, "Data Type mismatch between ORDER BY and RANGE clause");
  if (IsNegative(offset))
    FailAt(at, "A frame of OVER has a number of rows, or an interval, on a side of the row: not negative");
  const bool less = (bound.kind == FrameBoundKind::kPreceding) != descending;
  return Resolve(less ? "-" : "+", {order, Expression::Literal(offset)}, *bound.offset);
}

Expression Binder::BindOver(const Call& call, const Expr& expr, const ExprContext& context) {
  if (!context.over) FailAt(expr.span.begin, fmt::format("OVER is not allowed in {}", context.clause));
  WindowSpec spec = *call.over;
  for (int depth = 0; spec.base; ++depth) {
    const NamedWindow* base = nullptr;
    for (const NamedWindow& named : *context.over->named)
      if (named.name.text == spec.base->text) base = &named;
    if (!base || depth > 100) FailAt(spec.base->span.begin, fmt::format("Window '{}' not found", spec.base->text));
    WindowSpec merged = base->spec;
    if (!spec.partition_by.empty()) merged.partition_by = spec.partition_by;
    if (!spec.order_by.empty()) merged.order_by = spec.order_by;
    if (spec.frame) merged.frame = spec.frame;
    spec = merged;
  }
  ExprContext rows = context;
  rows.over = nullptr;
  rows.clause = "OVER";
  OverCalls::One one;
  one.function = AsciiUpper(call.name.back().text);
  if (!environment_.batch && LooksAhead(one.function))
    FailAt(expr.span.begin,
           fmt::format("{} Function is not supported in stream mode: it waits for rows to come", one.function));
  if (!expr::FindAggregate(one.function))
    FailAt(expr.span.begin, fmt::format("{} is no aggregate function: OVER needs one", one.function));
  if (one.function.starts_with("JSON_"))  // its parser takes no OVER
    FailAt(expr.span.begin, fmt::format("{} has no OVER, as in Flink", one.function), "it is an aggregate of GROUP BY");
  one.at = expr.span.begin;
  one.distinct = call.quantifier == SetQuantifier::kDistinct;
  const bool star = call.arguments.size() == 1 && call.arguments[0]->As<Star>();
  if (!star)
    for (const ExprPtr& argument : call.arguments) one.arguments.push_back(BindExpr(*argument, rows));
  if ((one.function == "LAG" || one.function == "LEAD") && one.arguments.size() == 3 &&
      expr::CastsImplicitly(one.arguments[2].type(), one.arguments[0].type()))
    one.arguments[2] =
        OrFail(expr::Cast(one.arguments[2], one.arguments[0].type().WithNullable(one.arguments[2].type().nullable())),
               expr.span.begin);
  if (call.filter) one.filter = BindCondition(*call.filter, rows);
  for (const ExprPtr& partition : spec.partition_by) one.partition.push_back(BindExpr(*partition, rows));
  for (const OrderItem& item : spec.order_by) {
    graph::SortKey key{.descending = item.descending};
    key.nulls_last = item.nulls == NullOrder::kDefault ? item.descending : item.nulls == NullOrder::kLast;
    one.order.push_back({BindExpr(*item.expr, rows), key});
  }
  if (spec.frame)
    BindFrame(*spec.frame, one, expr);
  else
    one.bounds.rows = false;
  // It has no peers: as in Flink, whatever the frame of the aggregates beside it.
  if (one.function == "ROW_NUMBER") one.bounds = OverFrame{};
  std::vector<DataType> types;
  for (const Expression& argument : one.arguments) types.push_back(argument.type());
  one.type = OrFail(expr::AggregateResultType(one.function, types, true), expr.span.begin);
  if (IsApproximateCount(one.function, expr)) {
    one.function = "COUNT";
    one.distinct = true;
  }
  context.over->calls.push_back(one);
  return Expression::Input(kFirstOver + static_cast<int>(context.over->calls.size()) - 1, one.type);
}

// One plan node for the calls of one window; each appends its columns, so that those of the first stay where they are.
PlanPtr Binder::ApplyOver(const OverCalls& over, PlanPtr plan, std::vector<Expression>& columns) {
  const int first_over = static_cast<int>(plan->columns.size());
  std::vector<Expression> base = InputsOfAll(*plan);
  std::vector<std::string> names;
  for (const PlanColumn& column : plan->columns) names.push_back(column.name);
  auto place = [&](const Expression& e) {
    for (size_t i = 0; i < base.size(); ++i)
      if (base[i] == e) return static_cast<int>(i);
    base.push_back(e);
    names.push_back(fmt::format("$o{}", base.size() - 1));
    return static_cast<int>(base.size() - 1);
  };
  struct Group {
    std::vector<int> partition;
    std::vector<graph::SortKey> order;
    OverFrame frame;
    std::vector<size_t> members;
    std::vector<graph::AggregateCall> calls;
  };
  std::vector<Group> groups;
  for (size_t i = 0; i < over.calls.size(); ++i) {
    const OverCalls::One& one = over.calls[i];
    Group group;
    for (const Expression& e : one.partition) group.partition.push_back(place(e));
    for (auto [e, key] : one.order) {
      key.column = place(e);
      group.order.push_back(key);
    }
    group.frame = one.bounds;
    if (one.start_limit) group.frame.start.column = place(*one.start_limit);
    if (one.end_limit) group.frame.end.column = place(*one.end_limit);
    graph::AggregateCall call;
    call.function = one.function;
    for (const Expression& e : one.arguments) call.arguments.push_back(place(e));
    if (one.filter) call.filter = place(*one.filter);
    call.distinct = one.distinct;
    call.type = one.type;
    call.name = fmt::format("w0$o{}", i);
    auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.partition == group.partition && g.order == group.order && g.frame == group.frame;
    });
    if (same == groups.end()) same = groups.insert(groups.end(), std::move(group));
    same->members.push_back(i);
    same->calls.push_back(std::move(call));
  }
  const size_t width = base.size();
  plan = MakeCalc(std::move(plan), std::nullopt, base, names);
  std::vector<int> to(over.calls.size());
  int next = static_cast<int>(width);
  for (Group& group : groups) {
    for (size_t member : group.members) to[member] = next++;
    plan = MakeOver({std::move(plan), group.partition, group.order, std::move(group.calls), group.frame});
  }
  std::vector<int> remap(static_cast<size_t>(first_over) + over.calls.size());
  for (int i = 0; i < first_over; ++i) remap[static_cast<size_t>(i)] = i;
  for (size_t i = 0; i < to.size(); ++i) remap[static_cast<size_t>(first_over) + i] = to[i];
  for (Expression& column : columns) column = expr::RemapInputs(column, remap);
  return plan;
}

}  // namespace thalweg::sql
