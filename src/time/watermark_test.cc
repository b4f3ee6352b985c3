#include "time/watermark.h"

#include <vector>

#include <gtest/gtest.h>

#include "testing/golden_states.h"
#include "time/clock.h"
#include "time/eager_watermarks.h"

namespace thalweg::time {

namespace {

void OnTime(WatermarkGenerator& generator, int64_t time) { generator.OnRows(&time, 1); }

TEST(BoundedOutOfOrderness, IsTheGreatestTimeLessTheBoundLessOne) {
  BoundedOutOfOrderness generator(1000);
  const int64_t times[] = {5000, 7000, 6000};
  generator.OnRows(times, 3);
  EXPECT_EQ(generator.Current(), 5999);
}

TEST(EagerWatermarks, RiseBehindARowByMoreThanTheInterval) {
  EagerWatermarks generator;
  generator.SetInterval(200);
  auto take = [&](const std::vector<int64_t>& times) {
    return generator.Take(times.data(), static_cast<int32_t>(times.size()));
  };
  EXPECT_EQ(take({100, 200}), 2);
  EXPECT_EQ(generator.Current(), kMinWatermark) << "they begin at 0";
  EXPECT_EQ(take({1000, 1100, 1200, 999}), 3);
  EXPECT_EQ(generator.Current(), 1000);
  EXPECT_EQ(take({999, INT64_MIN, 1000, 1201, 5}), 4) << "1201 is sent before 5, and 1000 was";
  EXPECT_EQ(generator.Current(), 1201);
  EXPECT_EQ(take({5, 1300}), 2);
  EXPECT_EQ(generator.Current(), 1201);
  generator.OnQuiet();
  EXPECT_EQ(generator.Current(), 1300);
}

// Where operators behind the source repeat old rows, no row of the source's tells that a watermark is asked for.
TEST(EagerWatermarks, CutBehindEachRiseIfAskedTo) {
  EagerWatermarks each(true);
  const int64_t times[] = {1000, 1100, 1500, 1600, 1900};
  EXPECT_EQ(each.Take(times, 5), 1);
  EXPECT_EQ(each.Current(), 1000);
  EXPECT_EQ(each.Take(times + 1, 4), 2) << "1100 is within the interval";
  EXPECT_EQ(each.Current(), 1500);
  EXPECT_EQ(each.Take(times + 3, 2), 2);
  EXPECT_EQ(each.Current(), 1900);
  EXPECT_EQ(each.Take(times + 4, 1), 0) << "the rise of the last batch comes first";
  EXPECT_EQ(each.Take(times + 4, 1), 1);
}

TEST(EagerWatermarks, AreTheSameBehindARestore) {
  EagerWatermarks before, after;
  const int64_t times[] = {1'700'000'000'000, 1'700'000'000'150};
  EXPECT_EQ(before.Take(times, 2), 2);
  ByteWriter out;
  before.Snapshot(out);
  EXPECT_EQ(out.view(), testing::GoldenState("eager-watermark-generator"));
  ByteReader in(out.view());
  after.Restore(in);
  EXPECT_TRUE(in.status().ok() && in.AtEnd());
  EXPECT_EQ(after.Current(), 1'700'000'000'000);
  after.OnQuiet();
  EXPECT_EQ(after.Current(), 1'700'000'000'150);
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
