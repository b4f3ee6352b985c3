// Matcher: what a row, or time that passes, makes of the runs of a partition. Rules (Flink's NFA and AfterMatchSkipStrategy):
// each row begins a run of its own and is offered to all others; a run that takes it nowhere is gone; a complete match is given once
// no partial one began before it, and takes with it the runs that begin before the place where matching goes on.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "cep/automaton.h"
#include "cep/pattern.h"
#include "cep/runs.h"

namespace thalweg::cep {

/// What the matcher asks about the row that has come.
class Conditions {
 public:
  virtual ~Conditions() = default;
  /// Whether the row may be one of `stage`, behind the rows of `run`; null: it would be the first of a match.
  virtual Result<bool> Holds(int stage, const Run* run) = 0;
};

/// Any thread: it keeps nothing of its own. Errors are the user's: a condition that fails, or matching that cannot go on where the
/// pattern says.
class Matcher {
 public:
  explicit Matcher(Pattern pattern) : pattern_(std::move(pattern)), automaton_(pattern_.stages) {}

  /// Row `runs.next_row` has come, at `time_ms`. Appends complete matches to `matches`, in the order in which they begin.
  Status Take(int64_t time_ms, Conditions& conditions, Runs& runs, std::vector<Run>& matches) const;
  /// Rows that come have this time or a later one: partial matches whose time is over go. Appends to `matches` those that waited for them.
  Status AdvanceTime(int64_t time_ms, Runs& runs, std::vector<Run>& matches) const;
  /// When the time of the first partial match is over; INT64_MAX: never.
  int64_t Deadline(const Runs& runs) const;

  const Pattern& pattern() const { return pattern_; }

 private:
  struct Step;
  Status Give(Runs& runs, std::vector<Run>& matches) const;
  Result<int64_t> SkipTo(const Run& match) const;

  Pattern pattern_;
  Automaton automaton_;
};

}  // namespace thalweg::cep
