// EXPLAIN: plans and graphs as text for people.
#pragma once

#include <string>

#include "graph/job_graph.h"

namespace thalweg::sql {

/// One line a node, with its inputs, how rows reach it, and what they may be: "3: GroupAggregate <- 2 keyed [0] (retract)".
std::string GraphText(const graph::JobGraph& graph);

}  // namespace thalweg::sql
