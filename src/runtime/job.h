// Job: runs a program in this process to its end, through failures: plan, attempts, operators' coordinators, checkpoints, restarts.
// Rule: all of it happens on the thread that called Run; tasks and I/O threads post to it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_store.h"
#include "checkpoint/coordinator.h"
#include "checkpoint/restart_strategy.h"
#include "checkpoint/restore.h"
#include "config/memory_budget.h"
#include "flow/program.h"
#include "io/executor.h"
#include "metrics/registry.h"
#include "runtime/attempt.h"
#include "runtime/checkpoint_metrics.h"
#include "runtime/coordinators.h"
#include "runtime/memory_watch.h"
#include "runtime/plan.h"
#include "runtime/watermark_alignment.h"
#include "time/clock.h"

namespace thalweg::runtime {

/// A checkpoint to begin with.
struct RestoreFrom {
  std::shared_ptr<checkpoint::CheckpointStore> store;
  std::string job;                     // its name there
  std::optional<uint64_t> checkpoint;  // none: the newest that verifies
};

/// How to run a job; made from the configuration by src/bin.
struct JobOptions {
  PlanOptions plan;
  KeyedBackendFactory make_backend;
  checkpoint::CoordinatorOptions checkpointing;        // intervals and limits; the job fills in the rest
  std::shared_ptr<checkpoint::CheckpointStore> store;  // null: no checkpoints are written
  std::optional<RestoreFrom> restore;                  // none: start afresh
  bool allow_non_restored_state = false;
  bool claim_restored =
      false;  // a checkpoint of `store` that was restored is deleted once newer ones make it superfluous
  std::unique_ptr<checkpoint::RestartStrategy> restart;  // null: never
  int64_t watermark_interval_ms = 200;
  bool serialize_hops = false;
  uint64_t seed = 0;
  config::MemoryBudget memory;              // limit 0: not watched
  std::function<int64_t()> resident_bytes;  // what the process holds now; null: not watched
  int io_threads = io::kExecutorThreads;
  bool pin_cores = false;
  std::function<void(const std::string&)> log;  // one line each; any of the job's moments a person would want to know
};

/// A job as others may see it.
struct JobProgress {
  uint64_t rows_in = 0;                     // read by sources
  uint64_t rows_out = 0;                    // received by sinks
  int64_t watermark = time::kMinWatermark;  // least of the sinks' chains
  uint64_t checkpoints = 0;
  int restarts = 0;
};

enum class JobEnd : uint8_t { kFinished, kStopped };

class Job {
 public:
  Job(flow::Program program, const flow::Registry& registry, JobOptions options, time::Clock& clock,
      metrics::Group& metrics);
  ~Job();

  /// Blocks until the job has finished, was stopped, or failed for good.
  Result<JobEnd> Run();
  /// Sources stop reading, what is under way is worked off, windows do not fire, a last checkpoint is taken. If it cannot be taken, the
  /// job ends without, and Run returns why; so it does if the job has failed and waits for its restart. Any thread.
  void Stop();
  /// As Stop, for one who wants nothing more of the job: while it waits for a restart that is a good end. Any thread.
  void Cancel();
  /// Rows of all attempts: what was read again counts again. Any thread.
  JobProgress progress() const;
  const PhysicalPlan& plan() const { return plan_; }
  /// Whether Run came so far as to run anything; after Run.
  bool began() const { return outcome_.has_value(); }

 private:
  /// Runs `work` on the job's thread. Any thread.
  void Post(std::function<void()> work);
  void RunOnIoThread(std::function<void()> work);
  Status Prepare();
  Result<RestoredState> FindState();
  /// What earlier runs left in the folder stays, but for a claimed checkpoint.
  void KeepEarlierCheckpoints(uint64_t restored);
  Result<RestoredState> ReadState(checkpoint::CheckpointStore& store, const checkpoint::Manifest& manifest);
  Status StartAttempt();
  void Loop();
  int64_t NextWakeMs() const;
  void OnTimers();
  void LookAtMemory(int64_t now_ms);
  void StandStill(bool still);
  std::string WhatTakesMemory() const;
  void OnReport(TaskReport report);
  void TellIfDrained(int task);
  void OnFailure(const Status& error);
  void StopAttempt();
  /// Ends the attempt; nothing of it is heard any more.
  void GiveUpAttempt();
  void StopSources();
  /// Why a job that is stopped while it waits for a restart has failed, and what its user has.
  Status StoppedWaiting() const;
  std::string NewestCheckpoint() const;
  void End(Result<JobEnd> outcome);

  Status MakeCoordinators(RestoredState& restored);
  void MakeAlignment();
  void RunForCoordinator(size_t coordinator, Coordinators::Work work);
  /// Fails the attempt if `status` is an error.
  void FailUnlessOk(const Status& status);
  void TellCoordinatorStates();

  void MakeCoordinator(uint64_t newest);
  void Tell(checkpoint::CoordinatorInput message);
  void Obey(checkpoint::CoordinatorOutput& output);
  void Trigger(const checkpoint::TriggerBarrier& trigger);
  void Commit(checkpoint::Manifest manifest);
  void WriteSnapshot(TaskReport report);
  /// Encodes and writes a snapshot. An I/O thread.
  Result<checkpoint::TaskState> WriteTask(TaskReport& report);
  void EndWhenTold(JobEnd end);
  /// The stop's checkpoint was not taken: the job ends all the same, with the reason as its error.
  void OnStopRefused(const std::string& reason);
  checkpoint::TaskId TaskIdOf(int task) const;
  int TaskOf(const checkpoint::TaskId& id) const;
  void Log(const std::string& line) const;

  flow::Program program_;
  const flow::Registry* registry_;
  JobOptions options_;
  time::Clock* clock_;
  metrics::Group* metrics_;
  CheckpointMetrics checkpoint_metrics_;
  metrics::Gauge& restarts_gauge_;
  PhysicalPlan plan_;
  std::shared_ptr<columns::MemoryAccount> memory_ =
      std::make_shared<columns::MemoryAccount>();  // shared with rows given out
  MemoryWatch memory_watch_;
  int64_t next_memory_look_ms_ = INT64_MAX;  // not watched

  std::unique_ptr<Attempt> attempt_;
  int attempt_number_ = 0;
  std::unique_ptr<Coordinators> coordinators_;
  WatermarkAlignment alignment_;  // of this attempt
  std::unique_ptr<checkpoint::CheckpointCoordinator> coordinator_;
  std::optional<int64_t> coordinator_timer_ms_;
  std::optional<int64_t> restart_at_ms_;
  std::vector<uint64_t> found_;  // checkpoints in the folder when this process began: not ours
  uint64_t found_newest_ = 0;    // the greatest of them
  uint64_t last_triggered_ = 0;
  uint64_t restored_ = 0;                       // the checkpoint that this process began with; 0: none
  Status last_failure_;                         // that the job waits for a restart for
  bool stopped_waiting_ = false;                // Stop was called in that wait
  bool stopping_ = false;                       // Stop was called
  bool ending_ = false;                         // the attempt's tasks hear of the last checkpoint
  std::map<int, int> writes_under_way_;         // snapshots of this attempt, by task
  std::map<int, state::TaskSnapshot> drained_;  // last words that wait for the task's writes
  int io_under_way_ = 0;                        // commits that must be awaited before the next attempt
  std::optional<checkpoint::Manifest> committed_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> inbox_;  // guarded by mutex_
  std::optional<Result<JobEnd>> outcome_;
  std::atomic<uint64_t> checkpoints_{0};
  std::atomic<int> restarts_{0};
  mutable std::mutex attempt_mutex_;  // guards the pointer attempt_ and ended_attempts_ against progress()
  JobProgress ended_attempts_;        // rows of the attempts before, watermark of the last
  io::Executor executor_;             // last: its jobs post here until they are done
};

}  // namespace thalweg::runtime
