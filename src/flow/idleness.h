// HearsIdleness: an operator that must know when what comes to it no longer counts in watermarks behind it.
#pragma once

namespace thalweg::flow {

/// What an operator is beside flow::Operator (flow/operator.h).
class HearsIdleness {
 public:
  virtual ~HearsIdleness() = default;

  /// All that feeds this subtask is idle: who merges its watermarks with other subtasks' may go on without it, so rows that come later may
  /// be behind. In its place among rows and watermarks; emits nothing.
  virtual void OnIdle() = 0;
};

}  // namespace thalweg::flow
