// For tests: a context with real I/O threads and a manual clock, and outputs that keep what they get.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "columns/format.h"
#include "flow/operator.h"
#include "flow/source.h"
#include "io/executor.h"
#include "metrics/registry.h"

namespace thalweg::connectors {

/// Remembers that it was called, for one thread that waits.
class WaitingWaker final : public flow::Waker {
 public:
  void Wake() override {
    std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return std::exchange(woken_, false); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

class TestContext final : public flow::Context {
 public:
  const flow::TaskName& task() const override { return name; }
  time::Clock& clock() override { return manual_clock; }
  Random& random() override { return random_; }
  metrics::Group& metrics() override { return *metrics_; }
  columns::BufferPool& pool() override { return pool_; }
  state::KeyedBackend* keyed_state() override { return nullptr; }
  state::OperatorState& operator_state() override { THALWEG_CHECK(false, "no state here"); }
  int64_t current_watermark() const override { return INT64_MIN; }
  std::shared_ptr<flow::Waker> waker() override { return waker_; }
  void RequestTimer(int64_t at_ms) override { timers.push_back(at_ms); }
  Status RunBlocking(std::function<void()> work) override {
    if (!refuse_work && executor_.Submit(std::move(work))) return {};
    refuse_work = false;
    return ExternalError("I/O threads are busy");
  }
  void SendToCoordinator(std::string) override {}
  WaitingWaker& waiting_waker() { return *waker_; }
  void Drain() { executor_.Drain(); }

  flow::TaskName name;
  time::ManualClock manual_clock;
  std::vector<int64_t> timers;
  bool refuse_work = false;  // once

 private:
  Random random_{1};
  metrics::Registry registry_;
  std::unique_ptr<metrics::Group> metrics_ = registry_.Open(metrics::ScopeKind::kOperator, {});
  columns::BufferPool pool_;
  std::shared_ptr<WaitingWaker> waker_ = std::make_shared<WaitingWaker>();
  io::Executor executor_{{.name = "test", .threads = 2, .queue_jobs = 64}};
};

/// Rows as text, by split and port.
class KeptRows final : public flow::SourceOutput {
 public:
  explicit KeptRows(columns::BufferPool& pool) : pool_(&pool) {}
  void Emit(const std::string& split, columns::Batch batch) override {
    for (int32_t row = 0; row < batch.rows(); ++row) {
      rows.push_back(columns::RowText(batch, row));
      by_split[split].push_back(rows.back());
    }
    batches.push_back(batch.rows());
  }
  void EmitSide(int port, columns::Batch batch) override {
    for (int32_t row = 0; row < batch.rows(); ++row) side[port].push_back(columns::RowText(batch, row));
  }
  void FinishSplit(const std::string& split) override { finished.push_back(split); }
  columns::BufferPool& pool() override { return *pool_; }
  void SetCredit(bool credit) { credit_ = credit; }
  void SetPollRows(int32_t rows) { poll_rows_ = rows; }

  std::vector<std::string> rows;
  std::map<std::string, std::vector<std::string>> by_split;
  std::map<int, std::vector<std::string>> side;
  std::vector<std::string> finished;
  std::vector<int32_t> batches;

 private:
  columns::BufferPool* pool_;
};

/// An operator's output for sinks: nothing may come.
class NoOutput final : public flow::Output {
 public:
  void Emit(int, columns::Batch) override { THALWEG_CHECK(false, "a sink emits nothing"); }
  columns::BufferPool& pool() override { THALWEG_CHECK(false, "a sink emits nothing"); }
};

/// All splits of `source` as given to one subtask.
inline Result<std::vector<flow::Split>> SplitsOf(flow::Source& source) {
  THALWEG_ASSIGN(auto enumerator, source.CreateEnumerator());
  std::vector<flow::EnumeratorAction> actions = enumerator->OnStart(1, {});
  THALWEG_ASSIGN(flow::Discovery discovery, enumerator->Discover());
  for (flow::EnumeratorAction& action : enumerator->OnDiscovery(discovery)) actions.push_back(std::move(action));
  std::vector<flow::Split> splits;
  for (flow::EnumeratorAction& action : actions)
    for (flow::Split& split : action.splits) splits.push_back(std::move(split));
  return splits;
}

/// Polls until the reader is finished or `enough` rows came; waits for the waker when it is idle.
inline Status ReadOn(flow::SourceReader& reader, TestContext& context, KeptRows& out, size_t enough = SIZE_MAX) {
  while (out.rows.size() < enough) {
    THALWEG_ASSIGN(flow::ReadProgress progress, reader.Poll(out));
    if (progress == flow::ReadProgress::kFinished) return {};
    if (progress == flow::ReadProgress::kIdle) context.waiting_waker().Wait();
  }
  return {};
}

/// Reads `splits` of a bounded source to their end.
inline Status ReadAll(flow::Source& source, const std::vector<flow::Split>& splits, TestContext& context,
                      KeptRows& out) {
  THALWEG_ASSIGN(auto reader, source.CreateReader());
  THALWEG_TRY(reader->Open(context));
  THALWEG_TRY(reader->AddSplits(splits));
  reader->NoMoreSplits();
  Status status = ReadOn(*reader, context, out);
  reader->Close();
  return status;
}

}  // namespace thalweg::connectors
