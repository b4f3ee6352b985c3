#include "time/watermark.h"

#include <algorithm>

namespace thalweg::time {

void BoundedOutOfOrderness::OnRows(const int64_t* times, int32_t count) {
  for (int32_t i = 0; i < count; ++i) max_time_ = std::max(max_time_, times[i]);
}

int64_t BoundedOutOfOrderness::Current() const {
  return max_time_ <= INT64_MIN + bound_ms_ ? kMinWatermark : max_time_ - bound_ms_ - 1;
}

void GreatestTime::OnRows(const int64_t* times, int32_t count) {
  for (int32_t i = 0; i < count; ++i) max_time_ = std::max(max_time_, times[i]);
}

WatermarkMerger::WatermarkMerger(int inputs, Rejoin rejoin) : inputs_(static_cast<size_t>(inputs)), rejoin_(rejoin) {}

bool WatermarkMerger::OnTime(int input, int64_t watermark, bool idle) {
  Input& in = inputs_[static_cast<size_t>(input)];
  in.watermark = std::max(in.watermark, watermark);
  bool returns = in.idle && !idle && rejoin_ == Rejoin::kWhenCaughtUp;
  in.behind = (in.behind || returns) && in.watermark < current_;
  in.idle = idle;
  return Merge();
}

bool WatermarkMerger::OnEnd(int input) {
  inputs_[static_cast<size_t>(input)].ended = true;
  return Merge();
}

// When every input went idle, the greatest of their watermarks holds, for none can bring more, whichever fell silent first.
bool WatermarkMerger::Merge() {
  int64_t least = kMaxWatermark;
  int64_t greatest_idle = kMinWatermark;
  bool any_active = false;
  bool any_counts = false;
  ended_ = true;
  for (const Input& in : inputs_) {
    if (in.ended) continue;
    ended_ = false;
    if (in.idle) {
      greatest_idle = std::max(greatest_idle, in.watermark);
      continue;
    }
    any_active = true;
    if (in.behind) continue;
    any_counts = true;
    least = std::min(least, in.watermark);
  }
  bool was_idle = idle_;
  idle_ = !ended_ && !any_active;
  bool rose = false;
  if (any_counts || idle_) {
    int64_t merged = any_counts ? least : greatest_idle;
    rose = merged > current_;
    current_ = std::max(current_, merged);
  }
  return rose || idle_ != was_idle;
}

}  // namespace thalweg::time
