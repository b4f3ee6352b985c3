// Debezium's change events in JSON, as Flink's format debezium-json: {"before": {..}, "after": {..}, "op": "u"}.
#pragma once

#include <memory>

#include "formats/json.h"

namespace thalweg::formats {

struct DebeziumOptions {
  JsonOptions json;             // of the rows; `ignore_parse_errors` also passes over whole events
  bool schema_include = false;  // the event stands in "payload" beside its "schema"; for reading only
};

/// "c" and "r" are +I, "u" is -U and +U, "d" is -D. An empty record is none (a tombstone). A record may be an array of events.
Result<std::unique_ptr<Decoder>> MakeDebeziumDecoder(types::SchemaPtr schema, const DebeziumOptions& options);
/// +I and +U are "c", -U and -D are "d". UserError for `schema_include`.
Result<std::unique_ptr<RowEncoder>> MakeDebeziumEncoder(types::SchemaPtr schema, const DebeziumOptions& options);

}  // namespace thalweg::formats
