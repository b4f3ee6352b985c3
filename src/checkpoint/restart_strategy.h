// Whether, and after what pause, a failed job starts again: Flink's strategies, keys and defaults.
// Rule: pure. Time comes in with the failure and chance by the constructor; the caller waits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/status.h"
#include "config/configuration.h"

namespace thalweg::checkpoint {

/// restart-strategy.fixed-delay.*
struct FixedDelay {
  int64_t attempts = 1;
  int64_t delay_ms = 1000;
};

/// restart-strategy.exponential-delay.*. The pause before restart n (from 1) is initial * multiplier^(n-1), at most max, then
/// changed by a random share of up to jitter, within [initial, max].
struct ExponentialDelay {
  int64_t initial_backoff_ms = 1000;
  int64_t max_backoff_ms = 60'000;
  double multiplier = 1.5;
  int64_t reset_threshold_ms = 3'600'000;  // of running without failure, since the restart was due
  double jitter = 0.1;
  int64_t attempts = INT32_MAX;  // attempts-before-reset-backoff; 2147483647: infinite
};

/// One thread.
class RestartStrategy {
 public:
  virtual ~RestartStrategy() = default;
  /// The job failed at `now_ms`: milliseconds to wait before it starts again, or nullopt: it has failed for good. Failures that come
  /// before the start that the last answer announced are the caller's to merge (one answer for a failure of many tasks).
  virtual std::optional<int64_t> OnFailure(int64_t now_ms) = 0;
  /// "fixed delay of 1000 ms, 2 of 3 attempts used": for the message that ends a job.
  virtual std::string Describe() const = 0;
};

std::unique_ptr<RestartStrategy> NoRestart();
std::unique_ptr<RestartStrategy> Restart(FixedDelay options);
std::unique_ptr<RestartStrategy> Restart(ExponentialDelay options, Random random);

/// By restart-strategy.type and its keys. Not set: exponential delay with checkpoints, none without. User error for bad values.
Result<std::unique_ptr<RestartStrategy>> MakeRestartStrategy(const config::Configuration& config, bool has_checkpoints,
                                                             Random random);

}  // namespace thalweg::checkpoint
