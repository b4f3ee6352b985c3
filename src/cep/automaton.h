// Automaton: the states of a pattern. Rule: each state offers its stage the row first; that it may be left without one comes behind that,
// so that of two ways to one match the one with more rows of the earlier stage is tried first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cep/pattern.h"

namespace thalweg::cep {

struct Transition {
  enum class Kind : uint8_t {
    kTake,     // the row becomes one of `stage`, whose condition must hold
    kProceed,  // the row is offered to `target`
  };
  Kind kind = Kind::kTake;
  int stage = -1;
  int target = 0;
  std::vector<int> unless;  // stages whose condition must not hold
};
using State = std::vector<Transition>;

class Automaton {
 public:
  /// The state in which a match is complete.
  static constexpr int kFinal = 0;

  explicit Automaton(const std::vector<Stage>& stages);
  int start() const { return start_; }
  const State& state(int number) const { return states_[static_cast<size_t>(number)]; }
  int size() const { return static_cast<int>(states_.size()); }

 private:
  struct Ways {
    int taken = 0;  // where a row leads
    int left = -1;  // where it goes on without one; -1: nowhere
  };
  int Add(int stage, Ways ways);
  int AddLoop(int stage, int behind);
  int AddStage(int number, const Stage& stage, int behind);
  void Forbid(int state, int stage);

  std::vector<State> states_;
  int start_ = kFinal;
};

}  // namespace thalweg::cep
