#include "columns/gather.h"

#include <bit>
#include <cstring>
#include <numeric>

#include "columns/builder.h"

namespace thalweg::columns {

using types::TypeId;

namespace {

template <typename T>
void CompactFixed(BufferRef& buffer, const int32_t* rows, int32_t n) {
  T* values = buffer.mutable_data<T>();
  for (int32_t i = 0; i < n; ++i) values[i] = values[rows[i]];
}

struct Wide {
  uint64_t low, high;
};

void CompactObjects(Column& column, const int32_t* rows, int32_t n) {
  const types::ObjectType& object = column.type.object();
  auto* data = column.values.mutable_data<std::byte>();
  auto at = [&](int32_t row) { return data + static_cast<size_t>(row) * object.size; };
  for (int32_t i = 0; i < n; ++i) {
    if (rows[i] == i) continue;
    if (object.trivial) {
      std::memcpy(at(i), at(rows[i]), object.size);
    } else {
      object.destroy(at(i), 1);
      object.move(at(i), at(rows[i]), 1);
    }
  }
  // Of a slice the buffer may hold more objects than the column has rows.
  if (!object.trivial) object.destroy(at(n), column.values.objects() - static_cast<size_t>(n));
  column.values.SetObjects(&object, static_cast<uint32_t>(n));
}

/// True if the column could be compacted in place.
bool CompactInPlace(Column& column, const int32_t* rows, int32_t n) {
  if (!column.values.sole_owner() || column.validity || !column.children.empty()) return false;
  if (column.type.id() == TypeId::kObject) {
    CompactObjects(column, rows, n);
  } else {
    switch (column.type.value_width()) {
      case 1: CompactFixed<uint8_t>(column.values, rows, n); break;
      case 2: CompactFixed<uint16_t>(column.values, rows, n); break;
      case 4: CompactFixed<uint32_t>(column.values, rows, n); break;
      case 8: CompactFixed<uint64_t>(column.values, rows, n); break;
      case 16: CompactFixed<Wide>(column.values, rows, n); break;
      default: return false;
    }
  }
  column.length = n;
  return true;
}

template <typename T>
void CompactMeta(BufferRef& buffer, const int32_t* rows, int32_t n, BufferPool& pool) {
  if (!buffer) return;
  if (buffer.sole_owner()) return CompactFixed<T>(buffer, rows, n);
  BufferRef copy = pool.Allocate(sizeof(T) * static_cast<size_t>(n));
  for (int32_t i = 0; i < n; ++i) copy.mutable_data<T>()[i] = buffer.data<T>()[rows[i]];
  buffer = std::move(copy);
}

/// Shortens a column to its first `n` rows without touching its buffers.
void Shorten(Column& column, int32_t n) {
  column.length = n;
  if (column.type.id() == TypeId::kRow)
    for (Column& child : column.children) Shorten(child, n);
}

}  // namespace

Batch Gather(const Batch& batch, const int32_t* rows, int32_t n, BufferPool& pool) {
  BatchBuilder builder(pool, n);
  builder.AppendRows(batch, rows, n);
  return builder.Take();
}

Column GatherColumn(const Column& column, const int32_t* rows, int32_t n, BufferPool& pool) {
  const bool shares = !column.heaps.empty() && n >= column.length / 2;
  if (!shares) {
    ColumnBuilder builder(column.type, pool, n);
    builder.AppendRows(column, rows, n);
    return builder.Take();
  }
  Column gathered;
  gathered.type = column.type;
  gathered.length = n;
  gathered.heaps = column.heaps;
  gathered.values = pool.Allocate(sizeof(StringView16) * static_cast<size_t>(n));
  auto* to = gathered.values.mutable_data<StringView16>();
  for (int32_t i = 0; i < n; ++i) to[i] = column.data<StringView16>()[rows[i]];
  if (!column.validity) return gathered;
  const size_t bytes = (static_cast<size_t>(n) + 7) / 8;
  gathered.validity = pool.Allocate(bytes);
  auto* bits = gathered.validity.mutable_data<uint8_t>();
  std::memset(bits, 0, bytes);
  for (int32_t i = 0; i < n; ++i)
    bits[i >> 3] = static_cast<uint8_t>(bits[i >> 3] | !column.IsNull(rows[i]) << (i & 7));
  return gathered;
}

Batch TakeRows(Batch batch, const int32_t* rows, int32_t n, BufferPool& pool) {
  BatchBuilder builder(pool, n);
  builder.TakeRows(batch, rows, n);
  return builder.Take();
}

Batch Compact(Batch batch, const int32_t* rows, int32_t n, BufferPool& pool) {
  if (n == batch.rows()) return batch;
  if (n == 0) return {};
  for (int c = 0; c < batch.num_columns(); ++c) {
    Column& column = batch.column(c);
    if (CompactInPlace(column, rows, n)) continue;
    ColumnBuilder builder(column.type, pool, n);
    builder.TakeRows(column, rows, n);
    column = builder.Take();
  }
  CompactMeta<uint8_t>(batch.kinds(), rows, n, pool);
  CompactMeta<int64_t>(batch.times(), rows, n, pool);
  CompactMeta<uint64_t>(batch.key_hashes(), rows, n, pool);
  batch.set_rows(n);
  return batch;
}

Batch Slice(const Batch& batch, int32_t from, int32_t n, BufferPool& pool) {
  THALWEG_CHECK(from >= 0 && n >= 1 && from + n <= batch.rows(), "rows {}+{} of {}", from, n, batch.rows());
  if (from == 0) {
    Batch slice = batch.Share(pool);
    slice.set_rows(n);
    for (int c = 0; c < slice.num_columns(); ++c) Shorten(slice.column(c), n);
    return slice;
  }
  std::vector<int32_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), from);
  return Gather(batch, rows.data(), n, pool);
}

Batch Concat(std::span<const Batch> batches, BufferPool& pool) {
  int32_t total = 0;
  for (const Batch& batch : batches) total += batch.rows();
  if (total == 0) return {};
  BatchBuilder builder(pool, total);
  for (const Batch& batch : batches) builder.AppendRows(batch, nullptr, batch.rows());
  return builder.Take();
}

int32_t RowsOfBitmap(const uint8_t* bitmap, int32_t bits, int32_t* rows) {
  int32_t count = 0;
  for (int32_t base = 0; base < bits; base += 8) {
    auto byte = static_cast<unsigned>(bitmap[base >> 3]);
    if (bits - base < 8) byte &= (1U << (bits - base)) - 1;
    for (; byte; byte &= byte - 1) rows[count++] = base + std::countr_zero(byte);
  }
  return count;
}

}  // namespace thalweg::columns
