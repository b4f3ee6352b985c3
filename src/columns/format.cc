#include "columns/format.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "types/text.h"

namespace thalweg::columns {

using types::TypeId;

namespace {

void AppendDecimalText(__int128 unscaled, int scale, std::string& out) {
  auto magnitude = static_cast<unsigned __int128>(unscaled);
  if (unscaled < 0) {
    out += '-';
    magnitude = -magnitude;
  }
  std::string digits;
  do digits += static_cast<char>('0' + static_cast<int>(magnitude % 10));
  while (magnitude /= 10);
  if (digits.size() <= static_cast<size_t>(scale)) digits.append(static_cast<size_t>(scale) + 1 - digits.size(), '0');
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  out += digits;
}

/// Java's Period of months: "P1Y2M", "P0D".
void AppendPeriodText(int32_t months, std::string& out) {
  out += 'P';
  if (months / 12) out += fmt::format("{}Y", months / 12);
  if (months % 12) out += fmt::format("{}M", months % 12);
  if (months == 0) out += "0D";
}

/// Java's Duration of milliseconds: "PT26H3M0.5S", "PT0S", "PT-1.5S".
void AppendDurationText(int64_t millis, std::string& out) {
  out += "PT";
  int64_t hours = millis / 3'600'000, minutes = millis / 60'000 % 60, rest = millis % 60'000;
  if (hours) out += fmt::format("{}H", hours);
  if (minutes) out += fmt::format("{}M", minutes);
  if (rest == 0) {
    if (millis == 0) out += "0S";
    return;
  }
  std::string fraction = rest % 1000 ? fmt::format(".{:03}", std::abs(rest % 1000)) : "";
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  out += fmt::format("{}{}{}S", rest < 0 ? "-" : "", std::abs(rest / 1000), fraction);
}

void AppendTimestampText(const Column& column, int32_t row, std::string& out) {
  types::TimestampValue value;
  if (column.type.precision() <= 3)
    value.millis = column.data<int64_t>()[row];
  else
    value = column.data<types::TimestampValue>()[row];
  if (column.type.id() == TypeId::kTimestamp)
    types::AppendLocalDateTimeText(value.millis, value.nanos, out);
  else
    types::AppendInstantText(value.millis, value.nanos, out);
}

void AppendListText(const Column& column, int32_t row, std::string& out) {
  bool entries = column.type.id() != TypeId::kArray;
  const auto* offsets = column.offsets.data<int32_t>();
  out += entries ? '{' : '[';
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) out += ", ";
    AppendCellText(column.children[0], i, out);
    if (!entries) continue;
    out += '=';
    AppendCellText(column.children[1], i, out);
  }
  out += entries ? '}' : ']';
}

void AppendBytesText(std::string_view bytes, std::string& out) {
  out += '[';
  for (size_t i = 0; i < bytes.size(); ++i)
    out += fmt::format("{}{}", i ? ", " : "", static_cast<int>(static_cast<signed char>(bytes[i])));
  out += ']';
}

}  // namespace

void AppendCellText(const Column& column, int32_t row, std::string& out) {
  if (column.type.id() == TypeId::kNull || column.IsNull(row)) return void(out += "null");
  switch (column.type.id()) {
    case TypeId::kNull: return;
    case TypeId::kBoolean: return types::AppendText(column.Bool(row), out);
    case TypeId::kTinyInt: return types::AppendText(column.data<int8_t>()[row], out);
    case TypeId::kSmallInt: return types::AppendText(column.data<int16_t>()[row], out);
    case TypeId::kInt: return types::AppendText(column.data<int32_t>()[row], out);
    case TypeId::kBigInt: return types::AppendText(column.data<int64_t>()[row], out);
    case TypeId::kFloat: return types::AppendFloatText(column.data<float>()[row], out);
    case TypeId::kDouble: return types::AppendDoubleText(column.data<double>()[row], out);
    case TypeId::kDecimal: return AppendDecimalText(column.data<__int128>()[row], column.type.scale(), out);
    case TypeId::kString: return void(out += column.String(row));
    case TypeId::kBinary: return AppendBytesText(column.String(row), out);
    case TypeId::kDate: return types::AppendDateText(column.data<int32_t>()[row], out);
    case TypeId::kTime: return types::AppendTimeText(column.data<int32_t>()[row], out);
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return AppendTimestampText(column, row, out);
    case TypeId::kIntervalYearMonth: return AppendPeriodText(column.data<int32_t>()[row], out);
    case TypeId::kIntervalDayTime: return AppendDurationText(column.data<int64_t>()[row], out);
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset: return AppendListText(column, row, out);
    case TypeId::kRow:
      out += "+I[";
      for (size_t c = 0; c < column.children.size(); ++c) {
        if (c) out += ", ";
        AppendCellText(column.children[c], row, out);
      }
      out += ']';
      return;
    case TypeId::kObject: out += column.type.ToString();
  }
}

std::string RowText(const Batch& batch, int32_t row) {
  std::string text(types::RowKindText(batch.kind(row)));
  text += '[';
  for (int c = 0; c < batch.num_columns(); ++c) {
    if (c) text += ", ";
    AppendCellText(batch.column(c), row, text);
  }
  return text + ']';
}

}  // namespace thalweg::columns
