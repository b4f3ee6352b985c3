// Checkpoints of whole jobs: what is counted through failures, what has ended, and what operators are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using graph::Partitioning;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace thalweg::runtime
