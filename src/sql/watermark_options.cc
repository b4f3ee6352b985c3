#include "sql/watermark_options.h"

#include <chrono>

#include "base/edit_distance.h"
#include "config/configuration.h"

namespace thalweg::sql {
namespace {

constexpr std::string_view kPrefix = "scan.watermark.";
constexpr std::string_view kIdleTimeout = "scan.watermark.idle-timeout";
constexpr std::string_view kGroup = "scan.watermark.alignment.group";
constexpr std::string_view kMaxDrift = "scan.watermark.alignment.max-drift";
constexpr std::string_view kInterval = "scan.watermark.alignment.update-interval";
constexpr std::string_view kStrategy = "scan.watermark.emit.strategy";
constexpr std::string_view kGap = "scan.watermark.emit.on-event.gap";
constexpr std::string_view kAll[] = {kIdleTimeout, kGroup, kMaxDrift, kInterval, kStrategy, kGap};

using WatermarkOptionMap = std::map<std::string, std::string, std::less<>>;

WatermarkOptionMap GivenOptions(const Table& table, const std::map<std::string, std::string>& hints) {
  WatermarkOptionMap given;
  for (const auto& [key, value] : table.options)
    if (IsWatermarkOption(key)) given[key] = value;
  for (const auto& [key, value] : hints)
    if (IsWatermarkOption(key)) given[key] = value;
  return given;
}

Status CheckNames(const Table& table, const WatermarkOptionMap& given) {
  for (const auto& [key, value] : given) {
    NearestWord nearest(key);
    bool known = false;
    for (std::string_view name : kAll) {
      known = known || name == key;
      nearest.Consider(name);
    }
    if (!known)
      return UserError("Unknown option '{}' of table {}{} There are: {}", key, table.path.ToString(),
                       nearest.word().empty() ? "." : nearest.Suggestion(), fmt::join(kAll, ", "));
  }
  return {};
}

template <typename T>
Result<std::optional<T>> ValueOf(const Table& table, const WatermarkOptionMap& given, std::string_view key) {
  auto found = given.find(key);
  if (found == given.end()) return std::optional<T>();
  Result<T> value = config::ParseValue<T>(found->second);
  if (value.ok()) return std::optional<T>(*std::move(value));
  return value.status().WithContext(fmt::format("Option '{}' of table {}", key, table.path.ToString()));
}

Status ReadMillis(const Table& table, const WatermarkOptionMap& given, std::string_view key, int64_t& millis) {
  THALWEG_ASSIGN(std::optional<config::Duration> value, ValueOf<config::Duration>(table, given, key));
  if (value) millis = std::chrono::duration_cast<std::chrono::milliseconds>(*value).count();
  if (millis >= 0) return {};
  return UserError("Option '{}' of table {}: the duration is negative", key, table.path.ToString());
}

/// When watermarks are sent: here always at the interval.
Status CheckEmitStrategy(const Table& table, const WatermarkOptionMap& given, std::vector<std::string>& warnings) {
  auto strategy = given.find(kStrategy);
  const std::string name = strategy == given.end() ? "on-periodic" : strategy->second;
  if (name != "on-periodic" && name != "on-event")
    return UserError("Option '{}' of table {}: not one of on-event, on-periodic: '{}'", kStrategy,
                     table.path.ToString(), name);
  THALWEG_ASSIGN(std::optional<int64_t> gap, ValueOf<int64_t>(table, given, kGap));
  if (gap && *gap < 1)
    return UserError("Option '{}' of table {}: not at least 1: {}", kGap, table.path.ToString(), *gap);
  if (name == "on-event" || gap)
    warnings.push_back(
        fmt::format("Table {}: '{}' has no effect, watermarks are sent at 'pipeline.auto-watermark-interval'",
                    table.path.ToString(), name == "on-event" ? kStrategy : kGap));
  return {};
}

}  // namespace

bool IsWatermarkOption(std::string_view key) { return key.starts_with(kPrefix); }

Status ReadWatermarkOptions(const Table& table, const std::map<std::string, std::string>& hints, graph::ScanSpec& spec,
                            std::vector<std::string>& warnings) {
  const WatermarkOptionMap given = GivenOptions(table, hints);
  if (given.empty()) return {};
  THALWEG_TRY(CheckNames(table, given));
  THALWEG_TRY(ReadMillis(table, given, kIdleTimeout, spec.idle_timeout_ms));
  THALWEG_TRY(ReadMillis(table, given, kMaxDrift, spec.alignment_max_drift_ms));
  THALWEG_TRY(ReadMillis(table, given, kInterval, spec.alignment_interval_ms));
  THALWEG_TRY(CheckEmitStrategy(table, given, warnings));
  if (given.contains(kGroup) != given.contains(kMaxDrift))
    return UserError("Table {} aligns watermarks by '{}' and '{}': give both or none", table.path.ToString(), kGroup,
                     kMaxDrift);
  if (auto group = given.find(kGroup); group != given.end()) spec.alignment_group = group->second;
  if (!table.watermark)
    warnings.push_back(
        fmt::format("Table {} has no WATERMARK: its options '{}*' have no effect", table.path.ToString(), kPrefix));
  return {};
}

}  // namespace thalweg::sql
