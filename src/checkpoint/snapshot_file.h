// The keyed state of one task in one file: a header, then every key group's segment, operator after operator.
// Rule: the manifest holds each segment's place and checksum, so that one range of key groups is read, and verified, alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "checkpoint/manifest.h"
#include "io/storage.h"
#include "state/snapshot.h"
#include "types/key_group.h"

namespace thalweg::checkpoint {

// Segments that lie side by side are read together, up to this: large enough for disks and object stores, small beside the state.
inline constexpr uint64_t kReadBytes = 4 << 20;

/// Whose file it is; for people and tools, the manifest is the index.
struct FileLabel {
  std::string job;
  uint64_t checkpoint = 0;
  TaskId task;
};

/// Bytes of keyed state in `snapshot`.
uint64_t KeyedBytes(const state::TaskSnapshot& snapshot);

/// `snapshot` with its segments inside, for small ones and for tasks that have ended. Touches no disk.
TaskState InlineTask(const TaskId& task, const state::TaskSnapshot& snapshot);

/// Writes the segments of `snapshot` to `storage` as `path`; durable on return. Blocks. The state's `file` is the last part of `path`.
Result<TaskState> WriteSnapshotFile(io::Storage& storage, const std::string& path, const FileLabel& label,
                                    const state::TaskSnapshot& snapshot);

/// The segments of key groups in `range`, from `folder`/`state.file` or inlined; other segments are not read. External error that
/// names file, key group, expected and actual checksum if one does not verify. Blocks.
Result<state::KeyedSnapshot> ReadKeyGroups(io::Storage& storage, const std::string& folder, const SubtaskState& state,
                                           types::KeyGroupRange range);

/// The whole of one operator subtask, as it was written.
Result<state::OperatorSnapshot> ReadOperator(io::Storage& storage, const std::string& folder, const std::string& uid,
                                             const SubtaskState& state);

/// Reads `path` from end to end: external error unless its size and checksum are these. Blocks.
Status VerifyFile(io::Storage& storage, const std::string& path, uint64_t bytes, uint64_t checksum);

/// The label of a file that begins with `bytes`.
Result<FileLabel> DecodeFileLabel(std::string_view bytes);

}  // namespace thalweg::checkpoint
