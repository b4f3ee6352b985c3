// Regular join of two changelogs (graph/join_spec.h): all rows of both sides are kept, and each change of one is joined with what the
// other has. Row kinds are those of Flink's StreamingJoinOperator and StreamingSemiAntiJoinOperator.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "join".
Result<std::unique_ptr<flow::Operator>> MakeJoin(const graph::Node& node);

}  // namespace thalweg::operators
