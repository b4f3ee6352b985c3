#include "runtime/job.h"

#include <latch>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using graph::Partitioning;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

/// read -(partitioning)-> collect
TestJob ExchangeJob(Partitioning partitioning, int from, int to, const Numbers& numbers) {
  TestJob test;
  test.cores = 2;
  uint32_t read = test.Source("read", numbers, from);
  uint32_t collect = test.Collect("collect", to);
  test.graph.Join(read, collect, partitioning);
  return test;
}

std::map<int, int64_t> RowsBySubtask(const TestJob& test) {
  std::map<int, int64_t> rows;
  for (const Ledger::Arrival& arrival : test.ledger->arrivals("collect")) ++rows[arrival.subtask];
  return rows;
}

// --- Rows.

TEST(Job, CountsTheSameAtEveryParallelismOnAnyNumberOfCores) {
  Numbers numbers;
  for (int parallelism : {1, 3, 7}) {
    for (int cores : {1, 2, 3}) {
      TestJob test = CountingJob(numbers);
      test.parallelism = parallelism;
      test.cores = cores;
      ExpectFinished(test);
      EXPECT_EQ(test.ledger->arrivals("collect").size(), 17u) << "each key's count is emitted once";
      EXPECT_EQ(test.ledger->greatest("collect"), numbers.Counts()) << parallelism << " on " << cores;
      EXPECT_EQ(test.ledger->number("late at count"), 0);
    }
  }
}

TEST(Job, HopsThroughBytesChangeNothing) {
  Numbers numbers;
  TestJob test = CountingJob(numbers);
  test.parallelism = 3;
  test.cores = 2;
  test.serialize_hops = true;
  ExpectFinished(test);
  EXPECT_EQ(test.ledger->greatest("collect"), numbers.Counts());
}

TEST(Job, ReportsWhatItRead) {
  Numbers numbers;
  TestJob test = CountingJob(numbers);
  test.parallelism = 2;
  RunningJob job(test);
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_EQ(job.job().progress().rows_in, 4000u);
  EXPECT_EQ(job.job().progress().rows_out, 17u);
  EXPECT_EQ(job.job().progress().watermark, time::kMaxWatermark);
  EXPECT_EQ(job.job().progress().restarts, 0);
}

TEST(Job, EveryExchangeDeliversEachRowOnceButBroadcastToAll) {
  Numbers numbers;
  for (Partitioning partitioning : {Partitioning::kKeyed, Partitioning::kRebalance, Partitioning::kRescale,
                                    Partitioning::kGlobal, Partitioning::kCustom, Partitioning::kBroadcast}) {
    for (bool serialize : {false, true}) {
      TestJob test = ExchangeJob(partitioning, 2, 3, numbers);
      test.serialize_hops = serialize;
      test.functions.partitioners["read/collect"] = [](const columns::Batch& batch, int parallelism,
                                                       int32_t* subtasks) {
        for (int32_t i = 0; i < batch.rows(); ++i)
          subtasks[i] = static_cast<int32_t>(RowAt(batch, i).value % parallelism);
      };
      ExpectFinished(test);
      std::vector<TestRow> expected = numbers.All();
      if (partitioning == Partitioning::kBroadcast) {
        for (size_t i = 0, n = expected.size(); i < 2 * n; ++i) expected.push_back(expected[i % n]);
        std::sort(expected.begin(), expected.end());
      }
      EXPECT_EQ(test.ledger->rows("collect"), expected) << graph::PartitioningName(partitioning);
    }
  }
}

TEST(Job, AKeyedEdgeSendsAKeyToTheOwnerOfItsKeyGroup) {
  TestJob test = ExchangeJob(Partitioning::kKeyed, 2, 3, {});
  ExpectFinished(test);
  for (const Ledger::Arrival& arrival : test.ledger->arrivals("collect")) {
    int32_t group = types::KeyGroupOf(columns::KeyCodec<int64_t>::Hash(arrival.row.key), 64);
    EXPECT_EQ(arrival.subtask, types::SubtaskOf(group, 64, 3));
  }
}

TEST(Job, RebalanceSpreadsEvenly) {
  TestJob test = ExchangeJob(Partitioning::kRebalance, 2, 4, {});
  ExpectFinished(test);
  EXPECT_EQ(RowsBySubtask(test), (std::map<int, int64_t>{{0, 1000}, {1, 1000}, {2, 1000}, {3, 1000}}));
}

TEST(Job, RescaleKeepsRowsInTheGroupOfTheirSender) {
  // Splits 0 and 2 are read by subtask 0, whose group are the receivers 0 and 1.
  TestJob test = ExchangeJob(Partitioning::kRescale, 2, 4, {});
  ExpectFinished(test);
  for (const Ledger::Arrival& arrival : test.ledger->arrivals("collect"))
    EXPECT_EQ(arrival.subtask / 2, arrival.row.value % 2) << arrival.row.value;
}

TEST(Job, AGlobalEdgeSendsAllToTheFirstSubtask) {
  TestJob test = ExchangeJob(Partitioning::kGlobal, 2, 3, {});
  ExpectFinished(test);
  EXPECT_EQ(RowsBySubtask(test), (std::map<int, int64_t>{{0, 4000}}));
}

TEST(Job, ACustomEdgeObeysItsFunction) {
  TestJob test = ExchangeJob(Partitioning::kCustom, 2, 3, {});
  test.functions.partitioners["read/collect"] = [](const columns::Batch& batch, int parallelism, int32_t* subtasks) {
    for (int32_t i = 0; i < batch.rows(); ++i)
      subtasks[i] = static_cast<int32_t>(RowAt(batch, i).value / 7 % parallelism);
  };
  ExpectFinished(test);
  for (const Ledger::Arrival& arrival : test.ledger->arrivals("collect"))
    EXPECT_EQ(arrival.subtask, arrival.row.value / 7 % 3);
}

TEST(Job, OneSenderAndOneReceiverKeepTheOrderOfASplit) {
  Numbers numbers;
  numbers.splits = 1;
  TestJob test = ExchangeJob(Partitioning::kRebalance, 1, 1, numbers);
  ExpectFinished(test);
  std::vector<int64_t> values;
  for (const Ledger::Arrival& arrival : test.ledger->arrivals("collect")) values.push_back(arrival.row.value);
  ASSERT_EQ(values.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
}

TEST(Job, SideOutputsGoTheirOwnWay) {
  Numbers numbers;
  for (Partitioning partitioning : {Partitioning::kForward, Partitioning::kRebalance}) {
    TestJob test;
    test.parallelism = 2;
    test.cores = 2;
    uint32_t read = test.Source("read", numbers);
    uint32_t pass = test.Pass("pass", {.odd_to_side = true});
    uint32_t even = test.Collect("even");
    uint32_t odd = test.Collect("odd");
    test.graph.Join(read, pass);
    test.graph.Join(pass, even, partitioning);
    test.graph.Join(pass, odd, partitioning, 1);
    ExpectFinished(test);
    std::vector<TestRow> evens, odds;
    for (const TestRow& row : numbers.All()) (row.value % 2 ? odds : evens).push_back(row);
    EXPECT_EQ(test.ledger->rows("even"), evens);
    EXPECT_EQ(test.ledger->rows("odd"), odds);
  }
}

TEST(Job, ASideOutputThatNobodyReadsIsDroppedAndCounted) {
  Numbers numbers;
  TestJob test;
  uint32_t read = test.Source("read", numbers);
  uint32_t pass = test.Pass("pass", {.odd_to_side = true});
  uint32_t even = test.Collect("even");
  test.graph.Join(read, pass);
  test.graph.Join(pass, even);
  // The operator's metrics are gone with its task: the last value is taken while a split waits.
  int64_t dropped = 0;
  std::atomic<bool> seen{false};
  numbers.gate = [&seen](int, int split, int64_t at) { return split != 0 || at != 999 || seen; };
  test.functions.sources["read"] = [numbers](const graph::Node&) -> Result<std::shared_ptr<flow::Source>> {
    return std::shared_ptr<flow::Source>(std::make_shared<NumbersSource>(numbers));
  };
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] {
    for (const metrics::Sample& sample : job.Metrics("side_output.port-1.numRecordsDropped"))
      if (sample.variables->at("operator_name") == "pass") dropped = std::get<int64_t>(sample.value);
    return dropped == 2000;
  })) << dropped;
  seen = true;
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_EQ(test.ledger->rows("even").size(), 2000u);
}

TEST(Job, TwoInputsAreToldApartAndEndOnceEach) {
  Numbers left, right;
  right.rows_per_split = 300;
  TestJob test;
  test.parallelism = 2;
  test.cores = 2;
  uint32_t from_left = test.Source("left", left);
  uint32_t from_right = test.Source("right", right);
  uint32_t both = test.Pass("both", {.mark_input = true}, 2);
  uint32_t collect = test.Collect("collect");
  test.graph.Join(from_left, both, Partitioning::kRebalance);
  test.graph.Join(from_right, both, Partitioning::kKeyed, 0, 1);
  test.graph.Join(both, collect);
  ExpectFinished(test);
  std::vector<TestRow> expected = left.All();
  for (TestRow row : right.All()) expected.push_back({row.key, row.value + 1'000'000, row.time});
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(test.ledger->rows("collect"), expected);
  for (const char* end :
       {"end of input 0 at both/0", "end of input 0 at both/1", "end of input 1 at both/0", "end of input 1 at both/1"})
    EXPECT_EQ(test.ledger->number(end), 1) << end;
}

TEST(Job, WhoWatchesItsInputsIsToldOfTheWatermarkOfEach) {
  Numbers left, right;
  left.bounded = false;
  right.splits = 2;
  TestJob test;
  test.parallelism = 2;
  test.cores = 2;
  const uint32_t from_left = test.Source("left", left), from_right = test.Source("right", right);
  const uint32_t both = test.Pass("both", {}, 2);
  test.graph.Join(from_left, both, Partitioning::kRebalance);
  test.graph.Join(from_right, both, Partitioning::kKeyed, 0, 1);
  test.graph.Join(both, test.Collect("collect"));
  RunningJob job(test);
  for (const char* told : {"watermark of input 0 at both/0", "watermark of input 0 at both/1",
                           "last watermark of input 1 at both/0", "last watermark of input 1 at both/1"})
    EXPECT_TRUE(Eventually([&] { return test.ledger->number(told) > 0; })) << told;
  job.job().Stop();
  ASSERT_TRUE(job.Wait().ok());
  for (const char* never : {"last watermark of input 0 at both/0", "no rise of input 0 at both/0",
                            "no rise of input 1 at both/1", "late for its input at both"})
    EXPECT_EQ(test.ledger->number(never), 0) << never;
}

TEST(Job, FanOutFromOneSourceGivesAllRowsToEachReader) {
  Numbers numbers;
  TestJob test;
  test.parallelism = 2;
  uint32_t read = test.Source("read", numbers);
  uint32_t chained = test.Collect("chained");
  uint32_t apart = test.Collect("apart", 3);
  test.graph.Join(read, chained);
  test.graph.Join(read, apart, Partitioning::kRebalance);
  ExpectFinished(test);
  EXPECT_EQ(test.ledger->rows("chained"), numbers.All());
  EXPECT_EQ(test.ledger->rows("apart"), numbers.All());
}

TEST(Job, ASlowReaderHoldsItsWriterBackAndLosesNothing) {
  Numbers numbers;
  numbers.rows_per_split = 5000;
  numbers.batch_rows = 3;
  TestJob test;
  test.parallelism = 3;
  test.cores = 2;
  uint32_t read = test.Source("read", numbers);
  uint32_t pass = test.Pass("pass", {.step = 1});
  uint32_t collect = test.Collect("collect", 1);
  test.graph.Join(read, pass, Partitioning::kRebalance);
  test.graph.Join(pass, collect, Partitioning::kGlobal);
  ExpectFinished(test);
  EXPECT_EQ(test.ledger->rows("collect"), numbers.All());
}

/// "operator value" for each operator that has the metric; of one subtask each.
std::vector<std::string> ByOperator(RunningJob& job, const std::string& name) {
  std::vector<std::string> values;
  for (const metrics::Sample& sample : job.Metrics(name))
    values.push_back(fmt::format("{} {}", sample.variables->at("operator_name"), std::get<int64_t>(sample.value)));
  return values;
}

TEST(Job, EveryOperatorCountsItsRowsUnderFlinksNames) {
  Numbers numbers;
  TestJob test = CountingJob(numbers);
  RunningJob job(test);
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_THAT(ByOperator(job, "numRecordsOut"),
              UnorderedElementsAre("read 4000", "pass 4000", "count 17", "collect 0"));
  EXPECT_THAT(ByOperator(job, "numRecordsIn"), UnorderedElementsAre("pass 4000", "count 4000", "collect 17"));
  const int64_t end = time::kMaxWatermark;
  EXPECT_THAT(
      ByOperator(job, "currentInputWatermark"),
      UnorderedElementsAre(fmt::format("pass {}", end), fmt::format("count {}", end), fmt::format("collect {}", end)));
  EXPECT_THAT(job.Metrics("numRecordsOutPerSecond"), ::testing::SizeIs(4));
}

// --- Event time.

TEST(Job, SubtasksWithoutASplitDoNotHoldTheWatermarkBack) {
  Numbers numbers;
  numbers.splits = 2;
  numbers.bounded = false;
  TestJob test = ExchangeJob(Partitioning::kRebalance, 5, 3, numbers);
  RunningJob job(test);
  // The last rows are at 9990 and 9991; a watermark lies one below the least of the splits.
  EXPECT_TRUE(Eventually([&] { return job.job().progress().watermark == 9989; })) << job.job().progress().watermark;
  EXPECT_EQ(test.ledger->number("late at collect"), 0);
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, JobEnd::kStopped);
}

TEST(Job, TheWatermarkWaitsForTheSlowestSplit) {
  auto open = std::make_shared<std::atomic<bool>>(false);
  Numbers numbers;
  numbers.gate = [open](int, int split, int64_t position) { return split != 1 || position < 100 || *open; };
  TestJob test = ExchangeJob(Partitioning::kRebalance, 3, 2, numbers);
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return test.ledger->arrivals("collect").size() == 3100; }));
  EXPECT_TRUE(Eventually([&] { return job.job().progress().watermark == 990; })) << job.job().progress().watermark;
  *open = true;
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_EQ(test.ledger->rows("collect"), numbers.All());
  EXPECT_EQ(test.ledger->number("late at collect"), 0);
  EXPECT_EQ(job.job().progress().watermark, time::kMaxWatermark);
}

TEST(Job, AQuietSplitIsIdleAfterItsTimeoutAndLetsTheOthersGoOn) {
  Numbers numbers;
  numbers.splits = 2;
  numbers.bounded = false;
  numbers.gate = [](int, int split, int64_t position) { return split != 0 || position < 10; };
  TestJob test = ExchangeJob(Partitioning::kRebalance, 2, 2, numbers);
  test.functions.pipelines["read"].idle_timeout_ms = 1;
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.job().progress().watermark == 9990; })) << job.job().progress().watermark;
}

/// Asks for a timer a millisecond ahead, again and again.
struct Ticking final : flow::Operator {
  explicit Ticking(SharedLedger shared) : ledger(std::move(shared)) {}
  Status Open(flow::Context& to) override {
    context = &to;
    context->RequestTimer(context->clock().NowMs() + 1);
    return {};
  }
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }
  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output&) override {
    ledger->Add("ticks of " + MemberName(context->task()));
    context->RequestTimer(now_ms + 1);
    return flow::Progress::kDone;
  }
  SharedLedger ledger;
  flow::Context* context = nullptr;
};

TEST(Job, TimersFireThoughNothingElseMoves) {
  Numbers numbers;
  numbers.bounded = false;
  numbers.rows_per_split = 0;
  TestJob test;
  test.cores = 2;
  uint32_t read = test.Source("read", numbers, 1);
  test.Function<Ticking>("tick");
  uint32_t tick = test.graph.Sink("tick", 2);
  test.graph.Join(read, tick, Partitioning::kRebalance);
  RunningJob job(test);
  EXPECT_TRUE(Eventually(
      [&] { return test.ledger->number("ticks of tick/0") > 20 && test.ledger->number("ticks of tick/1") > 20; }));
}

// --- Failures.

TEST(Job, AnExceptionOfUserCodeEndsAJobWithoutRestarts) {
  TestJob test = CountingJob({}, std::make_shared<Ledger>(), [](const flow::TaskName&, const TestRow& row) {
    if (row.value == 1234) throw std::range_error("no such page");
  });
  test.parallelism = 2;
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kUser);
  EXPECT_EQ(end.status().message(), "Operator 'count': std::range_error thrown by user code: no such page");
}

TEST(Job, AnExceptionOfATimestampAssignerNamesTheSource) {
  TestJob test = CountingJob({});
  test.functions.pipelines["read"].assign_times = [](columns::Batch&, columns::BufferPool&) {
    throw std::runtime_error("no clock");
  };
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().message(), "Operator 'read': std::runtime_error thrown by user code: no clock");
}

TEST(Job, ThrowingAgainAndAgainUsesUpTheRestarts) {
  TestJob test = CountingJob({}, std::make_shared<Ledger>(),
                             [](const flow::TaskName&, const TestRow&) { throw std::runtime_error("always"); });
  test.restarts = 2;
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(job.job().progress().restarts, 2);
  EXPECT_THAT(end.status().message(), HasSubstr("Not restarted (fixed delay"));
  EXPECT_THAT(end.status().message(), HasSubstr("std::runtime_error thrown by user code: always"));
}

TEST(Job, WithoutCheckpointsARestartBeginsAfresh) {
  Numbers numbers;
  TestJob test = CountingJob(numbers, std::make_shared<Ledger>(), [](const flow::TaskName& task, const TestRow& row) {
    if (task.attempt == 0 && row.value == 3000) throw std::runtime_error("once");
  });
  test.restarts = 1;
  test.parallelism = 3;
  test.cores = 2;
  ExpectFinished(test);
  EXPECT_EQ(test.ledger->greatest("collect"), numbers.Counts());
}

TEST(Job, ADiscoveryThatFailsNamesTheSource) {
  Numbers numbers;
  numbers.on_discover = []() -> Status { return ExternalError("Broker does not answer: {}", "localhost:1"); };
  TestJob test = CountingJob(numbers);
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kExternal);
  EXPECT_EQ(end.status().message(), "Source 'read': Broker does not answer: localhost:1");
}

TEST(Job, ADiscoveryThatFailsOnceIsTriedAgain) {
  Numbers numbers;
  auto tries = std::make_shared<std::atomic<int>>(0);
  numbers.on_discover = [tries]() -> Status { return tries->fetch_add(1) == 0 ? ExternalError("Not yet") : Status(); };
  TestJob test = CountingJob(numbers);
  test.restarts = 1;
  ExpectFinished(test);
  EXPECT_EQ(test.ledger->greatest("collect"), numbers.Counts());
}

TEST(Job, StoppedWhileADiscoveryWaitsForTheWorldItDoesNotWaitForIt) {
  Numbers numbers;
  std::latch asked(1), cancelled(1);
  numbers.on_discover = [&]() -> Status {
    asked.count_down();
    cancelled.wait();
    return ExternalError("Cancelled");
  };
  numbers.on_cancel = [&] { cancelled.count_down(); };
  TestJob test = CountingJob(numbers);
  RunningJob job(test);
  asked.wait();
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, JobEnd::kStopped);
}

TEST(Job, AnUnknownKindEndsTheJobBeforeItStarts) {
  TestJob test = CountingJob({});
  test.functions.operators.erase("pass");
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr("Unknown operator kind 'pass'"));
}

}  // namespace
}  // namespace thalweg::runtime
