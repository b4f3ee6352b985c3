#include "operators/unnest.h"

#include <optional>
#include <utility>
#include <vector>

#include "columns/builder.h"
#include "columns/gather.h"
#include "expr/evaluator.h"
#include "expr/zone.h"
#include "graph/unnest_spec.h"
#include "operators/row_output.h"

namespace thalweg::operators {
namespace {

using types::TypeId;

std::vector<types::DataType> UnnestedTypes(const graph::UnnestSpec& spec) {
  std::vector<types::DataType> types;
  for (const types::Field& field : graph::UnnestedFields(spec)) types.push_back(field.type);
  return types;
}

/// An element of a row of the batch at hand.
struct Element {
  int32_t row = 0;
  int32_t at = 0;      // among those of the whole collection column
  int32_t number = 0;  // from 1 on
};

/// Elements that a condition looks at, many at once. Those of one row may stand in several batches.
class Candidates {
 public:
  static Result<Candidates> Make(const expr::Expression& condition, const std::vector<types::DataType>& types) {
    std::vector<int> columns = expr::InputsOf(condition), place(types.size(), -1);
    std::vector<types::Field> fields;
    for (int column : columns) {
      place[static_cast<size_t>(column)] = static_cast<int>(fields.size());
      fields.push_back({"", types[static_cast<size_t>(column)]});
    }
    THALWEG_ASSIGN(expr::Evaluator compiled, expr::Evaluator::Compile({expr::RemapInputs(condition, place)}));
    return Candidates(std::move(columns), types::Schema(std::move(fields)), std::move(compiled));
  }

  void Open(columns::BufferPool& pool) { values_.emplace(read_, pool); }

  /// `append(column, builder)`: the element's value of a column that comes out. False: judge before the next.
  template <typename Append>
  bool Add(const Element& element, const Append& append) {
    for (size_t i = 0; i < columns_.size(); ++i) append(columns_[i], values_->column(static_cast<int>(i)));
    values_->FinishRow();
    elements_.push_back(element);
    return !values_->full();
  }
  /// The elements so far are all that `row` of the batch at hand has.
  void EndRow(int32_t row) { ended_.push_back({row, elements_.size()}); }

  /// `take(element)` for each that the condition holds for, `none(row)` for each row that ended without one.
  template <typename Take, typename None>
  Status Judge(const expr::Context& world, const Take& take, const None& none) {
    const columns::Batch batch = values_->Take();
    selected_.resize(elements_.size());
    int32_t left = 0;
    if (!elements_.empty()) {
      THALWEG_ASSIGN(left, condition_.Select(batch, world, selected_.data()));
    }
    const int32_t* next = selected_.data();
    auto take_until = [&](size_t end) {
      for (; left > 0 && static_cast<size_t>(*next) < end; ++next, --left, found_ = true)
        take(elements_[static_cast<size_t>(*next)]);
    };
    for (const auto& [row, end] : ended_) {
      take_until(end);
      if (!found_) none(row);
      found_ = false;
    }
    take_until(elements_.size());
    elements_.clear();
    ended_.clear();
    return {};
  }

 private:
  struct Ended {
    int32_t row;
    size_t end;
  };

  Candidates(std::vector<int> columns, types::Schema read, expr::Evaluator condition)
      : columns_(std::move(columns)), read_(std::move(read)), condition_(std::move(condition)) {}

  std::vector<int> columns_;  // that the condition reads
  types::Schema read_;
  expr::Evaluator condition_;  // over those
  std::optional<columns::BatchBuilder> values_;
  std::vector<Element> elements_;
  std::vector<Ended> ended_;
  std::vector<int32_t> selected_;
  bool found_ = false;  // an element of the row that has not ended
};

class UnnestOperator final : public flow::Operator {
 public:
  UnnestOperator(graph::UnnestSpec spec, expr::Evaluator collection, std::optional<Candidates> candidates,
                 expr::Zone zone)
      : spec_(std::move(spec)),
        collection_(std::move(collection)),
        candidates_(std::move(candidates)),
        zone_(std::move(zone)),
        out_(UnnestedTypes(spec_)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    if (candidates_) candidates_->Open(context.pool());
    return out_.Open(context);
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (!out_.Drain(out)) return flow::Progress::kMore;
    if (rows.done()) return flow::Progress::kDone;  // what waited was the rest
    const int32_t from = rows.next();
    columns::Batch rest = columns::Slice(rows.batch(), from, rows.end() - from, out.pool());
    const expr::Context world{.pool = out.pool(),
                              .clock = &context_->clock(),
                              .zone = &zone_,
                              .random = &context_->random(),
                              .watermark = context_->current_watermark()};
    THALWEG_ASSIGN(columns::Column collection, collection_.Evaluate(rest, world));
    int32_t row = 0;
    for (; row < rest.rows() && out_.has_credit(); ++row) THALWEG_TRY(Unnest(rest, row, collection, world));
    if (candidates_) THALWEG_TRY(Judge(rest, collection, world));
    rows.AdvanceTo(from + row);
    const bool sent = out_.Flush();
    THALWEG_TRY(out_.status());
    return sent && rows.done() ? flow::Progress::kDone : flow::Progress::kMore;
  }

  Result<flow::Progress> OnIdleFlush(flow::Output& out) override { return Drained(out); }
  Result<flow::Progress> OnEnd(flow::EndKind, flow::Output& out) override { return Drained(out); }

  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    THALWEG_TRY(out_.Snapshot());
    return std::vector<std::string>{};
  }

 private:
  Result<flow::Progress> Drained(flow::Output& out) {
    return out_.Drain(out) && out_.Flush() ? flow::Progress::kDone : flow::Progress::kMore;
  }

  Status Unnest(const columns::Batch& batch, int32_t row, const columns::Column& collection,
                const expr::Context& world) {
    int32_t number = 0;
    if (collection.type.id() == TypeId::kBigInt) {
      const int64_t copies = collection.IsNull(row) ? 0 : collection.data<int64_t>()[row];
      for (int64_t copy = 0; copy < copies; ++copy) THALWEG_TRY(Give({row, 0, ++number}, batch, collection, world));
    } else if (!collection.IsNull(row)) {
      const auto* offsets = collection.offsets.data<int32_t>();
      for (int32_t at = offsets[row]; at < offsets[row + 1]; ++at) {
        // A MULTISET has each element as often as its count says.
        const int32_t times =
            collection.type.id() == TypeId::kMultiset ? collection.children[1].data<int32_t>()[at] : 1;
        for (int32_t copy = 0; copy < times; ++copy) THALWEG_TRY(Give({row, at, ++number}, batch, collection, world));
      }
    }
    if (candidates_)
      candidates_->EndRow(row);
    else if (number == 0 && spec_.outer)
      AppendNothing(batch, row);
    return {};
  }

  /// Columns of the input: a relation of none has one in its batches that nobody reads.
  int width() const { return spec_.input.size(); }

  Status Give(const Element& element, const columns::Batch& batch, const columns::Column& collection,
              const expr::Context& world) {
    if (!candidates_) {
      AppendElement(element, batch, collection);
      return {};
    }
    const bool room = candidates_->Add(
        element, [&](int column, columns::ColumnBuilder& to) { AppendValue(element, batch, collection, column, to); });
    return room ? Status() : Judge(batch, collection, world);
  }

  /// The candidates so far go out, if the condition holds.
  Status Judge(const columns::Batch& batch, const columns::Column& collection, const expr::Context& world) {
    return candidates_->Judge(
        world, [&](const Element& element) { AppendElement(element, batch, collection); },
        [&](int32_t row) { AppendNothing(batch, row); });
  }

  void AppendElement(const Element& element, const columns::Batch& batch, const columns::Column& collection) {
    columns::BatchBuilder& out = out_.row();
    for (int i = 0; i < out.num_columns(); ++i) AppendValue(element, batch, collection, i, out.column(i));
    out_.FinishRow(batch.kind(element.row));
  }

  /// `column` of those that come out.
  void AppendValue(const Element& element, const columns::Batch& batch, const columns::Column& collection, int column,
                   columns::ColumnBuilder& to) {
    if (column < width()) return to.AppendRows(batch.column(column), &element.row, 1);
    if (spec_.ordinality && column == out_.row().num_columns() - 1) return to.Append(element.number);
    const columns::Column& first = collection.children[0];
    const auto part = static_cast<size_t>(column - width());
    if (collection.type.id() == TypeId::kMap) return to.AppendRows(collection.children[part], &element.at, 1);
    if (first.type.id() != TypeId::kRow) return to.AppendRows(first, &element.at, 1);
    if (first.IsNull(element.at)) return to.AppendNull();
    to.AppendRows(first.children[part], &element.at, 1);
  }

  void AppendNothing(const columns::Batch& batch, int32_t row) {
    columns::BatchBuilder& out = out_.row();
    for (int i = 0; i < width(); ++i) out.column(i).AppendRows(batch.column(i), &row, 1);
    for (int i = width(); i < out.num_columns(); ++i) out.column(i).AppendNull();
    out_.FinishRow(batch.kind(row));
  }

  graph::UnnestSpec spec_;
  expr::Evaluator collection_;
  std::optional<Candidates> candidates_;  // where a condition says which elements a row has
  expr::Zone zone_;
  RowOutput out_;
  flow::Context* context_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeUnnest(const graph::Node& node) {
  THALWEG_ASSIGN(graph::UnnestSpec spec, graph::DecodeUnnest(node.payload));
  THALWEG_ASSIGN(expr::Evaluator collection, expr::Evaluator::Compile({spec.collection}));
  std::optional<Candidates> candidates;
  if (spec.condition) {
    THALWEG_ASSIGN(candidates, Candidates::Make(*spec.condition, UnnestedTypes(spec)));
  }
  expr::Zone zone;
  if (!spec.zone.empty()) {
    THALWEG_ASSIGN(zone, expr::Zone::Find(spec.zone));
  }
  return std::unique_ptr<flow::Operator>(
      std::make_unique<UnnestOperator>(std::move(spec), std::move(collection), std::move(candidates), std::move(zone)));
}

}  // namespace thalweg::operators
