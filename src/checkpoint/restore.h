// From a manifest to what each new subtask starts with, at the same or another parallelism.
// Rule: every key group goes to exactly one new subtask, every list item, split and committable where its mode says; nothing is
// dropped unless the person allowed it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "checkpoint/checkpoint_store.h"
#include "checkpoint/manifest.h"
#include "graph/job_graph.h"
#include "types/key_group.h"

namespace thalweg::checkpoint {

/// Where a node's rows come from. Pointwise: from some of the subtasks only (forward, rescale).
struct RestoreInput {
  std::string uid;
  bool pointwise = false;
};

/// A node of the job that starts. max_parallelism 0: the checkpoint's.
struct RestoreNode {
  std::string uid;
  int32_t parallelism = 1;
  int32_t max_parallelism = 0;
  std::vector<RestoreInput> inputs;
};

/// The nodes of `graph` with its defaults filled in. A node that names no max parallelism takes the checkpoint's.
std::vector<RestoreNode> RestoreNodesOf(const graph::JobGraph& graph, int32_t default_parallelism);

/// Keyed state to be read: the key groups in the subtask's range, out of one old subtask.
struct KeyedPart {
  const SubtaskState* from = nullptr;  // in the manifest, which must outlive the plan
};

/// Rows that an old subtask had taken in and not worked off. By key group: some belong to other new subtasks, each takes those in
/// its own range.
struct InFlight {
  std::string rows;
  bool by_key_group = false;
};

struct SubtaskPlan {
  types::KeyGroupRange key_groups;
  std::vector<KeyedPart> keyed;
  std::vector<state::OperatorStateSnapshot> lists;
  std::vector<std::string> committables;
  std::vector<InFlight> in_flight;
};

struct NodePlan {
  std::string uid;
  int32_t parallelism = 1;
  int32_t max_parallelism = types::kDefaultMaxParallelism;
  bool finished = false;  // had ended everywhere: must not run again; state of a subtask that ended is left behind
  std::vector<std::string> splits;  // of a source: all, in the order of the old subtasks, to be given out anew
  CoordinatorState coordinator;     // events from old subtask i come from subtask i mod p
  std::vector<SubtaskPlan> subtasks;
};

struct RestorePlan {
  uint64_t checkpoint = 0;
  std::map<std::string, NodePlan> nodes;  // by uid: every node of the new job, those without state too
  std::vector<std::string> dropped;       // uids whose state is left behind, as allowed
};

struct RestoreOptions {
  bool allow_non_restored_state = false;  // Flink's --allowNonRestoredState
};

/// `nodes` in topological order. User error if the checkpoint has state of a uid that the job lacks (unless allowed), or a node with
/// state changed its max parallelism, or a parallelism exceeds it, or a node that had ended would get rows again. The plan points
/// into `manifest`.
Result<RestorePlan> PlanRestore(const Manifest& manifest, const std::vector<RestoreNode>& nodes,
                                RestoreOptions options = {});

/// The keyed state of one new subtask, to be given to KeyedBackend::Restore one after the other. Blocks; any thread.
Result<std::vector<state::KeyedSnapshot>> ReadKeyedState(CheckpointStore& store, const Manifest& manifest,
                                                         const SubtaskPlan& plan);

}  // namespace thalweg::checkpoint
