#include "runtime/attempt.h"

#include <algorithm>

#include "columns/batch_codec.h"
#include "types/key_group.h"

namespace thalweg::runtime {

using exchange::EdgeWriter;
using exchange::Route;
using graph::Partitioning;

namespace {

Route RouteOf(Partitioning partitioning) {
  switch (partitioning) {
    case Partitioning::kForward:
    case Partitioning::kGlobal: return Route::kOne;
    case Partitioning::kKeyed: return Route::kKeyed;
    case Partitioning::kRebalance:
    case Partitioning::kRescale: return Route::kRoundRobin;
    case Partitioning::kBroadcast: return Route::kBroadcast;
    case Partitioning::kCustom: return Route::kCustom;
  }
  return Route::kOne;
}

// As if every hop crossed a network.
exchange::ChannelSender::Hop ThroughBytes(columns::BufferPool& pool) {
  return [&pool](columns::Batch batch) {
    columns::BatchCodec codec(columns::TypesOf(batch));
    ByteWriter bytes;
    THALWEG_CHECK(codec.Encode(batch, bytes).ok());
    return codec.Decode(bytes.view(), pool).value();
  };
}

}  // namespace

class Attempt::Builder {
 public:
  Builder(Attempt& attempt, const PhysicalPlan& plan, const flow::Program& program, const flow::Registry& registry,
          RestoredState& restored, const World& world, ReportTo report)
      : attempt_(attempt),
        plan_(plan),
        program_(program),
        registry_(registry),
        restored_(restored),
        world_(world),
        report_(std::move(report)) {}

  Status Build() {
    for (int i = 0; i < plan_.cores; ++i)
      attempt_.cores_.push_back(std::make_unique<Core>(i, *world_.clock, world_.memory));
    THALWEG_TRY(ShareMemory());
    MakeLinks();
    MakeChannels();
    for (const TaskSpec& spec : plan_.tasks) THALWEG_TRY(MakeTask(spec));
    return {};
  }

 private:
  Core& core_of(int task) { return *attempt_.cores_[static_cast<size_t>(plan_.tasks[static_cast<size_t>(task)].core)]; }

  Status ShareMemory() {
    int connectors = 0;
    for (const graph::Node& node : plan_.graph.nodes)
      if (node.role != graph::NodeRole::kOperator) connectors += node.parallelism;
    if (world_.memory_budget.limit == 0 || connectors == 0) return {};
    THALWEG_ASSIGN(connector_bytes_, world_.memory_budget.ConnectorShare(connectors));
    return {};
  }

  // A link has room for every element and every credit message that its channels may have under way.
  void MakeLinks() {
    auto cores = static_cast<size_t>(plan_.cores);
    std::vector<size_t> room(cores * cores, 0);
    for (const ChannelSpec& channel : plan_.channels) {
      auto from = static_cast<size_t>(core_of(channel.from_task).id());
      auto to = static_cast<size_t>(core_of(channel.to_task).id());
      room[from * cores + to] += exchange::kChannelCredit;
      room[to * cores + from] += exchange::kChannelCredit;
    }
    links_.resize(cores * cores, nullptr);
    for (size_t from = 0; from < cores; ++from)
      for (size_t to = 0; to < cores; ++to)
        if (room[from * cores + to] > 0)
          links_[from * cores + to] = &attempt_.cores_[to]->AddInbound(*attempt_.cores_[from], room[from * cores + to]);
  }

  exchange::Link& link(const Core& from, const Core& to) {
    return *links_[static_cast<size_t>(from.id()) * static_cast<size_t>(plan_.cores) + static_cast<size_t>(to.id())];
  }

  void MakeChannels() {
    for (size_t id = 0; id < plan_.channels.size(); ++id) {
      Core& from = core_of(plan_.channels[id].from_task);
      Core& to = core_of(plan_.channels[id].to_task);
      auto number = static_cast<uint32_t>(id);
      senders_.push_back(std::make_unique<exchange::ChannelSender>(number, link(from, to)));
      receivers_.push_back(std::make_unique<exchange::ChannelReceiver>(number, link(to, from)));
      if (world_.serialize_hops) senders_.back()->SetHop(ThroughBytes(from.pool()));
    }
  }

  flow::TaskName NameOf(const graph::Node& node, const TaskSpec& spec) const {
    return {world_.job_name, node.name, node.uid, spec.subtask, node.parallelism, node.max_parallelism, world_.number};
  }

  metrics::Variables VariablesOf(const TaskSpec& spec, const ChainSpec& chain) const {
    return {{"task_name", chain.Name(plan_.graph)},
            {"subtask_index", fmt::format("{}", spec.subtask)},
            {"task_attempt_num", fmt::format("{}", world_.number)}};
  }

  Status MakeTask(const TaskSpec& spec) {
    const ChainSpec& chain = plan_.chains[static_cast<size_t>(spec.chain)];
    Task::Parts parts;
    parts.waker = std::make_shared<TaskWaker>();
    for (size_t i = 0; i < chain.nodes.size(); ++i)
      THALWEG_TRY(MakeMember(spec, plan_.graph.nodes[static_cast<size_t>(chain.nodes[i])], parts));
    for (size_t i = 0; i < chain.nodes.size(); ++i) WirePorts(spec, chain, i, parts);
    MakeGate(spec, plan_.graph.nodes[static_cast<size_t>(chain.nodes[0])], parts);

    Task::Options options;
    options.id = spec.id;
    options.name = fmt::format("{} ({}/{})", chain.Name(plan_.graph), spec.subtask + 1, chain.parallelism);
    options.watermark_interval_ms = world_.watermark_interval_ms;
    if (world_.metrics != nullptr)
      options.metrics = world_.metrics->Open(metrics::ScopeKind::kTask, VariablesOf(spec, chain));
    // The task keeps its channels' ends; the core must know where envelopes for them go.
    auto senders = PointersOf(parts.senders);
    auto receivers = PointersOf(parts.receivers);
    attempt_.tasks_.push_back(
        std::make_unique<Task>(std::move(options), std::move(parts), core_of(spec.id), *world_.clock, report_));
    Task* task = attempt_.tasks_.back().get();
    core_of(spec.id).AddTask(task);
    for (exchange::ChannelSender* sender : senders) core_of(spec.id).AddChannel(sender->id(), task, nullptr, sender);
    for (exchange::ChannelReceiver* receiver : receivers)
      core_of(spec.id).AddChannel(receiver->id(), task, receiver, nullptr);
    return {};
  }

  template <typename T>
  static std::vector<T*> PointersOf(const std::vector<std::unique_ptr<T>>& owners) {
    std::vector<T*> pointers;
    for (const auto& owner : owners) pointers.push_back(owner.get());
    return pointers;
  }

  Status MakeMember(const TaskSpec& spec, const graph::Node& node, Task::Parts& parts) {
    ChainMember member;
    member.name = node.name;
    member.uid = node.uid;
    member.finished = restored_.finished.contains(node.uid);
    Status made = node.role == graph::NodeRole::kSource ? MakeSourceMember(node, member, parts)
                                                        : MakeOperatorMember(node, member);
    THALWEG_TRY(made.WithContext(fmt::format("Operator '{}'", node.name)));

    flow::TaskName name = NameOf(node, spec);
    std::unique_ptr<state::KeyedBackend> keyed;
    if (node.keyed) {
      types::KeyGroupRange groups = types::KeyGroupsOf(spec.subtask, node.max_parallelism, node.parallelism);
      THALWEG_ASSIGN(keyed, world_.make_backend(
                                name, {static_cast<uint16_t>(groups.begin), static_cast<uint16_t>(groups.end - 1)}));
    }
    RestoredOperator restored = TakeRestored(node.uid, spec.subtask);
    for (const state::KeyedSnapshot& snapshot : restored.keyed) {
      if (!keyed)
        return InternalError("Operator '{}' has keyed state in the checkpoint, but is not keyed now", node.name);
      THALWEG_TRY(keyed->Restore(snapshot).WithContext(fmt::format("Operator '{}'", node.name)));
    }
    TaskContext::World world;
    world.clock = world_.clock;
    world.pool = &core_of(spec.id).pool();
    world.executor = world_.executor;
    parts.metrics.push_back(world_.metrics ? world_.metrics->Open(metrics::ScopeKind::kOperator,
                                                                  {{"operator_name", node.name},
                                                                   {"operator_id", node.uid},
                                                                   {"subtask_index", std::to_string(spec.subtask)},
                                                                   {"task_attempt_num", std::to_string(world_.number)}})
                                           : nullptr);
    world.metrics = parts.metrics.back().get();
    world.connector_bytes = connector_bytes_;
    world.job_restored = restored_.checkpoint > 0;
    world.seed = world_.seed + static_cast<uint64_t>(spec.id) * 1000 + static_cast<uint64_t>(node.id);
    auto send_event = [report = report_, id = spec.id, uid = node.uid](std::string event, uint64_t barrier) {
      TaskReport message;
      message.kind = TaskReport::Kind::kEvent;
      message.task = id;
      message.checkpoint = barrier;
      message.uid = uid;
      message.event = std::move(event);
      report(std::move(message));
    };
    parts.contexts.push_back(
        std::make_unique<TaskContext>(std::move(name), world, parts.waker, std::move(keyed), std::move(send_event)));
    parts.contexts.back()->operator_state().Restore(std::move(restored.lists));
    parts.committables.push_back(std::move(restored.committables));
    member.context = parts.contexts.back().get();
    parts.is_sink.push_back(node.role == graph::NodeRole::kSink);
    parts.members.push_back(std::move(member));
    return {};
  }

  Status MakeOperatorMember(const graph::Node& node, ChainMember& member) {
    THALWEG_ASSIGN(member.op, registry_.MakeOperator(node, program_.functions));
    return {};
  }

  Status MakeSourceMember(const graph::Node& node, ChainMember& member, Task::Parts& parts) {
    THALWEG_ASSIGN(std::shared_ptr<flow::Source> source, registry_.MakeSource(node, program_.functions));
    THALWEG_ASSIGN(std::unique_ptr<flow::SourceReader> reader, source->CreateReader());
    auto pipeline = program_.functions.pipelines.find(node.uid);
    auto op = std::make_unique<SourceOperator>(
        std::move(reader), pipeline == program_.functions.pipelines.end() ? nullptr : &pipeline->second,
        source->bounded());
    parts.source = op.get();
    parts.source_finished = member.finished;
    member.collect = [source_op = op.get()](state::OperatorSnapshot& snapshot) { source_op->CollectSplits(snapshot); };
    member.op = std::move(op);
    return {};
  }

  RestoredOperator TakeRestored(const std::string& uid, int subtask) {
    auto found = restored_.operators.find(uid);
    if (found == restored_.operators.end() || static_cast<size_t>(subtask) >= found->second.size()) return {};
    return std::move(found->second[static_cast<size_t>(subtask)]);
  }

  void WirePorts(const TaskSpec& spec, const ChainSpec& chain, size_t position, Task::Parts& parts) {
    const graph::Node& node = plan_.graph.nodes[static_cast<size_t>(chain.nodes[position])];
    ChainMember& member = parts.members[position];
    member.ports.resize(std::max<size_t>(1, node.outputs.size()));
    for (size_t e = 0; e < plan_.graph.edges.size(); ++e) {
      const graph::Edge& edge = plan_.graph.edges[e];
      if (edge.from != node.id) continue;
      ChainMember::Port& port = member.ports[static_cast<size_t>(edge.from_port)];
      if (int next = ChainedPosition(chain, edge); next >= 0)
        port.chained.push_back(next);
      else
        port.edges.push_back(MakeEdge(spec, static_cast<int>(e), edge, parts));
    }
  }

  // Position in the chain of the edge's target, or -1 if the edge leaves the chain.
  int ChainedPosition(const ChainSpec& chain, const graph::Edge& edge) const {
    if (!plan_.chained(edge)) return -1;
    for (size_t i = 0; i < chain.nodes.size(); ++i)
      if (plan_.graph.nodes[static_cast<size_t>(chain.nodes[i])].id == edge.to) return static_cast<int>(i);
    return -1;
  }

  EdgeWriter* MakeEdge(const TaskSpec& spec, int index, const graph::Edge& edge, Task::Parts& parts) {
    std::vector<exchange::ChannelSender*> targets;
    for (size_t c = 0; c < plan_.channels.size(); ++c) {
      if (plan_.channels[c].edge != index || plan_.channels[c].from_task != spec.id) continue;
      targets.push_back(senders_[c].get());
      parts.senders.push_back(std::move(senders_[c]));
    }
    const graph::Node* to = plan_.graph.FindNode(edge.to);
    EdgeWriter::Options options;
    options.route = RouteOf(edge.partitioning);
    options.max_parallelism = to->max_parallelism;
    options.key_columns.assign(edge.key_columns.begin(), edge.key_columns.end());
    options.subtask = spec.subtask;
    auto custom = program_.functions.partitioners.find(flow::PartitionerKey(plan_.graph, static_cast<size_t>(index)));
    if (custom != program_.functions.partitioners.end()) options.custom = custom->second;
    parts.edges.push_back(
        std::make_unique<EdgeWriter>(std::move(options), std::move(targets), core_of(spec.id).pool()));
    return parts.edges.back().get();
  }

  void MakeGate(const TaskSpec& spec, const graph::Node& head, Task::Parts& parts) {
    if (head.role == graph::NodeRole::kSource) return;
    std::vector<exchange::InputGate::Source> sources;
    for (size_t c = 0; c < plan_.channels.size(); ++c) {
      if (plan_.channels[c].to_task != spec.id) continue;
      const graph::Edge& edge = plan_.graph.edges[static_cast<size_t>(plan_.channels[c].edge)];
      sources.push_back({edge.to_input, receivers_[c].get()});
      parts.receivers.push_back(std::move(receivers_[c]));
    }
    parts.gate = std::make_unique<exchange::InputGate>(std::move(sources), std::max(1, head.inputs));
  }

  Attempt& attempt_;
  const PhysicalPlan& plan_;
  const flow::Program& program_;
  const flow::Registry& registry_;
  int64_t connector_bytes_ = 0;  // for each subtask of a source or sink
  RestoredState& restored_;
  const World& world_;
  ReportTo report_;
  std::vector<exchange::Link*> links_;
  std::vector<std::unique_ptr<exchange::ChannelSender>> senders_;
  std::vector<std::unique_ptr<exchange::ChannelReceiver>> receivers_;
};

Result<std::unique_ptr<Attempt>> Attempt::Build(const PhysicalPlan& plan, const flow::Program& program,
                                                const flow::Registry& registry, RestoredState restored, World world,
                                                ReportTo report) {
  std::unique_ptr<Attempt> attempt(new Attempt(plan, world.pin_cores));
  THALWEG_TRY(Builder(*attempt, plan, program, registry, restored, world, std::move(report)).Build());
  return attempt;
}

Attempt::~Attempt() {
  Status closed = Stop();
  if (!closed.ok()) fmt::print(stderr, "Operators did not close: {}\n", closed.ToString());
  tasks_.clear();
}

Status Attempt::Start() {
  started_ = true;
  for (auto& task : tasks_) Post(task->id(), [](Task& each) { each.Open(); });
  for (auto& core : cores_) THALWEG_TRY(core->Start(pin_cores_));
  return {};
}

Status Attempt::Stop() {
  if (stopped_) return {};
  stopped_ = true;
  for (auto& core : cores_) core->Stop();
  Status first;
  for (auto& task : tasks_) {
    Status closed = task->Close();
    if (first.ok()) first = std::move(closed);
  }
  return first;
}

void Attempt::Post(int id, std::function<void(Task&)> command) {
  Task* task = tasks_[static_cast<size_t>(id)].get();
  task->core().Post([task, command = std::move(command)] { command(*task); });
}

}  // namespace thalweg::runtime
