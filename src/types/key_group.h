// Key groups: the unit in which keyed state is divided among subtasks. Golden vectors: tests/golden/keys.tsv; never change these.
#pragma once

#include <cstdint>

namespace thalweg::types {

/// Key groups of a job that names no max parallelism.
constexpr int32_t kDefaultMaxParallelism = 1024;
constexpr int32_t kMaxMaxParallelism = 1 << 15;  // Flink's limit

/// [begin, end) of key groups.
struct KeyGroupRange {
  int32_t begin = 0;
  int32_t end = 0;
  bool Contains(int32_t key_group) const { return key_group >= begin && key_group < end; }
  bool operator==(const KeyGroupRange&) const = default;
};

/// Key group of a key's hash: multiply-shift of the high 32 bits. The low bits stay free for hash tables within a group.
constexpr int32_t KeyGroupOf(uint64_t hash, int32_t max_parallelism) {
  return static_cast<int32_t>(((hash >> 32) * static_cast<uint64_t>(max_parallelism)) >> 32);
}

/// Subtask that owns a key group: contiguous ranges, as Flink's KeyGroupRangeAssignment.
constexpr int32_t SubtaskOf(int32_t key_group, int32_t max_parallelism, int32_t parallelism) {
  return static_cast<int32_t>(static_cast<int64_t>(key_group) * parallelism / max_parallelism);
}

/// Key groups of one subtask: those for which SubtaskOf gives it. Empty never, if parallelism <= max_parallelism.
constexpr KeyGroupRange KeyGroupsOf(int32_t subtask, int32_t max_parallelism, int32_t parallelism) {
  auto begin = [&](int64_t of) { return static_cast<int32_t>((of * max_parallelism + parallelism - 1) / parallelism); };
  return {begin(subtask), begin(subtask + 1)};
}

}  // namespace thalweg::types
