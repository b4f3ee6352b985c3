// The window operator without its types: assigner, storage, lateness, timers, firing. operators/window.h puts a stream's types on it.
// Rule: a row is judged late by the watermark this operator has fired up to, which is part of its snapshot; what is due under it has
// been fired before the next row is looked at.
//
// Two storages. Slices: windows on a grid under the default trigger; a row is added once, overlapping windows share its slice and
// merge slices when they fire. Panes: one accumulator per window; merging sessions and the user's triggers. Evictors belong to panes:
// their place is FirePane, which alone hands a pane's contents to the window function.
// Without lateness there are no timers of slices: where a window is one slice, contents are there if and only if they wait to be fired;
// where windows share slices, window_slices.cc tells.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/operator.h"
#include "metrics/metric.h"
#include "operators/keys.h"
#include "operators/named_tables.h"
#include "operators/pane_list.h"
#include "operators/saved_watermark.h"
#include "operators/trigger.h"
#include "operators/user_error.h"
#include "operators/window_assigner.h"

namespace thalweg::operators {

/// Rows that came too late for every window of theirs go here, if the operator has this port.
constexpr int kLatePort = 1;
/// Timers fired in one call before the loop gets its turn: about one quantum (250 us) of cheap window functions.
constexpr int kTimersPerCall = 1024;

struct WindowOptions {
  AssignerPtr assigner;
  TriggerPtr trigger;               // null: the assigner's default
  int64_t allowed_lateness_ms = 0;  // event time only
  bool late_output = false;         // late rows to kLatePort
  std::string name = "window";      // in messages
};

class WindowCore : public flow::Operator {
 public:
  explicit WindowCore(WindowOptions options);

  Status Open(flow::Context& context) override;
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) override;
  Result<flow::Progress> OnWatermark(flow::Watermark watermark, flow::Output& out) override;
  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output& out) override;
  Result<flow::Progress> OnEnd(flow::EndKind kind, flow::Output& out) final;
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override;

  /// Rows that came too late for every window of theirs, since Open; without a late output also the metric numLateRecordsDropped.
  int64_t late_rows() const { return late_rows_; }
  /// Whether windows share slices.
  bool sliced() const { return slices_.has_value(); }

 protected:
  // What the types bring. `value` points to the row's T, `accumulator` to the table's object.
  virtual const types::ObjectType& accumulator_type() const = 0;
  virtual size_t value_size() const = 0;
  virtual bool can_merge() const = 0;
  virtual void Add(void* accumulator, bool created, const void* value) = 0;
  /// Adds rows [from, to), all of one slice (`ns`), and calls OnSliceCreated for new ones. Keeps `row_` at the row at hand.
  virtual void AddRun(const columns::Batch& batch, int32_t from, int32_t to, const Window& slice) = 0;
  /// Moves an accumulator out of the table / merges it into another (`created`: which is new).
  virtual void TakeAccumulator(void* accumulator) = 0;
  virtual void MergeTaken(void* accumulator, bool created) = 0;
  virtual void FireOne(const state::KeyView& key, const Window& window, void* accumulator) = 0;
  /// Fires the panes of `keys` while `out` has credit; null accumulators are looked up. Returns how many it fired.
  virtual size_t FireSome(std::span<const state::KeyView> keys, const Window& window, void* const* accumulators,
                          const flow::Output& out) = 0;
  // A result put together from slices: StartMerge, AddSlice for each, FireMerged.
  virtual void StartMerge() = 0;
  virtual void AddSlice(const void* accumulator) = 0;
  virtual void FireMerged(const state::KeyView& key, const Window& window) = 0;
  /// Whether ClearWindow does anything: then windows must be told apart from slices, in panes.
  virtual bool has_clear() const = 0;
  /// The window is gone: the window function's own per-window state goes too.
  virtual void ClearWindow(const state::KeyView& key, const Window& window) = 0;
  virtual void EmitLate(const void* value, int64_t time, types::RowKind kind) = 0;
  virtual std::string RowText(const void* value) const = 0;
  /// Of the exception being handled, thrown by user code while `window` of `key` fires.
  virtual Status Failure(const state::KeyView& key, const Window& window) const {
    return UserException(options_.name, {});
  }
  // Ports. Drain: false if rows still wait or credit is gone. Flush: false if rows wait. PortStatus: a spill that overflowed.
  virtual bool Drain(flow::Output& out) = 0;
  virtual bool Flush() = 0;
  virtual Status PortStatus() const = 0;

  // Windows on another clock than the world's (local time): processing time as windows know it, and when its clock shows a time.
  virtual int64_t WindowTime(int64_t clock_ms) const { return clock_ms; }
  virtual int64_t ClockTime(int64_t window_ms) const { return window_ms; }

  void OnSliceCreated(const state::KeyView& key, const Window& slice);
  void RegisterSliceCleanup(const state::KeyView& key, const Window& slice);

  flow::Context& context() { return *context_; }
  NamedTables& tables() { return tables_; }
  const WindowOptions& options() const { return options_; }
  int64_t watermark() const { return watermark_; }
  bool merging() const { return options_.assigner->merging(); }

  BatchKeys keys_;
  state::ObjectTable* contents_ = nullptr;
  int32_t row_ = 0;  // of the batch at hand; for messages

 private:
  class PaneContext;
  /// (window, state window): a merged session keeps its contents under the window of one of those it came from.
  using Sessions = std::vector<std::array<int64_t, 4>>;

  // Rows.
  Status ProcessRows(flow::Rows& rows, flow::Output& out);
  int32_t ProcessRun(const columns::Batch& batch, int32_t from);
  void AddToPassedSlice(const state::KeyView& key, const Window& slice, const void* value);
  void ProcessPane(const columns::Batch& batch, int32_t row);
  void AddToPane(const state::KeyView& key, const Window& window, const Window& state, const void* value, int64_t time);
  void Late(const void* value, int64_t time, types::RowKind kind);
  // Sessions.
  Window AddSession(const state::KeyView& key, const Window& window);
  void MergeSessions(const state::KeyView& key, const Window& merged, const Window& state,
                     const std::vector<Window>& windows, const std::vector<Window>& states);
  std::optional<Window> SessionState(const state::KeyView& key, const Window& window);
  void RetireSession(const state::KeyView& key, const Window& window);
  // Timers and firing.
  Result<flow::Progress> FireDue(TimeDomain timers, int64_t limit, flow::Output& out);
  Status FireTimers(TimeDomain timers, int64_t limit, flow::Output& out);
  Status FireListed(int64_t limit, flow::Output& out);
  void ListPane(const state::KeyView& key, const Window& slice);
  void RestorePanes(bool unlisted);
  void RestoreSlice(const state::KeyView& key, const Window& slice);
  void ListTimedPanes();
  // Listed windows that share slices (window_slices.cc).
  std::optional<Window> NextShared() const;
  Status FireShared(int64_t limit, flow::Output& out);
  void StartShared(const Window& window);
  size_t FireSomeShared(const flow::Output& out);
  void FindShared(std::span<const state::KeyView> keys);
  void FireFound(const state::KeyView& key, size_t index);
  bool MayList(const state::KeyView& key, const Window& slice);
  bool FiresByTable(const state::KeyView& key);
  void EraseFired(std::span<const state::KeyView> keys);
  void EndSharedList();
  void GiveSharedTimers();
  void KeepDueTimers();
  Status OpenFired(flow::Context& context, bool unlisted);
  void SaveFired();
  int64_t FiredOf(const state::KeyView& key) const;
  std::optional<int64_t> NextDue(TimeDomain timers) const;
  void FireSlices(const state::KeyView& key, const Window& window, bool chain, bool listed = false);
  template <typename Visit>
  void ForEachSlice(const state::KeyView& key, const Window& window, bool listed, Visit&& visit);
  void OnPaneTimer(const state::KeyView& key, const Window& window, int64_t time, TimeDomain domain);
  void FirePane(TriggerResult result, const state::KeyView& key, const Window& window, const Window& state);
  void ClearPane(const state::KeyView& key, const Window& window, const Window& state);
  void RegisterTimer(TimeDomain domain, int64_t time, const state::KeyView& key, const Window& window);
  void DeleteTimer(TimeDomain domain, int64_t time, const state::KeyView& key, const Window& window);
  void EraseDeadSlices();
  // Time.
  TimeDomain domain() const { return options_.assigner->domain(); }
  int64_t clock_time() const;
  int64_t CleanupTime(const Window& window) const;
  bool IsLate(const Window& window) const;
  Status CheckTime(int64_t time) const;
  Result<flow::Progress> Finish(Result<flow::Progress> progress);
  template <typename Fn>
  Status Guard(const columns::Batch* batch, Fn&& fn);
  /// Runs `fn`, which fires `window` of `key`; what it throws tells them.
  template <typename Fn>
  void ForWindow(const state::KeyView& key, const Window& window, Fn&& fn) {
    try {
      fn();
    } catch (...) {
      throw StatusException(Failure(key, window));
    }
  }

  WindowOptions options_;
  TriggerPtr trigger_;
  std::optional<SliceShape> slices_;
  /// A list of keys per slice stands for timers: every pane is one slice and goes when it fires, or windows share them.
  bool listed_ = false;
  bool shared_ = false;
  bool probes_ = true;  // slices of a window are few: asked for one by one
  struct EarlierEnd {
    bool operator()(const Window& a, const Window& b) const {
      return a.end != b.end ? a.end < b.end : a.start < b.start;
    }
  };
  std::map<Window, PaneList, EarlierEnd> panes_;  // by slice
  /// A window in the midst of its firing: its slices that have lists, and how far the one at hand has got.
  struct SharedFiring {
    Window window;
    std::vector<Window> slices;
    size_t index = 0;
    PaneList::Cursor cursor;
  };
  std::optional<SharedFiring> firing_now_;
  std::vector<void*> found_;             // accumulators of some keys, slice by slice
  int64_t fired_ = INT64_MIN;            // windows up to this last millisecond have fired, or their keys have timers
  std::vector<int64_t> fired_of_group_;  // where it differs among key groups, after a restore
  std::vector<std::string>* saved_fired_ = nullptr;
  flow::Context* context_ = nullptr;
  NamedTables tables_;
  state::ObjectTable* sessions_ = nullptr;
  state::TimerQueue* event_timers_ = nullptr;
  state::TimerQueue* processing_timers_ = nullptr;
  state::TimerQueue* slice_cleanup_ = nullptr;
  SavedWatermark saved_watermark_;
  int64_t watermark_ = INT64_MIN;
  bool firing_ = false;  // timers up to watermark_ are not all fired
  int64_t now_ms_ = 0;
  int64_t late_rows_ = 0;
  metrics::Counter* dropped_ = nullptr;
  std::vector<Window> assigned_;
};

}  // namespace thalweg::operators
