#include "sql/cursor.h"

#include <algorithm>
#include <charconv>

#include "base/edit_distance.h"
#include "sql/keywords.h"
#include "sql/lexer.h"

namespace thalweg::sql {
namespace {

// For every opening parenthesis the index of the one that closes it, else of the end.
std::vector<size_t> MatchParentheses(const std::vector<Token>& tokens) {
  std::vector<size_t> closing(tokens.size(), tokens.size() - 1), open;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].IsSymbol("(")) open.push_back(i);
    if (tokens[i].IsSymbol(";")) open.clear();
    if (!tokens[i].IsSymbol(")") || open.empty()) continue;
    closing[open.back()] = i;
    open.pop_back();
  }
  return closing;
}

// The words of "GROUP BY", one by one.
template <typename Fn>
bool AllWords(std::string_view words, Fn&& matches) {
  size_t i = 0;
  while (!words.empty()) {
    size_t blank = std::min(words.find(' '), words.size());
    if (!matches(words.substr(0, blank), i++)) return false;
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  return true;
}

std::string_view FirstWord(std::string_view words) { return words.substr(0, words.find(' ')); }

// Words that are hardly ever meant as names: to tell of backquotes there would mislead.
bool IsClauseWord(std::string_view upper) {
  static constexpr std::string_view kClauses[] = {
      "AND", "AS", "BY",     "END", "FROM", "GROUP", "HAVING", "IN",   "INTO",  "IS",   "JOIN", "LIKE",  "NOT", "NULL",
      "ON",  "OR", "SELECT", "SET", "THEN", "UNION", "USING",  "WHEN", "WHERE", "WITH", "ELSE", "LIMIT", "CASE"};
  return std::find(std::begin(kClauses), std::end(kClauses), upper) != std::end(kClauses);
}

size_t Differences(std::string_view a, std::string_view b, size_t limit) {
  // Two neighbours changed places: one slip of the finger, not two.
  if (a.size() == b.size()) {
    auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin());
    if (a.end() - x >= 2 && x[0] == y[1] && x[1] == y[0] && std::equal(x + 2, a.end(), y + 2)) return 1;
  }
  return EditDistance(a, b, limit);
}

}  // namespace

Cursor::Cursor(std::string_view text) : tokens_(Tokenize(text)), closing_(MatchParentheses(tokens_)) {}

const Token& Cursor::Peek(size_t ahead) const { return At(index_ + ahead); }

const Token& Cursor::Take() {
  const Token& token = Peek();
  last_end_ = token.span.end;
  if (token.kind != TokenKind::kEnd) ++index_;
  tried_.clear();
  return token;
}

void Cursor::Note(std::string_view words) { tried_.push_back(FirstWord(words)); }

bool Cursor::Is(std::string_view words) {
  Note(words);
  return AllWords(words, [&](std::string_view word, size_t i) { return Peek(i).IsWord(word); });
}

bool Cursor::IsAny(std::initializer_list<std::string_view> words) {
  bool any = false;
  for (std::string_view word : words) any = Is(word) || any;
  return any;
}

bool Cursor::Accept(std::string_view words) {
  if (!Is(words)) return false;
  AllWords(words, [&](std::string_view, size_t) {
    Take();
    return true;
  });
  return true;
}

void Cursor::Expect(std::string_view words) {
  // Word by word: the failure tells of the one that is missing.
  AllWords(words, [&](std::string_view word, size_t) {
    if (!Accept(word)) Fail(word);
    return true;
  });
}

bool Cursor::AcceptIf(std::string_view words) {
  if (Accept(words)) return true;
  // IF may be a name, but then another word follows.
  const Token& next = Peek(1);
  if (!Peek().IsWord("IF") || next.kind != TokenKind::kWord ||
      (next.upper != "NOT" && Nearest(next.upper, {"EXISTS"}).empty() && next.upper != "EXISTS"))
    return false;
  Take();
  Expect(words.substr(words.find(' ') + 1));
  return true;
}

size_t Cursor::ExpectOneOf(std::initializer_list<std::string_view> words, std::string_view what) {
  size_t i = 0;
  for (std::string_view word : words) {
    if (Accept(word)) return i;
    ++i;
  }
  Fail(what);
}

bool Cursor::AcceptSymbol(std::string_view symbol) {
  if (!IsSymbol(symbol)) return false;
  Take();
  return true;
}

void Cursor::ExpectSymbol(std::string_view symbol) {
  if (!AcceptSymbol(symbol)) Fail(fmt::format("\"{}\"", symbol));
}

void Cursor::ExpectClose(const Token& open, std::string_view close, std::string_view more) {
  if (AcceptSymbol(close)) return;
  if (AtEnd()) {
    FailAtMisspeltAlias();
    FailAt(open.span.begin, fmt::format("this \"{}\" is not closed", open.text),
           fmt::format("the statement ends at {} without \"{}\"", ToText(here()), close));
  }
  std::string what = more.empty() ? fmt::format("\"{}\"", close) : fmt::format("{} or \"{}\"", more, close);
  if (Peek().kind == TokenKind::kWord && IsClauseWord(Peek().upper)) {
    FailAtMisspeltAlias();
    FailAt(open.span.begin, fmt::format("this \"{}\" is not closed", open.text),
           fmt::format("expected {}, found {}", what, Found()));
  }
  bool starts_another = IsName() || Peek().kind == TokenKind::kString || Peek().kind == TokenKind::kInteger;
  if (more == "\",\"" && starts_another) FailMissingComma(what);
  Fail(what);
}

bool Cursor::IsName() const {
  const Token& token = Peek();
  return token.kind == TokenKind::kQuotedName || (token.kind == TokenKind::kWord && !IsReserved(token.upper));
}

Identifier Cursor::ExpectName(std::string_view what) {
  if (!IsName()) FailName(what);
  const Token& token = Take();
  return {token.text, token.span};
}

Name Cursor::ExpectPath(std::string_view what) {
  Name name = {ExpectName(what)};
  while (IsSymbol(".") && !Peek(1).IsSymbol("*")) {
    Take();
    name.push_back(ExpectName("a name after \".\""));
  }
  return name;
}

std::string Cursor::ExpectString(std::string_view what) {
  if (Peek().kind != TokenKind::kString) Fail(what);
  return Take().text;
}

int Cursor::ExpectInteger(std::string_view what) {
  int value = 0;
  const Token& token = Peek();
  if (token.kind != TokenKind::kInteger) Fail(what);
  auto [end, error] = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
  if (error != std::errc()) FailAt(token.span.begin, fmt::format("the number {} is too large here", token.text));
  Take();
  return value;
}

Identifier Cursor::TakeAlias() {
  alias_index_ = Peek().kind == TokenKind::kWord ? index_ : SIZE_MAX;
  alias_tried_ = tried_;
  const Token& token = Take();
  return {token.text, token.span};
}

std::string Cursor::Found() const {
  const Token& token = Peek();
  switch (token.kind) {
    case TokenKind::kEnd: return "the end of the text";
    case TokenKind::kString: return token.text.size() <= 20 ? fmt::format("the string '{}'", token.text) : "a string";
    case TokenKind::kBinaryString: return "a binary string";
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kApproximate: return fmt::format("the number {}", token.text);
    case TokenKind::kQuotedName: return fmt::format("the name `{}`", token.text);
    case TokenKind::kHintBegin: return "a hint /*+";
    case TokenKind::kHintEnd: return "the end of a hint */";
    case TokenKind::kWord: return token.text;
    case TokenKind::kSymbol: return token.upper == ";" ? "the end of the statement" : fmt::format("\"{}\"", token.text);
  }
  return "";
}

std::string_view Cursor::Nearest(std::string_view word, const std::vector<std::string_view>& tried) const {
  // A reserved word is no slip of the finger, unless it is one of number: TABLES for TABLE. A short word may have one letter wrong.
  bool reserved = IsReserved(word);
  if (word.size() < 2 || (reserved && word.size() < 5)) return {};
  size_t best = reserved || word.size() <= 4 ? 2 : 3;
  std::string_view nearest;
  for (std::string_view keyword : tried) {
    if (keyword == word) return {};
    // The first letter is seldom wrong, but may have changed places with the second.
    if (keyword.front() != word[0] && keyword.front() != word[1]) continue;
    size_t distance = Differences(word, keyword, best);
    if (distance >= best) continue;
    best = distance;
    nearest = keyword;
  }
  return nearest;
}

// FORM in `SELECT a FORM t` was taken for an alias; what follows shows that it was none.
void Cursor::FailAtMisspeltAlias() const {
  if (alias_index_ == SIZE_MAX || alias_index_ + 1 != index_) return;
  const Token& alias = tokens_[alias_index_];
  std::string_view nearest = Nearest(alias.upper, alias_tried_);
  if (nearest.empty()) return;
  FailAt(alias.span.begin, fmt::format("{} is not understood here", alias.text),
         fmt::format("did you mean {}?", nearest));
}

std::string Cursor::Hint(bool name_wanted) const {
  const Token& token = Peek();
  const Token& before = At(index_ == 0 ? 0 : index_ - 1);
  if (before.IsSymbol("=") && token.IsSymbol("=")) return "equality is written with one =";
  if (token.IsSymbol(":") && Peek(1).IsSymbol(":")) return "a cast is written CAST(value AS type)";
  if (before.IsWord("TOP") && token.kind == TokenKind::kInteger)
    return fmt::format("the first rows are asked for at the end of the query: LIMIT {}", token.text);
  const bool clause = token.kind == TokenKind::kWord && IsClauseWord(token.upper);
  // `by INT`: a column's type stands behind it.
  const bool names_something = clause && name_wanted && token.upper != "FROM" && Peek(1).kind == TokenKind::kWord &&
                               IsReserved(Peek(1).upper) && !IsClauseWord(Peek(1).upper);
  if (before.IsSymbol(",") && (token.IsSymbol(")") || (clause && !names_something))) {
    return "is the comma before it one too many?";
  }
  if (token.kind == TokenKind::kWord) {
    std::string_view nearest = Nearest(token.upper, tried_);
    if (!nearest.empty()) return fmt::format("did you mean {}?", nearest);
    if (name_wanted && IsReserved(token.upper) && (!clause || names_something)) {
      return fmt::format("{0} is a reserved word: to use it as a name, write `{0}`", token.text);
    }
  }
  if (token.IsSymbol(")") && closing_.size() > index_ &&
      std::find(closing_.begin(), closing_.begin() + static_cast<ptrdiff_t>(index_), index_) ==
          closing_.begin() + static_cast<ptrdiff_t>(index_)) {
    return "no parenthesis is open here";
  }
  return "";
}

void Cursor::FailMissingComma(std::string_view what) {
  FailAtMisspeltAlias();
  std::string hint = Hint(false);
  FailAt(here(), fmt::format("expected {}, found {}", what, Found()),
         hint.empty() ? "is a comma missing before it?" : hint);
}

void Cursor::Fail(std::string_view what) { Fail(what, false); }
void Cursor::FailName(std::string_view what) { Fail(what, true); }

void Cursor::Fail(std::string_view what, bool name_wanted) {
  FailAtMisspeltAlias();
  FailAt(here(), fmt::format("expected {}, found {}", what, Found()), Hint(name_wanted));
}

void Cursor::FailAt(const Position& at, std::string message, std::string hint) const {
  throw SyntaxError{at, std::move(message), std::move(hint)};
}

Cursor::Level::Level(Cursor& cursor) : cursor_(cursor), outer_(cursor.deepest_) {
  if (cursor.nesting_ >= kMaxNesting) {
    cursor.FailAt(cursor.here(), fmt::format("this is nested more than {} levels deep", kMaxNesting));
  }
  ++cursor.nesting_;
  cursor.deepest_ = 0;
}

Cursor::Level::~Level() {
  --cursor_.nesting_;
  cursor_.deepest_ = std::max(outer_, cursor_.deepest_ + 1);
}

void Cursor::Fold() {
  if (++deepest_ > kMaxTreeDepth) {
    FailAt(here(), fmt::format("this chain has more than {} operations", kMaxTreeDepth),
           "put parts of it in parentheses");
  }
}

}  // namespace thalweg::sql
