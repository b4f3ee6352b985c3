#include "operators/ordered_over.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "metrics/registry.h"
#include "operators/row_operator.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"

namespace thalweg::operators {
namespace {

using types::RowKind;

/// Rows that the order does not tell apart, as they came, and the aggregates up to and with each (ROWS), or with all of them (RANGE: one).
struct OrderedPeers {
  std::vector<std::string> rows;
  std::vector<std::string> aggregates;
};

/// A partition by the bytes of its order.
struct OrderedPartition {
  std::map<std::string, OrderedPeers> peers;
};

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::OrderedPartition> {
  using Strings = Codec<std::vector<std::string>>;
  static std::string Name() { return "over-ordered/1"; }
  static void Encode(const operators::OrderedPartition& value, ByteWriter& out) {
    out.Varint(value.peers.size());
    for (const auto& [order, peers] : value.peers) {
      out.String(order);
      Strings::Encode(peers.rows, out);
      Strings::Encode(peers.aggregates, out);
    }
  }
  static void Decode(ByteReader& in, operators::OrderedPartition& value) {
    const uint64_t count = in.Varint();
    for (uint64_t i = 0; i < count && !in.failed(); ++i) {
      operators::OrderedPeers& peers = value.peers[std::string(in.String())];
      Strings::Decode(in, peers.rows);
      Strings::Decode(in, peers.aggregates);
    }
  }
};

namespace thalweg::operators {
namespace {

std::vector<types::DataType> OrderedOutputTypes(const graph::OverAggregateSpec& spec) {
  std::vector<types::DataType> types = ColumnTypes(spec.input);
  for (const graph::AggregateCall& call : spec.calls) types.push_back(call.type);
  return types;
}

class OrderedOver final : public RowOperator {
 public:
  OrderedOver(graph::OverAggregateSpec spec, std::shared_ptr<AggregateLayout> layout)
      : RowOperator({spec.partition}, OrderedOutputTypes(spec)),
        spec_(std::move(spec)),
        layout_(std::move(layout)),
        now_(*layout_),
        before_(*layout_) {
    // The number of rows is part of what was aggregated only if somebody asks for it.
    counts_rows_ = std::any_of(spec_.calls.begin(), spec_.calls.end(), [](const graph::AggregateCall& call) {
      return call.function == "COUNT" && call.arguments.empty();
    });
  }

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    missing_ = &context.metrics().counter("over.numMissingRetractions");
    THALWEG_ASSIGN(partitions_, OpenTable<OrderedPartition>(backend, "over-ordered", state::StateKind::kValue, spec_.ttl_ms));
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    std::string order, stored;
    AppendSortKey(batch, row, spec_.order, order);
    AppendStoredRow(batch, row, stored);
    if (types::RowKindSign(batch.kind(row)) > 0) {
      Add(partitions_.FindOrCreate(key), order, std::move(stored), batch.kind(row));
    } else {
      OrderedPartition* partition = partitions_.Find(key);
      if (!partition || !Remove(*partition, order, stored)) missing_->Increment();  // its TTL has passed
      if (partition && partition->peers.empty())
        partitions_.Erase(key);
      else if (partition)
        partitions_.MarkDirty();
    }
    return layout_->status();
  }

 private:
  using Place = std::map<std::string, OrderedPeers>::iterator;

  void Add(OrderedPartition& partition, const std::string& order, std::string row, RowKind kind) {
    const Place place = partition.peers.try_emplace(order).first;
    OrderedPeers& peers = place->second;
    const bool changed = spec_.rows ? AddToRows(partition, place, row, kind) : AddToRange(partition, place, row, kind);
    peers.rows.push_back(std::move(row));
    if (changed) Refresh(std::next(place), partition.peers.end());
  }
  /// False: nothing behind it changes.
  bool AddToRows(OrderedPartition& partition, Place place, const std::string& row, RowKind kind) {
    OrderedPeers& peers = place->second;
    const std::string behind = peers.rows.empty() ? Before(partition, place) : peers.aggregates.back();
    Load(behind, now_);
    Accumulate(row);
    Emit(row, now_, kind);
    peers.aggregates.push_back(Saved());
    return !Same(behind, peers.aggregates.back());
  }
  bool AddToRange(OrderedPartition& partition, Place place, const std::string& row, RowKind kind) {
    OrderedPeers& peers = place->second;
    const std::string behind = peers.rows.empty() ? Before(partition, place) : peers.aggregates[0];
    Load(Before(partition, place), now_);
    for (const std::string& peer : peers.rows) Accumulate(peer);
    Accumulate(row);
    std::string saved = Saved();
    const bool changed = !Same(behind, saved);
    if (!peers.rows.empty() && changed) {
      Load(behind, before_);
      for (const std::string& peer : peers.rows) Update(peer);
    }
    Emit(row, now_, kind);
    peers.aggregates.assign(1, std::move(saved));
    return changed;
  }

  /// False: there is no such row.
  bool Remove(OrderedPartition& partition, const std::string& order, const std::string& row) {
    const Place place = partition.peers.find(order);
    if (place == partition.peers.end()) return false;
    OrderedPeers& peers = place->second;
    const auto found = std::find(peers.rows.begin(), peers.rows.end(), row);
    if (found == peers.rows.end()) return false;
    const auto index = static_cast<size_t>(found - peers.rows.begin());
    const bool changed = spec_.rows ? RemoveFromRows(partition, place, index) : RemoveFromRange(partition, place, index);
    const Place next = std::next(place);
    if (peers.rows.empty()) partition.peers.erase(place);
    if (changed) Refresh(next, partition.peers.end());
    return true;
  }
  bool RemoveFromRows(OrderedPartition& partition, Place place, size_t index) {
    OrderedPeers& peers = place->second;
    Load(peers.aggregates[index], before_);
    Emit(peers.rows[index], before_, RowKind::kDelete);
    Load(index == 0 ? Before(partition, place) : peers.aggregates[index - 1], now_);
    peers.rows.erase(peers.rows.begin() + static_cast<ptrdiff_t>(index));
    peers.aggregates.erase(peers.aggregates.begin() + static_cast<ptrdiff_t>(index));
    return RefreshRows(peers, index);
  }
  bool RemoveFromRange(OrderedPartition& partition, Place place, size_t index) {
    OrderedPeers& peers = place->second;
    const std::string behind = peers.aggregates[0];
    Load(Before(partition, place), now_);
    for (size_t i = 0; i < peers.rows.size(); ++i)
      if (i != index) Accumulate(peers.rows[i]);
    std::string saved = Saved();
    const bool changed = !Same(behind, saved);
    Load(behind, before_);
    for (size_t i = 0; i < peers.rows.size(); ++i) {
      if (i == index) Emit(peers.rows[i], before_, RowKind::kDelete);
      if (i != index && changed) Update(peers.rows[i]);
    }
    peers.rows.erase(peers.rows.begin() + static_cast<ptrdiff_t>(index));
    peers.aggregates.assign(1, std::move(saved));
    return changed;
  }

  /// Results of the peers from `place` on, with `now_` in front of them; ends where nothing differs.
  void Refresh(Place place, Place end) {
    for (; place != end; ++place)
      if (!(spec_.rows ? RefreshRows(place->second, 0) : RefreshRange(place->second))) return;
  }
  bool RefreshRows(OrderedPeers& peers, size_t from) {
    for (size_t i = from; i < peers.rows.size(); ++i) {
      Accumulate(peers.rows[i]);
      std::string saved = Saved();
      if (Same(saved, peers.aggregates[i])) return false;
      Load(peers.aggregates[i], before_);
      Update(peers.rows[i]);
      peers.aggregates[i] = std::move(saved);
    }
    return true;
  }
  bool RefreshRange(OrderedPeers& peers) {
    for (const std::string& row : peers.rows) Accumulate(row);
    std::string saved = Saved();
    if (Same(saved, peers.aggregates[0])) return false;
    Load(peers.aggregates[0], before_);
    for (const std::string& row : peers.rows) Update(row);
    peers.aggregates[0] = std::move(saved);
    return true;
  }

  // --- What was aggregated, as bytes.

  /// Up to the peers at `place`, without them; "": nothing.
  static std::string Before(OrderedPartition& partition, Place place) {
    return place == partition.peers.begin() ? "" : std::prev(place)->second.aggregates.back();
  }
  void Load(const std::string& aggregates, AggregateObject& into) {
    if (Status status = into.Read(aggregates); !status.ok()) THALWEG_CHECK(false, "{}", status.message());
  }
  std::string Saved() { return now_.Write(); }
  bool Same(const std::string& a, const std::string& b) const {
    if (counts_rows_ || a.empty() || b.empty()) return a == b;
    return std::string_view(a).substr(sizeof(int64_t)) == std::string_view(b).substr(sizeof(int64_t));
  }

  columns::Batch Decoded(const std::string& row) {
    columns::BatchBuilder builder(spec_.input, context().pool(), 1);
    AppendKeyColumns(row, builder, 0, spec_.input.size());
    builder.FinishRow();
    return builder.Take();
  }
  void Accumulate(const std::string& row) {
    const columns::Batch batch = Decoded(row);
    const int32_t index = 0;
    const uint8_t op = kAddRow;
    std::byte* block = now_.block();
    ++AggregateLayout::RowCount(block);
    layout_->Update({.batch = &batch, .rows = &index, .count = 1, .groups = &block, .ops = &op});
  }

  void Update(const std::string& row) {
    if (spec_.generate_update_before) Emit(row, before_, RowKind::kUpdateBefore);
    Emit(row, now_, RowKind::kUpdateAfter);
  }
  void Emit(const std::string& row, AggregateObject& aggregates, RowKind kind) {
    const int width = spec_.input.size();
    AppendKeyColumns(row, output().row(), 0, width);
    for (int call = 0; call < layout_->size(); ++call)
      layout_->AppendResult(aggregates.block(), call, output().column(width + call));
    output().FinishRow(kind);
  }

  graph::OverAggregateSpec spec_;
  std::shared_ptr<AggregateLayout> layout_;
  AggregateObject now_, before_;
  bool counts_rows_ = false;
  state::Table<OrderedPartition> partitions_;
  metrics::Counter* missing_ = nullptr;
};

}  // namespace

std::unique_ptr<flow::Operator> MakeOrderedOver(graph::OverAggregateSpec spec, std::shared_ptr<AggregateLayout> layout) {
  return std::make_unique<OrderedOver>(std::move(spec), std::move(layout));
}

}  // namespace thalweg::operators
