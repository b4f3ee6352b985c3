// State of an operator that is not keyed: lists of encoded items, given out at restore as their mode says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "state/snapshot.h"

namespace thalweg::state {

/// One thread (the task's).
class OperatorState {
 public:
  /// The list `name`, restored or empty. Error if it exists with another mode or codec. The pointer stays valid.
  Result<std::vector<std::string>*> Open(const std::string& name, Redistribution mode, const std::string& codec);

  std::vector<OperatorStateSnapshot> Snapshot() const;
  /// Takes over what Redistribute gave this subtask. Before any Open.
  void Restore(std::vector<OperatorStateSnapshot> lists);

 private:
  std::map<std::string, OperatorStateSnapshot> lists_;
};

/// Gives the lists of all old subtasks out to `parallelism` new ones: split lists round-robin in order, union lists whole to each,
/// broadcast lists one old copy to each. Element i of the result is for subtask i.
std::vector<std::vector<OperatorStateSnapshot>> Redistribute(
    const std::vector<std::vector<OperatorStateSnapshot>>& old_subtasks, int parallelism);

}  // namespace thalweg::state
