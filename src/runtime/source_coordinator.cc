#include "runtime/source_coordinator.h"

#include <utility>

#include "base/bytes.h"
#include "flow/cancellable.h"
#include "runtime/source_operator.h"

namespace thalweg::runtime {

using flow::CoordinatorAction;
using flow::CoordinatorActions;
using flow::EnumeratorAction;

SourceCoordinator::SourceCoordinator(std::shared_ptr<flow::SplitEnumerator> enumerator, std::vector<std::string> splits)
    : enumerator_(std::move(enumerator)), restored_splits_(std::move(splits)) {}

SourceCoordinator::~SourceCoordinator() {
  if (auto* waits = dynamic_cast<flow::Cancellable*>(enumerator_.get())) waits->Cancel();
}

Result<CoordinatorActions> SourceCoordinator::OnStart(int parallelism) {
  assigned_.assign(static_cast<size_t>(parallelism), false);
  std::vector<flow::Split> splits;
  for (const std::string& bytes : std::exchange(restored_splits_, {})) {
    THALWEG_ASSIGN(SplitAssignment assignment, DecodeSplit(bytes));
    watermark_states_[assignment.split.id] = std::move(assignment.watermark_state);
    splits.push_back(std::move(assignment.split));
  }
  CoordinatorActions actions = ActionsOf(enumerator_->OnStart(parallelism, splits));
  actions.push_back(Discover());
  return actions;
}

Result<CoordinatorActions> SourceCoordinator::OnEvent(int subtask, std::string_view event) {
  return ActionsOf(enumerator_->OnEvent(subtask, event));
}

Result<CoordinatorActions> SourceCoordinator::OnTimer() { return CoordinatorActions{Discover()}; }

CoordinatorAction SourceCoordinator::Discover() const {
  return CoordinatorAction::Blocking([enumerator = enumerator_]() -> Result<std::string> {
    THALWEG_ASSIGN(flow::Discovery found, enumerator->Discover());
    ByteWriter out;
    for (flow::Split& split : found.splits) out.String(EncodeSplit({std::move(split), {}}));
    return out.Take();
  });
}

Result<CoordinatorActions> SourceCoordinator::OnResult(Result<std::string> result) {
  THALWEG_TRY(result.status());
  flow::Discovery found;
  for (ByteReader in(*result); !in.AtEnd();) {
    THALWEG_ASSIGN(SplitAssignment assignment, DecodeSplit(in.String()));
    found.splits.push_back(std::move(assignment.split));
  }
  CoordinatorActions actions = ActionsOf(enumerator_->OnDiscovery(found));
  // Who got nothing is told so: until then it counts as active and holds the watermark back.
  for (size_t i = 0; i < assigned_.size(); ++i) {
    if (assigned_[i]) continue;
    CoordinatorActions told = ActionsOf({{EnumeratorAction::Kind::kAssign, static_cast<int>(i), {}, {}}});
    actions.insert(actions.end(), told.begin(), told.end());
  }
  if (int64_t interval = enumerator_->discovery_interval_ms(); interval > 0)
    actions.push_back(CoordinatorAction::Timer(interval));
  return actions;
}

CoordinatorActions SourceCoordinator::ActionsOf(const std::vector<EnumeratorAction>& wanted) {
  CoordinatorActions actions;
  for (const EnumeratorAction& action : wanted) {
    SourceEvent event;
    switch (action.kind) {
      case EnumeratorAction::Kind::kAssign:
        event.kind = SourceEvent::Kind::kAssign;
        for (const flow::Split& split : action.splits) {
          auto state = watermark_states_.find(split.id);
          event.splits.push_back({split, state == watermark_states_.end() ? std::string() : state->second});
        }
        assigned_[static_cast<size_t>(action.subtask)] = true;
        break;
      case EnumeratorAction::Kind::kNoMoreSplits: event.kind = SourceEvent::Kind::kNoMoreSplits; break;
      case EnumeratorAction::Kind::kEvent:
        event.kind = SourceEvent::Kind::kForReader;
        event.for_reader = action.event;
        break;
    }
    actions.push_back(CoordinatorAction::Send(action.subtask, EncodeSourceEvent(event)));
  }
  return actions;
}

}  // namespace thalweg::runtime
