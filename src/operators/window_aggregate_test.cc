#include "operators/window_aggregate.h"

#include "operators/aggregate_samples_test.h"
#include "operators/column_window.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::WindowProperty;
using graph::WindowShape;
using std::chrono::milliseconds;
using testing::RowHarness;

constexpr const char* kWindowRows = "k STRING, v INT, t TIMESTAMP(3)";

/// SUM(v) and COUNT(*) by k, with the window's start and end.
graph::WindowAggregateSpec WindowSpecOf(WindowShape::Kind kind, int64_t size, int64_t slide = 0) {
  graph::WindowAggregateSpec spec;
  spec.input = testing::ParseSchema(kWindowRows);
  spec.keys = {0};
  spec.calls = {CallOf(spec.input, "SUM", {1}), CallOf(spec.input, "COUNT", {})};
  spec.window.kind = kind;
  spec.window.size_ms = size;
  spec.window.slide_ms = slide;
  spec.window.time_column = 2;
  spec.properties = {WindowProperty::kStart, WindowProperty::kEnd};
  return spec;
}

TEST(WindowAggregate, ATumblingWindowFiresWhenTheWatermarkPassesItsEnd) {
  RowHarness(MakeWindowAggregate, Encode(WindowSpecOf(WindowShape::Kind::kTumble, 1000)))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Rows({"+I[a, 1, 0]", "+I[a, 2, 999]", "+I[b, 3, 500]", "+I[a, 4, 1000]"})
      .Watermark(milliseconds(998))
      .ExpectNothing()
      .Watermark(milliseconds(999))
      .Expect(
          {"+I[a, 3, 2, 1970-01-01T00:00, 1970-01-01T00:00:01]", "+I[b, 3, 1, 1970-01-01T00:00, 1970-01-01T00:00:01]"})
      .Rows({"+I[a, 9, 999]"})
      .Watermark(milliseconds(1999))
      .Expect({"+I[a, 4, 1, 1970-01-01T00:00:01, 1970-01-01T00:00:02]"})
      .ExpectEntries(0);
}

TEST(WindowAggregate, AHoppingWindowMergesSlices) {
  graph::WindowAggregateSpec spec = WindowSpecOf(WindowShape::Kind::kHop, 2000, 1000);
  spec.calls = {CallOf(spec.input, "SUM", {1}), CallOf(spec.input, "COUNT", {1}), CallOf(spec.input, "MAX", {1}),
                CallOf(spec.input, "LISTAGG", {0})};
  spec.calls[1].distinct = true;
  RowHarness(MakeWindowAggregate, Encode(spec))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, m INT, l STRING, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Rows({"+I[a, 1, 500]", "+I[a, 1, 1500]", "+I[a, 7, 1600]"})
      .MaxWatermark()
      .Expect({"+I[a, 1, 1, 1, a, 1969-12-31T23:59:59, 1970-01-01T00:00:01]",
               "+I[a, 9, 2, 7, a,a,a, 1970-01-01T00:00, 1970-01-01T00:00:02]",
               "+I[a, 8, 2, 7, a,a, 1970-01-01T00:00:01, 1970-01-01T00:00:03]"});
}

TEST(WindowAggregate, ACumulatingWindowGrowsByItsStep) {
  RowHarness(MakeWindowAggregate, Encode(WindowSpecOf(WindowShape::Kind::kCumulate, 2000, 1000)))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Rows({"+I[a, 1, 500]", "+I[a, 2, 1500]"})
      .MaxWatermark()
      .Expect(
          {"+I[a, 1, 1, 1970-01-01T00:00, 1970-01-01T00:00:01]", "+I[a, 3, 2, 1970-01-01T00:00, 1970-01-01T00:00:02]"});
}

TEST(WindowAggregate, SessionsMerge) {
  graph::WindowAggregateSpec spec = WindowSpecOf(WindowShape::Kind::kSession, 1000);
  spec.calls.push_back(CallOf(spec.input, "ARRAY_AGG", {1}));
  RowHarness(MakeWindowAggregate, Encode(spec))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, l ARRAY<INT>, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Rows({"+I[a, 1, 0]", "+I[a, 2, 1500]", "+I[a, 3, 800]", "+I[a, 4, 5000]"})
      .Watermark(milliseconds(2499))
      .Expect({"+I[a, 6, 3, [1, 2, 3], 1970-01-01T00:00, 1970-01-01T00:00:02.500]"})
      .MaxWatermark()
      .Expect({"+I[a, 4, 1, [4], 1970-01-01T00:00:05, 1970-01-01T00:00:06]"})
      .ExpectEntries(0);
}

TEST(WindowAggregate, ARetractedRowIsTakenBackAndAWindowWithoutRowsIsNotFired) {
  graph::WindowAggregateSpec spec = WindowSpecOf(WindowShape::Kind::kTumble, 1000);
  spec.input_changes = true;
  spec.calls.push_back(CallOf(spec.input, "MAX", {1}));
  RowHarness(MakeWindowAggregate, Encode(spec))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, m INT, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Rows({"+I[a, 1, 0]", "+I[a, 2, 0]", "-D[a, 2, 0]", "+I[b, 1, 0]", "-U[b, 1, 0]"})
      .MaxWatermark()
      .Expect({"+I[a, 1, 1, 1, 1970-01-01T00:00, 1970-01-01T00:00:01]"});
}

TEST(WindowAggregate, AttachedWindowsCloseAtTheirEnd) {
  graph::WindowAggregateSpec spec;
  spec.input = testing::ParseSchema("v INT, ws TIMESTAMP(3), we TIMESTAMP(3)");
  spec.calls = {CallOf(spec.input, "SUM", {0})};
  spec.window.start_column = 1;
  spec.window.end_column = 2;
  spec.properties = {WindowProperty::kEnd, WindowProperty::kTime};
  RowHarness(MakeWindowAggregate, Encode(spec))
      .Input("v INT, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Global()
      .Output("s INT, we TIMESTAMP(3), wt TIMESTAMP(3)")
      .Rows({"+I[1, 0, 1000]", "+I[2, 0, 1000]", "+I[3, 1000, 2000]"})
      .Watermark(milliseconds(999))
      .Expect({"+I[3, 1970-01-01T00:00:01, 1970-01-01T00:00:00.999]"})
      .Rows({"+I[9, 0, 1000]"})
      .MaxWatermark()
      .Expect({"+I[3, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]"});
}

TEST(WindowAggregate, ProcessingTimeWindowsFireByTheClock) {
  graph::WindowAggregateSpec spec = WindowSpecOf(WindowShape::Kind::kTumble, 1000);
  spec.window.processing_time = true;
  spec.window.time_column = -1;
  RowHarness(MakeWindowAggregate, Encode(spec))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]"})
      .ProcessingTime(milliseconds(1000))
      .Expect({"+I[a, 3, 2, 1970-01-01T00:00, 1970-01-01T00:00:01]"});
}

TEST(WindowAggregate, ALocalDayHasItsOwnLengthAndItsRepeatedHourIsOne) {
  graph::WindowAggregateSpec spec;
  spec.input = testing::ParseSchema("v INT, t TIMESTAMP_LTZ(3)");
  spec.calls = {CallOf(spec.input, "SUM", {0}, false)};
  spec.window.size_ms = 3'600'000;
  spec.window.time_column = 1;
  spec.window.zone = "Europe/Berlin";
  spec.properties = {WindowProperty::kStart, WindowProperty::kTime};
  const int64_t shift = 1'603'587'600'000;  // 2020-10-25T01:00Z: 03:00 becomes 02:00
  const auto row = [&](int v, int64_t ms) {
    return "+I[" + std::to_string(v) + ", " + std::to_string(shift + ms) + "]";
  };
  RowHarness(MakeWindowAggregate, Encode(spec))
      .Input("v INT, t TIMESTAMP_LTZ(3)")
      .Global()
      .Output("s INT, ws TIMESTAMP(3), wt TIMESTAMP_LTZ(3)")
      .Rows({row(1, -1000), row(2, -3'600'001)})
      .Watermark(milliseconds(shift - 1))
      .Expect({"+I[2, 2020-10-25T01:00, 2020-10-24T23:59:59.999Z]"})
      .Rows({row(4, 0)})
      .Watermark(milliseconds(shift + 3'599'998))
      .ExpectNothing()
      .Watermark(milliseconds(shift + 3'599'999))
      .Expect({"+I[5, 2020-10-25T02:00, 2020-10-25T00:59:59.999Z]"});
}

TEST(WindowAggregate, ARowWithoutATimeIsInNoWindow) {
  RowHarness(MakeWindowAggregate, Encode(WindowSpecOf(WindowShape::Kind::kTumble, 1000)))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Rows({"+I[a, 1, null]", "+I[a, 2, 0]", "+I[b, 4, null]", "+I[a, 8, 999]", "+I[c, 16, null]"})
      .Inspect([](flow::Operator& window) { EXPECT_EQ(dynamic_cast<ColumnWindow&>(window).timeless_rows(), 3); })
      .Watermark(milliseconds(999))
      .Expect({"+I[a, 10, 2, 1970-01-01T00:00, 1970-01-01T00:00:01]"});
}

TEST(WindowAggregate, LateRowsAreCounted) {
  RowHarness(MakeWindowAggregate, Encode(WindowSpecOf(WindowShape::Kind::kTumble, 1000)))
      .Input(kWindowRows, {0})
      .Output("k STRING, s INT, c BIGINT, ws TIMESTAMP(3), we TIMESTAMP(3)")
      .Watermark(milliseconds(1999))
      .Rows({"+I[a, 1, 0]", "+I[a, 1, 1999]", "+I[a, 1, 2000]"})
      .Inspect([](flow::Operator& window) { EXPECT_EQ(dynamic_cast<WindowCore&>(window).late_rows(), 2); })
      .ExpectNothing();
}

}  // namespace
}  // namespace thalweg::operators
