#include "formats/raw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/test_rows.h"

namespace thalweg::formats {
namespace {

using ::testing::ElementsAre;
using types::DataType;
using types::TypeId;

types::SchemaPtr RawColumn(TypeId type) { return MakeSchema({{"v", DataType(type)}}); }

std::vector<std::string> RawRows(TypeId type, const std::vector<std::string>& records, RawOptions options = {}) {
  auto schema = RawColumn(type);
  return DecodeAll(**MakeRawDecoder(schema, options), *schema, records);
}

std::string Bytes(std::initializer_list<int> bytes) { return std::string(bytes.begin(), bytes.end()); }

TEST(Raw, ATextIsTheRecord) { EXPECT_THAT(RawRows(TypeId::kString, {"a,b", ""}), ElementsAre("+I[a,b]", "+I[]")); }

TEST(Raw, NumbersAreTheirBytesTheGreatestFirstUnlessSaidOtherwise) {
  EXPECT_THAT(RawRows(TypeId::kBoolean, {Bytes({0}), Bytes({1})}), ElementsAre("+I[false]", "+I[true]"));
  EXPECT_THAT(RawRows(TypeId::kTinyInt, {Bytes({0xfe})}), ElementsAre("+I[-2]"));
  EXPECT_THAT(RawRows(TypeId::kSmallInt, {Bytes({1, 2})}), ElementsAre("+I[258]"));
  EXPECT_THAT(RawRows(TypeId::kSmallInt, {Bytes({1, 2})}, {.little_endian = true}), ElementsAre("+I[513]"));
  EXPECT_THAT(RawRows(TypeId::kInt, {Bytes({0, 1, 0, 0})}), ElementsAre("+I[65536]"));
  EXPECT_THAT(RawRows(TypeId::kBigInt, {Bytes({0, 0, 0, 0, 0, 0, 1, 0})}), ElementsAre("+I[256]"));
  EXPECT_THAT(RawRows(TypeId::kFloat, {Bytes({0x3f, 0x80, 0, 0})}), ElementsAre("+I[1.0]"));
  EXPECT_THAT(RawRows(TypeId::kDouble, {Bytes({0, 0, 0, 0, 0, 0, 0xf8, 0x3f})}, {.little_endian = true}),
              ElementsAre("+I[1.5]"));
}

TEST(Raw, WhatIsWrittenIsReadBack) {
  for (bool little_endian : {false, true}) {
    const RawOptions options{.little_endian = little_endian};
    const std::vector<std::pair<TypeId, std::string>> records = {{TypeId::kBoolean, Bytes({1})},
                                                                 {TypeId::kTinyInt, Bytes({0x81})},
                                                                 {TypeId::kSmallInt, Bytes({1, 2})},
                                                                 {TypeId::kInt, Bytes({1, 2, 3, 4})},
                                                                 {TypeId::kBigInt, Bytes({1, 2, 3, 4, 5, 6, 7, 8})},
                                                                 {TypeId::kFloat, Bytes({63, 2, 3, 4})},
                                                                 {TypeId::kDouble, Bytes({63, 2, 3, 4, 5, 6, 7, 8})},
                                                                 {TypeId::kBinary, Bytes({0, 255})}};
    for (const auto& [type, record] : records) {
      auto schema = RawColumn(type);
      EXPECT_EQ(Recode(**MakeRawDecoder(schema, options), **MakeRawEncoder(schema, options), *schema, record), record)
          << DataType(type).ToString();
    }
  }
}

TEST(Raw, ARecordOfAnotherWidthIsNoNumber) {
  EXPECT_THAT(RawRows(TypeId::kInt, {Bytes({'a', 'b'})}),
              ElementsAre("error: column 'v' at byte 0: 2 bytes, and INT has 4; record: ab"));
}

TEST(Raw, OtherColumnsAreRefused) {
  const types::SchemaPtr two = MakeSchema({{"a", DataType(TypeId::kInt)}, {"b", DataType(TypeId::kInt)}});
  for (const types::SchemaPtr& schema : {two, MakeSchema({{"d", DataType::Decimal(5, 2)}})}) {
    EXPECT_THAT(MakeRawDecoder(schema).status().message(), ::testing::HasSubstr("Format raw needs one column of"));
    EXPECT_FALSE(MakeRawEncoder(schema).ok());
  }
}

}  // namespace
}  // namespace thalweg::formats
