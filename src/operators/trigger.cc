#include "operators/trigger.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace thalweg::operators {
namespace {

class EventTime final : public Trigger {
 public:
  TriggerResult OnElement(const void*, int64_t, const Window& window, TriggerContext& context) override {
    if (window.max_timestamp() <= context.current_watermark()) return TriggerResult::kFire;
    context.RegisterEventTimer(window.max_timestamp());
    return TriggerResult::kContinue;
  }
  TriggerResult OnEventTime(int64_t time, const Window& window, TriggerContext&) override {
    return time == window.max_timestamp() ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
  bool CanMerge() const override { return true; }
  // A window that the watermark has passed fires on its next row; a timer in the past would fire it twice.
  void OnMerge(const Window& merged, const std::vector<Window>&, TriggerContext& context) override {
    if (merged.max_timestamp() > context.current_watermark()) context.RegisterEventTimer(merged.max_timestamp());
  }
  void Clear(const Window& window, TriggerContext& context) override {
    context.DeleteEventTimer(window.max_timestamp());
  }
  bool is_event_time_default() const override { return true; }
  std::string ToString() const override { return "EventTime"; }
};

class ProcessingTime final : public Trigger {
 public:
  TriggerResult OnElement(const void*, int64_t, const Window& window, TriggerContext& context) override {
    context.RegisterProcessingTimer(window.max_timestamp());
    return TriggerResult::kContinue;
  }
  TriggerResult OnEventTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
  TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kFire; }
  bool CanMerge() const override { return true; }
  void OnMerge(const Window& merged, const std::vector<Window>&, TriggerContext& context) override {
    if (merged.max_timestamp() > context.now_ms()) context.RegisterProcessingTimer(merged.max_timestamp());
  }
  void Clear(const Window& window, TriggerContext& context) override {
    context.DeleteProcessingTimer(window.max_timestamp());
  }
  bool is_processing_time_default() const override { return true; }
  std::string ToString() const override { return "ProcessingTime"; }
};

class Count final : public Trigger {
 public:
  explicit Count(int64_t count) : count_(count) {}
  TriggerResult OnElement(const void*, int64_t, const Window&, TriggerContext& context) override {
    StateCell<int64_t> seen = context.State<int64_t>("count");
    if (++seen.Mutable() < count_) return TriggerResult::kContinue;
    seen.Clear();
    return TriggerResult::kFire;
  }
  TriggerResult OnEventTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
  TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
  bool CanMerge() const override { return true; }
  void OnMerge(const Window&, const std::vector<Window>& from, TriggerContext& context) override {
    int64_t sum = 0;
    for (const Window& window : from) sum += context.State<int64_t>("count", window).ValueOr(0);
    if (sum > 0) context.State<int64_t>("count").Mutable() += sum;
  }
  void Clear(const Window&, TriggerContext& context) override { context.State<int64_t>("count").Clear(); }
  Status Validate() const override {
    return count_ >= 1 ? Status() : UserError("A CountTrigger fires at each 1 or more rows, not at each {}", count_);
  }
  std::string ToString() const override { return fmt::format("Count({})", count_); }

 private:
  int64_t count_;
};

class Purging final : public Trigger {
 public:
  explicit Purging(TriggerPtr inner) : inner_(std::move(inner)) {}
  TriggerResult OnElement(const void* element, int64_t time, const Window& window, TriggerContext& context) override {
    return Purge(inner_->OnElement(element, time, window, context));
  }
  TriggerResult OnEventTime(int64_t time, const Window& window, TriggerContext& context) override {
    return Purge(inner_->OnEventTime(time, window, context));
  }
  TriggerResult OnProcessingTime(int64_t time, const Window& window, TriggerContext& context) override {
    return Purge(inner_->OnProcessingTime(time, window, context));
  }
  bool CanMerge() const override { return inner_->CanMerge(); }
  void OnMerge(const Window& merged, const std::vector<Window>& from, TriggerContext& context) override {
    inner_->OnMerge(merged, from, context);
  }
  void Clear(const Window& window, TriggerContext& context) override { inner_->Clear(window, context); }
  TriggerPtr Clone() const override {
    TriggerPtr inner = inner_->Clone();
    return inner ? std::make_shared<Purging>(std::move(inner)) : nullptr;
  }
  Status Validate() const override {
    if (inner_) return inner_->Validate();
    return UserError("A PurgingTrigger needs the trigger that fires, not nullptr: PurgingTrigger(CountTrigger(100))");
  }
  std::string ToString() const override { return fmt::format("Purging({})", inner_->ToString()); }

 private:
  static TriggerResult Purge(TriggerResult result) { return Fires(result) ? TriggerResult::kFireAndPurge : result; }
  TriggerPtr inner_;
};

class Never final : public Trigger {
 public:
  TriggerResult OnElement(const void*, int64_t, const Window&, TriggerContext&) override {
    return TriggerResult::kContinue;
  }
  TriggerResult OnEventTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
  TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
  bool CanMerge() const override { return true; }
  void OnMerge(const Window&, const std::vector<Window>&, TriggerContext&) override {}
  void Clear(const Window&, TriggerContext&) override {}
  std::string ToString() const override { return "Never"; }
};

class ContinuousEventTime final : public Trigger {
 public:
  explicit ContinuousEventTime(int64_t interval_ms) : interval_ms_(interval_ms) {}
  TriggerResult OnElement(const void*, int64_t time, const Window& window, TriggerContext& context) override {
    if (window.max_timestamp() <= context.current_watermark()) return TriggerResult::kFire;
    context.RegisterEventTimer(window.max_timestamp());
    if (!context.State<int64_t>("fire-time").Get()) RegisterNext(WindowStart(time, 0, interval_ms_), window, context);
    return TriggerResult::kContinue;
  }
  TriggerResult OnEventTime(int64_t time, const Window& window, TriggerContext& context) override {
    if (time == window.max_timestamp()) return TriggerResult::kFire;
    StateCell<int64_t> next = context.State<int64_t>("fire-time");
    const int64_t* fire = next.Get();
    if (!fire || *fire != time) return TriggerResult::kContinue;
    next.Clear();
    // The end of the stream fires what is due once; further intervals up to the end of time would never be done.
    if (context.current_watermark() != INT64_MAX) RegisterNext(time, window, context);
    return TriggerResult::kFire;
  }
  TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
  bool CanMerge() const override { return true; }
  void OnMerge(const Window& merged, const std::vector<Window>& from, TriggerContext& context) override {
    StateCell<int64_t> own = context.State<int64_t>("fire-time");
    int64_t next = own.ValueOr(INT64_MAX);
    for (const Window& window : from) {
      next = std::min(next, context.State<int64_t>("fire-time", window).ValueOr(INT64_MAX));
    }
    if (next == INT64_MAX) return;
    own.Set(next);
    context.RegisterEventTimer(next);
  }
  void Clear(const Window& window, TriggerContext& context) override {
    StateCell<int64_t> next = context.State<int64_t>("fire-time");
    if (const int64_t* fire = next.Get()) context.DeleteEventTimer(*fire);
    next.Clear();
    context.DeleteEventTimer(window.max_timestamp());
  }
  Status Validate() const override {
    if (interval_ms_ >= 1) return {};
    return UserError("The interval of a ContinuousEventTimeTrigger must be positive: {} ms", interval_ms_);
  }
  std::string ToString() const override { return fmt::format("ContinuousEventTime({} ms)", interval_ms_); }

 private:
  void RegisterNext(int64_t time, const Window& window, TriggerContext& context) {
    int64_t next = std::min(SaturatingAdd(time, interval_ms_), window.max_timestamp());
    context.State<int64_t>("fire-time").Set(next);
    context.RegisterEventTimer(next);
  }
  int64_t interval_ms_;
};

}  // namespace

TriggerPtr EventTimeTrigger() { return std::make_shared<EventTime>(); }
TriggerPtr ProcessingTimeTrigger() { return std::make_shared<ProcessingTime>(); }
TriggerPtr CountTrigger(int64_t count) { return std::make_shared<Count>(count); }
TriggerPtr PurgingTrigger(TriggerPtr inner) { return std::make_shared<Purging>(std::move(inner)); }
TriggerPtr NeverTrigger() { return std::make_shared<Never>(); }
TriggerPtr ContinuousEventTimeTrigger(int64_t interval_ms) {
  return std::make_shared<ContinuousEventTime>(interval_ms);
}

}  // namespace thalweg::operators
