// WatchesInputs: an operator of several inputs that must know how far each of them is, not only the least of them.
#pragma once

#include <cstdint>

namespace thalweg::flow {

/// What an operator is beside flow::Operator (flow/operator.h).
class WatchesInputs {
 public:
  virtual ~WatchesInputs() = default;

  /// Every channel of `input` has sent `watermark` or a later one, also those that are idle, and all that came before it on them has been
  /// worked off; kMaxWatermark: they have ended. So what still comes on `input` comes behind it: of rows that the operator above sends
  /// no sooner than its own watermark lets it, none is late. (The merged watermark of Operator::OnWatermark leaves idle channels
  /// out, and who comes back from idleness may be behind it.) Never falls, but begins anew with each start of the operator. Between two
  /// other calls; emits nothing.
  virtual void OnInputWatermark(int input, int64_t watermark) = 0;
};

}  // namespace thalweg::flow
