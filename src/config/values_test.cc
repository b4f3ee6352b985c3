#include "config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace thalweg::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(ParseDuration, TakesEveryUnitOfFlink) {
  EXPECT_EQ(*ParseDuration("424562ms"), 424562ms);
  EXPECT_EQ(*ParseDuration("  5   s "), 5s);
  EXPECT_EQ(*ParseDuration("1234"), 1234ms) << "a bare number is milliseconds";
  for (const char* text :
       {"3d", "3 day", "3 DAYS", "72h", "72 hours", "4320 min", "4320m", "4320minutes", "P3D", "pt72h"}) {
    EXPECT_EQ(*ParseDuration(text), 72h) << text;
  }
  for (const char* text : {"2s", "2sec", "2 secs", "2 Seconds", "2000 millis", "2000000 µs", "2000000us",
                           "2000000 micros", "2000000000nanos"}) {
    EXPECT_EQ(*ParseDuration(text), 2s) << text;
  }
}

TEST(ParseDuration, TakesIso8601) {
  EXPECT_EQ(*ParseDuration("PT1M30.5S"), 90500ms);
  EXPECT_EQ(*ParseDuration("P1DT2H3M4S"), 24h + 2h + 3min + 4s);
  EXPECT_EQ(*ParseDuration("PT0.000000001S"), 1ns);
  for (const char* text : {"P", "PT", "P1", "P1M", "PT1D", "PT1S1S", "PT1S1M", "P1DT", "PT1.5M", "PT.5S",
                           "PT1.0000000001S", "P1D2H", "PX"}) {
    EXPECT_THAT(ParseDuration(text).status().message(), HasSubstr("Not an ISO-8601 duration")) << text;
  }
}

TEST(ParseDuration, RefusesWithTheFormToWrite) {
  EXPECT_EQ(ParseDuration("fast").status().message(), "Not a duration: 'fast'; write for example '10 s' or '500 ms'");
  EXPECT_EQ(ParseDuration("5 parsecs").status().message(),
            "Unknown unit 'parsecs' of a duration: '5 parsecs'; write for example '10 s' or '500 ms'");
  EXPECT_EQ(ParseDuration("1000000 d").status().message(), "Too large for a duration: '1000000 d'");
  for (const char* text : {"", " ", "-5 s", "s", "99999999999999999999 s"})
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(ParseMemorySize, CountsInPowersOf1024) {
  EXPECT_EQ(ParseMemorySize("1234")->bytes, 1234u);
  EXPECT_EQ(ParseMemorySize("12 b")->bytes, 12u);
  for (const char* text : {"667k", "667 kb", "667 KiBiBytes"})
    EXPECT_EQ(ParseMemorySize(text)->bytes, 667u << 10) << text;
  for (const char* text : {"64m", "64 MB", "64mebibytes"}) EXPECT_EQ(ParseMemorySize(text)->bytes, 64u << 20) << text;
  EXPECT_EQ(ParseMemorySize("3 gb")->bytes, 3ull << 30);
  EXPECT_EQ(ParseMemorySize("3t")->bytes, 3ull << 40);
}

TEST(ParseMemorySize, RefusesWithTheFormToWrite) {
  EXPECT_EQ(ParseMemorySize("big").status().message(), "Not a memory size: 'big'; write for example '64 mb' or '4 gb'");
  EXPECT_THAT(ParseMemorySize("16 gjah").status().message(), HasSubstr("Unknown unit 'gjah'"));
  EXPECT_THAT(ParseMemorySize("9223372036854775807 kb").status().message(), HasSubstr("Too large"));
  for (const char* text : {"", "-1", "1.5 gb"}) EXPECT_FALSE(ParseMemorySize(text).ok()) << text;
}

TEST(ParseScalars, TakeAndRefuse) {
  EXPECT_TRUE(*ParseBoolean("TRUE"));
  EXPECT_FALSE(*ParseBoolean(" false "));
  EXPECT_EQ(ParseBoolean("yes").status().message(), "Not a boolean: 'yes'; write 'true' or 'false'");
  EXPECT_EQ(*ParseInteger(" -17 "), -17);
  EXPECT_EQ(*ParseInteger("+17"), 17);
  EXPECT_EQ(*ParseInteger("infinite"), 2147483647);
  EXPECT_THAT(ParseInteger("9223372036854775808").status().message(), HasSubstr("Too large for an integer"));
  for (const char* text : {"", "1.5", "4 ", "four", "0x10", "1 2"})
    EXPECT_EQ(ParseInteger(text).ok(), std::string(text) == "4 ") << text;
  EXPECT_EQ(*ParseDouble("1.5"), 1.5);
  for (const char* text : {"", "nan", "inf", "1,5", "1.5x"}) EXPECT_FALSE(ParseDouble(text).ok()) << text;
}

TEST(ParseList, QuotesKeepSeparators) {
  EXPECT_THAT(*ParseList("a;b ; c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*ParseList("'A;B';C"), ElementsAre("A;B", "C"));
  EXPECT_THAT(*ParseList(R"("AB'D";B;C)"), ElementsAre("AB'D", "B", "C"));
  EXPECT_THAT(*ParseList(R"("AB'""D;B";C)"), ElementsAre("AB'\"D;B", "C"));
  EXPECT_THAT(*ParseList("a;;b;"), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(*ParseList(""), ElementsAre());
  EXPECT_EQ(ParseList("'a;b").status().message(), "Quote is not closed: ''a;b'");
  EXPECT_THAT(ParseList("'a'b").status().message(), HasSubstr("Text after a closing quote"));
  EXPECT_THAT(ParseList("a'b'").status().message(), HasSubstr("Quote inside an unquoted part"));
}

TEST(ParseMap, SplitsEntriesAndKeys) {
  EXPECT_THAT(*ParseMap("k:v, k2 : v2"), ElementsAre(Pair("k", "v"), Pair("k2", "v2")));
  EXPECT_THAT(*ParseMap("url:http://host:80"), ElementsAre(Pair("url", "http://host:80")));
  EXPECT_THAT(*ParseMap("'k:''v,w''',x:"), ElementsAre(Pair("k", "v,w"), Pair("x", "")));
  EXPECT_EQ(ParseMap("k:v,w").status().message(), "Not a map entry: 'w' in 'k:v,w'; write 'key:value,key2:value2'");
  EXPECT_THAT(ParseMap("k:1,k:2").status().message(), HasSubstr("Map key given twice: 'k'"));
  EXPECT_FALSE(ParseMap(":v").ok());
}

TEST(FormatValues, AreReadBackAsTheSame) {
  EXPECT_EQ(FormatDuration(90s), "90 s");
  EXPECT_EQ(FormatDuration(0s), "0 ms");
  EXPECT_EQ(FormatMemorySize({64u << 20}), "64 mb");
  EXPECT_EQ(FormatMemorySize({1}), "1 bytes");
  Random random(5);
  constexpr std::string_view kAlphabet = "ab ;,:'\"\t";
  auto word = [&] {
    std::string text(random.Below(5), ' ');
    for (char& c : text) c = kAlphabet[random.Below(kAlphabet.size())];
    return text;
  };
  for (int round = 0; round < 3000; ++round) {
    Duration duration(static_cast<int64_t>(random.Next() >> (1 + random.Below(60))));
    EXPECT_EQ(*ParseDuration(FormatDuration(duration)), duration);
    MemorySize size{random.Next() >> (1 + random.Below(60))};
    EXPECT_EQ(*ParseMemorySize(FormatMemorySize(size)), size);
    StringList list(random.Below(4));
    for (std::string& part : list) part = word();
    EXPECT_EQ(*ParseList(FormatList(list)), list) << FormatList(list);
    StringMap map;
    for (uint64_t i = random.Below(4); i > 0; --i) map["k" + word()] = word();
    auto parsed = ParseMap(FormatMap(map));
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    EXPECT_EQ(*parsed, map) << FormatMap(map);
  }
}

}  // namespace
}  // namespace thalweg::config
