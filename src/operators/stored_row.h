// StoredRow: a row of columns as bytes in state. Rule: equal rows have equal bytes (canonical: -0 is kept as 0), in the order of the
// values; so a retraction finds its row.
#pragma once

#include <string>
#include <vector>

#include "columns/batch.h"
#include "columns/key_encoder.h"
#include "types/codec.h"

namespace thalweg::operators {

struct StoredRow {
  std::string bytes;
  auto operator<=>(const StoredRow&) const = default;
};

/// All columns of `row`, appended to `out`. The way back: AppendKeyColumns (row_keys.h).
inline void AppendStoredRow(const columns::Batch& batch, int32_t row, std::string& out) {
  for (int column = 0; column < batch.num_columns(); ++column) columns::AppendCellKey(batch.column(column), row, out);
}
/// Bytes as ByteReader::String reads them, appended to `out`.
inline void AppendSized(std::string_view bytes, std::string& out) {
  size_t length = bytes.size();
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
  out += bytes;
}
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
  static std::string Name() { return "row/1"; }
  static void Encode(const operators::StoredRow& value, ByteWriter& out) { out.String(value.bytes); }
  static void Decode(ByteReader& in, operators::StoredRow& value) { value.bytes = in.String(); }
};
template <>
struct thalweg::types::Codec<thalweg::operators::KeyedRow> {
  static std::string Name() { return "keyed-row/1"; }
  static void Encode(const operators::KeyedRow& value, ByteWriter& out) {
    out.String(value.bytes);
    out.String(value.key);
  }
  static void Decode(ByteReader& in, operators::KeyedRow& value) {
    value.bytes = in.String();
    value.key = in.String();
  }
};
