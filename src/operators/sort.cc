#include "operators/sort.h"

#include <optional>
#include <utility>

#include "graph/rank_spec.h"
#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/row_operator.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"

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

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::SortMark> {
  static std::string Name() { return "sort-mark/1"; }
  static void Encode(const operators::SortMark& mark, ByteWriter& out) { out.I64(mark.value); }
  static void Decode(ByteReader& in, operators::SortMark& mark) { mark.value = in.I64(); }
};

namespace thalweg::operators {
namespace {

// Rows lie in one map by the bytes of their order, which begin with the time if there is one: what is due lies in front.
class SortOperator : public RowOperator {
 public:
  explicit SortOperator(graph::SortSpec spec) : RowOperator({{}}, ColumnTypes(spec.input)), spec_(std::move(spec)) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    late_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
    THALWEG_ASSIGN(rows_, OpenTable<std::vector<std::string>>(backend, "sort-rows", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(marks_, OpenTable<SortMark>(backend, "sort-mark", state::StateKind::kValue, 0));
    key_ = RowKeys({}, context.task().max_parallelism).ViewOf({});
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "a sort"));
    if (spec_.time_column >= 0) {
      THALWEG_ASSIGN(const int64_t time, TimeOf(batch, row, spec_.time_column));
      const SortMark* sent = marks_.Find(key);
      if (sent && time <= sent->value) {
        late_->Increment();
        return {};
      }
    }
    sort_.clear();
    AppendSortKey(batch, row, spec_.order, sort_);
    AppendStoredRow(batch, row, rows_.FindOrCreate(key, sort_).emplace_back());
    return {};
  }

  Result<Progress> AfterWatermark(int64_t watermark, flow::Output&) override {
    if (spec_.time_column < 0) return Progress::kDone;
    return SendWhile([&](std::string_view sort) { return TimeIn(sort) <= watermark; });
  }
  Result<Progress> AfterInput(int, flow::Output&) override {
    if (spec_.time_column >= 0) return Progress::kDone;
    return SendWhile([](std::string_view) { return true; });
  }

 private:
  static int64_t TimeIn(std::string_view sort) {
    types::KeyReader in(sort);
    in.Present();
    return in.Integer<int64_t>();
  }

  template <typename Due>
  Result<Progress> SendWhile(Due&& due) {
    while (output().has_credit()) {
      TakeSome(due);
      if (taken_.empty()) return Progress::kDone;
      for (auto& [sort, rows] : taken_) {
        for (const std::string& row : rows) Send(sort, row);
        rows_.Erase(key_, sort);
      }
    }
    return Progress::kMore;
  }

  /// The first rows that are due, with all that are equal to the last.
  template <typename Due>
  void TakeSome(Due&& due) {
    taken_.clear();
    size_t count = 0;
    rows_.ForEachOfKey(key_, [&](std::string_view sort, const std::vector<std::string>& rows) {
      if (count >= kSortedTogether || !due(sort)) return false;
      taken_.emplace_back(sort, rows);
      count += rows.size();
      return true;
    });
  }

  void Send(std::string_view sort, std::string_view row) {
    SortMark& mark = marks_.FindOrCreate(key_);
    if (spec_.time_column >= 0) {
      mark.value = TimeIn(sort);
    } else {
      const int64_t number = mark.value++;
      if (number < spec_.offset || (spec_.limit >= 0 && number - spec_.offset >= spec_.limit)) return;
    }
    output().AppendStored(row, RowKind::kInsert);
  }

  graph::SortSpec spec_;
  state::KeyView key_;
  state::Table<std::vector<std::string>> rows_;
  /// With a time: the last one sent; else how many rows were sent or skipped.
  state::Table<SortMark> marks_;
  metrics::Counter* late_ = nullptr;
  std::string sort_;
  std::vector<std::pair<std::string, std::vector<std::string>>> taken_;
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
  return std::unique_ptr<flow::Operator>(std::make_unique<SortOperator>(std::move(spec)));
}

Result<std::unique_ptr<flow::Operator>> MakeLimit(const graph::Node& node) {
  THALWEG_ASSIGN(graph::LimitSpec spec, graph::DecodeLimit(node.payload));
  return std::unique_ptr<flow::Operator>(std::make_unique<LimitOperator>(std::move(spec)));
}

}  // namespace thalweg::operators
