// SourceCoordinator: a source's split enumerator as an operator coordinator. It turns what the enumerator wants done into events
// for the source operators, and its discoveries into blocking work.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flow/coordinator.h"
#include "flow/source.h"

namespace thalweg::runtime {

/// The job's thread.
class SourceCoordinator final : public flow::OperatorCoordinator {
 public:
  /// `splits`: of the restored checkpoint, as EncodeSplit wrote them.
  SourceCoordinator(std::shared_ptr<flow::SplitEnumerator> enumerator, std::vector<std::string> splits);
  /// A discovery under way is cancelled: whoever ends the job waits for it.
  ~SourceCoordinator() override;

  Status Restore(std::string_view state) override { return enumerator_->Restore(state); }
  Result<flow::CoordinatorActions> OnStart(int parallelism) override;
  Result<flow::CoordinatorActions> OnEvent(int subtask, std::string_view event) override;
  /// Time for the next discovery.
  Result<flow::CoordinatorActions> OnTimer() override;
  /// A discovery's end.
  Result<flow::CoordinatorActions> OnResult(Result<std::string> result) override;
  std::string Snapshot() const override { return enumerator_->Snapshot(); }

 private:
  flow::CoordinatorAction Discover() const;
  flow::CoordinatorActions ActionsOf(const std::vector<flow::EnumeratorAction>& wanted);

  std::shared_ptr<flow::SplitEnumerator> enumerator_;  // shared with a discovery under way
  std::vector<std::string> restored_splits_;
  std::map<std::string, std::string> watermark_states_;  // by split, of the restored checkpoint
  std::vector<bool> assigned_;                           // by subtask: has heard of its first splits
};

}  // namespace thalweg::runtime
