// Aggregates over each row and the rows before it (graph/aggregate_spec.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "over-aggregate". By event time rows wait for the watermark, are taken in the order of their times, and those that
/// the watermark has passed are dropped and counted. By processing time each row gives its result at once, but for RANGE of an
/// interval, where rows of one millisecond are peers and wait for its end.
Result<std::unique_ptr<flow::Operator>> MakeOverAggregate(const graph::Node& node);

}  // namespace thalweg::operators
