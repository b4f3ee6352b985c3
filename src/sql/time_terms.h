// What a condition of a join says of the distance of two times.
#pragma once

#include <cstdint>
#include <optional>

#include "expr/expression.h"

namespace thalweg::sql {

/// A column and a constant span added to it.
struct TimeTerm {
  int column = 0;
  int64_t shift_ms = 0;
};

/// column, column + interval, column - interval.
std::optional<TimeTerm> TimeTermOf(const expr::Expression& e);

/// left - right >= lower, left - right <= upper, in milliseconds; columns of the join's sides.
struct TimeDistance {
  int left = 0;
  int right = 0;
  std::optional<int64_t> lower_ms, upper_ms;
};

/// Of a comparison of a term of the left side with one of the right, in whole milliseconds; `width`: how many columns are left ones.
std::optional<TimeDistance> TimeDistanceOf(const expr::Expression& comparison, int width);

/// Both say it of the same columns: `distance` is narrowed to what `other` says, too.
void NarrowDistance(TimeDistance& distance, const TimeDistance& other);

}  // namespace thalweg::sql
