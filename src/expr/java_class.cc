#include "expr/java_class.h"

#include <algorithm>

#include <iterator>

#include <fmt/format.h>

namespace thalweg::expr {
namespace {

bool IsAsciiAlnum(uint32_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string RangeItems(uint32_t first, uint32_t last) {
  std::string items;
  AppendPatternChar(first, items);
  if (last > first) {
    items += '-';
    AppendPatternChar(last, items);
  }
  return items;
}

}  // namespace

void AppendPatternChar(uint32_t c, std::string& out) {
  if (IsAsciiAlnum(c))
    out += static_cast<char>(c);
  else
    out += fmt::format("\\x{{{:X}}}", c);
}

void JavaSet::AddRange(uint32_t first, uint32_t last, const JavaFlags& flags) {
  if (flags.ignore_case && flags.unicode_case) {
    others_.push_back("(?i:[" + RangeItems(first, last) + "])");
    return;
  }
  items_ += RangeItems(first, last);
  if (!flags.ignore_case) return;
  // The letters of the range in their other case, which differs in one bit.
  constexpr uint32_t kCase = 'a' - 'A';
  for (const uint32_t a : {uint32_t{'a'}, uint32_t{'A'}}) {
    const uint32_t from = std::max(first, a), to = std::min(last, a + ('z' - 'a'));
    if (from <= to) items_ += RangeItems(from ^ kCase, to ^ kCase);
  }
}

void JavaSet::Add(JavaSet other) {
  items_ += other.items_;
  std::move(other.others_.begin(), other.others_.end(), std::back_inserter(others_));
}

JavaSet JavaSet::Negated() const {
  JavaSet negated;
  if (others_.empty())
    negated.others_.push_back("[^" + items_ + "]");
  else
    negated.others_.push_back("(?:(?!" + Pattern() + ")(?s:.))");
  return negated;
}

JavaSet JavaSet::And(const JavaSet& other) const {
  JavaSet both;
  both.others_.push_back("(?:(?=" + Pattern() + ")" + other.Pattern() + ")");
  return both;
}

std::string JavaSet::Pattern() const {
  std::string pattern = items_.empty() ? "" : "[" + items_ + "]";
  if (others_.empty()) return pattern.empty() ? "(?!)" : pattern;
  if (pattern.empty() && others_.size() == 1) return others_[0];
  for (const std::string& other : others_) pattern += (pattern.empty() ? "" : "|") + other;
  return "(?:" + pattern + ")";
}

}  // namespace thalweg::expr
