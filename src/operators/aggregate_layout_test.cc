#include "operators/aggregate_layout.h"

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
  EXPECT_EQ((*LayoutOf(sum, false))->object_type().name, "aggregates/1 24+SUM(INT;)");
  EXPECT_TRUE((*LayoutOf(sum, false))->object_type().trivial);
  const Whole text = Whole{"v INT, s STRING"}.Call("MAX", {1});
  EXPECT_EQ((*LayoutOf(text, true))->object_type().name, "aggregates/1 0-+MAX(STRING;)");
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
