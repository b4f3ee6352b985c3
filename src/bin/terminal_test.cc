#include "bin/terminal.h"

#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::bin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'700'000'000'000;  // 2023-11-14 22:13:20

TEST(WithCommas, EveryThreeDigits) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1000), "1,000");
  EXPECT_EQ(WithCommas(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(ShortDuration, HasTwoUnitsAtMost) {
  EXPECT_EQ(ShortDuration(0), "0 ms");
  EXPECT_EQ(ShortDuration(999), "999 ms");
  EXPECT_EQ(ShortDuration(1250), "1.2 s");
  EXPECT_EQ(ShortDuration(59'999), "59.9 s");
  EXPECT_EQ(ShortDuration(200'000), "3 min 20 s");
  EXPECT_EQ(ShortDuration(5 * 3'600'000 + 180'000), "5 h 3 min");
  EXPECT_EQ(ShortDuration(100 * 3'600'000), "4 d 4 h");
}

TEST(WatermarkText, IsATimeOrSaysThatThereIsNone) {
  EXPECT_EQ(WatermarkText(kNow), "2023-11-14 22:13:20");
  EXPECT_EQ(WatermarkText(INT64_MIN), "none");
  EXPECT_EQ(WatermarkText(INT64_MAX), "end");
}

TEST(ProgressMeter, TheRateIsThatSinceTheLastCall) {
  ProgressMeter meter;
  EXPECT_EQ(meter.Text({.rows_in = 500}, kNow), "in 500 (0/s)  out 0  watermark none");
  EXPECT_EQ(meter.Text({.rows_in = 1500, .rows_out = 7, .watermark = kNow - 1000, .checkpoints = 2}, kNow + 500),
            "in 1,500 (2,000/s)  out 7  watermark 2023-11-14 22:13:19  lag 1.5 s  checkpoints 2");
}

TEST(ProgressMeter, NeitherARestartNorAStandingClockGivesANonsensicalRate) {
  ProgressMeter meter;
  meter.Text({.rows_in = 1000}, kNow);
  EXPECT_THAT(meter.Text({.rows_in = 2000}, kNow), HasSubstr("(0/s)"));
  EXPECT_THAT(meter.Text({.rows_in = 10, .restarts = 1}, kNow + 1000), HasSubstr("in 10 (0/s)"));
}

TEST(ProgressMeter, AFinishedStreamHasNoLag) {
  EXPECT_THAT(ProgressMeter().Text({.watermark = INT64_MAX}, kNow), Not(HasSubstr("lag")));
}

TEST(SummaryText, SaysHowTheJobEndedAndWhatItDid) {
  api::JobResult result{.job_name = "counts", .duration_ms = 1230, .progress = {.rows_in = 1'000'000, .rows_out = 20}};
  EXPECT_EQ(SummaryText(result), "Job 'counts' finished in 1.23 s: 1,000,000 rows in, 20 rows out, 813,008 rows/s");
  result.stopped = true;
  result.duration_ms = 0;
  result.progress = {.checkpoints = 1, .restarts = 2};
  EXPECT_EQ(SummaryText(result),
            "Job 'counts' stopped in 0.00 s: 0 rows in, 0 rows out, 0 rows/s, 1 checkpoint, 2 restarts");
  result.stopped = false;
  result.failed = true;
  EXPECT_THAT(SummaryText(result), HasSubstr("Job 'counts' failed in 0.00 s: "));
}

TEST(StopOnSignal, TheFirstSignalAsksTheJobToStop) {
  auto stop = std::make_shared<std::atomic<bool>>(false);
  StopOnSignal signals(stop);
  raise(SIGTERM);
  EXPECT_TRUE(stop->load());
}

TEST(StopOnSignal, EachJobIsAskedAnew) {
  for (int job = 0; job < 2; ++job) {
    auto stop = std::make_shared<std::atomic<bool>>(false);
    StopOnSignal signals(stop);
    EXPECT_FALSE(stop->load());
    raise(SIGINT);
    EXPECT_TRUE(stop->load());
  }
}

TEST(StopOnSignal, AfterwardsSignalsDoWhatTheyDidBefore) {
  struct sigaction before{}, after{};
  sigaction(SIGINT, nullptr, &before);
  {
    StopOnSignal signals(std::make_shared<std::atomic<bool>>(false));
  }
  sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

// A child that forks from a process with threads, which TSan's has, gets no signals from it.
TEST(StopOnSignalDeathTest, TheSecondSignalEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto stop = std::make_shared<std::atomic<bool>>(false);
  EXPECT_EXIT(
      {
        StopOnSignal signals(stop);
        raise(SIGINT);
        raise(SIGINT);
      },
      ::testing::ExitedWithCode(130), "stopping");
}

TEST(ProgressSchedule, ALineASecondForTenSecondsThenOneEveryTen) {
  ProgressSchedule schedule(5'000);
  std::vector<int64_t> due;
  for (int64_t now = 5'000; now <= 40'000; now += 250)
    if (schedule.Due(now)) due.push_back(now - 5'000);
  EXPECT_THAT(due, ::testing::ElementsAre(1'000, 2'000, 3'000, 4'000, 5'000, 6'000, 7'000, 8'000, 9'000, 10'000, 20'000,
                                          30'000));
}

}  // namespace
}  // namespace thalweg::bin
