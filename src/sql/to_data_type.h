// From the spelling of a type to the type of values.
#pragma once

#include <vector>

#include "base/status.h"
#include "sql/ast_type.h"
#include "types/data_type.h"

namespace thalweg::sql {

/// The type that `spec` spells, with Flink's defaults: DECIMAL is DECIMAL(10, 0), VARCHAR is STRING, TIMESTAMP is TIMESTAMP(6).
/// A user error, with the place in the text: a length or precision out of range, a type that columns cannot have (yet).
Result<types::DataType> ToDataType(const TypeSpec& spec);

/// Where `spec` says CHAR or BINARY, of which the type keeps the length only: each the way to it by children (elements, keys and values,
/// fields); an empty way: itself.
std::vector<std::vector<int>> FixedLengths(const TypeSpec& spec);

}  // namespace thalweg::sql
