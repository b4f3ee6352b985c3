#include "runtime/memory_watch.h"

namespace thalweg::runtime {

MemoryWatch::Verdict MemoryWatch::Look(int64_t bytes, int64_t now_ms) {
  if (limit_ <= 0) return Verdict::kNothing;
  int64_t percent = bytes / (limit_ / 100 + 1);
  if (percent >= kFailPercent) return Verdict::kFail;
  if (!standing_ && percent >= kSourcesStopPercent) {
    standing_ = true;
    standing_since_ms_ = now_ms;
    return Verdict::kStopSources;
  }
  if (!standing_) return Verdict::kNothing;
  if (percent < kSourcesGoOnPercent) {
    standing_ = false;
    return Verdict::kGoOn;
  }
  return now_ms - standing_since_ms_ >= kLongestStandMs ? Verdict::kFail : Verdict::kNothing;
}

}  // namespace thalweg::runtime
