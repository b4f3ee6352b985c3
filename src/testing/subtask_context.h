// One subtask with nothing around it, for tests and benches that call an operator themselves: what happens between subtasks, and in the
// midst of a call, no harness can show.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "flow/context.h"
#include "flow/restored.h"
#include "metrics/registry.h"
#include "state/hashmap_backend.h"
#include "time/clock.h"
#include "types/key_group.h"

namespace thalweg::testing {

struct SubtaskOptions {
  int subtask = 0;
  int parallelism = 1;
  int max_parallelism = 128;
};

/// Keyed state in memory with the key groups of the subtask. No timer fires, no thread runs, no waker wakes.
class SubtaskContext final : public flow::Context, public flow::KnowsRestore {
 public:
  explicit SubtaskContext(SubtaskOptions options = {})
      : name_{.subtask = options.subtask,
              .parallelism = options.parallelism,
              .max_parallelism = options.max_parallelism} {
    const types::KeyGroupRange groups =
        types::KeyGroupsOf(options.subtask, options.max_parallelism, options.parallelism);
    keyed = state::MakeHashMapBackend(
        {.groups = {static_cast<uint16_t>(groups.begin), static_cast<uint16_t>(groups.end - 1)}}, clock_);
  }
  const flow::TaskName& task() const override { return name_; }
  time::Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  metrics::Group& metrics() override { return *group_; }
  columns::BufferPool& pool() override { return pool_; }
  state::KeyedBackend* keyed_state() override { return keyed.get(); }
  state::OperatorState& operator_state() override { return lists; }
  int64_t current_watermark() const override { return INT64_MIN; }
  std::shared_ptr<flow::Waker> waker() override { return waker_; }
  void RequestTimer(int64_t) override {}
  Status RunBlocking(std::function<void()>) override { return {}; }
  void SendToCoordinator(std::string) override {}
  bool job_restored() const override { return restored; }

  /// Of the whole operator, by name.
  std::map<std::string, int64_t> Counters() {
    std::map<std::string, int64_t> counters;
    for (const metrics::Sample& sample : registry_.Snapshot(0))
      if (sample.kind == metrics::MetricKind::kCounter) counters[sample.name] = std::get<int64_t>(sample.value);
    return counters;
  }

 private:
  class NeverWakes final : public flow::Waker {
   public:
    void Wake() override {}
  };
  flow::TaskName name_;
  time::ManualClock clock_;
  Random random_{1};
  metrics::Registry registry_;
  std::unique_ptr<metrics::Group> group_ = registry_.Open(metrics::ScopeKind::kOperator, {});
  columns::BufferPool pool_;
  std::shared_ptr<flow::Waker> waker_ = std::make_shared<NeverWakes>();

 public:
  std::unique_ptr<state::KeyedBackend> keyed;
  state::OperatorState lists;
  bool restored = false;
};

}  // namespace thalweg::testing
