#include "graph/scan_spec.h"

#include <gtest/gtest.h>

#include "graph/job_graph.h"

namespace thalweg::graph {
namespace {

TEST(ScanSpec, WhatIsReadSurvivesItsEncoding) {
  ScanSpec spec;
  spec.reads = {{0}, {2, 1}, {2, 3, 0}};
  Node node;
  EXPECT_TRUE(ReadsOf(node)->empty());
  node.scan = Encode(spec);
  EXPECT_EQ(*ReadsOf(node), spec.reads);
  spec.reads = {{-1}};
  EXPECT_EQ(DecodeScan(Encode(spec)).status().message(), "Malformed scan: what is read is no column");
}

TEST(ScanSpec, AReadColumnIsReadInAllItsParts) {
  const std::vector<ColumnPath> reads = {{0}, {2, 1}};
  EXPECT_TRUE(IsRead(reads, {0}));
  EXPECT_TRUE(IsRead(reads, {0, 5}));
  EXPECT_FALSE(IsRead(reads, {1}));
  EXPECT_TRUE(IsRead(reads, {2}));
  EXPECT_TRUE(IsRead(reads, {2, 1}));
  EXPECT_FALSE(IsRead(reads, {2, 0}));
  EXPECT_TRUE(IsRead({}, {1})) << "nothing said: everything";
}

TEST(ScanSpec, AsksOfPartitionsWhatTheirColumnsSayAlone) {
  ScanSpec spec;
  spec.partition_columns = {2};
  spec.partitions = expr::Expression::Input(2, types::DataType(types::TypeId::kBoolean));
  const ScanSpec read = *DecodeScan(Encode(spec));
  EXPECT_EQ(read.partition_columns, spec.partition_columns);
  EXPECT_EQ(read.partitions, spec.partitions);
  spec.partition_columns = {1};
  EXPECT_EQ(DecodeScan(Encode(spec)).status().message(), "Malformed scan: its condition is not over partitions alone");
  spec.partitions = expr::Expression::Input(1, types::DataType(types::TypeId::kInt));
  EXPECT_EQ(DecodeScan(Encode(spec)).status().message(), "Malformed scan: its condition is INT");
}

}  // namespace
}  // namespace thalweg::graph
