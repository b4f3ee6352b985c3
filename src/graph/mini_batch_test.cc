#include "graph/mini_batch.h"

#include <gtest/gtest.h>

#include "graph/aggregate_spec_samples_test.h"

namespace thalweg::graph {
namespace {

TEST(MiniBatch, IsReadAsItWasSet) {
  Node node;
  EXPECT_EQ(MiniBatchOf(node).value(), std::nullopt);
  SetMiniBatch(node, {.rows = 5000, .latency_ms = 200});
  EXPECT_EQ(MiniBatchOf(node).value(), (MiniBatch{5000, 200}));
  for (const auto& [name, value] : node.options) EXPECT_TRUE(IsMiniBatchOption(name)) << name;
  EXPECT_FALSE(IsMiniBatchOption("table"));
}

TEST(MiniBatch, HalfOfItOrNoNumberIsRefused) {
  Node node;
  node.name = "GroupAggregate";
  node.options["mini-batch.size"] = "5";
  EXPECT_EQ(MiniBatchOf(node).status().message(),
            "Option mini-batch.latency-ms of operator 'GroupAggregate' is no number above 0: ''");
  for (const char* text : {"0", "-1", "5x", "", "99999999999999999999"}) {
    SetMiniBatch(node, {.rows = 5, .latency_ms = 1});
    node.options["mini-batch.size"] = text;
    EXPECT_EQ(MiniBatchOf(node).status().message(),
              fmt::format("Option mini-batch.size of operator 'GroupAggregate' is no number above 0: '{}'", text));
  }
}

TEST(MiniBatch, PartialRowsHaveTheKeysAndABlock) {
  const GroupAggregateSpec spec = SampleGroup();
  const types::Schema partial = PartialSchema(spec);
  ASSERT_EQ(partial.size(), static_cast<int>(spec.keys.size()) + 1);
  for (size_t i = 0; i < spec.keys.size(); ++i)
    EXPECT_EQ(partial.field(static_cast<int>(i)), spec.input.field(spec.keys[i]));
  EXPECT_EQ(partial.field(partial.size() - 1).type, types::DataType(types::TypeId::kBinary, false));
}

}  // namespace
}  // namespace thalweg::graph
