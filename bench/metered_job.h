// Sources and sinks that tell when a whole job's first row was made and when its last was done: what a job does before and after
// that is not counted.
#pragma once

#include <memory>
#include <mutex>
#include <numeric>
#include <utility>

#include "bench/driven_chain.h"
#include "bench/measure.h"
#include "connectors/range_source.h"

namespace thalweg::bench {

/// Starts at a source's first row and stops when the last sink subtask has ended. Outlives the job. Its thread time means something if
/// source and sink are in one task.
class Meter {
 public:
  void OnRow(int64_t index) {
    if (index != 0) return;
    std::lock_guard lock(mutex_);
    watch_.Start();
  }
  void OnEnd() {
    std::lock_guard lock(mutex_);
    watch_.Stop();
  }
  const Stopwatch& watch() const { return watch_; }

 private:
  std::mutex mutex_;
  Stopwatch watch_;
};

/// `rows` rows in batches of exactly `batch_rows`, handed out from `prepared` rows that are made once, `row_of(int32_t)`.
template <typename T, typename RowOf>
api::Source<T> Cycled(Meter& meter, int64_t rows, int32_t batch_rows, int32_t prepared, RowOf row_of) {
  connectors::RangeSourceOptions options;
  options.to = rows;
  options.batch_rows = batch_rows;
  options.make_rows = [&meter, batch_rows, prepared, row_of] {
    return [&meter, batch_rows, prepared, row_of, cycle = std::shared_ptr<BatchCycle<T>>()](
               int64_t first, int64_t, int32_t, columns::BufferPool& pool) mutable -> Result<columns::Batch> {
      if (!cycle) cycle = std::make_shared<BatchCycle<T>>(pool, prepared, batch_rows, row_of);
      meter.OnRow(first);
      return cycle->Next();
    };
  };
  return {.kind = "cycled",
          .name = "cycled",
          .make = [options](const graph::Node&) -> Result<std::shared_ptr<flow::Source>> {
            return connectors::MakeRangeSource(options);
          }};
}

struct Event {
  int64_t key = 0;
  int64_t value = 0;
};

struct EventsOptions {
  int64_t rows = 0;
  int64_t keys = 0;
  int64_t rows_per_ms = 1000;                // of event time
  std::function<void(int64_t row)> on_rows;  // the first of each batch; the source's thread; may be null
};

/// Events whose keys come scattered, each as often as any other: of any `keys` rows that follow each other no two have one key.
inline api::Source<Event> ScatteredEvents(Meter& meter, EventsOptions events) {
  connectors::RangeSourceOptions options;
  options.to = events.rows;
  auto keys = static_cast<uint64_t>(events.keys);
  uint64_t stride = keys * 618 / 1000;  // about the golden ratio, and no divisor in common with the keys
  while (std::gcd(stride, keys) != 1) ++stride;
  options.make_rows = [&meter, events, stride, keys] {
    return [&meter, events, stride, keys](int64_t first, int64_t, int32_t rows,
                                          columns::BufferPool& pool) -> Result<columns::Batch> {
      meter.OnRow(first);
      if (events.on_rows) events.on_rows(first);
      columns::ObjectWriter<Event> writer(pool, rows);
      uint64_t key = static_cast<uint64_t>(first) % keys * stride % keys;
      int64_t time = first / events.rows_per_ms;
      for (int32_t i = 0; i < rows; ++i) {
        writer.Append({static_cast<int64_t>(key), first + i}, time);
        key += stride;
        key -= key >= keys ? keys : 0;
      }
      return writer.Take();
    };
  };
  return {.kind = "scattered",
          .name = "scattered",
          .make = [options](const graph::Node&) -> Result<std::shared_ptr<flow::Source>> {
            return connectors::MakeRangeSource(options);
          }};
}

/// Counts events; for windows.
struct CountEvents {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& count, const Event&) const { ++count; }
  int64_t GetResult(const int64_t& count) const { return count; }
  void Merge(int64_t& into, const int64_t& from) const { into += from; }
};

/// Calls `on_batch(const columns::Batch&)` and stops the meter at the end.
template <typename F>
class MeteredSinkOperator final : public flow::Operator {
 public:
  MeteredSinkOperator(Meter& meter, F on_batch) : meter_(&meter), on_batch_(std::move(on_batch)) {}
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    columns::Batch batch = rows.TakeAll();
    on_batch_(batch);
    return flow::Progress::kDone;
  }
  Result<flow::Progress> OnEnd(flow::EndKind, flow::Output&) override {
    meter_->OnEnd();
    return flow::Progress::kDone;
  }

 private:
  Meter* meter_;
  F on_batch_;
};
template <typename T, typename F>
api::Sink<T> MeteredSink(Meter& meter, F on_batch) {
  return {.kind = "metered",
          .name = "metered",
          .make = [&meter, on_batch](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
            return std::unique_ptr<flow::Operator>(std::make_unique<MeteredSinkOperator<F>>(meter, on_batch));
          }};
}

}  // namespace thalweg::bench
