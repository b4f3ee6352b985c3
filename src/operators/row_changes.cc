#include "operators/row_changes.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "columns/key_encoder.h"

namespace thalweg::operators {

using types::RowKind;

bool CellsEqual(const columns::Column& column, int32_t a, int32_t b) {
  const bool null = column.IsNull(a);
  if (null || column.IsNull(b)) return null == column.IsNull(b);
  if (column.type.id() == types::TypeId::kBoolean) return column.Bool(a) == column.Bool(b);
  if (column.type.is_variable()) return column.String(a) == column.String(b);
  if (const auto width = static_cast<size_t>(column.type.value_width()); width > 0) {
    const auto* values = column.data<std::byte>();
    return std::memcmp(values + static_cast<size_t>(a) * width, values + static_cast<size_t>(b) * width, width) == 0;
  }
  std::string x, y;
  columns::AppendCellValue(column, a, x);
  columns::AppendCellValue(column, b, y);
  return x == y;
}

namespace {

template <typename T>
void AppendKeys(const columns::Column& column, std::span<const int32_t> rows, columns::ColumnBuilder& out) {
  for (int32_t row : rows) {
    if (column.IsNull(row)) {
      out.AppendNull();
      continue;
    }
    const T value = column.data<T>()[row];
    out.Append(value == 0 ? T{0} : value);
  }
}

/// Equal values may be written in two ways: 0 and -0, and maps in any order.
bool HasTwins(const types::DataType& type) {
  switch (type.id()) {
    case types::TypeId::kFloat:
    case types::TypeId::kDouble:
    case types::TypeId::kMap:
    case types::TypeId::kMultiset: return true;
    default:
      return std::ranges::any_of(type.children(), [](const types::Field& child) { return HasTwins(child.type); });
  }
}

void AppendNestedKeys(const columns::Column& column, std::span<const int32_t> rows, columns::ColumnBuilder& out) {
  if (!HasTwins(column.type)) return out.AppendRows(column, rows.data(), static_cast<int32_t>(rows.size()));
  std::string key;
  for (int32_t row : rows) {
    key.clear();
    columns::AppendCellKey(column, row, key);
    types::KeyReader in(key);
    columns::ReadCellKey(in, out);
  }
}

// Equal values are one key: each row of the group shows the same one of them, so that what takes a row back is that row.
void AppendKeyColumn(const columns::Column& column, std::span<const int32_t> rows, columns::ColumnBuilder& out) {
  switch (column.type.id()) {
    case types::TypeId::kFloat: return AppendKeys<float>(column, rows, out);
    case types::TypeId::kDouble: return AppendKeys<double>(column, rows, out);
    case types::TypeId::kArray:
    case types::TypeId::kMap:
    case types::TypeId::kMultiset:
    case types::TypeId::kRow: return AppendNestedKeys(column, rows, out);
    default: out.AppendRows(column, rows.data(), static_cast<int32_t>(rows.size()));
  }
}

}  // namespace

void RowChanges::Start(const std::vector<types::DataType>& types, columns::BufferPool& pool) {
  builders_.clear();
  for (const types::DataType& type : types) builders_.emplace_back(type, pool);
}

bool RowChanges::IsEqual(int32_t before, int32_t after) const {
  for (const columns::Column& column : results_)
    if (!CellsEqual(column, before, after)) return false;
  return true;
}

template <typename Before, typename After>
void RowChanges::Select(std::span<const int32_t> rows, std::span<const Change> kinds, EmitOptions options,
                        Before before, After after) {
  selected_ = 0;
  if (const size_t most = 2 * rows.size(); kinds_.size() < most) {
    key_rows_.resize(most);
    result_rows_.resize(most);
    kinds_.resize(most);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    switch (kinds[i]) {
      case Change::kNone: break;
      case Change::kInsert: Add(rows[i], after(i), RowKind::kInsert); break;
      case Change::kDelete: Add(rows[i], before(i), RowKind::kDelete); break;
      case Change::kUpdate:
        if (!options.equal_too && IsEqual(before(i), after(i))) break;
        if (options.update_before) Add(rows[i], before(i), RowKind::kUpdateBefore);
        Add(rows[i], after(i), RowKind::kUpdateAfter);
        break;
    }
  }
}

void RowChanges::Emit(const columns::Batch& batch, const std::vector<int>& keys, std::span<const int32_t> rows,
                      std::span<const Change> kinds, EmitOptions options, RowOutput& out) {
  EndResults();
  Select(
      rows, kinds, options, [](size_t i) { return static_cast<int32_t>(2 * i); },
      [](size_t i) { return static_cast<int32_t>(2 * i + 1); });
  Send(batch, keys, out);
}

void RowChanges::EndResults() {
  results_.clear();
  for (columns::ColumnBuilder& builder : builders_) results_.push_back(builder.Take());
}

void RowChanges::EmitPlaced(const columns::Batch& batch, const std::vector<int>& keys, std::span<const int32_t> rows,
                            std::span<const Change> kinds, const Places& places, EmitOptions options, RowOutput& out) {
  Select(rows, kinds, options, [&](size_t i) { return places.before[i]; }, [&](size_t i) { return places.after[i]; });
  Send(batch, keys, out);
}

// Column by column, as many rows as the output batch has room for.
void RowChanges::Send(const columns::Batch& batch, const std::vector<int>& keys, RowOutput& out) {
  const auto total = static_cast<int32_t>(selected_);
  for (int32_t from = 0; from < total;) {
    const int32_t count = std::min(total - from, out.row().room());
    int column = 0;
    const std::span<const int32_t> some(key_rows_.data() + from, static_cast<size_t>(count));
    for (int key : keys) AppendKeyColumn(batch.column(key), some, out.column(column++));
    for (const columns::Column& result : results_)
      out.column(column++).AppendRows(result, result_rows_.data() + from, count);
    for (int32_t i = 0; i < count; ++i) out.FinishRow(kinds_[static_cast<size_t>(from + i)]);
    from += count;
  }
}

}  // namespace thalweg::operators
