// JSON_QUOTE and JSON_UNQUOTE: text as a JSON string and back.
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/utf8.h"

namespace thalweg::expr {

using std::string_view;
using types::TypeId;

namespace {

/// UTF-16, as Java escapes it.
void AppendEscaped(uint32_t c, std::string& out) {
  if (c >= 0x10000) {
    AppendEscaped(0xd800 + ((c - 0x10000) >> 10), out);
    c = 0xdc00 + ((c - 0x10000) & 0x3ff);
  }
  out += fmt::format("\\u{:04x}", c);
}

std::string Quote(string_view text) {
  constexpr string_view kPlain = "\"\\/\b\f\n\r\t", kNames = "\"\\/bfnrt";
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const string_view one = text.substr(at, CodePointBytes(text, at));
    at += one.size();
    const size_t escape = kPlain.find(one[0]);
    const uint32_t c = DecodeCodePoint(one);
    if (escape != string_view::npos)
      out.append(1, '\\').append(1, kNames[escape]);
    else if (c < 0x20 || c > 0x7e)
      AppendEscaped(c, out);
    else
      out.append(one);
  }
  return out + "\"";
}

/// The four digits behind "\u" at `at`; nullopt if they are none.
std::optional<uint32_t> Unit(string_view text, size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  uint32_t value = 0;
  for (char c : text.substr(at, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<uint32_t>(digit);
  }
  return value;
}

/// The text of a JSON string without its quotes; nullopt at an escape that JSON does not have.
std::optional<std::string> Unescape(string_view text) {
  constexpr string_view kPlain = "\"\\/\b\f\n\r\t", kNames = "\"\\/bfnrt";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (const size_t name = kNames.find(text[i]); name != string_view::npos) {
      out += kPlain[name];
      continue;
    }
    std::optional<uint32_t> unit = text[i] == 'u' ? Unit(text, i + 1) : std::nullopt;
    if (!unit) return std::nullopt;
    i += 4;
    if (*unit >= 0xd800 && *unit < 0xdc00 && text.substr(i + 1, 2) == "\\u") {
      std::optional<uint32_t> low = Unit(text, i + 3);
      if (low && *low >= 0xdc00 && *low < 0xe000) {
        unit = 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00);
        i += 6;
      }
    }
    AppendCodePoint(*unit, out);
  }
  return out;
}

/// A well-formed JSON string stands at the front; what follows it does not matter, as to Flink's parser.
bool BeginsWithString(string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return Unescape(text.substr(1, i - 1)).has_value();
    if (text[i] == '\\') ++i;
  }
  return false;
}

/// What is not a quoted JSON string stays as it is.
std::string Unquote(string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"' || !BeginsWithString(text)) return std::string(text);
  return Unescape(text.substr(1, text.size() - 2)).value_or(std::string(text));
}

}  // namespace

void AddJsonQuotes(Registry& registry) {
  registry.Add(Define("JSON_QUOTE", {{{Param::kString}}}, Returns(TypeId::kString), RowKernel<string_view>(Quote)));
  registry.Add(Define("JSON_UNQUOTE", {{{Param::kString}}}, Returns(TypeId::kString), RowKernel<string_view>(Unquote)));
}

}  // namespace thalweg::expr
