#include "runtime/watermark_alignment.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/object_writer.h"
#include "io/temporary_folder.h"
#include "runtime/source_operator.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::pair<int, int64_t>> Announced(WatermarkAlignment& alignment, int64_t now_ms) {
  std::vector<std::pair<int, int64_t>> announced;
  for (const auto& each : alignment.OnTime(now_ms)) announced.emplace_back(each.task, each.limit);
  return announced;
}

TEST(WatermarkAlignment, TheLimitIsTheLeastOfTheGroupAndTheDrift) {
  WatermarkAlignment alignment;
  alignment.Add(3, {"g", 100, 10}, 0);
  alignment.Add(4, {"g", 100, 10}, 0);
  alignment.Add(5, {"other", 1, 10}, 0);
  EXPECT_EQ(alignment.next_ms(), 10);
  alignment.Report(3, 1000);
  EXPECT_THAT(Announced(alignment, 10), IsEmpty()) << "one reader has not reported";
  alignment.Report(4, 500);
  EXPECT_THAT(Announced(alignment, 19), IsEmpty()) << "not before the interval is over";
  EXPECT_THAT(Announced(alignment, 20), ElementsAre(std::pair(3, 600), std::pair(4, 600)));
  EXPECT_THAT(Announced(alignment, 30), IsEmpty()) << "nothing new";
  alignment.Report(4, 700);
  EXPECT_THAT(Announced(alignment, 40), ElementsAre(std::pair(3, 800), std::pair(4, 800)));
}

TEST(WatermarkAlignment, WhoIsIdleOrEndedHoldsNobodyBack) {
  WatermarkAlignment alignment;
  alignment.Add(1, {"g", 100, 10}, 0);
  alignment.Add(2, {"g", 100, 10}, 0);
  alignment.Report(1, 1000);
  alignment.Report(2, time::kMinWatermark);
  EXPECT_THAT(Announced(alignment, 10), ElementsAre(std::pair(1, INT64_MIN + 100), std::pair(2, INT64_MIN + 100)));
  alignment.Report(2, time::kMaxWatermark);
  EXPECT_THAT(Announced(alignment, 20), ElementsAre(std::pair(1, 1100), std::pair(2, 1100)));
  alignment.Report(1, time::kMaxWatermark);
  EXPECT_THAT(Announced(alignment, 30), ElementsAre(std::pair(1, INT64_MAX), std::pair(2, INT64_MAX)));
}

/// Splits with rising times; obeys pauses. One row of each split per Poll.
class PausableReader final : public flow::SourceReader {
 public:
  explicit PausableReader(std::map<std::string, int64_t> steps) : steps_(std::move(steps)) {}
  Status AddSplits(const std::vector<flow::Split>& splits) override {
    for (const flow::Split& split : splits) splits_[split.id] = {0, false};
    return {};
  }
  void NoMoreSplits() override {}
  void PauseSplit(const std::string& id, bool paused) override { splits_.at(id).paused = paused; }
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    for (auto& [id, held] : splits_) {
      if (held.paused) continue;
      columns::ObjectWriter<int64_t> writer(out.pool());
      writer.Append(0, held.time += steps_.at(id));
      out.Emit(id, writer.Take());
    }
    return flow::ReadProgress::kMore;
  }
  std::vector<flow::Split> SnapshotSplits() const override {
    std::vector<flow::Split> splits;
    for (const auto& [id, held] : splits_) splits.push_back({id, std::to_string(held.time)});
    return splits;
  }
  int64_t time(const std::string& id) const { return splits_.at(id).time; }
  bool paused(const std::string& id) const { return splits_.at(id).paused; }

 private:
  struct Held {
    int64_t time = 0;
    bool paused = false;
  };
  std::map<std::string, int64_t> steps_;
  std::map<std::string, Held> splits_;
};

class NoOutput final : public flow::Output {
 public:
  void Emit(int, columns::Batch) override {}
  columns::BufferPool& pool() override { return pool_; }

 private:
  columns::BufferPool pool_;
};

/// A source operator over a pausable reader on a clock that is moved by hand.
struct Aligned {
  time::ManualClock& clock;
  flow::SourcePipeline pipeline;
  TaskContext context;
  NoOutput out;
  PausableReader* reader;
  SourceOperator source;

  Aligned(time::ManualClock& at, std::map<std::string, int64_t> steps, int64_t idle_ms = 0)
      : clock(at),
        pipeline{.make_watermarks = [] { return std::make_unique<time::BoundedOutOfOrderness>(0); },
                 .idle_timeout_ms = idle_ms},
        context({}, {.clock = &at}, nullptr, nullptr, nullptr),
        reader(new PausableReader(steps)),
        source(std::unique_ptr<flow::SourceReader>(reader), &pipeline) {
    EXPECT_TRUE(source.Open(context).ok());
    std::vector<SplitAssignment> splits;
    for (const auto& [id, step] : steps) splits.push_back({{id, ""}, ""});
    EXPECT_TRUE(source.AddSplits(splits).ok());
  }
};

TEST(WatermarkAlignment, SplitsOfOneReaderAndOfSeveralKeepTheDrift) {
  constexpr int64_t kDrift = 100, kStep = 7;
  time::ManualClock clock(0);
  Aligned fast(clock, {{"a", kStep}, {"b", 3}}), slow(clock, {{"c", 1}});
  WatermarkAlignment alignment;
  alignment.Add(0, {"g", kDrift, 5}, clock.NowMs());
  alignment.Add(1, {"g", kDrift, 5}, clock.NowMs());
  bool bounded = false;
  bool paused_a = false, resumed_a = false;
  for (int tick = 0; tick < 3000; ++tick) {
    clock.Advance(1);
    for (Aligned* each : {&fast, &slow}) {
      ASSERT_TRUE(each->source.Poll(each->out).ok());
      alignment.Report(each == &fast ? 0 : 1, each->source.AlignmentWatermark());
    }
    for (const auto& announced : alignment.OnTime(clock.NowMs())) {
      (announced.task == 0 ? fast : slow).source.SetWatermarkLimit(announced.limit);
      bounded = true;
    }
    if (!bounded) continue;
    int64_t least = std::min({fast.reader->time("a"), fast.reader->time("b"), slow.reader->time("c")});
    ASSERT_LE(fast.reader->time("a") - least, kDrift + kStep) << "tick " << tick;
    ASSERT_LE(fast.reader->time("b") - least, kDrift + kStep) << "tick " << tick;
    EXPECT_FALSE(slow.reader->paused("c"));
    resumed_a |= paused_a && !fast.reader->paused("a");
    paused_a |= fast.reader->paused("a");
  }
  EXPECT_TRUE(resumed_a) << "it goes on when the others have caught up";
  EXPECT_EQ(slow.reader->time("c"), 3000);
  EXPECT_GT(fast.reader->time("a"), 3000);
}

TEST(WatermarkAlignment, APausedSplitIsSnapshottedAndIsNotIdle) {
  time::ManualClock clock(0);
  Aligned one(clock, {{"a", 10}}, /*idle_ms=*/50);
  ASSERT_TRUE(one.source.Poll(one.out).ok());
  one.source.SetWatermarkLimit(5);
  EXPECT_TRUE(one.reader->paused("a"));
  for (int look = 0; look < 3; ++look) {  // at the first it had read since the last
    clock.Advance(1000);
    EXPECT_EQ(one.source.CurrentWatermark(), 9);
    EXPECT_FALSE(one.source.idle()) << "it is kept from reading, which is no silence; look " << look;
  }
  EXPECT_EQ(one.source.AlignmentWatermark(), 9);
  state::OperatorSnapshot snapshot;
  one.source.CollectSplits(snapshot);
  EXPECT_EQ(snapshot.splits.size(), 1u);
  one.source.SetWatermarkLimit(9);
  EXPECT_FALSE(one.reader->paused("a"));
  one.source.CurrentWatermark();
  clock.Advance(49);
  one.source.CurrentWatermark();
  EXPECT_FALSE(one.source.idle()) << "its time to be silent begins anew";
  clock.Advance(1);
  one.source.CurrentWatermark();
  EXPECT_TRUE(one.source.idle());
  EXPECT_EQ(one.source.AlignmentWatermark(), time::kMaxWatermark) << "silent: it holds nobody back";
}

TEST(WatermarkAlignment, ASplitThatComesLaterIsPausedLikeTheOthers) {
  time::ManualClock clock(0);
  Aligned one(clock, {{"a", 10}});
  one.source.SetWatermarkLimit(5);
  EXPECT_FALSE(one.reader->paused("a"));
  ASSERT_TRUE(one.source.Poll(one.out).ok());
  EXPECT_TRUE(one.reader->paused("a")) << "at once, not at the next interval";
}

TEST(Job, CheckpointsGoOnWhileSplitsArePausedAndEveryRowComesOnce) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  TestJob test(ledger);
  Numbers ahead, behind;
  // Ahead does not end before it has been paused, behind waits for that and for checkpoints after it.
  ahead.gate = [ledger](int, int, int64_t at) { return at < 200 || ledger->number("pauses") > 0; };
  behind.gate = [ledger, hold = HoldForCheckpointAt(ledger, 100)](int attempt, int split, int64_t at) {
    return at != 100 || (ledger->number("pauses") > 0 && hold(attempt, split, at));
  };
  uint32_t from_ahead = test.Source("ahead", ahead);
  uint32_t from_behind = test.Source("behind", behind);
  for (const char* source : {"ahead", "behind"})
    test.functions.pipelines[source].alignment = flow::WatermarkAlignmentSpec{"g", 50, 1};
  uint32_t both = test.Pass("both", {.mark_input = true}, 2);
  uint32_t collect = test.Collect("collect");
  test.graph.Join(from_ahead, both, graph::Partitioning::kRebalance);
  test.graph.Join(from_behind, both, graph::Partitioning::kRebalance, 0, 1);
  test.graph.Join(both, collect);
  test.parallelism = 2;
  test.cores = 2;
  test.directory = folder.uri();
  test.interval_ms = 5;
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(ledger->arrivals("collect").size(), 8000u);
  EXPECT_GT(ledger->number("pauses"), 0);
}

}  // namespace
}  // namespace thalweg::runtime
