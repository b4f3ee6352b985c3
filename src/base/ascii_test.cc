#include "base/ascii.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(Ascii, OnlyLettersChange) {
  EXPECT_EQ(AsciiUpper("group_by $1, 'x'"), "GROUP_BY $1, 'X'");
  EXPECT_EQ(AsciiLower("GROUP_BY $1, 'X'"), "group_by $1, 'x'");
  EXPECT_EQ(AsciiUpper(""), "");
}

TEST(Ascii, TheFirstAndTheLastLetterChangeAndTheirNeighboursDoNot) {
  EXPECT_EQ(AsciiUpper("`az{"), "`AZ{");
  EXPECT_EQ(AsciiLower("@AZ["), "@az[");
}

TEST(Ascii, OtherLettersAreLeftAlone) {
  EXPECT_EQ(AsciiUpper("stra\u00dfe \u00e9\u0131"), "STRA\u00dfE \u00e9\u0131");
  EXPECT_EQ(AsciiLower("\u00c4\u0130I"), "\u00c4\u0130i");
  for (int byte = 0x80; byte < 0x100; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(AsciiUpper(c), c);
    EXPECT_EQ(AsciiLower(c), c);
  }
}

TEST(Ascii, ZeroBytesDoNotEndTheText) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(AsciiUpper(text), std::string("A\0B", 3));
}

}  // namespace
}  // namespace thalweg
