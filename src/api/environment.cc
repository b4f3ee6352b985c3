#include "api/environment.h"

#include "config/load.h"
#include "config/options.h"

namespace thalweg::api {

StreamExecutionEnvironment::StreamExecutionEnvironment(config::Configuration config, RunOptions options)
    : config_(std::move(config)), options_(std::move(options)) {}

std::unique_ptr<StreamExecutionEnvironment> StreamExecutionEnvironment::FromArguments(int& argc, char** argv) {
  auto env = std::make_unique<StreamExecutionEnvironment>();
  env->options_.terminal = true;
  std::string file;
  std::vector<std::string> definitions;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    auto value = [&](std::string_view flag) -> std::optional<std::string> {
      if (argument == flag && i + 1 < argc) return std::string(argv[++i]);
      if (argument.starts_with(std::string(flag) + "=")) return std::string(argument.substr(flag.size() + 1));
      return std::nullopt;
    };
    if (argument.starts_with("-D") && argument.size() > 2) {
      definitions.emplace_back(argument.substr(2));
    } else if (auto definition = value("-D")) {
      definitions.push_back(*definition);
    } else if (auto config = value("--config")) {
      file = *config;
    } else if (auto from = value("--from-checkpoint")) {
      env->options_.from_checkpoint = *from;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  auto loaded = config::LoadConfiguration(file, definitions);
  if (loaded.ok()) {
    env->config_ = std::move(loaded->configuration);
    for (const std::string& warning : loaded->warnings) fmt::print(stderr, "warning: {}\n", warning);
  } else {
    env->error_ = loaded.status();
  }
  return env;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::Configure(const std::string& key, const std::string& value) {
  std::vector<std::string> warnings;
  Status status = config_.Set(key, value, &warnings);
  for (const std::string& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (!status.ok() && error_.ok()) error_ = std::move(status);
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::SetParallelism(int parallelism) {
  return Configure(std::string(config::kParallelism.key), std::to_string(parallelism));
}

StreamExecutionEnvironment& StreamExecutionEnvironment::SetMaxParallelism(int max_parallelism) {
  return Configure(std::string(config::kMaxParallelism.key), std::to_string(max_parallelism));
}

StreamExecutionEnvironment& StreamExecutionEnvironment::EnableCheckpointing(Millis interval) {
  return Configure(std::string(config::kCheckpointInterval.key), fmt::format("{} ms", interval.count()));
}

DataStream<int64_t> StreamExecutionEnvironment::FromSequence(int64_t from, int64_t to) {
  Source<int64_t> source;
  source.kind = source.name = "sequence";
  source.make = [from, to](const graph::Node&) { return connectors::MakeSequenceSource(from, to, true); };
  return FromSource(source);
}

Result<std::string> StreamExecutionEnvironment::JobName(const std::string& given) const {
  if (!given.empty()) return given;
  THALWEG_ASSIGN(std::optional<std::string> configured, config_.Find(config::kPipelineName));
  return configured.value_or("job");
}

Result<JobResult> StreamExecutionEnvironment::Execute(const std::string& job_name) { return Run(job_name, options_); }

Result<JobResult> StreamExecutionEnvironment::Run(const std::string& job_name, const RunOptions& options) {
  ++executions_;
  THALWEG_TRY(error_);
  THALWEG_ASSIGN(flow::Program program, BuildProgram(job_name));
  graph_->MarkBuilt();
  return options.terminal ? RunInTerminal(std::move(program), config_, options)
                          : RunEmbedded(std::move(program), config_, options);
}

Result<flow::Program> StreamExecutionEnvironment::BuildProgram(const std::string& job_name) const {
  THALWEG_ASSIGN(std::string name, JobName(job_name));
  THALWEG_ASSIGN(int64_t parallelism, config_.Get(config::kParallelism));
  return graph_->Build(std::move(name), static_cast<int>(parallelism));
}

int64_t StreamExecutionEnvironment::watermark_interval_ms() const {
  auto interval = config_.Get(config::kAutoWatermarkInterval);
  return interval.ok() ? std::max<int64_t>(1, std::chrono::duration_cast<Millis>(*interval).count()) : 200;
}

bool StreamExecutionEnvironment::has_checkpoints() const {
  auto interval = config_.Find(config::kCheckpointInterval);
  return interval.ok() && interval->has_value();
}

Result<std::string> StreamExecutionEnvironment::ExecutionPlan(const std::string& job_name) const {
  THALWEG_TRY(error_);
  THALWEG_ASSIGN(flow::Program program, BuildProgram(job_name));
  return graph::ToJson(program.graph);
}

}  // namespace thalweg::api
