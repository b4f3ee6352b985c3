#include "state/operator_state.h"

#include <utility>

namespace thalweg::state {

namespace {

const char* ModeName(Redistribution mode) {
  switch (mode) {
    case Redistribution::kSplit: return "split";
    case Redistribution::kUnion: return "union";
    case Redistribution::kBroadcast: return "broadcast";
  }
  return "unknown";
}

}  // namespace

Result<std::vector<std::string>*> OperatorState::Open(const std::string& name, Redistribution mode,
                                                      const std::string& codec) {
  auto [it, created] = lists_.try_emplace(name);
  OperatorStateSnapshot& list = it->second;
  if (created) {
    list.name = name;
    list.mode = mode;
    list.codec = codec;
  } else if (list.mode != mode || list.codec != codec) {
    return UserError(
        "Operator state exists with another description: '{}' is a {} list of {}, asked for as a {} list of {}", name,
        ModeName(list.mode), list.codec, ModeName(mode), codec);
  }
  return &list.items;
}

std::vector<OperatorStateSnapshot> OperatorState::Snapshot() const {
  std::vector<OperatorStateSnapshot> all;
  all.reserve(lists_.size());
  for (const auto& [name, list] : lists_) all.push_back(list);
  return all;
}

void OperatorState::Restore(std::vector<OperatorStateSnapshot> lists) {
  THALWEG_CHECK(lists_.empty(), "Restore comes before Open");
  for (OperatorStateSnapshot& list : lists) {
    std::string name = list.name;
    lists_.emplace(std::move(name), std::move(list));
  }
}

std::vector<std::vector<OperatorStateSnapshot>> Redistribute(
    const std::vector<std::vector<OperatorStateSnapshot>>& old_subtasks, int parallelism) {
  THALWEG_CHECK(parallelism > 0);
  // Copies of one list in the order of the old subtasks; names in order, so that every new subtask lists them alike.
  std::map<std::string, std::vector<const OperatorStateSnapshot*>> copies;
  for (const auto& subtask : old_subtasks)
    for (const OperatorStateSnapshot& list : subtask) copies[list.name].push_back(&list);

  std::vector<std::vector<OperatorStateSnapshot>> result(static_cast<size_t>(parallelism));
  for (const auto& [name, olds] : copies) {
    const OperatorStateSnapshot& first = *olds.front();
    for (auto& subtask : result)
      subtask.push_back({.name = name, .mode = first.mode, .codec = first.codec, .items = {}});
    size_t next = 0;
    for (const OperatorStateSnapshot* old : olds) {
      if (first.mode == Redistribution::kBroadcast) break;
      for (const std::string& item : old->items) {
        if (first.mode == Redistribution::kSplit)
          result[next++ % result.size()].back().items.push_back(item);
        else
          for (auto& subtask : result) subtask.back().items.push_back(item);
      }
    }
    if (first.mode == Redistribution::kBroadcast)
      for (size_t i = 0; i < result.size(); ++i) result[i].back().items = olds[i % olds.size()]->items;
  }
  return result;
}

}  // namespace thalweg::state
