#include "runtime/memory_watch.h"

#include <gtest/gtest.h>

namespace thalweg::runtime {
namespace {

using Verdict = MemoryWatch::Verdict;

TEST(MemoryWatch, SourcesStopAt90PercentAndGoOnBelow85) {
  MemoryWatch watch(1'000'000);
  EXPECT_EQ(watch.Look(899'000, 0), Verdict::kNothing);
  EXPECT_EQ(watch.Look(901'000, 1), Verdict::kStopSources);
  EXPECT_EQ(watch.Look(901'000, 2), Verdict::kNothing);
  EXPECT_EQ(watch.Look(860'000, 3), Verdict::kNothing) << "between the two nothing changes";
  EXPECT_EQ(watch.Look(840'000, 4), Verdict::kGoOn);
  EXPECT_EQ(watch.Look(840'000, 5), Verdict::kNothing);
}

TEST(MemoryWatch, TheJobFailsAt95Percent) {
  MemoryWatch watch(1'000'000);
  EXPECT_EQ(watch.Look(951'000, 0), Verdict::kFail);
}

TEST(MemoryWatch, SourcesThatStandTooLongFailTheJob) {
  MemoryWatch watch(1'000'000);
  EXPECT_EQ(watch.Look(910'000, 100), Verdict::kStopSources);
  EXPECT_EQ(watch.Look(910'000, 99 + kLongestStandMs), Verdict::kNothing);
  EXPECT_EQ(watch.Look(910'000, 100 + kLongestStandMs), Verdict::kFail);
}

TEST(MemoryWatch, ANewAttemptsSourcesRun) {
  MemoryWatch watch(1'000'000);
  EXPECT_EQ(watch.Look(910'000, 0), Verdict::kStopSources);
  watch.Reset();
  EXPECT_EQ(watch.Look(910'000, 1), Verdict::kStopSources) << "they must be told anew";
}

TEST(MemoryWatch, WithoutALimitNothingIsEverTooMuch) {
  EXPECT_EQ(MemoryWatch(0).Look(INT64_MAX, 0), Verdict::kNothing);
}

}  // namespace
}  // namespace thalweg::runtime
