// A map state's user key as bytes that compare (memcmp) as the keys do, so that every backend walks a map in key order.
// Integers and enums: big-endian, sign flipped. Floats: by value (-0 before 0, NaN last). std::string: its bytes. pair, tuple:
// parts one after the other, strings in all but the last place with 0x00 as 0x00 0xff and ended by 0x00 0x00. Other types: their
// codec's bytes, whose order is their own.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "types/codec.h"

namespace thalweg::state {

namespace internal {

template <typename U>
void AppendBigEndian(U bits, std::string& out) {
  for (int shift = static_cast<int>(sizeof(U) - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(bits >> shift));
}

template <typename U>
U ReadBigEndian(ByteReader& in) {
  U bits = 0;
  for (char byte : in.Raw(sizeof(U))) bits = static_cast<U>(static_cast<U>(bits << 7 << 1) | static_cast<uint8_t>(byte));
  return bits;
}

template <typename T>
struct UnsignedOf {
  using type = std::conditional_t<sizeof(T) == 1, uint8_t,
                                  std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;
};

template <typename T>
struct IsTupleLike : std::false_type {};
template <typename... Ts>
struct IsTupleLike<std::tuple<Ts...>> : std::true_type {};
template <typename A, typename B>
struct IsTupleLike<std::pair<A, B>> : std::true_type {};

/// Integers, bools, enums: their bits so that unsigned order is theirs. Floats likewise. Its own inverse but for the floats.
template <typename T>
auto OrderedBits(T value) {
  using U = typename UnsignedOf<T>::type;
  constexpr U kTop = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
  if constexpr (std::is_floating_point_v<T>) {
    U bits = value != value ? std::bit_cast<U>(std::numeric_limits<T>::quiet_NaN()) : std::bit_cast<U>(value);
    return static_cast<U>((bits & kTop) != 0 ? ~bits : bits | kTop);
  } else if constexpr (std::is_enum_v<T>) {
    return OrderedBits(static_cast<std::underlying_type_t<T>>(value));
  } else {
    return static_cast<U>(static_cast<U>(value) ^ (std::is_signed_v<T> ? kTop : U{0}));
  }
}

template <typename T, typename U>
T FromOrderedBits(U bits) {
  constexpr U kTop = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<T>(static_cast<U>((bits & kTop) != 0 ? bits ^ kTop : ~bits));
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(FromOrderedBits<std::underlying_type_t<T>>(bits));
  } else {
    return static_cast<T>(bits ^ (std::is_signed_v<T> ? kTop : U{0}));
  }
}

}  // namespace internal

/// Appends `value`; `last`: nothing follows it.
template <typename T>
void AppendOrderedKey(const T& value, bool last, std::string& out) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    internal::AppendBigEndian(internal::OrderedBits(value), out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (last) {
      out += value;
      return;
    }
    for (char byte : value) {
      out.push_back(byte);
      if (byte == 0) out.push_back('\xff');
    }
    out.append(2, '\0');
  } else if constexpr (internal::IsTupleLike<T>::value) {
    [&]<size_t... I>(std::index_sequence<I...>) {
      (AppendOrderedKey(std::get<I>(value), last && I + 1 == sizeof...(I), out), ...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  } else {
    ByteWriter writer;
    types::Codec<T>::Encode(value, writer);
    out += writer.view();
  }
}

/// Reads back what AppendOrderedKey wrote; malformed bytes fail the reader.
template <typename T>
void ReadOrderedKey(ByteReader& in, bool last, T& value) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    value = internal::FromOrderedBits<T>(internal::ReadBigEndian<typename internal::UnsignedOf<T>::type>(in));
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (last) {
      value = in.Raw(in.remaining());
      return;
    }
    value.clear();
    while (!in.failed()) {
      const char byte = static_cast<char>(in.U8());
      if (byte == 0) {
        const uint8_t escape = in.U8();
        if (escape == 0) return;
        if (escape != 0xff) return in.Fail();
      }
      value.push_back(byte);
    }
  } else if constexpr (internal::IsTupleLike<T>::value) {
    [&]<size_t... I>(std::index_sequence<I...>) {
      (ReadOrderedKey(in, last && I + 1 == sizeof...(I), std::get<I>(value)), ...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  } else {
    types::Codec<T>::Decode(in, value);
  }
}

}  // namespace thalweg::state
