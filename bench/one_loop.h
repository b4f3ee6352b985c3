// OneLoop: runs a program on the calling thread, one core, under a clock that only its caller moves: the same work in the same order at
// every run, so that its instructions can be counted.
// Rule: no thread is started; what a job posts to I/O threads (discovery of splits) is done here, and there are no checkpoints.
#pragma once

#include <memory>

#include "base/status.h"
#include "flow/program.h"
#include "time/clock.h"

namespace thalweg::bench {

/// Period of watermarks in the clock's time.
constexpr int64_t kWatermarkIntervalMs = 10;

/// Runs a bounded program to its end: all its tasks on one core, keyed state in memory. Time stands still unless the program's source
/// moves `clock`.
Status RunInOneLoop(flow::Program program, time::ManualClock& clock);

}  // namespace thalweg::bench
