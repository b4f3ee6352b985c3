#include "expr/json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expr/json_number.h"
#include "expr/json_path.h"

namespace thalweg::expr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// As JSON again; "-" if it is none.
std::string Again(std::string_view text) {
  JsonDocument document;
  if (!document.Parse(text)) return "-";
  std::string out;
  AppendJson(document.root(), out);
  return out;
}

std::vector<std::string> Found(std::string_view json, std::string_view path) {
  JsonDocument document;
  EXPECT_TRUE(document.Parse(json));
  auto compiled = JsonPath::Compile(path);
  if (!compiled.ok()) return {compiled.status().message()};
  const JsonPath::Found found = compiled->Find(document.root());
  std::vector<std::string> texts;
  if (found.missing) texts.emplace_back("missing");
  for (const JsonValue value : found.values) AppendJson(value, texts.emplace_back());
  return texts;
}

TEST(JsonDocument, KeepsDigitsAndOrdersKeys) {
  EXPECT_EQ(Again(R"( {"b" : [1.50, -0, 1e2, 123456789012345678901234567890], "a":{}} )"),
            R"({"a":{},"b":[1.50,0,1E+2,123456789012345678901234567890]})");
  EXPECT_EQ(Again(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  EXPECT_EQ(Again(R"(["\u00e9\n\"\\\/", "\ud83d\ude00", "\ud83d", true, false, null, ""])"),
            "[\"\u00e9\\n\\\"\\\\/\",\"\U0001f600\",\"?\",true,false,null,\"\"]");
}

TEST(JsonDocument, TakesNothingElse) {
  for (const char* text : {"",      " ",  "{",  "[1",      "[1,]",      "{\"a\"}", "{\"a\":1,}", "{a:1}",        "'a'",
                           "\"a",   "01", "1.", ".5",      "-",         "+1",      "1e",         "1e9999999999", "tru",
                           "nulll", "1x", "2]", "\"\\x\"", "\"\\u12\"", "\"\n\"",  "NaN"})
    EXPECT_EQ(Again(text), "-") << text;
  EXPECT_EQ(Again(std::string(2000, '[') + std::string(2000, ']')), "-");
  EXPECT_EQ(Again("\"\xff\""), "-");
}

// Flink's reader (Jackson) stops behind the first value.
TEST(JsonDocument, EndsWithItsFirstValue) {
  EXPECT_EQ(Again("1 2"), "1");
  EXPECT_EQ(Again("[1]]"), "[1]");
  EXPECT_EQ(Again("{}x"), "{}");
  EXPECT_EQ(Again("\"a\"b"), "\"a\"");
  EXPECT_EQ(Again("null,"), "null");
}

TEST(JsonDocument, IsReadAgain) {
  JsonDocument document;
  ASSERT_TRUE(document.Parse(R"(["a\tb"])"));
  EXPECT_FALSE(document.Parse("["));
  ASSERT_TRUE(document.Parse("7"));
  EXPECT_EQ(document.root().text(), "7");
}

TEST(JsonNumber, PrintsAsBigDecimal) {
  for (const auto& [text, printed] :
       std::initializer_list<std::pair<const char*, const char*>>{{"19.90", "19.90"},
                                                                  {"1e3", "1E+3"},
                                                                  {"1.5E3", "1.5E+3"},
                                                                  {"0.00000010", "1.0E-7"},
                                                                  {"0.000001", "0.000001"},
                                                                  {"-12.5e-1", "-1.25"},
                                                                  {"0e5", "0E+5"},
                                                                  {"-0.0", "0.0"},
                                                                  {"12e0", "12"}})
    EXPECT_EQ(JsonNumberText(text), printed) << text;
}

TEST(JsonNumber, IsCutToAnInteger) {
  auto integer = [](std::string_view text) { return JsonNumber::Parse(text)->ToInteger(INT64_MIN, INT64_MAX); };
  EXPECT_EQ(integer("5.99"), 5);
  EXPECT_EQ(integer("-5.99"), -5);
  EXPECT_EQ(integer("12e2"), 1200);
  EXPECT_EQ(integer("0.9"), 0);
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("1e999999999"), std::nullopt);
  EXPECT_EQ(JsonNumber::Parse("1x"), std::nullopt);
  EXPECT_EQ(JsonNumber::Parse(" 1"), std::nullopt);
  EXPECT_EQ(JsonNumber::Parse("."), std::nullopt);
}

TEST(JsonPath, FindsWhatItsStepsSay) {
  const char* json = R"({"a":{"b":[10,20,30],"c d":1},"e.f":[{"g":1},{"g":2}],"x":null})";
  EXPECT_THAT(Found(json, "$.a.b[1]"), ElementsAre("20"));
  EXPECT_THAT(Found(json, "STRICT $.a.b[-1]"), ElementsAre("30"));
  EXPECT_THAT(Found(json, "$.a.b[0,2,5]"), ElementsAre("10", "30"));
  EXPECT_THAT(Found(json, "$.a.b[ 1 : ]"), ElementsAre("20", "30"));
  EXPECT_THAT(Found(json, "$.a.b[:-1]"), ElementsAre("10", "20"));
  EXPECT_THAT(Found(json, "$.a['c d']"), ElementsAre("1"));
  EXPECT_THAT(Found(json, "$.[\"e.f\"][0].g"), ElementsAre("1"));
  EXPECT_THAT(Found(json, "$..g"), ElementsAre("1", "2"));
  EXPECT_THAT(Found(json, "$.a.*"), ElementsAre("[10,20,30]", "1"));
  EXPECT_THAT(Found(json, "a.b[9]"), ElementsAre("missing"));
  EXPECT_THAT(Found(json, "$.none[*]"), ElementsAre("missing"));
  EXPECT_THAT(Found(json, "$.x"), ElementsAre("null"));
}

TEST(JsonPath, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Found("1", "$.a[?(@.b)]"), ElementsAre(HasSubstr("Not supported in a JSON path: a filter")));
  EXPECT_THAT(Found("1", "$['a','b']"), ElementsAre(HasSubstr("several names")));
  EXPECT_THAT(Found("1", "$..[0]"), ElementsAre(HasSubstr("..[place]")));
  EXPECT_THAT(Found("1", "$[0:2:2]"), ElementsAre(HasSubstr("a range with steps")));
  EXPECT_THAT(Found("1", "$.a b"), ElementsAre(HasSubstr("has a blank")));
  EXPECT_THAT(Found("1", "$."), ElementsAre("JSON path '$.' ends with a point at 3"));
  EXPECT_THAT(Found("1", ""), ElementsAre(HasSubstr("is empty")));
  EXPECT_THAT(Found("1", "$['a"), ElementsAre(HasSubstr("open quote")));
  EXPECT_THAT(Found("1", "$[]"), ElementsAre(HasSubstr("has no place")));
}

}  // namespace
}  // namespace thalweg::expr
