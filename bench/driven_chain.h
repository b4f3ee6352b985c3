// DrivenChain: a job's operators as one chain of the runtime on the calling thread, fed by hand in batches of the caller's size
// under virtual time. Nothing else runs: what is counted is the chain and its operators.
//
//   StreamExecutionEnvironment env;
//   HandFed<Bid>(env).Map(ToEuros).KeyBy(&Bid::auction).Window(Tumbling({.size = 1s})).Aggregate(Count()).SinkTo(CountRows<int64_t>(rows));
//   DrivenChain chain(env);
//   chain.Rows(std::move(batch));
//   chain.Watermark(1000);
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/thalweg.h"
#include "columns/object_writer.h"
#include "metrics/registry.h"
#include "runtime/chain.h"
#include "runtime/task.h"
#include "runtime/task_waker.h"
#include "state/hashmap_backend.h"
#include "types/key_group.h"

namespace thalweg::bench {

/// A stream whose rows a DrivenChain is given.
template <typename T>
DataStream<T> HandFed(StreamExecutionEnvironment& env) {
  return env.FromSource(api::Source<T>{.kind = "hand-fed", .name = "hand-fed"});
}

/// A sink that calls `on_batch(const columns::Batch&)`, on the task's thread.
template <typename F>
class BatchSink final : public flow::Operator {
 public:
  explicit BatchSink(F on_batch) : on_batch_(std::move(on_batch)) {}
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    columns::Batch batch = rows.TakeAll();
    on_batch_(batch);
    return flow::Progress::kDone;
  }

 private:
  F on_batch_;
};
template <typename T, typename F>
api::Sink<T> SinkOf(F on_batch) {
  return {.kind = "bench", .name = "bench", .make = operators::FactoryOf<BatchSink<F>>(std::move(on_batch))};
}
/// Counts into `rows`, which outlives the job; one subtask.
template <typename T>
api::Sink<T> CountRows(int64_t& rows) {
  return SinkOf<T>([&rows](const columns::Batch& batch) { rows += batch.rows(); });
}

/// One thread. The program is a line: a HandFed source, operators, a sink; keyed operators follow their key-by without an exchange.
class DrivenChain {
 public:
  using MakeBackend =
      std::function<Result<std::unique_ptr<state::KeyedBackend>>(state::KeyGroupRange groups, time::Clock& clock)>;

  /// Errors end the process: a benchmark cannot go on. `make_backend`: null, in memory.
  explicit DrivenChain(StreamExecutionEnvironment& env, const MakeBackend& make_backend = nullptr)
      : DrivenChain(env.graph().Build("bench", 1).value(), make_backend) {}
  DrivenChain(const flow::Program& program, const MakeBackend& make_backend) {
    flow::Registry registry;
    for (const graph::Node& node : program.graph.nodes)
      if (node.role != graph::NodeRole::kSource) AddMember(node, program, registry, make_backend);
    for (size_t i = 0; i < members_.size(); ++i) {
      members_[i].ports.resize(1);
      if (i + 1 < members_.size()) members_[i].ports[0].chained.push_back(static_cast<int>(i) + 1);
    }
    runtime::Chain::Events events;
    events.on_watermark = [this](int member, int64_t watermark) {
      contexts_[static_cast<size_t>(member)]->set_watermark(watermark);
    };
    chain_ = std::make_unique<runtime::Chain>(std::move(members_), std::move(events), pool_);
    Check(chain_->Open());
  }
  ~DrivenChain() { chain_->Close(); }

  void Rows(columns::Batch batch) {
    Check(chain_->Deliver(0, std::move(batch)));
    WorkOff();
  }
  /// Event time, ms. Fires what is due, to its end.
  void Watermark(int64_t time) {
    Check(chain_->Deliver(0, flow::Watermark{time}));
    WorkOff();
  }
  columns::BufferPool& pool() { return pool_; }
  time::ManualClock& clock() { return clock_; }

 private:
  static void Check(const Status& status) { THALWEG_CHECK(status.ok(), "{}", status.ToString()); }
  static constexpr int kMaxParallelism = types::kDefaultMaxParallelism;

  void AddMember(const graph::Node& node, const flow::Program& program, const flow::Registry& registry,
                 const MakeBackend& make_backend) {
    std::unique_ptr<state::KeyedBackend> keyed;
    state::KeyGroupRange groups{0, kMaxParallelism - 1};
    if (node.keyed)
      keyed =
          make_backend ? make_backend(groups, clock_).value() : state::MakeHashMapBackend({.groups = groups}, clock_);
    flow::TaskName name{
        .job = "bench", .operator_name = node.name, .uid = node.uid, .max_parallelism = kMaxParallelism};
    runtime::TaskContext::World world;
    world.clock = &clock_;
    world.pool = &pool_;
    world.metrics = metrics_.get();
    world.seed = node.id;
    contexts_.push_back(std::make_unique<runtime::TaskContext>(std::move(name), world, waker_, std::move(keyed),
                                                               [](const std::string&, uint64_t) {}));
    runtime::ChainMember member;
    member.name = node.name;
    member.uid = node.uid;
    member.op = registry.MakeOperator(node, program.functions).value();
    member.context = contexts_.back().get();
    members_.push_back(std::move(member));
  }
  void WorkOff() {
    while (chain_->pending()) {
      THALWEG_CHECK(!chain_->blocked(), "a driven chain has nobody who would wake it");
      Check(chain_->Resume());
    }
  }

  time::ManualClock clock_;
  columns::BufferPool pool_;
  metrics::Registry registry_;
  std::unique_ptr<metrics::Group> metrics_ = registry_.Open(metrics::ScopeKind::kOperator, {});
  std::shared_ptr<runtime::TaskWaker> waker_ = std::make_shared<runtime::TaskWaker>();
  std::vector<std::unique_ptr<runtime::TaskContext>> contexts_;
  std::vector<runtime::ChainMember> members_;
  std::unique_ptr<runtime::Chain> chain_;
};

/// Batches of `batch_rows` rows each that are made once and handed out in turn, as often as wanted: a source that costs next to nothing.
/// Row `i` of `rows` is `row_of(i)`, its event time `time_of(i)` (kNoTime: none). `rows` must be a multiple of `batch_rows`.
template <typename T>
class BatchCycle {
 public:
  template <typename RowOf, typename TimeOf>
  BatchCycle(columns::BufferPool& pool, int32_t rows, int32_t batch_rows, RowOf row_of, TimeOf time_of) : pool_(&pool) {
    columns::ObjectWriter<T> writer(pool, batch_rows);
    for (int32_t i = 0; i < rows; ++i) {
      writer.Append(row_of(i), time_of(i));
      if (writer.full()) batches_.push_back(writer.Take());
    }
  }
  template <typename RowOf>
  BatchCycle(columns::BufferPool& pool, int32_t rows, int32_t batch_rows, RowOf row_of)
      : BatchCycle(pool, rows, batch_rows, std::move(row_of), [](int32_t) { return columns::kNoTime; }) {}

  columns::Batch Next() {
    columns::Batch batch = batches_[next_].Share(*pool_);
    if (++next_ == batches_.size()) next_ = 0;
    return batch;
  }

 private:
  columns::BufferPool* pool_;
  std::vector<columns::Batch> batches_;
  size_t next_ = 0;
};

}  // namespace thalweg::bench
