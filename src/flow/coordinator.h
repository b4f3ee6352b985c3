// An operator coordinator: the one mind beside all subtasks of an operator (split discovery and assignment, global commits, ...).
// Rule: pure. No clock, no I/O, no threads in its methods: the same calls give the same actions. docs/internals/operator.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace thalweg::flow {

/// What a coordinator wants done. Carried out in order.
struct CoordinatorAction {
  enum class Kind : uint8_t { kSend, kTimer, kBlocking };
  Kind kind = Kind::kSend;
  int subtask = 0;  // kSend: Operator::OnEvent of this subtask gets `event`. A subtask that has ended hears nothing
  std::string event;
  int64_t after_ms = 0;                       // kTimer: OnTimer comes once after this time; replaces an earlier request
  std::function<Result<std::string>()> work;  // kBlocking: runs on an I/O thread; OnResult gets what it returns

  static CoordinatorAction Send(int subtask, std::string event) {
    return {Kind::kSend, subtask, std::move(event), 0, {}};
  }
  static CoordinatorAction Timer(int64_t after_ms) { return {Kind::kTimer, 0, {}, after_ms, {}}; }
  static CoordinatorAction Blocking(std::function<Result<std::string>()> work) {
    return {Kind::kBlocking, 0, {}, 0, std::move(work)};
  }
};
using CoordinatorActions = std::vector<CoordinatorAction>;

/// One per operator and attempt of the job; the job's thread. Events both ways count exactly once: a checkpoint holds each event
/// either in the sender's state alone (it will be sent again), or in the receiver's, or, on its way to the coordinator, as itself.
/// A returned error fails the attempt with the operator's name in front.
class OperatorCoordinator {
 public:
  virtual ~OperatorCoordinator() = default;
  /// The state of the checkpoint; the first call, if there is one and it is not empty.
  virtual Status Restore(std::string_view state) = 0;
  /// All subtasks have started (also after a restart). Events that were under way in the checkpoint follow as OnEvent; those of an
  /// old subtask come from its number modulo `parallelism`.
  virtual Result<CoordinatorActions> OnStart(int parallelism) { return CoordinatorActions{}; }
  /// From Context::SendToCoordinator of a subtask, in its order.
  virtual Result<CoordinatorActions> OnEvent(int subtask, std::string_view event) { return CoordinatorActions{}; }
  virtual Result<CoordinatorActions> OnTimer() { return CoordinatorActions{}; }
  /// The end of blocking work, in any order if there were several.
  virtual Result<CoordinatorActions> OnResult(Result<std::string> result) { return CoordinatorActions{}; }
  /// What was sent before is received before the barrier, what is sent from now on after it.
  virtual std::string Snapshot() const = 0;
  /// Durable. Not told when the attempt fails before: the next one's checkpoint says as much.
  virtual Result<CoordinatorActions> OnCheckpointComplete(uint64_t checkpoint) { return CoordinatorActions{}; }
};

}  // namespace thalweg::flow
