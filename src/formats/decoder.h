// From bytes to rows: one contract for every text format, used by files and Kafka alike.
// Rule: a record becomes rows whole or not at all; one that does not parse leaves the batch as it was and says where and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace thalweg::columns {
class BatchBuilder;
}

namespace thalweg::formats {

/// Why a record is no row.
struct ParseError {
  std::string column;  // "a.b" for nested fields; empty: the record as a whole
  size_t offset = 0;   // bytes from the record's start
  std::string reason;
  std::string text;  // the record's start, escaped, at most 80 bytes of it

  /// "column 'price' at byte 17: not a BIGINT: '12x'; record: {\"price\":..."
  std::string ToString() const;
};

/// Bytes that must be readable (of any value) behind the end of a record: simdjson reads ahead. A multiple of its own padding.
constexpr size_t kDecodePadding = 64;

/// Decodes records of one schema. One thread; made once per reader, so that columns are bound once.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Appends the rows of `record` (one; none for an empty record; several where the format allows) to `out`, which has the columns
  /// of the decoder's schema first (later ones are left alone). False: `error` is set and `out` is as before.
  virtual bool Decode(std::string_view record, columns::BatchBuilder& out, ParseError* error) = 0;
};

/// Where records end in a stream of bytes. One thread.
class RecordSplitter {
 public:
  static constexpr size_t kNeedMore = static_cast<size_t>(-1);
  virtual ~RecordSplitter() = default;
  /// Bytes of the first record of `bytes`, its terminator included; kNeedMore: its end is not there yet. `at_end`: nothing follows
  /// `bytes`. `bytes` is not empty and begins where a record begins; what was looked at before is not looked at again if it has
  /// only grown at its end.
  virtual size_t Next(std::string_view bytes, bool at_end) = 0;
  /// The record without its terminator.
  virtual std::string_view Strip(std::string_view record) const = 0;
};

/// Records end with \n; a \r before it is dropped. The last may lack it.
std::unique_ptr<RecordSplitter> MakeLineSplitter();

}  // namespace thalweg::formats
