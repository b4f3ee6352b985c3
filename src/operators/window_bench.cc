// Cost of a row through keyBy and a keyed tumbling count, without the runtime around them: batches of 1024 rows, keys uniform at
// random, the watermark at each window's end. `rows_per_key`: in one window; the fewer, the more a pane's birth and firing weigh.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "columns/object_writer.h"
#include "operators/key_by.h"
#include "operators/map.h"
#include "operators/process.h"
#include "operators/window.h"
#include "testing/subtask_context.h"

namespace thalweg::operators {
namespace {

constexpr int64_t kWindowMs = 100'000;

struct View {
  int64_t key = 0;
  int64_t time = 0;
};
THALWEG_RECORD(View, key, time)

struct Count {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& count, const View&) const { ++count; }
  int64_t GetResult(const int64_t& count) const { return count; }
  void Merge(int64_t& into, const int64_t& from) const { into += from; }
};

/// Hands each batch to the next operator, as a chain does; counts what comes out at its end.
class Pipe final : public flow::Output {
 public:
  Pipe(columns::BufferPool& pool, flow::Operator* next, Pipe* after) : pool_(pool), next_(next), after_(after) {}
  void Emit(int, columns::Batch batch) override {
    rows_ += batch.rows();
    if (next_ == nullptr) return;
    flow::Rows rows(std::move(batch));
    while (next_->Process(0, rows, *after_).value() != flow::Progress::kDone) {
    }
  }
  columns::BufferPool& pool() override { return pool_; }
  int64_t rows() const { return rows_; }

 private:
  columns::BufferPool& pool_;
  flow::Operator* next_;
  Pipe* after_;
  int64_t rows_ = 0;
};

/// keyBy and one keyed operator behind it.
class Job {
 public:
  template <typename K, typename F>
  static std::unique_ptr<Job> Make(F key_of, const flow::OperatorFactory& keyed) {
    return std::unique_ptr<Job>(new Job(Key<K>{}, key_of, keyed));
  }
  void Feed(columns::Batch batch) { source_.Emit(0, std::move(batch)); }
  void Watermark(int64_t time) {
    while (keyed_->OnWatermark({time}, sink_).value() != flow::Progress::kDone) {
    }
  }
  columns::BufferPool& pool() { return pool_; }
  int64_t rows_out() const { return sink_.rows(); }

 private:
  template <typename K>
  struct Key {};
  template <typename K, typename F>
  Job(Key<K>, F key_of, const flow::OperatorFactory& keyed)
      : key_by_(std::make_unique<KeyByOperator<View, K, F>>(key_of)), keyed_(keyed({}).value()) {
    if (!key_by_->Open(context_).ok() || !keyed_->Open(context_).ok()) std::abort();
  }
  testing::SubtaskContext context_{{.max_parallelism = 1024}};
  columns::BufferPool& pool_ = context_.pool();
  std::unique_ptr<flow::Operator> key_by_;
  std::unique_ptr<flow::Operator> keyed_;
  Pipe sink_{pool_, nullptr, nullptr};
  Pipe middle_{pool_, keyed_.get(), &sink_};
  Pipe source_{pool_, key_by_.get(), &middle_};
};

/// Rows of uniformly random keys, whose time passes one window per `rows_per_window`.
class Views {
 public:
  Views(int64_t keys, int64_t rows_per_window) : keys_(static_cast<uint64_t>(keys)), per_window_(rows_per_window) {}
  columns::Batch Next(columns::BufferPool& pool) {
    columns::ObjectWriter<View> writer(pool, columns::kBatchRows);
    for (int32_t i = 0; i < columns::kBatchRows; ++i, ++row_) {
      writer.Append({static_cast<int64_t>(random_.Below(keys_)), time()}, time());
    }
    return writer.Take();
  }
  int64_t time() const { return row_ / per_window_ * kWindowMs + row_ % per_window_ * kWindowMs / per_window_; }

 private:
  uint64_t keys_;
  int64_t per_window_;
  int64_t row_ = 0;
  Random random_{1};
};

void Run(benchmark::State& state, Job& job) {
  Views views(state.range(0), state.range(0) * state.range(1));
  int64_t fired = 0;
  auto feed = [&] {
    job.Feed(views.Next(job.pool()));
    int64_t passed = views.time() / kWindowMs * kWindowMs - 1;
    if (passed > fired) job.Watermark(fired = passed);
  };
  while (fired < kWindowMs) feed();  // the first windows find no memory in the pools
  for (auto _ : state) feed();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * columns::kBatchRows);
}

flow::OperatorFactory CountWindow(AssignerPtr assigner) {
  return AggregateWindow<View, int64_t>({.assigner = std::move(assigner)}, Count{});
}

void TumblingCount(benchmark::State& state) {
  auto job =
      Job::Make<int64_t>([](const View& view) { return view.key; }, CountWindow(Tumbling({.size = Millis(kWindowMs)})));
  Run(state, *job);
}
BENCHMARK(TumblingCount)
    ->ArgNames({"keys", "rows_per_key"})
    ->Args({1'000, 100})
    ->Args({100'000, 10})
    ->Args({100'000, 1})
    ->Args({1'000'000, 10});

void TumblingCountByString(benchmark::State& state) {
  auto job = Job::Make<std::string>([](const View& view) { return "page-" + std::to_string(view.key); },
                                    CountWindow(Tumbling({.size = Millis(kWindowMs)})));
  Run(state, *job);
}
BENCHMARK(TumblingCountByString)->ArgNames({"keys", "rows_per_key"})->Args({1'000, 100})->Args({100'000, 10});

void SlidingCount(benchmark::State& state) {
  auto job = Job::Make<int64_t>([](const View& view) { return view.key; },
                                CountWindow(Sliding({.size = Millis(kWindowMs), .slide = Millis(kWindowMs / 5)})));
  Run(state, *job);
}
BENCHMARK(SlidingCount)->ArgNames({"keys", "rows_per_key"})->Args({1'000, 100})->Args({100'000, 10});

void RollingReduce(benchmark::State& state) {
  auto reduce = [](const View& a, const View& b) { return View{b.key, a.time + b.time}; };
  auto job = Job::Make<int64_t>([](const View& view) { return view.key; }, KeyedReduce<View, int64_t>(reduce));
  Run(state, *job);
}
BENCHMARK(RollingReduce)->ArgNames({"keys", "rows_per_key"})->Args({1'000, 100})->Args({100'000, 10});

struct CountEach {
  void Open(RuntimeContext& runtime) {
    count = runtime.GetState(state::ValueStateDescriptor<int64_t>{.name = "count"});
  }
  void ProcessElement(const View&, KeyedContext<int64_t>&, Collector<int64_t>& out) {
    const int64_t* before = count.Value();
    int64_t now = before ? *before + 1 : 1;
    count.Update(now);
    out.Collect(now);
  }
  state::ValueState<int64_t> count;
};

void ProcessCount(benchmark::State& state) {
  auto job =
      Job::Make<int64_t>([](const View& view) { return view.key; }, KeyedProcess<View, int64_t, int64_t>(CountEach{}));
  Run(state, *job);
}
BENCHMARK(ProcessCount)->ArgNames({"keys", "rows_per_key"})->Args({1'000, 100})->Args({100'000, 10});

}  // namespace
}  // namespace thalweg::operators
