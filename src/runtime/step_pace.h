// StepPace: how many steps a loop takes between two looks at the clock. Rule: as many as took a few microseconds last time, so that
// short steps do not pay for the clock and long ones are not taken unseen.
#pragma once

#include <algorithm>
#include <cstdint>

namespace thalweg::runtime {

/// Between two looks at the clock. Within a turn of 250 us and a watermark interval of milliseconds it makes no difference.
constexpr int64_t kLookNs = 10'000;
/// Should short steps become long ones, so many go unseen once.
constexpr int kMaxUnseenSteps = 16;

class StepPace {
 public:
  /// The loop begins (anew); it looks after as many steps as it took before.
  void Start(int64_t now_ns) {
    looked_ns_ = now_ns;
    left_ = steps_;
  }
  /// One step was done. True: look at the clock.
  bool TakeStep() { return --left_ <= 0; }
  void Looked(int64_t now_ns) {
    const int64_t took = now_ns - looked_ns_;
    if (took > kLookNs)
      steps_ = 1;
    else if (took <= kLookNs / 2)
      steps_ = std::min(steps_ * 2, kMaxUnseenSteps);
    Start(now_ns);
  }
  int steps() const { return steps_; }
  int64_t looked_ns() const { return looked_ns_; }

 private:
  int64_t looked_ns_ = 0;
  int steps_ = 1;
  int left_ = 1;
};

}  // namespace thalweg::runtime
