#include "sql/update_before.h"

#include <algorithm>

#include "sql/keys.h"
#include "sql/upsert_keys.h"

namespace thalweg::sql {

using expr::Expression;

Result<bool> UpdateBefore::OfInput(const Plan& plan, bool asked) {
  if (auto* calc = plan.As<CalcPlan>()) {
    THALWEG_ASSIGN(const Changes below, modes_.ChangesOf(*calc->input));
    return asked || (below.updates && FiltersWhatChanges(*calc));
  }
  if (auto* join = plan.As<JoinPlan>()) {
    THALWEG_ASSIGN(const bool without, JoinsUpserts(*join));
    return asked || !without;
  }
  if (auto* unnest = plan.As<UnnestPlan>()) {
    THALWEG_ASSIGN(const Changes below, modes_.ChangesOf(*unnest->input));
    return asked || below.updates;  // the elements of the row as it was have to go
  }
  if (auto* log = plan.As<ToChangelogPlan>())
    return std::ranges::any_of(
        log->codes, [](const graph::ChangeCode& code) { return code.kind == types::RowKind::kUpdateBefore; });
  if (auto* rank = plan.As<RankPlan>()) {
    THALWEG_ASSIGN(const std::vector<int> key, KeyOfRisingRows(*rank));
    return key.empty();
  }
  if (plan.As<WindowPlan>() || plan.As<TemporalJoinPlan>() || plan.As<UnionPlan>()) return asked;
  return true;
}

/// As in Flink: updates of each side are told apart by a key that has the join's key in it.
Result<bool> UpdateBefore::JoinsUpserts(const JoinPlan& join) {
  for (const bool left : {true, false}) {
    const Plan& side = left ? *join.left : *join.right;
    THALWEG_ASSIGN(const Changes changes, modes_.ChangesOf(side));
    if (!changes.updates) continue;
    const std::vector<int> join_key = Sides(join.keys, left);
    const std::vector<std::vector<int>> keys = UpsertKeys(side);
    if (std::ranges::none_of(keys, [&](const std::vector<int>& key) { return HoldsAll(key, join_key); })) return false;
  }
  return true;
}

Result<UpdateBefore::Course> UpdateBefore::CourseOf(const Plan& plan, int column) {
  if (auto* calc = plan.As<CalcPlan>()) {
    // A filter of what changes lets -U pass, which may be all that it lets pass of an update.
    THALWEG_ASSIGN(const Changes below, modes_.ChangesOf(*calc->input));
    if (below.updates && FiltersWhatChanges(*calc)) return Course::kAny;
    const Expression& value = calc->columns[static_cast<size_t>(column)];
    if (value.kind() != Expression::Kind::kInput) return Course::kAny;
    return CourseOf(*calc->input, value.input());
  }
  auto* aggregate = plan.As<AggregatePlan>();
  if (!aggregate || aggregate->window) return Course::kAny;
  const auto at = static_cast<size_t>(column);
  if (at < aggregate->keys.size()) return Course::kSame;
  THALWEG_ASSIGN(const Changes below, modes_.ChangesOf(*aggregate->input));
  const std::string& function = aggregate->calls[at - aggregate->keys.size()].function;
  if (below.any()) return Course::kAny;
  if (function == "COUNT" || function == "MAX") return Course::kRises;
  return function == "MIN" ? Course::kFalls : Course::kAny;
}

Result<std::vector<int>> UpdateBefore::KeyOfRisingRows(const RankPlan& rank) {
  THALWEG_ASSIGN(const Changes below, modes_.ChangesOf(*rank.input));
  if (!below.updates || below.deletes || rank.order.empty()) return std::vector<int>{};
  for (const graph::SortKey& key : rank.order) {
    THALWEG_ASSIGN(const Course course, CourseOf(*rank.input, key.column));
    if (course != Course::kSame && course != (key.descending ? Course::kRises : Course::kFalls))
      return std::vector<int>{};
  }
  for (std::vector<int>& key : UpsertKeys(*rank.input))
    if (HoldsAll(key, rank.partition)) return std::move(key);
  return std::vector<int>{};
}

}  // namespace thalweg::sql
