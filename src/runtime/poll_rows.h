// PollRows: how many rows a source's task asks of its reader at once. Rule: as many as pass the chain within kPollTargetNs, since
// barriers, the end and other commands wait for them: user code that takes milliseconds for a row gets few.
#pragma once

#include <algorithm>
#include <cstdint>

#include "columns/batch.h"

namespace thalweg::runtime {

/// In-flight data is bounded by time (docs/internals/execution.md): a batch within a chain has so much.
constexpr int64_t kPollTargetNs = 50'000'000;
/// Of the first poll, when nothing is known of the chain.
constexpr int32_t kFirstPollRows = 64;

class PollRows {
 public:
  int32_t rows() const { return rows_; }
  /// So many rows took so long to pass the chain. They grow only where they came as asked: few that were fast say nothing of many.
  void Passed(int64_t passed, int64_t took_ns) {
    if (passed == 0) return;
    if (took_ns > kPollTargetNs)
      rows_ = static_cast<int32_t>(std::clamp<int64_t>(AtTarget(passed, took_ns), 1, rows_));
    else if (passed >= rows_ && took_ns <= kPollTargetNs / 2)
      rows_ = std::min(rows_ * 2, columns::kMaxBatchRows);
  }

 private:
  static int64_t AtTarget(int64_t passed, int64_t took_ns) {
    return static_cast<int64_t>(static_cast<double>(passed) * kPollTargetNs / static_cast<double>(took_ns));
  }
  int32_t rows_ = kFirstPollRows;
};

}  // namespace thalweg::runtime
