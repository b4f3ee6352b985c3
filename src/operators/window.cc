#include "operators/window.h"

namespace thalweg::operators {

Status ValidateWindow(const WindowOptions& options, bool merges) {
  if (!options.assigner) return UserError("A window needs an assigner: {}", options.name);
  THALWEG_TRY(options.assigner->Validate());
  if (options.allowed_lateness_ms < 0) {
    return UserError("The allowed lateness cannot be negative: {} ms, in {}", options.allowed_lateness_ms,
                     options.name);
  }
  if (options.trigger) THALWEG_TRY(options.trigger->Validate());
  if (!options.assigner->merging()) return {};
  if (options.trigger && !options.trigger->CanMerge()) {
    return UserError(
        "A merging window assigner cannot be used with a trigger that does not support merging: {} with {}",
        options.assigner->ToString(), options.trigger->ToString());
  }
  if (!merges) {
    return UserError("A merging window assigner needs an aggregate function with a Merge: {}, in {}",
                     options.assigner->ToString(), options.name);
  }
  return {};
}

}  // namespace thalweg::operators
