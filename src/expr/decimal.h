// DECIMAL arithmetic on unscaled 128-bit values: exact, rounded half up (away from zero), NULL where the result has too many digits.
#pragma once

#include <cstdint>
#include <optional>

namespace thalweg::expr {

using Int128 = __int128;

/// 10^exponent, 0..38.
Int128 PowerOfTen(int exponent);

/// `value` if it has at most `precision` digits.
std::optional<Int128> WithinPrecision(Int128 value, int precision);

/// value * 10^(to - from), rounded half up; nullopt above `precision` digits.
std::optional<Int128> Rescale(Int128 value, int from, int to, int precision);

/// The same number at another scale, rounded half up, as arithmetic with 256 bits between: a * b / 10^shift, and
/// a * 10^shift / b (b not zero). Negative shifts go the other way. nullopt above `precision` digits.
std::optional<Int128> Multiply(Int128 a, Int128 b, int shift, int precision);
std::optional<Int128> Divide(Int128 a, Int128 b, int shift, int precision);

/// -1, 0, 1.
int CompareDecimals(Int128 a, int a_scale, Int128 b, int b_scale);

/// BigDecimal.doubleValue.
double DecimalToDouble(Int128 value, int scale);
/// Without the fraction, the low 64 bits: BigDecimal.longValue.
int64_t DecimalToInt64(Int128 value, int scale);
/// BigDecimal.valueOf(value) at the scale; nullopt if too large. `value` is finite.
std::optional<Int128> DecimalFromDouble(double value, int precision, int scale);

}  // namespace thalweg::expr
