#include "operators/timestamps.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "flow/program.h"

namespace thalweg::operators {
namespace {

using flow::Progress;

class TimestampOperator final : public flow::Operator {
 public:
  explicit TimestampOperator(TimestampOptions options) : options_(std::move(options)) {
    if (options_.make_generator) generator_ = options_.make_generator();
  }

  Status Open(flow::Context& context) override {
    context_ = &context;
    if (!generator_) return {};
    context.RequestTimer(context.clock().NowMs() + options_.interval_ms);
    // Union: the new subtasks' rows may come from any of the old ones; the least of the old states is safe for all.
    THALWEG_ASSIGN(saved_, context.operator_state().Open("watermark-generator", state::Redistribution::kUnion,
                                                         "watermark-generator"));
    return Restore();
  }

  Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch batch = rows.TakeAll();
    if (options_.assign) options_.assign(batch, out.pool());
    rows_since_look_ = true;
    if (generator_ && batch.times()) flow::ShowRows(batch, *generator_);
    out.Emit(std::move(batch));
    return Progress::kDone;
  }

  Result<Progress> OnTimer(int64_t now_ms, flow::Output& out) override {
    context_->RequestTimer(now_ms + options_.interval_ms);
    if (generator_) {
      bool idle = IsIdle(now_ms);
      generator_->OnPeriodicEmit();
      if (const int64_t watermark = generator_->Current(); watermark > sent_) {
        sent_ = watermark;
        out.EmitWatermark(flow::Watermark{sent_});
      }
      if (idle != idle_) {
        idle_ = idle;
        out.EmitStatus(flow::WatermarkStatus{idle});
      }
    }
    return Progress::kDone;
  }

  // The timeout runs from the first look that finds no new rows: after a long wait for credit the rows that piled up come first.
  bool IsIdle(int64_t now_ms) {
    if (options_.idle_timeout_ms <= 0) return false;
    if (std::exchange(rows_since_look_, false)) {
      quiet_since_ms_.reset();
    } else if (!quiet_since_ms_) {
      quiet_since_ms_ = now_ms;
    }
    return quiet_since_ms_ && now_ms - *quiet_since_ms_ >= options_.idle_timeout_ms;
  }

  bool OwnsWatermarks() const override { return generator_ != nullptr; }

  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    if (saved_) {
      ByteWriter out;
      out.I64(generator_->Current());
      generator_->Snapshot(out);
      *saved_ = {out.Take()};
    }
    return std::vector<std::string>{};
  }

 private:
  Status Restore() {
    int64_t least = INT64_MAX;
    for (const std::string& item : *saved_) {
      ByteReader in(item);
      int64_t watermark = in.I64();
      if (watermark > least) continue;
      least = watermark;
      generator_->Restore(in);
      THALWEG_TRY(in.status());
    }
    return {};
  }

  TimestampOptions options_;
  std::unique_ptr<time::WatermarkGenerator> generator_;
  flow::Context* context_ = nullptr;
  std::vector<std::string>* saved_ = nullptr;
  bool rows_since_look_ = true;
  std::optional<int64_t> quiet_since_ms_;
  int64_t sent_ = time::kMinWatermark;
  bool idle_ = false;
};

}  // namespace

std::unique_ptr<flow::Operator> MakeTimestampOperator(TimestampOptions options) {
  return std::make_unique<TimestampOperator>(std::move(options));
}

}  // namespace thalweg::operators
