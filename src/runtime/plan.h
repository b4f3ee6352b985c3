// The physical plan: a job graph cut into chains, tasks placed on cores, and the channels between them. Plain data.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "flow/program.h"
#include "graph/job_graph.h"

namespace thalweg::runtime {

struct PlanOptions {
  int default_parallelism = 1;
  int default_max_parallelism = 1024;
  int cores = 1;
  bool chaining = true;
};

/// A run of nodes joined by forward edges, executed by one task per subtask. `nodes` are indexes into the graph, head first.
struct ChainSpec {
  std::vector<int> nodes;
  int parallelism = 1;
  int max_parallelism = 1024;
  int first_task = 0;  // tasks of this chain: first_task .. first_task + parallelism - 1
  std::string Name(const graph::JobGraph& graph) const;
};

struct TaskSpec {
  int id = 0;
  int chain = 0;
  int subtask = 0;
  int core = 0;
};

/// (edge, from task, to task). `id` is the index in the plan's list.
struct ChannelSpec {
  int edge = 0;
  int from_task = 0;
  int to_task = 0;
};

struct PhysicalPlan {
  graph::JobGraph graph;  // parallelism and max parallelism filled in
  std::vector<ChainSpec> chains;
  std::vector<TaskSpec> tasks;
  std::vector<ChannelSpec> channels;
  std::vector<int> chain_of_node;
  int cores = 1;

  /// The edge stays inside a task.
  bool chained(const graph::Edge& edge) const;
};

/// Validates the graph, fills defaults, chains, places task i of a chain on core i mod cores.
Result<PhysicalPlan> MakePlan(graph::JobGraph graph, const PlanOptions& options);

}  // namespace thalweg::runtime
