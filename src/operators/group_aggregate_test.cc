#include "operators/group_aggregate.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "base/random.h"
#include "operators/aggregate_samples_test.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::RowHarness;

/// GROUP BY k over "k STRING, v INT", with a call of v each.
graph::GroupAggregateSpec GroupSpec(const std::vector<std::string>& functions, bool input_changes = true) {
  graph::GroupAggregateSpec spec;
  spec.input = testing::ParseSchema("k STRING, v INT, ok BOOLEAN");
  spec.keys = {0};
  for (const std::string& function : functions) spec.calls.push_back(CallOf(spec.input, function, {1}));
  spec.input_changes = input_changes;
  spec.generate_update_before = true;
  return spec;
}

TEST(GroupAggregate, EachRowChangesItsGroup) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"SUM", "COUNT"}, false)))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, s INT, c BIGINT")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]", "+I[b, null, null]", "+I[a, 2147483647, null]"})
      .Expect({"+I[a, 1, 1]", "-U[a, 1, 1]", "+U[a, 3, 2]", "+I[b, null, 0]", "-U[a, 3, 2]", "+U[a, -2147483646, 3]"});
}

TEST(GroupAggregate, AResultThatStaysEqualIsNotEmitted) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"MAX", "MIN"}, false)))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, x INT, n INT")
      .Rows({"+I[a, 5, null]", "+I[a, 5, null]", "+I[a, null, null]"})
      .Expect({"+I[a, 5, 5]"})
      .Rows({"+I[a, 7, null]", "+I[a, 1, null]"})
      .Expect({"-U[a, 5, 5]", "+U[a, 7, 5]", "-U[a, 7, 5]", "+U[a, 7, 1]"});
}

TEST(GroupAggregate, WithATtlEqualResultsAreEmittedToo) {
  graph::GroupAggregateSpec spec = GroupSpec({"MAX"}, false);
  spec.ttl_ms = 1000;
  spec.generate_update_before = false;
  RowHarness(MakeGroupAggregate, Encode(spec))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, x INT")
      .Rows({"+I[a, 5, null]", "+I[a, 5, null]"})
      .Expect({"+I[a, 5]", "+U[a, 5]"})
      .ProcessingTime(std::chrono::milliseconds(5000))
      .Rows({"+I[a, 3, null]"})
      .Expect({"+I[a, 3]"});
}

TEST(GroupAggregate, TheLastRetractionDeletesTheGroup) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"SUM", "MAX", "MIN"})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, s INT, x INT, n INT")
      .Rows({"+I[a, 1, null]", "+I[a, 4, null]", "-U[a, 4, null]", "+U[a, 3, null]"})
      .Expect({"+I[a, 1, 1, 1]", "-U[a, 1, 1, 1]", "+U[a, 5, 4, 1]", "-U[a, 5, 4, 1]", "+U[a, 1, 1, 1]",
               "-U[a, 1, 1, 1]", "+U[a, 4, 3, 1]"})
      .Rows({"-D[a, 1, null]", "-D[a, 3, null]", "-D[a, 3, null]", "+I[a, 9, null]"})
      .Expect({"-U[a, 4, 3, 1]", "+U[a, 3, 3, 3]", "-D[a, 3, 3, 3]", "+I[a, 9, 9, 9]"})
      .ExpectEntries(1)
      .Rows({"-D[a, 9, null]", "-D[zz, 1, null]"})
      .Expect({"-D[a, 9, 9, 9]"})
      .ExpectEntries(0);
}

TEST(GroupAggregate, WithoutKeysThereIsOneGroup) {
  graph::GroupAggregateSpec spec = GroupSpec({"SUM"});
  spec.keys.clear();
  graph::AggregateCall rows = CallOf(spec.input, "COUNT", {});
  spec.calls.push_back(rows);
  spec.generate_update_before = false;
  RowHarness(MakeGroupAggregate, Encode(spec))
      .Input("k STRING, v INT, ok BOOLEAN")
      .Global()
      .Output("s INT, c BIGINT")
      .Rows({"+I[a, 1, null]", "+I[b, 2, null]", "-D[a, 1, null]"})
      .Expect({"+I[1, 1]", "+U[3, 2]", "+U[2, 1]"});
}

TEST(GroupAggregate, DistinctCountsAValueOnceAndAFilterChoosesRows) {
  graph::GroupAggregateSpec spec = GroupSpec({"COUNT", "SUM", "SUM"});
  spec.calls[0].distinct = true;
  spec.calls[1].distinct = true;
  spec.calls[2].filter = 2;
  RowHarness(MakeGroupAggregate, Encode(spec))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, c BIGINT, d INT, s INT")
      .Rows({"+I[a, 5, true]", "+I[a, 5, false]", "+I[a, 6, null]", "-D[a, 5, true]"})
      .Expect({"+I[a, 1, 5, 5]", "-U[a, 1, 5, 5]", "+U[a, 2, 11, 5]", "-U[a, 2, 11, 5]", "+U[a, 2, 11, null]"})
      .Rows({"-D[a, 5, false]"})
      .Expect({"-U[a, 2, 11, null]", "+U[a, 1, 6, null]"});
}

TEST(GroupAggregate, ADistinctValueRetractedBeforeItCameCountsNothing) {
  graph::GroupAggregateSpec spec = GroupSpec({"COUNT"});
  spec.calls[0].distinct = true;
  RowHarness(MakeGroupAggregate, Encode(spec))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, c BIGINT")
      .Rows({"+I[a, 5, null]", "+I[a, 5, null]", "-D[a, 7, null]", "+I[a, 7, null]"})
      .Expect({"+I[a, 1]"})
      .Rows({"+I[a, 7, null]"})
      .Expect({"-U[a, 1]", "+U[a, 2]"});
}

// On RocksDB, whose cache has no room for them, new groups go to the store and come back before their first row.
TEST(GroupAggregate, ManyNewGroupsOfABatchHaveStatesThatAreNoWords) {
  std::vector<std::string> rows, expected;
  for (int i = 0; i < 60; ++i) {
    rows.push_back(fmt::format("+I[k{}, {}, null]", i, i));
    expected.push_back(fmt::format("+I[k{}, {}]", i, i));
  }
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"MAX"})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, x INT")
      .Rows(rows)
      .Expect(expected);
}

TEST(GroupAggregate, WithoutCallsItGivesEachKeyOnce) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]", "+I[null, 2, null]", "-D[a, 1, null]", "-D[a, 2, null]"})
      .Expect({"+I[a]", "+I[null]", "-D[a]"});
}

TEST(GroupAggregate, FirstAndLastKeepTheOrderUnderRetraction) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"FIRST_VALUE", "LAST_VALUE"})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, f INT, l INT")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]", "+I[a, 1, null]", "-D[a, 1, null]", "-D[a, 1, null]"})
      .Expect({"+I[a, 1, 1]", "-U[a, 1, 1]", "+U[a, 1, 2]", "-U[a, 1, 2]", "+U[a, 1, 1]", "-U[a, 1, 1]", "+U[a, 2, 1]",
               "-U[a, 2, 1]", "+U[a, 2, 2]"});
}

TEST(GroupAggregate, ASecondRowOfASingleValueIsAnError) {
  RowHarness(MakeGroupAggregate, Encode(GroupSpec({"SINGLE_VALUE"})))
      .Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, v INT")
      .Rows({"+I[a, 1, null]", "+I[a, 2, null]"})
      .ExpectError("SINGLE_VALUE received more than one row");
}

TEST(GroupAggregate, AFunctionOfOverIsRefused) {
  graph::GroupAggregateSpec spec = GroupSpec({});
  spec.calls.push_back(CallOf(spec.input, "LAG", {1}));
  graph::Node node;
  node.payload = Encode(spec);
  EXPECT_EQ(MakeGroupAggregate(node).status().message(), "LAG stands with OVER only");
}

/// The results of one group by the definition of its functions, and what its changes are, as Flink emits them.
class GroupModel {
 public:
  void Change(int key, std::optional<int> value, bool add, std::vector<std::string>& expected) {
    std::vector<std::optional<int>>& rows = groups_[key];
    const std::string before = rows.empty() ? "" : Text(key, rows);
    if (add)
      rows.push_back(value);
    else
      rows.erase(std::find(rows.begin(), rows.end(), value));
    const std::string after = rows.empty() ? "" : Text(key, rows);
    if (before == after) return;
    if (before.empty()) return expected.push_back("+I" + after);
    if (after.empty()) return expected.push_back("-D" + before);
    expected.push_back("-U" + before);
    expected.push_back("+U" + after);
  }
  const std::map<int, std::vector<std::optional<int>>>& groups() const { return groups_; }

 private:
  static std::string Text(int key, const std::vector<std::optional<int>>& rows) {
    std::multiset<int> values;
    std::optional<int> first, last;
    for (const std::optional<int>& row : rows) {
      if (!row) continue;
      values.insert(*row);
      if (!first) first = row;
      last = row;
    }
    if (values.empty()) return fmt::format("[k{}, {}, 0, null, null, null, null, null, 0]", key, rows.size());
    const int sum = std::accumulate(values.begin(), values.end(), 0);
    return fmt::format("[k{}, {}, {}, {}, {}, {}, {}, {}, {}]", key, rows.size(), values.size(), sum, *values.begin(),
                       *values.rbegin(), *first, *last, std::set<int>(values.begin(), values.end()).size());
  }
  std::map<int, std::vector<std::optional<int>>> groups_;
};

TEST(GroupAggregate, RandomChangelogsGiveWhatTheDefinitionsGive) {
  graph::GroupAggregateSpec spec = GroupSpec({"COUNT", "SUM", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "COUNT"});
  spec.calls.back().distinct = true;
  spec.calls.insert(spec.calls.begin(), CallOf(spec.input, "COUNT", {}));
  Random random(11);
  GroupModel model;
  RowHarness harness(MakeGroupAggregate, Encode(spec));
  harness.Input("k STRING, v INT, ok BOOLEAN", {0})
      .Output("k STRING, n BIGINT, c BIGINT, s INT, lo INT, hi INT, f INT, l INT, d BIGINT");
  for (int batch = 0; batch < 2; ++batch) {
    std::vector<std::string> rows, expected;
    for (int i = 0; i < 50; ++i) {
      const int key = static_cast<int>(random.Below(3));
      const auto group = model.groups().find(key);
      const bool retract = group != model.groups().end() && !group->second.empty() && random.Below(5) < 2;
      std::optional<int> value;
      if (retract)
        value = group->second[random.Below(group->second.size())];
      else if (random.Below(6) > 0)
        value = static_cast<int>(random.Below(7)) - 3;
      const std::string text = value ? std::to_string(*value) : "null";
      rows.push_back(fmt::format("{}[k{}, {}, null]", retract ? "-D" : "+I", key, text));
      model.Change(key, value, !retract, expected);
    }
    harness.Rows(rows).Expect(expected);
  }
}

}  // namespace
}  // namespace thalweg::operators
