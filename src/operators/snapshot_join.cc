#include "operators/snapshot_join.h"

#include <algorithm>
#include <utility>

#include "graph/join_spec.h"
#include "operators/join_rows.h"
#include "operators/join_side.h"
#include "operators/row_operator.h"
#include "operators/row_times.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using flow::Progress;
using types::RowKind;

namespace {

/// A left row that came before the right side was loaded.
struct WaitingRow {
  RowKind kind = RowKind::kInsert;
  std::string bytes;
};

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::WaitingRow> {
  static std::string Name() { return "waiting-row/2"; }
  static void Encode(const operators::WaitingRow& value, ByteWriter& out) {
    out.U8(static_cast<uint8_t>(value.kind));
    out.String(value.bytes);
  }
  static void Decode(ByteReader& in, operators::WaitingRow& value) {
    value.kind = static_cast<RowKind>(in.U8() & 3);
    value.bytes = in.String();
  }
};

namespace thalweg::operators {
namespace {

// Rule: a left row is joined once, with the right rows of that moment; while the right side is loaded it waits under its key.
// Whether it is loaded is not saved: after a restart the end of the input, or the watermark, says so again.
class SnapshotJoinOperator final : public RowOperator {
 public:
  SnapshotJoinOperator(graph::SnapshotJoinSpec spec, JoinRows rows)
      : RowOperator({spec.sides.left_keys, spec.sides.right_keys}, JoinOutput(spec.sides)),
        spec_(std::move(spec)),
        rows_(std::move(rows)),
        right_({.name = "right",
                .join_key = spec_.sides.right_keys,
                .unique_key = spec_.right_unique_key,
                .ttl_ms = spec_.ttl_ms}),
        loaded_(spec_.load == graph::SnapshotJoinSpec::Load::kNone) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    rows_.Open(context);
    THALWEG_TRY(right_.Open(backend));
    THALWEG_ASSIGN(waiting_, OpenTable<WaitingRow>(backend, "waiting", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(next_, OpenTable<int64_t>(backend, "next-index", state::StateKind::kValue, 0));
    return {};
  }

  Status OnBatch(int input, const columns::Batch& batch, int32_t from) override {
    if (input == 1) right_.Load(batch, from);
    return {};
  }

  Status OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    const bool matches = rows_.KeyMatches(batch, row, input == 0);
    if (input == 1) {
      if (!matches) return {};
      if (types::RowKindSign(batch.kind(row)) > 0)
        right_.Add(key, batch, row, 0);
      else
        right_.Retract(key, batch, row);
      return {};
    }
    if (loaded_ || !matches) return Join({.batch = &batch, .row = row}, batch.kind(row), matches ? &key : nullptr);
    WaitingRow& waiting = waiting_.FindOrCreate(key, TimeBytes(next_.FindOrCreate(key)++).view());
    waiting.kind = batch.kind(row);
    AppendStoredRow(batch, row, waiting.bytes);
    return {};
  }

  Result<Progress> AfterInput(int input, flow::Output&) override {
    if (input == 1) Load();
    return Work();
  }
  Result<Progress> AfterWatermark(int64_t watermark, flow::Output&) override {
    if (spec_.load == graph::SnapshotJoinSpec::Load::kTime && watermark >= spec_.load_time_ms) Load();
    return Work();
  }

 private:
  /// `key` null: nothing can match.
  Status Join(const JoinRowRef& left, RowKind kind, const state::KeyView* key) {
    bool found = false;
    if (key) {
      right_.Find(*key, candidates_);
      THALWEG_ASSIGN(const std::span<const int32_t> matches, rows_.Matches(left, true, candidates_.rows()));
      for (int32_t match : matches) rows_.Emit(left, true, candidates_.row(static_cast<size_t>(match)), kind, output());
      found = !matches.empty();
    }
    if (!found && spec_.sides.type == graph::JoinType::kLeft) rows_.EmitPadded(left, true, kind, output());
    return {};
  }

  /// From now on left rows are joined as they come. Those that wait are worked off by key, in an order that no hash decides.
  void Load() {
    if (loaded_) return;
    loaded_ = true;
    next_.ForEach([&](const state::KeyView& key, std::string_view, int64_t) { due_.emplace_back(key.bytes); });
    std::sort(due_.begin(), due_.end(), std::greater<>());
  }

  Result<Progress> Work() {
    for (; !due_.empty(); due_.pop_back()) {
      if (!output().has_credit()) return Progress::kMore;
      THALWEG_TRY(WorkOff(keys(0).ViewOf(due_.back())));
    }
    return Progress::kDone;
  }

  Status WorkOff(const state::KeyView& key) {
    taken_.clear();
    waiting_.ForEachOfKey(key, [&](std::string_view index, const WaitingRow& row) {
      taken_.emplace_back(index, row);
      return true;
    });
    for (const auto& [index, row] : taken_) {
      THALWEG_TRY(Join({.bytes = row.bytes}, row.kind, &key));
      waiting_.Erase(key, index);
    }
    next_.Erase(key);
    return {};
  }

  graph::SnapshotJoinSpec spec_;
  JoinRows rows_;
  JoinSide right_;
  bool loaded_;
  state::Table<WaitingRow> waiting_;  // by a number that grows
  state::Table<int64_t> next_;        // of keys under which rows wait
  JoinCandidates candidates_;
  std::vector<std::string> due_;  // keys, the next one last
  std::vector<std::pair<std::string, WaitingRow>> taken_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeSnapshotJoin(const graph::Node& node) {
  THALWEG_ASSIGN(graph::SnapshotJoinSpec spec, graph::DecodeSnapshotJoin(node.payload));
  THALWEG_ASSIGN(JoinRows rows, JoinRows::Make(spec.sides));
  return std::unique_ptr<flow::Operator>(std::make_unique<SnapshotJoinOperator>(std::move(spec), std::move(rows)));
}

}  // namespace thalweg::operators
