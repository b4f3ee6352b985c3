// JSON as Flink's json format, parsed by simdjson.
#pragma once

#include <memory>
#include <string>

#include "formats/decoder.h"
#include "formats/encoder.h"
#include "formats/text.h"

namespace thalweg::formats {

enum class MapNullKeyMode : uint8_t { kFail, kDrop, kLiteral };

/// Flink's json.* options by their names.
struct JsonOptions {
  bool fail_on_missing_field = false;  // else NULL
  bool ignore_parse_errors = false;    // a field that does not parse is NULL
  TimestampStandard timestamp_format = TimestampStandard::kSql;
  MapNullKeyMode map_null_key_mode = MapNullKeyMode::kFail;
  std::string map_null_key_literal = "null";
  bool encode_decimal_as_plain_number = false;
  bool encode_ignore_null_fields = false;
};

/// UserError for a type that JSON cannot hold: objects, maps whose key is no STRING.
Status CheckJsonType(const types::DataType& type);

/// A record is one object, or an array of objects (a row each). Fields in any order; of equal names the last counts; unknown ones
/// are passed over. UserError for types that JSON cannot hold.
Result<std::unique_ptr<Decoder>> MakeJsonDecoder(types::SchemaPtr schema, const JsonOptions& options);
Result<std::unique_ptr<RowEncoder>> MakeJsonEncoder(types::SchemaPtr schema, const JsonOptions& options);

}  // namespace thalweg::formats
