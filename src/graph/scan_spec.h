// What the rows of a table's source pass inside the source, split by split: computed columns, and the watermark. Node::scan.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"

namespace thalweg::graph {

struct Node;

/// A column, then a field of the ROW in it, and so on; it stands for all that lies below.
using ColumnPath = std::vector<int>;

struct ScanSpec {
  std::vector<expr::Expression> columns;  // the table's, over the connector's rows; empty: as they are
  std::optional<expr::Expression>
      watermark;  // TIMESTAMP or TIMESTAMP_LTZ of at most 3 digits, over the table's columns
  /// When watermarks are sent: by the clock; with the rows, before one that they may make late; with the rows, behind each that raises them, for
  /// operators in between may repeat old rows, which are late by then.
  enum class Pace : uint8_t { kClock, kLateRows, kEachRise };
  Pace pace = Pace::kClock;
  int64_t idle_timeout_ms = 0;  // 0: a quiet split is never idle
  std::string alignment_group;  // of splits whose watermarks stay near each other; empty: none
  int64_t alignment_max_drift_ms = 0;
  int64_t alignment_interval_ms = 1000;
  std::string zone;  // the session's; empty: UTC
  /// What is read of the connector's rows; empty: everything. What is not read may be NULL, whatever its type.
  std::vector<ColumnPath> reads;
  /// Of the connector's rows: what the folder of a file says, the same in all of its rows (PARTITIONED BY).
  std::vector<int> partition_columns;
  /// Over those columns alone: rows of which it is not TRUE are of no use to anybody, and may be left out.
  std::optional<expr::Expression> partitions;
};

std::string Encode(const ScanSpec& spec);
/// External error if malformed; user error if it names a function that this build does not have.
Result<ScanSpec> DecodeScan(std::string_view bytes);

/// What is read of a source's rows, as its scan says; empty: everything.
Result<std::vector<ColumnPath>> ReadsOf(const Node& node);
/// Whether something of what lies at `path`, or all that it lies in, is read.
bool IsRead(const std::vector<ColumnPath>& reads, const ColumnPath& path);

}  // namespace thalweg::graph
