#include "operators/aggregate_layout.h"

#include <random>
#include <set>

#include "operators/aggregate_samples_test.h"
#include "operators/group_aggregate.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::RowHarness;

/// One group of all rows of `columns`; the calls are of column 0 unless they say more.
struct Whole {
  std::string columns;
  std::vector<graph::AggregateCall> calls;

  Whole& Call(std::string function, std::vector<int> arguments = {0}) {
    calls.push_back(CallOf(testing::ParseSchema(columns), std::move(function), std::move(arguments), false));
    return *this;
  }
  Whole& Filter(int column) {
    calls.back().filter = column;
    return *this;
  }
  std::string Spec(bool input_changes) const {
    graph::GroupAggregateSpec spec;
    spec.input = testing::ParseSchema(columns);
    spec.calls = calls;
    spec.input_changes = input_changes;
    return Encode(spec);
  }
};

TEST(AggregateFunctions, DecimalsWidenToTheirSumAndAverage) {
  RowHarness(MakeGroupAggregate, Whole{"v DECIMAL(10, 2)"}.Call("SUM").Call("AVG").Call("MAX").Spec(true))
      .Input("v DECIMAL(10, 2)")
      .Global()
      .Output("s DECIMAL(38, 2), a DECIMAL(38, 6), m DECIMAL(10, 2)")
      .Rows({"+I[1.10]", "+I[2.25]", "+I[null]", "-D[1.10]"})
      .Expect({"+I[1.10, 1.100000, 1.10]", "+U[3.35, 1.675000, 2.25]", "+U[2.25, 2.250000, 2.25]"});
}

TEST(AggregateFunctions, ADecimalSumOfTooManyDigitsIsNullAndBeginsAnew) {
  const std::string most(38, '9');
  RowHarness(MakeGroupAggregate, Whole{"v DECIMAL(38, 0)"}.Call("SUM").Spec(false))
      .Input("v DECIMAL(38, 0)")
      .Global()
      .Output("s DECIMAL(38, 0)")
      .Rows({"+I[" + most + "]", "+I[" + most + "]", "+I[7]"})
      .Expect({"+I[" + most + "]", "+U[null]", "+U[7]"});
}

TEST(AggregateFunctions, AnAverageOfIntegersIsCutTowardsZero) {
  RowHarness(MakeGroupAggregate, Whole{"v INT, f FLOAT"}.Call("AVG").Call("AVG", {1}).Call("SUM", {1}).Spec(false))
      .Input("v INT, f FLOAT")
      .Global()
      .Output("a INT, f FLOAT, s FLOAT")
      .Rows({"+I[-3, 1.5]", "+I[0, 2]", "+I[2147483647, null]", "+I[2147483647, null]"})
      .Expect({"+I[-3, 1.5, 1.5]", "+U[-1, 1.75, 3.5]", "+U[715827881, 1.75, 3.5]", "+U[1073741822, 1.75, 3.5]"});
}

TEST(AggregateFunctions, OfNoRowASumIsNullAndACountZero) {
  RowHarness(MakeGroupAggregate, Whole{"v INT, ok BOOLEAN"}
                                     .Call("SUM")
                                     .Filter(1)
                                     .Call("$SUM0")
                                     .Filter(1)
                                     .Call("COUNT", {})
                                     .Filter(1)
                                     .Call("ARRAY_AGG")
                                     .Filter(1)
                                     .Call("COLLECT")
                                     .Filter(1)
                                     .Call("STDDEV_SAMP")
                                     .Filter(1)
                                     .Spec(false))
      .Input("v INT, ok BOOLEAN")
      .Global()
      .Output("s INT, z INT, c BIGINT, l ARRAY<INT>, m MULTISET<INT>, d INT")
      .Rows({"+I[1, false]", "+I[2, null]"})
      .Expect({"+I[null, 0, 0, null, {}, null]"})
      .Rows({"+I[5, true]"})
      .Expect({"+U[5, 5, 1, [5], {5=1}, null]"});
}

TEST(AggregateFunctions, ListaggTakesItsSeparatorAndGivesRowsBack) {
  RowHarness(MakeGroupAggregate, Whole{"v STRING, sep STRING"}.Call("LISTAGG").Call("LISTAGG", {0, 1}).Spec(true))
      .Input("v STRING, sep STRING")
      .Global()
      .Output("a STRING, b STRING")
      .Rows({"+I[x, ;]", "+I[null, ;]", "+I[y, ;]", "+I[x, ;]", "-D[x, ;]", "-D[zz, ;]"})
      .Expect({"+I[x, x]", "+U[x,y, x;y]", "+U[x,y,x, x;y;x]", "+U[y,x, y;x]"});
  RowHarness(MakeGroupAggregate, Whole{"v STRING, sep STRING"}.Call("LISTAGG").Call("LISTAGG", {0, 1}).Spec(false))
      .Input("v STRING, sep STRING")
      .Global()
      .Output("a STRING, b STRING")
      .Rows({"+I[x, ;]", "+I[y, /]"})
      .Expect({"+I[x, x]", "+U[x,y, x/y]"});
}

TEST(AggregateFunctions, ExtremesOfAnyTypeComeBackAfterRetraction) {
  RowHarness(MakeGroupAggregate,
             Whole{"v STRING, d DOUBLE, t TIMESTAMP(6)"}.Call("MIN").Call("MAX", {1}).Call("MAX", {2}).Spec(true))
      .Input("v STRING, d DOUBLE, t TIMESTAMP(6)")
      .Global()
      .Output("n STRING, x DOUBLE, t TIMESTAMP(6)")
      .Rows({"+I[b, -1.5, 2020-01-01 00:00:00.000002]", "+I[a, -0.5, 2020-01-01 00:00:00.000003]",
             "-D[a, -0.5, 2020-01-01 00:00:00.000003]"})
      .Expect({"+I[b, -1.5, 2020-01-01T00:00:00.000002]", "+U[a, -0.5, 2020-01-01T00:00:00.000003]",
               "+U[b, -1.5, 2020-01-01T00:00:00.000002]"});
}

TEST(AggregateFunctions, DistinctValuesCountOncePerFilterAndComeBackWhenTheirLastRowGoes) {
  Whole whole = Whole{"v INT, ok BOOLEAN"}.Call("COUNT").Call("COUNT").Filter(1);
  for (graph::AggregateCall& call : whole.calls) call.distinct = true;
  for (const bool changes : {false, true})
    RowHarness(MakeGroupAggregate, whole.Spec(changes))
        .Input("v INT, ok BOOLEAN")
        .Global()
        .Output("n BIGINT, ok BIGINT")
        .Rows({"+I[1, false]", "+I[1, true]", "+I[2, null]", "+I[1, true]", "+I[null, true]", "+I[2, true]"})
        .Expect({"+I[1, 0]", "+U[1, 1]", "+U[2, 1]", "+U[2, 2]"});
  RowHarness(MakeGroupAggregate, whole.Spec(true))
      .Input("v INT, ok BOOLEAN")
      .Global()
      .Output("n BIGINT, ok BIGINT")
      .Rows({"+I[1, true]", "+I[1, false]", "-D[1, true]", "-D[1, false]", "+I[1, true]"})
      .Expect({"+I[1, 1]", "+U[1, 0]", "-D[1, 0]", "+I[1, 1]"});
}

/// Many values that come and go: the table of a set probes past neighbours, grows, and closes gaps.
TEST(AggregateFunctions, ASetOfManyIntegersCountsWhatIsThere) {
  Whole whole = Whole{"v BIGINT"}.Call("COUNT").Call("COUNT", {});
  whole.calls[0].distinct = true;
  std::multiset<int64_t> there;
  std::vector<std::string> rows, expected;
  std::minstd_rand random(7);
  for (int i = 0; i < 600; ++i) {
    const int64_t value = random() % 90;
    const bool add = i < 150 || (random() % 2 == 0);
    const auto found = there.find(value);
    if (!add && found == there.end()) continue;
    add ? void(there.insert(value)) : void(there.erase(found));
    rows.push_back(fmt::format("{}[{}]", add ? "+I" : "-D", value));
    const std::set<int64_t> values(there.begin(), there.end());
    expected.push_back(fmt::format("{}[{}, {}]", expected.empty() ? "+I" : "+U", values.size(), there.size()));
  }
  RowHarness(MakeGroupAggregate, whole.Spec(true))
      .Input("v BIGINT")
      .Global()
      .Output("d BIGINT, n BIGINT")
      .Rows(rows)
      .Expect(expected);
}

TEST(AggregateFunctions, AKeyOfAJsonObjectIsNotNull) {
  RowHarness(MakeGroupAggregate, Whole{"k STRING, v STRING"}.Call("JSON_OBJECTAGG", {0, 1}).Spec(false))
      .Input("k STRING, v STRING")
      .Global()
      .Output("j STRING")
      .Rows({"+I[a, 1]", "+I[null, 2]"})
      .ExpectError("The key of JSON_OBJECTAGG must not be NULL");
}

Result<std::shared_ptr<AggregateLayout>> LayoutOf(const Whole& whole, bool retracts) {
  return AggregateLayout::Make(testing::ParseSchema(whole.columns), whole.calls, {.retracts = retracts});
}

TEST(AggregateLayout, ItsNameTellsWhatASnapshotHolds) {
  const Whole sum = Whole{"v INT, s STRING"}.Call("COUNT", {}).Call("SUM");
  EXPECT_EQ((*LayoutOf(sum, false))->object_type().name, "aggregates/2 24+SUM(INT;)");
  EXPECT_TRUE((*LayoutOf(sum, false))->object_type().trivial);
  const Whole text = Whole{"v INT, s STRING"}.Call("MAX", {1});
  EXPECT_EQ((*LayoutOf(text, true))->object_type().name, "aggregates/2 0-+MAX(STRING;)");
}

/// COUNT(DISTINCT v) of all rows, of those with `small`, and SUM(DISTINCT w).
Whole DistinctCounts() {
  Whole whole = Whole{"v INT, small BOOLEAN, w INT"}.Call("COUNT").Call("COUNT").Filter(1).Call("SUM", {2});
  for (graph::AggregateCall& call : whole.calls) call.distinct = true;
  return whole;
}

/// Groups by hand: rows of DistinctCounts' columns are added to a block.
struct Block {
  std::shared_ptr<AggregateLayout> layout;
  AggregateObject object{*layout};

  void Add(const std::vector<std::string>& rows) {
    const types::Schema schema = testing::ParseSchema(DistinctCounts().columns);
    columns::BufferPool pool;
    columns::BatchBuilder builder(schema, pool);
    for (const std::string& row : rows) testing::AppendRowText(row, schema, builder);
    const columns::Batch batch = builder.Take();
    for (int32_t row = 0; row < batch.rows(); ++row) {
      std::byte* const block = object.block();
      const uint8_t op = kAddRow;
      ++AggregateLayout::RowCount(block);
      layout->Update({.batch = &batch, .rows = &row, .count = 1, .groups = &block, .ops = &op});
    }
  }
  std::string Bytes() {
    ByteWriter out;
    layout->object_type().encode(object.object(), out);
    return out.Take();
  }
};

TEST(AggregateLayout, DistinctCallsOfTheSameArgumentsShareASetWhereRowsAreOnlyAdded) {
  EXPECT_EQ((*LayoutOf(DistinctCounts(), false))->object_type().name,
            "aggregates/2 0+COUNT(DISTINCT 0 INT;)COUNT(DISTINCT 0 INT;)SUM(DISTINCT 1 INT;)");
  EXPECT_EQ((*LayoutOf(DistinctCounts(), true))->object_type().name,
            "aggregates/2 0-+COUNT(DISTINCT 0 INT;)COUNT(DISTINCT 1 INT;)SUM(DISTINCT 2 INT;)");
}

TEST(AggregateLayout, AValueOfASharedSetHasABitForEachCall) {
  Block block{*LayoutOf(DistinctCounts(), false)};
  block.Add({"+I[7, false, 1]", "+I[5, true, 1]", "+I[7, false, null]", "+I[null, true, 1]"});
  const auto word = [](uint64_t value) { return std::string(reinterpret_cast<const char*>(&value), 8); };
  const auto key = [](int value) { return std::string("\x05\x01\x80\0\0", 5) + static_cast<char>(value); };
  const std::string null("\x01\0", 2);
  EXPECT_EQ(block.Bytes(), word(4) +                                                            // rows
                               "\x03" + null + word(3) + key(5) + word(3) + key(7) + word(1) +  // set of v
                               "\x02" + null + word(1) + key(1) + word(1) +                     // set of w
                               word(2) + word(1) + word(1) + word(1));  // counts; sum and its count
}

TEST(AggregateLayout, BlocksThatAreMergedCountAValueOfBothOnceForEachCall) {
  const auto layout =
      *AggregateLayout::Make(testing::ParseSchema(DistinctCounts().columns), DistinctCounts().calls, {.merges = true});
  Block into{layout}, from{layout}, whole{layout};
  const std::vector<std::string> first = {"+I[1, false, 4]", "+I[2, true, 5]", "+I[3, true, null]"};
  const std::vector<std::string> second = {"+I[1, true, 4]", "+I[2, true, 6]", "+I[4, false, 7]", "+I[null, true, 7]"};
  into.Add(first);
  from.Add(second);
  layout->Merge(into.object.block(), from.object.block());
  whole.Add(first);
  whole.Add(second);
  EXPECT_EQ(into.Bytes(), whole.Bytes());
}

TEST(AggregateLayout, MoreDistinctCallsThanASetHasBitsForTakeAnother) {
  Whole whole{"v INT, small BOOLEAN, w INT"};
  for (int i = 0; i < 70; ++i) {
    whole.Call("COUNT").Filter(1);
    whole.calls.back().distinct = true;
  }
  const auto layout = *LayoutOf(whole, false);
  EXPECT_NE(layout->object_type().name.find("COUNT(DISTINCT 1 INT;)"), std::string::npos);
  Block block{layout};
  block.Add({"+I[1, true, 0]", "+I[2, false, 0]", "+I[1, true, 0]"});
  columns::BufferPool pool;
  columns::ColumnBuilder out(types::DataType(types::TypeId::kBigInt), pool, 70);
  for (int call = 0; call < 70; ++call) layout->AppendResult(block.object.block(), call, out);
  const columns::Column counts = out.Take();
  for (int call = 0; call < 70; ++call) EXPECT_EQ(counts.data<int64_t>()[call], 1) << call;
}

TEST(AggregateLayout, ACallOfAnotherTypeIsRefused) {
  Whole whole = Whole{"v INT"}.Call("SUM");
  whole.calls[0].type = types::DataType(types::TypeId::kBigInt);
  EXPECT_EQ(LayoutOf(whole, false).status().message(), "SUM gives INT, not BIGINT");
  whole.calls[0].function = "NTH";
  EXPECT_EQ(LayoutOf(whole, false).status().message(), "Unknown aggregate function: NTH");
}

TEST(AggregateLayout, BytesOfNoBlockAreAnError) {
  const std::shared_ptr<AggregateLayout> layout = *LayoutOf(Whole{"v STRING"}.Call("MAX"), true);
  const types::ObjectType& type = layout->object_type();
  std::unique_ptr<std::byte[]> object(new std::byte[type.size]);
  ByteReader in("rubbish that is no block");
  ASSERT_TRUE(type.decode(in, object.get()).ok());
  layout->Open(object.get());
  EXPECT_EQ(layout->status().message(), "Malformed aggregates of a group");
  type.destroy(object.get(), 1);
}

}  // namespace
}  // namespace thalweg::operators
