// Which sides of a regular join a time bounds, so that their rows are forgotten: docs/internals/relations.md has the proof.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/join_spec.h"
#include "sql/plan.h"
#include "sql/time_terms.h"

namespace thalweg::sql {

struct TimeBounds {
  std::optional<graph::TimeBound> left, right;
};

/// By the join's keys, its condition and what its inputs are. That both inputs only insert and have no TTL, only who makes the graph knows.
TimeBounds TimeBoundsOf(const JoinPlan& join);

/// What keys and condition of a join say of the distance of two times of milliseconds, once for each pair of columns.
std::vector<TimeDistance> TimeDistancesOf(const JoinPlan& join);

/// Sums of three such spans, and of one with a time, stay far from the ends of int64.
constexpr bool IsNearSpan(int64_t span_ms) {
  constexpr int64_t kFarthestMs = int64_t{1} << 58;
  return span_ms >= -kFarthestMs && span_ms <= kFarthestMs;
}

}  // namespace thalweg::sql
