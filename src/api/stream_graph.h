// StreamGraph: the job under construction that DataStream calls write into. Ends as a flow::Program.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flow/program.h"
#include "graph/job_graph.h"
#include "operators/side_output.h"

namespace thalweg::api {

/// One thread. Nodes are referred to by id.
class StreamGraph {
 public:
  struct NodeSpec {
    std::string kind;
    std::string name;
    graph::NodeRole role = graph::NodeRole::kOperator;
    std::string output_codec;        // of port 0; "" for a sink
    types::SchemaPtr output_schema;  // of port 0, when rows are columnar
    bool keyed = false;
    /// Null: the registry's, by kind. Called when the program is built: which side outputs are read is known only then.
    std::function<flow::OperatorFactory(const std::vector<operators::SidePort>&)> make;
    std::map<std::string, std::string> options;
    std::string payload;
  };
  struct Input {
    uint32_t node = 0;
    int port = 0;
    graph::Partitioning partitioning = graph::Partitioning::kForward;
    flow::PartitionFunction custom;
  };

  /// Inputs of one `inputs` entry are unioned. Parallelism: the spec's, else that of a forward input, else the default.
  uint32_t AddNode(NodeSpec spec, const std::vector<std::vector<Input>>& inputs);
  uint32_t AddSource(NodeSpec spec, flow::SourceFactory make, flow::SourcePipeline pipeline);
  /// The side output of that name: the port there is, or a new one.
  template <typename X>
  int SidePort(uint32_t node_id, const operators::OutputTag<X>& tag) {
    if (int port = FindPort(node_id, tag.name); port > 0) return port;
    int port = AddPort(node_id, tag.name, types::CodecName<X>());
    functions_[node_id - 1].sides.push_back(operators::SidePortOf(tag, port));
    return port;
  }
  /// A further output port of `node`; its number.
  int AddPort(uint32_t node, std::string name, std::string codec);
  /// Port of that name, or -1. Port 0 has none.
  int FindPort(uint32_t node, std::string_view name) const;
  graph::Node& node(uint32_t id) { return graph_.nodes[id - 1]; }

  /// The finished program. UserError if the graph is empty, a uid is used twice, or an edge cannot be.
  Result<flow::Program> Build(std::string job_name) const;
  /// Environment-wide default for the nodes that name none.
  void set_default_parallelism(int parallelism) { default_parallelism_ = parallelism; }
  int default_parallelism() const { return default_parallelism_; }

 private:
  struct Functions {
    std::function<flow::OperatorFactory(const std::vector<operators::SidePort>&)> op;
    std::vector<operators::SidePort> sides;
    flow::SourceFactory source;
    flow::SourcePipeline pipeline;
  };
  struct CustomEdge {
    size_t edge;
    flow::PartitionFunction function;
  };
  graph::JobGraph graph_;
  std::vector<Functions> functions_;  // by node
  std::vector<CustomEdge> custom_;
  int default_parallelism_ = 0;
};

}  // namespace thalweg::api
