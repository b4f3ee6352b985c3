// For tests: nodes as a front end would write them.
#pragma once

#include <map>
#include <string>

#include "graph/job_graph.h"
#include "types/type_codec.h"

namespace thalweg::connectors {

inline types::Schema ViewSchema() {
  using types::DataType;
  using types::TypeId;
  return types::Schema({{"page", DataType(TypeId::kString, false)}, {"user", DataType(TypeId::kBigInt)}});
}

using NodeOptionMap = std::map<std::string, std::string>;

inline graph::Node SourceNode(const std::string& kind, NodeOptionMap options, types::Schema schema = ViewSchema()) {
  graph::Node node;
  node.kind = kind;
  node.name = "clicks";
  node.role = graph::NodeRole::kSource;
  node.outputs.push_back({"main", std::make_shared<const types::Schema>(std::move(schema)), {}, {}});
  node.options = std::move(options);
  return node;
}

inline graph::Node SinkNode(const std::string& kind, NodeOptionMap options,
                            const types::Schema& schema = ViewSchema()) {
  graph::Node node;
  node.kind = kind;
  node.name = "counts";
  node.role = graph::NodeRole::kSink;
  node.inputs = 1;
  node.payload = types::EncodeSchema(schema);
  node.options = std::move(options);
  return node;
}

}  // namespace thalweg::connectors
