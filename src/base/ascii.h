// Letters of ASCII in upper and in lower case.
// Rule: ASCII only, whatever the locale is; bytes of other letters stay as they are. UPPER and LOWER of SQL are in expr/string.cc.
#pragma once

#include <string>
#include <string_view>

namespace thalweg {

constexpr char AsciiUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
constexpr char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string AsciiUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = AsciiUpper(c);
  return upper;
}

inline std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = AsciiLower(c);
  return lower;
}

}  // namespace thalweg
