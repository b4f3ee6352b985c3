// The body of GraphMaker: a graph that grows from the sources of a plan, in parts by what plans' nodes are about.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "expr/expression.h"
#include "graph/aggregate_spec.h"
#include "graph/job_graph.h"
#include "graph/join_spec.h"
#include "sql/changelog_mode.h"
#include "sql/time_bounds.h"
#include "sql/to_graph.h"
#include "sql/update_before.h"
#include "sql/window_best.h"

namespace thalweg::sql {

types::Schema SchemaOf(const PlanColumns& columns);

struct GraphMaker::State : ScannedTables {
  explicit State(PhysicalOptions given) : options(std::move(given)) {}

  /// Where rows come from.
  struct Stream {
    uint32_t node = 0;
    int32_t parallelism = 0;
  };
  struct Input {
    Stream from;
    graph::Partitioning partitioning = graph::Partitioning::kForward;
    std::vector<int> keys;
    graph::ChangelogMode changelog = graph::ChangelogMode::kAppend;
    int32_t port = 0;
  };
  using Inputs = std::vector<std::vector<Input>>;

  PhysicalOptions options;
  graph::JobGraph graph;
  std::vector<std::string> warnings;
  std::vector<PlanPtr> roots;  // of the sinks
  std::vector<PlanPtr> plans;  // others, kept: what is known of a plan is known by its address
  ChangelogModes modes{*this, options.batch};
  UpdateBefore update_before{modes};
  std::map<const Plan*, graph::SourceTable> sources;
  std::map<const Table*, std::set<uint32_t>> source_nodes;
  std::set<const Table*> repeated;  // tables whose old rows reach an operator of event time again
  std::map<std::pair<const Plan*, bool>, Stream> built;
  std::set<std::string> uids;
  std::set<std::pair<uint32_t, const Table*>> late_sinks;  // of a node's late rows
  std::map<std::string, Stream> known;                     // by all that a node is, its inputs included

  // --- to_graph.cc: nodes, their uids and edges, and the way through a plan.
  graph::Node NewNode(std::string kind, std::string name, std::string payload, const types::Schema& output);
  /// What two nodes have in common that give the same rows.
  std::string IdentityOf(const graph::Node& node, const Inputs& inputs, int32_t parallelism) const;
  /// A node whose like is there already is that one: equal parts of queries are computed once.
  Stream AddShared(graph::Node node, const Inputs& inputs, int32_t parallelism, const Table* table = nullptr);
  /// The hash of what decides on a node's state.
  std::string UidOf(const graph::Node& node, const Inputs& inputs, const Table* table) const;
  /// `table`: what the node reads or writes. Its state is found again by the table's name: options may be others in the next run
  /// (a path, a topic, a host).
  Stream Add(graph::Node node, const Inputs& inputs, int32_t parallelism, const Table* table = nullptr);
  /// Rows of one key together; without a key all in one subtask.
  Input Keyed(Stream from, std::vector<int> keys);
  static int32_t ParallelismOf(const std::vector<int>& keys) { return keys.empty() ? 1 : 0; }
  /// Of rows that update by `keys`: as whole changelog, with -U if `before`.
  Stream Normalized(Stream stream, const Plan& plan, const std::vector<int>& keys, bool before,
                    std::optional<expr::Expression> condition = std::nullopt);
  /// Of rows with all kinds of changes, for a reader that wants no -U.
  Stream WithoutUpdateBefore(Stream stream, const types::Schema& schema);
  /// `before`: whether -U is wanted in front of +U.
  Result<Stream> Build(const PlanPtr& plan, bool before);
  /// What is left of the changes at the end, as +I.
  Result<Stream> Settled(const Plan& plan, Stream changing);

  // --- to_graph_sources.cc: what connectors say of tables, scans, values.
  Result<const graph::TableConnector*> ConnectorOf(const Table& table);
  /// The table as its connector reads it, or as it writes it.
  Result<graph::SourceTable> SourceTableOf(const Table& table, const std::map<std::string, std::string>& hints);
  Result<graph::SinkTable> SinkTableOf(const Table& table, const std::map<std::string, std::string>& hints);
  Result<const graph::SourceTable*> SourceOf(const Plan& plan, const ScanPlan& scan) override;
  Result<Stream> Make(const Plan& plan, const ScanPlan& scan, bool before);
  /// Whether rows are made a whole changelog: they update by key, or may say a change twice.
  bool Normalizes(const graph::SourceTable& source) const;
  /// The rows of a table as its connector gives them.
  Result<Stream> RowsOf(const Plan& plan, const ScanPlan& scan);
  Result<Stream> Make(const Plan& plan, const ValuesPlan& values, bool);

  // --- to_graph_rows.cc: calcs and others that look at one row at a time, unions.
  Result<Stream> Make(const Plan& plan, const CalcPlan& calc, bool before);
  /// A filter on an upsert table. What it asks of the key need not be kept; for the rest a row that does not pass is none, and not an
  /// update that was lost.
  Result<Stream> FilteredUpserts(const Plan& plan, const CalcPlan& calc, const ScanPlan& scan, bool before);
  Stream AddCalc(const CalcPlan& calc, const types::Schema& output, Stream input, graph::ChangelogMode changelog);
  Result<Stream> Make(const Plan& plan, const UnnestPlan& unnest, bool before);
  Result<Stream> Make(const Plan& plan, const ToChangelogPlan& log, bool);
  Result<Stream> Make(const Plan& plan, const FromChangelogPlan& log, bool before);
  Result<Stream> Make(const Plan&, const ExpandPlan&, bool);
  Result<Stream> Make(const Plan& plan, const UnionPlan& node, bool before);
  Stream Copy(const Plan& plan, const Input& input);

  // --- to_graph_aggregates.cc: groups, in one phase or two, and windows.
  Result<Stream> Make(const Plan& plan, const AggregatePlan& aggregate, bool before);
  /// Of rows that change, in front of windows: operators in between take back rows as old as they like. Which of them are late is told by the
  /// watermark behind each row.
  void WatchOldRows(const Plan& plan);
  void SendEachWatermark(graph::JobGraph& made) const;
  Status CheckBundleSize() const;
  /// Folding in front of an exchange pays; where rows stay in their subtask, it is done twice for nothing.
  bool InTwoPhases(const graph::GroupAggregateSpec& spec, Stream input) const;
  /// A local aggregate where the input is, and a global one. The global one's state is that of the one phase, and so is its uid: it is
  /// found again whatever the strategy and the parallelism.
  Stream TwoPhases(const graph::GroupAggregateSpec& spec, graph::Node one_phase, Input edge);
  Result<Stream> Make(const Plan& plan, const WindowPlan& window, bool before);

  // --- to_graph_joins.cc: joins of streams, of windows, with versions.
  graph::JoinSides SidesOf(const std::vector<JoinKey>& keys, const PlanPtr& left, const PlanPtr& right,
                           const std::optional<expr::Expression>& condition, JoinType type);
  /// `best`: of one of its sides. What is left out in front of a join does not decide on its state, so nor on its uid.
  Result<Stream> AddJoin(const Plan& plan, std::string kind, std::string name, std::string payload, Input left,
                         Input right, int32_t parallelism, const std::optional<WindowBest>& best = std::nullopt);
  int64_t TtlOf(std::optional<int64_t> hint) const { return hint.value_or(options.state_ttl_ms); }
  /// Of rows that may be taken back, or expire, those that are kept are asked for by themselves.
  Result<TimeBounds> BoundsOf(const JoinPlan& join);
  /// Where both scans are one node, rows and watermarks reach the aggregate as they reach the side.
  Result<std::optional<WindowBest>> BestOf(const JoinPlan& join);
  Result<Stream> Make(const Plan& plan, const JoinPlan& join, bool before);
  /// Whether rows of the plan are taken back, batch mode or not.
  Result<bool> TakesBack(const Plan& plan);
  Result<Stream> Make(const Plan& plan, const TemporalJoinPlan& join, bool before);

  // --- to_graph_ordered.cc: OVER, MATCH_RECOGNIZE, ranks, sorts.
  Result<Stream> SortedOver(const Plan& plan, const OverPlan& over, Changes below, bool before);
  Result<Stream> BatchOver(const Plan& plan, const OverPlan& over);
  Result<Stream> Make(const Plan& plan, const OverPlan& over, bool before);
  Result<Stream> Make(const Plan& plan, const MatchPlan& match, bool);
  Result<Stream> Make(const Plan& plan, const RankPlan& rank, bool before);
  Result<Stream> Make(const Plan&, const SortPlan& sort, bool before);

  // --- to_graph_sinks.cc: sinks of tables, and what stands in front of them.
  int32_t Effective(int32_t parallelism) const { return parallelism > 0 ? parallelism : options.parallelism; }
  /// A sink of `table` for rows that have its columns already. `by_key`: rows of a key of the table are not in one subtask yet.
  Status AddTableSink(graph::SinkTable sink, const Table& table, Stream input, Changes changes, bool by_key);
  Status AddLateSink(const AggregatePlan& aggregate, Stream from, Changes changes);
  /// Whether changes of a key of the sink may come by different ways, so that they are brought in order in front of it.
  Result<bool> Materializes(const Plan& plan, const Table& table, const graph::SinkTable& sink,
                            const SinkClauses& insert, Changes made) const;
  Stream Materialized(const Plan& plan, const Table& table, Stream input, const SinkClauses& insert,
                      graph::ChangelogMode mode);
  /// Rows that the sink's types allow.
  Stream Constrained(const Plan& plan, const Table& table, Stream input, graph::ChangelogMode mode);
};

}  // namespace thalweg::sql
