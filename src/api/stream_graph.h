// StreamGraph: the job under construction that DataStream calls write into. Ends as a flow::Program.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "flow/program.h"
#include "graph/job_graph.h"
#include "operators/side_output.h"

namespace thalweg::api {

/// One thread. Nodes are referred to by id. A graph may be run several times, as in Flink: a job has what was added since the last
/// one, and all that this reads from.
class StreamGraph {
 public:
  /// Subtasks of a node that names no parallelism: the default, or as many as the first input's or the reader's (helpers that are
  /// part of a neighbour and must not put an exchange in between).
  enum class Subtasks : uint8_t { kDefault, kAsInput, kAsOutput };
  struct NodeSpec {
    std::string kind;
    std::string name;  // empty: the kind
    graph::NodeRole role = graph::NodeRole::kOperator;
    std::string output_codec;        // of port 0; "" for a sink
    types::SchemaPtr output_schema;  // of port 0, when rows are columnar
    bool keyed = false;
    Subtasks subtasks = Subtasks::kDefault;
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
    bool exactly_forward = false;  // the user said so: no rebalance where the parallelisms differ
  };

  /// Inputs of one `inputs` entry are unioned.
  uint32_t AddNode(NodeSpec spec, const std::vector<std::vector<Input>>& inputs);
  uint32_t AddSource(NodeSpec spec, flow::SourceFactory make, flow::SourcePipeline pipeline);
  /// The side output of that name: the port there is, or a new one.
  template <typename X>
  int SidePort(uint32_t node_id, const operators::OutputTag<X>& tag) {
    if (tag.name.empty()) Fail(UserError("An OutputTag of '{}' has no name", node(node_id).name));
    int port = FindPort(node_id, tag.name);
    if (port < 0) port = AddPort(node_id, tag.name, types::CodecName<X>());
    if (const std::string& codec = node(node_id).outputs[static_cast<size_t>(port)].object_codec;
        codec != types::CodecName<X>())
      Fail(UserError("Side output '{}' of '{}' has rows of {}, not of {}", tag.name, node(node_id).name, codec,
                     types::CodecName<X>()));
    else if (!HasSide(node_id, port))
      functions_[node_id - 1].sides.push_back(operators::SidePortOf(tag, port));
    return port;
  }
  /// A further output port of `node`; its number.
  int AddPort(uint32_t node, std::string name, std::string codec);
  /// Port of that name, or -1. Port 0 has none.
  int FindPort(uint32_t node, std::string_view name) const;
  graph::Node& node(uint32_t id) { return graph_.nodes[id - 1]; }
  /// The port of the records that the source `node` cannot parse. Fails what is no source, or one that parses nothing.
  int DeadLetterPort(uint32_t node);

  /// A call that could not be: the first is the outcome of Build. An ok one changes nothing.
  void Fail(Status error) {
    if (error_.ok()) error_ = std::move(error);
  }

  /// The program of what was added since MarkBuilt. UserError if that is nothing, a uid is used twice, or an edge cannot be.
  /// `default_parallelism`: of nodes that name none.
  Result<flow::Program> Build(std::string job_name, int default_parallelism) const;
  /// What is there was run, or could not be: the next program is of what comes, and what was wrong so far is forgotten.
  void MarkBuilt() {
    built_ = graph_.nodes.size();
    error_ = {};
  }

 private:
  struct Functions {
    std::function<flow::OperatorFactory(const std::vector<operators::SidePort>&)> op;
    std::vector<operators::SidePort> sides;
    flow::SourceFactory source;
    flow::SourcePipeline pipeline;
    Subtasks subtasks = Subtasks::kDefault;
  };
  bool HasSide(uint32_t node, int port) const;
  std::vector<bool> NeededNodes() const;
  std::vector<int> ResolveParallelism(int default_parallelism) const;

  graph::JobGraph graph_;
  std::vector<Functions> functions_;                        // by node
  std::map<size_t, flow::PartitionFunction> partitioners_;  // by edge
  std::set<size_t> exactly_forward_;                        // edges
  size_t built_ = 0;                                        // nodes that were part of an earlier program
  Status error_;
};

}  // namespace thalweg::api
