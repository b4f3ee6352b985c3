// Flink's StatusWatermarkValveTest, case by case (docs/internals/watermarks.md has the table), and what it has no word for.
#include <string>

#include <gtest/gtest.h>

#include "time/watermark.h"

namespace thalweg::time {
namespace {

/// A merger that says after each call what it sends: "25", "idle", "active", or nothing.
class Valve {
 public:
  explicit Valve(int inputs, Rejoin rejoin = Rejoin::kWhenCaughtUp) : merger_(inputs, rejoin) {}
  std::string Watermark(int input, int64_t watermark) { return Said(merger_.OnWatermark(input, watermark)); }
  std::string Idle(int input) { return Said(merger_.OnStatus(input, true)); }
  std::string Active(int input) { return Said(merger_.OnStatus(input, false)); }
  std::string End(int input) { return Said(merger_.OnEnd(input)); }
  const WatermarkMerger& merger() const { return merger_; }

 private:
  std::string Said(bool changed) {
    std::string said;
    if (merger_.current() != watermark_) said = std::to_string(merger_.current());
    if (merger_.idle() != idle_) said += (said.empty() ? "" : " ") + std::string(merger_.idle() ? "idle" : "active");
    watermark_ = merger_.current();
    idle_ = merger_.idle();
    EXPECT_EQ(changed, !said.empty());
    return said;
  }
  WatermarkMerger merger_;
  int64_t watermark_ = kMinWatermark;
  bool idle_ = false;
};

TEST(WatermarkMerger, OneInputRisesWithItsWatermarks) {
  Valve valve(1);
  EXPECT_EQ(valve.Watermark(0, 0), "0");
  EXPECT_EQ(valve.Watermark(0, 25), "25");
}

TEST(WatermarkMerger, AWatermarkThatGoesBackIsIgnored) {
  Valve valve(1);
  EXPECT_EQ(valve.Watermark(0, 25), "25");
  EXPECT_EQ(valve.Watermark(0, 18), "");
  EXPECT_EQ(valve.Watermark(0, 42), "42");
}

TEST(WatermarkMerger, OnlyAChangeOfStatusIsSentOn) {
  Valve valve(1);
  EXPECT_EQ(valve.Active(0), "");
  EXPECT_EQ(valve.Idle(0), "idle");
  EXPECT_EQ(valve.Idle(0), "");
  EXPECT_EQ(valve.Active(0), "active");
}

TEST(WatermarkMerger, AWatermarkMakesAnIdleInputActive) {
  // Flink's valve would ignore it; with us the next element of an idle channel makes it active.
  Valve valve(1);
  EXPECT_EQ(valve.Watermark(0, 25), "25");
  EXPECT_EQ(valve.Idle(0), "idle");
  EXPECT_EQ(valve.Watermark(0, 50), "50 active");
}

TEST(WatermarkMerger, ThereIsNoneBeforeEveryInputHasOne) {
  Valve valve(3);
  EXPECT_EQ(valve.Watermark(0, 0), "");
  EXPECT_EQ(valve.Watermark(1, 0), "");
  EXPECT_EQ(valve.Watermark(2, 0), "0");
}

TEST(WatermarkMerger, IsTheLeastOfItsInputs) {
  Valve valve(3);
  for (int input : {0, 1, 2}) valve.Watermark(input, 0);
  EXPECT_EQ(valve.Watermark(0, 12), "");
  EXPECT_EQ(valve.Watermark(2, 8), "");
  EXPECT_EQ(valve.Watermark(2, 10), "");
  EXPECT_EQ(valve.Watermark(1, 15), "10");
  EXPECT_EQ(valve.Watermark(2, 17), "12");
  EXPECT_EQ(valve.Watermark(0, 20), "15");
}

TEST(WatermarkMerger, WatermarksOfSeveralInputsThatGoBackAreIgnored) {
  Valve valve(3);
  valve.Watermark(0, 25);
  valve.Watermark(1, 10);
  EXPECT_EQ(valve.Watermark(2, 17), "10");
  EXPECT_EQ(valve.Watermark(0, 12), "");
  EXPECT_EQ(valve.Watermark(1, 8), "");
  EXPECT_EQ(valve.Watermark(2, 15), "");
}

TEST(WatermarkMerger, IsIdleWhileEveryInputIs) {
  Valve valve(2);
  EXPECT_EQ(valve.Active(0), "");
  EXPECT_EQ(valve.Active(1), "");
  EXPECT_EQ(valve.Idle(1), "");
  EXPECT_EQ(valve.Idle(0), "idle");
  EXPECT_EQ(valve.Idle(0), "");
  EXPECT_EQ(valve.Idle(1), "");
  EXPECT_EQ(valve.Active(1), "active");
  EXPECT_EQ(valve.Active(0), "");
}

TEST(WatermarkMerger, AnIdleInputDoesNotHoldTheOthersBack) {
  Valve valve(3);
  EXPECT_EQ(valve.Watermark(0, 15), "");
  EXPECT_EQ(valve.Watermark(1, 10), "");
  EXPECT_EQ(valve.Idle(2), "10");
  EXPECT_EQ(valve.Watermark(1, 18), "15");
  EXPECT_EQ(valve.Watermark(0, 20), "18");
}

TEST(WatermarkMerger, RisesAsTheLaggardsGoIdleOneByOne) {
  Valve valve(3);
  valve.Watermark(0, 25);
  valve.Watermark(1, 10);
  EXPECT_EQ(valve.Watermark(2, 17), "10");
  EXPECT_EQ(valve.Idle(1), "17");
  EXPECT_EQ(valve.Idle(2), "25");
}

TEST(WatermarkMerger, WhenAllAreIdleTheGreatestWatermarkHolds) {
  Valve valve(3);
  valve.Watermark(0, 10);
  valve.Watermark(1, 5);
  EXPECT_EQ(valve.Watermark(2, 3), "3");
  EXPECT_EQ(valve.Idle(0), "");
  EXPECT_EQ(valve.Idle(1), "");
  EXPECT_EQ(valve.Idle(2), "10 idle");
}

TEST(WatermarkMerger, WhenAllAreIdleTheGreatestHoldsAlsoIfTheLastWasBehind) {
  Valve valve(3);
  valve.Watermark(0, 100);
  valve.Watermark(1, 50);
  EXPECT_EQ(valve.Watermark(2, 70), "50");
  EXPECT_EQ(valve.Idle(1), "70");
  EXPECT_EQ(valve.Active(1), "");
  EXPECT_EQ(valve.Watermark(1, 60), "");
  EXPECT_EQ(valve.Idle(0), "");
  EXPECT_EQ(valve.Idle(2), "");
  EXPECT_EQ(valve.Idle(1), "100 idle");
}

TEST(WatermarkMerger, AnInputBackFromIdlenessIsLeftOutUntilItHasCaughtUp) {
  Valve valve(3);
  valve.Watermark(0, 10);
  valve.Watermark(1, 7);
  EXPECT_EQ(valve.Watermark(2, 3), "3");
  EXPECT_EQ(valve.Idle(2), "7");
  EXPECT_EQ(valve.Active(2), "");
  EXPECT_EQ(valve.Watermark(2, 5), "");
  EXPECT_EQ(valve.Watermark(1, 8), "8") << "it does not hold the others back";
  EXPECT_EQ(valve.Watermark(2, 9), "");
  EXPECT_EQ(valve.Watermark(1, 12), "9") << "from here on it counts";
}

TEST(WatermarkMerger, NothingIsSentWhileAllActiveInputsAreBehind) {
  Valve valve(3);
  valve.Watermark(0, 10);
  valve.Watermark(1, 7);
  EXPECT_EQ(valve.Idle(2), "7");
  EXPECT_EQ(valve.Active(2), "");
  EXPECT_EQ(valve.Idle(0), "");
  EXPECT_EQ(valve.Idle(1), "");
}

TEST(WatermarkMerger, AnInputThatIsBehindMayGoIdleAgain) {
  Valve valve(2);
  valve.Watermark(0, 7);
  EXPECT_EQ(valve.Watermark(1, 10), "7");
  EXPECT_EQ(valve.Idle(0), "10");
  EXPECT_EQ(valve.Active(0), "");
  EXPECT_EQ(valve.Watermark(0, 9), "");
  EXPECT_EQ(valve.Idle(0), "");
}

TEST(WatermarkMerger, RisesWhenAnInputComesBackAsTheOnlyOneThatCounts) {
  Valve valve(3);
  valve.Watermark(0, 10);
  valve.Watermark(1, 7);
  EXPECT_EQ(valve.Idle(2), "7");
  EXPECT_EQ(valve.Active(2), "");
  EXPECT_EQ(valve.Idle(0), "");
  EXPECT_EQ(valve.Idle(1), "");
  EXPECT_EQ(valve.Active(0), "10");
  EXPECT_EQ(valve.Idle(2), "");
}

TEST(WatermarkMerger, RisesWhenAnInputComesBackAheadOfTheMerged) {
  Valve valve(3);
  valve.Watermark(0, 10);
  valve.Watermark(1, 20);
  EXPECT_EQ(valve.Watermark(2, 30), "10");
  EXPECT_EQ(valve.Idle(2), "");
  EXPECT_EQ(valve.Idle(0), "20");
  EXPECT_EQ(valve.Active(0), "");
  EXPECT_EQ(valve.Idle(1), "");
  EXPECT_EQ(valve.Active(2), "30");
  EXPECT_EQ(valve.Idle(0), "");
  EXPECT_EQ(valve.Idle(2), "idle");
}

// --- Ends, and inputs of one operator.

TEST(WatermarkMerger, AnInputOfAnOperatorBackFromIdlenessHoldsTheWatermarkWhereItIs) {
  Valve valve(2, Rejoin::kAtOnce);
  valve.Idle(1);
  valve.Watermark(0, 100);
  EXPECT_EQ(valve.Watermark(1, 40), "");
  EXPECT_EQ(valve.Watermark(0, 200), "");
  EXPECT_EQ(valve.Watermark(1, 150), "150");
}

TEST(WatermarkMerger, AnEndedInputDoesNotHoldTheOthersBack) {
  Valve valve(2);
  valve.Watermark(0, 10);
  valve.Watermark(1, 100);
  EXPECT_EQ(valve.End(0), "100");
  EXPECT_FALSE(valve.merger().ended());
}

TEST(WatermarkMerger, TheEndOfAllInputsRaisesNothing) {
  // A stream that is stopped (not finished) must not fire its windows.
  Valve valve(2);
  valve.Watermark(0, 10);
  EXPECT_EQ(valve.Watermark(1, 20), "10");
  EXPECT_EQ(valve.End(0), "20");
  EXPECT_EQ(valve.End(1), "");
  EXPECT_FALSE(valve.merger().idle());
  EXPECT_TRUE(valve.merger().ended());
}

}  // namespace
}  // namespace thalweg::time
