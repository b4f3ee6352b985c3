#include "operators/rank.h"

#include "graph/rank_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::RankSpec;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kGoods = "category STRING, id BIGINT, price INT";
constexpr const char* kNumberedGoods = "category STRING, id BIGINT, price INT, n BIGINT";

/// The cheapest of each category, as in Flink's TopNFunctionTestBase.
RankSpec Cheapest(RankSpec::Input kind, int64_t from, int64_t to, bool generate_update_before, bool rank_number) {
  RankSpec spec;
  spec.input = ParseSchema(kGoods);
  spec.partition = {0};
  spec.order = {{.column = 2}};
  spec.from = from;
  spec.to = to;
  spec.rank_number = rank_number;
  spec.kind = kind;
  if (kind == RankSpec::Input::kUpsert) spec.unique_key = {1};
  spec.generate_update_before = generate_update_before;
  return spec;
}

RowHarness& Goods(RowHarness& harness, const RankSpec& spec) {
  return harness.Input(kGoods, {0}).Output(spec.rank_number ? kNumberedGoods : kGoods);
}

constexpr RankSpec::Input kInputs[] = {RankSpec::Input::kAppend, RankSpec::Input::kUpsert, RankSpec::Input::kRetract};

// TopNFunctionTestBase.testDisableGenerateUpdateBefore
TEST(Rank, WithoutNumbersARowThatIsPushedOutIsDeleted) {
  for (RankSpec::Input kind : kInputs) {
    const RankSpec spec = Cheapest(kind, 1, 2, false, false);
    RowHarness harness(MakeRank, Encode(spec));
    Goods(harness, spec)
        .Rows({"+I[book, 1, 12]", "+I[book, 2, 19]", "+I[book, 3, 19]"})
        .ExpectInOrder({"+I[book, 1, 12]", "+I[book, 2, 19]"})
        .Rows({"+I[book, 4, 11]"})
        .ExpectInOrder({"-D[book, 2, 19]", "+I[book, 4, 11]"})
        .Rows({"+I[book, 5, 11]"})
        .ExpectInOrder({"-D[book, 1, 12]", "+I[book, 5, 11]"})
        .Rows({"+I[fruit, 4, 33]", "+I[fruit, 3, 44]", "+I[fruit, 5, 22]"})
        .ExpectInOrder({"+I[fruit, 4, 33]", "+I[fruit, 3, 44]", "-D[fruit, 3, 44]", "+I[fruit, 5, 22]"})
        // testConstantRankRangeWithoutOffset: the same after a restart
        .Rows({"+I[fruit, 6, 10]"})
        .ExpectInOrder({"-D[fruit, 4, 33]", "+I[fruit, 6, 10]"});
  }
}

// TopNFunctionTestBase.testDisableGenerateUpdateBeforeAndOutputRankNumber
TEST(Rank, NumbersWithoutUpdateBefore) {
  for (RankSpec::Input kind : kInputs) {
    const RankSpec spec = Cheapest(kind, 1, 2, false, true);
    RowHarness harness(MakeRank, Encode(spec));
    Goods(harness, spec)
        .Rows({"+I[book, 1, 12]", "+I[book, 2, 19]"})
        .ExpectInOrder({"+I[book, 1, 12, 1]", "+I[book, 2, 19, 2]"})
        .Rows({"+I[book, 4, 11]"})
        .ExpectInOrder({"+U[book, 4, 11, 1]", "+U[book, 1, 12, 2]"})
        .Rows({"+I[book, 5, 11]"})
        .ExpectInOrder({"+U[book, 5, 11, 2]"})
        .Rows({"+I[fruit, 4, 33]", "+I[fruit, 3, 44]", "+I[fruit, 5, 22]"})
        .ExpectInOrder({"+I[fruit, 4, 33, 1]", "+I[fruit, 3, 44, 2]", "+U[fruit, 5, 22, 1]", "+U[fruit, 4, 33, 2]"});
  }
}

// TopNFunctionTestBase.testOutputRankNumberWithConstantRankRange
TEST(Rank, NumbersWithUpdateBefore) {
  for (RankSpec::Input kind : kInputs) {
    const RankSpec spec = Cheapest(kind, 1, 2, true, true);
    RowHarness harness(MakeRank, Encode(spec));
    Goods(harness, spec)
        .Rows({"+I[book, 1, 12]", "+I[book, 2, 19]"})
        .ExpectInOrder({"+I[book, 1, 12, 1]", "+I[book, 2, 19, 2]"})
        .Rows({"+I[book, 4, 11]"})
        .ExpectInOrder({"-U[book, 1, 12, 1]", "+U[book, 4, 11, 1]", "-U[book, 2, 19, 2]", "+U[book, 1, 12, 2]"})
        .Rows({"+I[book, 5, 11]"})
        .ExpectInOrder({"-U[book, 1, 12, 2]", "+U[book, 5, 11, 2]"});
  }
}

// TopNFunctionTestBase.testConstantRankRangeWithOffset
TEST(Rank, AnOffsetLeavesOutTheFirstNumbers) {
  for (RankSpec::Input kind : kInputs) {
    const RankSpec spec = Cheapest(kind, 2, 2, true, false);
    RowHarness harness(MakeRank, Encode(spec));
    Goods(harness, spec)
        .Rows({"+I[book, 1, 12]", "+I[book, 2, 19]"})
        .ExpectInOrder({"+I[book, 2, 19]"})
        .Rows({"+I[book, 4, 11]"})
        .ExpectInOrder({"-U[book, 2, 19]", "+U[book, 1, 12]"})
        .Rows({"+I[fruit, 4, 33]", "+I[fruit, 3, 44]", "+I[fruit, 5, 22]"})
        .ExpectInOrder({"+I[fruit, 3, 44]", "-U[fruit, 3, 44]", "+U[fruit, 4, 33]"});
  }
}

// RetractableTopNFunctionTest.testProcessRetractMessageWithGenerateUpdateBefore and ...WithNotGenerateUpdateBefore
TEST(Rank, ARetractionMovesTheRowsBelowUp) {
  {
    const RankSpec spec = Cheapest(RankSpec::Input::kRetract, 1, 2, true, true);
    RowHarness harness(MakeRank, Encode(spec));
    Goods(harness, spec)
        .Rows({"+I[book, 1, 12]", "+I[book, 2, 19]", "+I[book, 4, 11]"})
        .ExpectInOrder({"+I[book, 1, 12, 1]", "+I[book, 2, 19, 2]", "-U[book, 1, 12, 1]", "+U[book, 4, 11, 1]",
                        "-U[book, 2, 19, 2]", "+U[book, 1, 12, 2]"})
        .Rows({"-U[book, 1, 12]"})
        .ExpectInOrder({"-U[book, 1, 12, 2]", "+U[book, 2, 19, 2]"})
        .Rows({"+I[book, 5, 11]"})
        .ExpectInOrder({"-U[book, 2, 19, 2]", "+U[book, 5, 11, 2]"});
  }
  const RankSpec spec = Cheapest(RankSpec::Input::kRetract, 1, 2, false, true);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[book, 1, 12]", "+I[book, 2, 19]", "+I[book, 4, 11]"})
      .ExpectInOrder({"+I[book, 1, 12, 1]", "+I[book, 2, 19, 2]", "+U[book, 4, 11, 1]", "+U[book, 1, 12, 2]"})
      .Rows({"-U[book, 1, 12]"})
      .ExpectInOrder({"+U[book, 2, 19, 2]"})
      .Rows({"-D[book, 2, 19]"})
      .ExpectInOrder({"-D[book, 2, 19, 2]"})
      .Rows({"-D[book, 4, 11]"})
      .ExpectInOrder({"-D[book, 4, 11, 1]"})
      .ExpectEntries(0);
}

TEST(Rank, WithoutNumbersARetractionPullsInTheNextRow) {
  const RankSpec spec = Cheapest(RankSpec::Input::kRetract, 1, 2, true, false);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[book, 1, 12]", "+I[book, 2, 12]", "+I[book, 3, 12]", "+I[book, 4, 20]"})
      .ExpectInOrder({"+I[book, 1, 12]", "+I[book, 2, 12]"})
      .Rows({"-D[book, 4, 20]"})
      .ExpectNothing()
      .Rows({"-D[book, 1, 12]"})
      .ExpectInOrder({"-D[book, 1, 12]", "+I[book, 3, 12]"})
      .Rows({"-D[book, 2, 12]"})
      .ExpectInOrder({"-D[book, 2, 12]"})
      .Rows({"-D[book, 9, 1]"})
      .ExpectNothing();
}

// UpdatableTopNFunctionTest.testSortKeyChangesWhenOutputRankNumber
TEST(Rank, AnUpsertRisesPastOthers) {
  const RankSpec spec = Cheapest(RankSpec::Input::kUpsert, 1, 2, true, true);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[book, 2, 19]"})
      .ExpectInOrder({"+I[book, 2, 19, 1]"})
      .Rows({"+I[book, 3, 16]"})
      .ExpectInOrder({"-U[book, 2, 19, 1]", "+U[book, 3, 16, 1]", "+I[book, 2, 19, 2]"})
      .Rows({"+U[book, 2, 11]"})
      .ExpectInOrder({"-U[book, 3, 16, 1]", "-U[book, 2, 19, 2]", "+U[book, 2, 11, 1]", "+U[book, 3, 16, 2]"})
      .Rows({"+U[book, 3, 15]"})
      .ExpectInOrder({"-U[book, 3, 16, 2]", "+U[book, 3, 15, 2]"})
      .Rows({"+I[book, 4, 2]"})
      .ExpectInOrder({"-U[book, 2, 11, 1]", "+U[book, 4, 2, 1]", "-U[book, 3, 15, 2]", "+U[book, 2, 11, 2]"})
      .Rows({"+U[book, 2, 1]"})
      .ExpectInOrder({"-U[book, 4, 2, 1]", "-U[book, 2, 11, 2]", "+U[book, 2, 1, 1]", "+U[book, 4, 2, 2]"});
}

// UpdatableTopNFunctionTest.testSortKeyChangesWhenNotOutputRankNumber and ...AndNotGenerateUpdateBefore
TEST(Rank, AnUpsertIsAnUpdateOfItsRow) {
  {
    const RankSpec spec = Cheapest(RankSpec::Input::kUpsert, 1, 2, true, false);
    RowHarness harness(MakeRank, Encode(spec));
    Goods(harness, spec)
        .Rows({"+I[book, 2, 19]", "+I[book, 3, 16]", "+U[book, 2, 11]", "+U[book, 3, 15]"})
        .ExpectInOrder({"+I[book, 2, 19]", "+I[book, 3, 16]", "-U[book, 2, 19]", "+U[book, 2, 11]", "-U[book, 3, 16]",
                        "+U[book, 3, 15]"})
        .Rows({"+I[book, 4, 2]", "+U[book, 2, 1]"})
        .ExpectInOrder({"-D[book, 3, 15]", "+I[book, 4, 2]", "-U[book, 2, 11]", "+U[book, 2, 1]"});
  }
  const RankSpec spec = Cheapest(RankSpec::Input::kUpsert, 1, 2, false, false);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[book, 2, 19]", "+I[book, 3, 16]", "+U[book, 2, 11]", "+U[book, 3, 15]", "+I[book, 4, 2]",
             "+U[book, 2, 1]"})
      .ExpectInOrder({"+I[book, 2, 19]", "+I[book, 3, 16]", "+U[book, 2, 11]", "+U[book, 3, 15]", "-D[book, 3, 15]",
                      "+I[book, 4, 2]", "+U[book, 2, 1]"});
}

// A row may get worse only where state before the rank was forgotten.
TEST(Rank, AnUpsertThatSinksLetsOthersUp) {
  const RankSpec spec = Cheapest(RankSpec::Input::kUpsert, 1, 3, true, true);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[book, 1, 1]", "+I[book, 2, 2]", "+I[book, 3, 3]"})
      .ExpectInOrder({"+I[book, 1, 1, 1]", "+I[book, 2, 2, 2]", "+I[book, 3, 3, 3]"})
      .Rows({"+U[book, 1, 2]"})
      .ExpectInOrder({"-U[book, 1, 1, 1]", "-U[book, 2, 2, 2]", "+U[book, 2, 2, 1]", "+U[book, 1, 2, 2]"});
}

// FastTop1FunctionTest: the first row alone is updated, whatever its unique key.
TEST(Rank, TheFirstRowAloneIsUpdated) {
  for (RankSpec::Input kind : {RankSpec::Input::kAppend, RankSpec::Input::kUpsert}) {
    const RankSpec spec = Cheapest(kind, 1, 1, true, true);
    RowHarness harness(MakeRank, Encode(spec));
    Goods(harness, spec)
        .Rows({"+I[book, 1, 12]", "+I[book, 2, 19]", "+I[book, 3, 12]", "+I[book, 4, 11]"})
        .ExpectInOrder({"+I[book, 1, 12, 1]", "-U[book, 1, 12, 1]", "+U[book, 4, 11, 1]"})
        .ExpectEntries(1);
  }
  const RankSpec spec = Cheapest(RankSpec::Input::kAppend, 1, 1, false, false);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[book, 1, 12]", "+I[book, 4, 11]"})
      .ExpectInOrder({"+I[book, 1, 12]", "+U[book, 4, 11]"});
}

TEST(Rank, NullsAndDirectionsOrderAsAsked) {
  struct Case {
    graph::SortKey key;
    std::vector<std::string> first;
  };
  const Case cases[] = {
      {{.column = 2}, {"+I[b, 2, null]", "+I[b, 3, -5]"}},
      {{.column = 2, .nulls_last = true}, {"+I[b, 3, -5]", "+I[b, 1, 4]"}},
      {{.column = 2, .descending = true, .nulls_last = true}, {"+I[b, 4, 7]", "+I[b, 1, 4]"}},
      {{.column = 2, .descending = true}, {"+I[b, 2, null]", "+I[b, 4, 7]"}},
  };
  for (const Case& wanted : cases) {
    RankSpec spec = Cheapest(RankSpec::Input::kRetract, 1, 2, true, false);
    spec.order = {wanted.key};
    RowHarness last(MakeRank, Encode(spec));
    std::vector<std::string> others;
    for (const char* row : {"+I[b, 1, 4]", "+I[b, 2, null]", "+I[b, 3, -5]", "+I[b, 4, 7]"})
      if (row != wanted.first[0] && row != wanted.first[1]) others.emplace_back(row);
    Goods(last, spec).Rows(wanted.first).ExpectInOrder(wanted.first).Rows(others).ExpectNothing();
  }
}

TEST(Rank, WithoutOrderAndPartitionTheFirstRowsThatCameStay) {
  RankSpec spec = Cheapest(RankSpec::Input::kRetract, 2, 3, true, false);
  spec.partition = {};
  spec.order = {};
  RowHarness(MakeRank, Encode(spec))
      .Global()
      .Input(kGoods)
      .Output(kGoods)
      .Rows({"+I[a, 1, 1]", "+I[b, 2, 2]", "+I[c, 3, 3]", "+I[d, 4, 4]"})
      .ExpectInOrder({"+I[b, 2, 2]", "+I[c, 3, 3]"})
      .Rows({"-D[a, 1, 1]"})
      .ExpectInOrder({"-U[b, 2, 2]", "+U[c, 3, 3]", "-U[c, 3, 3]", "+U[d, 4, 4]"});
}

TEST(Rank, StateOfAnAppendOnlyInputHoldsTheTopAlone) {
  const RankSpec spec = Cheapest(RankSpec::Input::kAppend, 1, 2, true, true);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[b, 1, 5]", "+I[b, 2, 4]", "+I[b, 3, 3]", "+I[b, 4, 2]", "+I[b, 5, 9]"})
      .ExpectInOrder({"+I[b, 1, 5, 1]", "-U[b, 1, 5, 1]", "+U[b, 2, 4, 1]", "+I[b, 1, 5, 2]", "-U[b, 2, 4, 1]",
                      "+U[b, 3, 3, 1]", "-U[b, 1, 5, 2]", "+U[b, 2, 4, 2]", "-U[b, 3, 3, 1]", "+U[b, 4, 2, 1]",
                      "-U[b, 2, 4, 2]", "+U[b, 3, 3, 2]"})
      .ExpectEntries(3);  // two rows, and the edge
}

TEST(Rank, RowsExpireByTheirTtl) {
  RankSpec spec = Cheapest(RankSpec::Input::kAppend, 1, 2, true, false);
  spec.ttl_ms = 10;
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec)
      .Rows({"+I[b, 1, 5]", "+I[b, 2, 4]"})
      .ExpectInOrder({"+I[b, 1, 5]", "+I[b, 2, 4]"})
      .ProcessingTime(milliseconds(11))
      .Rows({"+I[b, 3, 9]"})
      .ExpectInOrder({"+I[b, 3, 9]"});
}

TEST(Rank, ARetractionOfAnAppendOnlyInputIsAnError) {
  const RankSpec spec = Cheapest(RankSpec::Input::kAppend, 1, 2, true, false);
  RowHarness harness(MakeRank, Encode(spec));
  Goods(harness, spec).Rows({"-D[b, 1, 5]"}).ExpectError("was given -D");
}

TEST(Rank, RowsAreThoseOfTheGoldenFile) {
  RankSpec spec = Cheapest(RankSpec::Input::kRetract, 1, 2, true, false);
  spec.order = {{.column = 2, .descending = true, .nulls_last = true}};
  testing::KeptState(MakeRank, Encode(spec))
      .Input(kGoods, {0})
      .Rows({"+I[a, 3, null]", "+I[a, 1, 12]", "+I[a, 2, 12]"})
      .Expect({"+I[a, 3, null]", "+I[a, 1, 12]", "-D[a, 3, null]", "+I[a, 2, 12]"})
      .ExpectGolden({{"rank-rows", "[keyed-row/2]", "rank-rows"}})
      .Rows({"-D[a, 2, 12]"})
      .Expect({"-D[a, 2, 12]", "+I[a, 3, null]"});
  testing::KeptState(MakeRank, Encode(Cheapest(RankSpec::Input::kUpsert, 1, 2, true, false)))
      .Input(kGoods, {0})
      .Rows({"+I[a, 1, 12]", "+I[a, 3, null]"})
      .Expect({"+I[a, 1, 12]", "+I[a, 3, null]"})
      .ExpectGolden({{"rank-rows", "[keyed-row/2]", "rank-rows-upsert"}})
      .Rows({"+U[a, 1, 11]"})
      .Expect({"-U[a, 1, 12]", "+U[a, 1, 11]"});
}

TEST(Rank, EdgeAndTopRowAreThoseOfTheGoldenFile) {
  testing::KeptState(MakeRank, Encode(Cheapest(RankSpec::Input::kAppend, 1, 2, true, false)))
      .Input(kGoods, {0})
      .Rows({"+I[a, 1, 12]", "+I[a, 2, 19]", "+I[a, 3, 20]"})
      .Expect({"+I[a, 1, 12]", "+I[a, 2, 19]"})
      .ExpectGolden({{"rank-edge", "rank-edge/1", "rank-edge"}})
      .Rows({"+I[a, 4, 19]", "+I[a, 5, 11]"})
      .Expect({"-D[a, 2, 19]", "+I[a, 5, 11]"});
  testing::KeptState(MakeRank, Encode(Cheapest(RankSpec::Input::kAppend, 1, 1, true, false)))
      .Input(kGoods, {0})
      .Rows({"+I[a, 1, 12]", "+I[a, 2, 11]"})
      .Expect({"+I[a, 1, 12]", "-U[a, 1, 12]", "+U[a, 2, 11]"})
      .ExpectGolden({{"rank-top", "keyed-row/2", "rank-top"}})
      .Rows({"+I[a, 3, 11]", "+I[a, 4, 10]"})
      .Expect({"-U[a, 2, 11]", "+U[a, 4, 10]"});
}

}  // namespace
}  // namespace thalweg::operators
