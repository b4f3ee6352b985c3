#include "base/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg {
namespace {

using ::testing::HasSubstr;

TEST(Fields, DefaultsAreLeftOutAndNestedIsNot) {
  FieldWriter out;
  out.Number(1, 0);
  out.Bytes(2, "");
  out.Bool(3, false);
  out.Signed(4, 0);
  out.Fixed64(5, 0);
  EXPECT_EQ(out.Take(), "");
  out = {};
  out.Nested(6, "");
  EXPECT_EQ(out.Take(), std::string("\x06\x00", 2));
}

TEST(Fields, ValuesComeBackAndUnknownFieldsKeepTheirBytes) {
  FieldWriter out;
  out.Number(1, 300);
  out.Signed(2, -7);
  out.Fixed64(3, UINT64_MAX);
  out.Bytes(4, "x");
  FieldWriter newer;
  newer.Bytes(9, "later");
  newer.Bytes(9, "again");
  const std::string later = newer.Take();
  out.Unknown(later);
  const std::string bytes = out.Take();
  FieldReader in(bytes, "record");
  std::string unknown;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: EXPECT_EQ(in.Number(), 300u); break;
      case 2: EXPECT_EQ(in.Signed(), -7); break;
      case 3: EXPECT_EQ(in.Fixed64(), UINT64_MAX); break;
      case 4: EXPECT_EQ(in.String(), "x"); break;
      default: in.Keep(&unknown);
    }
  }
  EXPECT_TRUE(in.status().ok());
  EXPECT_EQ(unknown, later);
}

// Reads every field of `bytes` as a number of at most 10.
Status ReadNumbers(std::string_view bytes) {
  FieldReader in(bytes, "record");
  while (in.Next()) in.Number(10);
  return in.status();
}

TEST(Fields, FaultsAreNamedWithTheField) {
  EXPECT_THAT(ReadNumbers("\x01\x05x").message(), HasSubstr("Malformed record: a field runs past the end"));
  EXPECT_THAT(ReadNumbers("\x02\x01\x01\x01\x01\x01").message(),
              HasSubstr("not in the order of their tags (at field 1)"));
  EXPECT_THAT(ReadNumbers("\x02\x01\x0b").message(), HasSubstr("out of range (at field 2)"));
  EXPECT_THAT(ReadNumbers(std::string("\x02\x02\x01\x00", 4)).message(), HasSubstr("does not fill its field"));
  EXPECT_THAT(ReadNumbers(std::string("\x00\x01\x01", 3)).message(), HasSubstr("order of their tags"));
}

TEST(Fields, NothingIsReadAfterAFault) {
  FieldReader in("\x01\x01\x0b\x02\x01\x01", "record");
  ASSERT_TRUE(in.Next());
  in.Number(10);
  EXPECT_FALSE(in.Next());
  EXPECT_FALSE(in.status().ok());
}

}  // namespace
}  // namespace thalweg
