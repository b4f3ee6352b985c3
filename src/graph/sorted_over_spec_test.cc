#include "graph/sorted_over_spec.h"

#include <gtest/gtest.h>

#include "graph/aggregate_spec_samples_test.h"

namespace thalweg::graph {
namespace {

SortedOverSpec SampleSortedOver() { return {SampleRows(), {0}, {{1, true, true}}, true, {SampleCall()}, true, 9, 3}; }

TEST(SortedOverSpec, ComesBackAsItWas) {
  EXPECT_EQ(DecodeSortedOver(Encode(SampleSortedOver())).value(), SampleSortedOver());
}

TEST(SortedOverSpec, ColumnsThatAreNotThereAreRefused) {
  SortedOverSpec spec = SampleSortedOver();
  spec.order = {{.column = 99}};
  EXPECT_FALSE(DecodeSortedOver(Encode(spec)).ok());
  spec = SampleSortedOver();
  spec.partition = {99};
  EXPECT_FALSE(DecodeSortedOver(Encode(spec)).ok());
  spec = SampleSortedOver();
  spec.calls[0].arguments = {99};
  EXPECT_FALSE(DecodeSortedOver(Encode(spec)).ok());
}

}  // namespace
}  // namespace thalweg::graph
