#include "runtime/plan.h"

#include <algorithm>
#include <map>

namespace thalweg::runtime {
namespace {

using graph::ChainingPolicy;
using graph::Edge;
using graph::JobGraph;
using graph::Node;
using graph::NodeRole;
using graph::Partitioning;

std::map<uint32_t, int> IndexById(const JobGraph& graph) {
  std::map<uint32_t, int> index;
  for (size_t i = 0; i < graph.nodes.size(); ++i) index[graph.nodes[i].id] = static_cast<int>(i);
  return index;
}

// As Flink chains: one input, forward, equal parallelism and slot sharing group, and both sides willing.
bool MayChain(const JobGraph& graph, const Node& from, const Node& to, const Edge& edge) {
  auto inputs = std::count_if(graph.edges.begin(), graph.edges.end(), [&](const Edge& e) { return e.to == to.id; });
  return inputs == 1 && edge.partitioning == Partitioning::kForward &&
         edge.exchange == graph::ExchangeMode::kPipelined && from.parallelism == to.parallelism &&
         from.slot_sharing_group == to.slot_sharing_group && from.chaining != ChainingPolicy::kNever &&
         to.chaining == ChainingPolicy::kAlways;
}

void AddChannels(PhysicalPlan& plan, int edge_index, int from_chain, int to_chain) {
  const Edge& edge = plan.graph.edges[static_cast<size_t>(edge_index)];
  const ChainSpec& from = plan.chains[static_cast<size_t>(from_chain)];
  const ChainSpec& to = plan.chains[static_cast<size_t>(to_chain)];
  auto add = [&](int i, int j) { plan.channels.push_back({edge_index, from.first_task + i, to.first_task + j}); };
  for (int i = 0; i < from.parallelism; ++i) {
    switch (edge.partitioning) {
      case Partitioning::kForward: add(i, i); break;
      case Partitioning::kRescale:
        // Each side is cut into as many groups as the smaller side has subtasks; rows stay in their group.
        if (to.parallelism >= from.parallelism) {
          for (int j = 0; j < to.parallelism; ++j)
            if (static_cast<int64_t>(j) * from.parallelism / to.parallelism == i) add(i, j);
        } else {
          add(i, static_cast<int>(static_cast<int64_t>(i) * to.parallelism / from.parallelism));
        }
        break;
      default:
        // A global edge too: rows go to the first subtask, but watermarks, barriers and ends to all, who would else never end.
        for (int j = 0; j < to.parallelism; ++j) add(i, j);
    }
  }
}

}  // namespace

std::string ChainSpec::Name(const JobGraph& graph) const {
  std::string name;
  for (int node : nodes) name += (name.empty() ? "" : " -> ") + graph.nodes[static_cast<size_t>(node)].name;
  return name;
}

bool PhysicalPlan::chained(const Edge& edge) const {
  auto index = IndexById(graph);
  return chain_of_node[static_cast<size_t>(index[edge.from])] == chain_of_node[static_cast<size_t>(index[edge.to])];
}

Result<PhysicalPlan> MakePlan(JobGraph graph, const PlanOptions& options) {
  for (Node& node : graph.nodes) {
    if (node.parallelism <= 0) node.parallelism = options.default_parallelism;
    if (node.max_parallelism <= 0) node.max_parallelism = options.default_max_parallelism;
    if (node.parallelism > node.max_parallelism)
      return UserError("Parallelism above the max parallelism at operator '{}': {} > {} (pipeline.max-parallelism)",
                       node.name, node.parallelism, node.max_parallelism);
  }
  THALWEG_TRY(graph::Validate(graph));

  PhysicalPlan plan;
  plan.cores = std::max(1, options.cores);
  auto index = IndexById(graph);
  plan.chain_of_node.assign(graph.nodes.size(), -1);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    int chain = -1;
    for (const Edge& edge : graph.edges) {
      if (edge.to != node.id || !options.chaining) continue;
      int from = index[edge.from];
      if (MayChain(graph, graph.nodes[static_cast<size_t>(from)], node, edge))
        chain = plan.chain_of_node[static_cast<size_t>(from)];
    }
    if (chain < 0) {
      chain = static_cast<int>(plan.chains.size());
      plan.chains.push_back({{}, node.parallelism, node.max_parallelism, 0});
    }
    plan.chains[static_cast<size_t>(chain)].nodes.push_back(static_cast<int>(i));
    plan.chain_of_node[i] = chain;
  }
  for (size_t c = 0; c < plan.chains.size(); ++c) {
    ChainSpec& chain = plan.chains[c];
    chain.first_task = static_cast<int>(plan.tasks.size());
    for (int i = 0; i < chain.parallelism; ++i)
      plan.tasks.push_back({static_cast<int>(plan.tasks.size()), static_cast<int>(c), i, i % plan.cores});
  }
  plan.graph = std::move(graph);
  for (size_t e = 0; e < plan.graph.edges.size(); ++e) {
    const Edge& edge = plan.graph.edges[e];
    int from = plan.chain_of_node[static_cast<size_t>(index[edge.from])];
    int to = plan.chain_of_node[static_cast<size_t>(index[edge.to])];
    if (from != to) AddChannels(plan, static_cast<int>(e), from, to);
  }
  return plan;
}

}  // namespace thalweg::runtime
