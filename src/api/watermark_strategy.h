// WatermarkStrategy<T>: where event times come from, and how far behind them the watermark stays.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "columns/batch.h"
#include "flow/program.h"
#include "operators/user_error.h"
#include "time/watermark.h"

namespace thalweg::api {

using Millis = std::chrono::milliseconds;

/// Takes a generator's watermarks; one that is lower than the last is ignored.
class WatermarkOutput {
 public:
  /// No row with an event time <= `time` (ms) is still to come.
  void EmitWatermark(int64_t time) { watermark_ = std::max(watermark_, time); }
  int64_t watermark() const { return watermark_; }

 private:
  int64_t watermark_ = time::kMinWatermark;
};

/// A value; each call returns a changed copy.
///   WatermarkStrategy<Click>::BoundedOutOfOrderness(5s).WithTimestamps([](const Click& c) { return c.ts; }).WithIdleness(1min)
template <typename T>
class WatermarkStrategy {
 public:
  /// Rows keep the times the source gave them; no watermarks but the last.
  static WatermarkStrategy NoWatermarks() { return {}; }
  /// Times only rise (within a split).
  static WatermarkStrategy Monotonous() { return BoundedOutOfOrderness(Millis(0)); }
  /// A row is at most `bound` older than the newest before it; 0 or more.
  static WatermarkStrategy BoundedOutOfOrderness(Millis bound) {
    auto strategy = Custom([bound] { return std::make_unique<time::BoundedOutOfOrderness>(bound.count()); });
    strategy.Require(bound.count() >= 0, "The bound of BoundedOutOfOrderness", "0 or more", bound);
    return strategy;
  }
  /// One generator per source split.
  static WatermarkStrategy Custom(time::WatermarkGeneratorFactory make_generator) {
    WatermarkStrategy strategy;
    strategy.make_generator_ = std::move(make_generator);
    return strategy;
  }
  /// Watermarks from the rows themselves, with Flink's two calls: `make()` gives a G with
  ///   void OnEvent(const T& row, int64_t time, WatermarkOutput& out);   // after each row: punctuated watermarks
  ///   void OnPeriodicEmit(WatermarkOutput& out);                        // at pipeline.auto-watermark-interval
  /// either of which may be missing. What OnEvent emits leaves at the next interval, too. One G per source split; after a restore it
  /// begins anew, but no watermark goes back.
  template <typename Make>
  static WatermarkStrategy ForGenerator(Make make) {
    return Custom([make = std::move(make)] { return std::make_unique<EventGenerator<decltype(make())>>(make()); });
  }
  /// `assigner(row)`, or `assigner(row, time the source gave)`: milliseconds since the epoch. Without one the source's times stay.
  template <typename F>
  WatermarkStrategy WithTimestamps(F assigner) const {
    WatermarkStrategy strategy = *this;
    strategy.assign_ = [assigner = std::move(assigner)](columns::Batch& batch, columns::BufferPool& pool) {
      columns::BufferRef times = pool.Allocate(sizeof(int64_t) * static_cast<size_t>(batch.rows()));
      auto* out = times.mutable_data<int64_t>();
      const T* values = batch.objects<T>();
      int32_t row = 0;
      try {
        for (; row < batch.rows(); ++row) {
          if constexpr (std::is_invocable_v<const F&, const T&, int64_t>)
            out[row] = static_cast<int64_t>(assigner(values[row], batch.time(row)));
          else
            out[row] = static_cast<int64_t>(std::invoke(assigner, values[row]));
        }
      } catch (...) {
        throw StatusException(operators::UserException("the timestamp assigner", operators::RowText(values[row])));
      }
      batch.times() = std::move(times);
    };
    return strategy;
  }
  /// A split that is quiet for so long, 1 ms or more, no longer holds the watermark back.
  WatermarkStrategy WithIdleness(Millis timeout) const {
    WatermarkStrategy strategy = *this;
    strategy.idle_ms_ = timeout.count();
    strategy.Require(timeout.count() > 0, "The timeout of WithIdleness", "1 ms or more", timeout);
    return strategy;
  }

  /// Splits of all sources of `group` (in the whole job) that are more than `max_drift` ahead of the group's least watermark are not
  /// read until the others have caught up. For a source's strategy only: FromSource.
  WatermarkStrategy WithWatermarkAlignment(std::string group, Millis max_drift,
                                           Millis update_interval = Millis(1000)) const {
    WatermarkStrategy strategy = *this;
    strategy.alignment_ = flow::WatermarkAlignmentSpec{std::move(group), max_drift.count(), update_interval.count()};
    strategy.Require(max_drift.count() >= 0, "The drift of WithWatermarkAlignment", "0 or more", max_drift);
    strategy.Require(update_interval.count() > 0, "The update interval of WithWatermarkAlignment", "1 ms or more",
                     update_interval);
    return strategy;
  }

  const std::function<void(columns::Batch&, columns::BufferPool&)>& assign() const { return assign_; }
  const time::WatermarkGeneratorFactory& make_generator() const { return make_generator_; }
  int64_t idle_ms() const { return idle_ms_; }
  const std::optional<flow::WatermarkAlignmentSpec>& alignment() const { return alignment_; }
  /// The first argument that cannot be; it comes out of Execute.
  const Status& error() const { return error_; }

 private:
  void Require(bool holds, std::string_view what, std::string_view range, Millis given) {
    if (!holds && error_.ok()) error_ = UserError("{} is {}, not {} ms", what, range, given.count());
  }
  template <typename G>
  class EventGenerator final : public time::WatermarkGenerator {
   public:
    explicit EventGenerator(G generator) : generator_(std::move(generator)) {}
    void OnRows(const int64_t*, int32_t) override { THALWEG_CHECK(false, "a generator of events needs the rows"); }
    void OnObjects(const void* objects, const int64_t* times, int32_t count) override {
      if constexpr (requires(const T& row) { generator_.OnEvent(row, int64_t{}, out_); }) {
        const T* rows = static_cast<const T*>(objects);
        int32_t row = 0;
        try {
          for (; row < count; ++row) generator_.OnEvent(rows[row], times[row], out_);
        } catch (...) {
          throw StatusException(operators::UserException("the watermark generator", operators::RowText(rows[row])));
        }
      }
    }
    void OnPeriodicEmit() override {
      if constexpr (requires { generator_.OnPeriodicEmit(out_); }) {
        try {
          generator_.OnPeriodicEmit(out_);
        } catch (...) {
          throw StatusException(operators::UserException("the watermark generator", ""));
        }
      }
    }
    int64_t Current() const override { return out_.watermark(); }
    void Snapshot(ByteWriter& out) const override { out.I64(out_.watermark()); }
    void Restore(ByteReader& in) override { out_.EmitWatermark(in.I64()); }

   private:
    G generator_;
    WatermarkOutput out_;
  };
  std::function<void(columns::Batch&, columns::BufferPool&)> assign_;
  time::WatermarkGeneratorFactory make_generator_;
  int64_t idle_ms_ = 0;
  std::optional<flow::WatermarkAlignmentSpec> alignment_;
  Status error_;
};

}  // namespace thalweg::api
