// RuntimeContext: what a user function may ask of its surroundings. A function that wants it has a member
// `Open(RuntimeContext&)` (also `Close()`), called once per subtask; a plain lambda has none and needs none.
#pragma once

#include <concepts>
#include <string_view>

#include "flow/context.h"
#include "metrics/registry.h"
#include "state/keyed_state.h"
#include "state/operator_list.h"

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
  /// Operator state (not keyed) by name: after a restore the items of all subtasks are dealt out among the new ones ...
  template <typename V>
  state::OperatorListState<V> GetListState(const std::string& name) {
    return state::OperatorListState<V>(OpenList(name, state::Redistribution::kSplit, types::CodecName<V>()));
  }
  /// ... or every subtask gets all of them ...
  template <typename V>
  state::OperatorListState<V> GetUnionListState(const std::string& name) {
    return state::OperatorListState<V>(OpenList(name, state::Redistribution::kUnion, types::CodecName<V>()));
  }
  /// ... or one copy: every subtask must change it alike, by the rows of a stream that is Broadcast().
  template <typename K, typename V>
  state::BroadcastState<K, V> GetBroadcastState(const std::string& name) {
    return state::BroadcastState<K, V>(
        OpenList(name, state::Redistribution::kBroadcast, types::CodecName<std::pair<K, V>>()));
  }
  flow::Context& flow_context() { return *context_; }

 private:
  // Throws what the operator's border turns into a user error: the name exists with another type or mode.
  std::vector<std::string>* OpenList(const std::string& name, state::Redistribution mode, const std::string& codec);
  void RequireKeyed(std::string_view name) const;
  flow::Context* context_;
  state::KeyedStateStore* keyed_;
};

/// Calls `function.Open(context)` if there is one.
template <typename F>
void OpenFunction(F& function, RuntimeContext& context) {
  if constexpr (requires { function.Open(context); }) function.Open(context);
}
/// Calls `function.Snapshot()` if there is one: at each barrier, before the state is saved. What the function holds outside state
/// goes there now.
template <typename F>
void SnapshotFunction(F& function) {
  if constexpr (requires { function.Snapshot(); }) function.Snapshot();
}
template <typename F>
void CloseFunction(F& function) {
  if constexpr (requires { function.Close(); }) function.Close();
}

}  // namespace thalweg::operators
