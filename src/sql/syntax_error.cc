#include "sql/syntax_error.h"

#include <algorithm>
#include <cstdio>

#include "base/edit_distance.h"

namespace thalweg::sql {
namespace {

// A longer source line is quoted in part: what fits beside the two blanks of indent in a terminal of 100 columns.
constexpr size_t kQuotedCharacters = 96;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

// The part of a long line around `at`, at borders of characters.
QuotedPlace Shorten(const Position& place, std::string_view line, size_t at) {
  if (Characters(line) <= kQuotedCharacters) return {place, std::string(line), at};
  size_t begin = at > kQuotedCharacters / 2 ? at - kQuotedCharacters / 2 : 0;
  while (begin > 0 && IsContinuation(line[begin])) --begin;
  size_t end = std::min(line.size(), begin + kQuotedCharacters);
  while (end < line.size() && IsContinuation(line[end])) ++end;
  std::string_view before = begin > 0 ? "..." : "", after = end < line.size() ? "..." : "";
  return {place, fmt::format("{}{}{}", before, line.substr(begin, end - begin), after), at - begin + before.size()};
}

}  // namespace

QuotedPlace QuoteAt(const Position& at, std::string_view text) {
  const size_t offset = std::min<size_t>(at.offset, text.size());
  size_t begin = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  size_t end = std::min(text.find('\n', offset), text.size());
  if (end > begin && text[end - 1] == '\r' && end > offset) --end;
  return Shorten(at, text.substr(begin, end - begin), offset - begin);
}

std::string ToText(const Position& position) {
  return fmt::format("line {}, column {}", position.line, position.column);
}

Status RenderAt(const QuotedPlace& place, std::string_view message, std::string_view hint) {
  std::string caret;
  // Tabs stay tabs, so that the caret stands below its place however wide they are shown.
  for (char c : std::string_view(place.line).substr(0, place.caret)) {
    if (!IsContinuation(c)) caret += c == '\t' ? '\t' : ' ';
  }
  std::string text = fmt::format("{}: {}\n  {}\n  {}^", ToText(place.at), message, place.line, caret);
  if (!hint.empty()) text.append("\n").append(hint);
  return {ErrorCategory::kUser, std::move(text)};
}

Status RenderSyntaxError(const SyntaxError& error, std::string_view text) {
  return RenderAt(QuoteAt(error.at, text), error.message, error.hint);
}

bool HasPlace(const Status& status) {
  unsigned line = 0, column = 0;
  int used = 0;
  return !status.ok() && std::sscanf(status.message().c_str(), "line %u, column %u: %n", &line, &column, &used) == 2 &&
         used > 0;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return "";
  NearestWord nearest(name);
  for (const std::string& each : names) nearest.Consider(each);
  return nearest.word().empty() ? "" : fmt::format("did you mean {}?", nearest.word());
}

}  // namespace thalweg::sql
