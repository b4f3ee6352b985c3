#include "runtime/task.h"

#include "metrics/names.h"
#include "runtime/core.h"
#include "runtime/user_code.h"

namespace thalweg::runtime {

using flow::Element;
using Next = exchange::InputGate::Next;

void TaskWaker::Wake() {
  woken_.store(true, std::memory_order_release);
  std::lock_guard lock(mutex_);
  if (!task_) return;
  task_->MakeReady();
  task_->core().Wake();
}

void TaskWaker::Bind(Task* task) {
  std::lock_guard lock(mutex_);
  task_ = task;
}

TaskContext::TaskContext(flow::TaskName name, World world, std::shared_ptr<flow::Waker> waker,
                         std::unique_ptr<state::KeyedBackend> keyed, SendEvent send_event)
    : name_(std::move(name)),
      world_(world),
      random_(world.seed),
      waker_(std::move(waker)),
      keyed_(std::move(keyed)),
      send_event_(std::move(send_event)) {}

Status TaskContext::RunBlocking(std::function<void()> work) {
  if (world_.executor->Submit(std::move(work))) return {};
  return ExternalError("The queue of blocking work is full: {} jobs wait", io::kExecutorQueueJobs);
}

bool TaskContext::TakeDueTimer(int64_t now_ms) {
  if (timer_ms_ > now_ms) return false;
  timer_ms_ = INT64_MAX;
  return true;
}

namespace {

// Only the task's thread counts, others read: no locked instruction for each batch.
void Count(std::atomic<uint64_t>& counter, int32_t rows) {
  counter.store(counter.load(std::memory_order_relaxed) + static_cast<uint64_t>(rows), std::memory_order_relaxed);
}

}  // namespace

Task::Task(Options options, Parts parts, Core& core, time::Clock& clock, ReportTo report)
    : options_(std::move(options)), parts_(std::move(parts)), core_(&core), clock_(&clock), report_(std::move(report)) {
  for (size_t i = 0; i < parts_.members.size(); ++i)
    operator_metrics_.emplace_back(OperatorMetrics::Options{
        .group = i < parts_.metrics.size() ? parts_.metrics[i].get() : nullptr, .is_source = i == 0 && is_source()});
  Chain::Events events;
  events.on_barrier_taken = [this](int member, const flow::Barrier& barrier) {
    parts_.contexts[static_cast<size_t>(member)]->set_barrier(barrier.id);
  };
  events.on_snapshot = [this](const flow::Barrier& barrier, TaskSnapshot snapshot) {
    last_barrier_ = barrier.id;
    cuts_.erase(cuts_.begin(), cuts_.upper_bound(barrier.id));
    under_way_.push_back({barrier.id, std::make_shared<TaskSnapshot>(std::move(snapshot))});
  };
  events.on_watermark = [this](int member, int64_t watermark) {
    parts_.contexts[static_cast<size_t>(member)]->set_watermark(watermark);
    operator_metrics_[static_cast<size_t>(member)].OnWatermark(watermark);
    progress_.watermark.store(watermark, std::memory_order_relaxed);
  };
  events.on_emitted = [this](int member, int32_t rows) {
    operator_metrics_[static_cast<size_t>(member)].OnRowsOut(rows);
  };
  events.on_rows = [this](int member, int32_t rows) {
    operator_metrics_[static_cast<size_t>(member)].OnRowsIn(rows);
    if (parts_.is_sink[static_cast<size_t>(member)]) Count(progress_.rows_emitted, rows);
    if (member == 0) Count(progress_.rows_in, rows);
  };
  events.on_unread = [this](int member, int port, int32_t rows) {
    parts_.contexts[static_cast<size_t>(member)]
        ->metrics()
        .AddGroup(metrics::kSideOutputGroup, fmt::format("port-{}", port))
        .counter(metrics::kNumRecordsDropped)
        .Add(rows);
  };
  chain_ = std::make_unique<Chain>(std::move(parts_.members), std::move(events), core.pool());
  if (parts_.gate) watches_inputs_ = dynamic_cast<flow::WatchesInputs*>(&chain_->op(0));
  if (watches_inputs_) told_watermarks_.assign(static_cast<size_t>(parts_.gate->inputs()), time::kMinWatermark);
  parts_.waker->Bind(this);
  if (is_source()) parts_.source->SetWatermarkInterval(options_.watermark_interval_ms);
  if (is_source() && parts_.source->pipeline() && parts_.source->pipeline()->alignment) next_report_ms_ = 0;
  if (options_.metrics == nullptr) return;
  start_delay_ns_ = &options_.metrics->gauge(metrics::kCheckpointStartDelayNanos);
  barrier_pause_ns_ = &options_.metrics->histogram(metrics::kCheckpointPauseNanos);
  save_pause_ns_ = &options_.metrics->histogram(metrics::kCheckpointSavePauseNanos);
}

Task::~Task() { parts_.waker->Bind(nullptr); }

void Task::Fail(Status status) {
  if (failed_) return;
  failed_ = true;
  TaskReport report;
  report.kind = TaskReport::Kind::kFailed;
  report.task = options_.id;
  report.error = std::move(status);
  report_(std::move(report));
}

void Task::Open() {
  Status status = chain_->Open();
  for (size_t i = 0; status.ok() && i < parts_.committables.size(); ++i)
    if (!parts_.committables[i].empty())
      status =
          CatchUserErrors([&] { return chain_->op(static_cast<int>(i)).RestoreCommittables(parts_.committables[i]); });
  if (!status.ok()) return Fail(std::move(status));
  if (parts_.source_finished) stop_ = flow::EndKind::kFinished;
  opened_ = true;
  MakeReady();
}

void Task::Cut(uint64_t checkpoint) {
  if (!drained_ && checkpoint > last_barrier_) cuts_.insert(checkpoint);
}

void Task::OnEvent(int member, std::string event) {
  if (failed_ || closed_ || drained_) return;
  Status status = ReleaseEvents();
  if (!cuts_.empty())
    held_.push_back({*cuts_.rbegin(), member, std::move(event)});
  else if (status.ok())
    status = chain_->OnEvent(member, event);
  if (!status.ok()) Fail(std::move(status));
  MakeReady();
}

// Of a checkpoint that was left out the barrier never comes; what was held for it belongs before this one.
Status Task::BeforeBarrier(uint64_t checkpoint) {
  cuts_.erase(cuts_.begin(), cuts_.lower_bound(checkpoint));
  return ReleaseEvents();
}

Status Task::ReleaseEvents() {
  while (!held_.empty() && (cuts_.empty() || held_.front().after < *cuts_.begin())) {
    HeldEvent held = std::move(held_.front());
    held_.pop_front();
    THALWEG_TRY(chain_->OnEvent(held.member, held.event));
  }
  return {};
}

void Task::Trigger(const flow::Barrier& barrier, bool hold) {
  if (!is_source() || source_ended_) return;
  triggered_ = barrier;
  hold_after_ = hold;
  MakeReady();
}

void Task::NotifyComplete(uint64_t checkpoint) {
  if (!opened_ || failed_ || closed_) return;
  Status status = chain_->NotifyComplete(checkpoint);
  if (!status.ok()) Fail(std::move(status));
  MakeReady();
}

void Task::NotifyAborted(uint64_t checkpoint) {
  if (!opened_ || failed_ || closed_) return;
  if (held_for_ == checkpoint) held_for_ = 0;
  std::erase_if(under_way_, [checkpoint](const UnderWay& each) { return each.checkpoint == checkpoint; });
  if (triggered_ && triggered_->id == checkpoint) triggered_.reset();
  cuts_.erase(checkpoint);
  Status status = ReleaseEvents();
  if (status.ok()) status = chain_->NotifyAborted(checkpoint);
  if (!status.ok()) Fail(std::move(status));
  MakeReady();
}

void Task::StopSource(flow::EndKind kind) {
  stop_ = kind;
  MakeReady();
}

void Task::SetWatermarkLimit(int64_t limit) {
  if (failed_ || closed_ || source_ended_) return;
  parts_.source->SetWatermarkLimit(limit);
  MakeReady();
}

void Task::ReportWatermark(int64_t watermark) {
  TaskReport report;
  report.kind = TaskReport::Kind::kWatermark;
  report.task = options_.id;
  report.watermark = watermark;
  report_(std::move(report));
}

void Task::StandStill(bool still) {
  still_ = still;
  MakeReady();
}

Status Task::Close() {
  if (closed_) return {};
  closed_ = true;
  under_way_.clear();
  return chain_->Close();
}

int64_t Task::next_timer_ms() const {
  if (!opened_ || failed_ || closed_ || chain_->ended()) return INT64_MAX;
  int64_t next = is_source() && !source_ended_ && held_for_ == 0 && !still_
                     ? std::min(next_watermark_ms_, next_report_ms_)
                     : INT64_MAX;
  for (const auto& context : parts_.contexts) next = std::min(next, context->timer_ms());
  // A chain that takes no work now is made ready by credit or its waker, and then looks at the clock.
  return next < INT64_MAX && chain_->ready_for_input() ? next : INT64_MAX;
}

bool Task::Run(int64_t deadline_ns) {
  if (!opened_ || failed_ || closed_) return false;
  if (parts_.waker->TakeWoken()) chain_->Unblock();
  bool more = false;
  Status status = Work(deadline_ns, more);
  if (!status.ok()) Fail(std::move(status));
  return more && !failed_;
}

Status Task::Work(int64_t deadline_ns, bool& more) {
  THALWEG_TRY(chain_->Resume());
  now_ms_ = clock_->NowMs();
  pace_.Start(clock_->MonotonicNs());
  while (chain_->ready_for_input()) {
    bool idle = false;
    THALWEG_TRY(Step(idle));
    if (idle) break;
    if (!pace_.TakeStep() && !ManyRowsUnmeasured()) continue;
    const int64_t now_ns = clock_->MonotonicNs();
    MeasureRows(now_ns);
    if (now_ns >= deadline_ns) {
      more = true;
      break;
    }
    now_ms_ = clock_->NowMs();
    pace_.Looked(now_ns);
  }
  if (is_source() && parts_.source->under_measure() > 0) MeasureRows(clock_->MonotonicNs());
  if (chain_->runnable()) more = true;
  if (is_source() && !source_ended_ && !chain_->ready_for_input()) parts_.source->PauseIdleTimeouts();
  return AfterProgress();
}

// Steps that were short may hold many rows, and user code may become slow at any row.
bool Task::ManyRowsUnmeasured() const { return is_source() && parts_.source->under_measure() >= columns::kBatchRows; }

void Task::MeasureRows(int64_t now_ns) {
  if (is_source()) parts_.source->Passed(now_ns - pace_.looked_ns());
}

Status Task::Step(bool& idle) {
  THALWEG_TRY(ReleaseEvents());
  THALWEG_TRY(FireTimers());
  if (!chain_->ready_for_input()) return {};
  return is_source() ? StepSource(idle) : StepGate(idle);
}

Status Task::FireTimers() {
  if (chain_->ended()) return {};
  for (size_t i = 0; i < parts_.contexts.size(); ++i)
    if (parts_.contexts[i]->TakeDueTimer(now_ms_)) THALWEG_TRY(chain_->OnTimer(static_cast<int>(i), now_ms_));
  return {};
}

Status Task::StepSource(bool& idle) {
  if (source_ended_) {
    idle = true;
    return {};
  }
  if (parts_.source->holds_rows()) return StepHeldRows();
  if (triggered_) {
    flow::Barrier barrier = *triggered_;
    triggered_.reset();
    if (hold_after_) held_for_ = barrier.id;
    return DeliverBarrier(0, barrier);
  }
  if (held_for_ > 0) {
    idle = true;
    return {};
  }
  if (stop_) return EndSource(*stop_);
  if (still_) {
    parts_.source->PauseIdleTimeouts();
    idle = true;
    return {};
  }
  if (now_ms_ >= next_watermark_ms_) {
    next_watermark_ms_ = now_ms_ + options_.watermark_interval_ms;
    THALWEG_TRY(EmitWatermark(false));
    if (!chain_->ready_for_input()) return {};
  }
  if (now_ms_ >= next_report_ms_) {
    next_report_ms_ = now_ms_ + parts_.source->pipeline()->alignment->update_interval_ms;
    ReportWatermark(parts_.source->AlignmentWatermark());
  }
  flow::ReadProgress progress = flow::ReadProgress::kMore;
  THALWEG_TRY(chain_->WithHeadOutput([&](flow::Output& out) -> Status {
    THALWEG_ASSIGN(progress, parts_.source->Poll(out));
    return {};
  }));
  progress_.rows_in.store(parts_.source->rows(), std::memory_order_relaxed);
  if (progress == flow::ReadProgress::kIdle) idle = true;
  if (progress == flow::ReadProgress::kFinished) return EndSource(flow::EndKind::kFinished);
  return {};
}

Status Task::StepHeldRows() {
  THALWEG_TRY(EmitWatermark(false));
  if (!chain_->ready_for_input()) return {};
  THALWEG_TRY(chain_->WithHeadOutput([&](flow::Output& out) { return parts_.source->Poll(out).status(); }));
  progress_.rows_in.store(parts_.source->rows(), std::memory_order_relaxed);
  return {};
}

Status Task::EmitWatermark(bool final_one) {
  int64_t watermark = time::kMaxWatermark;
  if (!final_one)
    THALWEG_TRY(chain_->WithHeadOutput([&](flow::Output&) -> Status {
      watermark = parts_.source->CurrentWatermark();  // asks a generator of the user's
      return {};
    }));
  bool idle = !final_one && parts_.source->idle();
  if (watermark > sent_watermark_) {
    sent_watermark_ = watermark;
    status_idle_ = false;
    THALWEG_TRY(chain_->Deliver(0, flow::Watermark{watermark}));
  }
  if (idle != status_idle_) {
    status_idle_ = idle;
    THALWEG_TRY(chain_->Deliver(0, flow::WatermarkStatus{idle}));
  }
  return {};
}

Status Task::EndSource(flow::EndKind kind) {
  source_ended_ = true;
  if (next_report_ms_ != INT64_MAX) ReportWatermark(time::kMaxWatermark);
  if (kind != flow::EndKind::kStop) THALWEG_TRY(EmitWatermark(true));
  return chain_->Deliver(0, flow::EndOfInput{kind});
}

// What the gate has given before has been worked off when it is polled again.
void Task::TellInputWatermarks() {
  for (size_t input = 0; input < told_watermarks_.size(); ++input) {
    const int64_t watermark = parts_.gate->input_watermark(static_cast<int>(input));
    if (watermark <= told_watermarks_[input]) continue;
    told_watermarks_[input] = watermark;
    watches_inputs_->OnInputWatermark(static_cast<int>(input), watermark);
  }
}

Status Task::StepGate(bool& idle) {
  std::optional<Next> next = parts_.gate->Poll();
  TellInputWatermarks();
  if (!next) {
    idle = true;
    return {};
  }
  switch (next->kind) {
    case Next::Kind::kRows:
    case Next::Kind::kWatermark:
    case Next::Kind::kStatus:
    case Next::Kind::kLatency:
    case Next::Kind::kEnd: return chain_->Deliver(next->input, std::move(next->element));
    case Next::Kind::kBarrier: return DeliverBarrier(next->input, next->element.barrier);
    case Next::Kind::kEndOfInput: return chain_->EndInput(next->input, next->element.end.kind);
    case Next::Kind::kBarrierSuperseded: {
      TaskReport report;
      report.kind = TaskReport::Kind::kDeclined;
      report.task = options_.id;
      report.checkpoint = next->element.barrier.id;
      report.error = ExternalError("Checkpoint {} was superseded by a newer one", next->element.barrier.id);
      report_(std::move(report));
      return {};
    }
  }
  return {};
}

Status Task::AfterProgress() {
  THALWEG_TRY(ReleaseEvents());
  uint64_t rows_out = 0;
  bool flushed = true;
  for (const auto& edge : parts_.edges) rows_out += edge->rows();
  for (const auto& sender : parts_.senders) flushed &= sender->flushed();
  progress_.rows_out.store(rows_out, std::memory_order_relaxed);
  // The last word must not overtake an acknowledgement.
  if (drained_ || !chain_->ended() || !flushed || !under_way_.empty()) return {};
  drained_ = true;
  held_.clear();
  for (auto& context : parts_.contexts) context->set_barrier(UINT64_MAX);  // what is still sent is in no last word
  TaskReport report;
  report.kind = TaskReport::Kind::kDrained;
  report.task = options_.id;
  THALWEG_ASSIGN(report.snapshot,
                 chain_->SnapshotNow(flow::Barrier{last_barrier_ + 1, flow::BarrierKind::kCheckpoint, 0}));
  report_(std::move(report));
  return {};
}

// The pause is all that the chain does at once: operators may emit at a barrier, then begin their snapshots.
Status Task::DeliverBarrier(int input, const flow::Barrier& barrier) {
  THALWEG_TRY(BeforeBarrier(barrier.id));
  if (start_delay_ns_ == nullptr || barrier.kind != flow::BarrierKind::kCheckpoint)
    return chain_->Deliver(input, barrier);
  start_delay_ns_->Set(std::max<int64_t>(0, clock_->NowMs() - barrier.triggered_at_ms) * 1'000'000);
  const int64_t began = clock_->MonotonicNs();
  Status status = chain_->Deliver(input, barrier);
  barrier_pause_ns_->Record(clock_->MonotonicNs() - began);
  return status;
}

bool Task::SaveSnapshots(int64_t deadline_ns) {
  if (under_way_.empty() || !opened_ || failed_ || closed_) return false;
  const int64_t began = clock_->MonotonicNs();
  Status status = CatchUserErrors([&] { return SaveMore(deadline_ns); });
  if (save_pause_ns_ != nullptr) save_pause_ns_->Record(clock_->MonotonicNs() - began);
  if (!status.ok()) Fail(std::move(status));
  return true;
}

Status Task::SaveMore(int64_t deadline_ns) {
  do {
    UnderWay& oldest = under_way_.front();
    if (!oldest.snapshot->Advance(kSaveBytes)) continue;
    TaskReport report;
    report.task = options_.id;
    report.checkpoint = oldest.checkpoint;
    report.saved = std::move(oldest.snapshot);
    under_way_.pop_front();
    report_(std::move(report));
    MakeReady();  // perhaps for the last word
  } while (!under_way_.empty() && clock_->MonotonicNs() < deadline_ns);
  return {};
}

void Task::TellStateBytes() {
  int64_t bytes = 0;
  for (const auto& context : parts_.contexts)
    if (state::KeyedBackend* keyed = context->keyed_state()) bytes += keyed->memory_bytes();
  progress_.state_bytes.store(bytes, std::memory_order_relaxed);
}

bool Task::Flush(bool idle) {
  if (!opened_ || failed_ || closed_ || drained_) return false;
  TellStateBytes();
  bool partial = chain_->has_partial();
  if (idle && !chain_->pending()) {
    Status status = chain_->IdleFlush();
    if (!status.ok()) Fail(std::move(status));
  } else if (partial) {
    chain_->FlushEdges();
  }
  return partial;
}

}  // namespace thalweg::runtime
