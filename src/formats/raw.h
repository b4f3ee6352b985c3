// The record itself as a row of one column: a text, bytes, or a number by its bytes, as Flink's raw format.
#pragma once

#include "base/status.h"
#include "formats/decoder.h"
#include "formats/encoder.h"

namespace thalweg::formats {

/// Flink's raw.* options. Texts are UTF-8.
struct RawOptions {
  bool little_endian = false;  // numbers
};

/// UserError unless `schema` has one column of STRING, BYTES, BOOLEAN (a byte, 0 is false), TINYINT to BIGINT, FLOAT or DOUBLE.
Result<std::unique_ptr<Decoder>> MakeRawDecoder(types::SchemaPtr schema, RawOptions options = {});
Result<std::unique_ptr<RowEncoder>> MakeRawEncoder(types::SchemaPtr schema, RawOptions options = {});

}  // namespace thalweg::formats
