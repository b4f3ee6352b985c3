#include "operators/side_output.h"

#include <gtest/gtest.h>

#include "testing/subtask_context.h"

namespace thalweg::operators {
namespace {

TEST(SidePorts, RowsThatNobodyReadsAreCountedByTag) {
  testing::SubtaskContext context;
  Ports<int> ports({SidePortOf(OutputTag<int>{"read"}, 1)});
  ASSERT_TRUE(ports.Open(context).ok());
  EXPECT_NE(ports.Find("read", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_TRUE(context.Counters().empty());
  EXPECT_EQ(ports.Find("lost ones", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_EQ(ports.Find("other", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_EQ(ports.Find("lost ones", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_EQ(context.Counters(), (std::map<std::string, int64_t>{{"side_output.lost ones.numRecordsDropped", 2},
                                                                {"side_output.other.numRecordsDropped", 1}}));
}

}  // namespace
}  // namespace thalweg::operators
