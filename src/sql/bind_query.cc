// Queries: WITH, set operations, VALUES, ORDER BY and LIMIT of what is no SELECT.
#include <algorithm>
#include <numeric>
#include <set>

#include "expr/evaluator.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"
#include "sql/cursor.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;

std::string UniqueName(const std::string& name, std::set<std::string>& taken) {
  std::string unique = name;
  for (int attempt = 0; !taken.insert(unique).second; ++attempt) unique = fmt::format("{}{}", name, attempt);
  return unique;
}

namespace {

/// Only a result has names of its own: inside, a name that two columns have is ambiguous.
PlanPtr WithUniqueNames(PlanPtr plan) {
  std::set<std::string> taken;
  std::vector<std::string> names;
  for (const PlanColumn& column : plan->columns) names.push_back(UniqueName(column.name, taken));
  if (std::ranges::equal(names, plan->columns, {}, {}, &PlanColumn::name)) return plan;
  std::vector<Expression> columns = InputsOfAll(*plan);
  return MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
}

}  // namespace

Result<PlanPtr> BindQuery(const Query& query, std::string_view text, const BindEnvironment& environment) {
  try {
    return WithUniqueNames(Binder(environment).BindQuery(query));
  } catch (const SyntaxError& error) {
    return RenderSyntaxError(error, text);
  }
}

int64_t Binder::BindCount(const ExprPtr& expr, std::string_view what) {
  if (!expr) return 0;
  const expr::Value value = BindConstant(*expr, what);
  int64_t count = -1;
  if (!value.is_null() && value.type().id() == types::TypeId::kInt) count = value.number<int32_t>();
  if (!value.is_null() && value.type().id() == types::TypeId::kBigInt) count = value.number<int64_t>();
  if (count < 0) FailAt(expr->span.begin, fmt::format("{} must be a number of rows, not {}", what, value.ToString()));
  return count;
}

PlanPtr Binder::Distinct(PlanPtr plan) {
  std::vector<int> keys(plan->columns.size());
  std::iota(keys.begin(), keys.end(), 0);
  return MakeAggregate({.input = std::move(plan), .keys = std::move(keys)});
}

namespace {

/// Columns that a common table names twice.
void CheckNamesOf(const CommonTable& table, const Plan& plan) {
  std::set<std::string> names;
  for (const Identifier& column : table.columns)
    if (!names.insert(column.text).second)
      FailAt(column.span.begin, fmt::format("Duplicate name '{}' in column list", column.text));
  if (!table.columns.empty()) return;
  auto* select = std::get_if<Select>(&table.query->node);
  const bool items_are_columns = select && std::ranges::none_of(select->items, [](const SelectItem& item) {
                                   return item.expr->As<Star>() || item.expr->As<FieldStar>();
                                 });
  for (size_t i = 0; i < plan.columns.size(); ++i)
    if (!names.insert(plan.columns[i].name).second)
      FailAt(items_are_columns ? select->items[i].expr->span.begin : table.query->span.begin,
             fmt::format("Column has duplicate column name '{}' and no column list specified", plan.columns[i].name));
}

}  // namespace

PlanPtr Binder::BindQuery(const Query& query, const Scope* outer) {
  if (query.recursive && !query.with.empty())
    FailAt(query.with[0].name.span.begin, "WITH RECURSIVE is not supported: Flink has none either",
           "a query that is not recursive is WITH alone");
  // The parser bounds one text; views put one into another.
  constexpr int kDeepestQueries = kMaxTreeDepth + kMaxNesting;
  if (queries_ >= kDeepestQueries)
    FailAt(query.span.begin, fmt::format("Queries stand in queries more than {} deep", kDeepestQueries));
  common_tables_.emplace_back();
  ++queries_;
  struct Leave {
    Binder& binder;
    ~Leave() {
      binder.common_tables_.pop_back();
      --binder.queries_;
    }
  } leave{*this};
  for (const CommonTable& table : query.with) {
    // A common table may be read in subqueries at any depth: it has no query around it.
    PlanPtr plan = BindQuery(*table.query);
    CheckNamesOf(table, *plan);
    if (!table.columns.empty()) {
      if (table.columns.size() != plan->columns.size())
        FailAt(table.name.span.begin, fmt::format("'{}' names {} columns, its query has {}", table.name.text,
                                                  table.columns.size(), plan->columns.size()));
      std::vector<std::string> names;
      for (const Identifier& column : table.columns) names.push_back(column.text);
      std::vector<Expression> columns = InputsOfAll(*plan);
      plan = MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
    }
    common_tables_.back()[table.name.text] = std::move(plan);
  }
  return BindBody(query, outer);
}

PlanPtr Binder::BindBody(const Query& query, const Scope* outer) {
  if (auto* select = std::get_if<Select>(&query.node)) return BindSelect(*select, query, outer);
  PlanPtr plan;
  if (auto* operation = std::get_if<SetOperation>(&query.node))
    plan = BindSetOperation(*operation, outer, query.span.begin);
  else if (auto* values = std::get_if<Values>(&query.node))
    plan = BindValues(*values, outer, query.span.begin);
  else if (auto* table = std::get_if<TableQuery>(&query.node))
    plan = AllColumns(*table, TableScan(table->name, {}, query.span), query.span.begin);
  else
    plan = BindQuery(*std::get<NestedQuery>(query.node).query, outer);
  return BindOrder(query, std::move(plan));
}

PlanPtr Binder::BindOrder(const Query& query, PlanPtr plan) {
  if (query.order_by.empty() && !query.limit && !query.offset) return plan;
  SortPlan sort;
  Scope scope;
  scope.plan = plan;
  scope.sources.push_back({"", std::nullopt, 0, static_cast<int>(plan->columns.size())});
  for (const OrderItem& item : query.order_by) {
    graph::SortKey key{.descending = item.descending};
    key.nulls_last = item.nulls == NullOrder::kDefault ? item.descending : item.nulls == NullOrder::kLast;
    auto* literal = item.expr->As<sql::Literal>();
    if (literal && literal->kind == LiteralKind::kInteger) {
      key.column = std::atoi(literal->text.c_str()) - 1;
      if (key.column < 0 || key.column >= static_cast<int>(plan->columns.size()))
        FailAt(item.expr->span.begin, fmt::format("Ordinal out of range: {}", literal->text));
    } else {
      const Expression by = BindExpr(*item.expr, {.scope = &scope, .clause = "ORDER BY"});
      if (by.kind() != Expression::Kind::kInput)
        FailAt(item.expr->span.begin, "Behind a set operation ORDER BY takes columns of the result");
      key.column = by.input();
    }
    sort.keys.push_back(key);
  }
  sort.offset = BindCount(query.offset, "OFFSET");
  if (query.limit) sort.limit = BindCount(query.limit, "LIMIT");
  sort.input = std::move(plan);
  return MakeSort(std::move(sort));
}

std::vector<PlanPtr> Binder::CastToCommon(std::vector<PlanPtr> inputs, const Position& at, std::string_view what) {
  const size_t width = inputs[0]->columns.size();
  for (const PlanPtr& input : inputs)
    if (input->columns.size() != width)
      FailAt(at, fmt::format("Column count mismatch in {}: {} and {}", what, width, input->columns.size()));
  std::vector<DataType> common;
  for (size_t i = 0; i < width; ++i) {
    std::vector<DataType> types;
    for (const PlanPtr& input : inputs) types.push_back(input->columns[i].type);
    auto type = expr::CommonType(std::span<const DataType>(types));
    if (!type)
      FailAt(at, fmt::format("Type mismatch in column {} of {}: {} and {}", i + 1, what, types[0].ToString(),
                             types.back().ToString()));
    common.push_back(*type);
  }
  for (PlanPtr& input : inputs) {
    bool casts = false;
    std::vector<Expression> columns;
    std::vector<std::string> names;
    for (size_t i = 0; i < width; ++i) {
      Expression column = InputOf(*input, static_cast<int>(i));
      if (!expr::SameType(column.type(), common[i])) {
        casts = true;
        column = expr::Coerced(std::move(column), common[i]);
      }
      columns.push_back(std::move(column));
      names.push_back(inputs[0]->columns[i].name);
    }
    if (casts) input = MakeCalc(std::move(input), std::nullopt, std::move(columns), std::move(names));
  }
  return inputs;
}

// INTERSECT ALL and EXCEPT ALL: how often a row stands on each side says how often it stands in the result.
PlanPtr MakeCountedSet(bool intersect, PlanPtr left, PlanPtr right) {
  const int width = static_cast<int>(left->columns.size());
  const Expression here = Expression::Literal(expr::Value::Boolean(true));
  const Expression nothing = Expression::Literal(expr::Value::Null(DataType(types::TypeId::kBoolean)));
  std::vector<std::string> names;
  for (const PlanColumn& column : left->columns) names.push_back(column.name);
  std::vector<std::string> marked = names;
  marked.insert(marked.end(), {"$left", "$right"});
  auto mark = [&](PlanPtr side, bool is_left) {
    std::vector<Expression> columns = InputsOfAll(*side);
    columns.push_back(is_left ? here : nothing);
    columns.push_back(is_left ? nothing : here);
    return MakeCalc(std::move(side), std::nullopt, std::move(columns), marked);
  };
  AggregatePlan counts{.input = MakeUnion({mark(std::move(left), true), mark(std::move(right), false)})};
  counts.keys.resize(static_cast<size_t>(width));
  std::iota(counts.keys.begin(), counts.keys.end(), 0);
  for (int side = 0; side < 2; ++side) {
    graph::AggregateCall call;
    call.function = "COUNT";
    call.arguments = {width + side};
    call.type = DataType(types::TypeId::kBigInt, false);
    call.name = side == 0 ? "$lefts" : "$rights";
    counts.calls.push_back(std::move(call));
  }
  PlanPtr counted = MakeAggregate(std::move(counts));
  const Expression lefts = InputOf(*counted, width), rights = InputOf(*counted, width + 1);
  auto call = [](std::string_view function, std::vector<Expression> arguments) {
    return expr::Resolve(function, std::move(arguments)).value();
  };
  const Expression zero = Expression::Literal(expr::Value::BigInt(0));
  std::vector<Expression> columns = InputsOfAll(*counted);
  columns.resize(static_cast<size_t>(width));
  std::vector<std::string> copied = names;
  columns.push_back(intersect ? call("CASE", {call(">", {lefts, rights}), rights, lefts}) : call("-", {lefts, rights}));
  copied.push_back("$copies");
  Expression some =
      intersect ? call("AND", {call(">", {lefts, zero}), call(">", {rights, zero})}) : call(">", {lefts, rights});
  PlanPtr rows = MakeCalc(std::move(counted), std::move(some), std::move(columns), std::move(copied));
  const Expression copies = InputOf(*rows, width);
  PlanPtr plan = MakeUnnest({.input = std::move(rows), .collection = copies}, {});
  std::vector<Expression> kept = InputsOfAll(*plan);
  kept.resize(static_cast<size_t>(width));
  return MakeCalc(std::move(plan), std::nullopt, std::move(kept), std::move(names));
}

PlanPtr Binder::BindSetOperation(const SetOperation& operation, const Scope* outer, const Position& at) {
  const std::string_view what = operation.op == SetOp::kUnion       ? "UNION"
                                : operation.op == SetOp::kIntersect ? "INTERSECT"
                                                                    : "EXCEPT";
  std::vector<PlanPtr> inputs = CastToCommon({BindQuery(*operation.left, outer), BindQuery(*operation.right, outer)},
                                             operation.right->span.begin, what);
  if (operation.op == SetOp::kUnion) {
    PlanPtr plan = MakeUnion(std::move(inputs));
    return operation.all ? plan : Distinct(std::move(plan));
  }
  if (operation.all)
    return MakeCountedSet(operation.op == SetOp::kIntersect, std::move(inputs[0]), std::move(inputs[1]));
  JoinPlan join;
  join.type = operation.op == SetOp::kIntersect ? JoinType::kSemi : JoinType::kAnti;
  for (int i = 0; i < static_cast<int>(inputs[0]->columns.size()); ++i) join.keys.push_back({i, i, true});
  join.left = std::move(inputs[0]);
  join.right = std::move(inputs[1]);
  return Distinct(MakeJoin(std::move(join)));
}

PlanPtr Binder::BindValues(const Values& values, const Scope* outer, const Position& at) {
  std::vector<std::vector<Expression>> rows;
  std::vector<std::vector<ExprPtr>> written;
  for (const ExprPtr& row : values.rows) {
    std::vector<Expression> columns;
    auto* tuple = row->As<RowValue>();
    written.push_back(tuple ? tuple->fields : std::vector<ExprPtr>{row});
    for (const ExprPtr& field : written.back()) columns.push_back(BindExpr(*field, {.clause = "VALUES"}));
    if (!rows.empty() && rows[0].size() != columns.size())
      FailAt(row->span.begin, fmt::format("VALUES rows have {} and {} columns", rows[0].size(), columns.size()));
    rows.push_back(std::move(columns));
  }
  PlanColumns columns;
  for (size_t i = 0; i < rows[0].size(); ++i) {
    std::vector<DataType> types;
    for (const auto& row : rows) types.push_back(row[i].type());
    auto type = expr::CommonType(std::span<const DataType>(types));
    for (size_t row = 1; !type; ++row) {
      const auto before = expr::CommonType(std::span<const DataType>(types).first(row));
      if (row + 1 < rows.size() && expr::CommonType(std::span<const DataType>(types).first(row + 1))) continue;
      FailAt(written[row][i]->span.begin,
             fmt::format("Values in column {} of VALUES have no type in common: this is {}, those before are {}", i + 1,
                         types[row].WithNullable(true).ToString(), before->WithNullable(true).ToString()));
    }
    columns.push_back({fmt::format("EXPR${}", i), *type});
  }
  // Rows of constants are computed now; others (clocks, random) when the job runs, each row a plan of its own.
  columns::BufferPool pool;
  auto zone = OrFail(expr::Zone::Find(environment_.zone), at);
  std::vector<std::vector<expr::Value>> constants;
  for (size_t row = 0; row < rows.size(); ++row) {
    std::vector<expr::Value> cells;
    for (size_t i = 0; i < rows[row].size(); ++i) {
      Expression cell = expr::Coerced(std::move(rows[row][i]), columns[i].type);
      cells.push_back(OrFail(
          expr::EvaluateConstant(cell, {.pool = pool, .query_start_ms = environment_.query_start_ms, .zone = &zone}),
          written[row][i]->span.begin));
    }
    constants.push_back(std::move(cells));
  }
  return MakeValues(std::move(columns), std::move(constants));
}

}  // namespace thalweg::sql
