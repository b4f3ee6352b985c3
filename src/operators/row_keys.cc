#include "operators/row_keys.h"

#include "base/hash.h"
#include "columns/key_encoder.h"
#include "types/key_group.h"

namespace thalweg::operators {

using types::TypeId;

// One integer is the commonest key: its bytes and hash are made in registers.
template <typename T>
void RowKeys::LoadIntegers(const T* values, size_t count) {
  constexpr size_t kBytes = 1 + sizeof(T);
  bytes_.clear();
  offsets_.resize(count + 1);
  hashes_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    types::AppendKeyInteger(values[i], bytes_);
    offsets_[i] = static_cast<uint32_t>(i * kBytes);
    hashes_[i] = types::HashKeyInteger(values[i]);
  }
  offsets_[count] = static_cast<uint32_t>(count * kBytes);
}

// As many bytes for each row: they are written by the column.
bool RowKeys::LoadSeveralIntegers(const columns::Batch& batch, size_t count) {
  size_t stride = 0;
  for (int index : columns_) {
    const columns::Column& column = batch.column(index);
    if (column.validity || (column.type.id() != TypeId::kBigInt && column.type.id() != TypeId::kInt)) return false;
    stride += 1 + static_cast<size_t>(column.type.value_width());
  }
  if (stride == 0) return false;
  bytes_.resize(count * stride);
  char* first = bytes_.data();
  for (int index : columns_) {
    const columns::Column& column = batch.column(index);
    const auto write = [&]<typename T>(const T* values) {
      char* at = first;
      for (size_t i = 0; i < count; ++i, at += stride)
        types::PutKeyInteger(values[from_ + static_cast<int32_t>(i)], at);
      first += 1 + sizeof(T);
    };
    column.type.id() == TypeId::kBigInt ? write(column.data<int64_t>()) : write(column.data<int32_t>());
  }
  offsets_.resize(count + 1);
  hashes_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    offsets_[i] = static_cast<uint32_t>(i * stride);
    hashes_[i] = Hash64({bytes_.data() + i * stride, stride});
  }
  offsets_[count] = static_cast<uint32_t>(count * stride);
  return true;
}

void RowKeys::Load(const columns::Batch& batch, int32_t from) {
  from_ = from;
  const auto count = static_cast<size_t>(batch.rows() - from);
  if (columns_.size() == 1 && !batch.column(columns_[0]).validity) {
    const columns::Column& column = batch.column(columns_[0]);
    if (column.type.id() == TypeId::kBigInt) return LoadIntegers(column.data<int64_t>() + from, count);
    if (column.type.id() == TypeId::kInt) return LoadIntegers(column.data<int32_t>() + from, count);
  }
  if (LoadSeveralIntegers(batch, count)) return;
  bytes_.clear();
  offsets_.assign(1, 0);
  hashes_.clear();
  for (int32_t row = from; row < batch.rows(); ++row) {
    const size_t begin = bytes_.size();
    for (int column : columns_) columns::AppendCellKey(batch.column(column), row, bytes_);
    hashes_.push_back(Hash64(std::string_view(bytes_).substr(begin)));
    offsets_.push_back(static_cast<uint32_t>(bytes_.size()));
  }
}

state::KeyView RowKeys::operator[](int32_t row) const {
  const auto i = static_cast<size_t>(row - from_);
  const std::string_view bytes(bytes_.data() + offsets_[i], size_t{offsets_[i + 1]} - offsets_[i]);
  return {bytes, hashes_[i], static_cast<uint16_t>(types::KeyGroupOf(hashes_[i], max_parallelism_))};
}

state::KeyView RowKeys::ViewOf(std::string_view bytes) const {
  const uint64_t hash = Hash64(bytes);
  return {bytes, hash, static_cast<uint16_t>(types::KeyGroupOf(hash, max_parallelism_))};
}

void AppendKeyColumns(std::string_view bytes, columns::BatchBuilder& out, int first, int count) {
  types::KeyReader in(bytes);
  for (int i = 0; i < count; ++i) columns::ReadCellKey(in, out.column(first + i));
  THALWEG_CHECK(!in.failed() && in.AtEnd(), "Key bytes of other types than the operator's");
}

}  // namespace thalweg::operators
