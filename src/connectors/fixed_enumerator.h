// The enumerator of sources that know all their splits at the first start.
// Rule: splits are made once in a job's life; a restore gives out what the checkpoint held and never divides again.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "flow/source.h"

namespace thalweg::connectors {

/// Deals `splits` out round-robin over subtasks, beginning with `*next`, which is moved on. In order of subtasks.
inline std::vector<flow::EnumeratorAction> DealSplits(const std::vector<flow::Split>& splits, int parallelism,
                                                      int* next) {
  std::vector<std::vector<flow::Split>> hands(static_cast<size_t>(parallelism));
  for (const flow::Split& split : splits) {
    hands[static_cast<size_t>(*next % parallelism)].push_back(split);
    *next = (*next + 1) % parallelism;
  }
  std::vector<flow::EnumeratorAction> actions;
  for (int subtask = 0; subtask < parallelism; ++subtask)
    if (auto& hand = hands[static_cast<size_t>(subtask)]; !hand.empty())
      actions.push_back({flow::EnumeratorAction::Kind::kAssign, subtask, std::move(hand), {}});
  return actions;
}

/// Tells all subtasks that no split will follow.
inline void AddNoMoreSplits(int parallelism, std::vector<flow::EnumeratorAction>* actions) {
  for (int subtask = 0; subtask < parallelism; ++subtask)
    actions->push_back({flow::EnumeratorAction::Kind::kNoMoreSplits, subtask, {}, {}});
}

class FixedEnumerator final : public flow::SplitEnumerator {
 public:
  explicit FixedEnumerator(std::function<std::vector<flow::Split>(int parallelism)> make) : make_(std::move(make)) {}

  Result<flow::Discovery> Discover() override { return flow::Discovery{}; }
  std::vector<flow::EnumeratorAction> OnDiscovery(const flow::Discovery&) override { return {}; }
  std::vector<flow::EnumeratorAction> OnStart(int parallelism, const std::vector<flow::Split>& restored) override {
    int next = 0;
    std::vector<flow::EnumeratorAction> actions = DealSplits(made_ ? restored : make_(parallelism), parallelism, &next);
    made_ = true;
    AddNoMoreSplits(parallelism, &actions);
    return actions;
  }
  std::string Snapshot() const override { return made_ ? "1" : "0"; }
  Status Restore(std::string_view bytes) override {
    if (bytes != "0" && bytes != "1") return InternalError("Enumerator state is malformed: {} bytes", bytes.size());
    made_ = bytes == "1";
    return {};
  }

 private:
  std::function<std::vector<flow::Split>(int)> make_;
  bool made_ = false;
};

}  // namespace thalweg::connectors
