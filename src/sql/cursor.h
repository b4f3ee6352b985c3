// Where the parser stands among the tokens, and what it has looked for there. Rule: whoever looks for a keyword says so through
// Is or Accept; so a failure knows what would have been right, and tells the nearest of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sql/ast.h"
#include "sql/syntax_error.h"
#include "sql/token.h"

namespace thalweg::sql {

/// Deepest nesting of parentheses, subqueries and types: a level takes up to 10 frames, which fit a stack of 8 MB many times
/// over; texts written by people and programs stay below 20.
constexpr int kMaxNesting = 128;
/// Longest way down a tree, chains such as a + b + c among them: what walks the tree calls itself so often.
constexpr int kMaxTreeDepth = 1000;

class Cursor {
 public:
  explicit Cursor(std::string_view text);

  const Token& Peek(size_t ahead = 0) const;
  const Token& Take();
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd || Peek().IsSymbol(";"); }
  size_t index() const { return index_; }

  // Keywords; `words` may be several: "GROUP BY". Looking at more than the first does not move.
  bool Is(std::string_view words);
  bool IsAny(std::initializer_list<std::string_view> words);
  bool Accept(std::string_view words);
  void Expect(std::string_view words);
  /// As Accept, of "IF EXISTS" or "IF NOT EXISTS"; fails where that is meant and misspelt.
  bool AcceptIf(std::string_view words);
  /// The one of `words` that stands here, taken; fails with "expected <what>".
  size_t ExpectOneOf(std::initializer_list<std::string_view> words, std::string_view what);

  bool IsSymbol(std::string_view symbol) const { return Peek().IsSymbol(symbol); }
  bool AcceptSymbol(std::string_view symbol);
  void ExpectSymbol(std::string_view symbol);
  /// The bracket that closes `open`: ) ] > or }. `more` names what else might stand here: "\",\"".
  void ExpectClose(const Token& open, std::string_view close = ")", std::string_view more = "\",\"");
  /// Index of the token that closes the parenthesis at `index`, or of the end.
  size_t Closing(size_t index) const { return closing_[index]; }
  const Token& At(size_t index) const { return tokens_[std::min(index, tokens_.size() - 1)]; }

  bool IsName() const;  // quoted, or a word that is not reserved
  Identifier ExpectName(std::string_view what);
  Name ExpectPath(std::string_view what);
  std::string ExpectString(std::string_view what);
  int ExpectInteger(std::string_view what);
  /// An alias without AS comes next: remembers what else could have stood here, for `SELECT a FORM t`.
  Identifier TakeAlias();

  Span From(const Position& begin) const { return {begin, last_end_}; }
  const Position& here() const { return Peek().span.begin; }

  /// "expected <what>, found <the next token>", with the best hint there is.
  [[noreturn]] void Fail(std::string_view what);
  /// As Fail where a name was wanted: tells that a reserved word needs backquotes.
  [[noreturn]] void FailName(std::string_view what);
  /// As Fail, in a list: what stands here begins another element.
  [[noreturn]] void FailMissingComma(std::string_view what);
  /// Another message.
  [[noreturn]] void FailAt(const Position& at, std::string message, std::string hint = "") const;
  std::string Found() const;

  /// Counts a level while it lives.
  class Level {
   public:
    explicit Level(Cursor& cursor);
    ~Level();
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Cursor& cursor_;
    int outer_;
  };
  /// What was parsed in this level becomes the child of a new node.
  void Fold();

 private:
  [[noreturn]] void Fail(std::string_view what, bool name_wanted);
  std::string Hint(bool name_wanted) const;
  std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& tried) const;
  void FailAtMisspeltAlias() const;
  void Note(std::string_view words);

  std::vector<Token> tokens_;
  std::vector<size_t> closing_;
  size_t index_ = 0;
  uint32_t last_end_ = 0;
  std::vector<std::string_view> tried_;  // keywords looked for at index_
  size_t alias_index_ = SIZE_MAX;
  std::vector<std::string_view> alias_tried_;
  int nesting_ = 0;
  int deepest_ = 0;  // an upper bound of the depth of what this level has parsed
};

}  // namespace thalweg::sql
