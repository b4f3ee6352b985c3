// Sources and sinks that tell when a whole job's first row was made and when its last was done: what a job does before and after
// that is not counted.
#pragma once

#include <memory>
#include <utility>

#include "bench/driven_chain.h"
#include "bench/measure.h"
#include "connectors/range_source.h"

namespace thalweg::bench {

/// Starts at a source's first row and stops at a sink's end. One source subtask and one sink subtask; outlives the job. Its thread time
/// means something if both are in one task.
class Meter {
 public:
  void OnRow(int64_t index) {
    if (index == 0) watch_.Start();
  }
  void OnEnd() { watch_.Stop(); }
  const Stopwatch& watch() const { return watch_; }

 private:
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
