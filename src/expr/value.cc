#include "expr/value.h"

#include "base/fields.h"
#include "base/hash.h"
#include "columns/batch_codec.h"
#include "columns/format.h"
#include "columns/key_encoder.h"
#include "types/scalar_text.h"
#include "types/type_codec.h"

namespace thalweg::expr {

using columns::Column;
using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;

namespace {

std::string HexOf(std::string_view bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string QuotedText(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    quoted += c;
    if (c == '\'') quoted += c;
  }
  return quoted + "'";
}

std::string CanonicalBytes(const Value& value) {
  std::string bytes;
  if (value.type().id() != TypeId::kNull) columns::AppendCellKey(value.column(), 0, bytes);
  return bytes;
}

template <typename T>
Value Fixed(DataType type, T value) {
  return Value::Build(std::move(type), [&](ColumnBuilder& out) { out.Append(value); });
}

}  // namespace

Value::Value(Column column) {
  column.type = column.type.WithNullable(column.type.id() == TypeId::kNull || column.IsNull(0));
  column_ = std::make_shared<const Column>(std::move(column));
}

Value Value::Null(DataType type) {
  return Build(type.WithNullable(true), [](ColumnBuilder& out) { out.AppendNull(); });
}

Value Value::FromCell(const Column& column, int32_t row) {
  return Build(column.type, [&](ColumnBuilder& out) { out.AppendRows(column, &row, 1); });
}

Value Value::Boolean(bool value) {
  return Build(DataType(TypeId::kBoolean, false), [&](ColumnBuilder& out) { out.AppendBool(value); });
}
Value Value::TinyInt(int8_t value) { return Fixed(DataType(TypeId::kTinyInt, false), value); }
Value Value::SmallInt(int16_t value) { return Fixed(DataType(TypeId::kSmallInt, false), value); }
Value Value::Int(int32_t value) { return Fixed(DataType(TypeId::kInt, false), value); }
Value Value::BigInt(int64_t value) { return Fixed(DataType(TypeId::kBigInt, false), value); }
Value Value::Float(float value) { return Fixed(DataType(TypeId::kFloat, false), value); }
Value Value::Double(double value) { return Fixed(DataType(TypeId::kDouble, false), value); }
Value Value::Decimal(__int128 value, int precision, int scale) {
  return Fixed(DataType::Decimal(precision, scale, false), value);
}
Value Value::String(std::string_view value) {
  return Build(DataType(TypeId::kString, false), [&](ColumnBuilder& out) { out.AppendString(value); });
}
Value Value::Binary(std::string_view value) {
  return Build(DataType(TypeId::kBinary, false), [&](ColumnBuilder& out) { out.AppendString(value); });
}
Value Value::Date(int32_t days) { return Fixed(DataType(TypeId::kDate, false), days); }
Value Value::Time(int32_t millis_of_day) { return Fixed(DataType(TypeId::kTime, false), millis_of_day); }
Value Value::Timestamp(types::TimestampValue value, int precision) {
  DataType type = DataType::Timestamp(precision, false);
  return precision <= 3 ? Fixed(type, value.millis) : Fixed(type, value);
}
Value Value::TimestampLtz(types::TimestampValue value, int precision) {
  DataType type = DataType::TimestampLtz(precision, false);
  return precision <= 3 ? Fixed(type, value.millis) : Fixed(type, value);
}
Value Value::IntervalMonths(int32_t months) { return Fixed(DataType(TypeId::kIntervalYearMonth, false), months); }
Value Value::IntervalMillis(int64_t millis) { return Fixed(DataType(TypeId::kIntervalDayTime, false), millis); }

std::string Value::ToString() const {
  if (is_null()) return "null:" + type().WithNullable(true).ToString();
  std::string text;
  switch (type().id()) {
    case TypeId::kString: return QuotedText(string());
    case TypeId::kBinary: return "x'" + HexOf(string()) + "'";
    case TypeId::kIntervalYearMonth: types::AppendInt(number<int32_t>(), &text); return text + ":INTERVAL MONTH";
    case TypeId::kIntervalDayTime: types::AppendInt(number<int64_t>(), &text); return text + ":INTERVAL SECOND";
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: {
      types::TimestampValue value =
          type().precision() <= 3 ? types::TimestampValue{number<int64_t>()} : number<types::TimestampValue>();
      types::AppendTimestamp(value, types::TimestampStandard::kSql, false, &text);
      return text;
    }
    default: columns::AppendCellText(*column_, 0, text);
  }
  TypeId id = type().id();
  if (id == TypeId::kInt || id == TypeId::kBoolean || id == TypeId::kDate || id == TypeId::kTime) return text;
  return text + ":" + type().WithNullable(true).ToString();
}

bool Value::operator==(const Value& other) const {
  return type().WithNullable(true) == other.type().WithNullable(true) && is_null() == other.is_null() &&
         CanonicalBytes(*this) == CanonicalBytes(other);
}

uint64_t Value::Hash() const { return Hash64(CanonicalBytes(*this)) ^ static_cast<uint64_t>(type().id()); }

namespace {
constexpr std::string_view kValue = "constant";
}

// Value: 1 type, 2 batch of one row and one column (absent: NULL).
std::string EncodeValue(const Value& value) {
  FieldWriter out;
  out.Nested(1, types::EncodeType(value.type()));
  if (!value.is_null()) {
    columns::BufferPool pool;
    columns::Batch batch(pool, 1);
    batch.AddColumn(value.column());
    ByteWriter bytes;
    Status status = columns::BatchCodec({value.type()}).Encode(batch, bytes);
    THALWEG_CHECK(status.ok(), "{}", status.ToString());  // only objects have no codec, and no constant is an object
    out.Nested(2, bytes.view());
  }
  return out.Take();
}

Result<Value> DecodeValue(std::string_view bytes) {
  FieldReader in(bytes, kValue);
  DataType type;
  std::string_view row;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: type = in.Take(types::DecodeType(in.Bytes())); break;
      case 2: row = in.Bytes(); break;
      default: in.Take(ExternalError("Newer {}: field {} is not known to this build", kValue, in.tag()));
    }
  }
  THALWEG_TRY(in.status());
  if (row.empty()) return Value::Null(type);
  columns::BufferPool pool;
  THALWEG_ASSIGN(columns::Batch batch, columns::BatchCodec({type}).Decode(row, pool));
  if (batch.rows() != 1) return ExternalError("Malformed {}: {} rows", kValue, batch.rows());
  return Value::FromCell(batch.column(0), 0);
}

}  // namespace thalweg::expr
