// Aggregates over each row and those before it in an order, of an input that may change (graph/sorted_over_spec.h). Row kinds are those
// of Flink's NonTimeRangeUnboundedPrecedingFunction and NonTimeRowsUnboundedPrecedingFunction.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "sorted-over". A change costs as much as its partition has rows.
Result<std::unique_ptr<flow::Operator>> MakeSortedOver(const graph::Node& node);

}  // namespace thalweg::operators
