#include "columns/record_convert.h"

#include <algorithm>

#include "columns/gather.h"

namespace thalweg::columns::internal {

using types::DataType;
using types::TypeId;

bool SameStorage(const DataType& from, const DataType& to) {
  if (from.id() != to.id()) return false;
  switch (from.id()) {
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return from.value_width() == to.value_width();
    case TypeId::kDecimal: return from.scale() == to.scale() && from.precision() <= to.precision();
    case TypeId::kObject: return from == to;
    default: break;
  }
  if (from.children().size() != to.children().size()) return false;
  for (size_t i = 0; i < from.children().size(); ++i) {
    if (from.id() == TypeId::kRow && from.children()[i].name != to.children()[i].name) return false;
    if (!SameStorage(from.children()[i].type, to.children()[i].type)) return false;
  }
  return true;
}

Batch WithoutRows(Batch batch, std::vector<UnfitRow>& unfit, BufferPool& pool) {
  std::stable_sort(unfit.begin(), unfit.end(), [](const UnfitRow& a, const UnfitRow& b) { return a.row < b.row; });
  auto same_row = [](const UnfitRow& a, const UnfitRow& b) { return a.row == b.row; };
  unfit.erase(std::unique(unfit.begin(), unfit.end(), same_row), unfit.end());
  std::vector<int32_t> left;
  auto next = unfit.begin();
  for (int32_t row = 0; row < batch.rows(); ++row)
    if (next != unfit.end() && next->row == row)
      ++next;
    else
      left.push_back(row);
  return Compact(std::move(batch), left.data(), static_cast<int32_t>(left.size()), pool);
}

Status MissingColumn(std::string_view record, std::string_view field, const types::Schema& schema) {
  std::string names;
  for (const types::Field& column : schema.fields()) names += (names.empty() ? "" : ", ") + column.name;
  return UserError("No column for a field that is not optional: '{}' of record {}; columns: {}", field, record, names);
}

Status MismatchedColumn(std::string_view record, std::string_view field, const DataType& wanted,
                        const DataType& found) {
  return UserError("A column's type does not fit the field: '{}' of record {} takes {}, the column is {}", field,
                   record, wanted.ToString(), found.ToString());
}

}  // namespace thalweg::columns::internal
