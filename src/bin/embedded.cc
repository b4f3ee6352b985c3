// The composition root: a program and its configuration become a Job of this process.
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "api/runner.h"
#include "bin/metric_reporters.h"
#include "bin/registry.h"
#include "checkpoint/checkpoint_store.h"
#include "config/memory_budget.h"
#include "config/options.h"
#include "io/meta_store.h"
#include "io/process_memory.h"
#include "io/storage.h"
#include "io/temporary_folder.h"
#include "metrics/names.h"
#include "operators/scan.h"
#include "runtime/job.h"
#include "state/hashmap_backend.h"
#include "state/rocksdb_backend.h"

namespace thalweg::api {
namespace {

using runtime::JobOptions;

int64_t Millis(config::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string RunName() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

Status FillPlan(const config::Configuration& config, JobOptions& options) {
  THALWEG_ASSIGN(int64_t parallelism, config.Get(config::kParallelism));
  THALWEG_ASSIGN(int64_t max_parallelism, config.Get(config::kMaxParallelism));
  THALWEG_ASSIGN(int64_t cores, config.Get(config::kCores));
  options.plan.default_parallelism = static_cast<int>(parallelism);
  options.plan.default_max_parallelism =
      max_parallelism > 0 ? static_cast<int>(max_parallelism) : types::kDefaultMaxParallelism;
  options.plan.cores = cores > 0 ? cores : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  THALWEG_ASSIGN(config::Duration interval, config.Get(config::kAutoWatermarkInterval));
  options.watermark_interval_ms = std::max<int64_t>(1, Millis(interval));
  return {};
}

Result<std::shared_ptr<checkpoint::CheckpointStore>> OpenStore(const std::string& directory,
                                                               const config::Configuration& config,
                                                               const std::function<void(const std::string&)>& log) {
  checkpoint::StoreOptions options;
  options.run = RunName();
  THALWEG_ASSIGN(int64_t retained, config.Get(config::kCheckpointsRetained));
  options.num_retained = static_cast<int>(retained);
  options.log = [log](std::string_view line) { log(std::string(line)); };
  auto storage = io::OpenStorage(directory);
  THALWEG_TRY(storage.status().WithContext("Checkpoint directory (execution.checkpointing.dir)"));
  auto meta = io::OpenMetaStore(directory);
  THALWEG_TRY(meta.status().WithContext("Checkpoint directory (execution.checkpointing.dir)"));
  return std::make_shared<checkpoint::CheckpointStore>(*storage, *meta, std::move(options));
}

std::string AsUri(const std::string& path) {
  if (path.find("://") != std::string::npos) return path;
  return "file://" + std::filesystem::absolute(path).string();
}

/// Whether two folders, each a path or a file:// URI, are one.
bool SameFolder(const std::string& a, const std::string& b) {
  const auto left = io::LocalFolder(a), right = io::LocalFolder(b);
  std::error_code error;
  return left.ok() && right.ok() && std::filesystem::equivalent(*left, *right, error) && !error;
}

/// Where the job starts from: the flag goes before the configuration.
Status FillRestore(const config::Configuration& config, const RunOptions& run, const std::string& job,
                   JobOptions& options) {
  THALWEG_ASSIGN(std::optional<std::string> configured, config.Find(config::kRecoveryPath));
  THALWEG_ASSIGN(std::optional<std::string> directory, config.Find(config::kCheckpointDir));
  THALWEG_ASSIGN(config::ClaimMode claim, config.Get(config::kClaimMode));
  THALWEG_ASSIGN(bool ignore_unclaimed, config.Get(config::kIgnoreUnclaimedState));
  options.claim_restored = claim == config::ClaimMode::kClaim;
  options.allow_non_restored_state = run.allow_non_restored_state || ignore_unclaimed;
  const bool by_flag = !run.from_checkpoint.empty();
  const std::string from = by_flag ? run.from_checkpoint : configured.value_or("");
  if (from.empty()) return {};
  const std::string_view asked = by_flag ? "--from-checkpoint" : config::kRecoveryPath.key;
  if (from == "latest") {
    if (!directory) return UserError("{} latest needs execution.checkpointing.dir", asked);
    options.restore = runtime::RestoreFrom{options.store, job, std::nullopt};
    return {};
  }
  auto path = checkpoint::ResolveCheckpointPath(from);
  THALWEG_TRY(path.status().WithContext(fmt::format("{} {}", asked, from)));
  if (directory && SameFolder(path->directory, *directory)) {
    options.restore = runtime::RestoreFrom{options.store, path->job, path->checkpoint};
    return {};
  }
  THALWEG_ASSIGN(auto store, OpenStore(AsUri(path->directory), config, options.log));
  options.restore = runtime::RestoreFrom{std::move(store), path->job, path->checkpoint};
  return {};
}

/// Known before the job starts: as a failure of each checkpoint it would be tried again for ever. Leaves nothing behind.
Status MustBeWritable(const std::string& directory) {
  THALWEG_ASSIGN(auto storage, io::OpenStorage(directory));
  const std::string probe = "probe-" + RunName();
  Status status = storage->Put(probe, "probe");
  if (status.ok()) status = storage->Delete(probe);
  return status.WithContext("Checkpoint directory (execution.checkpointing.dir)");
}

/// Where checkpoints are while the job runs if it is not said, as in Flink, which has them in the memory of its job manager: they serve restarts of the
/// job, and go with its process.
Result<std::unique_ptr<io::TemporaryFolder>> FolderOfTheJob(const JobOptions& options) {
  Result<io::TemporaryFolder> made = io::TemporaryFolder::Make();
  if (!made.ok())
    return made.status().WithContext("Checkpoints need a directory, and execution.checkpointing.dir is not set");
  auto folder = std::make_unique<io::TemporaryFolder>(*std::move(made));
  options.log(fmt::format("Checkpoints are kept in {} and go with this process: execution.checkpointing.dir keeps them",
                          folder->path()));
  return folder;
}

/// `folder`: one that has to stay as long as the job.
Status FillCheckpoints(const config::Configuration& config, JobOptions& options,
                       std::unique_ptr<io::TemporaryFolder>& folder) {
  THALWEG_ASSIGN(std::optional<config::Duration> interval, config.Find(config::kCheckpointInterval));
  THALWEG_ASSIGN(std::optional<std::string> directory, config.Find(config::kCheckpointDir));
  THALWEG_ASSIGN(config::Duration timeout, config.Get(config::kCheckpointTimeout));
  THALWEG_ASSIGN(config::Duration min_pause, config.Get(config::kCheckpointMinPause));
  THALWEG_ASSIGN(int64_t tolerable, config.Get(config::kTolerableFailedCheckpoints));
  options.checkpointing.interval_ms = interval ? Millis(*interval) : 0;
  options.checkpointing.timeout_ms = Millis(timeout);
  options.checkpointing.min_pause_ms = Millis(min_pause);
  options.checkpointing.tolerable_failures = static_cast<int>(tolerable);
  if (interval && !directory) {
    THALWEG_ASSIGN(folder, FolderOfTheJob(options));
    directory = folder->uri();
  }
  if (!directory) return {};
  if (directory->empty()) return UserError("{} is empty: name a folder or a file:// URI", config::kCheckpointDir.key);
  THALWEG_ASSIGN(options.store, OpenStore(AsUri(*directory), config, options.log));
  return interval ? MustBeWritable(AsUri(*directory)) : Status();
}

Status FillProcess(const config::Configuration& config, JobOptions& options) {
  THALWEG_ASSIGN(int64_t io_threads, config.Get(config::kIoThreads));
  options.io_threads = static_cast<int>(io_threads);
  THALWEG_ASSIGN(options.pin_cores, config.Get(config::kPinCores));
  THALWEG_ASSIGN(options.memory, config::DivideMemory(config, io::FindMachineMemory().bytes));
  options.resident_bytes = io::ResidentBytes;
  THALWEG_ASSIGN(auto configured, config.Find(config::kMemoryLimit));
  if (configured)
    options.log(
        fmt::format("Memory limit {}: {}", config::MemoryText(options.memory.limit), options.memory.ToString()));
  return {};
}

// Batch execution emits only final results; what we run is the stream to its end. An answer that differs is none.
Status CheckRuntimeMode(const config::Configuration& config) {
  THALWEG_ASSIGN(config::RuntimeMode mode, config.Get(config::kRuntimeMode));
  if (mode == config::RuntimeMode::kStreaming) return {};
  return UserError(
      "execution.runtime-mode {} is not supported by DataStream programs yet: STREAMING (the default) runs bounded "
      "input "
      "to its end, too, and shows intermediate results",
      mode == config::RuntimeMode::kBatch ? "BATCH" : "AUTOMATIC");
}

/// Subtasks with keyed state.
int KeyedSubtasks(const graph::JobGraph& graph, const JobOptions& options) {
  int subtasks = 0;
  for (const graph::Node& node : graph.nodes)
    if (node.keyed) subtasks += node.parallelism > 0 ? node.parallelism : options.plan.default_parallelism;
  return subtasks;
}

/// A folder below the local directory for this process alone; gone when the last user is.
struct LocalFolder {
  explicit LocalFolder(std::filesystem::path folder) : path(std::move(folder)) {}
  ~LocalFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

Result<std::filesystem::path> FolderOfRocksDb(const config::Configuration& config) {
  THALWEG_ASSIGN(std::optional<std::string> local, config.Find(config::kRocksDbLocalDir));
  if (local && local->find("://") == std::string::npos) return std::filesystem::path(*local);
  if (local) {
    auto folder = io::LocalFolder(*local);
    THALWEG_TRY(folder.status().WithContext(std::string(config::kRocksDbLocalDir.key)));
    return std::filesystem::path(*folder);
  }
  std::error_code failed;
  std::filesystem::path temporary = std::filesystem::temp_directory_path(failed);
  if (!failed) return temporary;
  const char* named = std::getenv("TMPDIR");
  return UserError("No folder for RocksDB's files: TMPDIR names '{}', which is no directory. Set TMPDIR, or '{}'",
                   named ? named : "", config::kRocksDbLocalDir.key);
}

Status FillBackend(const config::Configuration& config, const graph::JobGraph& graph, time::Clock& clock,
                   JobOptions& options) {
  THALWEG_ASSIGN(config::StateBackendType type, config.Get(config::kStateBackend));
  if (type == config::StateBackendType::kHashMap) {
    options.make_backend = [&clock](const flow::TaskName&,
                                    state::KeyGroupRange groups) -> Result<std::unique_ptr<state::KeyedBackend>> {
      return state::MakeHashMapBackend({groups}, clock);
    };
    return {};
  }
  THALWEG_ASSIGN(const std::filesystem::path root, FolderOfRocksDb(config));
  auto folder = std::make_shared<LocalFolder>(root / fmt::format("thalweg-rocksdb-{}-{}", getpid(), RunName()));
  state::RocksDbOptions rocksdb;
  rocksdb.directory = folder->path.string();
  // Half of the state's part to RocksDB's cache and write buffers, half to live objects; more than the most gains little, and live
  // objects that changed are copied at each checkpoint.
  constexpr int64_t kLeastStore = int64_t{16} << 20;
  constexpr int64_t kMostStore = int64_t{1} << 30;
  constexpr int64_t kLeastCache = int64_t{1} << 20;
  constexpr int64_t kMostCache = int64_t{64} << 20;
  rocksdb.memory_bytes = std::clamp(options.memory.state / 2, kLeastStore, kMostStore);
  rocksdb.write_buffer_bytes = std::min(rocksdb.write_buffer_bytes, rocksdb.memory_bytes / 4);
  const int64_t cache_bytes =
      std::clamp(options.memory.state / 2 / std::max(1, KeyedSubtasks(graph, options)), kLeastCache, kMostCache);
  auto opened = state::RocksDbInstance::Open(rocksdb);
  THALWEG_TRY(opened.status().WithContext(std::string(config::kRocksDbLocalDir.key)));
  const std::shared_ptr<state::RocksDbInstance> instance = *std::move(opened);
  options.make_backend = [folder, instance, cache_bytes, &clock](const flow::TaskName& task,
                                                                 state::KeyGroupRange groups) {
    state::StoreBackendOptions store;
    store.groups = groups;
    store.cache_bytes = cache_bytes;
    return state::MakeRocksDbBackend(instance, task.subtask % 8, store, clock);
  };
  return {};
}

/// Flink's variables of scopes. One process is both its job manager and its task manager.
metrics::Variables ScopeVariables(const std::string& job) {
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0') std::strcpy(host, "localhost");
  return {{"host", host}, {"tm_id", fmt::format("{}:{}", host, getpid())}, {"job_name", job}};
}

/// Watches a running job from beside: its stop flag and its progress.
class Watcher {
 public:
  Watcher(runtime::Job& job, const RunOptions& options) : job_(job), options_(options), thread_([this] { Watch(); }) {}
  ~Watcher() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void Watch() {
    constexpr auto kStopPoll = std::chrono::milliseconds(20);
    auto next_progress = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.progress_interval_ms);
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kStopPoll, [this] { return over_; })) {
      StopIfAsked();
      if (!options_.on_progress || std::chrono::steady_clock::now() < next_progress) continue;
      next_progress += std::chrono::milliseconds(options_.progress_interval_ms);
      options_.on_progress(ProgressOf(job_));
    }
  }

  void StopIfAsked() {
    if (stopping_) return;
    const bool cancelled = options_.cancel && options_.cancel->load();
    stopping_ = cancelled || (options_.stop && options_.stop->load());
    if (cancelled)
      job_.Cancel();
    else if (stopping_)
      job_.Stop();
  }

 public:
  static RunProgress ProgressOf(const runtime::Job& job) {
    runtime::JobProgress progress = job.progress();
    return {progress.rows_in, progress.rows_out, progress.watermark, progress.checkpoints, progress.restarts};
  }

 private:
  runtime::Job& job_;
  const RunOptions& options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  bool stopping_ = false;  // the thread's
  std::thread thread_;
};

JobResult ResultOf(const runtime::Job& job, const Result<runtime::JobEnd>& end,
                   const std::vector<metrics::Sample>& samples) {
  JobResult result;
  result.stopped = end.ok() && *end == runtime::JobEnd::kStopped;
  result.failed = !end.ok();
  result.progress = Watcher::ProgressOf(job);
  for (const metrics::Sample& sample : samples) {
    if (sample.name == metrics::kNumLateRecordsDropped)
      result.late_rows += static_cast<uint64_t>(std::get<int64_t>(sample.value));
    else if (sample.name == metrics::kNumNullRowTimeRecordsDropped)
      result.timeless_rows += static_cast<uint64_t>(std::get<int64_t>(sample.value));
    else if (sample.name == metrics::kNumRecordsInErrors)
      result.malformed_rows += static_cast<uint64_t>(std::get<int64_t>(sample.value));
  }
  return result;
}

}  // namespace

Result<JobResult> RunEmbedded(flow::Program program, const config::Configuration& config, const RunOptions& run) {
  static time::SystemClock clock;
  JobOptions options;
  options.log = run.log ? run.log : [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  THALWEG_TRY(CheckRuntimeMode(config));
  THALWEG_TRY(operators::AddScanPipelines(program, clock));
  THALWEG_TRY(FillPlan(config, options));
  THALWEG_TRY(FillProcess(config, options));
  std::unique_ptr<io::TemporaryFolder> checkpoints;
  THALWEG_TRY(FillCheckpoints(config, options, checkpoints));
  THALWEG_TRY(FillRestore(config, run, program.graph.name, options));
  THALWEG_TRY(FillBackend(config, program.graph, clock, options));
  std::random_device device;
  options.seed = (uint64_t{device()} << 32) | device();
  THALWEG_ASSIGN(options.restart,
                 checkpoint::MakeRestartStrategy(config, options.checkpointing.interval_ms > 0, Random(options.seed)));
  THALWEG_ASSIGN(std::vector<bin::ReporterOptions> reporters, bin::FindReporters(config));

  flow::Registry registry;
  bin::FillRegistry(registry);
  metrics::Registry metrics;
  std::string name = program.graph.name;
  auto group = metrics.Open(metrics::ScopeKind::kJobManagerJob, ScopeVariables(name));
  const auto log = options.log;
  int64_t started = clock.NowMs();
  runtime::Job job(std::move(program), registry, std::move(options), clock, *group);
  Result<runtime::JobEnd> end = [&] {
    bin::MetricReporters reporting(std::move(reporters), metrics, clock, log);
    Watcher watcher(job, run);
    return job.Run();
  }();
  JobResult result = ResultOf(job, end, metrics.Snapshot(clock.MonotonicNs() / 1'000'000));
  result.job_name = name;
  result.duration_ms = clock.NowMs() - started;
  if (run.on_end && job.began()) run.on_end(result);
  THALWEG_TRY(end.status());
  return result;
}

}  // namespace thalweg::api
