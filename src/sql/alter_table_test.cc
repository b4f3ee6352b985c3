// ALTER TABLE, CREATE TABLE AS, catalogs and databases: what SHOW CREATE and DESCRIBE say afterwards, and Flink's words for what cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/test_session.h"

namespace thalweg::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AlterTest : public FakeSessionTest {
 protected:
  AlterTest() {
    Run("CREATE TABLE orders (`user` BIGINT NOT NULL, product VARCHAR(32), amount INT, ts TIMESTAMP(3), ptime AS "
        "PROCTIME(), "
        "twice AS amount * 2, PRIMARY KEY (`user`) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '1' SECONDS) "
        "WITH ('connector' = 'datagen')");
  }
  std::vector<std::vector<std::string>> RowsOf(const std::string& script) {
    return std::get<Rows>(Run(script).outcome).rows;
  }
};

TEST_F(AlterTest, ATableIsShownAsFlinkShowsIt) {
  EXPECT_EQ(FirstColumn("SHOW CREATE TABLE orders").at(0),
            R"(CREATE TABLE `default_catalog`.`default_database`.`orders` (
  `user` BIGINT NOT NULL,
  `product` VARCHAR(32),
  `amount` INT,
  `ts` TIMESTAMP(3),
  `ptime` AS PROCTIME(),
  `twice` AS `amount` * 2,
  WATERMARK FOR `ts` AS `ts` - INTERVAL '1' SECOND,
  CONSTRAINT `PK_user` PRIMARY KEY (`user`) NOT ENFORCED
)
WITH (
  'connector' = 'datagen'
)
)");
}

TEST_F(AlterTest, ColumnsAreAddedWhereTheyAreWanted) {
  Run("ALTER TABLE orders ADD (email STRING NOT NULL AFTER `user`, clean AS COALESCE(product, 'x') AFTER product, id "
      "BIGINT FIRST, z INT)");
  EXPECT_THAT(FirstColumn("DESCRIBE orders"),
              ElementsAre("id", "user", "email", "product", "clean", "amount", "ts", "ptime", "twice", "z"));
  EXPECT_THAT(FirstColumn("SHOW CREATE TABLE orders").at(0), HasSubstr("`clean` AS COALESCE(`product`, 'x'),"));
  EXPECT_THAT(FirstColumn("SHOW CREATE TABLE orders").at(0), HasSubstr("`email` VARCHAR(2147483647) NOT NULL,"));
  EXPECT_THAT(Error("ALTER TABLE orders ADD product STRING FIRST"),
              HasSubstr("Column `product` already exists in the table."));
  EXPECT_THAT(Error("ALTER TABLE orders ADD y INT AFTER nowhere"),
              HasSubstr("Referenced column `nowhere` by 'AFTER' does not exist in the table."));
  EXPECT_THAT(Error("ALTER TABLE orders ADD y AS nowhere + 1"), HasSubstr("nowhere"));
}

TEST_F(AlterTest, ColumnsWatermarkAndKeyAreModified) {
  Run("ALTER TABLE orders MODIFY (WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE, ts TIMESTAMP(3) NOT NULL FIRST, "
      "product STRING)");
  Run("ALTER TABLE orders MODIFY CONSTRAINT pk PRIMARY KEY (ts) NOT ENFORCED");
  const std::string text = FirstColumn("SHOW CREATE TABLE orders").at(0);
  EXPECT_THAT(
      text, HasSubstr("(\n  `ts` TIMESTAMP(3) NOT NULL,\n  `user` BIGINT NOT NULL,\n  `product` VARCHAR(2147483647),"));
  EXPECT_THAT(text, HasSubstr("WATERMARK FOR `ts` AS `ts` - INTERVAL '1' MINUTE"));
  EXPECT_THAT(text, HasSubstr("CONSTRAINT `pk` PRIMARY KEY (`ts`) NOT ENFORCED"));
  EXPECT_THAT(Error("ALTER TABLE orders MODIFY nothing INT"),
              HasSubstr("Column `nothing` does not exist in the table."));
  EXPECT_THAT(Error("ALTER TABLE orders ADD WATERMARK FOR ts AS ts"),
              HasSubstr("has already defined the watermark strategy"));
  EXPECT_THAT(Error("ALTER TABLE orders ADD PRIMARY KEY (product) NOT ENFORCED"),
              HasSubstr("has already defined the primary key constraint [`ts`]"));
}

TEST_F(AlterTest, WhatOthersSpeakOfCannotGo) {
  EXPECT_THAT(Error("ALTER TABLE orders DROP amount"),
              HasSubstr("Column `amount` is referenced by computed column `twice`."));
  EXPECT_THAT(Error("ALTER TABLE orders DROP ts"), HasSubstr("Column `ts` is referenced by watermark expression."));
  EXPECT_THAT(Error("ALTER TABLE orders DROP `user`"), HasSubstr("Column `user` is used as the primary key."));
  EXPECT_THAT(Error("ALTER TABLE orders DROP nothing"),
              HasSubstr("Column `nothing` does not exist in the base table."));
  EXPECT_THAT(Error("ALTER TABLE orders RENAME amount TO a"), HasSubstr("is referenced by computed column"));
  Run("ALTER TABLE orders DROP (amount, twice, product)");
  Run("ALTER TABLE orders DROP PRIMARY KEY; ALTER TABLE orders DROP WATERMARK; ALTER TABLE orders DROP ts");
  EXPECT_THAT(FirstColumn("DESCRIBE orders"), ElementsAre("user", "ptime"));
  EXPECT_THAT(Error("ALTER TABLE orders DROP PRIMARY KEY"), HasSubstr("does not define any primary key"));
  EXPECT_THAT(Error("ALTER TABLE orders DROP WATERMARK"), HasSubstr("does not define any watermark strategy"));
}

TEST_F(AlterTest, ARenamedColumnKeepsItsPartInTheKey) {
  Run("ALTER TABLE orders RENAME `user` TO customer");
  EXPECT_THAT(RowsOf("DESCRIBE orders").at(0),
              ElementsAre("customer", "BIGINT", "FALSE", "PRI(customer)", "<NULL>", "<NULL>"));
  EXPECT_THAT(Error("ALTER TABLE orders RENAME product TO customer"), HasSubstr("Column `customer` already existed"));
  EXPECT_THAT(Error("ALTER TABLE orders DROP CONSTRAINT other"), HasSubstr("Available constraint name: ['PK_user']"));
}

TEST_F(AlterTest, IfExistsPassesOverWhatIsNotThere) {
  Run("ALTER TABLE IF EXISTS nothing RENAME TO something; DROP TABLE IF EXISTS nothing; DROP VIEW IF EXISTS nothing; "
      "DROP DATABASE IF EXISTS nothing; DROP CATALOG IF EXISTS nothing; CREATE CATALOG IF NOT EXISTS default_catalog "
      "WITH ('type' = 'generic_in_memory'); "
      "CREATE DATABASE IF NOT EXISTS default_database; CREATE TABLE IF NOT EXISTS orders (a INT) WITH ('connector' = "
      "'x')");
  EXPECT_THAT(Error("ALTER TABLE nothing RENAME TO something"), HasSubstr("nothing"));
  EXPECT_THAT(FirstColumn("DESCRIBE orders"), testing::Contains("amount")) << "IF NOT EXISTS left the table as it was";
}

TEST_F(AlterTest, ColumnsOfATableMadeByAQueryMayBeNamedAndAdded) {
  // The jobs cannot be made without connectors; what the statement says before that counts here.
  EXPECT_THAT(Error("CREATE TABLE t (b, nope) WITH ('connector' = 'x') AS SELECT 1 AS a, 2 AS b"),
              HasSubstr("Column 'nope' not found in the source schema."));
  EXPECT_THAT(Error("CREATE TABLE t (b) WITH ('connector' = 'x') AS SELECT 1 AS a, 2 AS b"),
              HasSubstr("must match the number of columns"));
  EXPECT_THAT(Error("CREATE TABLE t WITH ('connector' = 'x') AS SELECT 1 AS a, NULL AS b"),
              HasSubstr("Illegal use of 'NULL': column 'b' of the query has no type"));
  EXPECT_THAT(Error("CREATE TABLE t (PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'x') AS SELECT a FROM (VALUES "
                    "(1), (CAST(NULL AS INT))) v (a)"),
              HasSubstr("Invalid primary key. Column 'a' is nullable."));
  EXPECT_THAT(
      Error("CREATE TABLE t (a INT NOT NULL, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'x') AS SELECT a "
            "FROM (VALUES (1), (CAST(NULL AS INT))) v (a)"),
      testing::Not(HasSubstr("Invalid primary key")));
  EXPECT_THAT(Error("REPLACE TABLE t WITH ('connector' = 'x') AS SELECT 1 AS a"),
              HasSubstr("to be replaced doesn't exist"));
}

TEST_F(AlterTest, CatalogsHaveOptionsACommentAndAFirstDatabase) {
  Run("CREATE CATALOG c COMMENT 'it''s' WITH ('type' = 'generic_in_memory', 'default-database' = 'db')");
  EXPECT_EQ(
      FirstColumn("SHOW CREATE CATALOG c").at(0),
      "CREATE CATALOG `c`\nCOMMENT 'it''s'\nWITH (\n  'default-database' = 'db',\n  'type' = 'generic_in_memory'\n)\n");
  EXPECT_THAT(RowsOf("DESCRIBE CATALOG EXTENDED c"),
              ElementsAre(ElementsAre("name", "c"), ElementsAre("type", "generic_in_memory"),
                          ElementsAre("comment", "it's"), ElementsAre("option:default-database", "db")));
  Run("USE CATALOG c");
  EXPECT_THAT(FirstColumn("SHOW CURRENT DATABASE"), ElementsAre("db"));
  Run("ALTER CATALOG c RESET ('default-database'); ALTER CATALOG c COMMENT ''");
  EXPECT_EQ(RowsOf("DESCRIBE CATALOG EXTENDED c").size(), 3u);
  EXPECT_THAT(Error("ALTER CATALOG c RESET ('type')"), HasSubstr("does not support changing 'type'"));
  EXPECT_THAT(Error("CREATE CATALOG d WITH ('a' = 'b')"), HasSubstr("option key 'type'"));
  EXPECT_THAT(Error("CREATE CATALOG d WITH ('type' = 'hive')"), HasSubstr("generic_in_memory"));
  Run("CREATE CATALOG d WITH ('type' = 'generic_in_memory')");
  EXPECT_THAT(FirstColumn("SHOW DATABASES FROM d"), ElementsAre("default"));
}

TEST_F(AlterTest, ATemporaryObjectHidesThePermanentOneAndGoesFirst) {
  Run("CREATE VIEW v AS SELECT 1 AS a; CREATE TEMPORARY VIEW v AS SELECT 2 AS b");
  EXPECT_THAT(FirstColumn("DESCRIBE v"), ElementsAre("b"));
  EXPECT_THAT(Error("DROP VIEW v"), HasSubstr("Drop it first before removing the permanent view."));
  Run("DROP TEMPORARY VIEW v");
  EXPECT_THAT(FirstColumn("DESCRIBE v"), ElementsAre("a"));
  EXPECT_THAT(Error("SHOW CREATE TABLE v"), HasSubstr("Please use SHOW CREATE VIEW instead."));
  EXPECT_THAT(Error("SELECT * FROM v /*+ OPTIONS('a' = 'b') */"), HasSubstr("cannot be enriched with new options"));
}

TEST_F(AlterTest, TheNamesInAViewAreThoseOfTheDatabaseWhereItWasMade) {
  Run("CREATE VIEW v AS SELECT amount FROM orders; CREATE DATABASE d; USE d; CREATE TABLE orders (other INT) WITH "
      "('connector' = 'x')");
  EXPECT_THAT(FirstColumn("DESCRIBE default_database.v"), ElementsAre("amount"));
  Run("CREATE VIEW w AS SELECT * FROM default_database.v");
  EXPECT_THAT(FirstColumn("DESCRIBE w"), ElementsAre("amount"));
}

TEST_F(AlterTest, ACommentIsAColumnOfDescribe) {
  Run("CREATE TABLE t (a INT COMMENT 'the a', b INT) WITH ('connector' = 'x')");
  EXPECT_THAT(RowsOf("DESCRIBE t"),
              ElementsAre(ElementsAre("a", "INT", "TRUE", "<NULL>", "<NULL>", "<NULL>", "the a"),
                          ElementsAre("b", "INT", "TRUE", "<NULL>", "<NULL>", "<NULL>", "<NULL>")));
}

TEST_F(AlterTest, OnlyInsertsStandInAStatementSet) {
  Run("BEGIN STATEMENT SET");
  EXPECT_THAT(Error("SELECT 1"), HasSubstr("Only 'INSERT/CREATE TABLE AS' statement is allowed in Statement Set"));
  Run("END");
  EXPECT_THAT(Error("END"), HasSubstr("No Statement Set to submit"));
}

}  // namespace
}  // namespace thalweg::sql
