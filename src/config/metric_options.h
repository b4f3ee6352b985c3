// Options of the reporters of metrics.
#pragma once

#include "config/configuration.h"

namespace thalweg::config {

inline constexpr ConfigOption<std::string> kMetricReporters{
    "metrics.reporters", "Names of the reporters to start, comma-separated; not set: all that have a factory class."};
inline constexpr ConfigOption<std::string> kReporterFactory{
    "metrics.reporter.<name>.factory.class",
    "What the reporter is: org.apache.flink.metrics.slf4j.Slf4jReporterFactory writes all metrics to the log, which is "
    "stderr."};
inline constexpr ConfigOption<Duration> kReporterInterval{
    "metrics.reporter.<name>.interval", "Time from one report to the next; the last comes when the job has ended.",
    std::chrono::milliseconds(1)};

}  // namespace thalweg::config
