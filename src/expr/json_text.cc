#include "expr/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
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

/// As `new BigDecimal(Double.toString(value)).toString()` writes it, which is what Flink's JSON functions come to: 1.5, 12345678, 1.0E+7, 0.000010.
/// NaN and infinities are strings.
void AppendNumber(double value, std::string& out) {
  std::string text;
  types::AppendDoubleText(value == 0 ? 0.0 : value, text);  // -0.0 is 0.0
  if (!std::isfinite(value)) return AppendJsonString(text, out);
  const size_t e = text.find('E');
  if (e == std::string::npos) return void(out += text);

  const size_t sign = text[0] == '-' ? 1 : 0;
  const std::string digits = text[sign] + text.substr(sign + 2, e - sign - 2);  // of "d.dddE"
  const auto size = static_cast<int>(digits.size());
  const int exponent = std::stoi(text.substr(e + 1));
  const int scale = size - 1 - exponent;  // digits behind the point
  out.append(text, 0, sign);
  if (scale < 0 || exponent < -6) {
    fmt::format_to(std::back_inserter(out), "{}.{}E{:+}", digits[0], std::string_view(digits).substr(1), exponent);
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
  } else {
    const auto whole = static_cast<size_t>(exponent) + 1;
    out.append(digits, 0, whole);
    if (scale > 0) out.append(".").append(digits, whole);
  }
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
    case TypeId::kFloat: return AppendNumber(column.data<float>()[row], out);
    case TypeId::kDouble: return AppendNumber(column.data<double>()[row], out);
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
