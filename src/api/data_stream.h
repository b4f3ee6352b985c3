// DataStream<T> and what becomes of it: the transformations of a job. Calls only describe; Execute runs.
//
//   env.FromSource(source, WatermarkStrategy<Click>::BoundedOutOfOrderness(5s).WithTimestamps(&Click::ts))
//      .KeyBy(&Click::page)
//      .Window(Tumbling({.size = 5min}))
//      .Aggregate(CountUsers{})
//      .Print();
//
// Functions are any callables, copied into each subtask, which run in parallel: what they share must be thread-safe. A function
// object with `Open(RuntimeContext&)` is told its surroundings, and with `Close()` its end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/ends.h"
#include "api/runner.h"
#include "api/stream_graph.h"
#include "api/watermark_strategy.h"
#include "connectors/collect_sink.h"
#include "connectors/print_sink.h"
#include "operators/broadcast_process.h"
#include "operators/dead_letter.h"
#include "operators/flat_map.h"
#include "operators/key_by.h"
#include "operators/map.h"
#include "operators/process.h"
#include "operators/timestamps.h"
#include "operators/to_columns.h"
#include "operators/window.h"
#include "types/type_codec.h"

namespace thalweg::api {

using operators::Collector;
using operators::OutputTag;
using operators::RuntimeContext;

class StreamExecutionEnvironment;
template <typename T, typename K>
class KeyedStream;
template <typename T, typename K>
class WindowedStream;
template <typename A, typename B, typename K = void>
class ConnectedStreams;
template <typename T>
class BroadcastStream;
template <typename A, typename B, typename K>
class BroadcastConnectedStreams;

namespace internal {

/// A function's result for a row of T, member pointers included.
template <typename F, typename... Args>
using ResultOf = std::decay_t<std::invoke_result_t<F&, const Args&...>>;

/// Member pointers as callables.
template <typename F>
auto Callable(F function) {
  if constexpr (std::is_member_pointer_v<F>)
    return [function](const auto& row) { return std::invoke(function, row); };
  else
    return function;
}

/// `call()`; what it throws names the row.
template <typename T, typename Call>
auto ForRow(std::string_view what, const T& row, Call call) {
  try {
    return call();
  } catch (...) {
    throw StatusException(operators::UserException(what, operators::RowText(row)));
  }
}

/// A factory that needs no side outputs.
inline auto Plain(flow::OperatorFactory factory) {
  return [factory = std::move(factory)](const std::vector<operators::SidePort>&) { return factory; };
}

/// What all stream classes share: the graph, and the port that the rows come from, or the ports of a union.
struct Place {
  std::shared_ptr<StreamGraph> graph;
  StreamExecutionEnvironment* env = nullptr;
  std::vector<StreamGraph::Input> inputs;

  /// The main output of `node`.
  Place At(uint32_t node) const { return {graph, env, {{.node = node}}}; }
  /// For what only one operator has; a union gets an error at Execute.
  StreamGraph::Input One(std::string_view call) const {
    if (inputs.size() > 1)
      graph->Fail(UserError("{} of a union: a union is no operator; call it on one of its streams", call));
    return inputs[0];
  }
  /// The other's ports, or none and an error at Execute if it is of another environment.
  std::vector<StreamGraph::Input> InputsOf(const Place& other) const {
    if (other.graph == graph) return other.inputs;
    graph->Fail(UserError("Streams of two environments meet: a job has one"));
    return {};
  }
};

}  // namespace internal

/// A handle; copies refer to the same stream. Valid as long as its environment.
template <typename T>
class DataStream {
 public:
  using Type = T;
  explicit DataStream(internal::Place place) : place_(std::move(place)) {}

  /// R function(const T&).
  template <typename F>
  auto Map(F function) const {
    auto call = internal::Callable(std::move(function));
    using R = internal::ResultOf<decltype(call), T>;
    return Then<R>("map", operators::FactoryOf<operators::MapOperator<T, R, decltype(call)>>(call));
  }
  /// bool function(const T&): rows for which it is true stay.
  template <typename F>
  DataStream<T> Filter(F function) const {
    auto call = internal::Callable(std::move(function));
    return Then<T>("filter", operators::FactoryOf<operators::FilterOperator<T, decltype(call)>>(std::move(call)));
  }
  /// void function(const T&, Collector<R>&).
  template <typename R, typename F>
  DataStream<R> FlatMap(F function) const {
    return Then<R>("flat-map", operators::FactoryOf<operators::FlatMapOperator<T, R, F>>(std::move(function)));
  }
  /// A process function (operators/process.h) with side outputs: void(const T&, ProcessContext&, Collector<R>&).
  template <typename R, typename F>
  DataStream<R> Process(F function) const {
    return ThenWithSides<R>("process", [function](const std::vector<operators::SidePort>& sides) {
      return operators::Process<T, R>(function, sides);
    });
  }

  /// K selector(const T&), or a member: equal keys meet in one subtask. The key must depend on the row alone.
  template <typename F>
  auto KeyBy(F selector) const {
    auto call = internal::Callable(std::move(selector));
    using K = internal::ResultOf<decltype(call), T>;
    // One for each stream of a union, in as many subtasks as its rows come from: rows of a key keep their order.
    internal::Place keyed{place_.graph, place_.env, {}};
    for (const StreamGraph::Input& input : place_.inputs) {
      uint32_t node = place_.graph->AddNode(
          {.kind = "key-by",
           .name = "key-by",
           .output_codec = types::CodecName<T>(),
           .subtasks = StreamGraph::Subtasks::kAsInput,
           .make = internal::Plain(operators::FactoryOf<operators::KeyByOperator<T, K, decltype(call)>>(call))},
          {{input}});
      keyed.inputs.push_back({.node = node, .partitioning = graph::Partitioning::kKeyed});
    }
    return KeyedStream<T, K>(std::move(keyed));
  }

  /// All rows of this stream and the others, in no particular order.
  template <typename... Streams>
  DataStream<T> Union(const Streams&... others) const {
    internal::Place place = place_;
    for (const internal::Place* other : {&others.place()...}) {
      for (StreamGraph::Input& input : place_.InputsOf(*other)) place.inputs.push_back(std::move(input));
    }
    return DataStream<T>(std::move(place));
  }
  template <typename U>
  ConnectedStreams<T, U> Connect(const DataStream<U>& other) const {
    return ConnectedStreams<T, U>(place_, other.place());
  }
  /// With a stream whose rows every subtask gets: the broadcast pattern (operators/broadcast_process.h).
  template <typename U>
  BroadcastConnectedStreams<T, U, void> Connect(const BroadcastStream<U>& other) const {
    return BroadcastConnectedStreams<T, U, void>(place_, other.place());
  }

  /// Event times and watermarks from here on, whatever they were above.
  DataStream<T> AssignTimestampsAndWatermarks(const WatermarkStrategy<T>& strategy) const;

  // How rows find the next operator's subtasks.
  DataStream<T> Rebalance() const { return Partitioned(graph::Partitioning::kRebalance); }
  DataStream<T> Rescale() const { return Partitioned(graph::Partitioning::kRescale); }
  BroadcastStream<T> Broadcast() const {
    return BroadcastStream<T>(Partitioned(graph::Partitioning::kBroadcast).place());
  }
  DataStream<T> Global() const { return Partitioned(graph::Partitioning::kGlobal); }
  /// Each subtask to its own: the operator that reads must have the same parallelism.
  DataStream<T> Forward() const {
    DataStream<T> stream = Partitioned(graph::Partitioning::kForward);
    for (StreamGraph::Input& input : stream.place_.inputs) input.exactly_forward = true;
    return stream;
  }
  /// int function(const T&, int parallelism): the subtask, 0 to parallelism - 1 (else the job fails).
  template <typename F>
  DataStream<T> PartitionCustom(F function) const {
    DataStream<T> stream = Partitioned(graph::Partitioning::kCustom);
    for (StreamGraph::Input& input : stream.place_.inputs) {
      input.custom = [function](const columns::Batch& batch, int parallelism, int32_t* subtasks) {
        const T* values = batch.objects<T>();
        for (int32_t row = 0; row < batch.rows(); ++row) {
          auto subtask =
              internal::ForRow("the partitioner", values[row], [&] { return function(values[row], parallelism); });
          if (subtask < 0 || subtask >= parallelism)
            throw StatusException(UserError("The partitioner chose subtask {} of {}, at the row {}", subtask,
                                            parallelism, operators::RowText(values[row])));
          subtasks[row] = static_cast<int32_t>(subtask);
        }
      };
    }
    return stream;
  }

  /// The side output `tag` of the operator that made this stream.
  template <typename X>
  DataStream<X> GetSideOutput(const OutputTag<X>& tag) const {
    uint32_t node = place_.One("GetSideOutput").node;
    internal::Place place = place_.At(node);
    place.inputs[0].port = place_.graph->SidePort(node, tag);
    return DataStream<X>(std::move(place));
  }

  /// Of a stream from a source: its records that do not parse (the source then neither fails nor drops them).
  DataStream<operators::DeadLetter> DeadLetters() const {
    uint32_t node = place_.One("DeadLetters").node;
    internal::Place place = place_.At(node);
    place.inputs[0].port = place.graph->DeadLetterPort(node);
    return DataStream<operators::DeadLetter>(DataStream<operators::DeadLetter>(std::move(place))
                                                 .Add({.kind = "dead-letters",
                                                       .output_codec = types::CodecName<operators::DeadLetter>(),
                                                       .subtasks = StreamGraph::Subtasks::kAsInput,
                                                       .make = internal::Plain(operators::DeadLettersFromColumns())}));
  }

  // Of the operator that made this stream.
  DataStream<T>& Name(std::string name) {
    return With([&](graph::Node& node) { node.name = std::move(name); });
  }
  /// Stable across versions of the job: its state is found by it.
  DataStream<T>& Uid(std::string uid) {
    return With([&](graph::Node& node) {
      node.uid = std::move(uid);
      node.uid_is_generated = false;
    });
  }
  DataStream<T>& SetParallelism(int n) {
    if (n < 1) place_.graph->Fail(UserError("A parallelism is 1 or more, not {}", n));
    return With([&](graph::Node& node) { node.parallelism = n; });
  }
  DataStream<T>& SetMaxParallelism(int n) {
    if (n < 1 || n > types::kMaxMaxParallelism)
      place_.graph->Fail(UserError("A max parallelism is 1 to {}, not {}", types::kMaxMaxParallelism, n));
    return With([&](graph::Node& node) { node.max_parallelism = n; });
  }
  DataStream<T>& SlotSharingGroup(std::string group) {
    return With([&](graph::Node& node) { node.slot_sharing_group = std::move(group); });
  }
  DataStream<T>& StartNewChain() {
    return With([](graph::Node& node) { node.chaining = graph::ChainingPolicy::kHead; });
  }
  DataStream<T>& DisableChaining() {
    return With([](graph::Node& node) { node.chaining = graph::ChainingPolicy::kNever; });
  }

  /// Rows as text, one a line, on stdout: "3> (a,1)", the subtask in front when there are several.
  DataStream<T> Print(std::string identifier = "") const {
    auto make = [identifier](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
      connectors::PrintOptions options;
      options.identifier = identifier;
      options.row_text = [](const columns::Batch& batch, int32_t row, std::string* out) {
        types::AppendText(batch.objects<T>()[row], *out);
      };
      return connectors::MakePrintSink(std::move(options));
    };
    return AddSink("print", "print", {}, {}, make);
  }
  /// The returned handle names the sink: `.Name()`, `.Uid()`, `.SetParallelism()`.
  DataStream<T> SinkTo(const Sink<T>& sink) const {
    if constexpr (types::IsRecord<T>) {
      if (sink.schema) {
        DataStream<T> rows(Add({.kind = "to-columns",
                                .output_schema = sink.schema,
                                .subtasks = StreamGraph::Subtasks::kAsOutput,
                                .make = internal::Plain(operators::ToColumns<T>())}));
        return rows.AddSink(sink.kind, sink.name, sink.options, sink.schema, sink.make);
      }
    }
    return AddSink(sink.kind, sink.name, sink.options, sink.schema, sink.make);
  }

  /// Runs the job and gives back this stream's rows, at most `limit` of them (then the job is stopped).
  Result<std::vector<T>> ExecuteAndCollect(const std::string& job_name = "collect", size_t limit = SIZE_MAX) const;

  const internal::Place& place() const { return place_; }

 private:
  template <typename>
  friend class DataStream;

  internal::Place Add(StreamGraph::NodeSpec spec) const {
    return place_.At(place_.graph->AddNode(std::move(spec), {place_.inputs}));
  }
  template <typename R>
  DataStream<R> Then(std::string kind, flow::OperatorFactory factory) const {
    return ThenWithSides<R>(std::move(kind), internal::Plain(std::move(factory)));
  }
  template <typename R, typename Make>
  DataStream<R> ThenWithSides(std::string kind, Make make) const {
    return DataStream<R>(
        Add({.kind = std::move(kind), .output_codec = types::CodecName<R>(), .make = std::move(make)}));
  }
  DataStream<T> AddSink(const std::string& kind, const std::string& name, std::map<std::string, std::string> options,
                        const types::SchemaPtr& schema, flow::OperatorFactory make) const {
    StreamGraph::NodeSpec spec{.kind = kind,
                               .name = name.empty() ? kind : name,
                               .role = graph::NodeRole::kSink,
                               .options = std::move(options),
                               .payload = schema ? types::EncodeSchema(*schema) : std::string()};
    if (make) spec.make = internal::Plain(std::move(make));
    return DataStream<T>(Add(std::move(spec)));
  }
  DataStream<T> Partitioned(graph::Partitioning partitioning) const {
    DataStream<T> stream = *this;
    for (StreamGraph::Input& input : stream.place_.inputs) input.partitioning = partitioning;
    return stream;
  }
  template <typename F>
  DataStream<T>& With(F change) {
    const StreamGraph::Input input = place_.One("Name, Uid or SetParallelism");
    if (input.port != 0)
      place_.graph->Fail(
          UserError("Name, Uid, SetParallelism and the like belong to an operator, and this is a side output of '{}': "
                    "call them on the operator's own stream",
                    place_.graph->node(input.node).name));
    if (input.partitioning != graph::Partitioning::kForward || input.exactly_forward)
      place_.graph->Fail(
          UserError("Name, Uid, SetParallelism and the like belong to an operator, and '{}' was already partitioned "
                    "for the next: call "
                    "them before KeyBy, Rebalance, Broadcast ...",
                    place_.graph->node(input.node).name));
    change(place_.graph->node(input.node));
    return *this;
  }
  internal::Place place_;
};

/// Rows by key. K: the key's type. As a stream it is the rows, key by key in the subtasks of whatever reads them; functions on it
/// may have keyed state.
template <typename T, typename K>
class KeyedStream : public DataStream<T> {
 public:
  explicit KeyedStream(internal::Place place) : DataStream<T>(std::move(place)) {}

  /// As DataStream's; a rich function (Open(RuntimeContext&)) may have keyed state.
  template <typename F>
  auto Map(F function) const {
    auto call = internal::Callable(std::move(function));
    using R = internal::ResultOf<decltype(call), T>;
    return Then<R>("map", internal::Plain(operators::KeyedMap<T, K, R>(std::move(call))));
  }
  template <typename F>
  DataStream<T> Filter(F function) const {
    return Then<T>("filter", internal::Plain(operators::KeyedFilter<T, K>(internal::Callable(std::move(function)))));
  }
  template <typename R, typename F>
  DataStream<R> FlatMap(F function) const {
    return Then<R>("flat-map", internal::Plain(operators::KeyedFlatMap<T, K, R>(std::move(function))));
  }
  /// T function(const T& so_far, const T& row): each row gives the value so far.
  template <typename F>
  DataStream<T> Reduce(F function) const {
    return Then<T>("reduce", internal::Plain(operators::KeyedReduce<T, K>(std::move(function))));
  }
  /// A keyed process function (operators/process.h): state, timers, side outputs.
  template <typename R, typename F>
  DataStream<R> Process(F function) const {
    return Then<R>("keyed-process", [function](const std::vector<operators::SidePort>& sides) {
      return operators::KeyedProcess<T, K, R>(function, sides);
    });
  }
  WindowedStream<T, K> Window(operators::AssignerPtr assigner) const {
    return WindowedStream<T, K>(this->place(), std::move(assigner));
  }
  /// Two streams by the same key: rows of one key, and their state, meet.
  template <typename U>
  ConnectedStreams<T, U, K> Connect(const KeyedStream<U, K>& other) const {
    return ConnectedStreams<T, U, K>(this->place(), other.place());
  }
  /// With a stream whose rows every subtask gets: the broadcast pattern, with keyed state and timers for the rows of this one.
  template <typename U>
  BroadcastConnectedStreams<T, U, K> Connect(const BroadcastStream<U>& other) const {
    return BroadcastConnectedStreams<T, U, K>(this->place(), other.place());
  }

 private:
  template <typename R, typename Make>
  DataStream<R> Then(std::string kind, Make make) const {
    const internal::Place& place = this->place();
    return DataStream<R>(place.At(place.graph->AddNode(
        {.kind = std::move(kind), .output_codec = types::CodecName<R>(), .keyed = true, .make = std::move(make)},
        {place.inputs})));
  }
};

/// Rows that every subtask of the operator that reads them gets.
template <typename T>
class BroadcastStream : public DataStream<T> {
 public:
  explicit BroadcastStream(internal::Place place) : DataStream<T>(std::move(place)) {}
};

/// Rows by key and window, before it is said what becomes of them.
template <typename T, typename K>
class WindowedStream {
 public:
  WindowedStream(internal::Place place, operators::AssignerPtr assigner) : place_(std::move(place)) {
    options_.assigner = std::move(assigner);
  }
  WindowedStream Trigger(operators::TriggerPtr trigger) const {
    return With([&](operators::WindowOptions& options) { options.trigger = std::move(trigger); });
  }
  WindowedStream AllowedLateness(Millis lateness) const {
    return With([&](operators::WindowOptions& options) { options.allowed_lateness_ms = lateness.count(); });
  }
  /// Rows too late for all their windows go to `tag`: read it by GetSideOutput of the result.
  WindowedStream SideOutputLateData(const OutputTag<T>& tag) const {
    WindowedStream stream = With([](operators::WindowOptions& options) { options.late_output = true; });
    stream.late_name_ = tag.name;
    return stream;
  }

  /// T function(const T&, const T&).
  template <typename F>
  DataStream<T> Reduce(F function) const {
    return Then<T>(
        [options = options_, function](const auto&) { return operators::ReduceWindow<T, K>(options, function); });
  }
  /// CreateAccumulator, Add, GetResult, Merge (operators/window.h).
  template <typename A>
  auto Aggregate(A aggregate) const {
    using R = typename operators::AggregateFold<T, A>::Result;
    return Then<R>(
        [options = options_, aggregate](const auto&) { return operators::AggregateWindow<T, K>(options, aggregate); });
  }
  /// void function(const K&, WindowContext&, std::span<const T> rows, Collector<R>&).
  template <typename R, typename F>
  DataStream<R> Process(F function) const {
    return Then<R>([options = options_, function](const auto& sides) {
      return operators::ProcessWindow<T, K, R>(options, function, sides);
    });
  }
  /// The reduced value of each window goes to `process` as its one row.
  template <typename R, typename F, typename P>
  DataStream<R> Reduce(F function, P process) const {
    return Then<R>([options = options_, function, process](const auto& sides) {
      return operators::ReduceProcessWindow<T, K, R>(options, function, process, sides);
    });
  }
  /// The aggregate's result of each window goes to `process` as its one row.
  template <typename R, typename A, typename P>
  DataStream<R> Aggregate(A aggregate, P process) const {
    return Then<R>([options = options_, aggregate, process](const auto& sides) {
      return operators::AggregateProcessWindow<T, K, R>(options, aggregate, process, sides);
    });
  }

 private:
  template <typename Change>
  WindowedStream With(Change change) const {
    WindowedStream stream = *this;
    change(stream.options_);
    return stream;
  }
  template <typename R, typename Make>
  DataStream<R> Then(Make make) const {
    uint32_t node = place_.graph->AddNode(
        {.kind = "window", .output_codec = types::CodecName<R>(), .keyed = true, .make = std::move(make)},
        {place_.inputs});
    place_.graph->AddPort(node, late_name_, types::CodecName<T>());  // port 1, operators::kLatePort
    return DataStream<R>(place_.At(node));
  }
  internal::Place place_;
  operators::WindowOptions options_;
  std::string late_name_ = "(late)";  // no tag that a program would think of
};

/// Two streams into one operator. K: the key that both share, or void.
template <typename A, typename B, typename K>
class ConnectedStreams {
 public:
  ConnectedStreams(internal::Place first, internal::Place second)
      : first_(std::move(first)), second_(std::move(second)) {}

  /// R first(const A&), R second(const B&).
  template <typename F1, typename F2>
  auto Map(F1 first, F2 second) const {
    using R = internal::ResultOf<F1, A>;
    static_assert(std::is_same_v<R, internal::ResultOf<F2, B>>, "both functions give the same type");
    return Then<R>("co-map", internal::Plain(operators::CoMap<A, B, K, R>(std::move(first), std::move(second))));
  }
  /// void first(const A&, Collector<R>&), void second(const B&, Collector<R>&).
  template <typename R, typename F1, typename F2>
  DataStream<R> FlatMap(F1 first, F2 second) const {
    return Then<R>("co-flat-map",
                   internal::Plain(operators::CoFlatMap<A, B, K, R>(std::move(first), std::move(second))));
  }
  /// ProcessElement1(const A&, context, Collector<R>&), ProcessElement2(const B&, ...), with a key OnTimer, too; the context is a
  /// ProcessContext or a KeyedContext<K>.
  template <typename R, typename F>
  DataStream<R> Process(F function) const {
    return Then<R>("co-process", [function](const std::vector<operators::SidePort>& sides) -> flow::OperatorFactory {
      if constexpr (std::is_void_v<K>)
        return operators::CoProcess<A, B, R>(function, sides);
      else
        return operators::KeyedCoProcess<A, B, K, R>(function, sides);
    });
  }

 protected:
  template <typename R, typename Make>
  DataStream<R> Then(std::string kind, Make make, bool keyed = !std::is_void_v<K>) const {
    return DataStream<R>(first_.At(first_.graph->AddNode(
        {.kind = std::move(kind), .output_codec = types::CodecName<R>(), .keyed = keyed, .make = std::move(make)},
        {first_.inputs, first_.InputsOf(second_)})));
  }

 private:
  internal::Place first_, second_;
};

/// A stream, by the key K or (void) not, and one whose rows every subtask gets.
template <typename A, typename B, typename K>
class BroadcastConnectedStreams : public ConnectedStreams<A, B> {
 public:
  using ConnectedStreams<A, B>::ConnectedStreams;

  /// ProcessElement(const A&, ReadOnlyBroadcastContext<K>&, Collector<R>&), ProcessBroadcastElement(const B&, BroadcastContext<K>&,
  /// Collector<R>&), with a key OnTimer, too. Or ProcessElement1 and ProcessElement2, as for any two streams.
  template <typename R, typename F>
  DataStream<R> Process(F function) const {
    constexpr bool kOfTwo = requires(F& f, const A& row, operators::ProcessContext& context, Collector<R>& out) {
      f.ProcessElement1(row, context, out);
    };
    if constexpr (kOfTwo) {
      return ConnectedStreams<A, B>::template Process<R>(std::move(function));
    } else {
      auto make = [function](const std::vector<operators::SidePort>& sides) -> flow::OperatorFactory {
        if constexpr (std::is_void_v<K>)
          return operators::BroadcastProcess<A, B, R>(function, sides);
        else
          return operators::KeyedBroadcastProcess<A, B, K, R>(function, sides);
      };
      return this->template Then<R>("broadcast-process", std::move(make), !std::is_void_v<K>);
    }
  }
};

}  // namespace thalweg::api
