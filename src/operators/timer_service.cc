#include "operators/timer_service.h"

#include <algorithm>

namespace thalweg::operators {

Status TimerService::Open(flow::Context& context) {
  context_ = &context;
  THALWEG_ASSIGN(event_, context.keyed_state()->OpenTimers("event-timers"));
  THALWEG_ASSIGN(processing_, context.keyed_state()->OpenTimers("processing-timers"));
  THALWEG_ASSIGN(saved_,
                 context.operator_state().Open("watermark", state::Redistribution::kUnion, "window-watermark/1"));
  bool first = true;
  for (const std::string& item : *saved_) {
    ByteReader in(item);
    int64_t watermark = in.I64();
    bool firing = in.Bool();
    THALWEG_TRY(in.status());
    watermark_ = first ? watermark : std::min(watermark_, watermark);
    firing_ = firing_ || firing;
    first = false;
  }
  RequestNext();
  return {};
}

void TimerService::Snapshot() {
  ByteWriter out;
  out.I64(watermark_);
  out.Bool(firing_);
  *saved_ = {out.Take()};
}

void TimerService::Register(TimerKind kind, int64_t time, const state::KeyView& key) {
  if (kind == TimerKind::kEventTime) {
    event_->Register(time, key, {});
  } else {
    processing_->Register(time, key, {});
    context_->RequestTimer(time);
  }
}

void TimerService::Delete(TimerKind kind, int64_t time, const state::KeyView& key) {
  (kind == TimerKind::kEventTime ? event_ : processing_)->Delete(time, key, {});
}

void TimerService::OnWatermark(int64_t watermark) {
  watermark_ = std::max(watermark_, watermark);
  firing_ = true;
}

void TimerService::RequestNext() {
  if (std::optional<int64_t> next = processing_->Next()) context_->RequestTimer(*next);
}

}  // namespace thalweg::operators
