#include "runtime/coordinators.h"

#include <algorithm>
#include <utility>

#include "runtime/source_coordinator.h"
#include "runtime/user_code.h"

namespace thalweg::runtime {

Result<std::unique_ptr<Coordinators>> Coordinators::Make(const PhysicalPlan& plan, const flow::Program& program,
                                                         const flow::Registry& registry, RestoredState& restored,
                                                         World world) {
  std::unique_ptr<Coordinators> made(new Coordinators(plan, std::move(world)));
  for (size_t i = 0; i < plan.graph.nodes.size(); ++i) {
    const graph::Node& node = plan.graph.nodes[i];
    std::unique_ptr<flow::OperatorCoordinator> coordinator;
    if (node.role == graph::NodeRole::kSource) {
      THALWEG_ASSIGN(std::shared_ptr<flow::Source> source, registry.MakeSource(node, program.functions));
      THALWEG_ASSIGN(std::unique_ptr<flow::SplitEnumerator> enumerator, source->CreateEnumerator());
      coordinator = std::make_unique<SourceCoordinator>(std::move(enumerator), std::move(restored.splits[node.uid]));
    } else {
      THALWEG_ASSIGN(coordinator, registry.MakeCoordinator(node, program.functions));
    }
    if (coordinator) THALWEG_TRY(made->Add(i, std::move(coordinator), restored));
  }
  return made;
}

Status Coordinators::Add(size_t index, std::unique_ptr<flow::OperatorCoordinator> coordinator,
                         RestoredState& restored) {
  const graph::Node& node = plan_->graph.nodes[index];
  const ChainSpec& chain = plan_->chains[static_cast<size_t>(plan_->chain_of_node[index])];
  Member member;
  member.uid = node.uid;
  member.title =
      fmt::format("{} '{}'", node.role == graph::NodeRole::kSource ? "Source" : "Coordinator of operator", node.name);
  member.first_task = chain.first_task;
  member.position = static_cast<int>(std::find(chain.nodes.begin(), chain.nodes.end(), index) - chain.nodes.begin());
  member.parallelism = node.parallelism;
  member.ended = restored.finished.contains(node.uid);
  member.coordinator = std::move(coordinator);
  auto state = restored.coordinators.find(node.uid);
  if (state != restored.coordinators.end() && !state->second.state.empty()) {
    THALWEG_TRY(
        CatchUserErrors([&] { return member.coordinator->Restore(state->second.state); }).WithContext(member.title));
  }
  if (state != restored.coordinators.end()) member.restored_events = std::move(state->second.events);
  for (int i = 0; i < member.parallelism; ++i) tasks_.insert(member.first_task + i);
  members_.push_back(std::move(member));
  return {};
}

template <typename Call>
Status Coordinators::Step(size_t index, Call&& call) {
  Member& member = members_[index];
  if (member.ended) return {};
  Result<flow::CoordinatorActions> actions = CatchUserErrors([&] { return call(*member.coordinator); });
  if (actions.ok()) return Obey(index, std::move(*actions)).WithContext(member.title);
  return actions.status().WithContext(member.title);
}

Status Coordinators::Obey(size_t index, flow::CoordinatorActions actions) {
  Member& member = members_[index];
  for (flow::CoordinatorAction& action : actions) {
    switch (action.kind) {
      case flow::CoordinatorAction::Kind::kSend:
        if (action.subtask < 0 || action.subtask >= member.parallelism)
          return InternalError("It sends to subtask {} of {}", action.subtask, member.parallelism);
        world_.post(member.first_task + action.subtask, [position = member.position, event = std::move(action.event)](
                                                            Task& task) { task.OnEvent(position, event); });
        break;
      case flow::CoordinatorAction::Kind::kTimer: member.timer_ms = world_.clock->NowMs() + action.after_ms; break;
      case flow::CoordinatorAction::Kind::kBlocking: world_.run_blocking(index, std::move(action.work)); break;
    }
  }
  return {};
}

Status Coordinators::Start() {
  for (size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].ended) continue;
    THALWEG_TRY(Step(i, [&](auto& coordinator) { return coordinator.OnStart(members_[i].parallelism); }));
    for (const checkpoint::CoordinatorEvent& event : std::exchange(members_[i].restored_events, {}))
      THALWEG_TRY(Step(i, [&](auto& coordinator) { return coordinator.OnEvent(event.subtask, event.event); }));
  }
  return {};
}

Status Coordinators::OnEvent(const TaskReport& report) {
  auto member = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.uid == report.uid; });
  if (member == members_.end()) return InternalError("Operator '{}' has no coordinator to hear it", report.uid);
  int subtask = report.task - member->first_task;
  for (auto& [checkpoint, cut] : cuts_)
    if (report.checkpoint < checkpoint) cut.by_uid[member->uid].events.push_back({subtask, report.event});
  return Step(static_cast<size_t>(member - members_.begin()),
              [&](auto& coordinator) { return coordinator.OnEvent(subtask, report.event); });
}

Status Coordinators::OnResult(size_t index, Result<std::string> result) {
  return Step(index, [&](auto& coordinator) { return coordinator.OnResult(std::move(result)); });
}

Status Coordinators::OnTimers(int64_t now_ms) {
  for (size_t i = 0; i < members_.size(); ++i) {
    if (now_ms < members_[i].timer_ms) continue;
    members_[i].timer_ms = INT64_MAX;
    THALWEG_TRY(Step(i, [&](auto& coordinator) { return coordinator.OnTimer(); }));
  }
  return {};
}

bool Coordinators::Contains(const std::string& uid) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) { return member.uid == uid; });
}

int64_t Coordinators::next_timer_ms() const {
  int64_t next = INT64_MAX;
  for (const Member& member : members_) next = std::min(next, member.timer_ms);
  return next;
}

Status Coordinators::OnCheckpointComplete(uint64_t checkpoint) {
  for (size_t i = 0; i < members_.size(); ++i)
    THALWEG_TRY(Step(i, [&](auto& coordinator) { return coordinator.OnCheckpointComplete(checkpoint); }));
  return {};
}

void Coordinators::Cut(uint64_t checkpoint) {
  CutState& cut = cuts_[checkpoint];
  for (const Member& member : members_)  // events are left only where the operator had ended
    cut.by_uid[member.uid] = {member.coordinator->Snapshot(), member.restored_events};
  std::set_difference(tasks_.begin(), tasks_.end(), ended_.begin(), ended_.end(),
                      std::inserter(cut.awaited, cut.awaited.end()));
  for (int task : cut.awaited) world_.post(task, [checkpoint](Task& each) { each.Cut(checkpoint); });
}

void Coordinators::OnBarrierTaken(int task, uint64_t checkpoint) {
  if (auto cut = cuts_.find(checkpoint); cut != cuts_.end()) cut->second.awaited.erase(task);
}

// Its last word answers every checkpoint to come.
void Coordinators::OnTaskEnded(int task) {
  ended_.insert(task);
  for (auto& [checkpoint, cut] : cuts_) cut.awaited.erase(task);
}

std::vector<checkpoint::CoordinatorStates> Coordinators::TakeComplete() {
  std::vector<checkpoint::CoordinatorStates> complete;
  for (auto cut = cuts_.begin(); cut != cuts_.end();) {
    if (!cut->second.awaited.empty()) {
      ++cut;
      continue;
    }
    complete.push_back({cut->first, std::move(cut->second.by_uid)});
    cut = cuts_.erase(cut);
  }
  return complete;
}

}  // namespace thalweg::runtime
