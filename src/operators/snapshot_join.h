// Joins with what the right side holds now (graph/join_spec.h): of a table that is held in state, after it was loaded.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of nodes of the kind "snapshot-join".
Result<std::unique_ptr<flow::Operator>> MakeSnapshotJoin(const graph::Node& node);

}  // namespace thalweg::operators
