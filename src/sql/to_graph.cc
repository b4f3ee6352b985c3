#include "sql/to_graph.h"
#include "sql/watermark_options.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/hash.h"
#include "columns/batch_codec.h"
#include "columns/key_encoder.h"
#include "expr/aggregates.h"
#include "expr/evaluator.h"
#include "expr/expression_text.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "graph/aggregate_spec.h"
#include "graph/calc_spec.h"
#include "graph/changelog_spec.h"
#include "graph/constraint_spec.h"
#include "graph/join_spec.h"
#include "graph/match_spec.h"
#include "graph/rank_spec.h"
#include "graph/scan_spec.h"
#include "graph/sorted_over_spec.h"
#include "graph/unnest_spec.h"
#include "graph/values_spec.h"
#include "sql/binder.h"
#include "sql/changelog_mode.h"
#include "sql/keys.h"
#include "sql/option_place.h"
#include "sql/scan_reads.h"
#include "sql/time_bounds.h"
#include "sql/update_before.h"
#include "sql/upsert_keys.h"
#include "sql/window_best.h"
#include "types/type_codec.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using graph::ChangelogMode;
using graph::Partitioning;
using types::DataType;
using types::TypeId;

constexpr const char* kConnector = "connector";

types::Schema SchemaOf(const PlanColumns& columns) {
  std::vector<types::Field> fields;
  for (const PlanColumn& column : columns) fields.push_back({column.name, column.type});
  return types::Schema(std::move(fields));
}

/// The primary key by its places among the physical columns, which come first in what a sink takes.
std::vector<int> PhysicalKey(const Table& table) {
  std::vector<int> key;
  for (int column : table.primary_key)
    key.push_back(static_cast<int>(
        std::count_if(table.columns.begin(), table.columns.begin() + column,
                      [](const TableColumn& before) { return before.kind == ColumnKind::kPhysical; })));
  return key;
}

}  // namespace

struct GraphMaker::State : ScannedTables {
  explicit State(PhysicalOptions given) : options(std::move(given)) {}

  /// Where rows come from.
  struct Stream {
    uint32_t node = 0;
    int32_t parallelism = 0;
  };

  PhysicalOptions options;
  graph::JobGraph graph;
  std::vector<std::string> warnings;
  std::vector<PlanPtr> plans;  // kept: what is known of a plan is known by its address
  ChangelogModes modes{*this, options.batch};
  UpdateBefore update_before{modes};
  std::map<const Plan*, graph::SourceTable> sources;
  std::map<std::pair<const Plan*, bool>, Stream> built;
  std::set<std::string> uids;
  std::set<std::pair<uint32_t, const Table*>> late_sinks;  // of a node's late rows
  std::map<std::string, Stream> known;                     // by all that a node is, its inputs included

  // --- Tables.

  Result<const graph::TableConnector*> ConnectorOf(const Table& table) {
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
  /// The table as its connector reads it, or as it writes it.
  Result<graph::SourceTable> SourceTableOf(const Table& table, const std::map<std::string, std::string>& hints) {
    THALWEG_ASSIGN(const graph::TableConnector* connector, ConnectorOf(table));
    auto source = connector->Source(DescribeTable(table, hints));
    if (!source.ok()) return AtOption(table, hints, source.status());
    return source;
  }
  Result<graph::SinkTable> SinkTableOf(const Table& table, const std::map<std::string, std::string>& hints) {
    THALWEG_ASSIGN(const graph::TableConnector* connector, ConnectorOf(table));
    auto sink = connector->Sink(DescribeTable(table, hints));
    if (!sink.ok()) return AtOption(table, hints, sink.status());
    return sink;
  }

  Result<const graph::SourceTable*> SourceOf(const Plan& plan, const ScanPlan& scan) override {
    auto found = sources.find(&plan);
    if (found == sources.end()) {
      THALWEG_ASSIGN(graph::SourceTable source, SourceTableOf(*scan.table, scan.hints));
      for (const std::string& warning : source.warnings) warnings.push_back(warning);
      if (options.batch) THALWEG_TRY(CheckBatchSource(*scan.table, source));
      found = sources.emplace(&plan, std::move(source)).first;
    }
    return &found->second;
  }

  static Status CheckBatchSource(const Table& table, const graph::SourceTable& source) {
    if (!source.bounded)
      return UserError("Querying an unbounded table {} in batch mode is not allowed. The table source is unbounded.",
                       table.path.ToString());
    if (source.changelog != ChangelogMode::kAppend)
      return UserError(
          "Querying a table in batch mode is only possible for INSERT-only table sources, but {} gives updates",
          table.path.ToString());
    return {};
  }

  // --- Nodes.

  graph::Node NewNode(std::string kind, std::string name, std::string payload, const types::Schema& output) {
    graph::Node node;
    node.kind = std::move(kind);
    node.name = std::move(name);
    node.payload = std::move(payload);
    node.outputs.push_back({"", std::make_shared<const types::Schema>(output), "", ""});
    return node;
  }

  struct Input {
    Stream from;
    Partitioning partitioning = Partitioning::kForward;
    std::vector<int> keys;
    ChangelogMode changelog = ChangelogMode::kAppend;
    int32_t port = 0;
  };

  /// What two nodes have in common that give the same rows.
  std::string IdentityOf(const graph::Node& node, const std::vector<std::vector<Input>>& inputs,
                         int32_t parallelism) const {
    std::string identity = fmt::format("{}/{}/{}/{}/{}", node.kind, parallelism, node.payload, node.scan, node.keyed);
    for (const auto& [key, value] : node.options) identity += "/" + key + "=" + value;
    for (const graph::OutputPort& port : node.outputs)
      identity += "/" + (port.schema ? types::EncodeSchema(*port.schema) : port.name);
    for (const auto& group : inputs) {
      identity += "/in";
      for (const Input& input : group)
        identity += fmt::format("/{} {} {} {} {}", input.from.node, input.port, static_cast<int>(input.partitioning),
                                fmt::join(input.keys, ","), static_cast<int>(input.changelog));
    }
    return identity;
  }

  /// A node whose like is there already is that one: equal parts of queries are computed once.
  Stream AddShared(graph::Node node, const std::vector<std::vector<Input>>& inputs, int32_t parallelism,
                   const Table* table = nullptr) {
    std::string identity = IdentityOf(node, inputs, parallelism);
    if (auto found = known.find(identity); found != known.end()) return found->second;
    const Stream stream = Add(std::move(node), inputs, parallelism, table);
    known.emplace(std::move(identity), stream);
    return stream;
  }

  /// The hash of what decides on a node's state.
  std::string UidOf(const graph::Node& node, const std::vector<std::vector<Input>>& inputs, const Table* table) const {
    std::string identity = node.kind + "/" + node.payload;
    if (table) identity += "/" + table->path.ToString();
    if (!table)
      for (const auto& [key, value] : node.options)
        if (!graph::IsMiniBatchOption(key)) identity += "/" + key + "=" + value;
    for (const auto& group : inputs)
      for (const Input& input : group) identity += "/" + graph.nodes[input.from.node - 1].uid;
    return fmt::format("{}-{:016x}", node.kind, Hash64(identity));
  }

  /// `table`: what the node reads or writes. Its state is found again by the table's name: options may be others in the next run
  /// (a path, a topic, a host).
  Stream Add(graph::Node node, const std::vector<std::vector<Input>>& inputs, int32_t parallelism,
             const Table* table = nullptr) {
    if (node.uid.empty()) node.uid = UidOf(node, inputs, table);
    const std::string uid = node.uid;
    for (int copy = 2; !uids.insert(node.uid).second; ++copy) node.uid = fmt::format("{}-{}", uid, copy);
    node.uid_is_generated = true;
    node.id = static_cast<uint32_t>(graph.nodes.size() + 1);
    node.inputs = static_cast<int32_t>(inputs.size());
    node.parallelism = parallelism;
    for (size_t i = 0; i < inputs.size(); ++i)
      for (const Input& input : inputs[i]) {
        graph::Edge edge;
        edge.from = input.from.node;
        edge.from_port = input.port;
        edge.to = node.id;
        edge.to_input = static_cast<int32_t>(i);
        edge.partitioning = input.partitioning;
        edge.changelog = input.changelog;
        if (edge.partitioning == Partitioning::kForward && input.from.parallelism != parallelism) {
          // Changes of a row must not overtake each other: they go round only where nothing changes.
          const bool scatters = parallelism != 1 && edge.changelog == ChangelogMode::kAppend;
          edge.partitioning = scatters ? Partitioning::kRebalance : Partitioning::kGlobal;
        }
        if (edge.partitioning == Partitioning::kKeyed) edge.key_columns.assign(input.keys.begin(), input.keys.end());
        graph.edges.push_back(std::move(edge));
      }
    const Stream stream{node.id, parallelism};
    graph.nodes.push_back(std::move(node));
    return stream;
  }

  /// Rows of one key together; without a key all in one subtask.
  Input Keyed(Stream from, std::vector<int> keys) {
    if (keys.empty()) return {from, Partitioning::kGlobal};
    return {from, Partitioning::kKeyed, std::move(keys)};
  }
  static int32_t ParallelismOf(const std::vector<int>& keys) { return keys.empty() ? 1 : 0; }

  /// Of rows that update by `keys`: as whole changelog, with -U if `before`.
  Stream Normalized(Stream stream, const Plan& plan, const std::vector<int>& keys, bool before,
                    std::optional<Expression> condition = std::nullopt) {
    graph::ChangelogNormalizeSpec spec;
    spec.condition = std::move(condition);
    spec.input = SchemaOf(plan.columns);
    spec.keys = keys;
    spec.generate_update_before = before;
    spec.ttl_ms = options.state_ttl_ms;
    graph::Node node = NewNode("changelog-normalize", "ChangelogNormalize", Encode(spec), spec.input);
    node.keyed = true;
    Input input = Keyed(stream, spec.keys);
    input.changelog = ChangelogMode::kUpsert;
    return AddShared(std::move(node), {{input}}, 0);
  }

  /// Of rows with all kinds of changes, for a reader that wants no -U.
  Stream WithoutUpdateBefore(Stream stream, const types::Schema& schema) {
    graph::Node node =
        NewNode("drop-update-before", "DropUpdateBefore", Encode(graph::DropUpdateBeforeSpec{schema}), schema);
    return AddShared(std::move(node), {{Input{stream, Partitioning::kForward, {}, ChangelogMode::kRetract}}},
                     stream.parallelism);
  }

  // --- Plans.

  /// `before`: whether -U is wanted in front of +U.
  Result<Stream> Build(const PlanPtr& plan, bool before) {
    THALWEG_ASSIGN(Changes made, modes.ChangesOf(*plan));
    if (!made.updates) before = options.batch;  // what settles the rows takes them back
    auto [at, fresh] = built.try_emplace({plan.get(), before});
    if (!fresh) return at->second;
    THALWEG_ASSIGN(Stream stream, std::visit([&](const auto& node) { return Make(*plan, node, before); }, plan->node));
    if (options.batch) {
      THALWEG_ASSIGN(Changes changes, modes.Produced(*plan, Changes{}));
      if (changes.any()) {
        THALWEG_ASSIGN(stream, Settled(*plan, stream));
      }
    }
    built[{plan.get(), before}] = stream;
    return stream;
  }

  /// What aggregates say of no rows: they count 0, collect nothing, and know nothing else.
  static Result<std::string> RowOfNothing(const AggregatePlan& aggregate) {
    std::string bytes;
    for (const graph::AggregateCall& call : aggregate.calls) {
      if (call.function == "COLLECT" || call.function.starts_with("JSON_")) {
        columns::BufferPool pool;
        columns::ColumnBuilder empty(call.type, pool, 1);
        if (call.function == "COLLECT")
          empty.CloseRow();
        else
          empty.AppendString(call.function.starts_with("JSON_ARRAYAGG") ? "[]" : "{}");
        columns::AppendCellKey(empty.Take(), 0, bytes);
        continue;
      }
      expr::Value value = expr::Value::Null(call.type);
      if (call.function == "COUNT" || call.function == "$SUM0") {
        THALWEG_ASSIGN(const Expression zero, expr::Cast(Expression::Literal(expr::Value::Int(0)), call.type));
        columns::BufferPool pool;
        THALWEG_ASSIGN(value, expr::EvaluateConstant(zero, {.pool = pool}));
      }
      columns::AppendCellKey(value.column(), 0, bytes);
    }
    return bytes;
  }

  /// A calc that gives its input's columns other names.
  static bool OnlyNames(const CalcPlan& calc) {
    if (calc.condition || calc.columns.size() != calc.input->columns.size()) return false;
    for (size_t i = 0; i < calc.columns.size(); ++i) {
      const Expression& column = calc.columns[i];
      if (column.kind() != Expression::Kind::kInput || column.input() != static_cast<int>(i)) return false;
      if (!(column.type() == calc.input->columns[i].type)) return false;
    }
    return true;
  }

  /// What is left of the changes at the end, as +I.
  Result<Stream> Settled(const Plan& plan, Stream changing) {
    graph::SortSpec spec;
    spec.input = SchemaOf(plan.columns);
    if (auto* aggregate = plan.As<AggregatePlan>(); aggregate && aggregate->keys.empty()) {
      THALWEG_ASSIGN(spec.if_empty, RowOfNothing(*aggregate));
    }
    graph::Node node = NewNode("sort", "FinalRows", Encode(spec), spec.input);
    node.keyed = true;
    return AddShared(std::move(node), {{Input{changing, Partitioning::kGlobal, {}, ChangelogMode::kRetract}}}, 1);
  }

  Result<Stream> Make(const Plan& plan, const ScanPlan& scan, bool before) {
    THALWEG_ASSIGN(const graph::SourceTable* source, SourceOf(plan, scan));
    THALWEG_ASSIGN(Stream stream, RowsOf(plan, scan));
    if (Normalizes(*source)) return Normalized(stream, plan, scan.table->primary_key, before);
    if (source->changelog == ChangelogMode::kRetract && !before)
      return WithoutUpdateBefore(stream, SchemaOf(plan.columns));
    return stream;
  }

  /// Whether rows are made a whole changelog: they update by key, or may say a change twice.
  bool Normalizes(const graph::SourceTable& source) const {
    return source.changelog == ChangelogMode::kUpsert ||
           (options.source_repeats && source.changelog == ChangelogMode::kRetract);
  }

  /// The rows of a table as its connector gives them.
  Result<Stream> RowsOf(const Plan& plan, const ScanPlan& scan) {
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
    if (scan.table->watermark && !options.batch) spec.watermark = scan.table->watermark->expression;
    for (const std::string& partition : scan.table->partitioned_by)
      if (const int place = given.Find(partition); place >= 0) spec.partition_columns.push_back(place);
    if (spec.watermark || !spec.columns.empty() || !spec.partition_columns.empty()) node.scan = graph::Encode(spec);
    Stream stream = AddShared(std::move(node), {}, source->node.parallelism, scan.table.get());
    // What an update takes back is in the state of the normalization; a -U by itself would be a deletion.
    const bool repeats = source->changelog == ChangelogMode::kRetract && Normalizes(*source);
    return repeats ? WithoutUpdateBefore(stream, SchemaOf(plan.columns)) : stream;
  }

  /// A filter on an upsert table. What it asks of the key need not be kept; for the rest a row that does not pass is none, and not an
  /// update that was lost.
  Result<Stream> FilteredUpserts(const Plan& plan, const CalcPlan& calc, const ScanPlan& scan, bool before) {
    std::vector<Expression> conjuncts, of_key, others;
    SplitConjuncts(*calc.condition, conjuncts);
    for (const Expression& e : conjuncts)
      (HoldsAll(scan.table->primary_key, expr::InputsOf(e)) ? of_key : others).push_back(e);
    THALWEG_ASSIGN(Stream rows, RowsOf(*calc.input, scan));
    if (!of_key.empty()) {
      const CalcPlan filter{calc.input, JoinConjuncts(of_key), InputsOfAll(*calc.input)};
      rows = AddCalc(filter, SchemaOf(calc.input->columns), rows, ChangelogMode::kUpsert);
    }
    const Stream changes = Normalized(rows, *calc.input, scan.table->primary_key, before, JoinConjuncts(others));
    return AddCalc({calc.input, std::nullopt, calc.columns}, SchemaOf(plan.columns), changes,
                   ModeOf({true, true}, before));
  }

  Result<Stream> Make(const Plan& plan, const ValuesPlan& values, bool) {
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

  Result<Stream> Make(const Plan& plan, const CalcPlan& calc, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*calc.input));
    // The condition of a normalization knows no time zone.
    if (auto* scan = calc.input->As<ScanPlan>();
        scan && calc.condition && calc.condition->deterministic() && options.zone == "UTC") {
      THALWEG_ASSIGN(const graph::SourceTable* source, SourceOf(*calc.input, *scan));
      if (Normalizes(*source)) return FilteredUpserts(plan, calc, *scan, before);
    }
    THALWEG_ASSIGN(before, update_before.OfInput(plan, before));
    THALWEG_ASSIGN(Stream input, Build(calc.input, before));
    if (OnlyNames(calc)) return input;
    return AddCalc(calc, SchemaOf(plan.columns), input, ModeOf(below, before));
  }

  Stream AddCalc(const CalcPlan& calc, const types::Schema& output, Stream input, ChangelogMode changelog) {
    graph::CalcSpec spec;
    spec.condition = calc.condition;
    spec.columns = calc.columns;
    spec.zone = options.zone == "UTC" ? "" : options.zone;
    spec.query_start_ms = options.query_start_ms;
    graph::Node node = NewNode("calc", "Calc", Encode(spec), output);
    const std::vector<std::vector<Input>> inputs{{Input{input, Partitioning::kForward, {}, changelog}}};
    // Two calls of RAND() are two.
    const bool shared =
        std::all_of(calc.columns.begin(), calc.columns.end(), [](const Expression& e) { return e.deterministic(); }) &&
        (!calc.condition || calc.condition->deterministic());
    const Stream stream = shared ? AddShared(std::move(node), inputs, input.parallelism)
                                 : Add(std::move(node), inputs, input.parallelism);
    NameExpressions(calc, graph.nodes[stream.node - 1]);
    return stream;
  }
  /// Behind all that the node's uid comes from: names in errors are no part of what a node is.
  static void NameExpressions(const CalcPlan& calc, graph::Node& node) {
    std::vector<std::string> columns;
    for (const PlanColumn& column : calc.input->columns) columns.push_back(column.name);
    if (calc.condition && calc.condition->may_fail())
      node.options[graph::kConditionText] = expr::ExpressionText(*calc.condition, columns);
    for (size_t i = 0; i < calc.columns.size(); ++i)
      if (calc.columns[i].may_fail())
        node.options[graph::kColumnText + std::to_string(i)] = expr::ExpressionText(calc.columns[i], columns);
  }

  int32_t Effective(int32_t parallelism) const { return parallelism > 0 ? parallelism : options.parallelism; }

  /// A sink of `table` for rows that have its columns already. `by_key`: rows of a key of the table are not in one subtask yet.
  Status AddTableSink(graph::SinkTable sink, const Table& table, Stream input, Changes changes, bool by_key) {
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

  Status AddLateSink(const AggregatePlan& aggregate, Stream from, Changes changes) {
    const Table& table = *aggregate.late->table;
    if (!late_sinks.emplace(from.node, aggregate.late->table.get()).second) return {};  // a view that is read twice
    THALWEG_ASSIGN(graph::SinkTable sink, SinkTableOf(table, {}));
    if (changes.any() && sink.accepts != ChangelogMode::kRetract)
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

  Result<Stream> Make(const Plan& plan, const AggregatePlan& aggregate, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*aggregate.input));
    THALWEG_ASSIGN(Stream input, Build(aggregate.input, true));
    Input edge = Keyed(input, aggregate.keys);
    edge.changelog = ModeOf(below, true);
    if (aggregate.window) {
      graph::WindowAggregateSpec spec;
      spec.input = SchemaOf(aggregate.input->columns);
      spec.keys = aggregate.keys;
      spec.calls = aggregate.calls;
      spec.window = *aggregate.window;
      spec.properties = aggregate.properties;
      spec.input_changes = below.any();
      graph::Node node = NewNode("window-aggregate", "WindowAggregate", Encode(spec), SchemaOf(plan.columns));
      node.keyed = true;
      // The operator sends late rows to its second port if it has one.
      if (aggregate.late)
        node.outputs.push_back(
            {"late", std::make_shared<const types::Schema>(SchemaOf(aggregate.input->columns)), "", ""});
      const Stream stream = AddShared(std::move(node), {{edge}}, ParallelismOf(aggregate.keys));
      if (aggregate.late) THALWEG_TRY(AddLateSink(aggregate, stream, below));
      return stream;
    }
    if (aggregate.late)
      return UserError(
          "LATE DATA INTO is for groups over windows: GROUP BY has no window_start and window_end, nor TUMBLE, HOP or "
          "SESSION");
    graph::GroupAggregateSpec spec;
    spec.input = SchemaOf(aggregate.input->columns);
    spec.keys = aggregate.keys;
    spec.calls = aggregate.calls;
    spec.input_changes = below.any();
    spec.generate_update_before = before;
    spec.ttl_ms = aggregate.ttl_ms.value_or(options.state_ttl_ms);
    graph::Node node = NewNode("group-aggregate", "GroupAggregate", Encode(spec), SchemaOf(plan.columns));
    node.keyed = true;
    if (options.fold.enabled) {
      THALWEG_TRY(CheckBundleSize());
      graph::SetMiniBatch(node, options.fold.mini_batch);
      if (InTwoPhases(spec, input)) return TwoPhases(spec, std::move(node), std::move(edge));
    }
    return AddShared(std::move(node), {{edge}}, ParallelismOf(aggregate.keys));
  }

  Status CheckBundleSize() const {
    if (options.fold.mini_batch.rows > 0) return {};
    return UserError("Key: '{}' must be > 0 where '{}' is true, and is {}", config::kMiniBatchSize.key,
                     config::kMiniBatchEnabled.key, options.fold.mini_batch.rows);
  }

  /// Folding in front of an exchange pays; where rows stay in their subtask, it is done twice for nothing.
  bool InTwoPhases(const graph::GroupAggregateSpec& spec, Stream input) const {
    if (options.fold.phases == config::AggregatePhases::kOne) return false;
    const int32_t from = input.parallelism > 0 ? input.parallelism : options.parallelism;
    const int32_t to = spec.keys.empty() ? 1 : options.parallelism;
    static const std::set<std::string> kMerging = {"COUNT", "SUM", "$SUM0", "AVG", "MIN", "MAX"};
    return (from > 1 || to > 1) && std::all_of(spec.calls.begin(), spec.calls.end(),
                                               [](const auto& call) { return kMerging.contains(call.function); });
  }

  /// A local aggregate where the input is, and a global one. The global one's state is that of the one phase, and so is its uid: it is
  /// found again whatever the strategy and the parallelism.
  Stream TwoPhases(const graph::GroupAggregateSpec& spec, graph::Node one_phase, Input edge) {
    graph::Node global = one_phase;
    global.uid = UidOf(one_phase, {{edge}}, nullptr);
    global.kind = "global-group-aggregate";
    global.name = "GlobalGroupAggregate";
    graph::Node local =
        NewNode("local-group-aggregate", "LocalGroupAggregate", one_phase.payload, graph::PartialSchema(spec));
    // Each waits for half of the time that a row may take.
    graph::MiniBatch half = options.fold.mini_batch;
    half.latency_ms = std::max<int64_t>(1, half.latency_ms / 2);
    graph::SetMiniBatch(local, half);
    half.latency_ms = std::max<int64_t>(1, options.fold.mini_batch.latency_ms - half.latency_ms);
    graph::SetMiniBatch(global, half);
    const int32_t parallelism = edge.from.parallelism;
    edge.partitioning = Partitioning::kForward;
    edge.keys.clear();
    const Stream partials = AddShared(std::move(local), {{edge}}, parallelism);
    std::vector<int> keys(spec.keys.size());
    std::iota(keys.begin(), keys.end(), 0);
    return AddShared(std::move(global), {{Keyed(partials, keys)}}, ParallelismOf(keys));
  }

  Result<Stream> Make(const Plan& plan, const WindowPlan& window, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*window.input));
    THALWEG_ASSIGN(Stream input, Build(window.input, before));
    graph::WindowTvfSpec spec;
    spec.input = SchemaOf(window.input->columns);
    spec.window = window.shape;
    graph::Node node = NewNode("window-tvf", "WindowTableFunction", Encode(spec), SchemaOf(plan.columns));
    Input edge{input, Partitioning::kForward, {}, ModeOf(below, before)};
    if (window.shape.kind != graph::WindowShape::Kind::kSession)
      return AddShared(std::move(node), {{edge}}, input.parallelism);
    node.keyed = true;
    Input keyed = Keyed(input, window.shape.partition);
    return AddShared(std::move(node), {{keyed}}, ParallelismOf(window.shape.partition));
  }

  graph::JoinSides SidesOf(const std::vector<JoinKey>& keys, const PlanPtr& left, const PlanPtr& right,
                           const std::optional<Expression>& condition, JoinType type) {
    graph::JoinSides sides;
    sides.left = SchemaOf(left->columns);
    sides.right = SchemaOf(right->columns);
    sides.left_keys = Sides(keys, true);
    sides.right_keys = Sides(keys, false);
    for (const JoinKey& key : keys) sides.null_equal.push_back(key.nulls_match ? 1 : 0);
    sides.type = type;
    sides.condition = condition;
    sides.zone = options.zone == "UTC" ? "" : options.zone;
    return sides;
  }

  /// `best`: of one of its sides. What is left out in front of a join does not decide on its state, so nor on its uid.
  Result<Stream> AddJoin(const Plan& plan, std::string kind, std::string name, std::string payload, Input left,
                         Input right, int32_t parallelism, const std::optional<WindowBest>& best = std::nullopt) {
    graph::Node node = NewNode(std::move(kind), std::move(name), std::move(payload), SchemaOf(plan.columns));
    node.keyed = true;
    if (best) {
      node.uid = UidOf(node, {{left}, {right}}, nullptr);
      Input& side = best->left ? left : right;
      graph::Node before = NewNode("window-best", "WindowBest", Encode(best->spec), best->spec.input);
      side.from = AddShared(std::move(before), {{Input{side.from}}}, side.from.parallelism);
    }
    return AddShared(std::move(node), {{std::move(left)}, {std::move(right)}}, parallelism);
  }

  int64_t TtlOf(std::optional<int64_t> hint) const { return hint.value_or(options.state_ttl_ms); }

  /// Of rows that may be taken back, or expire, those that are kept are asked for by themselves.
  Result<TimeBounds> BoundsOf(const JoinPlan& join) {
    const TimeBounds bounds = TimeBoundsOf(join);
    if (!bounds.left && !bounds.right) return bounds;
    THALWEG_ASSIGN(Changes left, modes.ChangesOf(*join.left));
    THALWEG_ASSIGN(Changes right, modes.ChangesOf(*join.right));
    const bool expire = TtlOf(join.ttl.left_ms) > 0 || TtlOf(join.ttl.right_ms) > 0;
    return left.any() || right.any() || expire ? TimeBounds{} : bounds;
  }

  /// Where both scans are one node, rows and watermarks reach the aggregate as they reach the side.
  Result<std::optional<WindowBest>> BestOf(const JoinPlan& join) {
    std::optional<WindowBest> best = WindowBestOf(join);
    if (!best || options.batch) return std::nullopt;
    THALWEG_ASSIGN(Changes left, modes.ChangesOf(*join.left));
    THALWEG_ASSIGN(Changes right, modes.ChangesOf(*join.right));
    auto rows = built.find({best->scan.get(), false}), counted = built.find({best->window_scan.get(), false});
    if (left.any() || right.any() || rows == built.end() || counted == built.end()) return std::nullopt;
    if (rows->second.node != counted->second.node) return std::nullopt;
    best->spec.input = SchemaOf((best->left ? join.left : join.right)->columns);
    return best;
  }

  Result<Stream> Make(const Plan& plan, const JoinPlan& join, bool before) {
    THALWEG_ASSIGN(Changes left_changes, modes.ChangesOf(*join.left));
    THALWEG_ASSIGN(Changes right_changes, modes.ChangesOf(*join.right));
    THALWEG_ASSIGN(before, update_before.OfInput(plan, before));
    THALWEG_ASSIGN(Stream left, Build(join.left, before));
    THALWEG_ASSIGN(Stream right, Build(join.right, before));
    Input left_edge = Keyed(left, Sides(join.keys, true)), right_edge = Keyed(right, Sides(join.keys, false));
    left_edge.changelog = ModeOf(left_changes, before);
    right_edge.changelog = ModeOf(right_changes, before);
    const int32_t parallelism = join.keys.empty() ? 1 : 0;
    graph::JoinSides sides = SidesOf(join.keys, join.left, join.right, join.condition, join.type);
    const Changes below{left_changes.updates || right_changes.updates, left_changes.deletes || right_changes.deletes};
    if (JoinsByInterval(join, below)) {
      graph::IntervalJoinSpec spec{std::move(sides), join.interval->lower_ms, join.interval->upper_ms};
      if (!join.interval->processing_time) {
        spec.left_time = join.interval->left_time;
        spec.right_time = join.interval->right_time;
      }
      return AddJoin(plan, "interval-join", "IntervalJoin", Encode(spec), left_edge, right_edge, parallelism);
    }
    if (join.windowed) {
      const std::optional<JoinedWindows> windows = WindowsOfJoin(join);
      THALWEG_CHECK(windows, "A window join has lost its windows: {}", ToText(plan));
      graph::WindowJoinSpec spec{std::move(sides), windows->left->end, windows->right->end};
      spec.zone = windows->left->shape.zone;
      return AddJoin(plan, "window-join", "WindowJoin", Encode(spec), left_edge, right_edge, parallelism);
    }
    graph::JoinSpec spec;
    spec.sides = std::move(sides);
    spec.left_unique_key = StateKey(UpsertKeys(*join.left), spec.sides.left_keys);
    spec.right_unique_key = StateKey(UpsertKeys(*join.right), spec.sides.right_keys);
    spec.left_ttl_ms = TtlOf(join.ttl.left_ms);
    spec.right_ttl_ms = TtlOf(join.ttl.right_ms);
    spec.left_append_only = !left_changes.any();
    spec.right_append_only = !right_changes.any();
    THALWEG_ASSIGN(TimeBounds bounds, BoundsOf(join));
    spec.left_bound = bounds.left;
    spec.right_bound = bounds.right;
    THALWEG_ASSIGN(const std::optional<WindowBest> best, BestOf(join));
    return AddJoin(plan, "join", "Join", Encode(spec), left_edge, right_edge, parallelism, best);
  }

  /// Whether rows of the plan are taken back, batch mode or not.
  Result<bool> TakesBack(const Plan& plan) {
    THALWEG_ASSIGN(const Changes changes, modes.Produced(plan, Changes{}));
    if (changes.any()) return true;
    for (const PlanPtr& input : InputsOfPlan(plan)) {
      THALWEG_ASSIGN(const bool below, TakesBack(*input));
      if (below) return true;
    }
    return false;
  }

  Result<Stream> Make(const Plan& plan, const TemporalJoinPlan& join, bool before) {
    if (options.batch && join.right_time >= 0) {
      THALWEG_ASSIGN(const bool settled, TakesBack(*join.right));
      if (settled)
        return UserError(
            "A temporal join by event time needs a table of versions in batch mode: of a query whose rows change only "
            "the "
            "last version is left. Join with a table that has a PRIMARY KEY and a WATERMARK, or run in streaming mode");
    }
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*join.left));
    THALWEG_ASSIGN(Stream left, Build(join.left, before));
    THALWEG_ASSIGN(Stream right, Build(join.right, true));
    Input left_edge = Keyed(left, Sides(join.keys, true)), right_edge = Keyed(right, Sides(join.keys, false));
    left_edge.changelog = ModeOf(below, before);
    THALWEG_ASSIGN(Changes right_changes, modes.ChangesOf(*join.right));
    right_edge.changelog = ModeOf(right_changes, true);
    graph::JoinSides sides =
        SidesOf(join.keys, join.left, join.right, join.condition, join.outer ? JoinType::kLeft : JoinType::kInner);
    THALWEG_ASSIGN(const bool has_end, modes.Bounded(*join.right));
    const auto& unique = join.right->unique_keys;
    const bool one_a_key = std::any_of(unique.begin(), unique.end(), [&](const std::vector<int>& key) {
      return HoldsAll(Sides(join.keys, false), key);
    });
    if (join.snapshot || (join.right_time < 0 && (has_end || !one_a_key))) {
      using Load = graph::SnapshotJoinSpec::Load;
      graph::SnapshotJoinSpec spec;
      spec.sides = std::move(sides);
      if (std::vector<std::vector<int>> keys = UpsertKeys(*join.right); !keys.empty())
        spec.right_unique_key = std::move(keys[0]);
      spec.load = has_end ? Load::kEnd : join.load_time_ms ? Load::kTime : Load::kNone;
      spec.load_time_ms = join.load_time_ms.value_or(0);
      spec.ttl_ms = options.state_ttl_ms;
      return AddJoin(plan, "snapshot-join", "SnapshotJoin", Encode(spec), left_edge, right_edge, 0);
    }
    graph::TemporalJoinSpec spec;
    spec.sides = std::move(sides);
    if (join.right_time >= 0) {
      spec.left_time = join.left_time;
      spec.right_time = join.right_time;
    }
    spec.ttl_ms = options.state_ttl_ms;
    return AddJoin(plan, "temporal-join", "TemporalJoin", Encode(spec), left_edge, right_edge, 0);
  }

  Result<Stream> Make(const Plan& plan, const UnnestPlan& unnest, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*unnest.input));
    THALWEG_ASSIGN(before, update_before.OfInput(plan, before));
    THALWEG_ASSIGN(Stream input, Build(unnest.input, before));
    graph::UnnestSpec spec;
    spec.input = SchemaOf(unnest.input->columns);
    spec.collection = unnest.collection;
    spec.outer = unnest.outer;
    spec.ordinality = unnest.ordinality;
    spec.zone = options.zone == "UTC" ? "" : options.zone;
    graph::Node node = NewNode("unnest", "Unnest", Encode(spec), SchemaOf(plan.columns));
    return AddShared(std::move(node), {{Input{input, Partitioning::kForward, {}, ModeOf(below, before)}}},
                     input.parallelism);
  }
  static Status CheckCodes(const ToChangelogPlan& log, Changes below) {
    for (const graph::ChangeCode& code : log.codes) {
      const bool comes = code.kind == types::RowKind::kInsert ||
                         (code.kind == types::RowKind::kDelete ? below.deletes : below.updates);
      if (log.own_codes && !comes)
        return UserError(
            "Invalid 'op_mapping' for TO_CHANGELOG: the input table does not produce {}. Remove it from the mapping",
            types::RowKindText(code.kind));
    }
    if (log.full_deletes.value_or(false) && !below.deletes)
      return UserError(
          "Invalid 'produces_full_deletes' for TO_CHANGELOG: the input table never deletes rows. Remove the argument");
    return {};
  }

  Result<Stream> Make(const Plan& plan, const ToChangelogPlan& log, bool) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*log.input));
    THALWEG_TRY(CheckCodes(log, below));
    THALWEG_ASSIGN(const bool before, update_before.OfInput(plan, true));
    THALWEG_ASSIGN(Stream input, Build(log.input, before));
    graph::ToChangelogSpec spec{
        SchemaOf(log.input->columns), log.partition, log.codes, !log.full_deletes.value_or(true), {}};
    if (spec.partial_deletes && !log.input->unique_keys.empty()) spec.kept = log.input->unique_keys[0];
    graph::Node node = NewNode("to-changelog", "ToChangelog", Encode(spec), SchemaOf(plan.columns));
    return Add(std::move(node), {{Input{input, Partitioning::kForward, {}, ModeOf(below, before)}}}, input.parallelism);
  }

  Result<Stream> Make(const Plan& plan, const FromChangelogPlan& log, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*log.input));
    if (below.any())
      return UserError("FROM_CHANGELOG takes a table that only inserts, and its input updates or deletes rows");
    THALWEG_ASSIGN(Stream input, Build(log.input, true));
    graph::FromChangelogSpec spec{SchemaOf(log.input->columns), log.partition, log.op, log.codes, log.skip_unknown};
    const types::Schema output = SchemaOf(plan.columns);
    graph::Node node = NewNode("from-changelog", "FromChangelog", Encode(spec), output);
    const Stream changes = Add(std::move(node), {{Input{input}}}, input.parallelism);
    if (!log.upsert) return before ? changes : WithoutUpdateBefore(changes, output);
    return before ? Normalized(changes, plan, plan.unique_keys[0], true) : changes;
  }

  Result<Stream> Make(const Plan&, const ExpandPlan&, bool) { return UserError("GROUPING SETS are not supported yet"); }

  Stream Copy(const Plan& plan, const Input& input) {
    graph::CalcSpec spec;
    spec.columns = InputsOfAll(plan);
    return Add(NewNode("calc", "Copy", Encode(spec), SchemaOf(plan.columns)), {{input}}, input.from.parallelism);
  }

  // A union has no node: its readers read all of its inputs. Where one is needed (another parallelism, a name), a calc does nothing.
  Result<Stream> Make(const Plan& plan, const UnionPlan& node, bool before) {
    std::vector<Input> inputs;
    bool one = true;
    for (const PlanPtr& input : node.inputs) {
      THALWEG_ASSIGN(Changes below, modes.ChangesOf(*input));
      THALWEG_ASSIGN(Stream stream, Build(input, before));
      one = one && stream.parallelism == 1;
      // An input that stands here twice: its rows come twice.
      if (std::any_of(inputs.begin(), inputs.end(), [&](const Input& other) { return other.from.node == stream.node; }))
        stream = Copy(*input, {stream, Partitioning::kForward, {}, ModeOf(below, before)});
      inputs.push_back({stream, Partitioning::kForward, {}, ModeOf(below, before)});
    }
    graph::CalcSpec spec;
    spec.columns = InputsOfAll(plan);
    graph::Node calc = NewNode("calc", "Union", Encode(spec), SchemaOf(plan.columns));
    return AddShared(std::move(calc), {inputs}, one ? 1 : 0);
  }

  Result<Stream> SortedOver(const Plan& plan, const OverPlan& over, Changes below, bool before) {
    if (over.order.empty()) return UserError("OVER needs ORDER BY in streaming mode");
    if (over.frame.preceding)
      return UserError(
          "OVER with a bounded frame must be ordered by a time attribute, ascending, of an input that does not change");
    // Functions that number rows or look back have no peers.
    const auto numbered = std::count_if(over.calls.begin(), over.calls.end(), [](const graph::AggregateCall& call) {
      return expr::FindAggregate(call.function)->over_only;
    });
    if (numbered > 0 && numbered < static_cast<long>(over.calls.size()) && !over.frame.rows)
      return UserError(
          "{} and aggregates over one RANGE are not supported: write ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
          over.calls[0].function);
    THALWEG_ASSIGN(Stream input, Build(over.input, true));
    graph::SortedOverSpec spec;
    spec.input = SchemaOf(over.input->columns);
    spec.partition = over.partition;
    spec.order = over.order;
    spec.rows = over.frame.rows || numbered > 0;
    spec.calls = over.calls;
    spec.generate_update_before = before;
    spec.ttl_ms = options.state_ttl_ms;
    graph::Node node = NewNode("sorted-over", "OverAggregate", Encode(spec), SchemaOf(plan.columns));
    node.keyed = true;
    Input edge = Keyed(input, over.partition);
    edge.changelog = ModeOf(below, true);
    return AddShared(std::move(node), {{edge}}, ParallelismOf(over.partition));
  }

  Result<Stream> BatchOver(const Plan& plan, const OverPlan& over) {
    if (over.frame.preceding && !over.frame.rows)
      return UserError(
          "OVER with RANGE of an interval must be ordered by one time column of at most milliseconds, ascending");
    if (over.order.empty())
      for (const graph::AggregateCall& call : over.calls)
        if (expr::FindAggregate(call.function)->over_only && call.function != "ROW_NUMBER")
          return UserError("{} needs ORDER BY in its OVER", call.function);
    THALWEG_ASSIGN(Stream input, Build(over.input, true));
    graph::SortedOverSpec spec;
    spec.input = SchemaOf(over.input->columns);
    spec.partition = over.partition;
    spec.order = over.order;
    spec.rows = over.frame.rows;
    spec.preceding = over.frame.preceding.value_or(-1);
    spec.calls = over.calls;
    graph::Node node = NewNode("batch-over", "OverAggregate", Encode(spec), SchemaOf(plan.columns));
    node.keyed = true;
    return AddShared(std::move(node), {{Keyed(input, over.partition)}}, ParallelismOf(over.partition));
  }

  Result<Stream> Make(const Plan& plan, const OverPlan& over, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*over.input));
    if (options.batch && !modes.OverByTime(over, below)) return BatchOver(plan, over);
    if (!modes.OverByTime(over, below)) return SortedOver(plan, over, below, before);
    THALWEG_ASSIGN(Stream input, Build(over.input, true));
    graph::OverAggregateSpec spec;
    spec.input = SchemaOf(over.input->columns);
    spec.partition = over.partition;
    spec.rows = over.frame.rows;
    spec.preceding = over.frame.preceding.value_or(-1);
    spec.time_column = over.order[0].column;
    spec.processing_time = over.input->columns[static_cast<size_t>(spec.time_column)].time == TimeRole::kProctime;
    spec.calls = over.calls;
    spec.ttl_ms = options.state_ttl_ms;
    graph::Node node = NewNode("over-aggregate", "OverAggregate", Encode(spec), SchemaOf(plan.columns));
    node.keyed = true;
    return AddShared(std::move(node), {{Keyed(input, over.partition)}}, ParallelismOf(over.partition));
  }

  Result<Stream> Make(const Plan& plan, const MatchPlan& match, bool) {
    THALWEG_ASSIGN(Stream input, Build(match.input, true));
    graph::MatchSpec spec;
    spec.input = SchemaOf(match.input->columns);
    spec.partition = match.partition;
    const graph::SortKey& time = match.order[0];
    if (match.input->columns[static_cast<size_t>(time.column)].time != TimeRole::kProctime)
      spec.time_column = time.column;
    spec.order.assign(match.order.begin() + 1, match.order.end());
    spec.pattern = match.pattern;
    spec.after = match.after;
    spec.skip_to = match.skip_to;
    spec.within_ms = match.within_ms;
    spec.output = match.output;
    spec.zone = options.zone == "UTC" ? "" : options.zone;
    spec.query_start_ms = options.query_start_ms;
    graph::Node node = NewNode("match-recognize", "Match", Encode(spec), SchemaOf(plan.columns));
    node.keyed = true;
    return AddShared(std::move(node), {{Keyed(input, match.partition)}}, ParallelismOf(match.partition));
  }

  Result<Stream> Make(const Plan& plan, const RankPlan& rank, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*rank.input));
    THALWEG_ASSIGN(const std::vector<int> upsert_key, update_before.KeyOfRisingRows(rank));
    THALWEG_ASSIGN(Stream input, Build(rank.input, upsert_key.empty()));
    Input edge = Keyed(input, rank.partition);
    edge.changelog = ModeOf(below, upsert_key.empty());
    const int32_t parallelism = ParallelismOf(rank.partition);
    const types::Schema in = SchemaOf(rank.input->columns), out = SchemaOf(plan.columns);
    auto add = [&](std::string kind, std::string name, std::string payload) -> Stream {
      graph::Node node = NewNode(std::move(kind), std::move(name), std::move(payload), out);
      node.keyed = true;
      return AddShared(std::move(node), {{edge}}, parallelism);
    };
    const WindowColumns* window = WindowAmong(*rank.input, rank.partition);
    if (window && Deduplicates(rank, below) && !ByProcessingTime(rank)) {
      graph::WindowDeduplicateSpec spec;
      spec.input = in;
      spec.keys = rank.partition;
      spec.time_column = rank.order[0].column;
      spec.keep_last = LastByTime(rank);
      spec.window_end = window->end;
      spec.zone = window->shape.zone;
      return add("window-deduplicate", "WindowDeduplicate", Encode(spec));
    }
    if (window) {
      graph::WindowRankSpec spec{in,      rank.partition, rank.order,  rank.from,
                                 rank.to, rank.number,    window->end, window->shape.zone};
      return add("window-rank", "WindowRank", Encode(spec));
    }
    if (Deduplicates(rank, below)) {
      graph::DeduplicateSpec spec;
      spec.input = in;
      spec.keys = rank.partition;
      spec.time_column = ByProcessingTime(rank) ? -1 : rank.order[0].column;
      spec.keep_last = LastByTime(rank);
      spec.on_watermark = !spec.keep_last && spec.time_column >= 0;
      spec.generate_update_before = before;
      spec.ttl_ms = options.state_ttl_ms;
      return add("deduplicate", "Deduplicate", Encode(spec));
    }
    graph::RankSpec spec;
    spec.input = in;
    spec.partition = rank.partition;
    spec.order = rank.order;
    spec.from = rank.from;
    spec.to = rank.to;
    spec.rank_number = rank.number;
    spec.kind = below.any() ? graph::RankSpec::Input::kRetract : graph::RankSpec::Input::kAppend;
    if (!upsert_key.empty()) spec.kind = graph::RankSpec::Input::kUpsert;
    spec.unique_key = upsert_key;
    spec.generate_update_before = before;
    spec.ttl_ms = options.state_ttl_ms;
    return add("rank", "Rank", Encode(spec));
  }

  Result<Stream> Make(const Plan&, const SortPlan& sort, bool before) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*sort.input));
    THALWEG_ASSIGN(const SortWay way, modes.WayToSort(sort, below));
    const types::Schema in = SchemaOf(sort.input->columns);
    THALWEG_ASSIGN(Stream input, Build(sort.input, true));
    const Input edge{input, Partitioning::kGlobal, {}, ModeOf(below, true)};
    auto add = [&](std::string kind, std::string name, std::string payload) -> Stream {
      graph::Node node = NewNode(std::move(kind), std::move(name), std::move(payload), in);
      node.keyed = true;
      return AddShared(std::move(node), {{edge}}, 1);
    };
    if (way == SortWay::kArrival)
      return add("limit", "Limit", Encode(graph::LimitSpec{in, sort.offset, sort.limit.value_or(-1)}));
    if (way == SortWay::kRank) {
      graph::RankSpec spec;
      spec.input = in;
      spec.order = sort.keys;
      spec.from = sort.offset + 1;
      spec.to = sort.offset + *sort.limit;
      spec.kind = below.any() ? graph::RankSpec::Input::kRetract : graph::RankSpec::Input::kAppend;
      spec.generate_update_before = before;
      spec.ttl_ms = options.state_ttl_ms;
      return add("rank", sort.keys.empty() ? "Limit" : "SortLimit", Encode(spec));
    }
    graph::SortSpec spec;
    spec.input = in;
    spec.order = sort.keys;
    spec.offset = sort.offset;
    spec.limit = sort.limit.value_or(-1);
    if (way == SortWay::kTime) spec.time_column = sort.keys[0].column;
    return add("sort", "Sort", Encode(spec));
  }

  // --- Sinks.

  static std::string NamesOfKey(const PlanColumns& columns, const std::vector<int>& key) {
    std::vector<std::string> names;
    for (int column : key) names.push_back(columns[static_cast<size_t>(column)].name);
    return fmt::format("[{}]", fmt::join(names, ", "));
  }

  /// Sources below that make no watermarks.
  static void SourcesWithoutWatermark(const Plan& plan, std::set<std::string>& names) {
    if (auto* scan = plan.As<ScanPlan>(); scan && !scan->table->watermark) names.insert(DottedName(*scan->table));
    for (const PlanPtr& input : InputsOfPlan(plan)) SourcesWithoutWatermark(*input, names);
  }
  static std::string DottedName(const Table& table) {
    return fmt::format("{}.{}.{}", table.path.catalog, table.path.database, table.path.object);
  }

  static Status CheckConflictClause(const Plan& plan, const Table& table, ChangelogMode accepts,
                                    OnConflict on_conflict) {
    if (accepts != ChangelogMode::kUpsert)
      return UserError(
          "ON CONFLICT clause is only allowed for upsert sinks. The sink '{}' is not an upsert sink because {}.",
          DottedName(table),
          accepts == ChangelogMode::kAppend ? "it only accepts INSERT (append-only) changes"
                                            : "it requires UPDATE_BEFORE (retract mode)");
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

  /// Whether changes of a key of the sink may come by different ways, so that they are brought in order in front of it.
  Result<bool> Materializes(const Plan& plan, const Table& table, ChangelogMode accepts, const SinkClauses& insert,
                            Changes made) const {
    if (insert.on_conflict) THALWEG_TRY(CheckConflictClause(plan, table, accepts, *insert.on_conflict));
    const config::UpsertMaterialize mode = options.sink.upsert_materialize;
    if (options.batch || mode == config::UpsertMaterialize::kNone || table.primary_key.empty() ||
        accepts != ChangelogMode::kUpsert)
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
          DottedName(table), NamesOfKey(plan.columns, primary),
          keys.empty() ? "none" : NamesOfKey(plan.columns, keys[0]));
    if (insert.on_conflict && insert.on_conflict != OnConflict::kDeduplicate && made.any())
      return UserError("ON CONFLICT DO {} is supported only where the query gives rows and never changes them",
                       insert.on_conflict == OnConflict::kError ? "ERROR" : "NOTHING");
    return true;
  }
  Stream Materialized(const Plan& plan, const Table& table, Stream input, const SinkClauses& insert,
                      ChangelogMode mode) {
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

  static bool HasConstraint(const DataType& type, const graph::ConstraintSpec& spec) {
    if (!type.nullable()) return true;
    const bool text = type.id() == TypeId::kString || type.id() == TypeId::kBinary;
    if (text && type.precision() > 0 && spec.length != graph::ConstraintSpec::Length::kIgnore) return true;
    if (spec.nested == graph::ConstraintSpec::Nested::kIgnore) return false;
    return std::any_of(type.children().begin(), type.children().end(),
                       [&](const types::Field& field) { return HasConstraint(field.type, spec); });
  }
  /// Rows that the sink's types allow.
  Stream Constrained(const Plan& plan, const Table& table, Stream input, ChangelogMode mode) {
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
};

GraphMaker::GraphMaker(PhysicalOptions options) : state_(std::make_unique<State>(std::move(options))) {}
GraphMaker::~GraphMaker() = default;

Status GraphMaker::AddCollect(const PlanPtr& plan) {
  state_->plans.push_back(plan);
  THALWEG_ASSIGN(Changes changes, state_->modes.ChangesOf(*plan));
  THALWEG_ASSIGN(State::Stream input, state_->Build(plan, true));
  graph::Node node;
  node.kind = node.name = "collect";
  node.role = graph::NodeRole::kSink;
  node.payload = types::EncodeSchema(SchemaOf(plan->columns));
  state_->Add(std::move(node), {{State::Input{input, Partitioning::kForward, {}, ModeOf(changes, true)}}}, 1);
  return {};
}

Status GraphMaker::AddSink(const PlanPtr& plan, const Table& table, const SinkClauses& insert) {
  state_->plans.push_back(plan);
  THALWEG_ASSIGN(graph::SinkTable sink, state_->SinkTableOf(table, insert.hints));
  for (const std::string& warning : sink.warnings) state_->warnings.push_back(warning);
  THALWEG_ASSIGN(Changes changes, state_->modes.ChangesOf(*plan));
  if (sink.accepts == ChangelogMode::kAppend && changes.any())
    return UserError("Table sink {} takes inserts only, and the query updates or deletes rows it has given",
                     table.path.ToString());
  if (sink.accepts == ChangelogMode::kUpsert && changes.any() && table.primary_key.empty())
    return UserError("Table sink {} needs a PRIMARY KEY: the query updates rows", table.path.ToString());
  THALWEG_ASSIGN(const bool materialize, state_->Materializes(*plan, table, sink.accepts, insert, changes));
  const bool before = sink.accepts == ChangelogMode::kRetract || materialize;
  THALWEG_ASSIGN(State::Stream input, state_->Build(plan, before));
  input = state_->Constrained(*plan, table, input, ModeOf(changes, before));
  if (materialize) input = state_->Materialized(*plan, table, input, insert, ModeOf(changes, before));
  return state_->AddTableSink(std::move(sink), table, input, changes, !materialize);
}

Result<Changes> GraphMaker::ChangesOf(const PlanPtr& plan) {
  state_->plans.push_back(plan);
  return state_->modes.ChangesOf(*plan);
}

Result<TimeBounds> GraphMaker::BoundsOf(const JoinPlan& join) {
  state_->plans.push_back(join.left);
  state_->plans.push_back(join.right);
  return state_->BoundsOf(join);
}

bool GraphMaker::bounded() const {
  return std::all_of(state_->sources.begin(), state_->sources.end(),
                     [](const auto& source) { return source.second.bounded; });
}

graph::JobGraph GraphMaker::Take(std::string name, std::vector<std::string>* warnings) {
  state_->graph.name = std::move(name);
  TellReads(state_->graph);
  if (warnings) *warnings = std::move(state_->warnings);
  return std::move(state_->graph);
}

}  // namespace thalweg::sql
