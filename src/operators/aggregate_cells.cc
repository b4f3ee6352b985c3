#include "operators/aggregate_cells.h"

#include "columns/key_encoder.h"
#include "expr/decimal.h"

namespace thalweg::operators {

using types::TypeId;

double NumberAsDouble(const columns::Column& column, int32_t row) {
  switch (column.type.id()) {
    case TypeId::kTinyInt: return column.data<int8_t>()[row];
    case TypeId::kSmallInt: return column.data<int16_t>()[row];
    case TypeId::kInt: return column.data<int32_t>()[row];
    case TypeId::kBigInt: return static_cast<double>(column.data<int64_t>()[row]);
    case TypeId::kFloat: return static_cast<double>(column.data<float>()[row]);
    case TypeId::kDouble: return column.data<double>()[row];
    default: return expr::DecimalToDouble(column.data<__int128>()[row], column.type.scale());
  }
}

std::string CellBytes(const columns::Column& column, int32_t row) {
  std::string bytes;
  columns::AppendCellKey(column, row, bytes);
  return bytes;
}

void AppendCellBytes(const std::string& bytes, columns::ColumnBuilder& out) {
  types::KeyReader in(bytes);
  columns::ReadCellKey(in, out);
}

namespace {

void Change(CountedCells::State& state, const std::string& value, int64_t by) {
  const auto at = state.try_emplace(value, 0).first;
  at->second += by;
  if (at->second == 0) state.erase(at);
}

}  // namespace

void CountedCells::ChangeAt(State& state, int32_t row, int64_t by) const {
  if (!column->IsNull(row)) Change(state, CellBytes(*column, row), by);
}

void CountedCells::Merge(State& into, const State& from) const {
  for (const auto& [value, count] : from) Change(into, value, count);
}

}  // namespace thalweg::operators
