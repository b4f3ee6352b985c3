// Keyed windowed count as a whole job of one core: source, key-by, exchange, tumbling event-time window, sink.
//   window.<backend>.<keys>.rate           million rows a second of CPU, all threads of the process together
//   window.<backend>.<keys>.bytes_per_key  growth of resident memory from the first row to the last, all keys in one open window
// Keys come scattered, each as often as any other. What fires is counted in.
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "bench/measure.h"
#include "bench/metered_job.h"
#include "io/process_memory.h"

namespace thalweg::bench {
namespace {

struct Case {
  std::string backend;
  int64_t keys;
  std::string name;
  int64_t rows;
  int64_t window_rows;
  int repetitions;
};

/// CPU nanoseconds; `on_rows` may be null.
double RunWindow(const Case& of, int64_t rows, int64_t window_rows, std::function<void(int64_t)> on_rows) {
  constexpr int64_t kRowsPerMs = 1000;
  StreamExecutionEnvironment env;
  env.Configure("thalweg.cores", "1");
  env.Configure("state.backend.type", of.backend);
  Meter meter;
  int64_t counted = 0;
  env.FromSource(ScatteredEvents(
                     meter, {.rows = rows, .keys = of.keys, .rows_per_ms = kRowsPerMs, .on_rows = std::move(on_rows)}),
                 WatermarkStrategy<Event>::Monotonous())
      .KeyBy(&Event::key)
      .Window(Tumbling({.size = std::chrono::milliseconds(window_rows / kRowsPerMs)}))
      .Aggregate(CountEvents())
      .SinkTo(MeteredSink<int64_t>(meter, [&counted](const columns::Batch& batch) {
        for (int32_t i = 0; i < batch.rows(); ++i) counted += batch.objects<int64_t>()[i];
      }));
  env.Execute("window").value();
  THALWEG_CHECK(counted == rows, "{} of {} rows counted", counted, rows);
  return static_cast<double>(meter.watch().process_ns());
}

/// In a process of its own: nobody has touched its memory before, nobody has left any to be used again.
void Memory(const Case& of) {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int64_t before = 0;
    int64_t after = 0;
    int64_t live = std::min(of.keys, of.rows);
    int64_t rows =
        std::max(live, int64_t{1'000'000});  // the last batch made is behind the first by all but what is under way
    RunWindow(of, rows, rows, [&](int64_t row) {
      if (row == 0) before = io::ResidentBytes();
      after = io::ResidentBytes();
    });
    Report(fmt::format("window.{}.{}.bytes_per_key", of.backend, of.name),
           static_cast<double>(after - before) / static_cast<double>(live), "bytes");
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  THALWEG_CHECK(status == 0, "the measuring process ended with {}", status);
}

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  using namespace thalweg::bench;
  bool quick = Argument(argc, argv, "quick") == "true";
  int64_t scale = quick ? 16 : 1;
  int repetitions = quick ? 1 : 5;
  constexpr int64_t kM = 1'000'000;
  std::vector<Case> cases = {{"hashmap", 1'000, "1k", 8 * kM, kM, repetitions},
                             {"hashmap", 100'000, "100k", 8 * kM, 2 * kM, repetitions},
                             {"hashmap", 10 * kM, "10M", 30 * kM, 30 * kM, std::min(2, repetitions)},
                             {"rocksdb", 1'000, "1k", 4 * kM, kM, std::min(3, repetitions)},
                             {"rocksdb", 100'000, "100k", 2 * kM, kM, std::min(2, repetitions)},
                             {"rocksdb", 10 * kM, "10M", 2 * kM, 2 * kM, 1}};
  std::erase_if(cases, [&](const Case& of) { return !IsWanted(argc, argv, of.backend + "." + of.name); });
  for (const Case& of : cases)
    if (of.keys > 1'000 && !quick) Memory(of);
  PreTouch((quick ? size_t{64} : size_t{3072}) << 20);
  for (const Case& of : cases) {
    if (of.rows < of.keys)
      Remark("window.{}.{}: {} rows, so that as many of the keys are seen once", of.backend, of.name, of.rows);
    std::vector<double> cpu_ns;
    for (int i = 0; i < of.repetitions; ++i)
      cpu_ns.push_back(RunWindow(of, of.rows / scale, of.window_rows / scale, nullptr));
    Report(fmt::format("window.{}.{}.rate", of.backend, of.name),
           static_cast<double>(of.rows / scale) * 1000 / Least(cpu_ns), "M rows/s/core");
  }
  return 0;
}
