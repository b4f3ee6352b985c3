// Time comes in from outside: the system's in production, a manual one in tests and simulation.
#pragma once

#include <atomic>
#include <cstdint>

namespace thalweg::time {

/// Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, milliseconds since the epoch: Flink's processing time.
  virtual int64_t NowMs() const = 0;
  /// Monotonic nanoseconds, for durations.
  virtual int64_t MonotonicNs() const = 0;
};

class SystemClock final : public Clock {
 public:
  int64_t NowMs() const override;
  int64_t MonotonicNs() const override;
};

/// Stands still until told.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t now_ms = 0) : now_ms_(now_ms) {}
  int64_t NowMs() const override { return now_ms_.load(std::memory_order_relaxed); }
  int64_t MonotonicNs() const override { return NowMs() * 1'000'000; }
  void Set(int64_t now_ms) { now_ms_.store(now_ms, std::memory_order_relaxed); }
  void Advance(int64_t delta_ms) { now_ms_.fetch_add(delta_ms, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> now_ms_;
};

}  // namespace thalweg::time
