#include "expr/temporal_arithmetic.h"

#include "expr/calendar.h"
#include "expr/rows.h"

namespace thalweg::expr {

using types::DataType;
using types::TimestampValue;
using types::TypeId;

namespace {

int64_t WrapAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t WrapNegate(int64_t a) { return static_cast<int64_t>(0 - static_cast<uint64_t>(a)); }
int64_t WrapTimes(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

/// A point in time plus an interval, by the type of the point.
Kernel PointPlus(const DataType& point, const DataType& interval, int64_t sign) {
  const bool months = interval.id() == TypeId::kIntervalYearMonth;
  switch (point.id()) {
    case TypeId::kDate:
      if (months)
        return RowKernel<int32_t, int32_t>(
            [sign](int32_t day, int32_t by) { return static_cast<int32_t>(AddMonths(day, sign * by)); });
      return RowKernel<int32_t, int64_t>([sign](int32_t day, int64_t by) {
        return static_cast<int32_t>(
            FloorDiv(WrapAdd(day * kMillisOfDay, sign < 0 ? WrapNegate(by) : by), kMillisOfDay));
      });
    case TypeId::kTime:
      if (months) return RowKernel<int32_t, int32_t>([](int32_t time, int32_t) { return time; });
      return RowKernel<int32_t, int64_t>([sign](int32_t time, int64_t by) {
        return static_cast<int32_t>(FloorMod(WrapAdd(time, sign < 0 ? WrapNegate(by) : by), kMillisOfDay));
      });
    default: break;
  }
  if (months)
    return RowKernel<TimestampValue, int32_t>(
        [sign](TimestampValue at, int32_t by) { return AddMonths(at, sign * by); });
  if (point.precision() <= 3) {
    if (sign < 0)
      return MapKernel<int64_t, int64_t, int64_t>([](int64_t at, int64_t by) { return WrapAdd(at, WrapNegate(by)); });
    return MapKernel<int64_t, int64_t, int64_t>([](int64_t at, int64_t by) { return WrapAdd(at, by); });
  }
  return RowKernel<TimestampValue, int64_t>([sign](TimestampValue at, int64_t by) {
    at.millis = WrapAdd(at.millis, sign < 0 ? WrapNegate(by) : by);
    return at;
  });
}

bool IsPoint(const DataType& type) { return IsDatetime(type.id()); }

Kernel IntervalKernel(Arithmetic operation, const DataType& type, const DataType& by) {
  if (IsInterval(by.id())) {
    const bool minus = operation == Arithmetic::kMinus;
    if (type.id() == TypeId::kIntervalDayTime)
      return RowKernel<int64_t, int64_t>(
          [minus](int64_t a, int64_t b) { return WrapAdd(a, minus ? WrapNegate(b) : b); });
    return RowKernel<int32_t, int32_t>(
        [minus](int32_t a, int32_t b) { return static_cast<int32_t>(WrapAdd(a, minus ? WrapNegate(b) : b)); });
  }
  // The factor is a BIGINT; an interval of months multiplies as such and is cut to 32 bits.
  if (type.id() == TypeId::kIntervalDayTime)
    return RowKernel<int64_t, int64_t>([](int64_t a, int64_t b) { return WrapTimes(a, b); });
  return RowKernel<int32_t, int64_t>([](int32_t a, int64_t b) { return static_cast<int32_t>(WrapTimes(a, b)); });
}

}  // namespace

std::optional<DataType> InferTemporal(Arithmetic operation, std::vector<Expression>& arguments) {
  const bool plus = operation == Arithmetic::kPlus, minus = operation == Arithmetic::kMinus;
  if (plus && IsInterval(arguments[0].type().id()) && IsPoint(arguments[1].type()))
    std::swap(arguments[0], arguments[1]);
  if (operation == Arithmetic::kTimes && IsInterval(arguments[1].type().id())) std::swap(arguments[0], arguments[1]);
  const DataType a = arguments[0].type(), b = arguments[1].type();
  if ((plus || minus) && IsPoint(a) && IsInterval(b.id())) return a;
  if ((plus || minus) && IsInterval(a.id()) && a.id() == b.id()) return a;
  if (operation == Arithmetic::kTimes && IsInterval(a.id()) && IsInteger(b.id())) {
    arguments[1] = Coerced(arguments[1], DataType(TypeId::kBigInt));
    return a;
  }
  return std::nullopt;
}

Kernel TemporalKernel(Arithmetic operation, const Expression& call) {
  const DataType& a = call.arguments()[0].type();
  const DataType& b = call.arguments()[1].type();
  if (IsPoint(a)) return PointPlus(a, b, operation == Arithmetic::kMinus ? -1 : 1);
  if (IsInterval(a.id())) return IntervalKernel(operation, a, b);
  return nullptr;
}

}  // namespace thalweg::expr
