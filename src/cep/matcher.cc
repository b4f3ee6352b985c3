#include "cep/matcher.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace thalweg::cep {

/// One run and the row that has come.
struct Matcher::Step {
  const Automaton& automaton;
  Conditions& conditions;
  const Run* run;
  int64_t row;
  int64_t time_ms;
  std::vector<int8_t> known;  // by stage: what Holds said; -1: not asked yet

  Result<bool> Holds(int stage) {
    int8_t& answer = known[static_cast<size_t>(stage)];
    if (answer < 0) {
      THALWEG_ASSIGN(const bool holds, conditions.Holds(stage, run));
      answer = holds ? 1 : 0;
    }
    return answer != 0;
  }

  Result<bool> Open(const Transition& transition) {
    if (transition.kind == Transition::Kind::kTake) {
      THALWEG_ASSIGN(const bool holds, Holds(transition.stage));
      if (!holds) return false;
    }
    for (int stage : transition.unless) {
      THALWEG_ASSIGN(const bool holds, Holds(stage));
      if (holds) return false;
    }
    return true;
  }

  /// Whether a match that is in `state` now is complete without another row.
  Result<bool> IsComplete(int state) {
    std::vector<int> states = {state};
    while (!states.empty()) {
      const int at = states.back();
      states.pop_back();
      if (at == Automaton::kFinal) return true;
      for (const Transition& transition : automaton.state(at)) {
        if (transition.kind != Transition::Kind::kProceed) continue;
        THALWEG_ASSIGN(const bool open, Open(transition));
        if (open) states.push_back(transition.target);
      }
    }
    return false;
  }

  Run Taken(const Transition& transition) const {
    Run next;
    if (run)
      next = *run;
    else
      next.start_ms = time_ms;
    next.state = transition.target;
    if (!next.rows.empty() && next.rows.back().stage == transition.stage && next.last() + 1 == row)
      ++next.rows.back().count;
    else
      next.rows.push_back({transition.stage, row, 1});
    return next;
  }

  Status Go(std::vector<Run>& partial, std::vector<Run>& completed) {
    std::vector<int> states = {run ? run->state : automaton.start()};
    while (!states.empty()) {
      const int at = states.back();
      states.pop_back();
      for (const Transition& transition : automaton.state(at)) {
        THALWEG_ASSIGN(const bool open, Open(transition));
        if (!open) continue;
        if (transition.kind == Transition::Kind::kProceed) {
          states.push_back(transition.target);
          continue;
        }
        THALWEG_ASSIGN(const bool complete, IsComplete(transition.target));
        Run next = Taken(transition);
        if (complete) completed.push_back(next);
        if (next.state != Automaton::kFinal) partial.push_back(std::move(next));
      }
    }
    return {};
  }
};

Status Matcher::Take(int64_t time_ms, Conditions& conditions, Runs& runs, std::vector<Run>& matches) const {
  const int64_t row = runs.next_row++;
  std::vector<Run> before = std::exchange(runs.partial, {});
  const size_t waiting = runs.completed.size();
  auto step = [&](const Run* run) {
    std::vector<int8_t> known(pattern_.stages.size(), -1);
    return Step{automaton_, conditions, run, row, time_ms, std::move(known)}.Go(runs.partial, runs.completed);
  };
  for (const Run& run : before) THALWEG_TRY(step(&run));
  THALWEG_TRY(step(nullptr));
  auto earlier = [](const Run& a, const Run& b) { return a.start() < b.start(); };
  std::inplace_merge(runs.completed.begin(), runs.completed.begin() + static_cast<std::ptrdiff_t>(waiting),
                     runs.completed.end(), earlier);
  return Give(runs, matches);
}

Status Matcher::AdvanceTime(int64_t time_ms, Runs& runs, std::vector<Run>& matches) const {
  const int64_t within = pattern_.within_ms;
  if (within <= 0 || time_ms < INT64_MIN + within) return {};
  if (std::erase_if(runs.partial, [&](const Run& run) { return run.start_ms <= time_ms - within; }) == 0) return {};
  return Give(runs, matches);
}

int64_t Matcher::Deadline(const Runs& runs) const {
  if (pattern_.within_ms <= 0 || runs.partial.empty()) return INT64_MAX;
  const int64_t start = runs.partial.front().start_ms;
  return start > INT64_MAX - pattern_.within_ms ? INT64_MAX : start + pattern_.within_ms;
}

Status Matcher::Give(Runs& runs, std::vector<Run>& matches) const {
  while (!runs.completed.empty()) {
    if (!runs.partial.empty() && runs.partial.front().start() < runs.completed.front().start()) return {};
    Run match = std::move(runs.completed.front());
    runs.completed.erase(runs.completed.begin());
    THALWEG_ASSIGN(const int64_t next, SkipTo(match));
    auto skipped = [next](const Run& run) { return run.start() < next; };
    std::erase_if(runs.partial, skipped);
    std::erase_if(runs.completed, skipped);
    matches.push_back(std::move(match));
  }
  return {};
}

/// The first row that a match behind this one may begin with.
Result<int64_t> Matcher::SkipTo(const Run& match) const {
  const auto& [skip, stage] = pattern_.after;
  if (skip == Skip::kToNextRow) return match.start() + 1;
  if (skip == Skip::kPastLastRow) return match.last() + 1;
  const auto found = std::ranges::find(match.rows, stage, &Segment::stage);
  if (found == match.rows.end())
    return UserError("Could not skip to a variable of the pattern: the match has no row of it");
  const int64_t row = skip == Skip::kToFirst ? found->first : found->first + found->count - 1;
  if (row == match.start())
    return UserError("Could not skip to first element of a match: matching would begin with the same row again");
  return row;
}

}  // namespace thalweg::cep
