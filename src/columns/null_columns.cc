#include "columns/null_columns.h"

#include <algorithm>
#include <cstring>

#include "columns/builder.h"
#include "columns/layout.h"

namespace thalweg::columns {

namespace {

// Of a batch of 16-byte values: what a column needs as a rule, so that zeros are made once.
constexpr size_t kFirstZeros = 16 * kBatchRows;

}  // namespace

Column NullColumns::Make(const types::DataType& type, int32_t rows, BufferPool& pool) {
  THALWEG_CHECK(type.id() != types::TypeId::kObject, "an object column has no NULLs");
  const auto count = static_cast<size_t>(rows);
  const auto width = static_cast<size_t>(type.value_width());
  Column column;
  column.type = type;
  column.length = rows;
  column.validity = Zeros(BitmapBytes(rows), pool);
  if (width > 0 || type.id() == types::TypeId::kBoolean)
    column.values = Zeros(std::max(width, size_t{1}) * count, pool);
  const bool lists = HasOffsets(type.id());
  if (lists) column.offsets = Zeros(sizeof(int32_t) * (count + 1), pool);
  for (const types::DataType& child : ChildColumnTypes(type))
    column.children.push_back(Make(child, lists ? 0 : rows, pool));
  return column;
}

const BufferRef& NullColumns::Zeros(size_t bytes, BufferPool& pool) {
  if (zeros_.capacity() < bytes || !zeros_) {
    zeros_ = pool.Allocate(std::max(bytes, kFirstZeros));
    std::memset(zeros_.mutable_data<std::byte>(), 0, zeros_.capacity());
  }
  return zeros_;
}

}  // namespace thalweg::columns
