// Java's conversions between primitive numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace thalweg::expr {

/// Integers wrap; NaN becomes 0 and what is too large the nearest value; to TINYINT and SMALLINT by way of INT.
template <typename To, typename From>
To CastNumber(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Wide = std::conditional_t<sizeof(To) == 8, int64_t, int32_t>;
    if (std::isnan(value)) return 0;
    constexpr double kBound = sizeof(Wide) == 8 ? 0x1p63 : 0x1p31;
    if (static_cast<double>(value) >= kBound) return static_cast<To>(std::numeric_limits<Wide>::max());
    if (static_cast<double>(value) <= -kBound) return static_cast<To>(std::numeric_limits<Wide>::min());
    return static_cast<To>(static_cast<Wide>(value));
  } else if constexpr (std::is_same_v<To, float> && std::is_same_v<From, double>) {
    // Beyond float's range C++ leaves open what Java defines.
    if (std::isfinite(value) && std::abs(value) >= 0x1.ffffffp127)
      return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(std::signbit(value) ? -1 : 1));
    return static_cast<float>(value);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace thalweg::expr
