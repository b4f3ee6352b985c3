#include "expr/decimal.h"

#include <array>
#include <charconv>
#include <string>

#include "types/scalar_text.h"
#include "types/text.h"

namespace thalweg::expr {
namespace {

using Unsigned = unsigned __int128;
constexpr int kMaxDigits = 38;

Unsigned Magnitude(Int128 value) { return value < 0 ? -static_cast<Unsigned>(value) : static_cast<Unsigned>(value); }

struct Wide {
  Unsigned high = 0, low = 0;
};

Wide Product(Unsigned a, Unsigned b) {
  constexpr Unsigned kLow = ~uint64_t{0};
  const Unsigned a0 = a & kLow, a1 = a >> 64, b0 = b & kLow, b1 = b >> 64;
  const Unsigned low = a0 * b0, middle1 = a1 * b0, middle2 = a0 * b1;
  const Unsigned middle = (low >> 64) + (middle1 & kLow) + (middle2 & kLow);
  return {a1 * b1 + (middle1 >> 64) + (middle2 >> 64) + (middle >> 64), (middle << 64) | (low & kLow)};
}

enum class Rounding : uint8_t { kHalfUp, kDown };

// value / divisor; nullopt if the quotient has more than 127 bits. Bit by bit when 256 bits are needed: rare.
std::optional<Unsigned> Quotient(Wide value, Unsigned divisor, Rounding rounding = Rounding::kHalfUp) {
  Unsigned quotient = 0, rest = 0;
  if (value.high == 0) {
    quotient = value.low / divisor;
    rest = value.low % divisor;
  } else {
    if (value.high >= divisor) return std::nullopt;
    rest = value.high;
    for (int bit = 127; bit >= 0; --bit) {
      const bool carry = rest >> 127;
      rest = (rest << 1) | ((value.low >> bit) & 1);
      quotient <<= 1;
      if (carry || rest >= divisor) {
        rest -= divisor;
        quotient |= 1;
      }
    }
  }
  if (rounding == Rounding::kHalfUp && rest >= divisor - rest) ++quotient;
  if (quotient >> 127) return std::nullopt;
  return quotient;
}

std::optional<Int128> Signed(std::optional<Unsigned> magnitude, bool negative, int precision) {
  if (!magnitude) return std::nullopt;
  const auto value = static_cast<Int128>(*magnitude);
  return WithinPrecision(negative ? -value : value, precision);
}

}  // namespace

Int128 PowerOfTen(int exponent) {
  static constexpr auto kPowers = [] {
    std::array<Int128, kMaxDigits + 1> powers{1};
    for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
    return powers;
  }();
  return kPowers[static_cast<size_t>(exponent)];
}

std::optional<Int128> WithinPrecision(Int128 value, int precision) {
  const Int128 limit = PowerOfTen(precision);
  if (value >= limit || value <= -limit) return std::nullopt;
  return value;
}

std::optional<Int128> Rescale(Int128 value, int from, int to, int precision) {
  return Multiply(value, 1, from - to, precision);
}

std::optional<Int128> Multiply(Int128 a, Int128 b, int shift, int precision) {
  // Most numbers: no rounding, and a product within 127 bits.
  if (Int128 exact; shift == 0 && !__builtin_mul_overflow(a, b, &exact)) return WithinPrecision(exact, precision);
  const bool negative = (a < 0) != (b < 0);
  const Wide product = Product(Magnitude(a), Magnitude(b));
  if (product.high == 0 && product.low == 0) return 0;
  if (shift > 2 * kMaxDigits) return 0;
  if (shift > kMaxDigits) {
    // Two steps would round twice: the first only truncates, and what it cuts off cannot decide whether the rest is a half.
    std::optional<Unsigned> first =
        Quotient(product, static_cast<Unsigned>(PowerOfTen(shift - kMaxDigits)), Rounding::kDown);
    if (!first) return std::nullopt;
    return Signed(Quotient({0, *first}, static_cast<Unsigned>(PowerOfTen(kMaxDigits))), negative, precision);
  }
  if (shift >= 0) return Signed(Quotient(product, static_cast<Unsigned>(PowerOfTen(shift))), negative, precision);
  if (product.high || -shift > kMaxDigits) return std::nullopt;
  const Wide grown = Product(product.low, static_cast<Unsigned>(PowerOfTen(-shift)));
  if (grown.high || grown.low >> 127) return std::nullopt;
  return Signed(grown.low, negative, precision);
}

std::optional<Int128> Divide(Int128 a, Int128 b, int shift, int precision) {
  const bool negative = (a < 0) != (b < 0);
  if (a == 0) return 0;
  if (shift > kMaxDigits) return std::nullopt;  // |a| >= 1: the quotient has more digits than any DECIMAL
  if (shift >= 0)
    return Signed(Quotient(Product(Magnitude(a), static_cast<Unsigned>(PowerOfTen(shift))), Magnitude(b)), negative,
                  precision);
  const Wide divisor = Product(Magnitude(b), static_cast<Unsigned>(PowerOfTen(-shift)));
  if (divisor.high) return 0;
  return Signed(Quotient({0, Magnitude(a)}, divisor.low), negative, precision);
}

int CompareDecimals(Int128 a, int a_scale, Int128 b, int b_scale) {
  if ((a < 0) != (b < 0)) return a < 0 ? -1 : 1;
  Wide x{0, Magnitude(a)}, y{0, Magnitude(b)};
  if (a_scale < b_scale) x = Product(x.low, static_cast<Unsigned>(PowerOfTen(b_scale - a_scale)));
  if (b_scale < a_scale) y = Product(y.low, static_cast<Unsigned>(PowerOfTen(a_scale - b_scale)));
  int order = 0;
  if (x.high != y.high)
    order = x.high < y.high ? -1 : 1;
  else if (x.low != y.low)
    order = x.low < y.low ? -1 : 1;
  return a < 0 ? -order : order;
}

double DecimalToDouble(Int128 value, int scale) {
  constexpr int64_t kExact = int64_t{1} << 53;
  if (value < kExact && value > -kExact && scale <= 22)  // both exact as doubles: one rounding
    return static_cast<double>(static_cast<int64_t>(value)) / static_cast<double>(PowerOfTen(scale));
  std::string text;
  types::AppendDecimal(value, scale, &text);
  double result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

int64_t DecimalToInt64(Int128 value, int scale) { return static_cast<int64_t>(value / PowerOfTen(scale)); }

std::optional<Int128> DecimalFromDouble(double value, int precision, int scale) {
  std::string text;
  types::AppendDoubleText(value, text);
  Int128 result = 0;
  if (types::ParseDecimal(text, precision, scale, &result) != types::DecimalParse::kOk) return std::nullopt;
  return result;
}

}  // namespace thalweg::expr
