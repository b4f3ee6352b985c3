#include "checkpoint/restore.h"

#include <algorithm>

#include "state/operator_state.h"

namespace thalweg::checkpoint {
namespace {

bool HasKeyedState(const NodeState& node) {
  return std::any_of(node.subtasks.begin(), node.subtasks.end(),
                     [](const SubtaskState& subtask) { return !subtask.specs.empty() || !subtask.segments.empty(); });
}

Status CheckNode(const RestoreNode& node, const NodeState* old) {
  if (node.parallelism < 1) return UserError("Parallelism must be at least 1: {} of '{}'", node.parallelism, node.uid);
  if (old && node.max_parallelism > 0 && node.max_parallelism != old->max_parallelism && HasKeyedState(*old))
    return UserError(
        "Max parallelism of '{}' cannot change from {} to {}: its keyed state is divided into {} key groups", node.uid,
        old->max_parallelism, node.max_parallelism, old->max_parallelism);
  const int32_t most = node.max_parallelism > 0 ? node.max_parallelism
                       : old                    ? old->max_parallelism
                                                : types::kDefaultMaxParallelism;
  if (node.parallelism > most)
    return UserError("Parallelism {} of '{}' exceeds its max parallelism {}", node.parallelism, node.uid, most);
  return {};
}

bool Intersects(const SubtaskState& old, types::KeyGroupRange range) {
  return std::any_of(old.segments.begin(), old.segments.end(),
                     [&](const Segment& segment) { return range.Contains(segment.key_group); });
}

void GiveInFlight(const NodeState& old, const SubtaskState& from, NodePlan& plan) {
  if (from.in_flight.empty()) return;
  if (!old.keyed && !HasKeyedState(old)) {
    plan.subtasks[static_cast<size_t>(from.subtask % plan.parallelism)].in_flight.push_back({from.in_flight, false});
    return;
  }
  const types::KeyGroupRange owned = types::KeyGroupsOf(from.subtask, old.max_parallelism, old.parallelism);
  for (SubtaskPlan& subtask : plan.subtasks)
    if (subtask.key_groups.begin < owned.end && owned.begin < subtask.key_groups.end)
      subtask.in_flight.push_back({from.in_flight, true});
}

/// What a subtask gives to its heirs. Of one that has ended everything was emitted: only what all share goes on.
std::vector<state::OperatorStateSnapshot> ListsOf(const SubtaskState& from) {
  std::vector<state::OperatorStateSnapshot> lists = from.lists;
  if (from.finished) std::erase_if(lists, [](const auto& list) { return list.mode == state::Redistribution::kSplit; });
  return lists;
}

void PlanNode(const NodeState& old, NodePlan& plan) {
  plan.finished = old.IsFinished();
  plan.coordinator = old.coordinator;
  for (CoordinatorEvent& event : plan.coordinator.events) event.subtask %= plan.parallelism;
  std::vector<std::vector<state::OperatorStateSnapshot>> lists;
  for (const SubtaskState& from : old.subtasks) {
    lists.push_back(ListsOf(from));
    plan.splits.insert(plan.splits.end(), from.splits.begin(), from.splits.end());
    SubtaskPlan& heir = plan.subtasks[static_cast<size_t>(from.subtask % plan.parallelism)];
    heir.committables.insert(heir.committables.end(), from.committables.begin(), from.committables.end());
    GiveInFlight(old, from, plan);
    for (SubtaskPlan& subtask : plan.subtasks)
      if (!from.finished && Intersects(from, subtask.key_groups)) subtask.keyed.push_back({&from});
  }
  auto given = state::Redistribute(lists, plan.parallelism);
  for (size_t i = 0; i < given.size(); ++i) plan.subtasks[i].lists = std::move(given[i]);
}

Status CheckUids(const Manifest& manifest, RestorePlan& plan, RestoreOptions options) {
  for (const NodeState& old : manifest.nodes)
    if (!plan.nodes.contains(old.uid) && !old.IsEmpty()) plan.dropped.push_back(old.uid);
  if (plan.dropped.empty() || options.allow_non_restored_state) return {};
  return UserError(
      "Checkpoint {} has state of operators that the job does not have: '{}'; give them the same uid again, or allow "
      "non-restored state",
      manifest.checkpoint, fmt::join(plan.dropped, "', '"));
}

enum class Ended : uint8_t { kNone, kSome, kAll };

Ended EndedOf(const NodeState& node) {
  if (node.IsFinished()) return Ended::kAll;
  bool some = std::any_of(node.subtasks.begin(), node.subtasks.end(), [](const auto& each) { return each.finished; });
  return some ? Ended::kSome : Ended::kNone;
}

// A node whose subtasks end needs every subtask of its inputs to have ended, but pointwise. Only a changed graph breaks that.
// A node that the checkpoint does not know counts as its inputs do: it gets no more than they give.
Status CheckFinished(const Manifest& manifest, const std::vector<RestoreNode>& nodes) {
  std::map<std::string, Ended> ended_of;
  for (const RestoreNode& node : nodes) {
    const NodeState* old = manifest.Find(node.uid);
    Ended least = node.inputs.empty() ? Ended::kNone : Ended::kAll;
    for (const RestoreInput& input : node.inputs) {
      const auto found = ended_of.find(input.uid);
      Ended ended = found == ended_of.end() ? Ended::kNone : found->second;
      if (!input.pointwise && ended == Ended::kSome) ended = Ended::kNone;
      least = std::min(least, ended);
      if (old && ended < EndedOf(*old))
        return UserError(
            "In checkpoint {} {} of operator '{}' had ended, but of its input '{}' not: what would still come cannot "
            "be "
            "processed; give the changed operators new uids",
            manifest.checkpoint, EndedOf(*old) == Ended::kAll ? "all" : "a part", node.uid, input.uid);
    }
    ended_of[node.uid] = old ? EndedOf(*old) : least;
  }
  return {};
}

}  // namespace

std::vector<RestoreNode> RestoreNodesOf(const graph::JobGraph& graph, int32_t default_parallelism) {
  std::vector<RestoreNode> nodes;
  for (const graph::Node& node : graph.nodes) {
    nodes.push_back(
        {node.uid, node.parallelism > 0 ? node.parallelism : default_parallelism, node.max_parallelism, {}});
    for (const graph::Edge& edge : graph.edges) {
      if (edge.to != node.id) continue;
      const bool pointwise =
          edge.partitioning == graph::Partitioning::kForward || edge.partitioning == graph::Partitioning::kRescale;
      nodes.back().inputs.push_back({graph.FindNode(edge.from)->uid, pointwise});
    }
  }
  return nodes;
}

Result<RestorePlan> PlanRestore(const Manifest& manifest, const std::vector<RestoreNode>& nodes,
                                RestoreOptions options) {
  RestorePlan plan;
  plan.checkpoint = manifest.checkpoint;
  for (const RestoreNode& node : nodes) {
    const NodeState* old = manifest.Find(node.uid);
    THALWEG_TRY(CheckNode(node, old));
    NodePlan& planned = plan.nodes[node.uid];
    planned.uid = node.uid;
    planned.parallelism = node.parallelism;
    if (node.max_parallelism > 0)
      planned.max_parallelism = node.max_parallelism;
    else if (old)
      planned.max_parallelism = old->max_parallelism;
    planned.subtasks.resize(static_cast<size_t>(node.parallelism));
    for (int32_t i = 0; i < node.parallelism; ++i)
      planned.subtasks[static_cast<size_t>(i)].key_groups =
          types::KeyGroupsOf(i, planned.max_parallelism, node.parallelism);
    if (old) PlanNode(*old, planned);
  }
  THALWEG_TRY(CheckUids(manifest, plan, options));
  THALWEG_TRY(CheckFinished(manifest, nodes));
  return plan;
}

Result<std::vector<state::KeyedSnapshot>> ReadKeyedState(CheckpointStore& store, const Manifest& manifest,
                                                         const SubtaskPlan& plan) {
  std::vector<state::KeyedSnapshot> parts;
  for (const KeyedPart& part : plan.keyed) {
    THALWEG_ASSIGN(state::KeyedSnapshot keyed,
                   store.ReadKeyGroups(manifest.job, manifest.checkpoint, *part.from, plan.key_groups));
    parts.push_back(std::move(keyed));
  }
  return parts;
}

}  // namespace thalweg::checkpoint
