#include "expr/json_text.h"

#include <cmath>
#include <map>

#include "expr/cell_text.h"
#include "expr/rows.h"
#include "types/scalar_text.h"
#include "types/text.h"

namespace thalweg::expr {

using columns::Column;
using types::TypeId;

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        else
          out += c;
    }
  }
  out += '"';
}

namespace {

void AppendObject(const std::map<std::string, std::string>& members, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& [name, value] : members) {
    if (!first) out += ',';
    first = false;
    AppendJsonString(name, out);
    out += ':';
    out += value;
  }
  out += '}';
}

void AppendRow(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  std::map<std::string, std::string> members;
  for (size_t c = 0; c < column.children.size(); ++c)
    AppendJsonCell(column.children[c], row, zone, members[column.type.children()[c].name]);
  AppendObject(members, out);
}

void AppendMap(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  std::map<std::string, std::string> members;
  const auto* offsets = column.offsets.data<int32_t>();
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    std::string name;
    if (!column.children[0].IsNull(i)) AppendSqlText(column.children[0], i, zone, name);
    std::string value;
    AppendJsonCell(column.children[1], i, zone, value);
    members[name] = std::move(value);
  }
  AppendObject(members, out);
}

void AppendArray(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  const auto* offsets = column.offsets.data<int32_t>();
  out += '[';
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) out += ',';
    AppendJsonCell(column.children[0], i, zone, out);
  }
  out += ']';
}

}  // namespace

void AppendJsonCell(const Column& column, int32_t row, const Zone& zone, std::string& out) {
  if (column.type.id() == TypeId::kNull || column.IsNull(row)) return void(out += "null");
  std::string text;
  switch (column.type.id()) {
    case TypeId::kBoolean: out += column.Bool(row) ? "true" : "false"; return;
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt:
    case TypeId::kBigInt:
    case TypeId::kDecimal: return AppendSqlText(column, row, zone, out);
    case TypeId::kFloat:
    case TypeId::kDouble: {
      AppendSqlText(column, row, zone, text);
      const double value = column.type.id() == TypeId::kFloat ? column.data<float>()[row] : column.data<double>()[row];
      out += std::isfinite(value) ? text : "\"" + text + "\"";
      return;
    }
    case TypeId::kBinary: types::AppendBase64(column.String(row), &text); return AppendJsonString(text, out);
    case TypeId::kTimestamp: {
      const auto value = ReadAs<types::TimestampValue>(column, row);
      types::AppendTimestamp(value, types::TimestampStandard::kIso8601, false, &text);
      return AppendJsonString(text, out);
    }
    case TypeId::kTimestampLtz: {
      const auto value = ReadAs<types::TimestampValue>(column, row);
      types::AppendTimestamp(value, types::TimestampStandard::kIso8601, true, &text);
      return AppendJsonString(text, out);
    }
    case TypeId::kRow: return AppendRow(column, row, zone, out);
    case TypeId::kMap:
    case TypeId::kMultiset: return AppendMap(column, row, zone, out);
    case TypeId::kArray: return AppendArray(column, row, zone, out);
    default: AppendSqlText(column, row, zone, text); AppendJsonString(text, out);
  }
}

}  // namespace thalweg::expr
