#include "operators/time_window.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/check.h"

namespace thalweg::operators {
namespace {

uint64_t Ordered(int64_t value) {
  uint64_t bits = static_cast<uint64_t>(value) ^ (uint64_t{1} << 63);
  return std::endian::native == std::endian::little ? __builtin_bswap64(bits) : bits;
}

int64_t FromOrdered(uint64_t bits) {
  if (std::endian::native == std::endian::little) bits = __builtin_bswap64(bits);
  return static_cast<int64_t>(bits ^ (uint64_t{1} << 63));
}

}  // namespace

std::string Window::ToString() const {
  if (*this == Global()) return "[global)";
  return fmt::format("[{}, {})", start, end);
}

int64_t WindowStart(int64_t time, int64_t offset_ms, int64_t size_ms) {
  // (time - offset) mod size, without leaving int64: |offset| < size.
  int64_t remainder = (time % size_ms - offset_ms % size_ms) % size_ms;
  if (remainder < 0) remainder += size_ms;
  return SaturatingAdd(time, -remainder);
}

WindowBytes::WindowBytes(const Window& window) {
  uint64_t parts[2] = {Ordered(window.start), Ordered(window.end)};
  static_assert(sizeof(parts) == 16);
  std::memcpy(bytes_.data(), parts, sizeof(parts));
}

Window WindowFromBytes(std::string_view bytes) {
  THALWEG_CHECK(bytes.size() == 16, "A window's namespace has 16 bytes, not {}", bytes.size());
  uint64_t parts[2];
  std::memcpy(parts, bytes.data(), sizeof(parts));
  return {FromOrdered(parts[0]), FromOrdered(parts[1])};
}

}  // namespace thalweg::operators
