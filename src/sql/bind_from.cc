// FROM: tables, views, derived tables, joins, UNNEST, FOR SYSTEM_TIME AS OF.
#include <algorithm>

#include "expr/functions.h"
#include "expr/type_rules.h"
#include "expr/user_function.h"
#include "sql/binder.h"
#include "sql/decorrelate.h"
#include "sql/hints.h"
#include "sql/keys.h"
#include "sql/rules.h"
#include "sql/time_attributes.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;
using types::TypeId;

namespace {

/// An expression over right columns alone, as one over the right input.
bool OnlySide(const Expression& e, int from, int to) {
  const std::vector<int> inputs = expr::InputsOf(e);
  return !inputs.empty() && inputs.front() >= from && inputs.back() < to;
}

Expression Shifted(const Expression& e, int by) {
  const std::vector<int> inputs = expr::InputsOf(e);
  if (inputs.empty()) return e;
  std::vector<int> to(static_cast<size_t>(inputs.back()) + 1);
  for (int input : inputs) to[static_cast<size_t>(input)] = input + by;
  return expr::RemapInputs(e, to);
}

bool IsCall(const Expression& e, std::string_view name) {
  return e.kind() == Expression::Kind::kCall && e.function().name == name;
}

PlanPtr WithColumn(PlanPtr plan, const Expression& e, int& column) {
  if (e.kind() == Expression::Kind::kInput) {
    column = e.input();
    return plan;
  }
  std::vector<Expression> columns = InputsOfAll(*plan);
  std::vector<std::string> names;
  for (const PlanColumn& each : plan->columns) names.push_back(each.name);
  column = static_cast<int>(columns.size());
  columns.push_back(e);
  names.push_back(fmt::format("$k{}", column));
  return MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
}

}  // namespace

namespace {

/// What a join's inputs become where expressions are keys: each with its keys as columns behind its own.
struct KeyedInputs {
  PlanPtr left, right;
  std::vector<JoinKey> keys;
  std::optional<Expression> condition;  // the rest, over the columns of both
  std::vector<int> kept;                // of the columns of both, those that the inputs had
  bool grown = false;
};

KeyedInputs KeyedByEqualities(PlanPtr left, PlanPtr right, const std::vector<Expression>& conjuncts) {
  const int width = static_cast<int>(left->columns.size());
  const int all = width + static_cast<int>(right->columns.size());
  KeyedInputs inputs;
  std::vector<Expression> rest;
  for (const Expression& e : conjuncts) {
    const bool null_safe = IsCall(e, "IS NOT DISTINCT FROM");
    if (IsCall(e, "=") || null_safe) {
      const Expression *a = &e.arguments()[0], *b = &e.arguments()[1];
      if (OnlySide(*b, 0, width)) std::swap(a, b);
      if (OnlySide(*a, 0, width) && OnlySide(*b, width, all) && expr::SameType(a->type(), b->type())) {
        JoinKey key{.nulls_match = null_safe};
        left = WithColumn(std::move(left), *a, key.left);
        right = WithColumn(std::move(right), Shifted(*b, -width), key.right);
        inputs.keys.push_back(key);
        continue;
      }
    }
    rest.push_back(e);
  }
  const int grown = static_cast<int>(left->columns.size()) - width;
  for (int i = 0; i < all; ++i) inputs.kept.push_back(i < width ? i : i + grown);
  if (auto condition = JoinConjuncts(rest)) inputs.condition = expr::RemapInputs(*condition, inputs.kept);
  inputs.grown = left->columns.size() + right->columns.size() > static_cast<size_t>(all);
  inputs.left = std::move(left);
  inputs.right = std::move(right);
  return inputs;
}

/// The columns `kept` of a join, without those that were made for its keys.
PlanPtr OnlyKept(PlanPtr join, const std::vector<int>& kept) {
  std::vector<Expression> columns;
  std::vector<std::string> names;
  for (int column : kept) {
    columns.push_back(InputOf(*join, column));
    names.push_back(join->columns[static_cast<size_t>(column)].name);
  }
  return MakeCalc(std::move(join), std::nullopt, std::move(columns), std::move(names));
}

/// Versions are told apart by the join's key: it must hold a key of the versioned table, or several rows are one row's versions.
void CheckVersionKey(const KeyedInputs& inputs, const Position& at) {
  const Plan& right = *inputs.right;
  // That a rank keeps one row a partition shows in what the rules make of the plan.
  const auto keys = PlanHasOuter(right) ? right.unique_keys : Optimize(inputs.right)->unique_keys;
  if (keys.empty())
    FailAt(at, "Temporal Table Join requires primary key in versioned table, but no primary key can be found.",
           "PRIMARY KEY (...) NOT ENFORCED says which; a view of the last row by ROW_NUMBER has one");
  const std::vector<int> joined = Sides(inputs.keys, false);
  if (std::ranges::any_of(keys, [&](const std::vector<int>& key) { return HoldsAll(joined, key); })) return;
  std::vector<std::string> names, equalities;
  for (int column : keys[0]) names.push_back(right.columns[static_cast<size_t>(column)].name);
  for (const JoinKey& key : inputs.keys)
    equalities.push_back(fmt::format("{}={}", inputs.left->columns[static_cast<size_t>(key.left)].name,
                                     right.columns[static_cast<size_t>(key.right)].name));
  FailAt(at, fmt::format("Temporal table's primary key [{}] must be included in the equivalence condition of temporal "
                         "join, but current temporal join condition is [{}].",
                         fmt::join(names, ", "), fmt::join(equalities, ", ")));
}

/// A TIMESTAMP is a local time, a TIMESTAMP_LTZ an instant: their numbers do not compare.
void CheckVersionTime(const Plan& left, const Plan& right, const TemporalJoinPlan& join, const Position& at) {
  const DataType& row = left.columns[static_cast<size_t>(join.left_time)].type;
  const DataType& version = right.columns[static_cast<size_t>(join.right_time)].type;
  if (row.id() == version.id()) return;
  FailAt(at,
         fmt::format("Event-Time Temporal Table Join requires same rowtime type in left table and versioned table, but "
                     "the rowtime types are {} *ROWTIME* and {} *ROWTIME*.",
                     row.WithNullable(true).ToString(), version.WithNullable(true).ToString()));
}

}  // namespace

PlanPtr MakeJoinOn(JoinType type, PlanPtr left, PlanPtr right, const std::vector<Expression>& conjuncts, JoinTtl ttl) {
  const size_t width = left->columns.size();
  KeyedInputs inputs = KeyedByEqualities(std::move(left), std::move(right), conjuncts);
  JoinPlan join;
  join.type = type;
  join.ttl = ttl;
  join.keys = std::move(inputs.keys);
  join.condition = std::move(inputs.condition);
  join.left = std::move(inputs.left);
  join.right = std::move(inputs.right);
  PlanPtr plan = MakeJoin(std::move(join));
  if (!inputs.grown) return plan;
  if (type == JoinType::kSemi || type == JoinType::kAnti) inputs.kept.resize(width);
  return OnlyKept(std::move(plan), inputs.kept);
}

Scope Binder::WithAlias(PlanPtr plan, const TableRef& ref, std::string alias, std::optional<ObjectPath> path) {
  if (ref.alias) {
    alias = ref.alias->text;
    path.reset();
  }
  if (!ref.columns.empty()) {
    if (ref.columns.size() != plan->columns.size())
      FailAt(ref.span.begin,
             fmt::format("'{}' names {} columns, there are {}", alias, ref.columns.size(), plan->columns.size()));
    std::vector<std::string> names;
    for (const Identifier& column : ref.columns) {
      if (std::find(names.begin(), names.end(), column.text) != names.end())
        FailAt(column.span.begin, fmt::format("Duplicate name '{}' in column alias list", column.text));
      names.push_back(column.text);
    }
    std::vector<Expression> columns = InputsOfAll(*plan);
    plan = MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
  }
  Scope scope;
  scope.sources.push_back({std::move(alias), std::move(path), 0, static_cast<int>(plan->columns.size())});
  scope.plan = std::move(plan);
  return scope;
}

ObjectPath Binder::PathOf(const Name& name) const {
  return views_.empty() ? environment_.catalog.Resolve(name)
                        : Catalog::Resolve(name, views_.back()->query_catalog, views_.back()->query_database);
}

PlanPtr Binder::TableScan(const Name& name, const std::vector<Hint>& hints, const Span& span) {
  CheckHints(hints);
  if (name.size() == 1)
    for (auto tables = common_tables_.rbegin(); tables != common_tables_.rend(); ++tables)
      if (auto found = tables->find(name[0].text); found != tables->end()) return found->second;
  const ObjectPath path = PathOf(name);
  TablePtr table = environment_.catalog.FindTable(path);
  if (!table) FailAt(span.begin, environment_.catalog.NoTable(path).message());
  if (environment_.defined && path == *environment_.defined)
    FailAt(span.begin, fmt::format("View {} refers to itself", path.ToString()));
  if (!table->is_view()) return MakeScan(table, OptionsOfHints(hints, environment_.option_hints));
  if (!OptionsOfHints(hints, environment_.option_hints).empty())
    FailAt(span.begin,
           fmt::format("View '{}' cannot be enriched with new options. Hints can only be applied to tables.",
                       path.ToString()));
  return BindView(table, span.begin);
}

Scope Binder::BindNamed(const NamedTable& named, const TableRef& ref) {
  if (named.path) return BindFile(named, ref);
  PlanPtr plan = TableScan(named.name, named.hints, ref.span);
  return WithAlias(std::move(plan), ref, named.name.back().text, PathOf(named.name));
}

Scope Binder::BindFile(const NamedTable& named, const TableRef& ref) {
  if (!environment_.file_tables)
    FailAt(ref.span.begin, "A file in place of a table is not supported here",
           "CREATE TABLE with 'connector' = 'filesystem'");
  const FileTable file = OrFail(environment_.file_tables->Describe(*named.path), ref.span.begin);
  auto table = std::make_shared<Table>();
  table->path.object = *named.path;
  for (const types::Field& field : file.schema->fields())
    table->columns.push_back({.name = field.name, .type = field.type});
  table->options = file.options;
  return WithAlias(MakeScan(std::move(table), OptionsOfHints(named.hints, environment_.option_hints)), ref, "");
}

Scope Binder::BindFrom(const TableRef& ref, const Scope* outer) {
  if (ref.as_of)
    FailAt(ref.as_of->span.begin, "FOR SYSTEM_TIME AS OF is not supported here: tables keep no history",
           "it stands on the right of a join, with a time attribute of the left table");
  return BindJoined(ref, outer);
}

Scope Binder::BindJoined(const TableRef& ref, const Scope* outer) {
  if (ref.sample)
    FailAt(ref.span.begin, "TABLESAMPLE is not supported", "WHERE RAND() < 0.1 keeps about a tenth of the rows");
  if (auto* named = std::get_if<NamedTable>(&ref.node)) return BindNamed(*named, ref);
  if (auto* derived = std::get_if<DerivedTable>(&ref.node))
    return WithAlias(BindQuery(*derived->query, outer), ref, "");
  if (auto* function = std::get_if<FunctionTable>(&ref.node)) {
    CheckHints(function->hints);
    auto* call = function->call->As<Call>();
    if (!call) FailAt(ref.span.begin, "A table function is called here");
    if (FindUserFunction(*call)) return BindRowsAlone(ref, outer);
    return WithAlias(BindTableFunction(*call, *function->call, outer), ref, "");
  }
  if (std::get_if<Unnest>(&ref.node)) return BindRowsAlone(ref, outer);
  if (auto* join = std::get_if<Join>(&ref.node)) return BindJoin(*join, outer);
  return BindMatch(std::get<MatchTable>(ref.node), ref, outer);
}

namespace {

void CheckAlias(const Scope& left, const std::string& alias, const Position& at) {
  if (alias.empty()) return;
  for (const Scope::Source& source : left.sources)
    if (source.alias == alias)
      FailAt(at, fmt::format("Duplicate relation name '{}' in FROM clause", alias), "AS gives it another name");
}

}  // namespace

Scope Binder::Combine(const Scope& left, const Scope& right, PlanPtr plan, const Position& at) {
  Scope both;
  both.plan = std::move(plan);
  both.sources = left.sources;
  both.merged = left.merged;
  const int offset = static_cast<int>(left.plan->columns.size());
  for (Scope::Source source : right.sources) {
    CheckAlias(left, source.alias, at);
    source.first += offset;
    both.sources.push_back(std::move(source));
  }
  return both;
}

Scope Binder::BindUnnest(const Unnest& unnest, const TableRef& ref, Scope left, bool outer_join) {
  if (unnest.operands.size() != 1)
    FailAt(ref.span.begin, "UNNEST of several collections is not supported",
           "one UNNEST ... WITH ORDINALITY for each, joined by their ordinalities, does the same");
  Expression collection = BindExpr(*unnest.operands[0], {.scope = &left, .clause = "UNNEST"});
  return UnnestOf(std::move(collection), unnest.with_ordinality, ref, std::move(left), outer_join);
}

std::optional<Scope> Binder::BindRowsOf(const TableRef& ref, Scope& left, bool outer_join) {
  if (auto* unnest = std::get_if<Unnest>(&ref.node)) return BindUnnest(*unnest, ref, std::move(left), outer_join);
  auto* function = std::get_if<FunctionTable>(&ref.node);
  if (function) CheckHints(function->hints);
  auto* call = function ? function->call->As<Call>() : nullptr;
  const UserFunctionEntry* user = call ? FindUserFunction(*call) : nullptr;
  if (!user) return std::nullopt;
  if (!expr::IsTableFunction(*user->function))
    FailAt(ref.span.begin, fmt::format("{} gives a value, not rows: it stands in expressions", call->name.back().text));
  Expression rows = BindUserCall(*user, *call, *function->call, {.scope = &left, .clause = "FROM"});
  return UnnestOf(std::move(rows), false, ref, std::move(left), outer_join);
}

Scope Binder::BindRowsAlone(const TableRef& ref, const Scope* outer) {
  Scope one;
  one.plan = MakeOneRow();
  one.outer = outer;
  return *BindRowsOf(ref, one, false);
}

namespace {

/// Of elements that are no rows. As in Flink the name of UNNEST is that of its column, too.
std::string NameOfElements(const TableRef& ref) {
  if (!std::get_if<Unnest>(&ref.node)) return "f0";
  return ref.alias ? ref.alias->text : "EXPR$0";
}

}  // namespace

Scope Binder::UnnestOf(Expression collection, bool ordinality, const TableRef& ref, Scope left, bool outer_join) {
  UnnestPlan node;
  node.collection = std::move(collection);
  node.outer = outer_join;
  node.ordinality = ordinality;
  const DataType& type = node.collection.type();
  std::vector<PlanColumn> appended;
  if (type.id() == TypeId::kMap) {
    appended = {{"KEY", type.children()[0].type}, {"VALUE", type.children()[1].type}};
  } else if (type.id() == TypeId::kArray || type.id() == TypeId::kMultiset) {
    const DataType& element = type.children()[0].type;
    if (element.id() == TypeId::kRow)
      for (const types::Field& field : element.children()) appended.push_back({field.name, field.type});
    else
      appended = {{NameOfElements(ref), element}};
  } else {
    const auto* unnest = std::get_if<Unnest>(&ref.node);
    FailAt(unnest ? unnest->operands[0]->span.begin : ref.span.begin,
           fmt::format("UNNEST needs an ARRAY, MAP or MULTISET, this is {}", type.ToString()));
  }
  if (node.ordinality) appended.push_back({"ORDINALITY", DataType(TypeId::kInt, false)});
  for (PlanColumn& column : appended)
    if (outer_join) column.type = column.type.WithNullable(true);
  for (size_t i = 0; i < appended.size() && i < ref.columns.size(); ++i) appended[i].name = ref.columns[i].text;
  const auto* function = std::get_if<FunctionTable>(&ref.node);
  if (!ref.columns.empty() && ref.columns.size() != appended.size())
    FailAt(ref.span.begin, fmt::format("{} gives {} column{}, {} are named",
                                       function ? function->call->As<Call>()->name.back().text : "UNNEST",
                                       appended.size(), appended.size() == 1 ? "" : "s", ref.columns.size()));
  const int first = static_cast<int>(left.plan->columns.size());
  const int count = static_cast<int>(appended.size());
  node.input = left.plan;
  left.plan = MakeUnnest(std::move(node), std::move(appended));
  if (ref.alias) CheckAlias(left, ref.alias->text, ref.span.begin);
  left.sources.push_back({ref.alias ? ref.alias->text : "", std::nullopt, first, count});
  return left;
}

namespace {

/// Of a scope's columns the one that USING means; -1: none.
int ColumnOf(const Scope& scope, const std::string& name, const Position& at) {
  for (const auto& [merged, column] : scope.merged)
    if (merged == name) return column;
  int found = -1;
  for (const Scope::Source& source : scope.sources)
    for (int i = source.first; i < source.first + source.count; ++i) {
      if (scope.plan->columns[static_cast<size_t>(i)].name != name) continue;
      if (found >= 0) FailAt(at, fmt::format("Column '{}' is ambiguous", name));
      found = i;
    }
  return found;
}

/// The names that both sides have, each once.
std::vector<std::pair<std::string, Position>> CommonNames(const Scope& left, const Scope& right, const Position& at) {
  std::vector<std::pair<std::string, Position>> names;
  auto known = [&](const std::string& name) {
    return std::any_of(names.begin(), names.end(), [&](const auto& each) { return each.first == name; });
  };
  for (const Scope::Source& source : left.sources)
    for (int i = source.first; i < source.first + source.count; ++i) {
      const std::string& name = left.plan->columns[static_cast<size_t>(i)].name;
      if (ColumnOf(right, name, at) >= 0 && !known(name)) names.push_back({name, at});
    }
  return names;
}

}  // namespace

// Of a FULL join a row of one side alone has its key on that side.
void Binder::CoalesceKeys(const Conditions& conditions, Scope& both) {
  if (conditions.coalesced.empty()) return;
  std::vector<Expression> columns = InputsOfAll(*both.plan);
  std::vector<std::string> names;
  for (const PlanColumn& column : both.plan->columns) names.push_back(column.name);
  for (const Conditions::Key& key : conditions.coalesced) {
    for (auto& [name, column] : both.merged)
      if (name == key.name) column = static_cast<int>(columns.size());
    columns.push_back(
        OrFail(expr::Resolve("COALESCE", {InputOf(*both.plan, key.left), InputOf(*both.plan, key.right)}), key.at));
    names.push_back(fmt::format("$using{}", columns.size()));
  }
  both.plan = MakeCalc(std::move(both.plan), std::nullopt, std::move(columns), std::move(names));
}

// Of an inner join ON is as WHERE: subqueries may stand in it.
Conditions Binder::JoinConditions(const Join& join, Scope& both, const Scope& left, const Scope& right) {
  Arguments conjuncts;
  Conditions conditions;
  std::vector<std::pair<std::string, Position>> names;
  for (const Identifier& column : join.using_columns) names.push_back({column.text, column.span.begin});
  if (join.natural) names = CommonNames(left, right, join.right->span.begin);
  const int offset = static_cast<int>(left.plan->columns.size());
  for (const auto& [name, at] : names) {
    const int a = ColumnOf(left, name, at), b = ColumnOf(right, name, at);
    if (a < 0 || b < 0) FailAt(at, fmt::format("Column '{}' of USING is not in both tables", name));
    conjuncts.push_back(OrFail(expr::Resolve("=", {InputOf(*both.plan, a), InputOf(*both.plan, b + offset)}), at));
    const int merged = join.kind == JoinKind::kRight ? b + offset : a;
    auto known = std::find_if(both.merged.begin(), both.merged.end(), [&](const auto& m) { return m.first == name; });
    if (known == both.merged.end())
      both.merged.push_back({name, merged});
    else
      known->second = merged;
    if (join.kind == JoinKind::kFull) conditions.coalesced.push_back({name, a, b + offset, at});
  }
  if (join.on) {
    ExprContext context{.scope = &both, .clause = "ON"};
    if (join.kind == JoinKind::kInner && !join.right->as_of && !SnapshotCall(*join.right))
      conditions = BindConditions(*join.on, WithSubqueries(context, both), both);
    else
      SplitConjuncts(BindCondition(*join.on, context), conditions.conjuncts);
  }
  conditions.conjuncts.insert(conditions.conjuncts.begin(), conjuncts.begin(), conjuncts.end());
  return conditions;
}

// ON of a join with UNNEST or a table function: of an inner join a filter, of a left one it says which elements a row has.
Scope Binder::WithRowsCondition(const Join& join, const Scope& left, Scope rows) {
  const Position& at = join.right->span.begin;
  if (join.kind == JoinKind::kRight || join.kind == JoinKind::kFull)
    FailAt(at, "UNNEST and table functions stand on the right of CROSS, INNER and LEFT joins");
  std::optional<Expression> condition;
  if (join.natural || !join.using_columns.empty()) {
    const PlanColumns& all = rows.plan->columns;
    const auto own = static_cast<long>(left.plan->columns.size());
    Scope right;
    right.plan = MakeValues(PlanColumns(all.begin() + own, all.end()), {});
    right.sources.push_back(
        {rows.sources.back().alias, std::nullopt, 0, static_cast<int>(all.size() - left.plan->columns.size())});
    condition = JoinConjuncts(JoinConditions(join, rows, left, right).conjuncts);
  } else if (join.on) {
    condition = BindCondition(*join.on, {.scope = &rows, .clause = "ON"});
  }
  if (!condition || *condition == Expression::Literal(expr::Value::Boolean(true))) return rows;
  if (join.kind != JoinKind::kLeft) {
    rows.plan = MakeFilter(std::move(rows.plan), *condition);
    return rows;
  }
  if (HasOuter(*condition))
    FailAt(join.on->span.begin,
           "ON of a LEFT JOIN with UNNEST or a table function may not refer to the query around it");
  UnnestPlan unnest = *rows.plan->As<UnnestPlan>();
  unnest.condition = std::move(condition);
  rows.plan = MakeUnnest(
      std::move(unnest),
      PlanColumns(rows.plan->columns.begin() + static_cast<long>(left.plan->columns.size()), rows.plan->columns.end()));
  return rows;
}

Scope Binder::BindJoin(const Join& join, const Scope* outer) {
  const bool crosses = join.kind == JoinKind::kCross || join.kind == JoinKind::kComma;
  if (!crosses && !join.natural && !join.on && join.using_columns.empty())
    FailAt(join.right->span.begin,
           "INNER, LEFT, RIGHT or FULL join requires a condition (NATURAL keyword or ON or USING clause)",
           "every row of one side with every row of the other is CROSS JOIN");
  Scope left = BindFrom(*join.left, outer);
  left.outer = outer;
  const TableRef& ref = *join.right;
  const Scope before = left;
  if (auto rows = BindRowsOf(ref, left, join.kind == JoinKind::kLeft))
    return WithRowsCondition(join, before, *std::move(rows));
  if (auto* derived = std::get_if<DerivedTable>(&ref.node); derived && derived->lateral)
    return BindLateral(join, std::move(left));
  const Call* snapshot = SnapshotCall(ref);
  Scope right = snapshot ? WithAlias(BindSnapshot(*snapshot, outer), ref, "") : BindJoined(ref, outer);
  JoinType type = JoinType::kInner;
  if (join.kind == JoinKind::kLeft) type = JoinType::kLeft;
  if (join.kind == JoinKind::kRight) type = JoinType::kRight;
  if (join.kind == JoinKind::kFull) type = JoinType::kFull;
  // Conditions are bound over rows of both sides as they are before the join makes some of them NULL.
  JoinPlan cross{.left = left.plan, .right = right.plan};
  Scope both = Combine(left, right, MakeJoin(cross), ref.span.begin);
  both.outer = outer;
  const PlanPtr crossed = both.plan;
  const Conditions conditions = JoinConditions(join, both, left, right);
  if (snapshot) {
    both.plan = BindSnapshotJoin(join, *snapshot, left, right, conditions.conjuncts);
  } else if (ref.as_of) {
    both.plan = BindTemporal(join, left, right, ref, both);
  } else if (both.plan != crossed) {
    both.plan = Trimmed(ApplyConditions(conditions, both.plan), crossed->columns.size());
  } else {
    both.plan = MakeJoinOn(type, left.plan, right.plan, conditions.conjuncts, {StateTtlOf(left), StateTtlOf(right)});
    both.plan = ApplyConditions({.joins = conditions.joins}, both.plan);
    CoalesceKeys(conditions, both);
  }
  return both;
}

PlanPtr Binder::BindSnapshotJoin(const Join& join, const Call& call, const Scope& left, const Scope& right,
                                 const Arguments& conjuncts) {
  const Position& at = join.right->span.begin;
  if (join.kind == JoinKind::kRight || join.kind == JoinKind::kFull)
    FailAt(at, "SNAPSHOT stands on the right of INNER and LEFT joins");
  KeyedInputs inputs = KeyedByEqualities(left.plan, right.plan, conjuncts);
  if (inputs.keys.empty()) FailAt(at, "A join with SNAPSHOT needs an equality of both tables in ON");
  TemporalJoinPlan node{.left = inputs.left, .right = inputs.right, .keys = inputs.keys, .condition = inputs.condition};
  node.outer = join.kind == JoinKind::kLeft;
  node.snapshot = true;
  node.load_time_ms = SnapshotLoadTime(call);
  PlanPtr plan = MakeTemporalJoin(std::move(node));
  return inputs.grown ? OnlyKept(std::move(plan), inputs.kept) : plan;
}

PlanPtr Binder::BindTemporal(const Join& join, const Scope& left, const Scope& right, const TableRef& ref,
                             const Scope& both) {
  if (join.kind != JoinKind::kInner && join.kind != JoinKind::kLeft)
    FailAt(ref.span.begin, "A temporal join is an INNER or LEFT join");
  const Expression time = BindExpr(*ref.as_of, {.scope = &left, .clause = "FOR SYSTEM_TIME AS OF"});
  const PlanPtr left_plan =
      time.kind() == Expression::Kind::kInput ? WithTimeAttribute(left.plan, time.input()) : left.plan;
  if (time.kind() != Expression::Kind::kInput ||
      left_plan->columns[static_cast<size_t>(time.input())].time == TimeRole::kNone)
    FailAt(ref.as_of->span.begin, "FOR SYSTEM_TIME AS OF needs a time attribute of the left table");
  Scope scope = both;
  const Arguments conjuncts = JoinConditions(join, scope, left, right).conjuncts;
  const bool event_time = left_plan->columns[static_cast<size_t>(time.input())].time == TimeRole::kRowtime;
  const PlanPtr right_plan = event_time ? WithTimeAttributes(right.plan) : right.plan;
  KeyedInputs inputs = KeyedByEqualities(left_plan, right_plan, conjuncts);
  if (inputs.keys.empty()) FailAt(ref.span.begin, "A temporal join needs an equality of both tables in ON");
  TemporalJoinPlan node{.left = inputs.left, .right = inputs.right, .keys = inputs.keys, .condition = inputs.condition};
  node.left_time = time.input();
  node.outer = join.kind == JoinKind::kLeft;
  for (size_t i = 0; event_time && i < right_plan->columns.size(); ++i)
    if (right_plan->columns[i].time == TimeRole::kRowtime) node.right_time = static_cast<int>(i);
  if (event_time && node.right_time < 0 && !environment_.batch)
    FailAt(ref.span.begin,
           "Event-Time Temporal Table Join requires both primary key and row time attribute in versioned table, but no "
           "row time attribute can be found.",
           "give the table a WATERMARK, or join as of a processing time");
  if (node.right_time >= 0) CheckVersionTime(*left_plan, *right_plan, node, ref.as_of->span.begin);
  if (node.right_time >= 0) CheckVersionKey(inputs, ref.span.begin);
  PlanPtr plan = MakeTemporalJoin(std::move(node));
  return inputs.grown ? OnlyKept(std::move(plan), inputs.kept) : plan;
}

}  // namespace thalweg::sql
