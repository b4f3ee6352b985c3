#include "state/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "state/backends_for_test.h"
#include "state/table.h"
#include "state/timers.h"
#include "testing/source_folder.h"

namespace thalweg::state {
namespace {

using ::testing::HasSubstr;

/// "group hex" lines.
std::string Dump(const KeyedSnapshot& snapshot) {
  std::string text;
  for (const auto& [group, segment] : snapshot.segments) {
    text += fmt::format("{} ", group);
    for (char byte : segment) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
    text += '\n';
  }
  return text;
}

std::string Golden() {
  std::ifstream file(SourceFolder() + "/tests/golden/keyed_segments_v1.txt");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

KeyedSnapshot ParseDump(std::vector<StateSpec> specs, const std::string& text) {
  KeyedSnapshot snapshot{.specs = std::move(specs), .segments = {}};
  std::istringstream in(text);
  uint16_t group;
  std::string hex;
  while (in >> group >> hex)
    for (size_t i = 0; i + 1 < hex.size(); i += 2)
      snapshot.segments[group].push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return snapshot;
}

StateSpec CountSpec() { return {.name = "count", .kind = StateKind::kReducing, .value_codec = "i64"}; }
StateSpec SeenSpec() {
  return {
      .name = "seen", .kind = StateKind::kMap, .value_codec = "str", .namespace_codec = "str", .ttl = {.ttl_ms = 1000}};
}

/// What the golden file holds.
void Fill(KeyedBackend& backend) {
  const auto key = [](std::string_view bytes, uint16_t group) {
    return KeyView{.bytes = bytes, .hash = Hash64(bytes), .group = group};
  };
  auto count = Table<int64_t>::Open(backend, CountSpec()).value();
  auto seen = Table<std::string>::Open(backend, SeenSpec()).value();
  auto* timers = backend.OpenTimers("timers").value();
  count.FindOrCreate(key("b", 1)) = -2;
  count.FindOrCreate(key("a", 1)) = 1;
  seen.FindOrCreate(key("b", 1), "y") = "second";
  seen.FindOrCreate(key("b", 1), "x") = "first";
  seen.FindOrCreate(key("c", 9), "") = "";
  timers->Register(-1, key("a", 1), "w");
  timers->Register(300, key("c", 9), "");
}

TEST(Segment, BytesAreThoseOfTheGoldenFileOnEveryBackend) {
  time::ManualClock clock(1'700'000'000'000);
  for (const std::string& kind : TestBackendKinds()) {
    TestBackends backends(kind);
    auto backend = backends.Make(clock);
    Fill(*backend);
    EXPECT_EQ(Dump(backend->Snapshot().value()), Golden()) << kind;
  }
}

TEST(Segment, GoldenFileIsRestoredByEveryBackend) {
  time::ManualClock clock(1'700'000'000'500);
  for (const std::string& kind : TestBackendKinds()) {
    TestBackends backends(kind);
    auto backend = backends.Make(clock);
    ASSERT_TRUE(backend->Restore(ParseDump({CountSpec(), SeenSpec(), Timers::SpecOf("timers")}, Golden())).ok());
    auto count = Table<int64_t>::Open(*backend, CountSpec()).value();
    ASSERT_EQ(count.size(), 2u);
    const KeyView b{.bytes = "b", .hash = Hash64("b"), .group = 1};
    ASSERT_NE(count.Find(b), nullptr);
    EXPECT_EQ(*count.Find(b), -2);
    EXPECT_EQ(*Table<std::string>::Open(*backend, SeenSpec()).value().Find(b, "y"), "second");
    EXPECT_EQ(backend->OpenTimers("timers").value()->PopDue(0)->ns, "w");
  }
}

TEST(SnapshotWriter, EntriesOfAGroupStandInTheOrderOfStateKeyAndNamespace) {
  SnapshotWriter writer;
  const StateSpec first{.name = "a", .value_codec = "str"};
  const StateSpec second{.name = "b", .value_codec = "str"};
  writer.Begin(first);
  writer.Add(3, "longer than eight, z", "", "4", 0);
  writer.Add(3, "longer than eight, a", "2", "3", 0);
  writer.Add(3, "longer than eight, a", "1", "2", 0);
  writer.Add(3, "", "", "1", 0);
  writer.Begin(second);
  writer.Add(3, "", "", "5", 0);
  writer.Add(2, "k", "", "0", 0);
  const KeyedSnapshot snapshot = writer.Take();
  ASSERT_EQ(snapshot.segments.size(), 2u);
  SegmentReader reader(snapshot.segments.at(3), snapshot.specs);
  std::string values;
  SegmentEntry entry;
  while (reader.Next(entry)) values += entry.value;
  EXPECT_TRUE(reader.status().ok());
  EXPECT_EQ(values, "12345");
}

TEST(SegmentReader, EntryCutAtAnyByteIsAnError) {
  const std::vector<StateSpec> specs = {SeenSpec()};
  SnapshotWriter writer;
  writer.Begin(specs[0]);
  writer.Add(0, "key", "ns", "value", 77);
  const std::string segment = writer.Take().segments.at(0);
  SegmentEntry entry;
  for (size_t size = 1; size < segment.size(); ++size) {
    SegmentReader reader(std::string_view(segment).substr(0, size), specs);
    EXPECT_FALSE(reader.Next(entry)) << size;
    EXPECT_THAT(reader.status().message(), HasSubstr("Malformed state segment")) << size;
  }
  SegmentReader whole(segment, specs);
  ASSERT_TRUE(whole.Next(entry));
  EXPECT_EQ(entry.expiry_ms, 77);
  EXPECT_FALSE(whole.Next(entry));
  EXPECT_TRUE(whole.status().ok());
}

}  // namespace
}  // namespace thalweg::state
