// What a task gave at one barrier, from the barrier until its file is written.
// Rule: the task's thread until Advance says that everything is saved; then whoever writes it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "state/keyed_backend.h"
#include "state/snapshot.h"

namespace thalweg::runtime {

class TaskSnapshot {
 public:
  /// The next operator of the chain: what it gave at the barrier, and its keyed state under way (null: it has none).
  void Add(state::OperatorSnapshot snapshot, std::unique_ptr<state::PendingSnapshot> keyed);
  size_t size() const { return operators_.operators.size(); }

  /// Saves about `budget` bytes more (state::PendingSnapshot). True when no operator is needed any more.
  bool Advance(int64_t budget);
  /// The whole, once, after Advance was true. Any thread; blocks.
  Result<state::TaskSnapshot> Take();

 private:
  state::TaskSnapshot operators_;
  std::vector<std::unique_ptr<state::PendingSnapshot>> keyed_;  // by operator
  size_t saved_ = 0;                                            // operators
};

}  // namespace thalweg::runtime
