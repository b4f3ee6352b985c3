#include "expr/time_text.h"

#include <algorithm>
#include <cstdlib>

#include "expr/calendar.h"
#include "types/scalar_text.h"
#include "types/text.h"

namespace thalweg::expr {

using types::TimestampValue;

namespace {

/// What is left of a text that is read from the front.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}
  bool AtEnd() const { return text_.empty(); }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// `least` to `most` digits.
  bool Number(size_t least, size_t most, int64_t* value) {
    size_t n = 0;
    *value = 0;
    for (; n < most && n < text_.size() && types::IsDigit(text_[n]); ++n) *value = *value * 10 + (text_[n] - '0');
    text_.remove_prefix(n);
    return n >= least;
  }
  /// Digits of a fraction, any number, as nanoseconds; more than nine are dropped.
  bool Fraction(int64_t* nanos) {
    int64_t unit = 100'000'000;
    *nanos = 0;
    for (; !text_.empty() && types::IsDigit(text_.front()); text_.remove_prefix(1), unit /= 10)
      *nanos += (text_.front() - '0') * unit;
    return true;
  }

 private:
  std::string_view text_;
};

bool TakeClock(Scan& in, int64_t* nanos_of_day, bool minutes_optional) {
  int64_t hour = 0, minute = 0, second = 0, nanos = 0;
  if (!in.Number(1, 2, &hour)) return false;
  if (in.Take(':')) {
    if (!in.Number(1, 2, &minute)) return false;
    if (in.Take(':')) {
      if (!in.Number(1, 2, &second)) return false;
      if (in.Take('.')) in.Fraction(&nanos);
    } else if (!minutes_optional) {
      return false;
    }
  } else if (!minutes_optional) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *nanos_of_day = ((hour * 60 + minute) * 60 + second) * 1'000'000'000 + nanos;
  return true;
}

}  // namespace

std::optional<int32_t> ParseSqlDate(std::string_view text) {
  if (size_t blank = text.find(' '); blank != std::string_view::npos && blank > 0) text = text.substr(0, blank);
  Scan in(types::Trim(text));
  int64_t year, month = 1, day = 1;
  if (!in.Number(1, 9, &year)) return std::nullopt;
  if (in.Take('-')) {
    if (!in.Number(1, 9, &month)) return std::nullopt;
    if (in.Take('-') && !in.Number(1, 9, &day)) return std::nullopt;
  }
  if (!in.AtEnd() || !IsDate(year, month, day)) return std::nullopt;
  return static_cast<int32_t>(DaysOf({year, static_cast<int>(month), static_cast<int>(day)}));
}

std::optional<int32_t> ParseSqlTime(std::string_view text) {
  Scan in(types::Trim(text));
  int64_t nanos;
  if (!TakeClock(in, &nanos, true) || !in.AtEnd()) return std::nullopt;
  return static_cast<int32_t>(nanos / 1'000'000);
}

std::optional<TimestampValue> ParseSqlTimestamp(std::string_view text, DayOfMonth rule) {
  Scan in(rule == DayOfMonth::kExact ? types::Trim(text) : text);
  int64_t year, month, day, nanos = 0;
  if (!in.Number(4, 4, &year) || !in.Take('-') || !in.Number(1, 2, &month) || !in.Take('-') || !in.Number(1, 2, &day))
    return std::nullopt;
  if (rule == DayOfMonth::kCut && day <= 31 && month >= 1 && month <= 12)
    day = std::min<int64_t>(day, DaysInMonth(year, static_cast<int>(month)));
  if (!IsDate(year, month, day)) return std::nullopt;
  if (in.Take(' ') && !TakeClock(in, &nanos, false)) return std::nullopt;
  if (!in.AtEnd()) return std::nullopt;
  const int64_t days = DaysOf({year, static_cast<int>(month), static_cast<int>(day)});
  return TimestampValue{days * kMillisOfDay + nanos / 1'000'000, static_cast<uint32_t>(nanos % 1'000'000)};
}

void AppendSqlTime(int32_t millis, std::string& out, int precision) {
  const int32_t seconds = millis / 1000;
  out += fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (precision == 0) return;
  const std::string digits = fmt::format("{:03}000000", millis % 1000);
  out.append(1, '.').append(digits, 0, static_cast<size_t>(precision));
}

int32_t TruncatedTime(int32_t millis, int precision) {
  constexpr int32_t kUnits[] = {1000, 100, 10};
  return precision >= 3 ? millis : millis / kUnits[precision] * kUnits[precision];
}

void AppendSqlTimestamp(TimestampValue value, int precision, std::string& out) {
  const int64_t days = FloorDiv(value.millis, kMillisOfDay);
  const int64_t millis = value.millis - days * kMillisOfDay;
  types::AppendDateText(static_cast<int32_t>(days), out);
  out += ' ';
  AppendSqlTime(static_cast<int32_t>(millis), out);
  if (precision == 0) return;
  const std::string digits = fmt::format("{:09}", millis % 1000 * 1'000'000 + value.nanos);
  out.append(1, '.').append(digits, 0, static_cast<size_t>(precision));
}

void AppendSqlMonths(int32_t months, std::string& out) {
  const int64_t magnitude = std::abs(int64_t{months});
  out += fmt::format("{}{}-{:02}", months < 0 ? '-' : '+', magnitude / 12, magnitude % 12);
}

void AppendSqlDuration(int64_t millis, std::string& out) {
  const uint64_t magnitude = millis < 0 ? -static_cast<uint64_t>(millis) : static_cast<uint64_t>(millis);
  const uint64_t seconds = magnitude / 1000;
  out += fmt::format("{}{} {:02}:{:02}:{:02}.{:03}", millis < 0 ? '-' : '+', seconds / 86400, seconds / 3600 % 24,
                     seconds / 60 % 60, seconds % 60, magnitude % 1000);
}

TimestampValue Truncated(TimestampValue value, int precision) {
  constexpr uint32_t kNanos[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  constexpr int64_t kMillis[] = {1000, 100, 10, 1};
  if (precision >= 3) {
    const uint32_t unit = kNanos[precision - 3];
    value.nanos -= value.nanos % unit;
    if (precision == 3) value.nanos = 0;
  } else {
    value.millis = FloorDiv(value.millis, kMillis[precision]) * kMillis[precision];
    value.nanos = 0;
  }
  return value;
}

}  // namespace thalweg::expr
