// Graphs of plans: sinks of tables, and what stands in front of them.
#include <algorithm>

#include "expr/type_rules.h"
#include "graph/calc_spec.h"
#include "graph/changelog_spec.h"
#include "graph/constraint_spec.h"
#include "sql/keys.h"
#include "sql/to_graph_state.h"
#include "sql/upsert_keys.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using graph::ChangelogMode;
using graph::Partitioning;
using types::DataType;
using types::TypeId;

/// The primary key by its places among the physical columns, which come first in what a sink takes.
std::vector<int> PhysicalKey(const Table& table) {
  std::vector<int> key;
  for (int column : table.primary_key)
    key.push_back(static_cast<int>(
        std::count_if(table.columns.begin(), table.columns.begin() + column,
                      [](const TableColumn& before) { return before.kind == ColumnKind::kPhysical; })));
  return key;
}

std::string NamesOfKey(const PlanColumns& columns, const std::vector<int>& key) {
  std::vector<std::string> names;
  for (int column : key) names.push_back(columns[static_cast<size_t>(column)].name);
  return fmt::format("[{}]", fmt::join(names, ", "));
}

std::string FullName(const Table& table) {
  return fmt::format("{}.{}.{}", table.path.catalog, table.path.database, table.path.object);
}

/// Sources below that make no watermarks.
void SourcesWithoutWatermark(const Plan& plan, std::set<std::string>& names) {
  if (auto* scan = plan.As<ScanPlan>(); scan && !scan->table->watermark) names.insert(FullName(*scan->table));
  for (const PlanPtr& input : InputsOfPlan(plan)) SourcesWithoutWatermark(*input, names);
}

/// A sink that keeps no rows takes what it is asked for: inserts alone, where nothing else comes.
bool TakesUpserts(const graph::SinkTable& sink, Changes made) {
  return sink.keeps_no_rows ? made.any() : sink.accepts == ChangelogMode::kUpsert;
}

Status CheckConflictClause(const Plan& plan, const Table& table, const graph::SinkTable& sink, Changes made,
                           OnConflict on_conflict) {
  if (!TakesUpserts(sink, made))
    return UserError(
        "ON CONFLICT clause is only allowed for upsert sinks. The sink '{}' is not an upsert sink because {}.",
        FullName(table),
        sink.accepts == ChangelogMode::kRetract && !sink.keeps_no_rows
            ? "it requires UPDATE_BEFORE (retract mode)"
            : "it only accepts INSERT (append-only) changes");
  if (on_conflict == OnConflict::kDeduplicate) return {};
  std::set<std::string> without;
  SourcesWithoutWatermark(plan, without);
  if (without.empty()) return {};
  return UserError(
      "ON CONFLICT DO {} requires all source tables to define watermarks, but the following source(s) do not: {}. "
      "Please add "
      "a WATERMARK declaration to these tables.",
      on_conflict == OnConflict::kError ? "ERROR" : "NOTHING", fmt::join(without, ", "));
}

bool HasConstraint(const DataType& type, const graph::ConstraintSpec& spec) {
  if (!type.nullable()) return true;
  const bool text = type.id() == TypeId::kString || type.id() == TypeId::kBinary;
  if (text && type.precision() > 0 && spec.length != graph::ConstraintSpec::Length::kIgnore) return true;
  if (spec.nested == graph::ConstraintSpec::Nested::kIgnore) return false;
  return std::any_of(type.children().begin(), type.children().end(),
                     [&](const types::Field& field) { return HasConstraint(field.type, spec); });
}

}  // namespace

Status GraphMaker::State::AddTableSink(graph::SinkTable sink, const Table& table, Stream input, Changes changes,
                                       bool by_key) {
  graph::Node node = std::move(sink.node);
  node.role = graph::NodeRole::kSink;
  node.name = fmt::format("Sink: {}", table.path.object);
  const bool same = node.parallelism <= 0 || Effective(node.parallelism) == Effective(input.parallelism);
  const int32_t parallelism = same ? input.parallelism : node.parallelism;
  std::vector<int> key = sink.together;
  if (key.empty() && changes.any() && (by_key || !same)) key = PhysicalKey(table);
  if (changes.any() && !same && parallelism != 1 && key.empty())
    return UserError(
        "Table sink {} has 'sink.parallelism' = '{}' and its input a parallelism of {}: rows that change keep their "
        "order only by a "
        "PRIMARY KEY, and the table has none",
        table.path.ToString(), parallelism, Effective(input.parallelism));
  Input edge{input, Partitioning::kForward, {}, ModeOf(changes, sink.accepts == ChangelogMode::kRetract)};
  if (!key.empty() && parallelism != 1) edge.partitioning = Partitioning::kKeyed, edge.keys = std::move(key);
  Add(std::move(node), {{std::move(edge)}}, parallelism, &table);
  return {};
}

Status GraphMaker::State::AddLateSink(const AggregatePlan& aggregate, Stream from, Changes changes) {
  const Table& table = *aggregate.late->table;
  if (!late_sinks.emplace(from.node, aggregate.late->table.get()).second) return {};  // a view that is read twice
  THALWEG_ASSIGN(graph::SinkTable sink, SinkTableOf(table, {}));
  if (changes.any() && sink.accepts != ChangelogMode::kRetract && !sink.keeps_no_rows)
    return UserError("Table sink {} takes no changes as they are, and late rows of an input that changes are such",
                     table.path.ToString());
  for (const std::string& warning : sink.warnings) warnings.push_back(warning);
  graph::CalcSpec spec;
  spec.zone = options.zone == "UTC" ? "" : options.zone;
  std::vector<types::Field> fields;
  const std::vector<int> writable = table.Writable();
  for (size_t i = 0; i < writable.size(); ++i) {
    const TableColumn& column = table.columns[static_cast<size_t>(writable[i])];
    const int input = aggregate.late->inputs[i];
    spec.columns.push_back(input < 0 ? Expression::Literal(expr::Value::Null(column.type))
                                     : expr::Coerced(InputOf(*aggregate.input, input), column.type));
    fields.push_back({column.name, column.type});
  }
  graph::Node calc = NewNode("calc", "LateRows", Encode(spec), types::Schema(std::move(fields)));
  Plan written;
  for (const types::Field& field : calc.outputs[0].schema->fields())
    written.columns.push_back({field.name, field.type});
  Stream rows =
      Add(std::move(calc), {{Input{from, Partitioning::kForward, {}, ModeOf(changes, true), 1}}}, from.parallelism);
  rows = Constrained(written, table, rows, ModeOf(changes, true));
  THALWEG_TRY(AddTableSink(std::move(sink), table, rows, changes, changes.any()));
  return {};
}

Result<bool> GraphMaker::State::Materializes(const Plan& plan, const Table& table, const graph::SinkTable& sink,
                                             const SinkClauses& insert, Changes made) const {
  // Batch mode gives each row once: nothing to resolve, as in Flink.
  if (insert.on_conflict && !options.batch)
    THALWEG_TRY(CheckConflictClause(plan, table, sink, made, *insert.on_conflict));
  const config::UpsertMaterialize mode = options.sink.upsert_materialize;
  if (options.batch || mode == config::UpsertMaterialize::kNone || table.primary_key.empty() ||
      !TakesUpserts(sink, made))
    return false;
  if (mode == config::UpsertMaterialize::kForce) return true;
  if (!made.any() && insert.on_conflict == OnConflict::kDeduplicate) return false;
  const std::vector<std::vector<int>> keys = UpsertKeys(plan);
  std::vector<int> primary = PhysicalKey(table);
  if (std::any_of(keys.begin(), keys.end(), [&](const std::vector<int>& key) { return HoldsAll(primary, key); }))
    return false;
  if (!insert.on_conflict && options.sink.require_on_conflict)
    return UserError(
        "The query has an upsert key that differs from the primary key of the sink table '{}'. Primary key: {}, "
        "upsert key: "
        "{}. This can lead to non-deterministic results when multiple records with different upsert keys map to the "
        "same "
        "primary key. Please specify an ON CONFLICT clause to define how conflicts should be handled: ON CONFLICT DO "
        "DEDUPLICATE (update to the latest record, state intensive, since we need to keep the entire history), or ON "
        "CONFLICT DO ERROR (fail on conflict), or ON CONFLICT DO NOTHING (keep first record).",
        FullName(table), NamesOfKey(plan.columns, primary), keys.empty() ? "none" : NamesOfKey(plan.columns, keys[0]));
  if (insert.on_conflict && insert.on_conflict != OnConflict::kDeduplicate && made.any())
    return UserError("ON CONFLICT DO {} is supported only where the query gives rows and never changes them",
                     insert.on_conflict == OnConflict::kError ? "ERROR" : "NOTHING");
  return true;
}

GraphMaker::State::Stream GraphMaker::State::Materialized(const Plan& plan, const Table& table, Stream input,
                                                          const SinkClauses& insert, ChangelogMode mode) {
  graph::UpsertMaterializeSpec spec;
  spec.input = SchemaOf(plan.columns);
  spec.keys = PhysicalKey(table);
  if (std::vector<std::vector<int>> keys = UpsertKeys(plan); !keys.empty()) spec.upsert_key = std::move(keys[0]);
  spec.ttl_ms = options.state_ttl_ms;
  using Conflict = graph::UpsertMaterializeSpec::Conflict;
  if (insert.on_conflict == OnConflict::kNothing) spec.conflict = Conflict::kFirst;
  if (insert.on_conflict == OnConflict::kError) spec.conflict = Conflict::kError;
  graph::Node node = NewNode("upsert-materialize", "SinkMaterializer", Encode(spec), spec.input);
  node.keyed = true;
  Input edge = Keyed(input, spec.keys);
  edge.changelog = mode;
  return Add(std::move(node), {{edge}}, 0);
}

GraphMaker::State::Stream GraphMaker::State::Constrained(const Plan& plan, const Table& table, Stream input,
                                                         ChangelogMode mode) {
  graph::ConstraintSpec spec = options.sink.constraints;
  std::vector<types::Field> fields;
  for (const PlanColumn& column : plan.columns) {
    const int declared = table.Find(column.name);
    if (declared >= 0)
      for (std::vector<int> way : table.columns[static_cast<size_t>(declared)].fixed_lengths) {
        way.insert(way.begin(), static_cast<int>(fields.size()));
        spec.fixed_lengths.push_back(std::move(way));
      }
    fields.push_back({column.name, declared < 0 ? column.type : table.columns[static_cast<size_t>(declared)].type});
  }
  if (std::none_of(fields.begin(), fields.end(),
                   [&](const types::Field& field) { return HasConstraint(field.type, spec); }))
    return input;
  spec.input = types::Schema(std::move(fields));
  graph::Node node = NewNode("constraints", "ConstraintEnforcer", Encode(spec), SchemaOf(plan.columns));
  return Add(std::move(node), {{Input{input, Partitioning::kForward, {}, mode}}}, input.parallelism);
}

}  // namespace thalweg::sql
