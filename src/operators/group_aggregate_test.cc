#include "operators/group_aggregate.h"

#include "operators/aggregate_samples_test.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::RowHarness;

/// GROUP BY k over "k STRING, v INT", with a call of v each.
graph::GroupAggregateSpec GroupSpec(const std::vector<std::string>& functions, bool input_changes = true) {
  graph::GroupAggregateSpec spec;
  spec.input = testing::ParseSchema("k STRING, v INT, ok BOOLEAN");
  spec.keys = {0};
  for (const std::string& function : functions) spec.calls.push_back(CallOf(spec.input, function, {1}));
  spec.input_changes = input_changes;
  spec.generate_update_before = true;
  return spec;
}

TEST(GroupAggregate, EachRowChangesItsGroup) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"SUM", "COUNT"}, false)))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, s INT, c BIGINT")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]", "+I[b, null, null]", "+I[a, 2147483647, null]"})
      .Expect({"+I[a, 1, 1]", "-U[a, 1, 1]", "+U[a, 3, 2]", "+I[b, null, 0]", "-U[a, 3, 2]", "+U[a, -2147483646, 3]"});
}

TEST(GroupAggregate, AResultThatStaysEqualIsNotEmitted) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"MAX", "MIN"}, false)))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, x INT, n INT")
      .Rows({"+I[a, 5, null]", "+I[a, 5, null]", "+I[a, null, null]"})
      .Expect({"+I[a, 5, 5]"})
      .Rows({"+I[a, 7, null]", "+I[a, 1, null]"})
      .Expect({"-U[a, 5, 5]", "+U[a, 7, 5]", "-U[a, 7, 5]", "+U[a, 7, 1]"});
}

TEST(GroupAggregate, WithATtlEqualResultsAreEmittedToo) {
  graph::GroupAggregateSpec spec = GroupSpec({"MAX"}, false);
  spec.ttl_ms = 1000;
  spec.generate_update_before = false;
  RowHarness(MakeGroupAggregate, Encode(spec))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, x INT")
      .Rows({"+I[a, 5, null]", "+I[a, 5, null]"})
      .Expect({"+I[a, 5]", "+U[a, 5]"})
      .ProcessingTime(std::chrono::milliseconds(5000))
      .Rows({"+I[a, 3, null]"})
      .Expect({"+I[a, 3]"});
}

TEST(GroupAggregate, TheLastRetractionDeletesTheGroup) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"SUM", "MAX", "MIN"})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, s INT, x INT, n INT")
      .Rows({"+I[a, 1, null]", "+I[a, 4, null]", "-U[a, 4, null]", "+U[a, 3, null]"})
      .Expect({"+I[a, 1, 1, 1]", "-U[a, 1, 1, 1]", "+U[a, 5, 4, 1]", "-U[a, 5, 4, 1]", "+U[a, 1, 1, 1]",
               "-U[a, 1, 1, 1]", "+U[a, 4, 3, 1]"})
      .Rows({"-D[a, 1, null]", "-D[a, 3, null]", "-D[a, 3, null]", "+I[a, 9, null]"})
      .Expect({"-U[a, 4, 3, 1]", "+U[a, 3, 3, 3]", "-D[a, 3, 3, 3]", "+I[a, 9, 9, 9]"})
      .ExpectEntries(1)
      .Rows({"-D[a, 9, null]", "-D[zz, 1, null]"})
      .Expect({"-D[a, 9, 9, 9]"})
      .ExpectEntries(0);
}

TEST(GroupAggregate, WithoutKeysThereIsOneGroup) {
  graph::GroupAggregateSpec spec = GroupSpec({"SUM"});
  spec.keys.clear();
  graph::AggregateCall rows = CallOf(spec.input, "COUNT", {});
  spec.calls.push_back(rows);
  spec.generate_update_before = false;
  RowHarness(MakeGroupAggregate, Encode(spec))
      .Input("k STRING, v INT, ok BOOLEAN")
      .Global()
      .Output("s INT, c BIGINT")
      .Rows({"+I[a, 1, null]", "+I[b, 2, null]", "-D[a, 1, null]"})
      .Expect({"+I[1, 1]", "+U[3, 2]", "+U[2, 1]"});
}

TEST(GroupAggregate, DistinctCountsAValueOnceAndAFilterChoosesRows) {
  graph::GroupAggregateSpec spec = GroupSpec({"COUNT", "SUM", "SUM"});
  spec.calls[0].distinct = true;
  spec.calls[1].distinct = true;
  spec.calls[2].filter = 2;
  RowHarness(MakeGroupAggregate, Encode(spec))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, c BIGINT, d INT, s INT")
      .Rows({"+I[a, 5, true]", "+I[a, 5, false]", "+I[a, 6, null]", "-D[a, 5, true]"})
      .Expect({"+I[a, 1, 5, 5]", "-U[a, 1, 5, 5]", "+U[a, 2, 11, 5]", "-U[a, 2, 11, 5]", "+U[a, 2, 11, null]"})
      .Rows({"-D[a, 5, false]"})
      .Expect({"-U[a, 2, 11, null]", "+U[a, 1, 6, null]"});
}

TEST(GroupAggregate, WithoutCallsItGivesEachKeyOnce) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]", "+I[null, 2, null]", "-D[a, 1, null]", "-D[a, 2, null]"})
      .Expect({"+I[a]", "+I[null]", "-D[a]"});
}

TEST(GroupAggregate, FirstAndLastKeepTheOrderUnderRetraction) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"FIRST_VALUE", "LAST_VALUE"})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, f INT, l INT")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]", "+I[a, 1, null]", "-D[a, 1, null]", "-D[a, 1, null]"})
      .Expect({"+I[a, 1, 1]", "-U[a, 1, 1]", "+U[a, 1, 2]", "-U[a, 1, 2]", "+U[a, 1, 1]", "-U[a, 1, 1]", "+U[a, 2, 1]",
               "-U[a, 2, 1]", "+U[a, 2, 2]"});
}

TEST(GroupAggregate, ASecondRowOfASingleValueIsAnError) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"SINGLE_VALUE"})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, v INT")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]"})
      .ExpectError("SINGLE_VALUE received more than one row");
}

TEST(GroupAggregate, AFunctionOfOverIsRefused) {
  graph::GroupAggregateSpec spec = GroupSpec({});
  spec.calls.push_back(CallOf(spec.input, "LAG", {1}));
  graph::Node node;
  node.payload = Encode(spec);
  EXPECT_EQ(MakeGroupAggregate(node).status().message(), "LAG stands with OVER only");
}

}  // namespace
}  // namespace thalweg::operators
