// Binder: a syntax tree becomes a plan. Names find their columns, calls their functions, subqueries their joins.
// Rule: as in the grammar, a method throws SyntaxError at the place in the text that is to blame; bind.h has the border.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/edit_distance.h"
#include "expr/zone.h"
#include "sql/ast_statement.h"
#include "sql/bind.h"
#include "sql/plan.h"
#include "sql/syntax_error.h"

namespace thalweg::sql {

// While a select list is bound nobody knows yet how many columns the groups will have: what comes behind them is counted from here,
// and moved once all are known.
constexpr int kFirstProperty = 10'000;
constexpr int kFirstOver = 20'000;
constexpr int kFirstSubquery = 30'000;

/// The columns that names may mean: those of a plan, by the table that each comes from.
struct Scope {
  struct Source {
    std::string alias;
    std::optional<ObjectPath> path;  // of a table that is named without alias
    int first = 0;
    int count = 0;
  };
  PlanPtr plan;
  std::vector<Source> sources;
  std::vector<std::pair<std::string, int>> merged;  // columns of USING and NATURAL, which need no qualifier
  const Scope* outer = nullptr;                     // of the query around a subquery
};

/// A subquery met in an expression, bound: what is compared with it, and its plan, which may refer to the query around it.
struct SubqueryUse {
  enum class Kind : uint8_t { kScalar, kExists, kIn, kQuantified };
  Kind kind = Kind::kScalar;
  PlanPtr plan;
  std::vector<expr::Expression> operands;  // of kIn and kQuantified
  BinaryOp op = BinaryOp::kEqual;          // of kQuantified
  bool all = false;
  bool negated = false;
  Position at;
  std::vector<PlanPtr> further;  // of the queries around the one that it stands in, from the nearest on
  types::DataType type() const;
};

/// The parts of a condition: joins with subqueries, and the others.
struct Conditions {
  std::vector<SubqueryUse> joins;
  std::vector<expr::Expression> conjuncts;
  /// Of a FULL join those of USING: columns of both sides, of which the one that is there counts.
  struct Key {
    std::string name;
    int left = 0, right = 0;
    Position at;
  };
  std::vector<Key> coalesced;
};

/// What rows are grouped by, and the aggregates met in the select list, HAVING and ORDER BY.
struct Grouping {
  const Scope* input = nullptr;
  std::vector<expr::Expression> keys;  // over the input
  std::vector<ExprPtr> key_exprs;
  struct Aggregate {
    std::string function;
    std::vector<expr::Expression> arguments;
    std::optional<expr::Expression> filter;
    bool distinct = false;
    bool ignore_nulls = false;
    types::DataType type;
    bool operator==(const Aggregate& other) const;
  };
  std::vector<Aggregate> aggregates;
  /// TUMBLE, HOP or SESSION among the groups.
  std::optional<graph::WindowShape> window;
  ExprPtr window_call;
  std::vector<WindowProperty> properties;
  /// Of GROUPING SETS, if there are several: the keys of each. The last key of all is the number of the set.
  std::vector<std::vector<int>> sets;
  TablePtr late;  // LATE DATA INTO
  Position late_at;
  std::optional<int64_t> ttl_ms;  // STATE_TTL
  /// Subqueries in the select list and HAVING, which are joined to the groups.
  std::vector<SubqueryUse> subqueries;
  /// For subqueries in arguments of aggregates, which are joined to the rows.
  std::function<expr::Expression(const Expr& expr)> subquery_of_rows;

  /// Of key `i` in a row of the result: NULL in the sets that do not have it.
  types::DataType KeyType(size_t i) const;
};

/// OVER calls met in a select list; each becomes a column behind those of the input.
struct OverCalls {
  struct One {
    std::string function;
    std::vector<expr::Expression> arguments;
    std::optional<expr::Expression> filter;
    bool distinct = false;
    std::vector<expr::Expression> partition;
    std::vector<std::pair<expr::Expression, graph::SortKey>> order;  // the key's column is set later
    OverFrame bounds;
    std::optional<expr::Expression> start_limit, end_limit;  // of a RANGE in batch mode: become columns
    types::DataType type;
    Position at;
  };
  std::vector<One> calls;
  const std::vector<NamedWindow>* named = nullptr;
};

/// The pattern around an expression of MATCH_RECOGNIZE: names mean columns of the rows that its variables took. The expression is over what
/// it reads of them.
struct MatchUse {
  const Scope* rows = nullptr;
  const std::vector<graph::MatchVariable>* pattern = nullptr;
  int defines = -1;                                   // the variable whose condition it is; -1: a measure
  int time = -1;                                      // column of `rows`: what they are ordered by
  std::function<int(const expr::Expression&)> place;  // where in a row below an expression over it stands
  std::vector<graph::MatchRead> reads;
  /// FIRST, LAST or an aggregate around: its name, what is read, and the variables met in it.
  struct Around {
    std::string function;
    bool aggregate = false;
    graph::MatchRead read;
    std::set<int> variables;
  };
  Around* around = nullptr;
};

/// Where an expression stands.
struct ExprContext {
  const Scope* scope = nullptr;
  Grouping* grouping = nullptr;  // over groups: aggregates may be called, and columns must be grouped by
  OverCalls* over = nullptr;     // OVER may stand here
  std::string_view clause;       // "WHERE": for messages
  /// Subqueries may stand here: called with the query; gives the expression that takes its place.
  std::function<expr::Expression(const Expr& expr)> subquery;
  MatchUse* match = nullptr;  // in MATCH_RECOGNIZE
  const std::map<std::string, expr::Expression>* aliases =
      nullptr;  // of the select list, in QUALIFY: come before columns
};

class Binder {
 public:
  Binder(const BindEnvironment& environment) : environment_(environment) {}  // NOLINT(google-explicit-constructor)

  PlanPtr BindQuery(const Query& query, const Scope* outer = nullptr);      // bind_query.cc
  expr::Expression BindExpr(const Expr& expr, const ExprContext& context);  // bind_expr.cc
  /// A condition: BOOLEAN.
  expr::Expression BindCondition(const Expr& expr, const ExprContext& context);
  /// The value of an expression without columns.
  expr::Value BindConstant(const Expr& expr, std::string_view what);
  /// The type that a spelling stands for.
  types::DataType TypeOf(const TypeSpec& spec);
  /// An INTERVAL of days and seconds, in milliseconds.
  int64_t BindMillis(const Expr& expr, std::string_view what);

  const BindEnvironment& environment() const { return environment_; }

 private:
  using Arguments = std::vector<expr::Expression>;

  // bind_query.cc
  PlanPtr BindBody(const Query& query, const Scope* outer);
  PlanPtr BindSetOperation(const SetOperation& operation, const Scope* outer, const Position& at);
  PlanPtr BindValues(const Values& values, const Scope* outer, const Position& at);
  PlanPtr BindOrder(const Query& query, PlanPtr plan);
  PlanPtr Distinct(PlanPtr plan);
  std::vector<PlanPtr> CastToCommon(std::vector<PlanPtr> inputs, const Position& at, std::string_view what);
  int64_t BindCount(const ExprPtr& expr, std::string_view what);

  // bind_select.cc
  PlanPtr BindSelect(const Select& select, const Query& query, const Scope* outer);
  /// What is wrong with the one row of a select list that stands alone, told before a job runs.
  void CheckConstants(const Select& select, const Query& query, const std::vector<expr::Expression>& columns) const;
  struct Item {
    std::string name;
    ExprPtr expr;                            // null: `column`
    std::optional<expr::Expression> column;  // of a star
  };
  std::vector<Item> ExpandItems(const Select& select, const Scope& scope);
  bool ExpandRow(const Star& star, const Scope& scope, const Position& at, std::vector<Item>& items);
  void ExpandStar(const Star& star, const Scope& scope, const Position& at, std::vector<Item>& items);
  std::string NameOf(const SelectItem& item, size_t index) const;
  void BindWhere(const Expr& where, Scope& scope);
  struct Settled;
  PlanPtr ApplyGroups(Grouping& grouping, Conditions& having, const Scope& scope, Settled& settled);
  PlanPtr ApplyOver(const OverCalls& over, PlanPtr plan, std::vector<expr::Expression>& columns);

  // bind_group.cc
  bool HasAggregates(const Select& select) const;
  Grouping BindGrouping(const Select& select, const Scope& scope);
  void AddGroup(const ExprPtr& expr, Grouping& grouping);
  std::optional<expr::Expression> MatchGroup(const Expr& expr, const ExprContext& context);
  /// APPROX_COUNT_DISTINCT, which is COUNT(DISTINCT x) here: nothing is as close. Fails where Flink has none: in streaming mode.
  bool IsApproximateCount(std::string_view function, const Expr& expr) const;
  expr::Expression BindAggregate(const Call& call, const Expr& expr, const ExprContext& context);
  std::optional<expr::Expression> BindWindowProperty(const Call& call, const Expr& expr, const ExprContext& context);
  std::optional<graph::WindowShape> GroupWindow(const Expr& expr, const Scope& scope);
  PlanPtr ApplyGrouping(const Grouping& grouping, PlanPtr plan);
  TablePtr BindLate(const Name& name) const;
  LateRows LateRowsOf(const Grouping& grouping, const std::function<int(const expr::Expression&)>& place) const;

  // bind_from.cc
  Scope BindFrom(const TableRef& table, const Scope* outer);
  /// As BindFrom, on the right of a join, where FOR SYSTEM_TIME AS OF may stand.
  Scope BindJoined(const TableRef& table, const Scope* outer);
  Scope BindNamed(const NamedTable& named, const TableRef& ref);
  Scope BindFile(const NamedTable& named, const TableRef& ref);
  Scope BindJoin(const Join& join, const Scope* outer);
  /// `at`: of the right table.
  Scope Combine(const Scope& left, const Scope& right, PlanPtr plan, const Position& at);
  Scope BindUnnest(const Unnest& unnest, const TableRef& ref, Scope left, bool outer_join);
  Scope UnnestOf(expr::Expression collection, bool ordinality, const TableRef& ref, Scope left, bool outer_join);
  /// Rows of a collection or of a table function, for each row of `left`; nullopt if `ref` is neither.
  std::optional<Scope> BindRowsOf(const TableRef& ref, Scope& left, bool outer_join);
  Scope BindRowsAlone(const TableRef& ref, const Scope* outer);
  /// `rows`: those of `left` with what UNNEST or a table function gives.
  Scope WithRowsCondition(const Join& join, const Scope& left, Scope rows);
  Scope WithAlias(PlanPtr plan, const TableRef& ref, std::string alias, std::optional<ObjectPath> path = {});
  ObjectPath PathOf(const Name& name) const;
  PlanPtr TableScan(const Name& name, const std::vector<Hint>& hints, const Span& span);
  // bind_view.cc
  struct InView;
  PlanPtr BindView(const TablePtr& view, const Position& at);
  /// The columns of a view's query under the names and types that the view was made with.
  PlanPtr WithColumnsOf(const Table& view, PlanPtr plan, const Position& at);
  /// Which of `now`, all columns that a star could stand for, it does: those from when the view around it was made, else all.
  std::vector<size_t> AsWhenMade(const void* star, const std::vector<StarColumn>& now, const Position& at);
  const std::vector<StarColumn>* StarOfView(const void* star) const;
  PlanPtr AllColumns(const TableQuery& table, PlanPtr plan, const Position& at);
  PlanPtr BindTemporal(const Join& join, const Scope& left, const Scope& right, const TableRef& ref, const Scope& both);
  PlanPtr BindSnapshotJoin(const Join& join, const Call& call, const Scope& left, const Scope& right,
                           const Arguments& conjuncts);
  static void CoalesceKeys(const Conditions& conditions, Scope& both);
  Conditions JoinConditions(const Join& join, Scope& both, const Scope& left, const Scope& right);
  // bind_window.cc
  PlanPtr BindWindowFunction(const Call& call, const Expr& expr, const Scope* outer);
  // bind_table_function.cc
  PlanPtr BindTableFunction(const Call& call, const Expr& expr, const Scope* outer);
  PlanPtr BindToChangelog(const Call& call, const Expr& expr, const Scope* outer);
  PlanPtr BindFromChangelog(const Call& call, const Expr& expr, const Scope* outer);
  PlanPtr BindSnapshot(const Call& call, const Scope* outer);
  /// From which watermark on the table of SNAPSHOT counts as loaded.
  int64_t SnapshotLoadTime(const Call& call);
  /// The table of a table function's argument, and the columns that it is partitioned by.
  PlanPtr BindTableArgument(const Expr& argument, std::string_view function, const Scope* outer,
                            std::vector<int>& partition);

  // bind_match.cc
  Scope BindMatch(const MatchTable& table, const TableRef& ref, const Scope* outer);
  std::vector<graph::SortKey> BindMatchOrder(const MatchRecognize& match, const TableRef& ref, Scope& rows, int& time);
  expr::Expression BindMatchColumn(const ColumnRef& ref, const Expr& expr, const ExprContext& context);
  /// Nullopt: the call is as anywhere else.
  std::optional<expr::Expression> BindMatchCall(const Call& call, const Expr& expr, const ExprContext& context);
  expr::Expression BindNavigation(const Call& call, const Expr& expr, const ExprContext& context);
  expr::Expression BindMatchAggregate(const Call& call, const Expr& expr, const ExprContext& context);
  expr::Expression BindMatchTime(const Call& call, const Expr& expr, const ExprContext& context);

  // bind_hints.cc
  /// STATE_TTL of a SELECT: by the name of a table in its FROM, in milliseconds, and whether it was found there.
  struct TtlHint {
    int64_t ttl_ms = 0;
    Position at;
    bool used = false;
  };
  std::map<std::string, TtlHint> TtlHints(const Select& select) const;
  /// What the innermost SELECT says of the one table that `scope` is.
  std::optional<int64_t> StateTtlOf(const Scope& scope);
  void CheckTtlHints() const;

  // bind_grouping_sets.cc
  void BindGroupingSets(const Select& select, Grouping& grouping);
  std::optional<expr::Expression> BindGroupingFunction(const Call& call, const Expr& expr, const ExprContext& context);

  // bind_subquery.cc
  /// `context`, with subqueries allowed: they are joined to the rows of `scope`, whose plan gets more columns at its end.
  ExprContext WithSubqueries(ExprContext context, Scope& scope);
  SubqueryUse BindSubquery(const Expr& expr, const ExprContext& context, const Scope& around);
  Conditions BindConditions(const Expr& condition, const ExprContext& context, const Scope& around);
  /// `column`: where a column of the query around stands in `plan`; null: in its place.
  PlanPtr ApplyConditions(const Conditions& conditions, PlanPtr plan, const std::function<int(int)>& column = {});
  PlanPtr ApplySemiJoin(const SubqueryUse& use, PlanPtr plan, const std::function<int(int)>& column);
  expr::Expression SubqueryValue(const SubqueryUse& use, PlanPtr& plan, const std::function<int(int)>& column);
  /// The first `width` columns.
  static PlanPtr Trimmed(PlanPtr plan, size_t width);
  Scope BindLateral(const Join& join, Scope left);

  // bind_expr.cc
  [[noreturn]] void FailColumn(const Name& name, const Expr& expr, const Scope* scope) const;
  expr::Expression FieldOf(expr::Expression row, const Identifier& field, const Position& at, std::string_view name);
  expr::Expression BindColumn(const ColumnRef& ref, const Expr& expr, const ExprContext& context);
  expr::Expression BindCase(const Case& node, const Expr& expr, const ExprContext& context);
  expr::Expression BindItem(const Subscript& node, const Expr& expr, const ExprContext& context);
  expr::Expression BindCollection(const Collection& node, const Expr& expr, const ExprContext& context);
  expr::Expression BindCast(const Cast& node, const Expr& expr, const ExprContext& context);
  expr::Expression BindIn(const In& node, const Expr& expr, const ExprContext& context);
  expr::Expression BindCall(const Call& call, const Expr& expr, const ExprContext& context);
  /// Null if the call is of no user function.
  const UserFunctionEntry* FindUserFunction(const Call& call) const;
  expr::Expression BindUserCall(const UserFunctionEntry& user, const Call& call, const Expr& expr,
                                const ExprContext& context);
  expr::Expression BindJsonCall(const Call& call, const Expr& expr, const ExprContext& context);
  expr::Expression BindOver(const Call& call, const Expr& expr, const ExprContext& context);
  /// Of a call whose order is bound.
  void BindFrame(const WindowFrame& frame, OverCalls::One& one, const Expr& expr);
  graph::FrameEdge BindFrameEdge(const FrameBound& bound, bool rows);
  /// The value of `order` at the edge of a RANGE.
  expr::Expression LimitOf(const FrameBound& bound, const expr::Expression& order, bool descending);
  expr::Expression Literal(const sql::Literal& literal, const Expr& expr);
  expr::Expression Interval(const IntervalLiteral& literal, const Expr& expr);
  expr::Expression Resolve(std::string_view function, Arguments arguments, const Expr& at);
  /// As Resolve; arguments that do not fit are told as `what` having no type in common.
  expr::Expression ResolveCommon(std::string_view function, Arguments arguments, const Expr& at, std::string_view what,
                                 size_t first = 0, size_t step = 1);
  [[noreturn]] void FailFunction(const Call& call, const Expr& expr) const;

  const BindEnvironment& environment_;
  std::vector<std::map<std::string, PlanPtr>> common_tables_;  // WITH, innermost last
  std::vector<std::map<std::string, TtlHint>> ttl_hints_;      // of the SELECTs at hand, innermost last
  std::vector<TablePtr> views_;         // innermost last: names go by what was current when it was made
  std::vector<const Select*> selects_;  // innermost last
  int queries_ = 0;                     // how deep in queries, those of views among them
};

/// Throws SyntaxError.
[[noreturn]] void FailAt(const Position& at, std::string message, std::string hint = "");
/// The value, or its status's message as an error at `at`.
template <typename T>
T OrFail(Result<T> result, const Position& at) {
  if (!result.ok()) FailAt(at, result.status().message());
  return std::move(result).value();
}

/// The join of two plans on conditions over the columns of both: equalities of the two sides become keys.
PlanPtr MakeJoinOn(JoinType type, PlanPtr left, PlanPtr right, const std::vector<expr::Expression>& conjuncts,
                   JoinTtl ttl = {});

/// `name`, or as in Calcite `name0`, `name1`, ..., the first that is not taken; it is then.
std::string UniqueName(const std::string& name, std::set<std::string>& taken);

/// SNAPSHOT(...) in place of a table; null: it is another.
const Call* SnapshotCall(const TableRef& ref);
/// USER and its like, functions of the standard's that Flink does not have: the word is a column's name.
bool IsWordOfColumn(const Call& call);

/// Whether TUMBLE, HOP or SESSION stands in GROUP BY.
bool HasGroupWindow(const Select& select);
/// LEAD, NTILE, CUME_DIST, PERCENT_RANK: they wait for rows to come, so Flink has them in batch mode only.
bool LooksAhead(std::string_view function);
/// INTERSECT ALL, or EXCEPT ALL, of plans of the same types.
PlanPtr MakeCountedSet(bool intersect, PlanPtr left, PlanPtr right);

/// The rows of `input`, which begin with the keys, once for each set of keys.
PlanPtr ExpandSets(PlanPtr input, const Grouping& grouping);

/// The parts that AND joins.
void SplitConjuncts(const expr::Expression& condition, std::vector<expr::Expression>& conjuncts);
/// Their AND; nullopt of none.
std::optional<expr::Expression> JoinConjuncts(const std::vector<expr::Expression>& conjuncts);

}  // namespace thalweg::sql
