// TypeOf<T>: the SQL type of a C++ type, for schemas of records and for key columns.
// Rule: every value of T has exactly one value of the type and back. A T that SQL does not know but that has a Codec is BYTES.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "types/codec.h"
#include "types/data_type.h"
#include "types/timestamp.h"

namespace thalweg::types {

/// BYTES NOT NULL: the codec's encoding.
template <typename T, typename = void>
struct TypeOf {
  static_assert(HasCodec<T>, "no SQL type and no Codec for this C++ type: give it THALWEG_RECORD or a types::Codec");
  static constexpr bool kOpaque = true;
  static DataType Get() { return DataType(TypeId::kBinary, false); }
};

/// The type of T, NOT NULL unless T is an optional.
template <typename T>
DataType DataTypeOf() {
  return TypeOf<T>::Get();
}

/// True where the column holds the bytes of T's codec.
template <typename T>
concept OpaqueInColumns = requires { requires TypeOf<T>::kOpaque; };

namespace internal {

/// The integer type that holds every value of an integral T; uint64 needs DECIMAL(20, 0).
template <typename T>
DataType IntegerType() {
  constexpr int kBits = sizeof(T) * 8 + (std::is_signed_v<T> ? 0 : 1);
  if constexpr (kBits <= 8) return DataType(TypeId::kTinyInt, false);
  if constexpr (kBits > 8 && kBits <= 16) return DataType(TypeId::kSmallInt, false);
  if constexpr (kBits > 16 && kBits <= 32) return DataType(TypeId::kInt, false);
  if constexpr (kBits > 32 && kBits <= 64) return DataType(TypeId::kBigInt, false);
  return DataType::Decimal(20, 0, false);
}

}  // namespace internal

template <typename T>
struct TypeOf<T, std::enable_if_t<std::is_arithmetic_v<T>>> {
  static DataType Get() {
    if constexpr (std::is_same_v<T, bool>)
      return DataType(TypeId::kBoolean, false);
    else if constexpr (std::is_same_v<T, float>)
      return DataType(TypeId::kFloat, false);
    else if constexpr (std::is_same_v<T, double>)
      return DataType(TypeId::kDouble, false);
    else
      return internal::IntegerType<T>();
  }
};

template <typename T>
struct TypeOf<T, std::enable_if_t<std::is_enum_v<T>>> : TypeOf<std::underlying_type_t<T>> {};

template <>
struct TypeOf<std::string> {
  static DataType Get() { return DataType(TypeId::kString, false); }
};
template <>
struct TypeOf<Timestamp> {
  static DataType Get() { return DataType::TimestampLtz(3, false); }
};
template <>
struct TypeOf<SysMillis> : TypeOf<Timestamp> {};

template <typename T>
struct TypeOf<std::optional<T>> {
  static DataType Get() { return DataTypeOf<T>().WithNullable(true); }
};
template <typename T>
struct TypeOf<std::vector<T>> {
  static DataType Get() { return DataType::Array(DataTypeOf<T>(), false); }
};
template <typename K, typename V>
struct TypeOf<std::map<K, V>> {
  static DataType Get() { return DataType::Map(DataTypeOf<K>(), DataTypeOf<V>(), false); }
};
template <typename K, typename V>
struct TypeOf<std::unordered_map<K, V>> : TypeOf<std::map<K, V>> {};

/// Pairs and tuples are rows with Flink's names f0, f1, ...
template <typename... Ts>
struct TypeOf<std::tuple<Ts...>> {
  static DataType Get() {
    int index = 0;
    std::vector<Field> fields;
    (fields.push_back({"f" + std::to_string(index++), DataTypeOf<Ts>()}), ...);
    return DataType::Row(std::move(fields), false);
  }
};
template <typename A, typename B>
struct TypeOf<std::pair<A, B>> : TypeOf<std::tuple<A, B>> {};

}  // namespace thalweg::types
