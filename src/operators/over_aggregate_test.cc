#include "operators/over_aggregate.h"

#include "operators/aggregate_samples_test.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using std::chrono::milliseconds;
using testing::RowHarness;

constexpr const char* kOverInput = "k STRING, v INT, t TIMESTAMP(3)";

struct OverFrame {
  bool rows = false;
  int64_t preceding = -1;
};

graph::OverAggregateSpec OverSpec(OverFrame frame, const std::vector<std::string>& functions = {"SUM"}) {
  graph::OverAggregateSpec spec;
  spec.input = testing::ParseSchema(kOverInput);
  spec.partition = {0};
  spec.time_column = 2;
  spec.rows = frame.rows;
  spec.preceding = frame.preceding;
  for (const std::string& function : functions) {
    const bool ranks = function == "ROW_NUMBER" || function == "RANK" || function == "DENSE_RANK";
    spec.calls.push_back(CallOf(spec.input, function, ranks ? std::vector<int>{} : std::vector<int>{1}));
  }
  return spec;
}

TEST(OverAggregate, RowsAreTakenInTheOrderOfTheirTimes) {
  RowHarness(MakeOverAggregate, Encode(OverSpec({.rows = true}, {"SUM", "ROW_NUMBER"})))
      .Input(kOverInput, {0})
      .Output("k STRING, v INT, t TIMESTAMP(3), s INT, n BIGINT")
      .Rows({"+I[a, 3, 3]", "+I[a, 1, 1]", "+I[b, 5, 1]", "+I[a, 2, 2]"})
      .Watermark(milliseconds(2))
      .Expect({"+I[a, 1, 1970-01-01T00:00:00.001, 1, 1]", "+I[a, 2, 1970-01-01T00:00:00.002, 3, 2]",
               "+I[b, 5, 1970-01-01T00:00:00.001, 5, 1]"})
      .Rows({"+I[a, 100, 2]"})
      .MaxWatermark()
      .Expect({"+I[a, 3, 1970-01-01T00:00:00.003, 6, 3]"});
}

TEST(OverAggregate, PeersOfARangeHaveOneResult) {
  RowHarness(MakeOverAggregate, Encode(OverSpec({.rows = false})))
      .Input(kOverInput, {0})
      .Output("k STRING, v INT, t TIMESTAMP(3), s INT")
      .Rows({"+I[a, 1, 1]", "+I[a, 2, 1]", "+I[a, 3, 2]"})
      .MaxWatermark()
      .Expect({"+I[a, 1, 1970-01-01T00:00:00.001, 3]", "+I[a, 2, 1970-01-01T00:00:00.001, 3]",
               "+I[a, 3, 1970-01-01T00:00:00.002, 6]"});
}

TEST(OverAggregate, AFrameOfRowsLosesItsOldest) {
  RowHarness(MakeOverAggregate, Encode(OverSpec({.rows = true, .preceding = 1}, {"SUM", "MAX", "FIRST_VALUE"})))
      .Input(kOverInput, {0})
      .Output("k STRING, v INT, t TIMESTAMP(3), s INT, m INT, f INT")
      .Rows({"+I[a, 9, 1]", "+I[a, 2, 2]", "+I[a, 3, 3]"})
      .MaxWatermark()
      .Expect({"+I[a, 9, 1970-01-01T00:00:00.001, 9, 9, 9]", "+I[a, 2, 1970-01-01T00:00:00.002, 11, 9, 9]",
               "+I[a, 3, 1970-01-01T00:00:00.003, 5, 3, 2]"});
}

// RowTimeRowsBoundedPrecedingFunction, RowTimeRangeBoundedPrecedingFunction: late is what lies before the last row of its key. Of a frame without
// a begin it is what the watermark has passed (AbstractRowTimeUnboundedPrecedingOver).
TEST(OverAggregate, ABoundedFrameTakesWhatComesBehindTheLastRowOfItsKey) {
  for (const OverFrame frame : {OverFrame{.rows = true, .preceding = 2}, OverFrame{.rows = false, .preceding = 20}})
    RowHarness(MakeOverAggregate, Encode(OverSpec(frame)))
        .Input(kOverInput, {0})
        .Output("k STRING, v INT, t TIMESTAMP(3), s INT")
        .Rows({"+I[a, 5, 1]", "+I[b, 1, 5]"})
        .Watermark(milliseconds(5))
        .Expect({"+I[a, 5, 1970-01-01T00:00:00.001, 5]", "+I[b, 1, 1970-01-01T00:00:00.005, 1]"})
        .Rows({"+I[c, 2, 3]", "+I[a, 2, 4]", "+I[a, 9, 1]", "+I[b, 9, 5]"})
        .ExpectNothing()
        .Watermark(milliseconds(6))
        .Expect({"+I[c, 2, 1970-01-01T00:00:00.003, 2]", "+I[a, 2, 1970-01-01T00:00:00.004, 7]"});
  RowHarness(MakeOverAggregate, Encode(OverSpec({.rows = true})))
      .Input(kOverInput, {0})
      .Output("k STRING, v INT, t TIMESTAMP(3), s INT")
      .Rows({"+I[a, 5, 1]"})
      .Watermark(milliseconds(5))
      .Expect({"+I[a, 5, 1970-01-01T00:00:00.001, 5]"})
      .Rows({"+I[a, 2, 4]"})
      .MaxWatermark()
      .ExpectNothing();
}

TEST(OverAggregate, AFrameOfAnIntervalEndsWithTheRowsTime) {
  RowHarness(MakeOverAggregate, Encode(OverSpec({.rows = false, .preceding = 10})))
      .Input(kOverInput, {0})
      .Output("k STRING, v INT, t TIMESTAMP(3), s INT")
      .Rows({"+I[a, 1, 0]", "+I[a, 2, 10]", "+I[a, 4, 11]", "+I[a, 8, 11]"})
      .Watermark(milliseconds(11))
      .Expect({"+I[a, 1, 1970-01-01T00:00, 1]", "+I[a, 2, 1970-01-01T00:00:00.010, 3]",
               "+I[a, 4, 1970-01-01T00:00:00.011, 14]", "+I[a, 8, 1970-01-01T00:00:00.011, 14]"})
      .ExpectEntries(2)
      .Watermark(milliseconds(22))
      .ExpectEntries(0);
}

TEST(OverAggregate, ByProcessingTimeARowHasItsResultAtOnce) {
  graph::OverAggregateSpec spec = OverSpec({.rows = true, .preceding = 1});
  spec.processing_time = true;
  spec.partition.clear();
  RowHarness(MakeOverAggregate, Encode(spec))
      .Input(kOverInput)
      .Global()
      .Output("k STRING, v INT, t TIMESTAMP(3), s INT")
      .Rows({"+I[a, 1, null]", "+I[b, 2, null]", "+I[c, 4, null]"})
      .Expect({"+I[a, 1, null, 1]", "+I[b, 2, null, 3]", "+I[c, 4, null, 6]"});
}

TEST(OverAggregate, AnIntervalOfProcessingTimeTakesAMillisecondTogether) {
  graph::OverAggregateSpec spec = OverSpec({.rows = false, .preceding = 10});
  spec.processing_time = true;
  RowHarness(MakeOverAggregate, Encode(spec))
      .Input(kOverInput, {0})
      .Output("k STRING, v INT, t TIMESTAMP(3), s INT")
      .StartAt(milliseconds(100))
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]"})
      .ExpectNothing()
      .ProcessingTime(milliseconds(105))
      .Expect({"+I[a, 1, null, 3]", "+I[a, 2, null, 3]"})
      .Rows({"+I[a, 4, null]"})
      .ProcessingTime(milliseconds(111))
      .Expect({"+I[a, 4, null, 7]"})
      .Rows({"+I[a, 8, null]"})
      .ProcessingTime(milliseconds(200))
      .Expect({"+I[a, 8, null, 12]"})
      .ExpectEntries(0);
}

TEST(OverAggregate, RanksAndLagsLookBack) {
  RowHarness(MakeOverAggregate, Encode(OverSpec({.rows = true}, {"RANK", "DENSE_RANK", "LAG"})))
      .Input(kOverInput, {0})
      .Output("k STRING, v INT, t TIMESTAMP(3), r BIGINT, d BIGINT, l INT")
      .Rows({"+I[a, 1, 1]", "+I[a, 2, 1]", "+I[a, 3, 2]"})
      .MaxWatermark()
      .Expect({"+I[a, 1, 1970-01-01T00:00:00.001, 1, 1, null]", "+I[a, 2, 1970-01-01T00:00:00.001, 1, 1, 1]",
               "+I[a, 3, 1970-01-01T00:00:00.002, 3, 2, 2]"});
}

TEST(OverAggregate, WhatNeedsLaterRowsIsRefused) {
  graph::Node node;
  node.payload = Encode(OverSpec({.rows = true}, {"LEAD"}));
  EXPECT_EQ(MakeOverAggregate(node).status().message(),
            "LEAD is not supported in streaming: it needs rows that come later");
  node.payload = Encode(OverSpec({.rows = true, .preceding = 3}, {"ROW_NUMBER"}));
  EXPECT_EQ(MakeOverAggregate(node).status().message(),
            "ROW_NUMBER takes no bounded frame: ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW");
}

TEST(OverAggregate, StateIsThatOfTheGoldenFile) {
  testing::KeptState state(MakeOverAggregate, Encode(OverSpec({.rows = true, .preceding = 1})));
  state.Input(kOverInput, {0})
      .Rows({"+I[a, 1, 1]", "+I[a, 2, 2]", "+I[a, 3, 3]"})
      .Watermark(3)
      .Rows({"+I[a, 4, 10]", "+I[a, 6, 12]", "+I[a, 5, 10]"})
      .Expect({"+I[a, 1, 1970-01-01T00:00:00.001, 1]", "+I[a, 2, 1970-01-01T00:00:00.002, 3]",
               "+I[a, 3, 1970-01-01T00:00:00.003, 5]"})
      .ExpectGolden({{"over-rows", "over-rows/2", "over-rows"},
                     {"over-aggregates", "aggregates/2 24-+SUM(INT;)", "over-aggregates"}});
  EXPECT_EQ(state.Items("over-watermark"), std::vector<std::string>{testing::GoldenState("over-watermark")});
  state.Watermark(INT64_MAX).Expect({"+I[a, 4, 1970-01-01T00:00:00.010, 7]", "+I[a, 5, 1970-01-01T00:00:00.010, 9]",
                                     "+I[a, 6, 1970-01-01T00:00:00.012, 11]"});
}

}  // namespace
}  // namespace thalweg::operators
