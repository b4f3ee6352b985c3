#include "columns/builder.h"

#include <algorithm>

#include "columns/layout.h"

namespace thalweg::columns {

using types::TypeId;

namespace {

// Heap buffers begin at one page and double: a batch of 1024 strings of 60 bytes takes five allocations the first time.
constexpr size_t kFirstHeapBytes = 4096;
constexpr size_t kMaxHeapBytes = 1 << 20;

template <size_t W>
struct Bytes {
  char bytes[W];
};

template <size_t W>
void GatherFixed(std::byte* to, const std::byte* from, const int32_t* rows, int32_t n) {
  auto* out = reinterpret_cast<Bytes<W>*>(to);
  const auto* in = reinterpret_cast<const Bytes<W>*>(from);
  for (int32_t i = 0; i < n; ++i) out[i] = in[rows[i]];
}

void GatherBytes(std::byte* to, const std::byte* from, size_t width, const int32_t* rows, int32_t n) {
  if (!rows) return void(n && std::memcpy(to, from, width * static_cast<size_t>(n)));
  switch (width) {
    case 1: return GatherFixed<1>(to, from, rows, n);
    case 2: return GatherFixed<2>(to, from, rows, n);
    case 4: return GatherFixed<4>(to, from, rows, n);
    case 8: return GatherFixed<8>(to, from, rows, n);
    case 16: return GatherFixed<16>(to, from, rows, n);
    case 24: return GatherFixed<24>(to, from, rows, n);
    case 32: return GatherFixed<32>(to, from, rows, n);
    default:
      for (int32_t i = 0; i < n; ++i)
        std::memcpy(to + static_cast<size_t>(i) * width, from + static_cast<size_t>(rows[i]) * width, width);
  }
}

template <size_t W>
void MergeFixed(std::byte* to, const std::byte* one, const std::byte* other, const int32_t* order, int32_t n) {
  auto* out = reinterpret_cast<Bytes<W>*>(to);
  const auto *ones = reinterpret_cast<const Bytes<W>*>(one), *others = reinterpret_cast<const Bytes<W>*>(other);
  for (int32_t i = 0; i < n; ++i) out[i] = order[i] >= 0 ? ones[order[i]] : others[~order[i]];
}

void MergeBytes(std::byte* to, const std::byte* one, const std::byte* other, size_t width, const int32_t* order,
                int32_t n) {
  switch (width) {
    case 1: return MergeFixed<1>(to, one, other, order, n);
    case 2: return MergeFixed<2>(to, one, other, order, n);
    case 4: return MergeFixed<4>(to, one, other, order, n);
    case 8: return MergeFixed<8>(to, one, other, order, n);
    default:
      for (int32_t i = 0; i < n; ++i)
        std::memcpy(to + static_cast<size_t>(i) * width,
                    (order[i] >= 0 ? one : other) + static_cast<size_t>(order[i] >= 0 ? order[i] : ~order[i]) * width,
                    width);
  }
}

void SetBit(uint8_t* bits, int32_t at, bool value) {
  const auto mask = static_cast<uint8_t>(1U << (at & 7));
  bits[at >> 3] = static_cast<uint8_t>(value ? bits[at >> 3] | mask : bits[at >> 3] & ~mask);
}

int32_t RowAt(const int32_t* rows, int32_t i) { return rows ? rows[i] : i; }

}  // namespace

std::vector<types::DataType> ChildColumnTypes(const types::DataType& type) {
  std::vector<types::DataType> result;
  for (const types::Field& field : type.children()) result.push_back(field.type);
  if (type.id() == TypeId::kMultiset) result.emplace_back(TypeId::kInt, false);
  return result;
}

ColumnBuilder::ColumnBuilder(types::DataType type, BufferPool& pool, int32_t capacity)
    : type_(std::move(type)),
      pool_(&pool),
      first_capacity_(std::max(capacity, 1)),
      width_(type_.value_width()),
      string_(type_.is_variable()) {
  for (types::DataType& child : ChildColumnTypes(type_))
    children_.emplace_back(std::move(child), pool, first_capacity_);
}

ColumnBuilder::ColumnBuilder(ColumnBuilder&& other) noexcept
    : type_(std::move(other.type_)),
      pool_(other.pool_),
      first_capacity_(other.first_capacity_),
      width_(other.width_),
      string_(other.string_),
      length_(std::exchange(other.length_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      data_(std::exchange(other.data_, nullptr)),
      valid_(std::exchange(other.valid_, nullptr)),
      offset_(std::exchange(other.offset_, nullptr)),
      values_(std::move(other.values_)),
      validity_(std::move(other.validity_)),
      offsets_(std::move(other.offsets_)),
      heaps_(std::move(other.heaps_)),
      heap_(std::exchange(other.heap_, -1)),
      heap_at_(std::exchange(other.heap_at_, nullptr)),
      heap_used_(std::exchange(other.heap_used_, 0)),
      heap_size_(std::exchange(other.heap_size_, 0)),
      children_(std::move(other.children_)) {}

void ColumnBuilder::Abandon() {
  if (type_.id() == TypeId::kObject && values_) values_.SetObjects(&type_.object(), static_cast<uint32_t>(length_));
}

void ColumnBuilder::Grow(int32_t more) {
  int32_t capacity = std::max({first_capacity_, capacity_ * 2, length_ + more});
  if (width_ > 0 || type_.id() == TypeId::kBoolean) {
    size_t bytes = width_ > 0 ? static_cast<size_t>(width_) * static_cast<size_t>(capacity) : BitmapBytes(capacity);
    BufferRef values = pool_->Allocate(bytes);
    auto* data = values.mutable_data<std::byte>();
    if (type_.id() == TypeId::kObject) {
      if (length_) type_.object().move(data, data_, static_cast<size_t>(length_));
      Abandon();
    } else if (length_) {
      std::memcpy(data, data_,
                  width_ > 0 ? static_cast<size_t>(width_) * static_cast<size_t>(length_) : BitmapBytes(length_));
    }
    values_ = std::move(values);
    data_ = data;
  }
  if (HasOffsets(type_.id())) {
    BufferRef offsets = pool_->Allocate(sizeof(int32_t) * (static_cast<size_t>(capacity) + 1));
    auto* offset = offsets.mutable_data<int32_t>();
    if (length_)
      std::memcpy(offset, offset_, sizeof(int32_t) * (static_cast<size_t>(length_) + 1));
    else
      offset[0] = 0;
    offsets_ = std::move(offsets);
    offset_ = offset;
  }
  if (valid_) {
    BufferRef old = std::move(validity_);
    const uint8_t* old_bits = valid_;
    valid_ = nullptr;
    capacity_ = capacity;
    EnsureValidity();
    std::memcpy(valid_, old_bits, BitmapBytes(length_));
  }
  capacity_ = capacity;
}

void ColumnBuilder::EnsureValidity() {
  if (valid_) return;
  validity_ = pool_->Allocate(BitmapBytes(capacity_));
  valid_ = validity_.mutable_data<uint8_t>();
  std::memset(valid_, 0xff, BitmapBytes(capacity_));
}

void ColumnBuilder::SetNull(int32_t row) {
  EnsureValidity();
  valid_[row >> 3] = static_cast<uint8_t>(valid_[row >> 3] & ~(1U << (row & 7)));
}

void ColumnBuilder::AppendNull() {
  THALWEG_CHECK(type_.id() != TypeId::kObject, "an object column has no NULLs");
  if (length_ == capacity_) Grow(1);
  int32_t row = length_++;
  SetNull(row);
  if (width_ > 0) {
    std::memset(data_ + static_cast<size_t>(row) * static_cast<size_t>(width_), 0, static_cast<size_t>(width_));
  } else if (type_.id() == TypeId::kBoolean) {
    auto* bits = reinterpret_cast<uint8_t*>(data_);
    bits[row >> 3] = static_cast<uint8_t>(bits[row >> 3] & ~(1U << (row & 7)));
  } else if (offset_) {
    offset_[row + 1] = offset_[row];
  } else {
    for (ColumnBuilder& child : children_) child.AppendNull();
  }
}

void ColumnBuilder::AppendBool(bool value) {
  THALWEG_CHECK(type_.id() == TypeId::kBoolean, "{}", type_.ToString());
  if (length_ == capacity_) Grow(1);
  SetBit(reinterpret_cast<uint8_t*>(data_), length_++, value);
}

void ColumnBuilder::SetView(StringView16& view, std::string_view value) {
  if (value.size() > sizeof(view.inlined)) return SetLongView(view, value);
  std::memset(static_cast<void*>(&view), 0, sizeof(view));
  view.size = static_cast<int32_t>(value.size());
  if (!value.empty()) std::memcpy(view.inlined, value.data(), value.size());
}

void ColumnBuilder::SetLongView(StringView16& view, std::string_view value) {
  THALWEG_CHECK(value.size() <= INT32_MAX, "a string of {} bytes", value.size());
  if (value.size() > heap_size_ - heap_used_) {
    heap_size_ = std::max({kFirstHeapBytes, std::min(heap_size_ * 2, kMaxHeapBytes), value.size()});
    heap_ = static_cast<int32_t>(heaps_.size());
    heap_at_ = heaps_.emplace_back(pool_->Allocate(heap_size_)).mutable_data<char>();
    heap_used_ = 0;
  }
  std::memcpy(heap_at_ + heap_used_, value.data(), value.size());
  view.size = static_cast<int32_t>(value.size());
  std::memcpy(view.ref.prefix, value.data(), sizeof(view.ref.prefix));
  view.ref.heap = heap_;
  view.ref.offset = static_cast<int32_t>(heap_used_);
  heap_used_ += value.size();
}

Status ColumnBuilder::AppendDecoded(ByteReader& in) {
  const types::ObjectType& object = type_.object();
  if (!object.decode) return UserError("No codec for the stream's type: {}", object.name);
  if (length_ == capacity_) Grow(1);
  THALWEG_TRY(object.decode(in, data_ + static_cast<size_t>(length_) * object.size));
  ++length_;
  return {};
}

void ColumnBuilder::CloseRow() {
  if (length_ == capacity_) Grow(1);
  ++length_;
  if (offset_) offset_[length_] = children_[0].length();
}

void ColumnBuilder::Truncate(int32_t length) {
  THALWEG_CHECK(length <= length_ && type_.id() != TypeId::kObject);
  // Long strings stay in their heap, unused, until the batch goes.
  if (valid_)
    for (int32_t row = length; row < length_; ++row)
      valid_[row >> 3] = static_cast<uint8_t>(valid_[row >> 3] | 1U << (row & 7));
  length_ = length;
  int32_t child_length = offset_ ? offset_[length] : HasOffsets(type_.id()) ? 0 : length;
  // Always: a child of the same length may hold an unclosed row itself.
  for (ColumnBuilder& child : children_) child.Truncate(child_length);
}

void ColumnBuilder::AppendValidity(const Column& from, const int32_t* rows, int32_t n) {
  if (!from.validity) return;
  for (int32_t i = 0; i < n; ++i)
    if (from.IsNull(RowAt(rows, i))) SetNull(length_ + i);
}

void ColumnBuilder::AppendViews(const Column& from, const int32_t* rows, int32_t n) {
  auto* to = reinterpret_cast<StringView16*>(data_) + length_;
  const auto* views = from.data<StringView16>();
  for (int32_t i = 0; i < n; ++i) {
    int32_t row = RowAt(rows, i);
    if (views[row].size <= static_cast<int32_t>(sizeof(to->inlined)))
      to[i] = views[row];
    else
      SetLongView(to[i], from.String(row));
  }
}

void ColumnBuilder::AppendValues(const Column& from, const int32_t* rows, int32_t n) {
  if (string_ && !from.heaps.empty()) return AppendViews(from, rows, n);
  if (width_ > 0)
    return GatherBytes(data_ + static_cast<size_t>(length_) * static_cast<size_t>(width_), from.data<std::byte>(),
                       static_cast<size_t>(width_), rows, n);
  if (type_.id() != TypeId::kBoolean) return;
  auto* bits = reinterpret_cast<uint8_t*>(data_);
  for (int32_t i = 0; i < n; ++i) SetBit(bits, length_ + i, from.Bool(RowAt(rows, i)));
}

int32_t ColumnBuilder::ShareHeaps(const Column& from) {
  const auto first = static_cast<int32_t>(heaps_.size());
  heaps_.insert(heaps_.end(), from.heaps.begin(), from.heaps.end());
  return first;
}

void ColumnBuilder::AppendMerged(const Column& one, const Column& other, const int32_t* order, int32_t n) {
  for (const Column* from : {&one, &other})
    THALWEG_CHECK(from->length == 0 || (from->type.id() == type_.id() && from->type.value_width() == width_),
                  "{} for {}", from->type.ToString(), type_.ToString());
  THALWEG_CHECK(children_.empty() && type_.id() != TypeId::kObject, "{}", type_.ToString());
  if (n > capacity_ - length_) Grow(n);
  if (one.validity || other.validity)
    for (int32_t i = 0; i < n; ++i)
      if (order[i] >= 0 ? one.IsNull(order[i]) : other.IsNull(~order[i])) SetNull(length_ + i);
  if (string_) {
    const int32_t heaps[] = {ShareHeaps(one), ShareHeaps(other)};
    auto* to = reinterpret_cast<StringView16*>(data_) + length_;
    const auto *ones = one.data<StringView16>(), *others = other.data<StringView16>();
    for (int32_t i = 0; i < n; ++i) {
      to[i] = order[i] >= 0 ? ones[order[i]] : others[~order[i]];
      if (to[i].size > static_cast<int32_t>(sizeof(to->inlined))) to[i].ref.heap += heaps[order[i] < 0];
    }
  } else if (width_ > 0) {
    MergeBytes(data_ + static_cast<size_t>(length_) * static_cast<size_t>(width_), one.data<std::byte>(),
               other.data<std::byte>(), static_cast<size_t>(width_), order, n);
  } else if (type_.id() == TypeId::kBoolean) {
    auto* bits = reinterpret_cast<uint8_t*>(data_);
    for (int32_t i = 0; i < n; ++i)
      SetBit(bits, length_ + i, order[i] >= 0 ? one.Bool(order[i]) : other.Bool(~order[i]));
  }
  length_ += n;
}

void ColumnBuilder::AppendLists(const Column& from, const int32_t* rows, int32_t n, Column* take) {
  const auto* offsets = from.offsets.data<int32_t>();
  std::vector<int32_t> elements;
  for (int32_t i = 0; i < n; ++i) {
    int32_t row = RowAt(rows, i);
    if (!from.IsNull(row))
      for (int32_t element = offsets[row]; element < offsets[row + 1]; ++element) elements.push_back(element);
    offset_[length_ + i + 1] = children_[0].length() + static_cast<int32_t>(elements.size());
  }
  for (size_t c = 0; c < children_.size(); ++c)
    children_[c].Append(from.children[c], elements.data(), static_cast<int32_t>(elements.size()),
                        take ? &take->children[c] : nullptr);
}

void ColumnBuilder::AppendObjects(const Column& from, const int32_t* rows, int32_t n, Column* take) {
  const types::ObjectType& object = type_.object();
  std::byte* to = data_ + static_cast<size_t>(length_) * object.size;
  if (object.trivial) return GatherBytes(to, from.data<std::byte>(), object.size, rows, n);
  if (take && take->values.sole_owner()) {
    auto* source = take->values.mutable_data<std::byte>();
    if (!rows) return object.move(to, source, static_cast<size_t>(n));
    for (int32_t i = 0; i < n; ++i)
      object.move(to + static_cast<size_t>(i) * object.size, source + static_cast<size_t>(rows[i]) * object.size, 1);
    return;
  }
  THALWEG_CHECK(object.copy, "values of {} cannot be copied", object.name);
  const auto* source = from.data<std::byte>();
  if (!rows) return object.copy(to, source, static_cast<size_t>(n));
  for (int32_t i = 0; i < n; ++i)
    object.copy(to + static_cast<size_t>(i) * object.size, source + static_cast<size_t>(rows[i]) * object.size, 1);
}

void ColumnBuilder::Append(const Column& from, const int32_t* rows, int32_t n, Column* take) {
  THALWEG_CHECK(
      from.type.id() == type_.id() && from.type.value_width() == width_ && from.children.size() == children_.size(),
      "{} for {}", from.type.ToString(), type_.ToString());
  if (n == 0) return;
  if (n > capacity_ - length_) Grow(n);
  AppendValidity(from, rows, n);
  if (type_.id() == TypeId::kObject) {
    AppendObjects(from, rows, n, take);
  } else if (offset_) {
    AppendLists(from, rows, n, take);
  } else {
    AppendValues(from, rows, n);
    for (size_t c = 0; c < children_.size(); ++c)
      children_[c].Append(from.children[c], rows, n, take ? &take->children[c] : nullptr);
  }
  length_ += n;
}

void ColumnBuilder::AppendRows(const Column& from, const int32_t* rows, int32_t n) { Append(from, rows, n, nullptr); }
void ColumnBuilder::TakeRows(Column& from, const int32_t* rows, int32_t n) { Append(from, rows, n, &from); }

Column ColumnBuilder::Take() {
  if (HasOffsets(type_.id()) && !offset_) Grow(1);  // a column without rows still has its first offset
  Abandon();
  Column column;
  column.type = type_;
  column.length = std::exchange(length_, 0);
  column.values = std::move(values_);
  column.validity = std::move(validity_);
  column.offsets = std::move(offsets_);
  column.heaps = std::move(heaps_);
  heaps_.clear();
  column.children.reserve(children_.size());
  for (ColumnBuilder& child : children_) column.children.push_back(child.Take());
  capacity_ = 0;
  data_ = nullptr;
  valid_ = nullptr;
  offset_ = nullptr;
  heap_ = -1;
  heap_at_ = nullptr;
  heap_used_ = heap_size_ = 0;
  return column;
}

BatchBuilder::BatchBuilder(const types::Schema& schema, BufferPool& pool, int32_t capacity)
    : BatchBuilder(pool, capacity) {
  columns_.reserve(static_cast<size_t>(schema.size()));
  for (const types::Field& field : schema.fields())
    columns_.emplace_back(field.type, pool, std::min(capacity, kBatchRows));
}

BatchBuilder::BatchBuilder(BufferPool& pool, int32_t capacity) : pool_(&pool), capacity_(capacity) {
  THALWEG_CHECK(capacity >= 1 && capacity <= kMaxBatchRows, "{} rows", capacity);
}

void BatchBuilder::SetTime(int32_t row, int64_t time) {
  if (!times_) {
    if (time == kNoTime) return;
    times_ = pool_->Allocate(sizeof(int64_t) * static_cast<size_t>(capacity_));
    std::fill_n(times_.mutable_data<int64_t>(), row, kNoTime);
  }
  times_.mutable_data<int64_t>()[row] = time;
}

void BatchBuilder::SetKind(int32_t row, types::RowKind kind) {
  if (!kinds_) {
    if (kind == types::RowKind::kInsert) return;
    kinds_ = pool_->Allocate(static_cast<size_t>(capacity_));
    std::memset(kinds_.mutable_data(), 0, static_cast<size_t>(row));
  }
  kinds_.mutable_data<uint8_t>()[row] = static_cast<uint8_t>(kind);
}

void BatchBuilder::FinishRow(int64_t time, types::RowKind kind) {
  THALWEG_CHECK(rows_ < capacity_, "a batch of {} rows is full", capacity_);
  if (times_ || time != kNoTime) SetTime(rows_, time);
  if (kinds_ || kind != types::RowKind::kInsert) SetKind(rows_, kind);
  hashes_.Reset();
  ++rows_;
}

void BatchBuilder::Rollback(int32_t rows) {
  THALWEG_CHECK(rows <= rows_);
  for (ColumnBuilder& column : columns_) column.Truncate(rows);
  rows_ = rows;
}

void BatchBuilder::StartFrom(const Batch& from) {
  THALWEG_CHECK(rows_ == 0);
  columns_.reserve(static_cast<size_t>(from.num_columns()));
  for (int c = 0; c < from.num_columns(); ++c) columns_.emplace_back(from.column(c).type, *pool_, capacity_);
}

void BatchBuilder::AppendMeta(const Batch& from, const int32_t* rows, int32_t n) {
  if (from.times() || times_)
    for (int32_t i = 0; i < n; ++i) SetTime(rows_ + i, from.time(RowAt(rows, i)));
  if (from.kinds() || kinds_)
    for (int32_t i = 0; i < n; ++i) SetKind(rows_ + i, from.kind(RowAt(rows, i)));
  if (from.key_hashes() && rows_ == 0) hashes_ = pool_->Allocate(sizeof(uint64_t) * static_cast<size_t>(capacity_));
  if (from.key_hashes() && hashes_)
    GatherBytes(reinterpret_cast<std::byte*>(hashes_.mutable_data<uint64_t>() + rows_),
                from.key_hashes().data<std::byte>(), 8, rows, n);
  else
    hashes_.Reset();
}

void BatchBuilder::AppendRows(const Batch& from, const int32_t* rows, int32_t n) {
  if (n == 0) return;
  if (columns_.empty()) StartFrom(from);
  THALWEG_CHECK(n <= room() && from.num_columns() == num_columns());
  for (size_t c = 0; c < columns_.size(); ++c) columns_[c].AppendRows(from.column(static_cast<int>(c)), rows, n);
  AppendMeta(from, rows, n);
  rows_ += n;
}

void BatchBuilder::TakeRows(Batch& from, const int32_t* rows, int32_t n) {
  if (n == 0) return;
  if (columns_.empty()) StartFrom(from);
  THALWEG_CHECK(n <= room() && from.num_columns() == num_columns());
  for (size_t c = 0; c < columns_.size(); ++c) columns_[c].TakeRows(from.column(static_cast<int>(c)), rows, n);
  AppendMeta(from, rows, n);
  rows_ += n;
}

Batch BatchBuilder::Take() {
  if (rows_ == 0) return {};
  Batch batch(*pool_, rows_);
  for (ColumnBuilder& column : columns_) {
    THALWEG_CHECK(column.length() == rows_, "a column of {} has {} values in {} rows", column.type().ToString(),
                  column.length(), rows_);
    batch.AddColumn(column.Take());
  }
  batch.kinds() = std::move(kinds_);
  batch.times() = std::move(times_);
  batch.key_hashes() = std::move(hashes_);
  rows_ = 0;
  return batch;
}

}  // namespace thalweg::columns
