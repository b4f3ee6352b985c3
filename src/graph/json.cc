// The execution plan as JSON, in the shape that Flink's plan visualizer reads.
#include <algorithm>

#include "graph/job_graph.h"

namespace thalweg::graph {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

std::string_view Pact(NodeRole role) {
  switch (role) {
    case NodeRole::kSource: return "Data Source";
    case NodeRole::kSink: return "Data Sink";
    case NodeRole::kOperator: break;
  }
  return "Operator";
}

std::string Predecessors(const JobGraph& graph, const Node& node) {
  std::string out;
  for (const Edge& edge : graph.edges) {
    if (edge.to != node.id) continue;
    out += fmt::format("{}{{\"id\": {}, \"ship_strategy\": {}, \"side\": \"second\"}}", out.empty() ? "" : ", ",
                       edge.from, Quoted(PartitioningName(edge.partitioning)));
  }
  return out.empty() ? out : fmt::format(",\n    \"predecessors\": [{}]", out);
}

}  // namespace

std::string ToJson(const JobGraph& graph) {
  std::string out = "{\n  \"nodes\": [";
  for (const Node& node : graph.nodes) {
    const std::string_view prefix = node.role == NodeRole::kSource ? "Source: "
                                    : node.role == NodeRole::kSink ? "Sink: "
                                                                   : "";
    const std::string label = Quoted(node.name.starts_with(prefix) ? node.name : std::string(prefix) + node.name);
    out += fmt::format(
        "{}{{\n    \"id\": {},\n    \"type\": {},\n    \"pact\": \"{}\",\n    \"contents\": {},\n    \"parallelism\": "
        "{}{}\n  }}",
        &node == graph.nodes.data() ? "" : ", ", node.id, label, Pact(node.role), label, std::max(node.parallelism, 1),
        Predecessors(graph, node));
  }
  return out + "]\n}\n";
}

}  // namespace thalweg::graph
