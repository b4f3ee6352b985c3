// Schemas of Avro (specification 1.11): as JSON, and as Flink derives them from the columns of a table.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::formats {

struct AvroType;
using AvroTypePtr = std::shared_ptr<const AvroType>;

/// Immutable. Any thread.
struct AvroType {
  enum class Kind : uint8_t {
    kNull,
    kBoolean,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kBytes,
    kString,
    kFixed,
    kEnum,
    kArray,
    kMap,
    kRecord,
    kUnion
  };
  Kind kind = Kind::kNull;
  std::string logical;                // logicalType; ""
  int precision = 0, scale = 0;       // of a decimal
  size_t size = 0;                    // of kFixed
  std::vector<std::string> names;     // of kRecord its fields, of kEnum its symbols
  std::vector<AvroTypePtr> children;  // of kRecord its fields, of kUnion its branches; of kArray and kMap one
};

struct AvroMapping {
  bool legacy_timestamps =
      true;  // avro.timestamp_mapping.legacy: TIMESTAMP(3) is timestamp-millis; else local-timestamp-*
};

/// UserError for what is no schema, and for types that hold themselves.
Result<AvroTypePtr> ParseAvroSchema(std::string_view json);

/// The schema of rows of `schema`, and its JSON: Flink's AvroSchemaConverter. UserError for types that Avro (or the mapping) has not.
struct DerivedAvroSchema {
  AvroTypePtr type;
  std::string json;
};
Result<DerivedAvroSchema> DeriveAvroSchema(const types::Schema& schema, const AvroMapping& mapping);

}  // namespace thalweg::formats
