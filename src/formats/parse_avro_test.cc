// Against tests/golden/avro_rows.*, which another library has written (tests/golden/avro.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "formats/parse_avro_file.h"
#include "formats/test_rows.h"
#include "io/temporary_folder.h"
#include "testing/source_folder.h"

namespace thalweg::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using types::DataType;
using types::TypeId;

types::SchemaPtr GoldenSchema() {
  return MakeSchema({{"l", DataType(TypeId::kBigInt, false)},
                     {"b", DataType(TypeId::kBoolean)},
                     {"i", DataType(TypeId::kInt)},
                     {"f", DataType(TypeId::kFloat)},
                     {"d", DataType(TypeId::kDouble)},
                     {"s", DataType(TypeId::kString)},
                     {"y", DataType(TypeId::kBinary)},
                     {"m", DataType::Decimal(10, 2)},
                     {"dt", DataType(TypeId::kDate)},
                     {"t", DataType(TypeId::kTime)},
                     {"ts", DataType::Timestamp(3)},
                     {"a", DataType::Array(DataType(TypeId::kInt))},
                     {"mp", DataType::Map(DataType(TypeId::kString, false), DataType(TypeId::kString))},
                     {"r", DataType::Row({{"x", DataType(TypeId::kInt)}, {"z", DataType(TypeId::kString)}})}});
}

std::vector<std::string> GoldenRecords() {
  std::ifstream in(SourceFolder() + "/tests/golden/avro_rows.txt");
  std::vector<std::string> records;
  for (std::string line; std::getline(in, line);) {
    std::string& record = records.emplace_back();
    for (size_t i = 0; i + 1 < line.size(); i += 2)
      record += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
  }
  return records;
}

std::vector<std::string> ReadAvroFile(const std::string& folder, const std::string& name,
                                      const types::SchemaPtr& schema) {
  auto storage = *io::OpenStorage(folder);
  auto reader = AvroFileReader::Open(storage, name, name);
  if (!reader.ok()) return {"error: " + std::string(reader.status().message())};
  auto rows = AvroReader::Make((*reader)->writer(), schema);
  if (!rows.ok()) return {"error: " + std::string(rows.status().message())};
  columns::BufferPool pool;
  std::vector<std::string> texts;
  uint64_t offset = 0;
  while (true) {
    auto block = (*reader)->Read(offset);
    if (!block.ok()) return {"error: " + std::string(block.status().message())};
    if (!*block) return texts;
    offset = (*reader)->next();
    columns::BatchBuilder builder(*schema, pool);
    std::string_view rest = (*block)->bytes;
    ParseError error;
    for (int64_t row = 0; row < (*block)->rows; ++row)
      if (!(*rows)->Read(&rest, builder, &error)) texts.push_back("error: " + error.ToString());
    columns::Batch batch = builder.Take();
    for (int32_t row = 0; row < batch.rows(); ++row) texts.push_back(columns::RowText(batch, row));
    EXPECT_TRUE(rest.empty() || error.reason != "");
  }
}

TEST(Avro, ReadsAndWritesWhatAnotherLibraryWrites) {
  const types::SchemaPtr schema = GoldenSchema();
  auto decoder = MakeAvroDecoder(schema, {});
  ASSERT_TRUE(decoder.ok()) << decoder.status().ToString();
  auto encoder = MakeAvroEncoder(schema, {});
  ASSERT_TRUE(encoder.ok()) << encoder.status().ToString();
  const std::vector<std::string> records = GoldenRecords();
  ASSERT_EQ(records.size(), 4u);
  const std::vector<std::string> rows = DecodeAll(**decoder, *schema, records);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[0], HasSubstr("[1, true, -7, 1.5, -2.25, häuser, "));
  EXPECT_THAT(rows[0], HasSubstr("-123.45, 2024-02-29, 12:34:56, 2024-02-29T23:59:59.123, "));
  EXPECT_THAT(rows[1], ::testing::StartsWith("+I[-2, null, null"));
  EXPECT_THAT(rows[2], HasSubstr("99999999.99, 1969-12-31, 00:00, 1969-12-31T23:59:59.999"));
  EXPECT_THAT(rows[3], HasSubstr("2147483647"));
  for (const std::string& record : records) EXPECT_EQ(Recode(**decoder, **encoder, *schema, record), record);
}

TEST(Avro, ReadsAContainerFileOfAnotherLibraryAndItsOwn) {
  const types::SchemaPtr schema = GoldenSchema();
  const std::vector<std::string> rows = ReadAvroFile(SourceFolder() + "/tests/golden", "avro_rows.avro", schema);
  EXPECT_EQ(rows, DecodeAll(**MakeAvroDecoder(schema, {}), *schema, GoldenRecords()));
  columns::BufferPool pool;
  for (AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kZstandard}) {
    auto encoder = *MakeAvroFileEncoder(schema, {}, codec);
    columns::BatchBuilder builder(*schema, pool);
    ParseError error;
    for (const std::string& record : GoldenRecords())
      ASSERT_TRUE((*MakeAvroDecoder(schema, {}))->Decode(record, builder, &error));
    columns::Batch batch = builder.Take();
    std::string file;
    ASSERT_TRUE(encoder->Append(batch, 0, batch.rows(), &file).ok());
    ASSERT_TRUE(encoder->Finish(&file).ok());
    const io::TemporaryFolder temporary;
    const std::string& folder = temporary.path();
    auto storage = *io::OpenStorage(folder);
    ASSERT_TRUE(storage->Put("ours.avro", file).ok());
    EXPECT_EQ(ReadAvroFile(folder, "ours.avro", schema), rows);
    ASSERT_TRUE(storage->Put("cut.avro", std::string_view(file).substr(0, file.size() - 3)).ok());
    EXPECT_THAT(ReadAvroFile(folder, "cut.avro", schema), ElementsAre(HasSubstr("is cut off")));
    file[file.size() - 1] ^= 1;
    ASSERT_TRUE(storage->Put("other.avro", file).ok());
    EXPECT_THAT(ReadAvroFile(folder, "other.avro", schema),
                ElementsAre(HasSubstr("does not end with the file's sync marker")));
  }
}

TEST(Avro, FieldsOfTheWriterAreFoundByNameAndWiden) {
  auto schema = MakeSchema(
      {{"d", DataType(TypeId::kDouble)}, {"nowhere", DataType(TypeId::kString)}, {"l", DataType(TypeId::kBigInt)}});
  EXPECT_THAT(ReadAvroFile(SourceFolder() + "/tests/golden", "avro_rows.avro", schema),
              ElementsAre("+I[-2.25, null, 1]", "+I[null, null, -2]", "+I[1.0E300, null, 9223372036854775807]",
                          "+I[null, null, -9223372036854775808]"));
  EXPECT_THAT(
      ReadAvroFile(SourceFolder() + "/tests/golden", "avro_rows.avro", MakeSchema({{"s", DataType(TypeId::kInt)}})),
      ElementsAre(HasSubstr("Column 's' is INT, which is not read from Avro's type union")));
  EXPECT_THAT(ReadAvroFile(SourceFolder() + "/tests/golden", "avro_rows.avro",
                           MakeSchema({{"none", DataType(TypeId::kInt, false)}})),
              ::testing::Each(HasSubstr("NOT NULL")));
}

TEST(Avro, BytesThatAreNoRecordAreErrorsWithTheirPlace) {
  auto schema = MakeSchema({{"a", DataType(TypeId::kInt, false)}, {"s", DataType(TypeId::kString)}});
  auto decoder = *MakeAvroDecoder(schema, {});
  EXPECT_THAT(
      DecodeAll(*decoder, *schema,
                {std::string("\x02\x02\x02x", 4), "", std::string("\x02\x04", 2), std::string("\x02\x02\x08x", 4),
                 std::string("\x02\x00x", 3), std::string("\xff\xff\xff\xff\x7f\x00", 6)}),
      ElementsAre("+I[1, x]", HasSubstr("column 'a' at byte 0: the bytes end in a number"),
                  HasSubstr("branch 2 of a union of 2"), HasSubstr("4 bytes are wanted, 1 are left"),
                  HasSubstr("1 bytes behind the record"), HasSubstr("not a INT")));
}

TEST(Avro, TypesAndTheirMappingAreFlinks) {
  auto json = [](DataType type, bool legacy = true) {
    auto derived = DeriveAvroSchema(*MakeSchema({{"c", std::move(type)}}), {legacy});
    return derived.ok() ? derived->json : "error: " + std::string(derived.status().message());
  };
  EXPECT_EQ(
      json(DataType(TypeId::kBigInt, false)),
      R"({"type":"record","name":"record","namespace":"org.apache.flink.avro.generated","fields":[{"name":"c","type":"long"}]})");
  EXPECT_THAT(json(DataType::Timestamp(3)), HasSubstr(R"("logicalType":"timestamp-millis")"));
  EXPECT_THAT(json(DataType::Timestamp(6)), HasSubstr("it only supports precision less than 3"));
  EXPECT_THAT(json(DataType::Timestamp(6), false), HasSubstr(R"("logicalType":"local-timestamp-micros")"));
  EXPECT_THAT(json(DataType::TimestampLtz(3)), HasSubstr("'avro.timestamp_mapping.legacy' = 'false'"));
  EXPECT_THAT(json(DataType::TimestampLtz(3), false), HasSubstr(R"("logicalType":"timestamp-millis")"));
  EXPECT_THAT(json(DataType::Map(DataType(TypeId::kInt), DataType(TypeId::kInt))),
              HasSubstr("non-string as key type of map"));
}

TEST(Avro, ASchemaThatIsNoneIsAnError) {
  auto error = [](std::string_view text) { return std::string(ParseAvroSchema(text).status().message()); };
  EXPECT_THAT(error("{"), HasSubstr("no JSON"));
  EXPECT_THAT(error("\"nothing\""), HasSubstr("names the type 'nothing'"));
  EXPECT_THAT(error("[]"), HasSubstr("no branches"));
  EXPECT_THAT(error(R"({"type":"record","name":"r","fields":[{"name":"a","type":"r"}]})"),
              HasSubstr("does not define before"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += R"({"type":"array","items":)";
  EXPECT_THAT(error(deep + "\"int\"" + std::string(100, '}')), HasSubstr("nests more than 64 deep"));
}

}  // namespace
}  // namespace thalweg::formats
