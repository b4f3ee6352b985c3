// Snapshots and manifests that use every field, for this folder's tests.
#pragma once

#include <map>
#include <string>

#include "checkpoint/manifest.h"
#include "checkpoint/snapshot_file.h"
#include "types/key_group.h"

namespace thalweg::checkpoint {

inline state::StateSpec SampleSpec() {
  return {"counts",
          state::StateKind::kMap,
          "i64",
          "str",
          3,
          {60'000, state::TtlSpec::Update::kOnReadAndWrite, state::TtlSpec::Visibility::kReturnExpiredIfNotCleanedUp}};
}

/// Of a chain "count", "sink" in one subtask; the entries of its key groups are `per_group` bytes each.
inline state::TaskSnapshot SampleSnapshot(int32_t subtask, int32_t parallelism, int32_t max_parallelism,
                                          size_t per_group) {
  state::OperatorSnapshot count;
  count.uid = "count";
  count.keyed.specs = {SampleSpec()};
  const types::KeyGroupRange range = types::KeyGroupsOf(subtask, max_parallelism, parallelism);
  for (int32_t group = range.begin; group < range.end; ++group) {
    std::string bytes = "entries of " + std::to_string(group) + ";";
    bytes.resize(std::max(bytes.size(), per_group), static_cast<char>('a' + group % 26));
    count.keyed.segments[static_cast<uint16_t>(group)] = bytes;
  }
  count.lists = {{"offsets", state::Redistribution::kSplit, "str", {"one of " + std::to_string(subtask), ""}},
                 {"rules", state::Redistribution::kBroadcast, "str", {"all"}}};
  count.in_flight = "rows of " + std::to_string(subtask);
  state::OperatorSnapshot sink;
  sink.uid = "sink";
  sink.committables = {"commit " + std::to_string(subtask)};
  return {{count, sink}};
}

/// Of a source and the chain above, the segments inlined.
inline Manifest SampleManifest(int32_t parallelism = 2, int32_t max_parallelism = 8) {
  Manifest manifest;
  manifest.job = "clicks per page";
  manifest.checkpoint = 7;
  manifest.parent = 5;
  manifest.created_at_ms = 1'700'000'000'000;
  manifest.graph_digest = 0x0123456789abcdef;
  manifest.kind = CheckpointKind::kRequested;
  SubtaskState reader;
  reader.finished = true;
  reader.splits = {"views-0@17", "views-1@4"};
  manifest.nodes = {{"views", max_parallelism, 1, false, {"seen: 2 partitions", {{0, "idle"}}}, {reader}, {}},
                    {"count", max_parallelism, parallelism, true, {}, {}, {}},
                    {"sink", max_parallelism, parallelism, false, {}, {}, {}}};
  for (int32_t i = 0; i < parallelism; ++i) {
    TaskState states = InlineTask({2, i}, SampleSnapshot(i, parallelism, max_parallelism, 0));
    manifest.nodes[1].subtasks.push_back(states.at("count"));
    manifest.nodes[2].subtasks.push_back(states.at("sink"));
  }
  return manifest;
}

}  // namespace thalweg::checkpoint
