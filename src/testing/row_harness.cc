#include "testing/row_harness.h"

#include <utility>

#include "columns/format.h"
#include "columns/key_encoder.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "sql/parser.h"
#include "sql/to_data_type.h"
#include "types/scalar_text.h"

namespace thalweg::testing {
namespace {

constexpr size_t kKindLength = 2;

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

void AppendValueText(std::string text, const types::DataType& type, columns::ColumnBuilder& out) {
  if (text == "null") return out.AppendNull();
  if (type.id() == types::TypeId::kArray || type.id() == types::TypeId::kRow) {
    const std::vector<std::string> parts = SplitValues(std::string_view(text).substr(1, text.size() - 2));
    for (size_t i = 0; i < parts.size(); ++i) {
      const bool array = type.id() == types::TypeId::kArray;
      AppendValueText(parts[i], type.children()[array ? 0 : i].type, out.child(array ? 0 : static_cast<int>(i)));
    }
    return out.CloseRow();
  }
  int64_t number = 0;
  if (HasTimestamp(type) && type.precision() <= 3 && types::ParseInt64(text, &number)) return out.Append(number);
  if (HasTimestamp(type)) {
    if (const size_t t = text.find('T'); t != std::string::npos) text[t] = ' ';
    if (text.ends_with("Z")) text.pop_back();
  }
  auto cast = expr::Cast(expr::Expression::Literal(expr::Value::String(text)), type.WithNullable(true));
  THALWEG_CHECK(cast.ok(), "{}", cast.status().ToString());
  columns::BufferPool pool;
  auto value = expr::EvaluateConstant(*cast, {.pool = pool});
  THALWEG_CHECK(value.ok(), "{}", value.status().ToString());
  value->AppendTo(out);
}

types::RowKind KindOf(std::string_view text) {
  for (auto kind :
       {types::RowKind::kInsert, types::RowKind::kUpdateBefore, types::RowKind::kUpdateAfter, types::RowKind::kDelete})
    if (text.starts_with(types::RowKindText(kind))) return kind;
  return types::RowKind::kInsert;
}

}  // namespace

types::Schema ParseSchema(std::string_view columns) {
  auto spec = sql::ParseType("ROW<" + std::string(columns) + ">");
  THALWEG_CHECK(spec.ok(), "{}", spec.status().ToString());
  auto type = sql::ToDataType(**spec);
  THALWEG_CHECK(type.ok(), "{}", type.status().ToString());
  return types::Schema(type->children());
}

void AppendRowText(std::string_view text, const types::Schema& schema, columns::BatchBuilder& out) {
  const types::RowKind kind = KindOf(text);
  const size_t open = text.find('[');
  THALWEG_CHECK(open != std::string_view::npos && text.back() == ']', "Not a row: {}", text);
  const std::vector<std::string> values = SplitValues(text.substr(open + 1, text.size() - open - 2));
  THALWEG_CHECK(static_cast<int>(values.size()) == schema.size(), "{} values for {}: {}", values.size(),
                schema.ToString(), text);
  for (int i = 0; i < schema.size(); ++i)
    AppendValueText(values[static_cast<size_t>(i)], schema.field(i).type, out.column(i));
  out.FinishRow(columns::kNoTime, kind);
}

RowHarness::RowHarness(flow::OperatorFactory factory, std::string payload) {
  script_.make = [factory = std::move(factory), payload = std::move(payload)] {
    graph::Node node;
    node.name = "operator";
    node.payload = payload;
    return factory(node);
  };
}

RowHarness& RowHarness::Input(std::string_view columns, std::vector<int> key_columns) {
  script_.keyed = script_.keyed || !key_columns.empty();
  inputs_.push_back({ParseSchema(columns), std::move(key_columns)});
  return *this;
}

RowHarness& RowHarness::Output(std::string_view columns) {
  const types::Schema schema = ParseSchema(columns);
  script_.ports[outputs_++] = [schema](const columns::Batch& batch, int32_t row) {
    THALWEG_CHECK(batch.num_columns() == schema.size(), "{} columns instead of {}", batch.num_columns(),
                  schema.ToString());
    for (int i = 0; i < schema.size(); ++i)
      THALWEG_CHECK(batch.column(i).type.WithNullable(true) == schema.field(i).type.WithNullable(true),
                    "Column {} is {}", schema.field(i).name, batch.column(i).type.ToString());
    return columns::RowText(batch, row).substr(kKindLength);
  };
  return *this;
}

RowHarness& RowHarness::RowsOn(int input, std::vector<std::string> rows) {
  const InputColumns& columns = inputs_.at(static_cast<size_t>(input));
  Step step{.kind = Step::Kind::kRows, .input = input, .count = static_cast<int32_t>(rows.size())};
  step.make = [columns, keyed = script_.keyed, rows = std::move(rows)](columns::BufferPool& pool, int32_t from,
                                                                       int32_t to) {
    columns::BatchBuilder builder(columns.schema, pool, to - from);
    for (int32_t i = from; i < to; ++i) AppendRowText(rows[static_cast<size_t>(i)], columns.schema, builder);
    columns::Batch batch = builder.Take();
    if (!keyed) return batch;
    std::vector<types::DataType> types;
    for (int column : columns.key_columns) types.push_back(columns.schema.field(column).type);
    columns::KeyEncoder(types, columns.key_columns).FillHashes(batch, pool);
    return batch;
  };
  return Do(std::move(step));
}

RowHarness& RowHarness::ExpectOn(int port, std::vector<std::string> rows) {
  Step step{.kind = Step::Kind::kExpect, .port = port};
  for (const std::string& row : rows) {
    const bool insert = row.starts_with(types::RowKindText(types::RowKind::kInsert));
    step.rows.push_back({insert ? row.substr(kKindLength) : row, std::nullopt});
  }
  return Do(std::move(step));
}

RowHarness& RowHarness::ExpectWatermarks(std::vector<int64_t> times) {
  script_.ports[kWatermarkPort] = [](const columns::Batch&, int32_t) { return std::string(); };
  Step step{.kind = Step::Kind::kExpect, .port = kWatermarkPort};
  for (int64_t time : times) step.rows.push_back({std::to_string(time), std::nullopt});
  step.in_order = true;
  return Do(std::move(step));
}

std::vector<std::string> RowHarness::Faults() {
  done_ = true;
  return RunScript(script_);
}

}  // namespace thalweg::testing
