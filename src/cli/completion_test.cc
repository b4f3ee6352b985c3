#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    Add("clicks", {"page", "who", "ts", "order"});
    Add("customers", {"id", "name"});
  }
  void Add(const std::string& name, const std::vector<std::string>& columns) {
    auto table = std::make_shared<sql::Table>();
    table->path = {"default_catalog", "default_database", name};
    for (const std::string& column : columns)
      table->columns.push_back({.name = column, .type = types::DataType(types::TypeId::kInt)});
    EXPECT_TRUE(catalog_.CreateTable(std::move(table), false).ok());
  }
  std::vector<std::string> Words(std::string_view before, std::string_view after = "") {
    return Complete(catalog_, before, after).words;
  }

  sql::Catalog catalog_;
};

TEST_F(CompletionTest, TablesStandBehindFromAndJoinAndInto) {
  EXPECT_THAT(Words("SELECT * FROM c"), ElementsAre("clicks", "customers"));
  EXPECT_THAT(Words("select * from clicks join cu"), ElementsAre("customers"));
  EXPECT_THAT(Words("INSERT INTO cl"), ElementsAre("clicks"));
  EXPECT_THAT(Words("SELECT * FROM default_database.cl"), ElementsAre("clicks"));
  EXPECT_THAT(Words("SELECT * FROM default_catalog.default_database.cl"), ElementsAre("clicks"));
}

TEST_F(CompletionTest, ColumnsAreThoseOfTheTablesThatTheStatementNames) {
  EXPECT_THAT(Words("SELECT pa", " FROM clicks"), Contains("page"));
  EXPECT_THAT(Words("SELECT pa", " FROM customers"), Not(Contains("page")));
  EXPECT_THAT(Words("SELECT c.", " FROM clicks AS c"), ElementsAre("`order`", "page", "ts", "who"));
  EXPECT_THAT(Words("SELECT c.", " FROM clicks c, customers k"), ElementsAre("`order`", "page", "ts", "who"));
  EXPECT_THAT(Words("SELECT k.na", " FROM clicks c, customers k"), ElementsAre("name"));
  EXPECT_THAT(Words("SELECT 'x FROM clicks', k.na"), IsEmpty()) << "a string names no table";
}

TEST_F(CompletionTest, KeywordsAndFunctionsComeInTheCaseThatWasBegun) {
  EXPECT_THAT(Words("SEL"), ElementsAre("SELECT"));
  EXPECT_THAT(Words("sel"), ElementsAre("select"));
  EXPECT_THAT(Words("SELECT substr"), Contains("substring("));
  EXPECT_THAT(Words("SELECT COUN"), Contains("COUNT("));
  EXPECT_THAT(Words("SELECT CAST"), ElementsAre("CAST", "CAST(")) << "CAST_FIXED is no word of SQL";
  EXPECT_THAT(Words(""), IsEmpty()) << "nothing typed: too much to list";
}

TEST_F(CompletionTest, TheWordAtTheCursorIsReplacedFromItsBegin) {
  EXPECT_EQ(Complete(catalog_, "SELECT * FROM cus", "").begin, 14u);
  EXPECT_EQ(CommonPrefix({"clicks", "clients"}), "cli");
  EXPECT_EQ(CommonPrefix({}), "");
}

}  // namespace
}  // namespace thalweg::cli
