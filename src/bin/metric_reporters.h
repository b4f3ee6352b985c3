// Reporters of metrics, by Flink's keys metrics.reporters and metrics.reporter.<name>.*. They read the registry from beside the job.
// Rule: each reports when its interval is over, and once more at the end, so that a short job is reported, too.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/configuration.h"
#include "metrics/registry.h"
#include "time/clock.h"

namespace thalweg::bin {

struct ReporterOptions {
  std::string name;
  config::Duration interval{};
};

/// The reporters that the configuration names, by name. UserError: one without its factory class, or with a class that there is not.
Result<std::vector<ReporterOptions>> FindReporters(const config::Configuration& config);

class MetricReporters {
 public:
  /// `log` gets each report as one text of many lines, on a thread of this object's. `registry`, `clock`: outlive it.
  MetricReporters(std::vector<ReporterOptions> reporters, metrics::Registry& registry, const time::Clock& clock,
                  std::function<void(const std::string&)> log);
  /// Each reports a last time.
  ~MetricReporters();
  MetricReporters(const MetricReporters&) = delete;
  MetricReporters& operator=(const MetricReporters&) = delete;

 private:
  void Run();
  void Report();

  const std::vector<ReporterOptions> reporters_;
  metrics::Registry& registry_;
  const time::Clock& clock_;
  const std::function<void(const std::string&)> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;   // guarded by mutex_
  std::thread thread_;  // last: it uses all above
};

}  // namespace thalweg::bin
