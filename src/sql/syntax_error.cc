#include "sql/syntax_error.h"

#include <algorithm>

namespace thalweg::sql {
namespace {

// A longer source line is quoted in part: what fits beside the two blanks of indent in a terminal of 100 columns.
constexpr size_t kQuotedCharacters = 96;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

struct Quote {
  std::string line;
  size_t caret = 0;  // bytes of `line` before the caret
};

// The part of a long line around `at`, at borders of characters.
Quote Shorten(std::string_view line, size_t at) {
  if (Characters(line) <= kQuotedCharacters) return {std::string(line), at};
  size_t begin = at > kQuotedCharacters / 2 ? at - kQuotedCharacters / 2 : 0;
  while (begin > 0 && IsContinuation(line[begin])) --begin;
  size_t end = std::min(line.size(), begin + kQuotedCharacters);
  while (end < line.size() && IsContinuation(line[end])) ++end;
  std::string_view before = begin > 0 ? "..." : "", after = end < line.size() ? "..." : "";
  return {fmt::format("{}{}{}", before, line.substr(begin, end - begin), after), at - begin + before.size()};
}

Quote QuoteLine(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  size_t begin = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  size_t end = std::min(text.find('\n', offset), text.size());
  if (end > begin && text[end - 1] == '\r' && end > offset) --end;
  return Shorten(text.substr(begin, end - begin), offset - begin);
}

}  // namespace

std::string ToText(const Position& position) {
  return fmt::format("line {}, column {}", position.line, position.column);
}

Status RenderSyntaxError(const SyntaxError& error, std::string_view text) {
  Quote quote = QuoteLine(text, error.at.offset);
  std::string caret;
  // Tabs stay tabs, so that the caret stands below its place however wide they are shown.
  for (char c : std::string_view(quote.line).substr(0, quote.caret)) {
    if (!IsContinuation(c)) caret += c == '\t' ? '\t' : ' ';
  }
  std::string message = fmt::format("{}: {}\n  {}\n  {}^", ToText(error.at), error.message, quote.line, caret);
  if (!error.hint.empty()) message += "\n" + error.hint;
  return {ErrorCategory::kUser, std::move(message)};
}

}  // namespace thalweg::sql
