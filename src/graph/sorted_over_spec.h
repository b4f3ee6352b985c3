// Aggregates over rows in any order. Node kinds "sorted-over", of an input that may change, and "batch-over", of one that only grows and
// ends; as bytes: docs/internals/row_specs.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/row_spec.h"

namespace thalweg::graph {

/// Where a frame begins or ends.
struct FrameEdge {
  bool unbounded = false;
  int64_t offset = 0;  // of ROWS: counted from the current row, negative before it
  int column =
      -1;  // of RANGE: holds the last value of the order's column within the frame, in that column's type; -1: the current row's peers
  bool operator==(const FrameEdge&) const = default;
};

/// OVER. Output: the input's columns, then results; a changelog, in batch mode none.
struct SortedOverSpec {
  types::Schema input;
  std::vector<int> partition;
  std::vector<SortKey> order;
  bool rows = false;  // ROWS; else RANGE: rows that the order does not tell apart are peers
  std::vector<AggregateCall> calls;
  bool generate_update_before = true;
  int64_t ttl_ms = 0;
  FrameEdge start = {.unbounded = true};  // "sorted-over" has these two
  FrameEdge end;
  bool operator==(const SortedOverSpec&) const = default;
};

std::string Encode(const SortedOverSpec& spec);
/// External error if malformed, user error if a column does not exist.
Result<SortedOverSpec> DecodeSortedOver(std::string_view bytes);

}  // namespace thalweg::graph
