// WatermarkStrategy<T>: where event times come from, and how far behind them the watermark stays.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "columns/batch.h"
#include "time/watermark.h"

namespace thalweg::api {

using Millis = std::chrono::milliseconds;

/// A value; each call returns a changed copy.
///   WatermarkStrategy<Click>::BoundedOutOfOrderness(5s).WithTimestamps([](const Click& c) { return c.ts; }).WithIdleness(1min)
template <typename T>
class WatermarkStrategy {
 public:
  /// Rows keep the times the source gave them; no watermarks but the last.
  static WatermarkStrategy NoWatermarks() { return {}; }
  /// Times only rise (within a split).
  static WatermarkStrategy Monotonous() { return BoundedOutOfOrderness(Millis(0)); }
  /// A row is at most `bound` older than the newest before it.
  static WatermarkStrategy BoundedOutOfOrderness(Millis bound) {
    return Custom([bound] { return std::make_unique<time::BoundedOutOfOrderness>(bound.count()); });
  }
  /// One generator per source split.
  static WatermarkStrategy Custom(time::WatermarkGeneratorFactory make_generator) {
    WatermarkStrategy strategy;
    strategy.make_generator_ = std::move(make_generator);
    return strategy;
  }
  /// `assigner(row)`, or `assigner(row, time the source gave)`: milliseconds since the epoch. Without one the source's times stay.
  template <typename F>
  WatermarkStrategy WithTimestamps(F assigner) const {
    WatermarkStrategy strategy = *this;
    strategy.assign_ = [assigner = std::move(assigner)](columns::Batch& batch, columns::BufferPool& pool) {
      columns::BufferRef times = pool.Allocate(sizeof(int64_t) * static_cast<size_t>(batch.rows()));
      auto* out = times.mutable_data<int64_t>();
      const T* values = batch.objects<T>();
      for (int32_t row = 0; row < batch.rows(); ++row) {
        if constexpr (std::is_invocable_v<const F&, const T&, int64_t>)
          out[row] = static_cast<int64_t>(assigner(values[row], batch.time(row)));
        else
          out[row] = static_cast<int64_t>(std::invoke(assigner, values[row]));
      }
      batch.times() = std::move(times);
    };
    return strategy;
  }
  /// A split that is quiet for so long no longer holds the watermark back.
  WatermarkStrategy WithIdleness(Millis timeout) const {
    WatermarkStrategy strategy = *this;
    strategy.idle_ms_ = timeout.count();
    return strategy;
  }

  const std::function<void(columns::Batch&, columns::BufferPool&)>& assign() const { return assign_; }
  const time::WatermarkGeneratorFactory& make_generator() const { return make_generator_; }
  int64_t idle_ms() const { return idle_ms_; }

 private:
  std::function<void(columns::Batch&, columns::BufferPool&)> assign_;
  time::WatermarkGeneratorFactory make_generator_;
  int64_t idle_ms_ = 0;
};

}  // namespace thalweg::api
