#include "formats/raw.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "columns/builder.h"
#include "formats/scalar_text.h"

namespace thalweg::formats {
namespace {

using types::TypeId;

// Bytes of a number; 0: it has no fixed ones here.
size_t WidthOf(const types::DataType& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
    case TypeId::kTinyInt: return 1;
    case TypeId::kSmallInt: return 2;
    case TypeId::kInt:
    case TypeId::kFloat: return 4;
    case TypeId::kBigInt:
    case TypeId::kDouble: return 8;
    default: return 0;
  }
}

Status CheckRaw(const types::Schema& schema) {
  if (schema.size() == 1 && (schema.field(0).type.is_variable() || WidthOf(schema.field(0).type) > 0)) return {};
  return UserError(
      "Format raw needs one column of STRING, BYTES, BOOLEAN, TINYINT to BIGINT, FLOAT or DOUBLE, the schema is {}",
      schema.ToString());
}

/// Number <-> the record's bytes.
template <typename T>
T InOrder(T value, RawOptions options) {
  auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
  if (options.little_endian != (std::endian::native == std::endian::little)) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

class RawDecoder final : public Decoder {
 public:
  RawDecoder(const types::Field& column, RawOptions options)
      : name_(column.name), type_(column.type), width_(WidthOf(column.type)), options_(options) {}

  bool Decode(std::string_view record, columns::BatchBuilder& out, ParseError* error) override {
    if (width_ > 0 && record.size() != width_) {
      *error = {name_, 0, fmt::format("{} bytes, and {} has {}", record.size(), type_.ToString(), width_),
                Escaped(record)};
      return false;
    }
    Append(record, out.column(0));
    out.FinishRow();
    return true;
  }

 private:
  void Append(std::string_view record, columns::ColumnBuilder& out) const {
    switch (type_.id()) {
      case TypeId::kBoolean: return out.AppendBool(record[0] != 0);
      case TypeId::kTinyInt: return out.Append(As<int8_t>(record));
      case TypeId::kSmallInt: return out.Append(As<int16_t>(record));
      case TypeId::kInt: return out.Append(As<int32_t>(record));
      case TypeId::kBigInt: return out.Append(As<int64_t>(record));
      case TypeId::kFloat: return out.Append(As<float>(record));
      case TypeId::kDouble: return out.Append(As<double>(record));
      default: return out.AppendString(record);
    }
  }
  template <typename T>
  T As(std::string_view record) const {
    T value;
    std::memcpy(&value, record.data(), sizeof(T));
    return InOrder(value, options_);
  }

  const std::string name_;
  const types::DataType type_;
  const size_t width_;
  const RawOptions options_;
};

class RawEncoder final : public RowEncoder {
 public:
  RawEncoder(const types::DataType& type, RawOptions options) : type_(type), options_(options) {}

  Status Encode(const columns::Batch& batch, int32_t row, std::string* out) override {
    const columns::Column& column = batch.column(0);
    if (column.IsNull(row)) return {};
    switch (type_.id()) {
      case TypeId::kBoolean: out->push_back(column.Bool(row) ? 1 : 0); break;
      case TypeId::kTinyInt: Add(column.data<int8_t>()[row], out); break;
      case TypeId::kSmallInt: Add(column.data<int16_t>()[row], out); break;
      case TypeId::kInt: Add(column.data<int32_t>()[row], out); break;
      case TypeId::kBigInt: Add(column.data<int64_t>()[row], out); break;
      case TypeId::kFloat: Add(column.data<float>()[row], out); break;
      case TypeId::kDouble: Add(column.data<double>()[row], out); break;
      default: out->append(column.String(row));
    }
    return {};
  }

 private:
  template <typename T>
  void Add(T value, std::string* out) const {
    const T ordered = InOrder(value, options_);
    out->append(reinterpret_cast<const char*>(&ordered), sizeof(T));
  }

  const types::DataType type_;
  const RawOptions options_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeRawDecoder(types::SchemaPtr schema, RawOptions options) {
  THALWEG_TRY(CheckRaw(*schema));
  return std::unique_ptr<Decoder>(std::make_unique<RawDecoder>(schema->field(0), options));
}

Result<std::unique_ptr<RowEncoder>> MakeRawEncoder(types::SchemaPtr schema, RawOptions options) {
  THALWEG_TRY(CheckRaw(*schema));
  return std::unique_ptr<RowEncoder>(std::make_unique<RawEncoder>(schema->field(0).type, options));
}

}  // namespace thalweg::formats
