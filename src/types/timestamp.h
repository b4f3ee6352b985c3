// Timestamp: an instant in milliseconds since 1970-01-01T00:00:00Z, as a type of its own (TIMESTAMP_LTZ(3) in a schema), so that
// a record's time does not pass for a number. std::chrono::sys_time<milliseconds> means the same and has the same bytes.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

#include "types/codec.h"

namespace thalweg::types {

struct Timestamp {
  int64_t millis = 0;
  auto operator<=>(const Timestamp&) const = default;
};

using SysMillis = std::chrono::sys_time<std::chrono::milliseconds>;

template <>
struct Codec<Timestamp> {
  static std::string Name() { return "ts"; }
  static void Encode(const Timestamp& value, ByteWriter& out) { out.I64(value.millis); }
  static void Decode(ByteReader& in, Timestamp& value) { value.millis = in.I64(); }
};

template <>
struct Codec<SysMillis> {
  static std::string Name() { return "ts"; }
  static void Encode(const SysMillis& value, ByteWriter& out) { out.I64(value.time_since_epoch().count()); }
  static void Decode(ByteReader& in, SysMillis& value) { value = SysMillis(std::chrono::milliseconds(in.I64())); }
};

}  // namespace thalweg::types
