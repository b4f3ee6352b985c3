// Rows of a running job for the program that started it (execute_and_collect).
// Rule: the queue is bounded and nobody waits inside the engine: a full queue blocks the sink, which is woken when there is room.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "flow/operator.h"

namespace thalweg::connectors {

/// Batches a collect queue holds: one in work on either side and two to hide the wake-up.
constexpr size_t kCollectBatches = 4;

/// What a failure of the job means for rows that were already given to the reader.
enum class CollectGuarantee : uint8_t {
  /// They cannot be taken back: a restart after the first of them ends the reading with an error, as in Flink.
  kNone,
  /// Rows wait in the queue until a checkpoint that has them is complete, and come once. Needs checkpoints.
  kExactlyOnce
};

/// Any thread. Batches of one producer keep their order.
class CollectQueue {
 public:
  explicit CollectQueue(size_t limit = kCollectBatches) : limit_(limit) {}

  /// Takes `batch`, or leaves it and wakes `waker` once there is room. After Cancel batches are taken and dropped.
  bool TryPush(columns::Batch& batch, const std::shared_ptr<flow::Waker>& waker);
  /// The next batch; waits for it. nullopt: the job has ended; the error it ended with, if so, comes after the last batch.
  Result<std::optional<columns::Batch>> Pop();
  /// The job has ended with `status`. Further calls change nothing.
  void Finish(Status status);
  /// The reader wants no more rows.
  void Cancel();

  // For one sink with kExactlyOnce; they survive its restarts.
  /// Keeps what came before `checkpoint` until it is released.
  void Seal(uint64_t checkpoint, std::vector<columns::Batch> batches);
  /// Every checkpoint up to this one is complete: its rows are the reader's, in order and whatever the queue's limit.
  void Release(uint64_t checkpoint);
  /// The job goes on from a checkpoint before these: they will come again.
  void DropSealed();
  /// Whether any row was given to the reader.
  bool given() const;

 private:
  void WakeProducers();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  const size_t limit_;
  std::deque<columns::Batch> batches_;
  std::map<uint64_t, std::vector<columns::Batch>> sealed_;  // by checkpoint
  bool given_ = false;
  std::vector<std::shared_ptr<flow::Waker>> waiting_;
  std::optional<Status> end_;
  bool cancelled_ = false;
};

std::unique_ptr<flow::Operator> MakeCollectSink(std::shared_ptr<CollectQueue> queue,
                                                CollectGuarantee guarantee = CollectGuarantee::kNone);

}  // namespace thalweg::connectors
