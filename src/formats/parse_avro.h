// Avro's binary encoding (specification 1.11) of single rows, as Flink's avro format has it: the schema is the table's.
#pragma once

#include <memory>
#include <string_view>

#include "formats/decoder.h"
#include "formats/encoder.h"
#include "formats/parse_avro_schema.h"

namespace thalweg::formats {

struct AvroOptions {
  AvroMapping mapping;
};

/// A record is one datum of the schema that is derived from `schema`. UserError for types that Avro has not.
Result<std::unique_ptr<Decoder>> MakeAvroDecoder(types::SchemaPtr schema, const AvroOptions& options);
Result<std::unique_ptr<RowEncoder>> MakeAvroEncoder(types::SchemaPtr schema, const AvroOptions& options);

/// Reads data of a writer's schema, which may be another than the table's: fields are found by name, those that the table lacks are passed
/// over, columns that the record lacks are NULL, numbers widen.
class AvroReader {
 public:
  virtual ~AvroReader() = default;
  /// UserError if a column cannot be read from what the writer has under its name.
  static Result<std::unique_ptr<AvroReader>> Make(AvroTypePtr writer, types::SchemaPtr schema);
  /// One datum from the front of `bytes`, which moves behind it. False: `error` is set and `out` is as before.
  virtual bool Read(std::string_view* bytes, columns::BatchBuilder& out, ParseError* error) = 0;
};

}  // namespace thalweg::formats
