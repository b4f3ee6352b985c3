// Decides when a checkpoint starts, when it is complete, and who is told: a pure state machine, without clock, thread or I/O.
// Rule: nobody hears of a checkpoint before its manifest is durable; every checkpoint that was started ends in exactly one of
// NotifyComplete, NotifyAborted or FailJob.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/checkpoint_store.h"
#include "checkpoint/manifest.h"

namespace thalweg::checkpoint {

// Requests (savepoint, stop) that wait for a running checkpoint to end; beyond it they are answered with an error.
inline constexpr size_t kMaxWaitingRequests = 16;
// Pause before the last checkpoint of a bounded job is tried again after a tolerated failure.
inline constexpr int64_t kFinalRetryMs = 1000;

struct CoordinatedTask {
  TaskId id;
  std::vector<TaskId> upstream;  // tasks with a channel to it; empty: a source
};

struct CoordinatedNode {
  std::string uid;
  int32_t parallelism = 1;
  int32_t max_parallelism = 1024;
  bool keyed = false;
  bool has_coordinator = false;  // an enumerator or operator coordinator, whose state belongs to each checkpoint
};

/// One attempt of one job. Flink's keys below execution.checkpointing.
struct CoordinatorOptions {
  std::string job;
  uint64_t graph_digest = 0;
  bool durable = true;           // false: no checkpoint directory; the job runs and ends without checkpoints
  int64_t interval_ms = 0;       // interval; 0: only the last one and those asked for
  int64_t min_pause_ms = 0;      // min-pause: from the end of one to the start of the next periodic one
  int64_t timeout_ms = 600'000;  // timeout: until all have acknowledged; a commit under way is awaited
  int max_concurrent = 1;        // max-concurrent-checkpoints
  int tolerable_failures = 0;    // tolerable-failed-checkpoints: periodic ones in a row
  uint64_t newest = 0;           // Latest::newest at the start: numbers go on from there
  std::vector<CoordinatedTask> tasks;
  std::vector<CoordinatedNode> nodes;
};

// --- What it is told.

struct Tick {};          // time has passed: a timer set by SetTimer, or any
struct TasksStarted {};  // every task runs and has restored its state
struct TaskAck {         // the task's snapshot is durable
  uint64_t checkpoint = 0;
  TaskId task;
  TaskState state;
};
struct TaskDecline {
  uint64_t checkpoint = 0;
  TaskId task;
  std::string reason;
};
/// The task has worked off all its inputs and emitted EndOfInput. It stays, to hear of completions, until EndJob. Sent after its
/// acknowledgements of all barriers that it took: to the others its last word, `state`, answers. Inlined (InlineTask), for it stands
/// in every later checkpoint.
struct TaskFinished {
  TaskId task;
  TaskState state;
};
/// States of the operator coordinators, taken when TriggerBarrier came, before the barriers were sent; with what their operators sent
/// before their barriers and came later. So told when every operator that has a coordinator took its barrier.
struct CoordinatorStates {
  uint64_t checkpoint = 0;
  std::map<std::string, CoordinatorState> by_uid;
};
/// The answer to CommitManifest.
struct CommitResult {
  uint64_t checkpoint = 0;
  CommitOutcome outcome;
};
/// A checkpoint now: kRequested, or kStop (the job ends after it). `request` comes back in Answer.
struct TriggerNow {
  CheckpointKind kind = CheckpointKind::kRequested;
  uint64_t request = 0;
};
using CoordinatorInput =
    std::variant<Tick, TasksStarted, TaskAck, TaskDecline, TaskFinished, CoordinatorStates, CommitResult, TriggerNow>;

// --- What it wants done, in order.

/// Take the coordinators' states (CoordinatorStates, if any node has one), then send barriers to `tasks`. A task that is no source takes its
/// barrier when all its inputs have ended (its upstream tasks have finished); if it ends first, TaskFinished answers. With kStop a
/// source emits nothing after the barrier unless the checkpoint is aborted. May come again for one checkpoint, with other tasks.
struct TriggerBarrier {
  uint64_t checkpoint = 0;
  CheckpointKind kind = CheckpointKind::kPeriodic;
  int64_t triggered_at_ms = 0;
  std::vector<TaskId> tasks;
  bool again = false;  // the coordinators' states are there already
};
/// CheckpointStore::Commit on an I/O thread; answer with CommitResult.
struct CommitManifest {
  Manifest manifest;
};
struct NotifyComplete {  // to every task: commit. Then CheckpointStore::Subsume, if there is a store
  uint64_t checkpoint = 0;
};
struct NotifyAborted {  // to every task
  uint64_t checkpoint = 0;
  std::string reason;
};
struct FailJob {  // the attempt is over; nothing more comes out
  Status reason;
  bool for_good = false;  // no restart: another coordinator has the job, and two would take turns for ever
};
struct SetTimer {  // replaces the one before
  int64_t at_ms = 0;
};
struct Answer {  // to TriggerNow; error empty: done
  uint64_t request = 0;
  uint64_t checkpoint = 0;
  std::string error;
};
/// The last checkpoint is durable and told: close the tasks. Nothing more comes out.
struct EndJob {
  bool stopped = false;  // by kStop: end the tasks with EndKind::kStop
};
using CoordinatorOutput =
    std::variant<TriggerBarrier, CommitManifest, NotifyComplete, NotifyAborted, FailJob, SetTimer, Answer, EndJob>;

/// One thread. A new one per attempt; what an earlier attempt's tasks send must not reach it. Before it is made, a commit under way of
/// the earlier attempt must be awaited and the latest checkpoint read.
class CheckpointCoordinator {
 public:
  explicit CheckpointCoordinator(CoordinatorOptions options);

  /// `now_ms` never goes back. Messages about checkpoints and tasks that it does not know (late, repeated) change nothing.
  std::vector<CoordinatorOutput> Step(int64_t now_ms, CoordinatorInput message);

  uint64_t newest_committed() const { return newest_; }
  /// Checkpoints started and not ended.
  size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    CheckpointKind kind = CheckpointKind::kPeriodic;
    int64_t triggered_at_ms = 0;
    std::optional<uint64_t> request;
    std::map<TaskId, TaskState> acked;
    std::set<TaskId> triggered;
    std::map<std::string, CoordinatorState> coordinators;
    bool has_coordinators = false;
    bool committing = false;
  };

  void On(const Tick&) {}
  void On(const TasksStarted&);
  void On(TaskAck&);
  void On(TaskDecline&);
  void On(TaskFinished&);
  void On(CoordinatorStates&);
  void On(CommitResult&);
  void On(TriggerNow&);

  void ExpireTimedOut();
  void StartDue();
  void Start(CheckpointKind kind, std::optional<uint64_t> request);
  void SendBarriers(uint64_t checkpoint, Pending& pending, bool again);
  void CommitComplete();
  bool IsComplete(const Pending& pending) const;
  Manifest MakeManifest(uint64_t checkpoint, const Pending& pending) const;
  void Abort(uint64_t checkpoint, const std::string& reason, bool counts);
  void Complete(uint64_t checkpoint);
  void Fail(Status reason, bool for_good = false);
  void EndWithoutCheckpoint();
  void ArmTimer();
  bool CheckUids(const TaskState& state);
  bool AllFinished() const { return finished_.size() == options_.tasks.size(); }
  bool HasPending(CheckpointKind kind) const;
  void Send(CoordinatorOutput output) { out_.push_back(std::move(output)); }

  const CoordinatorOptions options_;
  std::map<TaskId, const CoordinatedTask*> tasks_;
  std::map<std::string, size_t> node_index_;
  bool needs_coordinators_ = false;

  int64_t now_ms_ = 0;
  bool started_ = false;
  bool ended_ = false;
  uint64_t newest_ = 0;
  uint64_t next_ = 1;
  int failures_ = 0;  // periodic, in a row
  int64_t next_periodic_ms_ = 0;
  int64_t pause_until_ms_ = INT64_MIN;
  int64_t final_not_before_ms_ = INT64_MIN;
  std::optional<int64_t> timer_ms_;
  std::map<uint64_t, Pending> pending_;
  std::map<TaskId, TaskState> finished_;
  std::deque<TriggerNow> requests_;
  std::vector<CoordinatorOutput> out_;
};

}  // namespace thalweg::checkpoint
