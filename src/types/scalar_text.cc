#include "types/scalar_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace thalweg::types {
namespace {

constexpr int64_t kMillisOfDay = 86'400'000;

// Exactly `count` digits at the front of `text`, taken off.
bool TakeDigits(std::string_view* text, int count, int32_t* value) {
  if (text->size() < static_cast<size_t>(count)) return false;
  *value = 0;
  for (int i = 0; i < count; ++i) {
    if (!IsDigit((*text)[static_cast<size_t>(i)])) return false;
    *value = *value * 10 + ((*text)[static_cast<size_t>(i)] - '0');
  }
  text->remove_prefix(static_cast<size_t>(count));
  return true;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Days since 1970-01-01 of a civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
int32_t DaysFromCivil(int32_t year, int32_t month, int32_t day) {
  year -= month <= 2;
  int32_t era = (year >= 0 ? year : year - 399) / 400;
  int32_t year_of_era = year - era * 400;
  int32_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int32_t DaysInMonth(int32_t year, int32_t month) {
  constexpr std::array<int32_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<size_t>(month - 1)];
}

bool TakeDate(std::string_view* text, int32_t* days) {
  int32_t year, month, day;
  if (!TakeDigits(text, 4, &year) || !TakeChar(text, '-') || !TakeDigits(text, 2, &month) || !TakeChar(text, '-') ||
      !TakeDigits(text, 2, &day))
    return false;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) return false;
  *days = DaysFromCivil(year, month, day);
  return true;
}

// Nanoseconds of the day.
bool TakeTime(std::string_view* text, bool seconds_optional, int64_t* nanos) {
  int32_t hour, minute, second = 0;
  if (!TakeDigits(text, 2, &hour) || !TakeChar(text, ':') || !TakeDigits(text, 2, &minute)) return false;
  if (hour > 23 || minute > 59) return false;
  int64_t fraction = 0;
  if (TakeChar(text, ':')) {
    if (!TakeDigits(text, 2, &second) || second > 59) return false;
    if (TakeChar(text, '.')) {
      int64_t unit = 100'000'000;
      if (text->empty() || !IsDigit(text->front())) return false;
      for (; !text->empty() && IsDigit(text->front()); text->remove_prefix(1), unit /= 10) {
        if (unit == 0) return false;
        fraction += (text->front() - '0') * unit;
      }
    }
  } else if (!seconds_optional) {
    return false;
  }
  *nanos = ((hour * 60LL + minute) * 60 + second) * 1'000'000'000 + fraction;
  return true;
}

void AppendTwo(int64_t value, std::string* out) {
  out->push_back(static_cast<char>('0' + value / 10));
  out->push_back(static_cast<char>('0' + value % 10));
}

void AppendClock(int64_t millis_of_day, std::string* out) {
  int64_t seconds = millis_of_day / 1000;
  AppendTwo(seconds / 3600, out);
  out->push_back(':');
  AppendTwo(seconds / 60 % 60, out);
  out->push_back(':');
  AppendTwo(seconds % 60, out);
}

// ".123": nanoseconds of the second without trailing zeros.
void AppendFraction(int64_t nanos, std::string* out) {
  if (nanos == 0) return;
  char digits[10];
  digits[0] = '.';
  for (int i = 9; i > 0; --i, nanos /= 10) digits[i] = static_cast<char>('0' + nanos % 10);
  size_t size = 9;
  while (digits[size] == '0') --size;
  out->append(digits, 1 + size);
}

struct DayAndTime {
  int64_t day, millis_of_day, nanos_of_second;
};

DayAndTime Divide(TimestampValue value) {
  int64_t day = value.millis / kMillisOfDay - (value.millis % kMillisOfDay < 0);
  int64_t millis = value.millis - day * kMillisOfDay;
  return {day, millis, millis % 1000 * 1'000'000 + value.nanos};
}

Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

std::string Digits(unsigned __int128 value) {
  std::string digits;
  do digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
  while ((value /= 10) != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

unsigned __int128 Magnitude(Int128 value) {
  return value < 0 ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
}

// "E-12" at the end of a number. False if malformed.
bool TakeExponent(std::string_view text, int64_t* exponent) {
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  return ParseInt64(text, exponent) && *exponent > -1'000'000'000 && *exponent < 1'000'000'000;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

Civil CivilFromDays(int64_t days) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2), static_cast<int32_t>(month),
          static_cast<int32_t>(day_of_year - (153 * shifted + 2) / 5 + 1)};
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

bool ParseInt64(std::string_view text, int64_t* value) {
  if (text.size() > 1 && text.front() == '+' && IsDigit(text[1])) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseDouble(std::string_view text, double* value) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "NaN" || text == "Infinity") {
    *value = text == "NaN" ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  } else {
    if (text.empty() || !(IsDigit(text.front()) || text.front() == '.')) return false;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) return false;
    if (error == std::errc::result_out_of_range) {
      // from_chars leaves the value: Java gives infinity or zero by the exponent's sign.
      size_t mark = text.find_first_of("eE");
      *value = mark != std::string_view::npos && text.substr(mark + 1, 1) == "-"
                   ? 0.0
                   : std::numeric_limits<double>::infinity();
    }
  }
  if (negative) *value = -*value;
  return true;
}

bool ParseBoolean(std::string_view text, bool* value) {
  auto equals = [&](std::string_view word) {
    return text.size() == word.size() &&
           std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) { return (a | 0x20) == b; });
  };
  *value = equals("true");
  return *value || equals("false");
}

DecimalParse ParseDecimal(std::string_view text, int precision, int scale, Int128* unscaled) {
  bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) text.remove_prefix(1);
  size_t mantissa_end = std::min(text.find_first_of("eE"), text.size());
  int64_t exponent = 0;
  if (!TakeExponent(text.substr(mantissa_end), &exponent)) return DecimalParse::kMalformed;
  std::string_view mantissa = text.substr(0, mantissa_end);
  size_t point = std::min(mantissa.find('.'), mantissa.size());
  size_t digit_count = mantissa.size() - (point < mantissa.size() ? 1 : 0);
  if (digit_count == 0) return DecimalParse::kMalformed;
  // Digits that stand before the end of the scale: beyond it only the first is looked at, for rounding.
  int64_t kept = static_cast<int64_t>(point) + exponent + scale;
  const Int128 limit = PowerOfTen(precision);
  Int128 value = 0;
  bool too_large = false, round_up = false;
  int64_t position = 0;
  for (char c : mantissa) {
    if (c == '.' && position == static_cast<int64_t>(point)) {
      point = std::string_view::npos;  // only once
      continue;
    }
    if (!IsDigit(c)) return DecimalParse::kMalformed;
    if (position < kept && !too_large) {
      too_large = value >= limit / 10;  // asked first: ten times 38 digits may be more than 128 bits
      if (!too_large) value = value * 10 + (c - '0');
    } else if (position == kept) {
      round_up = c >= '5';
    }
    ++position;
  }
  for (; position < kept && value != 0 && !too_large; ++position) {
    too_large = value >= limit / 10;
    if (!too_large) value *= 10;
  }
  if (round_up) ++value;
  if (too_large || value >= limit) return DecimalParse::kTooLarge;
  *unscaled = negative ? -value : value;
  return DecimalParse::kOk;
}

bool ParseDate(std::string_view text, int32_t* days) { return TakeDate(&text, days) && text.empty(); }

bool ParseTime(std::string_view text, int32_t* millis) {
  int64_t nanos;
  if (!TakeTime(&text, false, &nanos) || !text.empty()) return false;
  *millis = static_cast<int32_t>(nanos / 1'000'000);
  return true;
}

bool ParseTimestamp(std::string_view text, TimestampStandard standard, bool zoned, TimestampValue* value) {
  int32_t days;
  int64_t nanos;
  bool iso = standard == TimestampStandard::kIso8601;
  if (!TakeDate(&text, &days) || !TakeChar(&text, iso ? 'T' : ' ') || !TakeTime(&text, iso, &nanos)) return false;
  if (zoned && !TakeChar(&text, 'Z')) return false;
  value->millis = days * kMillisOfDay + nanos / 1'000'000;
  value->nanos = static_cast<uint32_t>(nanos % 1'000'000);
  value->reserved = 0;
  return text.empty();
}

void AppendInt(int64_t value, std::string* out) {
  char text[24];
  auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  out->append(text, end);
}

void AppendDecimal(Int128 unscaled, int scale, std::string* out) {
  std::string digits = Digits(Magnitude(unscaled));
  if (unscaled < 0) out->push_back('-');
  size_t fraction = static_cast<size_t>(scale);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  out->append(digits, 0, digits.size() - fraction);
  if (fraction > 0) out->append(1, '.').append(digits, digits.size() - fraction, fraction);
}

void AppendDecimalScientific(Int128 unscaled, int scale, std::string* out) {
  std::string digits = Digits(Magnitude(unscaled));
  int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (exponent >= -6) return AppendDecimal(unscaled, scale, out);
  if (unscaled < 0) out->push_back('-');
  out->push_back(digits[0]);
  if (digits.size() > 1) out->append(1, '.').append(digits, 1, std::string::npos);
  out->push_back('E');
  AppendInt(exponent, out);
}

void AppendDate(int32_t days, std::string* out) {
  Civil civil = CivilFromDays(days);
  fmt::format_to(std::back_inserter(*out), "{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
}

void AppendTime(int32_t millis, std::string* out) {
  AppendClock(millis, out);
  AppendFraction(millis % 1000 * 1'000'000LL, out);
}

void AppendTimestamp(TimestampValue value, TimestampStandard standard, bool zoned, std::string* out) {
  DayAndTime parts = Divide(value);
  AppendDate(static_cast<int32_t>(parts.day), out);
  out->push_back(standard == TimestampStandard::kSql ? ' ' : 'T');
  AppendClock(parts.millis_of_day, out);
  AppendFraction(parts.nanos_of_second, out);
  if (zoned) out->push_back('Z');
}

bool ParseBase64(std::string_view text, std::string* bytes) {
  bytes->clear();
  if (text.size() % 4 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    int padding = 0;
    for (size_t k = 0; k < 4; ++k) {
      int digit = Base64Digit(text[i + k]);
      bool pad = text[i + k] == '=' && i + 4 == text.size() && k >= 2;
      if ((digit < 0 && !pad) || (digit >= 0 && padding > 0)) return false;
      padding += pad;
      group = group << 6 | static_cast<uint32_t>(pad ? 0 : digit);
    }
    for (int k = 0; k < 3 - padding; ++k) bytes->push_back(static_cast<char>(group >> (16 - 8 * k)));
  }
  return true;
}

void AppendBase64(std::string_view bytes, std::string* out) {
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out->push_back(k <= count ? kBase64[group >> (18 - 6 * k) & 63] : '=');
  }
}

std::string Escaped(std::string_view text, size_t limit) {
  std::string out;
  for (char c : text.substr(0, limit)) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\\')
      out += "\\\\";
    else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    else
      out.push_back(c);
  }
  if (text.size() > limit) out += "...";
  return out;
}

}  // namespace thalweg::types
