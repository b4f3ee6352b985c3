// Attempt: one run of a physical plan in this process, from its start to a failure or its end: cores, tasks, channels.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/manifest.h"
#include "columns/buffer.h"
#include "config/memory_budget.h"
#include "flow/program.h"
#include "io/executor.h"
#include "metrics/registry.h"
#include "runtime/core.h"
#include "runtime/plan.h"
#include "runtime/task.h"
#include "state/keyed_backend.h"
#include "time/clock.h"

namespace thalweg::runtime {

/// What a subtask's operator gets back from a checkpoint.
struct RestoredOperator {
  std::vector<state::KeyedSnapshot> keyed;  // of its key groups, perhaps with others (the backend takes its own)
  std::vector<state::OperatorStateSnapshot> lists;
  std::vector<std::string> committables;
};

/// Everything restored, by operator uid. `operators[uid][subtask]` at the new parallelism.
struct RestoredState {
  uint64_t checkpoint = 0;  // 0: none
  std::map<std::string, std::vector<RestoredOperator>> operators;
  std::map<std::string, std::vector<std::string>> splits;            // by source uid, as EncodeSplit wrote them
  std::map<std::string, checkpoint::CoordinatorState> coordinators;  // by uid
  std::set<std::string> finished;                                    // uids whose every subtask had ended
};

using KeyedBackendFactory = std::function<Result<std::unique_ptr<state::KeyedBackend>>(const flow::TaskName& task,
                                                                                       state::KeyGroupRange groups)>;

/// The job's thread, but for what Core and Task say.
class Attempt {
 public:
  struct World {
    std::string job_name;
    int number = 0;
    time::Clock* clock = nullptr;
    io::Executor* executor = nullptr;
    metrics::Group* metrics = nullptr;
    std::shared_ptr<columns::MemoryAccount> memory;
    KeyedBackendFactory make_backend;
    int64_t watermark_interval_ms = 200;
    uint64_t seed = 0;
    bool serialize_hops = false;
    config::MemoryBudget memory_budget;
    bool pin_cores = false;
  };

  /// Builds everything; nothing runs yet.
  static Result<std::unique_ptr<Attempt>> Build(const PhysicalPlan& plan, const flow::Program& program,
                                                const flow::Registry& registry, RestoredState restored, World world,
                                                ReportTo report);
  ~Attempt();

  /// Starts the cores and opens every task.
  Status Start();
  /// Joins the cores and closes every task; the first error of an operator that did not close. Idempotent.
  Status Stop();
  /// Runs `command` for a task on its core, in order.
  void Post(int task, std::function<void(Task&)> command);
  const std::vector<std::unique_ptr<Task>>& tasks() const { return tasks_; }
  int first_task_of(int chain) const { return plan_->chains[static_cast<size_t>(chain)].first_task; }

 private:
  class Builder;
  Attempt(const PhysicalPlan& plan, bool pin_cores) : plan_(&plan), pin_cores_(pin_cores) {}
  const PhysicalPlan* plan_;
  bool pin_cores_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<Task>> tasks_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace thalweg::runtime
