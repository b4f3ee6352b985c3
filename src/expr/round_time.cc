#include "expr/round_time.h"

#include "expr/calendar.h"
#include "expr/rows.h"
#include "expr/type_rules.h"
#include "expr/zone.h"

namespace thalweg::expr {

using types::DataType;
using types::TimestampValue;
using types::TypeId;

namespace {

/// Milliseconds of a unit of fixed length, 0 of others.
int64_t FixedUnit(std::string_view unit) {
  if (unit == "MILLISECOND") return 1;
  if (unit == "SECOND") return 1000;
  if (unit == "MINUTE") return 60'000;
  if (unit == "HOUR") return 3'600'000;
  if (unit == "DAY") return kMillisOfDay;
  return 0;
}

/// Years of a unit, 0 of others. A century and a millennium begin with the year 1.
int64_t YearsOf(std::string_view unit) {
  return unit == "YEAR" ? 1 : unit == "DECADE" ? 10 : unit == "CENTURY" ? 100 : unit == "MILLENNIUM" ? 1000 : 0;
}

/// First day of the day's unit, and of the next.
std::pair<int64_t, int64_t> Bounds(int64_t days, std::string_view unit) {
  const CivilDate date = CivilOf(days);
  if (unit == "WEEK") {
    const int64_t sunday = days - IsoDayOfWeek(days) % 7;
    return {sunday, sunday + 7};
  }
  if (unit == "MONTH" || unit == "QUARTER") {
    const int months = unit == "MONTH" ? 1 : 3;
    const int64_t first = DaysOf({date.year, (date.month - 1) / months * months + 1, 1});
    return {first, AddMonths(first, months)};
  }
  const int64_t years = YearsOf(unit), base = years >= 100 ? 1 : 0;
  const int64_t first = FloorDiv(date.year - base, years) * years + base;
  return {DaysOf({first, 1, 1}), DaysOf({first + years, 1, 1})};
}

bool KnownUnit(std::string_view unit) {
  return FixedUnit(unit) != 0 || YearsOf(unit) != 0 || unit == "WEEK" || unit == "MONTH" || unit == "QUARTER";
}

int64_t RoundMillis(int64_t millis, bool beyond, std::string_view unit, TimeRounding rounding) {
  const bool up = rounding == TimeRounding::kUp;
  if (const int64_t fixed = FixedUnit(unit)) {
    const int64_t down = FloorDiv(millis, fixed) * fixed;
    return up && (down != millis || beyond) ? down + fixed : down;
  }
  const int64_t days = FloorDiv(millis, kMillisOfDay);
  const auto [first, next] = Bounds(days, unit);
  // As Flink, which rounds the day: the ceiling of the first day of a month is that day, whatever its hour.
  return (up && first != days ? next : first) * kMillisOfDay;
}

int32_t RoundDate(int32_t day, std::string_view unit, TimeRounding rounding) {
  if (unit == "DAY" && rounding == TimeRounding::kUp)
    return day + 1;  // Flink's ceiling of a DATE to its day is the next one
  return static_cast<int32_t>(FloorDiv(RoundMillis(day * kMillisOfDay, false, unit, rounding), kMillisOfDay));
}

}  // namespace

std::optional<DataType> InferRoundTime(std::vector<Expression>& arguments) {
  const DataType& type = arguments[0].type();
  if (!IsDatetime(type.id()) || !arguments[1].is_literal() || arguments[1].is_null_literal() ||
      arguments[1].type().id() != TypeId::kString)
    return std::nullopt;
  const std::string_view unit = arguments[1].value().string();
  if (!KnownUnit(unit) || (type.id() == TypeId::kTime && (FixedUnit(unit) == 0 || unit == "DAY"))) return std::nullopt;
  return type;
}

Result<Kernel> BindRoundTime(const Expression& call, TimeRounding rounding) {
  const DataType& type = call.arguments()[0].type();
  if (type.id() == TypeId::kDate)
    return RowKernel<int32_t, std::string_view>(
        [=](int32_t v, std::string_view unit) { return RoundDate(v, unit, rounding); });
  if (type.id() == TypeId::kTime)
    return RowKernel<int32_t, std::string_view>(
        [=](int32_t v, std::string_view unit) { return static_cast<int32_t>(RoundMillis(v, false, unit, rounding)); });
  const bool ltz = type.id() == TypeId::kTimestampLtz;
  return RowKernel<TimestampValue, std::string_view>([=](Call& c, TimestampValue v, std::string_view unit) {
    const Zone* zone = ltz ? c.context().zone : nullptr;
    const int64_t local = zone ? zone->ToLocal(v.millis) : v.millis;
    const int64_t rounded = RoundMillis(local, v.nanos != 0, unit, rounding);
    return TimestampValue{zone ? zone->ToUtc(rounded) : rounded};
  });
}

}  // namespace thalweg::expr
