#include "operators/sort.h"

#include "graph/rank_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::LimitSpec;
using graph::SortSpec;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kTimed = "t TIMESTAMP(3), v INT";

TEST(Sort, RowsGoOutAsTheWatermarkPassesThem) {
  SortSpec spec;
  spec.input = ParseSchema(kTimed);
  spec.order = {{.column = 0}, {.column = 1, .descending = true}};
  spec.time_column = 0;
  RowHarness(MakeSort, Encode(spec))
      .Global()
      .Input(kTimed)
      .Output(kTimed)
      .Rows({"+I[1005, 1]", "+I[1001, 2]", "+I[1003, 3]", "+I[1001, 4]", "+I[1001, 2]"})
      .ExpectNothing()
      .Watermark(milliseconds(1002))
      .ExpectInOrder(
          {"+I[1970-01-01T00:00:01.001, 4]", "+I[1970-01-01T00:00:01.001, 2]", "+I[1970-01-01T00:00:01.001, 2]"})
      // RowTimeSortOperator: what has not been sent yet is not late, even below the watermark.
      .Rows({"+I[1001, 9]", "+I[1002, 8]"})
      .ExpectNothing()
      .Watermark(milliseconds(1003))
      .ExpectInOrder({"+I[1970-01-01T00:00:01.002, 8]", "+I[1970-01-01T00:00:01.003, 3]"})
      .MaxWatermark()
      .ExpectInOrder({"+I[1970-01-01T00:00:01.005, 1]"})
      .ExpectEntries(1);
}

TEST(Sort, ABoundedInputIsSortedAtItsEnd) {
  SortSpec spec;
  spec.input = ParseSchema("v INT, s STRING");
  spec.order = {{.column = 0, .nulls_last = true}};
  spec.offset = 1;
  spec.limit = 3;
  RowHarness(MakeSort, Encode(spec))
      .Global()
      .Input("v INT, s STRING")
      .Output("v INT, s STRING")
      .Rows({"+I[3, a]", "+I[null, b]", "+I[1, c]", "+I[3, d]", "+I[2, e]", "+I[7, f]"})
      .ExpectNothing()
      .EndOfInput()
      .ExpectInOrder({"+I[2, e]", "+I[3, a]", "+I[3, d]"});
  spec.offset = 4;
  spec.limit = -1;
  RowHarness(MakeSort, Encode(spec))
      .Global()
      .Input("v INT, s STRING")
      .Output("v INT, s STRING")
      .Rows({"+I[3, a]", "+I[null, b]", "+I[1, c]", "+I[3, d]", "+I[2, e]", "+I[7, f]"})
      .EndOfInput()
      .ExpectInOrder({"+I[7, f]", "+I[null, b]"});
}

// StreamSortOperatorTest.test
TEST(Sort, OfAChangelogWhatIsLeftIsSorted) {
  SortSpec spec;
  spec.input = ParseSchema("s STRING, v INT");
  spec.order = {{.column = 0}, {.column = 1}};
  RowHarness(MakeSort, Encode(spec))
      .Global()
      .Input("s STRING, v INT")
      .Output("s STRING, v INT")
      .Rows({"+I[hi, 1]", "+I[hello, 2]", "+I[hello, 3]", "+I[hello, 3]", "-U[hi, 1]", "+U[hi, 4]", "-D[hello, 2]",
             "-U[x, 1]", "+I[x, 1]"})
      .ExpectEntries(2)
      .EndOfInput()
      .ExpectInOrder({"+I[hello, 3]", "+I[hello, 3]", "+I[hi, 4]"});
}

TEST(Sort, ByTheWatermarkOnlyInsertionsAreTaken) {
  SortSpec spec;
  spec.input = ParseSchema(kTimed);
  spec.order = {{.column = 0}};
  spec.time_column = 0;
  RowHarness(MakeSort, Encode(spec))
      .Global()
      .Input(kTimed)
      .Output(kTimed)
      .Rows({"-D[1, 1]"})
      .ExpectError("An input of a sort by the watermark holds more than +I: -D");
}

TEST(Limit, TheFirstRowsThatComePass) {
  RowHarness(MakeLimit, Encode(LimitSpec{ParseSchema("v INT"), 2, 3}))
      .Global()
      .Input("v INT")
      .Output("v INT")
      .Rows({"+I[1]", "+I[2]", "+I[3]"})
      .ExpectInOrder({"+I[3]"})
      .Rows({"+I[4]", "+I[5]", "+I[6]"})
      .ExpectInOrder({"+I[4]", "+I[5]"});
}

TEST(Limit, AnOffsetAloneSkips) {
  RowHarness(MakeLimit, Encode(LimitSpec{ParseSchema("v INT"), 1, -1}))
      .Global()
      .Input("v INT")
      .Output("v INT")
      .Rows({"+I[1]", "+I[2]", "+I[3]"})
      .ExpectInOrder({"+I[2]", "+I[3]"});
}

TEST(Sort, RowsThatWaitAreThoseOfTheGoldenFile) {
  SortSpec spec;
  spec.input = ParseSchema(kTimed);
  spec.order = {{.column = 0}, {.column = 1, .descending = true}};
  spec.time_column = 0;
  testing::KeptState(MakeSort, Encode(spec))
      .Input(kTimed)
      .Rows({"+I[1003, 4]", "+I[1001, 2]", "+I[1003, 2]", "+I[1003, 4]"})
      .Watermark(1001)
      .Expect({"+I[1970-01-01T00:00:01.001, 2]"})
      .ExpectGolden({{"sort-rows", "[str]", "sort-rows"}, {"sort-mark", "sort-mark/1", "sort-mark"}})
      .Rows({"+I[1001, 7]"})
      .Watermark(2000)
      .Expect({"+I[1970-01-01T00:00:01.003, 4]", "+I[1970-01-01T00:00:01.003, 4]", "+I[1970-01-01T00:00:01.003, 2]"});
}

TEST(Sort, RowsToTheEndAndALimitAreThoseOfTheGoldenFile) {
  SortSpec spec;
  spec.input = ParseSchema("d DOUBLE, s STRING");
  spec.order = {{.column = 0, .nulls_last = true}};
  testing::KeptState(MakeSort, Encode(spec))
      .Input("d DOUBLE, s STRING")
      .Rows({"+I[-0.0, a]", "-D[null, b]", "+I[-0.0, a]"})
      .ExpectGolden({{"sort-all", "sorted-rows/1", "sort-all"}})
      .Rows({"+I[null, b]"})
      .Watermark(INT64_MAX)
      .Expect({"+I[-0.0, a]", "+I[-0.0, a]"});
  LimitSpec limit;
  limit.input = ParseSchema("v INT");
  limit.limit = 3;
  testing::KeptState(MakeLimit, Encode(limit))
      .Input("v INT")
      .Rows({"+I[1]", "+I[2]"})
      .ExpectGolden({{"limit", "sort-mark/1", "limit"}})
      .Rows({"+I[3]", "+I[4]"})
      .Expect({"+I[1]", "+I[2]", "+I[3]"});
}

}  // namespace
}  // namespace thalweg::operators
