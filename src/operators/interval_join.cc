#include "operators/interval_join.h"

#include <algorithm>
#include <utility>

#include "graph/join_spec.h"
#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/join_rows.h"
#include "operators/row_operator.h"
#include "operators/row_times.h"
#include "operators/stored_row.h"
#include "operators/time_window.h"

namespace thalweg::operators {

using graph::JoinType;
using types::RowKind;

namespace {

/// A row that may still be joined.
struct CachedRow {
  std::string bytes;
  bool joined = false;  // never padded then
};

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::CachedRow> {
  static std::string Name() { return "cached-row/2"; }
  static void Encode(const operators::CachedRow& value, ByteWriter& out) {
    out.String(value.bytes);
    out.Bool(value.joined);
  }
  static void Decode(ByteReader& in, operators::CachedRow& value) {
    value.bytes = in.String();
    value.joined = in.Bool();
  }
};

namespace thalweg::operators {
namespace {

/// The rows of one side by key and time, and the timer by which they go.
struct CachedSide {
  int64_t reach_ms = 0;  // a row joins others up to so much later than itself; may be negative
  int time_column = -1;
  bool pads = false;
  state::Table<std::vector<CachedRow>> rows;  // by time
  state::Table<int64_t> cleanup;              // the time of the key's timer
};

class IntervalJoinOperator : public RowOperator {
 public:
  IntervalJoinOperator(const graph::IntervalJoinSpec& spec, JoinRows rows)
      : RowOperator({spec.sides.left_keys, spec.sides.right_keys}, JoinOutput(spec.sides)),
        event_time_(spec.left_time >= 0),
        min_cleanup_ms_(spec.min_cleanup_ms),
        rows_(std::move(rows)) {
    const JoinType type = spec.sides.type;
    left_.reach_ms = -spec.lower_ms;
    left_.time_column = spec.left_time;
    left_.pads = type == JoinType::kLeft || type == JoinType::kFull;
    right_.reach_ms = spec.upper_ms;
    right_.time_column = spec.right_time;
    right_.pads = type == JoinType::kRight || type == JoinType::kFull;
  }

  bool OwnsWatermarks() const override { return event_time_; }

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    rows_.Open(context);
    late_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
    THALWEG_TRY(OpenSide(left_, "left", backend));
    return OpenSide(right_, "right", backend);
  }

  Status OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "an interval join"));
    const bool left = input == 0;
    CachedSide& own = left ? left_ : right_;
    CachedSide& other = left ? right_ : left_;
    const JoinRowRef ref{.batch = &batch, .row = row};
    // NULL is in no interval.
    const bool timeless = event_time_ && batch.column(own.time_column).IsNull(row);
    if (timeless || !rows_.KeyMatches(batch, row, left)) {
      if (own.pads) rows_.EmitPadded(ref, left, RowKind::kInsert, output());
      return {};
    }
    const int64_t time = event_time_ ? TimeOrNull(batch, row, own.time_column) : now_ms();
    const int64_t last = SaturatingAdd(time, own.reach_ms);
    THALWEG_ASSIGN(const bool joined, JoinCached(ref, left, key, SaturatingAdd(time, -other.reach_ms), last));
    Expire(other, !left, key);
    if (OperatorTime() < last) {
      CachedRow cached{.bytes = {}, .joined = joined};
      AppendStoredRow(batch, row, cached.bytes);
      own.rows.FindOrCreate(key, TimeBytes(time).view()).push_back(std::move(cached));
      if (!own.cleanup.Find(key)) SetCleanup(own, key, time);
    } else if (!joined && own.pads) {
      rows_.EmitPadded(ref, left, RowKind::kInsert, output());
    } else if (!joined && event_time_ && time <= timers().watermark()) {
      late_->Increment();  // beyond Flink, which says nothing of them
    }
    return {};
  }

  Status OnEventTime(const state::Timer& timer) override { return CleanUp(timer); }
  Status OnProcessingTime(const state::Timer& timer) override { return CleanUp(timer); }

  Result<flow::Progress> AfterWatermark(int64_t watermark, flow::Output& out) override {
    if (!event_time_ || watermark == INT64_MAX) return flow::Progress::kDone;  // the end of time goes on by itself
    if (!output().Flush()) return flow::Progress::kMore;
    // A row without partner is padded when the watermark is above the last time of one.
    const int64_t padding_ms = left_.pads || right_.pads ? 1 : 0;
    out.EmitWatermark({SaturatingAdd(watermark, -std::max(left_.reach_ms, right_.reach_ms) - padding_ms)});
    return flow::Progress::kDone;
  }

 private:
  static Status OpenSide(CachedSide& side, const std::string& name, state::KeyedBackend& backend) {
    THALWEG_ASSIGN(side.rows, OpenTable<std::vector<CachedRow>>(backend, name + "-rows", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(side.cleanup, OpenTable<int64_t>(backend, name + "-cleanup", state::StateKind::kValue, 0));
    return {};
  }

  int64_t OperatorTime() { return event_time_ ? std::max<int64_t>(timers().watermark(), 0) : now_ms(); }

  /// Rows of that time and before join nothing that comes.
  int64_t ExpiredUntil(const CachedSide& side) {
    const int64_t now = OperatorTime();
    return now == INT64_MAX ? INT64_MAX : SaturatingAdd(SaturatingAdd(now, -side.reach_ms), -1);
  }

  /// Joins a row of side `left` with those of the other side whose times are in [first, last]; whether there was one.
  Result<bool> JoinCached(const JoinRowRef& ref, bool left, const state::KeyView& key, int64_t first, int64_t last) {
    CachedSide& other = left ? right_ : left_;
    found_.clear();
    places_.clear();
    other.rows.ForEachOfKey(key, [&](std::string_view ns, const std::vector<CachedRow>& rows) {
      const int64_t time = TimeFromBytes(ns);
      if (time > last) return false;
      if (time < first) return true;
      for (size_t i = 0; i < rows.size(); ++i) {
        found_.push_back(rows[i].bytes);
        places_.push_back({time, i});
      }
      return true;
    });
    THALWEG_ASSIGN(const std::span<const int32_t> matches, rows_.Matches(ref, left, found_));
    for (int32_t match : matches) {
      const auto index = static_cast<size_t>(match);
      rows_.Emit(ref, left, found_[index], RowKind::kInsert, output());
      if (other.pads) MarkJoined(other, key, places_[index]);
    }
    return !matches.empty();
  }

  static void MarkJoined(CachedSide& side, const state::KeyView& key, const std::pair<int64_t, size_t>& place) {
    std::vector<CachedRow>* rows = side.rows.Find(key, TimeBytes(place.first).view());
    if (!rows || (*rows)[place.second].joined) return;
    (*rows)[place.second].joined = true;
    side.rows.MarkDirty();
  }

  /// Forgets what can join no more, padded where it must be; the time of the first row that is left.
  std::optional<int64_t> Expire(CachedSide& side, bool left, const state::KeyView& key) {
    const int64_t until = ExpiredUntil(side);
    std::optional<int64_t> next;
    std::vector<int64_t> expired;
    side.rows.ForEachOfKey(key, [&](std::string_view ns, const std::vector<CachedRow>& rows) {
      const int64_t time = TimeFromBytes(ns);
      if (time > until) next = time;
      if (next) return false;
      expired.push_back(time);
      for (const CachedRow& row : rows)
        if (side.pads && !row.joined) rows_.EmitPadded({.bytes = row.bytes}, left, RowKind::kInsert, output());
      return true;
    });
    for (int64_t time : expired) side.rows.Erase(key, TimeBytes(time).view());
    return next;
  }

  void SetCleanup(CachedSide& side, const state::KeyView& key, int64_t row_time) {
    const int64_t time = SaturatingAdd(SaturatingAdd(row_time, side.reach_ms), min_cleanup_ms_ + 1);
    timers().Register(event_time_ ? TimerKind::kEventTime : TimerKind::kProcessingTime, time, key);
    side.cleanup.FindOrCreate(key) = time;
  }

  Status CleanUp(const state::Timer& timer) {
    CleanUpSide(right_, false, timer);
    CleanUpSide(left_, true, timer);
    return {};
  }

  void CleanUpSide(CachedSide& side, bool left, const state::Timer& timer) {
    const state::KeyView key = KeyOf(timer);
    const int64_t* time = side.cleanup.Find(key);
    if (!time || *time != timer.time) return;
    const std::optional<int64_t> next = Expire(side, left, key);
    if (next)
      SetCleanup(side, key, *next);
    else
      side.cleanup.Erase(key);
  }

  bool event_time_;
  int64_t min_cleanup_ms_;
  JoinRows rows_;
  CachedSide left_, right_;
  metrics::Counter* late_ = nullptr;
  std::vector<std::string> found_;
  std::vector<std::pair<int64_t, size_t>> places_;  // of found_: time, and which row of it
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeIntervalJoin(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::IntervalJoinSpec spec, graph::DecodeIntervalJoin(node.payload));
  THALWEG_ASSIGN(JoinRows rows, JoinRows::Make(spec.sides));
  return std::unique_ptr<flow::Operator>(std::make_unique<IntervalJoinOperator>(spec, std::move(rows)));
}

}  // namespace thalweg::operators
