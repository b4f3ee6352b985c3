#include "expr/date_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::expr {
namespace {

using ::testing::HasSubstr;

/// Milliseconds of the local time; -1 if the text does not match.
int64_t Read(std::string_view pattern, std::string_view text) {
  const auto value = DatePattern::Compile(pattern)->Parse(text);
  return value ? value->millis : -1;
}

TEST(DatePattern, ReadsOptionalPartsOrNot) {
  const char* pattern = "yyyy[-MM[-dd]]['T'HH]";
  EXPECT_EQ(Read(pattern, "1970"), 0);
  EXPECT_EQ(Read(pattern, "1970-02"), 31 * 86'400'000LL);
  EXPECT_EQ(Read(pattern, "1970-01-02T03"), 97'200'000);
  EXPECT_EQ(Read(pattern, "1970T03"), 10'800'000);
  EXPECT_EQ(Read(pattern, "1970-01-"), -1);
}

TEST(DatePattern, ReadsOffsetsAsTheirLetters) {
  for (const auto& [letters, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"X", "+08"}, {"X", "+0800"}, {"XX", "+0800"}, {"XXX", "+08:00"}, {"Z", "+0800"}, {"xxx", "+08:00"}}) {
    const auto read = DatePattern::Compile(std::string("HH ") + letters)->ParsePrefix(std::string("09 ") + text);
    ASSERT_TRUE(read) << letters;
    EXPECT_EQ(read->offset_ms, 28'800'000) << letters;
    EXPECT_EQ(read->local.millis, 32'400'000) << letters;
  }
  EXPECT_EQ(DatePattern::Compile("HHX")->ParsePrefix("09Z")->offset_ms, 0);
  EXPECT_FALSE(DatePattern::Compile("HHx")->ParsePrefix("09Z"));
  EXPECT_FALSE(DatePattern::Compile("HHXXX")->ParsePrefix("09+0800"));
}

TEST(DatePattern, PrintsOffsets) {
  auto printed = [](std::string_view pattern, int64_t offset_ms) {
    std::string text;
    DatePattern::Compile(pattern)->Format({}, text, offset_ms);
    return text;
  };
  EXPECT_EQ(printed("X XX XXX Z", -12'600'000), "-0330 -0330 -03:30 -0330");
  EXPECT_EQ(printed("X x Z xxx", 0), "Z +00 +0000 +00:00");
  EXPECT_EQ(printed("HH[:mm]", 0), "00:00");
}

TEST(DatePattern, RefusesBracketsWithoutTheirOther) {
  EXPECT_THAT(DatePattern::Compile("yyyy[").status().message(), HasSubstr("[ without a ]"));
  EXPECT_THAT(DatePattern::Compile("yyyy]").status().message(), HasSubstr("] without a ["));
  EXPECT_THAT(DatePattern::Compile("GGGG").status().message(), HasSubstr("not supported: G"));
}

}  // namespace
}  // namespace thalweg::expr
