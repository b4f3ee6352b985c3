#include "operators/temporal_join.h"

#include <algorithm>
#include <utility>

#include "graph/join_spec.h"
#include "operators/join_rows.h"
#include "operators/row_operator.h"
#include "operators/row_times.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using types::RowKind;

namespace {

/// A row with its kind: of the right side, what begins with its time (a row, or that there is none).
struct VersionedRow {
  int64_t time = 0;
  RowKind kind = RowKind::kInsert;
  std::string bytes;
};

VersionedRow MakeVersion(const columns::Batch& batch, int32_t row, int64_t time) {
  VersionedRow version{.time = time, .kind = batch.kind(row), .bytes = {}};
  AppendStoredRow(batch, row, version.bytes);
  return version;
}

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::VersionedRow> {
  static std::string Name() { return "versioned-row/2"; }
  static void Encode(const operators::VersionedRow& value, ByteWriter& out) {
    out.SignedVarint(value.time);
    out.U8(static_cast<uint8_t>(value.kind));
    out.String(value.bytes);
  }
  static void Decode(ByteReader& in, operators::VersionedRow& value) {
    value.time = in.SignedVarint();
    value.kind = static_cast<RowKind>(in.U8() & 3);
    value.bytes = in.String();
  }
};

namespace thalweg::operators {
namespace {

/// What both forms have: a key of which nothing was heard for the TTL is forgotten, by a timer that each row puts off (Flink's
/// BaseTwoInputStreamOperatorWithStateRetention: it fires at the latest after one TTL and a half).
class TemporalJoinOperator : public RowOperator {
 public:
  TemporalJoinOperator(const graph::TemporalJoinSpec& spec, JoinRows rows)
      : RowOperator({spec.sides.left_keys, spec.sides.right_keys}, JoinOutput(spec.sides)),
        spec_(spec),
        rows_(std::move(rows)) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    rows_.Open(context);
    THALWEG_ASSIGN(cleanup_, OpenTable<int64_t>(backend, "cleanup", state::StateKind::kValue, 0));
    return OpenVersions(backend);
  }
  virtual Status OpenVersions(state::KeyedBackend& backend) = 0;
  virtual void Forget(const state::KeyView& key) = 0;

  Status OnProcessingTime(const state::Timer& timer) override {
    const state::KeyView key = KeyOf(timer);
    const int64_t* time = cleanup_.Find(key);
    if (!time || *time != timer.time) return {};
    cleanup_.Erase(key);
    Forget(key);
    return {};
  }

  void PutOffCleanup(const state::KeyView& key) {
    if (spec_.ttl_ms <= 0) return;
    const int64_t now = now_ms();
    const int64_t* set = cleanup_.Find(key);
    if (set && now + spec_.ttl_ms <= *set) return;
    if (set) timers().Delete(TimerKind::kProcessingTime, *set, key);
    const int64_t time = now + spec_.ttl_ms * 3 / 2;
    cleanup_.FindOrCreate(key) = time;
    timers().Register(TimerKind::kProcessingTime, time, key);
  }
  void CancelCleanup(const state::KeyView& key) {
    const int64_t* set = spec_.ttl_ms > 0 ? cleanup_.Find(key) : nullptr;
    if (!set) return;
    timers().Delete(TimerKind::kProcessingTime, *set, key);
    cleanup_.Erase(key);
  }

  bool pads() const { return spec_.sides.type == graph::JoinType::kLeft; }
  bool KeyMatches(const columns::Batch& batch, int32_t row, bool left) const {
    return rows_.KeyMatches(batch, row, left);
  }

  /// `right` null: there was none.
  /// A version stands until the next one: -U has the time of the version that was replaced, and takes nothing back (Flink sends none here).
  static bool TellsThePast(const columns::Batch& versions, int32_t row) {
    return versions.kind(row) == RowKind::kUpdateBefore;
  }
  Status Join(const JoinRowRef& left, RowKind kind, const std::string* right) {
    if (right) {
      THALWEG_ASSIGN(const std::span<const int32_t> matches, rows_.Matches(left, true, std::span(right, 1)));
      if (!matches.empty()) {
        rows_.Emit(left, true, *right, kind, output());
        return {};
      }
    }
    if (pads()) rows_.EmitPadded(left, true, kind, output());
    return {};
  }

  const graph::TemporalJoinSpec& spec() const { return spec_; }

 private:
  graph::TemporalJoinSpec spec_;
  JoinRows rows_;
  state::Table<int64_t> cleanup_;
};

// Rows of both sides wait for the watermark: a version with a time may still come until then. One timer a key, at its least time.
class EventTimeTemporalJoin final : public TemporalJoinOperator {
 public:
  using TemporalJoinOperator::TemporalJoinOperator;

 protected:
  Status OpenVersions(state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(left_, OpenTable<VersionedRow>(backend, "left", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(right_, OpenTable<VersionedRow>(backend, "right", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(next_, OpenTable<int64_t>(backend, "next-index", state::StateKind::kValue, 0));
    THALWEG_ASSIGN(timer_, OpenTable<int64_t>(backend, "timer", state::StateKind::kValue, 0));
    return {};
  }

  Status OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    const bool left = input == 0;
    if (!left && TellsThePast(batch, row)) return {};
    const int64_t time = TimeOrNull(batch, row, left ? spec().left_time : spec().right_time);
    // At a time that is NULL there is no version; one without a time stands from the begin on.
    if (!KeyMatches(batch, row, left) || (left && time == kNullTime))
      return left ? Join({.batch = &batch, .row = row}, batch.kind(row), nullptr) : Status();
    if (left) {
      const int64_t index = next_.FindOrCreate(key)++;
      left_.FindOrCreate(key, TimeBytes(index).view()) = MakeVersion(batch, row, time);
    } else {
      right_.FindOrCreate(key, TimeBytes(time).view()) = MakeVersion(batch, row, time);
    }
    SetTimer(key, time);
    PutOffCleanup(key);
    return {};
  }

  Status OnEventTime(const state::Timer& timer) override {
    const state::KeyView key = KeyOf(timer);
    const int64_t* set = timer_.Find(key);
    if (!set || *set != timer.time) return {};
    timer_.Erase(key);
    LoadVersions(key);
    const int64_t next = TakeDue(key);
    for (const auto& [index, row] : due_) {
      const VersionedRow* version = VersionAt(row.time);
      const bool there = version && types::RowKindSign(version->kind) > 0;
      THALWEG_TRY(Join({.bytes = row.bytes}, row.kind, there ? &version->bytes : nullptr));
    }
    ForgetVersions(key);
    if (next < INT64_MAX) SetTimer(key, next);
    if (next < INT64_MAX || !versions_.empty()) {
      PutOffCleanup(key);
    } else {
      CancelCleanup(key);
      next_.Erase(key);
    }
    return {};
  }

  void Forget(const state::KeyView& key) override {
    for (state::Table<VersionedRow>* table : {&left_, &right_}) {
      std::vector<std::string> names;
      table->ForEachOfKey(key, [&](std::string_view ns, const VersionedRow&) {
        names.emplace_back(ns);
        return true;
      });
      for (const std::string& name : names) table->Erase(key, name);
    }
    next_.Erase(key);
    timer_.Erase(key);
  }

 private:
  void SetTimer(const state::KeyView& key, int64_t time) {
    const int64_t* set = timer_.Find(key);
    if (set && *set <= time) return;
    if (set) timers().Delete(TimerKind::kEventTime, *set, key);
    timer_.FindOrCreate(key) = time;
    timers().Register(TimerKind::kEventTime, time, key);
  }

  void LoadVersions(const state::KeyView& key) {
    versions_.clear();
    right_.ForEachOfKey(key, [&](std::string_view, const VersionedRow& row) {
      versions_.push_back(row);
      return true;
    });
  }

  /// Takes left rows up to the watermark out of state, in the order of arrival; the least time of those that are left.
  int64_t TakeDue(const state::KeyView& key) {
    due_.clear();
    int64_t next = INT64_MAX;
    left_.ForEachOfKey(key, [&](std::string_view ns, const VersionedRow& row) {
      if (row.time <= timers().watermark())
        due_.emplace_back(ns, row);
      else
        next = std::min(next, row.time);
      return true;
    });
    for (const auto& [name, row] : due_) left_.Erase(key, name);
    return next;
  }

  /// The last version of that time or before.
  const VersionedRow* VersionAt(int64_t time) const {
    const auto after = std::upper_bound(versions_.begin(), versions_.end(), time,
                                        [](int64_t at, const VersionedRow& row) { return at < row.time; });
    return after == versions_.begin() ? nullptr : &*(after - 1);
  }

  /// All before the one that is valid at the watermark.
  void ForgetVersions(const state::KeyView& key) {
    const VersionedRow* valid = VersionAt(timers().watermark());
    for (const VersionedRow& row : versions_) {
      if (!valid || row.time >= valid->time) return;
      right_.Erase(key, TimeBytes(row.time).view());
    }
  }

  state::Table<VersionedRow> left_;   // by a number that grows
  state::Table<VersionedRow> right_;  // by time
  state::Table<int64_t> next_, timer_;
  std::vector<VersionedRow> versions_;
  std::vector<std::pair<std::string, VersionedRow>> due_;
};

class ProcessingTimeTemporalJoin final : public TemporalJoinOperator {
 public:
  using TemporalJoinOperator::TemporalJoinOperator;

 protected:
  Status OpenVersions(state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(right_, OpenTable<StoredRow>(backend, "right", state::StateKind::kValue, 0));
    return {};
  }

  Status OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    if (input == 0) {
      const StoredRow* right = KeyMatches(batch, row, true) ? right_.Find(key) : nullptr;
      if (right) PutOffCleanup(key);
      return Join({.batch = &batch, .row = row}, batch.kind(row), right ? &right->bytes : nullptr);
    }
    if (TellsThePast(batch, row) || !KeyMatches(batch, row, false)) return {};
    if (types::RowKindSign(batch.kind(row)) > 0) {
      right_.FindOrCreate(key) = StoreRow(batch, row);
      PutOffCleanup(key);
    } else {
      right_.Erase(key);
      CancelCleanup(key);
    }
    return {};
  }

  void Forget(const state::KeyView& key) override { right_.Erase(key); }

 private:
  state::Table<StoredRow> right_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeTemporalJoin(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::TemporalJoinSpec spec, graph::DecodeTemporalJoin(node.payload));
  THALWEG_ASSIGN(JoinRows rows, JoinRows::Make(spec.sides));
  if (spec.left_time < 0)
    return std::unique_ptr<flow::Operator>(std::make_unique<ProcessingTimeTemporalJoin>(spec, std::move(rows)));
  return std::unique_ptr<flow::Operator>(std::make_unique<EventTimeTemporalJoin>(spec, std::move(rows)));
}

}  // namespace thalweg::operators
