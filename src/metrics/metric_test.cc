#include "metrics/metric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "base/random.h"

namespace thalweg::metrics {
namespace {

TEST(Counter, OneWriterLosesNothingWhileOthersRead) {
  Counter counter;
  std::atomic<bool> done{false};
  std::thread reader([&] {
    int64_t last = 0;
    while (!done) {
      int64_t now = counter.value();
      EXPECT_GE(now, last);
      last = now;
    }
  });
  for (int i = 0; i < 100000; ++i) counter.Add(2);
  done = true;
  reader.join();
  EXPECT_EQ(counter.value(), 200000);
}

TEST(Gauge, HoldsTheLastValue) {
  Gauge gauge;
  EXPECT_EQ(gauge.value(), 0);
  gauge.Set(std::numeric_limits<int64_t>::min());
  EXPECT_EQ(gauge.value(), std::numeric_limits<int64_t>::min());
  FloatGauge ratio;
  ratio.Set(0.25);
  EXPECT_EQ(ratio.value(), 0.25);
}

TEST(Meter, RateIsGrowthOverTheLastMinute) {
  Counter counter;
  Meter meter(counter);
  counter.Add(1000);
  EXPECT_EQ(meter.Read(100'000), 0) << "what was before the first reading is no rate";
  counter.Add(50);
  EXPECT_DOUBLE_EQ(meter.Read(105'000), 10);
  for (int64_t now = 110'000; now <= 200'000; now += 5'000) {
    counter.Add(500);
    meter.Read(now);
  }
  EXPECT_DOUBLE_EQ(meter.Read(200'000), 100) << "the slow start has left the window";
  for (int64_t now = 205'000; now <= 260'000; now += 5'000) meter.Read(now);
  EXPECT_DOUBLE_EQ(meter.Read(260'000), 0);
}

TEST(Meter, FrequentReadersDoNotShortenTheWindow) {
  Counter counter;
  Meter meter(counter);
  for (int64_t now = 0; now < 30'000; now += 10) {
    meter.Read(now);
    counter.Add(1);
  }
  EXPECT_NEAR(meter.Read(30'000), 100, 0.01);
  EXPECT_DOUBLE_EQ(meter.Read(60'000), 50);
}

TEST(Meter, TwoReadingsAtOneInstantDoNotDivideByZero) {
  Counter counter;
  Meter meter(counter);
  EXPECT_EQ(meter.Read(5), 0);
  counter.Add(1);
  EXPECT_EQ(meter.Read(5), 0);
}

TEST(Histogram, BucketsTileTheWholeRange) {
  int64_t begin = -1;
  for (size_t bucket = 0; bucket < kHistogramBuckets; ++bucket) {
    ASSERT_GT(Histogram::BucketBegin(bucket), begin);
    begin = Histogram::BucketBegin(bucket);
    ASSERT_EQ(Histogram::BucketOf(begin), bucket);
    if (begin > 0) {
      ASSERT_EQ(Histogram::BucketOf(begin - 1), bucket - 1);
    }
  }
  EXPECT_EQ(Histogram::BucketOf(std::numeric_limits<int64_t>::max()), kHistogramBuckets - 1);
}

TEST(Histogram, QuantilesAreWithinTheErrorOfABucket) {
  Histogram histogram;
  Random random(1);
  std::vector<int64_t> values;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(static_cast<int64_t>(random.Next() >> (20 + random.Below(40))));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  HistogramSnapshot snapshot = histogram.Read();
  for (double q : {0.001, 0.5, 0.75, 0.95, 0.99, 0.999}) {
    auto exact = static_cast<double>(values[static_cast<size_t>(q * 20000) - 1]);
    EXPECT_NEAR(static_cast<double>(snapshot.Quantile(q)), exact, exact / 32 + 1) << q;
  }
  EXPECT_EQ(snapshot.Quantile(0), values.front());
  EXPECT_EQ(snapshot.Quantile(1), values.back());
  EXPECT_EQ(snapshot.min, values.front());
  EXPECT_EQ(snapshot.max, values.back());
  EXPECT_EQ(snapshot.count, 20000u);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t value : {-5, 1, 2, 3, 4}) histogram.Record(value);
  HistogramSnapshot snapshot = histogram.Read();
  EXPECT_EQ(snapshot.min, 0) << "negative values count as 0";
  EXPECT_EQ(snapshot.max, 4);
  EXPECT_DOUBLE_EQ(snapshot.Mean(), 2);
  EXPECT_EQ(snapshot.Quantile(0.5), 2);
  EXPECT_NEAR(snapshot.StandardDeviation(), 1.414, 0.001);
  EXPECT_EQ(HistogramSnapshot().Quantile(0.5), 0);
  EXPECT_EQ(HistogramSnapshot().Mean(), 0);
}

TEST(Histogram, MergeIsAsIfOneHadSeenAll) {
  Histogram one, two, both;
  Random random(2);
  for (int i = 0; i < 1000; ++i) {
    auto value = static_cast<int64_t>(random.Below(1'000'000));
    (i % 3 == 0 ? one : two).Record(value);
    both.Record(value);
  }
  HistogramSnapshot merged;
  merged.Merge(one.Read());
  merged.Merge(two.Read());
  merged.Merge(HistogramSnapshot());
  HistogramSnapshot expected = both.Read();
  EXPECT_EQ(merged.buckets, expected.buckets);
  EXPECT_EQ(merged.min, expected.min);
  EXPECT_EQ(merged.max, expected.max);
  EXPECT_EQ(merged.sum, expected.sum);
  EXPECT_EQ(merged.count, expected.count);
}

}  // namespace
}  // namespace thalweg::metrics
