#include "expr/json_document.h"

#include <algorithm>
#include <cctype>
#include <map>

#include <simdjson.h>

#include "expr/json_number.h"
#include "expr/json_text.h"
#include "expr/utf8.h"
#include "types/scalar_text.h"

namespace thalweg::expr {

namespace {

constexpr int kMostNestedJson = 1000;  // Jackson's limit
constexpr std::string_view kEscapeNames = "\"\\/bfnrt", kEscaped = "\"\\/\b\f\n\r\t";

/// "00e9" behind "\u"; -1 if it is none.
int64_t HexUnit(std::string_view text) {
  if (text.size() < 4) return -1;
  int64_t value = 0;
  for (char c : text.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool IsHighSurrogate(int64_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLowSurrogate(int64_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

}  // namespace

bool JsonDocument::Parse(std::string_view text) {
  nodes_.clear();
  unescaped_.clear();
  unescaped_.reserve(text.size());
  rest_ = text;
  if (!simdjson::validate_utf8(text.data(), text.size()) || !ParseValue({}, 0)) return false;
  // As Jackson, which looks no further than the first value, but at what stands right behind a number or a word.
  const Kind root = nodes_.front().kind;
  if (rest_.empty() || root == Kind::kString || root == Kind::kArray || root == Kind::kObject) return true;
  const char next = rest_.front();
  if (root == Kind::kNumber) return next == ' ' || next == '\n' || next == '\t' || next == '\r';
  return static_cast<uint8_t>(next) < 0x80 && !std::isalnum(static_cast<uint8_t>(next)) && next != '_' && next != '$';
}

void JsonDocument::SkipBlanks() {
  size_t n = 0;
  while (n < rest_.size() && (rest_[n] == ' ' || rest_[n] == '\n' || rest_[n] == '\t' || rest_[n] == '\r')) ++n;
  rest_.remove_prefix(n);
}

bool JsonDocument::Take(char c) {
  SkipBlanks();
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool JsonDocument::ParseValue(std::string_view name, int depth) {
  SkipBlanks();
  if (rest_.empty() || depth > kMostNestedJson) return false;
  const size_t index = nodes_.size();
  nodes_.push_back({Kind::kNull, 0, name, {}});
  auto put = [&](Kind kind, bool ok, std::string_view text = {}) {
    nodes_[index].kind = kind;
    nodes_[index].text = text;
    nodes_[index].end = static_cast<uint32_t>(nodes_.size());
    return ok;
  };
  std::string_view text;
  switch (rest_.front()) {
    case '{': return put(Kind::kObject, ParseMembers(depth));
    case '[': return put(Kind::kArray, ParseElements(depth));
    case 't': return put(Kind::kTrue, ParseWord("true"));
    case 'f': return put(Kind::kFalse, ParseWord("false"));
    case 'n': return put(Kind::kNull, ParseWord("null"));
    case '"': {
      const bool ok = ParseString(&text);
      return put(Kind::kString, ok, text);
    }
    default: {
      const bool ok = ParseNumber(&text);
      return put(Kind::kNumber, ok, text);
    }
  }
}

bool JsonDocument::ParseMembers(int depth) {
  rest_.remove_prefix(1);
  if (Take('}')) return true;
  do {
    SkipBlanks();
    std::string_view name;
    if (!rest_.starts_with('"') || !ParseString(&name) || !Take(':') || !ParseValue(name, depth + 1)) return false;
  } while (Take(','));
  return Take('}');
}

bool JsonDocument::ParseElements(int depth) {
  rest_.remove_prefix(1);
  if (Take(']')) return true;
  do {
    if (!ParseValue({}, depth + 1)) return false;
  } while (Take(','));
  return Take(']');
}

bool JsonDocument::ParseString(std::string_view* text) {
  rest_.remove_prefix(1);
  const size_t begin = unescaped_.size();
  bool escapes = false;
  for (size_t n = 0; n < rest_.size();) {
    const char c = rest_[n];
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c == '"') {
      if (escapes) unescaped_ += rest_.substr(0, n);
      *text = escapes ? std::string_view(unescaped_).substr(begin) : rest_.substr(0, n);
      rest_.remove_prefix(n + 1);
      return true;
    }
    if (c != '\\') {
      ++n;
      continue;
    }
    escapes = true;
    unescaped_ += rest_.substr(0, n);
    rest_.remove_prefix(n + 1);
    if (!ParseEscape()) return false;
    n = 0;
  }
  return false;
}

// What follows a backslash. Half of a surrogate pair alone becomes '?', as where Java writes it.
bool JsonDocument::ParseEscape() {
  if (rest_.empty()) return false;
  const char c = rest_.front();
  rest_.remove_prefix(1);
  if (const size_t name = kEscapeNames.find(c); name != std::string_view::npos) {
    unescaped_ += kEscaped[name];
    return true;
  }
  int64_t unit = c == 'u' ? HexUnit(rest_) : -1;
  if (unit < 0) return false;
  rest_.remove_prefix(4);
  if (IsHighSurrogate(unit) && rest_.starts_with("\\u")) {
    if (const int64_t low = HexUnit(rest_.substr(2)); IsLowSurrogate(low)) {
      rest_.remove_prefix(6);
      unit = 0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00);
    }
  }
  AppendCodePoint(IsHighSurrogate(unit) || IsLowSurrogate(unit) ? '?' : static_cast<uint32_t>(unit), unescaped_);
  return true;
}

bool JsonDocument::ParseNumber(std::string_view* text) {
  size_t n = 0;
  auto digits = [&] {
    const size_t begin = n;
    while (n < rest_.size() && types::IsDigit(rest_[n])) ++n;
    return n - begin;
  };
  auto at = [&](char c) { return n < rest_.size() && rest_[n] == c; };
  if (at('-')) ++n;
  if (at('0'))
    ++n;
  else if (digits() == 0)
    return false;
  if (at('.')) {
    ++n;
    if (digits() == 0) return false;
  }
  if (at('e') || at('E')) {
    ++n;
    if (at('+') || at('-')) ++n;
    const size_t exponent = digits();
    if (exponent == 0 || exponent > 9) return false;  // beyond any BigDecimal
  }
  *text = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return true;
}

bool JsonDocument::ParseWord(std::string_view word) {
  if (!rest_.starts_with(word)) return false;
  rest_.remove_prefix(word.size());
  return true;
}

std::vector<JsonValue> JsonValue::parts() const {
  std::vector<JsonValue> parts;
  if (is_scalar()) return parts;
  std::map<std::string_view, size_t> places;
  for (uint32_t i = index_ + 1; i < node().end; i = document_->nodes_[i].end) {
    const JsonValue part(document_, i);
    if (is_object()) {
      auto [place, added] = places.emplace(part.name(), parts.size());
      if (!added) {
        parts[place->second] = part;
        continue;
      }
    }
    parts.push_back(part);
  }
  return parts;
}

bool JsonValue::Find(std::string_view name, JsonValue* member) const {
  if (!is_object()) return false;
  bool found = false;
  for (uint32_t i = index_ + 1; i < node().end; i = document_->nodes_[i].end)
    if (document_->nodes_[i].name == name) {
      *member = JsonValue(document_, i);
      found = true;
    }
  return found;
}

std::string JsonScalarText(JsonValue value) {
  if (value.is_string()) return std::string(value.text());
  if (value.is_number()) return JsonNumberText(value.text());
  return value.is_null() ? "null" : value.is_true() ? "true" : "false";
}

void AppendJson(JsonValue value, std::string& out) {
  if (value.is_string()) return AppendJsonString(value.text(), out);
  if (value.is_scalar()) return void(out += JsonScalarText(value));
  std::vector<JsonValue> parts = value.parts();
  if (value.is_object())
    std::sort(parts.begin(), parts.end(), [](JsonValue a, JsonValue b) { return a.name() < b.name(); });
  out += value.is_object() ? '{' : '[';
  bool first = true;
  for (const JsonValue part : parts) {
    if (!first) out += ',';
    first = false;
    if (value.is_object()) {
      AppendJsonString(part.name(), out);
      out += ':';
    }
    AppendJson(part, out);
  }
  out += value.is_object() ? '}' : ']';
}

}  // namespace thalweg::expr
