// A plan becomes a job graph: physical operators, exchanges, changelog modes.
// Rule: kinds of changes are known from the sources up (what may come), and asked for from the sinks down (is -U wanted).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/options.h"
#include "graph/table_connector.h"
#include "sql/plan.h"

namespace thalweg::sql {

struct PhysicalOptions {
  const graph::TableConnectors* connectors = nullptr;
  std::string zone = "UTC";
  int64_t state_ttl_ms = 0;
  int64_t idle_timeout_ms = 0;
  int64_t query_start_ms = 0;  // batch: what clocks say
  bool batch = false;
  config::UpsertMaterialize upsert_materialize = config::UpsertMaterialize::kAuto;
};

/// What a plan's rows may be besides +I.
struct Changes {
  bool updates = false;  // +U, and -U unless `no_before`
  bool deletes = false;  // -D
  bool any() const { return updates || deletes; }
};

/// Builds one graph of one or several sinks; equal parts of plans (the same plan object) become one node.
class GraphMaker {
 public:
  explicit GraphMaker(PhysicalOptions options);
  ~GraphMaker();
  GraphMaker(const GraphMaker&) = delete;
  GraphMaker& operator=(const GraphMaker&) = delete;

  /// Rows of `plan` into `table`: its columns that can be written, in their order (casts are done).
  Status AddSink(const PlanPtr& plan, const Table& table, const std::map<std::string, std::string>& hints);
  /// Rows of `plan` to whoever runs the query: a node of kind "collect".
  Status AddCollect(const PlanPtr& plan);
  /// The graph; `warnings`: lines for the person.
  graph::JobGraph Take(std::string name, std::vector<std::string>* warnings);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a table is to its connector.
graph::TableDescriptor DescribeTable(const Table& table, const std::map<std::string, std::string>& hints);

}  // namespace thalweg::sql
