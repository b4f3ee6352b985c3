// Job graphs by hand, for this folder's tests.
#pragma once

#include <string>
#include <utility>

#include "graph/job_graph.h"

namespace thalweg::runtime {

/// Nodes get the ids 1, 2, ... in the order of the calls; their uid is their name.
class GraphOf {
 public:
  explicit GraphOf(std::string name = "job") { graph_.name = std::move(name); }

  /// `parallelism` 0: the job's default. Returns the id.
  uint32_t Source(const std::string& name, int parallelism = 0) {
    return Add(name, graph::NodeRole::kSource, 0, parallelism);
  }
  uint32_t Operator(const std::string& name, int inputs = 1, int parallelism = 0) {
    return Add(name, graph::NodeRole::kOperator, inputs, parallelism);
  }
  uint32_t Sink(const std::string& name, int parallelism = 0) {
    return Add(name, graph::NodeRole::kSink, 1, parallelism);
  }
  void Join(uint32_t from, uint32_t to, graph::Partitioning partitioning = graph::Partitioning::kForward, int port = 0,
            int input = 0) {
    graph::Edge edge;
    edge.from = from;
    edge.from_port = port;
    edge.to = to;
    edge.to_input = input;
    edge.partitioning = partitioning;
    graph_.edges.push_back(edge);
  }
  graph::Node& node(uint32_t id) { return graph_.nodes[id - 1]; }
  graph::JobGraph& graph() { return graph_; }
  const graph::JobGraph& graph() const { return graph_; }

 private:
  uint32_t Add(const std::string& name, graph::NodeRole role, int inputs, int parallelism) {
    graph::Node node;
    node.id = static_cast<uint32_t>(graph_.nodes.size() + 1);
    node.uid = name;
    node.name = name;
    node.kind = name;
    node.role = role;
    node.inputs = inputs;
    node.parallelism = parallelism;
    if (role != graph::NodeRole::kSink) node.outputs = {{"out", nullptr, "i64", {}}, {"side", nullptr, "i64", {}}};
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.back().id;
  }
  graph::JobGraph graph_;
};

}  // namespace thalweg::runtime
