// What may wait on the outside world for long, and can be told that nobody waits for it any more.
#pragma once

namespace thalweg::flow {

/// Beside its main interface: a SplitEnumerator whose Discover may take long is one.
class Cancellable {
 public:
  virtual ~Cancellable() = default;
  /// Any thread. Waits under way and to come end soon, with an error that nobody reads.
  virtual void Cancel() = 0;
};

}  // namespace thalweg::flow
