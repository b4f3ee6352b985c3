// Numbers of JSON with all their digits: read and printed as java.math.BigDecimal does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::expr {

/// digits * 10^-scale.
struct JsonNumber {
  bool negative = false;
  std::string digits = {};  // without leading zeros: zero is "0"
  int64_t scale = 0;

  /// What BigDecimal takes: "-1.50", "+.5", "7.", "1e3". Nullopt for all else.
  static std::optional<JsonNumber> Parse(std::string_view text);

  /// As BigDecimal.toString prints it: "1.50", "1E+3", "1E-7".
  std::string ToString() const;
  /// Without the fraction. Nullopt if it is not between `least` and `most`.
  std::optional<int64_t> ToInteger(int64_t least, int64_t most) const;
};

/// A number of a JSON document as Flink prints it: integers as they are, others as a BigDecimal.
std::string JsonNumberText(std::string_view number);

}  // namespace thalweg::expr
