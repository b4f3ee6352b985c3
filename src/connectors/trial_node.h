// Connectors for trying things out, from graph nodes: kinds "datagen", "print" and "blackhole", under Flink's option names.
#pragma once

#include <memory>

#include "connectors/datagen.h"
#include "connectors/print_sink.h"
#include "graph/job_graph.h"

namespace thalweg::connectors {

/// The rows are the node's first output. `now_ms`: what random timestamps count back from. UserErrors name option and node.
Result<DatagenOptions> ReadDatagenNode(const graph::Node& node, int64_t now_ms);
Result<std::shared_ptr<flow::Source>> MakeDatagenNode(const graph::Node& node, int64_t now_ms);

/// Print lines of all its subtasks go to one of the two; they outlive it.
struct PrintStreams {
  std::shared_ptr<LineStream> out, error;
};
Result<std::unique_ptr<flow::Operator>> MakePrintNode(const graph::Node& node, const PrintStreams& streams);
Result<std::unique_ptr<flow::Operator>> MakeBlackholeNode(const graph::Node& node);

}  // namespace thalweg::connectors
