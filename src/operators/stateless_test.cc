// Map, filter and flatMap under the harness: batch boundaries, credit and restarts change nothing.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "operators/flat_map.h"
#include "operators/map.h"
#include "testing/harness.h"

namespace thalweg::operators {
namespace {

using namespace thalweg::testing;

template <typename T, typename R, typename F>
flow::OperatorFactory Mapping(F function) {
  return FactoryOf<MapOperator<T, R, F>>(std::move(function));
}
template <typename T, typename F>
flow::OperatorFactory Filtering(F function) {
  return FactoryOf<FilterOperator<T, F>>(std::move(function));
}
template <typename T, typename R, typename F>
flow::OperatorFactory FlatMapping(F function) {
  return FactoryOf<FlatMapOperator<T, R, F>>(std::move(function));
}

TEST(Map, GivesARowForARowAndKeepsItsTimeAndKind) {
  Harness<int, std::string>(Mapping<int, std::string>([](int n) { return "n" + std::to_string(n); }))
      .Rows({{1, 1s}, {2, 2s, types::RowKind::kDelete}})
      .Expect({{"n1", 1s}, {"n2", 2s, types::RowKind::kDelete}});
}
TEST(Map, WhatItThrowsNamesTypeMessageAndRow) {
  Harness<int>(Mapping<int, int>([](int n) { return n == 3 ? throw std::domain_error("not three") : n; }))
      .Rows({{1}})
      .Expect({{1}})
      .Rows({{3}})
      .ExpectError("threw std::domain_error: not three, at the row 3");
}
TEST(Filter, KeepsTheRowsThatPassWithTheirTimes) {
  Harness<std::string>(Filtering<std::string>([](const std::string& s) { return s.size() > 1; }))
      .Rows({{"a", 1s}, {"bb", 2s}, {"a longer text than fits in place", 3s}, {"d", 4s}})
      .Expect({{"bb", 2s}, {"a longer text than fits in place", 3s}})
      .Rows({{"x"}})
      .ExpectNothing();
}
// Stages by hand: no batch, no runtime. The sanitizer tells if a text is not destroyed, or twice.
using Text = std::string;
Text Long(int n) { return Text(40, 'a') + std::to_string(n); }

/// Rows 0 to 4 as a block; `slots`: those that are left, or none for all.
flow::StageRows Block(const int* numbers, int32_t* room, std::vector<int32_t> slots = {}) {
  flow::StageRows rows;
  rows.values = numbers;
  rows.slots = room;
  rows.dense = slots.empty();
  rows.count = rows.dense ? 5 : static_cast<int32_t>(slots.size());
  std::copy(slots.begin(), slots.end(), room);
  return rows;
}

TEST(Map, AsAStageLeavesEachResultInTheSlotOfItsRow) {
  const int numbers[] = {0, 1, 2, 3, 4};
  int32_t room[flow::kStageRows];
  MapOperator<int, Text, decltype(&Long)> map(&Long);
  for (const std::vector<int32_t>& slots : std::vector<std::vector<int32_t>>{{}, {1, 4}, {0}}) {
    flow::StageRows rows = Block(numbers, room, slots);
    ASSERT_TRUE(map.RunStage(rows).ok());
    for (int32_t i = 0; i < rows.count; ++i) {
      const int32_t slot = rows.dense ? i : rows.slots[i];
      EXPECT_EQ(static_cast<const Text*>(rows.values)[slot], Long(slot));
    }
    room[0] = 3;  // what a filter behind it writes does not change what is to be destroyed
  }
  map.ReleaseStage();
}
TEST(Map, AsTheLastStageGivesItsResultsWithoutGaps) {
  const int numbers[] = {0, 1, 2, 3, 4};
  int32_t room[flow::kStageRows];
  MapOperator<int, Text, decltype(&Long)> map(&Long);
  std::vector<Text> results(2);
  for (bool moved : {false, true}) {
    std::destroy(results.begin(), results.end());
    flow::StageRows rows = Block(numbers, room, {1, 4});
    int32_t made = 2;
    ASSERT_TRUE(moved ? map.RunStage(rows).ok() : map.RunStageInto(rows, results.data(), made).ok());
    if (moved) map.MoveResults(rows, results.data());
    EXPECT_EQ(made, 2);
    EXPECT_EQ(results, (std::vector<Text>{Long(1), Long(4)}));
  }
}
TEST(Map, WhatItThrowsAsAStageNamesTheRowAndLeavesWhatWasMade) {
  const int numbers[] = {0, 1, 2, 3, 4};
  int32_t room[flow::kStageRows];
  auto not_four = [](int n) { return n == 4 ? throw std::domain_error("not four") : Long(n); };
  MapOperator<int, Text, decltype(not_four)> map(not_four);
  flow::StageRows rows = Block(numbers, room, {1, 3, 4});
  EXPECT_EQ(map.RunStage(rows).message(), "User code of map threw std::domain_error: not four, at the row 4");
  rows = Block(numbers, room, {1, 3, 4});
  alignas(Text) std::byte raw[3 * sizeof(Text)];
  int32_t made = 0;
  EXPECT_EQ(map.RunStageInto(rows, raw, made).message(),
            "User code of map threw std::domain_error: not four, at the row 4");
  ASSERT_EQ(made, 2);
  std::destroy_n(reinterpret_cast<Text*>(raw), made);
}
TEST(Filter, AsAStageTakesSlotsOut) {
  const int numbers[] = {0, 1, 2, 3, 4};
  int32_t room[flow::kStageRows];
  auto passes = [](int n) { return n == 3 ? throw std::domain_error("three") : n != 1; };
  FilterOperator<int, decltype(passes)> filter(passes);
  flow::StageRows rows = Block(numbers, room, {0, 1, 4});
  ASSERT_TRUE(filter.RunStage(rows).ok());
  EXPECT_FALSE(rows.dense);
  ASSERT_EQ(rows.count, 2);
  EXPECT_EQ(rows.slots[1], 4);
  rows = Block(numbers, room);
  rows.count = 1;
  ASSERT_TRUE(filter.RunStage(rows).ok());
  EXPECT_TRUE(rows.dense) << "none is missing";
  rows.count = 3;
  ASSERT_TRUE(filter.RunStage(rows).ok());
  EXPECT_FALSE(rows.dense);
  EXPECT_EQ(rows.slots[1], 2);
  rows = Block(numbers, room);
  EXPECT_EQ(filter.RunStage(rows).message(), "User code of filter threw std::domain_error: three, at the row 3");
}

TEST(FlatMap, GivesAnyNumberOfRowsWithTheTimeOfTheirOrigin) {
  Harness<int>(FlatMapping<int, int>([](int n, Collector<int>& out) {
    for (int i = 0; i < n; ++i) out.Collect(i);
  }))
      .Rows({{0, 1s}, {3, 2s}, {1, 3s}})
      .Expect({{0, 2s}, {1, 2s}, {2, 2s}, {0, 3s}})
      .Watermark(9s)
      .ExpectNothing();
}

}  // namespace
}  // namespace thalweg::operators
