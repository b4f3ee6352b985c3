#include "formats/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/parse_errors.h"
#include "formats/test_rows.h"

namespace thalweg::formats {
namespace {

using ::testing::ElementsAre;
using types::DataType;
using types::TypeId;

types::SchemaPtr Two() { return MakeSchema({{"id", DataType(TypeId::kInt)}, {"name", DataType(TypeId::kString)}}); }

std::vector<std::string> Rows(const types::SchemaPtr& schema, const std::vector<std::string>& records,
                              const CsvOptions& options = {}) {
  auto decoder = MakeCsvDecoder(schema, options);
  EXPECT_TRUE(decoder.ok()) << decoder.status().ToString();
  return DecodeAll(**decoder, *schema, records);
}

TEST(CsvDecoder, TakesQuotedFieldsWithDelimitersQuotesAndLineEnds) {
  EXPECT_THAT(Rows(Two(), {"1,a", "2,\"b,\"\"c\"\"\nd\"", "\"3\",\"\"", "4,a \"quote\" inside", ""}),
              ElementsAre("+I[1, a]", "+I[2, b,\"c\"\nd]", "+I[3, ]", "+I[4, a \"quote\" inside]"));
}

TEST(CsvDecoder, FieldsThatNobodyReadsArePassedOver) {
  const types::SchemaPtr schema = MakeSchema({{"id", DataType(TypeId::kInt)},
                                              {"name", DataType(TypeId::kString)},
                                              {"n", DataType(TypeId::kBigInt, false)},
                                              {"day", DataType(TypeId::kDate)}});
  auto decoder = *MakeCsvDecoder(schema, {}, {1, 3});
  EXPECT_THAT(DecodeAll(*decoder, *MakeSchema({{"name", DataType(TypeId::kString)}, {"day", DataType(TypeId::kDate)}}),
                        {"no number,a,,2020-01-02", "1,b,2,no day", "1,b"}),
              ElementsAre("+I[a, 2020-01-02]", ::testing::StartsWith("error: column 'day' at byte 6: "),
                          "error: byte 3: 2 fields for 4 columns; record: 1,b"));
}

TEST(CsvDecoder, ErrorsNameColumnPlaceAndText) {
  EXPECT_THAT(
      Rows(Two(), {"x1,a", "3000000000,a", "1", "1,2,3", "1,\"a", "1,\"a\"b", ",a"}),
      ElementsAre(
          "error: column 'id' at byte 0: not a INT: 'x1'; record: x1,a",
          "error: column 'id' at byte 0: out of range for INT: 3000000000; record: 3000000000,a",
          "error: byte 1: 1 fields for 2 columns; record: 1", "error: byte 4: 3 fields for 2 columns; record: 1,2,3",
          "error: byte 2: the quote is not closed; record: 1,\"a",
          "error: byte 5: ',' expected behind the closing quote; record: 1,\"a\"b",
          "error: column 'id' at byte 0: not a INT: ''; to read empty fields as NULL set csv.empty-string-as-null or "
          "csv.null-literal; record: ,a"));
}

TEST(CsvDecoder, FollowsFlinksOptions) {
  CsvOptions options;
  options.field_delimiter = '|';
  options.quote_character = '\'';
  options.allow_comments = true;
  options.null_literal = "n/a";
  options.trim_spaces = true;
  options.escape_character = '\\';
  EXPECT_THAT(Rows(Two(), {"# 1|x", " 1 | a b ", "n/a|n/a", "2|'x|\\'y'", "3|x\\|\\n"}, options),
              ElementsAre("+I[1, a b]", "+I[null, null]", "+I[2, x|'y]", "+I[3, x|\n]"));
  CsvOptions unquoted;
  unquoted.disable_quote_character = true;
  unquoted.empty_string_as_null = true;
  unquoted.ignore_trailing_unmappable = true;
  EXPECT_THAT(Rows(Two(), {",\"a\"", "1,,x,y"}, unquoted), ElementsAre("+I[null, \"a\"]", "+I[1, null]"));
}

TEST(CsvDecoder, IgnoringParseErrorsMakesFieldsNull) {
  CsvOptions options;
  options.ignore_parse_errors = true;
  EXPECT_THAT(Rows(Two(), {"x,a", "1", "1,b,c"}, options),
              ElementsAre("+I[null, a]", "+I[1, null]", "error: byte 4: 3 fields for 2 columns; record: 1,b,c"));
  options.fail_on_missing_columns = true;
  EXPECT_THAT(Rows(Two(), {"x,a", "1"}, options),
              ElementsAre("+I[null, a]", "error: byte 1: 1 fields for 2 columns; record: 1"));
}

TEST(CsvDecoder, ATrailingDelimiterEndsTheLastField) {
  EXPECT_THAT(Rows(Two(), {"1,a,"}), ElementsAre("+I[1, a]"));
  EXPECT_THAT(Rows(Two(), {"1,"}), ElementsAre("+I[1, ]"));
  CsvOptions options;
  options.allow_trailing_comma = false;
  EXPECT_THAT(
      Rows(Two(), {"1,a,", "1,", "2,b"}, options),
      ElementsAre(
          "error: byte 4: 3 fields for 2 columns: the last is an empty one behind a trailing delimiter; record: 1,a,",
          "+I[1, ]", "+I[2, b]"));
  options.ignore_trailing_unmappable = true;
  EXPECT_THAT(Rows(Two(), {"1,a,", "1,a,b,c"}, options), ElementsAre("+I[1, a]", "+I[1, a]"));
}

TEST(CsvDecoder, ReadsArraysRowsAndTimes) {
  types::SchemaPtr schema =
      MakeSchema({{"a", DataType::Array(DataType(TypeId::kInt))},
                  {"r", DataType::Row({{"x", DataType(TypeId::kString)}, {"y", DataType(TypeId::kDouble)}})},
                  {"t", DataType::Timestamp(3)},
                  {"b", DataType(TypeId::kBoolean)}});
  EXPECT_THAT(
      Rows(schema, {"1;2,p;0.5,2024-01-31 12:00:00,true", ",p;1,\"2024-01-31 12:00:01\",FALSE", "1,p,x,true"}),
      ElementsAre("+I[[1, 2], +I[p, 0.5], 2024-01-31T12:00, true]", "+I[[], +I[p, 1.0], 2024-01-31T12:00:01, false]",
                  "error: column 'r' at byte 2: 2 fields are needed: 'p'; record: 1,p,x,true"));
}

TEST(CsvDecoder, RefusesWhatCsvCannotHold) {
  auto map = MakeCsvDecoder(MakeSchema({{"m", DataType::Map(DataType(TypeId::kString), DataType(TypeId::kInt))}}), {});
  EXPECT_EQ(map.status().message(), "CSV cannot hold column 'm' of type MAP<STRING, INT>; JSON can");
  CsvOptions options;
  options.quote_character = ',';
  EXPECT_EQ(MakeCsvDecoder(Two(), options).status().message(),
            "csv.field-delimiter and csv.quote-character are the same: ','");
}

std::vector<std::string> Split(RecordSplitter& splitter, std::string_view bytes, size_t step) {
  std::vector<std::string> records;
  size_t begin = 0, seen = 0;
  while (begin < bytes.size()) {
    seen = std::min(bytes.size(), std::max(seen, begin) + step);
    while (begin < seen) {
      size_t size = splitter.Next(bytes.substr(begin, seen - begin), seen == bytes.size());
      if (size == RecordSplitter::kNeedMore) break;
      records.emplace_back(splitter.Strip(bytes.substr(begin, size)));
      begin += size;
    }
  }
  return records;
}

TEST(CsvSplitter, EndsRecordsOutsideQuotesHoweverTheBytesArrive) {
  CsvOptions options;
  options.allow_comments = true;
  options.escape_character = '\\';
  std::string_view bytes = "1,a\r\n2,\"b\n\"\"c\"\"\n\"\n#it's \"odd\n3,x\"y\n4,\"\\\"\n\"\n\n5,\\\n6\n7,\"open\n";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    auto splitter = MakeCsvSplitter(options);
    EXPECT_THAT(Split(*splitter, bytes, step), ElementsAre("1,a", "2,\"b\n\"\"c\"\"\n\"", "#it's \"odd", "3,x\"y",
                                                           "4,\"\\\"\n\"", "", "5,\\\n6", "7,\"open"))
        << step;
  }
}

TEST(CsvSplitter, AQuoteThatEscapesIsADoubledOne) {
  CsvOptions options;
  options.escape_character = '"';
  EXPECT_THAT(Split(*MakeCsvSplitter(options), "1,\"x\ny\"\n2,\"z\"\n3,\"a\"\"\nb\"\n", 1),
              ElementsAre("1,\"x\ny\"", "2,\"z\"", "3,\"a\"\"\nb\""));
}

TEST(LineSplitter, EndsRecordsAtLineEndsHoweverTheBytesArrive) {
  std::string_view bytes = "a\r\n\nbb\n\rc";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    auto splitter = MakeLineSplitter();
    EXPECT_THAT(Split(*splitter, bytes, step), ElementsAre("a", "", "bb", "\rc")) << step;
  }
}

TEST(CsvEncoder, QuotesAsJacksonDoes) {
  types::SchemaPtr schema =
      MakeSchema({{"i", DataType(TypeId::kInt)}, {"s", DataType(TypeId::kString)}, {"t", DataType::Timestamp(3)}});
  CsvOptions options;
  auto recode = [&](const std::string& record, const CsvOptions& write) {
    CsvOptions read = options;
    read.null_literal = "NULL";
    return Recode(**MakeCsvDecoder(schema, read), **MakeCsvEncoder(schema, write), *schema, record);
  };
  EXPECT_EQ(recode("-1,abc,2024-01-31 12:00:00", options), "-1,abc,\"2024-01-31 12:00:00\"");
  EXPECT_EQ(recode("1,\"a\"\"b\",NULL", options), "1,\"a\"\"b\",");
  EXPECT_EQ(recode("1,12345678901234567890123456,NULL", options), "1,\"12345678901234567890123456\",");
  CsvOptions plain;
  plain.disable_quote_character = true;
  plain.null_literal = "\\N";
  plain.escape_character = '\\';
  EXPECT_EQ(recode("1,\"a,b\nc\",NULL", plain), "1,a\\,b\\nc,\\N");
}

TEST(ParseErrors, FailSkipOrGoToTheSide) {
  columns::BufferPool pool;
  ParseError error{"price", 17, "not a DOUBLE: 'x'", "{\\n"};
  ParseErrors fail(ParseErrorPolicy::kFail, pool);
  EXPECT_EQ(fail.Take("orders.json:3", "{\n", error).ToString(),
            "user error: Cannot parse orders.json:3: column 'price' at byte 17: not a DOUBLE: 'x'; record: {\\n");
  ParseErrors skip(ParseErrorPolicy::kSkip, pool);
  EXPECT_TRUE(skip.Take("orders.json:3", "{\n", error).ok());
  EXPECT_EQ(skip.count(), 1);
  EXPECT_EQ(skip.TakeDeadLetters().rows(), 0);
  ParseErrors side(ParseErrorPolicy::kDeadLetter, pool);
  EXPECT_TRUE(side.Take("orders.json:3", "{\n", error).ok());
  columns::Batch letters = side.TakeDeadLetters();
  ASSERT_EQ(letters.rows(), 1);
  EXPECT_EQ(columns::RowText(letters, 0), "+I[[123, 10], orders.json:3, price, not a DOUBLE: 'x']");
  EXPECT_EQ(side.count(), 1);
  EXPECT_EQ(side.TakeDeadLetters().rows(), 0);
}

}  // namespace
}  // namespace thalweg::formats
