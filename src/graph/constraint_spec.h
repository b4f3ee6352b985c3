// What a sink's column types promise, held at run time. Node kind "constraints". Output: the input's columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// The numbers stand in payloads.
struct ConstraintSpec {
  enum class NotNull : uint8_t { kError = 0, kDrop = 1 };
  enum class Length : uint8_t { kIgnore = 0, kTrim = 1, kError = 2 };
  enum class Nested : uint8_t { kIgnore = 0, kRows = 1, kRowsAndCollections = 2 };
  types::Schema input;  // as the sink declares it
  NotNull not_null = NotNull::kError;
  Length length = Length::kIgnore;
  Nested nested = Nested::kIgnore;  // what lies in columns of nested types is looked at, too
  /// Values that fill their length: CHAR(n), BINARY(n). Each a column, and the way from it by children of its type.
  std::vector<std::vector<int>> fixed_lengths;
  bool operator==(const ConstraintSpec&) const = default;
};

std::string Encode(const ConstraintSpec& spec);
/// External error if malformed.
Result<ConstraintSpec> DecodeConstraints(std::string_view bytes);

}  // namespace thalweg::graph
