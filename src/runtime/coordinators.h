// Coordinators: the operator coordinators of one attempt, and the order of their events against barriers.
// Rule: at the cut for a checkpoint every coordinator's state is taken; what it sends later reaches a task after that task's barrier,
// and what an operator sent before its barrier, and arrives after the cut, is part of the checkpoint as an event under way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/coordinator.h"
#include "flow/coordinator.h"
#include "flow/program.h"
#include "runtime/attempt.h"
#include "runtime/plan.h"
#include "runtime/task.h"
#include "time/clock.h"

namespace thalweg::runtime {

/// The job's thread. A returned error fails the attempt.
class Coordinators {
 public:
  using Work = std::function<Result<std::string>()>;
  struct World {
    time::Clock* clock = nullptr;
    /// To a task, in order: Attempt::Post.
    std::function<void(int task, std::function<void(Task&)> command)> post;
    /// Runs `work` on an I/O thread; its result comes to OnResult(coordinator, ...) on the job's thread.
    std::function<void(size_t coordinator, Work work)> run_blocking;
  };

  /// Makes them and restores their states; takes splits and coordinators' states out of `restored`.
  static Result<std::unique_ptr<Coordinators>> Make(const PhysicalPlan& plan, const flow::Program& program,
                                                    const flow::Registry& registry, RestoredState& restored,
                                                    World world);
  /// The attempt's tasks have started.
  Status Start();
  Status OnEvent(const TaskReport& report);
  Status OnResult(size_t coordinator, Result<std::string> result);
  Status OnTimers(int64_t now_ms);
  int64_t next_timer_ms() const;
  /// The node has one.
  bool Contains(const std::string& uid) const;
  Status OnCheckpointComplete(uint64_t checkpoint);

  /// Before the barriers of `checkpoint` are sent.
  void Cut(uint64_t checkpoint);
  void OnBarrierTaken(int task, uint64_t checkpoint);
  void OnTaskEnded(int task);
  void OnAborted(uint64_t checkpoint) { cuts_.erase(checkpoint); }
  /// Of the checkpoints whose barrier every coordinated task has taken since the last call, ascending.
  std::vector<checkpoint::CoordinatorStates> TakeComplete();

 private:
  struct Member {
    std::string uid;
    std::string title;  // for errors
    int first_task = 0;
    int position = 0;  // in its chain
    int parallelism = 1;
    bool ended = false;  // in the restored checkpoint: keeps its state, does nothing
    std::unique_ptr<flow::OperatorCoordinator> coordinator;
    std::vector<checkpoint::CoordinatorEvent> restored_events;
    int64_t timer_ms = INT64_MAX;
  };
  struct CutState {
    std::map<std::string, checkpoint::CoordinatorState> by_uid;
    std::set<int> awaited;  // tasks that have not taken the barrier
  };

  Coordinators(const PhysicalPlan& plan, World world) : plan_(&plan), world_(std::move(world)) {}
  Status Add(size_t node, std::unique_ptr<flow::OperatorCoordinator> coordinator, RestoredState& restored);
  /// Runs `call` of the member's coordinator and carries out what it wants.
  template <typename Call>
  Status Step(size_t member, Call&& call);
  Status Obey(size_t member, flow::CoordinatorActions actions);

  const PhysicalPlan* plan_;
  World world_;
  std::vector<Member> members_;
  std::set<int> tasks_;  // with an operator that has a coordinator
  std::set<int> ended_;
  std::map<uint64_t, CutState> cuts_;
};

}  // namespace thalweg::runtime
