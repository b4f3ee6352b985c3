#include "testing/sql_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/values_source.h"
#include "operators/row_operators.h"

namespace thalweg::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::StartsWith;

flow::Registry TestRegistry() {
  flow::Registry registry;
  operators::AddRowOperators(registry);
  registry.AddSource("values", connectors::MakeValuesSource);
  return registry;
}

/// "" if the only case of `text` passes.
std::string Played(const std::string& text) {
  auto tests = ParseSqlTests(text);
  if (!tests.ok()) return tests.status().message();
  EXPECT_EQ(tests->size(), 1u);
  return RunSqlTest(tests->at(0), TestRegistry()).message();
}
std::string ParseFault(const std::string& text) { return ParseSqlTests(text).status().message(); }

constexpr char kClicks[] = R"(=== counts
CREATE TABLE clicks (page STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'test');
SELECT page, COUNT(*) FROM clicks GROUP BY page;
--- input clicks
[/a, 2024-01-01 00:00:01]
[/a, 2024-01-01 00:00:02]
)";

TEST(SqlTestParser, ReadsCasesWithTheirStepsAndLines) {
  auto tests = ParseSqlTests(
      "# a comment\n\n=== one\nSELECT 1;\n\nSELECT 2;\n--- expect ordered t\n+I[1]\n# not a row\n\n-D[1]\n"
      "=== two\n--- time 10 s\n--- time 1970-01-01 00:00:02\n--- watermark t 5\n--- end\n--- restart\n--- "
      "error\nwrong\n");
  ASSERT_TRUE(tests.ok()) << tests.status().message();
  ASSERT_EQ(tests->size(), 2u);
  const SqlTestCase& one = tests->at(0);
  EXPECT_EQ(one.name, "one");
  EXPECT_EQ(one.line, 3);
  EXPECT_EQ(one.sql_line, 4);
  EXPECT_EQ(one.sql, "SELECT 1;\n\nSELECT 2;\n");
  ASSERT_EQ(one.steps.size(), 1u);
  EXPECT_EQ(one.steps[0].kind, SqlTestStep::Kind::kExpectOrdered);
  EXPECT_EQ(one.steps[0].table, "t");
  EXPECT_THAT(one.steps[0].lines, ElementsAre(SqlTestStep::Line{8, "+I[1]"}, SqlTestStep::Line{11, "-D[1]"}));
  const std::vector<SqlTestStep>& steps = tests->at(1).steps;
  ASSERT_EQ(steps.size(), 6u);
  EXPECT_TRUE(steps[0].relative);
  EXPECT_EQ(steps[0].time_ms, 10'000);
  EXPECT_FALSE(steps[1].relative);
  EXPECT_EQ(steps[1].time_ms, 2000);
  EXPECT_EQ(steps[2].time_ms, 5);
  EXPECT_EQ(steps[5].lines[0].text, "wrong");
}

TEST(SqlTestParser, FaultsNameTheirLine) {
  EXPECT_THAT(ParseFault("SELECT 1"), StartsWith("line 1: Before the first case"));
  EXPECT_THAT(ParseFault("--- end"), StartsWith("line 1: Step before the first case"));
  EXPECT_EQ(ParseFault("=== a\nSELECT 1"), "line 1: Case without steps expects nothing: a");
  EXPECT_THAT(ParseFault("=== a\n--- expct"),
              StartsWith("line 2: Unknown step 'expct'; did you mean 'expect'? There are:"));
  EXPECT_THAT(ParseFault("=== a\n--- input"), HasSubstr("needs the name of a table"));
  EXPECT_THAT(ParseFault("=== a\n--- restart now"), HasSubstr("too many words"));
  EXPECT_THAT(ParseFault("=== a\n--- time soon"), HasSubstr("Not a time"));
  EXPECT_THAT(ParseFault("=== a\n--- restart\n[1]"), StartsWith("line 3: The step above takes no lines"));
}

TEST(SqlTest, AQueryGivesTheChangesThatAreExpected) {
  EXPECT_EQ(Played(std::string(kClicks) + "--- expect\n[/a, 1]\n-U[/a, 1]\n+U[/a, 2]\n"
                                          "--- input clicks\n[/b, null]\n--- table\n[/a, 2]\n[/b, 1]\n"),
            "");
}

TEST(SqlTest, WhatDiffersIsShownAtItsLine) {
  const std::string fault = Played(std::string(kClicks) + "--- expect\n+I[/a, 2]\n");
  EXPECT_THAT(fault, StartsWith("line 7: Rows differ\nexpected:\n  +I[/a, 2]\ncame:\n  +I[/a, 1]\n  +U[/a, 2]\n"));
  EXPECT_THAT(Played(std::string(kClicks) + "--- table\n"), HasSubstr("expected:\n  nothing\ncame:\n  [/a, 2]"));
  EXPECT_THAT(Played(std::string(kClicks) + "--- restart\n"),
              StartsWith("line 1: Rows that nothing expects, of the query:"));
  EXPECT_THAT(Played(std::string(kClicks) + "--- expect t\n"), HasSubstr("No statement writes a table 't'"));
  EXPECT_THAT(Played(std::string(kClicks) + "--- input t\n[1]\n"), HasSubstr("No statement reads a table 't'"));
  EXPECT_THAT(Played(std::string(kClicks) + "--- input clicks\n[1]\n"), StartsWith("line 8: 1 values for "));
}

TEST(SqlTest, AStatementThatFailsIsNamedByItsLineInTheFile) {
  EXPECT_THAT(Played("# first\n=== e\n\nSELECT 1;\nSELECT nothing;\n--- expect\n"), StartsWith("line 5: column 8: "));
}

TEST(SqlTest, WindowsFireWithTheWatermarkAndAtTheEnd) {
  EXPECT_EQ(Played(R"(=== windows
CREATE TABLE clicks (page STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'test');
CREATE TABLE counts (starts TIMESTAMP(3), page STRING, c BIGINT) WITH ('connector' = 'test');
INSERT INTO counts SELECT window_start, page, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, page;
--- input clicks
[/a, 2024-01-01 00:00:01]
[/a, 2024-01-01 00:00:10.500]
--- expect counts
--- input clicks
[/a, 2024-01-01 00:00:11]
--- expect counts
[2024-01-01T00:00, /a, 1]
--- end
--- expect counts
[2024-01-01T00:00:10, /a, 2]
)"),
            "");
}

TEST(SqlTest, AnExpectedErrorMustComeAndBeTheOne) {
  EXPECT_EQ(Played("=== e\nSELECT nothing;\n--- error\nnothing\nline 1, column 8\n"), "");
  EXPECT_THAT(Played("=== e\nSELECT nothing;\n--- error\nsomething\n"), StartsWith("line 4: The error is another one"));
  EXPECT_THAT(Played("=== e\nSELECT 1;\n--- error\nx\n"), StartsWith("line 3: Nothing failed"));
}

constexpr char kUpserts[] = R"(=== upserts
CREATE TABLE a (k STRING, v INT) WITH ('connector' = 'test', 'changelog-mode' = 'I,UB,UA,D');
CREATE TABLE sums (k STRING, s INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'test', 'sink-changelog-mode' = 'I,UA,D');
INSERT INTO sums SELECT k, SUM(v) FROM a GROUP BY k;
--- input a
[y, 1]
[x, 2]
[z, 3]
--- table sums
)";

TEST(SqlTest, ATableWithAKeyKeepsTheLastRowOfEach) {
  const std::string upserts = kUpserts;
  EXPECT_EQ(Played(upserts + "[x, 2]\n[y, 1]\n[z, 3]\n--- input a\n[x, 5]\n-D[z, 3]\n--- table sums\n[x, 7]\n[y, 1]\n"),
            "");
  EXPECT_THAT(Played(upserts + "[x, 2]\n[z, 3]\n"), HasSubstr("came:\n  [x, 2]\n  [y, 1]\n  [z, 3]"));
}

TEST(SqlTest, WithoutAKeyEachRowIsTakenBackAsItIs) {
  EXPECT_EQ(Played(R"(=== twice
CREATE TABLE a (k STRING, v INT) WITH ('connector' = 'test');
CREATE TABLE b (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'test', 'sink-changelog-mode' = 'I');
INSERT INTO b SELECT k, v FROM a;
--- input a
[x, 1]
[x, 2]
--- table b
[x, 1]
[x, 2]
)"),
            "");
}

constexpr char kTimes[] = R"(=== times
CREATE TABLE a (t TIMESTAMP(3), d DATE, n INT, r ROW<t TIMESTAMP_LTZ(6)>) WITH ('connector' = 'test');
SELECT * FROM a;
--- input a
[2020-01-01 00:00:00, 2020-01-01, 1, [2020-01-01 00:00:00.000001]]
)";

TEST(SqlTest, ValuesAreComparedByTheirTypesNotAsText) {
  for (const char* row : {"[2020-01-01T00:00, 2020-01-01, 1, +I[2020-01-01T00:00:00.000001Z]]",
                          "[2020-01-01 00:00:00.000, 2020-01-01, 1, [2020-01-01 00:00:00.000001000]]",
                          "+I[2020-01-01 00:00:00, 2020-01-01, 1, [2020-01-01T00:00:00.000001Z]]"})
    for (const char* step : {"--- expect\n", "--- expect ordered\n", "--- table\n"})
      EXPECT_EQ(Played(std::string(kTimes) + step + row + "\n"), "") << step << row;
  // What the type cannot hold is another value, and numbers are written as they are printed.
  for (const char* row : {"[2020-01-01 00:00:00.0000001, 2020-01-01, 1, [2020-01-01 00:00:00.000001]]",
                          "[2020-01-01 00:00:00, 2020-01-01, 1.5, [2020-01-01 00:00:00.000001]]"})
    EXPECT_THAT(Played(std::string(kTimes) + "--- table\n" + row + "\n"), HasSubstr("Rows differ")) << row;
}

TEST(SqlTest, ChangesComeInAndGoOut) {
  EXPECT_EQ(Played(R"(=== changes
CREATE TABLE a (k STRING, v INT) WITH ('connector' = 'test', 'changelog-mode' = 'I,UB,UA,D');
SELECT SUM(v) FROM a;
--- input a
+I[x, 1]
+I[y, 2]
-D[x, 1]
--- table
[2]
)"),
            "");
}

}  // namespace
}  // namespace thalweg::testing
