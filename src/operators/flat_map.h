// FlatMap: any number of rows out for a row in, through a Collector. Stops between rows when credit ends; what one call emits
// beyond it waits in the Emitter's bounded queue.
#pragma once

#include <utility>

#include "flow/operator.h"
#include "operators/emitter.h"
#include "operators/row_function.h"
#include "operators/user_error.h"

namespace thalweg::operators {

/// void operator()(const T&, Collector<R>&). Rows carry the event time of the row they came from.
template <typename T, typename R, typename F>
class FlatMapOperator final : public RowFunctionOperator<F> {
 public:
  using RowFunctionOperator<F>::RowFunctionOperator;

  Status Open(flow::Context& context) override {
    THALWEG_TRY(RowFunctionOperator<F>::Open(context));
    return emitter_.Open(context);
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (!emitter_.Drain(out)) return Finish(false);
    const columns::Batch& in = rows.batch();
    const T* values = in.objects<T>();
    while (!rows.done() && out.has_credit()) {
      int32_t row = rows.next();
      emitter_.set_time(in.time(row));
      try {
        this->function_(values[row], emitter_);
      } catch (...) {
        return UserException("flat map", RowText(values[row]));
      }
      rows.AdvanceTo(row + 1);
      THALWEG_TRY(emitter_.status());
    }
    return Finish(rows.done());
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override {
    THALWEG_TRY(emitter_.Snapshot());
    return RowFunctionOperator<F>::Snapshot(barrier);
  }
  Result<flow::Progress> OnWatermark(flow::Watermark, flow::Output& out) override { return Rest(out); }
  Result<flow::Progress> OnEnd(flow::EndKind, flow::Output& out) override { return Rest(out); }

 private:
  // What a restored snapshot left in the queue goes before anything that comes after it.
  Result<flow::Progress> Rest(flow::Output& out) {
    bool drained = emitter_.Drain(out);
    return emitter_.Flush() && drained ? flow::Progress::kDone : flow::Progress::kMore;
  }
  Result<flow::Progress> Finish(bool consumed) {
    bool flushed = emitter_.Flush();
    return consumed && flushed ? flow::Progress::kDone : flow::Progress::kMore;
  }
  Emitter<R> emitter_;
};

}  // namespace thalweg::operators
