// JoinSide: the rows of one side of a regular join, by join key.
// Rule: what tells rows of a key apart decides how they lie: nothing (their unique key is in the join key: one row a key), their unique
// key (a row by it), or all of the row (how often it came). Rows that are never asked for again, only joined, lie one behind another; those
// that a time bounds, by their time (timed_rows.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columns/batch.h"
#include "graph/join_spec.h"
#include "operators/appended_rows.h"
#include "operators/stored_row.h"
#include "operators/timed_rows.h"
#include "state/table.h"
#include "types/codec.h"

namespace thalweg::operators {

/// One stored row, or several equal ones.
struct JoinEntry {
  std::string bytes;   // of the row (stored_row.h); empty if the namespace has them
  uint64_t count = 1;  // of equal rows
  uint64_t associations =
      0;  // rows of the other side that it matches; kept for sides that may be padded, and left sides of semi joins
};

/// Rows found for a key: one entry for each row, in the order of the entries' names. Keeps its strings for the next key's.
class JoinCandidates {
 public:
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  /// `name`: of the entry, where it is not the row itself.
  void Add(std::string_view row, std::string_view name, uint64_t associations) {
    if (size_ == rows_.size()) {
      rows_.emplace_back();
      names_.emplace_back();
      associations_.push_back(0);
    }
    rows_[size_].assign(row);
    names_[size_].assign(name);
    associations_[size_++] = associations;
  }
  std::span<const std::string> rows() const { return std::span(rows_).first(size_); }
  const std::string& row(size_t index) const { return rows_[index]; }
  const std::string& name(size_t index) const { return names_[index]; }
  uint64_t associations(size_t index) const { return associations_[index]; }

 private:
  size_t size_ = 0;
  std::vector<std::string> rows_, names_;
  std::vector<uint64_t> associations_;
};

/// Of one operator; the task's thread.
class JoinSide {
 public:
  struct Options {
    std::string name;
    std::vector<int> join_key;
    std::vector<int> unique_key;  // empty: none
    int64_t ttl_ms = 0;
    bool append_only = false;  // nothing but Add and ForEachRow is called
    std::optional<graph::TimeBound> bound;
  };
  JoinSide() = default;
  explicit JoinSide(Options options);
  Status Open(state::KeyedBackend& backend);

  /// Retract may not be called.
  bool only_comes() const { return layout_ == Layout::kAppended || layout_ == Layout::kTimed; }
  /// What ForEachRow shows depends on the key alone.
  bool same_for_all_rows() const { return layout_ != Layout::kTimed; }
  /// Before rows of `batch` from `from` on are added, taken away or asked for.
  void Load(const columns::Batch& batch, int32_t from) { rows_.Load(batch, from, batch.rows()); }
  /// Adds a row, or puts it in the place of the one with its unique key.
  void Add(const state::KeyView& key, const columns::Batch& batch, int32_t row, uint64_t associations);
  /// Adds or takes away rows of one key by their kinds, in their order. No associations are kept.
  void Change(const state::KeyView& key, const columns::Batch& batch, std::span<const int32_t> rows);
  /// Takes one away; one that is not there (its TTL has passed) is no matter.
  void Retract(const state::KeyView& key, const columns::Batch& batch, int32_t row);
  /// Adding the row makes one row more; false if it takes the place of another.
  bool IsAdditional(const state::KeyView& key, const columns::Batch& batch, int32_t row);
  void Find(const state::KeyView& key, JoinCandidates& found);
  /// `visit(bytes)` for each row of the key that row `row` of `batch`, of the other side, may join; it must not call the side.
  template <typename F>
  void ForEachRow(const state::KeyView& key, const columns::Batch& batch, int32_t row, F&& visit) {
    if (layout_ == Layout::kTimed) return timed_.ForEachRow(key, batch, row, visit);
    if (layout_ == Layout::kAppended)
      return appended_.ForEachPart(key, {}, [&](std::string_view rows) { ForEachIn(rows, visit); });
    if (layout_ == Layout::kSingle) {
      if (const JoinEntry* entry = table_.Find(key)) visit(std::string_view(entry->bytes));
      return;
    }
    table_.ForEachOfKey(key, [&](std::string_view name, const JoinEntry& entry) {
      for (uint64_t i = 0; i < entry.count; ++i)
        visit(layout_ == Layout::kCounted ? name : std::string_view(entry.bytes));
      return true;
    });
  }
  /// Of a key that is found soon. Only where one row lies under it.
  void Prefetch(uint64_t hash) const {
    if (layout_ == Layout::kSingle) table_.Prefetch(hash);
    if (layout_ == Layout::kAppended) appended_.Prefetch(hash);
  }
  /// The watermark of the other side's input (flow/input_watermarks.h).
  void OnOtherWatermark(int64_t watermark) { timed_.OnOtherWatermark(watermark); }
  /// Forgets some of what no row to come can join; costs next to nothing if there is nothing.
  void Forget() {
    if (layout_ == Layout::kTimed) timed_.Forget();
  }
  /// Of row `index` of what Find gave.
  void SetAssociations(const state::KeyView& key, const JoinCandidates& found, size_t index, uint64_t associations);

 private:
  enum class Layout : uint8_t { kSingle, kByUniqueKey, kCounted, kAppended, kTimed };

  template <typename F>
  static void ForEachIn(std::string_view rows, F& visit) {
    ByteReader in(rows);
    while (!in.AtEnd()) visit(in.String());
  }
  void Append(const state::KeyView& key, std::span<const int32_t> rows);
  /// The namespace of the row; in rows_ or scratch_.
  std::string_view NameOf(const columns::Batch& batch, int32_t row);

  Options options_;
  Layout layout_ = Layout::kCounted;
  state::Table<JoinEntry> table_;  // of all layouts but kAppended and kTimed
  AppendedRows appended_;
  TimedRows timed_;
  StoredRows rows_;  // of the batch at hand
  std::string scratch_;
};

}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::JoinEntry> {
  static std::string Name() { return "join-entry/2"; }
  static void Encode(const operators::JoinEntry& value, ByteWriter& out) {
    out.String(value.bytes);
    out.Varint(value.count);
    out.Varint(value.associations);
  }
  static void Decode(ByteReader& in, operators::JoinEntry& value) {
    value.bytes = in.String();
    value.count = in.Varint();
    value.associations = in.Varint();
  }
};
