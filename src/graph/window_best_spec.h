// Rows that may be the best of their window. Node kind "window-best": the output has the input's columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// Rows go to a join with the greatest or least value of each tumbling window over the same rows; those that are beaten in their window
/// join nothing. Append-only.
struct WindowBestSpec {
  types::Schema input;
  int time = 0;        // column of the event time that the windows are by
  int value = 0;       // BIGINT or INT
  bool least = false;  // MIN, else MAX
  int64_t size_ms = 0;
  int64_t offset_ms = 0;
  bool begin_joins_before = false;  // a row of a window's first millisecond may also join the window before
};

std::string Encode(const WindowBestSpec& spec);
/// External error if malformed, user error if a column does not exist or is of another type.
Result<WindowBestSpec> DecodeWindowBest(std::string_view bytes);

}  // namespace thalweg::graph
