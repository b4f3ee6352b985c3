// Aggregates per key and window: GROUP BY over windows, of table functions or of the older group windows (graph/aggregate_spec.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "window-aggregate". One row a key and window, +I, when the watermark (or the clock) passes the window's end; none
/// of a window whose rows were all retracted. Late rows are dropped and counted; or, if the node has a second output, sent there as they came.
Result<std::unique_ptr<flow::Operator>> MakeWindowAggregate(const graph::Node& node);

}  // namespace thalweg::operators
