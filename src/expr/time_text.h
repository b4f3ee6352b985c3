// Dates and times as text where casts read and print them: Flink's DateTimeUtils, more lenient than the formats.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "types/data_type.h"

namespace thalweg::expr {

/// "2024-1-31", "2024-1", "2024", or a timestamp, whose time is ignored: days since 1970-01-01.
std::optional<int32_t> ParseSqlDate(std::string_view text);
/// "23", "23:59", "23:59:59.123": milliseconds of the day.
std::optional<int32_t> ParseSqlTime(std::string_view text);
/// "2024-1-31[ 23:59:59[.123456789]]". A day up to 31 is cut to its month, as Flink's formatter of Java does, which takes
/// no blanks around it; a literal must be exact.
enum class DayOfMonth : uint8_t { kCut, kExact };
std::optional<types::TimestampValue> ParseSqlTimestamp(std::string_view text, DayOfMonth rule = DayOfMonth::kCut);

/// "23:59:59", or with exactly `precision` digits of the fraction; a TIME has milliseconds only.
void AppendSqlTime(int32_t millis, std::string& out, int precision = 0);
/// Cut to `precision` digits of the second.
int32_t TruncatedTime(int32_t millis, int precision);
/// "2024-01-31 23:59:59.120", with exactly `precision` digits of the fraction.
void AppendSqlTimestamp(types::TimestampValue value, int precision, std::string& out);
/// "+1-02"
void AppendSqlMonths(int32_t months, std::string& out);
/// "+1 10:17:36.789"
void AppendSqlDuration(int64_t millis, std::string& out);

/// Cut to `precision` digits of the second.
types::TimestampValue Truncated(types::TimestampValue value, int precision);

}  // namespace thalweg::expr
