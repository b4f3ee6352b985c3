// THE window operator, typed: a thin layer that puts a stream's T, its key K and the user's functions on WindowCore.
//
//   auto factory = AggregateWindow<PageView, std::string>({.assigner = Tumbling({.size = 5min})}, Count{});
//
// The functions, any callables or objects, copied into each subtask:
//   reduce:    T operator()(const T& a, const T& b)
//   aggregate: Acc CreateAccumulator(), void Add(Acc&, const T&), Out GetResult(const Acc&), and, for sessions and shared slices,
//              void Merge(Acc& into, const Acc& from)
//   process:   void operator()(const K& key, WindowContext& context, std::span<const T> rows, Collector<Out>& out);
//              a member Clear(WindowContext&), if there is one, is called when the window is gone
// All may have Open(RuntimeContext&), Snapshot() and Close(); a process function may have keyed state, which all windows share.
// Both of the first may be followed by a process function, which then gets their one result as `rows`.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "flow/program.h"
#include "operators/runtime_context.h"
#include "operators/side_output.h"
#include "operators/user_error.h"
#include "operators/window_core.h"

namespace thalweg::operators {

/// What a process function sees besides its rows. Valid during the call.
class WindowContext {
 public:
  virtual ~WindowContext() = default;
  virtual const Window& window() const = 0;
  virtual int64_t current_watermark() const = 0;
  virtual int64_t now_ms() const = 0;
  /// State of this key and window; goes only when the function's Clear clears it. Not for merging windows (throws).
  template <typename V>
  StateCell<V> WindowState(const std::string& name) {
    if (merging()) throw std::logic_error("Per-window state is not allowed when using merging windows.");
    return {tables().Open<V>("window-state/" + name, "window"), key(), WindowBytes(window()).view()};
  }
  /// State of this key, of all its windows.
  template <typename V>
  StateCell<V> GlobalState(const std::string& name) {
    return {tables().Open<V>("global-state/" + name, ""), key(), {}};
  }
  template <typename X>
  void Output(const OutputTag<X>& tag, X value) {
    if (Emitter<X>* port = Side(tag)) port->CollectAt(std::move(value), window().max_timestamp());
  }

 protected:
  virtual bool merging() const = 0;
  virtual NamedTables& tables() = 0;
  virtual const state::KeyView& key() const = 0;
  virtual EmitterBase* FindSide(const std::string& name, const types::ObjectType& type) = 0;

 private:
  template <typename X>
  Emitter<X>* Side(const OutputTag<X>& tag) {
    return static_cast<Emitter<X>*>(FindSide(tag.name, types::ObjectTypeOf<X>()));
  }
};

struct NoFunction {};

// Folds: how rows become an accumulator, and which result it holds. kMerges: accumulators can be joined.

/// The accumulator is the reduced value.
template <typename T, typename F>
struct ReduceFold {
  using Acc = T;
  using Result = T;
  static constexpr bool kMerges = true;
  F reduce;
  F& function() { return reduce; }
  void Add(Acc& acc, bool created, const T& value) {
    if (created)
      acc = value;
    else
      acc = reduce(acc, value);
  }
  void Merge(Acc& into, bool created, const Acc& from) { Add(into, created, from); }
  std::span<const T> Rows(const Acc& acc, std::optional<Result>&) { return {&acc, 1}; }
};

template <typename T, typename A>
struct AggregateFold {
  using Acc = std::decay_t<decltype(std::declval<A&>().CreateAccumulator())>;
  using Result = std::decay_t<decltype(std::declval<A&>().GetResult(std::declval<const Acc&>()))>;
  static constexpr bool kMerges = requires(A& a, Acc& into, const Acc& from) { a.Merge(into, from); };
  A aggregate;
  A& function() { return aggregate; }
  void Add(Acc& acc, bool created, const T& value) {
    if (created) acc = aggregate.CreateAccumulator();
    aggregate.Add(acc, value);
  }
  void Merge(Acc& into, bool created, const Acc& from) {
    if constexpr (kMerges) {
      if (created)
        into = from;
      else
        aggregate.Merge(into, from);
    }
  }
  std::span<const Result> Rows(const Acc& acc, std::optional<Result>& result) {
    result.emplace(aggregate.GetResult(acc));
    return {&*result, 1};
  }
};

/// Keeps all rows.
template <typename T>
struct ListFold {
  using Acc = std::vector<T>;
  using Result = T;
  static constexpr bool kMerges = true;
  NoFunction& function() { return none; }
  NoFunction none;
  void Add(Acc& acc, bool, const T& value) { acc.push_back(value); }
  void Merge(Acc& into, bool, const Acc& from) { into.insert(into.end(), from.begin(), from.end()); }
  std::span<const T> Rows(const Acc& acc, std::optional<Result>&) { return acc; }
};

/// Sends a fold's result on as it is.
template <typename R>
struct PassOn {
  using Out = R;
  static constexpr bool kPassesOn = true;
  NoFunction process;
};

/// Hands the rows, or a fold's result, to a process function.
template <typename O, typename F>
struct ProcessWith {
  using Out = O;
  static constexpr bool kPassesOn = false;
  F process;
};

/// What one window operator is made of. Copied into each subtask.
template <typename T, typename K, typename Fold, typename Fire>
struct WindowSpec {
  WindowOptions options;
  Fold fold;
  Fire fire;
  std::vector<SidePort> sides;  // of the process function; ports above kLatePort
};

template <typename T, typename K, typename Fold, typename Fire>
class WindowOperator final : public WindowCore {
 public:
  using Acc = typename Fold::Acc;
  using Out = typename Fire::Out;
  using Spec = WindowSpec<T, K, Fold, Fire>;

  explicit WindowOperator(Spec spec)
      : WindowCore(std::move(spec.options)),
        fold_(std::move(spec.fold)),
        fire_(std::move(spec.fire)),
        ports_(AllPorts(options(), spec.sides)) {}

  Status Open(flow::Context& context) override {
    THALWEG_TRY(WindowCore::Open(context));
    THALWEG_TRY(ports_.Open(context));
    store_.emplace(*context.keyed_state(), context.clock());
    runtime_.emplace(context, &*store_);
    try {
      OpenFunction(fold_.function(), *runtime_);
      OpenFunction(fire_.process, *runtime_);
    } catch (...) {
      return UserException(options().name, {});
    }
    return store_->status();
  }
  void Close() override {
    CloseFunction(fold_.function());
    CloseFunction(fire_.process);
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override {
    THALWEG_TRY(ports_.Snapshot());
    try {
      SnapshotFunction(fold_.function());
      SnapshotFunction(fire_.process);
    } catch (...) {
      return UserException(options().name, {});
    }
    return WindowCore::Snapshot(barrier);
  }

 protected:
  const types::ObjectType& accumulator_type() const override { return types::ObjectTypeOf<Acc>(); }
  size_t value_size() const override { return sizeof(T); }
  bool can_merge() const override { return Fold::kMerges; }

  void Add(void* accumulator, bool created, const void* value) override {
    fold_.Add(*static_cast<Acc*>(accumulator), created, *static_cast<const T*>(value));
  }
  void AddRun(const columns::Batch& batch, int32_t from, int32_t to, const Window& slice) override {
    const WindowBytes ns(slice);
    for (int32_t end; from < to; from = end) {
      end = std::min(to, from + BatchKeys::kViews);
      AddSome(batch.objects<T>(), from, keys_.View(from, end), ns, slice);
    }
  }
  void TakeAccumulator(void* accumulator) override { taken_.emplace(std::move(*static_cast<Acc*>(accumulator))); }
  void MergeTaken(void* accumulator, bool created) override {
    fold_.Merge(*static_cast<Acc*>(accumulator), created, *taken_);
    taken_.reset();
  }
  void StartMerge() override { merged_.reset(); }
  void AddSlice(const void* accumulator) override {
    bool created = !merged_;
    if (created) merged_.emplace();
    fold_.Merge(*merged_, created, *static_cast<const Acc*>(accumulator));
  }
  void FireMerged(const state::KeyView& key, const Window& window) override { FireOne(key, window, &*merged_); }

  void FireOne(const state::KeyView& key, const Window& window, void* accumulator) override {
    try {
      Give(key, window, accumulator);
    } catch (...) {
      throw StatusException(Failure(key, window));
    }
  }
  Status Failure(const state::KeyView& key, const Window& window) const override {
    return UserException(fmt::format("{} for key {} and window [{}, {})", options().name,
                                     operators::RowText(KeyFromBytes<K>(key.bytes)), window.start, window.end),
                         {});
  }
  size_t FireSome(std::span<const state::KeyView> keys, const Window& window, void* const* accumulators,
                  const flow::Output& out) override {
    WindowBytes ns(window);
    size_t fired = 0;
    for (; fired < keys.size() && out.has_credit(); ++fired) {
      void* accumulator = accumulators[fired];
      if (!accumulator) accumulator = contents_->Find(keys[fired], ns.view());
      if (accumulator) FireOne(keys[fired], window, accumulator);
    }
    return fired;
  }
  void ClearWindow(const state::KeyView& key, const Window& window) override {
    if constexpr (!Fire::kPassesOn) {
      if constexpr (requires(WindowContext& context) { fire_.process.Clear(context); }) {
        FireContext context(*this, key, window);
        store_->SetCurrentKey(key);
        fire_.process.Clear(static_cast<WindowContext&>(context));
      }
    }
  }
  bool has_clear() const override {
    if constexpr (!Fire::kPassesOn)
      return requires(Fire& fire, WindowContext& context) { fire.process.Clear(context); };
    return false;
  }
  void EmitLate(const void* value, int64_t time, types::RowKind kind) override {
    if constexpr (std::is_copy_constructible_v<T>)
      ports_.template at<T>(0).CollectAt(*static_cast<const T*>(value), time, kind);
  }
  std::string RowText(const void* value) const override { return operators::RowText(*static_cast<const T*>(value)); }
  bool Drain(flow::Output& out) override { return ports_.Drain(out); }
  bool Flush() override { return ports_.Flush(); }
  Status PortStatus() const override {
    THALWEG_TRY(store_->status());
    return ports_.status();
  }

 private:
  class FireContext final : public WindowContext {
   public:
    FireContext(WindowOperator& owner, const state::KeyView& key, const Window& window)
        : owner_(owner), key_(key), window_(window) {}
    const Window& window() const override { return window_; }
    int64_t current_watermark() const override { return owner_.watermark(); }
    int64_t now_ms() const override { return owner_.context().clock().NowMs(); }

   protected:
    bool merging() const override { return owner_.merging(); }
    NamedTables& tables() override { return owner_.tables(); }
    const state::KeyView& key() const override { return key_; }
    EmitterBase* FindSide(const std::string& name, const types::ObjectType& type) override {
      return owner_.ports_.Find(name, type);
    }

   private:
    WindowOperator& owner_;
    const state::KeyView& key_;
    Window window_;
  };

  // The result of a pane, to the process function or as it is.
  void Give(const state::KeyView& key, const Window& window, void* accumulator) {
    std::optional<typename Fold::Result> result;
    // What a process function does with its own state may move or drop an accumulator of a table that does not show all in place.
    std::optional<Acc> held;
    if constexpr (!Fire::kPassesOn)
      if (!contents_->shows_all()) accumulator = &held.emplace(*static_cast<const Acc*>(accumulator));
    auto rows = fold_.Rows(*static_cast<const Acc*>(accumulator), result);
    ports_.main().set_time(window.max_timestamp());
    if constexpr (Fire::kPassesOn) {
      ports_.main().Collect(rows.front());
    } else {
      FireContext context(*this, key, window);
      store_->SetCurrentKey(key);
      K typed_key = KeyFromBytes<K>(key.bytes);
      fire_.process(typed_key, static_cast<WindowContext&>(context), rows, ports_.main());
    }
  }

  // First the rows whose accumulators are there, then the others in their order: rows of one key stay in order.
  void AddSome(const T* values, int32_t from, std::span<const state::KeyView> keys, const WindowBytes& ns,
               const Window& slice) {
    void* found[BatchKeys::kViews];
    contents_->FindEach(keys, ns.view(), found);
    const auto count = static_cast<int32_t>(keys.size());
    int32_t missing = 0;
    for (int32_t i = 0; i < count; ++i) {
      row_ = from + i;
      if (found[i])
        fold_.Add(*static_cast<Acc*>(found[i]), false, values[row_]);
      else
        ++missing;
    }
    for (int32_t i = 0; missing > 0; ++i) {
      if (found[i]) continue;
      --missing;
      row_ = from + i;
      const state::KeyView& key = keys[static_cast<size_t>(i)];
      bool created = false;
      void* accumulator = contents_->FindOrCreate(key, ns.view(), &created);
      fold_.Add(*static_cast<Acc*>(accumulator), created, values[row_]);
      if (created) OnSliceCreated(key, slice);
    }
  }

  static std::vector<SidePort> AllPorts(const WindowOptions& options, std::vector<SidePort> sides) {
    if (options.late_output) sides.insert(sides.begin(), SidePortOf(OutputTag<T>{""}, kLatePort));
    return sides;
  }

  Fold fold_;
  Fire fire_;
  Ports<Out> ports_;
  std::optional<state::KeyedStateStore> store_;
  std::optional<RuntimeContext> runtime_;
  std::optional<Acc> merged_;
  std::optional<Acc> taken_;
};

/// Refuses what cannot work, before the job starts: bad sizes, lateness, triggers and functions that cannot merge.
Status ValidateWindow(const WindowOptions& options, bool merges);

/// Makes an operator for each subtask.
template <typename T, typename K, typename Fold, typename Fire>
flow::OperatorFactory MakeWindowOperator(WindowSpec<T, K, Fold, Fire> spec) {
  return [spec = std::move(spec)](const graph::Node& node) -> Result<std::unique_ptr<flow::Operator>> {
    WindowSpec<T, K, Fold, Fire> own = spec;
    if (!node.name.empty()) own.options.name = node.name;
    THALWEG_TRY(ValidateWindow(own.options, Fold::kMerges));
    return std::unique_ptr<flow::Operator>(std::make_unique<WindowOperator<T, K, Fold, Fire>>(std::move(own)));
  };
}

template <typename T, typename K, typename F>
flow::OperatorFactory ReduceWindow(WindowOptions options, F reduce) {
  return MakeWindowOperator<T, K>(
      WindowSpec<T, K, ReduceFold<T, F>, PassOn<T>>{std::move(options), {std::move(reduce)}, {}, {}});
}

template <typename T, typename K, typename A>
flow::OperatorFactory AggregateWindow(WindowOptions options, A aggregate) {
  using Fold = AggregateFold<T, A>;
  return MakeWindowOperator<T, K>(
      WindowSpec<T, K, Fold, PassOn<typename Fold::Result>>{std::move(options), {std::move(aggregate)}, {}, {}});
}

template <typename T, typename K, typename Out, typename F>
flow::OperatorFactory ProcessWindow(WindowOptions options, F process, std::vector<SidePort> sides = {}) {
  return MakeWindowOperator<T, K>(WindowSpec<T, K, ListFold<T>, ProcessWith<Out, F>>{
      std::move(options), {}, {std::move(process)}, std::move(sides)});
}

template <typename T, typename K, typename Out, typename F, typename P>
flow::OperatorFactory ReduceProcessWindow(WindowOptions options, F reduce, P process,
                                          std::vector<SidePort> sides = {}) {
  return MakeWindowOperator<T, K>(WindowSpec<T, K, ReduceFold<T, F>, ProcessWith<Out, P>>{
      std::move(options), {std::move(reduce)}, {std::move(process)}, std::move(sides)});
}

template <typename T, typename K, typename Out, typename A, typename P>
flow::OperatorFactory AggregateProcessWindow(WindowOptions options, A aggregate, P process,
                                             std::vector<SidePort> sides = {}) {
  return MakeWindowOperator<T, K>(WindowSpec<T, K, AggregateFold<T, A>, ProcessWith<Out, P>>{
      std::move(options), {std::move(aggregate)}, {std::move(process)}, std::move(sides)});
}

}  // namespace thalweg::operators
