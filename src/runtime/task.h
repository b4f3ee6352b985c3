// Task: one subtask of one chain. Reads its gate (or its source), runs its chain, reports to the job.
// Rule: nothing is read while anything of the chain is half-way or has no room; a command is obeyed between two elements.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "exchange/channel.h"
#include "exchange/edge_writer.h"
#include "exchange/input_gate.h"
#include "flow/context.h"
#include "flow/input_watermarks.h"
#include "flow/restored.h"
#include "io/executor.h"
#include "metrics/registry.h"
#include "runtime/chain.h"
#include "runtime/operator_metrics.h"
#include "runtime/source_operator.h"
#include "runtime/step_pace.h"
#include "runtime/task_snapshot.h"
#include "runtime/task_waker.h"

namespace thalweg::runtime {

class Core;

/// A turn's share for saving a snapshot while rows go on: about 30 % of a busy core, and no longer than what rows wait for anyway; where
/// the rest of the turn took longer than usual, a third of that.
constexpr int64_t kSaveNs = 100'000;
constexpr int64_t kSaveShare = 3;
/// Bytes saved between two looks at the clock: about 10 us.
constexpr int64_t kSaveBytes = int64_t{16} << 10;

/// What a task tells the job. Sent on the task's thread; the job queues it.
struct TaskReport {
  enum class Kind : uint8_t { kSnapshot, kDeclined, kDrained, kFailed, kEvent, kWatermark };
  Kind kind = Kind::kSnapshot;
  int task = 0;
  uint64_t checkpoint = 0;              // kEvent: the last one whose barrier the operator had taken
  std::shared_ptr<TaskSnapshot> saved;  // kSnapshot: everything is saved, nothing encoded
  state::TaskSnapshot snapshot;         // kDrained: the task's last word
  Status error;
  std::string uid;  // kEvent: the operator's
  std::string event;
  int64_t watermark = time::kMinWatermark;  // kWatermark: SourceOperator::AlignmentWatermark
};
using ReportTo = std::function<void(TaskReport)>;

/// Rows and time of a task as others may read them at any moment.
struct TaskProgress {
  std::atomic<uint64_t> rows_in{0};
  std::atomic<uint64_t> rows_out{0};      // sent to other tasks
  std::atomic<uint64_t> rows_emitted{0};  // taken in by a sink at the end of the chain
  std::atomic<int64_t> watermark{time::kMinWatermark};
  std::atomic<int64_t> state_bytes{0};  // of keyed state in memory
};

/// Context of one chain member.
class TaskContext final : public flow::Context, public flow::KnowsRestore {
 public:
  struct World {
    time::Clock* clock = nullptr;
    columns::BufferPool* pool = nullptr;
    io::Executor* executor = nullptr;
    metrics::Group* metrics = nullptr;
    uint64_t seed = 0;
    int64_t connector_bytes = 0;
    bool job_restored = false;
  };
  /// Takes an event for the operator's coordinator and the last checkpoint whose barrier the operator has taken.
  using SendEvent = std::function<void(std::string event, uint64_t checkpoint)>;
  TaskContext(flow::TaskName name, World world, std::shared_ptr<flow::Waker> waker,
              std::unique_ptr<state::KeyedBackend> keyed, SendEvent send_event);

  const flow::TaskName& task() const override { return name_; }
  time::Clock& clock() override { return *world_.clock; }
  Random& random() override { return random_; }
  metrics::Group& metrics() override { return *world_.metrics; }
  columns::BufferPool& pool() override { return *world_.pool; }
  state::KeyedBackend* keyed_state() override { return keyed_.get(); }
  state::OperatorState& operator_state() override { return operator_state_; }
  int64_t current_watermark() const override { return watermark_; }
  std::shared_ptr<flow::Waker> waker() override { return waker_; }
  void RequestTimer(int64_t at_ms) override { timer_ms_ = std::min(timer_ms_, at_ms); }
  Status RunBlocking(std::function<void()> work) override;
  void SendToCoordinator(std::string event) override { send_event_(std::move(event), barrier_); }
  int64_t connector_bytes() const override { return world_.connector_bytes; }
  bool job_restored() const override { return world_.job_restored; }

  void set_watermark(int64_t watermark) { watermark_ = watermark; }
  /// The operator has snapshotted at the barrier of `checkpoint`.
  void set_barrier(uint64_t checkpoint) { barrier_ = checkpoint; }
  int64_t timer_ms() const { return timer_ms_; }
  /// True if a requested timer is due; it is then forgotten.
  bool TakeDueTimer(int64_t now_ms);

 private:
  flow::TaskName name_;
  World world_;
  Random random_;
  std::shared_ptr<flow::Waker> waker_;
  std::unique_ptr<state::KeyedBackend> keyed_;
  SendEvent send_event_;
  uint64_t barrier_ = 0;
  state::OperatorState operator_state_;
  int64_t watermark_ = time::kMinWatermark;
  int64_t timer_ms_ = INT64_MAX;
};

class Task {
 public:
  struct Options {
    int id = 0;
    std::string name;
    int64_t watermark_interval_ms = 200;
    std::unique_ptr<metrics::Group> metrics;  // of the task's scope; null: none are kept
  };
  /// Everything a task owns or borrows; put together by job.cc.
  struct Parts {
    std::vector<ChainMember> members;
    std::vector<std::unique_ptr<metrics::Group>> metrics;  // by member
    std::vector<std::unique_ptr<TaskContext>> contexts;
    SourceOperator* source = nullptr;  // the head, for source tasks
    bool source_finished = false;      // had ended in the restored checkpoint: ends again, at once
    std::vector<std::unique_ptr<exchange::ChannelReceiver>> receivers;
    std::vector<std::unique_ptr<exchange::ChannelSender>> senders;
    std::vector<std::unique_ptr<exchange::EdgeWriter>> edges;
    std::unique_ptr<exchange::InputGate> gate;
    std::vector<std::vector<std::string>> committables;  // by member, of the restored checkpoint
    std::vector<bool> is_sink;                           // by member
    std::shared_ptr<TaskWaker> waker;
  };

  Task(Options options, Parts parts, Core& core, time::Clock& clock, ReportTo report);
  ~Task();

  // On the core's thread.
  void Open();
  /// Works until `deadline_ns` or until nothing can be done. True: more could be done at once.
  bool Run(int64_t deadline_ns);
  /// Sends partial batches when the core is idle, or old ones. True if anything was sent.
  bool Flush(bool idle);
  /// Saves what snapshots under way still need, until `deadline_ns` or until nothing is left. True if there was something.
  bool SaveSnapshots(int64_t deadline_ns);
  /// The coordinators' states for `checkpoint` were taken: their events from now on are for after its barrier.
  void Cut(uint64_t checkpoint);
  /// From the coordinator of a member. Dropped once the task has given its last word.
  void OnEvent(int member, std::string event);
  /// A source sends the barrier next; with `hold` it then emits nothing more until the checkpoint is aborted. Other tasks take
  /// barriers from their inputs, or answer by their last word when those have ended.
  void Trigger(const flow::Barrier& barrier, bool hold);
  void NotifyComplete(uint64_t checkpoint);
  void NotifyAborted(uint64_t checkpoint);
  void StopSource(flow::EndKind kind);
  /// A source emits no rows while it stands still; barriers and its end still go.
  void StandStill(bool still);
  void SetWatermarkLimit(int64_t limit);
  /// The first error of its operators, all of which are closed.
  Status Close();

  void MakeReady() { ready_.store(true, std::memory_order_release); }
  bool TakeReady() {
    return ready_.load(std::memory_order_relaxed) && ready_.exchange(false, std::memory_order_acquire);
  }
  bool is_ready() const { return ready_.load(std::memory_order_acquire); }
  int64_t next_timer_ms() const;

  // Any thread.
  int id() const { return options_.id; }
  const std::string& name() const { return options_.name; }
  const TaskProgress& progress() const { return progress_; }
  bool is_source() const { return parts_.source != nullptr; }
  bool has_sink() const { return std::count(parts_.is_sink.begin(), parts_.is_sink.end(), true) > 0; }
  Core& core() { return *core_; }

 private:
  void Fail(Status status);
  Status Work(int64_t deadline_ns, bool& more);
  bool ManyRowsUnmeasured() const;
  void MeasureRows(int64_t now_ns);
  Status Step(bool& idle);
  Status StepSource(bool& idle);
  Status StepGate(bool& idle);
  void TellInputWatermarks();
  Status EmitWatermark(bool final_one);
  void ReportWatermark(int64_t watermark);
  Status EndSource(flow::EndKind kind);
  Status FireTimers();
  Status StepHeldRows();
  Status AfterProgress();
  Status DeliverBarrier(int input, const flow::Barrier& barrier);
  Status SaveMore(int64_t deadline_ns);
  void TellStateBytes();
  Status BeforeBarrier(uint64_t checkpoint);
  Status ReleaseEvents();

  Options options_;
  Parts parts_;
  Core* core_;
  time::Clock* clock_;
  ReportTo report_;
  std::unique_ptr<Chain> chain_;
  flow::WatchesInputs* watches_inputs_ = nullptr;  // the head, if it does
  std::vector<int64_t> told_watermarks_;           // by its inputs
  std::atomic<bool> ready_{true};
  TaskProgress progress_;
  std::vector<OperatorMetrics> operator_metrics_;  // by member

  bool opened_ = false;
  bool failed_ = false;
  bool closed_ = false;
  bool drained_ = false;
  uint64_t last_barrier_ = 0;  // the last one taken
  bool source_ended_ = false;
  bool status_idle_ = false;
  std::optional<flow::EndKind> stop_;
  std::optional<flow::Barrier> triggered_;  // a source's, to be sent next
  struct HeldEvent {
    uint64_t after = 0;  // the barrier that must be taken first
    int member = 0;
    std::string event;
  };
  std::set<uint64_t> cuts_;  // whose barriers have not been taken
  std::deque<HeldEvent>
      held_;                 // what a coordinator sent after a cut: its snapshot has not sent it, so ours must lack it
  bool hold_after_ = false;  // the triggered barrier is the last thing to send
  bool still_ = false;
  uint64_t held_for_ = 0;  // the checkpoint that holds the source; 0: none
  int64_t sent_watermark_ = time::kMinWatermark;
  int64_t next_watermark_ms_ = 0;
  int64_t next_report_ms_ = INT64_MAX;  // of the watermark, for alignment; never
  StepPace pace_;
  int64_t now_ms_ = 0;  // at the last look at the clock

  struct UnderWay {
    uint64_t checkpoint = 0;
    std::shared_ptr<TaskSnapshot> snapshot;
  };
  // Oldest first. After the contexts, whose backends they need. At most execution.checkpointing.max-concurrent-checkpoints, and
  // only the newest has much to save: when an operator takes the next barrier, its snapshot before is saved at once.
  std::deque<UnderWay> under_way_;
  metrics::Gauge* start_delay_ns_ = nullptr;  // null: no metrics
  metrics::Histogram* barrier_pause_ns_ = nullptr;
  metrics::Histogram* save_pause_ns_ = nullptr;
};

}  // namespace thalweg::runtime
