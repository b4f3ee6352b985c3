// Logical types and schemas: Flink's SQL types, plus the object type that carries a C++ value of DataStream<T>.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::types {

struct ObjectType;

/// Identity of a type. The numbers stand on disk and wire: never renumber.
enum class TypeId : uint8_t {
  kNull = 0,
  kBoolean = 1,             // bitmap, LSB first
  kTinyInt = 2,             // int8
  kSmallInt = 3,            // int16
  kInt = 4,                 // int32
  kBigInt = 5,              // int64
  kFloat = 6,               // float
  kDouble = 7,              // double
  kDecimal = 8,             // 16 bytes two's complement little-endian, unscaled; precision 1..38
  kString = 9,              // string view; CHAR and VARCHAR(n) too, n in `precision` (0: no limit)
  kBinary = 10,             // string view; BINARY and VARBINARY(n) too
  kDate = 11,               // int32 days since 1970-01-01
  kTime = 12,               // int32 milliseconds of the day
  kTimestamp = 13,          // precision <= 3: int64 ms; above: TimestampValue
  kTimestampLtz = 14,       // as kTimestamp, an instant
  kIntervalYearMonth = 15,  // int32 months
  kIntervalDayTime = 16,    // int64 ms
  kArray = 17,              // children[0] element
  kMap = 18,                // children[0] key, children[1] value
  kMultiset = 19,           // children[0] element, counts as INT
  kRow = 20,                // children are the fields
  kObject = 64,             // an array of C++ objects; see object_type.h
};

/// TIMESTAMP(4..9): milliseconds since the epoch and nanoseconds within the millisecond (0..999999), years 0001..9999.
struct TimestampValue {
  int64_t millis = 0;
  uint32_t nanos = 0;
  uint32_t reserved = 0;
  auto operator<=>(const TimestampValue&) const = default;
};

struct Field;

/// A type. Value semantics; nested parts are shared and immutable. Any thread.
class DataType {
 public:
  DataType() = default;
  explicit DataType(TypeId id, bool nullable = true) : id_(id), nullable_(nullable) {}
  /// VARCHAR(length) and VARBINARY(length), length >= 1; STRING and BYTES are DataType(kString), DataType(kBinary).
  static DataType VarChar(int length, bool nullable = true);
  static DataType VarBinary(int length, bool nullable = true);
  static DataType Decimal(int precision, int scale, bool nullable = true);
  static DataType Timestamp(int precision, bool nullable = true);
  static DataType TimestampLtz(int precision, bool nullable = true);
  static DataType Array(DataType element, bool nullable = true);
  static DataType Map(DataType key, DataType value, bool nullable = true);
  static DataType Multiset(DataType element, bool nullable = true);
  static DataType Row(std::vector<Field> fields, bool nullable = true);
  static DataType Object(const ObjectType& type);
  /// Any type but kObject from its parts, for decoders: an external error if they do not make a type.
  static Result<DataType> FromParts(TypeId id, bool nullable, int precision, int scale, std::vector<Field> children);

  TypeId id() const { return id_; }
  bool nullable() const { return nullable_; }
  int precision() const { return precision_; }
  int scale() const { return scale_; }
  /// Element, key and value, or fields; empty for scalars.
  const std::vector<Field>& children() const;
  /// Only for kObject.
  const ObjectType& object() const { return *object_; }
  DataType WithNullable(bool nullable) const;

  /// Bytes of one value in the values buffer: 16 for string views, 0 for kNull, kBoolean and nested types.
  int value_width() const;
  bool is_variable() const { return id_ == TypeId::kString || id_ == TypeId::kBinary; }
  bool operator==(const DataType& other) const;
  /// Flink's spelling: "BIGINT NOT NULL", "DECIMAL(10, 2)", "ROW<`a` INT>".
  std::string ToString() const;

 private:
  TypeId id_ = TypeId::kNull;
  bool nullable_ = true;
  int8_t scale_ = 0;
  int32_t precision_ = 0;
  const ObjectType* object_ = nullptr;  // static storage of the program or a job library, which is never unloaded
  std::shared_ptr<const std::vector<Field>> children_;
};

struct Field {
  std::string name;
  DataType type;
  bool operator==(const Field&) const = default;
};

/// Ordered, named columns. Immutable, shared by pointer.
class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}
  const std::vector<Field>& fields() const { return fields_; }
  int size() const { return static_cast<int>(fields_.size()); }
  const Field& field(int index) const { return fields_[static_cast<size_t>(index)]; }
  /// Index of `name`, or -1.
  int Find(std::string_view name) const;
  bool operator==(const Schema&) const = default;
  std::string ToString() const;

 private:
  std::vector<Field> fields_;
};

using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace thalweg::types
