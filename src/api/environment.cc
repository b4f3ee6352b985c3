#include "api/environment.h"

#include "config/load.h"
#include "config/options.h"
#include "operators/user_error.h"

namespace thalweg::api {

StreamExecutionEnvironment::StreamExecutionEnvironment(config::Configuration config, RunOptions options)
    : config_(std::move(config)), options_(std::move(options)) {}

namespace {

/// The options of `thalweg run` out of a program's arguments; what is none of them stays, and all behind "--".
class ArgumentReader {
 public:
  ArgumentReader(int& argc, char** argv) : argc_(argc), argv_(argv) {}

  /// Reads to the end, also past an error: it is the first.
  Status Read(RunOptions& options) {
    int kept = 1;
    for (; next_ < argc_; ++next_) {
      const std::string_view argument = argv_[next_];
      if (argument == "--") break;
      if (!Take(argument, options)) argv_[kept++] = argv_[next_];
    }
    // The program sees its own arguments as they would stand without ours.
    for (int i = next_ + 1; i < argc_; ++i) argv_[kept++] = argv_[i];
    argc_ = kept;
    return error_;
  }

  std::string config_file;
  std::vector<std::string> definitions;

 private:
  bool Take(std::string_view argument, RunOptions& options) {
    if (auto definition = ValueOf(argument, "-D", "-D")) {
      definitions.push_back(*definition);
    } else if (auto file = ValueOf(argument, "", "--config")) {
      config_file = *file;
    } else if (auto from = ValueOf(argument, "-s", "--from-checkpoint")) {
      options.from_checkpoint = *from;
    } else if (auto parallelism = ValueOf(argument, "-p", "--parallelism")) {
      definitions.push_back(std::string(config::kParallelism.key) + "=" + *parallelism);
    } else if (argument == "-n" || argument == "--allow-non-restored-state") {
      options.allow_non_restored_state = true;
    } else if (argument == "--progress") {
      options.progress_lines = true;
    } else {
      return false;
    }
    return true;
  }

  // "-s VALUE", "-sVALUE", "--long VALUE", "--long=VALUE". Without a value: an error, and "".
  std::optional<std::string> ValueOf(std::string_view argument, std::string_view letter, std::string_view name) {
    const bool attached = !letter.empty() && argument.starts_with(letter) && argument.size() > letter.size();
    if (attached) return std::string(argument.substr(letter.size()));
    if (argument.starts_with(name) && argument.size() > name.size() && argument[name.size()] == '=')
      return std::string(argument.substr(name.size() + 1));
    if (argument != name && (letter.empty() || argument != letter)) return std::nullopt;
    if (next_ + 1 < argc_) return std::string(argv_[++next_]);
    if (error_.ok()) error_ = UserError("Wrong command line: {} needs a value", argument);
    return std::string();
  }

  int& argc_;
  char** argv_;
  int next_ = 1;
  Status error_;
};

}  // namespace

std::unique_ptr<StreamExecutionEnvironment> StreamExecutionEnvironment::FromArguments(int& argc, char** argv) {
  auto env = std::make_unique<StreamExecutionEnvironment>();
  env->options_.terminal = true;
  ArgumentReader reader(argc, argv);
  env->error_ = reader.Read(env->options_);
  if (!env->error_.ok()) return env;
  auto loaded = config::LoadConfiguration(reader.config_file, reader.definitions);
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
  // Sources, triggers and copies of functions are the user's code, too.
  try {
    auto program = BuildProgram(job_name);
    graph_->MarkBuilt();
    THALWEG_TRY(program.status());
    return options.terminal ? RunInTerminal(*std::move(program), config_, options)
                            : RunEmbedded(*std::move(program), config_, options);
  } catch (...) {
    return operators::UserException("the job", "");
  }
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
