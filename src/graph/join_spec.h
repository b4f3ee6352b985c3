// Joins of two streams of rows. Node kinds "join", "interval-join", "temporal-join", "snapshot-join", "window-join". Output: the left columns, then the
// right ones; of semi and anti joins the left columns only. A condition sees left columns, then right columns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// The numbers stand in payloads.
enum class JoinType : uint8_t { kInner = 0, kLeft = 1, kRight = 2, kFull = 3, kSemi = 4, kAnti = 5 };

/// What all joins have. Left key i equals right key i; both sides' keys are of the same types.
struct JoinSides {
  types::Schema left, right;
  std::vector<int> left_keys, right_keys;
  /// Of each key, 0 or 1: NULL equals NULL (IS NOT DISTINCT FROM). Empty: no NULL equals another.
  std::vector<int> null_equal;
  JoinType type = JoinType::kInner;
  std::optional<expr::Expression> condition;  // beside the keys' equality
  std::string zone;                           // the session's, for the condition; empty: UTC
};

/// Which rows of a side no row to come of the other side can join, by two times: the condition lets only pairs pass whose own time - other
/// time is in [lower, upper], and a row of the other side that comes behind its watermark W has a time above W + ahead. So a row is
/// forgotten when W has reached own time - lower - ahead. Both sides only come, are joined inner, and have no TTL.
struct TimeBound {
  int time = -1;        // column of this side
  int other_time = -1;  // column of the other side
  int64_t lower_ms = 0;
  std::optional<int64_t> upper_ms;
  int64_t ahead_ms = 0;
};

/// Regular join: everything that came is joined with everything that comes, and inputs may take rows back.
struct JoinSpec {
  JoinSides sides;
  /// Columns by which a side's rows are told apart; empty: none are known.
  std::vector<int> left_unique_key, right_unique_key;
  int64_t left_ttl_ms = 0, right_ttl_ms = 0;                 // 0: rows are kept for ever
  bool left_append_only = false, right_append_only = false;  // rows come, and are neither updated nor taken back
  std::optional<TimeBound> left_bound, right_bound;          // rows that are out of it are forgotten
};

/// Rows whose times are near: left time - right time lies in [lower, upper]. Append only; not semi, not anti.
struct IntervalJoinSpec {
  JoinSides sides;
  int64_t lower_ms = 0, upper_ms = 0;
  /// Columns of the event times; both -1: processing time.
  int left_time = -1, right_time = -1;
  int64_t min_cleanup_ms = 0;  // rows may stay so much longer than they can be joined, that they go together
};

/// FOR SYSTEM_TIME AS OF: each left row with the right row that was valid at its time. Inner or left.
struct TemporalJoinSpec {
  JoinSides sides;
  /// Columns of the event times; both -1: processing time, the right row that is valid now.
  int left_time = -1, right_time = -1;
  int64_t ttl_ms = 0;
};

/// Each left row with the right rows that are there when it comes. Inner or left.
struct SnapshotJoinSpec {
  JoinSides sides;
  std::vector<int> right_unique_key;  // a row takes the place of the one with its key; empty: none is known
  /// Until when left rows wait. The numbers stand in payloads.
  enum class Load : uint8_t {
    kNone = 0,  // not at all
    kEnd = 1,   // until the right side has ended
    kTime = 2,  // until the watermark has reached `load_time_ms`, or the right side has ended
  };
  Load load = Load::kNone;
  int64_t load_time_ms = 0;
  int64_t ttl_ms = 0;  // of right rows
};

/// Rows of one window that both sides were assigned to before.
struct WindowJoinSpec {
  JoinSides sides;
  int left_window_end = -1, right_window_end = -1;
  std::string zone;  // windows of a TIMESTAMP_LTZ time end at the local time of this zone; empty: UTC
};

std::string Encode(const JoinSpec& spec);
std::string Encode(const IntervalJoinSpec& spec);
std::string Encode(const TemporalJoinSpec& spec);
std::string Encode(const SnapshotJoinSpec& spec);
std::string Encode(const WindowJoinSpec& spec);
/// External error if malformed, user error if a column does not exist.
Result<JoinSpec> DecodeJoin(std::string_view bytes);
Result<IntervalJoinSpec> DecodeIntervalJoin(std::string_view bytes);
Result<TemporalJoinSpec> DecodeTemporalJoin(std::string_view bytes);
Result<SnapshotJoinSpec> DecodeSnapshotJoin(std::string_view bytes);
Result<WindowJoinSpec> DecodeWindowJoin(std::string_view bytes);

}  // namespace thalweg::graph
