#include "operators/unnest.h"

#include <utility>
#include <vector>

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
  for (const types::Field& field : spec.input.fields()) types.push_back(field.type);
  for (const types::DataType& type : graph::ElementTypes(spec.collection.type(), spec.outer)) types.push_back(type);
  if (spec.ordinality) types.push_back(types::DataType(TypeId::kInt, spec.outer));
  return types;
}

class UnnestOperator final : public flow::Operator {
 public:
  UnnestOperator(graph::UnnestSpec spec, expr::Evaluator collection, expr::Zone zone)
      : spec_(std::move(spec)),
        collection_(std::move(collection)),
        zone_(std::move(zone)),
        out_(UnnestedTypes(spec_)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
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
    for (; row < rest.rows() && out_.has_credit(); ++row) Unnest(rest, row, collection);
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

  void Unnest(const columns::Batch& batch, int32_t row, const columns::Column& collection) {
    int32_t number = 0;
    if (collection.type.id() == TypeId::kBigInt) {
      const int64_t copies = collection.IsNull(row) ? 0 : collection.data<int64_t>()[row];
      for (int64_t copy = 0; copy < copies; ++copy) AppendCopy(batch, row, ++number);
    } else if (!collection.IsNull(row)) {
      const auto* offsets = collection.offsets.data<int32_t>();
      for (int32_t at = offsets[row]; at < offsets[row + 1]; ++at) {
        // A MULTISET has each element as often as its count says.
        const int32_t times =
            collection.type.id() == TypeId::kMultiset ? collection.children[1].data<int32_t>()[at] : 1;
        for (int32_t copy = 0; copy < times; ++copy) AppendElement(batch, row, collection, at, ++number);
      }
    }
    if (number == 0 && spec_.outer) AppendNothing(batch, row);
  }

  /// Columns of the input: a relation of none has one in its batches that nobody reads.
  int width() const { return spec_.input.size(); }

  void AppendInput(const columns::Batch& batch, int32_t row) {
    for (int i = 0; i < width(); ++i) out_.column(i).AppendRows(batch.column(i), &row, 1);
  }

  void AppendCopy(const columns::Batch& batch, int32_t row, int32_t number) {
    AppendInput(batch, row);
    if (spec_.ordinality) out_.column(width()).Append(number);
    out_.FinishRow(batch.kind(row));
  }

  void AppendElement(const columns::Batch& batch, int32_t row, const columns::Column& collection, int32_t at,
                     int32_t number) {
    AppendInput(batch, row);
    int to = width();
    const columns::Column& first = collection.children[0];
    if (collection.type.id() == TypeId::kMap) {
      out_.column(to++).AppendRows(first, &at, 1);
      out_.column(to++).AppendRows(collection.children[1], &at, 1);
    } else if (first.type.id() == TypeId::kRow) {
      for (const columns::Column& field : first.children) {
        if (first.IsNull(at))
          out_.column(to++).AppendNull();
        else
          out_.column(to++).AppendRows(field, &at, 1);
      }
    } else {
      out_.column(to++).AppendRows(first, &at, 1);
    }
    if (spec_.ordinality) out_.column(to).Append(number);
    out_.FinishRow(batch.kind(row));
  }

  void AppendNothing(const columns::Batch& batch, int32_t row) {
    AppendInput(batch, row);
    for (int i = width(); i < out_.row().num_columns(); ++i) out_.column(i).AppendNull();
    out_.FinishRow(batch.kind(row));
  }

  graph::UnnestSpec spec_;
  expr::Evaluator collection_;
  expr::Zone zone_;
  RowOutput out_;
  flow::Context* context_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeUnnest(const graph::Node& node) {
  THALWEG_ASSIGN(graph::UnnestSpec spec, graph::DecodeUnnest(node.payload));
  THALWEG_ASSIGN(expr::Evaluator collection, expr::Evaluator::Compile({spec.collection}));
  expr::Zone zone;
  if (!spec.zone.empty()) {
    THALWEG_ASSIGN(zone, expr::Zone::Find(spec.zone));
  }
  return std::unique_ptr<flow::Operator>(
      std::make_unique<UnnestOperator>(std::move(spec), std::move(collection), std::move(zone)));
}

}  // namespace thalweg::operators
