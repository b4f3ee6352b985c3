// Window join: rows of both sides wait by key and window, and meet when the window ends (graph/join_spec.h).
// Rule: an inner join asks its condition and sends by blocks of pairs, in the order of the left rows and then of the right ones; what of
// that order is done stands in the left side's state while a window is sent.
#include <utility>

#include "columns/builder.h"
#include "graph/join_spec.h"
#include "operators/attached_windows.h"
#include "operators/join_pairs.h"
#include "operators/join_rows.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using graph::JoinType;
using types::RowKind;

namespace {

/// Rows of one side of a window.
struct WindowedRows {
  std::string rows;  // varint length and bytes of each
  uint64_t count = 0;
  uint64_t sent = 0;  // left: of an inner join pairs, else rows that are done
  std::vector<uint8_t>
      joined;  // right: the window has begun to be sent, which of them have joined; left: not empty if they join nothing
};

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::WindowedRows> {
  static std::string Name() { return "windowed-rows/2"; }
  static void Encode(const operators::WindowedRows& value, ByteWriter& out) {
    out.String(value.rows);
    out.Varint(value.count);
    out.Varint(value.sent);
    Codec<std::vector<uint8_t>>::Encode(value.joined, out);
  }
  static void Decode(ByteReader& in, operators::WindowedRows& value) {
    value.rows = in.String();
    value.count = in.Varint();
    value.sent = in.Varint();
    Codec<std::vector<uint8_t>>::Decode(in, value.joined);
  }
};

namespace thalweg::operators {
namespace {

/// Blocks of pairs that are sent in one call before the loop gets its turn.
constexpr int kBlocksPerCall = 64;

/// Stored rows made columns again, some at a time and in their order.
class WindowedBatches {
 public:
  WindowedBatches(const WindowedRows& rows, columns::BatchBuilder& builder) : in_(rows.rows), builder_(&builder) {}
  void Skip(uint64_t count) {
    for (; count > 0; --count) in_.String();
  }
  columns::Batch Next() {
    while (!in_.AtEnd() && !builder_->full()) {
      ReadStoredRow(in_.String(), *builder_, 0, builder_->num_columns());
      builder_->FinishRow();
    }
    return builder_->Take();
  }

 private:
  ByteReader in_;
  columns::BatchBuilder* builder_;
};

class WindowJoinOperator final : public AttachedWindowOperator {
 public:
  /// `pairs`: of an inner join.
  WindowJoinOperator(const graph::WindowJoinSpec& spec, JoinRows rows, std::optional<JoinPairs> pairs, expr::Zone zone)
      : AttachedWindowOperator({spec.sides.left_keys, spec.sides.right_keys}, JoinOutput(spec.sides),
                               {spec.left_window_end, spec.right_window_end}, std::move(zone)),
        sides_(spec.sides),
        rows_(std::move(rows)),
        pairs_(std::move(pairs)) {}

 protected:
  Status OpenWindows(flow::Context& context, state::KeyedBackend& backend) override {
    rows_.Open(context);
    if (pairs_) pairs_->Open(context);
    left_rows_.emplace(sides_.left, context.pool(), columns::kBatchRows);
    right_rows_.emplace(sides_.right, context.pool(), columns::kBatchRows);
    THALWEG_ASSIGN(left_, OpenPanes<WindowedRows>(backend, "left-records"));
    THALWEG_ASSIGN(right_, OpenPanes<WindowedRows>(backend, "right-records"));
    return {};
  }
  void ForEachPane(const VisitPane& visit) override {
    ForEachIn(left_, visit);
    ForEachIn(right_, visit);
  }
  void PrefetchPane(uint64_t hash, std::string_view window) const override {
    left_.Prefetch(hash, window);
    right_.Prefetch(hash, window);
  }

  // A row whose key has a NULL that equals nothing joins nothing. It waits for the end of its window all the same, if it gives anything.
  Result<bool> Keep(int input, const Run& run) override {
    const bool left = input == 0;
    const bool alone = !rows_.KeyMatches(run.batch, run.from, left);
    if (alone && !pads(left) && !(left && sides_.type == JoinType::kAnti)) return false;
    bool made = false;
    WindowedRows& kept = (left ? left_ : right_).FindOrCreate(run.key, run.window, &made);
    for (int32_t row = run.from; row < run.to; ++row) AppendStoredRowWithLength(run.batch, row, kept.rows);
    kept.count += static_cast<uint64_t>(run.to - run.from);
    if (alone && left) kept.joined.assign(1, 1);
    return made;
  }

  Result<bool> Fire(const state::KeyView& key, std::string_view window) override {
    THALWEG_ASSIGN(const bool done, pairs_ ? FirePairs(key, window) : FireRows(key, window));
    if (!done) return false;
    left_.Erase(key, window);
    right_.Erase(key, window);
    return true;
  }

 private:
  bool pads(bool left) const {
    return sides_.type == JoinType::kFull || sides_.type == (left ? JoinType::kLeft : JoinType::kRight);
  }

  Result<bool> FirePairs(const state::KeyView& key, std::string_view window) {
    WindowedRows* lefts = left_.Find(key, window);
    const WindowedRows* rights = lefts ? right_.Find(key, window) : nullptr;
    if (!rights) return true;
    std::vector<columns::Batch> others;
    WindowedBatches other_rows(*rights, *right_rows_);
    for (uint64_t made = 0; made < rights->count; made += static_cast<uint64_t>(others.back().rows()))
      others.push_back(other_rows.Next());

    const uint64_t total = lefts->count * rights->count, begun = lefts->sent;
    WindowedBatches rows(*lefts, *left_rows_);
    uint64_t first = begun / rights->count;  // of the rows at hand
    rows.Skip(first);
    columns::Batch batch;
    uint64_t sent = begun;
    for (int blocks = 0; sent < total; ++blocks) {
      if (sent > begun && (blocks >= kBlocksPerCall || !output().has_credit())) {
        lefts->sent = sent;
        left_.MarkDirty();
        return false;
      }
      const uint64_t row = sent / rights->count;
      if (batch.rows() == 0 || row - first >= static_cast<uint64_t>(batch.rows())) {
        first = row;
        batch = rows.Next();
      }
      THALWEG_ASSIGN(const uint64_t joined,
                     JoinBlock(batch, static_cast<int32_t>(row - first), others, sent % rights->count, rights->count));
      sent += joined;
    }
    return true;
  }

  /// Joins rows of `batch` from `row` on, the first of them with right rows from `other` of `count` on; how many pairs that was.
  Result<uint64_t> JoinBlock(const columns::Batch& batch, int32_t row, const std::vector<columns::Batch>& others,
                             uint64_t other, uint64_t count) {
    constexpr auto kRows = static_cast<uint64_t>(columns::kBatchRows);
    const columns::Batch& right = others[static_cast<size_t>(other / kRows)];
    const auto from = static_cast<int32_t>(other % kRows);
    pair_lefts_.clear();
    pair_rights_.clear();
    // Whole rows as long as they fit; of a row with more others than a batch has, those of one batch.
    for (int32_t at = row; at < batch.rows(); ++at) {
      const int32_t begin = at == row ? from : 0;
      if (at > row && (others.size() > 1 || pair_lefts_.size() + count > kRows)) break;
      for (int32_t i = begin; i < right.rows(); ++i) {
        pair_lefts_.push_back(at);
        pair_rights_.push_back(i);
      }
    }
    THALWEG_TRY(pairs_->Join({batch, pair_lefts_}, {right, pair_rights_}, output()));
    return pair_lefts_.size();
  }

  Result<bool> FireRows(const state::KeyView& key, std::string_view window) {
    WindowedRows lefts = Copy(left_, key, window), rights = Copy(right_, key, window);
    const std::vector<std::string> left_rows = RowsOf(lefts), right_rows = RowsOf(rights);
    rights.joined.resize(right_rows.size());
    const bool alone = !lefts.joined.empty();
    for (uint64_t i = lefts.sent; i < left_rows.size(); ++i) {
      if (i > lefts.sent && !output().has_credit()) {
        Pause(key, window, i, std::move(rights.joined));
        return false;
      }
      THALWEG_TRY(JoinLeft(left_rows[i], alone ? std::span<const std::string>() : right_rows, rights.joined));
    }
    for (size_t i = 0; i < right_rows.size(); ++i)
      if (pads(false) && !rights.joined[i])
        rows_.EmitPadded({.bytes = right_rows[i]}, false, RowKind::kInsert, output());
    return true;
  }

  static WindowedRows Copy(state::Table<WindowedRows>& table, const state::KeyView& key, std::string_view window) {
    const WindowedRows* found = table.Find(key, window);
    return found ? *found : WindowedRows{};
  }
  static std::vector<std::string> RowsOf(const WindowedRows& rows) {
    std::vector<std::string> made;
    for (ByteReader in(rows.rows); !in.AtEnd();) made.emplace_back(in.String());
    return made;
  }

  /// The first `sent` left rows are done.
  void Pause(const state::KeyView& key, std::string_view window, uint64_t sent, std::vector<uint8_t> joined) {
    left_.FindOrCreate(key, window).sent = sent;
    if (!joined.empty()) right_.FindOrCreate(key, window).joined = std::move(joined);
  }

  Status JoinLeft(const std::string& left, std::span<const std::string> rights, std::vector<uint8_t>& joined) {
    THALWEG_ASSIGN(const std::span<const int32_t> matches, rows_.Matches({.bytes = left}, true, rights));
    if (sides_.type == JoinType::kSemi || sides_.type == JoinType::kAnti) {
      if (matches.empty() == (sides_.type == JoinType::kAnti)) output().AppendStored(left, RowKind::kInsert);
      return {};
    }
    if (matches.empty() && pads(true)) rows_.EmitPadded({.bytes = left}, true, RowKind::kInsert, output());
    for (int32_t match : matches) {
      const auto right = static_cast<size_t>(match);
      joined[right] = 1;
      rows_.Emit({.bytes = left}, true, rights[right], RowKind::kInsert, output());
    }
    return {};
  }

  graph::JoinSides sides_;
  JoinRows rows_;
  std::optional<JoinPairs> pairs_;
  state::Table<WindowedRows> left_, right_;
  std::optional<columns::BatchBuilder> left_rows_, right_rows_;
  std::vector<int32_t> pair_lefts_, pair_rights_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeWindowJoin(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::WindowJoinSpec spec, graph::DecodeWindowJoin(node.payload));
  THALWEG_ASSIGN(JoinRows rows, JoinRows::Make(spec.sides));
  std::optional<JoinPairs> pairs;
  if (spec.sides.type == JoinType::kInner) {
    THALWEG_ASSIGN(pairs, JoinPairs::Make(spec.sides));
  }
  THALWEG_ASSIGN(expr::Zone zone, ZoneOfWindows(spec.zone));
  return std::unique_ptr<flow::Operator>(
      std::make_unique<WindowJoinOperator>(spec, std::move(rows), std::move(pairs), std::move(zone)));
}

}  // namespace thalweg::operators
