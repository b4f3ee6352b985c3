#include "sql/time_bounds.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "sql/binder.h"

namespace thalweg::sql {
namespace {

using expr::Expression;

bool IsTimeOfMillis(const types::DataType& type) {
  const bool time = type.id() == types::TypeId::kTimestamp || type.id() == types::TypeId::kTimestampLtz;
  return time && type.precision() <= 3;
}

/// Windows fire when the watermark W has passed their last millisecond, before it goes on, and rows for those that have fired are
/// dropped: of a window that is still to come, end - 1 > W.
std::optional<int64_t> AheadOfWindow(const AggregatePlan& aggregate, size_t property) {
  const graph::WindowShape& shape = *aggregate.window;
  if (shape.processing_time || property >= aggregate.properties.size()) return std::nullopt;
  if (aggregate.properties[property] == WindowProperty::kTime) return 0;
  // Start and end are told by the clock of the zone.
  if (!shape.zone.empty() && shape.zone != "UTC") return std::nullopt;
  if (aggregate.properties[property] == WindowProperty::kEnd) return 1;
  const bool sized = shape.kind != graph::WindowShape::Kind::kSession;
  if (aggregate.properties[property] == WindowProperty::kStart && sized && IsNearSpan(shape.size_ms))
    return 1 - shape.size_ms;
  return std::nullopt;
}

/// How far above the watermark of `plan` the values of a column are in all rows that come behind it; none: nothing is known.
std::optional<int64_t> AheadOf(const Plan& plan, int column) {
  const auto at = static_cast<size_t>(column);
  if (auto* calc = plan.As<CalcPlan>()) {
    const std::optional<TimeTerm> term = TimeTermOf(calc->columns[at]);
    if (!term || !IsNearSpan(term->shift_ms)) return std::nullopt;
    const std::optional<int64_t> ahead = AheadOf(*calc->input, term->column);
    return ahead && IsNearSpan(*ahead + term->shift_ms) ? std::optional(*ahead + term->shift_ms) : std::nullopt;
  }
  auto* aggregate = plan.As<AggregatePlan>();
  const size_t properties = aggregate ? aggregate->keys.size() + aggregate->calls.size() : 0;
  if (!aggregate || !aggregate->window || at < properties) return std::nullopt;
  return AheadOfWindow(*aggregate, at - properties);
}

std::optional<int64_t> Minus(std::optional<int64_t> value) { return value ? std::optional(-*value) : std::nullopt; }

std::optional<graph::TimeBound> BoundBy(const Plan& other, int time, int other_time, std::optional<int64_t> lower_ms,
                                        std::optional<int64_t> upper_ms) {
  const std::optional<int64_t> ahead = lower_ms ? AheadOf(other, other_time) : std::nullopt;
  if (!ahead) return std::nullopt;
  return graph::TimeBound{
      .time = time, .other_time = other_time, .lower_ms = *lower_ms, .upper_ms = upper_ms, .ahead_ms = *ahead};
}

}  // namespace

std::vector<TimeDistance> TimeDistancesOf(const JoinPlan& join) {
  std::vector<TimeDistance> all;
  const auto add = [&](const TimeDistance& distance) {
    const auto same = std::ranges::find_if(
        all, [&](const TimeDistance& other) { return other.left == distance.left && other.right == distance.right; });
    if (same == all.end())
      all.push_back(distance);
    else
      NarrowDistance(*same, distance);
  };
  for (const JoinKey& key : join.keys)
    if (!key.nulls_match) add({.left = key.left, .right = key.right, .lower_ms = 0, .upper_ms = 0});
  std::vector<Expression> conjuncts;
  if (join.condition) SplitConjuncts(*join.condition, conjuncts);
  for (const Expression& e : conjuncts)
    if (auto distance = TimeDistanceOf(e, static_cast<int>(join.left->columns.size()))) add(*distance);
  std::erase_if(all, [&](const TimeDistance& distance) {
    return !IsTimeOfMillis(join.left->columns[static_cast<size_t>(distance.left)].type) ||
           !IsTimeOfMillis(join.right->columns[static_cast<size_t>(distance.right)].type) ||
           !IsNearSpan(distance.lower_ms.value_or(0)) || !IsNearSpan(distance.upper_ms.value_or(0));
  });
  return all;
}

TimeBounds TimeBoundsOf(const JoinPlan& join) {
  TimeBounds bounds;
  if (join.type != JoinType::kInner || join.interval || join.windowed) return bounds;
  for (const TimeDistance& times : TimeDistancesOf(join)) {
    if (!bounds.left) bounds.left = BoundBy(*join.right, times.left, times.right, times.lower_ms, times.upper_ms);
    if (!bounds.right)
      bounds.right = BoundBy(*join.left, times.right, times.left, Minus(times.upper_ms), Minus(times.lower_ms));
  }
  return bounds;
}

}  // namespace thalweg::sql
