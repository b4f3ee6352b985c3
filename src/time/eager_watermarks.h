// Watermarks that go with the rows and not with the clock, as those of Flink's WatermarkAssigner (its class WatermarkAssignerOperator).
#pragma once

#include <algorithm>
#include <cstdint>

#include "time/watermark.h"

namespace thalweg::time {

/// As GreatestTime, but what may be sent rises only behind a row whose time is greater by more than an interval, so that which rows are late does
/// not hang on how fast they are read. One thread.
class EagerWatermarks final : public WatermarkGenerator {
 public:
  /// `each_rise`: every rise is sent at once, and not only what makes a row late.
  explicit EagerWatermarks(bool each_rise = false) : each_rise_(each_rise) {}
  void SetInterval(int64_t ms) { interval_ms_ = ms; }
  /// Takes rows up to the first one that is at or below a watermark that may have been sent only since the last such row: the source sends it, and
  /// then gives the rest. Where rows are in order, or late already, that is no row: `count`.
  int32_t Take(const int64_t* times, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
      if ((each_rise_ || (times[i] <= current_ && times[i] != INT64_MIN)) && told_ < current_) {
        told_ = current_;
        return i;
      }
      Raise(times[i]);
    }
    return count;
  }
  void OnRows(const int64_t* times, int32_t count) override {
    for (int32_t i = 0; i < count; ++i) Raise(times[i]);
  }
  /// No row has come for an interval of a stream that does not end: all that is known may be sent.
  void OnQuiet() { current_ = std::max(current_, greatest_); }
  int64_t Current() const override { return current_; }
  void Snapshot(ByteWriter& out) const override {
    out.I64(greatest_);
    out.I64(current_);
  }
  void Restore(ByteReader& in) override {
    greatest_ = in.I64();
    current_ = in.I64();
  }

 private:
  void Raise(int64_t time) {
    greatest_ = std::max(greatest_, time);
    if (greatest_ > std::max<int64_t>(current_, 0) + interval_ms_) current_ = greatest_;  // Flink begins at 0, too
  }

  bool each_rise_;
  int64_t interval_ms_ = 200;
  int64_t greatest_ = kMinWatermark;
  int64_t current_ = kMinWatermark;
  int64_t told_ = kMinWatermark;  // of current_, when Take last stopped
};

}  // namespace thalweg::time
