// Joins of rows with the best of each window over the same rows: docs/internals/relations.md has the proof.
#pragma once

#include <optional>

#include "graph/window_best_spec.h"
#include "sql/plan.h"

namespace thalweg::sql {

/// A side whose rows join nothing once a better one has come in their window, if both scans are one node of the graph.
struct WindowBest {
  bool left = true;
  graph::WindowBestSpec spec;
  PlanPtr scan;         // that the side's rows come from
  PlanPtr window_scan;  // that the windows' rows come from
};

/// By the plan. That the inputs only insert, only who makes the graph knows.
std::optional<WindowBest> WindowBestOf(const JoinPlan& join);

}  // namespace thalweg::sql
