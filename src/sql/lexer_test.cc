#include "sql/lexer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include "sql/keywords.h"
#include "sql/syntax_error.h"

namespace thalweg::sql {
namespace {

// kind:text of all tokens but the last.
std::string Kinds(std::string_view text) {
  static constexpr const char* kNames[] = {"word", "name", "int",  "dec",     "approx", "str",
                                           "bin",  "sym",  "hint", "endhint", "end"};
  std::string all;
  for (const Token& token : Tokenize(text)) {
    if (token.kind == TokenKind::kEnd) break;
    all += (all.empty() ? "" : " ") + std::string(kNames[static_cast<size_t>(token.kind)]) + ":" + token.text;
  }
  return all;
}

TEST(Lexer, NumbersAreIntegersDecimalsOrApproximate) {
  EXPECT_EQ(Kinds("1 1.5 .5 1. 1e5 1.5E-3"), "int:1 dec:1.5 dec:.5 dec:1. approx:1e5 approx:1.5E-3");
}

TEST(Lexer, AQuoteInAStringIsWrittenTwice) {
  EXPECT_EQ(Kinds("'it''s' ''"), "str:it's str:");
  EXPECT_EQ(Kinds("`a``b`"), "name:a`b");
}

TEST(Lexer, UnicodeAndEscapedStringsAreDecoded) {
  EXPECT_EQ(Kinds("U&'\\00e4\\\\'"), "str:ä\\");
  EXPECT_EQ(Kinds("U&'!+01F600' UESCAPE '!'"), "str:😀");
  EXPECT_EQ(Kinds("U&'\\D83D\\DE00' _UTF8'ä''' _utf-16le'b' _x _UTF8 'c'"),
            "str:😀 str:ä' str:b word:_x word:_UTF8 str:c");
  EXPECT_EQ(Kinds("E'a\\n\\'b'"), "str:a\n'b");
  EXPECT_EQ(Kinds("x'cafe'"), "bin:CAFE");
}

TEST(Lexer, CommentsAreSkippedAndHintsAreNot) {
  EXPECT_EQ(Kinds("a -- b\n/* c; */ d // e"), "word:a word:d");
  EXPECT_EQ(Kinds("t /*+ OPTIONS */"), "word:t hint:/*+ word:OPTIONS endhint:*/");
  EXPECT_EQ(Kinds("2*/**/3"), "int:2 sym:* int:3");
}

TEST(Lexer, SymbolsOfTwoCharactersAreOneToken) {
  EXPECT_EQ(Kinds("a<=b<>c!=d=>e||f"), "word:a sym:<= word:b sym:<> word:c sym:!= word:d sym:=> word:e sym:|| word:f");
}

TEST(Lexer, PositionsCountLinesAndCharacters) {
  std::vector<Token> tokens = Tokenize("'ä' b\n  c");
  EXPECT_EQ(ToText(tokens[1].span.begin), "line 1, column 5");
  EXPECT_EQ(tokens[1].span.begin.offset, 5u);
  EXPECT_EQ(ToText(tokens[2].span.begin), "line 2, column 3");
}

TEST(Keywords, ReservedWordsAreSortedAndFlinks) {
  std::span<const std::string_view> words = ReservedWords();
  EXPECT_TRUE(std::is_sorted(words.begin(), words.end()));
  for (const char* word : {"SELECT", "VALUE", "USER", "TIMESTAMP", "DAY", "BYTES", "CATALOGS", "BITMAP"})
    EXPECT_TRUE(IsReserved(word));
  for (const char* word : {"NAME", "TYPE", "DATA", "IF", "MODEL", "PLAN", "YEARS", "MAP"})
    EXPECT_FALSE(IsReserved(word));
  EXPECT_TRUE(IsReservedFunction("COUNT"));
  EXPECT_TRUE(IsReservedFunction("LEFT"));
  EXPECT_FALSE(IsReservedFunction("WHERE"));
}

}  // namespace
}  // namespace thalweg::sql
