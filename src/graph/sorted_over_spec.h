// Aggregates over rows in any order, of an input that may change. Node kind "sorted-over"; as bytes: docs/internals/row_specs.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/row_spec.h"

namespace thalweg::graph {

/// OVER with a frame from UNBOUNDED PRECEDING to CURRENT ROW. Output: the input's columns, then results; a changelog.
struct SortedOverSpec {
  types::Schema input;
  std::vector<int> partition;
  std::vector<SortKey> order;
  bool rows = false;  // ROWS; else RANGE: rows that the order does not tell apart are peers
  std::vector<AggregateCall> calls;
  bool generate_update_before = true;
  int64_t ttl_ms = 0;
  bool operator==(const SortedOverSpec&) const = default;
};

std::string Encode(const SortedOverSpec& spec);
/// External error if malformed, user error if a column does not exist.
Result<SortedOverSpec> DecodeSortedOver(std::string_view bytes);

}  // namespace thalweg::graph
