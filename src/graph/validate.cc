// What the runtime relies on in a job graph, checked once before it runs.
#include <algorithm>
#include <set>

#include "graph/job_graph.h"
#include "types/key_group.h"

namespace thalweg::graph {
namespace {

// "'name' (uid, id 3)": what a person finds again.
std::string Label(const Node& node) { return fmt::format("'{}' (uid '{}', id {})", node.name, node.uid, node.id); }

Status CheckParallelism(const Node& node) {
  if (node.parallelism < 0) return UserError("Parallelism is negative: {} of node {}", node.parallelism, Label(node));
  if (node.max_parallelism < 0 || node.max_parallelism > types::kMaxMaxParallelism) {
    return UserError("Max parallelism must be between 1 and {}: {} of node {}", types::kMaxMaxParallelism,
                     node.max_parallelism, Label(node));
  }
  if (node.max_parallelism > 0 && node.parallelism > node.max_parallelism) {
    return UserError("Parallelism {} exceeds the max parallelism {} of node {}", node.parallelism, node.max_parallelism,
                     Label(node));
  }
  return {};
}

Status CheckPorts(const Node& node) {
  if (node.inputs < 0) return UserError("Number of inputs is negative: {} of node {}", node.inputs, Label(node));
  if (node.role == NodeRole::kSource && node.inputs > 0)
    return UserError("Source has inputs: {} of node {}", node.inputs, Label(node));
  if (node.role != NodeRole::kSource && node.inputs == 0)
    return UserError("Node has no input and is no source: {}", Label(node));
  std::set<std::string_view> names;
  for (const OutputPort& port : node.outputs) {
    if (!names.insert(port.name).second)
      return UserError("Two outputs are named '{}' in node {}", port.name, Label(node));
    if (!port.schema) continue;
    for (const types::Field& field : port.schema->fields()) {
      if (field.type.id() == types::TypeId::kObject)
        return UserError("Output '{}' has a schema with C++ objects instead of an object codec in node {}", port.name,
                         Label(node));
    }
  }
  return {};
}

Status CheckNodes(const JobGraph& graph) {
  if (graph.nodes.empty()) return UserError("Job has no operators: '{}'", graph.name);
  std::set<std::string_view> uids;
  const Node* before = nullptr;
  for (const Node& node : graph.nodes) {
    if (before && node.id == before->id)
      return UserError("Two nodes have the id {}: {} and {}", node.id, Label(*before), Label(node));
    if (before && node.id < before->id)
      return UserError("Node ids do not ascend: {} after {}", Label(node), Label(*before));
    before = &node;
    if (node.uid.empty()) return UserError("Node has no uid: {}", Label(node));
    if (!uids.insert(node.uid).second)
      return UserError("Two nodes have the uid '{}'; the second is {}", node.uid, Label(node));
    if (node.kind.empty()) return UserError("Node has no kind: {}", Label(node));
    THALWEG_TRY(CheckParallelism(node));
    THALWEG_TRY(CheckPorts(node));
  }
  return {};
}

Status CheckPartitioning(const Edge& edge, const Node& from, const Node& to) {
  if (edge.partitioning == Partitioning::kForward && from.parallelism != to.parallelism) {
    return UserError("Forward edge joins different parallelism: {} of node {} and {} of node {}", from.parallelism,
                     Label(from), to.parallelism, Label(to));
  }
  if (!edge.key_columns.empty() && edge.partitioning != Partitioning::kKeyed) {
    return UserError("Edge has key columns and is not keyed: {} to {}", Label(from), Label(to));
  }
  const types::SchemaPtr& schema = from.outputs[static_cast<size_t>(edge.from_port)].schema;
  for (int32_t column : edge.key_columns) {
    if (!from.scan.empty()) break;  // its rows have other columns than the schema
    if (column < 0 || !schema || column >= schema->size())
      return UserError("Key column {} does not exist in the output of node {} that node {} reads", column, Label(from),
                       Label(to));
  }
  // Rows of one key must meet in the subtask that owns the key's state.
  const bool scatters = edge.partitioning == Partitioning::kRebalance || edge.partitioning == Partitioning::kRescale ||
                        edge.partitioning == Partitioning::kCustom;
  if (to.keyed && scatters) {
    return UserError("Input {} of the keyed node {} is partitioned by {}, not by key", edge.to_input, Label(to),
                     PartitioningName(edge.partitioning));
  }
  return {};
}

Status CheckEdges(const JobGraph& graph) {
  std::set<std::pair<uint32_t, int32_t>> joined;
  for (const Edge& edge : graph.edges) {
    const Node* from = graph.FindNode(edge.from);
    const Node* to = graph.FindNode(edge.to);
    if (!from) return UserError("Edge comes from node {}, which does not exist", edge.from);
    if (!to) return UserError("Edge from node {} goes to node {}, which does not exist", Label(*from), edge.to);
    if (edge.from >= edge.to)
      return UserError("Nodes are not in topological order: {} feeds {}", Label(*from), Label(*to));
    if (edge.from_port < 0 || static_cast<size_t>(edge.from_port) >= from->outputs.size())
      return UserError("Node {} has no output {}, which node {} reads", Label(*from), edge.from_port, Label(*to));
    if (edge.to_input < 0 || edge.to_input >= to->inputs)
      return UserError("Node {} has no input {}, which node {} feeds", Label(*to), edge.to_input, Label(*from));
    THALWEG_TRY(CheckPartitioning(edge, *from, *to));
    joined.insert({edge.to, edge.to_input});
  }
  for (const Node& node : graph.nodes) {
    // Set lookup by the node's own count would loop for ever on a lying count: count what is joined instead.
    const auto begin = joined.lower_bound({node.id, 0});
    const auto end = joined.upper_bound({node.id, INT32_MAX});
    int32_t next = 0;
    for (auto it = begin; it != end && it->second == next; ++it) ++next;
    if (next < node.inputs) return UserError("Input {} is not joined to anything: node {}", next, Label(node));
  }
  return {};
}

}  // namespace

Status Validate(const JobGraph& graph) {
  THALWEG_TRY(CheckNodes(graph));
  return CheckEdges(graph);
}

}  // namespace thalweg::graph
