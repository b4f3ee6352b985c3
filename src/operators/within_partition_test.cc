#include "operators/within_partition.h"

#include "graph/sorted_over_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::ParseSchema;
using testing::RowHarness;
using types::DataType;
using types::TypeId;

graph::AggregateCall PartitionCall(std::string function, DataType type, std::vector<int> arguments = {}) {
  graph::AggregateCall call;
  call.function = std::move(function);
  call.arguments = std::move(arguments);
  call.type = std::move(type);
  call.name = "r";
  return call;
}

graph::SortedOverSpec PartitionSpec(std::vector<graph::AggregateCall> calls) {
  graph::SortedOverSpec spec;
  spec.input = ParseSchema("k STRING, v BIGINT");
  spec.partition = {0};
  spec.order = {{.column = 1}};
  spec.calls = std::move(calls);
  return spec;
}

struct Partition : RowHarness {
  Partition(const graph::SortedOverSpec& spec, const char* output) : RowHarness(MakeBatchOver, Encode(spec)) {
    Input("k STRING, v BIGINT", {0});
    Output(output);
  }
};

const DataType kCount(TypeId::kBigInt, false), kShare(TypeId::kDouble, false);

TEST(WithinPartition, NothingComesBeforeTheEnd) {
  Partition(PartitionSpec({PartitionCall("ROW_NUMBER", kCount)}), "k STRING, v BIGINT, n BIGINT")
      .Rows({"+I[a, 2]", "+I[a, 1]"})
      .Watermark(std::chrono::hours(1))
      .ExpectNothing()
      .MaxWatermark()
      .ExpectInOrder({"+I[a, 1, 1]", "+I[a, 2, 2]"});
}

TEST(WithinPartition, PeersShareRanksAndShares) {
  Partition(PartitionSpec({PartitionCall("RANK", kCount), PartitionCall("DENSE_RANK", kCount),
                           PartitionCall("CUME_DIST", kShare), PartitionCall("PERCENT_RANK", kShare)}),
            "k STRING, v BIGINT, r BIGINT, d BIGINT, c DOUBLE, p DOUBLE")
      .Rows({"+I[a, 3]", "+I[a, 1]", "+I[b, 7]", "+I[a, 2]", "+I[a, 2]", "+I[a, 5]"})
      .MaxWatermark()
      .Expect({"+I[a, 1, 1, 1, 0.2, 0.0]", "+I[a, 2, 2, 2, 0.6, 0.25]", "+I[a, 2, 2, 2, 0.6, 0.25]",
               "+I[a, 3, 4, 3, 0.8, 0.75]", "+I[a, 5, 5, 4, 1.0, 1.0]", "+I[b, 7, 1, 1, 1.0, 0.0]"});
}

TEST(WithinPartition, AFrameOfRowsForgetsWhatLeavesItWhileOneOfAllKeepsIt) {
  graph::SortedOverSpec spec = PartitionSpec({PartitionCall("SUM", DataType(TypeId::kBigInt), {1})});
  spec.rows = true;
  spec.start = {.offset = -1};
  Partition(spec, "k STRING, v BIGINT, s BIGINT")
      .Rows({"+I[a, 4]", "+I[a, 1]", "+I[a, 2]"})
      .MaxWatermark()
      .ExpectInOrder({"+I[a, 1, 1]", "+I[a, 2, 3]", "+I[a, 4, 6]"});
  spec.rows = false;
  spec.start = {.unbounded = true};
  Partition(spec, "k STRING, v BIGINT, s BIGINT")
      .Rows({"+I[a, 2]", "+I[a, 1]", "+I[a, 2]"})
      .MaxWatermark()
      .ExpectInOrder({"+I[a, 1, 1]", "+I[a, 2, 5]", "+I[a, 2, 5]"});
}

TEST(WithinPartition, ARangeReachesToTheValuesInItsColumns) {
  graph::SortedOverSpec spec = PartitionSpec({PartitionCall("SUM", DataType(TypeId::kBigInt), {1})});
  spec.input = ParseSchema("k STRING, v BIGINT, low BIGINT, high BIGINT");
  spec.start = {.column = 2};
  spec.end = {.column = 3};
  RowHarness(MakeBatchOver, Encode(spec))
      .Input("k STRING, v BIGINT, low BIGINT, high BIGINT", {0})
      .Output("k STRING, v BIGINT, low BIGINT, high BIGINT, s BIGINT")
      .Rows({"+I[a, 4, 3, 6]", "+I[a, null, null, null]", "+I[a, 1, 0, 3]", "+I[a, 3, 2, 5]", "+I[a, 9, 10, 8]"})
      .MaxWatermark()
      .ExpectInOrder({"+I[a, null, null, null, null]", "+I[a, 1, 0, 3, 4]", "+I[a, 3, 2, 5, 7]", "+I[a, 4, 3, 6, 7]",
                      "+I[a, 9, 10, 8, null]"});
}

TEST(WithinPartition, AChangeOrANumberOfTilesBelowOneEndsTheJob) {
  const graph::SortedOverSpec tiles = PartitionSpec({PartitionCall("NTILE", DataType(TypeId::kBigInt, false), {1})});
  Partition(tiles, "k STRING, v BIGINT, t BIGINT").Rows({"-D[a, 1]"}).ExpectError("holds more than +I");
  Partition(tiles, "k STRING, v BIGINT, t BIGINT")
      .Rows({"+I[a, 0]"})
      .MaxWatermark()
      .ExpectError("NTILE needs a number of tiles above 0, not 0");
}

TEST(WithinPartition, StateIsThatOfTheGoldenFile) {
  testing::KeptState(MakeBatchOver, Encode(PartitionSpec({PartitionCall("ROW_NUMBER", kCount)})))
      .Input("k STRING, v BIGINT", {0})
      .Rows({"+I[a, 2]", "+I[a, 5]", "+I[a, 2]"})
      .ExpectGolden({{"batch-over", "[str]", "batch-over"}})
      .Watermark(INT64_MAX)
      .Expect({"+I[a, 2, 1]", "+I[a, 2, 2]", "+I[a, 5, 3]"});
}

}  // namespace
}  // namespace thalweg::operators
