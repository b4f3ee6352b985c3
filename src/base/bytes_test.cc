#include "base/bytes.h"

#include <gmock/gmock.h>

#include <limits>

namespace thalweg {

namespace {

using ::testing::HasSubstr;

constexpr std::string_view kWithZero("with\0zero", 9);

std::string VarintBytes(uint64_t value) {
  ByteWriter writer;
  writer.Varint(value);
  return writer.Take();
}

TEST(ByteWriter, NumbersAreLittleEndian) {
  ByteWriter writer;
  writer.U16(0x0102);
  writer.U32(0x03040506);
  writer.I64(-2);
  EXPECT_EQ(writer.view(), std::string("\x02\x01\x06\x05\x04\x03\xfe\xff\xff\xff\xff\xff\xff\xff", 14));
}

TEST(ByteWriter, VarintIsLeb128) {
  EXPECT_EQ(VarintBytes(0), std::string("\x00", 1));
  EXPECT_EQ(VarintBytes(127), "\x7f");
  EXPECT_EQ(VarintBytes(128), "\x80\x01");
  EXPECT_EQ(VarintBytes(300), "\xac\x02");
  EXPECT_EQ(VarintBytes(std::numeric_limits<uint64_t>::max()), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(ByteWriter, SignedVarintZigzags) {
  ByteWriter writer;
  for (int64_t value : {0, -1, 1, -2}) writer.SignedVarint(value);
  EXPECT_EQ(writer.view(), std::string("\x00\x01\x02\x03", 4));
}

TEST(ByteWriter, StringIsLengthThenBytes) {
  ByteWriter writer;
  writer.String("ab");
  EXPECT_EQ(writer.view(),
            "\x02"
            "ab");
}

TEST(ByteReader, ReadsBackWhatWasWritten) {
  ByteWriter writer;
  writer.U8(255);
  writer.Bool(true);
  writer.Varint(std::numeric_limits<uint64_t>::max());
  writer.SignedVarint(std::numeric_limits<int64_t>::min());
  writer.String(kWithZero);
  writer.Fixed(2.5);
  ByteReader reader(writer.view());
  EXPECT_EQ(reader.U8(), 255);
  EXPECT_TRUE(reader.Bool());
  EXPECT_EQ(reader.Varint(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(reader.SignedVarint(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.String(), kWithZero);
  EXPECT_EQ(reader.Fixed<double>(), 2.5);
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_TRUE(reader.status().ok());
}

TEST(ByteReader, OneByteTooFewFailsAndGivesZero) {
  ByteReader reader("\x01\x02\x03");
  EXPECT_EQ(reader.U32(), 0u);
  EXPECT_TRUE(reader.failed());
}

TEST(ByteReader, ExactlyTheLastByteIsRead) {
  ByteReader reader("\x01\x02\x03\x04");
  EXPECT_EQ(reader.U32(), 0x04030201u);
  EXPECT_FALSE(reader.failed());
}

TEST(ByteReader, StaysFailedAfterAFailedRead) {
  ByteReader reader("\x01\x02");
  reader.U32();
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(reader.status().category(), ErrorCategory::kExternal);
  EXPECT_THAT(reader.status().message(), HasSubstr("ran past the end of 2 bytes"));
}

TEST(ByteReader, StringLongerThanTheInputFails) {
  ByteReader reader(
      "\x05"
      "abc");
  EXPECT_EQ(reader.String(), "");
  EXPECT_TRUE(reader.failed());
}

TEST(ByteReader, StringLengthNearTheTopOfU64DoesNotWrap) {
  ByteWriter writer;
  writer.Varint(std::numeric_limits<uint64_t>::max());
  writer.Raw("abc");
  ByteReader reader(writer.view());
  EXPECT_EQ(reader.String(), "");
  EXPECT_TRUE(reader.failed());
}

TEST(ByteReader, VarintOver64BitsIsMalformed) {
  ByteReader eleven_bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(eleven_bytes.Varint(), 0u);
  EXPECT_TRUE(eleven_bytes.failed());
  ByteReader bit_64("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  EXPECT_EQ(bit_64.Varint(), 0u);
  EXPECT_TRUE(bit_64.failed());
}

TEST(ByteReader, VarintCutShortFails) {
  ByteReader reader("\x80");
  EXPECT_EQ(reader.Varint(), 0u);
  EXPECT_TRUE(reader.failed());
}

TEST(ByteReader, FailMarksTheRestUnreadable) {
  ByteReader reader("abc");
  reader.Fail();
  EXPECT_EQ(reader.Raw(1), "");
  EXPECT_FALSE(reader.status().ok());
}

}  // namespace

}  // namespace thalweg
