#include "graph/sorted_over_spec.h"

#include <gtest/gtest.h>

#include "graph/aggregate_spec_samples_test.h"

namespace thalweg::graph {
namespace {

SortedOverSpec SampleSortedOver() {
  return {SampleRows(), {0}, {{1, true, true}}, true, {SampleCall()}, true, 9, {.offset = -3}, {.unbounded = true}};
}

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

TEST(SortedOverSpec, ALimitIsOfTheOrdersTypeAndOfARange) {
  SortedOverSpec spec = SampleSortedOver();
  spec.rows = false;
  spec.start = {.column = 1};
  EXPECT_EQ(DecodeSortedOver(Encode(spec)).value(), spec);
  spec.start.column = 99;
  EXPECT_FALSE(DecodeSortedOver(Encode(spec)).ok());
  spec.start.column = 0;
  EXPECT_FALSE(DecodeSortedOver(Encode(spec)).ok());
  spec.start.column = 1;
  spec.rows = true;
  EXPECT_FALSE(DecodeSortedOver(Encode(spec)).ok());
}

}  // namespace
}  // namespace thalweg::graph
