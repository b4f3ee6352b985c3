// AppendedRows: rows that are never asked for one by one, only read together: one behind another under a key and a prefix, in parts.
// Rule: a part that is full lies under its number and is never changed again, so a row that comes costs an append and, on RocksDB, at
// most a part.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "state/table.h"
#include "types/codec.h"

namespace thalweg::operators {

/// The last of a key's parts, and how many before it are full; of a full part its rows only.
struct JoinPart {
  std::string rows;
  uint64_t full_parts = 0;
};

}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::JoinPart> {
  static std::string Name() { return "join-part/2"; }
  static void Encode(const operators::JoinPart& value, ByteWriter& out) {
    out.String(value.rows);
    out.Varint(value.full_parts);
  }
  static void Decode(ByteReader& in, operators::JoinPart& value) {
    value.rows = in.String();
    value.full_parts = in.Varint();
  }
};

namespace thalweg::operators {

/// The task's thread. What it gives is valid until the next call.
class AppendedRows {
 public:
  /// `name` of the state, `prefix`: what its namespaces begin with, in words.
  Status Open(state::KeyedBackend& backend, std::string name, std::string prefix);

  /// `write(row, std::string&)` appends one of the rows. True: they are the first of their key and prefix.
  template <typename F>
  bool Append(const state::KeyView& key, std::string_view prefix, std::span<const int32_t> rows, F&& write) {
    bool first = false;
    JoinPart* last = &parts_.FindOrCreate(key, prefix, &first);
    for (int32_t row : rows) {
      write(row, last->rows);
      if (last->rows.size() >= kPartBytes) last = &StartPart(key, prefix, *last);
    }
    return first;
  }
  /// How many parts are full; -1: there is no row.
  int64_t FullParts(const state::KeyView& key, std::string_view prefix);
  /// The rows of part `number` of `full`; the last one is behind those that are full.
  std::string_view Part(const state::KeyView& key, std::string_view prefix, int64_t number, int64_t full);
  /// `visit(rows)` for each part, in order.
  template <typename F>
  void ForEachPart(const state::KeyView& key, std::string_view prefix, F&& visit) {
    const JoinPart* last = parts_.Find(key, prefix);
    if (!last) return;
    if (last->full_parts == 0) return visit(std::string_view(last->rows));
    const auto full = static_cast<int64_t>(last->full_parts);
    for (int64_t number = 0; number <= full; ++number) visit(Part(key, prefix, number, full));
  }
  void Erase(const state::KeyView& key, std::string_view prefix);
  /// `visit(key, prefix)` for all that have rows; prefixes have `size` bytes.
  template <typename F>
  void ForEach(size_t size, F&& visit) {
    parts_.ForEach([&](const state::KeyView& key, std::string_view name, const JoinPart&) {
      if (name.size() == size) visit(key, name);
    });
  }
  void Prefetch(uint64_t hash) const { parts_.Prefetch(hash); }

 private:
  // With RocksDB a row that comes writes its part anew. With a last row of usual length it is a block of 4 KiB.
  static constexpr size_t kPartBytes = 3840;

  /// Puts the last part, which is full, under its number; the one that follows it.
  JoinPart& StartPart(const state::KeyView& key, std::string_view prefix, JoinPart& last);
  /// The namespace of a full part; in name_.
  std::string_view NameOf(std::string_view prefix, uint64_t number);

  state::Table<JoinPart> parts_;
  std::string name_;
};

}  // namespace thalweg::operators
