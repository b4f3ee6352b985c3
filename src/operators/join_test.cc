#include "operators/join.h"

#include "expr/functions.h"
#include "graph/join_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::JoinSpec;
using graph::JoinType;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kOrders = "o STRING, line STRING, address STRING";
constexpr const char* kShipments = "line STRING, mode STRING";
constexpr const char* kOrdersShipped = "o STRING, l STRING, address STRING, line STRING, mode STRING";

/// Orders joined with shipments by `line`, which is unique on the right; orders are unique by (o, line), of which line is the key.
JoinSpec OrderJoin(JoinType type) {
  JoinSpec spec;
  spec.sides.left = ParseSchema(kOrders);
  spec.sides.right = ParseSchema(kShipments);
  spec.sides.left_keys = {1};
  spec.sides.right_keys = {0};
  spec.sides.type = type;
  spec.left_unique_key = {1};
  spec.right_unique_key = {0};
  return spec;
}

/// Two columns a side, without unique keys.
JoinSpec PlainJoin(JoinType type) {
  JoinSpec spec;
  spec.sides.left = ParseSchema("k INT, a STRING");
  spec.sides.right = ParseSchema("k INT, b STRING");
  spec.sides.left_keys = {0};
  spec.sides.right_keys = {0};
  spec.sides.type = type;
  return spec;
}

/// The harness is neither copied nor moved, so its inputs are set where it stands.
RowHarness& Inputs(RowHarness& harness, const JoinSpec& spec) {
  const bool orders = spec.sides.left.size() == 3;
  const bool semi = spec.sides.type == JoinType::kSemi || spec.sides.type == JoinType::kAnti;
  harness.Input(orders ? kOrders : "k INT, a STRING", {orders ? 1 : 0});
  harness.Input(orders ? kShipments : "k INT, b STRING", {0});
  if (semi) return harness.Output(orders ? kOrders : "k INT, a STRING");
  return harness.Output(orders ? kOrdersShipped : "k INT, a STRING, k2 INT, b STRING");
}

// StreamingJoinOperatorTest.testInnerJoinWithDifferentStateRetentionTime
TEST(Join, InnerForgetsEachSideByItsOwnTtl) {
  JoinSpec spec = OrderJoin(JoinType::kInner);
  spec.left_ttl_ms = 4000;
  spec.right_ttl_ms = 1000;
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .StartAt(milliseconds(1))
      .RowsOn(0, {"+I[o1, l1, pottstown]", "+I[o1, l2, pottstown]"})
      .ExpectNothing()
      .RowsOn(1, {"+I[l2, AIR]"})
      .ExpectInOrder({"+I[o1, l2, pottstown, l2, AIR]"})
      .ProcessingTime(milliseconds(3000))
      .RowsOn(0, {"+U[o1, l2, honolulu]"})
      .ExpectNothing()
      .RowsOn(1, {"+U[l2, SHIP]"})
      .ExpectInOrder({"+U[o1, l2, honolulu, l2, SHIP]"})
      .ProcessingTime(milliseconds(4001))
      .RowsOn(1, {"+I[l1, TRUCK]"})
      .ExpectNothing()
      .RowsOn(1, {"-D[l2, SHIP]"})
      .ExpectInOrder({"-D[o1, l2, honolulu, l2, SHIP]"})
      .ProcessingTime(milliseconds(7000))
      .RowsOn(1, {"+I[l2, RAIL]"})
      .ExpectNothing();
}

// StreamingJoinOperatorTest.testInnerJoinWithStateRetentionDisabled
TEST(Join, InnerKeepsTheKindOfItsInput) {
  const JoinSpec spec = OrderJoin(JoinType::kInner);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {"+I[o1, l1, pottstown]", "+I[o1, l2, pottstown]"})
      .RowsOn(1, {"+I[l2, AIR]"})
      .ExpectInOrder({"+I[o1, l2, pottstown, l2, AIR]"})
      .RowsOn(0, {"+U[o1, l2, honolulu]"})
      .ExpectInOrder({"+U[o1, l2, honolulu, l2, AIR]"})
      .RowsOn(1, {"+U[l2, SHIP]"})
      .ExpectInOrder({"+U[o1, l2, honolulu, l2, SHIP]"})
      .RowsOn(1, {"-U[l2, SHIP]"})
      .ExpectInOrder({"-U[o1, l2, honolulu, l2, SHIP]"})
      .RowsOn(1, {"+I[l2, RAIL]"})
      .ExpectInOrder({"+I[o1, l2, honolulu, l2, RAIL]"});
}

// StreamingJoinOperatorTest.testLeftOuterJoinInnerSideUpdateAfterThenDeleteRestoresNullPadding and its sister of a duplicate insert
TEST(Join, LeftPadsAgainWhenTheOnlyMatchThatWasUpdatedGoes) {
  const JoinSpec spec = OrderJoin(JoinType::kLeft);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {"+I[o1, l1, pottstown]"})
      .ExpectInOrder({"+I[o1, l1, pottstown, null, null]"})
      .RowsOn(1, {"+I[l1, AIR]"})
      .ExpectInOrder({"-D[o1, l1, pottstown, null, null]", "+I[o1, l1, pottstown, l1, AIR]"})
      .RowsOn(1, {"+U[l1, SHIP]"})
      .ExpectInOrder({"+I[o1, l1, pottstown, l1, SHIP]"})
      .RowsOn(1, {"+I[l1, SHIP]"})
      .ExpectInOrder({"+I[o1, l1, pottstown, l1, SHIP]"})
      .RowsOn(1, {"-D[l1, SHIP]"})
      .ExpectInOrder({"-D[o1, l1, pottstown, l1, SHIP]", "+I[o1, l1, pottstown, null, null]"});
}

// StreamingJoinOperatorTest.testRightOuterJoinInnerSideUpdateAfterThenDeleteRestoresNullPadding
TEST(Join, RightPadsAgainWhenTheOnlyMatchGoes) {
  const JoinSpec spec = OrderJoin(JoinType::kRight);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(1, {"+I[l1, AIR]"})
      .ExpectInOrder({"+I[null, null, null, l1, AIR]"})
      .RowsOn(0, {"+I[o1, l1, pottstown]"})
      .ExpectInOrder({"-D[null, null, null, l1, AIR]", "+I[o1, l1, pottstown, l1, AIR]"})
      .RowsOn(0, {"+U[o1, l1, honolulu]"})
      .ExpectInOrder({"+I[o1, l1, honolulu, l1, AIR]"})
      .RowsOn(0, {"-D[o1, l1, honolulu]"})
      .ExpectInOrder({"-D[o1, l1, honolulu, l1, AIR]", "+I[null, null, null, l1, AIR]"});
}

// StreamingJoinOperatorTest.testFullOuterJoinLeftSideUpdateAfterThenDeleteRestoresNullPadding
TEST(Join, FullPadsBothSides) {
  const JoinSpec spec = PlainJoin(JoinType::kFull);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(1, {"+I[1, x]"})
      .ExpectInOrder({"+I[null, null, 1, x]"})
      .RowsOn(0, {"+I[1, a]", "+I[1, a]", "+I[2, c]"})
      .ExpectInOrder({"-D[null, null, 1, x]", "+I[1, a, 1, x]", "+I[1, a, 1, x]", "+I[2, c, null, null]"})
      .RowsOn(0, {"-U[1, a]"})
      .ExpectInOrder({"-D[1, a, 1, x]"})
      .RowsOn(0, {"-D[1, a]"})
      .ExpectInOrder({"-D[1, a, 1, x]", "+I[null, null, 1, x]"})
      .RowsOn(1, {"-D[1, x]"})
      .ExpectInOrder({"-D[null, null, 1, x]"})
      .ExpectEntries(1);
}

TEST(Join, EqualRowsCountAsManyAsTheyAre) {
  const JoinSpec spec = PlainJoin(JoinType::kInner);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {"+I[1, a]", "+I[1, a]", "+I[1, a]", "-D[1, a]"})
      .RowsOn(1, {"+I[1, x]"})
      .ExpectInOrder({"+I[1, a, 1, x]", "+I[1, a, 1, x]"})
      .RowsOn(0, {"-D[1, a]"})
      .ExpectInOrder({"-D[1, a, 1, x]"})
      .RowsOn(1, {"-D[1, x]"})
      .ExpectInOrder({"-D[1, a, 1, x]"})
      .RowsOn(0, {"-D[1, a]"})
      .ExpectNothing()
      .ExpectEntries(0);
}

TEST(Join, LeftForwardsTheKindOfARetractionOfItsInnerSide) {
  const JoinSpec spec = PlainJoin(JoinType::kLeft);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(1, {"+I[1, x]", "+I[1, y]"})
      .RowsOn(0, {"+I[1, a]"})
      .ExpectInOrder({"+I[1, a, 1, x]", "+I[1, a, 1, y]"})
      .RowsOn(1, {"-U[1, x]"})
      .ExpectInOrder({"-U[1, a, 1, x]"})
      .RowsOn(1, {"+U[1, z]"})
      .ExpectInOrder({"+I[1, a, 1, z]"})
      .RowsOn(0, {"-D[1, a]"})
      .ExpectInOrder({"-D[1, a, 1, y]", "-D[1, a, 1, z]"});
}

TEST(Join, ARowIsFoundByItsUniqueKeyWhenItChanges) {
  JoinSpec spec = PlainJoin(JoinType::kLeft);
  spec.right_unique_key = {1};
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {"+I[1, a]"})
      .RowsOn(1, {"+I[1, x]", "+I[1, y]", "+U[1, y]"})
      .RowsOn(1, {"-D[1, x]"})
      .ExpectInOrder({"+I[1, a, null, null]", "-D[1, a, null, null]", "+I[1, a, 1, x]", "+I[1, a, 1, y]",
                      "+I[1, a, 1, y]", "-D[1, a, 1, x]"})
      .RowsOn(1, {"-D[1, y]"})
      .ExpectInOrder({"-D[1, a, 1, y]", "+I[1, a, null, null]"});
}

TEST(Join, SemiSendsALeftRowOnceHoweverManyMatch) {
  const JoinSpec spec = PlainJoin(JoinType::kSemi);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {"+I[1, a]", "+I[2, b]"})
      .ExpectNothing()
      .RowsOn(1, {"+I[1, x]", "+U[1, y]", "+U[2, z]"})
      .ExpectInOrder({"+I[1, a]", "+U[2, b]"})
      .RowsOn(0, {"+U[1, c]"})
      .ExpectInOrder({"+U[1, c]"})
      .RowsOn(1, {"-D[1, x]"})
      .ExpectNothing()
      .RowsOn(1, {"-U[1, y]"})
      .ExpectInOrder({"-U[1, a]", "-U[1, c]"})
      .RowsOn(0, {"-D[1, a]", "-D[2, b]"})
      .ExpectInOrder({"-D[2, b]"});
}

TEST(Join, AntiSendsLeftRowsThatNothingMatches) {
  const JoinSpec spec = PlainJoin(JoinType::kAnti);
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {"+I[1, a]", "+U[null, n]"})
      .ExpectInOrder({"+I[1, a]", "+U[null, n]"})
      .RowsOn(1, {"+I[1, x]", "+I[1, y]", "+I[null, z]"})
      .ExpectInOrder({"-D[1, a]"})
      .RowsOn(1, {"-D[1, x]"})
      .ExpectNothing()
      .RowsOn(1, {"-U[1, y]"})
      .ExpectInOrder({"+I[1, a]"})
      .RowsOn(0, {"-D[1, a]"})
      .ExpectInOrder({"-D[1, a]"});
}

TEST(Join, NullKeysMatchOnlyWhereNullEqualsNull) {
  JoinSpec spec = PlainJoin(JoinType::kLeft);
  {
    RowHarness harness(MakeJoin, Encode(spec));
    Inputs(harness, spec)
        .RowsOn(1, {"+I[null, x]"})
        .RowsOn(0, {"+I[null, a]"})
        .ExpectInOrder({"+I[null, a, null, null]"})
        .ExpectEntries(0)
        .RowsOn(0, {"-U[null, a]"})
        .ExpectInOrder({"-D[null, a, null, null]"});
  }
  spec.sides.null_equal = {1};
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec).RowsOn(1, {"+I[null, x]"}).RowsOn(0, {"+I[null, a]"}).ExpectInOrder({"+I[null, a, null, x]"});
}

TEST(Join, AConditionSeesLeftColumnsThenRightColumns) {
  JoinSpec spec = PlainJoin(JoinType::kFull);
  const types::DataType text(types::TypeId::kString);
  spec.sides.condition =
      expr::Resolve("<", {expr::Expression::Input(1, text), expr::Expression::Input(3, text)}).value();
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {"+I[1, b]"})
      .RowsOn(1, {"+I[1, a]", "+I[1, c]"})
      .ExpectInOrder({"+I[1, b, null, null]", "+I[null, null, 1, a]", "-D[1, b, null, null]", "+I[1, b, 1, c]"})
      .RowsOn(0, {"+I[1, d]"})
      .ExpectInOrder({"+I[1, d, null, null]"})
      .RowsOn(1, {"-D[1, c]"})
      .ExpectInOrder({"-D[1, b, 1, c]", "+I[1, b, null, null]"});
}

// Rows of one batch are asked together, and yet the second sees what the first did to their match.
TEST(Join, RowsOfABatchSeeEachOthersMatches) {
  JoinSpec spec = PlainJoin(JoinType::kRight);
  const types::DataType text(types::TypeId::kString);
  spec.sides.condition =
      expr::Resolve("<>", {expr::Expression::Input(1, text), expr::Expression::Input(3, text)}).value();
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(1, {"+I[1, x]", "+I[1, y]", "+I[2, z]"})
      .ExpectInOrder({"+I[null, null, 1, x]", "+I[null, null, 1, y]", "+I[null, null, 2, z]"})
      .RowsOn(0, {"+I[1, x]", "+I[null, q]", "+I[1, a]", "-D[1, x]", "-D[1, a]"})
      .ExpectInOrder({"-D[null, null, 1, y]", "+I[1, x, 1, y]", "-D[null, null, 1, x]", "+I[1, a, 1, x]",
                      "+I[1, a, 1, y]", "-D[1, x, 1, y]", "-D[1, a, 1, x]", "+I[null, null, 1, x]", "-D[1, a, 1, y]",
                      "+I[null, null, 1, y]"});
}

TEST(Join, WithoutKeysEverythingMeets) {
  JoinSpec spec = PlainJoin(JoinType::kInner);
  spec.sides.left_keys = spec.sides.right_keys = {};
  RowHarness(MakeJoin, Encode(spec))
      .Global()
      .Input("k INT, a STRING")
      .Input("k INT, b STRING")
      .Output("k INT, a STRING, k2 INT, b STRING")
      .RowsOn(0, {"+I[1, a]", "+I[2, b]"})
      .RowsOn(1, {"+I[3, x]"})
      .ExpectInOrder({"+I[1, a, 3, x]", "+I[2, b, 3, x]"});
}

// One row that matches many more than the output takes: the rest waits in the spill, also through a restart.
TEST(Join, ARowWithManyMatchesIsEmittedAsTheOutputTakesIt) {
  const JoinSpec spec = PlainJoin(JoinType::kInner);
  std::vector<std::string> rights, expected;
  for (int i = 0; i < 40; ++i) {
    rights.push_back("+I[1, r" + std::to_string(i) + "]");
    expected.push_back("+I[1, a, 1, r" + std::to_string(i) + "]");
  }
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec).RowsOn(1, rights).RowsOn(0, {"+I[1, a]"}).Expect(expected);
}

/// Rows that only come and have no key lie one behind another in state.
JoinSpec AppendedJoin() {
  JoinSpec spec = PlainJoin(JoinType::kInner);
  spec.left_append_only = spec.right_append_only = true;
  return spec;
}

std::string Row(std::string_view kind, int key, const std::string& text) {
  return fmt::format("{}[{}, {}]", kind, key, text);
}
std::string Pair(std::string_view kind, int key, const std::string& left, const std::string& right) {
  return fmt::format("{}[{}, {}, {}, {}]", kind, key, left, key, right);
}
/// Long enough for a heap.
std::string Text(std::string_view of, int number) { return fmt::format("{} {:0>20}", of, number); }

TEST(Join, RowsThatOnlyComeAreMetInTheirOrderHoweverManyAKeyHas) {
  const JoinSpec spec = AppendedJoin();
  std::vector<std::string> lefts, expected;
  for (int i = 0; i < 60; ++i) lefts.push_back(Row("+I", i % 20 == 7 ? 2 : 1, std::string(300, 'x') + Text("left", i)));
  for (const auto& [key, right] : std::vector<std::pair<int, std::string>>{{1, "r"}, {2, "s"}, {1, "t"}})
    for (int i = 0; i < 60; ++i)
      if ((i % 20 == 7) == (key == 2))
        expected.push_back(Pair("+I", key, std::string(300, 'x') + Text("left", i), right));
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, lefts)
      .RowsOn(1, {"+I[1, r]", "+I[3, u]", "+I[2, s]", "+I[1, t]"})
      .ExpectInOrder(expected);
}

// Rows of one key share what they join with: each still goes out in its place.
TEST(Join, RowsOfOneBatchGoOutInTheirOrderAlsoWhereTheyHaveOneKey) {
  const JoinSpec spec = AppendedJoin();
  std::vector<std::string> rights, expected;
  for (int i = 0; i < 200; ++i) {
    const int key = i % 3 == 0 ? 1 : i % 7;
    rights.push_back(Row("+I", key, Text("right", i)));
    for (int left = 0; left < (key == 1 ? 2 : key == 2 ? 1 : 0); ++left)
      expected.push_back(Pair("+I", key, Text("left", 10 * key + left), Text("right", i)));
  }
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec)
      .RowsOn(0, {Row("+I", 1, Text("left", 10)), Row("+I", 2, Text("left", 20)), Row("+I", 1, Text("left", 11))})
      .RowsOn(1, rights)
      .ExpectInOrder(expected);
}

// More pairs than a batch has rows, of which a condition lets some pass.
TEST(Join, ABatchMayGiveManyBatchesOfPairs) {
  constexpr int kRows = 34;  // 34 * 34 > 1024
  JoinSpec spec = AppendedJoin();
  const types::DataType text(types::TypeId::kString);
  spec.sides.condition =
      expr::Resolve("=", {expr::Expression::Input(1, text), expr::Expression::Input(3, text)}).value();
  std::vector<std::string> lefts, rights, expected;
  for (int i = 0; i < kRows; ++i) {
    const int other = i * 13 % kRows;
    lefts.push_back(Row("+I", 1, Text("row", i)));
    rights.push_back(Row("+I", 1, Text("row", other)));
    expected.push_back(Pair("+I", 1, Text("row", other), Text("row", other)));
  }
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec).RowsOn(0, lefts).RowsOn(1, rights).ExpectInOrder(expected);
}

TEST(Join, ManyPairsOfABatchKeepTheKindsOfTheirRows) {
  const JoinSpec spec = PlainJoin(JoinType::kInner);
  std::vector<std::string> rights, expected;
  for (int i = 0; i < 160; ++i) {
    const std::string_view kind = i % 4 == 3 ? "-D" : i % 4 == 2 ? "+U" : "+I";
    rights.push_back(Row(kind, 1, Text("right", i % 4 == 3 ? i - 1 : i)));
    expected.push_back(Pair(kind, 1, "a", Text("right", i % 4 == 3 ? i - 1 : i)));
  }
  RowHarness harness(MakeJoin, Encode(spec));
  Inputs(harness, spec).RowsOn(0, {"+I[1, a]"}).RowsOn(1, rights).ExpectInOrder(expected).ExpectEntries(81);
}

testing::KeptState& PlainInputs(testing::KeptState& state) {
  return state.Input("k INT, a STRING", {0}).Input("k INT, b STRING", {0});
}

TEST(Join, RecordsAreThoseOfTheGoldenFile) {
  testing::KeptState counted(MakeJoin, Encode(PlainJoin(JoinType::kLeft)));
  PlainInputs(counted)
      .RowsOn(1, {"+I[1, y]", "+I[1, z]"})
      .RowsOn(0, {"+I[1, x]", "+I[1, x]"})
      .Expect({"+I[1, x, 1, y]", "+I[1, x, 1, z]", "+I[1, x, 1, y]", "+I[1, x, 1, z]"})
      .ExpectGolden({{"left-records", "join-entry/2", "join-counted"}})
      .RowsOn(1, {"-D[1, y]"})
      .Expect({"-D[1, x, 1, y]", "-D[1, x, 1, y]"})
      .RowsOn(1, {"-D[1, z]"})
      .Expect({"-D[1, x, 1, z]", "+I[1, x, null, null]", "-D[1, x, 1, z]", "+I[1, x, null, null]"});
  JoinSpec keyed = PlainJoin(JoinType::kInner);
  keyed.left_unique_key = {1};
  keyed.right_unique_key = {0};
  testing::KeptState unique(MakeJoin, Encode(keyed));
  PlainInputs(unique)
      .RowsOn(0, {"+I[1, x]"})
      .RowsOn(1, {"+I[1, y]"})
      .Expect({"+I[1, x, 1, y]"})
      .ExpectGolden(
          {{"left-records", "join-entry/2", "join-by-unique-key"}, {"right-records", "join-entry/2", "join-single"}})
      .RowsOn(1, {"-D[1, y]"})
      .Expect({"-D[1, x, 1, y]"});
}

TEST(Join, AppendedRecordsAreThoseOfTheGoldenFile) {
  JoinSpec spec = PlainJoin(JoinType::kInner);
  spec.left_append_only = spec.right_append_only = true;
  const std::string text(3840, 'z');
  testing::KeptState state(MakeJoin, Encode(spec));
  PlainInputs(state)
      .RowsOn(0, {"+I[1, x]", "+I[1, " + text + "]", "+I[1, y]"})
      .ExpectGolden({{"left-records-appended", "join-part/2", "join-appended"}})
      .RowsOn(1, {"+I[1, b]"})
      .Expect({"+I[1, x, 1, b]", "+I[1, " + text + ", 1, b]", "+I[1, y, 1, b]"});
}

}  // namespace
}  // namespace thalweg::operators
