#include "operators/changelog.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "columns/format.h"
#include "columns/gather.h"
#include "expr/evaluator.h"
#include "graph/changelog_spec.h"
#include "metrics/registry.h"
#include "operators/row_operator.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using types::RowKind;

namespace {

bool AddsRow(const columns::Batch& batch, int32_t row) { return types::RowKindSign(batch.kind(row)) > 0; }

// Rule: state has the row of a key that stands downstream, so what does not pass the condition is not there.
class ChangelogNormalizeOperator : public RowOperator {
 public:
  ChangelogNormalizeOperator(graph::ChangelogNormalizeSpec spec, std::optional<expr::Evaluator> condition)
      : RowOperator({spec.keys}, ColumnTypes(spec.input)), spec_(std::move(spec)), condition_(std::move(condition)) {}

 protected:
  Status OpenState(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(rows_, OpenTable<StoredRow>(backend, "normalized", state::StateKind::kValue, spec_.ttl_ms));
    return {};
  }

  void Prefetch(uint64_t hash) const override { rows_.Prefetch(hash); }

  // Of deletions the condition is not asked: they may have no more than their key.
  Status OnBatch(int, const columns::Batch& batch, int32_t from) override {
    passes_.assign(static_cast<size_t>(batch.rows()), !condition_);
    if (!condition_) return {};
    std::vector<int32_t> asked;
    for (int32_t row = from; row < batch.rows(); ++row)
      if (AddsRow(batch, row)) asked.push_back(row);
    if (asked.empty()) return {};
    columns::BufferPool& pool = context().pool();
    const columns::Batch rows = columns::Gather(batch, asked.data(), static_cast<int32_t>(asked.size()), pool);
    std::vector<int32_t> selected(asked.size());
    const expr::Context world{.pool = pool, .clock = &context().clock(), .random = &context().random()};
    THALWEG_ASSIGN(const int32_t count, condition_->Select(rows, world, selected.data()));
    for (int32_t i = 0; i < count; ++i)
      passes_[static_cast<size_t>(asked[static_cast<size_t>(selected[static_cast<size_t>(i)])])] = true;
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    const StoredRow* before = rows_.Find(key);
    if (!AddsRow(batch, row) || !passes_[static_cast<size_t>(row)]) {
      if (!before) return {};
      // What stands downstream is taken back as it is: a deletion that came may have no more than its key.
      output().AppendStored(before->bytes, RowKind::kDelete);
      rows_.Erase(key);
      return {};
    }
    StoredRow after = StoreRow(batch, row);
    if (before && spec_.ttl_ms == 0 && *before == after) return {};
    if (before && spec_.generate_update_before) output().AppendStored(before->bytes, RowKind::kUpdateBefore);
    output().CopyRow(batch, row, before ? RowKind::kUpdateAfter : RowKind::kInsert);
    rows_.FindOrCreate(key) = std::move(after);
    return {};
  }

 private:
  graph::ChangelogNormalizeSpec spec_;
  std::optional<expr::Evaluator> condition_;
  state::Table<StoredRow> rows_;
  std::vector<bool> passes_;  // of the batch at hand
};

class UpsertMaterializeOperator : public RowOperator {
 public:
  explicit UpsertMaterializeOperator(graph::UpsertMaterializeSpec spec)
      : RowOperator({spec.keys}, ColumnTypes(spec.input)), spec_(std::move(spec)) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    missing_ = &context.metrics().counter("upsert.numMissingRetractions");
    THALWEG_ASSIGN(rows_, OpenTable<std::vector<KeyedRow>>(backend, "values", state::StateKind::kValue, spec_.ttl_ms));
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    KeyedRow input;
    AppendStoredRow(batch, row, input.bytes);
    AppendCells(batch, row, spec_.upsert_key, input.key);
    if (spec_.conflict != graph::UpsertMaterializeSpec::Conflict::kLast)
      return AddFirst(batch, row, key, std::move(input));
    if (AddsRow(batch, row))
      Add(key, std::move(input));
    else
      Retract(key, input);
    return {};
  }

 private:
  std::vector<KeyedRow>::iterator Find(std::vector<KeyedRow>& rows, const KeyedRow& row) const {
    if (spec_.upsert_key.empty()) return std::find(rows.begin(), rows.end(), row);
    return std::find_if(rows.begin(), rows.end(), [&](const KeyedRow& other) { return other.key == row.key; });
  }

  /// A key's first row stays.
  Status AddFirst(const columns::Batch& batch, int32_t row, const state::KeyView& key, KeyedRow input) {
    THALWEG_TRY(CheckInsert(batch, row, "ON CONFLICT"));
    if (!rows_.Find(key)) {
      Add(key, std::move(input));
      return {};
    }
    if (spec_.conflict == graph::UpsertMaterializeSpec::Conflict::kFirst) return {};
    return UserError("ON CONFLICT DO ERROR: the sink has a row of this primary key already: {}",
                     columns::RowText(batch, row));
  }

  void Add(const state::KeyView& key, KeyedRow row) {
    std::vector<KeyedRow>& rows = rows_.FindOrCreate(key);
    output().AppendStored(row.bytes, rows.empty() ? RowKind::kInsert : RowKind::kUpdateAfter);
    const auto found = spec_.upsert_key.empty() ? rows.end() : Find(rows, row);
    if (found == rows.end())
      rows.push_back(std::move(row));
    else
      *found = std::move(row);
  }

  void Retract(const state::KeyView& key, const KeyedRow& row) {
    std::vector<KeyedRow>* rows = rows_.Find(key);
    const auto found = rows ? Find(*rows, row) : std::vector<KeyedRow>::iterator();
    if (!rows || found == rows->end()) return missing_->Increment();  // its TTL has passed
    const bool last = found + 1 == rows->end();
    rows->erase(found);
    rows_.MarkDirty();
    if (rows->empty()) {
      output().AppendStored(row.bytes, RowKind::kDelete);
      rows_.Erase(key);
    } else if (last) {
      output().AppendStored(rows->back().bytes, RowKind::kUpdateAfter);
    }
  }

  graph::UpsertMaterializeSpec spec_;
  state::Table<std::vector<KeyedRow>> rows_;  // in the order of arrival: the last one stands in the sink
  metrics::Counter* missing_ = nullptr;
};

class DropUpdateBeforeOperator final : public flow::Operator {
 public:
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    const int32_t from = rows.next(), end = rows.end();
    selected_.clear();
    for (int32_t row = from; row < end; ++row)
      if (rows.batch().kind(row) != RowKind::kUpdateBefore) selected_.push_back(row);
    const auto count = static_cast<int32_t>(selected_.size());
    if (from == 0 && count == end)
      out.Emit(rows.TakeAll());
    else if (count > 0)
      out.Emit(columns::Gather(rows.batch(), selected_.data(), count, out.pool()));
    rows.AdvanceTo(end);
    return flow::Progress::kDone;
  }

 private:
  std::vector<int32_t> selected_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeChangelogNormalize(const graph::Node& node) {
  THALWEG_ASSIGN(graph::ChangelogNormalizeSpec spec, graph::DecodeChangelogNormalize(node.payload));
  std::optional<expr::Evaluator> condition;
  if (spec.condition) {
    THALWEG_ASSIGN(condition, expr::Evaluator::Compile({*spec.condition}));
  }
  return std::unique_ptr<flow::Operator>(
      std::make_unique<ChangelogNormalizeOperator>(std::move(spec), std::move(condition)));
}

Result<std::unique_ptr<flow::Operator>> MakeUpsertMaterialize(const graph::Node& node) {
  THALWEG_ASSIGN(graph::UpsertMaterializeSpec spec, graph::DecodeUpsertMaterialize(node.payload));
  return std::unique_ptr<flow::Operator>(std::make_unique<UpsertMaterializeOperator>(std::move(spec)));
}

Result<std::unique_ptr<flow::Operator>> MakeDropUpdateBefore(const graph::Node& node) {
  THALWEG_TRY(graph::DecodeDropUpdateBefore(node.payload).status());
  return std::unique_ptr<flow::Operator>(std::make_unique<DropUpdateBeforeOperator>());
}

}  // namespace thalweg::operators
