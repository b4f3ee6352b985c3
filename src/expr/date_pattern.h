// Patterns of java.time.format.DateTimeFormatter, for DATE_FORMAT and TO_TIMESTAMP: compiled once, English names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::expr {

class DatePattern {
 public:
  /// Letters y u M L d D H h k K m s S a E and quoted text. User error for what java.time refuses or this build does not know.
  static Result<DatePattern> Compile(std::string_view pattern);

  void Format(types::TimestampValue local, std::string& out) const;
  /// Times of one such span since the epoch are formatted alike; 0: none are.
  int64_t span_ms() const;
  /// Nullopt if the text does not match as a whole or is no date. Missing parts: 1970-01-01 00:00:00.
  std::optional<types::TimestampValue> Parse(std::string_view text) const;

 private:
  struct Part {
    char letter = 0;  // 0: `text`
    int count = 0;
    std::string text;
  };
  std::vector<Part> parts_;
};

}  // namespace thalweg::expr
