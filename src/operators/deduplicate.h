// One row of each key of an append-only input (graph/rank_spec.h): the first or the last, by arrival or by event time. Row kinds are
// those of Flink's ProcTimeDeduplicateKeepFirstRowFunction, ...KeepLastRowFunction, RowTimeDeduplicateFunction and
// RowTimeDeduplicateKeepFirstRowFunction.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "deduplicate".
Result<std::unique_ptr<flow::Operator>> MakeDeduplicate(const graph::Node& node);

}  // namespace thalweg::operators
