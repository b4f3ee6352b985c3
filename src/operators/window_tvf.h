// TUMBLE, HOP, CUMULATE and SESSION as table functions: rows with their windows (graph/aggregate_spec.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "window-tvf". Windows on a grid are appended at once, also to late rows. Rows of a session wait until it ends;
/// late ones are dropped and counted. Row kinds stay.
Result<std::unique_ptr<flow::Operator>> MakeWindowTvf(const graph::Node& node);

}  // namespace thalweg::operators
