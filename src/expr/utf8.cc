#include "expr/utf8.h"

namespace thalweg::expr {
namespace {

/// Bytes of the well-formed sequence at the front, 0 if there is none: no overlong forms, no surrogates, no more than U+10FFFF.
size_t WellFormed(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x80) return 1;
  const size_t n = CodePointBytes(text, 0);
  const size_t wanted = at(0) < 0xc2 ? 0 : at(0) < 0xe0 ? 2 : at(0) < 0xf0 ? 3 : at(0) < 0xf5 ? 4 : 0;
  if (n != wanted) return 0;
  const uint32_t value = DecodeCodePoint(text);
  if ((n == 3 && value < 0x800) || (n == 4 && value < 0x10000) || value > 0x10ffff) return 0;
  return value >= 0xd800 && value <= 0xdfff ? 0 : n;
}

}  // namespace

std::string ValidUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    size_t n = WellFormed(bytes);
    if (n == 0) {
      out += "\xef\xbf\xbd";
      n = 1;
    } else {
      out.append(bytes.substr(0, n));
    }
    bytes.remove_prefix(n);
  }
  return out;
}

}  // namespace thalweg::expr
