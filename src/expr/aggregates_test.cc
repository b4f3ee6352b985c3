#include "expr/aggregates.h"

#include <gtest/gtest.h>

namespace thalweg::expr {
namespace {

using types::DataType;
using types::TypeId;

std::string TypeText(std::string_view name, const std::vector<DataType>& arguments, bool grouped = true) {
  Result<DataType> type = AggregateResultType(name, arguments, grouped);
  return type.ok() ? type->ToString() : std::string(type.status().message());
}

TEST(Aggregates, SumWidensDecimalsOnlyAndAverageKeepsIntegers) {
  EXPECT_EQ(TypeText("SUM", {DataType(TypeId::kInt)}), "INT");
  EXPECT_EQ(TypeText("SUM", {DataType(TypeId::kFloat)}), "FLOAT");
  EXPECT_EQ(TypeText("SUM", {DataType::Decimal(10, 2)}), "DECIMAL(38, 2)");
  EXPECT_EQ(TypeText("AVG", {DataType(TypeId::kInt)}), "INT");
  EXPECT_EQ(TypeText("avg", {DataType::Decimal(10, 2)}), "DECIMAL(38, 6)");
  EXPECT_EQ(TypeText("$SUM0", {DataType(TypeId::kBigInt)}, false), "BIGINT NOT NULL");
}

TEST(Aggregates, AResultIsNullableUnlessEveryGroupHasAValue) {
  const DataType given(TypeId::kBigInt, false);
  EXPECT_EQ(TypeText("SUM", {given}, true), "BIGINT NOT NULL");
  EXPECT_EQ(TypeText("MAX", {given}, false), "BIGINT");
  EXPECT_EQ(TypeText("MIN", {DataType(TypeId::kBigInt)}, true), "BIGINT");
  EXPECT_EQ(TypeText("COUNT", {}, false), "BIGINT NOT NULL");
  EXPECT_EQ(TypeText("STDDEV_SAMP", {given}, true), "BIGINT");
}

TEST(Aggregates, CollectionsHaveTheArgumentAsElement) {
  EXPECT_EQ(TypeText("COLLECT", {DataType(TypeId::kInt)}), "MULTISET<INT> NOT NULL");
  EXPECT_EQ(TypeText("ARRAY_AGG", {DataType(TypeId::kInt)}), "ARRAY<INT>");
  EXPECT_EQ(TypeText("JSON_ARRAYAGG", {DataType(TypeId::kInt)}), "STRING NOT NULL");
  EXPECT_EQ(FindAggregate("JSON_OBJECTAGG")->json_argument, 1);
}

TEST(Aggregates, WhatDoesNotFitIsNamedWithTheSignatures) {
  EXPECT_EQ(TypeText("SUM", {DataType(TypeId::kString)}), "SUM does not take (STRING). It takes: SUM(<NUMERIC>)");
  EXPECT_EQ(TypeText("MAX", {}), "MAX needs arguments. It takes: MAX(<COMPARABLE>)");
  EXPECT_EQ(TypeText("MEDIAN", {}), "Unknown aggregate function: MEDIAN");
  EXPECT_EQ(FindAggregate("MEDIAN"), nullptr);
  EXPECT_TRUE(FindAggregate("row_number")->over_only);
}

}  // namespace
}  // namespace thalweg::expr
