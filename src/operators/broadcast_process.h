// The broadcast pattern: rows of one stream meet a state that every subtask holds alike, because every subtask gets the rows of
// another stream (one that is Broadcast()) which change it.
//
//   struct Rules {
//     static constexpr auto kLimits = BroadcastStateDescriptor<std::string, int>{"limits"};
//     void ProcessElement(const Order& order, ReadOnlyBroadcastContext<std::string>& context, Collector<Out>& out);
//     void ProcessBroadcastElement(const Rule& rule, BroadcastContext<std::string>& context, Collector<Out>& out);
//     void OnTimer(int64_t time, ReadOnlyBroadcastContext<std::string>& context, Collector<Out>& out);  // keyed only
//   };
// Rule: only broadcast rows change the state, alike in every subtask: whatever else they depend on (the subtask, the clock, chance)
// makes the copies differ, and a restore gives any of them to all.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status_exception.h"
#include "operators/process.h"

namespace thalweg::operators {

/// A map that every subtask holds alike.
template <typename Key, typename Value>
struct BroadcastStateDescriptor {
  std::string_view name;
};

/// The broadcast states of one subtask, opened when they are asked for. The task's thread.
class BroadcastStates {
 public:
  explicit BroadcastStates(RuntimeContext& runtime) : runtime_(&runtime) {}

  /// Valid as long as the operator. A name that has other types is a user error at the operator's border.
  template <typename K, typename V>
  state::BroadcastState<K, V>& Get(std::string_view name) {
    auto found = held_.find(name);
    if (found == held_.end()) {
      auto opened = std::make_unique<HeldAs<K, V>>(runtime_->GetBroadcastState<K, V>(std::string(name)));
      found = held_.emplace(name, std::move(opened)).first;
    }
    if (auto* typed = dynamic_cast<HeldAs<K, V>*>(found->second.get())) return typed->state;
    runtime_->GetBroadcastState<K, V>(std::string(name));  // says which types, if they have different codecs
    throw StatusException(UserError("Broadcast state '{}' is asked for with two types", name));
  }

 private:
  struct Held {
    virtual ~Held() = default;
  };
  template <typename K, typename V>
  struct HeldAs final : Held {
    explicit HeldAs(state::BroadcastState<K, V> opened) : state(std::move(opened)) {}
    state::BroadcastState<K, V> state;
  };
  RuntimeContext* runtime_;
  std::map<std::string, std::unique_ptr<Held>, std::less<>> held_;
};

namespace internal {

template <typename K>
using InnerContext =
    std::conditional_t<std::is_void_v<K>, ProcessContext, KeyedContext<std::conditional_t<std::is_void_v<K>, char, K>>>;

/// What both contexts have of a process function's.
template <typename K>
class BroadcastContextBase {
 public:
  BroadcastContextBase(InnerContext<K>& inner, BroadcastStates& states) : inner_(&inner), states_(&states) {}
  /// Event time of the row, or of the event-time timer that fires; nullopt if it has none.
  std::optional<int64_t> timestamp() const { return inner_->timestamp(); }
  int64_t current_watermark() const { return inner_->current_watermark(); }
  int64_t now_ms() const { return inner_->now_ms(); }
  /// A row to the side output `tag`, with the event time of the row at hand. Dropped if nobody reads the output.
  template <typename X>
  void Output(const OutputTag<X>& tag, X value) {
    inner_->Output(tag, std::move(value));
  }

 protected:
  InnerContext<K>* inner_;
  BroadcastStates* states_;
};

}  // namespace internal

/// For rows of the other stream, and for timers: broadcast state to read; with a key, also the key and its timers. Valid during
/// the call.
template <typename K = void>
class ReadOnlyBroadcastContext : public internal::BroadcastContextBase<K> {
 public:
  using internal::BroadcastContextBase<K>::BroadcastContextBase;
  template <typename Key, typename Value>
  const state::BroadcastState<Key, Value>& GetBroadcastState(const BroadcastStateDescriptor<Key, Value>& descriptor) {
    return this->states_->template Get<Key, Value>(descriptor.name);
  }

  // With a key.
  decltype(auto) current_key() const { return this->inner_->current_key(); }
  TimerKind timer_kind() const { return this->inner_->timer_kind(); }
  void RegisterEventTimer(int64_t time) { this->inner_->RegisterEventTimer(time); }
  void RegisterProcessingTimer(int64_t time) { this->inner_->RegisterProcessingTimer(time); }
  void DeleteEventTimer(int64_t time) { this->inner_->DeleteEventTimer(time); }
  void DeleteProcessingTimer(int64_t time) { this->inner_->DeleteProcessingTimer(time); }
};

/// For broadcast rows: broadcast state to change. Valid during the call.
template <typename K = void>
class BroadcastContext : public internal::BroadcastContextBase<K> {
 public:
  BroadcastContext(internal::InnerContext<K>& inner, BroadcastStates& states, state::KeyedStateStore* keyed)
      : internal::BroadcastContextBase<K>(inner, states), keyed_(keyed) {}
  template <typename Key, typename Value>
  state::BroadcastState<Key, Value>& GetBroadcastState(const BroadcastStateDescriptor<Key, Value>& descriptor) {
    return this->states_->template Get<Key, Value>(descriptor.name);
  }
  /// With a key: `function(const K& key, state)` for every key of this subtask that has the keyed state `descriptor`, which the
  /// function may read, change and clear. In no order that holds from subtask to subtask.
  template <typename Descriptor, typename F>
  void ApplyToKeyedState(const Descriptor& descriptor, F&& function) {
    static_assert(!std::is_void_v<K>, "only on a keyed stream");
    auto state = keyed_->Get(descriptor);
    keyed_->ForEachKeyOf(descriptor, [&](const state::KeyView& key) { function(KeyFromBytes<K>(key.bytes), state); });
  }

 private:
  state::KeyedStateStore* keyed_;
};

namespace internal {

/// A broadcast function as one of two inputs: rows on 0, broadcast rows on 1.
template <typename A, typename B, typename K, typename Out, typename F>
struct BroadcastFunction {
  using Inner = InnerContext<K>;
  using ReadOnly = ReadOnlyBroadcastContext<K>;

  F function;
  std::shared_ptr<BroadcastStates> states;  // from Open on, which each copy has of its own

  void Open(RuntimeContext& runtime) {
    states = std::make_shared<BroadcastStates>(runtime);
    OpenFunction(function, runtime);
  }
  void Snapshot() { SnapshotFunction(function); }
  void Close() { CloseFunction(function); }
  void ProcessElement(const A& value, Inner& inner, Collector<Out>& out) {
    ReadOnly context(inner, *states);
    function.ProcessElement(value, context, out);
  }
  void ProcessBroadcastElement(const B& value, Inner& inner, state::KeyedStateStore* keyed, Collector<Out>& out) {
    BroadcastContext<K> context(inner, *states, keyed);
    function.ProcessBroadcastElement(value, context, out);
  }
  void OnTimer(int64_t time, Inner& inner, Collector<Out>& out)
    requires requires(F& f, ReadOnly& context) { f.OnTimer(time, context, out); }
  {
    ReadOnly context(inner, *states);
    function.OnTimer(time, context, out);
  }
};

}  // namespace internal

/// Rows on input 0, by key if K is no void; broadcast rows, which have no key, on input 1.
template <typename A, typename B, typename K, typename Out, typename F>
class BroadcastOperator final : public FunctionOperator<K, Out, internal::BroadcastFunction<A, B, K, Out, F>> {
 public:
  using Base = FunctionOperator<K, Out, internal::BroadcastFunction<A, B, K, Out, F>>;
  BroadcastOperator(std::string name, F function, const std::vector<SidePort>& sides)
      : Base(std::move(name), {std::move(function), nullptr}, sides) {}

  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) override {
    if (input == 0) {
      return this->template Run<A>(
          rows, out, [this](const A& value) { this->function().ProcessElement(value, this->user(), this->out()); });
    }
    return this->template Run<B, false>(rows, out, [this](const B& value) {
      state::KeyedStateStore* keyed = nullptr;
      if constexpr (!std::is_void_v<K>) keyed = &this->store();
      this->function().ProcessBroadcastElement(value, this->user(), keyed, this->out());
    });
  }
};

/// On a stream without key.
template <typename A, typename B, typename Out, typename F>
flow::OperatorFactory BroadcastProcess(F function, std::vector<SidePort> sides = {}) {
  return internal::FunctionFactory<BroadcastOperator<A, B, void, Out, F>>("broadcast process", std::move(function),
                                                                          std::move(sides));
}
template <typename A, typename B, typename K, typename Out, typename F>
flow::OperatorFactory KeyedBroadcastProcess(F function, std::vector<SidePort> sides = {}) {
  return internal::FunctionFactory<BroadcastOperator<A, B, K, Out, F>>("keyed broadcast process", std::move(function),
                                                                       std::move(sides));
}

}  // namespace thalweg::operators
