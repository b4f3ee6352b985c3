// The record itself as a row: one STRING or BYTES column.
#pragma once

#include "base/status.h"
#include "formats/decoder.h"
#include "formats/encoder.h"

namespace thalweg::formats {

/// UserError unless `schema` has one column of STRING or BYTES.
Result<std::unique_ptr<Decoder>> MakeRawDecoder(types::SchemaPtr schema);
Result<std::unique_ptr<RowEncoder>> MakeRawEncoder(types::SchemaPtr schema);

}  // namespace thalweg::formats
