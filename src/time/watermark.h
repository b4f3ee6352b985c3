// Watermarks: "no row with event time <= W is still to come". Generators make them per source split, the merger joins channels.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace thalweg::time {

/// Before any watermark; and the one that ends a bounded stream.
constexpr int64_t kMinWatermark = INT64_MIN;
constexpr int64_t kMaxWatermark = INT64_MAX;

/// Watermarks of one source split. One thread. Its state is part of the split's snapshot, so that lateness after a restore is judged
/// as it would have been without the failure.
class WatermarkGenerator {
 public:
  virtual ~WatermarkGenerator() = default;
  /// Event times (ms) of the next rows, in order.
  virtual void OnRows(const int64_t* times, int32_t count) = 0;
  /// As OnRows, for generators that look at the rows: `objects` is the contiguous array of the stream's C++ type, as long as `times`.
  virtual void OnObjects(const void* objects, const int64_t* times, int32_t count) { OnRows(times, count); }
  /// Once every pipeline.auto-watermark-interval, before Current.
  virtual void OnPeriodicEmit() {}
  /// The watermark that may be emitted now; never decreases.
  virtual int64_t Current() const = 0;
  virtual void Snapshot(ByteWriter& out) const = 0;
  virtual void Restore(ByteReader& in) = 0;
};

/// Watermark = greatest time seen - bound - 1 (Flink's BoundedOutOfOrdernessWatermarks); bound 0 is the monotonous one.
class BoundedOutOfOrderness final : public WatermarkGenerator {
 public:
  explicit BoundedOutOfOrderness(int64_t bound_ms) : bound_ms_(bound_ms) {}
  void OnRows(const int64_t* times, int32_t count) override;
  int64_t Current() const override;
  void Snapshot(ByteWriter& out) const override { out.I64(max_time_); }
  void Restore(ByteReader& in) override { max_time_ = in.I64(); }

 private:
  int64_t bound_ms_;
  int64_t max_time_ = INT64_MIN;
};

/// Watermark = the greatest time seen: for rows whose times are watermarks themselves (SQL's WATERMARK FOR t AS expression).
class GreatestTime final : public WatermarkGenerator {
 public:
  void OnRows(const int64_t* times, int32_t count) override;
  int64_t Current() const override { return max_time_; }
  void Snapshot(ByteWriter& out) const override { out.I64(max_time_); }
  void Restore(ByteReader& in) override { max_time_ = in.I64(); }

 private:
  int64_t max_time_ = INT64_MIN;
};

using WatermarkGeneratorFactory = std::function<std::unique_ptr<WatermarkGenerator>()>;

/// When an input back from idleness, whose watermark lies behind the merged one, counts again.
enum class Rejoin : uint8_t {
  kWhenCaughtUp,  // channels of one input (Flink's StatusWatermarkValve): what it brings until then is late
  kAtOnce,  // inputs of one operator (Flink's CombinedWatermarkStatus): the merged watermark stands still until then
};

/// Minimum over the inputs that are neither idle nor ended. One thread.
class WatermarkMerger {
 public:
  WatermarkMerger(int inputs, Rejoin rejoin);
  /// A watermark from an input; makes it active. Regressions are ignored. True if the merged watermark rose.
  bool OnWatermark(int input, int64_t watermark) { return OnTime(input, watermark, false); }
  /// True if the merged watermark rose or the merged status changed (ask both).
  bool OnStatus(int input, bool idle) { return OnTime(input, kMinWatermark, idle); }
  /// Both at once.
  bool OnTime(int input, int64_t watermark, bool idle);
  /// An ended input no longer holds the others back.
  bool OnEnd(int input);
  int64_t current() const { return current_; }
  /// All inputs idle or ended (and at least one not ended).
  bool idle() const { return idle_; }
  bool ended() const { return ended_; }

 private:
  struct Input {
    int64_t watermark = kMinWatermark;
    bool idle = false;
    bool ended = false;
    bool behind = false;  // back from idleness and not caught up: left out of the minimum
  };
  bool Merge();
  std::vector<Input> inputs_;
  Rejoin rejoin_;
  int64_t current_ = kMinWatermark;
  bool idle_ = false;
  bool ended_ = false;
};

}  // namespace thalweg::time
