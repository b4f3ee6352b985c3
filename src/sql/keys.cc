#include "sql/keys.h"

#include <algorithm>

namespace thalweg::sql {
namespace {

/// How updates change a column: +1 it grows, -1 it falls, 0 it stays; none: nobody knows.
std::optional<int> Direction(const Plan& plan, int column, const IsAppendOnly& is_append_only) {
  if (is_append_only(plan)) return 0;
  const auto at = static_cast<size_t>(column);
  if (auto* calc = plan.As<CalcPlan>()) {
    const expr::Expression& value = calc->columns[at];
    if (value.is_literal()) return 0;
    if (value.kind() != expr::Expression::Kind::kInput) return std::nullopt;
    return Direction(*calc->input, value.input(), is_append_only);
  }
  auto* aggregate = plan.As<AggregatePlan>();
  if (!aggregate || !is_append_only(*aggregate->input)) return std::nullopt;
  if (at < aggregate->keys.size()) return 0;
  if (at >= aggregate->keys.size() + aggregate->calls.size()) return std::nullopt;
  const std::string& function = aggregate->calls[at - aggregate->keys.size()].function;
  if (function == "COUNT" || function == "MAX") return 1;
  if (function == "MIN") return -1;
  return std::nullopt;
}

}  // namespace

bool HoldsAll(const std::vector<int>& all, const std::vector<int>& part) {
  return std::all_of(part.begin(), part.end(),
                     [&](int column) { return std::find(all.begin(), all.end(), column) != all.end(); });
}

std::vector<int> StateKey(const std::vector<std::vector<int>>& unique_keys, const std::vector<int>& join_key) {
  const std::vector<int>* best = nullptr;
  for (const std::vector<int>& key : unique_keys) {
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

std::optional<std::vector<int>> UpdateKey(const RankPlan& rank, const IsAppendOnly& is_append_only) {
  for (const graph::SortKey& key : rank.order) {
    const std::optional<int> direction = Direction(*rank.input, key.column, is_append_only);
    if (!direction || *direction == (key.descending ? -1 : 1)) return std::nullopt;
  }
  for (const std::vector<int>& key : rank.input->unique_keys)
    if (!key.empty() && HoldsAll(key, rank.partition)) return key;
  return std::nullopt;
}

}  // namespace thalweg::sql
