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
      if (input.partitioning == Partitioning::kCustom) custom_.push_back({graph_.edges.size(), input.custom});
      graph_.edges.push_back(std::move(edge));
    }
  }
  functions_.push_back({std::move(spec.make), {}, {}, {}});
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

Result<flow::Program> StreamGraph::Build(std::string job_name) const {
  if (graph_.nodes.empty()) return UserError("The job is empty: define a source and a sink before execute");
  flow::Program program;
  program.graph = graph_;
  program.graph.name = std::move(job_name);
  std::set<std::string> uids;
  for (Node& node : program.graph.nodes) {
    if (node.parallelism <= 0) node.parallelism = default_parallelism_;
    if (!uids.insert(node.uid).second)
      return UserError("Two operators share the uid '{}'; the second is '{}'", node.uid, node.name);
  }
  // An edge the user left forward turns into a rebalance where the parallelisms differ, as in Flink.
  for (Edge& edge : program.graph.edges) {
    const Node* from = program.graph.FindNode(edge.from);
    const Node* to = program.graph.FindNode(edge.to);
    if (edge.partitioning == Partitioning::kForward && from->parallelism != to->parallelism)
      edge.partitioning = Partitioning::kRebalance;
  }
  for (size_t i = 0; i < functions_.size(); ++i) {
    const std::string& uid = program.graph.nodes[i].uid;
    if (functions_[i].op) program.functions.operators[uid] = functions_[i].op(functions_[i].sides);
    if (functions_[i].source) program.functions.sources[uid] = functions_[i].source;
    if (program.graph.nodes[i].role == graph::NodeRole::kSource)
      program.functions.pipelines[uid] = functions_[i].pipeline;
  }
  for (const CustomEdge& custom : custom_) {
    const Edge& edge = program.graph.edges[custom.edge];
    program.functions
        .partitioners[program.graph.FindNode(edge.from)->uid + "/" + program.graph.FindNode(edge.to)->uid] =
        custom.function;
  }
  return program;
}

}  // namespace thalweg::api
