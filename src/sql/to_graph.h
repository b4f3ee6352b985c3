// A plan becomes a job graph: physical operators, exchanges, changelog modes.
// Rule: which changes may come is changelog_mode.h's, who wants -U update_before.h's; here nodes are made of that.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/sql_options.h"
#include "graph/constraint_spec.h"
#include "graph/mini_batch.h"
#include "graph/table_connector.h"
#include "sql/ast_statement.h"
#include "sql/changelog_mode.h"
#include "sql/plan.h"
#include "sql/time_bounds.h"

namespace thalweg::sql {

/// What happens to rows on their way into a sink: Flink's keys table.exec.sink.*.
struct SinkOptions {
  config::UpsertMaterialize upsert_materialize = config::UpsertMaterialize::kAuto;
  bool require_on_conflict = true;
  graph::ConstraintSpec constraints;  // without the input
};

/// How groups without windows are aggregated: Flink's keys table.exec.mini-batch.* and table.optimizer.agg-phase-strategy.
struct FoldOptions {
  bool enabled = false;
  graph::MiniBatch mini_batch;  // its rows are looked at where it is used
  config::AggregatePhases phases = config::AggregatePhases::kAuto;
};

struct PhysicalOptions {
  const graph::TableConnectors* connectors = nullptr;
  std::string zone = "UTC";
  int64_t state_ttl_ms = 0;
  int64_t idle_timeout_ms = 0;
  int64_t query_start_ms = 0;  // batch: what clocks say
  bool batch = false;
  bool source_repeats = false;  // sources of changes may say one twice
  int32_t parallelism = 1;      // the job's default
  SinkOptions sink;
  FoldOptions fold;
};

/// What an INSERT says beside its query.
struct SinkClauses {
  std::map<std::string, std::string> hints;  // OPTIONS: over the table's own
  std::optional<OnConflict> on_conflict;
};

/// Builds one graph of one or several sinks; equal parts of plans (the same plan object) become one node.
class GraphMaker {
 public:
  explicit GraphMaker(PhysicalOptions options);
  ~GraphMaker();
  GraphMaker(const GraphMaker&) = delete;
  GraphMaker& operator=(const GraphMaker&) = delete;

  /// Rows of `plan` into `table`: its columns that can be written, in their order (casts are done).
  Status AddSink(const PlanPtr& plan, const Table& table, const SinkClauses& insert);
  /// Rows of `plan` to whoever runs the query: a node of kind "collect".
  Status AddCollect(const PlanPtr& plan);
  /// The plans of all sinks so far, in order.
  const std::vector<PlanPtr>& plans() const;
  /// Whether a node of one of them gives -U in front of +U, if it gives +U: somebody asks for it.
  bool UpdateBeforeAsked(const Plan& node) const;
  /// What the rows of a plan may be; the plan is kept.
  Result<Changes> ChangesOf(const PlanPtr& plan);
  /// What bounds the sides of a join; its inputs are kept.
  Result<TimeBounds> BoundsOf(const JoinPlan& join);
  /// Whether all sources so far end by themselves.
  bool bounded() const;
  /// The graph; `warnings`: lines for the person.
  graph::JobGraph Take(std::string name, std::vector<std::string>* warnings);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a table is to its connector.
graph::TableDescriptor DescribeTable(const Table& table, const std::map<std::string, std::string>& hints);

}  // namespace thalweg::sql
