// The spelling of a type: CAST(x AS ...), columns of tables.
#pragma once

#include "sql/ast.h"

namespace thalweg::sql {

enum class TypeKind : uint8_t {
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInt,
  kBigInt,
  kFloat,
  kDouble,
  kDecimal,
  kChar,
  kVarChar,
  kString,
  kBinary,
  kVarBinary,
  kBytes,
  kDate,
  kTime,
  kTimestamp,
  kTimestampLtz,
  kTimestampTz,  // WITH TIME ZONE
  kInterval,
  kArray,
  kMap,
  kMultiset,
  kRow,
  kStructured,
  kRaw,
  kVariant,
  kBitmap,
  kNull,
  kDescriptor,
  kUserDefined,  // by name
};

enum class TimeUnit : uint8_t { kYear, kQuarter, kMonth, kWeek, kDay, kHour, kMinute, kSecond };

/// DAY(3) TO SECOND(6): of an interval literal and of an interval type.
struct IntervalQualifier {
  TimeUnit from = TimeUnit::kDay;
  std::optional<TimeUnit> to;
  std::optional<int> precision;  // of the leading field
  std::optional<int> fraction;   // digits of a second
};

/// A field of ROW<...> or STRUCTURED<...>. The name is empty in ROW(INT, STRING).
struct TypeField {
  Identifier name;
  TypePtr type;
  std::optional<std::string> comment;
};

struct TypeSpec {
  Span span;
  TypeKind kind = TypeKind::kNull;
  bool nullable = true;
  std::optional<int> precision;  // also the length of CHAR, VARCHAR, BINARY, VARBINARY
  std::optional<int> scale;
  std::optional<IntervalQualifier> interval;
  std::vector<TypePtr> arguments;  // element, or key and value
  std::vector<TypeField> fields;
  std::string class_name;  // of RAW and STRUCTURED
  std::string serializer;  // of RAW
  Name name;               // of kUserDefined
};

}  // namespace thalweg::sql
