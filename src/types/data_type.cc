#include "types/data_type.h"

#include "types/object_type.h"

namespace thalweg::types {
namespace {

std::string_view ScalarName(TypeId id) {
  switch (id) {
    case TypeId::kNull: return "NULL";
    case TypeId::kBoolean: return "BOOLEAN";
    case TypeId::kTinyInt: return "TINYINT";
    case TypeId::kSmallInt: return "SMALLINT";
    case TypeId::kInt: return "INT";
    case TypeId::kBigInt: return "BIGINT";
    case TypeId::kFloat: return "FLOAT";
    case TypeId::kDouble: return "DOUBLE";
    case TypeId::kDate: return "DATE";
    case TypeId::kIntervalYearMonth: return "INTERVAL YEAR TO MONTH";
    case TypeId::kIntervalDayTime: return "INTERVAL DAY TO SECOND(3)";
    default: return "?";
  }
}

}  // namespace

DataType DataType::VarChar(int length, bool nullable) {
  THALWEG_CHECK(length >= 1, "VARCHAR({})", length);
  DataType type(TypeId::kString, nullable);
  type.precision_ = length;
  return type;
}

DataType DataType::VarBinary(int length, bool nullable) {
  DataType type = VarChar(length, nullable);
  type.id_ = TypeId::kBinary;
  return type;
}

DataType DataType::Decimal(int precision, int scale, bool nullable) {
  THALWEG_CHECK(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision, "DECIMAL({}, {})", precision,
                scale);
  DataType type(TypeId::kDecimal, nullable);
  type.precision_ = precision;
  type.scale_ = static_cast<int8_t>(scale);
  return type;
}

DataType DataType::Timestamp(int precision, bool nullable) {
  THALWEG_CHECK(precision >= 0 && precision <= 9, "TIMESTAMP({})", precision);
  DataType type(TypeId::kTimestamp, nullable);
  type.precision_ = precision;
  return type;
}

DataType DataType::TimestampLtz(int precision, bool nullable) {
  DataType type = Timestamp(precision, nullable);
  type.id_ = TypeId::kTimestampLtz;
  return type;
}

DataType DataType::Array(DataType element, bool nullable) {
  DataType type(TypeId::kArray, nullable);
  type.children_ = std::make_shared<std::vector<Field>>(std::vector<Field>{{"element", std::move(element)}});
  return type;
}

DataType DataType::Map(DataType key, DataType value, bool nullable) {
  DataType type(TypeId::kMap, nullable);
  type.children_ =
      std::make_shared<std::vector<Field>>(std::vector<Field>{{"key", std::move(key)}, {"value", std::move(value)}});
  return type;
}

DataType DataType::Multiset(DataType element, bool nullable) {
  DataType type = Array(std::move(element), nullable);
  type.id_ = TypeId::kMultiset;
  return type;
}

DataType DataType::Row(std::vector<Field> fields, bool nullable) {
  DataType type(TypeId::kRow, nullable);
  type.children_ = std::make_shared<std::vector<Field>>(std::move(fields));
  return type;
}

DataType DataType::Object(const ObjectType& object) {
  DataType type(TypeId::kObject, false);
  type.object_ = &object;
  return type;
}

Result<DataType> DataType::FromParts(TypeId id, bool nullable, int precision, int scale, std::vector<Field> children) {
  int most_precision = 0, most_scale = 0;
  size_t least_children = 0, most_children = 0;
  switch (id) {
    case TypeId::kDecimal: most_precision = 38, most_scale = precision; break;
    case TypeId::kString:
    case TypeId::kBinary: most_precision = INT32_MAX; break;
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: most_precision = 9; break;
    case TypeId::kArray:
    case TypeId::kMultiset: least_children = most_children = 1; break;
    case TypeId::kMap: least_children = most_children = 2; break;
    case TypeId::kRow: most_children = SIZE_MAX; break;
    default:
      if (id > TypeId::kRow) return ExternalError("Malformed type: no type has id {}", static_cast<int>(id));
  }
  if (precision < (id == TypeId::kDecimal ? 1 : 0) || precision > most_precision || scale < 0 || scale > most_scale ||
      children.size() < least_children || children.size() > most_children) {
    return ExternalError("Malformed type: id {} with precision {}, scale {} and {} parts", static_cast<int>(id),
                         precision, scale, children.size());
  }
  DataType type(id, nullable);
  type.precision_ = precision;
  type.scale_ = static_cast<int8_t>(scale);
  if (most_children > 0) type.children_ = std::make_shared<std::vector<Field>>(std::move(children));
  return type;
}

const std::vector<Field>& DataType::children() const {
  static const std::vector<Field> kNone;
  return children_ ? *children_ : kNone;
}

DataType DataType::WithNullable(bool nullable) const {
  DataType copy = *this;
  copy.nullable_ = nullable;
  return copy;
}

int DataType::value_width() const {
  switch (id_) {
    case TypeId::kTinyInt: return 1;
    case TypeId::kSmallInt: return 2;
    case TypeId::kInt:
    case TypeId::kFloat:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kIntervalYearMonth: return 4;
    case TypeId::kBigInt:
    case TypeId::kDouble:
    case TypeId::kIntervalDayTime: return 8;
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return precision_ <= 3 ? 8 : 16;
    case TypeId::kDecimal:
    case TypeId::kString:
    case TypeId::kBinary: return 16;
    case TypeId::kObject: return static_cast<int>(object_->size);
    default: return 0;
  }
}

bool DataType::operator==(const DataType& other) const {
  return id_ == other.id_ && nullable_ == other.nullable_ && precision_ == other.precision_ && scale_ == other.scale_ &&
         (object_ == other.object_ || (object_ && other.object_ && object_->name == other.object_->name)) &&
         children() == other.children();
}

std::string DataType::ToString() const {
  std::string text;
  switch (id_) {
    case TypeId::kDecimal: text = fmt::format("DECIMAL({}, {})", precision_, scale_); break;
    case TypeId::kString: text = precision_ ? fmt::format("VARCHAR({})", precision_) : "STRING"; break;
    case TypeId::kBinary: text = precision_ ? fmt::format("VARBINARY({})", precision_) : "BYTES"; break;
    case TypeId::kTime: text = fmt::format("TIME({})", precision_); break;
    case TypeId::kTimestamp: text = fmt::format("TIMESTAMP({})", precision_); break;
    case TypeId::kTimestampLtz: text = fmt::format("TIMESTAMP_LTZ({})", precision_); break;
    case TypeId::kArray: text = fmt::format("ARRAY<{}>", children()[0].type.ToString()); break;
    case TypeId::kMap:
      text = fmt::format("MAP<{}, {}>", children()[0].type.ToString(), children()[1].type.ToString());
      break;
    case TypeId::kMultiset: text = fmt::format("MULTISET<{}>", children()[0].type.ToString()); break;
    case TypeId::kRow: {
      text = "ROW<";
      for (size_t i = 0; i < children().size(); ++i)
        text += fmt::format("{}`{}` {}", i ? ", " : "", children()[i].name, children()[i].type.ToString());
      text += ">";
      break;
    }
    case TypeId::kObject: text = fmt::format("OBJECT<{}>", object_->name); break;
    default: text = ScalarName(id_);
  }
  return nullable_ || id_ == TypeId::kObject ? text : text + " NOT NULL";
}

int Schema::Find(std::string_view name) const {
  for (int i = 0; i < size(); ++i)
    if (field(i).name == name) return i;
  return -1;
}

std::string Schema::ToString() const {
  std::string text = "(";
  for (int i = 0; i < size(); ++i)
    text += fmt::format("{}{} {}", i ? ", " : "", field(i).name, field(i).type.ToString());
  return text + ")";
}

}  // namespace thalweg::types
