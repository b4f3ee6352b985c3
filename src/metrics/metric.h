// The four kinds of metrics, cheap where they are written: fields that an operator adds to on its path.
// Rule: one thread writes a metric, any thread may read it; writing is a relaxed load and store without a locked instruction.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace thalweg::metrics {

/// Only ever grows (but initializationTime and its like, which are added to once).
class Counter {
 public:
  void Add(int64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void Increment() { Add(1); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

/// The last value set.
template <typename T>
class BasicGauge {
 public:
  void Set(T value) { value_.store(value, std::memory_order_relaxed); }
  T value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};
using Gauge = BasicGauge<int64_t>;
using FloatGauge = BasicGauge<double>;

inline constexpr int64_t kMeterSampleMs = 5'000;   // as Flink's MeterView
inline constexpr int64_t kMeterWindowMs = 60'000;  // as Flink's MeterView

/// Events per second of a counter over the last minute. Computed where it is read: the writer pays nothing.
class Meter {
 public:
  explicit Meter(const Counter& counter) : counter_(&counter) {}
  /// The rate at `now_ms` (never falling): growth since the oldest reading in the window, which is at least one sample old once
  /// the meter has been read for so long; 0 at the first reading. Readers take turns (Registry).
  double Read(int64_t now_ms);

 private:
  struct Sample {
    int64_t at_ms;
    int64_t count;
  };
  const Counter* counter_;
  std::deque<Sample> samples_;  // at most kMeterWindowMs / kMeterSampleMs + 1
};

inline constexpr int kHistogramSubBits =
    4;  // 16 buckets to each power of two: a value is known to 1/16 (middle: 3.1 %)
inline constexpr size_t kHistogramBuckets = (63 - kHistogramSubBits + 1) << kHistogramSubBits;

/// A histogram as it was when read. Plain data.
struct HistogramSnapshot {
  uint64_t count = 0;
  int64_t min = 0;
  int64_t max = 0;
  double sum = 0;
  std::vector<uint64_t> buckets = std::vector<uint64_t>(kHistogramBuckets);

  double Mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
  /// Value below or at which the share `q` (0 to 1) of all values lies, to 3.1 %; 0 if there are none.
  int64_t Quantile(double q) const;
  double StandardDeviation() const;
  void Merge(const HistogramSnapshot& other);
};

/// Distribution of non-negative values (negative ones count as 0) since the start, in fixed log-linear buckets: 8 KB, no allocation.
class Histogram {
 public:
  void Record(int64_t value);
  HistogramSnapshot Read() const;

  static constexpr size_t BucketOf(int64_t value) {
    auto v = static_cast<uint64_t>(value);
    if (v < (1u << kHistogramSubBits)) return v;
    int exponent = 63 - std::countl_zero(v);
    uint64_t sub = (v >> (exponent - kHistogramSubBits)) & ((1u << kHistogramSubBits) - 1);
    return (static_cast<size_t>(exponent - kHistogramSubBits + 1) << kHistogramSubBits) + sub;
  }
  /// Least value of a bucket.
  static constexpr int64_t BucketBegin(size_t bucket) {
    if (bucket < (1u << kHistogramSubBits)) return static_cast<int64_t>(bucket);
    int exponent = static_cast<int>(bucket >> kHistogramSubBits) + kHistogramSubBits - 1;
    uint64_t sub = (bucket & ((1u << kHistogramSubBits) - 1)) | (1u << kHistogramSubBits);
    return static_cast<int64_t>(sub << (exponent - kHistogramSubBits));
  }

 private:
  std::array<Counter, kHistogramBuckets> buckets_;
  Counter sum_;
  Gauge min_;
  Gauge max_;
  bool empty_ = true;  // the writer's
};

}  // namespace thalweg::metrics
