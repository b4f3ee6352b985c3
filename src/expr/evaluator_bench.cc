// Nanoseconds a row of compiled expressions beside the loop one would write by hand.
#include <benchmark/benchmark.h>

#include "columns/builder.h"
#include "expr/evaluator.h"
#include "expr/functions.h"

namespace thalweg::expr {
namespace {

using types::DataType;
using types::TypeId;

constexpr int32_t kRows = columns::kBatchRows;

struct Rows {
  columns::BufferPool pool;
  columns::Batch batch;
  Rows() {
    columns::BatchBuilder rows(
        types::Schema(
            {{"a", DataType(TypeId::kInt)}, {"b", DataType(TypeId::kBigInt)}, {"s", DataType(TypeId::kString)}}),
        pool);
    Random random(1);
    for (int32_t i = 0; i < kRows; ++i) {
      rows.column(0).Append(static_cast<int32_t>(random.Below(1000)));
      rows.column(1).Append(static_cast<int64_t>(random.Below(1'000'000)));
      rows.column(2).AppendString(random.Below(2) ? "channel-one" : "a channel with a longer name");
      rows.FinishRow();
    }
    batch = rows.Take();
  }
};

Expression A() { return Expression::Input(0, DataType(TypeId::kInt)); }
Expression B() { return Expression::Input(1, DataType(TypeId::kBigInt)); }
Expression S() { return Expression::Input(2, DataType(TypeId::kString)); }
Expression Lit(int64_t v) { return Expression::Literal(Value::BigInt(v)); }

void Run(benchmark::State& state, const Expression& expression) {
  Rows rows;
  Evaluator evaluator = *Evaluator::Compile({expression});
  const Context context{.pool = rows.pool};
  for (auto _ : state) benchmark::DoNotOptimize(evaluator.Evaluate(rows.batch, context));
  state.SetItemsProcessed(state.iterations() * kRows);
}

void Filter(benchmark::State& state, const Expression& expression) {
  Rows rows;
  Evaluator evaluator = *Evaluator::Compile({expression});
  const Context context{.pool = rows.pool};
  int32_t selected[kRows];
  for (auto _ : state) benchmark::DoNotOptimize(*evaluator.Select(rows.batch, context, selected));
  state.SetItemsProcessed(state.iterations() * kRows);
}

void Arithmetic(benchmark::State& state) { Run(state, *Resolve("+", {*Resolve("*", {B(), Lit(3)}), Lit(7)})); }
BENCHMARK(Arithmetic);

void ArithmeticByHand(benchmark::State& state) {
  Rows rows;
  for (auto _ : state) {
    columns::BufferRef out = rows.pool.Allocate(sizeof(int64_t) * kRows);
    auto* to = out.mutable_data<int64_t>();
    const auto* b = rows.batch.column(1).data<int64_t>();
    for (int32_t i = 0; i < kRows; ++i) to[i] = b[i] * 3 + 7;
    benchmark::DoNotOptimize(to);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(ArithmeticByHand);

/// a > 100 AND b < 500000: six nodes.
Expression Predicate() {
  return *Resolve("AND",
                  {*Resolve(">", {A(), Expression::Literal(Value::Int(100))}), *Resolve("<", {B(), Lit(500'000)})});
}
void PredicateOfSixNodes(benchmark::State& state) { Filter(state, Predicate()); }
BENCHMARK(PredicateOfSixNodes);

void PredicateByHand(benchmark::State& state) {
  Rows rows;
  int32_t selected[kRows];
  for (auto _ : state) {
    const auto* a = rows.batch.column(0).data<int32_t>();
    const auto* b = rows.batch.column(1).data<int64_t>();
    int32_t n = 0;
    for (int32_t i = 0; i < kRows; ++i) {
      selected[n] = i;
      n += a[i] > 100 && b[i] < 500'000;
    }
    benchmark::DoNotOptimize(n);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(PredicateByHand);

void StringEquality(benchmark::State& state) {
  Filter(state, *Resolve("=", {S(), Expression::Literal(Value::String("channel-one"))}));
}
BENCHMARK(StringEquality);

void StringEqualityByHand(benchmark::State& state) {
  Rows rows;
  int32_t selected[kRows];
  for (auto _ : state) {
    const columns::Column& s = rows.batch.column(2);
    int32_t n = 0;
    for (int32_t i = 0; i < kRows; ++i) {
      selected[n] = i;
      n += s.String(i) == "channel-one";
    }
    benchmark::DoNotOptimize(n);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(StringEqualityByHand);

void LikePrefix(benchmark::State& state) {
  Filter(state, *Resolve("LIKE", {S(), Expression::Literal(Value::String("channel%"))}));
}
BENCHMARK(LikePrefix);

void CastToDouble(benchmark::State& state) { Run(state, *Cast(A(), DataType(TypeId::kDouble))); }
BENCHMARK(CastToDouble);
void CastToText(benchmark::State& state) { Run(state, *Cast(B(), DataType(TypeId::kString))); }
BENCHMARK(CastToText);

}  // namespace
}  // namespace thalweg::expr
