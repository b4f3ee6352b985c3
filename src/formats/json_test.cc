#include "formats/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/test_rows.h"

namespace thalweg::formats {
namespace {

using ::testing::ElementsAre;
using types::DataType;
using types::TypeId;

std::vector<std::string> Rows(const types::SchemaPtr& schema, const std::vector<std::string>& records,
                              JsonOptions options = {}) {
  auto decoder = MakeJsonDecoder(schema, options);
  EXPECT_TRUE(decoder.ok()) << decoder.status().ToString();
  return DecodeAll(**decoder, *schema, records);
}

std::string Row(const DataType& type, const std::string& value, JsonOptions options = {}) {
  std::vector<std::string> rows = Rows(MakeSchema({{"v", type}}), {"{\"v\":" + value + "}"}, options);
  return rows.size() == 1 ? rows[0] : "not one row";
}

types::SchemaPtr Order() {
  return MakeSchema(
      {{"id", DataType(TypeId::kBigInt)}, {"name", DataType(TypeId::kString)}, {"price", DataType(TypeId::kDouble)}});
}

TEST(JsonDecoder, TakesFieldsInAnyOrderAndPassesOverUnknownOnes) {
  EXPECT_THAT(Rows(Order(), {R"({"id":1,"name":"a","price":2.5})",
                             R"( {"price":2.5, "x":{"id":[9]}, "name":"a", "id":1, "":0} )"}),
              ElementsAre("+I[1, a, 2.5]", "+I[1, a, 2.5]"));
}

TEST(JsonDecoder, OfEqualNamesTheLastCounts) {
  EXPECT_THAT(
      Rows(Order(), {R"({"id":1,"id":2,"name":"a long string that lies in the heap","name":null,"price":1,"id":3})"}),
      ElementsAre("+I[3, null, 1.0]"));
}

TEST(JsonDecoder, AMissingFieldIsNullUnlessItMayNotBe) {
  EXPECT_THAT(Rows(Order(), {R"({"name":"a"})", "{}"}), ElementsAre("+I[null, a, null]", "+I[null, null, null]"));
  JsonOptions strict;
  strict.fail_on_missing_field = true;
  EXPECT_THAT(Rows(Order(), {R"({"name":"a","id":1})"}, strict),
              ElementsAre(R"(error: column 'price' at byte 0: the field is missing; record: {"name":"a","id":1})"));
  EXPECT_THAT(Rows(MakeSchema({{"id", DataType(TypeId::kBigInt, false)}}), {"{}", R"({"id":null})"}),
              ElementsAre("error: column 'id' at byte 0: the field is missing and the column is NOT NULL; record: {}",
                          R"(error: column 'id' at byte 6: NULL in a NOT NULL column; record: {"id":null})"));
}

TEST(JsonDecoder, EscapedNamesAndTextsAreUnescaped) {
  EXPECT_THAT(Rows(MakeSchema({{"a\"b", DataType(TypeId::kString)}, {"\xc3\xa9", DataType(TypeId::kString)}}),
                   {R"({"a\"b":"x\ny","\u00e9":"\ud83d\ude00"})"}),
              ElementsAre("+I[x\ny, \xf0\x9f\x98\x80]"));
}

TEST(JsonDecoder, NamesLongerThanThePaddingAreFoundAtTheEndOfTheRecord) {
  std::string name(200, 'n');
  EXPECT_THAT(Rows(MakeSchema({{name, DataType(TypeId::kInt)}}), {"{\"" + name + "\":1}", "{\"n\":1}"}),
              ElementsAre("+I[1]", "+I[null]"));
}

TEST(JsonDecoder, NumbersMayBeTextsAndFractionsAreCutAsFlinkDoes) {
  EXPECT_EQ(Row(DataType(TypeId::kInt), R"(" 12 ")"), "+I[12]");
  EXPECT_EQ(Row(DataType(TypeId::kInt), "3.9"), "+I[3]");
  EXPECT_EQ(Row(DataType(TypeId::kBigInt), "1e3"), "+I[1000]");
  EXPECT_EQ(Row(DataType(TypeId::kTinyInt), "-128"), "+I[-128]");
  EXPECT_EQ(Row(DataType(TypeId::kDouble), R"("NaN")"), "+I[NaN]");
  EXPECT_EQ(Row(DataType(TypeId::kDouble), "12345678901234567890"), "+I[1.2345678901234567E19]");
  for (const char* blank : {"", "\t"}) {  // a tab is not plain: simdjson reads the record
    const std::string digits = "0.000000000000000032745852000442045123", negative = "-" + digits;
    EXPECT_EQ(Row(DataType(TypeId::kDouble), blank + digits), "+I[3.2745852000442045E-17]");
    EXPECT_EQ(Row(DataType(TypeId::kDouble), blank + negative), "+I[-3.2745852000442045E-17]");
  }
  EXPECT_EQ(Row(DataType(TypeId::kFloat), "0.1"), "+I[0.1]");
  EXPECT_EQ(Row(DataType(TypeId::kBoolean), R"("TRUE")"), "+I[true]");
}

TEST(JsonDecoder, AStringTakesAnyValueAsItsText) {
  EXPECT_EQ(Row(DataType(TypeId::kString), "12.50"), "+I[12.50]");
  EXPECT_EQ(Row(DataType(TypeId::kString), "true"), "+I[true]");
  EXPECT_EQ(Row(DataType(TypeId::kString), R"({ "a" : [1, "x y\" z"] })"), R"(+I[{"a":[1,"x y\" z"]}])");
  EXPECT_EQ(Row(DataType(TypeId::kString), "null"), "+I[null]");
}

TEST(JsonDecoder, DecimalsAreExact) {
  EXPECT_EQ(Row(DataType::Decimal(38, 18), "12345678901234567890.123456789012345678"),
            "+I[12345678901234567890.123456789012345678]");
  EXPECT_EQ(Row(DataType::Decimal(10, 2), R"("0.10")"), "+I[0.10]");
  EXPECT_EQ(Row(DataType::Decimal(4, 2), "100"),
            "error: column 'v' at byte 5: out of range for DECIMAL(4, 2): 100; record: {\"v\":100}");
}

TEST(JsonDecoder, IntegersBeyondTheirTypeAreErrorsThatNameTheColumn) {
  EXPECT_EQ(
      Row(DataType(TypeId::kBigInt), "9223372036854775808"),
      "error: column 'v' at byte 5: out of range for BIGINT: 9223372036854775808; record: {\"v\":9223372036854775808}");
  EXPECT_EQ(Row(DataType(TypeId::kBigInt), "-9223372036854775808"), "+I[-9223372036854775808]");
  EXPECT_EQ(Row(DataType(TypeId::kInt), "2147483648"),
            "error: column 'v' at byte 5: out of range for INT: 2147483648; record: {\"v\":2147483648}");
  EXPECT_EQ(Row(DataType(TypeId::kSmallInt), "1e9"),
            "error: column 'v' at byte 5: out of range for SMALLINT: 1e9; record: {\"v\":1e9}");
  EXPECT_EQ(Row(DataType(TypeId::kBigInt), "1e300"),
            "error: column 'v' at byte 5: out of range for BIGINT: 1e300; record: {\"v\":1e300}");
}

TEST(JsonDecoder, WrongTypesAreErrorsThatNameColumnPlaceAndText) {
  EXPECT_EQ(Row(DataType(TypeId::kBigInt), R"("12x")"),
            R"(error: column 'v' at byte 5: not a BIGINT: '12x'; record: {"v":"12x"})");
  EXPECT_EQ(Row(DataType(TypeId::kBigInt), "true"),
            R"(error: column 'v' at byte 5: not a BIGINT: 'true'; record: {"v":true})");
  EXPECT_EQ(Row(DataType(TypeId::kBigInt), "{}"),
            R"(error: column 'v' at byte 5: not a BIGINT: '{}'; record: {"v":{}})");
  EXPECT_EQ(Row(DataType(TypeId::kBoolean), "1"),
            R"(error: column 'v' at byte 5: not a BOOLEAN: '1'; record: {"v":1})");
  EXPECT_EQ(Row(DataType(TypeId::kDate), "1"), R"(error: column 'v' at byte 5: not a DATE: '1'; record: {"v":1})");
  EXPECT_EQ(Row(DataType::Array(DataType(TypeId::kInt)), R"("a")"),
            R"(error: column 'v' at byte 5: not a ARRAY<INT>: 'a'; record: {"v":"a"})");
}

TEST(JsonDecoder, TimesFollowTheStandardThatWasAsked) {
  JsonOptions iso;
  iso.timestamp_format = TimestampStandard::kIso8601;
  EXPECT_EQ(Row(DataType::Timestamp(3), R"("2024-01-31 12:00:00.1239")"), "+I[2024-01-31T12:00:00.123]");
  EXPECT_EQ(Row(DataType::Timestamp(9), R"("2024-01-31 12:00:00.000000001")"), "+I[2024-01-31T12:00:00.000000001]");
  EXPECT_EQ(Row(DataType::Timestamp(0), R"("1969-12-31 23:59:59.9")"), "+I[1969-12-31T23:59:59]");
  EXPECT_EQ(Row(DataType::TimestampLtz(3), R"("2024-01-31T12:00:00Z")", iso), "+I[2024-01-31T12:00:00Z]");
  EXPECT_EQ(Row(DataType(TypeId::kDate), R"("2024-01-31")"), "+I[2024-01-31]");
  EXPECT_EQ(Row(DataType(TypeId::kTime), R"("12:00:01")"), "+I[12:00:01]");
  EXPECT_EQ(
      Row(DataType::Timestamp(3), R"("2024-01-31T12:00:00")"),
      R"(error: column 'v' at byte 5: not a TIMESTAMP(3): '2024-01-31T12:00:00'; record: {"v":"2024-01-31T12:00:00"})");
}

DataType Nested() {
  return DataType::Row(
      {{"a", DataType::Array(DataType(TypeId::kInt))},
       {"m", DataType::Map(DataType(TypeId::kString), DataType::Row({{"x", DataType(TypeId::kString)}}))}});
}

TEST(JsonDecoder, NestedValuesBecomeNestedColumns) {
  EXPECT_EQ(Row(Nested(), R"({"m":{"k":{"x":"1"},"l":null},"a":[1,null,3]})"),
            "+I[+I[[1, null, 3], {k=+I[1], l=null}]]");
  EXPECT_EQ(Row(Nested(), R"({"a":[]})"), "+I[+I[[], null]]");
  EXPECT_EQ(Row(Nested(), "null"), "+I[null]");
}

TEST(JsonDecoder, AnErrorInANestedFieldHasItsPath) {
  EXPECT_EQ(Row(Nested(), R"({"a":[1,"x"]})"),
            R"(error: column 'v.a.element' at byte 13: not a INT: 'x'; record: {"v":{"a":[1,"x"]}})");
  EXPECT_EQ(Row(Nested(), R"({"m":{"k":null,"k":null}})"),
            R"(error: column 'v.m' at byte 10: map has the key 'k' twice; record: {"v":{"m":{"k":null,"k":null}}})");
}

TEST(JsonDecoder, IgnoringParseErrorsMakesTheFieldNullAndKeepsTheRow) {
  JsonOptions options;
  options.ignore_parse_errors = true;
  EXPECT_THAT(Rows(Order(), {R"({"id":"x","name":"a","price":[1,2]})"}, options), ElementsAre("+I[null, a, null]"));
  EXPECT_EQ(Row(Nested(), R"({"a":[1,"x",3]})", options), "+I[+I[[1, null, 3], null]]");
  EXPECT_THAT(Rows(Order(), {R"({"id":1,"name")"}, options), ElementsAre(::testing::StartsWith("error: byte ")));
}

TEST(JsonDecoder, AnArrayOfObjectsIsARowEach) {
  EXPECT_THAT(Rows(Order(), {R"([{"id":1},{"id":2,"name":"b"}])", "[]", "", "  "}),
              ElementsAre("+I[1, null, null]", "+I[2, b, null]"));
  EXPECT_THAT(Rows(Order(), {R"([{"id":1},2])"}),
              ElementsAre(R"(error: byte 10: an element of the array is not a JSON object; record: [{"id":1},2])"));
}

TEST(JsonDecoder, ATextThatIsNoJsonIsAnErrorOfTheRecord) {
  for (const char* text : {"{", "{\"id\":1", "{\"id\" 1}", "{\"id\":1,}", "{id:1}", "{\"id\":1}}", "{\"id\":1} {}",
                           "{\"name\":\"\xff\"}", "{\"id\":nul}", "{\"id\":tru}", "{\"id\":01}", "{\"price\":1.}",
                           "{\"price\":-}", "{\"name\":\"a}", "hello", "12", "\"x\"", "]", "{\"name\":\"\\x\"}"}) {
    std::vector<std::string> rows = Rows(Order(), {text});
    ASSERT_EQ(rows.size(), 1u) << text;
    EXPECT_THAT(rows[0], ::testing::StartsWith("error: ")) << text;
  }
  EXPECT_THAT(Rows(Order(), {"{\"id\":1} {}"}),
              ElementsAre("error: byte 9: more text behind the end; record: {\"id\":1} {}"));
  EXPECT_THAT(Rows(Order(), {"hello"}), ElementsAre("error: byte 0: not a JSON object; record: hello"));
}

TEST(JsonDecoder, AfterAnErrorTheBatchIsAsBefore) {
  columns::BufferPool pool;
  types::SchemaPtr schema = MakeSchema({{"id", DataType(TypeId::kBigInt)}, {"n", Nested()}});
  auto decoder = MakeJsonDecoder(schema, {});
  columns::BatchBuilder builder(*schema, pool);
  ParseError error;
  std::string good = R"({"id":1,"n":{"a":[1,2],"m":{"k":{"x":"a string beyond twelve bytes"}}}})";
  for (const char* bad : {R"({"id":1,"n":{"a":[1,2],"m":{"k":{"x":"y"},"l":7}}})", R"({"id":2,"n":{"a":[1,2,{}]}})",
                          R"({"id":2,"n":{"a":[1,)", R"([{"id":5},{"id":6,"n":{}},{"id":"x"}])"}) {
    EXPECT_TRUE((*decoder)->Decode(Padded(good).view(), builder, &error));
    EXPECT_FALSE((*decoder)->Decode(Padded(bad).view(), builder, &error)) << bad;
  }
  columns::Batch batch = builder.Take();
  ASSERT_EQ(batch.rows(), 4);
  for (int32_t row = 0; row < 4; ++row)
    EXPECT_EQ(columns::RowText(batch, row), "+I[1, +I[[1, 2], {k=+I[a string beyond twelve bytes]}]]");
}

TEST(JsonDecoder, RefusesMapsWhoseKeyIsNoString) {
  auto decoder =
      MakeJsonDecoder(MakeSchema({{"m", DataType::Map(DataType(TypeId::kInt), DataType(TypeId::kInt))}}), {});
  ASSERT_FALSE(decoder.ok());
  EXPECT_EQ(decoder.status().message(), "Column 'm': JSON maps have STRING keys; this is a MAP<INT, INT>");
}

std::string Recoded(const DataType& type, const std::string& value, JsonOptions options = {}) {
  types::SchemaPtr schema = MakeSchema({{"v", type}});
  auto decoder = MakeJsonDecoder(schema, options);
  auto encoder = MakeJsonEncoder(schema, options);
  return Recode(**decoder, **encoder, *schema, "{\"v\":" + value + "}");
}

TEST(JsonEncoder, WritesWhatFlinkWrites) {
  EXPECT_EQ(Recoded(DataType(TypeId::kBigInt), "-5"), R"({"v":-5})");
  EXPECT_EQ(Recoded(DataType(TypeId::kDouble), "1e10"), R"({"v":1.0E10})");
  EXPECT_EQ(Recoded(DataType(TypeId::kDouble), "\"NaN\""), R"({"v":"NaN"})");
  EXPECT_EQ(Recoded(DataType(TypeId::kBoolean), "true"), R"({"v":true})");
  EXPECT_EQ(Recoded(DataType(TypeId::kString), R"("a\"\\\/\b\f\n\r\té\u0001")"),
            "{\"v\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\xc3\xa9\\u0001\"}");
  EXPECT_EQ(Recoded(DataType(TypeId::kBinary), R"("AQID")"), R"({"v":"AQID"})");
  EXPECT_EQ(Recoded(DataType::Decimal(20, 10), "1e-8"), R"({"v":1.00E-8})");
  EXPECT_EQ(Recoded(DataType::Timestamp(3), R"("2024-01-31 12:00:00.120")"), R"({"v":"2024-01-31 12:00:00.12"})");
  EXPECT_EQ(Recoded(DataType::TimestampLtz(3), R"("2024-01-31 12:00:00Z")"), R"({"v":"2024-01-31 12:00:00Z"})");
  EXPECT_EQ(Recoded(DataType(TypeId::kDate), R"("2024-01-31")"), R"({"v":"2024-01-31"})");
  EXPECT_EQ(Recoded(DataType(TypeId::kTime), R"("12:00:01.5")"), R"({"v":"12:00:01.5"})");
  EXPECT_EQ(Recoded(Nested(), R"({"a":[1,null],"m":{"k":{"x":"y"}}})"), R"({"v":{"a":[1,null],"m":{"k":{"x":"y"}}}})");
  EXPECT_EQ(Recoded(DataType(TypeId::kInt), "null"), R"({"v":null})");
}

TEST(JsonEncoder, LeavesOutNullsAndWritesPlainDecimalsWhenAsked) {
  JsonOptions options;
  options.encode_ignore_null_fields = true;
  options.encode_decimal_as_plain_number = true;
  EXPECT_EQ(Recoded(DataType(TypeId::kInt), "null", options), "{}");
  EXPECT_EQ(Recoded(DataType::Decimal(20, 10), "1e-8", options), R"({"v":0.0000000100})");
}

TEST(JsonEncoder, ANullMapKeyFailsIsDroppedOrBecomesTheLiteral) {
  types::SchemaPtr schema = MakeSchema({{"m", DataType::Map(DataType(TypeId::kString), DataType(TypeId::kInt))}});
  columns::BufferPool pool;
  columns::BatchBuilder builder(*schema, pool);
  builder.column(0).child(0).AppendNull();
  builder.column(0).child(1).Append(int32_t{7});
  builder.column(0).CloseRow();
  builder.FinishRow();
  columns::Batch batch = builder.Take();
  auto encode = [&](MapNullKeyMode mode) {
    JsonOptions options;
    options.map_null_key_mode = mode;
    std::string out;
    Status status = (*MakeJsonEncoder(schema, options))->Encode(batch, 0, &out);
    return status.ok() ? out : status.message();
  };
  EXPECT_EQ(encode(MapNullKeyMode::kFail),
            "Cannot write column 'm' as JSON: map has a NULL key; set json.map-null-key.mode to DROP or LITERAL");
  EXPECT_EQ(encode(MapNullKeyMode::kDrop), R"({"m":{}})");
  EXPECT_EQ(encode(MapNullKeyMode::kLiteral), R"({"m":{"null":7}})");
}

}  // namespace
}  // namespace thalweg::formats
