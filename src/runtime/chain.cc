#include "runtime/chain.h"

#include <algorithm>

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
  std::deque<Work> queue;
  bool blocked = false;
  std::unique_ptr<MemberOutput> output;
};

Chain::Chain(std::vector<ChainMember> members, Events events, columns::BufferPool& pool)
    : members_(std::move(members)), events_(std::move(events)), pool_(&pool) {
  for (size_t i = 0; i < members_.size(); ++i) {
    states_.push_back(std::make_unique<State>());
    states_.back()->output = std::make_unique<MemberOutput>(*this, static_cast<int>(i));
  }
}

Chain::~Chain() = default;

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
  for (const ChainMember::Port& port : members_[static_cast<size_t>(index)].ports) {
    for (int next : port.chained)
      if (!states_[static_cast<size_t>(next)]->queue.empty()) return false;
    for (const exchange::EdgeWriter* edge : port.edges)
      if (!edge->has_credit()) return false;
  }
  return true;
}

bool Chain::ready_for_input() const {
  if (pending_ > 0) return false;
  for (size_t i = 0; i < members_.size(); ++i)
    if (!HasRoom(static_cast<int>(i))) return false;
  return true;
}

Status Chain::Deliver(int input, Element element) {
  Work work;
  work.input = input;
  if (element.kind == Element::Kind::kBatch) {
    work.kind = Work::Kind::kRows;
    work.rows = flow::Rows(std::move(element.batch));
  } else {
    work.element = std::move(element);
  }
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
  states_[0]->output->Refresh();
  THALWEG_TRY(Named(0, CatchUserErrors([&] { return work(*states_[0]->output); })));
  return std::exchange(error_, Status());
}

Status Chain::Enqueue(int member, Work work) {
  State& state = *states_[static_cast<size_t>(member)];
  state.queue.push_back(std::move(work));
  ++pending_;
  if (state.queue.size() > 1 || state.blocked) return {};
  return Drain(member);
}

Status Chain::Drain(int member) {
  State& state = *states_[static_cast<size_t>(member)];
  while (!state.queue.empty() && !state.blocked && HasRoom(member) && error_.ok()) {
    Work& work = state.queue.front();
    state.output->Refresh();
    auto progress = CatchUserErrors([&] { return Run(member, work); });
    if (!progress.ok()) return Named(member, progress.status());
    if (state::KeyedBackend* keyed = members_[static_cast<size_t>(member)].context->keyed_state())
      THALWEG_TRY(Named(member, keyed->status()));
    if (*progress == Progress::kBlocked) {
      state.blocked = true;
      ++blocked_;
      return {};
    }
    if (*progress == Progress::kMore) return {};
    Work done = std::move(state.queue.front());
    // Successors must see this member's queue before the rest of it runs, so the work leaves the queue after it was forwarded.
    THALWEG_TRY(AfterWork(member, done));
    state.queue.pop_front();
    --pending_;
  }
  return {};
}

Result<Progress> Chain::Run(int index, Work& work) {
  flow::Operator& op = *members_[static_cast<size_t>(index)].op;
  flow::Output& out = *states_[static_cast<size_t>(index)]->output;
  bool finished = members_[static_cast<size_t>(index)].finished;
  if (finished && work.kind == Work::Kind::kRows)
    return InternalError("It had ended in the restored checkpoint, and gets rows again");
  if (finished && work.kind != Work::Kind::kControl) return Progress::kDone;
  switch (work.kind) {
    case Work::Kind::kRows:
      if (events_.on_rows && !std::exchange(work.counted, true)) events_.on_rows(index, work.rows.end());
      return op.Process(work.input, work.rows, out);
    case Work::Kind::kTimer: return op.OnTimer(work.now_ms, out);
    case Work::Kind::kEndOfInput: return op.OnEndOfInput(work.input, work.element.end.kind, out);
    case Work::Kind::kControl: break;
  }
  switch (work.element.kind) {
    case Element::Kind::kWatermark:
      if (events_.on_watermark) events_.on_watermark(index, work.element.watermark.time);
      return finished ? Progress::kDone : op.OnWatermark(work.element.watermark, out);
    case Element::Kind::kBarrier: return finished ? Progress::kDone : op.PrepareBarrier(work.element.barrier, out);
    case Element::Kind::kEnd: return finished ? Progress::kDone : op.OnEnd(work.element.end.kind, out);
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
  const auto& ports = members_[static_cast<size_t>(member)].ports;
  static const ChainMember::Port kNobody;
  const ChainMember::Port& to = static_cast<size_t>(port) < ports.size() ? ports[static_cast<size_t>(port)] : kNobody;
  size_t left = to.chained.size() + to.edges.size();
  if (left == 0 && port > 0 && events_.on_unread) events_.on_unread(member, port, batch.rows());
  auto next_handle = [&] { return --left == 0 ? std::move(batch) : batch.Share(*pool_); };
  for (exchange::EdgeWriter* edge : to.edges) edge->Emit(next_handle());
  for (int next : to.chained) {
    Work work;
    work.kind = Work::Kind::kRows;
    work.rows = flow::Rows(next_handle());
    Status status = Enqueue(next, std::move(work));
    if (!status.ok() && error_.ok()) error_ = std::move(status);
  }
}

Status Chain::Resume() {
  for (size_t i = members_.size(); i-- > 0;) THALWEG_TRY(Drain(static_cast<int>(i)));
  return std::exchange(error_, Status());
}

bool Chain::runnable() const {
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
    state.output->Refresh();
    auto progress = CatchUserErrors([&] { return members_[i].op->OnIdleFlush(*state.output); });
    if (!progress.ok()) return Named(static_cast<int>(i), progress.status());
  }
  FlushEdges();
  return std::exchange(error_, Status());
}

void Chain::FlushEdges() {
  for (ChainMember& member : members_)
    for (ChainMember::Port& port : member.ports)
      for (exchange::EdgeWriter* edge : port.edges) edge->Flush();
}

bool Chain::has_partial() const {
  for (const ChainMember& member : members_)
    for (const ChainMember::Port& port : member.ports)
      for (const exchange::EdgeWriter* edge : port.edges)
        if (edge->has_partial()) return true;
  return false;
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
