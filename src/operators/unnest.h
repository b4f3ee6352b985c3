// Unnest: each row with each element of a collection of its own (graph/unnest_spec.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "unnest". Row kinds stay.
Result<std::unique_ptr<flow::Operator>> MakeUnnest(const graph::Node& node);

}  // namespace thalweg::operators
