#include "testing/graph_run.h"

#include <algorithm>
#include <optional>
#include <set>

#include "columns/format.h"
#include "columns/gather.h"
#include "columns/key_encoder.h"
#include "config/values.h"
#include "flow/input_watermarks.h"
#include "metrics/registry.h"
#include "operators/scan.h"
#include "state/hashmap_backend.h"
#include "testing/test_tables.h"
#include "types/key_group.h"
#include "types/type_codec.h"

namespace thalweg::testing {
namespace {

constexpr int kMostCalls = 100'000;  // without an end: the operator hangs
constexpr int kGroups = 128;
constexpr int kParallelisms[] = {1, 3, 2};  // of keyed operators, one after the other

class SleepingWaker final : public flow::Waker {
 public:
  void Wake() override {}
};

class VertexContext final : public flow::Context {
 public:
  VertexContext(const graph::Node& node, int subtask, int parallelism, time::Clock& clock, columns::BufferPool& pool)
      : clock_(clock), pool_(pool) {
    name_.subtask = subtask;
    name_.parallelism = parallelism;
    name_.operator_name = node.name;
    name_.uid = node.uid;
    name_.max_parallelism = kGroups;
  }
  const flow::TaskName& task() const override { return name_; }
  time::Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  metrics::Group& metrics() override { return *metrics_; }
  columns::BufferPool& pool() override { return pool_; }
  state::KeyedBackend* keyed_state() override { return keyed.get(); }
  state::OperatorState& operator_state() override { return lists; }
  int64_t current_watermark() const override { return watermark; }
  std::shared_ptr<flow::Waker> waker() override { return std::make_shared<SleepingWaker>(); }
  void RequestTimer(int64_t at_ms) override { timers.insert(at_ms); }
  Status RunBlocking(std::function<void()> work) override {
    work();
    return {};
  }
  void SendToCoordinator(std::string) override {}

  std::unique_ptr<state::KeyedBackend> keyed;
  state::OperatorState lists;
  int64_t watermark = time::kMinWatermark;
  std::set<int64_t> timers;

 private:
  flow::TaskName name_;
  time::Clock& clock_;
  columns::BufferPool& pool_;
  Random random_{1};
  metrics::Registry registry_;
  std::unique_ptr<metrics::Group> metrics_ = registry_.Open(metrics::ScopeKind::kOperator, {});
};

class KeepingSink final : public flow::Operator {
 public:
  KeepingSink(KeptTable& table, std::vector<int> key) : table_(table), key_(std::move(key)) {}
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    for (int32_t row = rows.next(); row < rows.end(); ++row)
      table_.rows.push_back({columns::RowText(rows.batch(), row), KeyText(rows.batch(), row)});
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }

 private:
  std::string KeyText(const columns::Batch& batch, int32_t row) const {
    std::string text;
    for (int column : key_) {
      std::string value;
      columns::AppendCellText(batch.column(column), row, value);
      text += fmt::format("{}:{}", value.size(), value);
    }
    return text;
  }

  KeptTable& table_;
  const std::vector<int> key_;
};

bool KeepsRows(const graph::Node& node) { return node.kind == kTestSink || node.kind == "collect"; }

/// Columns of the key by which a sink's table is followed; empty if it is not.
Result<std::vector<int>> KeyOf(const graph::Node& node, const types::Schema& schema) {
  std::vector<int> key;
  auto found = node.options.find(kTestKey);
  if (found == node.options.end()) return key;
  THALWEG_ASSIGN(const config::StringList names, config::ParseList(found->second));
  for (const std::string& name : names) key.push_back(schema.Find(name));
  return key;
}

std::string TableOf(const graph::Node& node) {
  auto found = node.options.find(kTestTable);
  return found == node.options.end() ? "" : found->second;
}

}  // namespace

struct GraphRun::Subtask {
  std::unique_ptr<VertexContext> context;
  std::unique_ptr<flow::Operator> op;  // null: a source
  std::unique_ptr<VertexOutput> output;
  int64_t sent_watermark = time::kMinWatermark;  // by itself
};

struct GraphRun::Vertex {
  const graph::Node* node = nullptr;
  std::vector<size_t> in, out;  // edges
  std::vector<std::unique_ptr<Subtask>> subtasks;
  std::map<size_t, int64_t> watermarks;  // by edge
  int64_t watermark = time::kMinWatermark;
  std::set<size_t> ended;  // edges
  bool finished = false;
  // Of a source.
  const flow::SourcePipeline* pipeline = nullptr;
  flow::SourceTransform transform;
  std::unique_ptr<time::WatermarkGenerator> generator;
  int64_t sent_watermark = time::kMinWatermark;
  // What a restart begins from, of each subtask.
  std::vector<state::KeyedSnapshot> keyed;
  std::vector<std::vector<state::OperatorStateSnapshot>> lists;

  bool waits() const { return node->kind == kTestSource; }
  bool is_source() const { return node->role == graph::NodeRole::kSource; }
};

class GraphRun::VertexOutput final : public flow::Output {
 public:
  VertexOutput(GraphRun& run, Vertex& vertex, Subtask& subtask) : run_(run), vertex_(vertex), subtask_(subtask) {}
  void Emit(int port, columns::Batch batch) override {
    if (batch.rows() > 0) run_.Send(vertex_, port, std::move(batch));
  }
  void EmitWatermark(flow::Watermark watermark) override {
    subtask_.sent_watermark = std::max(subtask_.sent_watermark, watermark.time);
    int64_t merged = subtask_.sent_watermark;
    for (const auto& subtask : vertex_.subtasks) merged = std::min(merged, subtask->sent_watermark);
    if (run_.status_.ok()) run_.status_ = run_.RaiseWatermark(vertex_, merged);
  }
  void EmitStatus(flow::WatermarkStatus) override {}
  columns::BufferPool& pool() override { return run_.pool_; }

 private:
  GraphRun& run_;
  Vertex& vertex_;
  Subtask& subtask_;
};

class GraphRun::SourceRows final : public flow::SourceOutput {
 public:
  SourceRows(GraphRun& run, Vertex& vertex) : run_(run), vertex_(vertex) {}
  void Emit(const std::string&, columns::Batch batch) override {
    if (run_.status_.ok() && batch.rows() > 0) run_.status_ = run_.EmitFromSource(vertex_, std::move(batch));
  }
  void FinishSplit(const std::string&) override {}
  columns::BufferPool& pool() override { return run_.pool_; }

 private:
  GraphRun& run_;
  Vertex& vertex_;
};

GraphRun::GraphRun(flow::Program program, const flow::Registry& registry, time::ManualClock& clock, KeptTables& kept)
    : program_(std::move(program)), registry_(registry), clock_(clock), kept_(kept) {}

GraphRun::~GraphRun() {
  for (auto& vertex : vertices_) Close(*vertex);
}

void GraphRun::Close(Vertex& vertex) {
  for (auto& subtask : vertex.subtasks)
    if (subtask->op) subtask->op->Close();
  vertex.subtasks.clear();
}

template <typename Call>
Status GraphRun::ForEachOperator(Vertex& vertex, Call call) {
  for (auto& subtask : vertex.subtasks)
    if (subtask->op) THALWEG_TRY(UntilDone(vertex, [&] { return call(*subtask->op, *subtask->output); }));
  return {};
}

template <typename Call>
Status GraphRun::UntilDone(const Vertex& vertex, Call call) {
  for (int i = 0; i < kMostCalls; ++i) {
    Result<flow::Progress> progress = call();
    THALWEG_TRY(progress.status().WithContext(vertex.node->name));
    THALWEG_TRY(status_);
    if (*progress == flow::Progress::kDone) return {};
  }
  return InternalError("Operator does not get on: {}", vertex.node->name);
}

Status GraphRun::Open() {
  THALWEG_TRY(graph::Validate(program_.graph));
  THALWEG_TRY(operators::AddScanPipelines(program_, clock_));
  for (const graph::Node& node : program_.graph.nodes) {
    Vertex& vertex = *vertices_.emplace_back(std::make_unique<Vertex>());
    vertex.node = &node;
    by_id_[node.id] = &vertex;
    if (auto pipeline = program_.functions.pipelines.find(node.uid); pipeline != program_.functions.pipelines.end())
      vertex.pipeline = &pipeline->second;
  }
  for (size_t i = 0; i < program_.graph.edges.size(); ++i) {
    by_id_[program_.graph.edges[i].from]->out.push_back(i);
    by_id_[program_.graph.edges[i].to]->in.push_back(i);
  }
  for (auto& vertex : vertices_) THALWEG_TRY(Make(*vertex));
  for (auto& vertex : vertices_)
    if (vertex->is_source() && !vertex->waits()) THALWEG_TRY(ReadToEnd(*vertex));
  return {};
}

Status GraphRun::Make(Vertex& vertex) {
  for (size_t edge : vertex.in) vertex.watermarks[edge] = time::kMinWatermark;
  vertex.ended.clear();
  vertex.watermark = vertex.sent_watermark = time::kMinWatermark;
  const bool in_parallel = vertex.node->keyed && vertex.node->parallelism != 1;
  const int parallelism = in_parallel ? kParallelisms[barriers_ % std::size(kParallelisms)] : 1;
  auto lists = state::Redistribute(vertex.lists, parallelism);
  for (int i = 0; i < parallelism; ++i) {
    Subtask& subtask = *vertex.subtasks.emplace_back(std::make_unique<Subtask>());
    subtask.context = std::make_unique<VertexContext>(*vertex.node, i, parallelism, clock_, pool_);
    subtask.output = std::make_unique<VertexOutput>(*this, vertex, subtask);
    if (!vertex.is_source()) THALWEG_TRY(MakeOperator(vertex, subtask, std::move(lists[static_cast<size_t>(i)])));
  }
  if (vertex.pipeline) {
    if (vertex.pipeline->make_transform) vertex.transform = vertex.pipeline->make_transform();
    if (vertex.pipeline->make_watermarks && !vertex.generator) vertex.generator = vertex.pipeline->make_watermarks();
  }
  return FireTimers(vertex);
}

Status GraphRun::MakeOperator(Vertex& vertex, Subtask& subtask, std::vector<state::OperatorStateSnapshot> lists) {
  if (vertex.node->keyed) {
    const flow::TaskName& name = subtask.context->task();
    const auto groups = types::KeyGroupsOf(name.subtask, kGroups, name.parallelism);
    subtask.context->keyed = state::MakeHashMapBackend(
        {.groups = {static_cast<uint16_t>(groups.begin), static_cast<uint16_t>(groups.end - 1)}}, clock_);
    for (const state::KeyedSnapshot& saved : vertex.keyed) THALWEG_TRY(subtask.context->keyed->Restore(saved));
  }
  subtask.context->lists.Restore(std::move(lists));
  if (KeepsRows(*vertex.node)) {
    KeptTable& kept = kept_[TableOf(*vertex.node)];
    THALWEG_ASSIGN(kept.schema, types::DecodeSchema(vertex.node->payload));
    THALWEG_ASSIGN(std::vector<int> key, KeyOf(*vertex.node, kept.schema));
    kept.keyed = !key.empty();
    subtask.op = std::make_unique<KeepingSink>(kept, std::move(key));
  } else {
    THALWEG_ASSIGN(subtask.op, registry_.MakeOperator(*vertex.node, program_.functions));
  }
  return subtask.op->Open(*subtask.context).WithContext(vertex.node->name);
}

Status GraphRun::ReadToEnd(Vertex& vertex) {
  THALWEG_ASSIGN(std::shared_ptr<flow::Source> source, registry_.MakeSource(*vertex.node, program_.functions));
  if (!source->bounded()) return UserError("Source has no end, a test would not, either: {}", vertex.node->name);
  THALWEG_ASSIGN(auto enumerator, source->CreateEnumerator());
  THALWEG_ASSIGN(auto reader, source->CreateReader());
  THALWEG_ASSIGN(flow::Discovery found, enumerator->Discover());
  std::vector<flow::EnumeratorAction> actions = enumerator->OnDiscovery(found);
  for (flow::EnumeratorAction& action : enumerator->OnStart(1, {})) actions.push_back(std::move(action));
  THALWEG_TRY(reader->Open(*vertex.subtasks[0]->context));
  for (const flow::EnumeratorAction& action : actions)
    if (action.kind == flow::EnumeratorAction::Kind::kAssign) THALWEG_TRY(reader->AddSplits(action.splits));
  reader->NoMoreSplits();
  SourceRows rows(*this, vertex);
  auto progress = flow::ReadProgress::kMore;
  for (int i = 0; progress != flow::ReadProgress::kFinished; ++i) {
    if (i == kMostCalls) return InternalError("Source does not get on: {}", vertex.node->name);
    THALWEG_ASSIGN(progress, reader->Poll(rows));
    THALWEG_TRY(status_);
    if (progress == flow::ReadProgress::kIdle) clock_.Advance(1);  // a limit of rows a second
  }
  reader->Close();
  return FinishSource(vertex);
}

const types::Schema* GraphRun::Reads(const std::string& table) const {
  for (const auto& vertex : vertices_)
    if (vertex->waits() && TableOf(*vertex->node) == table) return vertex->node->outputs[0].schema.get();
  return nullptr;
}

/// Whether nobody behind the source is prepared for rows that are taken back.
bool GraphRun::TakesAppends(const Vertex& vertex) const {
  return std::all_of(vertex.out.begin(), vertex.out.end(), [&](size_t edge) {
    return program_.graph.edges[edge].changelog == graph::ChangelogMode::kAppend;
  });
}

Status GraphRun::Give(const std::string& table, const columns::Batch& batch) {
  for (auto& vertex : vertices_) {
    if (!vertex->waits() || TableOf(*vertex->node) != table) continue;
    if (vertex->finished) return UserError("Table has ended: {}", table);
    if (TakesAppends(*vertex))
      for (int32_t row = 0; row < batch.rows(); ++row)
        if (batch.kind(row) != types::RowKind::kInsert)
          return UserError("Table {} has changelog-mode I: it gives no {}", table, types::RowKindText(batch.kind(row)));
    THALWEG_TRY(EmitFromSource(*vertex, batch.Share(pool_)));
  }
  return {};
}

Status GraphRun::EmitFromSource(Vertex& vertex, columns::Batch batch) {
  if (vertex.transform) {
    std::vector<columns::UnfitRow> unfit;
    auto passed = vertex.transform(std::move(batch), pool_, unfit);
    THALWEG_TRY(passed.status().WithContext(vertex.node->name));
    if (!unfit.empty()) return UserError("{}: {}", vertex.node->name, unfit.front().reason);
    batch = *std::move(passed);
  }
  if (vertex.generator && batch.times()) flow::ShowRows(batch, *vertex.generator);
  if (!vertex.node->scan.empty()) batch.times() = {};
  Send(vertex, 0, std::move(batch));
  return status_;
}

void GraphRun::Send(Vertex& from, int port, columns::Batch batch) {
  std::vector<size_t> edges;
  for (size_t edge : from.out)
    if (program_.graph.edges[edge].from_port == port) edges.push_back(edge);
  for (size_t edge : edges) {
    if (!status_.ok()) return;
    const graph::Edge& to = program_.graph.edges[edge];
    columns::Batch part = edges.size() == 1 ? std::move(batch) : batch.Share(pool_);
    status_ = Deliver(*by_id_[to.to], to, std::move(part));
  }
}

Status GraphRun::Deliver(Vertex& to, const graph::Edge& edge, columns::Batch batch) {
  if (to.node->keyed && (edge.partitioning == graph::Partitioning::kKeyed || !batch.key_hashes())) {
    std::vector<types::DataType> types;
    for (int32_t column : edge.key_columns) types.push_back(batch.column(column).type);
    columns::KeyEncoder(types, {edge.key_columns.begin(), edge.key_columns.end()}).FillHashes(batch, pool_);
  }
  if (to.subtasks.size() == 1) return Process(to, *to.subtasks[0], edge.to_input, std::move(batch));
  if (edge.partitioning == graph::Partitioning::kBroadcast) {
    for (auto& subtask : to.subtasks) THALWEG_TRY(Process(to, *subtask, edge.to_input, batch.Share(pool_)));
    return {};
  }
  const auto parallelism = static_cast<int32_t>(to.subtasks.size());
  std::vector<std::vector<int32_t>> rows(to.subtasks.size());
  for (int32_t row = 0; row < batch.rows(); ++row) {
    const int32_t group = types::KeyGroupOf(batch.key_hash(row), kGroups);
    rows[static_cast<size_t>(types::SubtaskOf(group, kGroups, parallelism))].push_back(row);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].empty()) continue;
    columns::Batch part = columns::Gather(batch, rows[i].data(), static_cast<int32_t>(rows[i].size()), pool_);
    THALWEG_TRY(Process(to, *to.subtasks[i], edge.to_input, std::move(part)));
  }
  return {};
}

Status GraphRun::Process(Vertex& vertex, Subtask& subtask, int input, columns::Batch batch) {
  flow::Rows rows(std::move(batch));
  return UntilDone(vertex, [&] { return subtask.op->Process(input, rows, *subtask.output); });
}

Status GraphRun::Settle() {
  for (auto& vertex : vertices_)
    if (vertex->is_source() && vertex->generator) {
      vertex->generator->OnPeriodicEmit();
      THALWEG_TRY(RaiseWatermark(*vertex, vertex->generator->Current()));
    }
  for (auto& vertex : vertices_)
    if (!vertex->finished)
      THALWEG_TRY(ForEachOperator(*vertex, [](auto& op, auto& output) { return op.OnIdleFlush(output); }));
  return {};
}

Status GraphRun::SendWatermark(const std::string& table, int64_t time) {
  for (auto& vertex : vertices_)
    if (vertex->waits() && TableOf(*vertex->node) == table) THALWEG_TRY(RaiseWatermark(*vertex, time));
  return {};
}

Status GraphRun::RaiseWatermark(Vertex& from, int64_t time) {
  if (time <= from.sent_watermark) return {};
  from.sent_watermark = time;
  for (size_t edge : from.out) THALWEG_TRY(TakeWatermark(*by_id_[program_.graph.edges[edge].to], edge, time));
  return {};
}

Status GraphRun::TakeWatermark(Vertex& to, size_t edge, int64_t time) {
  to.watermarks[edge] = std::max(to.watermarks[edge], time);
  TellInputWatermark(to, program_.graph.edges[edge].to_input);
  int64_t merged = time::kMaxWatermark;
  for (const auto& [from, watermark] : to.watermarks) merged = std::min(merged, watermark);
  if (merged <= to.watermark) return {};
  to.watermark = merged;
  for (auto& subtask : to.subtasks) subtask->context->watermark = merged;
  THALWEG_TRY(ForEachOperator(to, [&](auto& op, auto& output) { return op.OnWatermark({merged}, output); }));
  if (to.subtasks[0]->op->OwnsWatermarks() && merged != time::kMaxWatermark) return {};
  return RaiseWatermark(to, merged);
}

void GraphRun::TellInputWatermark(Vertex& to, int input) {
  int64_t least = time::kMaxWatermark;
  for (const auto& [edge, watermark] : to.watermarks)
    if (program_.graph.edges[edge].to_input == input) least = std::min(least, watermark);
  for (auto& subtask : to.subtasks)
    if (auto* watches = dynamic_cast<flow::WatchesInputs*>(subtask->op.get())) watches->OnInputWatermark(input, least);
}

Status GraphRun::End(const std::string& table) {
  for (auto& vertex : vertices_)
    if (vertex->waits() && !vertex->finished && (table.empty() || TableOf(*vertex->node) == table))
      THALWEG_TRY(FinishSource(*vertex));
  return {};
}

Status GraphRun::FinishSource(Vertex& vertex) {
  vertex.finished = true;
  THALWEG_TRY(RaiseWatermark(vertex, time::kMaxWatermark));
  return EndOutputs(vertex);
}

Status GraphRun::EndOutputs(Vertex& from) {
  for (size_t edge : from.out) THALWEG_TRY(TakeEnd(*by_id_[program_.graph.edges[edge].to], edge));
  return {};
}

Status GraphRun::TakeEnd(Vertex& to, size_t edge) {
  to.ended.insert(edge);
  const int input = program_.graph.edges[edge].to_input;
  for (size_t other : to.in)
    if (program_.graph.edges[other].to_input == input && !to.ended.contains(other)) return {};
  const auto kind = flow::EndKind::kFinished;
  THALWEG_TRY(ForEachOperator(to, [&](auto& op, auto& output) { return op.OnEndOfInput(input, kind, output); }));
  if (to.ended.size() < to.in.size()) return {};
  THALWEG_TRY(ForEachOperator(to, [&](auto& op, auto& output) { return op.OnEnd(kind, output); }));
  to.finished = true;
  return EndOutputs(to);
}

Status GraphRun::FireTimers(Vertex& vertex) {
  for (auto& subtask : vertex.subtasks) {
    auto& timers = subtask->context->timers;
    while (subtask->op && !timers.empty() && *timers.begin() <= clock_.NowMs()) {
      timers.erase(timers.begin(), timers.upper_bound(clock_.NowMs()));
      THALWEG_TRY(UntilDone(vertex, [&] { return subtask->op->OnTimer(clock_.NowMs(), *subtask->output); }));
    }
  }
  return {};
}

Status GraphRun::AdvanceTo(int64_t time_ms) {
  while (true) {
    int64_t next = time_ms;
    for (auto& vertex : vertices_)
      for (auto& subtask : vertex->subtasks)
        if (subtask->op && !vertex->finished && !subtask->context->timers.empty())
          next = std::min(next, *subtask->context->timers.begin());
    clock_.Set(std::max(next, clock_.NowMs()));
    for (auto& vertex : vertices_)
      if (!vertex->finished) THALWEG_TRY(FireTimers(*vertex));
    if (next >= time_ms) return {};
  }
}

Status GraphRun::Snapshot(Vertex& vertex) {
  const flow::Barrier barrier{.id = barriers_, .triggered_at_ms = clock_.NowMs()};
  THALWEG_TRY(ForEachOperator(vertex, [&](auto& op, auto& output) { return op.PrepareBarrier(barrier, output); }));
  vertex.keyed.clear();
  vertex.lists.clear();
  for (auto& subtask : vertex.subtasks) {
    if (!subtask->op) continue;
    THALWEG_TRY(subtask->op->Snapshot(barrier).status().WithContext(vertex.node->name));
    if (subtask->context->keyed) {
      THALWEG_ASSIGN(state::KeyedSnapshot saved, subtask->context->keyed->Snapshot());
      vertex.keyed.push_back(std::move(saved));
    }
    vertex.lists.push_back(subtask->context->lists.Snapshot());
  }
  return {};
}

Status GraphRun::Restart() {
  ++barriers_;
  for (auto& vertex : vertices_)
    if (!vertex->finished) THALWEG_TRY(Snapshot(*vertex));
  for (auto& vertex : vertices_) {
    if (vertex->finished) continue;
    Close(*vertex);
    THALWEG_TRY(Make(*vertex));
  }
  // What has ended says so again; the sources' watermarks come again.
  for (auto& vertex : vertices_) {
    if (!vertex->finished) continue;
    for (size_t edge : vertex->out) {
      Vertex& to = *by_id_[program_.graph.edges[edge].to];
      if (to.finished) continue;
      THALWEG_TRY(TakeWatermark(to, edge, time::kMaxWatermark));
      THALWEG_TRY(TakeEnd(to, edge));
    }
  }
  return Settle();
}

}  // namespace thalweg::testing
