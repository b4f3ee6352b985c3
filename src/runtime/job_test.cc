#include "runtime/job.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using graph::Partitioning;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// read -> pass -(keyed)-> count -> collect
TestJob CountingJob(Numbers numbers, SharedLedger ledger = std::make_shared<Ledger>(),
                    LedgerOperator::Hook hook = nullptr) {
  TestJob test(std::move(ledger));
  uint32_t read = test.Source("read", std::move(numbers));
  uint32_t pass = test.Pass("pass");
  uint32_t count = test.Count("count", std::move(hook));
  uint32_t collect = test.Collect("collect");
  test.graph.Join(read, pass);
  test.graph.Join(pass, count, Partitioning::kKeyed);
  test.graph.Join(count, collect);
  return test;
}

void ExpectFinished(const TestJob& test) {
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString() << "\n" << job.LogText();
  EXPECT_EQ(*end, JobEnd::kFinished);
}

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

TEST(Job, AnUnknownKindEndsTheJobBeforeItStarts) {
  TestJob test = CountingJob({});
  test.functions.operators.erase("pass");
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr("Unknown operator kind 'pass'"));
}

TEST(Job, StoppedWhileItWaitsForARestartItEnds) {
  TestJob test = CountingJob({}, std::make_shared<Ledger>(),
                             [](const flow::TaskName&, const TestRow&) { throw std::runtime_error("always"); });
  test.restarts = 1;
  test.restart_delay_ms = 3'600'000;
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.LogText().find("restarting in") != std::string::npos; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(job.job().progress().restarts, 0) << "an hour is not over";
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, JobEnd::kStopped);
}

// --- Checkpoints.

/// Throws once, in the first attempt, at the first value >= `from` that it meets.
LedgerOperator::Hook ThrowOnceFrom(int64_t from) {
  auto thrown = std::make_shared<std::atomic<bool>>(false);
  return [thrown, from](const flow::TaskName&, const TestRow& row) {
    if (row.value >= from && !thrown->exchange(true)) throw std::runtime_error("killed");
  };
}

TEST(Job, CountsOnceThroughAFailureAfterACheckpoint) {
  for (int parallelism : {1, 3}) {
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    Numbers numbers;
    numbers.gate = HoldForCheckpointAt(ledger, 400, 4);
    TestJob test = CountingJob(numbers, ledger, ThrowOnceFrom(2400));
    test.parallelism = parallelism;
    test.cores = 2;
    test.directory = folder.uri();
    test.interval_ms = 5;
    test.restarts = 1;
    RunningJob job(test);
    auto end = job.Wait();
    ASSERT_TRUE(end.ok()) << end.status().ToString();
    EXPECT_EQ(*end, JobEnd::kFinished);
    EXPECT_EQ(job.job().progress().restarts, 1);
    EXPECT_THAT(job.LogText(), HasSubstr("Restored checkpoint"));
    for (int split = 0; split < 4; ++split)
      EXPECT_GE(ledger->number(fmt::format("start of {} in attempt 1", split)), 400)
          << "what was counted is not read again";
    EXPECT_EQ(ledger->greatest("collect"), numbers.Counts());
    EXPECT_EQ(ledger->number("late at count"), 0);
  }
}

TEST(Job, RowsThatCameWhileASnapshotWasSavedAreNotInIt) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  Numbers numbers;
  numbers.keys = 2000;
  numbers.rows_per_split = 3000;
  numbers.gate = HoldForCheckpointAt(ledger, 2000);
  TestJob test = CountingJob(numbers, ledger, ThrowOnceFrom(11'000));
  test.piecemeal = true;
  test.parallelism = 2;
  test.directory = folder.uri();
  test.interval_ms = 2;
  test.restarts = 1;
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_THAT(job.LogText(), HasSubstr("Restored checkpoint"));
  EXPECT_EQ(ledger->greatest("collect"), numbers.Counts());
}

TEST(Job, MetricsTellHowItsCheckpointsWent) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  Numbers numbers;
  numbers.gate = [](int, int, int64_t position) { return position < 400; };
  TestJob test = CountingJob(numbers, ledger);
  test.directory = folder.uri();
  test.interval_ms = 2;
  RunningJob job(test);
  EXPECT_TRUE(
      Eventually([&] { return job.job().progress().rows_in == 1600 && job.job().progress().checkpoints >= 2; }));
  job.job().Stop();
  ASSERT_TRUE(job.Wait().ok());
  const auto gauge = [&](const char* name) { return std::get<int64_t>(job.Metrics(name).at(0).value); };
  const auto completed = static_cast<int64_t>(job.job().progress().checkpoints);
  EXPECT_EQ(gauge("numberOfCompletedCheckpoints"), completed);
  EXPECT_EQ(gauge("totalNumberOfCheckpoints"), completed);
  EXPECT_EQ(gauge("lastCompletedCheckpointId"), completed);
  EXPECT_EQ(gauge("numberOfFailedCheckpoints"), 0);
  EXPECT_EQ(gauge("numberOfInProgressCheckpoints"), 0);
  EXPECT_GT(gauge("lastCheckpointSize"), 0);
  uint64_t pauses = 0;
  for (const metrics::Sample& sample : job.Metrics("checkpointPauseNanos"))
    pauses += std::get<metrics::HistogramSnapshot>(sample.value).count;
  EXPECT_GE(pauses, static_cast<uint64_t>(completed));
}

TEST(Job, CountsOnceWhenATaskFailsAfterSomeSourcesHaveEnded) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  Numbers numbers;
  numbers.splits = 3;
  // Split 0 goes on alone when the others have ended, and waits for a checkpoint without them.
  auto hold = HoldForCheckpointAt(ledger, 999);
  numbers.gate = [hold](int attempt, int split, int64_t position) {
    return split != 0 || hold(attempt, split, position);
  };
  TestJob test = CountingJob(numbers, ledger, [ledger](const flow::TaskName&, const TestRow& row) {
    if (row.value == 999 * 3 && ledger->Add("met") == 1) throw std::runtime_error("killed");
  });
  test.parallelism = 3;
  test.cores = 3;
  test.directory = folder.uri();
  test.interval_ms = 5;
  test.restarts = 1;
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().restarts, 1);
  EXPECT_EQ(ledger->greatest("collect"), numbers.Counts());
  EXPECT_EQ(ledger->number("start of 0 in attempt 1"), 999);
}

/// Runs `test`, which is killed once: restarted in the same job, or restored by a new one at another parallelism.
void RunThroughKill(TestJob test, int parallelism_after) {
  if (parallelism_after == test.parallelism) {
    test.restarts = 1;
  } else {
    RunningJob killed(test);
    ASSERT_FALSE(killed.Wait().ok());
    test.restore = true;
    test.parallelism = parallelism_after;
  }
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString() << "\n" << job.LogText();
  EXPECT_THAT(job.LogText(), HasSubstr("Restored checkpoint"));
}

TEST(Job, OperatorsThatHadEndedDoNotEmitAgainAfterARestore) {
  for (int parallelism_after : {2, 3, 1}) {
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    TestJob test(ledger);
    Numbers brief, lasting;
    lasting.gate = [ledger, hold = HoldForCheckpointAt(ledger, 400)](int attempt, int split, int64_t at) {
      return at != 400 || (ledger->arrivals("totals").size() >= 17 && hold(attempt, split, at));
    };
    uint32_t from_brief = test.Source("brief", brief);
    uint32_t count = test.Count("count");
    uint32_t totals = test.Collect("totals");
    uint32_t from_lasting = test.Source("lasting", lasting);
    uint32_t both = test.Pass("both", {}, 2, ThrowOnceFrom(2400));
    uint32_t rest = test.Collect("rest");
    test.graph.Join(from_brief, count, Partitioning::kKeyed);
    test.graph.Join(count, totals);
    test.graph.Join(from_lasting, both, Partitioning::kRebalance);
    test.graph.Join(count, both, Partitioning::kRebalance, 1, 1);
    test.graph.Join(both, rest);
    test.parallelism = 2;
    test.cores = 2;
    test.directory = folder.uri();
    test.interval_ms = 5;
    RunThroughKill(test, parallelism_after);
    EXPECT_EQ(ledger->arrivals("totals").size(), 17u) << "at parallelism " << parallelism_after;
    EXPECT_EQ(ledger->greatest("totals"), brief.Counts());
    std::vector<TestRow> rows = ledger->rows("rest");
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    EXPECT_EQ(rows, lasting.All());
  }
}

TEST(Job, ASubtaskThatHadEndedDoesNotEmitAgainAfterARestore) {
  for (int parallelism_after : {2, 3, 1}) {
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    Numbers numbers;
    numbers.splits = 2;
    // Split 0 stops until split 1 has ended with its subtask's tail.
    numbers.gate = [ledger, hold = HoldForCheckpointAt(ledger, 400)](int attempt, int split, int64_t at) {
      return split != 0 || at != 400 || (!ledger->arrivals("collect").empty() && hold(attempt, split, at));
    };
    TestJob test(ledger);
    uint32_t read = test.Source("read", numbers);
    uint32_t tail = test.Tail("tail", [ledger](const flow::TaskName&, const TestRow& row) {
      if (row.value == 1200 && ledger->Add("met") == 1) throw std::runtime_error("killed");
    });
    uint32_t collect = test.Collect("collect");
    test.graph.Join(read, tail);
    test.graph.Join(tail, collect);
    test.parallelism = 2;
    test.cores = 2;
    test.directory = folder.uri();
    test.interval_ms = 5;
    RunThroughKill(test, parallelism_after);
    int64_t sum = 0;
    for (const TestRow& row : ledger->rows("collect")) sum += row.value;
    EXPECT_EQ(sum, 2000) << "at parallelism " << parallelism_after;
  }
}

TEST(Job, ABoundedJobEndsWithACheckpointThatReachesEveryOperator) {
  io::TemporaryFolder folder;
  Numbers numbers;
  TestJob test = CountingJob(numbers);
  test.parallelism = 3;
  test.cores = 2;
  test.directory = folder.uri();
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().checkpoints, 1u);
  auto completed = test.ledger->completed_by();
  for (const char* uid : {"read", "pass", "count", "collect"})
    for (int subtask = 0; subtask < 3; ++subtask)
      EXPECT_EQ(completed[fmt::format("{}/{}", uid, subtask)], std::set<uint64_t>{1}) << uid << " " << subtask;
}

TEST(Job, WithoutADirectoryABoundedJobStillTellsItsOperatorsToCommit) {
  TestJob test = CountingJob({});
  test.parallelism = 2;
  ExpectFinished(test);
  auto completed = test.ledger->completed_by();
  for (const char* name : {"read/0", "read/1", "pass/0", "pass/1", "count/0", "count/1", "collect/0", "collect/1"})
    EXPECT_EQ(completed[name].size(), 1u) << name;
}

/// A counting job over `directory` whose splits stop at `position` for good, unless it is < 0.
TestJob StageOf(const io::TemporaryFolder& folder, SharedLedger ledger, int64_t position, int parallelism) {
  Numbers numbers;
  if (position >= 0) numbers.gate = [position](int, int, int64_t at) { return at < position; };
  TestJob test = CountingJob(numbers, std::move(ledger));
  test.parallelism = parallelism;
  test.cores = 2;
  test.directory = folder.uri();
  test.restore = true;
  return test;
}

void StopWhenRead(const TestJob& test, uint64_t rows) {
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.job().progress().rows_in == rows; })) << job.job().progress().rows_in;
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString() << job.LogText();
  EXPECT_EQ(*end, JobEnd::kStopped);
  EXPECT_EQ(job.job().progress().checkpoints, 1u) << job.LogText();
}

TEST(Job, StoppedInMidRunItGoesOnAtAnyParallelism) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 1), 800);
  StopWhenRead(StageOf(folder, ledger, 400, 3), 800);
  StopWhenRead(StageOf(folder, ledger, 700, 7), 1200);
  EXPECT_TRUE(ledger->arrivals("collect").empty()) << "a stop fires nothing";
  ExpectFinished(StageOf(folder, ledger, -1, 2));
  EXPECT_EQ(ledger->arrivals("collect").size(), 17u);
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

TEST(Job, AStopWhoseCheckpointCannotBeTakenEndsTheJobAndSaysWhy) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  TestJob test = StageOf(folder, ledger, 200, 2);
  test.restore = false;
  test.restarts = 5;
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.job().progress().rows_in == 800; }));
  std::ofstream(folder.path() + "/job") << "in the way";
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kExternal);
  EXPECT_THAT(end.status().message(), HasSubstr("Stopped without a last checkpoint (there is none): "));
  EXPECT_THAT(end.status().message(), HasSubstr(folder.path() + "/job"));
  EXPECT_TRUE(ledger->arrivals("collect").empty());
}

TEST(Job, StoppedWithoutADirectoryItEndsAndFiresNothing) {
  Numbers numbers;
  numbers.gate = [](int, int, int64_t at) { return at < 500; };
  TestJob test = CountingJob(numbers);
  test.parallelism = 3;
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.job().progress().rows_in == 2000; }));
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, JobEnd::kStopped);
  EXPECT_TRUE(test.ledger->arrivals("collect").empty());
}

TEST(Job, RestoredAfterItsEndItHasNothingLeftToRead) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  ExpectFinished(StageOf(folder, ledger, -1, 2));
  TestJob again = StageOf(folder, ledger, -1, 3);
  RunningJob job(again);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().rows_in, 0u);
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

/// Turns a bit in the middle of the newest manifest.
uint64_t DamageNewest(const io::TemporaryFolder& folder) {
  uint64_t newest = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() + "/job")) {
    std::string name = entry.path().filename();
    if (name.starts_with("chk-")) newest = std::max<uint64_t>(newest, std::stoull(name.substr(4)));
  }
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(fmt::format("{}/job/chk-{}", folder.path(), newest))) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    auto middle = static_cast<std::streamoff>(entry.file_size() / 2);
    file.seekg(middle);
    char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(middle);
    file.put(byte);
  }
  return newest;
}

TEST(Job, ADamagedNewestCheckpointFallsBackToTheOneBeforeAndSaysSo) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
  StopWhenRead(StageOf(folder, ledger, 400, 2), 800);
  uint64_t damaged = DamageNewest(folder);
  EXPECT_GT(damaged, 1u);
  TestJob last = StageOf(folder, ledger, -1, 3);
  RunningJob job(last);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().rows_in, 3200u) << "from position 200 on";
  EXPECT_THAT(job.LogText(), HasSubstr(fmt::format("{}", damaged)));
  EXPECT_THAT(job.LogText(), HasSubstr(fmt::format("Restored checkpoint {}", damaged - 1)));
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

TEST(Job, OldCheckpointsInTheFolderAreNotRestoredUnlessAskedFor) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
  TestJob fresh = StageOf(folder, ledger, -1, 2);
  fresh.restore = false;
  RunningJob job(fresh);
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_EQ(job.job().progress().rows_in, 4000u);
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

std::vector<uint64_t> CheckpointsIn(const io::TemporaryFolder& folder) {
  checkpoint::StoreOptions options;
  options.run = "look";
  checkpoint::CheckpointStore store(io::OpenStorage(folder.uri()).value(), io::OpenMetaStore(folder.uri()).value(),
                                    options);
  return store.List("job").value();
}

TEST(Job, AFreshStartKeepsTheCheckpointsOfEarlierRunsAndSaysSo) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
  TestJob fresh = StageOf(folder, ledger, -1, 2);
  fresh.restore = false;
  fresh.retained = 1;
  for (int earlier : {1, 2}) {
    RunningJob job(fresh);
    ASSERT_TRUE(job.Wait().ok()) << job.LogText();
    EXPECT_EQ(CheckpointsIn(folder).size(), static_cast<size_t>(earlier) + 1);
    EXPECT_THAT(job.LogText(), HasSubstr(fmt::format("Starting afresh; {} checkpoint", earlier)));
  }
  EXPECT_THAT(CheckpointsIn(folder), ElementsAre(1u, 2u, 3u));
}

TEST(Job, ARestoredCheckpointGoesOnlyIfItIsClaimed) {
  for (bool claim : {false, true}) {
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
    StopWhenRead(StageOf(folder, ledger, 400, 2), 800);
    TestJob last = StageOf(folder, ledger, -1, 2);
    last.retained = 1;
    last.claim = claim;
    RunningJob job(last);
    ASSERT_TRUE(job.Wait().ok()) << job.LogText();
    EXPECT_THAT(job.LogText(), Not(HasSubstr("Starting afresh")));
    if (claim)
      EXPECT_THAT(CheckpointsIn(folder), ElementsAre(1u, 3u));
    else
      EXPECT_THAT(CheckpointsIn(folder), ElementsAre(1u, 2u, 3u));
  }
}

TEST(Job, FencedByAnotherCoordinatorItEndsThoughRestartsAreLeft) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  TestJob slow = StageOf(folder, ledger, 200, 1);
  slow.restore = false;
  slow.restarts = 5;
  RunningJob first(slow);
  ASSERT_TRUE(Eventually([&] { return first.job().progress().rows_in == 800; }));
  TestJob other = StageOf(folder, std::make_shared<Ledger>(), -1, 1);
  other.restore = false;
  RunningJob second(other);
  ASSERT_TRUE(second.Wait().ok()) << second.LogText();
  first.job().Stop();
  auto end = first.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr("Another coordinator runs job 'job'"));
  EXPECT_EQ(first.job().progress().restarts, 0) << first.LogText();
}

/// Passes no rows on, throws when it is closed; at the first row, too, if it is to fail before.
class BadCloser final : public LedgerOperator {
 public:
  BadCloser(SharedLedger ledger, bool fails) : LedgerOperator(std::move(ledger)), fails_(fails) {}
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    if (fails_) return UserError("no rows, please");
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }
  void Close() override {
    ledger_->Add("closed");
    throw std::runtime_error("cannot close");
  }

 private:
  bool fails_;
};

TEST(Job, AnOperatorThatDoesNotCloseFailsAJobThatHadEndedAndIsLoggedOtherwise) {
  for (bool fails : {false, true}) {
    TestJob test;
    test.restarts = fails ? 0 : 5;
    uint32_t read = test.Source("read", Numbers());
    test.Function<BadCloser>("closer", fails);
    test.graph.Join(read, test.graph.Sink("closer", 1));
    RunningJob job(test);
    auto end = job.Wait();
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(test.ledger->number("closed"), 1);
    const std::string& told = fails ? job.LogText() : end.status().message();
    for (const char* part : {"did not close", "std::runtime_error", "cannot close", "closer"})
      EXPECT_THAT(told, HasSubstr(part));
    if (fails) EXPECT_THAT(end.status().message(), HasSubstr("no rows, please"));
  }
}

TEST(Job, StateOfAnOperatorThatIsNoMoreIsRefusedByName) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 1), 800);
  TestJob test(ledger);
  test.directory = folder.uri();
  test.restore = true;
  uint32_t read = test.Source("read", {});
  uint32_t collect = test.Collect("collect");
  test.graph.Join(read, collect);
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kUser);
  EXPECT_THAT(end.status().message(), HasSubstr("count"));
}

TEST(Job, AnUnwritableCheckpointFolderFailsTheJobWithThePath) {
  io::TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "in the way";
  TestJob test = CountingJob({});
  test.directory = folder.uri() + "/file/below";
  test.interval_ms = 5;
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr(folder.path() + "/file"));
}

// --- Stress: whatever is killed whenever, the counts are right.

// What a sanitizer build may take of the whole test time; an optimised build does all rounds.
constexpr auto kStressLimit = std::chrono::seconds(6);

// 4,000 numbers through a count, with what the process is said to hold.
TestJob Watched(const std::shared_ptr<std::atomic<int64_t>>& resident, std::function<bool(int, int, int64_t)> gate) {
  constexpr int64_t kMiB = int64_t{1} << 20;
  TestJob test;
  Numbers numbers;
  numbers.gate = std::move(gate);
  uint32_t read = test.Source("read", numbers);
  uint32_t count = test.Count("count");
  uint32_t collect = test.Collect("collect");
  test.graph.Join(read, count, graph::Partitioning::kKeyed);
  test.graph.Join(count, collect);
  test.memory_limit = 100 * kMiB;
  test.resident_bytes = [resident] { return resident->load() * kMiB; };
  return test;
}

TEST(Job, NearTheMemoryLimitSourcesStandStillAndThenGoOn) {
  auto resident = std::make_shared<std::atomic<int64_t>>(92);
  auto stopped = std::make_shared<std::atomic<bool>>(false);
  RunningJob job(Watched(resident, [stopped](int, int, int64_t at) { return at < 500 || *stopped; }));
  ASSERT_TRUE(Eventually([&] { return job.LogText().find("Sources stand still") != std::string::npos; }));
  EXPECT_THAT(job.LogText(), HasSubstr("92 MiB of 100 MiB in use"));
  *stopped = true;  // the gates are open, and nothing comes through
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(job.job().progress().rows_in, 4u * 501u);
  *resident = 50;
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_THAT(job.LogText(), HasSubstr("Sources go on"));
  EXPECT_EQ(job.job().progress().rows_in, 4000u);
}

TEST(Job, AtTheMemoryLimitItFailsAndSaysWhatTakesTheMemory) {
  auto resident = std::make_shared<std::atomic<int64_t>>(50);
  RunningJob job(Watched(resident, [](int, int, int64_t at) { return at < 500; }));
  ASSERT_TRUE(Eventually([&] { return job.job().progress().rows_in >= 2000u; }));
  *resident = 96;
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr("Memory limit reached: 96 MiB of 100 MiB in use"));
  EXPECT_THAT(end.status().message(), HasSubstr("state of 'count"));
  EXPECT_THAT(end.status().message(), HasSubstr("taskmanager.memory.process.size"));
}

TEST(Job, CountsOnceWhateverIsKilledWhenever) {
  auto started = std::chrono::steady_clock::now();
  int rounds = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    if (std::chrono::steady_clock::now() - started > kStressLimit) break;
    Random random(seed);
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    Numbers numbers;
    numbers.splits = 1 + static_cast<int>(random.Below(5));
    numbers.rows_per_split = 200 + static_cast<int64_t>(random.Below(600));
    numbers.batch_rows = 1 + static_cast<int32_t>(random.Below(40));
    numbers.keys = 1 + static_cast<int64_t>(random.Below(40));
    if (random.Below(2)) numbers.gate = HoldForCheckpointAt(ledger, static_cast<int64_t>(random.Below(200)));
    numbers.on_discover = [pause = random.Below(4)]() -> Status {
      std::this_thread::sleep_for(std::chrono::milliseconds(pause));  // splits come while checkpoints are taken
      return {};
    };
    auto kill_at = static_cast<int64_t>(random.Below(static_cast<uint64_t>(numbers.splits * numbers.rows_per_split)));
    TestJob test = CountingJob(numbers, ledger, ThrowOnceFrom(kill_at));
    test.parallelism = 1 + static_cast<int>(random.Below(5));
    test.cores = 1 + static_cast<int>(random.Below(3));
    test.serialize_hops = random.Below(4) == 0;
    test.piecemeal = random.Below(2) == 0;
    test.directory = folder.uri();
    test.interval_ms = 1 + static_cast<int64_t>(random.Below(4));
    bool as_new_job = random.Below(2);
    if (as_new_job) {
      RunningJob killed(test);
      ASSERT_FALSE(killed.Wait().ok()) << "seed " << seed;
      test.restore = true;
      test.parallelism = 1 + static_cast<int>(random.Below(5));
      test.cores = 1 + static_cast<int>(random.Below(3));
    } else {
      test.restarts = 1;
    }
    RunningJob job(test);
    auto end = job.Wait();
    ASSERT_TRUE(end.ok()) << "seed " << seed << ": " << end.status().ToString();
    ASSERT_EQ(ledger->greatest("collect"), numbers.Counts()) << "seed " << seed << "\n" << job.LogText();
    ASSERT_EQ(job.job().progress().restarts, as_new_job ? 0 : 1) << "seed " << seed;
    ASSERT_EQ(ledger->number("late at count"), 0) << "seed " << seed;
    ++rounds;
  }
  EXPECT_GT(rounds, 0);
  RecordProperty("rounds", rounds);
}

}  // namespace
}  // namespace thalweg::runtime
