#include "sql/window_best.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sql/binder.h"
#include "sql/time_bounds.h"
#include "sql/time_terms.h"

namespace thalweg::sql {
namespace {

using expr::Expression;

/// Rows of a table: which, and what is made of each.
struct Selection {
  PlanPtr scan;
  std::vector<Expression> conjuncts, columns;

  const Expression& column(int index) const { return columns[static_cast<size_t>(index)]; }
};

std::optional<Selection> SelectionOf(const PlanPtr& plan) {
  if (plan->As<ScanPlan>()) return Selection{plan, {}, InputsOfAll(*plan)};
  auto* calc = plan->As<CalcPlan>();
  if (!calc || !calc->input->As<ScanPlan>()) return std::nullopt;
  Selection selection{calc->input, {}, calc->columns};
  if (calc->condition) SplitConjuncts(*calc->condition, selection.conjuncts);
  return selection;
}

/// All rows of `part` are among those of `whole`.
bool IsPartOf(const Selection& part, const Selection& whole) {
  return std::ranges::all_of(whole.conjuncts, [&](const Expression& e) {
    return e.deterministic() && std::ranges::find(part.conjuncts, e) != part.conjuncts.end();
  });
}

/// A column of an aggregate, and what is added to it on the way up.
struct AggregateColumn {
  const AggregatePlan* aggregate = nullptr;
  size_t column = 0;
  int64_t shift_ms = 0;
};

std::optional<AggregateColumn> AggregateColumnOf(const Plan& plan, int column) {
  if (auto* aggregate = plan.As<AggregatePlan>()) return AggregateColumn{aggregate, static_cast<size_t>(column), 0};
  auto* calc = plan.As<CalcPlan>();
  const std::optional<TimeTerm> term =
      calc ? TimeTermOf(calc->columns[static_cast<size_t>(column)]) : std::optional<TimeTerm>();
  if (!term || !IsNearSpan(term->shift_ms)) return std::nullopt;
  std::optional<AggregateColumn> below = AggregateColumnOf(*calc->input, term->column);
  if (!below || !IsNearSpan(below->shift_ms + term->shift_ms)) return std::nullopt;
  below->shift_ms += term->shift_ms;
  return below;
}

/// One result for each window of event time, whatever the rows.
bool IsOfPlainWindows(const AggregatePlan& aggregate) {
  if (!aggregate.window || !aggregate.keys.empty()) return false;
  const graph::WindowShape& shape = *aggregate.window;
  return shape.kind == graph::WindowShape::Kind::kTumble && !shape.processing_time && shape.time_column >= 0 &&
         shape.start_column < 0 && shape.end_column < 0 && (shape.zone.empty() || shape.zone == "UTC") &&
         shape.size_ms > 0 && IsNearSpan(shape.size_ms);
}

/// The call that a column of an aggregate is, if it is the greatest or least of one of the columns below.
const graph::AggregateCall* BestCallOf(const AggregateColumn& at) {
  const size_t call = at.column - at.aggregate->keys.size();
  if (at.shift_ms != 0 || call >= at.aggregate->calls.size()) return nullptr;
  const graph::AggregateCall& found = at.aggregate->calls[call];
  const bool best = found.function == "MAX" || found.function == "MIN";
  return best && found.arguments.size() == 1 && found.filter < 0 ? &found : nullptr;
}

/// What a column is above the end of its window.
std::optional<int64_t> AboveEnd(const AggregateColumn& at) {
  const size_t before = at.aggregate->keys.size() + at.aggregate->calls.size();
  if (at.column < before || at.column - before >= at.aggregate->properties.size()) return std::nullopt;
  switch (at.aggregate->properties[at.column - before]) {
    case WindowProperty::kStart: return at.shift_ms - at.aggregate->window->size_ms;
    case WindowProperty::kEnd: return at.shift_ms;
    case WindowProperty::kTime: return at.shift_ms - 1;
    default: return std::nullopt;
  }
}

/// Whose rows, and whose windows: a join seen from the side of the rows.
struct Seen {
  const JoinPlan& join;
  bool left;
  const PlanPtr& rows() const { return left ? join.left : join.right; }
  const PlanPtr& windows() const { return left ? join.right : join.left; }
  int row_column(const auto& pair) const { return left ? pair.left : pair.right; }
  int window_column(const auto& pair) const { return left ? pair.right : pair.left; }
};

/// The least and the greatest of (time of a row - end of a window) in pairs that join.
struct FromEnd {
  int64_t least = INT64_MIN, greatest = INT64_MAX;
  int time = -1;  // a column of the rows that the time is in; -1: nothing is known
};

/// By all that is said of the time that the windows are `by`, in whatever columns.
FromEnd FromEndOf(const Seen& seen, const Selection& rows, const AggregatePlan& aggregate, const Expression& by) {
  FromEnd known;
  for (const TimeDistance& distance : TimeDistancesOf(seen.join)) {
    const std::optional<AggregateColumn> at = AggregateColumnOf(*seen.windows(), seen.window_column(distance));
    if (!at || at->aggregate != &aggregate || !(rows.column(seen.row_column(distance)) == by)) continue;
    const std::optional<int64_t> above = AboveEnd(*at);
    if (!above) continue;
    known.time = seen.row_column(distance);
    // Seen from the right side, lower and upper change places and signs.
    const std::optional<int64_t>&lower = seen.left ? distance.lower_ms : distance.upper_ms,
          &upper = seen.left ? distance.upper_ms : distance.lower_ms;
    const int64_t sign = seen.left ? 1 : -1;
    if (lower) known.least = std::max(known.least, sign * *lower + *above);
    if (upper) known.greatest = std::min(known.greatest, sign * *upper + *above);
  }
  return known;
}

std::optional<WindowBest> BestBy(const Seen& seen, const Selection& rows, const JoinKey& key) {
  const std::optional<AggregateColumn> at = AggregateColumnOf(*seen.windows(), seen.window_column(key));
  if (key.nulls_match || !at || !IsOfPlainWindows(*at->aggregate)) return std::nullopt;
  const AggregatePlan& aggregate = *at->aggregate;
  const graph::AggregateCall* call = BestCallOf(*at);
  const std::optional<Selection> counted = SelectionOf(aggregate.input);
  if (!call || !counted || !IsPartOf(rows, *counted)) return std::nullopt;
  const graph::WindowShape& shape = *aggregate.window;
  WindowBest best{.left = seen.left, .spec = {}, .scan = rows.scan, .window_scan = counted->scan};
  best.spec.value = seen.row_column(key);
  const Expression& value = rows.column(best.spec.value);
  const types::TypeId type = value.type().id();
  if (type != types::TypeId::kBigInt && type != types::TypeId::kInt) return std::nullopt;
  const Expression& by = counted->column(shape.time_column);
  if (!(value == counted->column(call->arguments[0])) || !value.deterministic() || !by.deterministic())
    return std::nullopt;
  const FromEnd from_end = FromEndOf(seen, rows, aggregate, by);
  // Only the row's own window is within, and with its end the next one's first millisecond.
  if (from_end.time < 0 || from_end.least < -shape.size_ms || from_end.greatest > 0) return std::nullopt;
  best.spec.time = from_end.time;
  best.spec.begin_joins_before = from_end.greatest == 0;
  best.spec.least = call->function == "MIN";
  best.spec.size_ms = shape.size_ms;
  best.spec.offset_ms = shape.offset_ms;
  return best;
}

}  // namespace

std::optional<WindowBest> WindowBestOf(const JoinPlan& join) {
  if (join.type != JoinType::kInner || join.interval || join.windowed) return std::nullopt;
  for (const bool left : {true, false}) {
    const Seen seen{join, left};
    const std::optional<Selection> rows = SelectionOf(seen.rows());
    if (!rows) continue;
    for (const JoinKey& key : join.keys)
      if (std::optional<WindowBest> best = BestBy(seen, *rows, key)) return best;
  }
  return std::nullopt;
}

}  // namespace thalweg::sql
