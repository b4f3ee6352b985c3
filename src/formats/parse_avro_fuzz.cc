// Avro: hostile schemas, datums and blocks give errors.
#include "formats/parse_avro.h"
#include "formats/test_rows.h"
#include "testing/fuzz.h"

namespace thalweg::formats {
namespace {

types::SchemaPtr FuzzSchema() {
  using types::DataType;
  using types::TypeId;
  return MakeSchema({{"a", DataType(TypeId::kInt)},
                     {"s", DataType(TypeId::kString)},
                     {"m", DataType::Map(DataType(TypeId::kString), DataType::Array(DataType(TypeId::kInt)))},
                     {"r", DataType::Row({{"x", DataType::Decimal(10, 2)}, {"y", DataType::Timestamp(3)}})}});
}

FUZZ_TARGET(AvroDatum,
            std::string("\x02\x02\x02\x02x\x02\x02\x02k\x02\x02\x02\x02\x04\x00\x00\x02\x02\x02\x01\x02\x02", 22),
            std::string("\0\0\0\0", 4)) {
  const types::SchemaPtr schema = FuzzSchema();
  static const auto decoder = MakeAvroDecoder(FuzzSchema(), {});
  static const auto encoder = MakeAvroEncoder(FuzzSchema(), {});
  columns::BufferPool pool;
  columns::BatchBuilder builder(*schema, pool);
  ParseError error;
  if (!(*decoder)->Decode(input, builder, &error)) {
    THALWEG_CHECK(!error.reason.empty() && builder.rows() == 0);
    return;
  }
  columns::Batch batch = builder.Take();
  std::string out;
  THALWEG_CHECK((*encoder)->Encode(batch, 0, &out).ok());
}

FUZZ_TARGET(
    AvroSchema,
    R"({"type":"record","name":"r","fields":[{"name":"a","type":["null",{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}]},{"name":"e","type":{"type":"enum","name":"e","symbols":["x"]}},{"name":"f","type":{"type":"fixed","name":"n.f","size":4}},{"name":"g","type":"n.f"}]})") {
  auto type = ParseAvroSchema(input);
  if (!type.ok()) {
    THALWEG_CHECK(type.status().category() == ErrorCategory::kUser);
    return;
  }
  auto reader = AvroReader::Make(*type, FuzzSchema());
  if (!reader.ok()) return;
  columns::BufferPool pool;
  columns::BatchBuilder builder(*FuzzSchema(), pool);
  ParseError error;
  std::string_view rest = input;
  (void)(*reader)->Read(&rest, builder, &error);
}

}  // namespace
}  // namespace thalweg::formats
