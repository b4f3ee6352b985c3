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
