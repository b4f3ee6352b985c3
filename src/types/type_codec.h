// Types and schemas as bytes, in the fields of base/fields.h. docs/internals/graph.md has them.
// Rule: a type that holds objects has a name on disk but no way back: only the program knows its C++ type.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::types {

/// Deepest nesting that is decoded; an array of an array has depth 2.
constexpr int kMaxTypeDepth = 64;

std::string EncodeType(const DataType& type);
/// External error if malformed, of a newer version, or an object type.
Result<DataType> DecodeType(std::string_view bytes);

std::string EncodeSchema(const Schema& schema);
Result<Schema> DecodeSchema(std::string_view bytes);

}  // namespace thalweg::types
