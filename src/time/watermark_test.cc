#include "time/watermark.h"

#include <gtest/gtest.h>

#include "time/clock.h"

namespace thalweg::time {

namespace {

void OnTime(WatermarkGenerator& generator, int64_t time) { generator.OnRows(&time, 1); }

TEST(BoundedOutOfOrderness, IsTheGreatestTimeLessTheBoundLessOne) {
  BoundedOutOfOrderness generator(1000);
  const int64_t times[] = {5000, 7000, 6000};
  generator.OnRows(times, 3);
  EXPECT_EQ(generator.Current(), 5999);
}

TEST(BoundedOutOfOrderness, WithoutRowsThereIsNoWatermark) {
  EXPECT_EQ(BoundedOutOfOrderness(0).Current(), kMinWatermark);
  EXPECT_EQ(BoundedOutOfOrderness(1000).Current(), kMinWatermark);
}

TEST(BoundedOutOfOrderness, NeverDecreases) {
  BoundedOutOfOrderness generator(0);
  OnTime(generator, 100);
  OnTime(generator, 50);
  EXPECT_EQ(generator.Current(), 99);
}

TEST(BoundedOutOfOrderness, TimesNearTheLowestDoNotWrap) {
  BoundedOutOfOrderness generator(1000);
  OnTime(generator, INT64_MIN + 5);
  EXPECT_EQ(generator.Current(), kMinWatermark);
}

TEST(BoundedOutOfOrderness, ComesBackFromItsSnapshot) {
  BoundedOutOfOrderness generator(10);
  OnTime(generator, 500);
  ByteWriter bytes;
  generator.Snapshot(bytes);
  BoundedOutOfOrderness restored(10);
  ByteReader reader(bytes.view());
  restored.Restore(reader);
  EXPECT_TRUE(reader.status().ok() && reader.AtEnd());
  EXPECT_EQ(restored.Current(), generator.Current());
}

TEST(ManualClock, StandsStillUntilTold) {
  ManualClock clock(5);
  EXPECT_EQ(clock.NowMs(), 5);
  clock.Advance(10);
  EXPECT_EQ(clock.NowMs(), 15);
  EXPECT_EQ(clock.MonotonicNs(), 15'000'000);
  clock.Set(3);
  EXPECT_EQ(clock.NowMs(), 3);
}

TEST(SystemClock, MonotonicTimeDoesNotGoBack) {
  SystemClock clock;
  const int64_t first = clock.MonotonicNs();
  EXPECT_LE(first, clock.MonotonicNs());
}

}  // namespace

}  // namespace thalweg::time
