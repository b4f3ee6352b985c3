#include "runtime/step_pace.h"

#include <gtest/gtest.h>

namespace thalweg::runtime {
namespace {

/// Steps of `step_ns` until the clock is looked at; returns how many.
int StepsToALook(StepPace& pace, int64_t& now_ns, int64_t step_ns) {
  int steps = 0;
  do {
    ++steps;
    now_ns += step_ns;
  } while (!pace.TakeStep());
  pace.Looked(now_ns);
  return steps;
}

TEST(StepPace, ShortStepsGoUnseenUpToTheLimit) {
  StepPace pace;
  int64_t now_ns = 1'000'000;
  pace.Start(now_ns);
  for (int steps : {1, 2, 4, 8, 16, 16}) EXPECT_EQ(StepsToALook(pace, now_ns, 100), steps);
}

TEST(StepPace, LooksAboutEveryFewMicroseconds) {
  StepPace pace;
  int64_t now_ns = 0;
  pace.Start(now_ns);
  for (int steps : {1, 2, 4, 4, 4}) EXPECT_EQ(StepsToALook(pace, now_ns, 2'000), steps);
}

TEST(StepPace, OfLongStepsEachIsSeen) {
  StepPace pace;
  int64_t now_ns = 0;
  pace.Start(now_ns);
  while (pace.steps() < kMaxUnseenSteps) StepsToALook(pace, now_ns, 100);
  EXPECT_EQ(StepsToALook(pace, now_ns, 50'000), kMaxUnseenSteps) << "they became long unseen";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(StepsToALook(pace, now_ns, 50'000), 1);
}

TEST(StepPace, ANewTurnGoesOnAtThePaceOfTheLast) {
  StepPace pace;
  int64_t now_ns = 0;
  pace.Start(now_ns);
  for (int i = 0; i < 3; ++i) StepsToALook(pace, now_ns, 100);
  now_ns += 1'000'000'000;  // parked
  pace.Start(now_ns);
  EXPECT_EQ(StepsToALook(pace, now_ns, 100), 8);
  EXPECT_EQ(pace.steps(), 16) << "the time in the park is no step's";
}

}  // namespace
}  // namespace thalweg::runtime
