#include "checkpoint/restart_strategy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::checkpoint {
namespace {

using ::testing::HasSubstr;

TEST(RestartStrategy, NoneGivesUpAtOnce) { EXPECT_EQ(NoRestart()->OnFailure(0), std::nullopt); }

TEST(RestartStrategy, FixedDelayGivesUpAfterItsAttempts) {
  const auto strategy = Restart(FixedDelay{.attempts = 2, .delay_ms = 50});
  EXPECT_EQ(strategy->OnFailure(0), 50);
  EXPECT_EQ(strategy->OnFailure(1'000'000), 50);
  EXPECT_EQ(strategy->OnFailure(2'000'000'000), std::nullopt);
  EXPECT_EQ(strategy->Describe(), "fixed delay of 50 ms, 2 of 2 attempts used");
}

ExponentialDelay WithoutJitter() {
  return {.initial_backoff_ms = 100, .max_backoff_ms = 500, .multiplier = 2, .reset_threshold_ms = 1000, .jitter = 0};
}

TEST(RestartStrategy, ExponentialDelayGrowsToItsMaximum) {
  const auto strategy = Restart(WithoutJitter(), Random(1));
  int64_t now = 0;
  for (int64_t expected : {100, 200, 400, 500, 500}) {
    EXPECT_EQ(strategy->OnFailure(now), expected);
    now += expected + 999;
  }
}

TEST(RestartStrategy, ExponentialDelayIsInitialAgainAfterTheThreshold) {
  const auto strategy = Restart(WithoutJitter(), Random(1));
  EXPECT_EQ(strategy->OnFailure(0), 100);
  EXPECT_EQ(strategy->OnFailure(100 + 999), 200);               // started at 100, ran 999
  EXPECT_EQ(strategy->OnFailure(100 + 999 + 200 + 1000), 100);  // ran 1000
}

TEST(RestartStrategy, ExponentialDelayGivesUpAfterItsAttemptsUnlessReset) {
  ExponentialDelay options = WithoutJitter();
  options.attempts = 2;
  const auto strategy = Restart(options, Random(1));
  EXPECT_TRUE(strategy->OnFailure(0).has_value());
  EXPECT_TRUE(strategy->OnFailure(200).has_value());
  EXPECT_EQ(strategy->OnFailure(600), std::nullopt);
  EXPECT_EQ(strategy->OnFailure(10'000), 100);
}

TEST(RestartStrategy, JitterStaysWithinItsShareAndTheBounds) {
  ExponentialDelay options = WithoutJitter();
  options.initial_backoff_ms = 1000;
  options.max_backoff_ms = 4000;
  options.jitter = 0.1;
  const auto strategy = Restart(options, Random(7));
  bool moved = false;
  const int64_t first = strategy->OnFailure(0).value();
  EXPECT_GE(first, 1000);
  EXPECT_LE(first, 1100);
  const int64_t second = strategy->OnFailure(1000).value();
  EXPECT_GE(second, 1800);
  EXPECT_LE(second, 2200);
  moved |= second != 2000;
  strategy->OnFailure(2000);
  EXPECT_LE(strategy->OnFailure(3000).value(), 4000);
  EXPECT_TRUE(moved);
}

TEST(RestartStrategy, ConfigurationHasFlinksKeysAndDefaults) {
  config::Configuration config;
  EXPECT_EQ(MakeRestartStrategy(config, false, Random(1)).value()->Describe(), "no restart strategy");
  EXPECT_THAT(MakeRestartStrategy(config, true, Random(1)).value()->Describe(), HasSubstr("exponential delay"));
  EXPECT_THAT(MakeRestartStrategy(config, true, Random(1)).value()->Describe(), HasSubstr("0 of infinite attempts"));
  const int64_t pause = MakeRestartStrategy(config, true, Random(1)).value()->OnFailure(0).value();
  EXPECT_GE(pause, 1000);
  EXPECT_LE(pause, 1100);
  ASSERT_TRUE(config.Set("restart-strategy.type", "fixed-delay").ok());
  EXPECT_EQ(MakeRestartStrategy(config, true, Random(1)).value()->Describe(),
            "fixed delay of 1000 ms, 0 of 1 attempts used");
  ASSERT_TRUE(config.Set("restart-strategy.fixed-delay.attempts", "3").ok());
  ASSERT_TRUE(config.Set("restart-strategy.fixed-delay.delay", "2 s").ok());
  EXPECT_EQ(MakeRestartStrategy(config, true, Random(1)).value()->Describe(),
            "fixed delay of 2000 ms, 0 of 3 attempts used");
}

TEST(RestartStrategy, BackoffsThatContradictAreAUserError) {
  config::Configuration config;
  ASSERT_TRUE(config.Set("restart-strategy.exponential-delay.initial-backoff", "2 min").ok());
  const Status status = MakeRestartStrategy(config, true, Random(1)).status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_THAT(
      status.message(),
      HasSubstr("max-backoff is below restart-strategy.exponential-delay.initial-backoff: 60000 ms and 120000 ms"));
}

}  // namespace
}  // namespace thalweg::checkpoint
