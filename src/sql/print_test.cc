#include "sql/print.h"

#include <gtest/gtest.h>

#include "sql/parser.h"

namespace thalweg::sql {
namespace {

TEST(PrintPlain, HasTheParenthesesThatAreNeeded) {
  for (const auto& [text, plain] : std::vector<std::pair<std::string, std::string>>{
           {"ts - INTERVAL '5' SECOND", "`ts` - INTERVAL '5' SECOND"},
           {"proctime()", "PROCTIME()"},
           {"coalesce(a, 'x')", "COALESCE(`a`, 'x')"},
           {"(a + b) * c", "(`a` + `b`) * `c`"},
           {"a + b * c", "`a` + `b` * `c`"},
           {"a - (b - c)", "`a` - (`b` - `c`)"},
           {"a - b - c", "`a` - `b` - `c`"},
           {"(a OR b) AND NOT (c OR d)", "(`a` OR `b`) AND NOT (`c` OR `d`)"},
           {"(a = b) IS NULL", "`a` = `b` IS NULL"},
           {"a = (b IS NULL)", "`a` = (`b` IS NULL)"},
           {"a BETWEEN 1 AND b + 1", "`a` BETWEEN 1 AND `b` + 1"},
           {"- (a + b)", "- (`a` + `b`)"},
           {"a IN (1, b OR c)", "`a` IN (1, (`b` OR `c`))"},
           {"`my f`(1)", "`my f`(1)"},
           {"CASE WHEN a THEN b + 1 ELSE c END", "CASE WHEN `a` THEN `b` + 1 ELSE `c` END"}}) {
    auto expr = ParseExpression(text);
    ASSERT_TRUE(expr.ok()) << text;
    EXPECT_EQ(PrintPlain(**expr), plain);
    auto again = ParseExpression(plain);
    ASSERT_TRUE(again.ok()) << plain << ": " << again.status().message();
    // Names of functions are in capitals now; else the tree is the same.
    EXPECT_EQ(PrintPlain(**again), plain);
  }
}

}  // namespace
}  // namespace thalweg::sql
