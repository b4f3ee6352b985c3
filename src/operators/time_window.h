// A window: the half-open span [start, end) of milliseconds, and its bytes as a namespace of keyed state.
// Rule: the bytes order as (start, end) does. docs/internals/windows.md has them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::operators {

struct Window {
  int64_t start = 0;
  int64_t end = 0;

  /// The window of the global assigner: all of time.
  static constexpr Window Global() { return {INT64_MIN, INT64_MAX}; }
  /// Greatest event time that belongs to it (ms): the watermark that closes it, and the time of its results.
  constexpr int64_t max_timestamp() const { return end == INT64_MAX ? INT64_MAX : end - 1; }
  /// Overlaps or touches: sessions that do are one.
  constexpr bool Touches(const Window& other) const { return start <= other.end && other.start <= end; }
  constexpr Window Cover(const Window& other) const {
    return {start < other.start ? start : other.start, end > other.end ? end : other.end};
  }
  auto operator<=>(const Window&) const = default;
  /// "[2000, 4000)".
  std::string ToString() const;
};

/// Start of the window of `size_ms` that holds `time`, for windows that begin at `offset_ms` + k * `size_ms` (Flink's
/// TimeWindow.getWindowStartWithOffset, also right for negative times and offsets). At the ends of time: saturates.
int64_t WindowStart(int64_t time, int64_t offset_ms, int64_t size_ms);

/// 16 bytes: start, end; big-endian with the sign bit flipped.
class WindowBytes {
 public:
  explicit WindowBytes(const Window& window);
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 16> bytes_;
};

/// The window that WindowBytes wrote. `bytes` must have 16 bytes.
Window WindowFromBytes(std::string_view bytes);

/// a + b (ms), held at the ends of int64: the end of time stays the end of time.
constexpr int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? INT64_MAX : INT64_MIN;
  return sum;
}

}  // namespace thalweg::operators
