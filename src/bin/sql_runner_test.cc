#include "bin/sql_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bin/sql_shell.h"
#include "bin/statement_runner.h"
#include "io/temporary_folder.h"
#include "sql/parser.h"

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

TEST(SqlRunner, FieldsInAFileHaveTheTablesNames) {
  io::TemporaryFolder folder;
  const std::string text = fmt::format(
      "CREATE TABLE p (r ROW<x INT, y STRING>, l ARRAY<ROW<z INT>>) WITH ('connector' = 'filesystem', 'path' = '{}', "
      "'format' = 'json');\n"
      "INSERT INTO p SELECT ROW(a, b), ARRAY[ROW(a)] FROM (VALUES (1, 'u')) AS t(a, b);\n"
      "SELECT p.r.x, p.r.y, l[1].z FROM p;",
      folder.path());
  Ran ran = RunText(text, cli::OutputFormat::kCsv);
  ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
  EXPECT_EQ(ran.out, "op,x,y,z\n+I,1,u,1\n");
}

// In one bundle, which ends with the input: local aggregates in two tasks, and a global one that merges what both say.
TEST(SqlRunner, MiniBatchesFoldInFrontOfAnExchange) {
  Ran ran = RunText(
      "SET 'parallelism.default' = '2'; SET 'table.exec.mini-batch.enabled' = 'true';\n"
      "SET 'table.exec.mini-batch.allow-latency' = '10 d'; SET 'table.exec.mini-batch.size' = '1000000';\n"
      "CREATE TABLE ids (id BIGINT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence', 'fields.id.start' = "
      "'0', 'fields.id.end' = '9999');\n"
      "SELECT MOD(id, 3) AS k, COUNT(*) AS n, SUM(id) AS s FROM ids GROUP BY MOD(id, 3);",
      cli::OutputFormat::kCsv);
  ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
  for (const char* line : {"op,k,n,s\n", "+I,0,3334,16668333\n", "+I,1,3333,16661667\n", "+I,2,3333,16665000\n"})
    EXPECT_THAT(ran.out, HasSubstr(line));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 4) << ran.out;
}

TEST(SqlRunner, AJobThatFailsBesideTheScriptIsToldAtItsStatement) {
  const Ran ran = RunText(
      "SET 'table.dml-sync' = 'false';\nCREATE TABLE sink (a INT) WITH ('connector' = 'blackhole');\n"
      "INSERT INTO sink SELECT CAST(s AS INT) FROM (VALUES ('x'), ('1')) AS t(s);\nSHOW CATALOGS;");
  EXPECT_THAT(ran.status.message(),
              ::testing::StartsWith("jobs/clicks.sql:3:1: Job 'insert-into_default_catalog.default_database.sink': "));
  EXPECT_THAT(ran.status.message(), HasSubstr("Cannot cast 'x' to INT, in CAST("));
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

TEST(SqlRunner, AnInsertPrintsMinusOneForEachOfItsTables) {
  const std::string tables =
      "CREATE TABLE a (x INT) WITH ('connector' = 'blackhole'); CREATE TABLE b (x INT) WITH ('connector' = "
      "'blackhole');";
  EXPECT_EQ(
      "\n" +
          RunText(tables + "EXECUTE STATEMENT SET BEGIN INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); END;").out,
      R"(
OK
OK
+------------------------------------+------------------------------------+
| default_catalog.default_database.a | default_catalog.default_database.b |
+------------------------------------+------------------------------------+
|                                 -1 |                                 -1 |
+------------------------------------+------------------------------------+
1 row in set
)");
  EXPECT_EQ(RunText(tables + "INSERT INTO a VALUES (1);", cli::OutputFormat::kCsv).out, "");
}

TEST(SqlRunner, AnInsertThatNeverEndsDoesNotHoldUpTheStatementsBehindIt) {
  const std::string script =
      "CREATE TABLE n (x INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1');"
      "CREATE TABLE b (x INT) WITH ('connector' = 'blackhole');"
      "INSERT INTO b SELECT x FROM n;"
      "SHOW JOBS;"
      "SELECT 1 AS a;"
      "QUIT;";
  auto statements = sql::ParseScript(script);
  std::FILE* file = std::tmpfile();
  {
    StatementRunner runner({.out = file});
    for (const sql::ParsedStatement& statement : *statements) ASSERT_TRUE(runner.Execute(statement, script).ok());
    EXPECT_TRUE(runner.quit());
  }  // what still runs is stopped
  std::rewind(file);
  std::string out(4096, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), file));
  std::fclose(file);
  EXPECT_THAT(out, HasSubstr("| insert-into_default_catalog.default_database.b | RUNNING |"));
  EXPECT_THAT(out, HasSubstr("| +I |           1 |"));
}

TEST(SqlRunner, TheWidthOfColumnsIsFlinksOption) {
  EXPECT_THAT(RunText("SET 'table.display.max-column-width' = '10'; SELECT 'a text of many letters' AS a;").out,
              HasSubstr("| +I | a text ... |"));
}

TEST(SqlRunner, AFileIsATable) {
  io::TemporaryFolder folder;
  std::FILE* csv = std::fopen((folder.path() + "/a.csv").c_str(), "w");
  std::fputs("id,name\n1,x\n2,\n", csv);
  std::fclose(csv);
  EXPECT_EQ(
      RunText(fmt::format("SELECT id + 1 AS i, name FROM '{}/a.csv';", folder.path()), cli::OutputFormat::kCsv).out,
      "op,i,name\n+I,2,x\n+I,3,\n");
  EXPECT_THAT(RunText("SELECT * FROM '/nowhere/a.csv';").status.message(),
              HasSubstr("There is no file /nowhere/a.csv"));
  EXPECT_THAT(
      RunText(fmt::format("SELECT * FROM '{}/a.csv' AS t JOIN '{}/b.txt' AS u ON TRUE;", folder.path(), folder.path()))
          .status.message(),
      HasSubstr("There is no file"));
}

TEST(SqlRunner, AvroFilesAreWrittenAndRead) {
  io::TemporaryFolder folder;
  for (const char* codec : {"null", "deflate", "zstandard"}) {
    const std::string text = fmt::format(
        "CREATE TABLE t (a INT, s STRING, l ARRAY<INT>, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = "
        "'{}/{}', 'format' = 'avro', "
        "'avro.codec' = '{}');"
        "INSERT INTO t VALUES (1, 'x', ARRAY[1, 2], TIMESTAMP '2024-01-31 10:00:00.123'), (2, CAST(NULL AS STRING), "
        "ARRAY[3], TIMESTAMP '1969-01-01 "
        "00:00:00');"
        "SELECT * FROM t;",
        folder.path(), codec, codec);
    Ran ran = RunText(text, cli::OutputFormat::kJsonl);
    ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
    EXPECT_EQ(ran.out,
              "{\"op\":\"+I\",\"a\":1,\"s\":\"x\",\"l\":[1,2],\"ts\":\"2024-01-31 10:00:00.123\"}\n"
              "{\"op\":\"+I\",\"a\":2,\"s\":null,\"l\":[3],\"ts\":\"1969-01-01 00:00:00\"}\n");
  }
  EXPECT_THAT(RunText("CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '/x', 'format' = 'avro', "
                      "'avro.codec' = 'xz'); SELECT * FROM t;")
                  .status.message(),
              HasSubstr("those that are: null, deflate, zstandard"));
}

TEST(SqlShellInput, IsWholeAtASemicolonThatEndsAStatement) {
  for (const char* whole : {"SELECT 1;", "SELECT ';' ;", "quit", "HELP", "SELECT 1; -- ;",
                            "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END;", "BEGIN STATEMENT SET;", "@;"})
    EXPECT_TRUE(IsWholeInput(whole)) << whole;
  for (const char* open : {"SELECT 1", "SELECT ';", "SELECT 1 -- ;", "/* ;",
                           "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;", "SELECT `a;"})
    EXPECT_FALSE(IsWholeInput(open)) << open;
}

TEST(SqlRunner, AScriptThatCannotBeReadIsAnError) {
  EXPECT_THAT(ReadSqlScript("/nowhere/x.sql").status().message(),
              HasSubstr("Cannot read the script /nowhere/x.sql: No such file"));
}

TEST(SqlRunner, AByteOrderMarkBeforeAScriptIsNoPartOfIt) {
  io::TemporaryFolder folder;
  const std::string file = folder.path() + "/marked.sql";
  std::ofstream(file) << "\xEF\xBB\xBFSELECT 1;";
  EXPECT_EQ(ReadSqlScript(file)->text, "SELECT 1;");
}

TEST(PlaceInFile, IsWhereACompilerSaysIt) {
  EXPECT_EQ(PlaceInFile("line 2, column 6: expected a table", "a.sql"), "a.sql:2:6: expected a table");
  EXPECT_EQ(PlaceInFile("lines are missing", "a.sql"), "a.sql: lines are missing");
}

}  // namespace
}  // namespace thalweg::bin
