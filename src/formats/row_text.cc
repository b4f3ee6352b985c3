#include "formats/row_text.h"

#include "formats/column_read.h"

namespace thalweg::formats {
namespace {

using types::TypeId;

void AppendElements(const columns::Column& column, int32_t row, std::string* out) {
  const auto* offsets = column.offsets.data<int32_t>();
  bool pairs = column.type.id() != TypeId::kArray;
  out->push_back(pairs ? '{' : '[');
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) out->append(", ");
    AppendValueText(column.children[0], i, out);
    if (!pairs) continue;
    out->push_back('=');
    AppendValueText(column.children[1], i, out);
  }
  out->push_back(pairs ? '}' : ']');
}

void AppendBytes(std::string_view bytes, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i) out->append(", ");
    AppendInt(static_cast<signed char>(bytes[i]), out);
  }
  out->push_back(']');
}

}  // namespace

void AppendValueText(const columns::Column& column, int32_t row, std::string* out) {
  if (column.type.id() == TypeId::kNull || column.IsNull(row)) return void(out->append("null"));
  switch (column.type.id()) {
    case TypeId::kBoolean: out->append(column.Bool(row) ? "true" : "false"); break;
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt:
    case TypeId::kBigInt:
    case TypeId::kIntervalYearMonth:
    case TypeId::kIntervalDayTime: AppendInt(IntegerAt(column, row), out); break;
    case TypeId::kFloat: AppendFloat(column.data<float>()[row], out); break;
    case TypeId::kDouble: AppendDouble(column.data<double>()[row], out); break;
    case TypeId::kDecimal: AppendDecimalScientific(DecimalAt(column, row), column.type.scale(), out); break;
    case TypeId::kString: out->append(column.String(row)); break;
    case TypeId::kBinary: AppendBytes(column.String(row), out); break;
    case TypeId::kDate: AppendDate(column.data<int32_t>()[row], out); break;
    case TypeId::kTime: {
      AppendJavaTime(column.data<int32_t>()[row], out);
      break;
    }
    case TypeId::kTimestamp: AppendJavaTimestamp(TimestampAt(column, row), false, out); break;
    case TypeId::kTimestampLtz: AppendJavaTimestamp(TimestampAt(column, row), true, out); break;
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset: AppendElements(column, row, out); break;
    case TypeId::kRow:
      out->append("+I[");
      for (size_t i = 0; i < column.children.size(); ++i) {
        if (i) out->append(", ");
        AppendValueText(column.children[i], row, out);
      }
      out->push_back(']');
      break;
    default: out->push_back('?');
  }
}

void AppendRowText(const columns::Batch& batch, int32_t row, std::string* out) {
  out->append(types::RowKindText(batch.kind(row)));
  out->push_back('[');
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (i) out->append(", ");
    AppendValueText(batch.column(i), row, out);
  }
  out->push_back(']');
}

}  // namespace thalweg::formats
