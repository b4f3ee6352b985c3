// One suite for every backend: tables, TTL, timers, snapshots.
#include "state/keyed_backend.h"

#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "state/backends_for_test.h"
#include "state/table.h"

namespace thalweg::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

StateSpec Spec(std::string name, StateKind kind = StateKind::kValue) { return {.name = std::move(name), .kind = kind}; }
StateSpec WithTtl(StateSpec spec, TtlSpec ttl) {
  spec.ttl = ttl;
  return spec;
}

class KeyedBackendTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<KeyedBackend> Make(KeyGroupRange groups = kAllGroups) { return backends_.Make(clock_, groups); }
  template <typename V>
  Table<V> Open(KeyedBackend& backend, const StateSpec& spec) {
    return Table<V>::Open(backend, spec).value();
  }
  /// A backend of this kind holding what `from` holds.
  std::unique_ptr<KeyedBackend> Restored(KeyedBackend& from, KeyGroupRange groups = kAllGroups) {
    auto backend = Make(groups);
    Status restored = backend->Restore(from.Snapshot().value());
    EXPECT_TRUE(restored.ok()) << restored.ToString();
    return backend;
  }
  template <typename V>
  static std::vector<std::pair<std::string, V>> OfKey(Table<V>& table, std::string_view key) {
    std::vector<std::pair<std::string, V>> entries;
    table.ForEachOfKey(KeyOf(key), [&](std::string_view ns, const V& value) {
      entries.emplace_back(ns, value);
      return true;
    });
    return entries;
  }

  time::ManualClock clock_{1000};
  TestBackends backends_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Backends, KeyedBackendTest, ::testing::ValuesIn(TestBackendKinds()),
                         [](const auto& param) { return param.param; });

TEST_P(KeyedBackendTest, AbsentEntryIsNullAndFindOrCreateGivesAValueInitialisedObject) {
  auto backend = Make();
  auto table = Open<int64_t>(*backend, Spec("count"));
  EXPECT_EQ(table.Find(KeyOf("a")), nullptr);
  bool created = false;
  EXPECT_EQ(table.FindOrCreate(KeyOf("a"), {}, &created), 0);
  EXPECT_TRUE(created);
  table.FindOrCreate(KeyOf("a"), {}, &created) = 7;
  EXPECT_FALSE(created);
  ASSERT_NE(table.Find(KeyOf("a")), nullptr);
  EXPECT_EQ(*table.Find(KeyOf("a")), 7);
  EXPECT_EQ(table.Find(KeyOf("a"), "ns"), nullptr);
  EXPECT_EQ(table.size(), 1u);
}

TEST_P(KeyedBackendTest, ChangeThroughFindIsKeptWhenMarkedDirty) {
  auto backend = Make();
  auto table = Open<std::string>(*backend, Spec("text"));
  table.FindOrCreate(KeyOf("a")) = "one";
  for (int i = 0; i < 100; ++i)
    table.FindOrCreate(KeyOf(std::to_string(i))) = "filler that does not fit into a small cache";
  *table.Find(KeyOf("a")) += " two";
  table.MarkDirty();
  for (int i = 0; i < 100; ++i) EXPECT_NE(table.Find(KeyOf(std::to_string(i))), nullptr);
  EXPECT_EQ(*table.Find(KeyOf("a")), "one two");
}

TEST_P(KeyedBackendTest, EraseTellsWhetherThereWasAnEntry) {
  auto backend = Make();
  auto table = Open<std::string>(*backend, Spec("text"));
  EXPECT_FALSE(table.Erase(KeyOf("a")));
  table.FindOrCreate(KeyOf("a")) = "x";
  EXPECT_TRUE(table.Erase(KeyOf("a")));
  EXPECT_FALSE(table.Erase(KeyOf("a")));
  EXPECT_EQ(table.Find(KeyOf("a")), nullptr);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.FindOrCreate(KeyOf("a")), "");
}

TEST_P(KeyedBackendTest, KeysAndNamespacesOfAnyLengthAreKeptApart) {
  auto backend = Make();
  auto table = Open<std::string>(*backend, Spec("text"));
  const std::vector<std::string> parts = {"",
                                          "a",
                                          "b",
                                          "ab",
                                          std::string(1, '\0'),
                                          std::string(2, '\0'),
                                          std::string(11, 'k'),
                                          std::string(28, 'k'),
                                          std::string(300, 'k'),
                                          std::string(300, 'l'),
                                          "\xff\xff"};
  for (const auto& key : parts)
    for (const auto& ns : parts) table.FindOrCreate(KeyOf(key), ns) = key + "/" + ns;
  EXPECT_EQ(table.size(), parts.size() * parts.size());
  for (const auto& key : parts)
    for (const auto& ns : parts) {
      const std::string* found = table.Find(KeyOf(key), ns);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(*found, key + "/" + ns);
    }
}

TEST_P(KeyedBackendTest, FindEachGivesWhatFindGivesOrLeavesItToFindOrCreate) {
  auto backend = Make();
  auto table = Open<std::string>(*backend, Spec("text"));
  std::vector<std::string> names = {"",
                                    "a",
                                    "nine byte",
                                    "some nine bytes",
                                    "as long as one of the inlined names",
                                    "a name that is longer than any slot has room for, hence on the heap"};
  for (int i = 0; i < 3000; ++i) names.push_back(std::to_string(i));
  for (const std::string ns : {"", "8 bytes.", "sixteen bytes ns"}) {
    for (size_t i = 0; i < names.size(); i += 2) table.FindOrCreate(KeyOf(names[i]), ns) = names[i] + "/" + ns;
    std::vector<KeyView> keys;
    for (const std::string& name : names) keys.push_back(KeyOf(name));
    std::vector<void*> objects(keys.size());
    table.FindEach(keys, ns, objects.data());
    size_t found = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (objects[i] == nullptr) continue;
      ++found;
      EXPECT_EQ(i % 2, 0U) << names[i];
      EXPECT_EQ(*static_cast<std::string*>(objects[i]), names[i] + "/" + ns);
      *static_cast<std::string*>(objects[i]) += ", changed";
    }
    EXPECT_EQ(found, (names.size() + 1) / 2);
    for (size_t i = 0; i < names.size(); i += 2) EXPECT_EQ(*table.Find(keys[i], ns), names[i] + "/" + ns + ", changed");
  }
}

TEST_P(KeyedBackendTest, FindEachOfAKeyThatComesTwiceGivesOneObject) {
  auto backend = Make();
  auto counts = Open<int64_t>(*backend, Spec("count"));
  const std::vector<std::string> names = {"there", "never", "there", "never"};
  counts.FindOrCreate(KeyOf(names[0])) = 7;
  for (int i = 0; i < 3000; ++i) counts.FindOrCreate(KeyOf(std::to_string(i)));  // where the cache is small, out of it
  std::vector<KeyView> keys;
  for (const std::string& name : names) keys.push_back(KeyOf(name));
  std::vector<void*> objects(keys.size());
  counts.FindEach(keys, {}, objects.data());
  ASSERT_NE(objects[0], nullptr);
  EXPECT_EQ(objects[0], objects[2]);
  EXPECT_EQ(*static_cast<int64_t*>(objects[0]), 7);
  EXPECT_EQ(objects[1], nullptr);
  EXPECT_EQ(objects[3], nullptr);
  EXPECT_EQ(counts.size(), 3001U);
}

TEST_P(KeyedBackendTest, TensOfThousandsOfEntriesSurviveGrowthAndHalfOfThemErasure) {
  TestBackends roomy(GetParam(), 1 << 20);
  auto backend = roomy.Make(clock_);
  auto counts = Open<int64_t>(*backend, Spec("count"));
  constexpr int kKeys = 30'000;
  for (int i = 0; i < kKeys; ++i) counts.FindOrCreate(KeyOf(std::to_string(i))) = i;
  EXPECT_EQ(counts.size(), size_t{kKeys});
  for (int i = 0; i < kKeys; i += 2) EXPECT_TRUE(counts.Erase(KeyOf(std::to_string(i))));
  EXPECT_EQ(counts.size(), size_t{kKeys / 2});
  for (int i = 0; i < kKeys; ++i) {
    const int64_t* found = counts.Find(KeyOf(std::to_string(i)));
    ASSERT_EQ(found != nullptr, i % 2 == 1) << i;
    if (found != nullptr) {
      EXPECT_EQ(*found, i);
    }
  }
}

TEST_P(KeyedBackendTest, EntriesOfAKeyComeInTheOrderOfTheirNamespaces) {
  auto backend = Make();
  auto table = Open<std::string>(*backend, Spec("map", StateKind::kMap));
  for (const char* ns : {"m", "", "z", "a", "\xff", "ab"}) table.FindOrCreate(KeyOf("k"), ns) = ns;
  for (int i = 0; i < 50; ++i) table.FindOrCreate(KeyOf("other"), std::to_string(i)) = "filler filler filler";
  table.FindOrCreate(KeyOf("k"), "b") = "new";
  table.Erase(KeyOf("k"), "m");
  EXPECT_THAT(OfKey(table, "k"), ElementsAre(Pair("", ""), Pair("a", "a"), Pair("ab", "ab"), Pair("b", "new"),
                                             Pair("z", "z"), Pair("\xff", "\xff")));
  EXPECT_TRUE(OfKey(table, "none").empty());
  int seen = 0;
  table.ForEachOfKey(KeyOf("k"), [&](std::string_view, const std::string&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

TEST_P(KeyedBackendTest, ForEachShowsEveryLiveEntryAndRepeatsForTheSameHistory) {
  const auto run = [&] {
    auto backend = Make();
    auto table = Open<int64_t>(*backend, Spec("count"));
    for (int i = 0; i < 200; ++i) table.FindOrCreate(KeyOf(std::to_string(i)), i % 3 == 0 ? "w" : "") = i;
    for (int i = 0; i < 200; i += 5) table.Erase(KeyOf(std::to_string(i)), i % 3 == 0 ? "w" : "");
    std::vector<int64_t> seen;
    table.ForEach([&](const KeyView& key, std::string_view ns, int64_t value) {
      EXPECT_EQ(key.bytes, std::to_string(value));
      EXPECT_EQ(key.hash, Hash64(key.bytes));
      EXPECT_EQ(key.group, KeyOf(key.bytes).group);
      EXPECT_EQ(ns, value % 3 == 0 ? "w" : "");
      seen.push_back(value);
    });
    return seen;
  };
  const std::vector<int64_t> first = run();
  EXPECT_EQ(first.size(), 160u);
  EXPECT_EQ(first, run());
}

// More of them than a backend may keep tables for, some emptied and filled again while a snapshot reads them.
TEST_P(KeyedBackendTest, HundredsOfNamespacesComeAndGo) {
  TestBackends roomy(GetParam(), 1 << 20);
  auto backend = roomy.Make(clock_);
  auto table = Open<int64_t>(*backend, Spec("count"));
  std::map<std::pair<std::string, std::string>, int64_t> model;
  Random random(11);
  std::unique_ptr<PendingSnapshot> under_way;
  std::optional<KeyedSnapshot> expected;
  int compared = 0;
  for (int step = 0; step < 30'000; ++step) {
    // The window moves on: namespaces from the first to the last of 300 have some entries, those before are emptied.
    const auto first = static_cast<uint64_t>(step / 100);
    const std::string key = "k" + std::to_string(random.Below(4)), ns = "w" + std::to_string(first + random.Below(300));
    if (random.Below(3) == 0) {
      const std::string old = "w" + std::to_string(random.Below(first + 1));
      ASSERT_EQ(table.Erase(KeyOf(key), old), model.erase({key, old}) == 1);
    } else {
      bool created = false;
      table.FindOrCreate(KeyOf(key), ns, &created) = step;
      ASSERT_EQ(created, model.insert_or_assign({key, ns}, step).second);
    }
    const auto found = model.find({key, ns});
    const int64_t* value = table.Find(KeyOf(key), ns);
    ASSERT_EQ(value != nullptr, found != model.end());
    if (value) ASSERT_EQ(*value, found->second);
    if (step % 500 == 0) {
      expected = backend->Snapshot().value();
      under_way = backend->BeginSnapshot();
    } else if (under_way && under_way->Advance(50)) {
      ASSERT_EQ(under_way->Take().value().segments, expected->segments);
      under_way.reset();
      ++compared;
    }
  }
  ASSERT_EQ(table.size(), model.size());
  EXPECT_GT(model.size(), 500u);
  EXPECT_GT(compared, 10);
  auto restored = Restored(*backend);
  auto again = Open<int64_t>(*restored, Spec("count"));
  size_t seen = 0;
  again.ForEach([&](const KeyView& key, std::string_view ns, int64_t value) {
    ++seen;
    EXPECT_EQ(model.at({std::string(key.bytes), std::string(ns)}), value);
  });
  EXPECT_EQ(seen, model.size());
}

TEST_P(KeyedBackendTest, FindEachFindsWhatLiesInEitherPlace) {
  TestBackends roomy(GetParam(), 1 << 20);
  auto backend = roomy.Make(clock_);
  ObjectTable& table = *backend->OpenTable({.name = "x", .value_codec = "i64"}, types::ObjectTypeOf<int64_t>()).value();
  const auto put = [&](const char* key, const std::string& ns, int64_t value) {
    *static_cast<int64_t*>(table.FindOrCreate(KeyOf(key), ns, nullptr)) = value;
  };
  // "late" comes when there is no table for it, and again when there is.
  for (int i = 0; i < 300; ++i) put("a", std::to_string(i), i);
  put("a", "late", 1);
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(table.Erase(KeyOf("a"), std::to_string(i)));
  put("b", "late", 2);
  const KeyView keys[] = {KeyOf("a"), KeyOf("b"), KeyOf("c")};
  void* objects[3];
  table.FindEach(keys, "late", objects);
  EXPECT_EQ(objects[2], nullptr);
  for (int i = 0; i < 2; ++i) {
    if (table.shows_all()) ASSERT_NE(objects[i], nullptr);
    if (objects[i] != nullptr) EXPECT_EQ(*static_cast<int64_t*>(objects[i]), i + 1);
    EXPECT_EQ(*static_cast<int64_t*>(table.Find(keys[i], "late")), i + 1);
  }
  EXPECT_EQ(table.size(), 2u);
  EXPECT_TRUE(table.Erase(keys[0], "late"));
  EXPECT_TRUE(table.Erase(keys[1], "late"));
  EXPECT_EQ(table.size(), 0u);
}

TEST_P(KeyedBackendTest, OpeningAgainGivesTheSameTableAndAnotherSpecIsRefused) {
  auto backend = Make();
  auto* table = backend->OpenTable({.name = "x", .value_codec = "i64"}, types::ObjectTypeOf<int64_t>()).value();
  EXPECT_EQ(backend->OpenTable({.name = "x", .value_codec = "i64"}, types::ObjectTypeOf<int64_t>()).value(), table);
  Status other = Table<std::string>::Open(*backend, Spec("x")).status();
  EXPECT_EQ(other.category(), ErrorCategory::kUser);
  EXPECT_THAT(other.message(), HasSubstr("value state 'x' of i64, version 1"));
  EXPECT_THAT(other.message(), HasSubstr("value state 'x' of str, version 1"));
  EXPECT_FALSE(backend->OpenTimers("x").ok());
  ASSERT_TRUE(backend->OpenTimers("t").ok());
  EXPECT_FALSE(Table<int64_t>::Open(*backend, Spec("t")).ok());
  EXPECT_TRUE(backend->status().ok());
}

TEST_P(KeyedBackendTest, TypeWithoutCodecIsRefusedByName) {
  struct Opaque {
    int x;
  };
  auto backend = Make();
  Status status = Table<Opaque>::Open(*backend, Spec("x")).status();
  EXPECT_THAT(status.message(), HasSubstr("'x' holds ?"));
  EXPECT_THAT(status.message(), HasSubstr("codec"));
}

TEST_P(KeyedBackendTest, EntryExpiresAtItsTimeAndWritesProlongIt) {
  auto backend = Make();
  auto table = Open<int64_t>(*backend, WithTtl(Spec("x"), {.ttl_ms = 10}));
  table.FindOrCreate(KeyOf("a")) = 1;
  clock_.Advance(9);
  ASSERT_NE(table.Find(KeyOf("a")), nullptr);  // a read does not prolong
  clock_.Advance(1);
  EXPECT_EQ(table.Find(KeyOf("a")), nullptr);
  table.FindOrCreate(KeyOf("a")) = 2;
  clock_.Advance(9);
  *table.Find(KeyOf("a")) = 3;
  table.MarkDirty();
  clock_.Advance(9);
  ASSERT_NE(table.Find(KeyOf("a")), nullptr);
  EXPECT_EQ(*table.Find(KeyOf("a")), 3);
  clock_.Advance(1);
  bool created = false;
  EXPECT_EQ(table.FindOrCreate(KeyOf("a"), {}, &created), 0);
  EXPECT_TRUE(created);
  clock_.Advance(10);
  EXPECT_FALSE(table.Erase(KeyOf("a")));
}

TEST_P(KeyedBackendTest, ReadProlongsWhenTheTtlSaysSo) {
  auto backend = Make();
  auto table = Open<int64_t>(
      *backend, WithTtl(Spec("x", StateKind::kMap), {.ttl_ms = 10, .update = TtlSpec::Update::kOnReadAndWrite}));
  table.FindOrCreate(KeyOf("a"), "1") = 1;
  table.FindOrCreate(KeyOf("a"), "2") = 2;
  clock_.Advance(9);
  ASSERT_NE(table.Find(KeyOf("a"), "1"), nullptr);
  clock_.Advance(9);
  EXPECT_THAT(OfKey(table, "a"), ElementsAre(Pair("1", 1)));  // prolongs too
  for (int i = 0; i < 50; ++i) table.FindOrCreate(KeyOf("filler"), std::to_string(i));
  for (int read = 0; read < 2; ++read) {  // the first prolongs what has left the cache
    clock_.Advance(9);
    EXPECT_THAT(OfKey(table, "a"), ElementsAre(Pair("1", 1)));
  }
  clock_.Advance(10);
  EXPECT_TRUE(OfKey(table, "a").empty());
}

TEST_P(KeyedBackendTest, ExpiredEntryIsSeenUntilCleanedUpWhenTheTtlSaysSo) {
  auto backend = Make();
  const StateSpec spec =
      WithTtl(Spec("x"), {.ttl_ms = 10, .visibility = TtlSpec::Visibility::kReturnExpiredIfNotCleanedUp});
  auto table = Open<int64_t>(*backend, spec);
  // Enough live entries that the clean-up in the background has not come round to the last one.
  for (int i = 0; i < 50; ++i) table.FindOrCreate(KeyOf(std::to_string(i))) = i;
  clock_.Advance(10);
  int visible = 0;
  for (int i = 0; i < 50; ++i) visible += table.Find(KeyOf(std::to_string(i))) != nullptr ? 1 : 0;
  EXPECT_GT(visible, 0);
  bool created = false;
  table.FindOrCreate(KeyOf("4"), {}, &created);
  EXPECT_TRUE(created);  // a write starts anew
  auto after = Restored(*backend);
  auto again = Open<int64_t>(*after, spec);
  EXPECT_EQ(again.size(), 1u);  // a snapshot cleans up
}

TEST_P(KeyedBackendTest, ExpiredEntriesGoInTime) {
  auto backend = Make();
  auto table = Open<int64_t>(*backend, WithTtl(Spec("x"), {.ttl_ms = 10}));
  for (int i = 0; i < 500; ++i) table.FindOrCreate(KeyOf(std::to_string(i)));
  clock_.Advance(10);
  for (int i = 0; i < 300; ++i) table.Find(KeyOf("nothing"));
  // One snapshot finds them, the next deletes what lay only in the store.
  ASSERT_TRUE(backend->Snapshot().ok());
  ASSERT_TRUE(backend->Snapshot().ok());
  EXPECT_EQ(table.size(), 0u);
}

TEST_P(KeyedBackendTest, SnapshotAndRestoreKeepEverything) {
  auto before = Make();
  auto count = Open<int64_t>(*before, Spec("count"));
  auto map = Open<std::string>(*before, Spec("map", StateKind::kMap));
  auto ttl = Open<int64_t>(*before, WithTtl(Spec("ttl"), {.ttl_ms = 10}));
  auto* timers = before->OpenTimers("timers").value();
  for (int i = 0; i < 60; ++i) {
    const std::string key = std::to_string(i);
    count.FindOrCreate(KeyOf(key)) = i;
    map.FindOrCreate(KeyOf(key), "x") = key;
    map.FindOrCreate(KeyOf(key), "y") = key + key;
    ttl.FindOrCreate(KeyOf(key)) = i;
    timers->Register(i / 10, KeyOf(key), "w");
  }
  clock_.Advance(9);
  auto after = Restored(*before);
  auto count2 = Open<int64_t>(*after, Spec("count"));
  auto map2 = Open<std::string>(*after, Spec("map", StateKind::kMap));
  auto ttl2 = Open<int64_t>(*after, WithTtl(Spec("ttl"), {.ttl_ms = 10}));
  auto* timers2 = after->OpenTimers("timers").value();
  EXPECT_EQ(count2.size(), 60u);
  EXPECT_EQ(map2.size(), 120u);
  for (int i = 0; i < 60; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_NE(count2.Find(KeyOf(key)), nullptr);
    EXPECT_EQ(*count2.Find(KeyOf(key)), i);
    EXPECT_THAT(OfKey(map2, key), ElementsAre(Pair("x", key), Pair("y", key + key)));
    EXPECT_NE(ttl2.Find(KeyOf(key)), nullptr);
    EXPECT_EQ(timers2->PopDue(100)->key, key);
  }
  clock_.Advance(1);
  EXPECT_EQ(ttl2.Find(KeyOf("1")), nullptr);
}

TEST_P(KeyedBackendTest, LaterChangesDoNotShowInASnapshot) {
  auto backend = Make();
  auto table = Open<std::string>(*backend, Spec("x"));
  table.FindOrCreate(KeyOf("a")) = "before";
  const KeyedSnapshot snapshot = backend->Snapshot().value();
  table.FindOrCreate(KeyOf("a")) = "after";
  table.FindOrCreate(KeyOf("b")) = "after";
  auto restored = Make();
  ASSERT_TRUE(restored->Restore(snapshot).ok());
  auto again = Open<std::string>(*restored, Spec("x"));
  EXPECT_EQ(*again.Find(KeyOf("a")), "before");
  EXPECT_EQ(again.size(), 1u);
}

TEST_P(KeyedBackendTest, RestoreAtAnotherParallelismGivesEachKeyGroupToItsOwner) {
  auto left = Make({0, 7});
  auto right = Make({8, 15});
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = std::to_string(i);
    const KeyView key = KeyOf(bytes);
    auto& owner = key.group <= 7 ? *left : *right;
    Open<int64_t>(owner, Spec("count")).FindOrCreate(key) = i;
    owner.OpenTimers("timers").value()->Register(i, key, "");
  }
  const std::vector<KeyedSnapshot> old = {left->Snapshot().value(), right->Snapshot().value()};
  size_t total = 0;
  for (KeyGroupRange groups : {KeyGroupRange{0, 4}, KeyGroupRange{5, 9}, KeyGroupRange{10, 15}}) {
    auto backend = Make(groups);
    for (const KeyedSnapshot& snapshot : old) ASSERT_TRUE(backend->Restore(snapshot).ok());
    auto table = Open<int64_t>(*backend, Spec("count"));
    auto* timers = backend->OpenTimers("timers").value();
    EXPECT_EQ(timers->size(), table.size());
    total += table.size();
    for (int i = 0; i < 200; ++i) {
      const std::string bytes = std::to_string(i);
      const KeyView key = KeyOf(bytes);
      const bool owned = key.group >= groups.first && key.group <= groups.last;
      ASSERT_EQ(table.Find(key) != nullptr, owned) << i;
      if (!owned) continue;
      EXPECT_EQ(*table.Find(key), i);
      EXPECT_EQ(timers->PopDue(1000)->time, i);
    }
  }
  EXPECT_EQ(total, 200u);
}

TEST_P(KeyedBackendTest, AStateNobodyOpenedIsKeptAndSavedAgain) {
  auto first = Make();
  auto table = Open<std::string>(*first, WithTtl(Spec("x"), {.ttl_ms = 100}));
  auto* timers = first->OpenTimers("t").value();
  for (int i = 0; i < 40; ++i) table.FindOrCreate(KeyOf(std::to_string(i))) = "value";
  timers->Register(5, KeyOf("a"), "");
  const KeyedSnapshot saved = first->Snapshot().value();
  auto second = Restored(*first);
  const KeyedSnapshot again = second->Snapshot().value();
  EXPECT_EQ(again.specs, saved.specs);
  EXPECT_EQ(again.segments, saved.segments);
}

TEST_P(KeyedBackendTest, RestoredStateOpenedUnderAnotherDescriptionIsRefusedWithBothSpelledOut) {
  auto first = Make();
  Open<int64_t>(*first, Spec("x")).FindOrCreate(KeyOf("a")) = 1;
  auto second = Restored(*first);
  Status codec = Table<std::string>::Open(*second, Spec("x")).status();
  EXPECT_EQ(codec.category(), ErrorCategory::kUser);
  EXPECT_THAT(codec.message(), HasSubstr("value state 'x' of i64, version 1 was saved"));
  EXPECT_THAT(codec.message(), HasSubstr("value state 'x' of str, version 1 is asked for"));
  EXPECT_THAT(Table<int64_t>::Open(*second, Spec("x", StateKind::kMap)).status().message(), HasSubstr("map state 'x'"));
  EXPECT_TRUE(Table<int64_t>::Open(*second, Spec("x")).ok());
}

TEST_P(KeyedBackendTest, TtlMayBeGivenTakenAwayAndChangedAtRestore) {
  auto first = Make();
  Open<int64_t>(*first, Spec("x")).FindOrCreate(KeyOf("a")) = 1;
  auto second = Restored(*first);
  clock_.Advance(5);
  auto with = Open<int64_t>(*second, WithTtl(Spec("x"), {.ttl_ms = 10}));
  clock_.Advance(9);
  ASSERT_NE(with.Find(KeyOf("a")), nullptr);
  auto third = Restored(*second);
  auto changed = Open<int64_t>(*third, WithTtl(Spec("x"), {.ttl_ms = 1000}));
  auto fourth = Restored(*second);
  auto without = Open<int64_t>(*fourth, Spec("x"));
  clock_.Advance(1);
  EXPECT_EQ(with.Find(KeyOf("a")), nullptr);
  EXPECT_EQ(changed.Find(KeyOf("a")), nullptr);  // written under the old one
  ASSERT_NE(without.Find(KeyOf("a")), nullptr);
  auto fifth = Restored(*fourth);
  EXPECT_NE(Open<int64_t>(*fifth, Spec("x")).Find(KeyOf("a")), nullptr);
}

TEST_P(KeyedBackendTest, DamagedSegmentIsAnErrorNotACrash) {
  auto first = Make();
  Open<std::string>(*first, Spec("x")).FindOrCreate(KeyOf("a")) = "value";
  KeyedSnapshot snapshot = first->Snapshot().value();
  const uint16_t group = KeyOf("a").group;
  const std::string good = snapshot.segments[group];
  snapshot.segments[group] = good.substr(0, good.size() - 1);
  Status cut = Make()->Restore(snapshot);
  EXPECT_EQ(cut.category(), ErrorCategory::kExternal);
  EXPECT_THAT(cut.message(), HasSubstr(fmt::format("key group {}", group)));
  snapshot.segments[group] = "\x05" + good.substr(1);
  EXPECT_THAT(Make()->Restore(snapshot).message(), HasSubstr("not described"));
}

TEST_P(KeyedBackendTest, ValueThatDoesNotDecodeIsAnErrorNamingTheState) {
  auto first = Make();
  Open<int64_t>(*first, Spec("x")).FindOrCreate(KeyOf("a")) = 1;
  KeyedSnapshot snapshot = first->Snapshot().value();
  snapshot.specs[0].value_codec = "str";
  auto second = Make();
  ASSERT_TRUE(second->Restore(snapshot).ok());
  // In memory the error comes at once, from a store at the first read.
  Result<Table<std::string>> table = Table<std::string>::Open(*second, Spec("x"));
  Status status = table.status();
  if (table.ok()) {
    table->Find(KeyOf("a"));
    status = second->status();
  }
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  EXPECT_THAT(status.message(), HasSubstr("value state 'x' of str"));
}

TEST_P(KeyedBackendTest, TimersComeByTimeThenByRegistrationAndOnlyOnce) {
  auto backend = Make();
  auto* timers = backend->OpenTimers("t").value();
  timers->Register(20, KeyOf("c"), "");
  timers->Register(10, KeyOf("b"), "w");
  timers->Register(10, KeyOf("a"), "w");
  timers->Register(10, KeyOf("b"), "w");  // again
  timers->Register(10, KeyOf("b"), "");
  timers->Register(-5, KeyOf("d"), "");
  EXPECT_EQ(timers->size(), 5u);
  EXPECT_EQ(timers->Next(), -5);
  EXPECT_EQ(timers->PopDue(-6), std::nullopt);
  auto again = Restored(*backend);
  for (TimerQueue* queue : {timers, again->OpenTimers("t").value()}) {
    std::vector<std::string> order;
    while (auto timer = queue->PopDue(10)) {
      EXPECT_EQ(timer->group, KeyOf(timer->key).group);
      EXPECT_EQ(timer->hash, Hash64(timer->key));
      order.push_back(fmt::format("{} {}{}", timer->time, timer->key, timer->ns));
    }
    EXPECT_THAT(order, ElementsAre("-5 d", "10 bw", "10 aw", "10 b"));
    EXPECT_EQ(queue->Next(), 20);
    EXPECT_EQ(queue->size(), 1u);
  }
}

TEST_P(KeyedBackendTest, DeletedTimerDoesNotFireAndMayBeRegisteredAgain) {
  auto backend = Make();
  auto* timers = backend->OpenTimers("t").value();
  timers->Register(1, KeyOf("a"), "");
  timers->Register(1, KeyOf("b"), "");
  timers->Register(1, KeyOf("c"), "");
  timers->Delete(1, KeyOf("b"), "");
  timers->Delete(1, KeyOf("nothing"), "");
  timers->Delete(2, KeyOf("a"), "");
  timers->Delete(1, KeyOf("a"), "");
  timers->Register(1, KeyOf("a"), "");
  EXPECT_EQ(timers->PopDue(1)->key, "c");
  EXPECT_EQ(timers->PopDue(1)->key, "a");
  EXPECT_EQ(timers->PopDue(1), std::nullopt);
  EXPECT_EQ(timers->Next(), std::nullopt);
}

TEST_P(KeyedBackendTest, SnapshotOfEqualStateHasEqualBytesOnEveryBackend) {
  const auto fill = [&](KeyedBackend& backend, bool upwards) {
    auto table = Open<std::string>(backend, Spec("x", StateKind::kMap));
    for (int i = 0; i < 100; ++i) {
      const int at = upwards ? i : 99 - i;
      table.FindOrCreate(KeyOf(std::to_string(at / 3)), std::to_string(at)) = "v" + std::to_string(at);
    }
    return backend.Snapshot().value();
  };
  auto mine = Make();
  TestBackends hashmap("hashmap");
  auto other = hashmap.Make(clock_);
  const KeyedSnapshot a = fill(*mine, true);
  const KeyedSnapshot b = fill(*other, false);
  EXPECT_EQ(a.specs, b.specs);
  EXPECT_EQ(a.segments, b.segments);
}

TEST_P(KeyedBackendTest, SnapshotOfOneBackendIsRestoredByEveryOther) {
  auto mine = Make();
  auto table = Open<std::string>(*mine, Spec("x"));
  for (int i = 0; i < 50; ++i) table.FindOrCreate(KeyOf(std::to_string(i))) = std::to_string(i * i);
  mine->OpenTimers("t").value()->Register(3, KeyOf("a"), "w");
  const KeyedSnapshot snapshot = mine->Snapshot().value();
  for (const std::string& kind : TestBackendKinds()) {
    TestBackends backends(kind);
    auto other = backends.Make(clock_);
    ASSERT_TRUE(other->Restore(snapshot).ok());
    auto again = Open<std::string>(*other, Spec("x"));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(*again.Find(KeyOf(std::to_string(i))), std::to_string(i * i));
    EXPECT_EQ(other->OpenTimers("t").value()->PopDue(3)->ns, "w");
    EXPECT_EQ(other->Snapshot()->specs, snapshot.specs);
  }
}

TEST_P(KeyedBackendTest, MemoryGrowsWithTheStateAndIsReported) {
  auto backend = Make();
  auto table = Open<int64_t>(*backend, Spec("x"));
  const int64_t empty = backend->memory_bytes();
  table.FindOrCreate(KeyOf("a"));
  backend->OpenTimers("t").value()->Register(1, KeyOf("a"), "");
  EXPECT_GT(backend->memory_bytes(), empty);
}

}  // namespace
}  // namespace thalweg::state
