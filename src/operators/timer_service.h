// Timers of a process function, and the watermark they have fired up to. Rule: what is due under a delivered watermark fires before
// the next row is looked at, also after a restart in the midst of the firing.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "flow/context.h"
#include "flow/operator.h"
#include "operators/saved_watermark.h"

namespace thalweg::operators {

enum class TimerKind : uint8_t { kEventTime = 0, kProcessingTime = 1 };

/// Of one keyed operator; the task's thread.
class TimerService {
 public:
  Status Open(flow::Context& context);
  /// Of the current key. Registering twice is once; a time that has passed fires at the next watermark or tick.
  void Register(TimerKind kind, int64_t time, const state::KeyView& key, std::string_view ns = {});
  void Delete(TimerKind kind, int64_t time, const state::KeyView& key, std::string_view ns = {});

  int64_t watermark() const { return watermark_; }
  /// A watermark is being fired: FireEventTime has more to do before rows may be taken.
  bool firing() const { return firing_; }
  /// The operator itself has something left to do under the watermark.
  void GoOnFiring() { firing_ = true; }
  void Snapshot();

  /// The watermark rose (never falls).
  void OnWatermark(int64_t watermark);
  /// Calls `fire(timer)` for what is due under the watermark while `out` has credit; kMore if some is left.
  template <typename Fire>
  flow::Progress FireEventTime(flow::Output& out, Fire&& fire) {
    flow::Progress progress = FireQueue(*event_, watermark_, out, fire);
    if (progress == flow::Progress::kDone) firing_ = false;
    return progress;
  }
  template <typename Fire>
  flow::Progress FireProcessingTime(int64_t now_ms, flow::Output& out, Fire&& fire) {
    flow::Progress progress = FireQueue(*processing_, now_ms, out, fire);
    RequestNext();
    return progress;
  }

 private:
  /// Fired in one call before the loop gets its turn: about one quantum (250 us) of cheap functions.
  static constexpr int kTimersPerCall = 1024;

  template <typename Fire>
  flow::Progress FireQueue(state::TimerQueue& queue, int64_t limit, flow::Output& out, Fire&& fire) {
    for (int fired = 0; fired < kTimersPerCall && out.has_credit(); ++fired) {
      std::optional<state::Timer> timer = queue.PopDue(limit);
      if (!timer) return flow::Progress::kDone;
      fire(*timer);
    }
    std::optional<int64_t> next = queue.Next();
    return next && *next <= limit ? flow::Progress::kMore : flow::Progress::kDone;
  }
  void RequestNext();

  flow::Context* context_ = nullptr;
  state::TimerQueue* event_ = nullptr;
  state::TimerQueue* processing_ = nullptr;
  SavedWatermark saved_;
  int64_t watermark_ = INT64_MIN;
  bool firing_ = false;
};

}  // namespace thalweg::operators
