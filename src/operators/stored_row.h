// StoredRow: a row of columns as bytes in state. Rule: the same rows have the same bytes (there is one NaN), so a retraction finds its
// row, and a row comes out as it came in (-0 stays -0, for what is taken back must be what was sent); the order of the bytes says
// nothing but that equal heads lie together.
//
// A bitmap of the columns that are there (bit set, least first), then their values in the order of the columns, but ARRAY, MAP, MULTISET and
// ROW behind all others: integers, DATE, TIME, TIMESTAMP(0..3), intervals and DECIMAL big-endian with the sign bit flipped; FLOAT and
// DOUBLE as in keys, but -0 as it is; BOOLEAN one byte; STRING and BINARY a length (varint) and the bytes; TIMESTAMP(4..9) 8 bytes of milliseconds and 4
// of nanoseconds; nested values likewise (docs/internals/keys.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

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
/// The way back: to `count` columns of `out` from `first` on. The bytes are this process's or a snapshot's: it is a fault of the program if
/// they are not of those types.
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
