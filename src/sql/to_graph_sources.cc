// Graphs of plans: what connectors say of tables, scans, values.
#include <algorithm>

#include "columns/batch_codec.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "graph/scan_spec.h"
#include "graph/values_spec.h"
#include "sql/option_place.h"
#include "sql/syntax_error.h"
#include "sql/to_graph_state.h"
#include "sql/watermark_options.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using graph::ChangelogMode;
using types::DataType;

constexpr const char* kConnector = "connector";

Status CheckBatchSource(const Table& table, const graph::SourceTable& source) {
  if (!source.bounded)
    return UserError("Querying an unbounded table {} in batch mode is not allowed. The table source is unbounded.",
                     table.path.ToString());
  if (source.changelog != ChangelogMode::kAppend)
    return UserError(
        "Querying a table in batch mode is only possible for INSERT-only table sources, but {} gives updates",
        table.path.ToString());
  return {};
}

}  // namespace

Result<const graph::TableConnector*> GraphMaker::State::ConnectorOf(const Table& table) {
  auto connector = table.options.find(kConnector);
  if (connector == table.options.end())
    return AtOption(table, {},
                    UserError("Table {} has no connector: WITH ('connector' = '...') names one of {}",
                              table.path.ToString(), fmt::join(options.connectors->Names(), ", ")));
  auto found = options.connectors->Find(connector->second);
  if (found.ok()) return found;
  auto place = table.option_places.find(kConnector);
  const Status unknown = found.status().WithContext(fmt::format("Table {}", table.path.ToString()));
  return place == table.option_places.end() ? unknown : RenderAt(place->second, unknown.message());
}

Result<graph::SourceTable> GraphMaker::State::SourceTableOf(const Table& table,
                                                            const std::map<std::string, std::string>& hints) {
  THALWEG_ASSIGN(const graph::TableConnector* connector, ConnectorOf(table));
  auto source = connector->Source(DescribeTable(table, hints));
  if (!source.ok()) return AtOption(table, hints, source.status());
  return source;
}

Result<graph::SinkTable> GraphMaker::State::SinkTableOf(const Table& table,
                                                        const std::map<std::string, std::string>& hints) {
  THALWEG_ASSIGN(const graph::TableConnector* connector, ConnectorOf(table));
  auto sink = connector->Sink(DescribeTable(table, hints));
  if (!sink.ok()) return AtOption(table, hints, sink.status());
  return sink;
}

Result<const graph::SourceTable*> GraphMaker::State::SourceOf(const Plan& plan, const ScanPlan& scan) {
  auto found = sources.find(&plan);
  if (found == sources.end()) {
    THALWEG_ASSIGN(graph::SourceTable source, SourceTableOf(*scan.table, scan.hints));
    for (const std::string& warning : source.warnings) warnings.push_back(warning);
    if (options.batch) THALWEG_TRY(CheckBatchSource(*scan.table, source));
    found = sources.emplace(&plan, std::move(source)).first;
  }
  return &found->second;
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const ScanPlan& scan, bool before) {
  THALWEG_ASSIGN(const graph::SourceTable* source, SourceOf(plan, scan));
  THALWEG_ASSIGN(Stream stream, RowsOf(plan, scan));
  if (Normalizes(*source)) return Normalized(stream, plan, scan.table->primary_key, before);
  if (source->changelog == ChangelogMode::kRetract && !before)
    return WithoutUpdateBefore(stream, SchemaOf(plan.columns));
  return stream;
}

bool GraphMaker::State::Normalizes(const graph::SourceTable& source) const {
  return source.changelog == ChangelogMode::kUpsert ||
         (options.source_repeats && source.changelog == ChangelogMode::kRetract);
}

Result<GraphMaker::State::Stream> GraphMaker::State::RowsOf(const Plan& plan, const ScanPlan& scan) {
  THALWEG_ASSIGN(const graph::SourceTable* source, SourceOf(plan, scan));
  if (Normalizes(*source) && scan.table->primary_key.empty())
    return UserError("Table {} {}: it needs a PRIMARY KEY", scan.table->path.ToString(),
                     source->changelog == ChangelogMode::kUpsert
                         ? "is an upsert table"
                         : "may say a change twice (table.exec.source.cdc-events-duplicate)");
  graph::Node node = source->node;
  node.role = graph::NodeRole::kSource;
  node.name = fmt::format("Source: {}", scan.table->path.object);
  const types::Schema given = *node.outputs[0].schema;
  graph::ScanSpec spec;
  spec.zone = options.zone;
  spec.idle_timeout_ms = options.idle_timeout_ms;
  // The connector's rows: physical, then metadata columns. Computed ones are over the table's columns as declared.
  std::vector<Expression> declared(scan.table->columns.size());
  int physical = 0, metadata = 0;
  for (const TableColumn& column : scan.table->columns) physical += column.kind == ColumnKind::kPhysical;
  for (size_t i = 0, p = 0; i < declared.size(); ++i) {
    const TableColumn& column = scan.table->columns[i];
    if (column.kind == ColumnKind::kComputed) continue;
    const int from = column.kind == ColumnKind::kPhysical ? static_cast<int>(p++) : physical + metadata++;
    declared[i] = Expression::Input(from, given.field(from).type);
    if (!expr::SameType(declared[i].type(), column.type)) {
      THALWEG_ASSIGN(declared[i], expr::Cast(declared[i], column.type));
    }
  }
  bool plain = true;
  for (size_t i = 0; i < declared.size(); ++i) {
    const TableColumn& column = scan.table->columns[i];
    const Expression value = column.computed ? expr::ReplaceInputs(*column.computed, declared) : declared[i];
    plain = plain && value.kind() == Expression::Kind::kInput && value.input() == static_cast<int>(i);
    spec.columns.push_back(value);
  }
  if (plain && given.size() == static_cast<int>(declared.size())) spec.columns.clear();
  THALWEG_TRY(AtOption(*scan.table, scan.hints, ReadWatermarkOptions(*scan.table, scan.hints, spec, warnings)));
  // In batch mode nothing is late: time passes once, at the end.
  if (scan.table->watermark && !options.batch) {
    spec.watermark = scan.table->watermark->expression;
    if (source->eager_watermarks) spec.pace = graph::ScanSpec::Pace::kLateRows;
  }
  for (const std::string& partition : scan.table->partitioned_by)
    if (const int place = given.Find(partition); place >= 0) spec.partition_columns.push_back(place);
  if (spec.watermark || !spec.columns.empty() || !spec.partition_columns.empty()) node.scan = graph::Encode(spec);
  Stream stream = AddShared(std::move(node), {}, source->node.parallelism, scan.table.get());
  source_nodes[scan.table.get()].insert(stream.node);
  // What an update takes back is in the state of the normalization; a -U by itself would be a deletion.
  const bool repeats = source->changelog == ChangelogMode::kRetract && Normalizes(*source);
  return repeats ? WithoutUpdateBefore(stream, SchemaOf(plan.columns)) : stream;
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const ValuesPlan& values, bool) {
  graph::Node node = NewNode("values", "Values", "", SchemaOf(plan.columns));
  node.role = graph::NodeRole::kSource;
  columns::BufferPool pool;
  const types::Schema schema = SchemaOf(plan.columns);
  std::vector<DataType> types;
  for (const types::Field& field : schema.fields()) types.push_back(field.type);
  graph::ValuesSpec spec;
  for (size_t from = 0; from < values.rows.size(); from += columns::kBatchRows) {
    columns::BatchBuilder builder(schema, pool);
    for (size_t row = from; row < std::min(values.rows.size(), from + columns::kBatchRows); ++row) {
      for (size_t i = 0; i < values.rows[row].size(); ++i)
        values.rows[row][i].AppendTo(builder.column(static_cast<int>(i)));
      builder.FinishRow();
    }
    ByteWriter batch;
    THALWEG_TRY(columns::BatchCodec(types).Encode(builder.Take(), batch));
    spec.batches.push_back(batch.Take());
  }
  node.payload = graph::Encode(spec);
  return AddShared(std::move(node), {}, 1);
}

}  // namespace thalweg::sql
