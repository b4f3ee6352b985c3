#include "operators/pane_list.h"

#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/random.h"

namespace thalweg::operators {
namespace {

std::string KeyNumber(int i) {
  return std::to_string(i) + std::string(i % 50 == 0 ? 3000 : static_cast<size_t>(i) % 7, 'k');
}

state::KeyView KeyOf(const std::string& bytes) {
  return {.bytes = bytes, .hash = Hash64(bytes), .group = static_cast<uint16_t>(bytes.size())};
}

TEST(PaneList, GivesKeysInTheOrderInWhichTheyCameWhateverIsTakenAtATime) {
  Random random(7);
  PaneList list;
  std::deque<std::string> model;
  int added = 0;
  for (int step = 0; step < 2000; ++step) {
    for (uint64_t i = random.Below(8); i > 0; --i) {
      model.push_back(KeyNumber(added++));
      list.Add(KeyOf(model.back()));
    }
    std::vector<state::KeyView> keys(1 + random.Below(20));
    const size_t count = list.Front(keys);
    ASSERT_EQ(count, std::min(keys.size(), model.size()));
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(keys[i].bytes, model[i]);
      ASSERT_EQ(keys[i].hash, Hash64(model[i]));
      ASSERT_EQ(keys[i].group, model[i].size());
    }
    const size_t dropped = random.Below(count + 1);
    list.Drop(dropped);
    model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(dropped));
    ASSERT_EQ(list.empty(), model.empty());
  }
  EXPECT_GT(added, 5000);
}

/// `count` keys of a subtask of `parallelism`, from the `first`-th of all on: upper bits of the hash tell which subtask has a key.
std::vector<std::string> KeysOfASubtask(int parallelism, size_t count, int first) {
  std::vector<std::string> keys;
  for (int i = first; keys.size() < count; ++i)
    if ((Hash64(KeyNumber(i)) >> 32) * static_cast<uint64_t>(parallelism) >> 32 == 0) keys.push_back(KeyNumber(i));
  return keys;
}

TEST(PaneList, MayHoldWhatItHoldsAndTellsMostOtherKeysApartAtAnyParallelism) {
  for (int parallelism : {1, 4, 64}) {
    const std::vector<std::string> keys = KeysOfASubtask(parallelism, 1500, 0),
                                   others = KeysOfASubtask(parallelism, 1500, 10'000'000);
    PaneList list;
    size_t taken = 0, asked = 0;
    for (size_t added = 0; added < keys.size();) {
      for (size_t more = 1 + added / 3; more > 0 && added < keys.size(); --more)
        list.Add(KeyOf(keys[added++]));  // the filter grows
      for (size_t i = 0; i < added; ++i) ASSERT_TRUE(list.MayHold(Hash64(keys[i]))) << i << " of " << added;
      for (size_t i = 0; i < added; ++i, ++asked) taken += list.MayHold(Hash64(others[i]));
    }
    EXPECT_LT(taken, asked / 7) << asked << " at parallelism " << parallelism;
  }
}

TEST(PaneList, OfAnEmptyListNothingMayBeHeld) {
  PaneList list;
  EXPECT_FALSE(list.MayHold(Hash64("key")));
  list.Add(KeyOf("key"));
  EXPECT_TRUE(list.MayHold(Hash64("key")));
  list.Drop(1);
  list.Add(KeyOf("other"));
  EXPECT_TRUE(list.MayHold(Hash64("other")));
}

TEST(PaneList, AnEmptyKeyIsAKey) {
  PaneList list;
  list.Add({});
  EXPECT_FALSE(list.empty());
  state::KeyView key{.bytes = "other"};
  EXPECT_EQ(list.Front({&key, 1}), 1U);
  EXPECT_EQ(key.bytes, "");
  list.Drop(1);
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace thalweg::operators
