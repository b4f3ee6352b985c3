#include "sql/to_graph.h"

#include <algorithm>

#include "base/hash.h"
#include "columns/key_encoder.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "graph/changelog_spec.h"
#include "graph/rank_spec.h"
#include "sql/scan_reads.h"
#include "sql/to_graph_state.h"
#include "types/type_codec.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using graph::ChangelogMode;
using graph::Partitioning;

/// What aggregates say of no rows: they count 0, collect nothing, and know nothing else.
Result<std::string> RowOfNothing(const AggregatePlan& aggregate) {
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

}  // namespace

types::Schema SchemaOf(const PlanColumns& columns) {
  std::vector<types::Field> fields;
  for (const PlanColumn& column : columns) fields.push_back({column.name, column.type});
  return types::Schema(std::move(fields));
}

graph::Node GraphMaker::State::NewNode(std::string kind, std::string name, std::string payload,
                                       const types::Schema& output) {
  graph::Node node;
  node.kind = std::move(kind);
  node.name = std::move(name);
  node.payload = std::move(payload);
  node.outputs.push_back({"", std::make_shared<const types::Schema>(output), "", ""});
  return node;
}

std::string GraphMaker::State::IdentityOf(const graph::Node& node, const Inputs& inputs, int32_t parallelism) const {
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

GraphMaker::State::Stream GraphMaker::State::AddShared(graph::Node node, const Inputs& inputs, int32_t parallelism,
                                                       const Table* table) {
  std::string identity = IdentityOf(node, inputs, parallelism);
  if (auto found = known.find(identity); found != known.end()) return found->second;
  const Stream stream = Add(std::move(node), inputs, parallelism, table);
  known.emplace(std::move(identity), stream);
  return stream;
}

std::string GraphMaker::State::UidOf(const graph::Node& node, const Inputs& inputs, const Table* table) const {
  std::string identity = node.kind + "/" + node.payload;
  if (table) identity += "/" + table->path.ToString();
  if (!table)
    for (const auto& [key, value] : node.options)
      if (!graph::IsMiniBatchOption(key)) identity += "/" + key + "=" + value;
  for (const auto& group : inputs)
    for (const Input& input : group) identity += "/" + graph.nodes[input.from.node - 1].uid;
  return fmt::format("{}-{:016x}", node.kind, Hash64(identity));
}

GraphMaker::State::Stream GraphMaker::State::Add(graph::Node node, const Inputs& inputs, int32_t parallelism,
                                                 const Table* table) {
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

GraphMaker::State::Input GraphMaker::State::Keyed(Stream from, std::vector<int> keys) {
  if (keys.empty()) return {from, Partitioning::kGlobal};
  return {from, Partitioning::kKeyed, std::move(keys)};
}

GraphMaker::State::Stream GraphMaker::State::Normalized(Stream stream, const Plan& plan, const std::vector<int>& keys,
                                                        bool before, std::optional<Expression> condition) {
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

GraphMaker::State::Stream GraphMaker::State::WithoutUpdateBefore(Stream stream, const types::Schema& schema) {
  graph::Node node =
      NewNode("drop-update-before", "DropUpdateBefore", Encode(graph::DropUpdateBeforeSpec{schema}), schema);
  return AddShared(std::move(node), {{Input{stream, Partitioning::kForward, {}, ChangelogMode::kRetract}}},
                   stream.parallelism);
}

Result<GraphMaker::State::Stream> GraphMaker::State::Build(const PlanPtr& plan, bool before) {
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

Result<GraphMaker::State::Stream> GraphMaker::State::Settled(const Plan& plan, Stream changing) {
  graph::SortSpec spec;
  spec.input = SchemaOf(plan.columns);
  if (auto* aggregate = plan.As<AggregatePlan>(); aggregate && aggregate->keys.empty()) {
    THALWEG_ASSIGN(spec.if_empty, RowOfNothing(*aggregate));
  }
  graph::Node node = NewNode("sort", "FinalRows", Encode(spec), spec.input);
  node.keyed = true;
  return AddShared(std::move(node), {{Input{changing, Partitioning::kGlobal, {}, ChangelogMode::kRetract}}}, 1);
}

GraphMaker::GraphMaker(PhysicalOptions options) : state_(std::make_unique<State>(std::move(options))) {}
GraphMaker::~GraphMaker() = default;

const std::vector<PlanPtr>& GraphMaker::plans() const { return state_->roots; }

// A node that another is made with has no place of its own in `built`.
bool GraphMaker::UpdateBeforeAsked(const Plan& node) const {
  return state_->built.contains({&node, true}) || !state_->built.contains({&node, false});
}

Status GraphMaker::AddCollect(const PlanPtr& plan) {
  state_->roots.push_back(plan);
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
  state_->roots.push_back(plan);
  THALWEG_ASSIGN(graph::SinkTable sink, state_->SinkTableOf(table, insert.hints));
  for (const std::string& warning : sink.warnings) state_->warnings.push_back(warning);
  THALWEG_ASSIGN(Changes changes, state_->modes.ChangesOf(*plan));
  if (sink.accepts == ChangelogMode::kAppend && changes.any())
    return UserError("Table sink {} takes inserts only, and the query updates or deletes rows it has given",
                     table.path.ToString());
  if (sink.accepts == ChangelogMode::kUpsert && !sink.keeps_no_rows && changes.any() && table.primary_key.empty())
    return UserError("Table sink {} needs a PRIMARY KEY: the query updates rows", table.path.ToString());
  THALWEG_ASSIGN(const bool materialize, state_->Materializes(*plan, table, sink, insert, changes));
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
  state_->SendEachWatermark(state_->graph);
  TellReads(state_->graph);
  if (warnings) *warnings = std::move(state_->warnings);
  return std::move(state_->graph);
}

}  // namespace thalweg::sql
