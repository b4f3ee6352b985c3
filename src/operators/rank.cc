#include "operators/rank.h"

#include <algorithm>
#include <utility>

#include "graph/rank_spec.h"
#include "metrics/registry.h"
#include "operators/row_operator.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using graph::RankSpec;
using types::RowKind;

namespace {

/// Rows that the order does not tell apart, in the order of arrival.
using RankGroup = std::vector<KeyedRow>;

/// The last row that is kept of a partition of an append-only input, and how many are: most rows are below it once it is full.
struct RankEdge {
  int64_t count = 0;
  std::string sort;
};

struct RankedRow {
  std::string sort;
  KeyedRow row;
};

std::vector<types::DataType> RankOutput(const RankSpec& spec) {
  std::vector<types::DataType> types = ColumnTypes(spec.input);
  if (spec.rank_number) types.emplace_back(types::TypeId::kBigInt, false);
  return types;
}

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::RankEdge> {
  static std::string Name() { return "rank-edge/1"; }
  static void Encode(const operators::RankEdge& value, ByteWriter& out) {
    out.SignedVarint(value.count);
    out.String(value.sort);
  }
  static void Decode(ByteReader& in, operators::RankEdge& value) {
    value.count = in.SignedVarint();
    value.sort = in.String();
  }
};

namespace thalweg::operators {
namespace {

/// The first row of a partition, which only a better one replaces.
class TopRowOperator : public RowOperator {
 public:
  explicit TopRowOperator(const RankSpec& spec) : RowOperator({spec.partition}, RankOutput(spec)), spec_(spec) {}

 protected:
  Status OpenState(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(top_, OpenTable<KeyedRow>(backend, "rank-top", state::StateKind::kValue, spec_.ttl_ms));
    return {};
  }

  void Prefetch(uint64_t hash) const override { top_.Prefetch(hash); }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    if (types::RowKindSign(batch.kind(row)) < 0)
      return UserError("A rank of rows that only come or get better was given {}", types::RowKindText(batch.kind(row)));
    sort_.clear();
    AppendSortKey(batch, row, spec_.order, sort_);
    KeyedRow* top = top_.Find(key);
    if (top && sort_ >= top->key) return {};
    if (top && spec_.generate_update_before) Emit(top->bytes, RowKind::kUpdateBefore);
    const RowKind kind = top ? RowKind::kUpdateAfter : RowKind::kInsert;
    KeyedRow& better = top ? *top : top_.FindOrCreate(key);
    better.key = sort_;
    better.bytes.clear();
    AppendStoredRow(batch, row, better.bytes);
    if (top) top_.MarkDirty();
    if (!spec_.rank_number)
      output().CopyRow(batch, row, kind);
    else
      Emit(better.bytes, kind);
    return {};
  }

 private:
  void Emit(std::string_view bytes, RowKind kind) {
    if (!spec_.rank_number) return output().AppendStored(bytes, kind);
    const int columns = spec_.input.size();
    ReadStoredRow(bytes, output().row(), 0, columns);
    output().column(columns).Append(int64_t{1});
    output().FinishRow(kind);
  }

  RankSpec spec_;
  state::Table<KeyedRow> top_;  // found by its sort key
  std::string sort_;
};

// Rule: rows_ holds what may ever be among the first `to` rows: all of a retracting input, else these rows alone.
class RankOperator : public RowOperator {
 public:
  explicit RankOperator(const RankSpec& spec)
      : RowOperator({spec.partition}, RankOutput(spec)),
        spec_(spec),
        numbered_(spec.rank_number || spec.from > 1),
        has_edge_(spec.kind == RankSpec::Input::kAppend && spec.ttl_ms == 0) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    missing_ = &context.metrics().counter("rank.numMissingRetractions");
    THALWEG_ASSIGN(rows_, OpenTable<RankGroup>(backend, "rank-rows", state::StateKind::kMap, spec_.ttl_ms));
    if (!has_edge_) return {};
    THALWEG_ASSIGN(edges_, OpenTable<RankEdge>(backend, "rank-edge", state::StateKind::kValue, 0));
    return {};
  }

  void Prefetch(uint64_t hash) const override {
    if (has_edge_) edges_.Prefetch(hash);
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    const bool adds = types::RowKindSign(batch.kind(row)) > 0;
    if (!adds && spec_.kind != RankSpec::Input::kRetract)
      return UserError("A rank of rows that only come or get better was given {}", types::RowKindText(batch.kind(row)));
    input_.sort.clear();
    AppendSortKey(batch, row, spec_.order, input_.sort);
    if (BelowEdge(key)) return {};
    input_.row.bytes.clear();
    input_.row.key.clear();
    AppendStoredRow(batch, row, input_.row.bytes);
    AppendCells(batch, row, spec_.unique_key, input_.row.key);
    LoadTop(key);
    if (!adds)
      Retract(key);
    else if (spec_.kind == RankSpec::Input::kUpsert)
      Upsert(key);
    else
      Insert(key);
    return {};
  }

 private:
  int64_t loaded() const { return loaded_; }
  const KeyedRow& Ranked(int64_t rank) const { return top_[static_cast<size_t>(rank - 1)].row; }

  std::vector<RankedRow>::iterator TopEnd() { return top_.begin() + loaded_; }

  bool BelowEdge(const state::KeyView& key) {
    if (!has_edge_) return false;
    const RankEdge* edge = edges_.Find(key);
    return edge && edge->count >= spec_.to && input_.sort >= edge->sort;
  }

  /// The first to + 1 rows, by rank.
  void LoadTop(const state::KeyView& key) {
    loaded_ = 0;
    rows_.ForEachOfKey(key, [&](std::string_view sort, const RankGroup& group) {
      for (const KeyedRow& row : group) {
        if (loaded() > spec_.to) return false;
        if (loaded() == static_cast<int64_t>(top_.size())) top_.emplace_back();
        RankedRow& next = top_[static_cast<size_t>(loaded_++)];
        next.sort.assign(sort);
        next.row = row;
      }
      return true;
    });
  }

  /// The rank that the input gets: after all rows that are not greater.
  int64_t InputRank() {
    return std::upper_bound(top_.begin(), TopEnd(), input_.sort,
                            [](const std::string& sort, const RankedRow& row) { return sort < row.sort; }) -
           top_.begin() + 1;
  }

  void Insert(const state::KeyView& key) {
    const int64_t rank = InputRank();
    const bool full = loaded() >= spec_.to;
    if (rank > spec_.to && spec_.kind != RankSpec::Input::kRetract) return;
    rows_.FindOrCreate(key, input_.sort).push_back(input_.row);
    if (rank <= spec_.to) numbered_ ? ShiftDown(rank) : PushOut(full);
    if (spec_.kind == RankSpec::Input::kRetract) return;
    if (full) EraseLast(key);
    if (has_edge_) MoveEdge(key, rank, full);
  }

  /// The input takes `rank`; each row from there on goes one down, as far as ranks are shown.
  void ShiftDown(int64_t rank) {
    const KeyedRow* moving = &input_.row;
    for (; rank <= std::min(loaded(), spec_.to); ++rank) {
      Change(Ranked(rank), *moving, rank);
      moving = &Ranked(rank);
    }
    if (rank <= spec_.to) Emit(*moving, rank, RowKind::kInsert);
  }

  void PushOut(bool full) {
    if (full) Emit(Ranked(spec_.to), spec_.to, RowKind::kDelete);
    Emit(input_.row, spec_.to, RowKind::kInsert);
  }

  /// What has rank `to` leaves the state; top_ is as it was before the input.
  void EraseLast(const state::KeyView& key) {
    const std::string& sort = top_[static_cast<size_t>(spec_.to - 1)].sort;
    RankGroup* group = rows_.Find(key, sort);
    if (!group) return;
    group->pop_back();
    rows_.MarkDirty();
    if (group->empty()) rows_.Erase(key, sort);
  }

  void MoveEdge(const state::KeyView& key, int64_t rank, bool full) {
    RankEdge& edge = edges_.FindOrCreate(key);
    edge.count = full ? spec_.to : loaded() + 1;
    const int64_t last = edge.count;  // the rank; rows from the input's on have moved one down
    if (rank == last)
      edge.sort = input_.sort;
    else
      edge.sort = top_[static_cast<size_t>(last - 2)].sort;
  }

  void Retract(const state::KeyView& key) {
    RankGroup* group = rows_.Find(key, input_.sort);
    const auto found = group ? std::find(group->begin(), group->end(), input_.row) : RankGroup::iterator();
    if (!group || found == group->end()) return missing_->Increment();  // its TTL has passed
    const int64_t above =
        std::lower_bound(top_.begin(), TopEnd(), input_.sort,
                         [](const RankedRow& row, const std::string& sort) { return row.sort < sort; }) -
        top_.begin();
    const int64_t rank = above + (found - group->begin()) + 1;
    group->erase(found);
    rows_.MarkDirty();
    if (group->empty()) rows_.Erase(key, input_.sort);
    if (rank > spec_.to) return;
    numbered_ ? ShiftUp(rank) : PullIn(rank);
  }

  void ShiftUp(int64_t rank) {
    for (; rank <= spec_.to && rank < loaded(); ++rank) Change(Ranked(rank), Ranked(rank + 1), rank);
    if (rank <= spec_.to) Emit(Ranked(rank), rank, RowKind::kDelete);
  }

  void PullIn(int64_t rank) {
    Emit(Ranked(rank), rank, RowKind::kDelete);
    if (loaded() > spec_.to) Emit(Ranked(spec_.to + 1), spec_.to, RowKind::kInsert);
  }

  void Upsert(const state::KeyView& key) {
    const auto found =
        std::find_if(top_.begin(), TopEnd(), [&](const RankedRow& row) { return row.row.key == input_.row.key; });
    if (found == TopEnd()) return Insert(key);
    const int64_t old_rank = found - top_.begin() + 1;
    const RankedRow old = *found;
    Replace(key, old);
    if (!numbered_) return Change(old.row, input_.row, spec_.to);
    if (old.sort == input_.sort) return Change(old.row, input_.row, old_rank);
    std::rotate(found, found + 1, TopEnd());
    --loaded_;
    const int64_t rank = InputRank();
    input_.sort < old.sort ? Rise(old, old_rank, rank) : Sink(old, old_rank, rank);
  }

  void Replace(const state::KeyView& key, const RankedRow& old) {
    RankGroup& group = rows_.FindOrCreate(key, old.sort);
    const auto found = std::find(group.begin(), group.end(), old.row);
    if (old.sort == input_.sort) {
      if (found != group.end()) *found = input_.row;
      return;
    }
    if (found != group.end()) group.erase(found);
    if (group.empty()) rows_.Erase(key, old.sort);
    rows_.FindOrCreate(key, input_.sort).push_back(input_.row);
  }

  // The rows between move one down. The row's old number is taken back before its new one is given: a unique key must not be there
  // twice. top_ is without the row.
  void Rise(const RankedRow& old, int64_t old_rank, int64_t rank) {
    const KeyedRow* moving = &input_.row;
    for (int64_t at = rank; at < old_rank; ++at) {
      EmitBefore(Ranked(at), at);
      if (at == rank) EmitBefore(old.row, old_rank);
      Emit(*moving, at, RowKind::kUpdateAfter);
      moving = &Ranked(at);
    }
    if (rank == old_rank) EmitBefore(old.row, old_rank);
    Emit(*moving, old_rank, RowKind::kUpdateAfter);
  }

  // A row that got worse, though the plan says it cannot: state before this operator was forgotten. Rows that were pushed out are
  // not known any more.
  void Sink(const RankedRow& old, int64_t old_rank, int64_t rank) {
    EmitBefore(old.row, old_rank);
    for (int64_t at = old_rank; at < rank; ++at) {
      EmitBefore(Ranked(at), at + 1);
      Emit(Ranked(at), at, RowKind::kUpdateAfter);
    }
    Emit(input_.row, rank, RowKind::kUpdateAfter);
  }

  void Change(const KeyedRow& before, const KeyedRow& after, int64_t rank) {
    EmitBefore(before, rank);
    Emit(after, rank, RowKind::kUpdateAfter);
  }
  void EmitBefore(const KeyedRow& row, int64_t rank) {
    if (spec_.generate_update_before) Emit(row, rank, RowKind::kUpdateBefore);
  }
  void Emit(const KeyedRow& row, int64_t rank, RowKind kind) {
    if (numbered_ && (rank < spec_.from || rank > spec_.to)) return;
    const int columns = spec_.input.size();
    ReadStoredRow(row.bytes, output().row(), 0, columns);
    if (spec_.rank_number) output().column(columns).Append(rank);
    output().FinishRow(kind);
  }

  RankSpec spec_;
  bool numbered_;  // changes are told rank by rank
  bool has_edge_;
  state::Table<RankGroup> rows_;  // by sort key
  state::Table<RankEdge> edges_;
  metrics::Counter* missing_ = nullptr;
  RankedRow input_;
  std::vector<RankedRow> top_;  // the first loaded_ of them; the others' strings are kept for the next partition's
  int64_t loaded_ = 0;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeRank(const graph::Node& node) {
  THALWEG_ASSIGN(const RankSpec spec, graph::DecodeRank(node.payload));
  if (spec.kind != RankSpec::Input::kRetract && spec.to == 1)
    return std::unique_ptr<flow::Operator>(std::make_unique<TopRowOperator>(spec));
  return std::unique_ptr<flow::Operator>(std::make_unique<RankOperator>(spec));
}

}  // namespace thalweg::operators
