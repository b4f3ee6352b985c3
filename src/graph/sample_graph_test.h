// A small job graph that uses every field, for this folder's tests.
#pragma once

#include "graph/job_graph.h"

namespace thalweg::graph {

inline OutputPort ObjectPort(std::string name, std::string codec) {
  return {std::move(name), nullptr, std::move(codec), {}};
}

/// Source (4) -> keyed window (4) with a side output -> two sinks (1).
inline JobGraph SampleGraph() {
  JobGraph graph;
  graph.name = "clicks per page";
  Node source;
  source.id = 1;
  source.uid = "views";
  source.name = "page views";
  source.kind = "kafka-source";
  source.role = NodeRole::kSource;
  source.parallelism = 4;
  source.chaining = ChainingPolicy::kHead;
  source.options = {{"topic", "views"}, {"scan.startup.mode", "earliest-offset"}};
  source.outputs = {
      {"out",
       std::make_shared<types::Schema>(std::vector<types::Field>{
           {"page", types::DataType(types::TypeId::kString, false)}, {"at", types::DataType::Timestamp(3)}}),
       {},
       {}}};
  Node window;
  window.id = 3;
  window.uid = "counts";
  window.uid_is_generated = true;
  window.name = "count \"per page\"";
  window.kind = "window";
  window.parallelism = 4;
  window.max_parallelism = 128;
  window.slot_sharing_group = "heavy";
  window.inputs = 1;
  window.outputs = {ObjectPort("out", "(str,i64)"), ObjectPort("late", "str")};
  window.keyed = true;
  window.payload = std::string("\x01\x00\x02", 3);
  window.function = {0x1122334455667788, "counts"};
  Node sink;
  sink.id = 4;
  sink.uid = "to-topic";
  sink.name = "counts";
  sink.kind = "kafka-sink";
  sink.role = NodeRole::kSink;
  sink.parallelism = 1;
  sink.inputs = 1;
  Node late = sink;
  late.id = 7;
  late.uid = "late-rows";
  late.name = "late";
  late.chaining = ChainingPolicy::kNever;
  graph.nodes = {source, window, sink, late};
  graph.edges = {{1, 0, 3, 0, Partitioning::kKeyed, {0}, ExchangeMode::kPipelined, ChangelogMode::kAppend, {}},
                 {3, 0, 4, 0, Partitioning::kRebalance, {}, ExchangeMode::kBlocking, ChangelogMode::kUpsert, {}},
                 {3, 1, 7, 0, Partitioning::kGlobal, {}, ExchangeMode::kPipelined, ChangelogMode::kRetract, {}}};
  return graph;
}

}  // namespace thalweg::graph
