// UTF-8 by code points, as SQL's string functions count.
// Rule: any bytes are taken; a byte that begins no valid sequence counts as one code point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::expr {

constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Bytes of the code point at `at`.
inline size_t CodePointBytes(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t wanted = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 1;
  size_t n = 1;
  while (n < wanted && at + n < text.size() && IsContinuation(text[at + n])) ++n;
  return n;
}

inline int64_t CodePoints(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); at += CodePointBytes(text, at)) ++count;
  return count;
}

/// Where code point `index` (from 0) begins; the text's size beyond its end.
inline size_t OffsetOf(std::string_view text, int64_t index) {
  size_t at = 0;
  while (index-- > 0 && at < text.size()) at += CodePointBytes(text, at);
  return at;
}

/// `count` code points from `from` on; less at the text's end.
inline std::string_view SliceCodePoints(std::string_view text, int64_t from, int64_t count) {
  const size_t begin = OffsetOf(text, from);
  return text.substr(begin, OffsetOf(text.substr(begin), count));
}

/// U+FFFD for what is no code point.
inline uint32_t DecodeCodePoint(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t n = CodePointBytes(text, 0);
  if (n == 1) return lead < 0x80 ? lead : 0xfffd;
  uint32_t value = lead & (0x7fU >> n);
  for (size_t i = 1; i < n; ++i) value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return value;
}

inline void AppendCodePoint(uint32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

/// With U+FFFD in place of what is no UTF-8, as Java decodes bytes.
std::string ValidUtf8(std::string_view bytes);

}  // namespace thalweg::expr
