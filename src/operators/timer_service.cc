#include "operators/timer_service.h"

#include <algorithm>

namespace thalweg::operators {

Status TimerService::Open(flow::Context& context) {
  context_ = &context;
  THALWEG_ASSIGN(event_, context.keyed_state()->OpenTimers("event-timers"));
  THALWEG_ASSIGN(processing_, context.keyed_state()->OpenTimers("processing-timers"));
  THALWEG_ASSIGN(const SavedWatermark::Value restored, saved_.Open(context.operator_state(), "watermark"));
  watermark_ = restored.watermark;
  firing_ = (restored.flags & SavedWatermark::kFiring) != 0;
  RequestNext();
  return {};
}

void TimerService::Snapshot() {
  saved_.Save({.watermark = watermark_, .flags = firing_ ? SavedWatermark::kFiring : uint8_t{0}});
}

void TimerService::Register(TimerKind kind, int64_t time, const state::KeyView& key, std::string_view ns) {
  if (kind == TimerKind::kEventTime) {
    event_->Register(time, key, ns);
  } else {
    processing_->Register(time, key, ns);
    context_->RequestTimer(time);
  }
}

void TimerService::Delete(TimerKind kind, int64_t time, const state::KeyView& key, std::string_view ns) {
  (kind == TimerKind::kEventTime ? event_ : processing_)->Delete(time, key, ns);
}

void TimerService::OnWatermark(int64_t watermark) {
  watermark_ = std::max(watermark_, watermark);
  firing_ = true;
}

void TimerService::RequestNext() {
  if (std::optional<int64_t> next = processing_->Next()) context_->RequestTimer(*next);
}

}  // namespace thalweg::operators
