#include "bin/metric_reporters.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "config/metric_options.h"
#include "metrics/report.h"

namespace thalweg::bin {
namespace {

constexpr std::string_view kReporterPrefix = "metrics.reporter.";
constexpr std::string_view kFactorySuffix = ".factory.class";
constexpr std::string_view kSlf4jFactory = "org.apache.flink.metrics.slf4j.Slf4jReporterFactory";

/// Names and factory classes of all reporters that have one.
std::map<std::string, std::string> Factories(const config::Configuration& config) {
  std::map<std::string, std::string> factories;
  for (const auto& [key, entry] : config.entries())
    if (key.starts_with(kReporterPrefix) && key.ends_with(kFactorySuffix))
      factories[key.substr(kReporterPrefix.size(), key.size() - kReporterPrefix.size() - kFactorySuffix.size())] =
          config::Trimmed(entry.text);
  return factories;
}

std::vector<std::string> SplitNames(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (std::string name(config::Trimmed(text.substr(0, comma))); !name.empty()) names.push_back(std::move(name));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

Result<ReporterOptions> ReadReporter(const config::Configuration& config, const std::string& name,
                                     const std::map<std::string, std::string>& factories) {
  const std::string factory_key = fmt::format("{}{}{}", kReporterPrefix, name, kFactorySuffix);
  const auto factory = factories.find(name);
  if (factory == factories.end())
    return UserError("Metrics reporter '{}' has no factory class: set {} to {}", name, factory_key, kSlf4jFactory);
  if (factory->second != kSlf4jFactory)
    return UserError("Metrics reporter '{}' is of no class that there is: {} is '{}'; write {}", name, factory_key,
                     factory->second, kSlf4jFactory);
  const std::string interval_key = fmt::format("{}{}.interval", kReporterPrefix, name);
  ReporterOptions options{.name = name};
  THALWEG_ASSIGN(options.interval,
                 config.Get(config::ConfigOption<config::Duration>{interval_key, config::kReporterInterval.description,
                                                                   config::kReporterInterval.minimum}));
  return options;
}

}  // namespace

Result<std::vector<ReporterOptions>> FindReporters(const config::Configuration& config) {
  const std::map<std::string, std::string> factories = Factories(config);
  THALWEG_ASSIGN(const std::optional<std::string> chosen, config.Find(config::kMetricReporters));
  std::vector<std::string> names;
  if (chosen)
    names = SplitNames(*chosen);
  else
    for (const auto& [name, factory] : factories) names.push_back(name);
  std::vector<ReporterOptions> reporters;
  for (const std::string& name : names) {
    THALWEG_ASSIGN(ReporterOptions reporter, ReadReporter(config, name, factories));
    reporters.push_back(std::move(reporter));
  }
  return reporters;
}

MetricReporters::MetricReporters(std::vector<ReporterOptions> reporters, metrics::Registry& registry,
                                 const time::Clock& clock, std::function<void(const std::string&)> log)
    : reporters_(std::move(reporters)), registry_(registry), clock_(clock), log_(std::move(log)) {
  if (!reporters_.empty()) thread_ = std::thread([this] { Run(); });
}

MetricReporters::~MetricReporters() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (size_t i = 0; i < reporters_.size(); ++i) Report();
}

void MetricReporters::Report() { log_(metrics::ReportText(registry_.Snapshot(clock_.MonotonicNs() / 1'000'000))); }

// After a report that took long the next one comes an interval later: none is made up for.
void MetricReporters::Run() {
  using Instant = std::chrono::steady_clock::time_point;
  const auto due_after = [](const ReporterOptions& reporter) {
    // A pause that is never over must not overflow.
    constexpr config::Duration kLongest = std::chrono::hours(24 * 365);
    return std::chrono::steady_clock::now() + std::min(reporter.interval, kLongest);
  };
  std::vector<Instant> due;
  for (const ReporterOptions& reporter : reporters_) due.push_back(due_after(reporter));
  std::unique_lock lock(mutex_);
  while (true) {
    const auto next = std::min_element(due.begin(), due.end());
    if (changed_.wait_until(lock, *next, [this] { return over_; })) return;
    lock.unlock();
    Report();
    lock.lock();
    *next = due_after(reporters_[static_cast<size_t>(next - due.begin())]);
  }
}

}  // namespace thalweg::bin
