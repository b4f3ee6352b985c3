#include "sql/to_data_type.h"

#include "sql/print.h"
#include "sql/syntax_error.h"

namespace thalweg::sql {
namespace {

using types::DataType;
using types::TypeId;

// The number in parentheses, or the default.
Result<int> Number(const TypeSpec& spec, std::string_view what, int low, int high, int otherwise) {
  int value = spec.precision.value_or(otherwise);
  if (value >= low && value <= high) return value;
  return UserError("{}: the {} of {} is {} to {}", ToText(spec.span.begin), what, Print(spec), low, high);
}

// `otherwise`: the length if none is said. As Flink: VARCHAR and VARBINARY are then the longest, whatever the standard says.
Result<DataType> Text(const TypeSpec& spec, bool binary, int otherwise) {
  THALWEG_ASSIGN(int length, Number(spec, "length", 1, INT32_MAX, otherwise));
  // The longest VARCHAR is STRING, the longest VARBINARY is BYTES.
  bool longest = length == INT32_MAX;
  if (binary) return longest ? DataType(TypeId::kBinary) : DataType::VarBinary(length);
  return longest ? DataType(TypeId::kString) : DataType::VarChar(length);
}

Result<DataType> Decimal(const TypeSpec& spec) {
  THALWEG_ASSIGN(int precision, Number(spec, "precision", 1, 38, 10));
  int scale = spec.scale.value_or(0);
  if (scale > precision) {
    return UserError("{}: the scale of {} is 0 to {}, its precision", ToText(spec.span.begin), Print(spec), precision);
  }
  return DataType::Decimal(precision, scale);
}

Result<DataType> Row(const TypeSpec& spec) {
  std::vector<types::Field> fields;
  for (const TypeField& field : spec.fields) {
    THALWEG_ASSIGN(DataType type, ToDataType(*field.type));
    std::string name = field.name.text.empty() ? fmt::format("f{}", fields.size()) : field.name.text;
    fields.push_back({std::move(name), std::move(type)});
  }
  return DataType::Row(std::move(fields));
}

Result<DataType> Nested(const TypeSpec& spec) {
  THALWEG_ASSIGN(DataType first, ToDataType(*spec.arguments[0]));
  if (spec.kind == TypeKind::kArray) return DataType::Array(std::move(first));
  if (spec.kind == TypeKind::kMultiset) return DataType::Multiset(std::move(first));
  THALWEG_ASSIGN(DataType second, ToDataType(*spec.arguments[1]));
  return DataType::Map(std::move(first), std::move(second));
}

Result<DataType> Nullable(const TypeSpec& spec) {
  switch (spec.kind) {
    case TypeKind::kNull: return DataType(TypeId::kNull);
    case TypeKind::kBoolean: return DataType(TypeId::kBoolean);
    case TypeKind::kTinyInt: return DataType(TypeId::kTinyInt);
    case TypeKind::kSmallInt: return DataType(TypeId::kSmallInt);
    case TypeKind::kInt: return DataType(TypeId::kInt);
    case TypeKind::kBigInt: return DataType(TypeId::kBigInt);
    case TypeKind::kFloat: return DataType(TypeId::kFloat);
    case TypeKind::kDouble: return DataType(TypeId::kDouble);
    case TypeKind::kDecimal: return Decimal(spec);
    case TypeKind::kString: return DataType(TypeId::kString);
    case TypeKind::kBytes: return DataType(TypeId::kBinary);
    case TypeKind::kChar: return Text(spec, false, 1);
    case TypeKind::kVarChar: return Text(spec, false, INT32_MAX);
    case TypeKind::kBinary: return Text(spec, true, 1);
    case TypeKind::kVarBinary: return Text(spec, true, INT32_MAX);
    case TypeKind::kDate: return DataType(TypeId::kDate);
    case TypeKind::kTime: {
      THALWEG_ASSIGN(int precision, Number(spec, "precision", 0, 9, 0));
      return DataType::FromParts(TypeId::kTime, true, precision, 0, {});
    }
    case TypeKind::kTimestamp: {
      THALWEG_ASSIGN(int precision, Number(spec, "precision", 0, 9, 6));
      return DataType::Timestamp(precision);
    }
    case TypeKind::kTimestampLtz: {
      THALWEG_ASSIGN(int precision, Number(spec, "precision", 0, 9, 6));
      return DataType::TimestampLtz(precision);
    }
    case TypeKind::kInterval:
      return DataType(spec.interval->from <= TimeUnit::kMonth ? TypeId::kIntervalYearMonth : TypeId::kIntervalDayTime);
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kMultiset: return Nested(spec);
    case TypeKind::kRow: return Row(spec);
    default: return UserError("{}: type {} is not supported", ToText(spec.span.begin), Print(spec));
  }
}

}  // namespace

Result<DataType> ToDataType(const TypeSpec& spec) {
  THALWEG_ASSIGN(DataType type, Nullable(spec));
  return type.WithNullable(spec.nullable);
}

namespace {

void NoteFixedLengths(const TypeSpec& spec, std::vector<int>& way, std::vector<std::vector<int>>& found) {
  if (spec.kind == TypeKind::kChar || spec.kind == TypeKind::kBinary) found.push_back(way);
  std::vector<TypePtr> children = spec.arguments;
  for (const TypeField& field : spec.fields) children.push_back(field.type);
  for (size_t i = 0; i < children.size(); ++i) {
    way.push_back(static_cast<int>(i));
    NoteFixedLengths(*children[i], way, found);
    way.pop_back();
  }
}

}  // namespace

std::vector<std::vector<int>> FixedLengths(const TypeSpec& spec) {
  std::vector<std::vector<int>> found;
  std::vector<int> way;
  NoteFixedLengths(spec, way, found);
  return found;
}

}  // namespace thalweg::sql
