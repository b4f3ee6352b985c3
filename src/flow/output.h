// Where an operator's rows go.
#pragma once

#include <utility>

#include "columns/batch.h"
#include "flow/element.h"

namespace thalweg::flow {

/// Named ports of one operator; port 0 is the main one. The operator's thread.
class Output {
 public:
  virtual ~Output() = default;
  /// False: return kMore as soon as possible; at most the rest of one batch more is accepted.
  bool has_credit() const { return credit_; }
  /// Rows worth gathering before Emit: a full batch, less when the consumer wants them sooner.
  int32_t batch_rows() const { return batch_rows_; }
  /// Hands rows on. Errors further down are kept by the task and end the current call's work when it returns.
  virtual void Emit(int port, columns::Batch batch) = 0;
  void Emit(columns::Batch batch) { Emit(0, std::move(batch)); }
  /// For operators that own their watermarks (Operator::OwnsWatermarks): to all ports. Others must not call these.
  virtual void EmitWatermark(Watermark watermark) {
    THALWEG_CHECK(false, "This output takes no watermarks from operators");
  }
  virtual void EmitStatus(WatermarkStatus status) {
    THALWEG_CHECK(false, "This output takes no watermarks from operators");
  }
  /// Pool for the batches emitted here.
  virtual columns::BufferPool& pool() = 0;

 protected:
  bool credit_ = true;
  int32_t batch_rows_ = columns::kBatchRows;
};

}  // namespace thalweg::flow
