#include "testing/row_text.h"

#include <string>
#include <utility>
#include <vector>

#include "expr/evaluator.h"
#include "expr/functions.h"
#include "types/scalar_text.h"

namespace thalweg::testing {
namespace {

/// The parts of "a, [1, 2], b" at the top level.
std::vector<std::string> SplitValues(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  int depth = 0;
  std::string part;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    depth += (c == '[' || c == '{' || c == '(') - (c == ']' || c == '}' || c == ')');
    if (c == ',' && depth == 0) {
      parts.push_back(std::exchange(part, {}));
      if (i + 1 < text.size() && text[i + 1] == ' ') ++i;
      continue;
    }
    part += c;
  }
  parts.push_back(part);
  return parts;
}

bool HasTimestamp(const types::DataType& type) {
  return type.id() == types::TypeId::kTimestamp || type.id() == types::TypeId::kTimestampLtz;
}

Status AppendValueText(std::string text, const types::DataType& type, columns::ColumnBuilder& out);

/// What stands between the outer brackets of "[1, 2]", "{a=1}".
Result<std::string_view> InsideBrackets(std::string_view text, char open, char close, const types::DataType& type) {
  if (text.size() < 2 || text.front() != open || text.back() != close)
    return UserError("Not {} between {} and {}: {}", type.ToString(), open, close, text);
  return text.substr(1, text.size() - 2);
}

/// "[1, 2]": an ARRAY's elements, or a ROW's fields; a ROW may have its kind in front.
Status AppendParts(std::string_view text, const types::DataType& type, columns::ColumnBuilder& out) {
  const bool array = type.id() == types::TypeId::kArray;
  if (!array && text.starts_with("+I[")) text.remove_prefix(2);
  THALWEG_ASSIGN(const std::string_view inside, InsideBrackets(text, '[', ']', type));
  const std::vector<std::string> parts = SplitValues(inside);
  if (!array && parts.size() != type.children().size())
    return UserError("{} values for {}: {}", parts.size(), type.ToString(), text);
  for (size_t i = 0; i < parts.size(); ++i)
    THALWEG_TRY(
        AppendValueText(parts[i], type.children()[array ? 0 : i].type, out.child(array ? 0 : static_cast<int>(i))));
  out.CloseRow();
  return {};
}

/// "{a=1, b=2}": keys and values of a MAP, elements and counts of a MULTISET.
Status AppendEntries(std::string_view text, const types::DataType& type, columns::ColumnBuilder& out) {
  THALWEG_ASSIGN(const std::string_view inside, InsideBrackets(text, '{', '}', type));
  const bool map = type.id() == types::TypeId::kMap;
  for (const std::string& entry : SplitValues(inside)) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos) return UserError("Not a key = value of {}: {}", type.ToString(), entry);
    THALWEG_TRY(AppendValueText(entry.substr(0, equals), type.children()[0].type, out.child(0)));
    THALWEG_TRY(AppendValueText(entry.substr(equals + 1),
                                map ? type.children()[1].type : types::DataType(types::TypeId::kInt), out.child(1)));
  }
  out.CloseRow();
  return {};
}

/// "[1, -2]": bytes as they are printed.
Status AppendByteTexts(std::string_view text, const types::DataType& type, columns::ColumnBuilder& out) {
  THALWEG_ASSIGN(const std::string_view inside, InsideBrackets(text, '[', ']', type));
  std::string bytes;
  for (const std::string& part : SplitValues(inside)) {
    int64_t byte = 0;
    if (!types::ParseInt64(part, &byte) || byte < -128 || byte > 255) return UserError("Not a byte: {}", part);
    bytes += static_cast<char>(byte);
  }
  out.AppendString(bytes);
  return {};
}

Status AppendValueText(std::string text, const types::DataType& type, columns::ColumnBuilder& out) {
  if (text == "null") {
    out.AppendNull();
    return {};
  }
  switch (type.id()) {
    case types::TypeId::kArray:
    case types::TypeId::kRow: return AppendParts(text, type, out);
    case types::TypeId::kMap:
    case types::TypeId::kMultiset: return AppendEntries(text, type, out);
    // As it stands, longer than the type says, too: what a connector reads may be.
    case types::TypeId::kString: out.AppendString(text); return {};
    case types::TypeId::kBinary:
      if (text.starts_with("[")) return AppendByteTexts(text, type, out);
      out.AppendString(text);
      return {};
    default: break;
  }
  int64_t number = 0;
  if (HasTimestamp(type) && type.precision() <= 3 && types::ParseInt64(text, &number)) {
    out.Append(number);
    return {};
  }
  if (HasTimestamp(type)) {
    if (const size_t t = text.find('T'); t != std::string::npos) text[t] = ' ';
    if (text.ends_with("Z")) text.pop_back();
  }
  THALWEG_ASSIGN(expr::Expression cast,
                 expr::Cast(expr::Expression::Literal(expr::Value::String(text)), type.WithNullable(true)));
  columns::BufferPool pool;
  THALWEG_ASSIGN(expr::Value value, expr::EvaluateConstant(cast, {.pool = pool}));
  value.AppendTo(out);
  return {};
}

types::RowKind KindOf(std::string_view text) {
  for (auto kind :
       {types::RowKind::kInsert, types::RowKind::kUpdateBefore, types::RowKind::kUpdateAfter, types::RowKind::kDelete})
    if (text.starts_with(types::RowKindText(kind))) return kind;
  return types::RowKind::kInsert;
}

Status AppendValues(const std::vector<std::string>& values, const types::Schema& schema, columns::BatchBuilder& out) {
  for (int i = 0; i < schema.size(); ++i)
    THALWEG_TRY(AppendValueText(values[static_cast<size_t>(i)], schema.field(i).type, out.column(i))
                    .WithContext(fmt::format("Column {}", schema.field(i).name)));
  return {};
}

}  // namespace

Status ParseRowText(std::string_view text, const types::Schema& schema, columns::BatchBuilder& out) {
  const types::RowKind kind = KindOf(text);
  const size_t open = text.find('[');
  if (open == std::string_view::npos || text.back() != ']') return UserError("Not a row: {}", text);
  const std::vector<std::string> values = SplitValues(text.substr(open + 1, text.size() - open - 2));
  if (static_cast<int>(values.size()) != schema.size())
    return UserError("{} values for {}: {}", values.size(), schema.ToString(), text);
  if (Status status = AppendValues(values, schema, out); !status.ok()) {
    out.Rollback(out.rows());
    return status;
  }
  out.FinishRow(columns::kNoTime, kind);
  return {};
}

}  // namespace thalweg::testing
