// Who wants -U in front of +U. Rule: asked for from the sinks down, as Flink does it, for the kinds of rows that come out depend on it.
#pragma once

#include <vector>

#include "sql/changelog_mode.h"

namespace thalweg::sql {

class UpdateBefore {
 public:
  explicit UpdateBefore(ChangelogModes& modes) : modes_(modes) {}

  /// Whether a node whose reader has `asked` for -U must get it from its input: of a temporal join the left one, for the right one always has it.
  Result<bool> OfInput(const Plan& plan, bool asked);
  /// The unique key of a rank's input whose rows never get worse, so that they need not be taken back; empty: it is no such input.
  Result<std::vector<int>> KeyOfRisingRows(const RankPlan& rank);

 private:
  /// How a column's value changes when the row that has it is updated.
  enum class Course : uint8_t { kAny, kSame, kRises, kFalls };
  Result<Course> CourseOf(const Plan& plan, int column);
  Result<bool> JoinsUpserts(const JoinPlan& join);

  ChangelogModes& modes_;
};

}  // namespace thalweg::sql
