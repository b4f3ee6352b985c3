#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace thalweg {

namespace {

TEST(Random, IsSplitMix64) {
  // The reference sequence of the published algorithm for seed 1234567.
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
  EXPECT_EQ(random.Next(), 4593380528125082431u);
  EXPECT_EQ(random.Next(), 16408922859458223821u);
}

TEST(Random, BelowStaysBelowItsBoundAndReachesEveryValue) {
  Random random(1);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t value = random.Below(7);
    ASSERT_LT(value, 7u);
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(Random, UnitIsInTheHalfOpenInterval) {
  Random random(2);
  double smallest = 1, largest = 0;
  for (int i = 0; i < 1000; ++i) {
    const double value = random.Unit();
    smallest = std::min(smallest, value);
    largest = std::max(largest, value);
  }
  EXPECT_GE(smallest, 0.0);
  EXPECT_LT(smallest, 0.01);
  EXPECT_LT(largest, 1.0);
  EXPECT_GT(largest, 0.99);
}

}  // namespace

}  // namespace thalweg
