#include "formats/parse_avro.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "columns/builder.h"
#include "formats/column_read.h"

namespace thalweg::formats {
namespace {

using columns::Column;
using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;
using Kind = AvroType::Kind;

/// Of one array or map: more are an attack or a mistake, for their elements may take no bytes at all.
constexpr uint64_t kMostAvroElements = 1 << 24;

/// A place in hostile bytes. Once it has failed it reads zeros.
class AvroCursor {
 public:
  explicit AvroCursor(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return why_.empty(); }
  const std::string& why() const { return why_; }
  size_t offset() const { return at_; }
  std::string_view rest() const { return bytes_.substr(at_); }
  void Fail(std::string why) {
    if (ok()) why_ = std::move(why);
  }

  int64_t Long() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size() || !ok()) {
        Fail("the bytes end in a number");
        return 0;
      }
      const auto byte = static_cast<uint8_t>(bytes_[at_++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
    }
    Fail("a number of more than 64 bits");
    return 0;
  }
  std::string_view Take(size_t size) {
    if (!ok() || size > bytes_.size() - at_) {
      Fail(fmt::format("{} bytes are wanted, {} are left", size, bytes_.size() - at_));
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  std::string_view Bytes() {
    const int64_t size = Long();
    if (size < 0) Fail(fmt::format("a length of {}", size));
    return ok() ? Take(static_cast<size_t>(size)) : std::string_view();
  }
  template <typename T>
  T Raw() {
    T value{};
    const std::string_view bytes = Take(sizeof(T));
    if (bytes.size() == sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));  // little-endian, as we are
    return value;
  }
  bool Boolean() {
    const std::string_view byte = Take(1);
    return !byte.empty() && byte[0] != 0;
  }
  /// Elements of the next block of an array or a map; 0: the last was read.
  uint64_t Block() {
    int64_t count = Long();
    if (count < 0) {
      Long();  // its bytes
      count = count == INT64_MIN ? INT64_MAX : -count;
    }
    if (static_cast<uint64_t>(count) > kMostAvroElements) Fail(fmt::format("{} elements", count));
    return ok() ? static_cast<uint64_t>(count) : 0;
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  std::string why_;
};

Int128 BigEndian(std::string_view bytes, AvroCursor& in) {
  if (bytes.size() > sizeof(Int128)) {
    // A longer one may be padded by its sign.
    const std::string_view high = bytes.substr(0, bytes.size() - sizeof(Int128));
    const char sign = static_cast<int8_t>(bytes[high.size()]) < 0 ? '\xff' : '\0';
    if (high.find_first_not_of(sign) != std::string_view::npos) in.Fail("a decimal of more than 128 bits");
    bytes.remove_prefix(high.size());
  }
  unsigned __int128 value =
      !bytes.empty() && static_cast<int8_t>(bytes[0]) < 0 ? ~static_cast<unsigned __int128>(0) : 0;
  for (char c : bytes) value = (value << 8) | static_cast<uint8_t>(c);
  return static_cast<Int128>(value);
}

std::string_view AvroKindName(Kind kind) {
  constexpr std::string_view kNames[] = {"null",   "boolean", "int",  "long",  "float", "double", "bytes",
                                         "string", "fixed",   "enum", "array", "map",   "record", "union"};
  return kNames[static_cast<size_t>(kind)];
}

/// Whether a value of `from` may be one of `to`; of a union one branch must.
bool Readable(const AvroType& from, const DataType& to) {
  const bool number = from.kind == Kind::kInt || from.kind == Kind::kLong;
  const bool bytes = from.kind == Kind::kBytes || from.kind == Kind::kFixed;
  if (from.kind == Kind::kUnion)
    return std::any_of(from.children.begin(), from.children.end(),
                       [&](const AvroTypePtr& branch) { return Readable(*branch, to); });
  switch (to.id()) {
    case TypeId::kBoolean: return from.kind == Kind::kBoolean;
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt:
    case TypeId::kBigInt: return number;
    case TypeId::kFloat:
    case TypeId::kDouble: return number || from.kind == Kind::kFloat || from.kind == Kind::kDouble;
    case TypeId::kString: return from.kind == Kind::kString || from.kind == Kind::kEnum;
    case TypeId::kBinary: return bytes || from.kind == Kind::kString;
    case TypeId::kDecimal: return bytes && from.logical == "decimal" && from.scale == to.scale();
    case TypeId::kDate: return from.kind == Kind::kInt;
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return number;
    case TypeId::kArray: return from.kind == Kind::kArray && Readable(*from.children[0], to.children()[0].type);
    case TypeId::kMap: return from.kind == Kind::kMap && Readable(*from.children[0], to.children()[1].type);
    case TypeId::kMultiset: return from.kind == Kind::kMap && from.children[0]->kind == Kind::kInt;
    case TypeId::kRow: return from.kind == Kind::kRecord;
    default: return false;
  }
}

class AvroRows final : public AvroReader {
 public:
  AvroRows(AvroTypePtr writer, types::SchemaPtr schema) : writer_(std::move(writer)), schema_(std::move(schema)) {
    for (const std::string& name : writer_->names) places_.push_back(schema_->Find(name));
  }

  bool Read(std::string_view* bytes, columns::BatchBuilder& out, ParseError* error) override {
    const int32_t rows = out.rows();
    AvroCursor in(*bytes);
    given_.assign(static_cast<size_t>(schema_->size()), 0);
    for (size_t i = 0; i < places_.size() && in.ok(); ++i) {
      column_ = writer_->names[i];
      if (places_[i] < 0) {
        Skip(*writer_->children[i], in);
      } else {
        Value(*writer_->children[i], out.column(places_[i]), in);
        given_[static_cast<size_t>(places_[i])] = 1;
      }
    }
    for (int c = 0; c < schema_->size() && in.ok(); ++c) {
      if (given_[static_cast<size_t>(c)]) continue;
      column_ = schema_->field(c).name;
      Null(out.column(c), in);
    }
    if (!in.ok()) {
      out.Rollback(rows);
      error->column = std::string(column_);
      error->offset = in.offset();
      error->reason = in.why();
      error->text.clear();
      return false;
    }
    out.FinishRow();
    *bytes = in.rest();
    return true;
  }

 private:
  static void Null(ColumnBuilder& out, AvroCursor& in) {
    if (!out.type().nullable()) in.Fail("NULL, and the column is NOT NULL");
    out.AppendNull();
  }

  static const AvroType& Branch(const AvroType& type, AvroCursor& in) {
    const int64_t branch = in.Long();
    if (branch >= 0 && static_cast<size_t>(branch) < type.children.size())
      return *type.children[static_cast<size_t>(branch)];
    in.Fail(fmt::format("branch {} of a union of {}", branch, type.children.size()));
    return *type.children[0];
  }

  static void Skip(const AvroType& type, AvroCursor& in) {
    switch (type.kind) {
      case Kind::kNull: return;
      case Kind::kBoolean: in.Take(1); return;
      case Kind::kInt:
      case Kind::kLong:
      case Kind::kEnum: in.Long(); return;
      case Kind::kFloat: in.Take(4); return;
      case Kind::kDouble: in.Take(8); return;
      case Kind::kBytes:
      case Kind::kString: in.Bytes(); return;
      case Kind::kFixed: in.Take(type.size); return;
      case Kind::kUnion: return Skip(Branch(type, in), in);
      case Kind::kRecord:
        for (const AvroTypePtr& field : type.children)
          if (in.ok()) Skip(*field, in);
        return;
      case Kind::kArray:
      case Kind::kMap:
        while (uint64_t count = in.Block())
          for (; count > 0 && in.ok(); --count) {
            if (type.kind == Kind::kMap) in.Bytes();
            Skip(*type.children[0], in);
          }
        return;
    }
  }

  template <typename T>
  static void Integer(int64_t value, ColumnBuilder& out, AvroCursor& in) {
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
      in.Fail(fmt::format("not a {}: {}", out.type().ToString(), value));
    out.Append(static_cast<T>(value));
  }

  static double Number(const AvroType& type, AvroCursor& in) {
    if (type.kind == Kind::kFloat) return in.Raw<float>();
    if (type.kind == Kind::kDouble) return in.Raw<double>();
    return static_cast<double>(in.Long());
  }

  static std::string_view Text(const AvroType& type, AvroCursor& in) {
    if (type.kind == Kind::kFixed) return in.Take(type.size);
    if (type.kind != Kind::kEnum) return in.Bytes();
    const int64_t symbol = in.Long();
    if (symbol >= 0 && static_cast<size_t>(symbol) < type.names.size()) return type.names[static_cast<size_t>(symbol)];
    in.Fail(fmt::format("symbol {} of an enum of {}", symbol, type.names.size()));
    return {};
  }

  static void Timestamp(const AvroType& type, ColumnBuilder& out, AvroCursor& in) {
    const int64_t value = in.Long();
    const bool micros = type.logical.ends_with("-micros"), nanos = type.logical.ends_with("-nanos");
    const int64_t unit = nanos ? 1'000'000 : micros ? 1000 : 1;
    const int64_t rest = ((value % unit) + unit) % unit;
    const int64_t ms = (value - rest) / unit;
    if (out.type().precision() <= 3)
      out.Append(ms);
    else
      out.Append(types::TimestampValue{ms, static_cast<uint32_t>(nanos ? rest : rest * 1000), 0});
  }

  void Value(const AvroType& type, ColumnBuilder& out, AvroCursor& in) {
    if (type.kind == Kind::kUnion) return Value(Branch(type, in), out, in);
    if (type.kind == Kind::kNull) return Null(out, in);
    if (!in.ok()) return;
    if (!Readable(type, out.type()))
      return in.Fail(
          fmt::format("a value of Avro's type {}, the column is {}", AvroKindName(type.kind), out.type().ToString()));
    switch (out.type().id()) {
      case TypeId::kBoolean: return out.AppendBool(in.Boolean());
      case TypeId::kTinyInt: return Integer<int8_t>(in.Long(), out, in);
      case TypeId::kSmallInt: return Integer<int16_t>(in.Long(), out, in);
      case TypeId::kInt:
      case TypeId::kDate: return Integer<int32_t>(in.Long(), out, in);
      case TypeId::kBigInt: return out.Append(in.Long());
      case TypeId::kFloat: return out.Append(static_cast<float>(Number(type, in)));
      case TypeId::kDouble: return out.Append(Number(type, in));
      case TypeId::kString:
      case TypeId::kBinary: return out.AppendString(Text(type, in));
      case TypeId::kDecimal: return out.Append(BigEndian(Text(type, in), in));
      case TypeId::kTime:
        return Integer<int32_t>(type.logical == "time-micros" ? in.Long() / 1000 : in.Long(), out, in);
      case TypeId::kTimestamp:
      case TypeId::kTimestampLtz: return Timestamp(type, out, in);
      case TypeId::kArray:
      case TypeId::kMap:
      case TypeId::kMultiset: return Elements(type, out, in);
      case TypeId::kRow: return Row(type, out, in);
      default: return in.Fail("no such column");
    }
  }

  void Elements(const AvroType& type, ColumnBuilder& out, AvroCursor& in) {
    uint64_t all = 0;
    while (uint64_t count = in.Block()) {
      all += count;
      if (all > kMostAvroElements) in.Fail("too many elements");
      for (; count > 0 && in.ok(); --count) {
        if (type.kind == Kind::kMap) out.child(0).AppendString(in.Bytes());
        Value(*type.children[0], out.child(type.kind == Kind::kMap ? 1 : 0), in);
      }
    }
    if (in.ok()) out.CloseRow();
  }

  void Row(const AvroType& type, ColumnBuilder& out, AvroCursor& in) {
    const std::vector<types::Field>& fields = out.type().children();
    std::vector<char> given(fields.size(), 0);
    for (size_t i = 0; i < type.names.size() && in.ok(); ++i) {
      size_t place = 0;
      while (place < fields.size() && fields[place].name != type.names[i]) ++place;
      if (place == fields.size() || given[place]) {
        Skip(*type.children[i], in);
      } else {
        Value(*type.children[i], out.child(static_cast<int>(place)), in);
        given[place] = 1;
      }
    }
    for (size_t i = 0; i < fields.size() && in.ok(); ++i)
      if (!given[i]) Null(out.child(static_cast<int>(i)), in);
    if (in.ok()) out.CloseRow();
  }

  AvroTypePtr writer_;
  types::SchemaPtr schema_;
  std::vector<int> places_;  // of the writer's fields among the columns; -1: none
  std::vector<char> given_;
  std::string_view column_;
};

class AvroDecoder final : public Decoder {
 public:
  explicit AvroDecoder(std::unique_ptr<AvroReader> reader) : reader_(std::move(reader)) {}
  bool Decode(std::string_view record, columns::BatchBuilder& out, ParseError* error) override {
    const int32_t rows = out.rows();
    std::string_view rest = record;
    if (!reader_->Read(&rest, out, error)) {
      error->text = Escaped(record);
      return false;
    }
    if (rest.empty()) return true;
    out.Rollback(rows);
    *error = {.offset = record.size() - rest.size(),
              .reason = fmt::format("{} bytes behind the record", rest.size()),
              .text = Escaped(record)};
    return false;
  }

 private:
  std::unique_ptr<AvroReader> reader_;
};

void PutLong(int64_t value, std::string* out) {
  uint64_t rest = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; rest >= 0x80; rest >>= 7) out->push_back(static_cast<char>(rest | 0x80));
  out->push_back(static_cast<char>(rest));
}
void PutBytes(std::string_view bytes, std::string* out) {
  PutLong(static_cast<int64_t>(bytes.size()), out);
  out->append(bytes);
}
template <typename T>
void PutRaw(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// The least bytes that keep the sign, the highest first: Java's BigInteger.toByteArray.
void PutDecimal(Int128 value, std::string* out) {
  char bytes[sizeof(Int128)];
  auto rest = static_cast<unsigned __int128>(value);
  for (size_t i = sizeof(bytes); i-- > 0; rest >>= 8) bytes[i] = static_cast<char>(rest & 0xff);
  size_t begin = 0;
  const char sign = value < 0 ? '\xff' : '\0';
  while (begin + 1 < sizeof(bytes) && bytes[begin] == sign &&
         (static_cast<int8_t>(bytes[begin + 1]) < 0) == (value < 0))
    ++begin;
  PutBytes({bytes + begin, sizeof(bytes) - begin}, out);
}

class AvroEncoder final : public RowEncoder {
 public:
  AvroEncoder(AvroTypePtr type, types::SchemaPtr schema) : type_(std::move(type)), schema_(std::move(schema)) {}

  Status Encode(const columns::Batch& batch, int32_t row, std::string* out) override {
    for (int c = 0; c < schema_->size(); ++c) {
      Status status = Put(*type_->children[static_cast<size_t>(c)], schema_->field(c).type, batch.column(c), row, out);
      THALWEG_TRY(status.WithContext(fmt::format("Column '{}'", schema_->field(c).name)));
    }
    return {};
  }

 private:
  static Status Put(const AvroType& type, const DataType& declared, const Column& column, int32_t row,
                    std::string* out) {
    const bool null = column.IsNull(row);
    if (type.kind == Kind::kUnion) {
      PutLong(null ? 0 : 1, out);
      return null ? Status() : Put(*type.children[1], declared, column, row, out);
    }
    if (null) return UserError("NULL, and it is NOT NULL");
    switch (declared.id()) {
      case TypeId::kBoolean: out->push_back(column.Bool(row) ? 1 : 0); return {};
      case TypeId::kTinyInt:
      case TypeId::kSmallInt:
      case TypeId::kInt:
      case TypeId::kBigInt: PutLong(IntegerAt(column, row), out); return {};
      case TypeId::kDate:
      case TypeId::kTime: PutLong(column.data<int32_t>()[row], out); return {};
      case TypeId::kFloat: PutRaw(column.data<float>()[row], out); return {};
      case TypeId::kDouble: PutRaw(column.data<double>()[row], out); return {};
      case TypeId::kString:
      case TypeId::kBinary: PutBytes(column.String(row), out); return {};
      case TypeId::kDecimal: PutDecimal(DecimalAt(column, row), out); return {};
      case TypeId::kTimestamp:
      case TypeId::kTimestampLtz: {
        const types::TimestampValue time = TimestampAt(column, row);
        PutLong(type.logical.ends_with("-micros") ? time.millis * 1000 + time.nanos / 1000 : time.millis, out);
        return {};
      }
      case TypeId::kArray:
      case TypeId::kMap:
      case TypeId::kMultiset: return PutElements(type, declared, column, row, out);
      case TypeId::kRow:
        for (size_t i = 0; i < declared.children().size(); ++i)
          THALWEG_TRY(Put(*type.children[i], declared.children()[i].type, column.children[i], row, out));
        return {};
      default: return InternalError("No Avro of {}", declared.ToString());
    }
  }

  static Status PutElements(const AvroType& type, const DataType& declared, const Column& column, int32_t row,
                            std::string* out) {
    const auto* offsets = column.offsets.data<int32_t>();
    const int32_t from = offsets[row], to = offsets[row + 1];
    if (to > from) PutLong(to - from, out);
    for (int32_t i = from; i < to; ++i) {
      if (type.kind == Kind::kMap) {
        if (column.children[0].IsNull(i)) return UserError("a key of a map is NULL");
        PutBytes(column.children[0].String(i), out);
      }
      const size_t value = type.kind == Kind::kMap ? 1 : 0;
      const DataType element =
          declared.id() == TypeId::kMultiset ? DataType(TypeId::kInt, false) : declared.children()[value].type;
      THALWEG_TRY(Put(*type.children[0], element, column.children[value], i, out));
    }
    PutLong(0, out);
    return {};
  }

  AvroTypePtr type_;
  types::SchemaPtr schema_;
};

}  // namespace

Result<std::unique_ptr<AvroReader>> AvroReader::Make(AvroTypePtr writer, types::SchemaPtr schema) {
  if (writer->kind != Kind::kRecord) return UserError("Rows are Avro records, this is {}", AvroKindName(writer->kind));
  for (size_t i = 0; i < writer->names.size(); ++i) {
    const int column = schema->Find(writer->names[i]);
    if (column >= 0 && !Readable(*writer->children[i], schema->field(column).type))
      return UserError("Column '{}' is {}, which is not read from Avro's type {}{}", writer->names[i],
                       schema->field(column).type.ToString(), AvroKindName(writer->children[i]->kind),
                       writer->children[i]->logical.empty() ? "" : " (" + writer->children[i]->logical + ")");
  }
  return std::unique_ptr<AvroReader>(std::make_unique<AvroRows>(std::move(writer), std::move(schema)));
}

Result<std::unique_ptr<Decoder>> MakeAvroDecoder(types::SchemaPtr schema, const AvroOptions& options) {
  THALWEG_ASSIGN(DerivedAvroSchema derived, DeriveAvroSchema(*schema, options.mapping));
  THALWEG_ASSIGN(auto reader, AvroReader::Make(std::move(derived.type), std::move(schema)));
  return std::unique_ptr<Decoder>(std::make_unique<AvroDecoder>(std::move(reader)));
}

Result<std::unique_ptr<RowEncoder>> MakeAvroEncoder(types::SchemaPtr schema, const AvroOptions& options) {
  THALWEG_ASSIGN(DerivedAvroSchema derived, DeriveAvroSchema(*schema, options.mapping));
  return std::unique_ptr<RowEncoder>(std::make_unique<AvroEncoder>(std::move(derived.type), std::move(schema)));
}

}  // namespace thalweg::formats
