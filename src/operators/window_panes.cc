// Panes of the window operator: one accumulator per window, the trigger asked at each row and timer, merging sessions.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "operators/window_core.h"

namespace thalweg::operators {
namespace {

Window SessionWindow(const std::array<int64_t, 4>& entry) { return {entry[0], entry[1]}; }
Window SessionContents(const std::array<int64_t, 4>& entry) { return {entry[2], entry[3]}; }

}  // namespace

/// What the trigger sees of one key and window.
class WindowCore::PaneContext final : public TriggerContext {
 public:
  PaneContext(WindowCore& core, const state::KeyView& key, const Window& window)
      : core_(core), key_(key), window_(window), ns_(window) {}
  int64_t current_watermark() const override { return core_.watermark_; }
  int64_t now_ms() const override { return core_.now_ms_; }
  void RegisterEventTimer(int64_t time) override { core_.RegisterTimer(TimeDomain::kEventTime, time, key_, window_); }
  void DeleteEventTimer(int64_t time) override { core_.DeleteTimer(TimeDomain::kEventTime, time, key_, window_); }
  void RegisterProcessingTimer(int64_t time) override {
    core_.RegisterTimer(TimeDomain::kProcessingTime, time, key_, window_);
  }
  void DeleteProcessingTimer(int64_t time) override {
    core_.DeleteTimer(TimeDomain::kProcessingTime, time, key_, window_);
  }

 protected:
  NamedTables& tables() override { return core_.tables_; }
  const state::KeyView& key() const override { return key_; }
  std::string_view window_namespace() const override { return ns_.view(); }

 private:
  WindowCore& core_;
  const state::KeyView& key_;
  Window window_;
  WindowBytes ns_;
};

void WindowCore::ProcessPane(const columns::Batch& batch, int32_t row) {
  const void* value = batch.column(0).data<std::byte>() + value_size() * static_cast<size_t>(row);
  state::KeyView key = keys_[row];
  int64_t time = batch.time(row);
  bool taken = false;
  assigned_.clear();
  options_.assigner->Assign(value, time, now_ms_, assigned_);
  for (const Window& assigned : assigned_) {
    Window window = merging() ? AddSession(key, assigned) : assigned;
    if (IsLate(window)) {
      if (merging()) RetireSession(key, window);
      continue;
    }
    taken = true;
    AddToPane(key, window, merging() ? *SessionState(key, window) : window, value, time);
  }
  bool late = domain() == TimeDomain::kEventTime && SaturatingAdd(time, options_.allowed_lateness_ms) <= watermark_;
  if (!taken && late) Late(value, time, batch.kind(row));
}

void WindowCore::AddToPane(const state::KeyView& key, const Window& window, const Window& state, const void* value,
                           int64_t time) {
  bool created = false;
  void* accumulator = contents_->FindOrCreate(key, WindowBytes(state).view(), &created);
  Add(accumulator, created, value);
  PaneContext context(*this, key, window);
  FirePane(trigger_->OnElement(value, time, window, context), key, window, state);
  int64_t cleanup = CleanupTime(window);
  if (cleanup != INT64_MAX) RegisterTimer(domain(), cleanup, key, window);
}

void WindowCore::FirePane(TriggerResult result, const state::KeyView& key, const Window& window, const Window& state) {
  WindowBytes ns(state);
  if (Fires(result)) {
    if (void* accumulator = contents_->Find(key, ns.view())) FireOne(key, window, accumulator);
  }
  if (Purges(result)) contents_->Erase(key, ns.view());
}

void WindowCore::OnPaneTimer(const state::KeyView& key, const Window& window, int64_t time, TimeDomain timer_domain) {
  Window state = window;
  if (merging()) {
    std::optional<Window> session = SessionState(key, window);
    if (!session) return;  // merged away since
    state = *session;
  }
  PaneContext context(*this, key, window);
  TriggerResult result = timer_domain == TimeDomain::kEventTime ? trigger_->OnEventTime(time, window, context)
                                                                : trigger_->OnProcessingTime(time, window, context);
  FirePane(result, key, window, state);
  if (timer_domain == domain() && time == CleanupTime(window)) ClearPane(key, window, state);
}

void WindowCore::ClearPane(const state::KeyView& key, const Window& window, const Window& state) {
  contents_->Erase(key, WindowBytes(state).view());
  PaneContext context(*this, key, window);
  trigger_->Clear(window, context);
  ClearWindow(key, window);
  if (merging()) RetireSession(key, window);
}

// Joins `window` with the key's sessions that it touches; returns the session that now holds it.
Window WindowCore::AddSession(const state::KeyView& key, const Window& window) {
  auto& sessions = *static_cast<Sessions*>(sessions_->FindOrCreate(key, {}, nullptr));
  Window merged = window;
  std::vector<Window> windows, states;
  // Sessions of a key neither touch nor overlap, so growing by one cannot reach another that was passed over... unless gaps differ:
  // repeat until nothing joins.
  for (bool joined = true; joined;) {
    joined = false;
    for (auto entry = sessions.begin(); entry != sessions.end();) {
      if (!SessionWindow(*entry).Touches(merged)) {
        ++entry;
        continue;
      }
      merged = merged.Cover(SessionWindow(*entry));
      windows.push_back(SessionWindow(*entry));
      states.push_back(SessionContents(*entry));
      entry = sessions.erase(entry);
      joined = true;
    }
  }
  Window state = states.empty() ? window : states.front();
  sessions.push_back({merged.start, merged.end, state.start, state.end});
  std::sort(sessions.begin(), sessions.end());
  bool grew = !windows.empty() && !(windows.size() == 1 && windows.front() == merged);
  if (grew) MergeSessions(key, merged, state, windows, states);
  return merged;
}

void WindowCore::MergeSessions(const state::KeyView& key, const Window& merged, const Window& state,
                               const std::vector<Window>& windows, const std::vector<Window>& states) {
  PaneContext context(*this, key, merged);
  std::vector<Window> others;
  for (const Window& window : windows) {
    if (window != merged) others.push_back(window);
  }
  trigger_->OnMerge(merged, others, context);
  for (const Window& window : others) {
    PaneContext old(*this, key, window);
    trigger_->Clear(window, old);
    DeleteTimer(domain(), CleanupTime(window), key, window);
  }
  for (const Window& from : states) {
    if (from == state) continue;
    WindowBytes ns(from);
    void* source = contents_->Find(key, ns.view());
    if (!source) continue;
    TakeAccumulator(source);
    contents_->Erase(key, ns.view());
    bool created = false;
    void* target = contents_->FindOrCreate(key, WindowBytes(state).view(), &created);
    MergeTaken(target, created);
  }
}

std::optional<Window> WindowCore::SessionState(const state::KeyView& key, const Window& window) {
  auto* sessions = static_cast<const Sessions*>(sessions_->Find(key, {}));
  if (!sessions) return std::nullopt;
  for (const auto& entry : *sessions) {
    if (SessionWindow(entry) == window) return SessionContents(entry);
  }
  return std::nullopt;
}

void WindowCore::RetireSession(const state::KeyView& key, const Window& window) {
  auto* sessions = static_cast<Sessions*>(sessions_->Find(key, {}));
  if (!sessions) return;
  std::erase_if(*sessions, [&](const auto& entry) { return SessionWindow(entry) == window; });
  if (sessions->empty())
    sessions_->Erase(key, {});
  else
    sessions_->MarkDirty();
}

}  // namespace thalweg::operators
