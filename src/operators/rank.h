// The rows of each partition with the row numbers from .. to (graph/rank_spec.h), as a changelog. Row kinds are those of Flink's
// AppendOnlyTopNFunction, UpdatableTopNFunction, RetractableTopNFunction and, where only the first row is wanted, FastTop1Function.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "rank".
Result<std::unique_ptr<flow::Operator>> MakeRank(const graph::Node& node);

}  // namespace thalweg::operators
