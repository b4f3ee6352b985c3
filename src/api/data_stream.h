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
template <typename A, typename B>
class ConnectedStreams;

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

/// A factory that needs no side outputs.
inline auto Plain(flow::OperatorFactory factory) {
  return [factory = std::move(factory)](const std::vector<operators::SidePort>&) { return factory; };
}

/// What all stream classes share: the graph, and the port that the rows come from.
struct Place {
  std::shared_ptr<StreamGraph> graph;
  StreamExecutionEnvironment* env = nullptr;
  StreamGraph::Input input;

  graph::Node& node() const { return graph->node(input.node); }
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
    return Then<T>("filter", operators::FactoryOf<operators::FilterOperator<T, F>>(std::move(function)));
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
    internal::Place keyed =
        Add("key-by", types::CodecName<T>(), false,
            internal::Plain(operators::FactoryOf<operators::KeyByOperator<T, K, decltype(call)>>(call)));
    keyed.input.partitioning = graph::Partitioning::kKeyed;
    return KeyedStream<T, K>(std::move(keyed));
  }

  /// All rows of this stream and the others, in no particular order.
  template <typename... Streams>
  DataStream<T> Union(const Streams&... others) const {
    internal::Place place = place_;
    place.input.node = place_.graph->AddNode(
        {.kind = "union",
         .name = "union",
         .output_codec = types::CodecName<T>(),
         .make = internal::Plain(operators::FactoryOf<operators::FilterOperator<T, PassAll>>(PassAll{}))},
        {{place_.input, others.place().input...}});
    place.input.port = 0;
    place.input.partitioning = graph::Partitioning::kForward;
    return DataStream<T>(std::move(place));
  }
  template <typename U>
  ConnectedStreams<T, U> Connect(const DataStream<U>& other) const {
    return ConnectedStreams<T, U>(place_, other.place());
  }

  DataStream<T> AssignTimestampsAndWatermarks(const WatermarkStrategy<T>& strategy) const {
    auto make = [strategy](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
      operators::TimestampOptions options;
      options.assign = strategy.assign();
      options.make_generator = strategy.make_generator();
      options.idle_timeout_ms = strategy.idle_ms();
      return operators::MakeTimestampOperator(std::move(options));
    };
    return Then<T>("timestamps", make);
  }

  // How rows find the next operator's subtasks.
  DataStream<T> Rebalance() const { return Partitioned(graph::Partitioning::kRebalance); }
  DataStream<T> Rescale() const { return Partitioned(graph::Partitioning::kRescale); }
  DataStream<T> Broadcast() const { return Partitioned(graph::Partitioning::kBroadcast); }
  DataStream<T> Global() const { return Partitioned(graph::Partitioning::kGlobal); }
  DataStream<T> Forward() const { return Partitioned(graph::Partitioning::kForward); }
  /// int function(const T&, int parallelism): the subtask, 0 to parallelism - 1 (else the job fails).
  template <typename F>
  DataStream<T> PartitionCustom(F function) const {
    DataStream<T> stream = Partitioned(graph::Partitioning::kCustom);
    stream.place_.input.custom = [function](const columns::Batch& batch, int parallelism, int32_t* subtasks) {
      const T* values = batch.objects<T>();
      for (int32_t row = 0; row < batch.rows(); ++row)
        subtasks[row] = static_cast<int32_t>(function(values[row], parallelism));
    };
    return stream;
  }

  /// The side output `tag` of the operator that made this stream.
  template <typename X>
  DataStream<X> GetSideOutput(const OutputTag<X>& tag) const {
    internal::Place place = place_;
    place.input.port = place_.graph->SidePort(place_.input.node, tag);
    place.input.partitioning = graph::Partitioning::kForward;
    return DataStream<X>(std::move(place));
  }

  /// Of a stream from a source: its records that do not parse (the source then neither fails nor drops them).
  DataStream<operators::DeadLetter> DeadLetters() const {
    internal::Place place = place_;
    place.node().options["error-policy"] = "dead-letter";
    place.input.port = place.graph->FindPort(place.input.node, "dead-letters");
    if (place.input.port < 0) place.input.port = place.graph->AddPort(place.input.node, "dead-letters", "");
    place.input.partitioning = graph::Partitioning::kForward;
    return DataStream<operators::DeadLetter>(std::move(place))
        .template Then<operators::DeadLetter>("dead-letters", operators::DeadLettersFromColumns());
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
    return With([&](graph::Node& node) { node.parallelism = n; });
  }
  DataStream<T>& SetMaxParallelism(int n) {
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
        internal::Place columns = Add("to-columns", "", false, internal::Plain(operators::ToColumns<T>()), sink.schema);
        DataStream<T> rows(std::move(columns));
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
  struct PassAll {
    bool operator()(const T&) const { return true; }
  };

  internal::Place Add(std::string kind, std::string codec, bool keyed,
                      std::function<flow::OperatorFactory(const std::vector<operators::SidePort>&)> make,
                      types::SchemaPtr schema = nullptr) const {
    internal::Place place = place_;
    place.input.node = place_.graph->AddNode({.kind = kind,
                                              .name = kind,
                                              .output_codec = std::move(codec),
                                              .output_schema = std::move(schema),
                                              .keyed = keyed,
                                              .make = std::move(make)},
                                             {{place_.input}});
    place.input.port = 0;
    place.input.partitioning = graph::Partitioning::kForward;
    place.input.custom = nullptr;
    return place;
  }
  template <typename R>
  DataStream<R> Then(std::string kind, flow::OperatorFactory factory) const {
    return DataStream<R>(Add(std::move(kind), types::CodecName<R>(), false, internal::Plain(std::move(factory))));
  }
  template <typename R, typename Make>
  DataStream<R> ThenWithSides(std::string kind, Make make) const {
    return DataStream<R>(Add(std::move(kind), types::CodecName<R>(), false, std::move(make)));
  }
  DataStream<T> AddSink(const std::string& kind, const std::string& name, std::map<std::string, std::string> options,
                        const types::SchemaPtr& schema, flow::OperatorFactory make) const {
    internal::Place place = place_;
    StreamGraph::NodeSpec spec{.kind = kind,
                               .name = name.empty() ? kind : name,
                               .role = graph::NodeRole::kSink,
                               .options = std::move(options),
                               .payload = schema ? types::EncodeSchema(*schema) : std::string()};
    if (make) spec.make = internal::Plain(std::move(make));
    place.input.node = place_.graph->AddNode(std::move(spec), {{place_.input}});
    place.input.port = 0;
    return DataStream<T>(std::move(place));
  }
  DataStream<T> Partitioned(graph::Partitioning partitioning) const {
    DataStream<T> stream = *this;
    stream.place_.input.partitioning = partitioning;
    return stream;
  }
  template <typename F>
  DataStream<T>& With(F change) {
    change(place_.node());
    return *this;
  }
  internal::Place place_;
};

/// Rows by key. K: the key's type.
template <typename T, typename K>
class KeyedStream {
 public:
  explicit KeyedStream(internal::Place place) : place_(std::move(place)) {}

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
    return WindowedStream<T, K>(place_, std::move(assigner));
  }

  template <typename U>
  class Connected {
   public:
    Connected(internal::Place first, internal::Place second) : first_(std::move(first)), second_(std::move(second)) {}
    /// ProcessElement1(const T&, KeyedContext<K>&, Collector<R>&), ProcessElement2(const U&, ...), OnTimer.
    template <typename R, typename F>
    DataStream<R> Process(F function) const {
      internal::Place place = first_;
      place.input.node = first_.graph->AddNode({.kind = "keyed-co-process",
                                                .name = "keyed-co-process",
                                                .output_codec = types::CodecName<R>(),
                                                .keyed = true,
                                                .make =
                                                    [function](const std::vector<operators::SidePort>& sides) {
                                                      return operators::KeyedCoProcess<T, U, K, R>(function, sides);
                                                    }},
                                               {{first_.input}, {second_.input}});
      place.input.partitioning = graph::Partitioning::kForward;
      return DataStream<R>(std::move(place));
    }

   private:
    internal::Place first_, second_;
  };
  /// Two streams by the same key: rows of one key, and their state, meet.
  template <typename U>
  Connected<U> Connect(const KeyedStream<U, K>& other) const {
    return Connected<U>(place_, other.place());
  }
  const internal::Place& place() const { return place_; }

 private:
  template <typename R, typename Make>
  DataStream<R> Then(std::string kind, Make make) const {
    internal::Place place = place_;
    place.input.node = place_.graph->AddNode(
        {.kind = kind, .name = kind, .output_codec = types::CodecName<R>(), .keyed = true, .make = std::move(make)},
        {{place_.input}});
    place.input.partitioning = graph::Partitioning::kForward;
    return DataStream<R>(std::move(place));
  }
  internal::Place place_;
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
    internal::Place place = place_;
    place.input.node = place_.graph->AddNode({.kind = "window",
                                              .name = "window",
                                              .output_codec = types::CodecName<R>(),
                                              .keyed = true,
                                              .make = std::move(make)},
                                             {{place_.input}});
    place.input.partitioning = graph::Partitioning::kForward;
    place_.graph->AddPort(place.input.node, late_name_, types::CodecName<T>());  // port 1, operators::kLatePort
    return DataStream<R>(std::move(place));
  }
  internal::Place place_;
  operators::WindowOptions options_;
  std::string late_name_ = "late";
};

/// Two streams into one operator.
template <typename A, typename B>
class ConnectedStreams {
 public:
  ConnectedStreams(internal::Place first, internal::Place second)
      : first_(std::move(first)), second_(std::move(second)) {}

  /// R first(const A&), R second(const B&).
  template <typename F1, typename F2>
  auto Map(F1 first, F2 second) const {
    using R = internal::ResultOf<F1, A>;
    static_assert(std::is_same_v<R, internal::ResultOf<F2, B>>, "both functions give the same type");
    return Then<R>("co-map", internal::Plain(operators::CoMap<A, B, R>(std::move(first), std::move(second))));
  }
  template <typename R, typename F1, typename F2>
  DataStream<R> FlatMap(F1 first, F2 second) const {
    return Then<R>("co-flat-map", internal::Plain(operators::CoFlatMap<A, B, R>(std::move(first), std::move(second))));
  }
  template <typename R, typename F>
  DataStream<R> Process(F function) const {
    return Then<R>("co-process", [function](const std::vector<operators::SidePort>& sides) {
      return operators::CoProcess<A, B, R>(function, sides);
    });
  }

 private:
  template <typename R, typename Make>
  DataStream<R> Then(std::string kind, Make make) const {
    internal::Place place = first_;
    place.input.node = first_.graph->AddNode(
        {.kind = kind, .name = kind, .output_codec = types::CodecName<R>(), .make = std::move(make)},
        {{first_.input}, {second_.input}});
    place.input.port = 0;
    place.input.partitioning = graph::Partitioning::kForward;
    return DataStream<R>(std::move(place));
  }
  internal::Place first_, second_;
};

}  // namespace thalweg::api
