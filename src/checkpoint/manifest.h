// The manifest: all that a checkpoint is, but for the keyed bytes that lie in the tasks' files. docs/internals/checkpoint.md.
// Rule: a checkpoint exists from the moment its manifest is durable, and never before.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "state/snapshot.h"

namespace thalweg::checkpoint {

/// A task: one subtask of a chain. `vertex` is the id of the chain's first node.
struct TaskId {
  uint32_t vertex = 0;
  int32_t subtask = 0;
  auto operator<=>(const TaskId&) const = default;
};
/// "3-0", as in file names.
std::string TaskName(const TaskId& task);

/// Where the entries of one key group lie. Offsets count from the start of the file (or of `inlined`).
struct Segment {
  uint16_t key_group = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t checksum = 0;  // Hash64 of the bytes
  bool operator==(const Segment&) const = default;
};

/// One operator in one subtask: what its snapshot was, with the keyed segments by reference.
struct SubtaskState {
  int32_t subtask = 0;
  bool finished = false;  // had ended; what stands here is its last word
  std::string file;  // in the checkpoint's folder; shared by the operators of a chain. Empty: segments are in `inlined`
  uint64_t file_bytes = 0;
  uint64_t file_checksum = 0;  // Hash64 of the whole file
  std::vector<state::StateSpec> specs;
  std::vector<Segment> segments;  // ascending by key group
  std::string inlined;
  std::vector<state::OperatorStateSnapshot> lists;
  std::vector<std::string> committables;
  std::vector<std::string> splits;
  std::string in_flight;
  std::string unknown;  // fields of a newer version, kept

  /// Nothing would be lost if this were dropped.
  bool IsEmpty() const;
};

/// Operator uid -> its state in one task: what a task acknowledges.
using TaskState = std::map<std::string, SubtaskState>;

/// An operator's event that was on its way to the coordinator between their snapshots: the sender's state says that it was sent, the
/// coordinator's lacks it.
struct CoordinatorEvent {
  int32_t subtask = 0;
  std::string event;
  bool operator==(const CoordinatorEvent&) const = default;
};

/// Of an operator coordinator; a source's is its split enumerator's.
struct CoordinatorState {
  std::string state;
  std::vector<CoordinatorEvent> events;  // in the order of their arrival
  bool operator==(const CoordinatorState&) const = default;
};

/// One node of the graph.
struct NodeState {
  std::string uid;
  int32_t max_parallelism = 0;
  int32_t parallelism = 0;
  bool keyed = false;  // reads keyed input: rows in flight belong to key groups
  CoordinatorState coordinator;
  std::vector<SubtaskState> subtasks;  // ascending by subtask; those without state may be left out
  std::string unknown;

  bool IsEmpty() const;
  /// Every subtask had ended.
  bool IsFinished() const;
};

/// The numbers stand on disk.
enum class CheckpointKind : uint8_t { kPeriodic = 0, kRequested = 1, kStop = 2, kFinal = 3 };

struct Manifest {
  std::string job;
  uint64_t checkpoint = 0;
  /// Greatest number that this writer knew to be committed when it started this checkpoint (0: none). A greater one in the store
  /// means that another coordinator runs the same job.
  uint64_t parent = 0;
  int64_t created_at_ms = 0;  // since the epoch: when the barriers were sent
  uint64_t graph_digest = 0;
  CheckpointKind kind = CheckpointKind::kPeriodic;
  std::vector<NodeState> nodes;  // in the graph's order
  std::string unknown;

  const NodeState* Find(std::string_view uid) const;
  /// Files that the manifest refers to: name -> (bytes, checksum).
  std::map<std::string, std::pair<uint64_t, uint64_t>> Files() const;
};

/// Framed and checksummed (io/framed.h, magic TWCM).
std::string EncodeManifest(const Manifest& manifest);
/// External error if damaged or malformed (segments out of their file, subtasks twice ...); user error if of a newer version.
Result<Manifest> DecodeManifest(std::string_view bytes);

}  // namespace thalweg::checkpoint
