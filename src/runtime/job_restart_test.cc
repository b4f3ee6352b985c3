// Jobs that fail and start again, by the strategies that configuration names, and what stops them in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"
#include "time/clock.h"

namespace thalweg::runtime {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

LedgerOperator::Hook ThrowsAlways() {
  return [](const flow::TaskName&, const TestRow&) { throw std::runtime_error("always"); };
}

/// The pauses that the job told, in ms.
std::vector<int64_t> Pauses(const RunningJob& job) {
  constexpr std::string_view kTold = "Failed, restarting in ";
  std::vector<int64_t> pauses;
  for (const std::string& line : job.log())
    if (line.starts_with(kTold)) pauses.push_back(std::stoll(line.substr(kTold.size())));
  return pauses;
}

/// read -> collect, one task.
TestJob OneTaskJob(Numbers numbers, LedgerOperator::Hook hook) {
  TestJob test;
  const uint32_t read = test.Source("read", std::move(numbers), 1);
  test.graph.Join(read, test.Collect("collect", 1, std::move(hook)));
  return test;
}

std::map<std::string, std::string> ExponentialDelayKeys() {
  return {{"restart-strategy.type", "exponential-delay"},
          {"restart-strategy.exponential-delay.initial-backoff", "10 ms"},
          {"restart-strategy.exponential-delay.max-backoff", "25 ms"},
          {"restart-strategy.exponential-delay.backoff-multiplier", "2.0"},
          {"restart-strategy.exponential-delay.jitter-factor", "0"},
          {"restart-strategy.exponential-delay.reset-backoff-threshold", "1 h"}};
}
constexpr const char* kAttempts = "restart-strategy.exponential-delay.attempts-before-reset-backoff";
constexpr int64_t kHour = 3'600'000;

TEST(JobRestart, ExponentialDelayGrowsToItsMaximumUntilTheAttemptsAreUsed) {
  TestJob test = OneTaskJob({}, ThrowsAlways());
  test.restart_keys = ExponentialDelayKeys();
  test.restart_keys[kAttempts] = "4";
  RunningJob job(test);
  const auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(),
              StartsWith("Not restarted (exponential delay, last 25 ms, 4 of 4 attempts used): "));
  EXPECT_THAT(end.status().message(), EndsWith("std::runtime_error thrown by user code: always"));
  EXPECT_THAT(Pauses(job), ElementsAre(10, 20, 25, 25));
  EXPECT_EQ(job.job().progress().restarts, 4);
}

// Attempt 2 fails after an hour: pause and attempts begin anew, so that it is no failure too many.
TEST(JobRestart, ExponentialDelayBeginsAnewWhenAnAttemptRanForTheThreshold) {
  time::ManualClock clock(1'700'000'000'000);
  TestJob test = OneTaskJob({}, [&clock](const flow::TaskName& task, const TestRow&) {
    if (task.attempt == 2) clock.Advance(kHour);
    throw std::runtime_error("always");
  });
  test.clock = &clock;
  test.restart_keys = ExponentialDelayKeys();
  test.restart_keys[kAttempts] = "2";
  RunningJob job(test);
  const std::vector<int64_t> expected = {10, 20, 10, 20};
  for (size_t failures = 1; failures <= expected.size(); ++failures) {
    ASSERT_TRUE(Eventually([&] { return Pauses(job).size() == failures; })) << job.LogText();
    clock.Advance(expected[failures - 1]);
  }
  const auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr("2 of 2 attempts used"));
  EXPECT_EQ(Pauses(job), expected);
  EXPECT_EQ(job.job().progress().restarts, 4);
}

// A millisecond less, and the third failure is the last.
TEST(JobRestart, ExponentialDelayGoesOnWhenAnAttemptRanForLessThanTheThreshold) {
  time::ManualClock clock(1'700'000'000'000);
  TestJob test = OneTaskJob({}, [&clock](const flow::TaskName& task, const TestRow&) {
    if (task.attempt == 2) clock.Advance(kHour - 1);
    throw std::runtime_error("always");
  });
  test.clock = &clock;
  test.restart_keys = ExponentialDelayKeys();
  test.restart_keys[kAttempts] = "2";
  RunningJob job(test);
  for (size_t failures = 1; failures <= 2; ++failures) {
    ASSERT_TRUE(Eventually([&] { return Pauses(job).size() == failures; })) << job.LogText();
    clock.Advance(failures * 10);
  }
  ASSERT_FALSE(job.Wait().ok());
  EXPECT_THAT(Pauses(job), ElementsAre(10, 20));
}

TEST(JobRestart, ExponentialDelayIsTheDefaultAndTheJobGoesOnFromItsCheckpoint) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  Numbers numbers;
  numbers.gate = HoldForCheckpointAt(ledger, 200, 4);
  TestJob test = CountingJob(numbers, ledger, [](const flow::TaskName& task, const TestRow& row) {
    if (task.attempt < 2 && row.value == 1000) throw std::runtime_error("twice");
  });
  test.directory = folder.uri();
  test.interval_ms = 5;
  test.restart_keys = ExponentialDelayKeys();
  test.restart_keys.erase("restart-strategy.type");
  RunningJob job(test);
  const auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_THAT(Pauses(job), ElementsAre(10, 20));
  EXPECT_THAT(job.LogText(), HasSubstr("Restored checkpoint "));
  EXPECT_EQ(ledger->greatest("collect"), numbers.Counts());
}

// --- Stopped in the wait.

/// Fails at a row that comes late in the first attempt, and would wait an hour.
TestJob WaitingJob() {
  TestJob test = OneTaskJob({}, [](const flow::TaskName&, const TestRow& row) {
    if (row.value == 3000) throw std::runtime_error("no such page");
  });
  test.restarts = 1;
  test.restart_delay_ms = kHour;
  return test;
}

TEST(JobRestart, StoppedInTheWaitTheJobHasFailedAndSaysWhy) {
  RunningJob job(WaitingJob());
  ASSERT_TRUE(Eventually([&] { return Pauses(job).size() == 1; }));
  job.job().Stop();
  const auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kUser);
  EXPECT_EQ(end.status().message(),
            "Stopped while it waited for a restart, without a last checkpoint (they are off: it can only start "
            "afresh); it had "
            "failed: Operator 'collect': std::runtime_error thrown by user code: no such page");
}

TEST(JobRestart, InTheWaitTheRowsOfTheFailedAttemptAreStillCounted) {
  RunningJob job(WaitingJob());
  ASSERT_TRUE(Eventually([&] { return Pauses(job).size() == 1; }));
  job.job().Stop();
  ASSERT_FALSE(job.Wait().ok());
  EXPECT_GE(job.job().progress().rows_in, 2000u);
  EXPECT_LT(job.job().progress().rows_in, 4000u);
  EXPECT_EQ(job.job().progress().restarts, 0);
}

TEST(JobRestart, RowsAreCountedOverAllAttempts) {
  TestJob test = OneTaskJob({}, [](const flow::TaskName& task, const TestRow& row) {
    if (task.attempt == 0 && row.value == 3000) throw std::runtime_error("once");
  });
  test.restarts = 1;
  RunningJob job(test);
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_GE(job.job().progress().rows_in, 6000u);
  EXPECT_EQ(std::get<int64_t>(job.Metrics("numRestarts").at(0).value), 1);
}

TEST(JobRestart, StoppedInTheWaitTheJobNamesTheCheckpointItGoesOnFrom) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  Numbers numbers;
  numbers.gate = HoldForCheckpointAt(ledger, 200, 4);
  auto fails = std::make_shared<std::atomic<bool>>(true);
  TestJob test = CountingJob(numbers, ledger, [fails](const flow::TaskName&, const TestRow& row) {
    if (*fails && row.value == 1000) throw std::runtime_error("killed");
  });
  test.directory = folder.uri();
  test.interval_ms = 5;
  test.restarts = 1;
  test.restart_delay_ms = kHour;
  for (const bool restored : {false, true}) {
    test.restore = restored;
    if (restored) test.interval_ms = 0;
    RunningJob job(test);
    ASSERT_TRUE(Eventually([&] { return Pauses(job).size() == 1; }));
    job.job().Stop();
    const auto end = job.Wait();
    ASSERT_FALSE(end.ok());
    EXPECT_THAT(
        end.status().message(),
        ContainsRegex(restored
                          ? "\\(the newest is still [0-9]+, which it began with\\); it had failed: "
                          : "\\(the newest is [0-9]+: --from-checkpoint latest goes on from it\\); it had failed: "));
  }
  *fails = false;
  test.interval_ms = 5;
  RunningJob job(test);
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_EQ(ledger->greatest("collect"), numbers.Counts());
}

TEST(JobRestart, CancelledInTheWaitTheJobEndsWell) {
  RunningJob job(WaitingJob());
  ASSERT_TRUE(Eventually([&] { return Pauses(job).size() == 1; }));
  job.job().Cancel();
  const auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, JobEnd::kStopped);
}

}  // namespace
}  // namespace thalweg::runtime
