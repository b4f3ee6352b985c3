#include "runtime/chain.h"

#include <algorithm>
#include <optional>

#include "flow/idleness.h"
#include "runtime/user_code.h"
#include "time/watermark.h"

namespace thalweg::runtime {

using columns::Batch;
using flow::Element;
using flow::Progress;

struct Chain::Work {
  enum class Kind : uint8_t { kRows, kControl, kTimer, kEndOfInput };
  Kind kind = Kind::kControl;
  int input = 0;
  flow::Rows rows{Batch()};
  Element element;  // watermark, status, barrier, latency, end
  int64_t now_ms = 0;
  bool counted = false;  // rows: on_rows was told
};

class Chain::MemberOutput final : public flow::Output {
 public:
  MemberOutput(Chain& chain, int member) : chain_(&chain), member_(member) {}
  void Emit(int port, Batch batch) override {
    if (batch.rows() == 0) return;
    chain_->EmitFrom(member_, port, std::move(batch));
    Refresh();
  }
  void EmitWatermark(flow::Watermark watermark) override { Send(watermark); }
  void EmitStatus(flow::WatermarkStatus status) override { Send(status); }
  columns::BufferPool& pool() override { return *chain_->pool_; }
  void Refresh() { credit_ = chain_->HasRoom(member_) && chain_->error_.ok(); }

 private:
  void Send(const Element& element) {
    Status status = chain_->Forward(member_, element);
    if (!status.ok() && chain_->error_.ok()) chain_->error_ = std::move(status);
    Refresh();
  }
  Chain* chain_;
  int member_;
};

struct Chain::State {
  State(Chain& chain, int member) : output(chain, member) {}
  std::deque<Work> queue;
  bool blocked = false;
  int full_successors = 0;  // links to chained successors with work in their queues
  std::vector<int> fed_by;  // the members at the other ends of such links
  std::vector<exchange::EdgeWriter*> edges;
  state::KeyedBackend* keyed = nullptr;
  std::optional<RowRun> run;  // of the stages that begin with this member, if they are two or more
  MemberOutput output;
};

Chain::Chain(std::vector<ChainMember> members, Events events, columns::BufferPool& pool)
    : members_(std::move(members)), events_(std::move(events)), pool_(&pool) {
  for (size_t i = 0; i < members_.size(); ++i) {
    states_.push_back(std::make_unique<State>(*this, static_cast<int>(i)));
    states_[i]->keyed = members_[i].context->keyed_state();
  }
  for (size_t i = 0; i < members_.size(); ++i)
    for (const ChainMember::Port& port : members_[i].ports) {
      for (int next : port.chained) states_[static_cast<size_t>(next)]->fed_by.push_back(static_cast<int>(i));
      states_[i]->edges.insert(states_[i]->edges.end(), port.edges.begin(), port.edges.end());
      edges_.insert(edges_.end(), port.edges.begin(), port.edges.end());
    }
  PlanRuns();
}

Chain::~Chain() = default;

bool Chain::IsStage(int index) const {
  const ChainMember& member = members_[static_cast<size_t>(index)];
  if (member.finished || states_[static_cast<size_t>(index)]->keyed != nullptr) return false;
  if (auto* map = dynamic_cast<flow::MapStage*>(member.op.get())) return map->made_type().size <= flow::kMaxStageValue;
  return dynamic_cast<flow::RowStage*>(member.op.get()) != nullptr;
}

int Chain::SoleSuccessor(int member) const {
  const auto& ports = members_[static_cast<size_t>(member)].ports;
  size_t links = 0;
  for (const ChainMember::Port& port : ports) links += port.chained.size() + port.edges.size();
  return links == 1 && ports[0].chained.size() == 1 ? ports[0].chained[0] : -1;
}

void Chain::PlanRuns() {
  for (size_t i = 0; i < members_.size(); ++i) {
    std::vector<RowRun::Stage> stages;
    for (int next = static_cast<int>(i); next >= 0 && IsStage(next); next = SoleSuccessor(next)) {
      flow::Operator* op = members_[static_cast<size_t>(next)].op.get();
      stages.push_back({next, dynamic_cast<flow::RowStage*>(op), dynamic_cast<flow::MapStage*>(op)});
    }
    if (stages.size() > 1) states_[i]->run.emplace(std::move(stages));
  }
}

Status Chain::Named(int member, Status status) const {
  if (status.ok()) return status;
  return status.WithContext(fmt::format("Operator '{}'", members_[static_cast<size_t>(member)].name));
}

Status Chain::Open() {
  for (size_t i = members_.size(); i-- > 0;) {
    ChainMember& member = members_[i];
    THALWEG_TRY(Named(static_cast<int>(i), CatchUserErrors([&] { return member.op->Open(*member.context); })));
  }
  return {};
}

bool Chain::HasRoom(int index) const {
  const State& state = *states_[static_cast<size_t>(index)];
  if (state.full_successors > 0) return false;
  for (const exchange::EdgeWriter* edge : state.edges)
    if (!edge->has_credit()) return false;
  return true;
}

bool Chain::EdgesHaveCredit() const {
  return std::all_of(edges_.begin(), edges_.end(), [](const exchange::EdgeWriter* edge) { return edge->has_credit(); });
}

bool Chain::ready_for_input() const { return pending_ == 0 && EdgesHaveCredit(); }

Status Chain::Deliver(int input, Element element) {
  if (element.kind == Element::Kind::kBatch) {
    THALWEG_TRY(Feed(0, input, std::move(element.batch)));
    return std::exchange(error_, Status());
  }
  Work work;
  work.input = input;
  work.element = std::move(element);
  return DeliverTo(0, std::move(work));
}

Status Chain::EndInput(int input, flow::EndKind kind) {
  Work work;
  work.kind = Work::Kind::kEndOfInput;
  work.input = input;
  work.element = flow::EndOfInput{kind};
  return DeliverTo(0, std::move(work));
}

Status Chain::OnTimer(int member, int64_t now_ms) {
  Work work;
  work.kind = Work::Kind::kTimer;
  work.now_ms = now_ms;
  return DeliverTo(member, std::move(work));
}

Status Chain::OnEvent(int member, std::string_view event) {
  ChainMember& to = members_[static_cast<size_t>(member)];
  if (to.finished) return {};
  return Named(member, CatchUserErrors([&] { return to.op->OnEvent(event); }));
}

Status Chain::DeliverTo(int member, Work work) {
  THALWEG_TRY(Enqueue(member, std::move(work)));
  return std::exchange(error_, Status());
}

Status Chain::WithHeadOutput(const std::function<Status(flow::Output&)>& work) {
  MemberOutput& output = states_[0]->output;
  output.Refresh();
  THALWEG_TRY(Named(0, CatchUserErrors([&] { return work(output); })));
  return std::exchange(error_, Status());
}

Status Chain::Feed(int member, int input, Batch batch) {
  State& state = *states_[static_cast<size_t>(member)];
  flow::Rows rows(std::move(batch));
  bool counted = false;
  if (state.queue.empty() && HasRoom(member) && error_.ok()) {
    if (state.run && RunHasRoom(*state.run)) return FeedRun(*state.run, rows.TakeAll());
    Result<Progress> progress = Guarded(member, [&] { return Process(member, input, rows, counted); });
    if (!progress.ok()) return progress.status();
    if (*progress == Progress::kDone) return {};
    if (*progress == Progress::kBlocked) Block(state);
  }
  Work work;
  work.kind = Work::Kind::kRows;
  work.input = input;
  work.rows = std::move(rows);
  work.counted = counted;
  Push(member, std::move(work));
  return {};
}

bool Chain::RunHasRoom(const RowRun& run) const {
  return std::all_of(run.stages().begin(), run.stages().end(),
                     [this](const RowRun::Stage& stage) { return HasRoom(stage.member); });
}

// What comes to a stage is what the one before it sent on.
void Chain::TellRows(const RowRun& run) const {
  int before = -1;
  for (const RowRun::Stage& stage : run.stages()) {
    if (stage.rows == 0) return;
    if (before >= 0 && events_.on_emitted) events_.on_emitted(before, stage.rows);
    if (events_.on_rows) events_.on_rows(stage.member, stage.rows);
    before = stage.member;
  }
}

Status Chain::FeedRun(RowRun& run, Batch batch) {
  Status status = CatchUserErrors([&] { return run.Process(batch, *pool_); });
  TellRows(run);
  if (!status.ok()) return Named(run.failed_member(), std::move(status));
  if (batch.rows() > 0) EmitFrom(run.stages().back().member, 0, std::move(batch));
  return {};
}

void Chain::Push(int member, Work work) {
  State& state = *states_[static_cast<size_t>(member)];
  state.queue.push_back(std::move(work));
  ++pending_;
  if (state.queue.size() > 1) return;
  for (int from : state.fed_by) ++states_[static_cast<size_t>(from)]->full_successors;
}

void Chain::Pop(int member) {
  State& state = *states_[static_cast<size_t>(member)];
  state.queue.pop_front();
  --pending_;
  if (!state.queue.empty()) return;
  for (int from : state.fed_by) --states_[static_cast<size_t>(from)]->full_successors;
}

void Chain::Block(State& state) {
  state.blocked = true;
  ++blocked_;
}

Status Chain::Enqueue(int member, Work work) {
  State& state = *states_[static_cast<size_t>(member)];
  Push(member, std::move(work));
  if (state.queue.size() > 1 || state.blocked) return {};
  return Drain(member);
}

template <typename F>
Result<Progress> Chain::Guarded(int member, F work) {
  State& state = *states_[static_cast<size_t>(member)];
  state.output.Refresh();
  Result<Progress> progress = CatchUserErrors(work);
  if (!progress.ok()) return Named(member, progress.status());
  if (state.keyed) THALWEG_TRY(Named(member, state.keyed->status()));
  return progress;
}

Status Chain::Drain(int member) {
  State& state = *states_[static_cast<size_t>(member)];
  while (!state.queue.empty() && !state.blocked && HasRoom(member) && error_.ok()) {
    Work& work = state.queue.front();
    THALWEG_ASSIGN(Progress progress, Guarded(member, [&] { return Run(member, work); }));
    if (progress == Progress::kBlocked) Block(state);
    if (progress != Progress::kDone) return {};
    // Successors must see this member's queue before the rest of it runs, so the work leaves the queue after it was forwarded.
    THALWEG_TRY(AfterWork(member, work));
    Pop(member);
  }
  return {};
}

Result<Progress> Chain::Process(int index, int input, flow::Rows& rows, bool& counted) {
  const ChainMember& member = members_[static_cast<size_t>(index)];
  if (member.finished) return InternalError("It had ended in the restored checkpoint, and gets rows again");
  if (events_.on_rows && !std::exchange(counted, true)) events_.on_rows(index, rows.end());
  return member.op->Process(input, rows, states_[static_cast<size_t>(index)]->output);
}

Result<Progress> Chain::Run(int index, Work& work) {
  flow::Operator& op = *members_[static_cast<size_t>(index)].op;
  flow::Output& out = states_[static_cast<size_t>(index)]->output;
  bool finished = members_[static_cast<size_t>(index)].finished;
  if (work.kind == Work::Kind::kRows) return Process(index, work.input, work.rows, work.counted);
  if (finished && work.kind != Work::Kind::kControl) return Progress::kDone;
  switch (work.kind) {
    case Work::Kind::kTimer: return op.OnTimer(work.now_ms, out);
    case Work::Kind::kEndOfInput: return op.OnEndOfInput(work.input, work.element.end.kind, out);
    case Work::Kind::kRows:
    case Work::Kind::kControl: break;
  }
  switch (work.element.kind) {
    case Element::Kind::kWatermark:
      if (events_.on_watermark) events_.on_watermark(index, work.element.watermark.time);
      return finished ? Progress::kDone : op.OnWatermark(work.element.watermark, out);
    case Element::Kind::kBarrier: return finished ? Progress::kDone : op.PrepareBarrier(work.element.barrier, out);
    case Element::Kind::kEnd: return finished ? Progress::kDone : op.OnEnd(work.element.end.kind, out);
    case Element::Kind::kStatus:
      if (auto* hears = dynamic_cast<flow::HearsIdleness*>(&op); hears && work.element.status.idle && !finished)
        hears->OnIdle();
      return Progress::kDone;
    default: return Progress::kDone;
  }
}

Status Chain::AfterWork(int member, Work& work) {
  if (work.kind != Work::Kind::kControl) return {};
  if (work.element.kind == Element::Kind::kBarrier) THALWEG_TRY(TakeSnapshot(member, work.element.barrier));
  bool time = work.element.kind == Element::Kind::kStatus ||
              (work.element.kind == Element::Kind::kWatermark && work.element.watermark.time != time::kMaxWatermark);
  if (!time || !members_[static_cast<size_t>(member)].op->OwnsWatermarks()) THALWEG_TRY(Forward(member, work.element));
  if (work.element.kind == Element::Kind::kEnd && ++ended_members_ == static_cast<int>(members_.size())) ended_ = true;
  return {};
}

Status Chain::Forward(int index, const Element& element) {
  for (const ChainMember::Port& port : members_[static_cast<size_t>(index)].ports) {
    for (int next : port.chained) {
      if (element.kind == Element::Kind::kEnd) {
        Work ended;
        ended.kind = Work::Kind::kEndOfInput;
        ended.element = element.end;
        THALWEG_TRY(Enqueue(next, std::move(ended)));
      }
      Work work;
      switch (element.kind) {
        case Element::Kind::kWatermark: work.element = element.watermark; break;
        case Element::Kind::kStatus: work.element = element.status; break;
        case Element::Kind::kBarrier: work.element = element.barrier; break;
        case Element::Kind::kLatency: work.element = element.latency; break;
        case Element::Kind::kEnd: work.element = element.end; break;
        case Element::Kind::kBatch: THALWEG_CHECK(false);
      }
      THALWEG_TRY(Enqueue(next, std::move(work)));
    }
    for (exchange::EdgeWriter* edge : port.edges) edge->EmitControl(element);
  }
  return {};
}

void Chain::EmitFrom(int member, int port, Batch batch) {
  if (events_.on_emitted) events_.on_emitted(member, batch.rows());
  const auto& ports = members_[static_cast<size_t>(member)].ports;
  static const ChainMember::Port kNobody;
  const ChainMember::Port& to = static_cast<size_t>(port) < ports.size() ? ports[static_cast<size_t>(port)] : kNobody;
  size_t left = to.chained.size() + to.edges.size();
  if (left == 0 && port > 0 && events_.on_unread) events_.on_unread(member, port, batch.rows());
  auto next_handle = [&] { return --left == 0 ? std::move(batch) : batch.Share(*pool_); };
  for (exchange::EdgeWriter* edge : to.edges) edge->Emit(next_handle());
  for (int next : to.chained) {
    Status status = Feed(next, 0, next_handle());
    if (!status.ok() && error_.ok()) error_ = std::move(status);
  }
}

Status Chain::Resume() {
  for (size_t i = members_.size(); i-- > 0;) THALWEG_TRY(Drain(static_cast<int>(i)));
  return std::exchange(error_, Status());
}

bool Chain::runnable() const {
  if (pending_ == 0) return false;
  for (size_t i = 0; i < members_.size(); ++i)
    if (!states_[i]->queue.empty() && !states_[i]->blocked && HasRoom(static_cast<int>(i))) return true;
  return false;
}

void Chain::Unblock() {
  for (auto& state : states_) state->blocked = false;
  blocked_ = 0;
}

Status Chain::IdleFlush() {
  for (size_t i = 0; i < members_.size() && !ended_; ++i) {
    State& state = *states_[i];
    if (members_[i].finished || !state.queue.empty() || !HasRoom(static_cast<int>(i))) continue;
    state.output.Refresh();
    auto progress = CatchUserErrors([&] { return members_[i].op->OnIdleFlush(state.output); });
    if (!progress.ok()) return Named(static_cast<int>(i), progress.status());
  }
  FlushEdges();
  return std::exchange(error_, Status());
}

void Chain::FlushEdges() {
  for (exchange::EdgeWriter* edge : edges_) edge->Flush();
}

bool Chain::has_partial() const {
  return std::any_of(edges_.begin(), edges_.end(),
                     [](const exchange::EdgeWriter* edge) { return edge->has_partial(); });
}

// A last word rides in every manifest to come, and everything was emitted: it has only what is read of it (checkpoint::PlanRestore).
Result<state::OperatorSnapshot> Chain::SnapshotMember(int index, const flow::Barrier& barrier, bool last_word) {
  ChainMember& member = members_[static_cast<size_t>(index)];
  state::OperatorSnapshot snapshot;
  snapshot.uid = member.uid;
  auto committables = CatchUserErrors([&] { return member.op->Snapshot(barrier); });
  if (!committables.ok()) return Named(index, committables.status());
  snapshot.committables = std::move(*committables);
  snapshot.lists = member.context->operator_state().Snapshot();
  if (last_word)
    std::erase_if(snapshot.lists, [](const auto& list) { return list.mode == state::Redistribution::kSplit; });
  if (member.collect) member.collect(snapshot);
  return snapshot;
}

Result<std::unique_ptr<state::PendingSnapshot>> Chain::BeginKeyed(int index) {
  state::KeyedBackend* keyed = members_[static_cast<size_t>(index)].context->keyed_state();
  if (keyed == nullptr) return std::unique_ptr<state::PendingSnapshot>();
  // It may have to end the snapshot before, and so to encode objects.
  auto begun =
      CatchUserErrors([&]() -> Result<std::unique_ptr<state::PendingSnapshot>> { return keyed->BeginSnapshot(); });
  if (!begun.ok()) return Named(index, begun.status());
  return begun;
}

Status Chain::TakeSnapshot(int index, const flow::Barrier& barrier) {
  snapshot_.resize(members_.size());
  auto& [member, keyed] = snapshot_[static_cast<size_t>(index)];
  THALWEG_ASSIGN(member, SnapshotMember(index, barrier, false));
  THALWEG_ASSIGN(keyed, BeginKeyed(index));
  if (events_.on_barrier_taken) events_.on_barrier_taken(index, barrier);
  if (++snapshotted_ < members_.size()) return {};
  snapshotted_ = 0;
  TaskSnapshot whole;
  for (auto& [each, its_keyed] : std::exchange(snapshot_, {})) whole.Add(std::move(each), std::move(its_keyed));
  events_.on_snapshot(barrier, std::move(whole));
  return {};
}

Result<state::TaskSnapshot> Chain::SnapshotNow(const flow::Barrier& barrier) {
  state::TaskSnapshot snapshot;
  for (size_t i = 0; i < members_.size(); ++i) {
    THALWEG_ASSIGN(state::OperatorSnapshot member, SnapshotMember(static_cast<int>(i), barrier, true));
    snapshot.operators.push_back(std::move(member));
  }
  return snapshot;
}

Status Chain::NotifyComplete(uint64_t checkpoint) {
  for (size_t i = 0; i < members_.size(); ++i)
    THALWEG_TRY(
        Named(static_cast<int>(i), CatchUserErrors([&] { return members_[i].op->OnCheckpointComplete(checkpoint); })));
  return {};
}

Status Chain::NotifyAborted(uint64_t checkpoint) {
  for (size_t i = 0; i < members_.size(); ++i)
    THALWEG_TRY(
        Named(static_cast<int>(i), CatchUserErrors([&] { return members_[i].op->OnCheckpointAborted(checkpoint); })));
  return {};
}

Status Chain::Close() {
  Status first;
  for (size_t i = 0; i < members_.size(); ++i) {
    Status closed = Named(static_cast<int>(i), CatchUserErrors([&]() -> Status {
                            members_[i].op->Close();
                            return {};
                          }));
    if (first.ok()) first = std::move(closed);
  }
  return first;
}

}  // namespace thalweg::runtime
