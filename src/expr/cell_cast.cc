#include "expr/cell_cast.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/ascii.h"
#include "expr/calendar.h"
#include "expr/cell_text.h"
#include "expr/decimal.h"
#include "expr/numeric_cast.h"
#include "expr/rows.h"
#include "expr/time_text.h"
#include "expr/type_rules.h"
#include "expr/utf8.h"
#include "types/scalar_text.h"

namespace thalweg::expr {

using columns::Column;
using columns::ColumnBuilder;
using types::DataType;
using types::TimestampValue;
using types::TypeId;

Status CastError(std::string_view text, const DataType& to) {
  return UserError("Cannot cast '{}' to {}", types::Escaped(text), to.WithNullable(true).ToString());
}

Status CastCell(const CellCast& cast, const Column& from, int32_t row, const Zone& zone, ColumnBuilder& out) {
  if (from.type.id() == TypeId::kNull || from.IsNull(row)) {
    out.AppendNull();
    return {};
  }
  return cast(from, row, zone, out);
}

namespace {

/// A cast from storage From: f(value, out) or f(value, zone, out).
template <typename From, typename F>
CellCast CastOf(F f) {
  return [f](const Column& from, int32_t row, const Zone& zone, ColumnBuilder& out) -> Status {
    const From value = ReadAs<From>(from, row);
    if constexpr (std::is_invocable_v<F, From, const Zone&, ColumnBuilder&>)
      return f(value, zone, out);
    else
      return f(value, out);
  };
}

// The integer part of a number's text, as Flink reads it: blanks around, a sign, and a fraction that is checked and dropped.
std::optional<int64_t> ParseInteger(std::string_view text, int64_t least, int64_t most) {
  text = types::Trim(text);
  size_t point = text.find('.');
  if (point != std::string_view::npos) {
    if (text.find_first_not_of("0123456789", point + 1) != std::string_view::npos) return std::nullopt;
    text = text.substr(0, point);
  }
  int64_t value;
  if (!types::ParseInt64(text, &value) || value < least || value > most) return std::nullopt;
  return value;
}

std::optional<bool> ParseSqlBoolean(std::string_view text) {
  const std::string lower = AsciiLower(text);
  for (std::string_view word : {"t", "true", "y", "yes", "1"})
    if (lower == word) return true;
  for (std::string_view word : {"f", "false", "n", "no", "0"})
    if (lower == word) return false;
  return std::nullopt;
}

template <typename T>
CellCast TextToInteger(const DataType& to) {
  return CastOf<std::string_view>([to](std::string_view text, ColumnBuilder& out) -> Status {
    std::optional<int64_t> value = ParseInteger(text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    if (!value) return CastError(text, to);
    out.Append(static_cast<T>(*value));
    return {};
  });
}

/// As Java's Double.parseDouble: a number may have a suffix f or d, and be written in hexadecimal ("0x1p3").
bool ParseJavaDouble(std::string_view text, double* value) {
  if (types::ParseDouble(text, value)) return true;
  constexpr std::string_view kSuffixes = "fFdD";
  const bool suffix = text.size() > 1 && kSuffixes.find(text.back()) != std::string_view::npos;
  if (suffix && (types::IsDigit(text[text.size() - 2]) || text[text.size() - 2] == '.')) text.remove_suffix(1);
  if (types::ParseDouble(text, value)) return true;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (!text.starts_with("0x") && !text.starts_with("0X")) return false;
  text.remove_prefix(2);
  // Java wants the exponent; from_chars would read a sign.
  if (text.empty() || text.front() == '-' || text.find_first_of("pP") == std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, std::chars_format::hex);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (negative) *value = -*value;
  return true;
}

template <typename T>
CellCast TextToFloat(const DataType& to) {
  return CastOf<std::string_view>([to](std::string_view text, ColumnBuilder& out) -> Status {
    double value;
    if (!ParseJavaDouble(types::Trim(text), &value)) return CastError(text, to);
    out.Append(CastNumber<T>(value));
    return {};
  });
}

CellCast TextToDecimal(const DataType& to) {
  return CastOf<std::string_view>([to](std::string_view text, ColumnBuilder& out) -> Status {
    Int128 value;
    switch (types::ParseDecimal(types::Trim(text), to.precision(), to.scale(), &value)) {
      case types::DecimalParse::kOk: out.Append(value); return {};
      case types::DecimalParse::kTooLarge: out.AppendNull(); return {};
      default: return CastError(text, to);
    }
  });
}

TimestampValue FromLocal(TimestampValue value, const Zone& zone) {
  value.millis = zone.ToUtc(value.millis);
  return value;
}
TimestampValue ToLocal(TimestampValue value, const Zone& zone) {
  value.millis = zone.ToLocal(value.millis);
  return value;
}

CellCast TextToTime(const DataType& to) {
  return CastOf<std::string_view>([to](std::string_view text, const Zone& zone, ColumnBuilder& out) -> Status {
    if (to.id() == TypeId::kDate || to.id() == TypeId::kTime) {
      std::optional<int32_t> value = to.id() == TypeId::kDate ? ParseSqlDate(text) : ParseSqlTime(text);
      if (!value) return CastError(text, to);
      out.Append(to.id() == TypeId::kTime ? TruncatedTime(*value, to.precision()) : *value);
      return {};
    }
    std::optional<TimestampValue> value = ParseSqlTimestamp(text);
    if (!value) return CastError(text, to);
    if (to.id() == TypeId::kTimestampLtz) value = FromLocal(*value, zone);
    AppendResult(out, Truncated(*value, to.precision()));
    return {};
  });
}

// VARCHAR(n) and VARBINARY(n) cut, CHAR(n) and BINARY(n) pad too.
std::string Fitted(std::string text, const DataType& to, bool fixed) {
  if (to.precision() == 0) return text;
  const bool bytes = to.id() == TypeId::kBinary;
  const auto limit = static_cast<size_t>(to.precision());
  const auto size = bytes ? text.size() : static_cast<size_t>(CodePoints(text));
  if (size > limit)
    text.resize(bytes ? limit : OffsetOf(text, to.precision()));
  else if (fixed)
    text.append(limit - size, bytes ? '\0' : ' ');
  return text;
}

CellCast ToText(const DataType& to, bool fixed) {
  return [to, fixed](const Column& from, int32_t row, const Zone& zone, ColumnBuilder& out) -> Status {
    std::string text;
    AppendSqlText(from, row, zone, text);
    if (from.type.id() == TypeId::kBinary && to.id() == TypeId::kString) text = ValidUtf8(text);
    out.AppendString(Fitted(std::move(text), to, fixed));
    return {};
  };
}

template <typename To>
CellCast NumberTo(const DataType& from) {
  switch (from.id()) {
    case TypeId::kBoolean:
      return CastOf<bool>([](bool v, ColumnBuilder& out) { return out.Append(static_cast<To>(v)), Status(); });
    case TypeId::kTinyInt:
      return CastOf<int8_t>([](auto v, ColumnBuilder& out) { return out.Append(CastNumber<To>(v)), Status(); });
    case TypeId::kSmallInt:
      return CastOf<int16_t>([](auto v, ColumnBuilder& out) { return out.Append(CastNumber<To>(v)), Status(); });
    case TypeId::kIntervalYearMonth:
    case TypeId::kInt:
      return CastOf<int32_t>([](auto v, ColumnBuilder& out) { return out.Append(CastNumber<To>(v)), Status(); });
    case TypeId::kIntervalDayTime:
    case TypeId::kBigInt:
      return CastOf<int64_t>([](auto v, ColumnBuilder& out) { return out.Append(CastNumber<To>(v)), Status(); });
    case TypeId::kFloat:
      return CastOf<float>([](auto v, ColumnBuilder& out) { return out.Append(CastNumber<To>(v)), Status(); });
    case TypeId::kDouble:
      return CastOf<double>([](auto v, ColumnBuilder& out) { return out.Append(CastNumber<To>(v)), Status(); });
    case TypeId::kDecimal: {
      const int scale = from.scale();
      return CastOf<Int128>([scale](Int128 v, ColumnBuilder& out) {
        if constexpr (std::is_floating_point_v<To>)
          out.Append(CastNumber<To>(DecimalToDouble(v, scale)));
        else
          out.Append(static_cast<To>(DecimalToInt64(v, scale)));
        return Status();
      });
    }
    default: return nullptr;
  }
}

void AppendOrNull(std::optional<Int128> value, ColumnBuilder& out) {
  if (value)
    out.Append(*value);
  else
    out.AppendNull();
}

template <typename From>
CellCast IntegerToDecimal(const DataType& to) {
  return CastOf<From>([p = to.precision(), s = to.scale()](From v, ColumnBuilder& out) {
    AppendOrNull(Rescale(v, 0, s, p), out);
    return Status();
  });
}

template <typename From>
CellCast FloatToDecimal(const DataType& to) {
  return CastOf<From>([to](From v, ColumnBuilder& out) -> Status {
    if (!std::isfinite(v)) return CastError(std::isnan(v) ? "NaN" : "Infinity", to);
    AppendOrNull(DecimalFromDouble(v, to.precision(), to.scale()), out);
    return {};
  });
}

CellCast ToDecimal(const DataType& from, const DataType& to) {
  switch (from.id()) {
    case TypeId::kBoolean: return IntegerToDecimal<bool>(to);
    case TypeId::kTinyInt: return IntegerToDecimal<int8_t>(to);
    case TypeId::kSmallInt: return IntegerToDecimal<int16_t>(to);
    case TypeId::kInt: return IntegerToDecimal<int32_t>(to);
    case TypeId::kBigInt: return IntegerToDecimal<int64_t>(to);
    case TypeId::kFloat: return FloatToDecimal<float>(to);
    case TypeId::kDouble: return FloatToDecimal<double>(to);
    case TypeId::kString: return TextToDecimal(to);
    case TypeId::kDecimal:
      return CastOf<Int128>([s1 = from.scale(), p = to.precision(), s2 = to.scale()](Int128 v, ColumnBuilder& out) {
        AppendOrNull(Rescale(v, s1, s2, p), out);
        return Status();
      });
    default: return nullptr;
  }
}

template <typename From>
CellCast NumberToBoolean() {
  return CastOf<From>([](From v, ColumnBuilder& out) { return out.AppendBool(v != 0), Status(); });
}

CellCast ToBoolean(const DataType& from, const DataType& to) {
  switch (from.id()) {
    case TypeId::kTinyInt: return NumberToBoolean<int8_t>();
    case TypeId::kSmallInt: return NumberToBoolean<int16_t>();
    case TypeId::kInt: return NumberToBoolean<int32_t>();
    case TypeId::kBigInt: return NumberToBoolean<int64_t>();
    case TypeId::kFloat: return NumberToBoolean<float>();
    case TypeId::kDouble: return NumberToBoolean<double>();
    case TypeId::kDecimal: return NumberToBoolean<Int128>();
    case TypeId::kString:
      return CastOf<std::string_view>([to](std::string_view text, ColumnBuilder& out) -> Status {
        std::optional<bool> value = ParseSqlBoolean(text);
        if (!value) return CastError(text, to);
        out.AppendBool(*value);
        return {};
      });
    default: return nullptr;
  }
}

CellCast ToTimestamp(const DataType& from, const DataType& to) {
  const bool ltz = to.id() == TypeId::kTimestampLtz;
  const int precision = to.precision();
  switch (from.id()) {
    case TypeId::kDate:
      return CastOf<int32_t>([=](int32_t day, const Zone& zone, ColumnBuilder& out) {
        const TimestampValue value{day * kMillisOfDay};
        AppendResult(out, ltz ? FromLocal(value, zone) : value);
        return Status();
      });
    case TypeId::kTime:
      return CastOf<int32_t>([=](int32_t time, const Zone& zone, ColumnBuilder& out) {
        const TimestampValue value{time};
        AppendResult(out, Truncated(ltz ? FromLocal(value, zone) : value, precision));
        return Status();
      });
    case TypeId::kTimestamp:
      return CastOf<TimestampValue>([=](TimestampValue value, const Zone& zone, ColumnBuilder& out) {
        AppendResult(out, Truncated(ltz ? FromLocal(value, zone) : value, precision));
        return Status();
      });
    case TypeId::kTimestampLtz:
      return CastOf<TimestampValue>([=](TimestampValue value, const Zone& zone, ColumnBuilder& out) {
        AppendResult(out, Truncated(ltz ? value : ToLocal(value, zone), precision));
        return Status();
      });
    default: return nullptr;
  }
}

CellCast ToDateOrTime(const DataType& from, const DataType& to) {
  const bool date = to.id() == TypeId::kDate;
  const int digits = to.precision();
  if (from.id() == to.id())
    return CastOf<int32_t>([date, digits](int32_t v, ColumnBuilder& out) {
      return out.Append(date ? v : TruncatedTime(v, digits)), Status();
    });
  if (!IsTimestamp(from.id())) return nullptr;
  const bool ltz = from.id() == TypeId::kTimestampLtz;
  return CastOf<TimestampValue>([=](TimestampValue value, const Zone& zone, ColumnBuilder& out) {
    const int64_t millis = ltz ? zone.ToLocal(value.millis) : value.millis;
    out.Append(date ? static_cast<int32_t>(FloorDiv(millis, kMillisOfDay))
                    : TruncatedTime(static_cast<int32_t>(FloorMod(millis, kMillisOfDay)), digits));
    return Status();
  });
}

CellCast ToList(const DataType& from, const DataType& to) {
  if (from.id() != to.id()) return nullptr;
  std::vector<CellCast> parts;
  for (size_t i = 0; i < to.children().size(); ++i) {
    parts.push_back(CellCastOf(from.children()[i].type, to.children()[i].type, false));
    if (!parts.back()) return nullptr;
  }
  return [parts](const Column& column, int32_t row, const Zone& zone, ColumnBuilder& out) -> Status {
    const auto* offsets = column.offsets.data<int32_t>();
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i)
      for (size_t c = 0; c < column.children.size(); ++c) {
        if (c < parts.size()) {
          THALWEG_TRY(CastCell(parts[c], column.children[c], i, zone, out.child(static_cast<int>(c))));
        } else {
          out.child(static_cast<int>(c)).AppendRows(column.children[c], &i, 1);  // counts of a MULTISET
        }
      }
    out.CloseRow();
    return {};
  };
}

CellCast ToRow(const DataType& from, const DataType& to) {
  if (from.id() != TypeId::kRow || from.children().size() != to.children().size()) return nullptr;
  std::vector<CellCast> parts;
  for (size_t i = 0; i < to.children().size(); ++i) {
    parts.push_back(CellCastOf(from.children()[i].type, to.children()[i].type, false));
    if (!parts.back()) return nullptr;
  }
  return [parts](const Column& column, int32_t row, const Zone& zone, ColumnBuilder& out) -> Status {
    for (size_t c = 0; c < parts.size(); ++c)
      THALWEG_TRY(CastCell(parts[c], column.children[c], row, zone, out.child(static_cast<int>(c))));
    out.CloseRow();
    return {};
  };
}

template <typename T>
CellCast ToNumber(const DataType& from, const DataType& to) {
  if (from.id() != TypeId::kString) return NumberTo<T>(from);
  if constexpr (std::is_floating_point_v<T>)
    return TextToFloat<T>(to);
  else
    return TextToInteger<T>(to);
}

bool CastsToText(const DataType& from) { return from.id() != TypeId::kObject; }

CellCast ToInterval(const DataType& from, const DataType& to) {
  const bool exact = IsInteger(from.id());
  if (from.id() != to.id() && !exact) return nullptr;
  return to.id() == TypeId::kIntervalYearMonth ? NumberTo<int32_t>(from) : NumberTo<int64_t>(from);
}

}  // namespace

CellCast CellCastOf(const DataType& from, const DataType& to, bool fixed_length) {
  if (from.id() == TypeId::kNull)
    return [](const Column&, int32_t, const Zone&, ColumnBuilder& out) { return out.AppendNull(), Status(); };
  // Of intervals only months are a number, an INT: CastFunctionITCase of Flink refuses the rest.
  const bool months = from.id() == TypeId::kIntervalYearMonth && to.id() == TypeId::kInt;
  if (IsInterval(from.id()) && IsNumeric(to.id()) && !months) return nullptr;
  switch (to.id()) {
    case TypeId::kBoolean:
      if (from.id() == TypeId::kBoolean)
        return CastOf<bool>([](bool v, ColumnBuilder& out) { return out.AppendBool(v), Status(); });
      return ToBoolean(from, to);
    case TypeId::kTinyInt: return ToNumber<int8_t>(from, to);
    case TypeId::kSmallInt: return ToNumber<int16_t>(from, to);
    case TypeId::kInt: return ToNumber<int32_t>(from, to);
    case TypeId::kBigInt: return ToNumber<int64_t>(from, to);
    case TypeId::kFloat: return ToNumber<float>(from, to);
    case TypeId::kDouble: return ToNumber<double>(from, to);
    case TypeId::kDecimal: return ToDecimal(from, to);
    case TypeId::kString: return CastsToText(from) ? ToText(to, fixed_length) : nullptr;
    case TypeId::kBinary: return from.is_variable() ? ToText(to, fixed_length) : nullptr;
    case TypeId::kDate:
    case TypeId::kTime: return from.id() == TypeId::kString ? TextToTime(to) : ToDateOrTime(from, to);
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return from.id() == TypeId::kString ? TextToTime(to) : ToTimestamp(from, to);
    case TypeId::kIntervalYearMonth:
    case TypeId::kIntervalDayTime: return ToInterval(from, to);
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset: return ToList(from, to);
    case TypeId::kRow: return ToRow(from, to);
    default: return nullptr;
  }
}

}  // namespace thalweg::expr
