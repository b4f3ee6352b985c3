// The frame of operators that run one user function: its life from Open to Close.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flow/operator.h"
#include "operators/runtime_context.h"

namespace thalweg::operators {

/// Base of map, filter, flat map and keyBy.
template <typename F>
class RowFunctionOperator : public flow::Operator {
 public:
  explicit RowFunctionOperator(F function) : function_(std::move(function)) {}

  Status Open(flow::Context& context) override {
    runtime_.emplace(context);
    OpenFunction(function_, *runtime_);
    return {};
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    SnapshotFunction(function_);
    return std::vector<std::string>{};
  }
  void Close() final { CloseFunction(function_); }

 protected:
  F function_;

 private:
  std::optional<RuntimeContext> runtime_;
};

}  // namespace thalweg::operators
