// RuntimeContext: what a user function may ask of its surroundings. A function that wants it has a member
// `Open(RuntimeContext&)` (also `Close()`), called once per subtask; a plain lambda has none and needs none.
#pragma once

#include <concepts>
#include <string_view>

#include "flow/context.h"
#include "metrics/registry.h"
#include "state/keyed_state.h"

namespace thalweg::operators {

/// The task's thread. Valid as long as the operator.
class RuntimeContext {
 public:
  explicit RuntimeContext(flow::Context& context, state::KeyedStateStore* keyed = nullptr)
      : context_(&context), keyed_(keyed) {}

  int subtask() const { return context_->task().subtask; }
  int parallelism() const { return context_->task().parallelism; }
  int max_parallelism() const { return context_->task().max_parallelism; }
  int attempt() const { return context_->task().attempt; }
  const std::string& task_name() const { return context_->task().operator_name; }
  const std::string& job_name() const { return context_->task().job; }
  int64_t now_ms() const { return context_->clock().NowMs(); }
  int64_t current_watermark() const { return context_->current_watermark(); }
  Random& random() { return context_->random(); }
  metrics::Group& metrics() { return context_->metrics(); }

  /// Keyed state by its descriptor (state/keyed_state.h). Only for functions on a keyed stream: elsewhere a user error at the
  /// operator's border.
  template <typename Descriptor>
  auto GetState(const Descriptor& descriptor) {
    RequireKeyed(descriptor.name);
    return keyed_->Get(descriptor);
  }
  flow::Context& flow_context() { return *context_; }

 private:
  void RequireKeyed(std::string_view name) const;
  flow::Context* context_;
  state::KeyedStateStore* keyed_;
};

/// Calls `function.Open(context)` if there is one.
template <typename F>
void OpenFunction(F& function, RuntimeContext& context) {
  if constexpr (requires { function.Open(context); }) function.Open(context);
}
template <typename F>
void CloseFunction(F& function) {
  if constexpr (requires { function.Close(); }) function.Close();
}

}  // namespace thalweg::operators
