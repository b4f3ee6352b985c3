#include "operators/window_core.h"

#include <algorithm>
#include <set>
#include <utility>

#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/user_error.h"

namespace thalweg::operators {

using flow::Progress;

namespace {

/// Event times outside are refused: arithmetic on windows must stay in int64 (about +-73 million years).
constexpr int64_t kTimeBound = int64_t{1} << 61;

constexpr uint8_t kListed = 2;  // a flag beside the saved watermark: all contents wait to be fired, without timers

/// Up to so many slices a firing window asks for one by one; above, it goes through those that its key has, in an index by key.
constexpr int64_t kProbedSlices = 32;

/// Panes that are looked up, fired and erased together.
constexpr size_t kFiredTogether = 64;

state::KeyView KeyOf(const state::Timer& timer) { return {timer.key, timer.hash, timer.group}; }

}  // namespace

WindowCore::WindowCore(WindowOptions options) : options_(std::move(options)) {
  trigger_ = options_.trigger ? options_.trigger : options_.assigner->DefaultTrigger();
  if (TriggerPtr clone = trigger_->Clone()) trigger_ = std::move(clone);
}

Status WindowCore::Open(flow::Context& context) {
  context_ = &context;
  state::KeyedBackend* backend = context.keyed_state();
  if (!backend) return InternalError("A window needs a keyed input: {}", options_.name);
  bool default_trigger =
      domain() == TimeDomain::kEventTime ? trigger_->is_event_time_default() : trigger_->is_processing_time_default();
  slices_ = default_trigger ? options_.assigner->slices() : std::nullopt;
  if (slices_ && ((!slices_->single() && !can_merge()) || has_clear())) slices_.reset();
  const bool event = domain() == TimeDomain::kEventTime;
  probes_ = !slices_ || slices_->per_window() <= kProbedSlices;
  shared_ = slices_ && !slices_->single() && event && options_.allowed_lateness_ms == 0 && probes_;
  listed_ = shared_ || (slices_ && slices_->single() && (!event || options_.allowed_lateness_ms == 0));

  state::StateSpec spec;
  spec.name = "window-contents";
  spec.kind = probes_ ? state::StateKind::kAggregating : state::StateKind::kMap;
  spec.value_codec = accumulator_type().name;
  spec.namespace_codec = "window";
  // Where each slice has a list of its keys, slices are few beside keys.
  const auto layout = listed_ ? state::TableLayout::kByNamespace : state::TableLayout::kTogether;
  THALWEG_ASSIGN(contents_, backend->OpenTable(spec, accumulator_type(), layout));
  THALWEG_ASSIGN(event_timers_, backend->OpenTimers("window-event-timers"));
  THALWEG_ASSIGN(processing_timers_, backend->OpenTimers("window-processing-timers"));
  THALWEG_ASSIGN(slice_cleanup_, backend->OpenTimers("window-slice-cleanup"));
  if (merging()) {
    state::StateSpec sessions;
    sessions.name = "window-sessions";
    sessions.value_codec = types::CodecName<Sessions>();
    THALWEG_ASSIGN(sessions_, backend->OpenTable(sessions, types::ObjectTypeOf<Sessions>()));
  }
  dropped_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
  tables_.Bind(backend);
  keys_ = BatchKeys(context.task().max_parallelism);
  THALWEG_ASSIGN(const SavedWatermark::Value restored,
                 saved_watermark_.Open(context.operator_state(), "window-watermark"));
  watermark_ = restored.watermark;
  firing_ = (restored.flags & SavedWatermark::kFiring) != 0;
  const bool unlisted = (restored.flags & kListed) == 0;
  THALWEG_TRY(OpenFired(context, unlisted));
  RestorePanes(unlisted);
  THALWEG_TRY(backend->status());
  if (std::optional<int64_t> next = NextDue(TimeDomain::kProcessingTime)) context.RequestTimer(ClockTime(*next));
  return {};
}

// Panes that wait have timers if the snapshot was made with other options, another lateness or trigger (`unlisted`); else they have
// none.
void WindowCore::RestorePanes(bool unlisted) {
  if (unlisted && shared_)
    KeepDueTimers();
  else if (unlisted)
    return listed_ ? ListTimedPanes() : void();
  contents_->ForEach([&](const state::KeyView& key, std::string_view ns, void*) {
    const Window window = WindowFromBytes(ns);
    if (slices_)
      RestoreSlice(key, window);
    else
      RegisterTimer(domain(), CleanupTime(window), key, window);
  });
}

void WindowCore::RestoreSlice(const state::KeyView& key, const Window& slice) {
  if (listed_ && !shared_) return ListPane(key, slice);
  const std::optional<Window> last = slices_->Last(slice);
  if (!last || last->max_timestamp() <= FiredOf(key)) return;  // a timer of its last window waits
  if (listed_) return ListPane(key, slice);
  Window next = *slices_->First(slice);
  while (next.max_timestamp() <= FiredOf(key)) next = *slices_->Next(next);
  RegisterTimer(domain(), next.max_timestamp(), key, next);
  RegisterSliceCleanup(key, slice);
}

// Contents without a timer have fired and stood for late rows, which come no more.
void WindowCore::ListTimedPanes() {
  state::TimerQueue& timers = domain() == TimeDomain::kEventTime ? *event_timers_ : *processing_timers_;
  std::set<std::string> waiting;
  while (std::optional<state::Timer> timer = timers.PopDue(INT64_MAX)) {
    waiting.insert(timer->ns + timer->key);
    ListPane(KeyOf(*timer), WindowFromBytes(timer->ns));
  }
  std::vector<state::Timer> dead;
  contents_->ForEach([&](const state::KeyView& key, std::string_view ns, void*) {
    std::string name = std::string(ns) + std::string(key.bytes);
    if (!waiting.contains(name)) dead.push_back({0, std::string(key.bytes), key.hash, key.group, std::string(ns)});
  });
  for (const state::Timer& pane : dead) contents_->Erase(KeyOf(pane), pane.ns);
}

Result<std::vector<std::string>> WindowCore::Snapshot(const flow::Barrier& barrier) {
  if (shared_) GiveSharedTimers();
  SaveFired();
  saved_watermark_.Save(
      {.watermark = watermark_,
       .flags = static_cast<uint8_t>((firing_ ? SavedWatermark::kFiring : 0) | (listed_ ? kListed : 0))});
  return std::vector<std::string>{};
}

/// Runs `fn`, which runs user code; what it throws becomes a user error about the row at hand (`batch` null: no row).
template <typename Fn>
Status WindowCore::Guard(const columns::Batch* batch, Fn&& fn) {
  try {
    return fn();
  } catch (...) {
    std::string row;
    if (batch) row = RowText(batch->column(0).data<std::byte>() + value_size() * static_cast<size_t>(row_));
    return UserException(options_.name, row);
  }
}

Result<Progress> WindowCore::Finish(Result<Progress> progress) {
  if (!progress.ok()) return progress;
  bool flushed = Flush();
  THALWEG_TRY(PortStatus());
  THALWEG_TRY(context_->keyed_state()->status());
  return flushed ? *progress : Progress::kMore;
}

Result<Progress> WindowCore::Process(int input, flow::Rows& rows, flow::Output& out) {
  if (!Drain(out)) return Finish(Progress::kMore);
  now_ms_ = WindowTime(context_->clock().NowMs());
  if (firing_) {
    Result<Progress> fired = FireDue(TimeDomain::kEventTime, watermark_, out);
    if (!fired.ok() || *fired != Progress::kDone) return Finish(std::move(fired));
    firing_ = false;
  }
  THALWEG_TRY(keys_.Load(rows.batch(), rows.next()));
  Status status = Guard(&rows.batch(), [&] { return ProcessRows(rows, out); });
  if (!status.ok()) return status;
  return Finish(rows.done() ? Progress::kDone : Progress::kMore);
}

Status WindowCore::ProcessRows(flow::Rows& rows, flow::Output& out) {
  const columns::Batch& batch = rows.batch();
  while (!rows.done() && out.has_credit()) {
    row_ = rows.next();
    if (domain() == TimeDomain::kEventTime) THALWEG_TRY(CheckTime(batch.time(row_)));
    if (slices_) {
      rows.AdvanceTo(ProcessRun(batch, row_));
    } else {
      ProcessPane(batch, row_);
      rows.AdvanceTo(row_ + 1);
    }
  }
  return {};
}

Status WindowCore::CheckTime(int64_t time) const {
  if (time == columns::kNoTime) {
    return UserError(
        "A row without event time reached an event-time window; assign timestamps and watermarks before it: {}",
        options_.name);
  }
  if (time < -kTimeBound || time > kTimeBound)
    return UserError("Event time out of range: {} ms, in {}", time, options_.name);
  return {};
}

// Consecutive rows of one slice are added in one loop. A slice whose first window has passed is done row by row, for each of its
// rows fires.
int32_t WindowCore::ProcessRun(const columns::Batch& batch, int32_t from) {
  bool event = domain() == TimeDomain::kEventTime;
  const auto* values = batch.column(0).data<std::byte>();
  const auto given = [&](int32_t row) {
    return options_.assigner->Given(values + value_size() * static_cast<size_t>(row));
  };
  Window slice = slices_->given() ? given(from) : slices_->SliceOf(event ? batch.time(from) : now_ms_);
  int32_t to = from + 1;
  if (slices_->given()) {
    while (to < batch.rows() && given(to) == slice) ++to;
  } else if (event) {
    while (to < batch.rows() && batch.time(to) >= slice.start && batch.time(to) < slice.end) ++to;
  } else {
    to = batch.rows();
  }

  std::optional<Window> first = slices_->First(slice);
  if (first && first->max_timestamp() > clock_time()) {
    AddRun(batch, from, to, slice);
    return to;
  }
  const void* value = values + value_size() * static_cast<size_t>(from);
  bool late = first ? IsLate(*slices_->Last(slice))
                    : event && SaturatingAdd(batch.time(from), options_.allowed_lateness_ms) <= watermark_;
  if (late)
    Late(value, batch.time(from), batch.kind(from));
  else if (first)
    AddToPassedSlice(keys_[from], slice, value);
  return from + 1;
}

void WindowCore::OnSliceCreated(const state::KeyView& key, const Window& slice) {
  if (listed_) return ListPane(key, slice);
  RegisterTimer(domain(), slices_->First(slice)->max_timestamp(), key, *slices_->First(slice));
  RegisterSliceCleanup(key, slice);
}

void WindowCore::RegisterSliceCleanup(const state::KeyView& key, const Window& slice) {
  if (options_.allowed_lateness_ms == 0 || domain() != TimeDomain::kEventTime) return;
  int64_t cleanup = CleanupTime(*slices_->Last(slice));
  if (cleanup != INT64_MAX) slice_cleanup_->Register(cleanup, key, WindowBytes(slice).view());
}

void WindowCore::AddToPassedSlice(const state::KeyView& key, const Window& slice, const void* value) {
  bool created = false;
  void* accumulator = contents_->FindOrCreate(key, WindowBytes(slice).view(), &created);
  Add(accumulator, created, value);
  if (listed_) {  // the last millisecond of processing time, or some of the slice's windows are still to come
    if (created) ListPane(key, slice);
    return;
  }
  if (created) RegisterSliceCleanup(key, slice);
  Window last = *slices_->Last(slice);
  for (std::optional<Window> window = slices_->First(slice); window; window = slices_->Next(*window)) {
    bool passed = window->max_timestamp() <= clock_time();
    if (passed && domain() == TimeDomain::kEventTime) {
      if (!IsLate(*window)) FireSlices(key, *window, false);
    } else {
      RegisterTimer(domain(), window->max_timestamp(), key, *window);
    }
    if (!passed || *window == last) break;
  }
}

void WindowCore::Late(const void* value, int64_t time, types::RowKind kind) {
  ++late_rows_;
  if (options_.late_output)
    EmitLate(value, time, kind);
  else
    dropped_->Increment();
}

Result<Progress> WindowCore::OnWatermark(flow::Watermark watermark, flow::Output& out) {
  if (!Drain(out)) return Finish(Progress::kMore);
  now_ms_ = WindowTime(context_->clock().NowMs());
  watermark_ = std::max(watermark_, watermark.time);
  firing_ = true;
  Result<Progress> fired = FireDue(TimeDomain::kEventTime, watermark_, out);
  if (fired.ok() && *fired == Progress::kDone) {
    firing_ = false;
    EraseDeadSlices();
  }
  return Finish(std::move(fired));
}

Result<Progress> WindowCore::OnTimer(int64_t now_ms, flow::Output& out) {
  if (!Drain(out)) return Finish(Progress::kMore);
  now_ms_ = now_ms;
  Result<Progress> fired = FireDue(TimeDomain::kProcessingTime, now_ms, out);
  if (std::optional<int64_t> next = NextDue(TimeDomain::kProcessingTime)) context_->RequestTimer(ClockTime(*next));
  return Finish(std::move(fired));
}

Result<Progress> WindowCore::OnEnd(flow::EndKind kind, flow::Output& out) {
  return Finish(Drain(out) ? Progress::kDone : Progress::kMore);
}

std::optional<int64_t> WindowCore::NextDue(TimeDomain timers) const {
  if (shared_ && timers == domain()) {
    const std::optional<Window> window = firing_now_ ? firing_now_->window : NextShared();
    const int64_t listed = window ? window->max_timestamp() : INT64_MAX;
    const std::optional<int64_t> timed = event_timers_->Next();
    if (!window) return timed;
    return std::min(listed, timed.value_or(listed));
  }
  if (listed_ && timers == domain())
    return panes_.empty() ? std::nullopt : std::optional(panes_.begin()->first.max_timestamp());
  return (timers == TimeDomain::kEventTime ? event_timers_ : processing_timers_)->Next();
}

Result<Progress> WindowCore::FireDue(TimeDomain timers, int64_t limit, flow::Output& out) {
  const bool listed = listed_ && timers == domain();
  Status status = Guard(nullptr, [&] {
    if (listed) return shared_ ? FireShared(limit, out) : FireListed(limit, out);
    return FireTimers(timers, limit, out);
  });
  if (!status.ok()) return status;
  std::optional<int64_t> next = NextDue(timers);
  if (next && *next <= limit) return Progress::kMore;
  if (listed) fired_ = std::max(fired_, limit);
  return Progress::kDone;
}

Status WindowCore::FireTimers(TimeDomain timers, int64_t limit, flow::Output& out) {
  state::TimerQueue& queue = timers == TimeDomain::kEventTime ? *event_timers_ : *processing_timers_;
  for (int fired = 0; fired < kTimersPerCall && out.has_credit(); ++fired) {
    std::optional<state::Timer> timer = queue.PopDue(limit);
    if (!timer) break;
    const Window window = WindowFromBytes(timer->ns);
    const state::KeyView key = KeyOf(*timer);
    ForWindow(key, window, [&] {
      if (slices_)
        FireSlices(key, window, true);
      else
        OnPaneTimer(key, window, timer->time, timers);
    });
  }
  return {};
}

// Erases what was fired before anything else may happen: contents that are there wait to be fired.
Status WindowCore::FireListed(int64_t limit, flow::Output& out) {
  std::array<state::KeyView, kFiredTogether> keys;
  std::array<void*, kFiredTogether> accumulators = {};
  for (size_t fired = 0; fired < kTimersPerCall && out.has_credit() && !panes_.empty();) {
    auto& [window, list] = *panes_.begin();
    if (window.max_timestamp() > limit) break;
    WindowBytes ns(window);
    const size_t count = list.Front(keys);
    // Where objects are not all in place, what a function does with its own state may move them before their turn.
    if (contents_->shows_all()) contents_->FindEach(std::span(keys).first(count), ns.view(), accumulators.data());
    const size_t done = FireSome(std::span(keys).first(count), window, accumulators.data(), out);
    for (size_t i = 0; i < done; ++i) contents_->Erase(keys[i], ns.view());
    list.Drop(done);
    if (list.empty()) panes_.erase(panes_.begin());
    fired += done;
  }
  return {};
}

void WindowCore::ListPane(const state::KeyView& key, const Window& slice) {
  PaneList& list = panes_[slice];
  if (list.empty() && domain() == TimeDomain::kProcessingTime) context_->RequestTimer(ClockTime(slice.max_timestamp()));
  list.Add(key);
}

/// Calls `visit(slice, accumulator)` for the slices of `window` that `key` has, in their order. `listed`: as lists have them.
template <typename Visit>
void WindowCore::ForEachSlice(const state::KeyView& key, const Window& window, bool listed, Visit&& visit) {
  if (!probes_) {
    contents_->ForEachOfKey(key, [&](std::string_view ns, void* accumulator) {
      Window slice = WindowFromBytes(ns);
      if (slice.start >= window.end) return false;
      if (slice.start >= window.start) visit(slice, accumulator);
      return true;
    });
    return;
  }
  const Window first = slices_->SliceOf(window.start);
  for (Window slice = first; slice.start < window.end; slice = slices_->After(slice))
    contents_->Prefetch(key.hash, WindowBytes(slice).view());
  for (Window slice = first; slice.start < window.end; slice = slices_->After(slice)) {
    if (listed && !MayList(key, slice)) continue;
    if (const void* accumulator = contents_->Find(key, WindowBytes(slice).view())) visit(slice, accumulator);
  }
}

// `chain`: the window fires at its time, so the one after it gets its timer if it has rows; not so when a late row fires it again. `listed`: lists tell of all
// its slices.
void WindowCore::FireSlices(const state::KeyView& key, const Window& window, bool chain, bool listed) {
  bool keep = options_.allowed_lateness_ms > 0 && domain() == TimeDomain::kEventTime;
  if (slices_->single()) {
    WindowBytes ns(window);
    void* accumulator = contents_->Find(key, ns.view());
    if (!accumulator) return;
    FireOne(key, window, accumulator);
    if (!keep) contents_->Erase(key, ns.view());
    return;
  }
  std::optional<Window> next = slices_->Next(window);
  bool any = false, next_has_rows = false;
  std::vector<Window> dead;
  StartMerge();
  ForEachSlice(key, window, listed, [&](const Window& slice, const void* accumulator) {
    any = true;
    AddSlice(accumulator);
    if (next && slice.start >= next->start) next_has_rows = true;
    if (!keep && slices_->Last(slice)->end <= window.end) dead.push_back(slice);
  });
  if (any) FireMerged(key, window);
  for (const Window& slice : dead) contents_->Erase(key, WindowBytes(slice).view());
  // Where lists fire windows, timers do what was left at a snapshot.
  if (shared_ && next_has_rows) chain = chain && next->max_timestamp() <= FiredOf(key);
  if (chain && next_has_rows) RegisterTimer(domain(), next->max_timestamp(), key, *next);
}

void WindowCore::EraseDeadSlices() {
  while (std::optional<state::Timer> timer = slice_cleanup_->PopDue(watermark_))
    contents_->Erase(KeyOf(*timer), timer->ns);
}

void WindowCore::RegisterTimer(TimeDomain timer_domain, int64_t time, const state::KeyView& key, const Window& window) {
  if (timer_domain == TimeDomain::kEventTime) {
    event_timers_->Register(time, key, WindowBytes(window).view());
  } else {
    processing_timers_->Register(time, key, WindowBytes(window).view());
    context_->RequestTimer(ClockTime(time));
  }
}

void WindowCore::DeleteTimer(TimeDomain timer_domain, int64_t time, const state::KeyView& key, const Window& window) {
  state::TimerQueue* timers = timer_domain == TimeDomain::kEventTime ? event_timers_ : processing_timers_;
  timers->Delete(time, key, WindowBytes(window).view());
}

int64_t WindowCore::clock_time() const { return domain() == TimeDomain::kEventTime ? watermark_ : now_ms_; }

int64_t WindowCore::CleanupTime(const Window& window) const {
  if (domain() != TimeDomain::kEventTime) return window.max_timestamp();
  return SaturatingAdd(window.max_timestamp(), options_.allowed_lateness_ms);
}

bool WindowCore::IsLate(const Window& window) const {
  return domain() == TimeDomain::kEventTime && CleanupTime(window) <= watermark_;
}

}  // namespace thalweg::operators
