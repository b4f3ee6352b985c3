#include "expr/date_pattern.h"

#include <algorithm>
#include <array>

#include "expr/calendar.h"

namespace thalweg::expr {

using types::TimestampValue;

namespace {

constexpr std::string_view kLetters = "yuMLdDHhkKmsSaEXxZ";
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};

/// So many digits of a year, read leniently, stay far from the bounds of milliseconds.
constexpr size_t kLenientDigits = 8;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Takes a name from the front of `text`, in full or its first three letters; -1 if there is none.
template <size_t N>
int TakeName(std::string_view& text, const std::array<std::string_view, N>& names, bool full) {
  for (size_t i = 0; i < N; ++i) {
    const std::string_view name = full ? names[i] : names[i].substr(0, 3);
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool TakeNumber(std::string_view& text, size_t least, size_t most, int64_t* value) {
  size_t n = 0;
  *value = 0;
  for (; n < most && n < text.size() && IsDigit(text[n]); ++n) *value = *value * 10 + (text[n] - '0');
  text.remove_prefix(n);
  return n >= least;
}

/// "+08", "+0800" or "+08:00" of the letters X (Z for none), x and Z; where X may have one of more digits the longest is taken.
std::string OffsetText(char letter, int count, int64_t offset_ms) {
  const int64_t minutes = offset_ms / 60'000, size = minutes < 0 ? -minutes : minutes;
  if (letter == 'X' && minutes == 0) return "Z";
  if (letter == 'Z') count = 2;
  std::string text = fmt::format("{}{:02}", minutes < 0 ? '-' : '+', size / 60);
  if (count == 1 && size % 60 == 0) return text;
  return text + fmt::format("{}{:02}", count == 3 ? ":" : "", size % 60);
}

bool TakeOffset(char letter, int count, std::string_view& text, std::optional<int64_t>& offset_ms) {
  if (letter == 'X' && text.starts_with('Z')) {
    text.remove_prefix(1);
    offset_ms = 0;
    return true;
  }
  if (!text.starts_with('+') && !text.starts_with('-')) return false;
  const int64_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int64_t hours, minutes = 0;
  if (!TakeNumber(text, 2, 2, &hours)) return false;
  if (letter == 'Z') count = 2;
  if (count == 3) {
    if (!text.starts_with(':')) return false;
    text.remove_prefix(1);
  }
  const bool more = count > 1 || (text.size() > 1 && IsDigit(text[0]) && IsDigit(text[1]));
  if (more && !TakeNumber(text, 2, 2, &minutes)) return false;
  if (hours > 18 || minutes > 59) return false;
  offset_ms = sign * (hours * 60 + minutes) * 60'000;
  return true;
}

}  // namespace

Result<DatePattern> DatePattern::Compile(std::string_view pattern) {
  DatePattern result;
  std::vector<size_t> open;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      std::string text;
      size_t end = i + 1;
      for (; end < pattern.size(); ++end) {
        if (pattern[end] != '\'') {
          text += pattern[end];
        } else if (end + 1 < pattern.size() && pattern[end + 1] == '\'') {
          text += '\'';
          ++end;
        } else {
          break;
        }
      }
      if (end >= pattern.size()) return UserError("Pattern has an open quote: {}", pattern);
      result.parts_.push_back({0, 0, text.empty() ? "'" : text});
      i = end + 1;
    } else if (IsLetter(c)) {
      size_t n = 1;
      while (i + n < pattern.size() && pattern[i + n] == c) ++n;
      if (kLetters.find(c) == std::string_view::npos)
        return UserError("Pattern has a letter that is not supported: {} in {}", c, pattern);
      if (n > (c == 'S'                                       ? 9U
               : c == 'y' || c == 'u'                         ? 19U
               : c == 'D' || c == 'X' || c == 'x' || c == 'Z' ? 3U
               : c == 'M' || c == 'L' || c == 'E'             ? 4U
                                                              : 2U))
        return UserError("Pattern has too many letters: {} in {}", c, pattern);
      result.parts_.push_back({c, static_cast<int>(n), ""});
      i += n;
    } else if (c == '[') {
      open.push_back(result.parts_.size());
      result.parts_.push_back({c, 0, ""});
      ++i;
    } else if (c == ']') {
      if (open.empty()) return UserError("Pattern has a ] without a [: {}", pattern);
      result.parts_[open.back()].count = static_cast<int>(result.parts_.size());
      open.pop_back();
      result.parts_.push_back({c, 0, ""});
      ++i;
    } else if (c == '{' || c == '}' || c == '#') {
      return UserError("Pattern has a sign that is not supported: {} in {}", c, pattern);
    } else {
      result.parts_.push_back({0, 0, std::string(1, c)});
      ++i;
    }
  }
  if (!open.empty()) return UserError("Pattern has a [ without a ]: {}", pattern);
  return result;
}

bool DatePattern::has_offset() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.letter == 'X' || part.letter == 'x' || part.letter == 'Z'; });
}

int64_t DatePattern::span_ms() const {
  int64_t span = kMillisOfDay;
  for (const Part& part : parts_) {
    switch (part.letter) {
      case 'S': return 0;
      case 's': span = 1000; break;
      case 'm': span = std::min<int64_t>(span, 60'000); break;
      case 'H':
      case 'h':
      case 'k':
      case 'K':
      case 'a': span = std::min<int64_t>(span, 3'600'000); break;
      default: break;
    }
  }
  return span;
}

void DatePattern::Format(TimestampValue local, std::string& out, int64_t offset_ms) const {
  const int64_t days = FloorDiv(local.millis, kMillisOfDay), millis = local.millis - days * kMillisOfDay;
  const CivilDate date = CivilOf(days);
  const int64_t hour = millis / 3'600'000;
  auto number = [&](int64_t value, int width) { out += fmt::format("{:0{}}", value, width); };
  for (const Part& part : parts_) {
    switch (part.letter) {
      case 0: out += part.text; break;
      case 'y':
      case 'u':
        if (part.count == 2)
          number(FloorMod(date.year, 100), 2);
        else
          number(date.year, part.count);
        break;
      case 'M':
      case 'L': {
        const std::string_view name = kMonths[static_cast<size_t>(date.month - 1)];
        if (part.count <= 2)
          number(date.month, part.count);
        else
          out += part.count == 3 ? name.substr(0, 3) : name;
        break;
      }
      case 'd': number(date.day, part.count); break;
      case 'D': number(DayOfYear(days), part.count); break;
      case 'H': number(hour, part.count); break;
      case 'k': number(hour == 0 ? 24 : hour, part.count); break;
      case 'K': number(hour % 12, part.count); break;
      case 'h': number(hour % 12 == 0 ? 12 : hour % 12, part.count); break;
      case 'm': number(millis / 60'000 % 60, part.count); break;
      case 's': number(millis / 1000 % 60, part.count); break;
      case 'S':
        out += fmt::format("{:09}", millis % 1000 * 1'000'000 + local.nanos).substr(0, static_cast<size_t>(part.count));
        break;
      case 'a': out += hour < 12 ? "AM" : "PM"; break;
      case 'X':
      case 'x':
      case 'Z': out += OffsetText(part.letter, part.count, offset_ms); break;
      case '[':
      case ']': break;
      default: {
        const std::string_view name = kDays[static_cast<size_t>(IsoDayOfWeek(days) - 1)];
        out += part.count <= 3 ? name.substr(0, 3) : name;
      }
    }
  }
}

bool DatePattern::ReadRange(size_t from, size_t to, Reading reading, std::string_view& text, Fields& fields) const {
  for (size_t i = from; i < to; ++i) {
    if (parts_[i].letter != '[') {
      if (!ReadPart(i, reading, text, fields)) return false;
      continue;
    }
    // What an optional part has read does not count if it fails.
    std::string_view rest = text;
    Fields read = fields;
    const auto end = static_cast<size_t>(parts_[i].count);
    if (ReadRange(i + 1, end, reading, rest, read)) {
      text = rest;
      fields = read;
    }
    i = end;
  }
  return true;
}

bool DatePattern::ReadPart(size_t at, Reading reading, std::string_view& text, Fields& f) const {
  const Part& part = parts_[at];
  // Numbers that stand side by side have the width of their letters.
  constexpr std::string_view kNotNumbers("\0a[]XxZ", 7);
  const bool adjacent = at + 1 < parts_.size() && kNotNumbers.find(parts_[at + 1].letter) == std::string_view::npos;
  const auto count = static_cast<size_t>(part.count);
  const bool counted = reading == Reading::kStrict || adjacent;
  if (reading == Reading::kLenient && part.letter != 0)
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  auto two = [&](int64_t* value) {
    if (!counted) return TakeNumber(text, 1, kLenientDigits, value);
    return TakeNumber(text, count, count == 1 && !adjacent ? 19 : count, value);
  };
  bool ok = true;
  switch (part.letter) {
    case 0:
      ok = text.starts_with(part.text);
      if (ok) text.remove_prefix(part.text.size());
      break;
    case 'y':
    case 'u':
      ok = counted || count == 2 ? TakeNumber(text, count,
                                              count == 2 ? 2
                                              : adjacent ? count
                                                         : 9,
                                              &f.year)
                                 : two(&f.year);
      if (count == 2) f.year += 2000;
      break;
    case 'M':
    case 'L':
      if (part.count <= 2) {
        ok = two(&f.month);
      } else {
        const int month = TakeName(text, kMonths, part.count == 4);
        ok = month >= 0;
        f.month = month + 1;
      }
      break;
    case 'd': ok = two(&f.day); break;
    case 'D': ok = two(&f.day_of_year); break;
    case 'H': ok = two(&f.hour); break;
    case 'k':
      ok = two(&f.hour) && f.hour >= 1 && f.hour <= 24;
      f.hour %= 24;
      break;
    case 'K': ok = two(&f.hour12) && f.hour12 <= 11; break;
    case 'h':
      ok = two(&f.hour12) && f.hour12 >= 1 && f.hour12 <= 12;
      f.hour12 %= 12;
      break;
    case 'm': ok = two(&f.minute); break;
    case 's': ok = two(&f.second); break;
    case 'S': {
      int64_t value;
      ok = TakeNumber(text, count, count, &value);
      for (size_t k = count; k < 9; ++k) value *= 10;
      f.nanos = value;
      break;
    }
    case 'a':
      f.half = text.starts_with("AM") ? 0 : text.starts_with("PM") ? 1 : -1;
      ok = f.half >= 0;
      if (ok) text.remove_prefix(2);
      break;
    case 'X':
    case 'x':
    case 'Z': ok = TakeOffset(part.letter, part.count, text, f.offset_ms); break;
    default: ok = TakeName(text, kDays, part.count == 4) >= 0;
  }
  return ok;
}

std::optional<TimestampValue> DatePattern::Parse(std::string_view text) const {
  Fields fields;
  if (!ReadRange(0, parts_.size(), Reading::kStrict, text, fields) || !text.empty()) return std::nullopt;
  return Resolved(fields, Reading::kStrict);
}

std::optional<DatePattern::Parsed> DatePattern::ParsePrefix(std::string_view text) const {
  Fields fields;
  if (!ReadRange(0, parts_.size(), Reading::kLenient, text, fields)) return std::nullopt;
  const std::optional<TimestampValue> local = Resolved(fields, Reading::kLenient);
  if (!local) return std::nullopt;
  return Parsed{*local, fields.offset_ms};
}

std::optional<TimestampValue> DatePattern::Resolved(Fields f, Reading reading) {
  if (f.hour12 >= 0) f.hour = f.hour12 + (f.half == 1 ? 12 : 0);
  const int64_t millis = ((f.hour * 60 + f.minute) * 60 + f.second) * 1000 + f.nanos / 1'000'000;
  const auto nanos = static_cast<uint32_t>(f.nanos % 1'000'000);
  if (reading == Reading::kLenient) {
    const int64_t month = f.month - 1;
    int64_t days = DaysOf({f.year + FloorDiv(month, 12), static_cast<int>(FloorMod(month, 12)) + 1, 1}) + f.day - 1;
    if (f.day_of_year > 0) days = DaysOf({f.year, 1, 1}) + f.day_of_year - 1;
    return TimestampValue{days * kMillisOfDay + millis, nanos};
  }
  if (f.hour > 23 || f.minute > 59 || f.second > 59) return std::nullopt;
  // A day up to 31 is cut to its month, as java.time's smart resolution does.
  if (f.month < 1 || f.month > 12 || f.day < 1 || f.day > 31 || f.year > 9999) return std::nullopt;
  f.day = std::min<int64_t>(f.day, DaysInMonth(f.year, static_cast<int>(f.month)));
  int64_t days = DaysOf({f.year, static_cast<int>(f.month), static_cast<int>(f.day)});
  if (f.day_of_year > 0) days = DaysOf({f.year, 1, 1}) + f.day_of_year - 1;
  return TimestampValue{days * kMillisOfDay + millis, nanos};
}

}  // namespace thalweg::expr
