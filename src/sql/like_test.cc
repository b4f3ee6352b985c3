// CREATE TABLE ... LIKE: what is merged, overwritten and refused.
#include <gmock/gmock.h>

#include "sql/test_session.h"

namespace thalweg::sql {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LikeTest : public FakeSessionTest {
 protected:
  LikeTest() {
    Run("CREATE TABLE base (id INT, n INT, m BIGINT METADATA FROM 'offset', twice AS n * 2, of_m AS m + 1, "
        "ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND, PRIMARY KEY (id) NOT ENFORCED) "
        "PARTITIONED BY (n) WITH ('connector' = 'fake', 'x' = '1')");
  }
  std::string Like(const std::string& elements, const std::string& merge, const std::string& rest = "") {
    return fmt::format("CREATE TABLE t ({}) {} LIKE base ({})", elements, rest, merge);
  }
  std::string Created() { return FirstColumn("SHOW CREATE TABLE t").at(0); }
};

TEST_F(LikeTest, AComputedColumnIsOverwrittenInItsPlace) {
  Run(Like("twice AS n * 20", "OVERWRITING GENERATED"));
  EXPECT_THAT(FirstColumn("DESCRIBE t"), ElementsAre("id", "n", "m", "twice", "of_m", "ts"));
  EXPECT_THAT(Created(), HasSubstr("`twice` AS `n` * 20"));
}

TEST_F(LikeTest, WhatReadsAnOverwrittenMetadataColumnHasItsType) {
  Run(Like("m INT METADATA FROM 'partition' VIRTUAL", "OVERWRITING METADATA"));
  EXPECT_THAT(Created(), AllOf(HasSubstr("`m` INT METADATA FROM 'partition' VIRTUAL"), HasSubstr("`of_m` AS `m` + 1")));
  const TablePtr table = session_->catalog().FindTable({"default_catalog", "default_database", "t"});
  EXPECT_EQ(table->columns[4].type.ToString(), "INT") << "of of_m";
  EXPECT_THAT(Error(Like("m DATE METADATA", "OVERWRITING METADATA").replace(13, 1, "u")),
              HasSubstr("LIKE brings what does not fit the columns here: Operator + does not take DATE and INT"));
}

TEST_F(LikeTest, AnOverwrittenTimeKeepsItsWatermark) {
  Run("CREATE TABLE made (a BIGINT, ts AS TO_TIMESTAMP_LTZ(a, 3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH "
      "('connector' = 'fake');"
      "CREATE TABLE t (ts AS CAST(TO_TIMESTAMP_LTZ(a, 0) AS TIMESTAMP(3))) LIKE made (OVERWRITING GENERATED)");
  EXPECT_THAT(ColumnsOf("SELECT ts FROM t"), ElementsAre("ts TIMESTAMP(3)"));
  Run("SELECT COUNT(*) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)");
}

TEST_F(LikeTest, ColumnsAreOverwrittenByTheirKindOnly) {
  EXPECT_THAT(Error(Like("n INT", "")),
              HasSubstr("line 1, column 17: A column named 'n' already exists in the base table."));
  EXPECT_THAT(
      Error(Like("n AS 1", "OVERWRITING GENERATED")),
      HasSubstr("A column named 'n' already exists in the base table. Computed columns can only overwrite other "
                "computed columns."));
  EXPECT_THAT(Error(Like("twice INT METADATA", "OVERWRITING METADATA")),
              HasSubstr("Metadata columns can only overwrite other metadata columns."));
  EXPECT_THAT(Error(Like("twice AS n * 3", "")),
              HasSubstr("A generated column named 'twice' already exists in the base table. You might want to specify "
                        "EXCLUDING GENERATED or OVERWRITING GENERATED."));
  EXPECT_THAT(Error(Like("m INT METADATA", "INCLUDING ALL")),
              HasSubstr("A metadata column named 'm' already exists in the base table. You might want to specify "
                        "EXCLUDING METADATA or OVERWRITING METADATA."));
  EXPECT_THAT(Error(Like("twice AS n, twice AS id", "OVERWRITING GENERATED")),
              HasSubstr("A column named 'twice' already exists in the table"));
  Run(Like("twice AS n * 3", "EXCLUDING GENERATED"));
  EXPECT_THAT(FirstColumn("DESCRIBE t"), ElementsAre("id", "n", "m", "ts", "twice"));
}

TEST_F(LikeTest, ASecondWatermarkOrKeyIsRefused) {
  const std::string watermark = "WATERMARK FOR ts AS ts";
  EXPECT_THAT(
      Error(Like(watermark, "")),
      HasSubstr("line 1, column 17: There already exists a watermark spec for column 'ts' in the base table. You "
                "might want to specify EXCLUDING WATERMARKS or OVERWRITING WATERMARKS."));
  EXPECT_THAT(Error(Like("u TIMESTAMP(3), WATERMARK FOR u AS u", "OVERWRITING WATERMARKS")),
              AllOf(HasSubstr("Multiple watermark definitions are not supported yet."),
                    HasSubstr("EXCLUDING WATERMARKS leaves it out")));
  EXPECT_THAT(Error(Like("PRIMARY KEY (n) NOT ENFORCED", "")),
              HasSubstr("The base table already has a primary key. You might want to specify EXCLUDING CONSTRAINTS."));
  Run(Like(watermark + ", PRIMARY KEY (n) NOT ENFORCED", "EXCLUDING CONSTRAINTS OVERWRITING WATERMARKS"));
  EXPECT_THAT(Created(),
              AllOf(HasSubstr("WATERMARK FOR `ts` AS `ts`,\n"), HasSubstr("PRIMARY KEY (`n`) NOT ENFORCED")));
  Run("DROP TABLE t; " + Like("u TIMESTAMP(3), WATERMARK FOR u AS u", "EXCLUDING WATERMARKS"));
}

TEST_F(LikeTest, OptionsGivenTwiceAreTheOwnOnesUnlessTheyAreIncluded) {
  Run(Like("k INT", "", "WITH ('x' = '2')"));
  EXPECT_THAT(Created(), HasSubstr("'x' = '2'"));
  EXPECT_THAT(Error(Like("k INT", "INCLUDING OPTIONS", "WITH ('x' = '2')").replace(13, 1, "u")),
              HasSubstr("There already exists an option ['x' -> '1'] in the base table. You might want to specify "
                        "EXCLUDING OPTIONS or OVERWRITING OPTIONS."));
  EXPECT_THAT(Error(Like("k INT", "INCLUDING ALL", "WITH ('x' = '2')").replace(13, 1, "u")),
              HasSubstr("There already exists an option"));
  Run(Like("k INT", "INCLUDING ALL OVERWRITING OPTIONS", "WITH ('x' = '2')").replace(13, 1, "u"));
}

TEST_F(LikeTest, PartitionsViewsAndFeaturesAreRefusedAsInFlink) {
  EXPECT_THAT(
      Error(Like("k INT", "", "PARTITIONED BY (k)")),
      HasSubstr("The base table already has partitions defined. You might want to specify EXCLUDING PARTITIONS."));
  EXPECT_THAT(Error(Like("k INT", "INCLUDING OPTIONS EXCLUDING OPTIONS")),
              HasSubstr("Each like option feature can be declared only once."));
  EXPECT_THAT(
      Error("CREATE VIEW v AS SELECT id FROM base; CREATE TABLE t LIKE v"),
      HasSubstr("Source table '`default_catalog`.`default_database`.`v`' of the LIKE clause can not be a VIEW"));
}

}  // namespace
}  // namespace thalweg::sql
