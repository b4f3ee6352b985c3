// The logical plan: what a query means. Rule: a plan is typed and immutable; an expression of a node is over the columns of its input
// (of a join: the left's, then the right's), so nothing needs a name any more but the result.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "expr/expression.h"
#include "graph/aggregate_spec.h"
#include "graph/changelog_spec.h"
#include "graph/join_spec.h"
#include "graph/match_spec.h"
#include "graph/row_spec.h"
#include "graph/sorted_over_spec.h"
#include "sql/catalog.h"

namespace thalweg::sql {

struct Plan;
using PlanPtr = std::shared_ptr<const Plan>;

struct PlanColumn {
  std::string name;
  types::DataType type;
  TimeRole time = TimeRole::kNone;
};
using PlanColumns = std::vector<PlanColumn>;

/// Rows that carry the window they belong to, assigned by a window function below.
struct WindowColumns {
  graph::WindowShape shape;
  int start = -1;  // -1: not among the columns
  int end = -1;
  int time = -1;
};

/// All columns of a table, as declared.
struct ScanPlan {
  TablePtr table;
  std::map<std::string, std::string> hints;  // OPTIONS: over the table's own
};
struct ValuesPlan {
  std::vector<std::vector<expr::Value>> rows;
};
/// Rows that pass the condition, and what is computed from them.
struct CalcPlan {
  PlanPtr input;
  std::optional<expr::Expression> condition;
  std::vector<expr::Expression> columns;
};
using graph::JoinType;
using graph::WindowProperty;
/// LATE DATA INTO: where the rows go that come after their windows have closed.
struct LateRows {
  TablePtr table;
  std::vector<int> inputs;  // for each column that `table` is written by: the input's; -1: NULL
};
/// Output: keys, calls, properties of the window if there is one.
struct AggregatePlan {
  PlanPtr input;
  std::vector<int> keys;
  std::vector<graph::AggregateCall> calls;
  std::optional<graph::WindowShape> window;
  std::vector<WindowProperty> properties;
  std::optional<int64_t> ttl_ms;  // STATE_TTL
  std::optional<LateRows> late;   // of a window's
};
/// Appends window_start, window_end, window_time.
struct WindowPlan {
  PlanPtr input;
  graph::WindowShape shape;
};
struct JoinKey {
  int left = 0;   // column of the left input
  int right = 0;  // column of the right input
  bool nulls_match = false;
};
/// left.time - right.time lies in [lower, upper], milliseconds.
struct IntervalBounds {
  int left_time = 0;
  int right_time = 0;
  int64_t lower_ms = 0;
  int64_t upper_ms = 0;
  bool processing_time = false;
};
/// How long state of a join's sides is kept, where a query says so by STATE_TTL.
struct JoinTtl {
  std::optional<int64_t> left_ms, right_ms;
};
struct JoinPlan {
  JoinType type = JoinType::kInner;
  PlanPtr left;
  PlanPtr right;
  std::vector<JoinKey> keys;
  std::optional<expr::Expression> condition;  // beside the keys; over left and right columns
  std::optional<IntervalBounds> interval;
  bool windowed = false;  // both sides carry one window, which is among the keys
  JoinTtl ttl;
};
/// FOR SYSTEM_TIME AS OF: the version of the right side at the left's time.
struct TemporalJoinPlan {
  PlanPtr left;
  PlanPtr right;
  std::vector<JoinKey> keys;
  std::optional<expr::Expression> condition;
  int left_time = 0;
  int right_time = -1;  // -1: processing time
  bool outer = false;
  bool snapshot = false;                // SNAPSHOT(...): the right side is loaded first,
  std::optional<int64_t> load_time_ms;  // up to this watermark; none: to its end
};
/// Each row with each element of its collection; with a BIGINT in the collection's place, as many copies of the row.
struct UnnestPlan {
  PlanPtr input;
  expr::Expression collection;
  bool outer = false;
  bool ordinality = false;
  std::optional<expr::Expression> condition;  // of outer, over the plan's columns: which elements a row has
};
struct UnionPlan {
  std::vector<PlanPtr> inputs;
};
/// By the order's values if not by rows; offsets are milliseconds then (in batch mode there are columns in their place).
struct OverFrame {
  bool rows = true;
  graph::FrameEdge start = {.unbounded = true};
  graph::FrameEdge end;
  bool operator==(const OverFrame&) const = default;
};
/// Appends one column a call.
struct OverPlan {
  PlanPtr input;
  std::vector<int> partition;
  std::vector<graph::SortKey> order;
  std::vector<graph::AggregateCall> calls;
  OverFrame frame;
};
/// The rows [from, to] of each partition in an order.
struct RankPlan {
  PlanPtr input;
  std::vector<int> partition;
  std::vector<graph::SortKey> order;
  int64_t from = 1;
  int64_t to = 1;
  bool number = false;  // appends the rank, BIGINT
};
struct SortPlan {
  PlanPtr input;
  std::vector<graph::SortKey> keys;
  int64_t offset = 0;
  std::optional<int64_t> limit;
};
/// Each row once per set of groups, with NULL in the columns that are not in it, and the set's number behind.
struct ExpandPlan {
  PlanPtr input;
  std::vector<std::vector<expr::Expression>> projections;
};
/// TO_CHANGELOG: each change as a row that only comes. Output: partition columns, the code of its kind, the other columns.
struct ToChangelogPlan {
  PlanPtr input;
  std::vector<int> partition;
  std::vector<graph::ChangeCode> codes;
  bool own_codes = false;            // the query says which
  std::optional<bool> full_deletes;  // as the query says
};
/// FROM_CHANGELOG: the way back. Output: partition columns, the other columns without the code.
struct FromChangelogPlan {
  PlanPtr input;
  std::vector<int> partition;
  int op = 0;
  std::vector<graph::ChangeCode> codes;
  bool skip_unknown = false;
  bool upsert = false;  // by the partition, without -U
};
/// MATCH_RECOGNIZE. Output, a row a match: partition columns, then what is read of the match.
struct MatchPlan {
  PlanPtr input;
  std::vector<int> partition;
  std::vector<graph::SortKey> order;  // a time first, ascending
  std::vector<graph::MatchVariable> pattern;
  graph::MatchSpec::After after = graph::MatchSpec::After::kToNextRow;
  int skip_to = -1;
  int64_t within_ms = 0;
  std::vector<graph::MatchRead> output;
};

struct Plan {
  using Node =
      std::variant<ScanPlan, ValuesPlan, CalcPlan, AggregatePlan, WindowPlan, JoinPlan, TemporalJoinPlan, UnnestPlan,
                   UnionPlan, OverPlan, RankPlan, SortPlan, ExpandPlan, ToChangelogPlan, FromChangelogPlan, MatchPlan>;
  PlanColumns columns;
  Node node;
  std::optional<WindowColumns> window;
  std::vector<WindowColumns> twins;  // other columns that hold the same window: of the other side of a join
  /// Sets of columns of which no two rows have equal values at one time; the first is the best to update by.
  std::vector<std::vector<int>> unique_keys;

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

/// The window, or a twin of it, whose start and end are both among `columns`; null if there is none.
const WindowColumns* WindowAmong(const Plan& plan, const std::vector<int>& columns);
/// The windows of both sides that the keys of a join set equal, if they come from equal functions over times of one type.
struct JoinedWindows {
  const WindowColumns* left;
  const WindowColumns* right;
};
std::optional<JoinedWindows> WindowsOfJoin(const JoinPlan& join);

// Makers: what they return knows its columns, window and unique keys.
PlanPtr MakeScan(TablePtr table, std::map<std::string, std::string> hints);
PlanPtr MakeValues(PlanColumns columns, std::vector<std::vector<expr::Value>> rows);
/// What a SELECT without FROM reads: one row. It has a column, that no name finds, for operators keep no rows of none.
PlanPtr MakeOneRow();
/// `columns` are named and typed by their expressions; times that pass through unchanged keep their roles.
PlanPtr MakeCalc(PlanPtr input, std::optional<expr::Expression> condition, std::vector<expr::Expression> columns,
                 std::vector<std::string> names);
PlanPtr MakeFilter(PlanPtr input, expr::Expression condition);
PlanPtr MakeAggregate(AggregatePlan node);
PlanPtr MakeWindow(PlanPtr input, graph::WindowShape shape);
PlanPtr MakeJoin(JoinPlan node);
PlanPtr MakeTemporalJoin(TemporalJoinPlan node);
PlanPtr MakeUnnest(UnnestPlan node, std::vector<PlanColumn> appended);
PlanPtr MakeUnion(std::vector<PlanPtr> inputs);
PlanPtr MakeOver(OverPlan node);
PlanPtr MakeRank(RankPlan node, std::string number_name);
PlanPtr MakeSort(SortPlan node);
PlanPtr MakeToChangelog(ToChangelogPlan node, std::string op_name);
PlanPtr MakeFromChangelog(FromChangelogPlan node);
PlanPtr MakeMatch(MatchPlan node);

/// Column `index` of `plan` as an expression.
expr::Expression InputOf(const Plan& plan, int index);
std::vector<expr::Expression> InputsOfAll(const Plan& plan);
/// The inputs of a plan, left to right.
std::vector<PlanPtr> InputsOfPlan(const Plan& plan);
/// A node and what lies below it as an indented tree, a line a node: EXPLAIN's logical plan.
std::string ToText(const Plan& plan);

}  // namespace thalweg::sql
