#include "expr/cell_text.h"

#include "expr/rows.h"
#include "expr/time_text.h"
#include "types/scalar_text.h"
#include "types/text.h"

namespace thalweg::expr {

using columns::Column;
using types::TypeId;

namespace {

/// The zone of instants, and whether bytes are printed as hexadecimal digits.
struct Style {
  const Zone& zone;
  bool printed;
};

void AppendText(const Column& column, int32_t row, const Style& style, std::string& out);

void AppendPart(const Column& column, int32_t row, const Style& style, std::string& out) {
  if (column.type.id() == TypeId::kNull || column.IsNull(row))
    out += "NULL";
  else
    AppendText(column, row, style, out);
}

void AppendHex(std::string_view bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "x'";
  for (const char byte : bytes) {
    out += kDigits[static_cast<unsigned char>(byte) >> 4];
    out += kDigits[byte & 15];
  }
  out += '\'';
}

void AppendList(const Column& column, int32_t row, const Style& style, std::string& out) {
  const bool entries = column.type.id() != TypeId::kArray;
  const auto* offsets = column.offsets.data<int32_t>();
  out += entries ? '{' : '[';
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) out += ", ";
    AppendPart(column.children[0], i, style, out);
    if (!entries) continue;
    out += '=';
    AppendPart(column.children[1], i, style, out);
  }
  out += entries ? '}' : ']';
}

void AppendText(const Column& column, int32_t row, const Style& style, std::string& out) {
  switch (column.type.id()) {
    case TypeId::kBoolean: out += column.Bool(row) ? "TRUE" : "FALSE"; return;
    case TypeId::kTinyInt: return types::AppendInt(column.data<int8_t>()[row], &out);
    case TypeId::kSmallInt: return types::AppendInt(column.data<int16_t>()[row], &out);
    case TypeId::kInt: return types::AppendInt(column.data<int32_t>()[row], &out);
    case TypeId::kBigInt: return types::AppendInt(column.data<int64_t>()[row], &out);
    case TypeId::kFloat: return types::AppendFloatText(column.data<float>()[row], out);
    case TypeId::kDouble: return types::AppendDoubleText(column.data<double>()[row], out);
    case TypeId::kDecimal: return types::AppendDecimal(column.data<__int128>()[row], column.type.scale(), &out);
    case TypeId::kBinary:
      if (style.printed) return AppendHex(column.String(row), out);
      [[fallthrough]];
    case TypeId::kString: out += column.String(row); return;
    case TypeId::kDate: return types::AppendDateText(column.data<int32_t>()[row], out);
    case TypeId::kTime: return AppendSqlTime(column.data<int32_t>()[row], out, column.type.precision());
    case TypeId::kTimestamp:
      return AppendSqlTimestamp(ReadAs<types::TimestampValue>(column, row), column.type.precision(), out);
    case TypeId::kTimestampLtz: {
      auto value = ReadAs<types::TimestampValue>(column, row);
      value.millis = style.zone.ToLocal(value.millis);
      return AppendSqlTimestamp(value, column.type.precision(), out);
    }
    case TypeId::kIntervalYearMonth: return AppendSqlMonths(column.data<int32_t>()[row], out);
    case TypeId::kIntervalDayTime: return AppendSqlDuration(column.data<int64_t>()[row], out);
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset: return AppendList(column, row, style, out);
    case TypeId::kRow:
      out += '(';
      for (size_t c = 0; c < column.children.size(); ++c) {
        if (c) out += ", ";
        AppendPart(column.children[c], row, style, out);
      }
      out += ')';
      return;
    default: out += "NULL";
  }
}

}  // namespace

void AppendSqlText(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  AppendText(column, row, {zone, false}, out);
}

void AppendPrintedText(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  AppendText(column, row, {zone, true}, out);
}

}  // namespace thalweg::expr
