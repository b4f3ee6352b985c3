#include "operators/sort.h"

#include <utility>

#include "columns/key_encoder.h"
#include "graph/rank_spec.h"
#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/row_operator.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"
#include "time/watermark.h"

namespace thalweg::operators {

using flow::Progress;
using types::RowKind;

namespace {

/// Rows taken from state at a time, to be emitted and forgotten.
constexpr size_t kSortedTogether = 1024;

/// How many rows were counted, or a time.
struct SortMark {
  int64_t value = 0;
};

/// Equal rows; their namespace is the bytes of their order, then the row's.
struct SortedRows {
  int64_t count = 0;
  uint64_t order_bytes = 0;
};

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::SortMark> {
  static std::string Name() { return "sort-mark/1"; }
  static void Encode(const operators::SortMark& mark, ByteWriter& out) { out.I64(mark.value); }
  static void Decode(ByteReader& in, operators::SortMark& mark) { mark.value = in.I64(); }
};

template <>
struct thalweg::types::Codec<thalweg::operators::SortedRows> {
  static std::string Name() { return "sorted-rows/1"; }
  static void Encode(const operators::SortedRows& rows, ByteWriter& out) {
    out.SignedVarint(rows.count);
    out.Varint(rows.order_bytes);
  }
  static void Decode(ByteReader& in, operators::SortedRows& rows) {
    rows.count = in.SignedVarint();
    rows.order_bytes = in.Varint();
  }
};

namespace thalweg::operators {
namespace {

/// Of one key: the whole input.
state::KeyView OnlyKey(flow::Context& context) { return RowKeys({}, context.task().max_parallelism).ViewOf({}); }

// Rows lie in one map by the bytes of their order, which begin with the time: what is due lies in front.
class TimeSortOperator : public RowOperator {
 public:
  explicit TimeSortOperator(graph::SortSpec spec)
      : RowOperator({{}}, ColumnTypes(spec.input)), spec_(std::move(spec)) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    late_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
    timeless_ = &context.metrics().counter(metrics::kNumNullRowTimeRecordsDropped);
    THALWEG_ASSIGN(rows_, OpenTable<std::vector<std::string>>(backend, "sort-rows", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(sent_, OpenTable<SortMark>(backend, "sort-mark", state::StateKind::kValue, 0));
    key_ = OnlyKey(context);
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "a sort by the watermark"));
    const int64_t time = TimeOrNull(batch, row, spec_.time_column);
    if (time == kNullTime) {
      timeless_->Increment();
      return {};
    }
    const SortMark* sent = sent_.Find(key);
    if (sent && time <= sent->value) {
      late_->Increment();
      return {};
    }
    order_.clear();
    AppendSortKey(batch, row, spec_.order, order_);
    AppendStoredRow(batch, row, rows_.FindOrCreate(key, order_).emplace_back());
    return {};
  }

  Result<Progress> AfterWatermark(int64_t watermark, flow::Output&) override {
    while (output().has_credit()) {
      TakeDue(watermark);
      if (taken_.empty()) return Progress::kDone;
      for (const auto& [order, rows] : taken_) {
        for (const std::string& row : rows) output().AppendStored(row, RowKind::kInsert);
        sent_.FindOrCreate(key_).value = TimeIn(order);
        rows_.Erase(key_, order);
      }
    }
    return Progress::kMore;
  }

 private:
  static int64_t TimeIn(std::string_view order) {
    types::KeyReader in(order);
    in.Present();
    return in.Integer<int64_t>();
  }

  /// The first rows that are due, with all that are equal to the last.
  void TakeDue(int64_t watermark) {
    taken_.clear();
    size_t count = 0;
    rows_.ForEachOfKey(key_, [&](std::string_view order, const std::vector<std::string>& rows) {
      if (count >= kSortedTogether || TimeIn(order) > watermark) return false;
      taken_.emplace_back(order, rows);
      count += rows.size();
      return true;
    });
  }

  graph::SortSpec spec_;
  state::KeyView key_;
  state::Table<std::vector<std::string>> rows_;
  state::Table<SortMark> sent_;  // the last time of rows that went out
  metrics::Counter* late_ = nullptr;
  metrics::Counter* timeless_ = nullptr;
  std::string order_;
  std::vector<std::pair<std::string, std::vector<std::string>>> taken_;
};

// A changelog is sorted as what is left of it. Rows that the order does not tell apart go out in the order of their values.
class FullSortOperator : public RowOperator {
 public:
  explicit FullSortOperator(graph::SortSpec spec)
      : RowOperator({{}}, ColumnTypes(spec.input)), spec_(std::move(spec)) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(rows_, OpenTable<SortedRows>(backend, "sort-all", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(passed_, OpenTable<SortMark>(backend, "sort-mark", state::StateKind::kValue, 0));
    key_ = OnlyKey(context);
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    name_.clear();
    AppendSortKey(batch, row, spec_.order, name_);
    const uint64_t order_bytes = name_.size();
    for (int column = 0; column < batch.num_columns(); ++column)
      columns::AppendCellValue(batch.column(column), row, name_);
    SortedRows& rows = rows_.FindOrCreate(key, name_);
    rows.order_bytes = order_bytes;
    rows.count += types::RowKindSign(batch.kind(row));  // below 0: a row that is taken back before it comes
    if (rows.count == 0) rows_.Erase(key, name_);
    return {};
  }

  // The last watermark says that all rows are there: those after it would be late to whoever reads on.
  Result<Progress> AfterWatermark(int64_t watermark, flow::Output&) override {
    return watermark == time::kMaxWatermark ? SendAll() : Progress::kDone;
  }
  Result<Progress> AfterInput(int, flow::Output&) override { return SendAll(); }

 private:
  Result<Progress> SendAll() {
    while (output().has_credit()) {
      TakeSome();
      if (taken_.empty()) return SendIfEmpty();
      for (const auto& [name, rows] : taken_) Send(name, rows);
    }
    return Progress::kMore;
  }

  Progress SendIfEmpty() {
    // An entry that nobody needs would be there twice after a rescale: other subtasks have made it, too.
    if (spec_.if_empty.empty()) return Progress::kDone;
    SortMark& passed = passed_.FindOrCreate(key_);
    if (passed.value == 0) {
      Emit(spec_.if_empty);
      passed.value = 1;
    }
    return Progress::kDone;
  }

  void TakeSome() {
    taken_.clear();
    rows_.ForEachOfKey(key_, [&](std::string_view name, const SortedRows& rows) {
      taken_.emplace_back(name, rows);
      return taken_.size() < kSortedTogether;
    });
  }

  /// A row as the bytes of its cells: they have the order of the values.
  void Emit(std::string_view bytes) {
    AppendKeyColumns(bytes, output().row(), 0, spec_.input.size());
    output().FinishRow(RowKind::kInsert);
  }

  void Send(const std::string& name, const SortedRows& rows) {
    SortMark& passed = passed_.FindOrCreate(key_);
    for (int64_t i = 0; i < rows.count; ++i) {
      const int64_t number = passed.value++ - spec_.offset;
      if (number < 0 || (spec_.limit >= 0 && number >= spec_.limit)) continue;
      Emit(std::string_view(name).substr(rows.order_bytes));
    }
    rows_.Erase(key_, name);
  }

  graph::SortSpec spec_;
  state::KeyView key_;
  state::Table<SortedRows> rows_;
  state::Table<SortMark> passed_;  // rows sent or left out
  std::string name_;
  std::vector<std::pair<std::string, SortedRows>> taken_;
};

class LimitOperator : public RowOperator {
 public:
  explicit LimitOperator(graph::LimitSpec spec) : RowOperator({{}}, ColumnTypes(spec.input)), spec_(std::move(spec)) {}

 protected:
  Status OpenState(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(counts_, OpenTable<SortMark>(backend, "limit", state::StateKind::kValue, 0));
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "a limit"));
    SortMark& count = counts_.FindOrCreate(key);
    const int64_t number = count.value;
    if (spec_.limit >= 0 && number - spec_.offset >= spec_.limit) return {};
    ++count.value;
    if (number >= spec_.offset) output().CopyRow(batch, row, RowKind::kInsert);
    return {};
  }

 private:
  graph::LimitSpec spec_;
  state::Table<SortMark> counts_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeSort(const graph::Node& node) {
  THALWEG_ASSIGN(graph::SortSpec spec, graph::DecodeSort(node.payload));
  if (spec.time_column >= 0)
    return std::unique_ptr<flow::Operator>(std::make_unique<TimeSortOperator>(std::move(spec)));
  return std::unique_ptr<flow::Operator>(std::make_unique<FullSortOperator>(std::move(spec)));
}

Result<std::unique_ptr<flow::Operator>> MakeLimit(const graph::Node& node) {
  THALWEG_ASSIGN(graph::LimitSpec spec, graph::DecodeLimit(node.payload));
  return std::unique_ptr<flow::Operator>(std::make_unique<LimitOperator>(std::move(spec)));
}

}  // namespace thalweg::operators
