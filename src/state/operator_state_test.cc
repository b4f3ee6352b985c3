#include "state/operator_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Lists = std::vector<OperatorStateSnapshot>;

OperatorStateSnapshot List(std::string name, Redistribution mode, std::vector<std::string> items) {
  return {.name = std::move(name), .mode = mode, .codec = "str", .items = std::move(items)};
}

TEST(OperatorState, KeepsItemsAndSnapshotsThemByName) {
  OperatorState state;
  auto* b = state.Open("b", Redistribution::kSplit, "str").value();
  auto* a = state.Open("a", Redistribution::kUnion, "i64").value();
  b->push_back("1");
  a->push_back("2");
  EXPECT_EQ(state.Open("b", Redistribution::kSplit, "str").value(), b);
  Lists lists = state.Snapshot();
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[0].name, "a");
  EXPECT_EQ(lists[0].mode, Redistribution::kUnion);
  EXPECT_EQ(lists[0].codec, "i64");
  EXPECT_THAT(lists[0].items, ElementsAre("2"));
  EXPECT_THAT(lists[1].items, ElementsAre("1"));
}

TEST(OperatorState, RestoredListIsFoundByOpenAndUnopenedOneIsKept) {
  OperatorState state;
  state.Restore({List("x", Redistribution::kSplit, {"1", "2"}), List("gone", Redistribution::kSplit, {"3"})});
  EXPECT_THAT(*state.Open("x", Redistribution::kSplit, "str").value(), ElementsAre("1", "2"));
  EXPECT_EQ(state.Snapshot().size(), 2u);
}

TEST(OperatorState, OpeningUnderAnotherModeOrCodecIsRefusedWithBothSpelledOut) {
  OperatorState state;
  state.Restore({List("x", Redistribution::kSplit, {})});
  Status other_mode = state.Open("x", Redistribution::kBroadcast, "str").status();
  EXPECT_EQ(other_mode.category(), ErrorCategory::kUser);
  EXPECT_THAT(other_mode.message(), HasSubstr("'x' is a split list of str, asked for as a broadcast list of str"));
  EXPECT_THAT(state.Open("x", Redistribution::kSplit, "i64").status().message(), HasSubstr("split list of i64"));
}

TEST(Redistribute, SplitListGoesRoundRobinInOrder) {
  auto split = Redistribution::kSplit;
  auto up = Redistribute({{List("x", split, {"1", "2"})}, {List("x", split, {"3", "4", "5"})}}, 3);
  ASSERT_EQ(up.size(), 3u);
  EXPECT_THAT(up[0][0].items, ElementsAre("1", "4"));
  EXPECT_THAT(up[1][0].items, ElementsAre("2", "5"));
  EXPECT_THAT(up[2][0].items, ElementsAre("3"));
  EXPECT_THAT(Redistribute(up, 1)[0][0].items, ElementsAre("1", "4", "2", "5", "3"));
}

TEST(Redistribute, UnionListGoesWholeToEach) {
  auto mode = Redistribution::kUnion;
  auto out = Redistribute({{List("x", mode, {"1"})}, {List("x", mode, {"2"})}}, 3);
  for (const Lists& lists : out) EXPECT_THAT(lists[0].items, ElementsAre("1", "2"));
}

TEST(Redistribute, BroadcastListGoesAsOneOldCopyToEach) {
  auto mode = Redistribution::kBroadcast;
  auto out = Redistribute({{List("x", mode, {"1", "2"})}, {List("x", mode, {"1", "2"})}}, 3);
  for (const Lists& lists : out) EXPECT_THAT(lists[0].items, ElementsAre("1", "2"));
}

TEST(Redistribute, EmptyListKeepsItsDescriptionInEverySubtask) {
  auto out = Redistribute({{List("x", Redistribution::kSplit, {})}}, 2);
  for (const Lists& lists : out) {
    ASSERT_EQ(lists.size(), 1u);
    EXPECT_EQ(lists[0].codec, "str");
    EXPECT_THAT(lists[0].items, IsEmpty());
  }
  EXPECT_THAT(Redistribute({}, 2), ElementsAre(IsEmpty(), IsEmpty()));
}

}  // namespace
}  // namespace thalweg::state
