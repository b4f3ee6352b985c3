// A source = an enumerator (a pure state machine beside the coordinator: discovers, assigns, takes back and snapshots splits) and
// readers (one per subtask: read the splits they were given, each may be paused).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "columns/batch.h"
#include "columns/unfit_row.h"
#include "flow/context.h"
#include "flow/operator.h"

namespace thalweg::flow {

/// A piece of a source: a file, a Kafka partition. `state` is the source's own encoding of position and stop; `id` is stable.
struct Split {
  std::string id;
  std::string state;
  bool operator==(const Split&) const = default;
};

/// Takes a reader's rows, per split. The reader's thread.
class SourceOutput {
 public:
  virtual ~SourceOutput() = default;
  bool has_credit() const { return credit_; }
  /// Rows that one Poll should emit at most, of all splits together: a barrier waits for as many to pass the chain. At least 1.
  int32_t poll_rows() const { return poll_rows_; }
  /// Rows of one split in its order. Batch times, if given, are the source's own timestamps.
  virtual void Emit(const std::string& split, columns::Batch batch) = 0;
  /// Rows for a side output of the source (port >= 1): records that did not parse. Without times and watermarks.
  virtual void EmitSide(int port, columns::Batch batch) { THALWEG_CHECK(false, "no side outputs here: port {}", port); }
  /// The split is read to its end.
  virtual void FinishSplit(const std::string& split) = 0;
  virtual columns::BufferPool& pool() = 0;

 protected:
  bool credit_ = true;
  int32_t poll_rows_ = columns::kMaxBatchRows;
};

/// kMore: more may be read at once. kIdle: nothing now; the Waker will be woken, or a timer asked for with Context::RequestTimer
/// will come: Poll is called again then. kFinished: no splits left and none will come.
enum class ReadProgress : uint8_t { kMore, kIdle, kFinished };

/// All on the task's thread. Never blocks: what blocks runs on the reader's own or the I/O threads, behind bounded queues.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  virtual Status Open(Context& context) { return {}; }
  virtual Status AddSplits(const std::vector<Split>& splits) = 0;
  /// No further splits will come: kFinished once those held are done.
  virtual void NoMoreSplits() = 0;
  /// Stops (resumes) reading one split, for watermark alignment. Rows already fetched may still come.
  virtual void PauseSplit(const std::string& split, bool paused) = 0;
  virtual Result<ReadProgress> Poll(SourceOutput& out) = 0;
  /// Unfinished splits with the position after the last emitted row.
  virtual std::vector<Split> SnapshotSplits() const = 0;
  virtual Status OnCheckpointComplete(uint64_t checkpoint) { return {}; }
  /// After Snapshot for `checkpoint`: remember what to commit outside (offsets to a group).
  virtual void OnSnapshot(uint64_t checkpoint) {}
  virtual Status OnEvent(std::string_view event) { return {}; }
  /// During SourceOutput::Emit: a row of that batch cannot become what the program asked for. An error with the row's place, or ok,
  /// if the reader's policy for records that do not parse says so: then the row is left out.
  virtual Status OnUnfitRow(const columns::UnfitRow& row) { return UserError("{}", row.reason); }
  virtual void Close() {}
};

/// What an enumerator wants done. Sent in order.
struct EnumeratorAction {
  enum class Kind : uint8_t { kAssign, kNoMoreSplits, kEvent };
  Kind kind = Kind::kAssign;
  int subtask = 0;
  std::vector<Split> splits;
  std::string event;
};

/// What discovery found; made on an I/O thread, handed to OnDiscovery.
struct Discovery {
  std::vector<Split> splits;  // all that exist now
};

/// A source's operator coordinator (flow/coordinator.h), told in terms of splits.
/// Pure: no clock, no I/O, no threads in its methods but Discover. Same calls, same actions.
class SplitEnumerator {
 public:
  virtual ~SplitEnumerator() = default;
  /// Looks outside. May block: runs on an I/O thread, touches nothing that the other methods change.
  virtual Result<Discovery> Discover() = 0;
  /// Period of discovery in ms, or 0: once.
  virtual int64_t discovery_interval_ms() const { return 0; }
  /// The result of Discover, in the coordinator's thread. New splits are assigned.
  virtual std::vector<EnumeratorAction> OnDiscovery(const Discovery& discovery) = 0;
  /// All readers have started (also after a restart); `restored` are the splits of the checkpoint, to be given out anew.
  virtual std::vector<EnumeratorAction> OnStart(int parallelism, const std::vector<Split>& restored) = 0;
  virtual std::vector<EnumeratorAction> OnEvent(int subtask, std::string_view event) { return {}; }
  /// What it must remember besides the readers' splits (splits seen, not yet assigned).
  virtual std::string Snapshot() const = 0;
  virtual Status Restore(std::string_view bytes) = 0;
};

/// A source as the graph's node describes it; made once per job by the registry or a user function.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool bounded() const = 0;
  virtual Result<std::unique_ptr<SplitEnumerator>> CreateEnumerator() = 0;
  virtual Result<std::unique_ptr<SourceReader>> CreateReader() = 0;
};

}  // namespace thalweg::flow
