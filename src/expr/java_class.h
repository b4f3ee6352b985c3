// Sets of code points as patterns of PCRE2: what stands in the brackets of Java's character classes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::expr {

/// Flags of Java's patterns.
struct JavaFlags {
  bool unix_lines = false;       // d: only \n ends a line
  bool ignore_case = false;      // i: of ASCII letters, without `unicode_case`
  bool comments = false;         // x
  bool multiline = false;        // m
  bool dot_all = false;          // s
  bool unicode_case = false;     // u
  bool unicode_classes = false;  // U: \w, \d and the like are Unicode's
};

/// A set, as a pattern that takes one code point of it.
class JavaSet {
 public:
  JavaSet() = default;
  /// `items`: of PCRE2's brackets, "a-z\\p{Lu}".
  explicit JavaSet(std::string_view items) : items_(items) {}

  bool empty() const { return items_.empty() && others_.empty(); }
  /// Of one code point, or of two and all between them; in either case of letters, as the flags say.
  void AddRange(uint32_t first, uint32_t last, const JavaFlags& flags);
  void Add(JavaSet other);
  /// All that is not in it.
  JavaSet Negated() const;
  /// What is in both.
  JavaSet And(const JavaSet& other) const;
  std::string Pattern() const;

 private:
  std::string items_;
  std::vector<std::string> others_;  // patterns that no brackets can have
};

/// A code point as itself, in brackets or outside.
void AppendPatternChar(uint32_t c, std::string& out);

/// What \p{name} means (`name` may be "script=Latin"); nullopt if Java knows no such name.
std::optional<JavaSet> JavaProperty(std::string_view name, const JavaFlags& flags);

/// \d \D \h \H \s \S \v \V \w \W by their letter; nullopt for others.
std::optional<JavaSet> JavaClassEscape(uint32_t letter, const JavaFlags& flags);

}  // namespace thalweg::expr
