#include "sql/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/test_session.h"

namespace thalweg::sql {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class SessionTest : public FakeSessionTest {
 protected:
  SessionTest() {
    Run("CREATE TABLE clicks (page STRING, who BIGINT, ts TIMESTAMP(3), p AS PROCTIME(), WATERMARK FOR ts AS ts - "
        "INTERVAL '1' SECOND)"
        " WITH ('connector' = 'fake');"
        "CREATE TABLE users (id BIGINT, name STRING, since TIMESTAMP(3), WATERMARK FOR since AS since, PRIMARY KEY "
        "(id) NOT ENFORCED)"
        " WITH ('connector' = 'fake', 'changes' = 'upsert');"
        "CREATE TABLE appends (k STRING, n BIGINT) WITH ('connector' = 'fake');"
        "CREATE TABLE upserts (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'changes' "
        "= 'upsert');"
        "CREATE TABLE changes (k STRING, n BIGINT) WITH ('connector' = 'fake', 'changes' = 'retract');");
  }

  std::string Explain(const std::string& query) { return FirstColumn("EXPLAIN " + query).at(0); }
};

TEST_F(SessionTest, TablesAreCreatedShownDescribedAndDropped) {
  EXPECT_THAT(FirstColumn("SHOW TABLES"), ElementsAre("appends", "changes", "clicks", "upserts", "users"));
  EXPECT_THAT(FirstColumn("SHOW TABLES LIKE 'u%'"), ElementsAre("upserts", "users"));
  const StatementResult described = Run("DESCRIBE clicks");
  EXPECT_THAT(
      std::get<Rows>(described.outcome).rows,
      ElementsAre(
          ElementsAre("page", "STRING", "TRUE", "<NULL>", "<NULL>", "<NULL>"),
          ElementsAre("who", "BIGINT", "TRUE", "<NULL>", "<NULL>", "<NULL>"),
          ElementsAre("ts", "TIMESTAMP(3) *ROWTIME*", "TRUE", "<NULL>", "<NULL>", HasSubstr("INTERVAL '1' SECOND")),
          ElementsAre("p", "TIMESTAMP_LTZ(3) *PROCTIME*", "FALSE", "<NULL>", "AS PROCTIME()", "<NULL>")));
  Run("DROP TABLE appends; DROP TABLE IF EXISTS appends; CREATE DATABASE d; USE d; CREATE VIEW v AS SELECT 1 AS a");
  EXPECT_THAT(FirstColumn("SHOW TABLES"), ElementsAre("v"));
  EXPECT_THAT(FirstColumn("SHOW CURRENT DATABASE"), ElementsAre("d"));
  EXPECT_THAT(Error("DROP TABLE v"), HasSubstr("it is a view"));
  Run("DROP TABLE IF EXISTS v; DROP VIEW IF EXISTS default_database.clicks");  // as in Flink, neither is there as such
  EXPECT_THAT(FirstColumn("SHOW TABLES"), ElementsAre("v"));
}

TEST_F(SessionTest, WhatSetChangesResetRestores) {
  Run("SET 'parallelism.default' = '3'");
  EXPECT_EQ(session_->config().entries().at("parallelism.default").text, "3");
  Run("RESET 'parallelism.default'");
  EXPECT_FALSE(session_->config().Has("parallelism.default"));
  EXPECT_THAT(Error("SET 'paralelism.default' = '3'"), HasSubstr("parallelism.default"));
}

TEST_F(SessionTest, NamesThatMeanNothingAreFoundWithTheNearest) {
  EXPECT_EQ(Error("SELECT pag FROM clicks"),
            "line 1, column 8: Column 'pag' not found in any table\n  SELECT pag FROM clicks\n         ^\ndid you mean "
            "page?");
  EXPECT_THAT(Error("SELECT c.pages FROM clicks AS c"), HasSubstr("Column 'pages' not found in table 'c'"));
  EXPECT_THAT(Error("SELECT * FROM click"), HasSubstr("did you mean 'clicks'?"));
  EXPECT_THAT(Error("SELECT page FROM clicks AS a, clicks AS b"), HasSubstr("Column 'page' is ambiguous"));
  EXPECT_THAT(Error("SELECT FOO(page) FROM clicks"), HasSubstr("FOO"));
}

TEST_F(SessionTest, GroupsAreHeldApartFromRows) {
  EXPECT_THAT(Error("SELECT page, who FROM clicks GROUP BY page"),
              HasSubstr("line 1, column 14: Expression 'who' is not being grouped"));
  EXPECT_THAT(Error("SELECT page FROM clicks WHERE COUNT(*) > 1"),
              HasSubstr("Aggregate function COUNT is not allowed in WHERE"));
  EXPECT_THAT(
      Error("SELECT TUMBLE_START(ts, INTERVAL '2' SECOND) FROM clicks GROUP BY TUMBLE(ts, INTERVAL '1' SECOND)"),
      HasSubstr("another window"));
  EXPECT_THAT(Error("SELECT COUNT(*) FROM clicks GROUP BY TUMBLE(who, INTERVAL '1' SECOND)"),
              HasSubstr("needs a time attribute"));
}

TEST_F(SessionTest, ConditionsOfACommaJoinBecomeItsKeysAndFiltersBelowIt) {
  const std::string plan = Explain("SELECT page, name FROM clicks, users WHERE who = id AND page <> 'x'");
  EXPECT_THAT(plan, HasSubstr("Join(type=[inner], on=[who = id])"));
  EXPECT_THAT(plan, HasSubstr("where=[<>($0, 'x')]"));
  EXPECT_THAT(plan, HasSubstr("ChangelogNormalize <- "));
}

TEST_F(SessionTest, ExplainShowsChangesAndKeysAndWarnsOfStateThatGrows) {
  const std::string plan =
      FirstColumn("EXPLAIN CHANGELOG_MODE SELECT page, COUNT(*) AS n FROM clicks GROUP BY page").at(0);
  EXPECT_THAT(
      plan,
      HasSubstr("GroupAggregate(groupBy=[page], select=[COUNT(*)]), changelogMode=[I,UB,UA], upsertKeys=[{page}]"));
  // A sink of upserts asks for no -U; a filter of what changes needs it all the same.
  const auto counts_of = [this](const std::string& having) {
    return FirstColumn("EXPLAIN CHANGELOG_MODE INSERT INTO upserts SELECT page, COUNT(*) FROM clicks GROUP BY page " +
                       having)
        .at(0);
  };
  EXPECT_THAT(counts_of(""), HasSubstr("GroupAggregate(groupBy=[page], select=[COUNT(*)]), changelogMode=[I,UA], "));
  EXPECT_THAT(counts_of("HAVING COUNT(*) < 9"),
              HasSubstr("GroupAggregate(groupBy=[page], select=[COUNT(*)]), changelogMode=[I,UB,UA], "));
  EXPECT_THAT(
      plan,
      HasSubstr(
          "State that grows without bound: GroupAggregate(groupBy=[page], select=[COUNT(*)]) keeps state for every "
          "value of page that ever comes"));
  EXPECT_THAT(Explain("SELECT c.page FROM clicks c JOIN appends a ON c.page = a.k"),
              HasSubstr("keeps every row of both inputs"));
  const std::string windowed =
      "SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, "
      "window_end";
  EXPECT_THAT(Explain(windowed), Not(HasSubstr("without bound")));
  EXPECT_THAT(FirstColumn("EXPLAIN PLAN_ADVICE " + windowed).at(0), HasSubstr("No available advice"));
  Run("SET 'table.exec.state.ttl' = '1 d'");
  EXPECT_THAT(Explain("SELECT page, COUNT(*) FROM clicks GROUP BY page"), Not(HasSubstr("without bound")));
  EXPECT_THAT(FirstColumn("EXPLAIN JSON_EXECUTION_PLAN SELECT page FROM clicks").at(0), HasSubstr("\"nodes\""));
}

TEST_F(SessionTest, TheParallelismOfQueriesComesBeforeThatOfJobs) {
  const auto plan = [&] {
    return FirstColumn("EXPLAIN JSON_EXECUTION_PLAN SELECT page FROM clicks GROUP BY page").at(0);
  };
  Run("SET 'parallelism.default' = '3'");
  EXPECT_THAT(plan(), HasSubstr("\"parallelism\": 3,"));
  Run("SET 'table.exec.resource.default-parallelism' = '2'");
  EXPECT_THAT(plan(), AllOf(HasSubstr("\"parallelism\": 2,"), Not(HasSubstr("\"parallelism\": 3"))));
  Run("SET 'table.exec.resource.default-parallelism' = '-1'");
  EXPECT_THAT(plan(), HasSubstr("\"parallelism\": 3,"));
}

TEST_F(SessionTest, ARowNumberWithABoundIsARank) {
  const std::string plan = Explain(
      "SELECT page, who FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY page ORDER BY who DESC) AS n FROM clicks) "
      "WHERE n <= 3");
  EXPECT_THAT(plan, HasSubstr("Rank(partitionBy=[page], orderBy=[who DESC], from=1, to=3)"));
  EXPECT_THAT(plan, HasSubstr(": Rank <- "));
  EXPECT_THAT(plan, Not(HasSubstr("OverAggregate")));
}

TEST_F(SessionTest, TheFirstOrLastRowByTimeIsADeduplication) {
  EXPECT_THAT(Explain("SELECT page FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY page ORDER BY ts) AS n FROM clicks) "
                      "WHERE n = 1"),
              HasSubstr(": Deduplicate <- "));
}

TEST_F(SessionTest, GroupsOfAWindowFunctionNeedNoRowPerWindow) {
  const std::string plan = Explain(
      "SELECT page, COUNT(*) FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '10' SECOND)) "
      "GROUP BY page, window_start, window_end");
  EXPECT_THAT(
      plan,
      HasSubstr("WindowAggregate(groupBy=[page], select=[COUNT(*)], window=[HOP(size 10000 ms, slide 1000 ms)])"));
  EXPECT_THAT(plan, Not(HasSubstr("WindowTableFunction")));
}

TEST_F(SessionTest, AJoinThatBoundsTheDistanceOfTimesIsAnIntervalJoin) {
  EXPECT_THAT(Explain("SELECT a.page FROM clicks a JOIN clicks b ON a.page = b.page AND a.ts BETWEEN b.ts - INTERVAL "
                      "'1' MINUTE AND b.ts"),
              HasSubstr("IntervalJoin(type=[inner], on=[page = page], within=[-60000 ms, 0 ms])"));
}

TEST_F(SessionTest, ExplainShowsTheFrameOfOverAndTheKeysOfATemporalJoin) {
  auto over = [&](const std::string& frame) {
    return Explain("SELECT COUNT(*) OVER (PARTITION BY page ORDER BY ts " + frame + ") FROM clicks");
  };
  EXPECT_THAT(over(""), HasSubstr("window=[RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW]"));
  EXPECT_THAT(over("ROWS BETWEEN 3 PRECEDING AND CURRENT ROW"),
              HasSubstr("window=[ROWS BETWEEN 3 PRECEDING AND CURRENT ROW]"));
  EXPECT_THAT(over("RANGE BETWEEN INTERVAL '2' SECOND PRECEDING AND CURRENT ROW"),
              HasSubstr("window=[RANGE BETWEEN 2000 ms PRECEDING AND CURRENT ROW]"));
  Run("CREATE TABLE rates (k STRING, r INT, since TIMESTAMP(3), WATERMARK FOR since AS since, PRIMARY KEY (k) NOT "
      "ENFORCED) "
      "WITH ('connector' = 'fake', 'changes' = 'upsert')");
  EXPECT_THAT(Explain("SELECT page, r FROM clicks LEFT JOIN rates FOR SYSTEM_TIME AS OF ts ON page = k AND r > 1"),
              HasSubstr("TemporalJoin(type=[left], on=[page = k], asOf=[ts], where=[>("));
}

TEST_F(SessionTest, ASinkGetsTheChangesThatItTakes) {
  EXPECT_THAT(Error("INSERT INTO appends SELECT page, COUNT(*) FROM clicks GROUP BY page"),
              HasSubstr("takes inserts only"));
  auto before = [&](const std::string& sink) {
    const StatementResult result =
        Run(fmt::format("INSERT INTO {} SELECT page, COUNT(*) FROM clicks GROUP BY page", sink));
    for (const graph::Edge& edge : std::get<JobToRun>(result.outcome).graph.edges)
      if (edge.changelog != graph::ChangelogMode::kAppend) return edge.changelog == graph::ChangelogMode::kRetract;
    return false;
  };
  EXPECT_TRUE(before("changes"));
  EXPECT_FALSE(before("upserts"));
}

TEST_F(SessionTest, AFilterOnWhatAnUpdateChangesSeesTheRowAsItWasToo) {
  auto mode = [&](const std::string& condition) {
    const StatementResult result = Run(fmt::format(
        "INSERT INTO upserts SELECT page, n FROM (SELECT page, COUNT(*) AS n FROM clicks GROUP BY page) WHERE {}",
        condition));
    for (const graph::Edge& edge : std::get<JobToRun>(result.outcome).graph.edges)
      if (edge.changelog != graph::ChangelogMode::kAppend) return edge.changelog;
    return graph::ChangelogMode::kAppend;
  };
  EXPECT_EQ(mode("n < 10"), graph::ChangelogMode::kRetract);
  EXPECT_EQ(mode("page <> 'x'"), graph::ChangelogMode::kUpsert);
}

TEST_F(SessionTest, AnInsertNamesWhatDoesNotFit) {
  EXPECT_THAT(Error("INSERT INTO appends SELECT page FROM clicks"), HasSubstr("Different number of columns"));
  EXPECT_THAT(Error("INSERT INTO appends SELECT page, ts FROM clicks"),
              HasSubstr("Incompatible types for sink column 'n' at position 2"));
  EXPECT_THAT(Error("INSERT INTO appends (x) SELECT page FROM clicks"), HasSubstr("Unknown target column 'x'"));
  EXPECT_THAT(Error("INSERT INTO upserts (n) SELECT who FROM clicks"), HasSubstr("Column 'k' has no default value"));
  Run("INSERT INTO appends (k) SELECT page FROM clicks");
}

TEST_F(SessionTest, AGraphIsValidAndItsUidsDependOnWhatItDoesAlone) {
  auto graph = [&] {
    const StatementResult result = Run("INSERT INTO changes SELECT page, COUNT(*) FROM clicks GROUP BY page");
    return std::get<JobToRun>(result.outcome).graph;
  };
  EXPECT_EQ(graph::Encode(graph()), graph::Encode(graph()));
  EXPECT_EQ(graph().name, "insert-into_default_catalog.default_database.changes");
}

TEST_F(SessionTest, StateIsFoundAgainByTheNamesOfTablesWhateverTheirOptionsSay) {
  auto uids = [&](const std::string& table, const std::string& place, const std::string& sink_place) {
    Run("CREATE TABLE " + table + " (k STRING, n BIGINT) WITH ('connector' = 'fake', 'place' = '" + place + "');" +
        "CREATE TABLE sums (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'changes' = "
        "'upsert', 'place' = '" +
        sink_place + "');");
    StatementResult result = Run("INSERT INTO sums SELECT k, SUM(n) FROM " + table + " GROUP BY k;");
    Run("DROP TABLE sums; DROP TABLE " + table + ";");
    std::vector<std::string> found;
    for (const graph::Node& node : std::get<JobToRun>(result.outcome).graph.nodes) found.push_back(node.uid);
    return found;
  };
  const std::vector<std::string> before = uids("events", "here", "there");
  EXPECT_EQ(uids("events", "elsewhere", "beyond"), before);
  const std::vector<std::string> other = uids("others", "here", "there");
  ASSERT_EQ(other.size(), before.size());
  for (size_t i = 0; i < other.size(); ++i) EXPECT_NE(other[i], before[i]);
}

TEST_F(SessionTest, TablesThatCannotBeAreRefused) {
  EXPECT_THAT(Error("CREATE TABLE t (a INT, a STRING) WITH ('connector' = 'fake')"),
              HasSubstr("A column named 'a' already exists"));
  EXPECT_THAT(Error("CREATE TABLE t (a INT, WATERMARK FOR a AS a) WITH ('connector' = 'fake')"),
              HasSubstr("Invalid data type of time field"));
  EXPECT_THAT(Error("CREATE TABLE t (a INT, PRIMARY KEY (a)) WITH ('connector' = 'fake')"), HasSubstr("NOT ENFORCED"));
  EXPECT_THAT(Error("CREATE TABLE bare (a INT); SELECT * FROM bare"), HasSubstr("has no connector"));
  EXPECT_THAT(Error("CREATE TABLE t (a INT) WITH ('connector' = 'fakes'); SELECT * FROM t"), HasSubstr("fake"));
}

TEST_F(SessionTest, ATableLikeAnotherHasItsColumnsAndOptions) {
  Run("CREATE TABLE more (extra INT) WITH ('x' = 'y') LIKE clicks");
  EXPECT_THAT(FirstColumn("DESCRIBE more"), ElementsAre("page", "who", "ts", "p", "extra"));
  const std::string text = FirstColumn("SHOW CREATE TABLE more").at(0);
  EXPECT_THAT(text, HasSubstr("'connector' = 'fake'"));
  EXPECT_THAT(text, HasSubstr("'x' = 'y'"));
  EXPECT_THAT(text, HasSubstr("WATERMARK FOR `ts`"));
}

TEST_F(SessionTest, ATableLikeAPartOfAnotherKeepsWhatItsExpressionsMean) {
  Run("CREATE TABLE full_table (m BIGINT METADATA, a BIGINT, ts TIMESTAMP(3), d AS a * 2, WATERMARK FOR ts AS ts) WITH "
      "('connector' = 'fake');"
      "CREATE TABLE part WITH ('connector' = 'fake') LIKE full_table (EXCLUDING METADATA)");
  EXPECT_THAT(FirstColumn("DESCRIBE part"), ElementsAre("a", "ts", "d"));
  const TablePtr part = session_->catalog().FindTable({"default_catalog", "default_database", "part"});
  EXPECT_EQ(expr::InputsOf(*part->columns[2].computed), std::vector<int>{0});
  EXPECT_EQ(part->watermark->column, 1);
  EXPECT_EQ(expr::InputsOf(part->watermark->expression), std::vector<int>{1});
  Run("CREATE TABLE needy (m BIGINT METADATA, d AS m * 2) WITH ('connector' = 'fake')");
  EXPECT_THAT(Error("CREATE TABLE less WITH ('connector' = 'fake') LIKE needy (EXCLUDING METADATA)"),
              HasSubstr("LIKE leaves out column 'm', which d needs"));
}

TEST_F(SessionTest, RowsReachASinkByItsKeyWhateverStandsBeforeIt) {
  Run("CREATE TABLE keyed (c AS n + 1, n BIGINT, k STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', "
      "'changes' = 'upsert')");
  const StatementResult result = Run("INSERT INTO keyed SELECT COUNT(*), page FROM clicks GROUP BY page");
  EXPECT_THAT(std::get<JobToRun>(result.outcome).graph.edges.back().key_columns, ElementsAre(1));
}

TEST_F(SessionTest, ColumnsOfUsingComeInItsOrder) {
  Run("CREATE VIEW both_views AS SELECT * FROM (VALUES (1, 2, 3)) AS l(a, b, x) JOIN (VALUES (1, 2, 4)) AS r(a, b, y) "
      "USING (b, a)");
  EXPECT_THAT(FirstColumn("DESCRIBE both_views"), ElementsAre("b", "a", "x", "y"));
}

}  // namespace
}  // namespace thalweg::sql
