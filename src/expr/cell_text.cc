#include "expr/cell_text.h"

#include "expr/rows.h"
#include "expr/time_text.h"
#include "types/scalar_text.h"
#include "types/text.h"

namespace thalweg::expr {

using columns::Column;
using types::TypeId;

namespace {

void AppendPart(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  if (column.type.id() == TypeId::kNull || column.IsNull(row))
    out += "NULL";
  else
    AppendSqlText(column, row, zone, out);
}

void AppendList(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  const bool entries = column.type.id() != TypeId::kArray;
  const auto* offsets = column.offsets.data<int32_t>();
  out += entries ? '{' : '[';
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) out += ", ";
    AppendPart(column.children[0], i, zone, out);
    if (!entries) continue;
    out += '=';
    AppendPart(column.children[1], i, zone, out);
  }
  out += entries ? '}' : ']';
}

}  // namespace

void AppendSqlText(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  switch (column.type.id()) {
    case TypeId::kBoolean: out += column.Bool(row) ? "TRUE" : "FALSE"; return;
    case TypeId::kTinyInt: return types::AppendInt(column.data<int8_t>()[row], &out);
    case TypeId::kSmallInt: return types::AppendInt(column.data<int16_t>()[row], &out);
    case TypeId::kInt: return types::AppendInt(column.data<int32_t>()[row], &out);
    case TypeId::kBigInt: return types::AppendInt(column.data<int64_t>()[row], &out);
    case TypeId::kFloat: return types::AppendFloatText(column.data<float>()[row], out);
    case TypeId::kDouble: return types::AppendDoubleText(column.data<double>()[row], out);
    case TypeId::kDecimal: return types::AppendDecimal(column.data<__int128>()[row], column.type.scale(), &out);
    case TypeId::kString:
    case TypeId::kBinary: out += column.String(row); return;
    case TypeId::kDate: return types::AppendDateText(column.data<int32_t>()[row], out);
    case TypeId::kTime: return AppendSqlTime(column.data<int32_t>()[row], out);
    case TypeId::kTimestamp:
      return AppendSqlTimestamp(ReadAs<types::TimestampValue>(column, row), column.type.precision(), out);
    case TypeId::kTimestampLtz: {
      auto value = ReadAs<types::TimestampValue>(column, row);
      value.millis = zone.ToLocal(value.millis);
      return AppendSqlTimestamp(value, column.type.precision(), out);
    }
    case TypeId::kIntervalYearMonth: return AppendSqlMonths(column.data<int32_t>()[row], out);
    case TypeId::kIntervalDayTime: return AppendSqlDuration(column.data<int64_t>()[row], out);
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset: return AppendList(column, row, zone, out);
    case TypeId::kRow:
      out += '(';
      for (size_t c = 0; c < column.children.size(); ++c) {
        if (c) out += ", ";
        AppendPart(column.children[c], row, zone, out);
      }
      out += ')';
      return;
    default: out += "NULL";
  }
}

}  // namespace thalweg::expr
