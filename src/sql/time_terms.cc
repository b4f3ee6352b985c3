#include "sql/time_terms.h"

#include <algorithm>
#include <string>
#include <utility>

#include "expr/functions.h"

namespace thalweg::sql {

using expr::Expression;

std::optional<TimeTerm> TimeTermOf(const Expression& e) {
  if (e.kind() == Expression::Kind::kInput) return TimeTerm{e.input(), 0};
  if (e.kind() != Expression::Kind::kCall || e.arguments().size() != 2) return std::nullopt;
  const std::string& op = e.function().name;
  if (op != "+" && op != "-") return std::nullopt;
  std::optional<TimeTerm> base = TimeTermOf(e.arguments()[0]);
  const Expression& by = e.arguments()[1];
  if (!base || !by.is_literal() || by.type().id() != types::TypeId::kIntervalDayTime || by.is_null_literal())
    return std::nullopt;
  const int64_t millis = by.value().number<int64_t>();
  return TimeTerm{base->column, base->shift_ms + (op == "+" ? millis : -millis)};
}

std::optional<TimeDistance> TimeDistanceOf(const Expression& comparison, int width) {
  if (comparison.kind() != Expression::Kind::kCall || comparison.arguments().size() != 2) return std::nullopt;
  const std::string& op = comparison.function().name;
  if (op != "<" && op != "<=" && op != ">" && op != ">=" && op != "=") return std::nullopt;
  std::optional<TimeTerm> a = TimeTermOf(comparison.arguments()[0]), b = TimeTermOf(comparison.arguments()[1]);
  if (!a || !b || (a->column < width) == (b->column < width)) return std::nullopt;
  bool less = op[0] == '<';
  if (a->column >= width) {
    std::swap(a, b);
    less = !less;
  }
  // left + a.shift op right + b.shift: left - right op b.shift - a.shift
  TimeDistance distance{.left = a->column, .right = b->column - width};
  const int64_t shift = b->shift_ms - a->shift_ms, strict = op == "<" || op == ">" ? 1 : 0;
  if (less || op == "=") distance.upper_ms = shift - strict;
  if (!less || op == "=") distance.lower_ms = op == "=" ? shift : shift + strict;
  return distance;
}

void NarrowDistance(TimeDistance& distance, const TimeDistance& other) {
  if (other.lower_ms) distance.lower_ms = std::max(distance.lower_ms.value_or(INT64_MIN), *other.lower_ms);
  if (other.upper_ms) distance.upper_ms = std::min(distance.upper_ms.value_or(INT64_MAX), *other.upper_ms);
}

}  // namespace thalweg::sql
