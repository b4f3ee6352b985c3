#include "formats/scalar_text.h"

#include <fmt/format.h>

namespace thalweg::formats {
namespace {

using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;

constexpr size_t kQuotedBytes = 40;  // of a value in a message

template <typename T>
bool Narrow(int64_t value, ColumnBuilder& out) {
  if (value != static_cast<T>(value)) return false;
  out.Append(static_cast<T>(value));
  return true;
}

std::optional<std::string> AppendIntegerText(std::string_view text, ColumnBuilder& out) {
  int64_t value;
  if (ParseInt64(text, &value)) {
    if (AppendInteger(value, out)) return std::nullopt;
    return OutOfRange(out.type(), text);
  }
  // All digits and yet no int64: too many of them.
  size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  bool digits = text.size() > sign && text.find_first_not_of("0123456789", sign) == std::string_view::npos;
  return digits ? OutOfRange(out.type(), text) : NotA(out.type(), text);
}

std::optional<std::string> AppendDecimalText(std::string_view text, ColumnBuilder& out) {
  Int128 value;
  switch (ParseDecimal(text, out.type().precision(), out.type().scale(), &value)) {
    case DecimalParse::kOk: out.Append(value); return std::nullopt;
    case DecimalParse::kTooLarge: return OutOfRange(out.type(), text);
    default: return NotA(out.type(), text);
  }
}

std::optional<std::string> AppendBytesText(std::string_view text, ColumnBuilder& out) {
  std::string bytes;
  if (!ParseBase64(text, &bytes)) return fmt::format("not base64: '{}'", Escaped(text, kQuotedBytes));
  out.AppendString(bytes);
  return std::nullopt;
}

}  // namespace

std::string NotA(const DataType& type, std::string_view text) {
  return fmt::format("not a {}: '{}'", type.WithNullable(true).ToString(), Escaped(text, kQuotedBytes));
}

std::string OutOfRange(const DataType& type, std::string_view text) {
  return fmt::format("out of range for {}: {}", type.WithNullable(true).ToString(), Escaped(text, kQuotedBytes));
}

bool AppendInteger(int64_t value, ColumnBuilder& out) {
  switch (out.type().value_width()) {
    case 1: return Narrow<int8_t>(value, out);
    case 2: return Narrow<int16_t>(value, out);
    case 4: return Narrow<int32_t>(value, out);
    default: return Narrow<int64_t>(value, out);
  }
}

void AppendTimestampValue(types::TimestampValue value, ColumnBuilder& out) {
  constexpr uint32_t kUnits[] = {0, 0, 0, 0, 100'000, 10'000, 1'000, 100, 10, 1};
  constexpr int64_t kMillis[] = {1000, 100, 10, 1};
  int precision = out.type().precision();
  if (precision > 3) {
    value.nanos -= value.nanos % kUnits[precision];
    out.Append(value);
  } else {
    int64_t unit = kMillis[precision];
    out.Append(value.millis - ((value.millis % unit) + unit) % unit);
  }
}

std::optional<std::string> AppendScalarText(std::string_view text, TimestampStandard standard, ColumnBuilder& out) {
  TypeId id = out.type().id();
  if (id == TypeId::kString) {
    out.AppendString(text);
    return std::nullopt;
  }
  text = Trim(text);
  switch (id) {
    case TypeId::kBoolean: {
      bool value;
      if (!ParseBoolean(text, &value)) break;
      out.AppendBool(value);
      return std::nullopt;
    }
    case TypeId::kFloat:
    case TypeId::kDouble: {
      double value;
      if (!ParseDouble(text, &value)) break;
      id == TypeId::kFloat ? out.Append(static_cast<float>(value)) : out.Append(value);
      return std::nullopt;
    }
    case TypeId::kDecimal: return AppendDecimalText(text, out);
    case TypeId::kBinary: return AppendBytesText(text, out);
    case TypeId::kDate:
    case TypeId::kTime: {
      int32_t value;
      if (!(id == TypeId::kDate ? ParseDate(text, &value) : ParseTime(text, &value))) break;
      out.Append(value);
      return std::nullopt;
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: {
      types::TimestampValue value;
      if (!ParseTimestamp(text, standard, id == TypeId::kTimestampLtz, &value)) break;
      AppendTimestampValue(value, out);
      return std::nullopt;
    }
    default: return AppendIntegerText(text, out);
  }
  return NotA(out.type(), text);
}

}  // namespace thalweg::formats
