// Canonical key encoding: a key as bytes that hash, compare and sort as the key does (docs/internals/keys.md).
// Rule: equal keys have equal bytes; memcmp orders bytes as the type orders values, NULL lowest; each value ends itself, so that
// values stand one behind another. A column's nullability does not change the bytes.
//
// Every value is a tag (0x00 NULL, 0x01 present), then if present:
//   BOOLEAN 1 byte; integers, DATE, TIME, intervals big-endian with the sign bit flipped; FLOAT, DOUBLE big-endian, order-preserving,
//   -0 as +0, every NaN as one that is greatest (Java's Double.compare but for -0); DECIMAL 16 bytes like an integer;
//   STRING, BINARY 0x00 as 00 FF, end 00 00; TIMESTAMP(0..3) 8 bytes of ms, (4..9) 8 of ms and 4 of nanoseconds;
//   ARRAY 0x01 and the element, ..., 0x00; MAP, MULTISET as an array of entries in the order of their bytes; ROW its fields.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/hash.h"
#include "types/record.h"

namespace thalweg::types {

constexpr char kKeyNull = 0;
constexpr char kKeyPresent = 1;

namespace internal {

template <typename T>
constexpr T BigEndian(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1)
    return value;
  else if constexpr (sizeof(T) == 2)
    return __builtin_bswap16(value);
  else if constexpr (sizeof(T) == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}

/// Order-preserving bits of a signed integer.
template <typename T>
constexpr auto SortableBits(T value) {
  using U = std::make_unsigned_t<T>;
  return static_cast<U>(static_cast<U>(value) ^ (U{1} << (sizeof(T) * 8 - 1)));
}

/// Order-preserving bits of a float: -0 below +0, NaN canonical and above +infinity.
template <typename F>
auto ExactFloatBits(F value) {
  using U = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
  constexpr U kSign = U{1} << (sizeof(F) * 8 - 1);
  if (value != value) value = std::numeric_limits<F>::quiet_NaN();
  const U bits = std::bit_cast<U>(value);
  return static_cast<U>(bits & kSign ? ~bits : bits | kSign);
}
/// The same, but -0 as +0.
template <typename F>
auto SortableFloatBits(F value) {
  return ExactFloatBits(value == 0 ? F{0} : value);
}

template <typename U>
void PutKeyBits(U bits, char* at) {
  *at = kKeyPresent;
  bits = BigEndian(bits);
  std::memcpy(at + 1, &bits, sizeof(U));
}
template <typename U>
void AppendKeyBits(U bits, std::string& out) {
  char bytes[1 + sizeof(U)];
  PutKeyBits(bits, bytes);
  out.append(bytes, sizeof(bytes));
}

/// Nested encodings sorted, each after a 0x01; then 0x00.
void AppendSortedKeys(std::vector<std::string>& entries, std::string& out);

}  // namespace internal

inline void AppendKeyNull(std::string& out) { out.push_back(kKeyNull); }
inline void AppendKeyBool(bool value, std::string& out) { internal::AppendKeyBits(static_cast<uint8_t>(value), out); }
template <typename T>
  requires(std::is_integral_v<T> && std::is_signed_v<T>)
void AppendKeyInteger(T value, std::string& out) {
  internal::AppendKeyBits(internal::SortableBits(value), out);
}
/// The same 1 + sizeof(T) bytes, written where there is room.
template <typename T>
  requires(std::is_integral_v<T> && std::is_signed_v<T>)
void PutKeyInteger(T value, char* at) {
  internal::PutKeyBits(internal::SortableBits(value), at);
}
template <typename F>
  requires std::is_floating_point_v<F>
void AppendKeyFloat(F value, std::string& out) {
  internal::AppendKeyBits(internal::SortableFloatBits(value), out);
}
/// Hash64 of what AppendKeyInteger appends, faster.
inline uint64_t HashKeyInteger(int64_t value) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word = internal::BigEndian(internal::SortableBits(value));
  return Hash64Of9Bytes(word << 8 | kKeyPresent, word);
}
inline uint64_t HashKeyInteger(int32_t value) {
  uint32_t word = internal::BigEndian(internal::SortableBits(value));
  return Hash64Of5Bytes(word << 8 | kKeyPresent, word);
}
/// The unscaled value, at the type's scale.
void AppendKeyDecimal(__int128 unscaled, std::string& out);
/// STRING or BINARY, any bytes.
void AppendKeyString(std::string_view value, std::string& out);
/// TIMESTAMP(4..9); those of precision 0..3 are AppendKeyInteger of their int64.
void AppendKeyTimestamp(const TimestampValue& value, std::string& out);

/// Reads encoded keys back. Fails like ByteReader: once failed stays failed, reads give zero. Hostile bytes are safe.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : bytes_(bytes) {}

  /// Reads the tag that begins each value: true if the value is there (read it next), false if NULL.
  bool Present();
  bool Bool() { return Bits<uint8_t>() != 0; }
  template <typename T>
  T Integer() {
    return static_cast<T>(internal::SortableBits(static_cast<T>(Bits<std::make_unsigned_t<T>>())));
  }
  template <typename F>
  F Float() {
    using U = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
    constexpr U kSign = U{1} << (sizeof(F) * 8 - 1);
    U bits = Bits<U>();
    return std::bit_cast<F>(static_cast<U>(bits & kSign ? bits & ~kSign : ~bits));
  }
  __int128 Decimal();
  /// Appends to `out`.
  void String(std::string& out);
  TimestampValue Timestamp();
  /// In ARRAY, MAP, MULTISET, before each element: true if one follows, false at the end.
  bool More();

  bool failed() const { return failed_; }
  void Fail() {
    failed_ = true;
    bytes_ = {};
  }
  bool AtEnd() const { return bytes_.empty(); }
  size_t remaining() const { return bytes_.size(); }
  Status status() const;

 private:
  template <typename U>
  U Bits() {
    if (bytes_.size() < sizeof(U)) return Fail(), U{0};
    U bits;
    std::memcpy(&bits, bytes_.data(), sizeof(U));
    bytes_.remove_prefix(sizeof(U));
    return internal::BigEndian(bits);
  }
  std::string_view bytes_;
  bool failed_ = false;
};

/// The bytes of a C++ value by TypeOf<T>: as a column of that type would give. Unknown types: their codec's bytes as BINARY.
template <typename T>
void AppendKey(const T& value, std::string& out);
/// Reads what AppendKey wrote.
template <typename T>
void ReadKey(KeyReader& in, T& value);

namespace internal {

template <typename T>
concept KeyList = std::is_same_v<T, std::vector<typename T::value_type>>;
template <typename T>
concept KeyMap = requires(const T& t) {
  typename T::mapped_type;
  t.begin();
};
template <typename T>
concept KeyOptional = std::is_same_v<T, std::optional<typename T::value_type>>;

template <typename T>
void AppendKeyUnsigned(T value, std::string& out) {
  if constexpr (sizeof(T) == 1)
    AppendKeyInteger(static_cast<int16_t>(value), out);
  else if constexpr (sizeof(T) == 2)
    AppendKeyInteger(static_cast<int32_t>(value), out);
  else if constexpr (sizeof(T) == 4)
    AppendKeyInteger(static_cast<int64_t>(value), out);
  else
    AppendKeyDecimal(static_cast<__int128>(value), out);
}

template <typename T>
void ReadKeyUnsigned(KeyReader& in, T& value) {
  if constexpr (sizeof(T) == 1)
    value = static_cast<T>(in.Integer<int16_t>());
  else if constexpr (sizeof(T) == 2)
    value = static_cast<T>(in.Integer<int32_t>());
  else if constexpr (sizeof(T) == 4)
    value = static_cast<T>(in.Integer<int64_t>());
  else
    value = static_cast<T>(in.Decimal());
}

template <typename T>
void AppendKeyMap(const T& value, std::string& out) {
  std::vector<std::string> entries;
  for (const auto& [key, mapped] : value) {
    std::string& entry = entries.emplace_back();
    AppendKey(key, entry);
    AppendKey(mapped, entry);
  }
  AppendSortedKeys(entries, out);
}

template <typename T>
void ReadKeyMap(KeyReader& in, T& value) {
  value.clear();
  while (in.More()) {
    typename T::key_type key{};
    typename T::mapped_type mapped{};
    ReadKey(in, key);
    ReadKey(in, mapped);
    value.insert_or_assign(std::move(key), std::move(mapped));
  }
}

/// Fields of tuples, pairs and records; fn(member).
template <typename T, typename Fn>
void ForEachPart(T& value, Fn&& fn) {
  if constexpr (IsRecord<std::remove_const_t<T>>)
    ForEachField(value, [&](std::string_view, auto& field) { fn(field); });
  else
    std::apply([&](auto&... parts) { (fn(parts), ...); }, value);
}

template <typename T>
struct IsTuple : std::false_type {};
template <typename... Ts>
struct IsTuple<std::tuple<Ts...>> : std::true_type {};
template <typename A, typename B>
struct IsTuple<std::pair<A, B>> : std::true_type {};

}  // namespace internal

/// Pairs, tuples and records: rows with parts; as a key they are several columns.
template <typename T>
concept HasParts = IsRecord<T> || internal::IsTuple<T>::value;

template <typename T>
void AppendKey(const T& value, std::string& out) {
  if constexpr (OpaqueInColumns<T>)
    AppendKeyString(EncodeToString(value), out);
  else if constexpr (std::is_same_v<T, bool>)
    AppendKeyBool(value, out);
  else if constexpr (std::is_enum_v<T>)
    AppendKey(static_cast<std::underlying_type_t<T>>(value), out);
  else if constexpr (std::is_floating_point_v<T>)
    AppendKeyFloat(value, out);
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
    AppendKeyInteger(value, out);
  else if constexpr (std::is_integral_v<T>)
    internal::AppendKeyUnsigned(value, out);
  else if constexpr (std::is_same_v<T, std::string>)
    AppendKeyString(value, out);
  else if constexpr (std::is_same_v<T, Timestamp>)
    AppendKeyInteger(value.millis, out);
  else if constexpr (std::is_same_v<T, SysMillis>)
    AppendKeyInteger(int64_t{value.time_since_epoch().count()}, out);
  else if constexpr (HasParts<T>) {
    out.push_back(kKeyPresent);
    internal::ForEachPart(value, [&](const auto& part) { AppendKey(part, out); });
  } else if constexpr (internal::KeyMap<T>) {
    out.push_back(kKeyPresent);
    internal::AppendKeyMap(value, out);
  } else if constexpr (internal::KeyList<T>) {
    out.push_back(kKeyPresent);
    for (const auto& element : value) {
      out.push_back(kKeyPresent);
      AppendKey<typename T::value_type>(element, out);
    }
    out.push_back(kKeyNull);
  } else {
    static_assert(internal::KeyOptional<T>);
    if (value)
      AppendKey(*value, out);
    else
      AppendKeyNull(out);
  }
}

namespace internal {

/// What stands behind the tag.
template <typename T>
void ReadKeyBody(KeyReader& in, T& value) {
  if constexpr (OpaqueInColumns<T>) {
    std::string bytes;
    in.String(bytes);
    if (in.failed()) return;
    ByteReader reader(bytes);
    Codec<T>::Decode(reader, value);
    if (reader.failed() || !reader.AtEnd()) in.Fail();
  } else if constexpr (std::is_same_v<T, bool>)
    value = in.Bool();
  else if constexpr (std::is_floating_point_v<T>)
    value = in.Float<T>();
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
    value = in.Integer<T>();
  else if constexpr (std::is_integral_v<T>)
    ReadKeyUnsigned(in, value);
  else if constexpr (std::is_same_v<T, std::string>) {
    value.clear();
    in.String(value);
  } else if constexpr (std::is_same_v<T, Timestamp>)
    value.millis = in.Integer<int64_t>();
  else if constexpr (std::is_same_v<T, SysMillis>)
    value = SysMillis(std::chrono::milliseconds(in.Integer<int64_t>()));
  else if constexpr (HasParts<T>)
    ForEachPart(value, [&](auto& part) { ReadKey(in, part); });
  else if constexpr (KeyMap<T>)
    ReadKeyMap(in, value);
  else {
    static_assert(KeyList<T>);
    value.clear();
    while (in.More()) {
      typename T::value_type element{};
      ReadKey(in, element);
      value.push_back(std::move(element));
    }
  }
}

}  // namespace internal

template <typename T>
void ReadKey(KeyReader& in, T& value) {
  if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    ReadKey(in, number);
    value = static_cast<T>(number);
  } else if constexpr (!OpaqueInColumns<T> && internal::KeyOptional<T>) {
    // The tag says whether there is a value: rewinding one byte hands it to the inner type.
    KeyReader peek = in;
    if (peek.Present())
      ReadKey(in, value.emplace());
    else
      value.reset(), in = peek;
  } else {
    if (in.Present())
      internal::ReadKeyBody(in, value);
    else
      in.Fail();  // NULL in a type that has none
  }
}

}  // namespace thalweg::types
