#include "testing/row_harness.h"

#include <utility>

#include "columns/format.h"
#include "columns/key_encoder.h"
#include "sql/parser.h"
#include "sql/to_data_type.h"
#include "testing/row_text.h"

namespace thalweg::testing {
namespace {

constexpr size_t kKindLength = 2;

}  // namespace

types::Schema ParseSchema(std::string_view columns) {
  auto spec = sql::ParseType("ROW<" + std::string(columns) + ">");
  THALWEG_CHECK(spec.ok(), "{}", spec.status().ToString());
  auto type = sql::ToDataType(**spec);
  THALWEG_CHECK(type.ok(), "{}", type.status().ToString());
  return types::Schema(type->children());
}

void AppendRowText(std::string_view text, const types::Schema& schema, columns::BatchBuilder& out) {
  const Status status = ParseRowText(text, schema, out);
  THALWEG_CHECK(status.ok(), "{}", status.ToString());
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
