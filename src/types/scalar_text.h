// Scalars as text: what the text formats and the casts of SQL share. Spellings are Flink's (java.time, BigDecimal, Double.toString).
// Rule: a text is either taken whole and exactly, or refused; nothing is guessed, cut off or wrapped around.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "types/data_type.h"

namespace thalweg::types {

using Int128 = __int128;

/// SQL: "2024-01-31 23:59:59.123"; ISO-8601: "2024-01-31T23:59:59.123". TIMESTAMP_LTZ has a Z behind either.
enum class TimestampStandard : uint8_t { kSql, kIso8601 };

/// A date of the proleptic Gregorian calendar.
struct Civil {
  int64_t year;
  int32_t month, day;
};
/// Of days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
Civil CivilFromDays(int64_t days);

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

/// Without ASCII blanks at both ends (Java's String.trim).
std::string_view Trim(std::string_view text);

/// Optional sign and digits. False if malformed or out of range.
bool ParseInt64(std::string_view text, int64_t* value);
/// Decimal or scientific notation, NaN, Infinity. False if malformed; too large is infinity, as in Java.
bool ParseDouble(std::string_view text, double* value);
/// "true" or "false", any case.
bool ParseBoolean(std::string_view text, bool* value);

enum class DecimalParse : uint8_t { kOk, kMalformed, kTooLarge };
/// Unscaled value of DECIMAL(precision, scale), exact; digits beyond the scale are rounded half up (away from zero).
DecimalParse ParseDecimal(std::string_view text, int precision, int scale, Int128* unscaled);

/// "2024-01-31", years 0001..9999: days since 1970-01-01.
bool ParseDate(std::string_view text, int32_t* days);
/// "23:59:59[.fraction of 1..9 digits]": milliseconds of the day, finer digits are cut off (TIME has millisecond storage).
bool ParseTime(std::string_view text, int32_t* millis);
/// `zoned`: a Z must follow. ISO-8601 allows to leave the seconds out.
bool ParseTimestamp(std::string_view text, TimestampStandard standard, bool zoned, TimestampValue* value);

void AppendInt(int64_t value, std::string* out);
/// All digits: "12.30".
void AppendDecimal(Int128 unscaled, int scale, std::string* out);
/// BigDecimal.toString: as AppendDecimal but "1E-8" for small values.
void AppendDecimalScientific(Int128 unscaled, int scale, std::string* out);
void AppendDate(int32_t days, std::string* out);
/// "23:59:59", and ".123" if there are milliseconds (no trailing zeros).
void AppendTime(int32_t millis, std::string* out);
/// Fraction without trailing zeros.
void AppendTimestamp(TimestampValue value, TimestampStandard standard, bool zoned, std::string* out);
/// RFC 4648 with padding. False if malformed.
bool ParseBase64(std::string_view text, std::string* bytes);
void AppendBase64(std::string_view bytes, std::string* out);

/// A quote of foreign text for messages: at most `limit` bytes of it, control and non-ASCII bytes as \n, \t, \xNN; "..." marks a cut.
std::string Escaped(std::string_view text, size_t limit = 80);

}  // namespace thalweg::types
