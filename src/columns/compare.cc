#include "columns/compare.h"

#include <fmt/format.h>

#include "columns/format.h"
#include "columns/key_encoder.h"

namespace thalweg::columns {
namespace {

std::string CellsOf(const Batch& batch, int32_t row) {
  std::string bytes;
  for (int c = 0; c < batch.num_columns(); ++c) AppendCellKey(batch.column(c), row, bytes);
  return bytes;
}

std::string Describe(const Batch& batch, int32_t row) {
  return fmt::format("{} at {}", RowText(batch, row),
                     batch.time(row) == kNoTime ? "no time" : std::to_string(batch.time(row)));
}

}  // namespace

bool RowsEqual(const Batch& a, int32_t a_row, const Batch& b, int32_t b_row) {
  return a.kind(a_row) == b.kind(b_row) && a.time(a_row) == b.time(b_row) && a.num_columns() == b.num_columns() &&
         CellsOf(a, a_row) == CellsOf(b, b_row);
}

std::string FirstDifference(const Batch& a, const Batch& b) {
  if (a.rows() != b.rows()) return fmt::format("{} rows against {}", a.rows(), b.rows());
  if (a.rows() == 0) return {};
  if (a.num_columns() != b.num_columns()) return fmt::format("{} columns against {}", a.num_columns(), b.num_columns());
  for (int c = 0; c < a.num_columns(); ++c)
    if (!(a.column(c).type.WithNullable(true) == b.column(c).type.WithNullable(true)))
      return fmt::format("column {}: {} against {}", c, a.column(c).type.ToString(), b.column(c).type.ToString());
  for (int32_t row = 0; row < a.rows(); ++row)
    if (!RowsEqual(a, row, b, row))
      return fmt::format("row {}: {} against {}", row, Describe(a, row), Describe(b, row));
  return {};
}

}  // namespace thalweg::columns
