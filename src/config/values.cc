#include "config/values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace thalweg::config {

namespace {

struct Unit {
  std::string_view labels;  // space-separated, lower case; the first is the one we write
  int64_t factor;
};

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr Unit kTimeUnits[] = {
    {"d day days", 86'400 * kNanosPerSecond},
    {"h hour hours", 3'600 * kNanosPerSecond},
    {"min m minute minutes", 60 * kNanosPerSecond},
    {"s sec secs second seconds", kNanosPerSecond},
    {"ms milli millis millisecond milliseconds", 1'000'000},
    {"µs us micro micros microsecond microseconds", 1'000},
    {"ns nano nanos nanosecond nanoseconds", 1},
};
constexpr Unit kMemoryUnits[] = {
    {"tb t tebibytes", 1ll << 40},
    {"gb g gibibytes", 1ll << 30},
    {"mb m mebibytes", 1ll << 20},
    {"kb k kibibytes", 1ll << 10},
    {"bytes b", 1},
};

bool HasLabel(const Unit& unit, std::string_view label) {
  std::string_view rest = unit.labels;
  while (!rest.empty()) {
    size_t space = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, space) == label) return true;
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  return false;
}

// Digits at the front of `*text`, removed from it; nullopt if there are none or they exceed 63 bits.
std::optional<int64_t> TakeDigits(std::string_view* text) {
  int64_t value = 0;
  if (text->empty() || text->front() < '0' || text->front() > '9') return std::nullopt;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc()) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return value;
}

// A number and a unit of `units`; a bare number counts in `bare_factor`.
template <size_t N>
Result<int64_t> ParseWithUnit(std::string_view what, std::string_view text, const Unit (&units)[N], int64_t bare_factor,
                              std::string_view example) {
  std::string_view rest = Trimmed(text);
  std::optional<int64_t> number = TakeDigits(&rest);
  if (!number) return UserError("Not a {}: '{}'; write {}", what, text, example);
  std::string label = LowerCase(Trimmed(rest));
  int64_t factor = label.empty() ? bare_factor : 0;
  for (const Unit& unit : units) {
    if (!label.empty() && HasLabel(unit, label)) factor = unit.factor;
  }
  if (factor == 0) return UserError("Unknown unit '{}' of a {}: '{}'; write {}", label, what, text, example);
  int64_t value = 0;
  if (__builtin_mul_overflow(*number, factor, &value)) return UserError("Too large for a {}: '{}'", what, text);
  return value;
}

// The part of an ISO-8601 duration between two letters: adds number * factor; seconds may have a fraction.
bool AddIsoPart(std::string_view* text, bool in_time, int64_t* nanos, int* rank) {
  std::optional<int64_t> number = TakeDigits(text);
  if (!number) return false;
  int64_t fraction = 0;
  bool has_fraction = text->starts_with('.');
  if (has_fraction) {
    text->remove_prefix(1);
    size_t digits = std::min(text->find_first_not_of("0123456789"), text->size());
    if (digits == 0 || digits > 9) return false;
    fraction = *TakeDigits(text);
    for (size_t i = digits; i < 9; ++i) fraction *= 10;
  }
  if (text->empty()) return false;
  char letter = static_cast<char>(text->front() & ~0x20);
  text->remove_prefix(1);
  int64_t seconds = 0;
  int order = 0;  // parts come in falling size, each once
  if (!in_time && letter == 'D') seconds = 86'400, order = 1;
  if (in_time && letter == 'H') seconds = 3'600, order = 2;
  if (in_time && letter == 'M') seconds = 60, order = 3;
  if (in_time && letter == 'S') seconds = 1, order = 4;
  if (order <= *rank || (has_fraction && order != 4)) return false;
  *rank = order;
  int64_t part = 0;
  return !__builtin_mul_overflow(*number, seconds * kNanosPerSecond, &part) &&
         !__builtin_add_overflow(part, fraction, &part) && !__builtin_add_overflow(*nanos, part, nanos);
}

Result<Duration> ParseIsoDuration(std::string_view text) {
  std::string_view rest = text.substr(1);
  int64_t nanos = 0;
  int rank = 0;
  bool in_time = false;
  bool ok = !rest.empty();
  while (ok && !rest.empty()) {
    if (!in_time && (rest.front() | 0x20) == 't') {
      in_time = true;
      rest.remove_prefix(1);
      ok = !rest.empty();
      continue;
    }
    ok = AddIsoPart(&rest, in_time, &nanos, &rank);
  }
  if (!ok || rank == 0) return UserError("Not an ISO-8601 duration: '{}'; write for example 'PT1M30S' or '90 s'", text);
  return Duration(nanos);
}

// Splits at `delimiter` outside quotes. A part that begins with a quote ends with it; inside, a doubled quote is one.
Result<StringList> SplitQuoted(std::string_view text, char delimiter) {
  StringList parts;
  std::string part;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && (text[i] == '\'' || text[i] == '"')) {
      char quote = text[i];
      if (!part.empty()) return UserError("Quote inside an unquoted part: '{}'", text);
      while (++i < text.size()) {
        if (text[i] != quote) {
          part.push_back(text[i]);
        } else if (i + 1 < text.size() && text[i + 1] == quote) {
          part.push_back(text[i++]);
        } else {
          break;
        }
      }
      if (i >= text.size()) return UserError("Quote is not closed: '{}'", text);
      ++i;
      if (i < text.size() && text[i] != delimiter) return UserError("Text after a closing quote: '{}'", text);
      parts.push_back(std::exchange(part, {}));
      if (i == text.size()) return parts;
    } else if (i == text.size() || text[i] == delimiter) {
      parts.emplace_back(Trimmed(std::exchange(part, {})));
    } else if (part.empty() && (text[i] == ' ' || text[i] == '\t')) {
      continue;  // before a part, also before its quote
    } else {
      part.push_back(text[i]);
    }
  }
  return parts;
}

std::string Quoted(std::string_view part, std::string_view special) {
  bool plain = !part.empty() && part.find_first_of(special) == std::string_view::npos && Trimmed(part) == part;
  if (plain) return std::string(part);
  std::string quoted = "'";
  for (char c : part) quoted.append(c == '\'' ? "''" : std::string(1, c));
  return quoted + "'";
}

template <size_t N>
std::string FormatWithUnit(int64_t value, const Unit (&units)[N]) {
  const Unit* best = &units[N - 1];
  for (size_t i = N; i-- > 0;) {
    if (value != 0 && value % units[i].factor == 0) best = &units[i];
  }
  return fmt::format("{} {}", value / best->factor, best->labels.substr(0, best->labels.find(' ')));
}

}  // namespace

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

Result<Duration> ParseDuration(std::string_view text) {
  std::string_view trimmed = Trimmed(text);
  if (trimmed.starts_with('P') || trimmed.starts_with('p')) return ParseIsoDuration(trimmed);
  THALWEG_ASSIGN(int64_t nanos,
                 ParseWithUnit("duration", text, kTimeUnits, 1'000'000, "for example '10 s' or '500 ms'"));
  return Duration(nanos);
}

Result<MemorySize> ParseMemorySize(std::string_view text) {
  THALWEG_ASSIGN(int64_t bytes, ParseWithUnit("memory size", text, kMemoryUnits, 1, "for example '64 mb' or '4 gb'"));
  return MemorySize{static_cast<uint64_t>(bytes)};
}

Result<bool> ParseBoolean(std::string_view text) {
  std::string lower = LowerCase(Trimmed(text));
  if (lower == "true") return true;
  if (lower == "false") return false;
  return UserError("Not a boolean: '{}'; write 'true' or 'false'", text);
}

Result<int64_t> ParseInteger(std::string_view text) {
  std::string_view trimmed = Trimmed(text);
  if (LowerCase(trimmed) == "infinite") return std::numeric_limits<int32_t>::max();
  if (trimmed.starts_with('+')) trimmed.remove_prefix(1);
  int64_t value = 0;
  auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (error == std::errc::result_out_of_range) return UserError("Too large for an integer: '{}'", text);
  if (error != std::errc() || end != trimmed.data() + trimmed.size())
    return UserError("Not an integer: '{}'; write for example '4'", text);
  return value;
}

Result<double> ParseDouble(std::string_view text) {
  std::string_view trimmed = Trimmed(text);
  double value = 0;
  auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (error != std::errc() || end != trimmed.data() + trimmed.size() || !std::isfinite(value)) {
    return UserError("Not a number: '{}'; write for example '1.5'", text);
  }
  return value;
}

Result<StringList> ParseList(std::string_view text) {
  if (Trimmed(text).empty()) return StringList();
  return SplitQuoted(text, ';');
}

Result<StringMap> ParseMap(std::string_view text) {
  StringMap map;
  if (Trimmed(text).empty()) return map;
  THALWEG_ASSIGN(StringList entries, SplitQuoted(text, ','));
  for (const std::string& entry : entries) {
    THALWEG_ASSIGN(StringList parts, SplitQuoted(entry, ':'));
    // "url:http://host" without quotes: the first colon separates.
    if (parts.size() > 2 && entry.find_first_of("'\"") == std::string::npos) {
      size_t colon = entry.find(':');
      parts = {std::string(Trimmed(entry.substr(0, colon))), std::string(Trimmed(entry.substr(colon + 1)))};
    }
    if (parts.size() != 2 || parts[0].empty()) {
      return UserError("Not a map entry: '{}' in '{}'; write 'key:value,key2:value2'", entry, text);
    }
    if (!map.emplace(parts[0], parts[1]).second) return UserError("Map key given twice: '{}' in '{}'", parts[0], text);
  }
  return map;
}

std::string FormatDuration(Duration duration) {
  if (duration == Duration::zero()) return "0 ms";
  return FormatWithUnit(duration.count(), kTimeUnits);
}

std::string FormatMemorySize(MemorySize size) { return FormatWithUnit(static_cast<int64_t>(size.bytes), kMemoryUnits); }

std::string FormatList(const StringList& list) {
  std::string text;
  for (const std::string& part : list) text += (text.empty() ? "" : ";") + Quoted(part, ";'\"");
  return text;
}

std::string FormatMap(const StringMap& map) {
  std::string text;
  for (const auto& [key, value] : map)
    text += (text.empty() ? "" : ",") + Quoted(Quoted(key, ":,'\"") + ":" + Quoted(value, ":,'\""), ",'\"");
  return text;
}

}  // namespace thalweg::config
