#include "bench/one_loop.h"

#include "io/executor.h"
#include "metrics/registry.h"
#include "runtime/attempt.h"
#include "runtime/core.h"
#include "state/hashmap_backend.h"

namespace thalweg::bench {
namespace {

using flow::EnumeratorAction;

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
    world.memory = &memory_;
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

  Status StartSources() {
    for (size_t i = 0; i < plan_.graph.nodes.size(); ++i) {
      const graph::Node& node = plan_.graph.nodes[i];
      if (node.role != graph::NodeRole::kSource) continue;
      THALWEG_ASSIGN(std::shared_ptr<flow::Source> source, registry_.MakeSource(node, program_.functions));
      THALWEG_ASSIGN(std::unique_ptr<flow::SplitEnumerator> enumerator, source->CreateEnumerator());
      int first_task = attempt_->first_task_of(plan_.chain_of_node[i]);
      Apply(first_task, enumerator->OnStart(node.parallelism, {}));
      THALWEG_ASSIGN(flow::Discovery found, enumerator->Discover());
      Apply(first_task, enumerator->OnDiscovery(found));
    }
    return {};
  }

  void Apply(int first_task, const std::vector<EnumeratorAction>& actions) {
    for (const EnumeratorAction& action : actions) {
      std::vector<runtime::SplitAssignment> splits;
      for (const flow::Split& split : action.splits) splits.push_back({split, ""});
      attempt_->Post(first_task + action.subtask, [kind = action.kind, splits](runtime::Task& each) {
        if (kind == EnumeratorAction::Kind::kAssign) each.AddSplits(splits);
        if (kind == EnumeratorAction::Kind::kNoMoreSplits) each.NoMoreSplits();
      });
    }
  }

  flow::Program program_;
  time::ManualClock& clock_;
  flow::Registry registry_;
  metrics::Registry metrics_;
  std::shared_ptr<metrics::Group> metrics_group_ =
      metrics_.Open(metrics::ScopeKind::kJobManagerJob, {{"job_name", "bench"}});
  columns::MemoryAccount memory_;
  io::Executor executor_;
  runtime::PhysicalPlan plan_;
  std::unique_ptr<runtime::Attempt> attempt_;
  size_t drained_ = 0;
  Status error_;
};

}  // namespace

Status RunInOneLoop(flow::Program program, time::ManualClock& clock) { return Loop(std::move(program), clock).Run(); }

}  // namespace thalweg::bench
