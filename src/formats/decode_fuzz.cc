// Bytes from outside: whatever they are, a record becomes rows or an error, and what was decoded can be written and read again.
#include "columns/compare.h"
#include "formats/csv.h"
#include "formats/json.h"
#include "formats/json_plain.h"
#include "formats/test_rows.h"
#include "testing/fuzz.h"

namespace thalweg::formats {
namespace {

using types::DataType;
using types::TypeId;

types::SchemaPtr Everything(bool nested) {
  std::vector<types::Field> fields = {{"i", DataType(TypeId::kInt)},
                                      {"l", DataType(TypeId::kBigInt, false)},
                                      {"d", DataType(TypeId::kDouble)},
                                      {"b", DataType(TypeId::kBoolean)},
                                      {"s", DataType(TypeId::kString)},
                                      {"n", DataType::Decimal(20, 5)},
                                      {"t", DataType::Timestamp(6)},
                                      {"y", DataType(TypeId::kBinary)},
                                      {"a", DataType::Array(DataType(TypeId::kInt))}};
  if (nested)
    fields.push_back(
        {"m", DataType::Map(DataType(TypeId::kString), DataType::Row({{"x", DataType(TypeId::kString)}}))});
  return MakeSchema(std::move(fields));
}

// What is written must be read back, and written the same.
void CheckRoundTrip(Decoder& decoder, RowEncoder& encoder, const types::Schema& schema, std::string_view input) {
  columns::BufferPool pool;
  columns::BatchBuilder builder(schema, pool);
  ParseError error;
  bool decoded = decoder.Decode(Padded(input).view(), builder, &error);
  columns::Batch batch = builder.Take();
  THALWEG_CHECK(decoded || (batch.rows() == 0 && !error.reason.empty()));
  for (int32_t row = 0; row < batch.rows(); ++row) {
    std::string text, again;
    THALWEG_CHECK(encoder.Encode(batch, row, &text).ok());
    THALWEG_CHECK(decoder.Decode(Padded(text).view(), builder, &error), "{}", error.ToString());
    columns::Batch copy = builder.Take();
    THALWEG_CHECK(copy.rows() == 1 && encoder.Encode(copy, 0, &again).ok() && text == again, "{} / {}", text, again);
  }
}

// The decoder and simdjson alone say the same: rows, or the same error.
void CheckAgainstJudge(const types::SchemaPtr& schema, const JsonOptions& options, std::string_view input) {
  columns::BufferPool pool;
  columns::BatchBuilder rows(*schema, pool), judged(*schema, pool);
  ParseError error, judged_error;
  bool good = (*MakeJsonDecoder(schema, options))->Decode(Padded(input).view(), rows, &error);
  THALWEG_CHECK(good == (*MakeJsonJudge(schema, options))->Decode(Padded(input).view(), judged, &judged_error));
  THALWEG_CHECK(good || error.ToString() == judged_error.ToString(), "{} / {}", error.ToString(),
                judged_error.ToString());
  std::string difference = columns::FirstDifference(rows.Take(), judged.Take());
  THALWEG_CHECK(difference.empty(), "{}", difference);
}

FUZZ_TARGET(
    JsonDecode,
    R"({"i":1,"l":2,"d":1.5e3,"b":true,"s":"a\n\u00e9\ud83d\ude00","n":"12.34567","t":"2024-01-31 12:00:00.123456","y":"AQID","a":[1,null,3],"m":{"k":{"x":"y"},"l":null}})",
    R"([{"l":9223372036854775807},{"l":"-5","s":{"x":[1, 2]}}])",
    R"({"a":[[]],"m":{},"unknown":{"deep":[{},{"x":null}]},"l":1e2})") {
  types::SchemaPtr schema = Everything(true);
  for (bool ignore : {false, true}) {
    JsonOptions options;
    options.ignore_parse_errors = ignore;
    CheckRoundTrip(**MakeJsonDecoder(schema, options), **MakeJsonEncoder(schema, options), *schema, input);
    CheckAgainstJudge(schema, options, input);
  }
}

FUZZ_TARGET(CsvDecode, "1,2,1.5,true,text,12.34567,2024-01-31 12:00:00.123456,AQID,1;2;3\n",
            "\"1\",2,,,\"a,\"\"b\"\"\n\",,,,\n# comment\n", "1,\\2,NULL,TRUE,a\\,b,NULL,NULL,\"AQID\",\n\"open") {
  types::SchemaPtr schema = Everything(false);
  for (bool escapes : {false, true}) {
    CsvOptions options;
    options.null_literal = "NULL";
    options.allow_comments = escapes;
    if (escapes) options.escape_character = '\\';
    auto decoder = MakeCsvDecoder(schema, options);
    auto encoder = MakeCsvEncoder(schema, options);
    auto splitter = MakeCsvSplitter(options);
    for (std::string_view rest = input; !rest.empty();) {
      size_t size = splitter->Next(rest, true);
      THALWEG_CHECK(size > 0 && size <= rest.size());
      columns::BufferPool pool;
      columns::BatchBuilder builder(*schema, pool);
      ParseError error;
      bool decoded = (*decoder)->Decode(Padded(splitter->Strip(rest.substr(0, size))).view(), builder, &error);
      columns::Batch batch = builder.Take();
      THALWEG_CHECK(decoded || batch.rows() == 0);
      std::string text;
      if (batch.rows() == 1) THALWEG_CHECK((*encoder)->Encode(batch, 0, &text).ok());
      rest.remove_prefix(size);
    }
  }
}

}  // namespace
}  // namespace thalweg::formats
