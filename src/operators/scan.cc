#include "operators/scan.h"

#include <memory>
#include <utility>

#include "expr/evaluator.h"
#include "expr/expression_text.h"
#include "expr/zone.h"
#include "graph/scan_spec.h"
#include "time/eager_watermarks.h"

namespace thalweg::operators {
namespace {

using columns::Batch;
using columns::BufferPool;

/// The expressions of one reader.
struct ScanExpressions {
  expr::Zone zone;
  const time::Clock* clock = nullptr;
  std::optional<expr::Evaluator> columns;
  std::optional<expr::Evaluator> watermark;

  /// `names`: of the columns, in errors.
  static Result<std::shared_ptr<ScanExpressions>> Make(const graph::ScanSpec& spec,
                                                       const std::vector<std::string>& names,
                                                       const time::Clock& clock) {
    auto made = std::make_shared<ScanExpressions>();
    made->clock = &clock;
    if (!spec.zone.empty()) {
      THALWEG_ASSIGN(made->zone, expr::Zone::Find(spec.zone));
    }
    if (!spec.columns.empty()) {
      THALWEG_ASSIGN(made->columns, expr::Evaluator::Compile(spec.columns));
      made->columns->Name(names);
    }
    if (spec.watermark) {
      THALWEG_ASSIGN(made->watermark, expr::Evaluator::Compile({*spec.watermark}));
      made->watermark->Name({"WATERMARK"});
    }
    return made;
  }

  Result<Batch> Run(Batch batch, BufferPool& pool) {
    const expr::Context world{.pool = pool, .clock = clock, .zone = &zone};
    if (columns) {
      THALWEG_ASSIGN(std::vector<columns::Column> computed, columns->EvaluateAll(batch, world));
      Batch table(pool, batch.rows());
      for (columns::Column& column : computed) table.AddColumn(std::move(column));
      table.kinds() = std::move(batch.kinds());
      batch = std::move(table);
    }
    batch.times() = {};
    if (watermark) THALWEG_TRY(SetTimes(batch, world));
    return batch;
  }

  // The watermarks travel as the rows' times as far as the source's generator.
  Status SetTimes(Batch& batch, const expr::Context& world) {
    THALWEG_ASSIGN(columns::Column value, watermark->Evaluate(batch, world));
    columns::BufferRef times = world.pool.Allocate(sizeof(int64_t) * static_cast<size_t>(batch.rows()));
    for (int32_t row = 0; row < batch.rows(); ++row)
      times.mutable_data<int64_t>()[row] = value.IsNull(row) ? columns::kNoTime : value.data<int64_t>()[row];
    batch.times() = std::move(times);
    return {};
  }
};

/// What errors call the columns of a scan.
std::vector<std::string> NamesOf(const graph::Node& node, const graph::ScanSpec& spec) {
  std::vector<std::string> rows, names;
  for (const types::Field& field : node.outputs[0].schema->fields()) rows.push_back(field.name);
  for (const expr::Expression& column : spec.columns)
    names.push_back(column.may_fail() ? expr::ExpressionText(column, rows) : "");
  return names;
}

flow::SourcePipeline PipelineOf(const graph::ScanSpec& spec, const std::vector<std::string>& names,
                                const time::Clock& clock) {
  flow::SourcePipeline pipeline;
  pipeline.make_transform = [spec, names, &clock]() -> flow::SourceTransform {
    auto expressions =
        std::make_shared<Result<std::shared_ptr<ScanExpressions>>>(ScanExpressions::Make(spec, names, clock));
    return [expressions](Batch batch, BufferPool& pool, std::vector<columns::UnfitRow>&) -> Result<Batch> {
      THALWEG_TRY(expressions->status());
      return (**expressions)->Run(std::move(batch), pool);
    };
  };
  if (spec.watermark && spec.pace != graph::ScanSpec::Pace::kClock)
    pipeline.make_watermarks = [each = spec.pace == graph::ScanSpec::Pace::kEachRise] {
      return std::make_unique<time::EagerWatermarks>(each);
    };
  else if (spec.watermark)
    pipeline.make_watermarks = [] { return std::make_unique<time::GreatestTime>(); };
  pipeline.idle_timeout_ms = spec.idle_timeout_ms;
  if (!spec.alignment_group.empty())
    pipeline.alignment =
        flow::WatermarkAlignmentSpec{spec.alignment_group, spec.alignment_max_drift_ms, spec.alignment_interval_ms};
  return pipeline;
}

}  // namespace

Status AddScanPipelines(flow::Program& program, const time::Clock& clock) {
  for (const graph::Node& node : program.graph.nodes) {
    if (node.scan.empty() || program.functions.pipelines.contains(node.uid)) continue;
    THALWEG_ASSIGN(graph::ScanSpec spec, graph::DecodeScan(node.scan));
    if (spec.columns.empty() && !spec.watermark) continue;  // it says only what is read
    const std::vector<std::string> names = NamesOf(node, spec);
    THALWEG_TRY(ScanExpressions::Make(spec, names, clock).status().WithContext(node.name));
    program.functions.pipelines[node.uid] = PipelineOf(spec, names, clock);
  }
  return {};
}

}  // namespace thalweg::operators
