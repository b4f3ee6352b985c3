#include "expr/type_rules.h"

#include <algorithm>

#include "expr/functions.h"

namespace thalweg::expr {

using types::DataType;
using types::Field;
using types::TypeId;

namespace {

constexpr int kMaxDigits = 38;
constexpr int kMinScale = 6;  // digits behind the point that a result keeps even if its whole part then has less room

DataType Fitted(int precision, int scale) {
  if (precision <= kMaxDigits) return DataType::Decimal(precision, scale);
  const int whole = precision - scale;
  return DataType::Decimal(kMaxDigits, std::max(kMaxDigits - whole, std::min(scale, kMinScale)));
}

std::optional<DataType> CommonNumber(const DataType& a, const DataType& b) {
  if (IsApproximate(a.id()) || IsApproximate(b.id())) {
    const bool decimal = a.id() == TypeId::kDecimal || b.id() == TypeId::kDecimal;
    const bool twice = a.id() == TypeId::kDouble || b.id() == TypeId::kDouble;
    return DataType(decimal || twice ? TypeId::kDouble : TypeId::kFloat);
  }
  if (IsInteger(a.id()) && IsInteger(b.id())) return DataType(std::max(a.id(), b.id()));
  const DataType x = DecimalOf(a), y = DecimalOf(b);
  const int scale = std::max(x.scale(), y.scale());
  const int whole = std::max(x.precision() - x.scale(), y.precision() - y.scale());
  const int precision = std::min(whole + scale, kMaxDigits);
  return DataType::Decimal(precision, std::min(scale, precision));
}

std::optional<DataType> CommonDatetime(const DataType& a, const DataType& b) {
  const int precision = std::max(a.precision(), b.precision());
  if (a.id() == TypeId::kTime || b.id() == TypeId::kTime) {
    if (a.id() != b.id()) return std::nullopt;
    return *DataType::FromParts(TypeId::kTime, true, precision, 0, {});
  }
  if (a.id() == TypeId::kTimestampLtz || b.id() == TypeId::kTimestampLtz) return DataType::TimestampLtz(precision);
  return DataType::Timestamp(precision);
}

std::optional<DataType> CommonOf(const DataType& a, const DataType& b);

std::optional<DataType> CommonNested(const DataType& a, const DataType& b) {
  if (a.children().size() != b.children().size()) return std::nullopt;
  std::vector<Field> fields;
  for (size_t i = 0; i < a.children().size(); ++i) {
    std::optional<DataType> common = CommonOf(a.children()[i].type, b.children()[i].type);
    if (!common) return std::nullopt;
    fields.push_back({a.children()[i].name, *common});
  }
  Result<DataType> type = DataType::FromParts(a.id(), true, 0, 0, std::move(fields));
  return type.ok() ? std::optional(*type) : std::nullopt;
}

std::optional<DataType> CommonPresent(const DataType& a, const DataType& b) {
  if (a.id() == TypeId::kNull) return b;
  if (b.id() == TypeId::kNull) return a;
  if (a.children().empty() && SameType(a, b)) return a;
  if (IsNumeric(a.id()) && IsNumeric(b.id())) return CommonNumber(a, b);
  if (a.is_variable() && a.id() == b.id()) {
    const int length = a.precision() && b.precision() ? std::max(a.precision(), b.precision()) : 0;
    if (!length) return DataType(a.id());
    return a.id() == TypeId::kString ? DataType::VarChar(length) : DataType::VarBinary(length);
  }
  if (IsDatetime(a.id()) && IsDatetime(b.id())) return CommonDatetime(a, b);
  if (!a.children().empty() && a.id() == b.id()) return CommonNested(a, b);
  return std::nullopt;
}

std::optional<DataType> CommonOf(const DataType& a, const DataType& b) {
  std::optional<DataType> common = CommonPresent(a, b);
  if (common) common = common->WithNullable(a.nullable() || b.nullable());
  return common;
}

}  // namespace

bool IsInteger(TypeId id) { return id >= TypeId::kTinyInt && id <= TypeId::kBigInt; }
bool IsApproximate(TypeId id) { return id == TypeId::kFloat || id == TypeId::kDouble; }
bool IsNumeric(TypeId id) { return id >= TypeId::kTinyInt && id <= TypeId::kDecimal; }
bool IsTimestamp(TypeId id) { return id == TypeId::kTimestamp || id == TypeId::kTimestampLtz; }
bool IsDatetime(TypeId id) { return id == TypeId::kDate || id == TypeId::kTime || IsTimestamp(id); }
bool IsInterval(TypeId id) { return id == TypeId::kIntervalYearMonth || id == TypeId::kIntervalDayTime; }

bool SameType(const DataType& a, const DataType& b) {
  if (a.id() != b.id() || a.precision() != b.precision() || a.scale() != b.scale() ||
      a.children().size() != b.children().size())
    return false;
  for (size_t i = 0; i < a.children().size(); ++i)
    if (!SameType(a.children()[i].type, b.children()[i].type)) return false;
  return true;
}

DataType DecimalOf(const DataType& type) {
  switch (type.id()) {
    case TypeId::kTinyInt: return DataType::Decimal(3, 0);
    case TypeId::kSmallInt: return DataType::Decimal(5, 0);
    case TypeId::kInt: return DataType::Decimal(10, 0);
    case TypeId::kBigInt: return DataType::Decimal(19, 0);
    default: return type;
  }
}

std::optional<DataType> CommonType(std::span<const DataType> types) {
  std::optional<DataType> common = types[0];
  for (const DataType& type : types.subspan(1)) {
    common = CommonOf(*common, type);
    if (!common) return std::nullopt;
  }
  return common;
}

std::optional<DataType> CommonType(const std::vector<Expression>& arguments) {
  std::vector<DataType> types;
  for (const Expression& argument : arguments) types.push_back(argument.type());
  return CommonType(types);
}

DataType DecimalResult(Arithmetic operation, const DataType& a, const DataType& b) {
  const DataType x = DecimalOf(a), y = DecimalOf(b);
  const int p1 = x.precision(), s1 = x.scale(), p2 = y.precision(), s2 = y.scale();
  switch (operation) {
    case Arithmetic::kPlus:
    case Arithmetic::kMinus: {
      const int scale = std::max(s1, s2);
      return Fitted(std::max(p1 - s1, p2 - s2) + scale + 1, scale);
    }
    case Arithmetic::kTimes: return Fitted(p1 + p2 + 1, s1 + s2);
    case Arithmetic::kDivide: {
      const int scale = std::max(kMinScale, s1 + p2 + 1);
      return Fitted(p1 - s1 + s2 + scale, scale);
    }
    case Arithmetic::kModulo: {
      const int scale = std::max(s1, s2);
      return Fitted(std::min(p1 - s1, p2 - s2) + scale, scale);
    }
  }
  return x;
}

DataType SumType(const DataType& type) {
  if (type.id() == TypeId::kDecimal) return DataType::Decimal(kMaxDigits, type.scale());
  return type.WithNullable(true);
}

DataType AverageType(const DataType& type) {
  if (type.id() == TypeId::kDecimal) return DataType::Decimal(kMaxDigits, std::max(kMinScale, type.scale()));
  return type.WithNullable(true);
}

DataType RoundType(int precision, int scale, int digits) {
  if (digits >= scale) return DataType::Decimal(precision, scale);
  if (digits < 0) return DataType::Decimal(std::min(kMaxDigits, 1 + precision - scale), 0);
  return DataType::Decimal(std::min(kMaxDigits, 1 + precision - scale + digits), digits);
}

bool CastsImplicitly(const DataType& from, const DataType& to) {
  if (from.id() == TypeId::kNull) return true;
  if (SameType(from, to)) return true;
  if (IsNumeric(from.id()) && IsNumeric(to.id())) {
    if (to.id() == TypeId::kDecimal) return !IsApproximate(from.id());
    if (from.id() == TypeId::kDecimal) return IsApproximate(to.id());
    return from.id() <= to.id();
  }
  if (from.is_variable()) return from.id() == to.id();
  if (IsDatetime(from.id()) && IsDatetime(to.id())) {
    if (from.id() == TypeId::kTimestamp) return true;
    if (from.id() == TypeId::kTime || to.id() == TypeId::kTime) return from.id() == to.id();
    return IsTimestamp(to.id());
  }
  if (from.id() != to.id() || from.children().size() != to.children().size()) return false;
  for (size_t i = 0; i < from.children().size(); ++i)
    if (!CastsImplicitly(from.children()[i].type, to.children()[i].type)) return false;
  return !from.children().empty();
}

Expression Coerced(Expression argument, const DataType& to) {
  if (SameType(argument.type(), to)) return argument;
  if (argument.is_null_literal()) return Expression::Literal(Value::Null(to));
  Result<Expression> cast = Cast(std::move(argument), to);
  THALWEG_CHECK(cast.ok(), "{}", cast.status().ToString());
  return std::move(cast).value();
}

bool AnyNullable(const std::vector<Expression>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const Expression& e) { return e.type().nullable(); });
}

DataType Strict(DataType type, const std::vector<Expression>& arguments) {
  return type.WithNullable(AnyNullable(arguments));
}

}  // namespace thalweg::expr
