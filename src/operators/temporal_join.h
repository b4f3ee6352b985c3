// FOR SYSTEM_TIME AS OF (graph/join_spec.h): each left row with the version of the right row that was valid at its time, as Flink's
// TemporalRowTimeJoinOperator; or with the one that is valid when it comes, as TemporalProcessTimeJoinOperator. Kinds are the left
// rows'.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "temporal-join": left input 0, versions on input 1.
Result<std::unique_ptr<flow::Operator>> MakeTemporalJoin(const graph::Node& node);

}  // namespace thalweg::operators
