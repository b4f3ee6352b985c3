// What a checkpoint of 100 MB costs the job that takes it, seen from outside: a million keys of 100 bytes, every row changes one,
// a checkpoint a second.
//   checkpoint.<backend>.pause.*      the longest time without a batch between a barrier and the end of its checkpoint, over the checkpoints
//   checkpoint.<backend>.quiet_gap.*  the same over stretches as long as a checkpoint (median) of a job that takes none: what the machine and
//                                     the batches cost
//   checkpoint.<backend>.duration.*   from the trigger until the job is told that the manifest is durable
//   checkpoint.<backend>.overhead     share of the rows per CPU second that a job without checkpoints does more
//   checkpoint.<backend>.size         bytes on disk
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "bench/metered_job.h"

namespace thalweg::bench {

/// With its key and the entry's sizes about 100 bytes in a snapshot.
struct Profile {
  int64_t count = 0;
  int64_t sum = 0;
  int64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0;
};
THALWEG_RECORD(Profile, count, sum, a, b, c, d, e, f, g, h, i)

namespace {

namespace fs = std::filesystem;

constexpr int64_t kKeys = 1'000'000;
constexpr int kBackgroundMs = 1000;  // between checkpoints, as the goals have it

/// What the end of the chain saw; its task's thread writes, read after the job.
struct Seen {
  struct Checkpoint {
    uint64_t id = 0;
    int64_t barrier_ns = 0;
    int64_t complete_ns = 0;
    int64_t duration_ms = 0;
  };
  int64_t keys = 0;
  int wanted = 0;         // checkpoints, or
  int64_t wanted_ns = 0;  // time, after all keys have been seen
  std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);

  int64_t rows = 0;
  int64_t counted_rows = 0;  // since `watch` started
  Stopwatch watch;           // from the time that all keys are there
  int64_t started_ns = 0;
  std::vector<int64_t> batches;  // when each came
  std::vector<Checkpoint> checkpoints;

  void OnBatch(int32_t count) {
    int64_t now = WallNs();
    rows += count;
    if (started_ns == 0 && rows >= 2 * keys) {
      started_ns = now;
      watch.Start();
      counted_rows = -rows;
    }
    if (started_ns == 0 || stop->load(std::memory_order_relaxed)) return;
    batches.push_back(now);
    if (Done(now)) {
      watch.Stop();
      counted_rows += rows;
      stop->store(true);
    }
  }
  bool Done(int64_t now) const {
    constexpr int64_t kLongestNs = 60'000'000'000;
    int complete = 0;
    for (const Checkpoint& each : checkpoints) complete += each.complete_ns > 0;
    return now - started_ns > (wanted > 0 ? kLongestNs : wanted_ns) || (wanted > 0 && complete >= wanted);
  }
};

class Probe final : public flow::Operator {
 public:
  explicit Probe(Seen& seen) : seen_(&seen) {}
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    seen_->OnBatch(rows.TakeAll().rows());
    return flow::Progress::kDone;
  }
  Result<flow::Progress> PrepareBarrier(const flow::Barrier& barrier, flow::Output&) override {
    triggered_ms_ = barrier.triggered_at_ms;
    if (seen_->started_ns > 0) seen_->checkpoints.push_back({.id = barrier.id, .barrier_ns = WallNs()});
    return flow::Progress::kDone;
  }
  Status OnCheckpointComplete(uint64_t checkpoint) override {
    for (Seen::Checkpoint& each : seen_->checkpoints) {
      if (each.id != checkpoint) continue;
      each.complete_ns = WallNs();
      each.duration_ms = time::SystemClock().NowMs() - triggered_ms_;
    }
    return {};
  }

 private:
  Seen* seen_;
  int64_t triggered_ms_ = 0;
};

struct Touch {
  void Open(RuntimeContext& runtime) { profile = runtime.GetState(state::ValueStateDescriptor<Profile>{"profile"}); }
  void ProcessElement(const Event& event, KeyedContext<int64_t>&, Collector<int64_t>& out) {
    Profile next = profile.ValueOr({});
    ++next.count;
    next.sum += event.value;
    out.Collect(next.count);
    profile.Update(next);
  }
  state::ValueState<Profile> profile;
};

void RunJob(const std::string& backend, const std::string& folder, Seen& seen) {
  api::RunOptions run;
  run.stop = seen.stop;
  StreamExecutionEnvironment env({}, run);
  env.Configure("thalweg.cores", "1");
  env.Configure("state.backend.type", backend);
  if (!folder.empty()) {
    env.EnableCheckpointing(std::chrono::milliseconds(kBackgroundMs));
    env.Configure("execution.checkpointing.dir", "file://" + folder);
  }
  Meter meter;
  env.FromSource(ScatteredEvents(meter, {.rows = int64_t{1} << 60, .keys = seen.keys}))
      .KeyBy(&Event::key)
      .Process<int64_t>(Touch())
      .SinkTo(api::Sink<int64_t>{.kind = "probe",
                                 .name = "probe",
                                 .make = [&seen](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
                                   return std::unique_ptr<flow::Operator>(std::make_unique<Probe>(seen));
                                 }});
  env.Execute("checkpoint").value();
}

/// The longest time between two batches of which one or both came in [from, to], or none.
double LongestGap(const std::vector<int64_t>& batches, int64_t from, int64_t to) {
  auto at = std::lower_bound(batches.begin(), batches.end(), from);
  int64_t longest = 0;
  for (auto next = at; next != batches.end(); ++next) {
    if (next != batches.begin()) longest = std::max(longest, *next - *(next - 1));
    if (*next > to) break;
  }
  return static_cast<double>(longest) / 1000;
}

/// The longest gap of each whole stretch of `length_ns`.
std::vector<double> QuietGaps(const std::vector<int64_t>& batches, int64_t length_ns) {
  std::vector<double> gaps;
  if (batches.empty() || length_ns <= 0) return gaps;
  for (int64_t from = batches.front(); from + length_ns <= batches.back(); from += length_ns)
    gaps.push_back(LongestGap(batches, from, from + length_ns));
  return gaps;
}

double RowsPerCpuSecond(const Seen& seen) {
  return static_cast<double>(seen.counted_rows) * 1e9 / static_cast<double>(seen.watch.process_ns());
}

void ReportGaps(const std::string& name, const std::vector<double>& gaps) {
  Report(name + ".p50", Median(gaps), "us");
  Report(name + ".p99", Quantile(gaps, 0.99), "us");
}

void Backend(const std::string& backend, int64_t keys, int checkpoints) {
  fs::path folder = fs::temp_directory_path() / fmt::format("thalweg-checkpoint-bench-{}", getpid());
  Seen without{.keys = keys, .wanted_ns = int64_t{checkpoints} * kBackgroundMs * 250'000};
  RunJob(backend, "", without);
  Seen with{.keys = keys, .wanted = checkpoints};
  RunJob(backend, folder.string(), with);
  uintmax_t size = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder))
    if (file.is_regular_file()) size += file.file_size();
  fs::remove_all(folder);

  std::vector<double> pauses, durations;
  for (const Seen::Checkpoint& each : with.checkpoints) {
    if (each.complete_ns == 0) continue;
    pauses.push_back(LongestGap(with.batches, each.barrier_ns, each.complete_ns));
    durations.push_back(static_cast<double>(each.duration_ms));
  }
  std::vector<double> quiet = QuietGaps(without.batches, static_cast<int64_t>(Median(durations) * 1e6));
  std::string name = "checkpoint." + backend;
  Remark("{}: {} checkpoints, {} quiet stretches, {} rows", name, pauses.size(), quiet.size(), with.rows);
  ReportGaps(name + ".pause", pauses);
  if (!quiet.empty()) ReportGaps(name + ".quiet_gap", quiet);
  Report(name + ".duration.p50", Median(durations), "ms");
  Report(name + ".duration.max", Quantile(durations, 1), "ms");
  Report(name + ".overhead", 100 * (1 - RowsPerCpuSecond(with) / RowsPerCpuSecond(without)), "%");
  Report(name + ".size", static_cast<double>(size) / 1e6, "MB");
}

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  using namespace thalweg::bench;
  bool quick = Argument(argc, argv, "quick") == "true";
  PreTouch((quick ? size_t{64} : size_t{1024}) << 20);
  for (const char* backend : {"hashmap", "rocksdb"})
    if (IsWanted(argc, argv, backend)) Backend(backend, quick ? kKeys / 50 : kKeys, quick ? 2 : 15);
  return 0;
}
