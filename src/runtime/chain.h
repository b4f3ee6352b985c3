// Chain: the operators of one task, run depth first by plain calls.
// Rule: an operator that stopped half-way (kMore, kBlocked) keeps its work at the front of its queue, and whatever comes for it
// waits behind in order; an operator is fed only while everything it emits into has room. Rows for an operator that can take them at
// once are in no queue: they lie on the stack until it has stopped. Neighbouring row stages take them together (runtime/row_run.h).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exchange/edge_writer.h"
#include "flow/operator.h"
#include "flow/output.h"
#include "runtime/row_run.h"
#include "runtime/task_snapshot.h"
#include "state/snapshot.h"

namespace thalweg::runtime {

/// What one operator of a chain needs from its task.
struct ChainMember {
  std::string name;
  std::string uid;
  std::unique_ptr<flow::Operator> op;
  flow::Context* context = nullptr;
  /// Had ended in the restored checkpoint: it is opened and told of checkpoints, for its committables, but processes nothing.
  bool finished = false;
  /// By port: chained successors (index into the chain) and edges that leave the task.
  struct Port {
    std::vector<int> chained;
    std::vector<exchange::EdgeWriter*> edges;
  };
  std::vector<Port> ports;
  /// Adds what is neither keyed nor operator state to the snapshot (a source's splits); may be empty.
  std::function<void(state::OperatorSnapshot&)> collect;
};

/// The task's thread. Members stand in topological order; member 0 is the head.
class Chain {
 public:
  struct Events {
    /// Every member has snapshotted at `barrier`; keyed state is yet to be saved.
    std::function<void(const flow::Barrier&, TaskSnapshot)> on_snapshot;
    /// The member has snapshotted at `barrier`, perhaps before others.
    std::function<void(int member, const flow::Barrier&)> on_barrier_taken;
    /// The head's watermark reached the member (for metrics and Context::current_watermark).
    std::function<void(int member, int64_t watermark)> on_watermark;
    std::function<void(int member, int32_t rows)> on_rows;
    /// The member sent rows on, by any port.
    std::function<void(int member, int32_t rows)> on_emitted;
    /// Rows for a side output that nobody reads.
    std::function<void(int member, int port, int32_t rows)> on_unread;
  };

  Chain(std::vector<ChainMember> members, Events events, columns::BufferPool& pool);
  ~Chain();

  Status Open();
  /// Gives the head what comes next: rows, watermark, status, barrier, latency marker, or end of all inputs.
  Status Deliver(int input, flow::Element element);
  Status EndInput(int input, flow::EndKind kind);
  /// Runs `work` with the head's output: how a source emits.
  Status WithHeadOutput(const std::function<Status(flow::Output&)>& work);
  /// Continues what stopped half-way, last operator first.
  Status Resume();
  /// Nothing is half-way and every output has room: the head may be fed.
  bool ready_for_input() const;
  /// Something is half-way.
  bool pending() const { return pending_ > 0; }
  /// Something is half-way that could go on now.
  bool runnable() const;
  /// Some operator waits for its Waker.
  bool blocked() const { return blocked_ > 0; }
  /// Wakes blocked operators (all: who is not ready blocks again).
  void Unblock();
  Status OnTimer(int member, int64_t now_ms);
  /// From the member's coordinator.
  Status OnEvent(int member, std::string_view event);
  /// The core is idle: operators emit partial batches, edges flush.
  Status IdleFlush();
  void FlushEdges();
  bool has_partial() const;
  /// Snapshot without a barrier in band: the last word of a task whose inputs have ended.
  Result<state::TaskSnapshot> SnapshotNow(const flow::Barrier& barrier);
  Status NotifyComplete(uint64_t checkpoint);
  Status NotifyAborted(uint64_t checkpoint);
  /// All members have done OnEnd and everything has left.
  bool ended() const { return ended_; }
  /// Closes every member; the first error.
  Status Close();
  size_t size() const { return members_.size(); }
  flow::Operator& op(int member) { return *members_[static_cast<size_t>(member)].op; }

 private:
  class MemberOutput;
  struct Work;
  struct State;

  void PlanRuns();
  bool IsStage(int member) const;
  /// The member that is all its output goes to, by a plain call; or -1.
  int SoleSuccessor(int member) const;
  /// Rows: through the member at once if it can take them, else to its queue.
  Status Feed(int member, int input, columns::Batch batch);
  Status FeedRun(RowRun& run, columns::Batch batch);
  void TellRows(const RowRun& run) const;
  bool RunHasRoom(const RowRun& run) const;
  Status Enqueue(int member, Work work);
  void Push(int member, Work work);
  void Pop(int member);
  void Block(State& state);
  Result<flow::Progress> Run(int member, Work& work);
  Result<flow::Progress> Process(int member, int input, flow::Rows& rows, bool& counted);
  /// `work()` as the member's: with its output refreshed, and its errors named.
  template <typename F>
  Result<flow::Progress> Guarded(int member, F work);
  /// Works the member's queue off as far as it goes.
  Status Drain(int member);
  Status AfterWork(int member, Work& work);
  Status Forward(int member, const flow::Element& element);
  Status TakeSnapshot(int member, const flow::Barrier& barrier);
  Result<state::OperatorSnapshot> SnapshotMember(int member, const flow::Barrier& barrier, bool last_word);
  Result<std::unique_ptr<state::PendingSnapshot>> BeginKeyed(int member);
  Status DeliverTo(int member, Work work);
  void EmitFrom(int member, int port, columns::Batch batch);
  bool HasRoom(int member) const;
  bool EdgesHaveCredit() const;
  Status Named(int member, Status status) const;

  std::vector<ChainMember> members_;
  std::vector<std::unique_ptr<State>> states_;
  std::vector<exchange::EdgeWriter*> edges_;  // of all members
  Events events_;
  columns::BufferPool* pool_;
  std::vector<std::pair<state::OperatorSnapshot, std::unique_ptr<state::PendingSnapshot>>> snapshot_;  // by member
  Status error_;  // first error below an Emit; returned by the outer call
  int pending_ = 0;
  int blocked_ = 0;
  size_t snapshotted_ = 0;
  int ended_members_ = 0;
  bool ended_ = false;
};

}  // namespace thalweg::runtime
