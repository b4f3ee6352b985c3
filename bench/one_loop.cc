#include "bench/one_loop.h"

#include "io/executor.h"
#include "metrics/registry.h"
#include "runtime/attempt.h"
#include "runtime/coordinators.h"
#include "runtime/core.h"
#include "state/hashmap_backend.h"

namespace thalweg::bench {
namespace {

/// What runtime/job.h is to an attempt, without threads, time and checkpoints.
class Loop {
 public:
  Loop(flow::Program program, time::ManualClock& clock) : program_(std::move(program)), clock_(clock) {}

  Status Run() {
    THALWEG_ASSIGN(plan_, runtime::MakePlan(program_.graph, {}));
    THALWEG_ASSIGN(attempt_, runtime::Attempt::Build(plan_, program_, registry_, {}, World(),
                                                     [this](auto report) { Take(std::move(report)); }));
    for (const auto& task : attempt_->tasks()) attempt_->Post(task->id(), [](runtime::Task& each) { each.Open(); });
    THALWEG_TRY(StartSources());
    runtime::Core& core = attempt_->tasks().front()->core();
    while (error_.ok() && drained_ < attempt_->tasks().size()) {
      if (!core.Turn()) clock_.Advance(1);
    }
    attempt_->Stop();
    return error_;
  }

 private:
  runtime::Attempt::World World() {
    runtime::Attempt::World world;
    world.job_name = "bench";
    world.clock = &clock_;
    world.executor = &executor_;
    world.metrics = metrics_group_.get();
    world.memory = memory_;
    world.make_backend = [this](const flow::TaskName&,
                                state::KeyGroupRange groups) -> Result<std::unique_ptr<state::KeyedBackend>> {
      return state::MakeHashMapBackend({groups}, clock_);
    };
    world.watermark_interval_ms = kWatermarkIntervalMs;
    return world;
  }

  void Take(runtime::TaskReport report) {
    if (report.kind == runtime::TaskReport::Kind::kDrained) ++drained_;
    if (report.kind == runtime::TaskReport::Kind::kFailed && error_.ok()) error_ = std::move(report.error);
  }

  // Discovery is done at once instead of on an I/O thread.
  Status StartSources() {
    runtime::Coordinators::World world;
    world.clock = &clock_;
    world.post = [this](int task, std::function<void(runtime::Task&)> command) {
      attempt_->Post(task, std::move(command));
    };
    world.run_blocking = [this](size_t coordinator, const runtime::Coordinators::Work& work) {
      results_.emplace_back(coordinator, work());
    };
    runtime::RestoredState nothing;
    THALWEG_ASSIGN(coordinators_, runtime::Coordinators::Make(plan_, program_, registry_, nothing, std::move(world)));
    THALWEG_TRY(coordinators_->Start());
    for (auto& [coordinator, result] : std::exchange(results_, {}))
      THALWEG_TRY(coordinators_->OnResult(coordinator, std::move(result)));
    return {};
  }

  flow::Program program_;
  time::ManualClock& clock_;
  flow::Registry registry_;
  metrics::Registry metrics_;
  std::shared_ptr<metrics::Group> metrics_group_ =
      metrics_.Open(metrics::ScopeKind::kJobManagerJob, {{"job_name", "bench"}});
  std::shared_ptr<columns::MemoryAccount> memory_ = std::make_shared<columns::MemoryAccount>();
  io::Executor executor_;
  runtime::PhysicalPlan plan_;
  std::unique_ptr<runtime::Attempt> attempt_;
  std::unique_ptr<runtime::Coordinators> coordinators_;
  std::vector<std::pair<size_t, Result<std::string>>> results_;
  size_t drained_ = 0;
  Status error_;
};

}  // namespace

Status RunInOneLoop(flow::Program program, time::ManualClock& clock) { return Loop(std::move(program), clock).Run(); }

}  // namespace thalweg::bench
