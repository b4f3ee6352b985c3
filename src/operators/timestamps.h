// Event times and watermarks given in mid-stream (a source with its own strategy needs no such operator).
#pragma once

#include <functional>
#include <memory>

#include "flow/operator.h"
#include "time/watermark.h"

namespace thalweg::operators {

/// Sets the times of a batch, making the buffer in `pool` if need be.
using AssignTimes = std::function<void(columns::Batch&, columns::BufferPool& pool)>;

struct TimestampOptions {
  AssignTimes assign;                              // null: the rows' own times stay
  time::WatermarkGeneratorFactory make_generator;  // null: no watermarks
  int64_t interval_ms = 200;                       // pipeline.auto-watermark-interval
  int64_t idle_timeout_ms = 0;                     // 0: never idle
};

/// Assigns times, and replaces the watermarks from above by its own (but the final one, which ends event time).
std::unique_ptr<flow::Operator> MakeTimestampOperator(TimestampOptions options);

}  // namespace thalweg::operators
