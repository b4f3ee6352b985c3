// How the engine handles values whose C++ type it does not know: a table of functions, made by a template at the border.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "types/codec.h"

namespace thalweg::types {

/// Operations on contiguous arrays of one C++ type. Immutable, static storage; any thread.
struct ObjectType {
  std::string name;  // Codec<T>::Name(): stands in snapshots; equal names mean equal encodings
  size_t size = 0;
  size_t align = 0;
  bool trivial = false;  // trivially copyable and destructible: memcpy moves it, nothing destroys it

  /// Value-initialises one T at raw memory `to`; null when T is not default constructible (such a type cannot enter state).
  void (*construct)(void* to) = nullptr;
  void (*destroy)(void* values, size_t count) = nullptr;
  /// Constructs `count` values at raw memory `to` by moving from `from` (which stays destructible).
  void (*move)(void* to, void* from, size_t count) = nullptr;
  /// As move, but copies; null when T is not copyable (such a stream cannot fan out).
  void (*copy)(void* to, const void* from, size_t count) = nullptr;
  /// Null when T has no codec (such a stream cannot cross a network exchange or enter state).
  void (*encode)(const void* value, ByteWriter& out) = nullptr;
  /// Constructs one value at raw memory `to`; on failure nothing is constructed.
  Status (*decode)(ByteReader& in, void* to) = nullptr;
};

namespace internal {

template <typename T>
ObjectType MakeObjectType() {
  static_assert(std::is_nothrow_move_constructible_v<T>, "a stream's type must be nothrow move constructible");
  ObjectType type;
  type.name = CodecName<T>();
  type.size = sizeof(T);
  type.align = alignof(T);
  type.trivial = std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>;
  if constexpr (std::is_default_constructible_v<T>) type.construct = [](void* to) { new (to) T(); };
  type.destroy = [](void* values, size_t count) { std::destroy_n(static_cast<T*>(values), count); };
  type.move = [](void* to, void* from, size_t count) {
    std::uninitialized_move_n(static_cast<T*>(from), count, static_cast<T*>(to));
  };
  if constexpr (std::is_copy_constructible_v<T>)
    type.copy = [](void* to, const void* from, size_t count) {
      std::uninitialized_copy_n(static_cast<const T*>(from), count, static_cast<T*>(to));
    };
  if constexpr (HasCodec<T>) {
    type.encode = [](const void* value, ByteWriter& out) { Codec<T>::Encode(*static_cast<const T*>(value), out); };
    type.decode = [](ByteReader& in, void* to) -> Status {
      T value{};
      Codec<T>::Decode(in, value);
      THALWEG_TRY(in.status());
      new (to) T(std::move(value));
      return {};
    };
  }
  return type;
}

}  // namespace internal

/// The operations of T; one object per type and program.
template <typename T>
const ObjectType& ObjectTypeOf() {
  static const ObjectType type = internal::MakeObjectType<T>();
  return type;
}

}  // namespace thalweg::types
