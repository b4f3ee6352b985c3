#include "operators/stored_row.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <span>
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

/// Of values that are not nested, and not of differing sizes.
size_t WidthOf(StoredForm form) {
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
    case StoredForm::kText:
    case StoredForm::kNested: break;
  }
  return 0;
}

template <typename U>
char* PutBits(U bits, char* at) {
  bits = types::internal::BigEndian(bits);
  std::memcpy(at, &bits, sizeof(bits));
  return at + sizeof(bits);
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

/// `visit(i, row)` for each of the rows [from, from + count) whose value is there.
template <typename F>
void ForEachPresent(const Column& column, int32_t from, int32_t count, F&& visit) {
  if (column.type.id() == TypeId::kNull) return;
  if (!column.validity) {
    for (int32_t i = 0; i < count; ++i) visit(i, from + i);
    return;
  }
  for (int32_t i = 0; i < count; ++i)
    if (!column.IsNull(from + i)) visit(i, from + i);
}

/// Adds what the values of a column take in each row; nested ones have no size yet.
void AddSizes(const Column& column, StoredForm form, int32_t from, int32_t count, uint32_t* sizes) {
  if (form == StoredForm::kNested) return;
  if (form == StoredForm::kText) {
    const auto* views = column.data<columns::StringView16>();
    return ForEachPresent(column, from, count, [&](int32_t i, int32_t row) {
      const auto size = static_cast<uint32_t>(views[row].size);
      sizes[i] += static_cast<uint32_t>(VarintBytes(size)) + size;
    });
  }
  const auto width = static_cast<uint32_t>(WidthOf(form));
  ForEachPresent(column, from, count, [&](int32_t i, int32_t) { sizes[i] += width; });
}

/// Where a row's bitmap lies, and where its next value goes.
struct Place {
  char* bitmap;
  char* at;
};

/// Values of a column behind those of the columns before it.
void PutColumn(const Column& column, int index, StoredForm form, int32_t from, int32_t count, Place* places) {
  using types::internal::ExactFloatBits;
  const auto each = [&](auto&& put) {
    const int byte = index >> 3, bit = 1 << (index & 7);
    ForEachPresent(column, from, count, [&](int32_t i, int32_t row) {
      places[i].bitmap[byte] = static_cast<char>(places[i].bitmap[byte] | bit);
      places[i].at = put(row, places[i].at);
    });
  };
  const auto integers = [&]<typename T>(const T* values) {
    each([values](int32_t row, char* at) { return PutBits(types::internal::SortableBits(values[row]), at); });
  };
  const auto floats = [&]<typename T>(const T* values) {
    each([values](int32_t row, char* at) { return PutBits(ExactFloatBits(values[row]), at); });
  };
  switch (form) {
    case StoredForm::kBool:
      return each([&](int32_t row, char* at) { return PutBits(static_cast<uint8_t>(column.Bool(row)), at); });
    case StoredForm::kInt8: return integers(column.data<int8_t>());
    case StoredForm::kInt16: return integers(column.data<int16_t>());
    case StoredForm::kInt32: return integers(column.data<int32_t>());
    case StoredForm::kInt64: return integers(column.data<int64_t>());
    case StoredForm::kInt128:
      return each([&](int32_t row, char* at) { return PutInt128(column.data<__int128>()[row], at); });
    case StoredForm::kFloat: return floats(column.data<float>());
    case StoredForm::kDouble: return floats(column.data<double>());
    case StoredForm::kTime:
      return each([&](int32_t row, char* at) { return PutTime(column.data<types::TimestampValue>()[row], at); });
    case StoredForm::kText: return each([&](int32_t row, char* at) { return PutText(column.String(row), at); });
    case StoredForm::kNested: return each([](int32_t, char* at) { return at; });  // it is there; AppendNested has it
  }
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
  const char* at() const { return at_; }

 private:
  const char* at_;
  const char* end_;
};

bool IsNested(const types::DataType& type) { return FormOf(type) == StoredForm::kNested && type.id() != TypeId::kNull; }

bool HasNested(const columns::Batch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i)
    if (IsNested(batch.column(i).type)) return true;
  return false;
}

/// Sizes of the rows [from, from + count) without their nested values.
void PlainSizes(const columns::Batch& batch, int32_t from, int32_t count, uint32_t* sizes) {
  std::fill_n(sizes, count, static_cast<uint32_t>(BitmapOf(batch.num_columns())));
  for (int i = 0; i < batch.num_columns(); ++i)
    AddSizes(batch.column(i), FormOf(batch.column(i).type), from, count, sizes);
}

/// Their bytes; bitmaps are zero, and the places are behind them.
void PutPlain(const columns::Batch& batch, int32_t from, int32_t count, Place* places) {
  for (int i = 0; i < batch.num_columns(); ++i)
    PutColumn(batch.column(i), i, FormOf(batch.column(i).type), from, count, places);
}

void AppendNested(const columns::Batch& batch, int32_t row, std::string& out) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    const Column& column = batch.column(i);
    if (IsNested(column.type) && !column.IsNull(row)) columns::AppendCellValue(column, row, out);
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

char* PutLength(size_t length, char* at) {
  for (; length >= 0x80; length >>= 7) *at++ = static_cast<char>(length | 0x80);
  *at++ = static_cast<char>(length);
  return at;
}

/// Rows whose column is written in one go: what is kept of each lies on the stack.
constexpr size_t kTogether = 64;

}  // namespace

void AppendStoredRow(const columns::Batch& batch, int32_t row, std::string& out) {
  uint32_t size = 0;
  PlainSizes(batch, row, 1, &size);
  const size_t begin = out.size();
  out.resize(begin + size);
  Place place{out.data() + begin, out.data() + begin + BitmapOf(batch.num_columns())};
  PutPlain(batch, row, 1, &place);
  AppendNested(batch, row, out);
}

void AppendStoredRowWithLength(const columns::Batch& batch, int32_t row, std::string& out) {
  StoredRows rows;
  rows.Load(batch, row, row + 1);
  AppendGrowing(rows.WithLength(row), out);
}

void AppendGrowing(std::string_view bytes, std::string& out) {
  Reserve(out, bytes.size());
  out += bytes;
}

void StoredRows::Load(const columns::Batch& batch, int32_t from, int32_t end) {
  from_ = from;
  const int32_t count = std::max(end - from, 0);
  bytes_.clear();
  starts_.resize(static_cast<size_t>(count) + 1);
  sizes_.resize(static_cast<size_t>(count));
  if (HasNested(batch)) return LoadNested(batch, count);

  PlainSizes(batch, from, count, sizes_.data());
  size_t total = 0;
  for (size_t i = 0; i < sizes_.size(); ++i) {
    starts_[i] = total;
    total += VarintBytes(sizes_[i]) + sizes_[i];
  }
  starts_[sizes_.size()] = total;
  bytes_.resize(total);
  std::array<Place, kTogether> places;
  for (size_t first = 0; first < sizes_.size(); first += kTogether) {
    const size_t some = std::min(kTogether, sizes_.size() - first);
    for (size_t i = 0; i < some; ++i) {
      char* bitmap = PutLength(sizes_[first + i], bytes_.data() + starts_[first + i]);
      places[i] = {bitmap, bitmap + BitmapOf(batch.num_columns())};
    }
    PutPlain(batch, from + static_cast<int32_t>(first), static_cast<int32_t>(some), places.data());
  }
}

void StoredRows::LoadNested(const columns::Batch& batch, int32_t count) {
  std::string row;
  for (int32_t i = 0; i < count; ++i) {
    row.clear();
    AppendStoredRow(batch, from_ + i, row);
    starts_[static_cast<size_t>(i)] = bytes_.size();
    sizes_[static_cast<size_t>(i)] = static_cast<uint32_t>(row.size());
    std::array<char, 10> length;
    bytes_.append(length.data(), PutLength(row.size(), length.data()));
    bytes_ += row;
  }
  starts_[static_cast<size_t>(count)] = bytes_.size();
}

bool LiesBehind(const types::DataType& type) { return FormOf(type) == StoredForm::kNested; }

void StoredRowReader::Start(std::span<const std::string_view> rows, int columns) {
  left_.clear();
  for (std::string_view row : rows) {
    StoredBytes in(row);
    const char* bitmap = in.Take(BitmapOf(columns));
    left_.push_back({bitmap, in.at(), row.data() + row.size()});
  }
}

void StoredRowReader::Read(int column, size_t from, size_t count, ColumnBuilder& out) {
  const int byte = column >> 3, bit = column & 7;
  const auto each = [&](auto&& read) {
    for (size_t i = from; i < from + count; ++i) {
      Left& left = left_[i];
      if ((left.bitmap[byte] >> bit & 1) == 0) {
        out.AppendNull();
        continue;
      }
      StoredBytes in({left.at, static_cast<size_t>(left.end - left.at)});
      read(in);
      left.at = in.at();
    }
  };
  switch (FormOf(out.type())) {
    case StoredForm::kBool: return each([&](StoredBytes& in) { out.AppendBool(in.Bits<uint8_t>() != 0); });
    case StoredForm::kInt8: return each([&](StoredBytes& in) { out.Append(in.Integer<int8_t>()); });
    case StoredForm::kInt16: return each([&](StoredBytes& in) { out.Append(in.Integer<int16_t>()); });
    case StoredForm::kInt32: return each([&](StoredBytes& in) { out.Append(in.Integer<int32_t>()); });
    case StoredForm::kInt64: return each([&](StoredBytes& in) { out.Append(in.Integer<int64_t>()); });
    case StoredForm::kInt128: return each([&](StoredBytes& in) { out.Append(in.Int128()); });
    case StoredForm::kFloat: return each([&](StoredBytes& in) { out.Append(in.Float<float>()); });
    case StoredForm::kDouble: return each([&](StoredBytes& in) { out.Append(in.Float<double>()); });
    case StoredForm::kTime: return each([&](StoredBytes& in) { out.Append(in.Time()); });
    case StoredForm::kText: return each([&](StoredBytes& in) { out.AppendString(in.Text()); });
    case StoredForm::kNested: return each([&](StoredBytes& in) { in.Nested(out); });
  }
}

void StoredRowReader::Finish() const {
  for (const Left& left : left_)
    THALWEG_CHECK(left.at == left.end, "Bytes of a row of other types than the operator's");
}

void ReadStoredRow(std::string_view bytes, columns::BatchBuilder& out, int first, int count) {
  StoredRowReader reader;
  reader.Start({&bytes, 1}, count);
  for (const bool behind : {false, true})
    for (int i = 0; i < count; ++i)
      if (LiesBehind(out.column(first + i).type()) == behind) reader.Read(i, 0, 1, out.column(first + i));
  reader.Finish();
}

}  // namespace thalweg::operators
