#include "types/type_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "types/object_type.h"

namespace thalweg::types {
namespace {

using ::testing::HasSubstr;

Schema EveryType() {
  std::vector<Field> fields;
  for (int id = 0; id <= 20; ++id) {
    const auto type_id = static_cast<TypeId>(id);
    std::vector<Field> parts;
    if (type_id >= TypeId::kArray) parts.push_back({"a", DataType(TypeId::kBigInt, false)});
    if (type_id == TypeId::kMap || type_id == TypeId::kRow)
      parts.push_back({"b", DataType::Array(DataType(TypeId::kString))});
    const int precision =
        type_id == TypeId::kDecimal || type_id == TypeId::kTimestamp || type_id == TypeId::kString ? 9 : 0;
    fields.push_back(
        {"c" + std::to_string(id),
         DataType::FromParts(type_id, id % 2 == 0, precision, type_id == TypeId::kDecimal ? 2 : 0, parts).value()});
  }
  return Schema(std::move(fields));
}

TEST(TypeCodec, EveryTypeComesBack) {
  const Schema schema = EveryType();
  EXPECT_EQ(DecodeSchema(EncodeSchema(schema)).value(), schema);
  EXPECT_EQ(DecodeSchema(EncodeSchema(schema))->ToString(), schema.ToString());
}

TEST(TypeCodec, LengthLimitsOfAnySizeComeBack) {
  for (const DataType& type :
       {DataType::VarChar(1), DataType::VarChar(1'000'000, false), DataType::VarBinary(INT32_MAX)})
    EXPECT_EQ(DecodeType(EncodeType(type)).value(), type);
  EXPECT_EQ(DataType::VarChar(1000).ToString(), "VARCHAR(1000)");
  EXPECT_FALSE(DataType::VarChar(256) == DataType(TypeId::kString)) << "256 is not 0";
}

TEST(TypeCodec, FromPartsRefusesWhatIsNoType) {
  EXPECT_FALSE(DataType::FromParts(TypeId::kDecimal, true, 39, 0, {}).ok());
  EXPECT_FALSE(DataType::FromParts(TypeId::kDecimal, true, 0, 0, {}).ok());
  EXPECT_FALSE(DataType::FromParts(TypeId::kDecimal, true, 4, 5, {}).ok());
  EXPECT_FALSE(DataType::FromParts(TypeId::kTimestamp, true, 10, 0, {}).ok());
  EXPECT_FALSE(DataType::FromParts(TypeId::kInt, true, 1, 0, {}).ok());
  EXPECT_FALSE(DataType::FromParts(TypeId::kArray, true, 0, 0, {}).ok());
  EXPECT_FALSE(DataType::FromParts(TypeId::kMap, true, 0, 0, {{"key", DataType(TypeId::kInt)}}).ok());
  EXPECT_FALSE(DataType::FromParts(static_cast<TypeId>(21), true, 0, 0, {}).ok());
  EXPECT_TRUE(DataType::FromParts(TypeId::kDecimal, true, 38, 38, {}).ok());
}

TEST(TypeCodec, AnObjectTypeHasNoWayBackAndSaysItsCodec) {
  const Result<DataType> type = DecodeType(EncodeType(DataType::Object(ObjectTypeOf<int64_t>())));
  ASSERT_FALSE(type.ok());
  EXPECT_THAT(type.status().message(), HasSubstr("only the program can make: i64"));
}

TEST(TypeCodec, NestingIsBounded) {
  DataType type(TypeId::kInt);
  for (int depth = 1; depth < kMaxTypeDepth; ++depth) type = DataType::Array(type);
  EXPECT_TRUE(DecodeType(EncodeType(type)).ok());
  EXPECT_THAT(DecodeType(EncodeType(DataType::Array(type))).status().message(), HasSubstr("nested deeper than 64"));
}

TEST(TypeCodec, AFieldOfANewerVersionIsRefused) {
  EXPECT_THAT(DecodeType("\x01\x01\x04\x07\x01\x01").status().message(), HasSubstr("Newer type: field 7"));
}

}  // namespace
}  // namespace thalweg::types
