// Parts of times, differences, and the clock: EXTRACT and its kin, TIMESTAMPADD, TIMESTAMPDIFF, OVERLAPS, CURRENT_TIMESTAMP, ...
#include "expr/calendar.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"
#include "expr/zone.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TimestampValue;
using types::TypeId;

namespace {

int64_t CenturyOf(int64_t year, int64_t years) {
  return year > 0 ? (year + years - 1) / years : -((-year) / years + 1);
}

constexpr string_view kDateUnits[] = {"MILLENNIUM", "CENTURY", "DECADE", "YEAR",   "ISOYEAR", "QUARTER", "MONTH",
                                      "WEEK",       "DAY",     "DOW",    "ISODOW", "DOY",     "EPOCH"};
constexpr string_view kTimeUnits[] = {"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND"};

template <size_t N>
bool OneOf(string_view unit, const string_view (&units)[N]) {
  return std::find(std::begin(units), std::end(units), unit) != std::end(units);
}

int64_t DatePart(string_view unit, int64_t days) {
  const CivilDate date = CivilOf(days);
  if (unit == "YEAR") return date.year;
  if (unit == "MONTH") return date.month;
  if (unit == "DAY") return date.day;
  if (unit == "QUARTER") return (date.month + 2) / 3;
  if (unit == "WEEK") return WeekOfYear(days);
  if (unit == "ISOYEAR") return WeekYear(days);
  if (unit == "DOW") return IsoDayOfWeek(days) % 7 + 1;
  if (unit == "ISODOW") return IsoDayOfWeek(days);
  if (unit == "DOY") return DayOfYear(days);
  if (unit == "DECADE") return FloorDiv(date.year, 10);
  if (unit == "CENTURY") return CenturyOf(date.year, 100);
  if (unit == "MILLENNIUM") return CenturyOf(date.year, 1000);
  return days * 86'400;  // EPOCH
}

int64_t TimePart(string_view unit, int64_t millis_of_day, uint32_t nanos) {
  if (unit == "HOUR") return millis_of_day / 3'600'000;
  if (unit == "MINUTE") return millis_of_day / 60'000 % 60;
  if (unit == "SECOND") return millis_of_day / 1000 % 60;
  if (unit == "MILLISECOND") return millis_of_day % 1000;
  const int64_t fraction = millis_of_day % 1000 * 1'000'000 + nanos;
  return unit == "MICROSECOND" ? fraction / 1000 : fraction;
}

int64_t PartOf(string_view unit, TimestampValue local) {
  if (unit == "EPOCH") return FloorDiv(local.millis, 1000);
  const int64_t days = FloorDiv(local.millis, kMillisOfDay);
  if (OneOf(unit, kDateUnits)) return DatePart(unit, days);
  return TimePart(unit, local.millis - days * kMillisOfDay, local.nanos);
}

int64_t IntervalPart(string_view unit, int64_t millis) {
  if (unit == "DAY") return millis / kMillisOfDay;
  if (unit == "HOUR") return millis / 3'600'000 % 24;
  return TimePart(unit, millis % kMillisOfDay, 0);
}

bool HasPart(const DataType& type, string_view unit) {
  switch (type.id()) {
    case TypeId::kDate:
      return unit != "NANOSECOND" && unit != "MICROSECOND" && (OneOf(unit, kDateUnits) || OneOf(unit, kTimeUnits));
    case TypeId::kTime: return OneOf(unit, kTimeUnits);
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return OneOf(unit, kDateUnits) || OneOf(unit, kTimeUnits);
    case TypeId::kIntervalYearMonth: return unit == "YEAR" || unit == "MONTH" || unit == "QUARTER";
    case TypeId::kIntervalDayTime: return unit == "DAY" || OneOf(unit, kTimeUnits);
    default: return false;
  }
}

}  // namespace

std::vector<string_view> ExtractUnits(const DataType& type) {
  std::vector<string_view> units;
  for (string_view unit : kDateUnits)
    if (HasPart(type, unit)) units.push_back(unit);
  for (string_view unit : kTimeUnits)
    if (HasPart(type, unit)) units.push_back(unit);
  return units;
}

namespace {

/// The kernel that takes `unit` of argument `index`.
template <int kIndex>
Kernel PartKernel(const DataType& type, std::string unit) {
  auto over = [](auto zero, auto f) -> Kernel {
    using T = decltype(zero);
    return [f](Call& call) -> Result<Vector> {
      const Vector& in = call.argument(kIndex);
      columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
      for (int32_t row = 0; row < call.rows(); ++row) {
        if (in.IsNull(row))
          out.AppendNull();
        else
          out.Append(int64_t{f(call, ReadAs<T>(in.column, in.at(row)))});
      }
      return Vector{out.Take()};
    };
  };
  switch (type.id()) {
    case TypeId::kDate:
      return over(int32_t{}, [unit](Call&, int32_t days) { return PartOf(unit, {days * kMillisOfDay}); });
    case TypeId::kTime: return over(int32_t{}, [unit](Call&, int32_t millis) { return TimePart(unit, millis, 0); });
    case TypeId::kTimestamp: return over(TimestampValue{}, [unit](Call&, TimestampValue v) { return PartOf(unit, v); });
    case TypeId::kTimestampLtz:
      return over(TimestampValue{}, [unit](Call& call, TimestampValue v) {
        if (unit != "EPOCH") v.millis = ZoneOf(call).ToLocal(v.millis);
        return PartOf(unit, v);
      });
    case TypeId::kIntervalYearMonth:
      return over(int32_t{}, [unit](Call&, int32_t months) {
        return int64_t{unit == "YEAR" ? months / 12 : unit == "MONTH" ? months % 12 : months % 12 / 3 + 1};
      });
    default: return over(int64_t{}, [unit](Call&, int64_t millis) { return IntervalPart(unit, millis); });
  }
}

std::optional<std::string> UnitOf(const Expression& argument) {
  if (!argument.is_literal() || argument.is_null_literal() || argument.type().id() != TypeId::kString)
    return std::nullopt;
  return std::string(argument.value().string());
}

Function Extract() {
  Function function;
  function.name = "EXTRACT";
  function.signatures = {"EXTRACT(unit FROM <DATETIME or INTERVAL>)"};
  function.contextual = true;
  function.infer = [](Arguments& arguments) -> std::optional<DataType> {
    if (arguments.size() != 2) return std::nullopt;
    std::optional<std::string> unit = UnitOf(arguments[0]);
    if (!unit || !HasPart(arguments[1].type(), *unit)) return std::nullopt;
    return Strict(DataType(TypeId::kBigInt), arguments);
  };
  function.bind = [](const Expression& call) -> Result<Kernel> {
    return PartKernel<1>(call.arguments()[1].type(), *UnitOf(call.arguments()[0]));
  };
  return function;
}

Function PartFunction(std::string name, std::string unit) {
  Function function;
  function.signatures = {name + "(<DATETIME or INTERVAL>)"};
  function.name = std::move(name);
  function.contextual = true;
  function.infer = [unit](Arguments& arguments) -> std::optional<DataType> {
    if (arguments.size() != 1) return std::nullopt;
    std::optional<Expression> time = Fit(arguments[0], Param::kDatetime);
    if (!time) time = Fit(arguments[0], Param::kInterval);
    if (!time || !HasPart(time->type(), unit)) return std::nullopt;
    arguments[0] = *time;
    return Strict(DataType(TypeId::kBigInt), arguments);
  };
  function.bind = [unit](const Expression& call) -> Result<Kernel> {
    return PartKernel<0>(call.arguments()[0].type(), unit);
  };
  return function;
}

int64_t UnitMonths(string_view unit) { return unit == "YEAR" ? 12 : unit == "QUARTER" ? 3 : unit == "MONTH" ? 1 : 0; }
int64_t UnitMillis(string_view unit) {
  return unit == "WEEK"          ? 7 * kMillisOfDay
         : unit == "DAY"         ? kMillisOfDay
         : unit == "HOUR"        ? 3'600'000
         : unit == "MINUTE"      ? 60'000
         : unit == "SECOND"      ? 1000
         : unit == "MILLISECOND" ? 1
                                 : 0;
}
std::string UnitName(std::string unit) { return unit.starts_with("SQL_TSI_") ? unit.substr(8) : unit; }

/// TIMESTAMPADD('UNIT', n, time): a DATE becomes a TIMESTAMP if the unit is less than a day.
std::optional<DataType> InferAdd(Arguments& arguments) {
  if (arguments.size() != 3) return std::nullopt;
  std::optional<std::string> unit = UnitOf(arguments[0]);
  std::optional<Expression> count = Fit(arguments[1], Param::kBigInt), time = Fit(arguments[2], Param::kDatetime);
  if (!unit || !count || !time) return std::nullopt;
  *unit = UnitName(*unit);
  if (!UnitMonths(*unit) && !UnitMillis(*unit)) return std::nullopt;
  if (time->type().id() == TypeId::kDate && !UnitMonths(*unit) && UnitMillis(*unit) < kMillisOfDay)
    time = Coerced(*time, DataType::Timestamp(6));
  arguments = {Expression::Literal(Value::String(*unit)), *count, *time};
  return Strict(time->type(), arguments);
}

Result<Kernel> BindAdd(const Expression& call) {
  const std::string unit = *UnitOf(call.arguments()[0]);
  const int64_t months = UnitMonths(unit), millis = UnitMillis(unit);
  auto scaled = [](int64_t n, int64_t by) {
    return static_cast<int64_t>(static_cast<uint64_t>(n) * static_cast<uint64_t>(by));
  };
  // Beyond the years of any timestamp: what is added is cut so that the calendar's arithmetic cannot overflow.
  auto bounded = [](int64_t n) { return std::clamp<int64_t>(n, -10'000'000, 10'000'000); };
  if (call.arguments()[2].type().id() == TypeId::kTime)
    return RowKernel<string_view, int64_t, int32_t>([=](string_view, int64_t n, int32_t time) {
      return static_cast<int32_t>(FloorMod(time + FloorMod(scaled(n, millis), kMillisOfDay), kMillisOfDay));
    });
  if (call.arguments()[2].type().id() == TypeId::kDate)
    return RowKernel<string_view, int64_t, int32_t>([=](string_view, int64_t n, int32_t day) {
      if (months) return static_cast<int32_t>(AddMonths(day, bounded(n) * months));
      return static_cast<int32_t>(day + scaled(n, millis / kMillisOfDay));
    });
  return RowKernel<string_view, int64_t, TimestampValue>([=](string_view, int64_t n, TimestampValue at) {
    if (months) return AddMonths(at, bounded(n) * months);
    at.millis = static_cast<int64_t>(static_cast<uint64_t>(at.millis) + static_cast<uint64_t>(scaled(n, millis)));
    return at;
  });
}

/// Whole months from day a to day b, toward zero: so many can be added to the earlier, cut to the month's length, without passing
/// the later.
int64_t MonthsOfDays(int64_t a, int64_t b) {
  if (b < a) return -MonthsOfDays(b, a);
  const CivilDate from = CivilOf(a), to = CivilOf(b);
  const int64_t months = (to.year - from.year) * 12 + to.month - from.month;
  return AddMonths(a, months) > b ? months - 1 : months;
}

/// As Calcite counts: by days, and one less where these are whole months and b's time of day is before a's, also backwards.
int64_t MonthsBetween(int64_t a, int64_t b) {
  const int64_t a_day = FloorDiv(a, kMillisOfDay), b_day = FloorDiv(b, kMillisOfDay);
  const int64_t months = MonthsOfDays(a_day, b_day);
  const bool earlier = FloorMod(b, kMillisOfDay) < FloorMod(a, kMillisOfDay);
  return earlier && AddMonths(a_day, months) == b_day ? months - 1 : months;
}

std::optional<DataType> InferDifference(Arguments& arguments) {
  if (arguments.size() != 3) return std::nullopt;
  std::optional<std::string> unit = UnitOf(arguments[0]);
  if (!unit) return std::nullopt;
  *unit = UnitName(*unit);
  if (!UnitMonths(*unit) && !UnitMillis(*unit)) return std::nullopt;
  bool ltz = false;
  for (size_t i : {1, 2}) ltz = ltz || arguments[i].type().id() == TypeId::kTimestampLtz;
  arguments[0] = Expression::Literal(Value::String(*unit));
  for (size_t i : {1, 2}) {
    std::optional<Expression> time = Fit(arguments[i], Param::kDatetime);
    if (!time) return std::nullopt;
    arguments[i] = Coerced(*time, ltz ? DataType::TimestampLtz(9) : DataType::Timestamp(9));
  }
  return Strict(DataType(TypeId::kInt), arguments);
}

Result<Kernel> BindDifference(const Expression& call) {
  const std::string unit = *UnitOf(call.arguments()[0]);
  const int64_t months = UnitMonths(unit), millis = UnitMillis(unit);
  return RowKernel<string_view, TimestampValue, TimestampValue>([=](string_view, TimestampValue a, TimestampValue b) {
    if (months) return static_cast<int32_t>(MonthsBetween(a.millis, b.millis) / months);
    return static_cast<int32_t>((b.millis - a.millis) / millis);
  });
}

/// (start, end or length) OVERLAPS (start, end or length), as comparisons of the four ends.
std::optional<DataType> InferOverlaps(Arguments& arguments) {
  if (arguments.size() != 4) return std::nullopt;
  for (size_t i : {0, 2}) {
    if (IsInterval(arguments[i].type().id())) std::swap(arguments[i], arguments[i + 1]);
    if (!IsInterval(arguments[i + 1].type().id())) continue;
    Result<Expression> end = Resolve("+", {arguments[i], arguments[i + 1]});
    if (!end.ok()) return std::nullopt;
    arguments[i + 1] = *end;
  }
  std::optional<DataType> common = CommonType(arguments);
  if (!common || !IsDatetime(common->id())) return std::nullopt;
  for (Expression& argument : arguments) argument = Coerced(argument, *common);
  return Strict(DataType(TypeId::kBoolean), arguments);
}

template <typename T>
bool Overlap(T a, T b, T c, T d) {
  if (b < a) std::swap(a, b);
  if (d < c) std::swap(c, d);
  return a <= d && c <= b;
}

Result<Kernel> BindOverlaps(const Expression& call) {
  if (IsTimestamp(call.arguments()[0].type().id()))
    return RowKernel<TimestampValue, TimestampValue, TimestampValue, TimestampValue>(Overlap<TimestampValue>);
  return RowKernel<int32_t, int32_t, int32_t, int32_t>(Overlap<int32_t>);
}

/// A function of the clock: one value for all rows of a batch.
Function Clock(std::string name, DataType type,
               std::function<void(const Call&, int64_t now, columns::ColumnBuilder&)> append) {
  Kernel kernel = [append](Call& call) -> Result<Vector> {
    columns::ColumnBuilder out(call.type(), call.pool(), 1);
    append(call, call.context().NowMs(), out);
    return Vector{out.Take(), true};
  };
  Function function = Define(std::move(name), {{}}, Returns(type), std::move(kernel));
  function.deterministic = false;
  function.stable = true;
  function.contextual = true;
  return function;
}

void AddClocks(Registry& registry) {
  auto instant = [](const Call&, int64_t now, columns::ColumnBuilder& out) { out.Append(now); };
  for (const char* name : {"CURRENT_TIMESTAMP", "NOW", "CURRENT_ROW_TIMESTAMP", "PROCTIME"})
    registry.Add(Clock(name, DataType::TimestampLtz(3), instant));
  registry.Add(
      Clock("LOCALTIMESTAMP", DataType::Timestamp(3),
            [](const Call& call, int64_t now, columns::ColumnBuilder& out) { out.Append(ZoneOf(call).ToLocal(now)); }));
  registry.Add(
      Clock("CURRENT_DATE", DataType(TypeId::kDate), [](const Call& call, int64_t now, columns::ColumnBuilder& out) {
        out.Append(static_cast<int32_t>(FloorDiv(ZoneOf(call).ToLocal(now), kMillisOfDay)));
      }));
  for (const char* name : {"LOCALTIME", "CURRENT_TIME"})
    registry.Add(Clock(name, DataType(TypeId::kTime), [](const Call& call, int64_t now, columns::ColumnBuilder& out) {
      out.Append(static_cast<int32_t>(FloorMod(ZoneOf(call).ToLocal(now), kMillisOfDay) / 1000 * 1000));
    }));
}

Function CurrentWatermark() {
  Kernel kernel = [](Call& call) -> Result<Vector> {
    if (call.context().watermark == INT64_MIN) return NullVector(call.type(), call.pool());
    columns::ColumnBuilder out(call.type(), call.pool(), 1);
    AppendResult(out, TimestampValue{call.context().watermark});
    return Vector{out.Take(), true};
  };
  Function function = Define(
      "CURRENT_WATERMARK", {{{Param::kTimestamp}}, {{Param::kTimestampLtz}}},
      [](const Arguments& a) { return a[0].type().WithNullable(true); }, std::move(kernel));
  function.deterministic = false;
  function.stable = true;
  function.contextual = true;
  return function;
}

}  // namespace

void AddTemporal(Registry& registry) {
  registry.Add(Extract());
  for (const auto& [name, unit] : std::initializer_list<std::pair<const char*, const char*>>{{"YEAR", "YEAR"},
                                                                                             {"QUARTER", "QUARTER"},
                                                                                             {"MONTH", "MONTH"},
                                                                                             {"WEEK", "WEEK"},
                                                                                             {"DAYOFYEAR", "DOY"},
                                                                                             {"DAYOFMONTH", "DAY"},
                                                                                             {"DAYOFWEEK", "DOW"},
                                                                                             {"HOUR", "HOUR"},
                                                                                             {"MINUTE", "MINUTE"},
                                                                                             {"SECOND", "SECOND"}})
    registry.Add(PartFunction(name, unit));
  registry.Add(
      Define("TIMESTAMPADD", {"TIMESTAMPADD(unit, <BIGINT>, <DATETIME>)"}, Inference(InferAdd), Binder(BindAdd)));
  registry.Add(Define("TIMESTAMPDIFF", {"TIMESTAMPDIFF(unit, <DATETIME>, <DATETIME>)"}, Inference(InferDifference),
                      Binder(BindDifference)));
  registry.Add(Define("OVERLAPS",
                      {"(<DATETIME>, <DATETIME or INTERVAL>) OVERLAPS (<DATETIME>, <DATETIME or INTERVAL>)"},
                      Inference(InferOverlaps), Binder(BindOverlaps)));
  AddClocks(registry);
  registry.Add(CurrentWatermark());
}

}  // namespace thalweg::expr
