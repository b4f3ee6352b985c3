#include "types/scalar_text.h"

#include <gtest/gtest.h>

namespace thalweg::types {
namespace {

std::string Decimal(std::string_view text, int precision, int scale) {
  Int128 value;
  switch (ParseDecimal(text, precision, scale, &value)) {
    case DecimalParse::kMalformed: return "malformed";
    case DecimalParse::kTooLarge: return "too large";
    default: break;
  }
  std::string out;
  AppendDecimal(value, scale, &out);
  return out;
}

TEST(Decimal, OfMoreDigitsThan128BitsHoldIsTooLarge) {
  EXPECT_EQ(Decimal("99999999999999999999999999999999999999", 38, 0), "99999999999999999999999999999999999999");
  EXPECT_EQ(Decimal("990000000000000000000000000000000000000", 38, 0), "too large");
  EXPECT_EQ(Decimal("3.4e38", 38, 0), "too large");
}

TEST(Decimal, IsReadExactlyAndRoundedHalfUpBeyondItsScale) {
  EXPECT_EQ(Decimal("12.34", 10, 2), "12.34");
  EXPECT_EQ(Decimal("-0.005", 10, 2), "-0.01");
  EXPECT_EQ(Decimal("0.0049999", 10, 2), "0.00");
  EXPECT_EQ(Decimal("1.5e3", 10, 1), "1500.0");
  EXPECT_EQ(Decimal("15e-1", 10, 0), "2");
  EXPECT_EQ(Decimal("+7", 3, 2), "7.00");
  EXPECT_EQ(Decimal(".5", 3, 2), "0.50");
  EXPECT_EQ(Decimal("99999999999999999999999999999999999999", 38, 0), "99999999999999999999999999999999999999");
  EXPECT_EQ(Decimal("-1234567890123456789012345678.9012345678", 38, 10), "-1234567890123456789012345678.9012345678");
}

TEST(Decimal, BeyondItsPrecisionOrMalformedIsRefused) {
  EXPECT_EQ(Decimal("100", 4, 2), "too large");
  EXPECT_EQ(Decimal("99.995", 4, 2), "too large");
  EXPECT_EQ(Decimal("1e999999999", 4, 2), "too large");
  EXPECT_EQ(Decimal("0e999999999", 4, 2), "0.00");
  EXPECT_EQ(Decimal("1e-999999999", 4, 2), "0.00");
  for (const char* text : {"", ".", "-", "1..2", "1.2.3", "e5", "1e", "0x1", "1 ", "NaN"})
    EXPECT_EQ(Decimal(text, 10, 2), "malformed") << text;
}

TEST(Decimal, SmallValuesAreScientificAsInJava) {
  auto text = [](Int128 value, int scale) {
    std::string out;
    AppendDecimalScientific(value, scale, &out);
    return out;
  };
  EXPECT_EQ(text(1, 6), "0.000001");
  EXPECT_EQ(text(1, 7), "1E-7");
  EXPECT_EQ(text(-123, 10), "-1.23E-8");
  EXPECT_EQ(text(0, 7), "0E-7");
  EXPECT_EQ(text(12300, 2), "123.00");
}

std::string Timestamp(std::string_view text, TimestampStandard standard, bool zoned) {
  TimestampValue value;
  if (!ParseTimestamp(text, standard, zoned, &value)) return "refused";
  std::string out;
  AppendTimestamp(value, standard, zoned, &out);
  return out;
}

TEST(Timestamp, ReadsBackWhatItWrites) {
  for (const char* text : {"1970-01-01 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999999",
                           "2024-02-29 12:00:00.5", "1969-12-31 23:59:59.000000001"})
    EXPECT_EQ(Timestamp(text, TimestampStandard::kSql, false), text);
  EXPECT_EQ(Timestamp("2024-02-29T12:00:01.5Z", TimestampStandard::kIso8601, true), "2024-02-29T12:00:01.5Z");
  EXPECT_EQ(Timestamp("2024-02-29T12:00", TimestampStandard::kIso8601, false), "2024-02-29T12:00:00");
}

TEST(Timestamp, TheOtherStandardABadDateAndRestsAreRefused) {
  for (const char* text :
       {"2024-02-29T12:00:00", "2024-02-29 12:00", "2023-02-29 12:00:00", "2024-13-01 12:00:00", "2024-02-29 24:00:00",
        "2024-02-29 12:60:00", "2024-02-29 12:00:00.", "2024-02-29 12:00:00.1234567890", "2024-02-29 12:00:00Z",
        "0000-01-01 00:00:00", "2024-2-9 12:00:00", ""})
    EXPECT_EQ(Timestamp(text, TimestampStandard::kSql, false), "refused") << text;
  EXPECT_EQ(Timestamp("2024-02-29 12:00:00", TimestampStandard::kSql, true), "refused");
}

TEST(Date, CountsDaysOverLeapYearsBothWays) {
  int32_t days;
  ASSERT_TRUE(ParseDate("0001-01-01", &days));
  EXPECT_EQ(days, -719162);
  int32_t previous = days - 1;
  for (int32_t day = -719162; day <= 2932896; day += 97) {
    std::string text;
    AppendDate(day, &text);
    ASSERT_TRUE(ParseDate(text, &days)) << text;
    EXPECT_EQ(days, day);
    EXPECT_GT(days, previous);
    previous = days;
  }
}

TEST(Double, TakesJavasSpellingsAndOverflowsToInfinity) {
  double value;
  EXPECT_TRUE(ParseDouble("1e400", &value));
  EXPECT_EQ(value, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(ParseDouble("-1e-400", &value));
  EXPECT_EQ(value, 0);
  EXPECT_TRUE(ParseDouble("-Infinity", &value));
  EXPECT_EQ(value, -std::numeric_limits<double>::infinity());
  for (const char* text : {"", "-", "inf", "nan", "0x10", "1e", "1 "}) EXPECT_FALSE(ParseDouble(text, &value)) << text;
}

TEST(Base64, ReadsBackEveryLengthAndRefusesDamage) {
  std::string bytes;
  for (int size = 0; size < 50; ++size) {
    std::string text, read;
    AppendBase64(bytes, &text);
    ASSERT_TRUE(ParseBase64(text, &read)) << text;
    EXPECT_EQ(read, bytes);
    bytes.push_back(static_cast<char>(size * 37 + 200));
  }
  for (const char* text : {"A", "AA", "AAA", "A===", "=AAA", "AA=A", "AA==AAAA", "AA*A"})
    EXPECT_FALSE(ParseBase64(text, &bytes)) << text;
}

TEST(Escaped, ShowsControlBytesAndCutsAtTheLimit) {
  EXPECT_EQ(Escaped("a\n\t\x01\xff\\"), "a\\n\\t\\x01\\xff\\\\");
  EXPECT_EQ(Escaped("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace thalweg::types
