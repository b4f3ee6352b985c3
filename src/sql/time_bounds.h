// Which sides of a regular join a time bounds, so that their rows are forgotten: docs/internals/relations.md has the proof.
#pragma once

#include <optional>

#include "graph/join_spec.h"
#include "sql/plan.h"

namespace thalweg::sql {

struct TimeBounds {
  std::optional<graph::TimeBound> left, right;
};

/// By the join's keys, its condition and what its inputs are. That both inputs only insert and have no TTL, only who makes the graph knows.
TimeBounds TimeBoundsOf(const JoinPlan& join);

}  // namespace thalweg::sql
