#include "operators/bundle_aggregate.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/random.h"
#include "operators/aggregate_samples_test.h"
#include "operators/group_aggregate.h"
#include "operators/group_rows.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::RowHarness;
using namespace std::chrono_literals;

constexpr int64_t kManyRows = 1000;

/// What `make` makes of the node with a mini-batch.
flow::OperatorFactory Folding(flow::OperatorFactory make, graph::MiniBatch limits) {
  return [make = std::move(make), limits](const graph::Node& node) {
    graph::Node folding = node;
    graph::SetMiniBatch(folding, limits);
    return make(folding);
  };
}

/// GROUP BY k over "k STRING, v INT", with a call of v each.
graph::GroupAggregateSpec FoldedSpec(const std::vector<std::string>& functions, bool input_changes = true) {
  graph::GroupAggregateSpec spec;
  spec.input = testing::ParseSchema("k STRING, v INT");
  spec.keys = {0};
  for (const std::string& function : functions) spec.calls.push_back(CallOf(spec.input, function, {1}));
  spec.input_changes = input_changes;
  spec.generate_update_before = true;
  return spec;
}

/// SUM and COUNT, in bundles of `rows` rows and a second.
RowHarness& SumAndCount(RowHarness& harness) {
  return harness.Input("k STRING, v INT", {0}).Output("k STRING, s INT, c BIGINT");
}
flow::OperatorFactory FoldedGroups(int64_t rows) {
  return Folding(MakeGroupAggregate, {.rows = rows, .latency_ms = 1000});
}

TEST(BundledAggregate, AGroupChangesOnceABundle) {
  RowHarness harness(FoldedGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"}, false)));
  SumAndCount(harness)
      .Rows({"[a, 1]", "[b, 5]", "[a, 2]", "[a, 3]"})
      .ProcessingTime(1s)
      .ExpectInOrder({"+I[a, 6, 3]", "+I[b, 5, 1]"})
      .Rows({"[b, 1]", "[a, 4]", "[b, 2]", "[c, null]"})
      .ProcessingTime(2s)
      .Expect({"-U[b, 5, 1]", "+U[b, 8, 3]", "-U[a, 6, 3]", "+U[a, 10, 4]", "+I[c, null, 0]"});
}

TEST(BundledAggregate, ABundleEndsWithItsLastRow) {
  RowHarness harness(FoldedGroups(2), Encode(FoldedSpec({"SUM", "COUNT"}, false)));
  SumAndCount(harness)
      .Rows({"[a, 1]", "[a, 2]", "[a, 3]", "[b, 4]", "[b, 5]", "[b, 6]"})
      .ExpectInOrder({"+I[a, 3, 2]", "-U[a, 3, 2]", "+U[a, 6, 3]", "+I[b, 4, 1]", "-U[b, 4, 1]", "+U[b, 15, 3]"});
}

TEST(BundledAggregate, ABundleEndsAtAMultipleOfTheLatency) {
  RowHarness harness(FoldedGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"}, false)));
  SumAndCount(harness)
      .StartAt(1700ms)
      .Rows({"[a, 1]"})
      .ProcessingTime(2000ms)
      .Expect({"+I[a, 1, 1]"})
      .ProcessingTime(3100ms)
      .Rows({"[a, 2]"})
      .ProcessingTime(4000ms)
      .Expect({"-U[a, 1, 1]", "+U[a, 3, 2]"});
}

TEST(BundledAggregate, AWatermarkPassesAfterTheBundle) {
  RowHarness harness(FoldedGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"}, false)));
  SumAndCount(harness)
      .Rows({"[a, 1]", "[a, 2]"})
      .Watermark(1ms)
      .Expect({"+I[a, 3, 2]"})
      .Rows({"[a, 4]"})
      .MaxWatermark()
      .Expect({"-U[a, 3, 2]", "+U[a, 7, 3]"});
}

TEST(BundledAggregate, WhatABundleTakesBackItselfIsNotSaid) {
  RowHarness harness(FoldedGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"})));
  SumAndCount(harness)
      .Rows({"+I[a, 5]", "+I[b, 1]", "-D[b, 1]"})
      .ProcessingTime(1s)
      .Expect({"+I[a, 5, 1]"})
      .ExpectEntries(1)
      .Rows({"-U[a, 5]", "+U[a, 6]", "-U[a, 6]", "+U[a, 5]"})
      .ProcessingTime(2s)
      .ExpectNothing()
      .Rows({"-U[a, 5]", "+U[a, 7]"})
      .ProcessingTime(3s)
      .Expect({"-U[a, 5, 1]", "+U[a, 7, 1]"});
}

TEST(BundledAggregate, ADeletionTellsTheResultBeforeTheBundle) {
  RowHarness harness(FoldedGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"})));
  SumAndCount(harness)
      .Rows({"+I[a, 5]"})
      .ProcessingTime(1s)
      .Expect({"+I[a, 5, 1]"})
      .Rows({"+I[a, 9]", "-D[a, 5]", "-D[a, 9]"})
      .ProcessingTime(2s)
      .Expect({"-D[a, 5, 1]"})
      .ExpectEntries(0)
      .Rows({"+I[a, 1]"})
      .ProcessingTime(3s)
      .Expect({"+I[a, 1, 1]"});
}

TEST(BundledAggregate, ARetractionOfNoGroupIsIgnored) {
  RowHarness harness(FoldedGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"})));
  SumAndCount(harness)
      .Rows({"-D[a, 5]", "-D[b, 1]", "+I[a, 2]"})
      .ProcessingTime(1s)
      .Expect({"+I[a, 2, 1]"})
      .ExpectEntries(1);
}

TEST(BundledAggregate, WithoutUpdateBeforeThereIsOneRow) {
  graph::GroupAggregateSpec spec = FoldedSpec({"SUM", "COUNT"}, false);
  spec.generate_update_before = false;
  RowHarness harness(FoldedGroups(kManyRows), Encode(spec));
  SumAndCount(harness)
      .Rows({"[a, 5]", "[a, 5]"})
      .ProcessingTime(1s)
      .Expect({"+I[a, 10, 2]"})
      .Rows({"[a, 5]", "[a, 5]"})
      .ProcessingTime(2s)
      .Expect({"+U[a, 20, 4]"});
}

TEST(BundledAggregate, WithATtlEqualResultsAreSaidAndGroupsThatExpireInTheBundleToo) {
  graph::GroupAggregateSpec spec = FoldedSpec({"MAX"}, false);
  spec.ttl_ms = 100;
  RowHarness(FoldedGroups(kManyRows), Encode(spec))
      .Input("k STRING, v INT", {0})
      .Output("k STRING, x INT")
      .Rows({"[a, 5]", "[a, 3]", "[b, 1]"})
      .ProcessingTime(1000ms)
      .Expect({"+I[a, 5]", "+I[b, 1]"})
      .ProcessingTime(1950ms)
      .Rows({"[a, 5]"})
      .ProcessingTime(2000ms)
      .Expect({"+I[a, 5]"})
      .Rows({"[a, 5]", "[a, 4]"})
      .Watermark(1ms)
      .Expect({"-U[a, 5]", "+U[a, 5]"});
}

TEST(BundledAggregate, WithoutKeysThereIsOneGroup) {
  graph::GroupAggregateSpec spec = FoldedSpec({"SUM", "COUNT"}, false);
  spec.keys.clear();
  RowHarness(FoldedGroups(kManyRows), Encode(spec))
      .Input("k STRING, v INT")
      .Global()
      .Output("s INT, c BIGINT")
      .Rows({"[a, 1]", "[b, 2]"})
      .ProcessingTime(1s)
      .Expect({"+I[3, 2]"});
}

// Functions whose state is no word, and that do not merge: rows are folded in their order.
TEST(BundledAggregate, AnyFunctionIsFolded) {
  graph::GroupAggregateSpec spec = FoldedSpec({"FIRST_VALUE", "LAST_VALUE", "MIN", "COUNT"});
  spec.calls.back().distinct = true;
  RowHarness(FoldedGroups(kManyRows), Encode(spec))
      .Input("k STRING, v INT", {0})
      .Output("k STRING, f INT, l INT, n INT, d BIGINT")
      .Rows({"+I[a, 3]", "+I[a, 1]", "+I[a, 2]", "+I[a, 2]"})
      .ProcessingTime(1s)
      .Expect({"+I[a, 3, 2, 1, 3]"})
      .Rows({"-D[a, 3]", "-D[a, 1]", "+I[a, 7]"})
      .ProcessingTime(2s)
      .Expect({"-U[a, 3, 2, 1, 3]", "+U[a, 2, 7, 2, 2]"});
}

/// Groups of numbers, and what their bundles say.
class FoldedModel {
 public:
  void Add(const std::string& key, int value) { groups_[key].push_back(value); }
  /// One that is there.
  int Take(const std::string& key, size_t index) {
    std::vector<int>& rows = groups_[key];
    const int value = rows[index % rows.size()];
    rows.erase(rows.begin() + static_cast<ptrdiff_t>(index % rows.size()));
    return value;
  }
  bool Has(const std::string& key) { return !groups_[key].empty(); }
  void EndBundle(std::vector<std::string>& expected) {
    for (const auto& [key, rows] : groups_) {
      const std::string before = said_[key], after = rows.empty() ? "" : Text(key, rows);
      said_[key] = after;
      if (before == after) continue;
      if (before.empty()) {
        expected.push_back("+I" + after);
      } else if (after.empty()) {
        expected.push_back("-D" + before);
      } else {
        expected.push_back("-U" + before);
        expected.push_back("+U" + after);
      }
    }
  }

 private:
  static std::string Text(const std::string& key, const std::vector<int>& rows) {
    int sum = 0;
    for (int row : rows) sum += row;
    return fmt::format("[{}, {}, {}, {}]", key, sum, rows.size(), *std::max_element(rows.begin(), rows.end()));
  }
  std::map<std::string, std::vector<int>> groups_;
  std::map<std::string, std::string> said_;
};

TEST(BundledAggregate, RandomChangelogsFoldToWhatTheDefinitionsGive) {
  constexpr int kBundle = 520;  // more rows than are taken together
  Random random(5);
  FoldedModel model;
  std::vector<std::string> rows, expected;
  for (int i = 0; i < 2 * kBundle; ++i) {
    const std::string key = fmt::format("k{}", random.Below(i < kBundle ? 4 : 40));
    if (model.Has(key) && random.Below(5) < 2) {
      rows.push_back(fmt::format("-D[{}, {}]", key, model.Take(key, random.Below(100))));
    } else {
      const int value = static_cast<int>(random.Below(5));
      model.Add(key, value);
      rows.push_back(fmt::format("+I[{}, {}]", key, value));
    }
    if (i % kBundle == kBundle - 1) model.EndBundle(expected);
  }
  RowHarness(FoldedGroups(kBundle), Encode(FoldedSpec({"SUM", "COUNT", "MAX"})))
      .Input("k STRING, v INT", {0})
      .Output("k STRING, s INT, c BIGINT, x INT")
      .Rows(rows)
      .Expect(expected);
}

/// "[1, 0, ...]" of a block of SUM and COUNT: docs/internals/aggregates.md.
std::string BlockText(int64_t rows, int64_t sum, int64_t values) {
  ByteWriter block;
  for (int64_t word : {rows, sum, values, values}) block.I64(word);
  std::vector<int> bytes;
  for (char byte : block.view()) bytes.push_back(static_cast<signed char>(byte));
  return fmt::format("[{}]", fmt::join(bytes, ", "));
}

flow::OperatorFactory LocalGroups(int64_t rows) {
  return Folding(MakeLocalGroupAggregate, {.rows = rows, .latency_ms = 1000});
}

TEST(LocalAggregate, SendsABlockForEachGroupOfABundle) {
  RowHarness(LocalGroups(3), Encode(FoldedSpec({"SUM", "COUNT"})))
      .Input("k STRING, v INT")
      .Output("k STRING, g BYTES")
      .Rows({"+I[a, 1]", "+I[b, 5]", "+I[a, 2]", "-D[b, 5]", "+I[c, null]", "-U[a, 9]"})
      .ExpectInOrder({fmt::format("[a, {}]", BlockText(2, 3, 2)), fmt::format("[b, {}]", BlockText(1, 5, 1)),
                      fmt::format("[b, {}]", BlockText(-1, -5, -1)), fmt::format("[c, {}]", BlockText(1, 0, 0)),
                      fmt::format("[a, {}]", BlockText(-1, -9, -1))});
}

// A restart between two of its calls finds keys that have not been told.
TEST(LocalAggregate, ABundleOfMoreKeysThanAreToldTogetherIsToldInParts) {
  constexpr int kKeys = kRowsTogether + 20;
  std::vector<std::string> rows, expected;
  for (int i = 0; i < kKeys; ++i) {
    rows.push_back(fmt::format("[k{}, {}]", i, i));
    expected.push_back(fmt::format("[k{}, {}]", i, BlockText(1, i, 1)));
  }
  RowHarness(LocalGroups(kKeys), Encode(FoldedSpec({"SUM", "COUNT"})))
      .Input("k STRING, v INT")
      .Output("k STRING, g BYTES")
      .Rows(rows)
      .Expect(expected);
}

TEST(LocalAggregate, WhatWaitsGoesBeforeTheWatermark) {
  RowHarness(LocalGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"})))
      .Input("k STRING, v INT")
      .Output("k STRING, g BYTES")
      .Rows({"[a, 1]", "[a, 2]"})
      .Watermark(1ms)
      .Expect({fmt::format("[a, {}]", BlockText(2, 3, 2))});
}

RowHarness& GlobalInput(RowHarness& harness) {
  return harness.Input("k STRING, g BYTES", {0}).Output("k STRING, s INT, c BIGINT");
}
flow::OperatorFactory GlobalGroups(int64_t rows) {
  return Folding(MakeGlobalGroupAggregate, {.rows = rows, .latency_ms = 1000});
}

TEST(GlobalAggregate, MergesTheBlocksOfAGroup) {
  RowHarness harness(GlobalGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"})));
  GlobalInput(harness)
      .Rows({fmt::format("[a, {}]", BlockText(2, 3, 2)), fmt::format("[b, {}]", BlockText(1, 5, 1)),
             fmt::format("[a, {}]", BlockText(1, 4, 1))})
      .ProcessingTime(1s)
      .Expect({"+I[a, 7, 3]", "+I[b, 5, 1]"})
      .Rows({fmt::format("[b, {}]", BlockText(-1, -5, -1)), fmt::format("[a, {}]", BlockText(0, 1, 0))})
      .ProcessingTime(2s)
      .Expect({"-D[b, 5, 1]", "-U[a, 7, 3]", "+U[a, 8, 3]"})
      .ExpectEntries(1);
}

TEST(GlobalAggregate, WhatIsTakenBackBeforeItCameIsKept) {
  RowHarness harness(GlobalGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"})));
  GlobalInput(harness)
      .Rows({fmt::format("[a, {}]", BlockText(-1, -5, -1))})
      .ProcessingTime(1s)
      .ExpectNothing()
      .ExpectEntries(1)
      .Rows({fmt::format("[a, {}]", BlockText(2, 8, 2))})
      .ProcessingTime(2s)
      .Expect({"+I[a, 3, 1]"})
      .Rows({fmt::format("[a, {}]", BlockText(-1, -3, -1))})
      .ProcessingTime(3s)
      .Expect({"-D[a, 3, 1]"})
      .ExpectEntries(0);
}

TEST(GlobalAggregate, BytesThatAreNoBlockAreAnError) {
  for (const std::string& bytes : {std::string("[1, 2]"), BlockText(1, 5, 1).insert(1, "0, ")}) {
    RowHarness harness(GlobalGroups(kManyRows), Encode(FoldedSpec({"SUM", "COUNT"})));
    GlobalInput(harness).Rows({fmt::format("[a, {}]", bytes)}).ExpectError("");
  }
}

TEST(LocalAggregate, WithoutAMiniBatchThereIsNone) {
  graph::Node node;
  node.name = "LocalGroupAggregate";
  node.payload = Encode(FoldedSpec({"SUM"}));
  EXPECT_EQ(MakeLocalGroupAggregate(node).status().message(),
            "Half of an aggregate has no mini-batch: LocalGroupAggregate");
}

}  // namespace
}  // namespace thalweg::operators
