#include "operators/sorted_over.h"

#include <algorithm>
#include <utility>

#include "expr/aggregates.h"
#include "graph/sorted_over_spec.h"
#include "metrics/registry.h"
#include "operators/aggregate_layout.h"
#include "operators/row_operator.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using types::RowKind;

namespace {

/// A row with the results that were given for it.
struct OverEntry {
  std::string row;
  std::string results;
};

/// Rows that the order does not tell apart, in the order of arrival.
using OverPeers = std::vector<OverEntry>;

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::OverEntry> {
  static std::string Name() { return "over-entry/2"; }
  static void Encode(const operators::OverEntry& value, ByteWriter& out) {
    out.String(value.row);
    out.String(value.results);
  }
  static void Decode(ByteReader& in, operators::OverEntry& value) {
    value.row = in.String();
    value.results = in.String();
  }
};

namespace thalweg::operators {
namespace {

std::vector<types::DataType> SortedOverOutput(const graph::SortedOverSpec& spec) {
  std::vector<types::DataType> types = ColumnTypes(spec.input);
  for (const graph::AggregateCall& call : spec.calls) types.push_back(call.type);
  return types;
}

types::Schema ResultsOf(const graph::SortedOverSpec& spec) {
  std::vector<types::Field> fields;
  for (const graph::AggregateCall& call : spec.calls) fields.push_back({call.name, call.type});
  return types::Schema(std::move(fields));
}

class SortedOverOperator : public RowOperator {
 public:
  SortedOverOperator(graph::SortedOverSpec spec, std::shared_ptr<AggregateLayout> layout)
      : RowOperator({spec.partition}, SortedOverOutput(spec)),
        spec_(std::move(spec)),
        results_(ResultsOf(spec_)),
        layout_(std::move(layout)),
        group_(*layout_) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(rows_, OpenTable<OverPeers>(backend, "sorted-over", state::StateKind::kMap, spec_.ttl_ms));
    missing_ = &context.metrics().counter("numOfIdsNotFound");
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    sort_.clear();
    AppendSortKey(batch, row, spec_.order, sort_);
    std::string bytes;
    AppendStoredRow(batch, row, bytes);
    Load(key);
    const bool adds = types::RowKindSign(batch.kind(row)) > 0;
    size_t changed = End(sort_);
    if (adds) {
      partition_.insert(partition_.begin() + static_cast<std::ptrdiff_t>(changed), {sort_, {std::move(bytes), {}}});
    } else {
      const size_t begin = Begin(sort_);
      const auto found = std::find_if(partition_.begin() + static_cast<std::ptrdiff_t>(begin),
                                      partition_.begin() + static_cast<std::ptrdiff_t>(changed),
                                      [&](const Item& item) { return item.entry.row == bytes; });
      changed = static_cast<size_t>(found - partition_.begin());
      if (found == partition_.end() || found->sort != sort_ || found->entry.row != bytes) {
        missing_->Increment();  // its TTL has passed
        return {};
      }
    }
    return Change(key, changed, batch.kind(row));
  }

 private:
  struct Item {
    std::string sort;
    OverEntry entry;
  };

  void Load(const state::KeyView& key) {
    partition_.clear();
    rows_.ForEachOfKey(key, [&](std::string_view sort, const OverPeers& peers) {
      for (const OverEntry& entry : peers) partition_.push_back({std::string(sort), entry});
      return true;
    });
  }
  size_t Begin(const std::string& sort) const {
    return static_cast<size_t>(std::lower_bound(partition_.begin(), partition_.end(), sort,
                                                [](const Item& item, const std::string& s) { return item.sort < s; }) -
                               partition_.begin());
  }
  size_t End(const std::string& sort) const {
    return static_cast<size_t>(std::upper_bound(partition_.begin(), partition_.end(), sort,
                                                [](const std::string& s, const Item& item) { return s < item.sort; }) -
                               partition_.begin());
  }

  /// Item `changed` is new, or to go: the results of all from it on (from the first of its peers on, in RANGE) are computed anew.
  Status Change(const state::KeyView& key, size_t changed, RowKind kind) {
    const bool removes = types::RowKindSign(kind) < 0;
    const size_t first = spec_.rows ? changed : Begin(partition_[changed].sort);
    THALWEG_TRY(Compute(first, removes ? changed : partition_.size()));
    size_t computed = 0;
    std::vector<std::string> touched;
    for (size_t i = first; i < partition_.size(); ++i) {
      Item& item = partition_[i];
      if (i == changed && removes) {
        Emit(item.entry.row, item.entry.results, RowKind::kDelete);
        touched.push_back(item.sort);
        continue;
      }
      std::string& now = computed_[computed++];
      if (i == changed) {
        Emit(item.entry.row, now, kind);
      } else if (now != item.entry.results) {
        if (spec_.generate_update_before) Emit(item.entry.row, item.entry.results, RowKind::kUpdateBefore);
        Emit(item.entry.row, now, RowKind::kUpdateAfter);
      } else {
        continue;
      }
      item.entry.results = std::move(now);
      if (touched.empty() || touched.back() != item.sort) touched.push_back(item.sort);
    }
    if (removes) partition_.erase(partition_.begin() + static_cast<std::ptrdiff_t>(changed));
    for (const std::string& sort : touched) Save(key, sort);
    return {};
  }

  void Save(const state::KeyView& key, const std::string& sort) {
    const size_t begin = Begin(sort), end = End(sort);
    if (begin == end) {
      rows_.Erase(key, sort);
      return;
    }
    OverPeers& peers = rows_.FindOrCreate(key, sort);
    peers.clear();
    for (size_t i = begin; i < end; ++i) peers.push_back(partition_[i].entry);
  }

  /// To computed_: the results of the items from `first` on, as bytes; `skipped` is not there.
  Status Compute(size_t first, size_t skipped) {
    columns::BufferPool& pool = context().pool();
    columns::BatchBuilder rows(spec_.input, pool, static_cast<int32_t>(partition_.size()));
    for (size_t i = 0; i < partition_.size(); ++i) {
      if (i == skipped) continue;
      ReadStoredRow(partition_[i].entry.row, rows, 0, spec_.input.size());
      rows.FinishRow();
    }
    const columns::Batch batch = rows.Take();
    columns::BatchBuilder results(results_, pool, std::max(1, batch.rows() - static_cast<int32_t>(first)));
    group_.Clear();
    for (int32_t row = 0; row < static_cast<int32_t>(first); ++row) Accumulate(batch, row);
    for (int32_t row = static_cast<int32_t>(first); row < batch.rows();) {
      const int32_t end = spec_.rows ? row + 1 : PeersEnd(static_cast<size_t>(row), skipped, batch.rows());
      for (int32_t peer = row; peer < end; ++peer) Accumulate(batch, peer);
      for (; row < end; ++row) {
        for (int call = 0; call < layout_->size(); ++call)
          layout_->AppendResult(group_.block(), call, results.column(call));
        results.FinishRow();
      }
    }
    THALWEG_TRY(layout_->status());
    computed_.clear();
    const columns::Batch values = results.Take();
    for (int32_t row = 0; row < values.rows(); ++row) AppendStoredRow(values, row, computed_.emplace_back());
    return {};
  }

  /// Behind the last peer of row `row` of the batch, which lacks item `skipped`.
  int32_t PeersEnd(size_t row, size_t skipped, int32_t rows) const {
    auto sort_of = [&](size_t at) -> const std::string& { return partition_[at < skipped ? at : at + 1].sort; };
    size_t end = row + 1;
    while (end < static_cast<size_t>(rows) && sort_of(end) == sort_of(row)) ++end;
    return static_cast<int32_t>(end);
  }

  void Accumulate(const columns::Batch& batch, int32_t row) {
    std::byte* block = group_.block();
    const uint8_t op = kAddRow;
    ++AggregateLayout::RowCount(block);
    layout_->Update({.batch = &batch, .rows = &row, .count = 1, .groups = &block, .ops = &op});
  }

  void Emit(const std::string& row, const std::string& results, RowKind kind) {
    const int width = spec_.input.size();
    ReadStoredRow(row, output().row(), 0, width);
    ReadStoredRow(results, output().row(), width, results_.size());
    output().FinishRow(kind);
  }

  graph::SortedOverSpec spec_;
  types::Schema results_;
  std::shared_ptr<AggregateLayout> layout_;
  AggregateObject group_;
  state::Table<OverPeers> rows_;  // by the bytes of the order
  metrics::Counter* missing_ = nullptr;
  std::string sort_;
  std::vector<Item> partition_;  // of the key at hand, in order
  std::vector<std::string> computed_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeSortedOver(const graph::Node& node) {
  THALWEG_ASSIGN(graph::SortedOverSpec spec, graph::DecodeSortedOver(node.payload));
  for (const graph::AggregateCall& call : spec.calls)
    if (call.function == "RANK" || call.function == "DENSE_RANK")
      return UserError("{} over an order by what is no time attribute is not supported", call.function);
  THALWEG_ASSIGN(std::shared_ptr<AggregateLayout> layout,
                 AggregateLayout::Make(spec.input, spec.calls, {.over = true}));
  return std::unique_ptr<flow::Operator>(std::make_unique<SortedOverOperator>(std::move(spec), std::move(layout)));
}

}  // namespace thalweg::operators
