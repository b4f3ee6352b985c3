// SELECT: from, where, groups, the select list.
#include <algorithm>

#include "expr/evaluator.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"
#include "sql/hints.h"
#include "sql/time_attributes.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;
using types::TypeId;

/// Where the columns come to stand that are counted from kFirstProperty, kFirstOver, kFirstSubquery.
struct Binder::Settled {
  int first_property = 0;
  int first_over = 0;
  std::vector<int> subqueries;

  int PlaceOf(int input) const {
    if (input >= kFirstSubquery) return subqueries[static_cast<size_t>(input - kFirstSubquery)];
    if (input >= kFirstOver) return first_over + input - kFirstOver;
    return input >= kFirstProperty ? first_property + input - kFirstProperty : input;
  }
  Expression operator()(const Expression& expression) const {
    const std::vector<int> inputs = expr::InputsOf(expression);
    if (inputs.empty() || inputs.back() < kFirstProperty) return expression;
    std::vector<int> to(static_cast<size_t>(inputs.back()) + 1);
    for (int input : inputs) to[static_cast<size_t>(input)] = PlaceOf(input);
    return expr::RemapInputs(expression, to);
  }
  void operator()(std::vector<Expression>& expressions) const {
    for (Expression& e : expressions) e = (*this)(e);
  }
};

std::string Binder::NameOf(const SelectItem& item, size_t index) const {
  if (item.alias) return item.alias->text;
  if (auto* column = item.expr->As<ColumnRef>()) return column->name.back().text;
  if (auto* field = item.expr->As<FieldAccess>()) return field->field.text;
  if (auto* call = item.expr->As<Call>(); call && IsWordOfColumn(*call)) return call->name.back().text;
  return fmt::format("EXPR${}", index);
}

/// `a.b.*` of a column that is a ROW: its fields.
bool Binder::ExpandRow(const Star& star, const Scope& scope, const Position& at, std::vector<Item>& items) {
  Expr column{.node = ColumnRef{.name = star.qualifier}};
  column.span.begin = at;
  const std::string& name = star.qualifier.back().text;
  const bool known = std::any_of(scope.plan->columns.begin(), scope.plan->columns.end(),
                                 [&](const PlanColumn& each) { return each.name == star.qualifier[0].text; });
  if (!known && star.qualifier.size() == 1) {
    std::vector<std::string> tables;
    for (const Scope::Source& source : scope.sources) tables.push_back(source.alias);
    FailAt(at, fmt::format("Unknown identifier '{}'", name),
           tables.empty() ? "there is no FROM" : fmt::format("the tables here are {}", fmt::join(tables, ", ")));
  }
  const Expression row = BindColumn(std::get<ColumnRef>(column.node), column, {.scope = &scope, .clause = "SELECT"});
  if (row.type().id() != types::TypeId::kRow)
    FailAt(at, fmt::format("{} is of type {}: only a table or a ROW has columns behind .*", name,
                           row.type().WithNullable(true).ToString()));
  for (const types::Field& field : row.type().children()) {
    if (std::any_of(star.exclude.begin(), star.exclude.end(),
                    [&](const Identifier& e) { return e.text == field.name; }))
      continue;
    items.push_back({field.name, nullptr,
                     OrFail(expr::Resolve("FIELD", {row, Expression::Literal(expr::Value::String(field.name))}), at)});
  }
  return true;
}

void Binder::ExpandStar(const Star& star, const Scope& scope, const Position& at, std::vector<Item>& items) {
  constexpr int kMerged = -1, kField = -2;
  bool found = false;
  std::vector<Item> all;
  std::vector<StarColumn> columns;
  auto excluded = [&](const std::string& name) {
    return std::any_of(star.exclude.begin(), star.exclude.end(), [&](const Identifier& e) { return e.text == name; });
  };
  auto is_merged = [&](const std::string& name) {
    return std::any_of(scope.merged.begin(), scope.merged.end(), [&](const auto& each) { return each.first == name; });
  };
  auto add = [&](int source, const std::string& name, int column) {
    all.push_back({name, nullptr, InputOf(*scope.plan, column)});
    columns.push_back({source, name});
  };
  if (star.qualifier.empty())
    for (const auto& [name, column] : scope.merged) add(kMerged, name, column);
  for (size_t s = 0; s < scope.sources.size(); ++s) {
    const Scope::Source& source = scope.sources[s];
    if (!star.qualifier.empty() && source.alias != star.qualifier.back().text) continue;
    found = true;
    for (int i = source.first; i < source.first + source.count; ++i) {
      const std::string& name = scope.plan->columns[static_cast<size_t>(i)].name;
      if (excluded(name) || (star.qualifier.empty() && is_merged(name))) continue;
      add(static_cast<int>(s), name, i);
    }
  }
  if (!found && !star.qualifier.empty()) {
    found = ExpandRow(star, scope, at, all);
    for (const Item& field : all) columns.push_back({kField, field.name});
  }
  if (!found && !star.qualifier.empty()) FailAt(at, fmt::format("Unknown identifier '{}'", star.qualifier.back().text));
  if (!found) FailAt(at, "SELECT * needs a FROM clause");
  std::set<std::pair<int, std::string>> names;
  for (const StarColumn& column : columns)
    if (!names.insert({column.source, column.name}).second)
      FailAt(at, fmt::format("Column '{}' is ambiguous", column.name),
             "the query in FROM has two of that name: AS gives one of them another");
  for (size_t kept : AsWhenMade(&star, columns, at)) items.push_back(std::move(all[kept]));
}

std::vector<Binder::Item> Binder::ExpandItems(const Select& select, const Scope& scope) {
  std::vector<Item> items;
  std::set<std::string> taken;
  for (const SelectItem& item : select.items) {
    const size_t first = items.size();
    const bool starred = item.expr->As<Star>() || item.expr->As<FieldStar>();
    if (auto* star = item.expr->As<Star>()) {
      ExpandStar(*star, scope, item.expr->span.begin, items);
    } else if (auto* fields = item.expr->As<FieldStar>()) {
      const Expression row = BindExpr(*fields->operand, {.scope = &scope, .clause = "SELECT"});
      if (row.type().id() != TypeId::kRow)
        FailAt(item.expr->span.begin, fmt::format(".* needs a ROW, this is {}", row.type().ToString()));
      for (const types::Field& field : row.type().children())
        items.push_back({field.name, nullptr,
                         Resolve("FIELD", {row, Expression::Literal(expr::Value::String(field.name))}, *item.expr)});
    } else {
      items.push_back({NameOf(item, items.size()), item.expr, std::nullopt});
    }
    // As in Calcite: what a star stands for gets names that are not there yet, what is named by hand keeps its name.
    for (size_t i = first; i < items.size(); ++i)
      if (starred)
        items[i].name = UniqueName(items[i].name, taken);
      else
        taken.insert(items[i].name);
  }
  return items;
}

void Binder::BindWhere(const Expr& where, Scope& scope) {
  const size_t width = scope.plan->columns.size();
  const Conditions conditions =
      BindConditions(where, WithSubqueries({.scope = &scope, .clause = "WHERE"}, scope), scope);
  scope.plan = Trimmed(ApplyConditions(conditions, scope.plan), width);
}

// Groups, what subqueries give for each of them, and those that HAVING keeps. `settled` learns where the columns are.
PlanPtr Binder::ApplyGroups(Grouping& grouping, Conditions& having, const Scope& scope, Settled& settled) {
  PlanPtr plan = ApplyGrouping(grouping, scope.plan);
  settled.first_property = static_cast<int>(grouping.keys.size() + grouping.aggregates.size());
  Position at;
  const auto key_of = [&](int column) {
    for (size_t i = 0; i < grouping.keys.size(); ++i)
      if (grouping.keys[i].kind() == Expression::Kind::kInput && grouping.keys[i].input() == column)
        return static_cast<int>(i);
    FailAt(at,
           fmt::format("Column '{}', which the subquery refers to, is not being grouped",
                       scope.plan->columns[static_cast<size_t>(column)].name),
           "add it to GROUP BY");
  };
  for (SubqueryUse& use : grouping.subqueries) {
    at = use.at;
    settled(use.operands);
    std::vector<Expression> columns = InputsOfAll(*plan);
    std::vector<std::string> names;
    for (const PlanColumn& column : plan->columns) names.push_back(column.name);
    columns.push_back(SubqueryValue(use, plan, key_of));
    names.push_back(fmt::format("$subquery{}", settled.subqueries.size()));
    settled.subqueries.push_back(static_cast<int>(columns.size()) - 1);
    plan = MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
  }
  settled(having.conjuncts);
  if (auto condition = JoinConjuncts(having.conjuncts)) plan = MakeFilter(std::move(plan), *condition);
  for (SubqueryUse& use : having.joins) {
    at = use.at;
    settled(use.operands);
    plan = ApplySemiJoin(use, std::move(plan), key_of);
  }
  return plan;
}

void Binder::CheckConstants(const Select& select, const Query& query, const std::vector<Expression>& columns) const {
  // Of a view's query, or where no row may be asked for, the job tells.
  if (select.from || select.where || query.limit || query.offset || queries_ > 1 || environment_.stars) return;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].may_fail() || !columns[i].deterministic() || !expr::InputsOf(columns[i]).empty()) continue;
    const Position& at = select.items[std::min(i, select.items.size() - 1)].expr->span.begin;  // .* is several
    columns::BufferPool pool;
    auto zone = OrFail(expr::Zone::Find(environment_.zone), at);
    OrFail(expr::EvaluateConstant(columns[i],
                                  {.pool = pool, .query_start_ms = environment_.query_start_ms, .zone = &zone}),
           at);
  }
}

PlanPtr Binder::BindSelect(const Select& select, const Query& query, const Scope* outer) {
  Scope scope;
  struct Leave {
    std::vector<const Select*>& selects;
    ~Leave() { selects.pop_back(); }
  } leave{selects_};
  selects_.push_back(&select);
  ttl_hints_.push_back(TtlHints(select));
  if (select.from)
    scope = BindFrom(*select.from, outer);
  else
    scope.plan = MakeOneRow();
  scope.outer = outer;
  CheckJoinHints(select.hints, [&](const std::string& name) {
    return std::any_of(scope.sources.begin(), scope.sources.end(),
                       [&](const auto& each) { return each.alias == name; });
  });
  if (select.where) BindWhere(*select.where, scope);
  if (HasGroupWindow(select)) scope.plan = WithTimeAttributes(std::move(scope.plan));

  Grouping grouping;
  ExprContext context = WithSubqueries({.scope = &scope, .clause = "SELECT"}, scope);
  OverCalls over;
  over.named = &select.windows;
  const bool grouped = HasAggregates(select);
  if (grouped) {
    grouping = BindGrouping(select, scope);
    grouping.ttl_ms = StateTtlOf(scope);
    grouping.subquery_of_rows = context.subquery;
    context.grouping = &grouping;
    context.subquery = [this, &context, &grouping, &scope](const Expr& expr) {
      ExprContext plain = context;
      plain.subquery = nullptr;
      grouping.subqueries.push_back(BindSubquery(expr, plain, scope));
      return Expression::Input(kFirstSubquery + static_cast<int>(grouping.subqueries.size()) - 1,
                               grouping.subqueries.back().type());
    };
  }
  CheckTtlHints();
  ttl_hints_.pop_back();
  context.over = &over;
  std::vector<Item> items = ExpandItems(select, scope);
  std::vector<Expression> columns;
  std::vector<std::string> names;
  for (const Item& item : items) {
    if (item.column && grouped) {
      auto key = std::find(grouping.keys.begin(), grouping.keys.end(), *item.column);
      if (key == grouping.keys.end())
        FailAt(select.items[0].expr->span.begin, fmt::format("Expression '{}' is not being grouped", item.name));
      const auto index = static_cast<size_t>(key - grouping.keys.begin());
      columns.push_back(Expression::Input(static_cast<int>(index), grouping.KeyType(index)));
    } else {
      columns.push_back(item.column ? *item.column : BindExpr(*item.expr, context));
    }
    names.push_back(item.name);
  }
  if (columns.empty()) FailAt(select.items[0].expr->span.begin, "The select list gives no columns");
  if (!grouped) CheckConstants(select, query, columns);
  Conditions having;
  std::optional<Expression> qualify;
  if (select.having) {
    context.clause = "HAVING";
    context.over = nullptr;
    having = BindConditions(*select.having, context, scope);
  }
  if (select.qualify) {
    std::map<std::string, Expression> aliases;
    for (size_t i = 0; i < items.size(); ++i)
      if (!items[i].column) aliases.try_emplace(names[i], columns[i]);
    context.clause = "QUALIFY";
    context.over = &over;
    context.aliases = &aliases;
    qualify = BindCondition(*select.qualify, context);
    context.aliases = nullptr;
  }
  // ORDER BY may name what the select list does not have; such columns are computed, sorted by, and left out.
  const size_t visible = columns.size();
  std::vector<graph::SortKey> order;
  context.clause = "ORDER BY";
  context.over = &over;
  for (const OrderItem& item : query.order_by) {
    graph::SortKey key{.column = -1, .descending = item.descending};
    key.nulls_last = item.nulls == NullOrder::kDefault ? item.descending : item.nulls == NullOrder::kLast;
    auto* literal = item.expr->As<sql::Literal>();
    if (literal && literal->kind == LiteralKind::kInteger) {
      const int ordinal = std::atoi(literal->text.c_str());
      if (ordinal < 1 || ordinal > static_cast<int>(visible))
        FailAt(item.expr->span.begin, fmt::format("Ordinal out of range: {} of {} columns", literal->text, visible));
      key.column = ordinal - 1;
    } else if (auto* ref = item.expr->As<ColumnRef>(); ref && ref->name.size() == 1) {
      for (size_t i = 0; i < visible; ++i) {
        if (names[i] != ref->name[0].text) continue;
        if (key.column >= 0)
          FailAt(item.expr->span.begin, fmt::format("Column '{}' is ambiguous", names[i]),
                 "the select list has two of that name");
        key.column = static_cast<int>(i);
      }
    }
    if (key.column < 0) {
      Expression by = BindExpr(*item.expr, context);
      auto found = std::find(columns.begin(), columns.end(), by);
      key.column = static_cast<int>(found - columns.begin());
      if (found == columns.end()) {
        if (select.quantifier == SetQuantifier::kDistinct)
          FailAt(item.expr->span.begin, "With SELECT DISTINCT, ORDER BY takes columns of the select list");
        columns.push_back(std::move(by));
        names.push_back(fmt::format("$order{}", columns.size()));
      }
    }
    order.push_back(key);
  }

  if (!grouped && !select.late_into.empty())
    FailAt(select.late_into[0].span.begin, "LATE DATA INTO is for groups over windows: there is no GROUP BY");
  Settled settled;
  PlanPtr plan = grouped ? ApplyGroups(grouping, having, scope, settled) : scope.plan;
  if (!over.calls.empty()) {
    settled.first_over = static_cast<int>(plan->columns.size());
    for (OverCalls::One& call : over.calls) {
      settled(call.arguments);
      settled(call.partition);
      for (auto& [e, key] : call.order) e = settled(e);
      if (call.filter) call.filter = settled(*call.filter);
    }
    settled(columns);
    if (qualify) {
      columns.push_back(settled(*qualify));
      plan = ApplyOver(over, std::move(plan), columns);
      plan = MakeFilter(std::move(plan), columns.back());
      columns.pop_back();
    } else {
      plan = ApplyOver(over, std::move(plan), columns);
    }
  } else {
    settled(columns);
    if (qualify) FailAt(select.qualify->span.begin, "QUALIFY needs a function with OVER");
  }
  plan = MakeCalc(std::move(plan), std::nullopt, columns, names);
  if (select.quantifier == SetQuantifier::kDistinct) plan = Distinct(std::move(plan));
  const int64_t offset = BindCount(query.offset, "OFFSET");
  const std::optional<int64_t> limit = query.limit ? std::optional(BindCount(query.limit, "LIMIT")) : std::nullopt;
  if (!order.empty() || limit || offset > 0)
    plan = MakeSort({.input = std::move(plan), .keys = order, .offset = offset, .limit = limit});
  if (columns.size() > visible) {
    std::vector<Expression> kept = InputsOfAll(*plan);
    kept.resize(visible);
    names.resize(visible);
    plan = MakeCalc(std::move(plan), std::nullopt, std::move(kept), std::move(names));
  }
  return plan;
}

}  // namespace thalweg::sql
