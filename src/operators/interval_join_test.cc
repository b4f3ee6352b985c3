#include "operators/interval_join.h"

#include "expr/functions.h"
#include "graph/join_spec.h"
#include "operators/test_times.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::IntervalJoinSpec;
using graph::JoinType;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kTimedKeys = "t TIMESTAMP(3), k STRING";
constexpr const char* kJoinedTimes = "t TIMESTAMP(3), k STRING, t2 TIMESTAMP(3), k2 STRING";

/// left time in [right time + lower, right time + upper], as in Flink's TimeIntervalStreamJoinTestBase.
IntervalJoinSpec Near(JoinType type, int64_t lower, int64_t upper, int64_t min_cleanup_ms) {
  IntervalJoinSpec spec;
  spec.sides.left = spec.sides.right = ParseSchema(kTimedKeys);
  spec.sides.left_keys = spec.sides.right_keys = {1};
  spec.sides.type = type;
  spec.lower_ms = lower;
  spec.upper_ms = upper;
  spec.left_time = spec.right_time = 0;
  spec.min_cleanup_ms = min_cleanup_ms;
  return spec;
}

RowHarness& NearInputs(RowHarness& harness) {
  return harness.Input(kTimedKeys, {1}).Input(kTimedKeys, {1}).Output(kJoinedTimes);
}

/// A joined row; -1: the side is padded.
std::string Pair(const std::string& key, int left, int right) {
  const std::string left_text = left < 0 ? "null, null" : At(left) + ", " + key;
  return "+I[" + left_text + ", " + (right < 0 ? "null, null" : At(right) + ", " + key) + "]";
}

// RowTimeIntervalJoinTest.testRowTimeInnerJoinWithCommonBounds
TEST(IntervalJoin, InnerWithCommonBounds) {
  RowHarness harness(MakeIntervalJoin, Encode(Near(JoinType::kInner, -10, 20, 15)));
  NearInputs(harness)
      .Watermark(milliseconds(1))
      .RowsOn(0, {"+I[1, k1]"})  // late, and yet kept
      .ExpectTimers(1)
      .RowsOn(0, {"+I[2, k1]"})
      .RowsOn(1, {"+I[2, k1]"})
      .ExpectTimers(2)
      .Expect({Pair("k1", 1, 2), Pair("k1", 2, 2)})
      .RowsOn(0, {"+I[5, k1]"})
      .RowsOn(1, {"+I[15, k1]"})
      .Expect({Pair("k1", 5, 2), Pair("k1", 5, 15)})
      .Watermark(milliseconds(20))
      .RowsOn(0, {"+I[35, k1]"})
      .Expect({Pair("k1", 35, 15)})
      .Watermark(milliseconds(38))
      .RowsOn(0, {"+I[40, k2]"})
      .RowsOn(1, {"+I[39, k2]"})
      .Expect({Pair("k2", 40, 39)})
      .Watermark(milliseconds(61))
      .ExpectWatermarks({-19, 0, 18, 41});
}

// RowTimeIntervalJoinTest.testRowTimeInnerJoinWithNegativeBounds
TEST(IntervalJoin, InnerWithNegativeBounds) {
  RowHarness harness(MakeIntervalJoin, Encode(Near(JoinType::kInner, -10, -7, 0)));
  NearInputs(harness)
      .Watermark(milliseconds(1))
      .RowsOn(1, {"+I[2, k1]"})
      .ExpectEntries(0)  // left rows to join it would be late
      .Watermark(milliseconds(2))
      .RowsOn(0, {"+I[3, k1]"})
      .RowsOn(1, {"+I[3, k1]"})
      .RowsOn(1, {"+I[13, k1]"})
      .RowsOn(0, {"+I[6, k1]"})
      .Expect({Pair("k1", 3, 13), Pair("k1", 6, 13)})
      .Watermark(milliseconds(10))
      .ExpectEntries(3)  // the left rows, and their timer's time
      .Watermark(milliseconds(18))
      .ExpectEntries(0)
      .ExpectTimers(0)
      .ExpectWatermarks({-9, -8, 0, 8});
}

// RowTimeIntervalJoinTest.testRowTimeInnerJoinRealtimeCleanUp
TEST(IntervalJoin, WithoutCleanUpIntervalARowGoesAsSoonAsItMay) {
  RowHarness harness(MakeIntervalJoin, Encode(Near(JoinType::kLeft, -5, 9, 0)));
  NearInputs(harness)
      .RowsOn(0, {"+I[1, k1]"})
      .RowsOn(1, {"+I[1, k2]"})
      .ExpectTimers(2)
      .ExpectEntries(4)
      .Watermark(milliseconds(7))
      .Expect({Pair("k1", 1, -1)})
      .ExpectTimers(1)
      .ExpectEntries(2)
      .ExpectWatermarks({-3});  // an outer one's, as below
}

// RowTimeIntervalJoinTest.testRowTimeLeftOuterJoin, testRowTimeRightOuterJoin and testRowTimeFullOuterJoin
TEST(IntervalJoin, OuterSidesArePaddedWhenTheirRowsGo) {
  for (JoinType type : {JoinType::kLeft, JoinType::kRight, JoinType::kFull}) {
    const auto only = [&](bool left, std::string row) {
      const bool pads = type == JoinType::kFull || type == (left ? JoinType::kLeft : JoinType::kRight);
      return pads ? std::vector<std::string>{std::move(row)} : std::vector<std::string>{};
    };
    std::vector<std::string> at_end = only(true, Pair("k1", 19, -1));
    for (const std::string& row : only(false, Pair("k2", -1, 39))) at_end.push_back(row);
    RowHarness harness(MakeIntervalJoin, Encode(Near(type, -5, 9, 7)));
    NearInputs(harness)
        .RowsOn(0, {"+I[1, k1]"})
        .RowsOn(1, {"+I[1, k2]"})
        .ExpectTimers(2)
        .Watermark(milliseconds(14))
        .Expect(only(true, Pair("k1", 1, -1)))
        .ExpectTimers(1)
        .Watermark(milliseconds(18))
        .Expect(only(false, Pair("k2", -1, 1)))
        .ExpectTimers(0)
        .ExpectEntries(0)
        .RowsOn(0, {"+I[2, k1]"})  // too late to be kept
        .Expect(only(true, Pair("k1", 2, -1)))
        .RowsOn(1, {"+I[2, k2]"})
        .Expect(only(false, Pair("k2", -1, 2)))
        .ExpectEntries(0)
        .RowsOn(0, {"+I[19, k1]", "+I[20, k1]"})
        .RowsOn(1, {"+I[26, k1]", "+I[25, k1]"})
        .RowsOn(0, {"+I[21, k1]"})
        .Expect({Pair("k1", 20, 25), Pair("k1", 21, 25), Pair("k1", 21, 26)})
        .RowsOn(1, {"+I[39, k2]", "+I[40, k2]"})
        .RowsOn(0, {"+I[50, k2]", "+I[49, k2]"})
        .RowsOn(1, {"+I[41, k2]"})
        .Expect({Pair("k2", 49, 40), Pair("k2", 49, 41), Pair("k2", 50, 41)})
        .Watermark(milliseconds(100))
        .Expect(at_end)
        .ExpectEntries(0)
        .ExpectWatermarks({4, 8, 90});  // Flink's are 5, 9, 91: a row that is padded a millisecond later would be late
  }
}

// TimeIntervalJoin.onTimer
TEST(IntervalJoin, ASideIsCleanedUpByItsOwnTimer) {
  RowHarness harness(MakeIntervalJoin, Encode(Near(JoinType::kFull, -5, 0, 7)));
  NearInputs(harness)
      .RowsOn(0, {"+I[11, k]"})
      .RowsOn(1, {"+I[10, k]"})
      .ExpectTimers(2)
      .Watermark(milliseconds(18))
      .Expect({Pair("k", -1, 10)})
      .Watermark(milliseconds(23))
      .ExpectNothing()
      .Watermark(milliseconds(24))
      .Expect({Pair("k", 11, -1)})
      .ExpectTimers(0);
}

// TimeIntervalJoin.processElement2
TEST(IntervalJoin, ARowOfTheOtherSideCleansUpBeforeTheTimer) {
  RowHarness harness(MakeIntervalJoin, Encode(Near(JoinType::kFull, -5, 0, 7)));
  NearInputs(harness)
      .RowsOn(0, {"+I[11, k]"})
      .Watermark(milliseconds(18))
      .ExpectNothing()
      .RowsOn(1, {"+I[20, k]"})
      .Expect({Pair("k", 11, -1)})
      .MaxWatermark()
      .Expect({Pair("k", -1, 20)});
}

TEST(IntervalJoin, ARowThatNothingInTimeCanJoinIsNotKept) {
  RowHarness harness(MakeIntervalJoin, Encode(Near(JoinType::kLeft, -5, 0, 0)));
  NearInputs(harness)
      .Watermark(milliseconds(18))
      .RowsOn(0, {"+I[13, k]"})
      .Expect({Pair("k", 13, -1)})
      .RowsOn(0, {"+I[14, k]"})
      .ExpectNothing()
      .RowsOn(1, {"+I[19, k]"})
      .Expect({Pair("k", 14, 19)});
}

TEST(IntervalJoin, ARowWithoutATimeJoinsNothing) {
  RowHarness full(MakeIntervalJoin, Encode(Near(JoinType::kFull, -5, 5, 0)));
  NearInputs(full)
      .RowsOn(0, {"+I[null, k]"})
      .Expect({"+I[null, k, null, null]"})
      .RowsOn(1, {"+I[null, k]"})
      .Expect({"+I[null, null, null, k]"})
      .ExpectEntries(0);
  RowHarness inner(MakeIntervalJoin, Encode(Near(JoinType::kInner, -5, 5, 0)));
  NearInputs(inner).RowsOn(0, {"+I[null, k]"}).RowsOn(1, {"+I[0, k]"}).ExpectNothing();
}

TEST(IntervalJoin, AConditionThatFailsIsNoMatch) {
  IntervalJoinSpec spec = Near(JoinType::kLeft, -5, 5, 0);
  const types::DataType time = types::DataType::Timestamp(3);
  spec.sides.condition =
      expr::Resolve("<", {expr::Expression::Input(0, time), expr::Expression::Input(2, time)}).value();
  RowHarness harness(MakeIntervalJoin, Encode(spec));
  NearInputs(harness)
      .RowsOn(0, {"+I[10, k]"})
      .RowsOn(1, {"+I[8, k]"})
      .ExpectNothing()
      .RowsOn(0, {"+I[7, k]"})
      .Expect({Pair("k", 7, 8)})
      .MaxWatermark()
      .Expect({Pair("k", 10, -1)});
}

TEST(IntervalJoin, NullKeysArePaddedAtOnce) {
  RowHarness harness(MakeIntervalJoin, Encode(Near(JoinType::kFull, -5, 5, 0)));
  NearInputs(harness)
      .RowsOn(0, {"+I[10, null]"})
      .RowsOn(1, {"+I[11, null]"})
      .Expect({"+I[" + At(10) + ", null, null, null]", "+I[null, null, " + At(11) + ", null]"})
      .ExpectEntries(0);
}

// ProcTimeIntervalJoinTest.testProcTimeInnerJoinWithCommonBounds
TEST(IntervalJoin, InProcessingTimeARowHasTheTimeWhenItComes) {
  IntervalJoinSpec spec = Near(JoinType::kInner, -10, 20, 15);
  spec.left_time = spec.right_time = -1;
  spec.sides.left = spec.sides.right = ParseSchema("v INT, k STRING");
  RowHarness harness(MakeIntervalJoin, Encode(spec));
  harness.Input("v INT, k STRING", {1})
      .Input("v INT, k STRING", {1})
      .Output("v INT, k STRING, v2 INT, k2 STRING")
      .StartAt(milliseconds(1))
      .RowsOn(0, {"+I[1, 1a1]"})
      .ExpectTimers(1)
      .ProcessingTime(milliseconds(2))
      .RowsOn(0, {"+I[2, 2a2]"})
      .ExpectTimers(2)
      .ProcessingTime(milliseconds(3))
      .RowsOn(0, {"+I[1, 1a3]"})
      .RowsOn(1, {"+I[1, 1a1]"})
      .Expect({"+I[1, 1a1, 1, 1a1]"})
      .ProcessingTime(milliseconds(20))
      .RowsOn(1, {"+I[1, 1a3]"})
      .ExpectNothing();  // 17 ms later: too late by 7
}

TEST(IntervalJoin, StateIsThatOfTheGoldenFile) {
  testing::KeptState(MakeIntervalJoin, Encode(Near(JoinType::kLeft, -10, 20, 15)))
      .Input(kTimedKeys, {1})
      .Input(kTimedKeys, {1})
      .RowsOn(0, {"+I[5, a]", "+I[6, a]"})
      .RowsOn(1, {"+I[16, a]"})
      .Expect({Pair("a", 6, 16)})
      .ExpectGolden({{"left-rows", "[cached-row/2]", "interval-join-left"},
                     {"right-rows", "[cached-row/2]", "interval-join-right"},
                     {"left-cleanup", "i64", "interval-join-left-cleanup"},
                     {"right-cleanup", "i64", "interval-join-right-cleanup"}})
      .Watermark(31)
      .Expect({Pair("a", 5, -1)});
}

}  // namespace
}  // namespace thalweg::operators
