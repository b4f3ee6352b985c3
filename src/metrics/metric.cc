#include "metrics/metric.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::metrics {

namespace {

// Middle of a bucket: the value that stands for all in it.
int64_t BucketMiddle(size_t bucket) {
  int64_t begin = Histogram::BucketBegin(bucket);
  int64_t end =
      bucket + 1 < kHistogramBuckets ? Histogram::BucketBegin(bucket + 1) : std::numeric_limits<int64_t>::max();
  return begin + (end - begin) / 2;
}

}  // namespace

double Meter::Read(int64_t now_ms) {
  int64_t count = counter_->value();
  // The oldest sample stays until the next one is a whole window old, so that the window is never shorter than it says.
  while (samples_.size() > 1 && now_ms - samples_[1].at_ms >= kMeterWindowMs) samples_.pop_front();
  double rate = 0;
  if (!samples_.empty() && now_ms > samples_.front().at_ms) {
    rate = static_cast<double>(count - samples_.front().count) * 1000.0 /
           static_cast<double>(now_ms - samples_.front().at_ms);
  }
  if (samples_.empty() || now_ms - samples_.back().at_ms >= kMeterSampleMs) samples_.push_back({now_ms, count});
  return rate;
}

void Histogram::Record(int64_t value) {
  value = std::max<int64_t>(value, 0);
  buckets_[BucketOf(value)].Increment();
  sum_.Add(value);
  if (empty_ || value < min_.value()) min_.Set(value);
  if (empty_ || value > max_.value()) max_.Set(value);
  empty_ = false;
}

HistogramSnapshot Histogram::Read() const {
  HistogramSnapshot snapshot;
  for (size_t i = 0; i < kHistogramBuckets; ++i) {
    snapshot.buckets[i] = static_cast<uint64_t>(buckets_[i].value());
    snapshot.count += snapshot.buckets[i];
  }
  snapshot.min = min_.value();
  snapshot.max = max_.value();
  snapshot.sum = static_cast<double>(sum_.value());
  return snapshot;
}

int64_t HistogramSnapshot::Quantile(double q) const {
  if (count == 0) return 0;
  auto rank = static_cast<uint64_t>(std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count)));
  rank = std::clamp<uint64_t>(rank, 1, count);
  if (rank == 1) return min;
  if (rank == count) return max;
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    // Written meanwhile, min and max may lag behind the buckets: order them rather than trust them.
    if (seen >= rank) return std::clamp(BucketMiddle(i), std::min(min, max), std::max(min, max));
  }
  return max;
}

double HistogramSnapshot::StandardDeviation() const {
  if (count == 0) return 0;
  double mean = Mean();
  double squares = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    double distance = static_cast<double>(BucketMiddle(i)) - mean;
    squares += static_cast<double>(buckets[i]) * distance * distance;
  }
  return std::sqrt(squares / static_cast<double>(count));
}

void HistogramSnapshot::Merge(const HistogramSnapshot& other) {
  if (other.count == 0) return;
  min = count == 0 ? other.min : std::min(min, other.min);
  max = count == 0 ? other.max : std::max(max, other.max);
  count += other.count;
  sum += other.sum;
  for (size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
}

}  // namespace thalweg::metrics
