#include "columns/key_encoder.h"

#include "base/hash.h"

namespace thalweg::columns {

using types::TypeId;

namespace {

template <typename T>
void AppendInteger(const Column& column, int32_t row, std::string& out) {
  types::AppendKeyInteger(column.data<T>()[row], out);
}

void AppendTimestamp(const Column& column, int32_t row, std::string& out) {
  if (column.type.precision() <= 3)
    types::AppendKeyInteger(column.data<int64_t>()[row], out);
  else
    types::AppendKeyTimestamp(column.data<types::TimestampValue>()[row], out);
}

void AppendObject(const Column& column, int32_t row, std::string& out) {
  const types::ObjectType& object = column.type.object();
  THALWEG_CHECK(object.encode, "no codec for {}", object.name);
  ByteWriter bytes;
  object.encode(column.data<std::byte>() + static_cast<size_t>(row) * object.size, bytes);
  types::AppendKeyString(bytes.view(), out);
}

enum class Zeros { kOne, kTwo };  // whether -0 is written as +0

template <Zeros kZeros>
void AppendCellBytes(const Column& column, int32_t row, std::string& out);

template <Zeros kZeros, typename T>
void AppendFloat(const Column& column, int32_t row, std::string& out) {
  const T value = column.data<T>()[row];
  if constexpr (kZeros == Zeros::kOne)
    types::AppendKeyFloat(value, out);
  else
    types::internal::AppendKeyBits(types::internal::ExactFloatBits(value), out);
}

template <Zeros kZeros>
void AppendArray(const Column& column, int32_t row, std::string& out) {
  out.push_back(types::kKeyPresent);
  const auto* offsets = column.offsets.data<int32_t>();
  for (int32_t element = offsets[row]; element < offsets[row + 1]; ++element) {
    out.push_back(types::kKeyPresent);
    AppendCellBytes<kZeros>(column.children[0], element, out);
  }
  out.push_back(types::kKeyNull);
}

/// MAP and MULTISET.
template <Zeros kZeros>
void AppendEntries(const Column& column, int32_t row, std::string& out) {
  out.push_back(types::kKeyPresent);
  const auto* offsets = column.offsets.data<int32_t>();
  std::vector<std::string> entries;
  for (int32_t entry = offsets[row]; entry < offsets[row + 1]; ++entry) {
    AppendCellBytes<kZeros>(column.children[0], entry, entries.emplace_back());
    AppendCellBytes<kZeros>(column.children[1], entry, entries.back());
  }
  types::internal::AppendSortedKeys(entries, out);
}

template <Zeros kZeros>
void AppendCellBytes(const Column& column, int32_t row, std::string& out) {
  if (column.IsNull(row)) return types::AppendKeyNull(out);
  switch (column.type.id()) {
    case TypeId::kNull: return types::AppendKeyNull(out);
    case TypeId::kBoolean: return types::AppendKeyBool(column.Bool(row), out);
    case TypeId::kTinyInt: return AppendInteger<int8_t>(column, row, out);
    case TypeId::kSmallInt: return AppendInteger<int16_t>(column, row, out);
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kIntervalYearMonth: return AppendInteger<int32_t>(column, row, out);
    case TypeId::kBigInt:
    case TypeId::kIntervalDayTime: return AppendInteger<int64_t>(column, row, out);
    case TypeId::kFloat: return AppendFloat<kZeros, float>(column, row, out);
    case TypeId::kDouble: return AppendFloat<kZeros, double>(column, row, out);
    case TypeId::kDecimal: return types::AppendKeyDecimal(column.data<__int128>()[row], out);
    case TypeId::kString:
    case TypeId::kBinary: return types::AppendKeyString(column.String(row), out);
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return AppendTimestamp(column, row, out);
    case TypeId::kArray: return AppendArray<kZeros>(column, row, out);
    case TypeId::kMap:
    case TypeId::kMultiset: return AppendEntries<kZeros>(column, row, out);
    case TypeId::kRow:
      out.push_back(types::kKeyPresent);
      for (const Column& child : column.children) AppendCellBytes<kZeros>(child, row, out);
      return;
    case TypeId::kObject: return AppendObject(column, row, out);
  }
}

void ReadList(types::KeyReader& in, ColumnBuilder& out) {
  while (in.More())
    for (int c = 0; c < out.num_children(); ++c) ReadCellKey(in, out.child(c));
  out.CloseRow();
}

void ReadRow(types::KeyReader& in, ColumnBuilder& out) {
  for (int c = 0; c < out.num_children(); ++c) ReadCellKey(in, out.child(c));
  out.CloseRow();
}

/// Behind the tag.
void ReadValue(types::KeyReader& in, ColumnBuilder& out) {
  switch (out.type().id()) {
    case TypeId::kBoolean: return out.AppendBool(in.Bool());
    case TypeId::kTinyInt: return out.Append(in.Integer<int8_t>());
    case TypeId::kSmallInt: return out.Append(in.Integer<int16_t>());
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kIntervalYearMonth: return out.Append(in.Integer<int32_t>());
    case TypeId::kBigInt:
    case TypeId::kIntervalDayTime: return out.Append(in.Integer<int64_t>());
    case TypeId::kFloat: return out.Append(in.Float<float>());
    case TypeId::kDouble: return out.Append(in.Float<double>());
    case TypeId::kDecimal: return out.Append(in.Decimal());
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      if (out.type().precision() <= 3) return out.Append(in.Integer<int64_t>());
      return out.Append(in.Timestamp());
    case TypeId::kString:
    case TypeId::kBinary: {
      std::string value;
      in.String(value);
      return out.AppendString(value);
    }
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset: return ReadList(in, out);
    case TypeId::kRow: return ReadRow(in, out);
    case TypeId::kNull:
    case TypeId::kObject: break;
  }
  in.Fail();
  if (out.type().id() == TypeId::kNull) out.AppendNull();
}

}  // namespace

void AppendCellKey(const Column& column, int32_t row, std::string& out) {
  AppendCellBytes<Zeros::kOne>(column, row, out);
}
void AppendCellValue(const Column& column, int32_t row, std::string& out) {
  AppendCellBytes<Zeros::kTwo>(column, row, out);
}

namespace {

template <typename T>
void EncodeIntegers(const T* values, size_t rows, std::string& bytes, uint32_t* offsets) {
  constexpr size_t kWidth = sizeof(T) + 1;
  if (bytes.size() < rows * kWidth) bytes.resize(rows * kWidth);
  char* out = bytes.data();
  for (size_t i = 0; i < rows; ++i, out += kWidth) {
    auto bits = types::internal::BigEndian(types::internal::SortableBits(values[i]));
    out[0] = types::kKeyPresent;
    std::memcpy(out + 1, &bits, sizeof bits);
    offsets[i] = static_cast<uint32_t>(i * kWidth);
  }
  offsets[rows] = static_cast<uint32_t>(rows * kWidth);
}

}  // namespace

void EncodeKeys(const Batch& batch, int first_column, int32_t from, std::string& bytes,
                std::vector<uint32_t>& offsets) {
  const auto rows = static_cast<size_t>(batch.rows() - from);
  offsets.resize(rows + 1);
  const Column& first = batch.column(first_column);
  if (batch.num_columns() == first_column + 1 && !first.validity) {
    if (first.type.id() == TypeId::kBigInt)
      return EncodeIntegers(first.data<int64_t>() + from, rows, bytes, offsets.data());
    if (first.type.id() == TypeId::kInt)
      return EncodeIntegers(first.data<int32_t>() + from, rows, bytes, offsets.data());
  }
  bytes.clear();
  for (size_t i = 0; i < rows; ++i) {
    offsets[i] = static_cast<uint32_t>(bytes.size());
    for (int column = first_column; column < batch.num_columns(); ++column)
      AppendCellKey(batch.column(column), from + static_cast<int32_t>(i), bytes);
  }
  THALWEG_CHECK(bytes.size() <= UINT32_MAX, "keys of a batch take {} bytes", bytes.size());
  offsets[rows] = static_cast<uint32_t>(bytes.size());
}

void ReadCellKey(types::KeyReader& in, ColumnBuilder& out) {
  if (!in.Present()) {
    // A failed reader still appends something, so that the children of a row stay of one length.
    if (out.type().id() == TypeId::kObject) return in.Fail();
    return out.AppendNull();
  }
  ReadValue(in, out);
}

KeyEncoder::KeyEncoder(const std::vector<types::DataType>& types, std::vector<int> columns)
    : columns_(std::move(columns)) {
  THALWEG_CHECK(types.size() == columns_.size());
  if (types.size() != 1) return;
  switch (types[0].id()) {
    case TypeId::kInt: form_ = Form::kInt; break;
    case TypeId::kBigInt: form_ = Form::kBigInt; break;
    case TypeId::kString: form_ = Form::kString; break;
    default: break;
  }
}

namespace {

template <typename T>
void HashIntegers(const Column& column, uint64_t* hashes) {
  const T* values = column.data<T>();
  for (int32_t row = 0; row < column.length; ++row) hashes[row] = types::HashKeyInteger(values[row]);
}

/// Short strings by a buffer on the stack: appending to a string costs more than hashing it.
void HashStrings(const Column& column, uint64_t* hashes, std::string& scratch) {
  char key[128];
  key[0] = types::kKeyPresent;
  for (int32_t row = 0; row < column.length; ++row) {
    std::string_view value = column.String(row);
    size_t size = value.size();
    if (size + 3 > sizeof(key) || (size && std::memchr(value.data(), 0, size))) {
      scratch.clear();
      types::AppendKeyString(value, scratch);
      hashes[row] = Hash64(scratch);
      continue;
    }
    if (size) std::memcpy(key + 1, value.data(), size);
    key[size + 1] = key[size + 2] = 0;
    hashes[row] = Hash64({key, size + 3});
  }
}

}  // namespace

void KeyEncoder::FillHashes(Batch& batch, BufferPool& pool) {
  int32_t rows = batch.rows();
  BufferRef buffer = pool.Allocate(sizeof(uint64_t) * static_cast<size_t>(rows));
  auto* hashes = buffer.mutable_data<uint64_t>();
  const Column* first = columns_.empty() ? nullptr : &batch.column(columns_[0]);
  if (form_ == Form::kInt && !first->validity) {
    HashIntegers<int32_t>(*first, hashes);
  } else if (form_ == Form::kBigInt && !first->validity) {
    HashIntegers<int64_t>(*first, hashes);
  } else if (form_ == Form::kString && !first->validity) {
    HashStrings(*first, hashes, scratch_);
  } else {
    for (int32_t row = 0; row < rows; ++row) {
      scratch_.clear();
      Encode(batch, row, scratch_);
      hashes[row] = Hash64(scratch_);
    }
  }
  batch.key_hashes() = std::move(buffer);
}

}  // namespace thalweg::columns
