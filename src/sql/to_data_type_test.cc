#include "sql/to_data_type.h"

#include <gtest/gtest.h>

#include "sql/parser.h"

namespace thalweg::sql {
namespace {

std::string Of(std::string_view text) {
  Result<TypePtr> spec = ParseType(text);
  if (!spec.ok()) return spec.status().message();
  Result<types::DataType> type = ToDataType(**spec);
  return type.ok() ? type->ToString() : type.status().message();
}

TEST(ToDataType, DefaultsAreFlinks) {
  EXPECT_EQ(Of("DECIMAL"), "DECIMAL(10, 0)");
  EXPECT_EQ(Of("NUMERIC(5)"), "DECIMAL(5, 0)");
  EXPECT_EQ(Of("VARCHAR"), "STRING");
  EXPECT_EQ(Of("VARBINARY"), "BYTES");
  EXPECT_EQ(Of("CHAR"), "VARCHAR(1)");
  EXPECT_EQ(Of("VARCHAR(2147483647)"), "STRING");
  EXPECT_EQ(Of("TIMESTAMP"), "TIMESTAMP(6)");
  EXPECT_EQ(Of("TIMESTAMP WITH LOCAL TIME ZONE"), "TIMESTAMP_LTZ(6)");
}

TEST(ToDataType, NestedTypesKeepTheirNullability) {
  EXPECT_EQ(Of("ROW<a INT NOT NULL, b ARRAY<STRING NOT NULL>> NOT NULL"),
            "ROW<`a` INT NOT NULL, `b` ARRAY<STRING NOT NULL>> NOT NULL");
  EXPECT_EQ(Of("MAP<STRING, INT MULTISET>"), "MAP<STRING, MULTISET<INT>>");
  EXPECT_EQ(Of("ROW(INT, STRING)"), "ROW<`f0` INT, `f1` STRING>");
}

TEST(ToDataType, FixedLengthsAreFoundInside) {
  auto of = [](std::string_view text) { return FixedLengths(**ParseType(text)); };
  EXPECT_EQ(of("CHAR(2)"), (std::vector<std::vector<int>>{{}}));
  EXPECT_EQ(of("VARCHAR(2)"), (std::vector<std::vector<int>>{}));
  EXPECT_EQ(of("ROW<a INT, b ARRAY<BINARY(3)>, c MAP<STRING, CHAR(1)>>"),
            (std::vector<std::vector<int>>{{1, 0}, {2, 1}}));
}

TEST(ToDataType, TheFirstUnitTellsTheKindOfAnInterval) {
  EXPECT_EQ(ToDataType(**ParseType("INTERVAL YEAR TO MONTH"))->id(), types::TypeId::kIntervalYearMonth);
  EXPECT_EQ(ToDataType(**ParseType("INTERVAL DAY TO SECOND(3)"))->id(), types::TypeId::kIntervalDayTime);
}

TEST(ToDataType, NumbersOutOfRangeAreErrors) {
  EXPECT_EQ(Of("DECIMAL(39, 2)"), "line 1, column 1: the precision of DECIMAL(39, 2) is 1 to 38");
  EXPECT_EQ(Of("DECIMAL(5, 6)"), "line 1, column 1: the scale of DECIMAL(5, 6) is 0 to 5, its precision");
  EXPECT_EQ(Of("ARRAY<VARCHAR(0)>"), "line 1, column 7: the length of VARCHAR(0) is 1 to 2147483647");
  EXPECT_EQ(Of("TIMESTAMP(10)"), "line 1, column 1: the precision of TIMESTAMP(10) is 0 to 9");
}

TEST(ToDataType, TypesThatColumnsCannotHaveAreErrors) {
  EXPECT_EQ(Of("RAW('c', 's')"), "line 1, column 1: type RAW('c', 's') is not supported");
  EXPECT_EQ(Of("my.type"), "line 1, column 1: type `my`.`type` is not supported");
}

}  // namespace
}  // namespace thalweg::sql
