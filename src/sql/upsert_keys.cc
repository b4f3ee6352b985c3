#include "sql/upsert_keys.h"

#include <algorithm>

#include "sql/keys.h"

namespace thalweg::sql {
namespace {

using Keys = std::vector<std::vector<int>>;

void Note(Keys& keys, std::vector<int> key) {
  std::sort(key.begin(), key.end());
  key.erase(std::unique(key.begin(), key.end()), key.end());
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
}

/// Rows are sent by `exchange`: changes of a key keep their order only if it contains those columns.
Keys KeptBy(Keys keys, std::vector<int> exchange) {
  std::sort(exchange.begin(), exchange.end());
  std::erase_if(keys, [&](const std::vector<int>& key) {
    return !std::includes(key.begin(), key.end(), exchange.begin(), exchange.end());
  });
  return keys;
}

/// Whether at most one row has one value of the join's columns.
bool IsUnique(const Plan& plan, const std::vector<int>& columns) {
  return std::any_of(plan.unique_keys.begin(), plan.unique_keys.end(), [&](const std::vector<int>& key) {
    return std::all_of(key.begin(), key.end(),
                       [&](int column) { return std::find(columns.begin(), columns.end(), column) != columns.end(); });
  });
}

struct KeysOf {
  const Plan& plan;

  Keys operator()(const ScanPlan&) const { return plan.unique_keys; }
  Keys operator()(const ValuesPlan&) const { return plan.unique_keys; }
  Keys operator()(const CalcPlan& calc) const {
    Keys keys;
    for (const std::vector<int>& key : UpsertKeys(*calc.input)) {
      std::vector<int> mapped;
      for (int column : key)
        for (size_t i = 0; i < calc.columns.size(); ++i)
          if (calc.columns[i].kind() == expr::Expression::Kind::kInput && calc.columns[i].input() == column) {
            mapped.push_back(static_cast<int>(i));
            break;
          }
      if (mapped.size() == key.size()) Note(keys, std::move(mapped));
    }
    return keys;
  }
  Keys operator()(const AggregatePlan&) const { return plan.unique_keys; }
  Keys operator()(const JoinPlan& join) const {
    const std::vector<int> left_columns = Sides(join.keys, true), right_columns = Sides(join.keys, false);
    const Keys left = KeptBy(UpsertKeys(*join.left), left_columns);
    if (join.type == JoinType::kSemi || join.type == JoinType::kAnti) return left;
    const auto width = static_cast<int>(join.left->columns.size());
    Keys right = KeptBy(UpsertKeys(*join.right), right_columns);
    for (std::vector<int>& key : right)
      for (int& column : key) column += width;
    Keys keys;
    const bool nulls_left = join.type == JoinType::kRight || join.type == JoinType::kFull;
    const bool nulls_right = join.type == JoinType::kLeft || join.type == JoinType::kFull;
    if (!nulls_left && IsUnique(*join.right, right_columns))
      for (const std::vector<int>& key : left) Note(keys, key);
    if (!nulls_right && IsUnique(*join.left, left_columns))
      for (const std::vector<int>& key : right) Note(keys, key);
    for (const std::vector<int>& key : left)
      for (std::vector<int> both : right) {
        both.insert(both.end(), key.begin(), key.end());
        Note(keys, std::move(both));
      }
    return keys;
  }
  Keys operator()(const OverPlan& over) const { return KeptBy(UpsertKeys(*over.input), over.partition); }
  Keys operator()(const RankPlan& rank) const {
    Keys keys;
    if (rank.number) {
      std::vector<int> numbered = rank.partition;
      numbered.push_back(static_cast<int>(rank.input->columns.size()));
      Note(keys, std::move(numbered));
    }
    if (rank.from == rank.to) Note(keys, rank.partition);
    // A row that gets another number comes with it before it goes with the one it had: its input's keys do not tell the two apart.
    if (!rank.number || rank.from == rank.to)
      for (std::vector<int>& key : KeptBy(UpsertKeys(*rank.input), rank.partition)) Note(keys, std::move(key));
    return keys;
  }
  Keys operator()(const SortPlan& sort) const { return UpsertKeys(*sort.input); }
  Keys operator()(const FromChangelogPlan&) const { return plan.unique_keys; }
  /// What has one input that stays in its order, and whose own keys are its input's or more; else nothing is known.
  template <typename T>
  Keys operator()(const T&) const {
    const std::vector<PlanPtr> inputs = InputsOfPlan(plan);
    if (inputs.empty()) return plan.unique_keys;
    Keys keys = UpsertKeys(*inputs[0]);
    std::erase_if(keys, [&](const std::vector<int>& key) {
      return std::find(plan.unique_keys.begin(), plan.unique_keys.end(), key) == plan.unique_keys.end();
    });
    return keys;
  }
};

}  // namespace

std::vector<std::vector<int>> UpsertKeys(const Plan& plan) { return std::visit(KeysOf{plan}, plan.node); }

}  // namespace thalweg::sql
