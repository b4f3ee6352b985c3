#include "operators/snapshot_join.h"

#include "expr/functions.h"
#include "graph/join_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::JoinType;
using graph::SnapshotJoinSpec;
using std::chrono::milliseconds;
using testing::RowHarness;

constexpr const char* kPair = "k STRING, v INT";
constexpr const char* kJoinedPairs = "k STRING, v INT, k2 STRING, v2 INT";

SnapshotJoinSpec OfPairs(JoinType type, SnapshotJoinSpec::Load load) {
  SnapshotJoinSpec spec;
  spec.sides.left = spec.sides.right = testing::ParseSchema(kPair);
  spec.sides.left_keys = spec.sides.right_keys = {0};
  spec.sides.type = type;
  spec.load = load;
  return spec;
}

TEST(SnapshotJoin, ALeftRowMeetsTheRowsOfItsMoment) {
  RowHarness(MakeSnapshotJoin, Encode(OfPairs(JoinType::kInner, SnapshotJoinSpec::Load::kNone)))
      .Input(kPair, {0})
      .Input(kPair, {0})
      .Output(kJoinedPairs)
      .RowsOn(0, {"+I[a, 1]"})
      .ExpectNothing()
      .RowsOn(1, {"+I[a, 10]", "+I[a, 11]", "+I[b, 20]"})
      .RowsOn(0, {"+I[a, 2]"})
      .Expect({"+I[a, 2, a, 10]", "+I[a, 2, a, 11]"})
      .RowsOn(1, {"-D[a, 10]"})
      .RowsOn(0, {"+I[a, 3]"})
      .Expect({"+I[a, 3, a, 11]"});
}

TEST(SnapshotJoin, ARowTakesThePlaceOfTheOneWithItsKey) {
  SnapshotJoinSpec spec = OfPairs(JoinType::kLeft, SnapshotJoinSpec::Load::kNone);
  spec.right_unique_key = {0};
  RowHarness(MakeSnapshotJoin, Encode(spec))
      .Input(kPair, {0})
      .Input(kPair, {0})
      .Output(kJoinedPairs)
      .RowsOn(1, {"+I[a, 10]", "+I[a, 11]"})
      .RowsOn(0, {"+I[a, 1]", "+I[b, 2]", "+I[null, 3]"})
      .Expect({"+I[a, 1, a, 11]", "+I[b, 2, null, null]", "+I[null, 3, null, null]"});
}

TEST(SnapshotJoin, LeftRowsWaitUntilTheRightSideIsLoaded) {
  RowHarness(MakeSnapshotJoin, Encode(OfPairs(JoinType::kLeft, SnapshotJoinSpec::Load::kEnd)))
      .Input(kPair, {0})
      .Input(kPair, {0})
      .Output(kJoinedPairs)
      .RowsOn(0, {"+I[b, 1]", "+I[a, 2]", "+I[b, 3]"})
      .RowsOn(1, {"+I[a, 10]"})
      .ExpectNothing()
      .RowsOn(1, {"+I[b, 20]", "-D[a, 10]"})
      .EndOfInput(1)
      .ExpectInOrder({"+I[a, 2, null, null]", "+I[b, 1, b, 20]", "+I[b, 3, b, 20]"})
      .ExpectEntries(1);
}

TEST(SnapshotJoin, TheWatermarkTellsThatItIsLoaded) {
  SnapshotJoinSpec spec = OfPairs(JoinType::kInner, SnapshotJoinSpec::Load::kTime);
  spec.load_time_ms = 100;
  const types::DataType number(types::TypeId::kInt);
  spec.sides.condition =
      expr::Resolve("<", {expr::Expression::Input(1, number), expr::Expression::Input(3, number)}).value();
  RowHarness(MakeSnapshotJoin, Encode(spec))
      .Input(kPair, {0})
      .Input(kPair, {0})
      .Output(kJoinedPairs)
      .RowsOn(1, {"+I[a, 10]"})
      .RowsOn(0, {"+I[a, 1]"})
      .Watermark(milliseconds(99))
      .ExpectNothing()
      .Watermark(milliseconds(100))
      .Expect({"+I[a, 1, a, 10]"});
}

TEST(SnapshotJoin, WaitingRowsAreThoseOfTheGoldenFile) {
  SnapshotJoinSpec spec = OfPairs(JoinType::kLeft, SnapshotJoinSpec::Load::kTime);
  spec.load_time_ms = 10;
  testing::KeptState(MakeSnapshotJoin, Encode(spec))
      .Input(kPair, {0})
      .Input(kPair, {0})
      .RowsOn(0, {"+I[a, 1]", "-D[a, 1]"})
      .ExpectGolden(
          {{"waiting", "waiting-row/2", "snapshot-join-waiting"}, {"next-index", "i64", "snapshot-join-next-index"}})
      .Watermark(10)
      .Expect({"+I[a, 1, null, null]", "-D[a, 1, null, null]"});
}

}  // namespace
}  // namespace thalweg::operators
