// StreamExecutionEnvironment: where a program starts and where it is run.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/data_stream.h"
#include "api/runner.h"
#include "config/configuration.h"
#include "connectors/collection_source.h"
#include "connectors/range_source.h"

namespace thalweg::api {

/// One thread. Streams made by it refer to it.
class StreamExecutionEnvironment {
 public:
  explicit StreamExecutionEnvironment(config::Configuration config = {}, RunOptions options = {});
  StreamExecutionEnvironment(const StreamExecutionEnvironment&) = delete;
  StreamExecutionEnvironment& operator=(const StreamExecutionEnvironment&) = delete;

  /// For plain executables: takes the options of `thalweg run` out of the arguments (argc and argv are left with the others, and all
  /// behind "--"). Errors (an unknown key) come out of Execute.
  static std::unique_ptr<StreamExecutionEnvironment> FromArguments(int& argc, char** argv);

  /// Flink's keys. An error comes out of Execute.
  StreamExecutionEnvironment& Configure(const std::string& key, const std::string& value);
  StreamExecutionEnvironment& SetParallelism(int parallelism);
  StreamExecutionEnvironment& SetMaxParallelism(int max_parallelism);
  /// Needs execution.checkpointing.dir, too.
  StreamExecutionEnvironment& EnableCheckpointing(Millis interval);
  config::Configuration& config() { return config_; }
  RunOptions& run_options() { return options_; }

  /// `strategy`: times and watermarks per split of the source.
  template <typename T>
  DataStream<T> FromSource(const Source<T>& source,
                           const WatermarkStrategy<T>& strategy = WatermarkStrategy<T>::NoWatermarks(),
                           const std::string& name = "") {
    graph_->Fail(strategy.error());
    flow::SourcePipeline pipeline;
    if constexpr (types::IsRecord<T>) {
      if (source.schema) pipeline.make_transform = [schema = source.schema] { return ToRecords<T>(schema); };
    }
    pipeline.assign_times = strategy.assign();
    pipeline.make_watermarks = strategy.make_generator();
    pipeline.idle_timeout_ms = strategy.idle_ms();
    pipeline.alignment = strategy.alignment();
    StreamGraph::NodeSpec spec{.kind = source.kind,
                               .name = name.empty() ? source.name : name,
                               .output_codec = types::CodecName<T>(),
                               .output_schema = source.schema,
                               .options = source.options};
    uint32_t node = graph_->AddSource(std::move(spec), source.make, std::move(pipeline));
    return DataStream<T>({graph_, this, {{.node = node}}});
  }
  /// The values in order, from one subtask unless SetParallelism says more.
  template <typename T>
  DataStream<T> FromCollection(std::vector<T> values,
                               const WatermarkStrategy<T>& strategy = WatermarkStrategy<T>::NoWatermarks()) {
    Source<T> source;
    source.kind = source.name = "collection";
    source.make = [made = connectors::MakeCollectionSource(std::move(values))](
                      const graph::Node&) -> Result<std::shared_ptr<flow::Source>> { return made; };
    DataStream<T> stream = FromSource(source, strategy);
    stream.SetParallelism(1);
    return stream;
  }
  template <typename T, typename... More>
  DataStream<T> FromElements(T first, More... more) {
    return FromCollection(std::vector<T>{std::move(first), std::move(more)...});
  }
  /// from, from + 1 ... to, shared out among the subtasks.
  DataStream<int64_t> FromSequence(int64_t from, int64_t to);

  /// Runs the job in this process to its end: the operators and sinks added since the last execution, with what they read from.
  Result<JobResult> Execute(const std::string& job_name = "");
  /// The plan as Flink's execution plan JSON.
  Result<std::string> ExecutionPlan(const std::string& job_name = "") const;
  /// As Execute, with other run options than the environment's own.
  Result<JobResult> Run(const std::string& job_name, const RunOptions& options);
  /// Whether the job takes checkpoints periodically.
  bool has_checkpoints() const;
  /// pipeline.auto-watermark-interval.
  int64_t watermark_interval_ms() const;
  StreamGraph& graph() { return *graph_; }
  /// What was given to the program itself: behind `--` of `thalweg run`.
  const std::vector<std::string>& arguments() const { return options_.arguments; }
  /// Calls of Execute.
  int executions() const { return executions_; }

 private:
  Result<std::string> JobName(const std::string& given) const;
  Result<flow::Program> BuildProgram(const std::string& job_name) const;
  std::shared_ptr<StreamGraph> graph_ = std::make_shared<StreamGraph>();
  config::Configuration config_;
  RunOptions options_;
  int executions_ = 0;
  Status error_;  // the first of the calls that could not report it
};

template <typename T>
DataStream<T> DataStream<T>::AssignTimestampsAndWatermarks(const WatermarkStrategy<T>& strategy) const {
  place_.graph->Fail(strategy.error());
  // Made when the program is built: the interval may be configured until then.
  auto make = [strategy, env = place_.env](const auto&) -> flow::OperatorFactory {
    if (strategy.alignment())
      return [group = strategy.alignment()->group](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
        return UserError(
            "Watermark alignment (group '{}') works for the strategy of a source only: give it to FromSource", group);
      };
    operators::TimestampOptions options;
    options.interval_ms = env->watermark_interval_ms();
    options.assign = strategy.assign();
    options.make_generator = strategy.make_generator();
    options.idle_timeout_ms = strategy.idle_ms();
    return [options](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
      return operators::MakeTimestampOperator(options);
    };
  };
  return DataStream<T>(Add({.kind = "timestamps",
                            .output_codec = types::CodecName<T>(),
                            .subtasks = StreamGraph::Subtasks::kAsInput,
                            .make = make}));
}

template <typename T>
Result<std::vector<T>> DataStream<T>::ExecuteAndCollect(const std::string& job_name, size_t limit) const {
  StreamExecutionEnvironment& env = *place_.env;
  auto queue = std::make_shared<connectors::CollectQueue>();
  auto guarantee =
      env.has_checkpoints() ? connectors::CollectGuarantee::kExactlyOnce : connectors::CollectGuarantee::kNone;
  auto make = [queue, guarantee](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
    return connectors::MakeCollectSink(queue, guarantee);
  };
  AddSink("collect", "collect", {}, {}, make).SetParallelism(1);
  RunOptions options = env.run_options();
  options.cancel = std::make_shared<std::atomic<bool>>(false);
  Status ended;
  std::thread job([&] {
    ended = env.Run(job_name, options).status();
    queue->Finish(ended);
  });
  std::vector<T> rows;
  Status read;
  while (rows.size() < limit) {
    auto batch = queue->Pop();
    if (!batch.ok()) read = batch.status();
    if (!batch.ok() || !*batch) break;
    const T* values = (*batch)->template objects<T>();
    for (int32_t i = 0; i < (*batch)->rows() && rows.size() < limit; ++i) rows.push_back(values[i]);
  }
  queue->Cancel();
  options.cancel->store(true);
  job.join();
  THALWEG_TRY(read);
  THALWEG_TRY(ended);
  return rows;
}

}  // namespace thalweg::api
