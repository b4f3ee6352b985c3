// Process functions, of one input or two, keyed or not: rows in, any rows out, side outputs, and on keyed streams state and timers.
//
//   struct Alarm {                                        // a lambda will do where there are no timers
//     void Open(RuntimeContext& runtime) { last = runtime.GetState(state::ValueStateDescriptor<int64_t>{"last"}); }
//     void ProcessElement(const Event& event, KeyedContext<std::string>& context, Collector<Out>& out);
//     void OnTimer(int64_t time, KeyedContext<std::string>& context, Collector<Out>& out);
//     state::ValueState<int64_t> last;
//   };
// Two inputs: ProcessElement1 and ProcessElement2. Functions are copied into each subtask.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "flow/program.h"
#include "operators/keys.h"
#include "operators/runtime_context.h"
#include "operators/side_output.h"
#include "operators/timer_service.h"
#include "operators/user_error.h"
#include "state/keyed_state.h"

namespace thalweg::operators {

/// What a process function sees besides the row. Valid during the call.
class ProcessContext {
 public:
  virtual ~ProcessContext() = default;
  /// Event time of the row, or of the event-time timer that fires; nullopt if it has none.
  std::optional<int64_t> timestamp() const {
    return time_ == columns::kNoTime ? std::nullopt : std::optional<int64_t>(time_);
  }
  virtual int64_t current_watermark() const = 0;
  virtual int64_t now_ms() const = 0;
  /// A row to the side output `tag`, with the event time of the row at hand. Dropped if nobody reads the output.
  template <typename X>
  void Output(const OutputTag<X>& tag, X value) {
    if (EmitterBase* port = FindSide(tag.name, types::ObjectTypeOf<X>())) {
      static_cast<Emitter<X>*>(port)->CollectAt(std::move(value), time_);
    }
  }

 protected:
  virtual EmitterBase* FindSide(const std::string& name, const types::ObjectType& type) = 0;
  int64_t time_ = columns::kNoTime;
};

/// On a keyed stream: also the key and its timers.
template <typename K>
class KeyedContext : public ProcessContext {
 public:
  virtual const K& current_key() const = 0;
  /// In OnTimer: what kind fires.
  virtual TimerKind timer_kind() const = 0;
  virtual void RegisterEventTimer(int64_t time) = 0;
  virtual void RegisterProcessingTimer(int64_t time) = 0;
  virtual void DeleteEventTimer(int64_t time) = 0;
  virtual void DeleteProcessingTimer(int64_t time) = 0;
};

/// Runs a function over rows; the base of all below. K is void where the inputs are not keyed.
template <typename K, typename Out, typename F>
class FunctionOperator : public flow::Operator {
 public:
  static constexpr bool kKeyed = !std::is_void_v<K>;
  using Key = std::conditional_t<kKeyed, K, char>;
  using UserContext = std::conditional_t<kKeyed, KeyedContext<Key>, ProcessContext>;

  FunctionOperator(std::string name, F function, const std::vector<SidePort>& sides)
      : name_(std::move(name)), function_(std::move(function)), ports_(sides), user_(*this) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    if constexpr (kKeyed) {
      if (!context.keyed_state()) return InternalError("A keyed function needs a keyed input: {}", name_);
      keys_ = BatchKeys(context.task().max_parallelism);
      store_.emplace(*context.keyed_state(), context.clock());
      THALWEG_TRY(timers_.Open(context));
    }
    THALWEG_TRY(ports_.Open(context));
    runtime_.emplace(context, store_ ? &*store_ : nullptr);
    THALWEG_TRY(Guard([&] { OpenFunction(function_, *runtime_); }, [] { return std::string(); }));
    return StateStatus();
  }
  void Close() override { CloseFunction(function_); }

  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    THALWEG_TRY(ports_.Snapshot());
    THALWEG_TRY(Guard([&] { SnapshotFunction(function_); }, [] { return std::string(); }));
    if constexpr (kKeyed) timers_.Snapshot();
    return std::vector<std::string>{};
  }
  Result<flow::Progress> OnWatermark(flow::Watermark watermark, flow::Output& out) override {
    if (!ports_.Drain(out)) return Finish(flow::Progress::kMore);
    if constexpr (!kKeyed) return Finish(flow::Progress::kDone);
    timers_.OnWatermark(watermark.time);
    return FireEventTimers(out);
  }
  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output& out) override {
    if (!ports_.Drain(out)) return Finish(flow::Progress::kMore);
    auto progress = flow::Progress::kDone;
    if constexpr (kKeyed) {
      Status status = Guard(
          [&] {
            progress = timers_.FireProcessingTime(
                now_ms, out, [&](const state::Timer& timer) { Fire(timer, TimerKind::kProcessingTime); });
          },
          [] { return std::string(); });
      if (!status.ok()) return status;
    }
    return Finish(progress);
  }
  Result<flow::Progress> OnEnd(flow::EndKind, flow::Output& out) override {
    return Finish(ports_.Drain(out) ? flow::Progress::kDone : flow::Progress::kMore);
  }

 protected:
  /// `call(value)` for each row while there is credit; key, time and state are those of the row. Without kWithKey the rows of this
  /// input have no key, and states none.
  template <typename T, bool kWithKey = kKeyed, typename Call>
  Result<flow::Progress> Run(flow::Rows& rows, flow::Output& out, Call&& call) {
    if (!ports_.Drain(out)) return Finish(flow::Progress::kMore);
    const columns::Batch& batch = rows.batch();
    if constexpr (kKeyed) {
      if (timers_.firing()) {
        Result<flow::Progress> fired = FireEventTimers(out);
        if (!fired.ok() || *fired != flow::Progress::kDone) return fired;
      }
      if constexpr (kWithKey) {
        THALWEG_TRY(keys_.Load(batch, rows.next()));
      } else {
        store_->ClearCurrentKey();
      }
    }
    const T* values = batch.objects<T>();
    Status status = Guard(
        [&] {
          for (; !rows.done() && out.has_credit(); rows.AdvanceTo(rows.next() + 1)) {
            int32_t row = rows.next();
            if constexpr (kWithKey) user_.SetKey(keys_[row]);
            user_.SetTime(batch.time(row));
            ports_.main().set_time(batch.time(row));
            call(values[row]);
          }
        },
        [&] { return RowText(values[rows.next()]); });
    if (!status.ok()) return status;
    return Finish(rows.done() ? flow::Progress::kDone : flow::Progress::kMore);
  }
  UserContext& user() { return user_; }
  Collector<Out>& out() { return ports_.main(); }
  F& function() { return function_; }
  /// Only if there are keys.
  state::KeyedStateStore& store() { return *store_; }

 private:
  class User final : public UserContext {
   public:
    explicit User(FunctionOperator& owner) : owner_(owner) {}
    void SetTime(int64_t time) { this->time_ = time; }
    void SetKey(const state::KeyView& key) {
      key_ = key;
      decoded_ = false;
      owner_.store_->SetCurrentKey(key_);
    }
    void SetKind(TimerKind kind) { kind_ = kind; }
    int64_t current_watermark() const override {
      if constexpr (kKeyed) return owner_.timers_.watermark();
      return owner_.context_->current_watermark();
    }
    int64_t now_ms() const override { return owner_.context_->clock().NowMs(); }
    EmitterBase* FindSide(const std::string& name, const types::ObjectType& type) override {
      return owner_.ports_.Find(name, type);
    }
    // Of KeyedContext; decoded when asked for, for most functions do not ask.
    const Key& current_key() const {
      if (!decoded_) typed_key_ = KeyFromBytes<Key>(key_.bytes);
      decoded_ = true;
      return typed_key_;
    }
    TimerKind timer_kind() const { return kind_; }
    void RegisterEventTimer(int64_t time) { owner_.timers_.Register(TimerKind::kEventTime, time, key_); }
    void RegisterProcessingTimer(int64_t time) { owner_.timers_.Register(TimerKind::kProcessingTime, time, key_); }
    void DeleteEventTimer(int64_t time) { owner_.timers_.Delete(TimerKind::kEventTime, time, key_); }
    void DeleteProcessingTimer(int64_t time) { owner_.timers_.Delete(TimerKind::kProcessingTime, time, key_); }

   private:
    FunctionOperator& owner_;
    state::KeyView key_;
    mutable Key typed_key_{};
    mutable bool decoded_ = false;
    TimerKind kind_ = TimerKind::kEventTime;
  };

  Result<flow::Progress> FireEventTimers(flow::Output& out) {
    auto progress = flow::Progress::kDone;
    Status status = Guard(
        [&] {
          progress = timers_.FireEventTime(out, [&](const state::Timer& timer) { Fire(timer, TimerKind::kEventTime); });
        },
        [] { return std::string(); });
    if (!status.ok()) return status;
    return Finish(progress);
  }
  /// Rows of an event-time timer carry its time, those of a processing-time timer none, as in Flink.
  void Fire(const state::Timer& timer, TimerKind kind) {
    if constexpr (requires { function_.OnTimer(timer.time, user_, ports_.main()); }) {
      int64_t time = kind == TimerKind::kEventTime ? timer.time : columns::kNoTime;
      user_.SetKey({timer.key, timer.hash, timer.group});
      user_.SetTime(time);
      user_.SetKind(kind);
      ports_.main().set_time(time);
      try {
        function_.OnTimer(timer.time, static_cast<UserContext&>(user_), ports_.main());
      } catch (...) {
        throw StatusException(UserException(TimerText(timer.time, kind), {}));
      }
    }
  }
  /// For messages: whose timer fires.
  std::string TimerText(int64_t time, TimerKind kind) const {
    return fmt::format("{} for key {} and its {}-time timer at {}", name_, RowText(user_.current_key()),
                       kind == TimerKind::kEventTime ? "event" : "processing", time);
  }
  template <typename Fn, typename RowAt>
  Status Guard(Fn&& fn, RowAt&& row_at) {
    try {
      fn();
      return {};
    } catch (...) {
      return UserException(name_, row_at());
    }
  }
  Status StateStatus() { return store_ ? store_->status() : Status(); }
  Result<flow::Progress> Finish(flow::Progress progress) {
    bool flushed = ports_.Flush();
    THALWEG_TRY(ports_.status());
    THALWEG_TRY(StateStatus());
    return flushed ? progress : flow::Progress::kMore;
  }

  std::string name_;
  F function_;
  Ports<Out> ports_;
  User user_;
  flow::Context* context_ = nullptr;
  std::optional<state::KeyedStateStore> store_;
  std::optional<RuntimeContext> runtime_;
  TimerService timers_;
  BatchKeys keys_;
};

/// One input. K: void or the key.
template <typename T, typename K, typename Out, typename F>
class ProcessOperator final : public FunctionOperator<K, Out, F> {
 public:
  using FunctionOperator<K, Out, F>::FunctionOperator;
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    return this->template Run<T>(rows, out, [this](const T& value) {
      if constexpr (requires { this->function().ProcessElement(value, this->user(), this->out()); })
        this->function().ProcessElement(value, this->user(), this->out());
      else
        this->function()(value, this->user(), this->out());
    });
  }
};

/// Two inputs, A on 0 and B on 1.
template <typename A, typename B, typename K, typename Out, typename F>
class CoProcessOperator final : public FunctionOperator<K, Out, F> {
 public:
  using FunctionOperator<K, Out, F>::FunctionOperator;
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) override {
    if (input == 0) {
      return this->template Run<A>(
          rows, out, [this](const A& value) { this->function().ProcessElement1(value, this->user(), this->out()); });
    }
    return this->template Run<B>(
        rows, out, [this](const B& value) { this->function().ProcessElement2(value, this->user(), this->out()); });
  }
};

/// Rolling reduce of a keyed stream: each row gives the value so far, with the row's event time.
template <typename T, typename K, typename F>
class ReduceOperator final : public FunctionOperator<K, T, F> {
 public:
  using Base = FunctionOperator<K, T, F>;
  using Base::Base;
  Status Open(flow::Context& context) override {
    THALWEG_TRY(Base::Open(context));
    value_ = this->store().Get(state::ValueStateDescriptor<T>{.name = "reduced"});
    return this->store().status();
  }
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    return this->template Run<T>(rows, out, [this](const T& value) {
      bool created = false;
      T* reduced = value_.Mutable(&created);
      if (!reduced) return;  // the state's error ends the call
      *reduced = created ? value : this->function()(*reduced, value);
      this->out().Collect(*reduced);
    });
  }

 private:
  state::ValueState<T> value_;
};

namespace internal {

template <typename Op, typename F>
flow::OperatorFactory FunctionFactory(std::string kind, F function, std::vector<SidePort> sides) {
  return [kind = std::move(kind), function = std::move(function),
          sides = std::move(sides)](const graph::Node& node) -> Result<std::unique_ptr<flow::Operator>> {
    return std::unique_ptr<flow::Operator>(std::make_unique<Op>(node.name.empty() ? kind : node.name, function, sides));
  };
}

/// Plain functions as process functions, keyed or not; what they have of Open, Snapshot and Close is called.
template <typename F>
struct RichFunction {
  F function;
  void Open(RuntimeContext& runtime) { OpenFunction(function, runtime); }
  void Snapshot() { SnapshotFunction(function); }
  void Close() { CloseFunction(function); }
};
template <typename T, typename Out, typename F>
struct MapFunction : RichFunction<F> {
  void ProcessElement(const T& value, auto&, Collector<Out>& out) { out.Collect(this->function(value)); }
};
template <typename T, typename F>
struct FilterFunction : RichFunction<F> {
  void ProcessElement(const T& value, auto&, Collector<T>& out) {
    if (this->function(value)) out.Collect(value);
  }
};
template <typename T, typename Out, typename F>
struct FlatMapFunction : RichFunction<F> {
  void ProcessElement(const T& value, auto&, Collector<Out>& out) { this->function(value, out); }
};

template <typename F1, typename F2>
struct RichPair {
  F1 first;
  F2 second;
  void Open(RuntimeContext& runtime) {
    OpenFunction(first, runtime);
    OpenFunction(second, runtime);
  }
  void Snapshot() {
    SnapshotFunction(first);
    SnapshotFunction(second);
  }
  void Close() {
    CloseFunction(first);
    CloseFunction(second);
  }
};
template <typename A, typename B, typename Out, typename F1, typename F2>
struct CoMapFunction : RichPair<F1, F2> {
  void ProcessElement1(const A& value, auto&, Collector<Out>& out) { out.Collect(this->first(value)); }
  void ProcessElement2(const B& value, auto&, Collector<Out>& out) { out.Collect(this->second(value)); }
};
template <typename A, typename B, typename Out, typename F1, typename F2>
struct CoFlatMapFunction : RichPair<F1, F2> {
  void ProcessElement1(const A& value, auto&, Collector<Out>& out) { this->first(value, out); }
  void ProcessElement2(const B& value, auto&, Collector<Out>& out) { this->second(value, out); }
};

}  // namespace internal

template <typename T, typename Out, typename F>
flow::OperatorFactory Process(F function, std::vector<SidePort> sides = {}) {
  return internal::FunctionFactory<ProcessOperator<T, void, Out, F>>("process", std::move(function), std::move(sides));
}
template <typename T, typename K, typename Out, typename F>
flow::OperatorFactory KeyedProcess(F function, std::vector<SidePort> sides = {}) {
  return internal::FunctionFactory<ProcessOperator<T, K, Out, F>>("keyed process", std::move(function),
                                                                  std::move(sides));
}
/// T operator()(const T& so_far, const T& value).
template <typename T, typename K, typename F>
flow::OperatorFactory KeyedReduce(F reduce) {
  return internal::FunctionFactory<ReduceOperator<T, K, F>>("reduce", std::move(reduce), {});
}
template <typename A, typename B, typename Out, typename F>
flow::OperatorFactory CoProcess(F function, std::vector<SidePort> sides = {}) {
  return internal::FunctionFactory<CoProcessOperator<A, B, void, Out, F>>("co-process", std::move(function),
                                                                          std::move(sides));
}
template <typename A, typename B, typename K, typename Out, typename F>
flow::OperatorFactory KeyedCoProcess(F function, std::vector<SidePort> sides = {}) {
  return internal::FunctionFactory<CoProcessOperator<A, B, K, Out, F>>("keyed co-process", std::move(function),
                                                                       std::move(sides));
}
/// On a keyed stream, where the functions may have keyed state: Out map(const T&), bool filter(const T&),
/// void flat_map(const T&, Collector<Out>&).
template <typename T, typename K, typename Out, typename F>
flow::OperatorFactory KeyedMap(F map) {
  return KeyedProcess<T, K, Out>(internal::MapFunction<T, Out, F>{{std::move(map)}});
}
template <typename T, typename K, typename F>
flow::OperatorFactory KeyedFilter(F filter) {
  return KeyedProcess<T, K, T>(internal::FilterFunction<T, F>{{std::move(filter)}});
}
template <typename T, typename K, typename Out, typename F>
flow::OperatorFactory KeyedFlatMap(F flat_map) {
  return KeyedProcess<T, K, Out>(internal::FlatMapFunction<T, Out, F>{{std::move(flat_map)}});
}
/// Out first(const A&), Out second(const B&). K: void or the key that both inputs share.
template <typename A, typename B, typename K, typename Out, typename F1, typename F2>
flow::OperatorFactory CoMap(F1 first, F2 second) {
  using F = internal::CoMapFunction<A, B, Out, F1, F2>;
  return internal::FunctionFactory<CoProcessOperator<A, B, K, Out, F>>("co-map",
                                                                       F{{std::move(first), std::move(second)}}, {});
}
/// void first(const A&, Collector<Out>&), void second(const B&, Collector<Out>&).
template <typename A, typename B, typename K, typename Out, typename F1, typename F2>
flow::OperatorFactory CoFlatMap(F1 first, F2 second) {
  using F = internal::CoFlatMapFunction<A, B, Out, F1, F2>;
  return internal::FunctionFactory<CoProcessOperator<A, B, K, Out, F>>("co-flat-map",
                                                                       F{{std::move(first), std::move(second)}}, {});
}

}  // namespace thalweg::operators
