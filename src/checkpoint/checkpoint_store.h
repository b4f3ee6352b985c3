// Where checkpoints live: task files in a Storage, the manifest in a MetaStore. docs/internals/checkpoint.md has the layout.
// Rule: a checkpoint is committed by ONE compare-and-set of a key that holds its number and nothing of its writer, so that of two
// coordinators of one job one loses; everything before leaves nothing but files that nobody refers to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "checkpoint/manifest.h"
#include "checkpoint/snapshot_file.h"
#include "io/meta_store.h"
#include "io/storage.h"

namespace thalweg::checkpoint {

struct StoreOptions {
  /// Stands in the names of this run's files; no two runs of any job may share it (attempts, leaders): else one could replace what
  /// another's manifest refers to. Letters and digits.
  std::string run;
  /// Tasks with less keyed state put it into the manifest (execution.checkpointing.data-inline-threshold).
  uint64_t inline_bytes = 20 << 10;
  /// Committed checkpoints that Subsume keeps, at least 1 (execution.checkpointing.num-retained).
  int num_retained = 1;
  /// Takes what a person must see (damage, fall back); null: stderr.
  std::function<void(std::string_view line)> log;
};

/// What Commit did. kUnknown: the store failed in the middle; whether the checkpoint exists shows at the next ReadLatest.
struct CommitOutcome {
  enum class Kind : uint8_t { kCommitted, kSuperseded, kFailed, kUnknown };
  Kind kind = Kind::kCommitted;
  std::string reason;
};

/// A committed checkpoint that cannot be restored, and why.
struct Rejected {
  uint64_t checkpoint = 0;
  std::string reason;
};

struct Latest {
  std::optional<Manifest> manifest;  // none: the job has no checkpoint yet
  std::vector<Rejected> rejected;    // newer ones that are damaged, newest first
  uint64_t newest = 0;               // greatest number committed, damaged or not: the next checkpoint's is greater
};

/// Any thread. Every call but the constructor blocks: for I/O threads.
class CheckpointStore {
 public:
  CheckpointStore(std::shared_ptr<io::Storage> storage, std::shared_ptr<io::MetaStore> meta, StoreOptions options);

  /// Makes a task's snapshot durable: in a file of its own, or inline if it is small. Before the task's acknowledgement.
  Result<TaskState> WriteTask(const std::string& job, uint64_t checkpoint, const TaskId& task,
                              const state::TaskSnapshot& snapshot);

  /// Makes the checkpoint exist. Superseded if another coordinator committed this number, or any above `manifest.parent`.
  CommitOutcome Commit(const Manifest& manifest);

  /// Numbers of the committed checkpoints, ascending.
  Result<std::vector<uint64_t>> List(const std::string& job);

  /// The newest whose manifest and files verify; what was passed over is logged and returned. External error if there are
  /// checkpoints and none verifies: starting from nothing must be somebody's decision.
  Result<Latest> ReadLatest(const std::string& job);

  /// One checkpoint, verified.
  Result<Manifest> Read(const std::string& job, uint64_t checkpoint);

  /// Keyed state of `state`, of the checkpoint `checkpoint` of `job`.
  Result<state::KeyedSnapshot> ReadKeyGroups(const std::string& job, uint64_t checkpoint, const SubtaskState& state,
                                             types::KeyGroupRange range);

  /// What was committed before this run began: Subsume deletes none of these and does not count them. `claimed`: but this one, which
  /// becomes this run's own. Called once, before the first Commit.
  void KeepEarlier(const std::string& job, const std::vector<uint64_t>& checkpoints, std::optional<uint64_t> claimed);

  /// After Commit of `newest`: deletes this run's checkpoints beyond num_retained (damaged ones found by ReadLatest do not count as
  /// retained), and files below `newest` that no checkpoint refers to. A failure leaves files, which the next call deletes.
  Status Subsume(const Manifest& newest);

 private:
  Status Verify(const std::string& job, const Manifest& manifest);
  Result<Manifest> ReadManifest(const std::string& job, uint64_t checkpoint);
  void TellUnfinished(const std::string& job, uint64_t newest);
  Status DeleteFiles(const std::string& job, const std::set<uint64_t>& keep, const Manifest& newest);
  void Log(const std::string& line) const;

  const std::shared_ptr<io::Storage> storage_;
  const std::shared_ptr<io::MetaStore> meta_;
  const StoreOptions options_;
  std::mutex mutex_;
  std::set<std::pair<std::string, uint64_t>> damaged_;  // (job, number) that ReadLatest passed over
  std::set<std::pair<std::string, uint64_t>> earlier_;  // (job, number) of runs before this one
};

/// The folder of a job below the checkpoint directory: its name, with bytes other than A-Z a-z 0-9 . _ - as %XX; a long one is cut and
/// ends with its hash.
std::string JobFolder(std::string_view job);
/// "<job folder>/chk-<number>".
std::string CheckpointFolder(std::string_view job, uint64_t checkpoint);
/// The manifest's key: "<job folder>/chk-<number>/_metadata".
std::string ManifestKey(std::string_view job, uint64_t checkpoint);

/// What `--from-checkpoint` names.
struct CheckpointPath {
  std::string directory;               // root for OpenStorage and OpenMetaStore
  std::string job;                     // the job's name
  std::optional<uint64_t> checkpoint;  // none: the newest that verifies
};

/// Accepts <dir>/<job>/chk-7, <dir>/<job>/chk-7/_metadata, <dir>/<job>, and <dir> with one job in it; a file:// URI or a path.
/// User error if nothing is there, or if <dir> holds several jobs (it names them). Blocks.
Result<CheckpointPath> ResolveCheckpointPath(std::string_view path);

}  // namespace thalweg::checkpoint
