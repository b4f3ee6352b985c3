// A task with nothing around it, for tests of connectors and small drivers: a context, and outputs that keep what they get.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "flow/context.h"
#include "flow/operator.h"
#include "flow/source.h"
#include "metrics/registry.h"
#include "time/clock.h"

namespace thalweg::connectors {

/// Counts its calls and lets one thread wait for them.
class CountingWaker final : public flow::Waker {
 public:
  void Wake() override {
    wakes_.fetch_add(1);
    wakes_.notify_all();
  }
  int64_t wakes() const { return wakes_.load(); }
  /// Until Wake was called more than `seen` times.
  void Await(int64_t seen) const { wakes_.wait(seen); }

 private:
  std::atomic<int64_t> wakes_{0};
};

class BareContext final : public flow::Context {
 public:
  /// Tasks that one thread runs may share a waker.
  explicit BareContext(std::shared_ptr<CountingWaker> waker = std::make_shared<CountingWaker>())
      : waker_(std::move(waker)) {
    name_.uid = "kafka";
    metrics_ = registry_.Open(metrics::ScopeKind::kOperator, {});
  }
  const flow::TaskName& task() const override { return name_; }
  flow::TaskName& task() { return name_; }
  time::Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  metrics::Group& metrics() override { return *metrics_; }
  columns::BufferPool& pool() override { return pool_; }
  state::KeyedBackend* keyed_state() override { return nullptr; }
  state::OperatorState& operator_state() override { return state_; }
  int64_t current_watermark() const override { return INT64_MIN; }
  std::shared_ptr<flow::Waker> waker() override { return waker_; }
  void RequestTimer(int64_t) override {}
  Status RunBlocking(std::function<void()> work) override {
    work();
    return {};
  }
  void SendToCoordinator(std::string) override {}
  CountingWaker& counting_waker() { return *waker_; }

 private:
  flow::TaskName name_;
  time::ManualClock clock_;
  Random random_{1};
  metrics::Registry registry_;
  std::unique_ptr<metrics::Group> metrics_;
  columns::BufferPool pool_;
  state::OperatorState state_;
  std::shared_ptr<CountingWaker> waker_;
};

/// Keeps batches and ended splits in order.
class KeepingSourceOutput : public flow::SourceOutput {
 public:
  explicit KeepingSourceOutput(columns::BufferPool& pool) : pool_(&pool) {}
  void Emit(const std::string& split, columns::Batch batch) override { batches.emplace_back(split, std::move(batch)); }
  void EmitSide(int port, columns::Batch batch) override { side.emplace_back(port, std::move(batch)); }
  void FinishSplit(const std::string& split) override { finished.push_back(split); }
  columns::BufferPool& pool() override { return *pool_; }
  void SetPollRows(int32_t rows) { poll_rows_ = rows; }

  std::vector<std::pair<std::string, columns::Batch>> batches;
  std::vector<std::pair<int, columns::Batch>> side;
  std::vector<std::string> finished;

 private:
  columns::BufferPool* pool_;
};

class KeepingOutput final : public flow::Output {
 public:
  explicit KeepingOutput(columns::BufferPool& pool) : pool_(&pool) { credit_ = true; }
  void Emit(int, columns::Batch batch) override { batches.push_back(std::move(batch)); }
  columns::BufferPool& pool() override { return *pool_; }
  std::vector<columns::Batch> batches;

 private:
  columns::BufferPool* pool_;
};

}  // namespace thalweg::connectors
