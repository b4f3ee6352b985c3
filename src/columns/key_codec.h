// KeyCodec<K>: a C++ key type as key columns and as canonical key bytes. A pair, tuple or record is one column per part; any other
// type is one column, of types::TypeOf<K> (BYTES of its codec where SQL knows no type).
// Rule: AppendBytes(key) equals the KeyEncoder's bytes of the columns that AppendColumns writes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "columns/cell.h"
#include "columns/key_encoder.h"

namespace thalweg::columns {

template <typename K>
struct KeyCodec {
  /// True if the key is several columns.
  static constexpr bool kParts = types::HasParts<K>;

  /// The key's columns: record fields by their names, f0, f1, ... of tuples, else one named "key".
  static const std::vector<types::Field>& Fields() {
    static const std::vector<types::Field> fields = MakeFields();
    return fields;
  }
  static std::vector<types::DataType> Types() {
    std::vector<types::DataType> result;
    for (const types::Field& field : Fields()) result.push_back(field.type);
    return result;
  }
  static constexpr int num_columns() {
    if constexpr (types::IsRecord<K>)
      return static_cast<int>(types::Record<K>::kSize);
    else if constexpr (kParts)
      return static_cast<int>(std::tuple_size_v<K>);
    else
      return 1;
  }

  /// Appends the canonical bytes.
  static void AppendBytes(const K& key, std::string& out) {
    if constexpr (kParts)
      types::internal::ForEachPart(key, [&](const auto& part) { types::AppendKey(part, out); });
    else
      types::AppendKey(key, out);
  }
  /// Reads one key that AppendBytes wrote, which must use up the bytes.
  static Status ReadBytes(std::string_view bytes, K& key) {
    types::KeyReader in(bytes);
    if constexpr (kParts)
      types::internal::ForEachPart(key, [&](auto& part) { types::ReadKey(in, part); });
    else
      types::ReadKey(in, key);
    if (!in.AtEnd()) in.Fail();
    return in.status();
  }
  /// Hash64 of the canonical bytes: what decides the key group. `scratch` saves the allocation and holds nothing of use after.
  static uint64_t Hash(const K& key, std::string& scratch) {
    if constexpr (std::is_integral_v<K> && std::is_signed_v<K> && sizeof(K) == 8)
      return types::HashKeyInteger(int64_t{key});
    else if constexpr (std::is_integral_v<K> && std::is_signed_v<K> && sizeof(K) == 4)
      return types::HashKeyInteger(int32_t{key});
    scratch.clear();
    AppendBytes(key, scratch);
    return Hash64(scratch);
  }
  static uint64_t Hash(const K& key) {
    std::string scratch;
    return Hash(key, scratch);
  }

  /// Appends the key to one builder per column, in order.
  static void AppendColumns(const K& key, std::span<ColumnBuilder> columns) {
    if constexpr (kParts) {
      size_t index = 0;
      types::internal::ForEachPart(key, [&](const auto& part) { AppendCell(part, columns[index++]); });
    } else {
      AppendCell(key, columns[0]);
    }
  }
  /// Reads the key from the columns `first_column`... of a row, which have the types of Fields().
  static Status ReadColumns(const Batch& batch, int first_column, int32_t row, K& key) {
    if constexpr (kParts) {
      Status status;
      int column = first_column;
      types::internal::ForEachPart(key, [&](auto& part) {
        if (status.ok()) status = ReadCell(batch.column(column++), row, part);
      });
      return status;
    } else {
      return ReadCell(batch.column(first_column), row, key);
    }
  }

 private:
  static std::vector<types::Field> MakeFields() {
    if constexpr (kParts)
      return types::DataTypeOf<K>().children();
    else
      return {{"key", types::DataTypeOf<K>()}};
  }
};

}  // namespace thalweg::columns
