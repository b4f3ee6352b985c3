// The states that user functions see, on every backend.
#include "state/keyed_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>

#include "state/backends_for_test.h"

namespace thalweg::state {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class KeyedStateTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    backend_ = backends_.Make(clock_);
    store_ = std::make_unique<KeyedStateStore>(*backend_, clock_);
  }
  /// Goes on from a snapshot; states must be asked for again.
  void Restart() {
    const KeyedSnapshot snapshot = backend_->Snapshot().value();
    store_.reset();
    backend_ = backends_.Make(clock_);
    ASSERT_TRUE(backend_->Restore(snapshot).ok());
    store_ = std::make_unique<KeyedStateStore>(*backend_, clock_);
  }
  void Key(std::string_view key) { store_->SetCurrentKey(KeyOf(key)); }

  time::ManualClock clock_{1000};
  TestBackends backends_{GetParam()};
  std::unique_ptr<KeyedBackend> backend_;
  std::unique_ptr<KeyedStateStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Backends, KeyedStateTest, ::testing::ValuesIn(TestBackendKinds()),
                         [](const auto& param) { return param.param; });

TEST_P(KeyedStateTest, ValueIsPerKeyAndGoesWithClear) {
  const ValueStateDescriptor<int64_t> descriptor{.name = "count"};
  auto count = store_->Get(descriptor);
  Key("a");
  EXPECT_EQ(count.Value(), nullptr);
  count.Update(count.ValueOr(0) + 1);
  count.Update(count.ValueOr(0) + 1);
  Key("b");
  count.Update(7);
  Restart();
  count = store_->Get(descriptor);
  Key("a");
  EXPECT_EQ(*count.Value(), 2);
  count.Clear();
  EXPECT_EQ(count.Value(), nullptr);
  Key("b");
  EXPECT_EQ(*count.Value(), 7);
  EXPECT_TRUE(store_->status().ok());
}

TEST_P(KeyedStateTest, ListKeepsTheOrderOfAdds) {
  const ListStateDescriptor<std::string> descriptor{.name = "list"};
  auto list = store_->Get(descriptor);
  Key("a");
  EXPECT_THAT(list.Get(), IsEmpty());
  list.Add("x");
  list.AddAll({"b", "y"});
  Key("b");
  list.Add("other");
  Restart();
  list = store_->Get(descriptor);
  Key("a");
  list.Add("last");
  EXPECT_THAT(list.Get(), ElementsAre("x", "b", "y", "last"));
  list.Update({"1", "2"});
  EXPECT_THAT(list.Get(), ElementsAre("1", "2"));
  list.Update({});
  EXPECT_THAT(list.Get(), IsEmpty());
  Key("b");
  EXPECT_THAT(list.Get(), ElementsAre("other"));
}

TEST_P(KeyedStateTest, ListElementsExpireEachForItself) {
  const ListStateDescriptor<int64_t> descriptor{.name = "list", .ttl = StateTtl(10ms)};
  auto list = store_->Get(descriptor);
  Key("a");
  list.Add(1);
  clock_.Advance(5);
  list.Add(2);
  clock_.Advance(4);
  EXPECT_THAT(list.Get(), ElementsAre(1, 2));
  clock_.Advance(1);
  EXPECT_THAT(list.Get(), ElementsAre(2));
  Restart();
  list = store_->Get(descriptor);
  Key("a");
  EXPECT_THAT(list.Get(), ElementsAre(2));
  clock_.Advance(5);
  EXPECT_THAT(list.Get(), IsEmpty());
  list.Add(3);
  EXPECT_THAT(list.Get(), ElementsAre(3));
}

TEST_P(KeyedStateTest, ListElementsLiveOnByReadsWhenTheTtlSaysSo) {
  auto list = store_->Get(ListStateDescriptor<int64_t>{.name = "list", .ttl = StateTtl(10ms).UpdateOnReadAndWrite()});
  Key("a");
  list.Add(1);
  clock_.Advance(9);
  EXPECT_THAT(list.Get(), ElementsAre(1));
  clock_.Advance(9);
  EXPECT_THAT(list.Get(), ElementsAre(1));
  clock_.Advance(10);
  EXPECT_THAT(list.Get(), IsEmpty());
}

TEST_P(KeyedStateTest, MapIsWalkedInTheOrderOfItsKeys) {
  const MapStateDescriptor<int32_t, std::string> descriptor{.name = "map"};
  auto map = store_->Get(descriptor);
  Key("a");
  EXPECT_TRUE(map.IsEmpty());
  map.PutAll(std::map<int32_t, std::string>{{300, "c"}, {-1, "a"}, {2, "b"}});
  map.Put(std::numeric_limits<int32_t>::min(), "least");
  Restart();
  map = store_->Get(descriptor);
  Key("a");
  map.Put(2, "B");
  map.Put(7, "new");
  map.Remove(300);
  EXPECT_THAT(map.Entries(), ElementsAre(Pair(std::numeric_limits<int32_t>::min(), "least"), Pair(-1, "a"),
                                         Pair(2, "B"), Pair(7, "new")));
  EXPECT_THAT(map.Keys(), ElementsAre(std::numeric_limits<int32_t>::min(), -1, 2, 7));
  EXPECT_THAT(map.Values(), ElementsAre("least", "a", "B", "new"));
  EXPECT_TRUE(map.Contains(-1));
  EXPECT_FALSE(map.Contains(300));
  EXPECT_EQ(*map.Get(2), "B");
  EXPECT_EQ(map.Get(3), nullptr);
  EXPECT_FALSE(map.IsEmpty());
  Key("b");
  EXPECT_TRUE(map.IsEmpty());
  Key("a");
  map.Clear();
  EXPECT_TRUE(map.IsEmpty());
}

TEST_P(KeyedStateTest, MapEntriesExpireEachForItself) {
  auto map = store_->Get(MapStateDescriptor<std::string, int64_t>{.name = "map", .ttl = StateTtl(10ms)});
  Key("a");
  map.Put("x", 1);
  clock_.Advance(5);
  map.Put("y", 2);
  clock_.Advance(5);
  EXPECT_THAT(map.Entries(), ElementsAre(Pair("y", 2)));
  clock_.Advance(5);
  EXPECT_TRUE(map.IsEmpty());
}

TEST_P(KeyedStateTest, ReducingStateFoldsFromTheFirstValue) {
  const ReducingStateDescriptor<int64_t> descriptor{.name = "max",
                                                    .reduce = [](int64_t a, int64_t b) { return std::max(a, b); }};
  auto max = store_->Get(descriptor);
  Key("a");
  EXPECT_EQ(max.Get(), nullptr);
  max.Add(-5);
  EXPECT_EQ(*max.Get(), -5);
  max.Add(-3);
  Restart();
  max = store_->Get(descriptor);
  Key("a");
  max.Add(-4);
  EXPECT_EQ(*max.Get(), -3);
  max.Clear();
  EXPECT_EQ(max.Get(), nullptr);
}

TEST_P(KeyedStateTest, AggregatingStateKeepsItsAccumulator) {
  using Acc = std::pair<int64_t, int64_t>;
  const AggregatingStateDescriptor<int64_t, Acc, double> descriptor{
      .name = "mean",
      .add = [](Acc& acc, const int64_t& value) { acc.first += value, ++acc.second; },
      .get = [](const Acc& acc) { return static_cast<double>(acc.first) / static_cast<double>(acc.second); }};
  auto mean = store_->Get(descriptor);
  Key("a");
  EXPECT_EQ(mean.Get(), std::nullopt);
  mean.Add(1);
  mean.Add(2);
  Restart();
  mean = store_->Get(descriptor);
  Key("a");
  mean.Add(6);
  EXPECT_EQ(mean.Get(), 3.0);
  mean.Clear();
  EXPECT_EQ(mean.Get(), std::nullopt);
}

TEST_P(KeyedStateTest, StateThatCannotBeOpenedReadsAsEmptyAndTheErrorStays) {
  auto count = store_->Get(ValueStateDescriptor<int64_t>{.name = "x"});
  auto wrong = store_->Get(MapStateDescriptor<std::string, int64_t>{.name = "x"});
  Key("a");
  wrong.Put("k", 1);
  EXPECT_EQ(wrong.Get("k"), nullptr);
  EXPECT_TRUE(wrong.IsEmpty());
  count.Update(1);
  EXPECT_EQ(*count.Value(), 1);
  EXPECT_EQ(store_->status().category(), ErrorCategory::kUser);
  EXPECT_THAT(store_->status().message(), HasSubstr("map state 'x' of i64 by str"));
}

TEST(KeyedState, FailureOfTheStoreIsStickyAndReadsGoOn) {
  time::ManualClock clock;
  auto owned = std::make_unique<MemoryKvStore>();
  MemoryKvStore* store = owned.get();
  auto backend = MakeStoreBackend({.groups = kAllGroups, .cache_bytes = 0}, std::move(owned), clock);
  KeyedStateStore states(*backend, clock);
  auto count = states.Get(ValueStateDescriptor<int64_t>{.name = "count"});
  states.SetCurrentKey(KeyOf("a"));
  count.Update(1);
  EXPECT_TRUE(states.status().ok());
  store->FailWith(ExternalError("Disk is full: {}", "/state"));
  EXPECT_EQ(count.ValueOr(5), 5);
  store->FailWith({});
  count.Update(2);
  EXPECT_EQ(states.status().category(), ErrorCategory::kExternal);
  EXPECT_EQ(states.status().message(), "value state 'count' of i64, version 1: Disk is full: /state");
  EXPECT_FALSE(backend->Snapshot().ok());
}

TEST_P(KeyedStateTest, MapKeysOfEveryTypeReadBackInTheirOrder) {
  using Key2 = std::pair<std::string, uint64_t>;
  const std::vector<Key2> pairs = {
      {"", 5}, {std::string(1, '\0'), 1}, {"a", 0}, {"a", ~uint64_t{0}}, {std::string("a\0", 2), 9}, {"ab", 7}};
  const std::vector<double> doubles = {-std::numeric_limits<double>::infinity(), -1.5, 0, 1e-300, 2};
  auto by_pair = store_->Get(MapStateDescriptor<Key2, bool>{.name = "pairs"});
  auto by_double = store_->Get(MapStateDescriptor<double, bool>{.name = "doubles"});
  Key("a");
  for (auto it = pairs.rbegin(); it != pairs.rend(); ++it) by_pair.Put(*it, true);
  for (auto it = doubles.rbegin(); it != doubles.rend(); ++it) by_double.Put(*it, true);
  EXPECT_EQ(by_pair.Keys(), pairs);
  EXPECT_EQ(by_double.Keys(), doubles);
}

TEST(KeyedState, MapKeyThatDoesNotReadBackIsAStickyError) {
  time::ManualClock clock;
  auto backend = MakeHashMapBackend({.groups = kAllGroups}, clock);
  KeyedStateStore states(*backend, clock);
  auto map = states.Get(MapStateDescriptor<int64_t, bool>{.name = "map"});
  states.SetCurrentKey(KeyOf("a"));
  const StateSpec spec{.name = "map", .kind = StateKind::kMap, .value_codec = "bool", .namespace_codec = "i64"};
  backend->OpenTable(spec, types::ObjectTypeOf<bool>()).value()->FindOrCreate(KeyOf("a"), "short", nullptr);
  EXPECT_THAT(map.Keys(), IsEmpty());
  EXPECT_THAT(states.status().message(), HasSubstr("Malformed key in a map state"));
}

}  // namespace
}  // namespace thalweg::state
