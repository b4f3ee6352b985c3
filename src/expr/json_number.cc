#include "expr/json_number.h"

#include <fmt/format.h>

#include "types/scalar_text.h"

namespace thalweg::expr {

namespace {

size_t DigitsAhead(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && types::IsDigit(text[n])) ++n;
  return n;
}

/// "e+12" as a whole: the exponent, of at most nine digits, so that no scale overflows.
bool ReadExponent(std::string_view text, int64_t* exponent) {
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t n = DigitsAhead(text);
  if (n == 0 || n > 9 || n != text.size()) return false;
  for (char c : text) *exponent = *exponent * 10 + (c - '0');
  if (negative) *exponent = -*exponent;
  return true;
}

}  // namespace

std::optional<JsonNumber> JsonNumber::Parse(std::string_view text) {
  JsonNumber number;
  number.negative = text.starts_with('-');
  if (number.negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t whole = DigitsAhead(text);
  number.digits = text.substr(0, whole);
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const size_t fraction = DigitsAhead(text.substr(1));
    number.digits += text.substr(1, fraction);
    number.scale = static_cast<int64_t>(fraction);
    text.remove_prefix(fraction + 1);
  }
  if (number.digits.empty()) return std::nullopt;
  int64_t exponent = 0;
  if (!text.empty() && !ReadExponent(text, &exponent)) return std::nullopt;
  number.scale -= exponent;
  number.digits.erase(0, std::min(number.digits.find_first_not_of('0'), number.digits.size() - 1));
  if (number.digits == "0") number.negative = false;
  return number;
}

std::string JsonNumber::ToString() const {
  const std::string sign = negative ? "-" : "";
  if (scale == 0) return sign + digits;
  const auto size = static_cast<int64_t>(digits.size());
  const int64_t adjusted = size - 1 - scale;
  if (scale > 0 && adjusted >= -6) {
    if (size > scale)
      return sign + digits.substr(0, digits.size() - static_cast<size_t>(scale)) + "." +
             digits.substr(digits.size() - static_cast<size_t>(scale));
    return sign + "0." + std::string(static_cast<size_t>(scale - size), '0') + digits;
  }
  std::string text = sign + digits.substr(0, 1);
  if (size > 1) text += "." + digits.substr(1);
  return text + fmt::format("E{:+}", adjusted);
}

std::optional<int64_t> JsonNumber::ToInteger(int64_t least, int64_t most) const {
  const int64_t places = static_cast<int64_t>(digits.size()) - scale;
  if (places <= 0 || digits == "0") return least <= 0 ? std::optional<int64_t>(0) : std::nullopt;
  if (places > 19) return std::nullopt;
  __int128 value = 0;
  for (size_t i = 0; i < static_cast<size_t>(places); ++i)
    value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  if (negative) value = -value;
  if (value < least || value > most) return std::nullopt;
  return static_cast<int64_t>(value);
}

std::string JsonNumberText(std::string_view number) {
  if (number.find_first_of(".eE") == std::string_view::npos) return std::string(number == "-0" ? "0" : number);
  std::optional<JsonNumber> value = JsonNumber::Parse(number);
  return value ? value->ToString() : std::string(number);
}

}  // namespace thalweg::expr
