#include "graph/job_graph.h"

#include <algorithm>

namespace thalweg::graph {

std::string_view PartitioningName(Partitioning partitioning) {
  switch (partitioning) {
    case Partitioning::kForward: return "FORWARD";
    case Partitioning::kKeyed: return "HASH";
    case Partitioning::kRebalance: return "REBALANCE";
    case Partitioning::kRescale: return "RESCALE";
    case Partitioning::kBroadcast: return "BROADCAST";
    case Partitioning::kGlobal: return "GLOBAL";
    case Partitioning::kCustom: return "CUSTOM";
  }
  return "?";
}

const Node* JobGraph::FindNode(uint32_t id) const {
  const auto found =
      std::lower_bound(nodes.begin(), nodes.end(), id, [](const Node& node, uint32_t key) { return node.id < key; });
  return found != nodes.end() && found->id == id ? &*found : nullptr;
}

const Node* JobGraph::FindUid(std::string_view uid) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.uid == uid; });
  return found != nodes.end() ? &*found : nullptr;
}

}  // namespace thalweg::graph
