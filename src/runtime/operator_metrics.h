// What is counted of every operator, under Flink's names. The task's thread writes.
#pragma once

#include <cstdint>

#include "metrics/names.h"
#include "metrics/registry.h"

namespace thalweg::runtime {

class OperatorMetrics {
 public:
  struct Options {
    metrics::Group* group = nullptr;  // of the operator's scope; null: nothing is counted
    bool is_source = false;           // rows come from outside: its reader counts them
  };
  explicit OperatorMetrics(Options options) {
    if (options.group == nullptr) return;
    rows_out_ = &options.group->counter_with_rate(metrics::kNumRecordsOut);
    if (options.is_source) return;
    rows_in_ = &options.group->counter_with_rate(metrics::kNumRecordsIn);
    input_watermark_ = &options.group->gauge(metrics::kCurrentInputWatermark);
    input_watermark_->Set(INT64_MIN);
  }
  void OnRowsIn(int32_t rows) {
    if (rows_in_ != nullptr) rows_in_->Add(rows);
  }
  /// On all ports.
  void OnRowsOut(int32_t rows) {
    if (rows_out_ != nullptr) rows_out_->Add(rows);
  }
  void OnWatermark(int64_t watermark) {
    if (input_watermark_ != nullptr) input_watermark_->Set(watermark);
  }

 private:
  metrics::Counter* rows_in_ = nullptr;
  metrics::Counter* rows_out_ = nullptr;
  metrics::Gauge* input_watermark_ = nullptr;
};

}  // namespace thalweg::runtime
