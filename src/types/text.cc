#include "types/text.h"
#include "types/scalar_text.h"

#include <cmath>
#include <cstdlib>

namespace thalweg::types {
namespace {

/// Java's layout of shortest digits: plain for 1e-3 <= |value| < 1e7, else d.dddE±n; always one digit after the point.
template <typename T>
void AppendJavaFloat(T value, std::string& out) {
  if (std::isnan(value)) return void(out += "NaN");
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) return void(out += "Infinity");
  if (value == 0) return void(out += "0.0");
  char text[40];
  auto end = std::to_chars(text, text + sizeof(text), std::abs(value), std::chars_format::scientific).ptr;
  std::string_view all(text, static_cast<size_t>(end - text));
  size_t mark = all.find('e');
  std::string digits(1, all[0]);
  if (mark > 2) digits.append(all.substr(2, mark - 2));
  int exponent = std::atoi(std::string(all.substr(mark + 1)).c_str());
  int count = static_cast<int>(digits.size());
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) {
      out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
    } else {
      if (count < exponent + 2) digits.append(static_cast<size_t>(exponent + 2 - count), '0');
      out.append(digits, 0, static_cast<size_t>(exponent + 1))
          .append(".")
          .append(digits, static_cast<size_t>(exponent + 1));
    }
    return;
  }
  if (count == 1) digits += '0';
  out.append(digits, 0, 1).append(".").append(digits, 1).append("E").append(std::to_string(exponent));
}

void AppendDate(int64_t days, std::string& out) {
  Civil date = CivilFromDays(days);
  if (date.year < 0)
    out += '-';
  else if (date.year > 9999)
    out += '+';  // ISO 8601's sign of a longer year, as Java prints it
  out += fmt::format("{:04}-{:02}-{:02}", std::abs(date.year), date.month, date.day);
}

void AppendFraction(uint32_t nanos, std::string& out) {
  if (nanos == 0) return;
  if (nanos % 1'000'000 == 0)
    out += fmt::format(".{:03}", nanos / 1'000'000);
  else if (nanos % 1000 == 0)
    out += fmt::format(".{:06}", nanos / 1000);
  else
    out += fmt::format(".{:09}", nanos);
}

void AppendClock(int64_t millis_of_day, uint32_t nanos_of_milli, bool always_seconds, std::string& out) {
  auto nanos = static_cast<uint32_t>(millis_of_day % 1000 * 1'000'000) + nanos_of_milli;
  int64_t seconds = millis_of_day / 1000;
  out += fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (always_seconds || seconds % 60 != 0 || nanos != 0) out += fmt::format(":{:02}", seconds % 60);
  AppendFraction(nanos, out);
}

constexpr int64_t kDayMillis = 86'400'000;

void AppendDateTime(int64_t millis, uint32_t nanos_of_milli, bool always_seconds, std::string& out) {
  int64_t days = millis / kDayMillis, rest = millis % kDayMillis;
  if (rest < 0) {
    rest += kDayMillis;
    --days;
  }
  AppendDate(days, out);
  out += 'T';
  AppendClock(rest, nanos_of_milli, always_seconds, out);
}

}  // namespace

void AppendDoubleText(double value, std::string& out) { AppendJavaFloat(value, out); }
void AppendFloatText(float value, std::string& out) { AppendJavaFloat(value, out); }

void AppendInstantText(int64_t millis, uint32_t nanos_of_milli, std::string& out) {
  AppendDateTime(millis, nanos_of_milli, true, out);
  out += 'Z';
}
void AppendLocalDateTimeText(int64_t millis, uint32_t nanos_of_milli, std::string& out) {
  AppendDateTime(millis, nanos_of_milli, false, out);
}
void AppendDateText(int32_t days, std::string& out) { AppendDate(days, out); }
void AppendTimeText(int32_t millis_of_day, std::string& out) { AppendClock(millis_of_day, 0, false, out); }

}  // namespace thalweg::types
