#include "sql/keys.h"

#include <algorithm>

namespace thalweg::sql {

std::vector<int> Sides(const std::vector<JoinKey>& keys, bool left) {
  std::vector<int> columns;
  for (const JoinKey& key : keys) columns.push_back(left ? key.left : key.right);
  return columns;
}

bool HoldsAll(const std::vector<int>& all, const std::vector<int>& part) {
  return std::all_of(part.begin(), part.end(),
                     [&](int column) { return std::find(all.begin(), all.end(), column) != all.end(); });
}

std::vector<int> StateKey(const std::vector<std::vector<int>>& upsert_keys, const std::vector<int>& join_key) {
  const std::vector<int>* best = nullptr;
  for (const std::vector<int>& key : upsert_keys) {
    if (key.empty()) continue;
    if (HoldsAll(join_key, key)) return key;
    if (!best || key.size() < best->size()) best = &key;
  }
  return best ? *best : std::vector<int>();
}

bool FiltersWhatChanges(const CalcPlan& calc) {
  if (!calc.condition) return false;
  const std::vector<int> reads = expr::InputsOf(*calc.condition);
  const auto& keys = calc.input->unique_keys;
  return std::none_of(keys.begin(), keys.end(), [&](const auto& key) { return HoldsAll(key, reads); });
}

}  // namespace thalweg::sql
