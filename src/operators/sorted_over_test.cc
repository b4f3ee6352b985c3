#include "operators/sorted_over.h"

#include "graph/sorted_over_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kKeyed = "k STRING, v BIGINT";

graph::SortedOverSpec SumOver(bool rows) {
  graph::SortedOverSpec spec;
  spec.input = ParseSchema(kKeyed);
  spec.partition = {0};
  spec.order = {{.column = 1}};
  spec.rows = rows;
  graph::AggregateCall sum;
  sum.function = "SUM";
  sum.arguments = {1};
  sum.type = types::DataType(types::TypeId::kBigInt);
  sum.name = "s";
  spec.calls = {sum};
  return spec;
}

struct Harness : RowHarness {
  explicit Harness(const graph::SortedOverSpec& spec) : RowHarness(MakeSortedOver, Encode(spec)) {
    Input(kKeyed, {0});
    Output("k STRING, v BIGINT, s BIGINT");
  }
};

TEST(SortedOver, ARowInBetweenChangesThoseBehindIt) {
  Harness(SumOver(false))
      .Rows({"+I[a, 1]", "+I[a, 5]", "+I[b, 7]"})
      .ExpectInOrder({"+I[a, 1, 1]", "+I[a, 5, 6]", "+I[b, 7, 7]"})
      .Rows({"+U[a, 2]"})
      .ExpectInOrder({"+U[a, 2, 3]", "-U[a, 5, 6]", "+U[a, 5, 8]"});
}

TEST(SortedOver, PeersOfARangeHaveOneResult) {
  Harness(SumOver(false))
      .Rows({"+I[a, 2]", "+I[a, 2]"})
      .ExpectInOrder({"+I[a, 2, 2]", "-U[a, 2, 2]", "+U[a, 2, 4]", "+I[a, 2, 4]"});
}

TEST(SortedOver, RowsOfOneOrderKeepTheirOwnResults) {
  Harness(SumOver(true))
      .Rows({"+I[a, 2]", "+I[a, 2]", "+I[a, 3]"})
      .ExpectInOrder({"+I[a, 2, 2]", "+I[a, 2, 4]", "+I[a, 3, 7]"});
}

TEST(SortedOver, ARowThatGoesTakesItsResultAlong) {
  Harness(SumOver(false))
      .Rows({"+I[a, 1]", "+I[a, 2]", "+I[a, 3]"})
      .ExpectInOrder({"+I[a, 1, 1]", "+I[a, 2, 3]", "+I[a, 3, 6]"})
      .Rows({"-U[a, 2]", "-D[a, 9]"})
      .ExpectInOrder({"-D[a, 2, 3]", "-U[a, 3, 6]", "+U[a, 3, 4]"});
}

TEST(SortedOver, WhatDoesNotChangeIsNotTold) {
  Harness(SumOver(false)).Rows({"+I[a, 5]", "+I[a, 0]"}).ExpectInOrder({"+I[a, 5, 5]", "+I[a, 0, 0]"});
}

TEST(SortedOver, UpdatesComeWithoutTheRowBeforeWhereItIsNotWanted) {
  graph::SortedOverSpec spec = SumOver(false);
  spec.generate_update_before = false;
  Harness(spec).Rows({"+I[a, 5]", "+I[a, 1]"}).ExpectInOrder({"+I[a, 5, 5]", "+I[a, 1, 1]", "+U[a, 5, 6]"});
}

TEST(SortedOver, StateIsThatOfTheGoldenFile) {
  testing::KeptState(MakeSortedOver, Encode(SumOver(false)))
      .Input(kKeyed, {0})
      .Rows({"+I[a, 2]", "+I[a, 5]", "+I[a, 2]"})
      .Expect({"+I[a, 2, 2]", "+I[a, 5, 7]", "-U[a, 2, 2]", "+U[a, 2, 4]", "+I[a, 2, 4]", "-U[a, 5, 7]", "+U[a, 5, 9]"})
      .ExpectGolden({{"sorted-over", "[over-entry/2]", "sorted-over"}})
      .Rows({"-D[a, 5]"})
      .Expect({"-D[a, 5, 9]"});
}

}  // namespace
}  // namespace thalweg::operators
