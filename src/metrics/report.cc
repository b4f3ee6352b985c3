#include "metrics/report.h"

#include <fmt/format.h>

namespace thalweg::metrics {
namespace {

constexpr size_t kRuleWidth = 79;

/// Flink's sections. Both gauges are one kind to it.
enum class Section : uint8_t { kCounters, kGauges, kMeters, kHistograms };

Section SectionOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter: return Section::kCounters;
    case MetricKind::kGauge:
    case MetricKind::kFloatGauge: return Section::kGauges;
    case MetricKind::kMeter: return Section::kMeters;
    case MetricKind::kHistogram: return Section::kHistograms;
  }
  return Section::kCounters;
}

std::string TextOf(const HistogramSnapshot& histogram) {
  std::string text = fmt::format("count={}, min={}, max={}, mean={}, stddev={}", histogram.count, histogram.min,
                                 histogram.max, histogram.Mean(), histogram.StandardDeviation());
  for (auto [name, share] :
       {std::pair("p50", 0.5), {"p75", 0.75}, {"p95", 0.95}, {"p98", 0.98}, {"p99", 0.99}, {"p999", 0.999}})
    text += fmt::format(", {}={}", name, histogram.Quantile(share));
  return text;
}

std::string ValueText(const Sample& sample) {
  if (const auto* number = std::get_if<int64_t>(&sample.value)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<double>(&sample.value)) return fmt::format("{}", *number);
  return TextOf(std::get<HistogramSnapshot>(sample.value));
}

}  // namespace

std::string ReportText(const std::vector<Sample>& samples) {
  std::string text = fmt::format("\n{:=^{}}\n", " Starting metrics report ", kRuleWidth);
  for (auto [section, title] : {std::pair(Section::kCounters, "-- Counters "),
                                {Section::kGauges, "-- Gauges "},
                                {Section::kMeters, "-- Meters "},
                                {Section::kHistograms, "-- Histograms "}}) {
    text += fmt::format("\n{:-<{}}\n", title, kRuleWidth);
    for (const Sample& sample : samples)
      if (SectionOf(sample.kind) == section) text += fmt::format("{}: {}\n", sample.Identifier(), ValueText(sample));
  }
  return text + fmt::format("\n{:=^{}}", " Finished metrics report ", kRuleWidth);
}

}  // namespace thalweg::metrics
