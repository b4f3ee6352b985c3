// The grammar of configuration values: Flink's. A value is text until an option asks for its type.
// Errors are user errors that say what is wrong and show the form; the caller adds key and place.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::config {

using Duration = std::chrono::nanoseconds;

struct MemorySize {
  uint64_t bytes = 0;
  auto operator<=>(const MemorySize&) const = default;
};

using StringList = std::vector<std::string>;
using StringMap = std::map<std::string, std::string>;

/// "5 s", "100ms", "1 min", "2 days" (d h min m s ms µs us ns and their long names), a bare number (milliseconds), or ISO-8601
/// ("PT1M30.5S", "P1DT2H"). Up to 292 years.
Result<Duration> ParseDuration(std::string_view text);
/// "64 mb", "1g", "512 kibibytes"; k, m, g, t are powers of 1024; a bare number is bytes.
Result<MemorySize> ParseMemorySize(std::string_view text);
/// true or false, in any case.
Result<bool> ParseBoolean(std::string_view text);
/// Decimal digits with an optional sign; "infinite" is 2147483647, the limit of Flink's Integer.
Result<int64_t> ParseInteger(std::string_view text);
Result<double> ParseDouble(std::string_view text);
/// "a;b"; a part may be quoted with ' or ", the quote doubled inside. Empty text: an empty list.
Result<StringList> ParseList(std::string_view text);
/// "k:v,k2:v2"; parts quoted as in lists. Empty text: an empty map.
Result<StringMap> ParseMap(std::string_view text);

/// Text that the parsers above read back as the same value.
std::string FormatDuration(Duration duration);
std::string FormatMemorySize(MemorySize size);
std::string FormatList(const StringList& list);
std::string FormatMap(const StringMap& map);

/// Without spaces, tabs and line ends around it.
std::string_view Trimmed(std::string_view text);
std::string LowerCase(std::string_view text);

}  // namespace thalweg::config
