#include "operators/calc.h"

#include <optional>
#include <utility>
#include <vector>

#include "columns/gather.h"
#include "expr/evaluator.h"
#include "expr/zone.h"
#include "graph/calc_spec.h"

namespace thalweg::operators {
namespace {

class CalcOperator final : public flow::Operator {
 public:
  CalcOperator(std::optional<expr::Evaluator> condition, expr::Evaluator columns, graph::CalcSpec spec, expr::Zone zone)
      : condition_(std::move(condition)),
        columns_(std::move(columns)),
        spec_(std::move(spec)),
        zone_(std::move(zone)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    const int32_t from = rows.next();
    columns::Batch batch =
        from == 0 ? rows.TakeAll() : columns::Slice(rows.batch(), from, rows.end() - from, out.pool());
    const expr::Context world = World(out.pool());
    THALWEG_ASSIGN(columns::Batch computed, condition_ ? Filtered(batch, world) : Compute(batch, world));
    if (computed.rows() > 0) out.Emit(std::move(computed));
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }

 private:
  expr::Context World(columns::BufferPool& pool) {
    return {.pool = pool,
            .clock = spec_.query_start_ms == 0 ? &context_->clock() : nullptr,
            .query_start_ms = spec_.query_start_ms,
            .zone = &zone_,
            .random = &context_->random(),
            .watermark = context_->current_watermark()};
  }

  // Only the columns that are computed with are taken apart.
  Result<columns::Batch> Filtered(columns::Batch& batch, const expr::Context& world) {
    selected_.resize(static_cast<size_t>(batch.rows()));
    THALWEG_ASSIGN(const int32_t n, condition_->Select(batch, world, selected_.data()));
    if (n == 0) return columns::Batch();
    if (n == batch.rows()) return Compute(batch, world);
    THALWEG_ASSIGN(std::vector<columns::Column> computed, columns_.EvaluateSelected(batch, selected_.data(), n, world));
    columns::Batch out(world.pool, n);
    for (columns::Column& column : computed) out.AddColumn(std::move(column));
    if (batch.kinds()) {
      out.kinds() = world.pool.Allocate(static_cast<size_t>(n));
      for (int32_t i = 0; i < n; ++i)
        out.kinds().mutable_data<uint8_t>()[i] = batch.kinds().data<uint8_t>()[selected_[static_cast<size_t>(i)]];
    }
    return out;
  }

  Result<columns::Batch> Compute(columns::Batch& batch, const expr::Context& world) {
    THALWEG_ASSIGN(std::vector<columns::Column> computed, columns_.EvaluateAll(batch, world));
    columns::Batch out(world.pool, batch.rows());
    for (columns::Column& column : computed) out.AddColumn(std::move(column));
    out.kinds() = std::move(batch.kinds());
    return out;
  }

  std::optional<expr::Evaluator> condition_;
  expr::Evaluator columns_;
  graph::CalcSpec spec_;
  expr::Zone zone_;
  flow::Context* context_ = nullptr;
  std::vector<int32_t> selected_;
};

std::string TextOption(const graph::Node& node, const std::string& key) {
  auto found = node.options.find(key);
  return found == node.options.end() ? "" : found->second;
}

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeCalc(const graph::Node& node) {
  THALWEG_ASSIGN(graph::CalcSpec spec, graph::DecodeCalc(node.payload));
  std::optional<expr::Evaluator> condition;
  if (spec.condition) {
    THALWEG_ASSIGN(condition, expr::Evaluator::Compile({*spec.condition}));
    condition->Name({TextOption(node, graph::kConditionText)});
  }
  THALWEG_ASSIGN(expr::Evaluator columns, expr::Evaluator::Compile(spec.columns));
  std::vector<std::string> names;
  for (size_t i = 0; i < spec.columns.size(); ++i)
    names.push_back(TextOption(node, graph::kColumnText + std::to_string(i)));
  columns.Name(std::move(names));
  expr::Zone zone;
  if (!spec.zone.empty()) {
    THALWEG_ASSIGN(zone, expr::Zone::Find(spec.zone));
  }
  return std::unique_ptr<flow::Operator>(
      std::make_unique<CalcOperator>(std::move(condition), std::move(columns), std::move(spec), std::move(zone)));
}

}  // namespace thalweg::operators
