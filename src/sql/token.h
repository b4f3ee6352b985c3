// A piece of SQL text: a word, a name in backquotes, a number, a string, a symbol. Every token knows where it stands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::sql {

/// A place in SQL text: byte offset from 0, line and column from 1. Columns count characters, not bytes.
struct Position {
  uint32_t offset = 0;
  uint32_t line = 1;
  uint32_t column = 1;
};

/// From `begin` to the byte before `end`.
struct Span {
  Position begin;
  uint32_t end = 0;
};

enum class TokenKind : uint8_t {
  kWord,          // SELECT, orders: keyword or name, by context
  kQuotedName,    // `order`
  kInteger,       // 42
  kDecimal,       // 4.2
  kApproximate,   // 42E-1
  kString,        // 'text'
  kBinaryString,  // X'CAFE'
  kSymbol,        // ( ) , ; . + - * / % = <> != < <= > >= || => : [ ] { } ? | ^
  kHintBegin,     // /*+
  kHintEnd,       // the */ of a hint
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  std::string text;   // words as written; names and strings without quotes and escapes; hex digits of a binary string
  std::string upper;  // of a word: its text in upper case, to compare with keywords; of a symbol: the symbol

  bool IsWord(std::string_view keyword) const { return kind == TokenKind::kWord && upper == keyword; }
  bool IsSymbol(std::string_view symbol) const { return kind == TokenKind::kSymbol && upper == symbol; }
};

}  // namespace thalweg::sql
