// Names of columns that two columns have, and of relations.
#include <gmock/gmock.h>

#include "sql/test_session.h"

namespace thalweg::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NamesTest : public FakeSessionTest {
 protected:
  NamesTest() {
    Run("CREATE TABLE a (id INT, x INT) WITH ('connector' = 'fake');"
        "CREATE TABLE b (id BIGINT, y INT) WITH ('connector' = 'fake');");
  }
  static constexpr std::string_view kTwoIds = "SELECT a.id, b.id FROM a JOIN b ON a.id = b.id";
};

TEST_F(NamesTest, ColumnsOfAResultHaveNamesOfTheirOwn) {
  EXPECT_THAT(ColumnsOf(std::string(kTwoIds)), ElementsAre("id INT", "id0 BIGINT"));
  EXPECT_THAT(ColumnsOf("SELECT id, x AS id, x + 1 AS id FROM a"), ElementsAre("id INT", "id0 INT", "id1 INT"));
  EXPECT_THAT(ColumnsOf("SELECT id, x AS id, x AS id0 FROM a"), ElementsAre("id INT", "id0 INT", "id00 INT"));
  EXPECT_THAT(ColumnsOf("SELECT DISTINCT id, x AS id FROM a"), ElementsAre("id INT", "id0 INT"));
  EXPECT_THAT(ColumnsOf("SELECT id, x AS id FROM a UNION ALL SELECT y, y FROM b"), ElementsAre("id INT", "id0 INT"));
}

TEST_F(NamesTest, TheColumnsOfAStarMayBeNamed) {
  EXPECT_THAT(ColumnsOf("SELECT * FROM a JOIN b ON a.id = b.id"),
              ElementsAre("id INT", "x INT", "id0 BIGINT", "y INT"));
  EXPECT_THAT(ColumnsOf("SELECT id0 FROM (SELECT * FROM a JOIN b ON a.id = b.id)"), ElementsAre("id0 BIGINT"));
  EXPECT_THAT(ColumnsOf("SELECT b.id, a.* FROM a JOIN b ON a.id = b.id"), ElementsAre("id BIGINT", "id0 INT", "x INT"));
  Run("SELECT * FROM a JOIN b ON a.id = b.id ORDER BY id0 LIMIT 1");
  Run("WITH w AS (SELECT * FROM a JOIN b ON a.id = b.id) SELECT id, id0 FROM w");
}

TEST_F(NamesTest, ANameThatTwoColumnsWereGivenIsAmbiguous) {
  const std::string from = fmt::format(" FROM ({}) AS t", kTwoIds);
  EXPECT_THAT(Error("SELECT id" + from), HasSubstr("line 1, column 8: Column 'id' is ambiguous"));
  EXPECT_THAT(Error("SELECT t.id" + from), HasSubstr("Column 'id' is ambiguous"));
  EXPECT_THAT(Error("SELECT id0" + from), HasSubstr("Column 'id0' not found"));
  EXPECT_THAT(Error("SELECT *" + from), HasSubstr("line 1, column 8: Column 'id' is ambiguous"));
  EXPECT_THAT(Error("SELECT t.*" + from), HasSubstr("Column 'id' is ambiguous"));
  EXPECT_THAT(Error(std::string(kTwoIds) + " ORDER BY id"), HasSubstr("line 1, column 57: Column 'id' is ambiguous"));
  EXPECT_THAT(Error("WITH w AS (SELECT a.*, b.id FROM a JOIN b ON a.id = b.id) SELECT x FROM w"),
              HasSubstr("Column has duplicate column name 'id' and no column list specified"));
  EXPECT_THAT(ColumnsOf("SELECT * FROM (SELECT id, x AS id FROM a) AS t (p, q)"), ElementsAre("p INT", "q INT"));
  EXPECT_THAT(Error("SELECT * FROM (SELECT id, x FROM a) AS t (p, p)"),
              HasSubstr("line 1, column 46: Duplicate name 'p' in column alias list"));
}

TEST_F(NamesTest, ATableOfAQueryHasTheNamesOfItsResult) {
  Run(fmt::format("CREATE TABLE both_ids WITH ('connector' = 'fake') AS {}", kTwoIds));
  EXPECT_THAT(FirstColumn("DESCRIBE both_ids"), ElementsAre("id", "id0"));
  Run(fmt::format("CREATE VIEW v AS {}", kTwoIds));
  EXPECT_THAT(ColumnsOf("SELECT id0 FROM v"), ElementsAre("id0 BIGINT"));
}

TEST_F(NamesTest, RelationsOfOneFromHaveDifferentNames) {
  EXPECT_THAT(Error("SELECT 1 FROM a AS t JOIN b AS t ON TRUE"),
              HasSubstr("line 1, column 27: Duplicate relation name 't' in FROM clause"));
  EXPECT_THAT(Error("SELECT 1 FROM a, a"), HasSubstr("Duplicate relation name 'a' in FROM clause"));
  EXPECT_THAT(Error("SELECT 1 FROM a, LATERAL (SELECT y FROM b WHERE b.id = a.id) AS a"),
              HasSubstr("Duplicate relation name 'a' in FROM clause"));
  EXPECT_THAT(Error("SELECT 1 FROM a CROSS JOIN UNNEST(ARRAY[1]) AS a (n)"),
              HasSubstr("Duplicate relation name 'a' in FROM clause"));
  Run("SELECT 1 FROM a WHERE EXISTS (SELECT 1 FROM a WHERE x > 1)");
  Run("SELECT 1 FROM (SELECT 1 FROM a), (SELECT 2 FROM a)");
  // As in Calcite, which looks a name up from the last common table on.
  EXPECT_THAT(ColumnsOf("WITH w AS (SELECT id FROM a), w AS (SELECT id AS p FROM w) SELECT * FROM w"),
              ElementsAre("p INT"));
}

}  // namespace
}  // namespace thalweg::sql
