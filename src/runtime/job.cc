#include "runtime/job.h"

#include <algorithm>
#include <chrono>

#include "checkpoint/snapshot_file.h"
#include "io/process_memory.h"
#include "metrics/names.h"
#include "runtime/user_code.h"

namespace thalweg::runtime {

using checkpoint::TaskId;

Job::Job(flow::Program program, const flow::Registry& registry, JobOptions options, time::Clock& clock,
         metrics::Group& metrics)
    : program_(std::move(program)),
      registry_(&registry),
      options_(std::move(options)),
      clock_(&clock),
      metrics_(&metrics),
      checkpoint_metrics_(metrics),
      restarts_gauge_(metrics.gauge(metrics::kNumRestarts)),
      memory_watch_(options_.memory.limit),
      executor_({.threads = options_.io_threads}) {
  if (options_.memory.limit > 0 && options_.resident_bytes) next_memory_look_ms_ = clock_->NowMs();
}

// Before the executor, which tasks may still use.
Job::~Job() { attempt_.reset(); }

void Job::Log(const std::string& line) const {
  if (options_.log) options_.log(line);
}

void Job::Post(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  inbox_.push_back(std::move(work));
  arrived_.notify_one();
}

// The executor's queue is bounded; the job's own work may wait for it.
void Job::RunOnIoThread(std::function<void()> work) {
  while (!executor_.Submit(work)) std::this_thread::yield();
}

Result<JobEnd> Job::Run() {
  THALWEG_TRY(Prepare());
  THALWEG_TRY(StartAttempt());
  Loop();
  StopAttempt();
  coordinators_.reset();  // before the wait for what they look for outside
  executor_.Drain();
  return *outcome_;
}

Status Job::Prepare() {
  THALWEG_ASSIGN(plan_, MakePlan(program_.graph, options_.plan));
  if (options_.store) {
    THALWEG_ASSIGN(found_, options_.store->List(plan_.graph.name));
    if (!found_.empty()) found_newest_ = found_.back();
    if (!found_.empty() && !options_.restore)
      Log(fmt::format("Starting afresh; {} checkpoint{} of an earlier run {} kept; --from-checkpoint latest restores",
                      found_.size(), found_.size() == 1 ? "" : "s", found_.size() == 1 ? "is" : "are"));
  }
  return {};
}

void Job::KeepEarlierCheckpoints(uint64_t restored) {
  if (!options_.store) return;
  const bool ours =
      options_.restore && options_.restore->store == options_.store && options_.restore->job == plan_.graph.name;
  std::optional<uint64_t> claimed;
  if (ours && options_.claim_restored && restored > 0) claimed = restored;
  options_.store->KeepEarlier(plan_.graph.name, found_, claimed);
}

TaskId Job::TaskIdOf(int task) const {
  const TaskSpec& spec = plan_.tasks[static_cast<size_t>(task)];
  const ChainSpec& chain = plan_.chains[static_cast<size_t>(spec.chain)];
  return {plan_.graph.nodes[static_cast<size_t>(chain.nodes[0])].id, spec.subtask};
}

int Job::TaskOf(const TaskId& id) const {
  for (const TaskSpec& spec : plan_.tasks)
    if (TaskIdOf(spec.id) == id) return spec.id;
  return -1;
}

// The newest checkpoint of this run; before there is one, what the user asked to begin with.
Result<RestoredState> Job::FindState() {
  if (options_.store && committed_ && committed_->checkpoint > found_newest_) {
    THALWEG_ASSIGN(checkpoint::Latest latest, options_.store->ReadLatest(plan_.graph.name));
    if (latest.manifest && latest.manifest->checkpoint > found_newest_)
      return ReadState(*options_.store, *latest.manifest);
  }
  if (!options_.restore) return RestoredState{};
  checkpoint::CheckpointStore& store = *options_.restore->store;
  if (options_.restore->checkpoint) {
    THALWEG_ASSIGN(checkpoint::Manifest manifest, store.Read(options_.restore->job, *options_.restore->checkpoint));
    return ReadState(store, manifest);
  }
  THALWEG_ASSIGN(checkpoint::Latest latest, store.ReadLatest(options_.restore->job));
  if (!latest.manifest) {
    Log(fmt::format("No checkpoint of job '{}' yet: starting afresh", options_.restore->job));
    return RestoredState{};
  }
  return ReadState(store, *latest.manifest);
}

Result<RestoredState> Job::ReadState(checkpoint::CheckpointStore& store, const checkpoint::Manifest& manifest) {
  std::vector<checkpoint::RestoreNode> nodes = checkpoint::RestoreNodesOf(plan_.graph, 1);
  checkpoint::RestoreOptions restore_options;
  restore_options.allow_non_restored_state = options_.allow_non_restored_state;
  THALWEG_ASSIGN(checkpoint::RestorePlan plan, checkpoint::PlanRestore(manifest, nodes, restore_options));
  RestoredState state;
  state.checkpoint = manifest.checkpoint;
  for (auto& [uid, node] : plan.nodes) {
    for (checkpoint::SubtaskPlan& subtask : node.subtasks) {
      RestoredOperator restored;
      THALWEG_ASSIGN(restored.keyed, checkpoint::ReadKeyedState(store, manifest, subtask));
      restored.lists = std::move(subtask.lists);
      restored.committables = std::move(subtask.committables);
      state.operators[uid].push_back(std::move(restored));
    }
    state.splits[uid] = std::move(node.splits);
    state.coordinators[uid] = std::move(node.coordinator);
    if (node.finished) state.finished.insert(uid);
  }
  return state;
}

Status Job::StartAttempt() {
  THALWEG_ASSIGN(RestoredState restored, FindState());
  if (attempt_number_ == 0) KeepEarlierCheckpoints(restored.checkpoint);
  Attempt::World world;
  world.job_name = plan_.graph.name;
  world.number = attempt_number_;
  world.clock = clock_;
  world.executor = &executor_;
  world.metrics = metrics_;
  world.memory = memory_;
  world.memory_budget = options_.memory;
  world.pin_cores = options_.pin_cores;
  world.make_backend = options_.make_backend;
  world.watermark_interval_ms = options_.watermark_interval_ms;
  world.seed = options_.seed + static_cast<uint64_t>(attempt_number_) * 1'000'003;
  world.serialize_hops = options_.serialize_hops;
  auto report = [this, number = attempt_number_](TaskReport message) {
    Post([this, number, message = std::make_shared<TaskReport>(std::move(message))] {
      if (number == attempt_number_ && attempt_) OnReport(std::move(*message));
    });
  };
  uint64_t from = restored.checkpoint;
  if (attempt_number_ == 0) restored_ = from;
  THALWEG_TRY(MakeCoordinators(restored));
  MakeAlignment();
  auto built = Attempt::Build(plan_, program_, *registry_, std::move(restored), std::move(world), std::move(report));
  THALWEG_TRY(built.status());
  {
    std::lock_guard lock(attempt_mutex_);
    attempt_ = std::move(*built);
  }
  // Numbers go on above any that an earlier attempt triggered: a file that it still writes must not meet one of ours.
  MakeCoordinator(std::max({found_newest_, committed_ ? committed_->checkpoint : 0, last_triggered_}));
  if (from > 0) Log(fmt::format("Restored checkpoint {}", from));
  THALWEG_TRY(attempt_->Start());
  memory_watch_.Reset();
  THALWEG_TRY(coordinators_->Start());
  Tell(checkpoint::TasksStarted{});
  if (stopping_) StopSources();
  return {};
}

// --- The loop.

void Job::Loop() {
  while (!outcome_) {
    std::deque<std::function<void()>> work;
    {
      std::unique_lock lock(mutex_);
      int64_t wait_ms = std::clamp<int64_t>(NextWakeMs() - clock_->NowMs(), 0, 1000);
      arrived_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return !inbox_.empty(); });
      work.swap(inbox_);
    }
    for (auto& each : work) {
      if (!outcome_) each();
    }
    if (!outcome_) OnTimers();
  }
}

int64_t Job::NextWakeMs() const {
  int64_t next = coordinator_timer_ms_.value_or(INT64_MAX);
  if (restart_at_ms_ && io_under_way_ == 0) next = std::min(next, *restart_at_ms_);
  if (coordinators_) next = std::min({next, coordinators_->next_timer_ms(), alignment_.next_ms()});
  if (attempt_) next = std::min(next, next_memory_look_ms_);
  return next;
}

void Job::OnTimers() {
  int64_t now = clock_->NowMs();
  // A commit under way may yet be the newest checkpoint.
  if (stopped_waiting_ && io_under_way_ == 0) return End(StoppedWaiting());
  if (restart_at_ms_ && now >= *restart_at_ms_ && io_under_way_ == 0) {
    restart_at_ms_.reset();
    ++attempt_number_;
    restarts_gauge_.Set(restarts_.fetch_add(1) + 1);
    Status started = StartAttempt();
    if (!started.ok()) OnFailure(started);
  }
  if (coordinator_timer_ms_ && now >= *coordinator_timer_ms_) {
    coordinator_timer_ms_.reset();
    Tell(checkpoint::Tick{});
  }
  if (coordinators_) FailUnlessOk(coordinators_->OnTimers(now));
  if (!coordinators_) return;
  for (const WatermarkAlignment::Announcement& each : alignment_.OnTime(now))
    attempt_->Post(each.task, [limit = each.limit](Task& task) { task.SetWatermarkLimit(limit); });
  if (attempt_ && now >= next_memory_look_ms_) {
    next_memory_look_ms_ = now + kMemoryWatchIntervalMs;
    LookAtMemory(now);
  }
}

void Job::LookAtMemory(int64_t now_ms) {
  int64_t bytes = options_.resident_bytes();
  // What was freed may still be held by the allocator: before anything is done about it, it goes back.
  if (bytes >= memory_watch_.limit() / 100 * kSourcesGoOnPercent) {
    io::ReleaseFreedMemory();
    bytes = options_.resident_bytes();
  }
  std::string use =
      fmt::format("{} of {} in use", config::MemoryText(bytes), config::MemoryText(memory_watch_.limit()));
  switch (memory_watch_.Look(bytes, now_ms)) {
    case MemoryWatch::Verdict::kNothing: break;
    case MemoryWatch::Verdict::kStopSources:
      Log(fmt::format("Memory limit near: {} ({}). Sources stand still until it is below {} %", use, WhatTakesMemory(),
                      kSourcesGoOnPercent));
      StandStill(true);
      break;
    case MemoryWatch::Verdict::kGoOn:
      Log(fmt::format("Sources go on: {}", use));
      StandStill(false);
      break;
    case MemoryWatch::Verdict::kFail:
      OnFailure(
          ExternalError("Memory limit reached: {} ({}). Raise taskmanager.memory.process.size, keep state on disk by "
                        "state.backend.type: rocksdb, or let state expire (TTL)",
                        use, WhatTakesMemory()));
      break;
  }
}

void Job::StandStill(bool still) {
  for (const auto& task : attempt_->tasks())
    if (task->is_source()) attempt_->Post(task->id(), [still](Task& each) { each.StandStill(still); });
}

// State by chain, largest first; then the batches.
std::string Job::WhatTakesMemory() const {
  std::map<int, int64_t> by_chain;
  for (const auto& task : attempt_->tasks())
    by_chain[plan_.tasks[static_cast<size_t>(task->id())].chain] +=
        task->progress().state_bytes.load(std::memory_order_relaxed);
  std::vector<std::pair<int64_t, int>> largest;
  for (auto [chain, bytes] : by_chain)
    if (bytes > 0) largest.emplace_back(-bytes, chain);
  std::sort(largest.begin(), largest.end());
  constexpr size_t kNamed = 5;
  std::string text;
  for (size_t i = 0; i < std::min(kNamed, largest.size()); ++i)
    text += fmt::format("state of '{}' {}, ", plan_.chains[static_cast<size_t>(largest[i].second)].Name(plan_.graph),
                        config::MemoryText(-largest[i].first));
  return text + fmt::format("batches {}", config::MemoryText(memory_->bytes.load(std::memory_order_relaxed)));
}

void Job::OnReport(TaskReport report) {
  switch (report.kind) {
    case TaskReport::Kind::kFailed: OnFailure(report.error); break;
    case TaskReport::Kind::kSnapshot:
      coordinators_->OnBarrierTaken(report.task, report.checkpoint);
      WriteSnapshot(std::move(report));
      TellCoordinatorStates();
      break;
    case TaskReport::Kind::kDeclined:
      Tell(checkpoint::TaskDecline{report.checkpoint, TaskIdOf(report.task), report.error.message()});
      break;
    case TaskReport::Kind::kDrained:
      coordinators_->OnTaskEnded(report.task);
      drained_[report.task] = std::move(report.snapshot);
      TellCoordinatorStates();
      TellIfDrained(report.task);
      break;
    case TaskReport::Kind::kEvent: FailUnlessOk(coordinators_->OnEvent(report)); break;
    case TaskReport::Kind::kWatermark: alignment_.Report(report.task, report.watermark); break;
  }
}

// The last word of a task answers every checkpoint that it has not acknowledged: it must not overtake an acknowledgement.
void Job::TellIfDrained(int task) {
  auto drained = drained_.find(task);
  if (drained == drained_.end() || writes_under_way_[task] > 0) return;
  TaskId id = TaskIdOf(task);
  state::TaskSnapshot snapshot = std::move(drained->second);
  drained_.erase(drained);
  Tell(checkpoint::TaskFinished{id, checkpoint::InlineTask(id, snapshot)});
}

// Where the job had ended well, it has not after all. Nothing is left to be done again, so that fails it for good.
void Job::StopAttempt() {
  if (!attempt_) return;
  Status closed = attempt_->Stop();
  if (closed.ok()) return;
  closed = closed.WithContext("An operator did not close");
  if (outcome_ && outcome_->ok())
    outcome_.emplace(std::move(closed));
  else
    Log(closed.ToString());
}

void Job::GiveUpAttempt() {
  StopAttempt();
  checkpoint_metrics_.OnAttemptEnded();
  coordinators_.reset();
  writes_under_way_.clear();
  drained_.clear();
  coordinator_.reset();
  coordinator_timer_ms_.reset();
}

void Job::OnFailure(const Status& error) {
  if (outcome_) return;
  GiveUpAttempt();
  // What the user wrote wrongly does not heal by being run again, nor is it worth the wait: but user functions may fail on a passing
  // state of the world, so every category is retried, as in Flink.
  const int64_t now = clock_->NowMs();
  std::optional<int64_t> delay = options_.restart ? options_.restart->OnFailure(now) : std::nullopt;
  if (!delay) {
    Status final_error =
        options_.restart ? error.WithContext(fmt::format("Not restarted ({})", options_.restart->Describe())) : error;
    return End(final_error);
  }
  Log(fmt::format("Failed, restarting in {} ms: {}", *delay, error.ToString()));
  const JobProgress so_far = progress();
  {
    std::lock_guard lock(attempt_mutex_);
    ended_attempts_ = so_far;
    attempt_.reset();
  }
  last_failure_ = error;
  restart_at_ms_ = now + *delay;
}

void Job::End(Result<JobEnd> outcome) {
  if (!outcome_) outcome_.emplace(std::move(outcome));
}

void Job::Stop() {
  Post([this] {
    stopping_ = true;
    if (attempt_) return StopSources();
    stopped_waiting_ = true;
  });
}

void Job::Cancel() {
  Post([this] {
    stopping_ = true;
    if (!attempt_) return End(JobEnd::kStopped);
    StopSources();
  });
}

Status Job::StoppedWaiting() const {
  return last_failure_.WithContext(fmt::format(
      "Stopped while it waited for a restart, without a last checkpoint ({}); it had failed", NewestCheckpoint()));
}

std::string Job::NewestCheckpoint() const {
  if (!options_.store) return "they are off: it can only start afresh";
  if (committed_)
    return fmt::format("the newest is {}: --from-checkpoint latest goes on from it", committed_->checkpoint);
  if (restored_ > 0) return fmt::format("the newest is still {}, which it began with", restored_);
  return "there is none: it can only start afresh";
}

void Job::StopSources() {
  if (options_.store) return Tell(checkpoint::TriggerNow{checkpoint::CheckpointKind::kStop, 1});
  for (const auto& task : attempt_->tasks())
    if (task->is_source()) attempt_->Post(task->id(), [](Task& each) { each.StopSource(flow::EndKind::kStop); });
}

JobProgress Job::progress() const {
  std::lock_guard lock(attempt_mutex_);
  JobProgress progress = ended_attempts_;
  progress.checkpoints = checkpoints_.load(std::memory_order_relaxed);
  progress.restarts = restarts_.load(std::memory_order_relaxed);
  if (!attempt_) return progress;
  int64_t least = time::kMaxWatermark;
  bool any_sink = std::any_of(attempt_->tasks().begin(), attempt_->tasks().end(),
                              [](const auto& task) { return task->has_sink(); });
  for (const auto& task : attempt_->tasks()) {
    const TaskProgress& each = task->progress();
    if (task->is_source()) progress.rows_in += each.rows_in.load(std::memory_order_relaxed);
    progress.rows_out += each.rows_emitted.load(std::memory_order_relaxed);
    if (task->has_sink() || !any_sink) least = std::min(least, each.watermark.load(std::memory_order_relaxed));
  }
  progress.watermark = least;
  return progress;
}

// --- Operators' coordinators.

Status Job::MakeCoordinators(RestoredState& restored) {
  Coordinators::World world;
  world.clock = clock_;
  world.post = [this](int task, std::function<void(Task&)> command) { attempt_->Post(task, std::move(command)); };
  world.run_blocking = [this](size_t coordinator, Coordinators::Work work) {
    RunForCoordinator(coordinator, std::move(work));
  };
  THALWEG_ASSIGN(coordinators_, Coordinators::Make(plan_, program_, *registry_, restored, std::move(world)));
  return {};
}

void Job::MakeAlignment() {
  alignment_ = {};
  for (size_t i = 0; i < plan_.graph.nodes.size(); ++i) {
    auto pipeline = program_.functions.pipelines.find(plan_.graph.nodes[i].uid);
    if (pipeline == program_.functions.pipelines.end() || !pipeline->second.alignment) continue;
    const ChainSpec& chain = plan_.chains[static_cast<size_t>(plan_.chain_of_node[i])];
    for (int subtask = 0; subtask < chain.parallelism; ++subtask)
      alignment_.Add(chain.first_task + subtask, *pipeline->second.alignment, clock_->NowMs());
  }
}

void Job::RunForCoordinator(size_t coordinator, Coordinators::Work work) {
  RunOnIoThread([this, coordinator, work = std::move(work), number = attempt_number_] {
    auto result = std::make_shared<Result<std::string>>(CatchUserErrors(work));
    Post([this, coordinator, result, number] {
      if (number == attempt_number_ && attempt_) FailUnlessOk(coordinators_->OnResult(coordinator, std::move(*result)));
    });
  });
}

void Job::FailUnlessOk(const Status& status) {
  if (!status.ok()) OnFailure(status);
}

void Job::TellCoordinatorStates() {
  for (checkpoint::CoordinatorStates& states : coordinators_->TakeComplete()) {
    if (!coordinator_ || outcome_) return;
    Tell(std::move(states));
  }
}

// --- Checkpoints.

void Job::MakeCoordinator(uint64_t newest) {
  checkpoint::CoordinatorOptions options = options_.checkpointing;
  options.job = plan_.graph.name;
  options.graph_digest = graph::Digest(program_.graph);
  options.durable = options_.store != nullptr;
  options.newest = newest;
  for (const TaskSpec& spec : plan_.tasks) {
    checkpoint::CoordinatedTask task{TaskIdOf(spec.id), {}};
    for (const ChannelSpec& channel : plan_.channels)
      if (channel.to_task == spec.id) task.upstream.push_back(TaskIdOf(channel.from_task));
    options.tasks.push_back(std::move(task));
  }
  for (const graph::Node& node : plan_.graph.nodes)
    options.nodes.push_back(
        {node.uid, node.parallelism, node.max_parallelism, node.keyed, coordinators_->Contains(node.uid)});
  coordinator_ = std::make_unique<checkpoint::CheckpointCoordinator>(std::move(options));
}

void Job::Tell(checkpoint::CoordinatorInput message) {
  if (!coordinator_) return;
  for (checkpoint::CoordinatorOutput& output : coordinator_->Step(clock_->NowMs(), std::move(message))) {
    if (!coordinator_ || outcome_) return;
    Obey(output);
  }
}

void Job::Obey(checkpoint::CoordinatorOutput& output) {
  if (auto* trigger = std::get_if<checkpoint::TriggerBarrier>(&output)) {
    Trigger(*trigger);
  } else if (auto* commit = std::get_if<checkpoint::CommitManifest>(&output)) {
    Commit(std::move(commit->manifest));
  } else if (auto* complete = std::get_if<checkpoint::NotifyComplete>(&output)) {
    if (options_.store) checkpoints_.fetch_add(1);
    for (const auto& task : attempt_->tasks())
      attempt_->Post(task->id(), [id = complete->checkpoint](Task& each) { each.NotifyComplete(id); });
    FailUnlessOk(coordinators_->OnCheckpointComplete(complete->checkpoint));
  } else if (auto* aborted = std::get_if<checkpoint::NotifyAborted>(&output)) {
    checkpoint_metrics_.OnAborted();
    Log(fmt::format("Checkpoint {} aborted: {}", aborted->checkpoint, aborted->reason));
    coordinators_->OnAborted(aborted->checkpoint);
    for (const auto& task : attempt_->tasks())
      attempt_->Post(task->id(), [id = aborted->checkpoint](Task& each) { each.NotifyAborted(id); });
  } else if (auto* fail = std::get_if<checkpoint::FailJob>(&output)) {
    if (!fail->for_good) return OnFailure(fail->reason);
    GiveUpAttempt();
    End(fail->reason);
  } else if (auto* timer = std::get_if<checkpoint::SetTimer>(&output)) {
    coordinator_timer_ms_ = timer->at_ms;
  } else if (auto* answer = std::get_if<checkpoint::Answer>(&output)) {
    if (!answer->error.empty()) OnStopRefused(answer->error);
  } else if (auto* end = std::get_if<checkpoint::EndJob>(&output)) {
    EndWhenTold(end->stopped || (stopping_ && !options_.store) ? JobEnd::kStopped : JobEnd::kFinished);
  }
}

// Comes before what else the coordinator says now: the job may have failed, and starts anew, or has ended by itself.
void Job::OnStopRefused(const std::string& reason) {
  Post([this, reason, number = attempt_number_] {
    if (number != attempt_number_ || !attempt_ || ending_) return;
    End(ExternalError("Stopped without a last checkpoint ({}): {}", NewestCheckpoint(), reason));
  });
}

// The completion of the last checkpoint was posted before: when this comes back, every task has committed.
void Job::EndWhenTold(JobEnd end) {
  ending_ = true;
  auto left = std::make_shared<std::atomic<size_t>>(attempt_->tasks().size());
  for (const auto& task : attempt_->tasks()) {
    attempt_->Post(task->id(), [this, left, end, number = attempt_number_](Task&) {
      if (left->fetch_sub(1) > 1) return;
      Post([this, end, number] {
        if (number == attempt_number_ && attempt_) End(end);
      });
    });
  }
}

void Job::Trigger(const checkpoint::TriggerBarrier& trigger) {
  last_triggered_ = std::max(last_triggered_, trigger.checkpoint);
  if (!trigger.again) {
    checkpoint_metrics_.OnTriggered();
    coordinators_->Cut(trigger.checkpoint);
    // Every task may have ended. Step must not be entered again from inside.
    Post([this, number = attempt_number_] {
      if (number == attempt_number_ && attempt_) TellCoordinatorStates();
    });
  }
  flow::Barrier barrier{trigger.checkpoint, flow::BarrierKind::kCheckpoint, trigger.triggered_at_ms};
  bool hold = trigger.kind == checkpoint::CheckpointKind::kStop;
  for (const TaskId& id : trigger.tasks)
    attempt_->Post(TaskOf(id), [barrier, hold](Task& each) { each.Trigger(barrier, hold); });
}

void Job::WriteSnapshot(TaskReport report) {
  if (!options_.store) return;
  auto shared = std::make_shared<TaskReport>(std::move(report));
  TaskId id = TaskIdOf(shared->task);
  ++writes_under_way_[shared->task];
  RunOnIoThread([this, shared, id, number = attempt_number_] {
    auto written = std::make_shared<Result<checkpoint::TaskState>>(WriteTask(*shared));
    Post([this, written, shared, id, number] {
      if (number != attempt_number_ || !attempt_) return;
      if (written->ok())
        Tell(checkpoint::TaskAck{shared->checkpoint, id, std::move(**written)});
      else
        Tell(checkpoint::TaskDecline{shared->checkpoint, id, written->status().ToString()});
      // A failed job has forgotten what was under way.
      if (auto writes = writes_under_way_.find(shared->task); writes != writes_under_way_.end()) --writes->second;
      TellIfDrained(shared->task);
    });
  });
}

Result<checkpoint::TaskState> Job::WriteTask(TaskReport& report) {
  THALWEG_ASSIGN(state::TaskSnapshot snapshot, report.saved->Take());
  return options_.store->WriteTask(plan_.graph.name, report.checkpoint, TaskIdOf(report.task), snapshot);
}

void Job::Commit(checkpoint::Manifest manifest) {
  auto shared = std::make_shared<checkpoint::Manifest>(std::move(manifest));
  ++io_under_way_;
  RunOnIoThread([this, shared, number = attempt_number_] {
    auto outcome = std::make_shared<checkpoint::CommitOutcome>(options_.store->Commit(*shared));
    bool committed = outcome->kind == checkpoint::CommitOutcome::Kind::kCommitted;
    Status cleaned = committed ? options_.store->Subsume(*shared) : Status();
    Post([this, shared, outcome, committed, cleaned, number] {
      --io_under_way_;
      if (committed) checkpoint_metrics_.OnCompleted(*shared, clock_->NowMs());
      if (committed || outcome->kind == checkpoint::CommitOutcome::Kind::kUnknown) committed_ = *shared;
      if (!cleaned.ok()) Log(fmt::format("Old checkpoints were not deleted: {}", cleaned.ToString()));
      if (number == attempt_number_ && attempt_) Tell(checkpoint::CommitResult{shared->checkpoint, *outcome});
    });
  });
}

}  // namespace thalweg::runtime
