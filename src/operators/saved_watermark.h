// The watermark that an operator has fired up to, in its operator state. Rule: after a restore it is the least of the old subtasks', for
// none of them has fired less.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "state/operator_state.h"

namespace thalweg::operators {

/// Of one operator; the task's thread.
class SavedWatermark {
 public:
  struct Value {
    int64_t watermark = INT64_MIN;
    uint8_t flags = 0;  // of all subtasks together
  };
  /// Timers up to the watermark are not all fired. Other flags are the operator's own.
  static constexpr uint8_t kFiring = 1;

  /// What was restored in state `name`; the default if nothing was. ExternalError if it is malformed.
  Result<Value> Open(state::OperatorState& state, const std::string& name);
  /// What the snapshot at hand is to hold.
  void Save(const Value& value);

 private:
  std::vector<std::string>* saved_ = nullptr;
};

}  // namespace thalweg::operators
