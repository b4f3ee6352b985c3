// TimedRows: the rows of a side of a join that a time bounds (graph/join_spec.h), by key group and stretch of time.
// Rule: a stretch is forgotten as a whole, when the last row that may lie in it is out of bound. A row that comes costs an append and no
// entry of its own; who asks reads the rows of its key group in the stretches that its time reaches, and what is asked often gets an index.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "columns/batch.h"
#include "graph/join_spec.h"
#include "operators/appended_rows.h"
#include "operators/row_times.h"
#include "operators/time_window.h"

namespace thalweg::operators {

/// Of one operator; the task's thread.
class TimedRows {
 public:
  TimedRows() = default;
  explicit TimedRows(const graph::TimeBound& bound);
  Status Open(state::KeyedBackend& backend, std::string name);

  /// Rows without a time join nothing, and those out of bound nothing that comes: they are not kept.
  /// `stored`: the bytes of the row behind their length (StoredRows::WithLength).
  void Add(const state::KeyView& key, const columns::Batch& batch, int32_t row, std::string_view stored);
  /// `visit(bytes)` for each row of the key whose time may join row `row` of `batch`, of the other side; it must not call this.
  template <typename F>
  void ForEachRow(const state::KeyView& key, const columns::Batch& batch, int32_t row, F&& visit);
  void OnOtherWatermark(int64_t watermark) { passed_ = std::max(passed_, watermark); }
  /// Forgets what is out of bound, some at a time.
  void Forget();

 private:
  /// Where a row of an index is.
  struct Place {
    uint32_t tag = 0;
    uint32_t part = 0;
    uint32_t offset = 0;
    auto operator<=>(const Place&) const = default;
  };
  /// Of one key group and stretch, in memory only: made by who asks.
  struct Index {
    uint32_t asked = 0;
    int64_t parts = 0;          // that it covers; they are full
    std::vector<Place> places;  // ordered
  };
  struct Stretch {
    std::vector<uint16_t> groups;  // that have rows
    std::vector<Index> indexes;    // by key group, as far as they were asked for
  };
  /// A key group as the key of its rows.
  class GroupKey {
   public:
    explicit GroupKey(uint16_t group);
    state::KeyView view() const { return {{bytes_, sizeof(bytes_)}, hash_, group_}; }

   private:
    char bytes_[2];
    uint16_t group_;
    uint64_t hash_;
  };
  /// A row as it lies in its part: a tag of its key, the key, the row.
  struct Record {
    uint32_t tag = 0;
    std::string_view key, row;
  };
  static Record ReadRecord(ByteReader& in) {
    const uint32_t tag = in.U32();
    const std::string_view key = in.String();
    return {tag, key, in.String()};
  }
  static uint32_t TagOf(uint64_t hash) { return static_cast<uint32_t>(hash); }  // its high bits tell the group

  static constexpr uint32_t kAskedBeforeIndex = 8;  // each time costs less than making the index does

  int64_t NumberOf(int64_t time) const { return time / length_ms_ - (time % length_ms_ < 0 ? 1 : 0); }
  bool OutOfBound(int64_t time) const { return passed_ != INT64_MIN && SaturatingAdd(time, reach_ms_) <= passed_; }
  Stretch& StretchOf(int64_t number);
  Index& IndexOf(Stretch& stretch, uint16_t group);
  void Extend(Index& index, const state::KeyView& group, std::string_view stretch, int64_t full);
  template <typename F>
  static void VisitEqual(std::string_view rows, const state::KeyView& key, F& visit) {
    const uint32_t tag = TagOf(key.hash);
    for (ByteReader in(rows); !in.AtEnd();)
      if (const Record record = ReadRecord(in); record.tag == tag && record.key == key.bytes) visit(record.row);
  }
  template <typename F>
  void VisitIn(int64_t number, Stretch& stretch, const state::KeyView& key, F& visit);

  graph::TimeBound bound_;
  int64_t reach_ms_ = 0;  // a row is out of bound when the other side's watermark is so much later
  int64_t length_ms_ = 1;
  int64_t passed_ = INT64_MIN;  // the other side's watermark
  AppendedRows rows_;
  std::map<int64_t, Stretch> stretches_;  // by number; of those that have rows
  Stretch* last_ = nullptr;               // that was added to
  int64_t last_number_ = 0;
};

template <typename F>
void TimedRows::ForEachRow(const state::KeyView& key, const columns::Batch& batch, int32_t row, F&& visit) {
  const columns::Column& times = batch.column(bound_.other_time);
  if (times.IsNull(row)) return;
  const int64_t time = times.data<int64_t>()[row];
  const int64_t last = bound_.upper_ms ? NumberOf(SaturatingAdd(time, *bound_.upper_ms)) : INT64_MAX;
  auto stretch = stretches_.lower_bound(NumberOf(SaturatingAdd(time, bound_.lower_ms)));
  for (; stretch != stretches_.end() && stretch->first <= last; ++stretch)
    VisitIn(stretch->first, stretch->second, key, visit);
}

template <typename F>
void TimedRows::VisitIn(int64_t number, Stretch& stretch, const state::KeyView& key, F& visit) {
  const GroupKey group(key.group);
  const TimeBytes name(number);
  const int64_t full = rows_.FullParts(group.view(), name.view());
  if (full < 0) return;
  Index& index = IndexOf(stretch, key.group);
  if (++index.asked > kAskedBeforeIndex) Extend(index, group.view(), name.view(), full);
  const uint32_t tag = TagOf(key.hash);
  auto place = std::lower_bound(index.places.begin(), index.places.end(), Place{.tag = tag});
  for (; place != index.places.end() && place->tag == tag; ++place) {
    ByteReader in(rows_.Part(group.view(), name.view(), place->part, full).substr(place->offset));
    if (const Record record = ReadRecord(in); record.key == key.bytes) visit(record.row);
  }
  for (int64_t part = index.parts; part <= full; ++part)
    VisitEqual(rows_.Part(group.view(), name.view(), part, full), key, visit);
}

}  // namespace thalweg::operators
