// What user code is told that uses a state as it cannot be used. Thrown: the border to user code names the operator and the row.
#pragma once

#include <stdexcept>
#include <string>

namespace thalweg::state::internal {

// Cold and never inlined: the callers are on the path of every row.
[[noreturn, gnu::cold, gnu::noinline]] inline void ThrowNotOpened() {
  throw std::logic_error(
      "A state is used that was never opened: call GetState (GetListState, GetBroadcastState) in the function's "
      "Open(RuntimeContext&) and keep what it gives, as in `count = runtime.GetState(descriptor);`");
}
[[noreturn, gnu::cold, gnu::noinline]] inline void ThrowChangedInVisit(const char* call) {
  throw std::logic_error(std::string("MapState::") + call +
                         " inside ForEach of the same state: loop over Entries() or Keys(), which are copies");
}

}  // namespace thalweg::state::internal
