// Cost of a row through a join, a rank and a deduplication, without the runtime around them: batches of 1024 rows of (key BIGINT, value
// BIGINT), keys uniform at random, state in memory.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "columns/builder.h"
#include "expr/functions.h"
#include "flow/program.h"
#include "graph/join_spec.h"
#include "graph/rank_spec.h"
#include "operators/deduplicate.h"
#include "operators/join.h"
#include "operators/rank.h"
#include "testing/subtask_context.h"

namespace thalweg::operators {
namespace {

class CountingSink final : public flow::Output {
 public:
  explicit CountingSink(columns::BufferPool& pool) : pool_(pool) {}
  void Emit(int, columns::Batch batch) override { rows_ += batch.rows(); }
  columns::BufferPool& pool() override { return pool_; }
  int64_t rows() const { return rows_; }

 private:
  columns::BufferPool& pool_;
  int64_t rows_ = 0;
};

types::Schema PairSchema() {
  const types::DataType number(types::TypeId::kBigInt);
  return types::Schema({{"k", number}, {"v", number}});
}

/// One operator and its world.
class RelationRun {
 public:
  RelationRun(const flow::OperatorFactory& make, std::string payload) : sink_(pool_) {
    graph::Node node;
    node.payload = std::move(payload);
    op_ = make(node).value();
    if (!op_->Open(context_).ok()) std::abort();
  }
  void Feed(int input, uint64_t keys, uint64_t values) {
    columns::BatchBuilder builder(PairSchema(), pool_);
    for (int32_t i = 0; i < columns::kBatchRows; ++i) {
      builder.column(0).Append(static_cast<int64_t>(random_.Below(keys)));
      builder.column(1).Append(static_cast<int64_t>(random_.Below(values)));
      builder.FinishRow();
    }
    flow::Rows rows(builder.Take());
    while (op_->Process(input, rows, sink_).value() != flow::Progress::kDone) {
    }
  }
  int64_t rows_out() const { return sink_.rows(); }

 private:
  testing::SubtaskContext context_{{.max_parallelism = 1024}};
  columns::BufferPool& pool_ = context_.pool();
  CountingSink sink_;
  std::unique_ptr<flow::Operator> op_;
  Random random_{1};
};

void Measure(benchmark::State& state, RelationRun& run, int inputs, uint64_t values) {
  const auto keys = static_cast<uint64_t>(state.range(0));
  for (uint64_t fed = 0; fed < keys; fed += columns::kBatchRows) run.Feed(inputs - 1, keys, values);
  int input = 0;
  for (auto _ : state) run.Feed(input++ % inputs, keys, values);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * columns::kBatchRows);
  state.counters["out_per_row"] = static_cast<double>(run.rows_out()) / static_cast<double>(state.items_processed());
}

graph::JoinSpec PairJoin(bool unique) {
  graph::JoinSpec spec;
  spec.sides.left = spec.sides.right = PairSchema();
  spec.sides.left_keys = spec.sides.right_keys = {0};
  if (unique) spec.left_unique_key = spec.right_unique_key = {0};
  return spec;
}

void JoinByUniqueKeys(benchmark::State& state) {
  RelationRun run(MakeJoin, Encode(PairJoin(true)));
  Measure(state, run, 2, 1'000'000);
}
BENCHMARK(JoinByUniqueKeys)->Arg(1'000)->Arg(100'000);

void JoinByUniqueKeysWithCondition(benchmark::State& state) {
  graph::JoinSpec spec = PairJoin(true);
  const types::DataType number(types::TypeId::kBigInt);
  spec.sides.condition =
      expr::Resolve("<", {expr::Expression::Input(1, number), expr::Expression::Input(3, number)}).value();
  RelationRun run(MakeJoin, Encode(spec));
  Measure(state, run, 2, 1'000'000);
}
BENCHMARK(JoinByUniqueKeysWithCondition)->Arg(1'000)->Arg(100'000);

/// Few different rows, so that state stays small.
void JoinOfCountedRows(benchmark::State& state) {
  RelationRun run(MakeJoin, Encode(PairJoin(false)));
  for (int i = 0; i < 8; ++i) run.Feed(0, static_cast<uint64_t>(state.range(0)), 4);
  const auto keys = static_cast<uint64_t>(state.range(0));
  for (auto _ : state) run.Feed(1, keys * 1000, 4);  // most rows have no match
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * columns::kBatchRows);
}
BENCHMARK(JoinOfCountedRows)->Arg(1'000)->Iterations(1000);

void RankOfAppends(benchmark::State& state) {
  graph::RankSpec spec;
  spec.input = PairSchema();
  spec.partition = {0};
  spec.order = {{.column = 1}};
  spec.to = state.range(1);
  RelationRun run(MakeRank, Encode(spec));
  Measure(state, run, 1, 1'000'000'000);
}
BENCHMARK(RankOfAppends)->Args({1'000, 1})->Args({1'000, 10})->Args({100'000, 10});

void DeduplicateLast(benchmark::State& state) {
  graph::DeduplicateSpec spec;
  spec.input = PairSchema();
  spec.keys = {0};
  spec.keep_last = true;
  RelationRun run(MakeDeduplicate, Encode(spec));
  Measure(state, run, 1, 1'000'000'000);
}
BENCHMARK(DeduplicateLast)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace thalweg::operators
