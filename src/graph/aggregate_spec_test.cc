#include <gtest/gtest.h>

#include "graph/aggregate_spec_samples_test.h"

namespace thalweg::graph {
namespace {

TEST(AggregateSpec, SpecsSurviveTheirEncoding) {
  EXPECT_EQ(DecodeGroupAggregate(Encode(SampleGroup())).value(), SampleGroup());
  EXPECT_EQ(DecodeWindowAggregate(Encode(SampleWindowAggregate())).value(), SampleWindowAggregate());
  EXPECT_EQ(DecodeWindowTvf(Encode(SampleTvf())).value(), SampleTvf());
  EXPECT_EQ(DecodeOverAggregate(Encode(SampleOver())).value(), SampleOver());
}

// By hand from docs/internals/row_specs.md, graph.md and bytes.md.
TEST(AggregateSpec, BytesAreThoseOfTheDocument) {
  GroupAggregateSpec spec;
  spec.input =
      types::Schema({{"k", types::DataType(types::TypeId::kString)}, {"v", types::DataType(types::TypeId::kInt)}});
  spec.keys = {0};
  spec.calls.push_back({.function = "COUNT",
                        .arguments = {1},
                        .distinct = true,
                        .type = types::DataType(types::TypeId::kBigInt).WithNullable(false),
                        .name = "n"});
  spec.generate_update_before = true;
  spec.ttl_ms = 1000;
  const std::string input(
      "\x01\x14"
      "\x01\x08\x01\x01k\x02\x03\x01\x01\x09"
      "\x01\x08\x01\x01v\x02\x03\x01\x01\x04",
      22);
  const std::string call(
      "\x03\x18"
      "\x01\x05"
      "COUNT"
      "\x02\x01\x02\x04\x01\x01\x07\x06\x01\x01\x05\x02\x01\x01\x08\x01n",
      26);
  EXPECT_EQ(Encode(spec), input + std::string("\x02\x01\x00", 3) + call + "\x05\x01\x01\x06\x02\xd0\x0f");
}

TEST(AggregateSpec, AColumnThatIsNotThereIsRefused) {
  GroupAggregateSpec group = SampleGroup();
  group.calls[0].arguments = {9};
  EXPECT_EQ(DecodeGroupAggregate(Encode(group)).status().message(), "Wrong argument of SUM: column 9 of 4 columns");
  group = SampleGroup();
  group.calls[0].filter = 1;
  EXPECT_EQ(DecodeGroupAggregate(Encode(group)).status().message(), "A filter is BOOLEAN, not INT, in SUM");
}

TEST(AggregateSpec, TheTimeOfAWindowIsATimestamp) {
  WindowTvfSpec tvf = SampleTvf();
  tvf.window.time_column = 1;
  EXPECT_EQ(DecodeWindowTvf(Encode(tvf)).status().message(),
            "Wrong window's time: column v is INT, not a TIMESTAMP of up to 3 digits");
}

}  // namespace
}  // namespace thalweg::graph
