// StoredRow: a row of columns as bytes in state. Rule: the same rows have the same bytes (there is one NaN), so a retraction finds its
// row, and a row comes out as it came in (-0 stays -0, for what is taken back must be what was sent); the order of the bytes says
// nothing but that equal heads lie together.
//
// A bitmap of the columns that are there (bit set, least first), then their values in the order of the columns, but ARRAY, MAP, MULTISET and
// ROW behind all others: integers, DATE, TIME, TIMESTAMP(0..3), intervals and DECIMAL big-endian with the sign bit flipped; FLOAT and
// DOUBLE as in keys, but -0 as it is; BOOLEAN one byte; STRING and BINARY a length (varint) and the bytes; TIMESTAMP(4..9) 8 bytes of milliseconds and 4
// of nanoseconds; nested values likewise (docs/internals/keys.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "base/check.h"
#include "columns/batch.h"
#include "columns/builder.h"
#include "types/codec.h"

namespace thalweg::operators {

struct StoredRow {
  std::string bytes;
  auto operator<=>(const StoredRow&) const = default;
};

/// All columns of `row`, appended to `out`.
void AppendStoredRow(const columns::Batch& batch, int32_t row, std::string& out);
/// The same behind its length, as ByteReader::String reads it.
void AppendStoredRowWithLength(const columns::Batch& batch, int32_t row, std::string& out);
/// Bytes behind others of their kind, in a string that grows by a half.
void AppendGrowing(std::string_view bytes, std::string& out);

/// Rows of a batch, packed by the column, which costs less than one by one. One thread.
class StoredRows {
 public:
  /// The rows [from, end); until the next call.
  void Load(const columns::Batch& batch, int32_t from, int32_t end);
  /// As AppendStoredRow writes it; `row` of the batch.
  std::string_view operator[](int32_t row) const {
    const size_t i = Index(row);
    return std::string_view(bytes_).substr(starts_[i + 1] - sizes_[i], sizes_[i]);
  }
  /// As AppendStoredRowWithLength does.
  std::string_view WithLength(int32_t row) const {
    const size_t i = Index(row);
    return std::string_view(bytes_).substr(starts_[i], starts_[i + 1] - starts_[i]);
  }

 private:
  size_t Index(int32_t row) const {
    const auto i = static_cast<size_t>(row - from_);
    THALWEG_CHECK(i < sizes_.size(), "row {} of {} from {}", row, sizes_.size(), from_);
    return i;
  }
  void LoadNested(const columns::Batch& batch, int32_t count);

  int32_t from_ = 0;
  std::string bytes_;            // of each row, its length before it
  std::vector<size_t> starts_;   // of the lengths; and the end
  std::vector<uint32_t> sizes_;  // of the rows
};

/// The way back, of several rows by the column: Start, Read for each column and stretch of rows, Finish. The bytes are this process's or a
/// snapshot's: it is a fault of the program if they are not of those types. One thread.
class StoredRowReader {
 public:
  /// The bytes of each row, of `columns` columns; they must be there until Finish.
  void Start(std::span<const std::string_view> rows, int columns);
  /// Appends column `column` of the rows [from, from + count) to `out`, which has its type. Columns in their order, those that LiesBehind tells
  /// after all others.
  void Read(int column, size_t from, size_t count, columns::ColumnBuilder& out);
  void Finish() const;

 private:
  struct Left {
    const char* bitmap;
    const char* at;
    const char* end;
  };
  boost::container::small_vector<Left, 4> left_;
};
/// Values of nested types lie behind all others.
bool LiesBehind(const types::DataType& type);

/// One row, to `count` columns of `out` from `first` on.
void ReadStoredRow(std::string_view bytes, columns::BatchBuilder& out, int first, int count);

inline StoredRow StoreRow(const columns::Batch& batch, int32_t row) {
  StoredRow stored;
  AppendStoredRow(batch, row, stored.bytes);
  return stored;
}

/// A row with the bytes of the columns by which it is found.
struct KeyedRow {
  std::string bytes;
  std::string key;  // empty if it is found by all of it
  bool operator==(const KeyedRow&) const = default;
};

}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::StoredRow> {
  static std::string Name() { return "row/2"; }
  static void Encode(const operators::StoredRow& value, ByteWriter& out) { out.String(value.bytes); }
  static void Decode(ByteReader& in, operators::StoredRow& value) { value.bytes = in.String(); }
};
template <>
struct thalweg::types::Codec<thalweg::operators::KeyedRow> {
  static std::string Name() { return "keyed-row/2"; }
  static void Encode(const operators::KeyedRow& value, ByteWriter& out) {
    out.String(value.bytes);
    out.String(value.key);
  }
  static void Decode(ByteReader& in, operators::KeyedRow& value) {
    value.bytes = in.String();
    value.key = in.String();
  }
};
