// When a window's result goes out. Rule: a trigger keeps nothing in itself that a snapshot must hold; what it must remember per key
// and window stands in the state that its context gives.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/status_exception.h"
#include "operators/named_tables.h"
#include "operators/time_window.h"

namespace thalweg::operators {

enum class TriggerResult : uint8_t { kContinue = 0, kFire = 1, kPurge = 2, kFireAndPurge = 3 };
constexpr bool Fires(TriggerResult result) { return (static_cast<uint8_t>(result) & 1) != 0; }
constexpr bool Purges(TriggerResult result) { return (static_cast<uint8_t>(result) & 2) != 0; }

/// What a trigger may ask, for the current key and window. Valid during the call only.
class TriggerContext {
 public:
  virtual ~TriggerContext() = default;
  virtual int64_t current_watermark() const = 0;
  virtual int64_t now_ms() const = 0;
  /// Timers of this key and window. Registering twice is once; deleting what is not there does nothing.
  virtual void RegisterEventTimer(int64_t time) = 0;
  virtual void DeleteEventTimer(int64_t time) = 0;
  virtual void RegisterProcessingTimer(int64_t time) = 0;
  virtual void DeleteProcessingTimer(int64_t time) = 0;
  /// State of this key and window, or of `window` (one that was merged away). V needs a codec.
  template <typename V>
  StateCell<V> State(const std::string& name) {
    return {tables().Open<V>("trigger/" + name, "window"), key(), window_namespace()};
  }
  template <typename V>
  StateCell<V> State(const std::string& name, const Window& window) {
    return {tables().Open<V>("trigger/" + name, "window"), key(), WindowBytes(window).view()};
  }

 protected:
  virtual NamedTables& tables() = 0;
  virtual const state::KeyView& key() const = 0;
  virtual std::string_view window_namespace() const = 0;
};

/// Policies derive from this, or from TypedTrigger<T> to see the rows. One per subtask; the task's thread.
class Trigger {
 public:
  virtual ~Trigger() = default;
  /// `element` points to the stream's T, already added to the window.
  virtual TriggerResult OnElement(const void* element, int64_t time, const Window& window, TriggerContext& context) = 0;
  /// A timer of this key and window is due. Also called for the operator's own timer at the window's cleanup time.
  virtual TriggerResult OnEventTime(int64_t time, const Window& window, TriggerContext& context) = 0;
  virtual TriggerResult OnProcessingTime(int64_t time, const Window& window, TriggerContext& context) = 0;
  /// Only merging windows: whether OnMerge is written.
  virtual bool CanMerge() const { return false; }
  /// `merged` took over `from`: their state must go to it. Their timers and state are cleared (Clear) afterwards.
  virtual void OnMerge(const Window& merged, const std::vector<Window>& from, TriggerContext& context) {
    throw StatusException(UserError("A trigger that says CanMerge must write OnMerge"));
  }
  /// The window is gone: delete its timers and state.
  virtual void Clear(const Window& window, TriggerContext& context) = 0;
  /// A new trigger with the same settings, for another subtask. Null: this one keeps nothing and may be shared.
  virtual std::shared_ptr<Trigger> Clone() const { return nullptr; }
  /// A user error if it cannot work as it was made; asked before the job starts.
  virtual Status Validate() const { return {}; }
  /// The default of event time, which lets windows be kept as slices.
  virtual bool is_event_time_default() const { return false; }
  virtual bool is_processing_time_default() const { return false; }
  virtual std::string ToString() const = 0;
};

using TriggerPtr = std::shared_ptr<Trigger>;

/// Base of triggers that look at the stream's values.
template <typename T>
class TypedTrigger : public Trigger {
 public:
  virtual TriggerResult OnRow(const T& value, int64_t time, const Window& window, TriggerContext& context) = 0;
  TriggerResult OnElement(const void* element, int64_t time, const Window& window, TriggerContext& context) final {
    return OnRow(*static_cast<const T*>(element), time, window, context);
  }
};

/// Once the watermark passes the window's end, and again for each row that comes later within the allowed lateness.
TriggerPtr EventTimeTrigger();
/// Once the clock passes the window's end.
TriggerPtr ProcessingTimeTrigger();
/// At each `count` rows of the window, 1 or more.
TriggerPtr CountTrigger(int64_t count);
/// As `inner`, but what fires is also emptied.
TriggerPtr PurgingTrigger(TriggerPtr inner);
/// Never: the global window's default.
TriggerPtr NeverTrigger();
/// Each `interval_ms` of event time, 1 or more, while the window has rows, and at its end.
TriggerPtr ContinuousEventTimeTrigger(int64_t interval_ms);

}  // namespace thalweg::operators
