#include "columns/batch_codec.h"

#include <algorithm>
#include <cstring>

#include "columns/layout.h"
#include "types/type_codec.h"

namespace thalweg::columns {

using types::DataType;
using types::TypeId;

namespace {

constexpr uint8_t kHasKinds = 1, kHasTimes = 2, kHasHashes = 4;
constexpr uint8_t kHasValidity = 1;

/// Types whose values need no bytes of their own always carry the bitmap, so that every element costs bytes.
bool NeedsValidity(const DataType& type) {
  return type.id() == TypeId::kNull || (type.id() == TypeId::kRow && type.children().empty());
}

void EncodeBitmap(const uint8_t* bits, int32_t n, ByteWriter& out) {
  size_t bytes = BitmapBytes(n);
  if (bytes == 0) return;
  out.Raw({reinterpret_cast<const char*>(bits), bytes - 1});
  int rest = n & 7;
  out.U8(rest ? bits[bytes - 1] & static_cast<uint8_t>((1U << rest) - 1) : bits[bytes - 1]);
}

void EncodeColumn(const Column& column, int32_t n, ByteWriter& out);

void EncodeStrings(const Column& column, int32_t n, ByteWriter& out) {
  for (int32_t row = 0; row < n; ++row) out.Varint(column.IsNull(row) ? 0 : column.String(row).size());
  for (int32_t row = 0; row < n; ++row)
    if (!column.IsNull(row)) out.Raw(column.String(row));
}

void EncodeLists(const Column& column, int32_t n, ByteWriter& out) {
  const auto* offsets = column.offsets.data<int32_t>();
  for (int32_t row = 0; row < n; ++row) out.Varint(static_cast<uint64_t>(offsets[row + 1] - offsets[row]));
  THALWEG_CHECK(n == 0 || offsets[0] == 0, "offsets begin at {}", offsets[0]);
  for (const Column& child : column.children) EncodeColumn(child, n ? offsets[n] : 0, out);
}

void EncodeObjects(const Column& column, int32_t n, ByteWriter& out) {
  const types::ObjectType& object = column.type.object();
  size_t start = out.size();
  out.U32(0);
  for (int32_t row = 0; row < n; ++row)
    object.encode(column.data<std::byte>() + static_cast<size_t>(row) * object.size, out);
  size_t size = out.size() - start - sizeof(uint32_t);
  THALWEG_CHECK(size <= UINT32_MAX, "{} bytes of {}", size, object.name);
  auto length = static_cast<uint32_t>(size);
  std::memcpy(out.bytes().data() + start, &length, sizeof(length));
}

void EncodeColumn(const Column& column, int32_t n, ByteWriter& out) {
  const uint8_t* validity = column.validity.data<uint8_t>();
  bool has_validity = validity || NeedsValidity(column.type);
  out.U8(has_validity ? kHasValidity : 0);
  if (validity)
    EncodeBitmap(validity, n, out);
  else if (has_validity)
    out.Raw(std::string(BitmapBytes(n), column.type.id() == TypeId::kNull ? '\0' : '\xff'));
  TypeId id = column.type.id();
  if (id == TypeId::kObject) return EncodeObjects(column, n, out);
  if (column.type.is_variable()) return EncodeStrings(column, n, out);
  if (id == TypeId::kBoolean) return EncodeBitmap(column.data<uint8_t>(), n, out);
  if (HasOffsets(id)) return EncodeLists(column, n, out);
  if (id == TypeId::kRow) {
    for (const Column& child : column.children) EncodeColumn(child, n, out);
    return;
  }
  size_t bytes = static_cast<size_t>(column.type.value_width()) * static_cast<size_t>(n);
  if (bytes) out.Raw({column.data<char>(), bytes});
}

/// Decodes one column; the reader says whether it failed.
class ColumnDecoder {
 public:
  ColumnDecoder(ByteReader& in, BufferPool& pool) : in_(in), pool_(pool) {}

  Column Decode(const DataType& type, int32_t n) {
    Column column;
    column.type = type;
    column.length = n;
    if (uint8_t flags = in_.U8(); flags > kHasValidity)
      in_.Fail();
    else if (flags)
      column.validity = Copy(BitmapBytes(n));
    else if (NeedsValidity(type))
      in_.Fail();
    if (in_.failed()) return column;
    TypeId id = type.id();
    if (id == TypeId::kObject)
      DecodeObjects(column);
    else if (type.is_variable())
      DecodeStrings(column);
    else if (id == TypeId::kBoolean)
      column.values = Copy(BitmapBytes(n));
    else if (HasOffsets(id))
      DecodeLists(column);
    else if (id == TypeId::kRow)
      DecodeChildren(column, n);
    else if (id != TypeId::kNull)
      DecodeFixed(column);
    return column;
  }

  /// The next `bytes` bytes as a buffer; null if there are none so many.
  BufferRef Copy(size_t bytes) {
    std::string_view raw = in_.Raw(bytes);
    if (in_.failed()) return {};
    BufferRef buffer = pool_.Allocate(bytes);
    if (bytes) std::memcpy(buffer.mutable_data(), raw.data(), bytes);
    return buffer;
  }

  const Status& object_error() const { return object_error_; }

 private:
  void DecodeFixed(Column& column) {
    column.values = Copy(static_cast<size_t>(column.type.value_width()) * static_cast<size_t>(column.length));
    if (in_.failed() || (column.type.id() != TypeId::kTimestamp && column.type.id() != TypeId::kTimestampLtz)) return;
    if (column.type.precision() <= 3) return;
    auto* values = column.values.mutable_data<types::TimestampValue>();
    for (int32_t row = 0; row < column.length; ++row) {
      if (values[row].nanos > 999'999) return in_.Fail();
      values[row].reserved = 0;
    }
  }

  void DecodeChildren(Column& column, int32_t n) {
    column.children.reserve(column.type.children().size() + 1);
    for (const types::Field& field : column.type.children()) column.children.push_back(Decode(field.type, n));
    if (column.type.id() == TypeId::kMultiset) column.children.push_back(Decode(DataType(TypeId::kInt, false), n));
  }

  void DecodeLists(Column& column) {
    auto n = static_cast<size_t>(column.length);
    if (n > in_.remaining()) return in_.Fail();  // a length takes a byte at least
    column.offsets = pool_.Allocate(sizeof(int32_t) * (n + 1));
    auto* offsets = column.offsets.mutable_data<int32_t>();
    offsets[0] = 0;
    uint64_t total = 0;
    for (size_t row = 0; row < n; ++row) {
      uint64_t length = in_.Varint();
      if (length > INT32_MAX || (total += length) > INT32_MAX) in_.Fail();
      if (in_.failed()) return;
      offsets[row + 1] = static_cast<int32_t>(total);
    }
    if (total / 8 > in_.remaining()) return in_.Fail();  // an element takes a bit at least
    DecodeChildren(column, static_cast<int32_t>(total));
  }

  void DecodeStrings(Column& column) {
    auto n = static_cast<size_t>(column.length);
    if (n > in_.remaining()) return in_.Fail();
    column.values = pool_.Allocate(sizeof(StringView16) * n);
    auto* views = column.values.mutable_data<StringView16>();
    uint64_t total = 0;
    for (size_t row = 0; row < n; ++row) {
      uint64_t length = in_.Varint();
      if (length > INT32_MAX || (total += length) > INT32_MAX) in_.Fail();
      if (in_.failed()) return;
      views[row].size = static_cast<int32_t>(length);
    }
    std::string_view bytes = in_.Raw(total);
    if (in_.failed()) return;
    // Short strings stand in the views; if one is long, the bytes of all become the heap.
    bool heap = false;
    size_t at = 0;
    for (size_t row = 0; row < n; ++row) {
      StringView16& view = views[row];
      auto size = static_cast<size_t>(view.size);
      if (size <= sizeof(view.inlined)) {
        std::memset(view.inlined, 0, sizeof(view.inlined));
        if (size) std::memcpy(view.inlined, bytes.data() + at, size);
      } else {
        heap = true;
        std::memcpy(view.ref.prefix, bytes.data() + at, sizeof(view.ref.prefix));
        view.ref.heap = 0;
        view.ref.offset = static_cast<int32_t>(at);
      }
      at += size;
    }
    if (!heap) return;
    column.heaps.push_back(pool_.Allocate(bytes.size()));
    std::memcpy(column.heaps[0].mutable_data(), bytes.data(), bytes.size());
  }

  void DecodeObjects(Column& column) {
    const types::ObjectType& object = column.type.object();
    std::string_view section = in_.Raw(in_.U32());
    if (in_.failed()) return;
    if (column.validity) return in_.Fail();
    ByteReader values(section);
    column.values = pool_.Allocate(object.size * static_cast<size_t>(column.length));
    auto* data = column.values.mutable_data<std::byte>();
    int32_t done = 0;
    for (; done < column.length && object_error_.ok(); ++done)
      if (object_error_ = object.decode(values, data + static_cast<size_t>(done) * object.size); !object_error_.ok())
        break;
    column.values.SetObjects(&object, static_cast<uint32_t>(done));
    if (!object_error_.ok() || !values.AtEnd()) in_.Fail();
  }

  ByteReader& in_;
  BufferPool& pool_;
  Status object_error_;
};

Status Malformed(std::string_view what) { return ExternalError("Malformed batch: {}", what); }

/// Objects stand only at the top level, and need a codec.
Status CheckCodec(const DataType& type, bool top) {
  if (type.id() == TypeId::kObject) {
    if (!top) return UserError("No encoding of objects inside other values: {}", type.ToString());
    if (!type.object().encode || !type.object().decode)
      return UserError("No codec for the stream's type: {} (give it THALWEG_RECORD or a types::Codec)",
                       type.object().name);
  }
  for (const types::Field& child : type.children()) THALWEG_TRY(CheckCodec(child.type, false));
  return {};
}

std::string TypeText(std::string_view encoded) {
  Result<DataType> type = types::DecodeType(encoded);
  return type.ok() ? type->ToString() : type.status().message();
}

}  // namespace

std::vector<DataType> TypesOf(const Batch& batch) {
  std::vector<DataType> types;
  for (int c = 0; c < batch.num_columns(); ++c) types.push_back(batch.column(c).type);
  return types;
}

BatchCodec::BatchCodec(std::vector<DataType> types) : types_(std::move(types)) {
  for (const DataType& type : types_) encoded_types_.push_back(types::EncodeType(type));
}

Status BatchCodec::Encode(const Batch& batch, ByteWriter& out) const {
  THALWEG_CHECK(batch.rows() >= 1 && batch.rows() <= kMaxBatchRows, "a batch of {} rows", batch.rows());
  THALWEG_CHECK(batch.num_columns() == static_cast<int>(types_.size()), "{} columns for {}", batch.num_columns(),
                types_.size());
  for (const DataType& type : types_) THALWEG_TRY(CheckCodec(type, true));
  auto rows = static_cast<size_t>(batch.rows());
  out.U8(kBatchFormat);
  out.Varint(rows);
  out.U8(static_cast<uint8_t>((batch.kinds() ? kHasKinds : 0) | (batch.times() ? kHasTimes : 0) |
                              (batch.key_hashes() ? kHasHashes : 0)));
  out.Varint(types_.size());
  for (size_t c = 0; c < types_.size(); ++c) {
    const Column& column = batch.column(static_cast<int>(c));
    THALWEG_CHECK(column.type.id() == types_[c].id() && column.type.value_width() == types_[c].value_width(),
                  "{} for {}", column.type.ToString(), types_[c].ToString());
    out.String(encoded_types_[c]);
    EncodeColumn(column, batch.rows(), out);
  }
  if (batch.kinds()) out.Raw({batch.kinds().data<char>(), rows});
  if (batch.times()) out.Raw({batch.times().data<char>(), rows * sizeof(int64_t)});
  if (batch.key_hashes()) out.Raw({batch.key_hashes().data<char>(), rows * sizeof(uint64_t)});
  return {};
}

Result<Batch> BatchCodec::Decode(std::string_view bytes, BufferPool& pool) const {
  for (const DataType& type : types_) THALWEG_TRY(CheckCodec(type, true));
  ByteReader in(bytes);
  if (uint8_t format = in.U8(); format != kBatchFormat)
    return ExternalError("{}: format {}, this build reads {}",
                         format > kBatchFormat ? "Newer batch" : "Malformed batch", format, kBatchFormat);
  uint64_t rows = in.Varint();
  if (rows < 1 || rows > kMaxBatchRows) return ExternalError("Malformed batch: {} rows", rows);
  uint8_t flags = in.U8();
  if (flags > (kHasKinds | kHasTimes | kHasHashes)) return Malformed("unknown flags");
  if (uint64_t count = in.Varint(); !in.failed() && count != types_.size())
    return ExternalError("A batch of other columns: {} columns, expected {}", count, types_.size());

  Batch batch(pool, static_cast<int32_t>(rows));
  ColumnDecoder decoder(in, pool);
  for (size_t c = 0; c < types_.size(); ++c) {
    std::string_view type = in.String();
    THALWEG_TRY(in.status());
    if (type != encoded_types_[c])
      return ExternalError("A batch of other columns: column {} is {}, expected {}", c, TypeText(type),
                           types_[c].ToString());
    Column column = decoder.Decode(types_[c], static_cast<int32_t>(rows));
    if (!decoder.object_error().ok()) return decoder.object_error().WithContext(fmt::format("Column {} of a batch", c));
    THALWEG_TRY(in.status());
    batch.AddColumn(std::move(column));
  }
  if (flags & kHasKinds) batch.kinds() = decoder.Copy(rows);
  if (flags & kHasTimes) batch.times() = decoder.Copy(rows * sizeof(int64_t));
  if (flags & kHasHashes) batch.key_hashes() = decoder.Copy(rows * sizeof(uint64_t));
  THALWEG_TRY(in.status());
  if (!in.AtEnd()) return Malformed("bytes left over");
  if (batch.kinds() && std::any_of(batch.kinds().data<uint8_t>(), batch.kinds().data<uint8_t>() + rows,
                                   [](uint8_t kind) { return kind > 3; }))
    return Malformed("unknown row kind");
  return batch;
}

}  // namespace thalweg::columns
