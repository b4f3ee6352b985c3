#include "operators/window_zone.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace thalweg::operators {
namespace {

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kBack = 1'603'587'600'000;     // 2020-10-25T01:00Z, Berlin: 03:00 becomes 02:00
constexpr int64_t kForward = 1'585'443'600'000;  // 2020-03-29T01:00Z, Berlin: 02:00 becomes 03:00

TEST(WindowZone, ARepeatedHourPassesOnce) {
  const WindowZone berlin(*expr::Zone::Find("Europe/Berlin"));
  const int64_t two = kBack + kHour;  // 02:00 local, as a number
  EXPECT_EQ(berlin.ToLocal(kBack - kHour), two);
  EXPECT_EQ(berlin.ToLocal(kBack), two);
  EXPECT_EQ(berlin.Passed(kBack - kHour - 1), two - 1);
  EXPECT_EQ(berlin.Passed(kBack - kHour), two - 1);
  EXPECT_EQ(berlin.Passed(kBack - 1), two - 1);
  EXPECT_EQ(berlin.Passed(kBack), two);
  EXPECT_EQ(berlin.ClosedAt(two + kHour - 1), kBack + kHour - 1);
  EXPECT_EQ(berlin.ToUtc(two), kBack - kHour);
}

TEST(WindowZone, WhatHasPassedNeverFalls) {
  const WindowZone berlin(*expr::Zone::Find("Europe/Berlin"));
  for (int64_t around : {kBack, kForward}) {
    int64_t passed = INT64_MIN;
    for (int64_t utc = around - 30 * kHour; utc < around + 30 * kHour; utc += kHour / 6) {
      EXPECT_GE(berlin.Passed(utc), passed) << utc;
      passed = std::max(passed, berlin.Passed(utc));
      const int64_t local = berlin.ToLocal(utc);
      EXPECT_GE(berlin.Passed(berlin.ClosedAt(local)), local);
      EXPECT_LT(berlin.Passed(berlin.ClosedAt(local) - 1), local);
    }
  }
}

TEST(WindowZone, WithoutAZoneAndAtTheEndsOfTimeNothingMoves) {
  EXPECT_EQ(WindowZone().Passed(kBack), kBack);
  const WindowZone berlin(*expr::Zone::Find("Europe/Berlin"));
  EXPECT_EQ(berlin.Passed(INT64_MAX), INT64_MAX);
  EXPECT_EQ(berlin.Passed(INT64_MIN), INT64_MIN);
  EXPECT_EQ(berlin.ClosedAt(INT64_MAX), INT64_MAX);
}

}  // namespace
}  // namespace thalweg::operators
