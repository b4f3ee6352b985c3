// Codec<T>: a C++ value as bytes, for exchange, state and checkpoints. Rule: what Encode wrote, Decode reads back equal, and the
// name changes whenever the bytes' meaning does. Decode of hostile bytes fails through the reader, never crashes.
//
// Given: arithmetic types, enums, std::string, pair, tuple, optional, vector, map, unordered_map (encoded in key order), set,
// unordered_set (in order), array, and structs named by THALWEG_RECORD (types/record.h). For a type of your own:
//   template <> struct thalweg::types::Codec<Mine> {
//     static std::string Name() { return "Mine/1"; }
//     static void Encode(const Mine& value, ByteWriter& out);
//     static void Decode(ByteReader& in, Mine& value);
//   };
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace thalweg::types {

template <typename T, typename = void>
struct Codec;

template <typename T>
concept HasCodec = requires(const T& in, T& out, ByteWriter& writer, ByteReader& reader) {
  { Codec<T>::Name() } -> std::convertible_to<std::string>;
  Codec<T>::Encode(in, writer);
  Codec<T>::Decode(reader, out);
};

/// The codec's name, or the compiler's type name behind "?" when T has no codec.
template <typename T>
std::string CodecName() {
  if constexpr (HasCodec<T>)
    return Codec<T>::Name();
  else
    return std::string("?") + typeid(T).name();
}

/// Most elements a decoded container reserves ahead: a lying length may not allocate more than the bytes could hold.
constexpr size_t kDecodeReserve = 4096;

template <typename T>
struct Codec<T, std::enable_if_t<std::is_arithmetic_v<T>>> {
  static std::string Name() {
    if constexpr (std::is_same_v<T, bool>) return "bool";
    if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? "f32" : "f64";
    return (std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T) * 8);
  }
  static void Encode(T value, ByteWriter& out) { out.Fixed(value); }
  static void Decode(ByteReader& in, T& value) {
    if constexpr (std::is_same_v<T, bool>)
      value = in.U8() != 0;
    else
      value = in.Fixed<T>();
  }
};

template <typename T>
struct Codec<T, std::enable_if_t<std::is_enum_v<T>>> {
  using U = std::underlying_type_t<T>;
  static std::string Name() { return "enum:" + Codec<U>::Name(); }
  static void Encode(T value, ByteWriter& out) { out.Fixed(static_cast<U>(value)); }
  static void Decode(ByteReader& in, T& value) { value = static_cast<T>(in.Fixed<U>()); }
};

template <>
struct Codec<std::string> {
  static std::string Name() { return "str"; }
  static void Encode(const std::string& value, ByteWriter& out) { out.String(value); }
  static void Decode(ByteReader& in, std::string& value) { value = in.String(); }
};

template <typename A, typename B>
struct Codec<std::pair<A, B>, std::enable_if_t<HasCodec<A> && HasCodec<B>>> {
  static std::string Name() { return "(" + Codec<A>::Name() + "," + Codec<B>::Name() + ")"; }
  static void Encode(const std::pair<A, B>& value, ByteWriter& out) {
    Codec<A>::Encode(value.first, out);
    Codec<B>::Encode(value.second, out);
  }
  static void Decode(ByteReader& in, std::pair<A, B>& value) {
    Codec<A>::Decode(in, value.first);
    Codec<B>::Decode(in, value.second);
  }
};

template <typename... Ts>
struct Codec<std::tuple<Ts...>, std::enable_if_t<(HasCodec<Ts> && ...)>> {
  static std::string Name() {
    std::string name = "(";
    ((name += (name.size() > 1 ? "," : "") + Codec<Ts>::Name()), ...);
    return name + ")";
  }
  static void Encode(const std::tuple<Ts...>& value, ByteWriter& out) {
    std::apply([&](const Ts&... parts) { (Codec<Ts>::Encode(parts, out), ...); }, value);
  }
  static void Decode(ByteReader& in, std::tuple<Ts...>& value) {
    std::apply([&](Ts&... parts) { (Codec<Ts>::Decode(in, parts), ...); }, value);
  }
};

template <typename T>
struct Codec<std::optional<T>, std::enable_if_t<HasCodec<T>>> {
  static std::string Name() { return Codec<T>::Name() + "?"; }
  static void Encode(const std::optional<T>& value, ByteWriter& out) {
    out.Bool(value.has_value());
    if (value) Codec<T>::Encode(*value, out);
  }
  static void Decode(ByteReader& in, std::optional<T>& value) {
    value.reset();
    if (in.Bool()) Codec<T>::Decode(in, value.emplace());
  }
};

template <typename T, size_t N>
struct Codec<std::array<T, N>, std::enable_if_t<HasCodec<T>>> {
  static std::string Name() { return Codec<T>::Name() + "[" + std::to_string(N) + "]"; }
  static void Encode(const std::array<T, N>& value, ByteWriter& out) {
    for (const T& element : value) Codec<T>::Encode(element, out);
  }
  static void Decode(ByteReader& in, std::array<T, N>& value) {
    for (T& element : value) Codec<T>::Decode(in, element);
  }
};

template <typename T>
struct Codec<std::vector<T>, std::enable_if_t<HasCodec<T>>> {
  static std::string Name() { return "[" + Codec<T>::Name() + "]"; }
  static void Encode(const std::vector<T>& value, ByteWriter& out) {
    out.Varint(value.size());
    for (const auto& element : value) Codec<T>::Encode(element, out);
  }
  static void Decode(ByteReader& in, std::vector<T>& value) {
    uint64_t count = in.Varint();
    value.clear();
    value.reserve(std::min<uint64_t>(count, kDecodeReserve));
    for (uint64_t i = 0; i < count && !in.failed(); ++i) {
      if (in.AtEnd() && i >= kDecodeReserve) return in.Fail();  // elements of no bytes: still bounded
      T element{};
      Codec<T>::Decode(in, element);
      value.push_back(std::move(element));
    }
  }
};

namespace internal {

/// Sets and maps: count, then the elements in order (unordered ones are sorted, so that equal values have equal bytes).
template <typename C, typename Element, bool kOrdered>
struct ContainerCodec {
  static void Encode(const C& value, ByteWriter& out) {
    out.Varint(value.size());
    if constexpr (kOrdered) {
      for (const auto& element : value) Codec<Element>::Encode(Element(element), out);
    } else {
      std::vector<Element> sorted(value.begin(), value.end());
      std::sort(sorted.begin(), sorted.end());
      for (const auto& element : sorted) Codec<Element>::Encode(element, out);
    }
  }
  static void Decode(ByteReader& in, C& value) {
    uint64_t count = in.Varint();
    value.clear();
    for (uint64_t i = 0; i < count && !in.failed(); ++i) {
      if (in.AtEnd() && i >= kDecodeReserve) return in.Fail();
      Element element{};
      Codec<Element>::Decode(in, element);
      value.insert(std::move(element));
    }
  }
};

}  // namespace internal

template <typename T>
struct Codec<std::set<T>, std::enable_if_t<HasCodec<T>>> : internal::ContainerCodec<std::set<T>, T, true> {
  static std::string Name() { return "{" + Codec<T>::Name() + "}"; }
};
template <typename T>
struct Codec<std::unordered_set<T>, std::enable_if_t<HasCodec<T>>>
    : internal::ContainerCodec<std::unordered_set<T>, T, false> {
  static std::string Name() { return "{" + Codec<T>::Name() + "}"; }
};
template <typename K, typename V>
struct Codec<std::map<K, V>, std::enable_if_t<HasCodec<K> && HasCodec<V>>>
    : internal::ContainerCodec<std::map<K, V>, std::pair<K, V>, true> {
  static std::string Name() { return "{" + Codec<K>::Name() + ":" + Codec<V>::Name() + "}"; }
};
template <typename K, typename V>
struct Codec<std::unordered_map<K, V>, std::enable_if_t<HasCodec<K> && HasCodec<V>>>
    : internal::ContainerCodec<std::unordered_map<K, V>, std::pair<K, V>, false> {
  static std::string Name() { return "{" + Codec<K>::Name() + ":" + Codec<V>::Name() + "}"; }
};

/// A value's bytes as a string of their own.
template <typename T>
std::string EncodeToString(const T& value) {
  ByteWriter out;
  Codec<T>::Encode(value, out);
  return out.Take();
}

/// A value from bytes, which it must use up.
template <typename T>
Result<T> DecodeFromString(std::string_view bytes) {
  ByteReader in(bytes);
  T value{};
  Codec<T>::Decode(in, value);
  THALWEG_TRY(in.status());
  if (!in.AtEnd())
    return ExternalError("Malformed bytes: {} left over after a value of {}", in.remaining(), CodecName<T>());
  return value;
}

}  // namespace thalweg::types
