#include "operators/window_tvf.h"

#include "operators/aggregate_samples_test.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::WindowShape;
using std::chrono::milliseconds;
using testing::RowHarness;

constexpr const char* kTvfInput = "k STRING, t TIMESTAMP(3)";
constexpr const char* kTvfOutput = "k STRING, t TIMESTAMP(3), ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP(3)";

graph::WindowTvfSpec TvfSpec(WindowShape::Kind kind, int64_t size, int64_t slide = 0) {
  graph::WindowTvfSpec spec;
  spec.input = testing::ParseSchema(kTvfInput);
  spec.window.kind = kind;
  spec.window.size_ms = size;
  spec.window.slide_ms = slide;
  spec.window.time_column = 1;
  return spec;
}

TEST(WindowTvf, TumbleAppendsTheWindowAndKeepsTheKind) {
  RowHarness(MakeWindowTvf, Encode(TvfSpec(WindowShape::Kind::kTumble, 1000)))
      .Input(kTvfInput)
      .Output(kTvfOutput)
      .Watermark(milliseconds(5000))
      .Rows({"+I[a, 999]", "-D[b, 1000]"})
      .Expect({"+I[a, 1970-01-01T00:00:00.999, 1970-01-01T00:00, 1970-01-01T00:00:01, 1970-01-01T00:00:00.999]",
               "-D[b, 1970-01-01T00:00:01, 1970-01-01T00:00:01, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]"});
}

TEST(WindowTvf, HopGivesARowToEachWindow) {
  RowHarness(MakeWindowTvf, Encode(TvfSpec(WindowShape::Kind::kHop, 2000, 1000)))
      .Input(kTvfInput)
      .Output(kTvfOutput)
      .Rows({"+I[a, 1500]"})
      .Expect({"+I[a, 1970-01-01T00:00:01.500, 1970-01-01T00:00, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]",
               "+I[a, 1970-01-01T00:00:01.500, 1970-01-01T00:00:01, 1970-01-01T00:00:03, 1970-01-01T00:00:02.999]"});
}

TEST(WindowTvf, CumulateGivesARowToEachStepFromItsOwnOn) {
  RowHarness(MakeWindowTvf, Encode(TvfSpec(WindowShape::Kind::kCumulate, 3000, 1000)))
      .Input(kTvfInput)
      .Output(kTvfOutput)
      .Rows({"+I[a, 1500]"})
      .Expect({"+I[a, 1970-01-01T00:00:01.500, 1970-01-01T00:00, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]",
               "+I[a, 1970-01-01T00:00:01.500, 1970-01-01T00:00, 1970-01-01T00:00:03, 1970-01-01T00:00:02.999]"});
}

TEST(WindowTvf, RowsOfASessionWaitForItsEnd) {
  graph::WindowTvfSpec spec = TvfSpec(WindowShape::Kind::kSession, 1000);
  spec.window.partition = {0};
  RowHarness(MakeWindowTvf, Encode(spec))
      .Input(kTvfInput, {0})
      .Output(kTvfOutput)
      .Rows({"+I[a, 0]", "+I[a, 900]", "+I[b, 0]"})
      .Watermark(milliseconds(999))
      .Expect({"+I[b, 1970-01-01T00:00, 1970-01-01T00:00, 1970-01-01T00:00:01, 1970-01-01T00:00:00.999]"})
      .Rows({"+I[b, 0]"})
      .MaxWatermark()
      .Expect({"+I[a, 1970-01-01T00:00, 1970-01-01T00:00, 1970-01-01T00:00:01.900, 1970-01-01T00:00:01.899]",
               "+I[a, 1970-01-01T00:00:00.900, 1970-01-01T00:00, 1970-01-01T00:00:01.900, 1970-01-01T00:00:01.899]"})
      .ExpectEntries(0);
}

TEST(WindowTvf, AnInstantGoesToTheWindowOfItsLocalTime) {
  graph::WindowTvfSpec spec;
  spec.input = testing::ParseSchema("t TIMESTAMP_LTZ(3)");
  spec.window.size_ms = 86'400'000;
  spec.window.time_column = 0;
  spec.window.zone = "Asia/Shanghai";
  RowHarness(MakeWindowTvf, Encode(spec))
      .Input("t TIMESTAMP_LTZ(3)")
      .Output("t TIMESTAMP_LTZ(3), ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP_LTZ(3)")
      .Rows({"+I[57599999]", "+I[57600000]"})
      .Expect({"+I[1970-01-01T15:59:59.999Z, 1970-01-01T00:00, 1970-01-02T00:00, 1970-01-01T15:59:59.999Z]",
               "+I[1970-01-01T16:00:00Z, 1970-01-02T00:00, 1970-01-03T00:00, 1970-01-02T15:59:59.999Z]"});
}

TEST(WindowTvf, SizesThatMakeNoWindowsAreRefused) {
  graph::Node node;
  node.payload = Encode(TvfSpec(WindowShape::Kind::kTumble, 0));
  EXPECT_EQ(MakeWindowTvf(node).status().message(), "Window parameters must satisfy size > 0: Tumbling(size=0 ms)");
}

TEST(WindowTvf, RowsOfASessionAreThoseOfTheGoldenFile) {
  graph::WindowTvfSpec spec = TvfSpec(WindowShape::Kind::kSession, 10);
  spec.window.partition = {0};
  const std::string row =
      "[a, 1970-01-01T00:00:00.003, 1970-01-01T00:00:00.003, 1970-01-01T00:00:00.013, 1970-01-01T00:00:00.012]";
  testing::KeptState(MakeWindowTvf, Encode(spec))
      .Input(kTvfInput, {0})
      .Rows({"+I[a, 3]", "-D[a, 3]"})
      .ExpectGolden({{"window-contents", "[(u8,str)]", "session-rows"}})
      .Watermark(12)
      .Expect({"+I" + row, "-D" + row});
}

}  // namespace
}  // namespace thalweg::operators
