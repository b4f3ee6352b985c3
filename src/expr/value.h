// Value: one constant of a type, NULL included, as expressions hold it.
// Rule: a value is a column of one row, so that every type has one representation and constants enter kernels as they are.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "columns/builder.h"

namespace thalweg::expr {

/// Immutable, cheap to copy. Any thread.
class Value {
 public:
  /// NULL of `type`, which becomes nullable.
  static Value Null(types::DataType type);
  /// A copy of one cell; the type is the column's, NOT NULL if the cell is present.
  static Value FromCell(const columns::Column& column, int32_t row);
  /// What `append` appends, one value, to a builder of `type`.
  template <typename F>
  static Value Build(types::DataType type, F&& append) {
    columns::BufferPool pool;
    columns::ColumnBuilder builder(std::move(type), pool, 1);
    append(builder);
    return Value(builder.Take());
  }

  static Value Boolean(bool value);
  static Value TinyInt(int8_t value);
  static Value SmallInt(int16_t value);
  static Value Int(int32_t value);
  static Value BigInt(int64_t value);
  static Value Float(float value);
  static Value Double(double value);
  /// `value` is unscaled.
  static Value Decimal(__int128 value, int precision, int scale);
  static Value String(std::string_view value);
  static Value Binary(std::string_view value);
  static Value Date(int32_t days);
  static Value Time(int32_t millis_of_day);
  static Value Timestamp(types::TimestampValue value, int precision);
  static Value TimestampLtz(types::TimestampValue value, int precision);
  static Value IntervalMonths(int32_t months);
  static Value IntervalMillis(int64_t millis);

  const types::DataType& type() const { return column_->type; }
  bool is_null() const { return column_->IsNull(0) || type().id() == types::TypeId::kNull; }
  /// One row.
  const columns::Column& column() const { return *column_; }
  void AppendTo(columns::ColumnBuilder& out) const { out.AppendRows(*column_, nullptr, 1); }

  // Of a value that is not NULL and of the matching type.
  bool boolean() const { return column_->Bool(0); }
  std::string_view string() const { return column_->String(0); }
  template <typename T>
  T number() const {
    return column_->data<T>()[0];
  }

  /// A literal as Flink's plans print it: 1, 'a', 1.5:DECIMAL(2, 1), null:INT, x'0a0b'.
  std::string ToString() const;
  /// Equal types (nullability aside) and values; NULL equals NULL, NaN equals NaN.
  bool operator==(const Value& other) const;
  uint64_t Hash() const;

 private:
  explicit Value(columns::Column column);
  std::shared_ptr<const columns::Column> column_;
};

/// Bytes of a value with its type, versioned; for plans.
std::string EncodeValue(const Value& value);
Result<Value> DecodeValue(std::string_view bytes);

}  // namespace thalweg::expr
