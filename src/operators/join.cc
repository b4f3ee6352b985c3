#include "operators/join.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "flow/input_watermarks.h"
#include "graph/join_spec.h"
#include "operators/join_pairs.h"
#include "operators/join_rows.h"
#include "operators/join_side.h"
#include "operators/row_operator.h"
#include "operators/rows_by_key.h"

namespace thalweg::operators {

using graph::JoinType;
using types::RowKind;

namespace {

bool IsSemiOrAnti(JoinType type) { return type == JoinType::kSemi || type == JoinType::kAnti; }

JoinSide MakeSide(const graph::JoinSpec& spec, bool left) {
  return JoinSide(
      {.name = left ? "left-records" : "right-records",
       .join_key = left ? spec.sides.left_keys : spec.sides.right_keys,
       .unique_key = left ? spec.left_unique_key : spec.right_unique_key,
       .ttl_ms = left ? spec.left_ttl_ms : spec.right_ttl_ms,
       .append_only = spec.sides.type == JoinType::kInner && (left ? spec.left_append_only : spec.right_append_only),
       .bound = left ? spec.left_bound : spec.right_bound});
}

/// Rows of an inner join that are worked off together, and how many keys ahead what lies under one is fetched.
constexpr int32_t kRowsTogether = columns::kBatchRows;
constexpr size_t kPrefetched = 8;

/// A change at hand: the row, the side it came on, its key.
struct Change {
  const columns::Batch& batch;
  int32_t row;
  bool left;
  const state::KeyView& key;
  RowKind kind() const { return batch.kind(row); }
  bool adds() const { return types::RowKindSign(kind()) > 0; }
  JoinRowRef ref() const { return {.batch = &batch, .row = row}; }
};

/// What the condition said of the rows [begin, end) of the batch at hand.
struct Ahead {
  int32_t begin = 0, end = 0;
  std::vector<size_t> starts;     // of each row, in what follows; and the end
  std::vector<std::string> rows;  // of the other side, with an equal key
  std::vector<int32_t> asking;    // the row that each is for
  std::vector<char> passes;
};

/// What lies under a key on the other side: numbers of JoinPairs, as long as it has not been flushed since.
struct KnownOthers {
  uint64_t flushes = 0;  // 0: not asked for yet
  int32_t begin = 0, end = 0;
};

class JoinOperator : public RowOperator, public flow::WatchesInputs {
 public:
  /// `pairs`: of an inner join.
  JoinOperator(const graph::JoinSpec& spec, JoinRows rows, std::optional<JoinPairs> pairs)
      : RowOperator({spec.sides.left_keys, spec.sides.right_keys}, JoinOutput(spec.sides)),
        type_(spec.sides.type),
        rows_(std::move(rows)),
        pairs_(std::move(pairs)),
        left_(MakeSide(spec, true)),
        right_(MakeSide(spec, false)) {}

  void OnInputWatermark(int input, int64_t watermark) override {
    (input == 0 ? right_ : left_).OnOtherWatermark(watermark);
  }

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    rows_.Open(context);
    if (pairs_) pairs_->Open(context);
    THALWEG_TRY(left_.Open(backend));
    return right_.Open(backend);
  }

  void Prefetch(uint64_t hash) const override {
    left_.Prefetch(hash);
    right_.Prefetch(hash);
  }

  // An inner join keeps no account of its matches: rows are joined with what the other side has, and then asked and sent together. What
  // rows of one key join with is looked up once, and they are kept together.
  Result<int32_t> OnRows(int input, const columns::Batch& batch, int32_t from) override {
    if (!pairs_) return from;
    const bool left = input == 0;
    const int32_t end = std::min(batch.rows(), from + kRowsTogether);
    block_.clear();
    for (int32_t row = from; row < end; ++row)
      if (rows_.KeyMatches(batch, row, left)) block_.push_back(row);
    JoinSide& own = left ? left_ : right_;
    if (own.only_comes())
      for (int32_t row : block_) THALWEG_TRY(CheckInsert(batch, row, "a join of rows that only come"));
    by_key_.Load(keys(input), block_);
    THALWEG_TRY(JoinBlock(batch, left));
    for (size_t key = 0; key < by_key_.size(); ++key) own.Change(by_key_.key(key), batch, by_key_.rows(key));
    return end;
  }

  Status OnBatch(int input, const columns::Batch& batch, int32_t from) override {
    ahead_.end = from;
    (input == 0 ? left_ : right_).Load(batch, from);
    Forget();
    return {};
  }

  Result<flow::Progress> AfterWatermark(int64_t, flow::Output&) override {
    Forget();
    return flow::Progress::kDone;
  }

  Status OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    const Change change{batch, row, input == 0, key};
    if (!rows_.KeyMatches(batch, row, change.left)) {
      Unmatchable(change);
      return {};
    }
    THALWEG_TRY(FindMatches(change));
    if (IsSemiOrAnti(type_))
      change.left ? SemiLeft(change) : SemiRight(change);
    else
      change.adds() ? Add(change) : Retract(change);
    return {};
  }

 private:
  bool pads(bool left) const {
    return type_ == JoinType::kFull || type_ == (left ? JoinType::kLeft : JoinType::kRight);
  }
  void Forget() {
    left_.Forget();
    right_.Forget();
  }
  JoinSide& side(const Change& change) { return change.left ? left_ : right_; }
  JoinSide& other(const Change& change) { return change.left ? right_ : left_; }
  size_t Index(int32_t match) const { return static_cast<size_t>(match); }

  Status JoinBlock(const columns::Batch& batch, bool left) {
    pairs_->Start(batch, left, output());
    JoinSide& others = left ? right_ : left_;
    known_.assign(by_key_.size(), {});
    for (size_t key = 0; key < std::min(kPrefetched, by_key_.size()); ++key) Prefetch(by_key_.key(key).hash);
    for (size_t i = 0; i < block_.size(); ++i) {
      const size_t key = by_key_.KeyOf(i);
      KnownOthers& known = known_[key];
      if (others.same_for_all_rows() && known.flushes == pairs_->flushes() &&
          known.end - known.begin <= pairs_->room()) {
        for (int32_t other = known.begin; other < known.end; ++other) THALWEG_TRY(pairs_->Add(block_[i], other));
        continue;
      }
      if (known.flushes == 0 && key + kPrefetched < by_key_.size()) Prefetch(by_key_.key(key + kPrefetched).hash);
      known.flushes = pairs_->flushes();
      known.begin = pairs_->others();
      THALWEG_TRY(JoinRow(batch, block_[i], by_key_.key(key), others));
      known.end = pairs_->others();
    }
    return pairs_->Flush();
  }

  Status JoinRow(const columns::Batch& batch, int32_t row, const state::KeyView& key, JoinSide& others) {
    Status status;
    others.ForEachRow(key, batch, row, [&](std::string_view other) {
      if (status.ok()) status = pairs_->Add(row, pairs_->AddOther(other));
    });
    return status;
  }

  /// The other side's rows of the key to found_, and which of them the row joins to matches_.
  Status FindMatches(const Change& change) {
    if (rows_.has_condition() && change.row >= ahead_.end) THALWEG_TRY(LookAhead(change));
    other(change).Find(change.key, found_);
    matches_.clear();
    if (!rows_.has_condition()) {
      for (size_t i = 0; i < found_.size(); ++i) matches_.push_back(static_cast<int32_t>(i));
      return {};
    }
    const auto index = static_cast<size_t>(change.row - ahead_.begin);
    size_t at = ahead_.starts[index];
    const size_t end = ahead_.starts[index + 1];
    for (size_t i = 0; i < found_.size(); ++i, ++at) {
      while (at < end && ahead_.rows[at] != found_.row(i)) ++at;  // what has expired since
      if (at == end) break;
      if (ahead_.passes[at]) matches_.push_back(static_cast<int32_t>(i));
    }
    return {};
  }

  // Asks the condition for the rows from this one on, together: it costs by the batch. Rows of one side change nothing in which rows
  // the other has.
  Status LookAhead(const Change& change) {
    const RowKeys& row_keys = keys(change.left ? 0 : 1);
    ahead_.begin = ahead_.end = change.row;
    ahead_.starts.assign(1, 0);
    ahead_.rows.clear();
    ahead_.asking.clear();
    for (; ahead_.end < change.batch.rows() && ahead_.rows.size() < columns::kBatchRows; ++ahead_.end) {
      if (rows_.KeyMatches(change.batch, ahead_.end, change.left)) {
        other(change).Find(row_keys[ahead_.end], found_);
        ahead_.rows.insert(ahead_.rows.end(), found_.rows().begin(), found_.rows().end());
      }
      ahead_.asking.resize(ahead_.rows.size(), ahead_.end);
      ahead_.starts.push_back(ahead_.rows.size());
    }
    return rows_.Ask(change.batch, change.left, ahead_.asking, ahead_.rows, ahead_.passes);
  }

  // A row whose key has a NULL that equals nothing joins with nothing, now and later, so it need not be kept: what it gave is taken
  // back by its retraction alone.
  void Unmatchable(const Change& change) {
    if (IsSemiOrAnti(type_)) {
      if (change.left && type_ == JoinType::kAnti) output().CopyRow(change.batch, change.row, change.kind());
    } else if (pads(change.left)) {
      rows_.EmitPadded(change.ref(), change.left, change.adds() ? RowKind::kInsert : RowKind::kDelete, output());
    }
  }

  void Add(const Change& change) {
    const bool pads_input = pads(change.left), pads_other = pads(!change.left);
    const bool additional = pads_other && side(change).IsAdditional(change.key, change.batch, change.row);
    if (pads_input && matches_.empty()) rows_.EmitPadded(change.ref(), change.left, RowKind::kInsert, output());
    for (int32_t match : matches_) {
      const std::string& row = found_.row(Index(match));
      const uint64_t associations = found_.associations(Index(match));
      if (pads_other && associations == 0) rows_.EmitPadded({.bytes = row}, !change.left, RowKind::kDelete, output());
      if (pads_other && (associations == 0 || additional))
        other(change).SetAssociations(change.key, found_, Index(match), associations + 1);
      const RowKind kind = pads_input || pads_other ? RowKind::kInsert : change.kind();
      rows_.Emit(change.ref(), change.left, row, kind, output());
    }
    side(change).Add(change.key, change.batch, change.row, pads_input ? matches_.size() : 0);
  }

  void Retract(const Change& change) {
    const bool pads_input = pads(change.left), pads_other = pads(!change.left);
    side(change).Retract(change.key, change.batch, change.row);
    if (pads_input && matches_.empty()) rows_.EmitPadded(change.ref(), change.left, RowKind::kDelete, output());
    for (int32_t match : matches_) {
      const std::string& row = found_.row(Index(match));
      rows_.Emit(change.ref(), change.left, row, pads_input ? RowKind::kDelete : change.kind(), output());
      if (!pads_other) continue;
      const uint64_t associations = found_.associations(Index(match));
      if (associations == 1) rows_.EmitPadded({.bytes = row}, !change.left, RowKind::kInsert, output());
      SetOneLess(change, match);
    }
  }

  // None left to take from: the row that it was counted for has been forgotten by its TTL.
  void SetOneLess(const Change& change, int32_t match) {
    const uint64_t associations = found_.associations(Index(match));
    if (associations > 0) other(change).SetAssociations(change.key, found_, Index(match), associations - 1);
  }

  void SemiLeft(const Change& change) {
    if (matches_.empty() == (type_ == JoinType::kAnti)) output().CopyRow(change.batch, change.row, change.kind());
    if (change.adds())
      left_.Add(change.key, change.batch, change.row, matches_.size());
    else
      left_.Retract(change.key, change.batch, change.row);
  }

  void SemiRight(const Change& change) {
    const bool anti = type_ == JoinType::kAnti;
    if (!change.adds()) {
      right_.Retract(change.key, change.batch, change.row);
      for (int32_t match : matches_) {
        if (found_.associations(Index(match)) == 1)
          output().AppendStored(found_.row(Index(match)), anti ? RowKind::kInsert : change.kind());
        SetOneLess(change, match);
      }
      return;
    }
    const bool additional = right_.IsAdditional(change.key, change.batch, change.row);
    right_.Add(change.key, change.batch, change.row, 0);
    for (int32_t match : matches_) {
      const uint64_t associations = found_.associations(Index(match));
      if (associations == 0) output().AppendStored(found_.row(Index(match)), anti ? RowKind::kDelete : change.kind());
      if (associations == 0 || additional) left_.SetAssociations(change.key, found_, Index(match), associations + 1);
    }
  }

  JoinType type_;
  JoinRows rows_;
  std::optional<JoinPairs> pairs_;
  JoinSide left_, right_;
  JoinCandidates found_;
  std::vector<int32_t> matches_;  // indexes into found_
  Ahead ahead_;
  // Of the rows of an inner join that are worked off together.
  std::vector<int32_t> block_;
  RowsByKey by_key_;
  std::vector<KnownOthers> known_;  // by key
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeJoin(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::JoinSpec spec, graph::DecodeJoin(node.payload));
  THALWEG_ASSIGN(JoinRows rows, JoinRows::Make(spec.sides));
  std::optional<JoinPairs> pairs;
  if (spec.sides.type == JoinType::kInner) {
    THALWEG_ASSIGN(pairs, JoinPairs::Make(spec.sides));
  }
  return std::unique_ptr<flow::Operator>(std::make_unique<JoinOperator>(spec, std::move(rows), std::move(pairs)));
}

}  // namespace thalweg::operators
