#include "checkpoint/coordinator.h"

#include <algorithm>

namespace thalweg::checkpoint {

CheckpointCoordinator::CheckpointCoordinator(CoordinatorOptions options)
    : options_(std::move(options)), newest_(options_.newest), next_(options_.newest + 1) {
  THALWEG_CHECK(options_.max_concurrent >= 1 && !options_.tasks.empty());
  for (const CoordinatedTask& task : options_.tasks) THALWEG_CHECK(tasks_.emplace(task.id, &task).second);
  for (size_t i = 0; i < options_.nodes.size(); ++i) {
    THALWEG_CHECK(node_index_.emplace(options_.nodes[i].uid, i).second);
    needs_coordinators_ |= options_.nodes[i].has_coordinator;
  }
}

std::vector<CoordinatorOutput> CheckpointCoordinator::Step(int64_t now_ms, CoordinatorInput message) {
  now_ms_ = std::max(now_ms_, now_ms);
  out_.clear();
  if (!ended_) std::visit([this](auto& of_kind) { On(of_kind); }, message);
  if (!ended_) ExpireTimedOut();
  if (!ended_) CommitComplete();
  if (!ended_) StartDue();
  if (!ended_) ArmTimer();
  return std::move(out_);
}

void CheckpointCoordinator::On(const TasksStarted&) {
  if (started_) return;
  started_ = true;
  next_periodic_ms_ = now_ms_ + options_.interval_ms;
}

bool CheckpointCoordinator::CheckUids(const TaskState& state) {
  for (const auto& [uid, subtask] : state) {
    if (node_index_.contains(uid)) continue;
    Fail(InternalError("A task sent state of an operator that the job does not have: '{}'", uid));
    return false;
  }
  return true;
}

void CheckpointCoordinator::On(TaskAck& ack) {
  const auto found = pending_.find(ack.checkpoint);
  if (found == pending_.end() || found->second.committing || !tasks_.contains(ack.task) || !CheckUids(ack.state))
    return;
  // A finished task's last word was already counted; an acknowledgement that it overtook is older.
  if (!finished_.contains(ack.task)) found->second.acked.emplace(ack.task, std::move(ack.state));
}

void CheckpointCoordinator::On(TaskDecline& decline) {
  const auto found = pending_.find(decline.checkpoint);
  if (found == pending_.end() || found->second.committing || !tasks_.contains(decline.task)) return;
  Abort(decline.checkpoint, fmt::format("task {} declined: {}", TaskName(decline.task), decline.reason), true);
}

void CheckpointCoordinator::On(TaskFinished& finished) {
  if (!tasks_.contains(finished.task) || finished_.contains(finished.task) || !CheckUids(finished.state)) return;
  for (auto& [uid, state] : finished.state) {
    if (!state.file.empty())
      return Fail(InternalError("A task that ended left its state in a file, which later checkpoints lack: '{}'", uid));
    state.finished = true;
  }
  finished_.emplace(finished.task, std::move(finished.state));
  // Tasks that got their barriers from tasks which are no more.
  for (auto& [checkpoint, pending] : pending_)
    if (!pending.committing) SendBarriers(checkpoint, pending, true);
}

void CheckpointCoordinator::On(CoordinatorStates& states) {
  const auto found = pending_.find(states.checkpoint);
  if (found == pending_.end() || found->second.has_coordinators) return;
  found->second.has_coordinators = true;
  found->second.coordinators = std::move(states.by_uid);
}

void CheckpointCoordinator::On(CommitResult& result) {
  const auto found = pending_.find(result.checkpoint);
  if (found == pending_.end() || !found->second.committing) return;
  switch (result.outcome.kind) {
    case CommitOutcome::Kind::kCommitted: return Complete(result.checkpoint);
    case CommitOutcome::Kind::kFailed:
      return Abort(result.checkpoint, fmt::format("its manifest could not be written: {}", result.outcome.reason),
                   true);
    case CommitOutcome::Kind::kSuperseded: return Fail(UserError("{}", result.outcome.reason), true);
    case CommitOutcome::Kind::kUnknown:
      // To go on could mean to abort what a restart then restores.
      return Fail(
          ExternalError("Checkpoint {} may or may not be committed: {}", result.checkpoint, result.outcome.reason));
  }
}

void CheckpointCoordinator::On(TriggerNow& request) {
  if (!options_.durable) return Send(Answer{request.request, 0, "the job has no checkpoint directory"});
  if (requests_.size() >= kMaxWaitingRequests)
    return Send(Answer{request.request, 0, fmt::format("{} requests are waiting already", requests_.size())});
  requests_.push_back(request);
}

void CheckpointCoordinator::ExpireTimedOut() {
  std::vector<uint64_t> expired;
  for (const auto& [checkpoint, pending] : pending_)
    if (!pending.committing && now_ms_ - pending.triggered_at_ms >= options_.timeout_ms) expired.push_back(checkpoint);
  for (uint64_t checkpoint : expired) {
    if (ended_) return;
    const Pending& pending = pending_.at(checkpoint);
    size_t missing = 0;
    std::string first;
    for (const CoordinatedTask& task : options_.tasks) {
      if (pending.acked.contains(task.id) || finished_.contains(task.id)) continue;
      if (missing++ == 0) first = TaskName(task.id);
    }
    Abort(checkpoint,
          fmt::format("timed out after {} ms: {} of {} tasks have not acknowledged{}", options_.timeout_ms, missing,
                      options_.tasks.size(), missing ? ", the first is " + first : ""),
          true);
  }
}

bool CheckpointCoordinator::HasPending(CheckpointKind kind) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const auto& entry) { return entry.second.kind == kind; });
}

void CheckpointCoordinator::StartDue() {
  if (!started_) return;
  if (AllFinished() && !options_.durable) return EndWithoutCheckpoint();
  while (!ended_ && pending_.size() < static_cast<size_t>(options_.max_concurrent)) {
    if (HasPending(CheckpointKind::kStop) || HasPending(CheckpointKind::kFinal)) return;
    if (!requests_.empty()) {
      const TriggerNow request = requests_.front();
      requests_.pop_front();
      Start(request.kind == CheckpointKind::kStop ? CheckpointKind::kStop : CheckpointKind::kRequested,
            request.request);
    } else if (AllFinished()) {
      if (now_ms_ < final_not_before_ms_) return;
      Start(CheckpointKind::kFinal, std::nullopt);
    } else if (options_.durable && options_.interval_ms > 0 &&
               now_ms_ >= std::max(next_periodic_ms_, pause_until_ms_)) {
      Start(CheckpointKind::kPeriodic, std::nullopt);
      next_periodic_ms_ = now_ms_ + options_.interval_ms;
    } else {
      return;
    }
    CommitComplete();
  }
}

void CheckpointCoordinator::Start(CheckpointKind kind, std::optional<uint64_t> request) {
  const uint64_t checkpoint = next_++;
  Pending& pending = pending_[checkpoint];
  pending.kind = kind;
  pending.triggered_at_ms = now_ms_;
  pending.request = request;
  pending.has_coordinators = !needs_coordinators_;
  SendBarriers(checkpoint, pending, false);
}

void CheckpointCoordinator::SendBarriers(uint64_t checkpoint, Pending& pending, bool again) {
  std::vector<TaskId> targets;
  for (const CoordinatedTask& task : options_.tasks) {
    if (finished_.contains(task.id) || pending.acked.contains(task.id) || pending.triggered.contains(task.id)) continue;
    // It gets its barrier in band if any upstream task runs, or passed the barrier on before it finished.
    const bool in_band = std::any_of(task.upstream.begin(), task.upstream.end(), [&](const TaskId& upstream) {
      return !finished_.contains(upstream) || pending.acked.contains(upstream);
    });
    if (!in_band) targets.push_back(task.id);
  }
  pending.triggered.insert(targets.begin(), targets.end());
  if (!again || !targets.empty())
    Send(TriggerBarrier{checkpoint, pending.kind, pending.triggered_at_ms, std::move(targets), again});
}

bool CheckpointCoordinator::IsComplete(const Pending& pending) const {
  return pending.has_coordinators &&
         std::all_of(options_.tasks.begin(), options_.tasks.end(), [&](const CoordinatedTask& task) {
           return pending.acked.contains(task.id) || finished_.contains(task.id);
         });
}

void CheckpointCoordinator::CommitComplete() {
  // One commit at a time: its result decides whether older ones still matter.
  for (const auto& [checkpoint, pending] : pending_)
    if (pending.committing) return;
  for (auto& [checkpoint, pending] : pending_) {
    if (!IsComplete(pending)) continue;
    // Every task counted by its last word: nothing is left for another checkpoint.
    if (pending.acked.empty() && pending.kind == CheckpointKind::kPeriodic) pending.kind = CheckpointKind::kFinal;
    pending.committing = true;
    Send(CommitManifest{MakeManifest(checkpoint, pending)});
    return;
  }
}

Manifest CheckpointCoordinator::MakeManifest(uint64_t checkpoint, const Pending& pending) const {
  Manifest manifest;
  manifest.job = options_.job;
  manifest.checkpoint = checkpoint;
  manifest.parent = newest_;
  manifest.created_at_ms = pending.triggered_at_ms;
  manifest.graph_digest = options_.graph_digest;
  manifest.kind = pending.kind;
  for (const CoordinatedNode& node : options_.nodes) {
    const auto coordinator = pending.coordinators.find(node.uid);
    manifest.nodes.push_back({node.uid,
                              node.max_parallelism,
                              node.parallelism,
                              node.keyed,
                              coordinator != pending.coordinators.end() ? coordinator->second : CoordinatorState(),
                              {},
                              {}});
  }
  for (const auto& [id, task] : tasks_) {  // ascending: so the subtasks of each node ascend
    const auto acked = pending.acked.find(id);
    const TaskState& states = acked != pending.acked.end() ? acked->second : finished_.at(id);
    for (const auto& [uid, state] : states) manifest.nodes[node_index_.at(uid)].subtasks.push_back(state);
  }
  return manifest;
}

void CheckpointCoordinator::Abort(uint64_t checkpoint, const std::string& reason, bool counts) {
  const Pending pending = std::move(pending_.at(checkpoint));
  pending_.erase(checkpoint);
  pause_until_ms_ = now_ms_ + options_.min_pause_ms;
  final_not_before_ms_ = now_ms_ + kFinalRetryMs;
  Send(NotifyAborted{checkpoint, reason});
  if (pending.request) Send(Answer{*pending.request, checkpoint, reason});
  // What somebody asked for is answered, not counted.
  if (!counts || pending.request) return;
  if (++failures_ > options_.tolerable_failures)
    Fail(ExternalError("Checkpoint {} failed, the {}. in a row with {} tolerated: {}", checkpoint, failures_,
                       options_.tolerable_failures, reason));
}

void CheckpointCoordinator::Complete(uint64_t checkpoint) {
  const Pending pending = std::move(pending_.at(checkpoint));
  pending_.erase(checkpoint);
  newest_ = checkpoint;
  failures_ = 0;
  pause_until_ms_ = now_ms_ + options_.min_pause_ms;
  while (!pending_.empty() && pending_.begin()->first < checkpoint)
    Abort(pending_.begin()->first, fmt::format("checkpoint {} is newer and complete", checkpoint), false);
  Send(NotifyComplete{checkpoint});
  if (pending.request) Send(Answer{*pending.request, checkpoint, {}});
  const bool stopped = pending.kind == CheckpointKind::kStop;
  // Tasks that finished after this snapshot have a last word that it lacks, unless all of it was last words.
  if (!stopped && !(AllFinished() && pending.acked.empty())) return;
  while (!pending_.empty()) Abort(pending_.begin()->first, "the job ends", false);
  for (const TriggerNow& request : requests_) Send(Answer{request.request, 0, "the job has ended"});
  Send(EndJob{stopped});
  ended_ = true;
}

void CheckpointCoordinator::EndWithoutCheckpoint() {
  Send(NotifyComplete{next_++});  // there is no manifest that could be waited for
  Send(EndJob{});
  ended_ = true;
}

void CheckpointCoordinator::Fail(Status reason, bool for_good) {
  if (ended_) return;
  for (const auto& [checkpoint, pending] : pending_)
    if (pending.request) Send(Answer{*pending.request, checkpoint, "the job failed"});
  for (const TriggerNow& request : requests_) Send(Answer{request.request, 0, "the job failed"});
  Send(FailJob{std::move(reason), for_good});
  ended_ = true;
}

void CheckpointCoordinator::ArmTimer() {
  if (!started_) return;
  std::optional<int64_t> at;
  auto consider = [&](int64_t time) { at = std::min(at.value_or(INT64_MAX), time); };
  for (const auto& [checkpoint, pending] : pending_)
    if (!pending.committing) consider(pending.triggered_at_ms + options_.timeout_ms);
  if (pending_.size() < static_cast<size_t>(options_.max_concurrent) && options_.durable) {
    if (AllFinished())
      consider(final_not_before_ms_);
    else if (options_.interval_ms > 0 && !HasPending(CheckpointKind::kStop))
      consider(std::max(next_periodic_ms_, pause_until_ms_));
  }
  if (timer_ms_ && now_ms_ >= *timer_ms_) timer_ms_.reset();  // it has rung
  if (!at || at == timer_ms_) return;
  timer_ms_ = at;
  Send(SetTimer{*at});
}

}  // namespace thalweg::checkpoint
