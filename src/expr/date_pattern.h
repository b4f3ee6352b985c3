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
  /// Letters y u M L d D H h k K m s S a E, X x Z of offsets, [optional parts] and quoted text. User error for what java.time refuses or this
  /// build does not know.
  static Result<DatePattern> Compile(std::string_view pattern);

  /// `offset_ms`: of the zone, for the letters that print it.
  void Format(types::TimestampValue local, std::string& out, int64_t offset_ms = 0) const;
  /// It has a letter for an offset.
  bool has_offset() const;
  /// Times of one such span since the epoch are formatted alike; 0: none are.
  int64_t span_ms() const;
  /// Nullopt if the text does not match as a whole or is no date. Missing parts: 1970-01-01 00:00:00. An offset is read and does not count.
  std::optional<types::TimestampValue> Parse(std::string_view text) const;

  struct Parsed {
    types::TimestampValue local;
    std::optional<int64_t> offset_ms;
  };
  /// As java.text's SimpleDateFormat: what follows in the text does not matter, numbers have any number of digits and count on
  /// ("2024-02-30" is the first of March, hour 25 that of the next day), blanks may stand before them, an offset is told.
  std::optional<Parsed> ParsePrefix(std::string_view text) const;

 private:
  struct Part {
    char letter = 0;  // 0: `text`; '[' and ']': of an optional part
    int count = 0;    // of letters; of '[', the place of its ']'
    std::string text;
  };
  struct Fields {
    int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, nanos = 0;
    int64_t day_of_year = 0;
    int half = -1;        // of the day: 0 AM, 1 PM
    int64_t hour12 = -1;  // 0..11
    std::optional<int64_t> offset_ms = {};
  };
  enum class Reading : uint8_t { kStrict, kLenient };
  bool ReadRange(size_t from, size_t to, Reading reading, std::string_view& text, Fields& fields) const;
  bool ReadPart(size_t at, Reading reading, std::string_view& text, Fields& fields) const;
  static std::optional<types::TimestampValue> Resolved(Fields fields, Reading reading);

  std::vector<Part> parts_;
};

}  // namespace thalweg::expr
