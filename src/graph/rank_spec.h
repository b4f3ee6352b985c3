// The first or last rows of a key, and rows in order. Node kinds "rank", "deduplicate", "window-rank", "window-deduplicate", "sort",
// "limit".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/row_spec.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// ROW_NUMBER() OVER (PARTITION BY partition ORDER BY order) BETWEEN from AND to. Output: the input's columns and, if asked for, the
/// number as BIGINT NOT NULL.
struct RankSpec {
  /// What the input may hold. The numbers stand in payloads.
  enum class Input : uint8_t {
    kAppend = 0,   // rows only come
    kUpsert = 1,   // a row replaces the one of its unique key, which it never ranks below
    kRetract = 2,  // anything
  };
  types::Schema input;
  std::vector<int> partition;
  std::vector<SortKey> order;
  int64_t from = 1, to = 1;  // from 1 on, inclusive
  bool rank_number = false;
  Input kind = Input::kAppend;
  std::vector<int> unique_key;  // of kUpsert
  bool generate_update_before = true;
  int64_t ttl_ms = 0;
};

/// One row of each key. Append-only input.
struct DeduplicateSpec {
  types::Schema input;
  std::vector<int> keys;
  int time_column = -1;  // event time; -1: the order of arrival (processing time)
  bool keep_last = false;
  bool generate_update_before = true;
  bool generate_insert = true;  // false: the first row may be +U as well
  /// The first row by event time, sent once, when the watermark has reached it: no updates. Needs a time column.
  bool on_watermark = false;
  int64_t ttl_ms = 0;
  bool null_times_first = false;  // of on_watermark, in batch mode; else a row without a time is left out and counted
};

/// Top rows of windows that rows were assigned to before, sent when the window ends.
struct WindowRankSpec {
  types::Schema input;
  std::vector<int> partition;
  std::vector<SortKey> order;
  int64_t from = 1, to = 1;
  bool rank_number = false;
  int window_end = -1;
  std::string zone;  // as in WindowJoinSpec
};

/// The first or last row by event time of each key and window.
struct WindowDeduplicateSpec {
  types::Schema input;
  std::vector<int> keys;
  int time_column = -1;
  bool keep_last = false;
  int window_end = -1;
  std::string zone;
};

/// Rows in order. Append-only input; one subtask.
struct SortSpec {
  types::Schema input;
  std::vector<SortKey> order;
  /// Event time, which must be the first key of the order, ascending: rows go out as the watermark passes them. -1: at the end of
  /// the input.
  int time_column = -1;
  int64_t offset = 0;
  int64_t limit = -1;  // -1: all; with an offset or a limit, only without time column
  /// Canonical bytes of the row that an input without rows gives (an aggregate over nothing); empty: none. Only without time column.
  std::string if_empty;
};

/// Rows offset + 1 to offset + limit in the order of arrival. Append-only input; one subtask.
struct LimitSpec {
  types::Schema input;
  int64_t offset = 0;
  int64_t limit = -1;
};

std::string Encode(const RankSpec& spec);
std::string Encode(const DeduplicateSpec& spec);
std::string Encode(const WindowRankSpec& spec);
std::string Encode(const WindowDeduplicateSpec& spec);
std::string Encode(const SortSpec& spec);
std::string Encode(const LimitSpec& spec);
/// External error if malformed, user error if a column does not exist.
Result<RankSpec> DecodeRank(std::string_view bytes);
Result<DeduplicateSpec> DecodeDeduplicate(std::string_view bytes);
Result<WindowRankSpec> DecodeWindowRank(std::string_view bytes);
Result<WindowDeduplicateSpec> DecodeWindowDeduplicate(std::string_view bytes);
Result<SortSpec> DecodeSort(std::string_view bytes);
Result<LimitSpec> DecodeLimit(std::string_view bytes);

}  // namespace thalweg::graph
