// Views while the catalog changes under them: a view keeps its query and the columns of when it was made, and nothing of what it reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/test_session.h"

namespace thalweg::sql {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ViewsTest : public FakeSessionTest {
 protected:
  ViewsTest() {
    Run("CREATE TABLE t (a INT, b INT) WITH ('connector' = 'fake');"
        "CREATE TABLE u (a INT, c INT) WITH ('connector' = 'fake')");
  }
};

TEST_F(ViewsTest, AMissingTableIsToldWithTheViewAndThePlaceOfItsUse) {
  Run("CREATE VIEW v AS SELECT * FROM t; DROP TABLE t");
  const std::string told =
      "line 1, column 15: In view `default_catalog`.`default_database`.`v`: Object 't' not found in "
      "default_catalog.default_database";
  EXPECT_THAT(Error("SELECT a FROM v"), AllOf(HasSubstr("line 1, column 15: In view"), HasSubstr("SELECT a FROM v\n")));
  EXPECT_THAT(Error("SELECT a FROM  v"), HasSubstr("line 1, column 16"));
  EXPECT_THAT(Error("SELECT a FROM v"), HasSubstr(told));
  EXPECT_THAT(Error("EXPLAIN SELECT * FROM v"), HasSubstr("Object 't' not found"));
  EXPECT_THAT(Error("TABLE v"), HasSubstr("Object 't' not found"));
  // Inside WITH and a subquery, which the binder leaves by the same error.
  EXPECT_THAT(Error("WITH w AS (SELECT * FROM u), x AS (SELECT * FROM v) SELECT * FROM w, x"), HasSubstr("Object 't'"));
  EXPECT_THAT(Error("SELECT (SELECT MAX(a) FROM v), COUNT(*) FROM u GROUP BY c"), HasSubstr("Object 't'"));
  Run("CREATE TABLE t (a INT, b INT) WITH ('connector' = 'fake')");
  EXPECT_THAT(ColumnsOf("SELECT * FROM v"), ElementsAre("a INT", "b INT"));
}

TEST_F(ViewsTest, AViewOverADroppedViewNamesBoth) {
  Run("CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; DROP VIEW v");
  EXPECT_THAT(Error("SELECT * FROM w"), HasSubstr("In view `default_catalog`.`default_database`.`w`: Object 'v'"));
  Run("CREATE VIEW v AS SELECT a FROM t; DROP TABLE t");
  EXPECT_THAT(Error("SELECT * FROM w"), HasSubstr("In view `default_catalog`.`default_database`.`w`: In view "
                                                  "`default_catalog`.`default_database`.`v`: Object 't' not found"));
}

TEST_F(ViewsTest, ADroppedDatabaseOrCatalogIsAMissingTable) {
  Run("CREATE DATABASE d; CREATE TABLE d.s (a INT) WITH ('connector' = 'fake'); CREATE VIEW v AS SELECT * FROM d.s");
  Run("DROP DATABASE d CASCADE");
  EXPECT_THAT(Error("SELECT * FROM v"), HasSubstr("Database 'd' does not exist in catalog 'default_catalog'"));
  Run("CREATE CATALOG k WITH ('type' = 'generic_in_memory'); CREATE TABLE k.`default`.s (a INT) WITH ('connector' = "
      "'fake'); CREATE VIEW w AS SELECT * FROM k.`default`.s; DROP CATALOG k");
  EXPECT_THAT(Error("SELECT * FROM w"), HasSubstr("Catalog 'k' does not exist"));
}

TEST_F(ViewsTest, RenamedAndDroppedColumnsAreMissingWhereTheViewReadsThem) {
  Run("CREATE VIEW v AS SELECT * FROM t; CREATE VIEW only_a AS SELECT a FROM t; ALTER TABLE t DROP b");
  EXPECT_THAT(Error("SELECT a FROM v"), HasSubstr("`v`: Column 'b' not found in any table"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM only_a"), ElementsAre("a INT"));
  Run("ALTER TABLE t RENAME a TO q");
  EXPECT_THAT(Error("SELECT * FROM only_a"), HasSubstr("`only_a`: Column 'a' not found in any table"));
  Run("ALTER TABLE t RENAME TO t2");
  EXPECT_THAT(Error("SELECT * FROM only_a"), HasSubstr("Object 't' not found"));
}

TEST_F(ViewsTest, AStarStandsForTheColumnsOfWhenTheViewWasMade) {
  Run("CREATE VIEW v AS SELECT * FROM t; CREATE VIEW named (x, y) AS TABLE t;"
      "CREATE VIEW both_sides AS SELECT t.*, l.* FROM t JOIN u AS l ON t.a = l.a;"
      "CREATE VIEW joined AS SELECT * FROM t JOIN u USING (a);"
      "CREATE VIEW inside AS SELECT * FROM (SELECT * FROM t UNION ALL SELECT * FROM u) AS q (m, n);"
      "CREATE VIEW sub AS SELECT a FROM t WHERE (a, b) IN (SELECT * FROM u)");
  Run("ALTER TABLE t ADD (z STRING FIRST, c INT); ALTER TABLE u ADD (b STRING FIRST, d INT)");
  EXPECT_THAT(ColumnsOf("SELECT * FROM v"), ElementsAre("a INT", "b INT"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM named"), ElementsAre("x INT", "y INT"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM both_sides"), ElementsAre("a INT", "b INT", "a0 INT", "c INT"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM joined"), ElementsAre("a INT", "b INT", "c INT"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM inside"), ElementsAre("m INT", "n INT"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM sub"), ElementsAre("a INT"));
  Run("CREATE VIEW v2 AS SELECT * FROM t");
  EXPECT_THAT(ColumnsOf("SELECT * FROM v2"), ElementsAre("z STRING", "a INT", "b INT", "c INT"));
  Run("ALTER VIEW v AS SELECT * FROM t");
  EXPECT_THAT(ColumnsOf("SELECT * FROM v"), ElementsAre("z STRING", "a INT", "b INT", "c INT"));
}

TEST_F(ViewsTest, AColumnOfAnotherTypeIsCastToThatOfTheView) {
  Run("CREATE VIEW v AS SELECT a FROM t; ALTER TABLE t MODIFY a BIGINT");
  EXPECT_THAT(ColumnsOf("SELECT * FROM v"), ElementsAre("a INT"));
  Run("ALTER TABLE t MODIFY a ARRAY<INT>");
  EXPECT_THAT(Error("SELECT * FROM v"), HasSubstr("Column 'a' of view `default_catalog`.`default_database`.`v` was "
                                                  "made as INT, its query gives ARRAY<INT> now"));
}

TEST_F(ViewsTest, AViewNeverReadsItself) {
  Run("CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT * FROM v");
  EXPECT_THAT(Error("ALTER VIEW v AS SELECT * FROM v"),
              HasSubstr("line 1, column 31: View `default_catalog`.`default_database`.`v` refers to itself"));
  EXPECT_THAT(Error("ALTER VIEW v AS SELECT * FROM w"),
              HasSubstr("In view `default_catalog`.`default_database`.`w`: View "
                        "`default_catalog`.`default_database`.`v` refers to itself"));
  EXPECT_THAT(Error("CREATE TEMPORARY VIEW v AS SELECT * FROM w"), HasSubstr("refers to itself"));
  EXPECT_THAT(Error("CREATE TEMPORARY VIEW t AS SELECT * FROM t"), HasSubstr("refers to itself"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM w"), ElementsAre("a INT"));  // nothing of it has changed them
  // Names may come to mean others later: that is found where the view is used.
  Run("DROP TABLE t; ALTER VIEW v RENAME TO t");
  EXPECT_THAT(Error("SELECT * FROM t"), HasSubstr("refers to itself"));
}

TEST_F(ViewsTest, ViewsInViewsEndSomewhere) {
  Run("CREATE VIEW v0 AS SELECT a FROM t");
  for (int i = 1; i < 64; ++i) Run(fmt::format("CREATE VIEW v{} AS SELECT * FROM v{}", i, i - 1));
  EXPECT_THAT(ColumnsOf("SELECT * FROM v63"), ElementsAre("a INT"));
  EXPECT_THAT(Error("CREATE VIEW v64 AS SELECT * FROM v63; SELECT * FROM v64"), HasSubstr("more than 64 deep"));
}

TEST_F(ViewsTest, TheirTimesAreToldThatOnlyTheRulesFind) {
  Run("CREATE TABLE times (k INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'fake');"
      "CREATE VIEW near AS SELECT a.k, b.ts FROM times AS a JOIN times AS b ON a.k = b.k AND a.ts BETWEEN b.ts AND "
      "b.ts;"
      "CREATE VIEW far AS SELECT a.k, b.ts FROM times AS a JOIN times AS b ON a.k = b.k");
  const auto time_of = [&](const std::string& view) {
    const auto described = Try("DESCRIBE " + view);
    EXPECT_TRUE(described.ok()) << described.status().ToString();
    return described.ok() ? std::get<Rows>(described->outcome).rows.at(1).at(1) : "";
  };
  EXPECT_EQ(time_of("near"), "TIMESTAMP(3) *ROWTIME*");
  EXPECT_EQ(time_of("far"), "TIMESTAMP(3)");
}

TEST_F(ViewsTest, ASecondColumnOfANameGetsANumber) {
  Run("CREATE VIEW v AS SELECT a, b AS a, a AS a0 FROM t");
  EXPECT_THAT(ColumnsOf("SELECT * FROM v"), ElementsAre("a INT", "a0 INT", "a00 INT"));
}

}  // namespace
}  // namespace thalweg::sql
