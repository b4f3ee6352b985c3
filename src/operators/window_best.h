// WindowBest: of rows on their way to a join with the best value of each window over the same rows, those that may join.
// Rule: a row is let go only if the window's aggregate counts a better one for certain, so its value is no result of the window;
// docs/internals/relations.md has the proof.
#pragma once

#include <memory>

#include "base/status.h"
#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of nodes of the kind "window-best".
Result<std::unique_ptr<flow::Operator>> MakeWindowBest(const graph::Node& node);

}  // namespace thalweg::operators
