// Times as namespaces of keyed state. Rule: the bytes order as the times do.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "types/key_encoding.h"

namespace thalweg::operators {

/// 8 bytes, big-endian with the sign bit flipped; also of numbers that only count.
class TimeBytes {
 public:
  explicit TimeBytes(int64_t time) {
    const uint64_t bits = types::internal::BigEndian(types::internal::SortableBits(time));
    std::memcpy(bytes_.data(), &bits, sizeof bits);
  }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 8> bytes_;
};

inline int64_t TimeFromBytes(std::string_view bytes) {
  THALWEG_CHECK(bytes.size() == 8, "{} bytes for a time", bytes.size());
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), sizeof bits);
  return static_cast<int64_t>(types::internal::SortableBits(static_cast<int64_t>(types::internal::BigEndian(bits))));
}

}  // namespace thalweg::operators
