// A keyed exchange between two cores: two sources, each row to one of two counting tasks by its key; the same tasks on one core.
//   exchange.cores_<n>.rate      million rows a second of the wall
//   exchange.cores_<n>.cpu       CPU a row, all threads
//   exchange.scaling             rate on two cores over the rate on one, of neighbouring runs
//   exchange.scaling_by_cpu      what that would be if both cores were this process's alone: 2 * CPU on one / CPU on two
#include <string>
#include <vector>

#include "bench/measure.h"
#include "bench/metered_job.h"

namespace thalweg::bench {
namespace {

struct Figures {
  std::vector<double> wall_ns, cpu_ns;  // a row
};

double RunJob(int cores, int64_t rows, Figures& figures) {
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  env.Configure("thalweg.cores", std::to_string(cores));
  Meter meter;
  std::atomic<int64_t> counted{0};
  env.FromSource(ScatteredEvents(meter, {.rows = rows, .keys = 1'000}), WatermarkStrategy<Event>::Monotonous())
      .KeyBy(&Event::key)
      .Window(Tumbling({.size = std::chrono::hours(1000)}))
      .Aggregate(CountEvents())
      .SinkTo(MeteredSink<int64_t>(meter, [&counted](const columns::Batch& batch) {
        for (int32_t i = 0; i < batch.rows(); ++i) counted += batch.objects<int64_t>()[i];
      }));
  env.Execute("exchange").value();
  THALWEG_CHECK(counted == rows, "{} of {} rows counted", counted.load(), rows);
  figures.wall_ns.push_back(static_cast<double>(meter.watch().wall_ns()) / static_cast<double>(rows));
  figures.cpu_ns.push_back(static_cast<double>(meter.watch().process_ns()) / static_cast<double>(rows));
  return figures.wall_ns.back();
}

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  using namespace thalweg::bench;
  bool quick = Argument(argc, argv, "quick") == "true";
  PreTouch(size_t{64} << 20);
  int64_t rows = quick ? 100'000 : 10'000'000;
  Figures of[2];
  auto samples =
      Interleave(quick ? 1 : 7, {[&] { return RunJob(1, rows, of[0]); }, [&] { return RunJob(2, rows, of[1]); }});
  for (int i = 0; i < 2; ++i) {
    Report(fmt::format("exchange.cores_{}.rate", i + 1), 1000 / Least(of[i].wall_ns), "M rows/s");
    Report(fmt::format("exchange.cores_{}.cpu", i + 1), Least(of[i].cpu_ns), "ns/row");
  }
  std::vector<double> ratios;
  for (size_t i = 0; i < samples[0].size(); ++i) ratios.push_back(samples[0][i] / samples[1][i]);
  Report("exchange.scaling", Median(ratios), "x");
  Report("exchange.scaling_by_cpu", 2 * Least(of[0].cpu_ns) / Least(of[1].cpu_ns), "x");
  return 0;
}
