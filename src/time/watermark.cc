#include "time/watermark.h"

#include <algorithm>

namespace thalweg::time {

void BoundedOutOfOrderness::OnRows(const int64_t* times, int32_t count) {
  for (int32_t i = 0; i < count; ++i) max_time_ = std::max(max_time_, times[i]);
}

int64_t BoundedOutOfOrderness::Current() const {
  return max_time_ <= INT64_MIN + bound_ms_ ? kMinWatermark : max_time_ - bound_ms_ - 1;
}

WatermarkMerger::WatermarkMerger(int inputs) : inputs_(static_cast<size_t>(inputs)) {}

bool WatermarkMerger::OnWatermark(int input, int64_t watermark) {
  Input& in = inputs_[static_cast<size_t>(input)];
  in.idle = false;
  in.watermark = std::max(in.watermark, watermark);
  return Merge();
}

bool WatermarkMerger::OnStatus(int input, bool idle) {
  inputs_[static_cast<size_t>(input)].idle = idle;
  return Merge();
}

bool WatermarkMerger::OnEnd(int input) {
  inputs_[static_cast<size_t>(input)].ended = true;
  return Merge();
}

// As Flink's StatusWatermarkValve: when every input went idle, the greatest of their watermarks holds, for none can bring more.
bool WatermarkMerger::Merge() {
  int64_t active_min = kMaxWatermark;
  int64_t idle_max = kMinWatermark;
  bool any_active = false;
  bool any_open = false;
  for (const Input& in : inputs_) {
    if (in.ended) continue;
    any_open = true;
    if (in.idle) {
      idle_max = std::max(idle_max, in.watermark);
    } else {
      any_active = true;
      active_min = std::min(active_min, in.watermark);
    }
  }
  bool was_idle = idle_;
  idle_ = any_open && !any_active;
  int64_t merged = any_active ? active_min : idle_max;
  bool rose = any_open && merged > current_;
  if (rose) current_ = merged;
  return rose || idle_ != was_idle;
}

}  // namespace thalweg::time
