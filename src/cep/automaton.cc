#include "cep/automaton.h"

#include <algorithm>

namespace thalweg::cep {

Automaton::Automaton(const std::vector<Stage>& stages) : states_(1) {
  for (auto stage = static_cast<int>(stages.size()); stage-- > 0;)
    start_ = AddStage(stage, stages[static_cast<size_t>(stage)], start_);
}

int Automaton::Add(int stage, Ways ways) {
  State state;
  state.push_back({.kind = Transition::Kind::kTake, .stage = stage, .target = ways.taken});
  if (ways.left >= 0) state.push_back({.kind = Transition::Kind::kProceed, .target = ways.left});
  states_.push_back(std::move(state));
  return size() - 1;
}

int Automaton::AddLoop(int stage, int behind) { return Add(stage, {.taken = size(), .left = behind}); }

// Behind the rows that must come lie states for those that may: a loop, or a state each. `behind` can be reached from all of these.
int Automaton::AddStage(int number, const Stage& stage, int behind) {
  const int least = std::max(stage.min, 1);
  const bool varies = stage.max == kUnbounded || stage.max > least;
  if (stage.greedy && varies) Forbid(behind, number);
  int next = behind;
  if (stage.max == kUnbounded) next = AddLoop(number, behind);
  for (int more = least; more < stage.max; ++more) next = Add(number, {.taken = next, .left = behind});
  for (int row = 1; row < least; ++row) next = Add(number, {.taken = next});
  return Add(number, {.taken = next, .left = stage.min == 0 ? behind : -1});
}

void Automaton::Forbid(int state, int stage) {
  for (Transition& transition : states_[static_cast<size_t>(state)]) transition.unless.push_back(stage);
}

}  // namespace thalweg::cep
