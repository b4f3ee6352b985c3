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

/// "[1, 2]": an ARRAY's elements, or a ROW's fields.
Status AppendParts(std::string_view text, const types::DataType& type, columns::ColumnBuilder& out) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']')
    return UserError("Not {} between brackets: {}", type.ToString(), text);
  const std::vector<std::string> parts = SplitValues(text.substr(1, text.size() - 2));
  const bool array = type.id() == types::TypeId::kArray;
  if (!array && parts.size() != type.children().size())
    return UserError("{} values for {}: {}", parts.size(), type.ToString(), text);
  for (size_t i = 0; i < parts.size(); ++i)
    THALWEG_TRY(
        AppendValueText(parts[i], type.children()[array ? 0 : i].type, out.child(array ? 0 : static_cast<int>(i))));
  out.CloseRow();
  return {};
}

Status AppendValueText(std::string text, const types::DataType& type, columns::ColumnBuilder& out) {
  if (text == "null") {
    out.AppendNull();
    return {};
  }
  if (type.id() == types::TypeId::kArray || type.id() == types::TypeId::kRow) return AppendParts(text, type, out);
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
