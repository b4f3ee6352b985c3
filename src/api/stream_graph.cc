#include "api/stream_graph.h"

#include <algorithm>
#include <set>

namespace thalweg::api {

using graph::Edge;
using graph::Node;
using graph::Partitioning;

uint32_t StreamGraph::AddNode(NodeSpec spec, const std::vector<std::vector<Input>>& inputs) {
  Node node;
  node.id = static_cast<uint32_t>(graph_.nodes.size()) + 1;
  node.kind = spec.kind;
  node.name = spec.name.empty() ? spec.kind : spec.name;
  node.role = spec.role;
  node.keyed = spec.keyed;
  node.inputs = static_cast<int32_t>(inputs.size());
  // Stable as long as the job's shape is: kind and position. A job that will change names its operators by Uid.
  node.uid = fmt::format("{}-{}", spec.kind, node.id);
  node.uid_is_generated = true;
  if (spec.role != graph::NodeRole::kSink) node.outputs.push_back({"main", spec.output_schema, spec.output_codec, {}});
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (const Input& input : inputs[i]) {
      Edge edge;
      edge.from = input.node;
      edge.from_port = input.port;
      edge.to = node.id;
      edge.to_input = static_cast<int32_t>(i);
      edge.partitioning = input.partitioning;
      const Node& from = graph_.nodes[input.node - 1];
      if (from.role == graph::NodeRole::kSink)
        Fail(UserError("'{}' is a sink: '{}' cannot read from it", from.name, node.name));
      if (input.exactly_forward) exactly_forward_.insert(graph_.edges.size());
      if (input.partitioning == Partitioning::kCustom) partitioners_[graph_.edges.size()] = input.custom;
      graph_.edges.push_back(std::move(edge));
    }
  }
  functions_.push_back({.op = std::move(spec.make), .subtasks = spec.subtasks});
  node.options = std::move(spec.options);
  node.payload = std::move(spec.payload);
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().id;
}

uint32_t StreamGraph::AddSource(NodeSpec spec, flow::SourceFactory make, flow::SourcePipeline pipeline) {
  spec.role = graph::NodeRole::kSource;
  uint32_t id = AddNode(std::move(spec), {});
  functions_.back().source = std::move(make);
  functions_.back().pipeline = std::move(pipeline);
  return id;
}

int StreamGraph::AddPort(uint32_t id, std::string name, std::string codec) {
  node(id).outputs.push_back({std::move(name), nullptr, std::move(codec), {}});
  return static_cast<int>(node(id).outputs.size()) - 1;
}

int StreamGraph::FindPort(uint32_t id, std::string_view name) const {
  const Node& node = graph_.nodes[id - 1];
  for (size_t port = 1; port < node.outputs.size(); ++port)
    if (node.outputs[port].name == name) return static_cast<int>(port);
  return -1;
}

int StreamGraph::DeadLetterPort(uint32_t id) {
  Node& of = node(id);
  // What is made as objects, a collection or a sequence, has no schema: there is nothing to parse.
  if (of.role != graph::NodeRole::kSource || !of.outputs[0].schema)
    Fail(
        UserError("DeadLetters of '{}', a {}: only a source that reads records has some that do not parse; call it on "
                  "what FromSource gave, before any other call",
                  of.name, of.kind));
  of.options["error-policy"] = "dead-letter";
  int port = FindPort(id, "dead-letters");
  return port < 0 ? AddPort(id, "dead-letters", "") : port;
}

bool StreamGraph::HasSide(uint32_t id, int port) const {
  const auto& sides = functions_[id - 1].sides;
  return std::any_of(sides.begin(), sides.end(), [&](const auto& side) { return side.port == port; });
}

// By position: operators and sinks added since the last program, and whatever they read from. A source that nobody reads is no job.
std::vector<bool> StreamGraph::NeededNodes() const {
  std::vector<bool> needed(graph_.nodes.size(), false);
  for (size_t i = built_; i < needed.size(); ++i) needed[i] = graph_.nodes[i].role != graph::NodeRole::kSource;
  // Edges lead from lower ids to higher ones: from the last to the first, a node is decided before its inputs are.
  std::vector<const Edge*> edges;
  for (const Edge& edge : graph_.edges) edges.push_back(&edge);
  std::stable_sort(edges.begin(), edges.end(), [](const Edge* a, const Edge* b) { return a->to > b->to; });
  for (const Edge* edge : edges)
    if (needed[edge->to - 1]) needed[edge->from - 1] = true;
  return needed;
}

// By position.
std::vector<int> StreamGraph::ResolveParallelism(int default_parallelism) const {
  std::vector<int> resolved(graph_.nodes.size());
  for (size_t i = 0; i < resolved.size(); ++i) {
    resolved[i] = graph_.nodes[i].parallelism > 0 ? graph_.nodes[i].parallelism : default_parallelism;
    if (graph_.nodes[i].parallelism > 0 || functions_[i].subtasks != Subtasks::kAsInput) continue;
    auto input = std::find_if(graph_.edges.begin(), graph_.edges.end(),
                              [&](const Edge& edge) { return edge.to == graph_.nodes[i].id; });
    if (input != graph_.edges.end()) resolved[i] = resolved[input->from - 1];
  }
  for (const Edge& edge : graph_.edges)
    if (functions_[edge.from - 1].subtasks == Subtasks::kAsOutput && graph_.nodes[edge.from - 1].parallelism <= 0)
      resolved[edge.from - 1] = resolved[edge.to - 1];
  return resolved;
}

Result<flow::Program> StreamGraph::Build(std::string job_name, int default_parallelism) const {
  THALWEG_TRY(error_);
  std::vector<bool> needed = NeededNodes();
  if (std::find(needed.begin(), needed.end(), true) == needed.end())
    return UserError(
        "The job is empty: since the environment was made, or last executed, no operator or sink was added");
  std::vector<int> parallelism = ResolveParallelism(default_parallelism);
  flow::Program program;
  program.graph.name = std::move(job_name);
  std::vector<uint32_t> new_ids(needed.size(), 0);
  std::set<std::string> uids;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    Node node = graph_.nodes[i];
    node.id = new_ids[i] = static_cast<uint32_t>(program.graph.nodes.size()) + 1;
    node.parallelism = parallelism[i];
    if (!uids.insert(node.uid).second)
      return UserError("Two operators share the uid '{}'; the second is '{}'", node.uid, node.name);
    const Functions& functions = functions_[i];
    if (functions.op) program.functions.operators[node.uid] = functions.op(functions.sides);
    if (functions.source) program.functions.sources[node.uid] = functions.source;
    if (node.role == graph::NodeRole::kSource) program.functions.pipelines[node.uid] = functions.pipeline;
    program.graph.nodes.push_back(std::move(node));
  }
  std::vector<std::pair<size_t, flow::PartitionFunction>> custom;
  for (size_t i = 0; i < graph_.edges.size(); ++i) {
    Edge edge = graph_.edges[i];
    if (!needed[edge.to - 1]) continue;
    // An edge the user left forward turns into a rebalance where the parallelisms differ, as in Flink.
    if (edge.partitioning == Partitioning::kForward && parallelism[edge.from - 1] != parallelism[edge.to - 1]) {
      if (exactly_forward_.contains(i))
        return UserError("Forward() does not change the parallelism: '{}' has {}, '{}' has {}",
                         graph_.nodes[edge.from - 1].name, parallelism[edge.from - 1], graph_.nodes[edge.to - 1].name,
                         parallelism[edge.to - 1]);
      edge.partitioning = Partitioning::kRebalance;
    }
    edge.from = new_ids[edge.from - 1];
    edge.to = new_ids[edge.to - 1];
    if (auto found = partitioners_.find(i); found != partitioners_.end())
      custom.emplace_back(program.graph.edges.size(), found->second);
    program.graph.edges.push_back(std::move(edge));
  }
  for (auto& [edge, function] : custom)
    program.functions.partitioners[flow::PartitionerKey(program.graph, edge)] = std::move(function);
  return program;
}

}  // namespace thalweg::api
