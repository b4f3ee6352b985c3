#include "operators/stored_row.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "columns/key_encoder.h"
#include "types/key_encoding.h"

namespace thalweg::operators {

namespace {

using columns::Column;
using columns::ColumnBuilder;
using types::TypeId;

/// How a value is written.
enum class StoredForm : uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kInt128,
  kFloat,
  kDouble,
  kTime,
  kText,
  kNested
};

/// By type, TIMESTAMP as of at most 3 digits.
constexpr auto kForms = [] {
  std::array<StoredForm, static_cast<size_t>(TypeId::kObject) + 1> forms{};
  forms.fill(StoredForm::kNested);
  const auto set = [&](StoredForm form, std::initializer_list<TypeId> types) {
    for (TypeId type : types) forms[static_cast<size_t>(type)] = form;
  };
  set(StoredForm::kBool, {TypeId::kBoolean});
  set(StoredForm::kInt8, {TypeId::kTinyInt});
  set(StoredForm::kInt16, {TypeId::kSmallInt});
  set(StoredForm::kInt32, {TypeId::kInt, TypeId::kDate, TypeId::kTime, TypeId::kIntervalYearMonth});
  set(StoredForm::kInt64, {TypeId::kBigInt, TypeId::kIntervalDayTime, TypeId::kTimestamp, TypeId::kTimestampLtz});
  set(StoredForm::kInt128, {TypeId::kDecimal});
  set(StoredForm::kFloat, {TypeId::kFloat});
  set(StoredForm::kDouble, {TypeId::kDouble});
  set(StoredForm::kText, {TypeId::kString, TypeId::kBinary});
  return forms;
}();

inline StoredForm FormOf(const types::DataType& type) {
  const TypeId id = type.id();
  if ((id == TypeId::kTimestamp || id == TypeId::kTimestampLtz) && type.precision() > 3) return StoredForm::kTime;
  return kForms[static_cast<size_t>(id)];
}

size_t BitmapOf(int columns) { return (static_cast<size_t>(columns) + 7) / 8; }
size_t VarintBytes(uint32_t value) { return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7; }

/// Nested values have no size yet.
size_t BytesOf(const Column& column, StoredForm form, int32_t row) {
  switch (form) {
    case StoredForm::kBool:
    case StoredForm::kInt8: return 1;
    case StoredForm::kInt16: return 2;
    case StoredForm::kInt32:
    case StoredForm::kFloat: return 4;
    case StoredForm::kInt64:
    case StoredForm::kDouble: return 8;
    case StoredForm::kInt128: return 16;
    case StoredForm::kTime: return 12;
    case StoredForm::kText: {
      const auto size = static_cast<uint32_t>(column.data<columns::StringView16>()[row].size);
      return VarintBytes(size) + size;
    }
    case StoredForm::kNested: return 0;
  }
  return 0;
}

template <typename U>
char* PutBits(U bits, char* at) {
  bits = types::internal::BigEndian(bits);
  std::memcpy(at, &bits, sizeof(bits));
  return at + sizeof(bits);
}
template <typename T>
char* PutInteger(const Column& column, int32_t row, char* at) {
  return PutBits(types::internal::SortableBits(column.data<T>()[row]), at);
}
char* PutInt128(__int128 value, char* at) {
  at = PutBits(types::internal::SortableBits(static_cast<int64_t>(value >> 64)), at);
  return PutBits(static_cast<uint64_t>(value), at);
}
char* PutTime(const types::TimestampValue& value, char* at) {
  at = PutBits(types::internal::SortableBits(value.millis), at);
  return PutBits(static_cast<uint32_t>(value.nanos), at);
}
char* PutText(std::string_view text, char* at) {
  auto size = static_cast<uint32_t>(text.size());
  for (; size >= 0x80; size >>= 7) *at++ = static_cast<char>(size | 0x80);
  *at++ = static_cast<char>(size);
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

char* Put(const Column& column, StoredForm form, int32_t row, char* at) {
  using types::internal::ExactFloatBits;
  switch (form) {
    case StoredForm::kBool: return PutBits(static_cast<uint8_t>(column.Bool(row)), at);
    case StoredForm::kInt8: return PutInteger<int8_t>(column, row, at);
    case StoredForm::kInt16: return PutInteger<int16_t>(column, row, at);
    case StoredForm::kInt32: return PutInteger<int32_t>(column, row, at);
    case StoredForm::kInt64: return PutInteger<int64_t>(column, row, at);
    case StoredForm::kInt128: return PutInt128(column.data<__int128>()[row], at);
    case StoredForm::kFloat: return PutBits(ExactFloatBits(column.data<float>()[row]), at);
    case StoredForm::kDouble: return PutBits(ExactFloatBits(column.data<double>()[row]), at);
    case StoredForm::kTime: return PutTime(column.data<types::TimestampValue>()[row], at);
    case StoredForm::kText: return PutText(column.String(row), at);
    case StoredForm::kNested: break;
  }
  return at;
}

/// What is left of a row's bytes.
class StoredBytes {
 public:
  explicit StoredBytes(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  const char* Take(size_t bytes) {
    THALWEG_CHECK(bytes <= static_cast<size_t>(end_ - at_), "Bytes of a row of other types than the operator's");
    return std::exchange(at_, at_ + bytes);
  }
  template <typename U>
  U Bits() {
    U bits;
    std::memcpy(&bits, Take(sizeof(U)), sizeof(U));
    return types::internal::BigEndian(bits);
  }
  template <typename T>
  T Integer() {
    return static_cast<T>(types::internal::SortableBits(static_cast<T>(Bits<std::make_unsigned_t<T>>())));
  }
  template <typename F>
  F Float() {
    using U = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
    constexpr U kSign = U{1} << (sizeof(F) * 8 - 1);
    const U bits = Bits<U>();
    return std::bit_cast<F>(static_cast<U>(bits & kSign ? bits & ~kSign : ~bits));
  }
  __int128 Int128() {
    const auto high = static_cast<unsigned __int128>(Integer<int64_t>());
    return static_cast<__int128>(high << 64 | Bits<uint64_t>());
  }
  types::TimestampValue Time() {
    types::TimestampValue value{};
    value.millis = Integer<int64_t>();
    value.nanos = static_cast<decltype(value.nanos)>(Bits<uint32_t>());
    return value;
  }
  std::string_view Text() {
    uint32_t size = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(*Take(1));
      size |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return {Take(size), size};
  }
  /// A value of columns::AppendCellValue.
  void Nested(ColumnBuilder& out) {
    types::KeyReader in(std::string_view(at_, static_cast<size_t>(end_ - at_)));
    columns::ReadCellKey(in, out);
    THALWEG_CHECK(!in.failed(), "Bytes of a row of other types than the operator's");
    at_ = end_ - in.remaining();
  }
  bool AtEnd() const { return at_ == end_; }

 private:
  const char* at_;
  const char* end_;
};

void Read(StoredBytes& in, StoredForm form, ColumnBuilder& out) {
  switch (form) {
    case StoredForm::kBool: return out.AppendBool(in.Bits<uint8_t>() != 0);
    case StoredForm::kInt8: return out.Append(in.Integer<int8_t>());
    case StoredForm::kInt16: return out.Append(in.Integer<int16_t>());
    case StoredForm::kInt32: return out.Append(in.Integer<int32_t>());
    case StoredForm::kInt64: return out.Append(in.Integer<int64_t>());
    case StoredForm::kInt128: return out.Append(in.Int128());
    case StoredForm::kFloat: return out.Append(in.Float<float>());
    case StoredForm::kDouble: return out.Append(in.Float<double>());
    case StoredForm::kTime: return out.Append(in.Time());
    case StoredForm::kText: return out.AppendString(in.Text());
    case StoredForm::kNested: return in.Nested(out);
  }
}

}  // namespace

namespace {

/// Without the nested values, of which there may be some.
size_t PlainBytes(const columns::Batch& batch, int32_t row, bool& nested) {
  size_t size = BitmapOf(batch.num_columns());
  for (int i = 0; i < batch.num_columns(); ++i) {
    const Column& column = batch.column(i);
    const StoredForm form = FormOf(column.type);
    nested = nested || form == StoredForm::kNested;
    if (!column.IsNull(row)) size += BytesOf(column, form, row);
  }
  return size;
}

void AppendPlain(const columns::Batch& batch, int32_t row, size_t size, std::string& out) {
  const size_t begin = out.size();
  out.resize(begin + size);
  char* bitmap = out.data() + begin;
  char* at = bitmap + BitmapOf(batch.num_columns());
  for (int i = 0; i < batch.num_columns(); ++i) {
    const Column& column = batch.column(i);
    if (column.IsNull(row) || column.type.id() == TypeId::kNull) continue;
    bitmap[i >> 3] = static_cast<char>(bitmap[i >> 3] | 1 << (i & 7));
    at = Put(column, FormOf(column.type), row, at);
  }
}

void AppendNested(const columns::Batch& batch, int32_t row, std::string& out) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    const Column& column = batch.column(i);
    if (FormOf(column.type) == StoredForm::kNested && !column.IsNull(row) && column.type.id() != TypeId::kNull)
      columns::AppendCellValue(column, row, out);
  }
}

// Room for `more` bytes. Rows of a key in state lie in one string, most of which stop growing half-way: so it grows by a half, where
// std::string doubles, and to a quarter of a power of two, as allocators have it anyway.
void Reserve(std::string& out, size_t more) {
  constexpr size_t kLeast = 32;
  const size_t needed = out.size() + more;
  if (needed <= out.capacity()) return;
  const size_t wanted =
      std::max({needed + 1, out.size() + out.size() / 2, kLeast});  // one behind the end is a string's own
  const size_t step = std::bit_floor(wanted) / 4;
  std::string grown;
  grown.reserve((wanted + step - 1) / step * step - 1);
  grown.assign(out);
  out.swap(grown);
}

void AppendLength(size_t length, std::string& out) {
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
}

}  // namespace

void AppendStoredRow(const columns::Batch& batch, int32_t row, std::string& out) {
  bool nested = false;
  const size_t size = PlainBytes(batch, row, nested);
  AppendPlain(batch, row, size, out);
  if (nested) AppendNested(batch, row, out);
}

void AppendStoredRowWithLength(const columns::Batch& batch, int32_t row, std::string& out) {
  bool nested = false;
  const size_t size = PlainBytes(batch, row, nested);
  if (nested) {
    const StoredRow stored = StoreRow(batch, row);
    AppendLength(stored.bytes.size(), out);
    out += stored.bytes;
    return;
  }
  Reserve(out, VarintBytes(static_cast<uint32_t>(size)) + size);
  AppendLength(size, out);
  AppendPlain(batch, row, size, out);
}

void ReadStoredRow(std::string_view bytes, columns::BatchBuilder& out, int first, int count) {
  StoredBytes in(bytes);
  const char* bitmap = in.Take(BitmapOf(count));
  const auto present = [&](int i) { return (bitmap[i >> 3] >> (i & 7) & 1) != 0; };
  bool nested = false;
  for (int i = 0; i < count; ++i) {
    ColumnBuilder& column = out.column(first + i);
    const StoredForm form = FormOf(column.type());
    if (!present(i))
      column.AppendNull();
    else if (form == StoredForm::kNested)
      nested = true;
    else
      Read(in, form, column);
  }
  for (int i = 0; nested && i < count; ++i)
    if (present(i) && FormOf(out.column(first + i).type()) == StoredForm::kNested) in.Nested(out.column(first + i));
  THALWEG_CHECK(in.AtEnd(), "Bytes of a row of other types than the operator's");
}

}  // namespace thalweg::operators
