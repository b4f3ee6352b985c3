// Join of append-only streams whose times are near (graph/join_spec.h), as Flink's RowTimeIntervalJoin and ProcTimeIntervalJoin: a row is
// kept until no row that comes may join it; if it then has joined none, an outer side is padded. Watermarks go on late enough that
// rows sent later are not late.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "interval-join".
Result<std::unique_ptr<flow::Operator>> MakeIntervalJoin(const graph::Node& node);

}  // namespace thalweg::operators
