#include <string>

#include "state/backends_for_test.h"
#include "state/store_table.h"
#include "state/table.h"
#include "testing/fuzz.h"

namespace thalweg::state {

namespace {

constexpr uint16_t kGroup = 3;

std::vector<StateSpec> Specs() {
  return {{.name = "list",
           .kind = StateKind::kMap,
           .value_codec = "[str]",
           .namespace_codec = "str",
           .ttl = {.ttl_ms = 1000}},
          {.name = "timers", .kind = StateKind::kTimers, .value_codec = "varint", .namespace_codec = "timer"},
          {.name = "value", .kind = StateKind::kValue, .value_codec = "i64"}};
}

std::string Seed() {
  time::ManualClock clock(1000);
  auto backend = MakeHashMapBackend({.groups = kAllGroups}, clock);
  const auto key = [](std::string_view bytes) {
    return KeyView{.bytes = bytes, .hash = Hash64(bytes), .group = kGroup};
  };
  auto list = Table<std::vector<std::string>>::Open(*backend, Specs()[0]).value();
  list.FindOrCreate(key("a"), "x") = {"1", "22"};
  list.FindOrCreate(key("a"), "y") = {};
  backend->OpenTimers("timers").value()->Register(5, key("a"), "w");
  Table<int64_t>::Open(*backend, Specs()[2]).value().FindOrCreate(key("b")) = 7;
  return backend->Snapshot()->segments.at(kGroup);
}

/// Restores, opens and walks everything; the snapshot afterwards, or nullopt if any of it was refused.
std::optional<KeyedSnapshot> RoundTrip(KeyedBackend& backend, const KeyedSnapshot& snapshot) {
  if (!backend.Restore(snapshot).ok()) return std::nullopt;
  auto list = Table<std::vector<std::string>>::Open(backend, Specs()[0]);
  auto value = Table<int64_t>::Open(backend, Specs()[2]);
  auto timers = backend.OpenTimers("timers");
  if (!list.ok() || !value.ok() || !timers.ok()) return std::nullopt;
  list->ForEach([](const KeyView&, std::string_view, const std::vector<std::string>&) {});
  value->ForEach([](const KeyView&, std::string_view, int64_t) {});
  if (!backend.status().ok()) return std::nullopt;
  return backend.Snapshot().value();
}

}  // namespace

// Any bytes are refused or restored; what was restored is saved and restored again alike, and on the other backend.
FUZZ_TARGET(StateSegment, Seed()) {
  time::ManualClock clock(1000);
  const KeyedSnapshot hostile{.specs = Specs(), .segments = {{kGroup, std::string(input)}}};
  auto first = MakeHashMapBackend({.groups = kAllGroups}, clock);
  const auto saved = RoundTrip(*first, hostile);
  auto store = MakeStoreBackend({.groups = kAllGroups, .cache_bytes = 100}, std::make_unique<MemoryKvStore>(), clock);
  const auto stored = RoundTrip(*store, hostile);
  if (!saved) return;
  THALWEG_CHECK(stored && stored->segments == saved->segments);
  auto second = MakeHashMapBackend({.groups = kAllGroups}, clock);
  const auto again = RoundTrip(*second, *saved);
  THALWEG_CHECK(again && again->segments == saved->segments);
}

FUZZ_TARGET(StoreLayout, std::string("\0\3\0\1\1kns", 8), std::string("\1\1\0\0\0\0\0\0\0value", 14)) {
  uint16_t group;
  std::string_view key;
  std::string_view ns;
  if (StoreLayout::Split(input, group, key, ns)) THALWEG_CHECK(key.size() + ns.size() + 5 <= input.size());
  std::string_view value = input;
  std::optional<int64_t> expiry;
  if (StoreLayout::ReadValueHead(value, expiry)) THALWEG_CHECK(value.size() == input.size() - (expiry ? 9 : 1));
}

}  // namespace thalweg::state
