// Aggregates over rows in any order. Node kinds "sorted-over", of an input that may change, and "batch-over", of one that only grows and
// ends; as bytes: docs/internals/row_specs.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/row_spec.h"

namespace thalweg::graph {

/// OVER with a frame that ends at CURRENT ROW. Output: the input's columns, then results; a changelog, in batch mode none.
struct SortedOverSpec {
  types::Schema input;
  std::vector<int> partition;
  std::vector<SortKey> order;
  bool rows = false;  // ROWS; else RANGE: rows that the order does not tell apart are peers
  std::vector<AggregateCall> calls;
  bool generate_update_before = true;
  int64_t ttl_ms = 0;
  int64_t preceding = -1;  // rows of the frame before the current one; -1: unbounded. "batch-over" with ROWS only
  bool operator==(const SortedOverSpec&) const = default;
};

std::string Encode(const SortedOverSpec& spec);
/// External error if malformed, user error if a column does not exist.
Result<SortedOverSpec> DecodeSortedOver(std::string_view bytes);

}  // namespace thalweg::graph
