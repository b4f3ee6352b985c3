#include "bin/sql_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace thalweg::bin {
namespace {

using ::testing::HasSubstr;

struct Ran {
  std::string out;
  Status status;
};

Ran RunText(const std::string& text, cli::OutputFormat output = cli::OutputFormat::kTable) {
  std::FILE* file = std::tmpfile();
  Ran ran;
  ran.status = RunSql({.text = text, .file = "jobs/clicks.sql", .output = output}, {}, {}, file);
  std::rewind(file);
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) ran.out.append(buffer, n);
  std::fclose(file);
  return ran;
}

TEST(SqlRunner, PrintsTheChangesOfAQueryAsFlinkDoes) {
  Ran ran = RunText("SELECT name, COUNT(*) AS c FROM (VALUES ('alice'), ('bob'), ('alice')) AS t(name) GROUP BY name;");
  ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
  EXPECT_EQ("\n" + ran.out, R"(
+----+--------------------------------+----------------------+
| op |                           name |                    c |
+----+--------------------------------+----------------------+
| +I |                          alice |                    1 |
| +I |                            bob |                    1 |
| -U |                          alice |                    1 |
| +U |                          alice |                    2 |
+----+--------------------------------+----------------------+
4 rows in set
)");
}

TEST(SqlRunner, RunsStatementsInOrderAndAnInsertToItsEnd) {
  io::TemporaryFolder folder;
  const std::string text = fmt::format(
      "CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'json');\n"
      "INSERT INTO t VALUES (1, 'x'), (2, CAST(NULL AS STRING));\n"
      "SELECT a + 1 AS a, b FROM t;",
      folder.path());
  Ran ran = RunText(text, cli::OutputFormat::kCsv);
  ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
  EXPECT_EQ(ran.out, "op,a,b\n+I,2,x\n+I,3,\n");
}

TEST(SqlRunner, TheFirstFaultEndsTheScriptWithItsPlaceInTheFile) {
  Ran ran = RunText("SHOW CURRENT CATALOG;\nSELECT a\nFROM nowhere;\nSHOW CATALOGS;");
  EXPECT_THAT(ran.status.message(), ::testing::StartsWith("jobs/clicks.sql:3:6: "));
  EXPECT_THAT(ran.status.message(), HasSubstr("FROM nowhere;\n       ^"));
  EXPECT_THAT(ran.out, HasSubstr("current catalog name"));
  EXPECT_THAT(ran.out, ::testing::EndsWith("1 row in set\n"));
  EXPECT_EQ(ran.out.find("row in set"), ran.out.rfind("row in set")) << "SHOW CATALOGS did not run";
  EXPECT_THAT(RunText("SELECT 1;\nSELEC 2").status.message(), ::testing::StartsWith("jobs/clicks.sql:2:1: "));
  EXPECT_EQ(RunText("SELECT 1;\nSELEC 2").out, "") << "a script that does not parse does nothing";
}

TEST(SqlRunner, AStatementWithoutRowsSaysOkInATableOnly) {
  const std::string text = "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');";
  EXPECT_EQ(RunText(text).out, "OK\n");
  EXPECT_EQ(RunText(text, cli::OutputFormat::kJsonl).out, "");
}

TEST(SqlRunner, ARunTimeFaultNamesItsStatement) {
  Ran ran = RunText(
      "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '/nowhere/at/all', 'format' = 'json');\n"
      "SELECT * FROM t;");
  EXPECT_THAT(ran.status.message(), ::testing::StartsWith("jobs/clicks.sql:2:1: "));
}

TEST(SqlRunner, AScriptThatCannotBeReadIsAnError) {
  EXPECT_THAT(ReadSqlScript("/nowhere/x.sql").status().message(),
              HasSubstr("Cannot read the script /nowhere/x.sql: No such file"));
}

TEST(PlaceInFile, IsWhereACompilerSaysIt) {
  EXPECT_EQ(PlaceInFile("line 2, column 6: expected a table", "a.sql"), "a.sql:2:6: expected a table");
  EXPECT_EQ(PlaceInFile("lines are missing", "a.sql"), "a.sql: lines are missing");
}

}  // namespace
}  // namespace thalweg::bin
