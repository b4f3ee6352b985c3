#include "runtime/task_snapshot.h"

#include <utility>

#include "runtime/user_code.h"

namespace thalweg::runtime {

void TaskSnapshot::Add(state::OperatorSnapshot snapshot, std::unique_ptr<state::PendingSnapshot> keyed) {
  operators_.operators.push_back(std::move(snapshot));
  keyed_.push_back(std::move(keyed));
}

bool TaskSnapshot::Advance(int64_t budget) {
  for (; saved_ < keyed_.size(); ++saved_)
    if (keyed_[saved_] != nullptr && !keyed_[saved_]->Advance(budget)) return false;
  return true;
}

Result<state::TaskSnapshot> TaskSnapshot::Take() {
  for (size_t i = 0; i < keyed_.size(); ++i) {
    if (keyed_[i] == nullptr) continue;
    Result<state::KeyedSnapshot> taken = CatchUserErrors([&] { return keyed_[i]->Take(); });
    if (!taken.ok())
      return taken.status().WithContext(fmt::format("State of operator '{}'", operators_.operators[i].uid));
    operators_.operators[i].keyed = std::move(*taken);
    keyed_[i].reset();
  }
  return std::move(operators_);
}

}  // namespace thalweg::runtime
