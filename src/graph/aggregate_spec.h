// Specs of the operators that aggregate rows and put them into windows. Payloads of nodes of kinds "group-aggregate", "window-aggregate",
// "window-tvf" and "over-aggregate"; as bytes: docs/internals/row_specs.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/row_spec.h"

namespace thalweg::graph {

/// GROUP BY without windows. Output: keys, results; a changelog.
struct GroupAggregateSpec {
  types::Schema input;
  std::vector<int> keys;  // none: one group of all rows
  std::vector<AggregateCall> calls;
  bool input_changes = false;           // the input has -U and -D
  bool generate_update_before = false;  // -U before +U
  int64_t ttl_ms = 0;
  bool operator==(const GroupAggregateSpec&) const = default;
};

/// A column of a window aggregate's output that tells the window. Start and end are TIMESTAMP(3) in the window's zone; kTime, the last
/// millisecond of the window, has the type of the time column; kProcessingTime is the time of the firing, TIMESTAMP_LTZ(3).
enum class WindowProperty : uint8_t { kStart = 0, kEnd = 1, kTime = 2, kProcessingTime = 3 };

/// Aggregates per key and window. Output: keys, results, properties; +I only.
struct WindowAggregateSpec {
  types::Schema input;
  std::vector<int> keys;
  std::vector<AggregateCall> calls;
  WindowShape window;
  std::vector<WindowProperty> properties;
  bool input_changes = false;
  bool operator==(const WindowAggregateSpec&) const = default;
};

/// Rows with their windows. Output: the input's columns, then window_start, window_end, window_time. For sessions the input is keyed
/// by the window's partition columns.
struct WindowTvfSpec {
  types::Schema input;
  WindowShape window;
  bool operator==(const WindowTvfSpec&) const = default;
};

/// Aggregates over each row and those before it. Output: the input's columns, then results; +I only. All calls share order and frame.
struct OverAggregateSpec {
  types::Schema input;
  std::vector<int> partition;
  int time_column = -1;          // the order; ascending
  bool processing_time = false;  // in the order of arrival; time_column is not read
  bool rows = false;             // ROWS; else RANGE: rows of one time are peers
  int64_t preceding = -1;        // rows, or milliseconds; -1: UNBOUNDED
  std::vector<AggregateCall> calls;
  int64_t ttl_ms = 0;
  bool operator==(const OverAggregateSpec&) const = default;
};

std::string Encode(const GroupAggregateSpec& spec);
Result<GroupAggregateSpec> DecodeGroupAggregate(std::string_view bytes);
std::string Encode(const WindowAggregateSpec& spec);
Result<WindowAggregateSpec> DecodeWindowAggregate(std::string_view bytes);
std::string Encode(const WindowTvfSpec& spec);
Result<WindowTvfSpec> DecodeWindowTvf(std::string_view bytes);
std::string Encode(const OverAggregateSpec& spec);
Result<OverAggregateSpec> DecodeOverAggregate(std::string_view bytes);

}  // namespace thalweg::graph
