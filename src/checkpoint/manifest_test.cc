#include "checkpoint/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "base/fields.h"
#include "checkpoint/samples_test.h"
#include "testing/source_folder.h"

namespace thalweg::checkpoint {
namespace {

using ::testing::HasSubstr;

std::string Golden(const std::string& name) {
  std::ifstream file(SourceFolder() + "/tests/golden/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Manifest, EncodingIsThatOfTheGoldenFile) {
  EXPECT_EQ(EncodeManifest(SampleManifest()), Golden("checkpoint_manifest_v1.bin"));
}

TEST(Manifest, EveryFieldComesBack) {
  const Manifest manifest = DecodeManifest(Golden("checkpoint_manifest_v1.bin")).value();
  EXPECT_EQ(manifest.job, "clicks per page");
  EXPECT_EQ(manifest.checkpoint, 7u);
  EXPECT_EQ(manifest.parent, 5u);
  EXPECT_EQ(manifest.created_at_ms, 1'700'000'000'000);
  EXPECT_EQ(manifest.graph_digest, 0x0123456789abcdefu);
  EXPECT_EQ(manifest.kind, CheckpointKind::kRequested);
  ASSERT_EQ(manifest.nodes.size(), 3u);
  EXPECT_EQ(manifest.nodes[0].coordinator, (CoordinatorState{"seen: 2 partitions", {{0, "idle"}}}));
  EXPECT_TRUE(manifest.nodes[0].IsFinished());
  EXPECT_EQ(manifest.nodes[0].subtasks[0].splits, (std::vector<std::string>{"views-0@17", "views-1@4"}));
  const NodeState& count = *manifest.Find("count");
  EXPECT_EQ(count.max_parallelism, 8);
  EXPECT_EQ(count.parallelism, 2);
  EXPECT_TRUE(count.keyed);
  EXPECT_FALSE(count.IsFinished());
  const SubtaskState& one = count.subtasks[1];
  EXPECT_EQ(one.subtask, 1);
  EXPECT_EQ(one.specs, std::vector<state::StateSpec>{SampleSpec()});
  EXPECT_EQ(one.segments, SampleManifest().nodes[1].subtasks[1].segments);
  EXPECT_EQ(one.segments[0].key_group, 4);
  EXPECT_EQ(one.inlined.substr(one.segments[1].offset, one.segments[1].length), "entries of 5;");
  EXPECT_EQ(one.lists[0].items, (std::vector<std::string>{"one of 1", ""}));
  EXPECT_EQ(one.lists[1].mode, state::Redistribution::kBroadcast);
  EXPECT_EQ(one.in_flight, "rows of 1");
  EXPECT_EQ(manifest.Find("sink")->subtasks[1].committables, std::vector<std::string>{"commit 1"});
  EXPECT_EQ(manifest.Find("nobody"), nullptr);
}

TEST(Manifest, FilesAndUnknownFieldsComeBack) {
  FieldWriter later;
  later.Bytes(77, "of tomorrow");
  Manifest manifest = SampleManifest();
  manifest.unknown = manifest.nodes[0].unknown = manifest.nodes[1].subtasks[0].unknown = later.Take();
  SubtaskState& state = manifest.nodes[1].subtasks[0];
  state.file = "2-0-ab.state";
  state.file_bytes = 1000;
  state.file_checksum = 99;
  state.inlined.clear();
  const Manifest again = DecodeManifest(EncodeManifest(manifest)).value();
  EXPECT_EQ(again.unknown, manifest.unknown);
  EXPECT_EQ(again.nodes[0].unknown, manifest.unknown);
  EXPECT_EQ(again.nodes[1].subtasks[0].unknown, manifest.unknown);
  EXPECT_EQ(again.Files(), (std::map<std::string, std::pair<uint64_t, uint64_t>>{{"2-0-ab.state", {1000, 99}}}));
}

TEST(Manifest, EveryFlippedBitIsDamage) {
  const std::string bytes = EncodeManifest(SampleManifest());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= static_cast<char>(1 << (i % 8));
    EXPECT_FALSE(DecodeManifest(damaged).ok()) << i;
  }
}

// The message for the sample after `change`, whose checksum is right.
std::string Malformed(const std::function<void(Manifest&)>& change) {
  Manifest manifest = SampleManifest();
  change(manifest);
  const Result<Manifest> decoded = DecodeManifest(EncodeManifest(manifest));
  return decoded.ok() ? "well-formed" : decoded.status().message();
}

TEST(Manifest, WhatCannotBeIsRefused) {
  EXPECT_EQ(Malformed([](Manifest&) {}), "well-formed");
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[1].subtasks[1].subtask = 0; }),
              HasSubstr("subtask 0 of node 'count' is out of place"));
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[1].subtasks[1].subtask = 2; }),
              HasSubstr("subtask 2 of node 'count' is out of place"));
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[1].parallelism = 9; }),
              HasSubstr("parallelism 9 and max parallelism 8"));
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[1].subtasks[1].segments[3].key_group = 8; }),
              HasSubstr("key group 8 of 8"));
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[1].subtasks[1].segments[3].length += 1; }), HasSubstr("lies beyond"));
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[1].subtasks[1].segments[1].key_group = 4; }),
              HasSubstr("key group 4 after 4"));
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[1].subtasks[0].file = "../x"; }), HasSubstr("lies beyond"));
  EXPECT_THAT(Malformed([](Manifest& m) { m.nodes[2].subtasks[0].file = "../x"; }),
              HasSubstr("not a plain name: '../x'"));
}

}  // namespace
}  // namespace thalweg::checkpoint
