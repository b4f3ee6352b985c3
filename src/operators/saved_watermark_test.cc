#include "operators/saved_watermark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/golden_states.h"

namespace thalweg::operators {
namespace {

using ::testing::HasSubstr;

constexpr uint8_t kOwn = 2;

TEST(SavedWatermark, BytesAreThoseOfTheGoldenFile) {
  state::OperatorState state;
  SavedWatermark saved;
  ASSERT_TRUE(saved.Open(state, "window-watermark").ok());
  saved.Save({.watermark = 1'700'000'000'000, .flags = SavedWatermark::kFiring | kOwn});
  const std::vector<state::OperatorStateSnapshot> lists = state.Snapshot();
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_EQ(lists[0].name, "window-watermark");
  EXPECT_EQ(lists[0].codec, "window-watermark/1");
  EXPECT_EQ(lists[0].mode, state::Redistribution::kUnion);
  EXPECT_EQ(lists[0].items, std::vector<std::string>{testing::GoldenState("window-watermark")});

  state::OperatorState restored;
  restored.Restore(lists);
  const SavedWatermark::Value value = SavedWatermark().Open(restored, "window-watermark").value();
  EXPECT_EQ(value.watermark, 1'700'000'000'000);
  EXPECT_EQ(value.flags, SavedWatermark::kFiring | kOwn);
}

TEST(SavedWatermark, ARestoreTakesTheLeastOfTheOldSubtasksAndTheFlagsOfAll) {
  std::vector<state::OperatorStateSnapshot> lists;
  for (const SavedWatermark::Value& value : {SavedWatermark::Value{7, kOwn}, SavedWatermark::Value{-3, 0},
                                             SavedWatermark::Value{9, SavedWatermark::kFiring}}) {
    state::OperatorState state;
    SavedWatermark saved;
    ASSERT_TRUE(saved.Open(state, "watermark").ok());
    saved.Save(value);
    if (lists.empty())
      lists = state.Snapshot();
    else
      lists[0].items.push_back(state.Snapshot()[0].items[0]);
  }
  state::OperatorState state;
  state.Restore(lists);
  const SavedWatermark::Value value = SavedWatermark().Open(state, "watermark").value();
  EXPECT_EQ(value.watermark, -3);
  EXPECT_EQ(value.flags, SavedWatermark::kFiring | kOwn);
}

TEST(SavedWatermark, WithNothingRestoredNoWatermarkHasCome) {
  state::OperatorState state;
  const SavedWatermark::Value value = SavedWatermark().Open(state, "watermark").value();
  EXPECT_EQ(value.watermark, INT64_MIN);
  EXPECT_EQ(value.flags, 0);
}

TEST(SavedWatermark, TornBytesAreAnErrorThatNamesTheState) {
  const std::string golden = testing::GoldenState("window-watermark");
  for (size_t size = 0; size < golden.size(); ++size) {
    state::OperatorState state;
    state.Restore(
        {{"window-watermark", state::Redistribution::kUnion, "window-watermark/1", {golden.substr(0, size)}}});
    const Status status = SavedWatermark().Open(state, "window-watermark").status();
    EXPECT_FALSE(status.ok()) << size;
    EXPECT_THAT(status.ToString(), HasSubstr("window-watermark"));
  }
}

}  // namespace
}  // namespace thalweg::operators
