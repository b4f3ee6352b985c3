// The operator contract. Rule: work can stop half-way. A call that finds its Output out of credit returns kMore and is resumed;
// whatever remains to be done stands in the operator's state (or in the unread Rows, which the task keeps), so that a snapshot
// may be taken between any two calls. docs/internals/operator.md tells the whole life.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columns/batch.h"
#include "flow/context.h"
#include "flow/element.h"
#include "flow/output.h"

namespace thalweg::flow {

/// What a call achieved. kMore: call the same method again once the Output has credit. kBlocked: call it again after the
/// operator's Waker was woken.
enum class Progress : uint8_t { kDone, kMore, kBlocked };

/// The rows of one input batch, worked off from `next()`. The task keeps what was not consumed and snapshots it.
class Rows {
 public:
  explicit Rows(columns::Batch batch) : batch_(std::move(batch)) {}
  columns::Batch& batch() { return batch_; }
  int32_t next() const { return next_; }
  int32_t end() const { return batch_.rows(); }
  bool done() const { return next_ >= batch_.rows(); }
  /// Rows below `row` are consumed.
  void AdvanceTo(int32_t row) { next_ = row; }
  /// Whole batch, consumed. Only when nothing of it was consumed before.
  columns::Batch TakeAll() {
    THALWEG_CHECK(next_ == 0);
    return std::move(batch_);
  }

 private:
  columns::Batch batch_;
  int32_t next_ = 0;
};

/// One operator of one subtask. All methods on the task's thread. A returned error fails the job (or restarts it) with the
/// operator's name in front. An exception thrown by user code below a method is caught by the task and becomes a UserError.
class Operator {
 public:
  virtual ~Operator() = default;

  /// Before anything else; state is already restored. `context` outlives the operator.
  virtual Status Open(Context& context) { return {}; }

  /// Works rows off. kDone: all of them are consumed. kMore / kBlocked: `rows.next()` tells how far; the same Rows come again.
  virtual Result<Progress> Process(int input, Rows& rows, Output& out) = 0;

  /// The merged watermark rose to `watermark`. Fires event-time timers; the task sends the watermark on after kDone:
  /// downstream must not close a window whose last row we still hold.
  virtual Result<Progress> OnWatermark(Watermark watermark, Output& out) { return Progress::kDone; }

  /// The operator makes the watermarks of its output: those from above reach it but are not sent on (save the maximal one, which
  /// ends event time), nor are idle statuses.
  virtual bool OwnsWatermarks() const { return false; }

  /// Processing time reached what was asked for by Context::RequestTimer. `now_ms` is the clock's time.
  virtual Result<Progress> OnTimer(int64_t now_ms, Output& out) { return Progress::kDone; }

  /// The core has nothing else to do: emit partial batches now.
  virtual Result<Progress> OnIdleFlush(Output& out) { return Progress::kDone; }

  /// A barrier has arrived on all inputs: emit what must lie before it (mini-batches, a sink's flush: may block until acknowledged).
  virtual Result<Progress> PrepareBarrier(const Barrier& barrier, Output& out) { return Progress::kDone; }

  /// Moves what is not yet in keyed or operator state there and returns a sink's committables. Emits nothing. May be called
  /// between a kMore and its resumption. The last word of a task whose inputs have ended carries the id one above
  /// the last barrier that it took, and stands in every checkpoint from there on: OnCheckpointComplete may name any of them.
  virtual Result<std::vector<std::string>> Snapshot(const Barrier& barrier) { return std::vector<std::string>{}; }

  /// The checkpoint is durable: commit. / It will never be: keep committables for the next one.
  virtual Status OnCheckpointComplete(uint64_t checkpoint) { return {}; }
  virtual Status OnCheckpointAborted(uint64_t checkpoint) { return {}; }

  /// Committables of the restored checkpoint whose completion was perhaps never told. After Open.
  virtual Status RestoreCommittables(const std::vector<std::string>& committables) { return {}; }

  /// `input` has ended. / All inputs have ended; the last chance to emit.
  virtual Result<Progress> OnEndOfInput(int input, EndKind kind, Output& out) { return Progress::kDone; }
  virtual Result<Progress> OnEnd(EndKind kind, Output& out) { return Progress::kDone; }

  /// An event from this operator's coordinator, ordered against barriers.
  virtual Status OnEvent(std::string_view event) { return {}; }

  /// Last call, also after a failure. Releases what the operator holds.
  virtual void Close() {}
};

}  // namespace thalweg::flow
