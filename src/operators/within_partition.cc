#include "operators/within_partition.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "expr/type_rules.h"
#include "graph/sorted_over_spec.h"
#include "operators/aggregate_layout.h"
#include "operators/row_operator.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"
#include "time/watermark.h"

namespace thalweg::operators {

using types::RowKind;

namespace {

std::vector<types::DataType> BatchOverOutput(const graph::SortedOverSpec& spec) {
  std::vector<types::DataType> types = ColumnTypes(spec.input);
  for (const graph::AggregateCall& call : spec.calls) types.push_back(call.type);
  return types;
}

/// Functions of a row's place in its partition, whatever the frame is.
enum class PlaceFunction : uint8_t { kRowNumber, kRank, kDenseRank, kCumeDist, kPercentRank, kNtile, kLag, kLead };

std::optional<PlaceFunction> PlaceFunctionOf(const std::string& name) {
  static constexpr std::pair<std::string_view, PlaceFunction> kAll[] = {{"ROW_NUMBER", PlaceFunction::kRowNumber},
                                                                        {"RANK", PlaceFunction::kRank},
                                                                        {"DENSE_RANK", PlaceFunction::kDenseRank},
                                                                        {"CUME_DIST", PlaceFunction::kCumeDist},
                                                                        {"PERCENT_RANK", PlaceFunction::kPercentRank},
                                                                        {"NTILE", PlaceFunction::kNtile},
                                                                        {"LAG", PlaceFunction::kLag},
                                                                        {"LEAD", PlaceFunction::kLead}};
  for (const auto& [each, function] : kAll)
    if (each == name) return function;
  return std::nullopt;
}

/// A row's place: it is the one of this number, counted from 0; its peers are [begin, end) of `rows`, the `group`-th group of peers.
struct RowPlace {
  int64_t row = 0;
  int64_t begin = 0;
  int64_t end = 0;
  int64_t group = 0;
  int64_t rows = 0;
};

/// The rows of a partition, in order, in batches that are full but for the last.
class SortedPartition {
 public:
  SortedPartition(const types::Schema& schema, columns::BufferPool& pool)
      : builder_(schema, pool), width_(schema.size()) {}

  void Add(const std::string& stored) {
    ReadStoredRow(stored, builder_, 0, width_);
    builder_.FinishRow();
    ++rows_;
    if (builder_.full()) batches_.push_back(builder_.Take());
  }
  void Finish() {
    if (builder_.rows() > 0) batches_.push_back(builder_.Take());
  }
  int64_t rows() const { return rows_; }
  const columns::Batch& BatchOf(int64_t row) const { return batches_[static_cast<size_t>(row / columns::kBatchRows)]; }
  static int32_t RowIn(int64_t row) { return static_cast<int32_t>(row % columns::kBatchRows); }

 private:
  columns::BatchBuilder builder_;
  int width_;
  std::vector<columns::Batch> batches_;
  int64_t rows_ = 0;
};

// Rows lie in a map by the bytes of their order; a timer at the end of time computes their partition.
class BatchOverOperator : public RowOperator {
 public:
  /// `exact`: sums of floating point numbers are made anew when rows leave the frame, for what was rounded cannot be taken back.
  BatchOverOperator(graph::SortedOverSpec spec, std::shared_ptr<AggregateLayout> layout, bool exact)
      : RowOperator({spec.partition}, BatchOverOutput(spec)),
        spec_(std::move(spec)),
        exact_(exact),
        layout_(std::move(layout)),
        group_(*layout_) {
    for (const graph::AggregateCall& call : spec_.calls) functions_.push_back(PlaceFunctionOf(call.function));
  }

 protected:
  Status OpenState(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(rows_, OpenTable<std::vector<std::string>>(backend, "batch-over", state::StateKind::kMap, 0));
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "OVER in batch mode"));
    sort_.clear();
    AppendSortKey(batch, row, spec_.order, sort_);
    AppendStoredRow(batch, row, rows_.FindOrCreate(key, sort_).emplace_back());
    timers().Register(TimerKind::kEventTime, time::kMaxWatermark, key);
    return {};
  }

  Status OnEventTime(const state::Timer& timer) override {
    const state::KeyView key = KeyOf(timer);
    SortedPartition partition(spec_.input, context().pool());
    std::vector<int64_t> ends;  // of groups of peers
    std::vector<std::string> orders;
    rows_.ForEachOfKey(key, [&](std::string_view order, const std::vector<std::string>& peers) {
      for (const std::string& row : peers) partition.Add(row);
      ends.push_back(partition.rows());
      orders.emplace_back(order);
      return true;
    });
    partition.Finish();
    THALWEG_TRY(SendAll(partition, ends));
    for (const std::string& order : orders) rows_.Erase(key, order);
    return {};
  }

 private:
  Status SendAll(const SortedPartition& partition, const std::vector<int64_t>& ends) {
    group_.Clear();
    Frame frame;
    RowPlace place{.rows = partition.rows()};
    for (const int64_t end : ends) {
      place.begin = std::exchange(place.end, end);
      for (place.row = place.begin; place.row < end; ++place.row) {
        if (layout_->size() > 0 && (spec_.rows || place.row == place.begin)) MoveFrame(partition, place, frame);
        THALWEG_TRY(Send(partition, place));
      }
      ++place.group;
    }
    return layout_->status();
  }

  /// The rows that are in group_: neither edge goes back from one row to the next.
  struct Frame {
    int64_t begin = 0, end = 0;
  };

  void MoveFrame(const SortedPartition& partition, const RowPlace& place, Frame& frame) {
    const int64_t begin = BeginOf(partition, place, frame);
    const int64_t end = std::max(begin, EndOf(partition, place, frame));
    if (exact_ && begin > frame.begin) {
      group_.Clear();
      frame = {begin, begin};
    }
    for (; frame.begin < std::min(begin, frame.end); ++frame.begin) Apply(partition, frame.begin, kRetractRow);
    frame.begin = begin;
    for (frame.end = std::max(frame.end, begin); frame.end < end; ++frame.end) Apply(partition, frame.end, kAddRow);
  }

  int64_t BeginOf(const SortedPartition& partition, const RowPlace& place, const Frame& frame) {
    if (spec_.start.unbounded) return 0;
    if (spec_.rows) return Clamped(place.row + spec_.start.offset, place);
    if (spec_.start.column < 0) return place.begin;
    const std::string limit = OrderOf(partition, place.row, spec_.start.column);
    int64_t row = frame.begin;
    while (row < place.rows && OrderOf(partition, row, spec_.order[0].column) < limit) ++row;
    return row;
  }

  int64_t EndOf(const SortedPartition& partition, const RowPlace& place, const Frame& frame) {
    if (spec_.end.unbounded) return place.rows;
    if (spec_.rows) return Clamped(place.row + spec_.end.offset + 1, place);
    if (spec_.end.column < 0) return place.end;
    const std::string limit = OrderOf(partition, place.row, spec_.end.column);
    int64_t row = frame.end;
    while (row < place.rows && OrderOf(partition, row, spec_.order[0].column) <= limit) ++row;
    return row;
  }

  static int64_t Clamped(int64_t row, const RowPlace& place) { return std::clamp<int64_t>(row, 0, place.rows); }

  /// The bytes of the order, of the value in `column`.
  std::string OrderOf(const SortedPartition& partition, int64_t row, int column) const {
    graph::SortKey key = spec_.order[0];
    key.column = column;
    std::string bytes;
    AppendSortKey(partition.BatchOf(row), SortedPartition::RowIn(row), {key}, bytes);
    return bytes;
  }

  void Apply(const SortedPartition& partition, int64_t row, AggregateOp op) {
    std::byte* block = group_.block();
    const uint8_t ops = op;
    const int32_t at = SortedPartition::RowIn(row);
    AggregateLayout::RowCount(block) += op == kAddRow ? 1 : -1;
    layout_->Update({.batch = &partition.BatchOf(row), .rows = &at, .count = 1, .groups = &block, .ops = &ops});
  }

  Status Send(const SortedPartition& partition, const RowPlace& place) {
    const columns::Batch& batch = partition.BatchOf(place.row);
    const int32_t row = SortedPartition::RowIn(place.row);
    const int width = spec_.input.size();
    for (int column = 0; column < width; ++column) output().column(column).AppendRows(batch.column(column), &row, 1);
    int aggregate = 0;
    for (size_t i = 0; i < functions_.size(); ++i) {
      columns::ColumnBuilder& out = output().column(width + static_cast<int>(i));
      if (!functions_[i])
        layout_->AppendResult(group_.block(), aggregate++, out);
      else
        THALWEG_TRY(AppendPlace(*functions_[i], spec_.calls[i].arguments, partition, place, out));
    }
    output().FinishRow(RowKind::kInsert);
    return {};
  }

  static Status AppendPlace(PlaceFunction function, const std::vector<int>& arguments, const SortedPartition& partition,
                            const RowPlace& place, columns::ColumnBuilder& out) {
    switch (function) {
      case PlaceFunction::kRowNumber: out.Append(place.row + 1); break;
      case PlaceFunction::kRank: out.Append(place.begin + 1); break;
      case PlaceFunction::kDenseRank: out.Append(place.group + 1); break;
      case PlaceFunction::kCumeDist:
        out.Append(static_cast<double>(place.end) / static_cast<double>(place.rows));
        break;
      case PlaceFunction::kPercentRank:
        out.Append(place.rows == 1 ? 0.0 : static_cast<double>(place.begin) / static_cast<double>(place.rows - 1));
        break;
      case PlaceFunction::kNtile: return AppendTile(arguments[0], partition, place, out);
      case PlaceFunction::kLag:
      case PlaceFunction::kLead: return AppendOther(function, arguments, partition, place, out);
    }
    return {};
  }

  static std::optional<int64_t> IntegerAt(const columns::Column& column, int32_t row) {
    if (column.IsNull(row)) return std::nullopt;
    switch (column.type.value_width()) {
      case 1: return column.data<int8_t>()[row];
      case 2: return column.data<int16_t>()[row];
      case 4: return column.data<int32_t>()[row];
      default: return column.data<int64_t>()[row];
    }
  }

  /// Tiles differ by at most one row, larger ones come first.
  static Status AppendTile(int argument, const SortedPartition& partition, const RowPlace& place,
                           columns::ColumnBuilder& out) {
    const columns::Column& column = partition.BatchOf(place.row).column(argument);
    const int64_t tiles = IntegerAt(column, SortedPartition::RowIn(place.row)).value_or(0);
    if (tiles <= 0) return UserError("NTILE needs a number of tiles above 0, not {}", tiles);
    const int64_t size = place.rows / tiles, larger = place.rows % tiles;
    const int64_t in_larger = larger * (size + 1);
    const int64_t tile =
        place.row < in_larger ? place.row / (size + 1) : larger + (place.row - in_larger) / std::max<int64_t>(size, 1);
    out.Append(tile + 1);
    return {};
  }

  /// The value so many rows before or behind, or the default.
  static Status AppendOther(PlaceFunction function, const std::vector<int>& arguments, const SortedPartition& partition,
                            const RowPlace& place, columns::ColumnBuilder& out) {
    const columns::Batch& batch = partition.BatchOf(place.row);
    const int32_t row = SortedPartition::RowIn(place.row);
    int64_t offset = 1;
    if (arguments.size() > 1) offset = IntegerAt(batch.column(arguments[1]), row).value_or(1);
    const bool looks_back = function == PlaceFunction::kLag;
    if (offset < 0) return UserError("The offset of {} must not be negative: {}", looks_back ? "LAG" : "LEAD", offset);
    if (looks_back ? offset <= place.row : offset < place.rows - place.row) {
      const int64_t other = looks_back ? place.row - offset : place.row + offset;
      const int32_t at = SortedPartition::RowIn(other);
      out.AppendRows(partition.BatchOf(other).column(arguments[0]), &at, 1);
    } else if (arguments.size() > 2) {
      out.AppendRows(batch.column(arguments[2]), &row, 1);
    } else {
      out.AppendNull();
    }
    return {};
  }

  graph::SortedOverSpec spec_;
  bool exact_;
  std::shared_ptr<AggregateLayout> layout_;  // of the calls that are no PlaceFunction
  AggregateObject group_;
  std::vector<std::optional<PlaceFunction>> functions_;  // of each call; none: an aggregate over the frame
  state::Table<std::vector<std::string>> rows_;          // by the bytes of the order, in the order of arrival
  std::string sort_;
};

/// What a place function cannot take.
Status CheckPlaceCall(const graph::AggregateCall& call, const types::Schema& input) {
  if (call.filter >= 0) return UserError("{} takes no FILTER", call.function);
  if (call.distinct) return UserError("{} takes no DISTINCT", call.function);
  if (call.arguments.size() > 2 && input.field(call.arguments[2]).type.id() != input.field(call.arguments[0]).type.id())
    return UserError("The default of {} must be of the type of its value: it is {}, not {}", call.function,
                     input.field(call.arguments[2]).type.ToString(), input.field(call.arguments[0]).type.ToString());
  return {};
}

/// Whether what a call keeps is rounded: of floating point numbers, all but those that give one of them, or count them.
bool Rounds(const graph::AggregateCall& call, const types::Schema& input) {
  for (const char* picks : {"COUNT", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE"})
    if (call.function == picks) return false;
  return std::any_of(call.arguments.begin(), call.arguments.end(),
                     [&](int argument) { return expr::IsApproximate(input.field(argument).type.id()); });
}

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeBatchOver(const graph::Node& node) {
  THALWEG_ASSIGN(graph::SortedOverSpec spec, graph::DecodeSortedOver(node.payload));
  std::vector<graph::AggregateCall> aggregates;
  bool exact = false;  // what was rounded cannot be taken back
  for (const graph::AggregateCall& call : spec.calls) {
    if (PlaceFunctionOf(call.function)) {
      THALWEG_TRY(CheckPlaceCall(call, spec.input));
      continue;
    }
    aggregates.push_back(call);
    exact = exact || Rounds(call, spec.input);
  }
  THALWEG_ASSIGN(
      std::shared_ptr<AggregateLayout> layout,
      AggregateLayout::Make(spec.input, aggregates, {.retracts = !spec.start.unbounded && !exact, .over = true}));
  return std::unique_ptr<flow::Operator>(
      std::make_unique<BatchOverOperator>(std::move(spec), std::move(layout), exact));
}

}  // namespace thalweg::operators
