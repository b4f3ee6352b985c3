// Windows that share slices and keep nothing for late rows, fired without timers: each slice has a list of the keys that have rows in it,
// in memory only. Rule: a window walks the lists of its slices from the last to the first and fires a key where it meets it first; slices
// that no later window holds go with the key. So a key that is met again is not in that slice any more, or is in a later one, too.
//
// Up to where windows have fired is part of a snapshot, by key group: subtasks get on apart. A window in the midst of its firing is not:
// the keys that it has left get timers, as under `KeepDueTimers` those of a snapshot made with timers have them.
#include <algorithm>
#include <array>
#include <utility>

#include "operators/window_core.h"

namespace thalweg::operators {

namespace {

/// Keys that are looked up, fired and erased together.
constexpr size_t kSharedTogether = 64;

}  // namespace

/// The first window with a listed slice that has not fired.
std::optional<Window> WindowCore::NextShared() const {
  for (const auto& [slice, list] : panes_) {
    const Window last = *slices_->Last(slice);
    if (last.max_timestamp() <= fired_) continue;
    Window window = *slices_->First(slice);
    while (window.max_timestamp() <= fired_) window = *slices_->Next(window);
    return window;
  }
  return std::nullopt;
}

Status WindowCore::FireShared(int64_t limit, flow::Output& out) {
  THALWEG_TRY(FireTimers(TimeDomain::kEventTime, limit, out));
  const std::optional<int64_t> timed = event_timers_->Next();
  if (timed && *timed <= limit) return {};
  for (size_t fired = 0; fired < kTimersPerCall && out.has_credit();) {
    if (!firing_now_) {
      const std::optional<Window> window = NextShared();
      if (!window || window->max_timestamp() > limit) break;
      StartShared(*window);
    }
    fired += FireSomeShared(out);
  }
  return {};
}

void WindowCore::StartShared(const Window& window) {
  firing_now_.emplace(SharedFiring{.window = window});
  for (const auto& [slice, list] : panes_)
    if (slice.start >= window.start && slice.end <= window.end) firing_now_->slices.push_back(slice);
  firing_now_->index = firing_now_->slices.size() - 1;
}

/// How many keys were done.
size_t WindowCore::FireSomeShared(const flow::Output& out) {
  SharedFiring& now = *firing_now_;
  const PaneList& list = panes_.at(now.slices[now.index]);
  std::array<state::KeyView, kSharedTogether> views;
  const std::span<state::KeyView> keys(views.data(), list.From(now.cursor, views));
  if (keys.empty()) {
    EndSharedList();
    return 0;
  }
  found_.assign(now.slices.size() * kSharedTogether, nullptr);
  if (contents_->shows_all()) FindShared(keys);
  size_t done = 0;
  for (; done < keys.size() && out.has_credit(); ++done)
    ForWindow(keys[done], now.window, [&] { FireFound(keys[done], done); });
  EraseFired(keys.first(done));
  list.Advance(now.cursor, done);
  return done;
}

/// The accumulators of keys of the list at hand, slice by slice. Most keys have one slice or two, so lists are asked before the table is.
void WindowCore::FindShared(std::span<const state::KeyView> keys) {
  const SharedFiring& now = *firing_now_;
  std::array<state::KeyView, kSharedTogether> asked;
  std::array<size_t, kSharedTogether> indexes;
  std::array<void*, kSharedTogether> accumulators;
  for (size_t slice = 0; slice < now.slices.size(); ++slice) {
    void** const found = found_.data() + slice * kSharedTogether;
    const WindowBytes ns(now.slices[slice]);
    if (slice == now.index) {
      contents_->FindEach(keys, ns.view(), found);
      continue;
    }
    PaneList& list = panes_.at(now.slices[slice]);
    size_t count = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      asked[count] = keys[i];
      indexes[count] = i;
      count += list.MayHold(keys[i].hash);
    }
    contents_->FindEach(std::span(asked).first(count), ns.view(), accumulators.data());
    for (size_t i = 0; i < count; ++i) found[indexes[i]] = accumulators[i];
  }
}

/// Fires the key whose accumulators are at `index` of each slice's; one that does not fire has none of the first slice any more.
void WindowCore::FireFound(const state::KeyView& key, size_t index) {
  const SharedFiring& now = *firing_now_;
  const auto found = [&](size_t slice) -> void*& { return found_[slice * kSharedTogether + index]; };
  if (!found(now.index)) {  // gone, or not shown
    if (!contents_->shows_all() && FiresByTable(key)) FireSlices(key, now.window, false, true);
    return;
  }
  bool fires = FiredOf(key) < now.window.max_timestamp();
  for (size_t later = now.index + 1; later < now.slices.size(); ++later) fires = fires && !found(later);
  if (!fires) return void(found(now.index) = nullptr);
  void* only = found(now.index);
  for (size_t slice = 0; slice < now.index; ++slice)
    if (found(slice)) only = nullptr;
  if (only) return FireOne(key, now.window, only);
  StartMerge();
  for (size_t slice = 0; slice <= now.index; ++slice)
    if (found(slice)) AddSlice(found(slice));
  FireMerged(key, now.window);
}

/// Whether a key of the list at hand fires, asked of the table.
bool WindowCore::FiresByTable(const state::KeyView& key) {
  const SharedFiring& now = *firing_now_;
  if (FiredOf(key) >= now.window.max_timestamp()) return false;
  if (!contents_->Find(key, WindowBytes(now.slices[now.index]).view())) return false;
  for (size_t later = now.index + 1; later < now.slices.size(); ++later)
    if (MayList(key, now.slices[later]) && contents_->Find(key, WindowBytes(now.slices[later]).view())) return false;
  return true;
}

/// Whether `slice` may have rows of `key`, if it is of a window of `key` that has not fired.
bool WindowCore::MayList(const state::KeyView& key, const Window& slice) {
  const auto list = panes_.find(slice);
  return list != panes_.end() && list->second.MayHold(key.hash);
}

/// Of keys that have fired, the slices that no later window holds.
void WindowCore::EraseFired(std::span<const state::KeyView> keys) {
  const SharedFiring& now = *firing_now_;
  for (size_t slice = 0; slice <= now.index; ++slice) {
    if (slices_->Last(now.slices[slice])->end > now.window.end) break;
    const WindowBytes ns(now.slices[slice]);
    void* const* found = found_.data() + slice * kSharedTogether;
    void* const* fired = found_.data() + now.index * kSharedTogether;
    for (size_t i = 0; i < keys.size(); ++i)
      if (fired[i] && found[i]) contents_->Erase(keys[i], ns.view());
  }
}

/// A list has been walked: on to the one before it, or to the end of the window.
void WindowCore::EndSharedList() {
  SharedFiring& now = *firing_now_;
  if (now.index > 0) {
    --now.index;
    now.cursor = {};
    return;
  }
  fired_ = now.window.max_timestamp();
  for (const Window& slice : now.slices)
    if (slices_->Last(slice)->end <= now.window.end) panes_.erase(slice);
  firing_now_.reset();
}

void WindowCore::GiveSharedTimers() {
  while (firing_now_) {
    SharedFiring& now = *firing_now_;
    const PaneList& list = panes_.at(now.slices[now.index]);
    std::array<state::KeyView, kSharedTogether> views;
    const size_t count = list.From(now.cursor, views);
    for (size_t i = 0; i < count; ++i)
      if (FiresByTable(views[i]))
        RegisterTimer(TimeDomain::kEventTime, now.window.max_timestamp(), views[i], now.window);
    list.Advance(now.cursor, count);
    if (count == 0) EndSharedList();
  }
}

// Of a snapshot made with timers: those of windows to come are in lists now.
void WindowCore::KeepDueTimers() {
  std::vector<state::Timer> due;
  while (std::optional<state::Timer> timer = event_timers_->PopDue(INT64_MAX))
    if (timer->time <= watermark_) due.push_back(std::move(*timer));
  for (const state::Timer& timer : due)
    event_timers_->Register(timer.time, {timer.key, timer.hash, timer.group}, timer.ns);
}

// One item a subtask: i64 the last millisecond that has fired, u16 its first key group, u16 its last.
Status WindowCore::OpenFired(flow::Context& context, bool unlisted) {
  THALWEG_ASSIGN(saved_fired_,
                 context.operator_state().Open("window-fired", state::Redistribution::kUnion, "window-fired/1"));
  fired_ = unlisted ? watermark_ : INT64_MIN;
  if (saved_fired_->empty()) return {};
  fired_of_group_.assign(static_cast<size_t>(context.task().max_parallelism), INT64_MIN);
  fired_ = INT64_MAX;
  for (const std::string& item : *saved_fired_) {
    ByteReader in(item);
    const int64_t fired = in.I64();
    const size_t first = in.U16(), last = in.U16();
    if (!in.failed() && last >= fired_of_group_.size())
      return ExternalError("Malformed item of window-fired: key group {}", last);
    THALWEG_TRY(in.status().WithContext("window-fired"));
    for (size_t group = first; group <= last; ++group) fired_of_group_[group] = fired;
    fired_ = std::min(fired_, fired);
  }
  return {};
}

void WindowCore::SaveFired() {
  saved_fired_->clear();
  if (!shared_) return;
  const flow::TaskName& task = context_->task();
  const types::KeyGroupRange groups = types::KeyGroupsOf(task.subtask, task.max_parallelism, task.parallelism);
  for (int32_t begin = groups.begin, end = begin; begin < groups.end; begin = end) {
    const int64_t fired = FiredOf({.group = static_cast<uint16_t>(begin)});
    while (end < groups.end && FiredOf({.group = static_cast<uint16_t>(end)}) == fired) ++end;
    ByteWriter out;
    out.I64(fired);
    out.U16(static_cast<uint16_t>(begin));
    out.U16(static_cast<uint16_t>(end - 1));
    saved_fired_->push_back(out.Take());
  }
}

int64_t WindowCore::FiredOf(const state::KeyView& key) const {
  return fired_of_group_.empty() ? fired_ : std::max(fired_, fired_of_group_[key.group]);
}

}  // namespace thalweg::operators
