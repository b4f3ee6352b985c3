// Cost of a row through group-aggregate, without the runtime around it: batches of 1024 rows, keys uniform at random over `keys`, which
// are all there before the clock starts. Per row: look up the group, COUNT(*) and SUM(v), the result before and after, one +U row. With
// `fold` rows a bundle: one +U row for all of a group's rows in it.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "columns/builder.h"
#include "graph/aggregate_spec.h"
#include "graph/mini_batch.h"
#include "operators/group_aggregate.h"
#include "testing/subtask_context.h"

namespace thalweg::operators {
namespace {

using types::DataType;
using types::TypeId;

class GroupOutput final : public flow::Output {
 public:
  explicit GroupOutput(columns::BufferPool& pool) : pool_(pool) {}
  void Emit(int, columns::Batch batch) override { rows += batch.rows(); }
  columns::BufferPool& pool() override { return pool_; }
  int64_t rows = 0;

 private:
  columns::BufferPool& pool_;
};

graph::AggregateCall BenchCall(std::string function, std::vector<int> arguments) {
  graph::AggregateCall call;
  call.function = std::move(function);
  call.arguments = std::move(arguments);
  call.type = DataType(TypeId::kBigInt, !call.arguments.empty());
  return call;
}

std::unique_ptr<flow::Operator> MakeBenchGroup(bool update_before, int64_t fold) {
  graph::GroupAggregateSpec spec;
  spec.input = types::Schema({{"k", DataType(TypeId::kBigInt)}, {"v", DataType(TypeId::kBigInt)}});
  spec.keys = {0};
  spec.calls = {BenchCall("COUNT", {}), BenchCall("SUM", {1})};
  spec.generate_update_before = update_before;
  graph::Node node;
  node.payload = Encode(spec);
  if (fold > 0) graph::SetMiniBatch(node, {.rows = fold, .latency_ms = 1});
  return std::move(MakeGroupAggregate(node)).value();
}

columns::Batch GroupRows(Random& random, int64_t keys, int64_t first, columns::BufferPool& pool) {
  columns::ColumnBuilder k(DataType(TypeId::kBigInt), pool), v(DataType(TypeId::kBigInt), pool);
  for (int32_t i = 0; i < columns::kBatchRows; ++i) {
    k.Append(first >= 0 ? (first + i) % keys : static_cast<int64_t>(random.Next() % static_cast<uint64_t>(keys)));
    v.Append(int64_t{i});
  }
  columns::Batch batch(pool, columns::kBatchRows);
  batch.AddColumn(k.Take());
  batch.AddColumn(v.Take());
  return batch;
}

void CountAndSum(benchmark::State& run) {
  testing::SubtaskContext context({.max_parallelism = 1024});
  columns::BufferPool& pool = context.pool();
  GroupOutput out(pool);
  Random random(7);
  const int64_t keys = run.range(0);
  std::unique_ptr<flow::Operator> group = MakeBenchGroup(run.range(1) != 0, run.range(2));
  if (!group->Open(context).ok()) return run.SkipWithError("open");
  for (int64_t key = 0; key < keys; key += columns::kBatchRows) {
    flow::Rows rows(GroupRows(random, keys, key, pool));
    if (!group->Process(0, rows, out).ok()) return run.SkipWithError("process");
  }
  int64_t total = 0;
  std::vector<columns::Batch> batches;
  for (int i = 0; i < 256; ++i) batches.push_back(GroupRows(random, keys, -1, pool));
  for (size_t i = 0; run.KeepRunning(); ++i) {
    flow::Rows rows(batches[i % batches.size()].Share(pool));
    benchmark::DoNotOptimize(group->Process(0, rows, out));
    total += columns::kBatchRows;
  }
  run.SetItemsProcessed(total);
}
BENCHMARK(CountAndSum)
    ->ArgNames({"keys", "update_before", "fold"})
    ->Args({1000, 0, 0})
    ->Args({1000, 1, 0})
    ->Args({1'000'000, 0, 0})
    ->Args({1'000'000, 1, 0})
    ->Args({100, 0, 0})
    ->Args({100, 0, 5000})
    ->Args({1000, 0, 5000})
    ->Args({1000, 1, 5000})
    ->Args({1'000'000, 0, 5000});

}  // namespace
}  // namespace thalweg::operators
