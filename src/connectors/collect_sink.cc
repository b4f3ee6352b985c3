#include "connectors/collect_sink.h"

namespace thalweg::connectors {
namespace {

class CollectSink final : public flow::Operator {
 public:
  explicit CollectSink(std::shared_ptr<CollectQueue> queue) : queue_(std::move(queue)) {}

  Status Open(flow::Context& context) override {
    waker_ = context.waker();
    if (context.task().attempt > 0 && queue_->given())
      queue_->Finish(ExternalError(
          "The job was restarted after rows had been given away: they would come twice. Enable checkpoints "
          "(execution.checkpointing.interval and .dir) to collect exactly once"));
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (rows.done()) return flow::Progress::kDone;
    THALWEG_CHECK(rows.next() == 0, "A collect sink takes batches whole");
    // A refused batch stays with the task, which snapshots it: nothing is lost and nothing is held twice.
    columns::Batch batch = rows.TakeAll();
    if (queue_->TryPush(batch, waker_)) return flow::Progress::kDone;
    rows.batch() = std::move(batch);
    return flow::Progress::kBlocked;
  }

 private:
  std::shared_ptr<CollectQueue> queue_;
  std::shared_ptr<flow::Waker> waker_;
};

// The committable is the checkpoint's number: the rows themselves are in the queue, for the reader lives in this process.
class StagedCollectSink final : public flow::Operator {
 public:
  explicit StagedCollectSink(std::shared_ptr<CollectQueue> queue) : queue_(std::move(queue)) {}

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    BeginAfresh();
    if (!rows.done()) rows_.push_back(rows.TakeAll());
    return flow::Progress::kDone;
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override {
    BeginAfresh();
    queue_->Seal(barrier.id, std::exchange(rows_, {}));
    return std::vector<std::string>{std::to_string(barrier.id)};
  }
  Status OnCheckpointComplete(uint64_t checkpoint) override {
    queue_->Release(checkpoint);
    return {};
  }
  // The restored checkpoint was complete, whether or not the attempt before heard of it.
  Status RestoreCommittables(const std::vector<std::string>& committables) override {
    for (const std::string& committable : committables) queue_->Release(std::stoull(committable));
    return {};
  }

 private:
  // What was sealed by an earlier attempt and not released by now belongs to checkpoints that never were.
  void BeginAfresh() {
    if (!std::exchange(begun_, true)) queue_->DropSealed();
  }

  std::shared_ptr<CollectQueue> queue_;
  std::vector<columns::Batch> rows_;  // since the last barrier
  bool begun_ = false;
};

}  // namespace

bool CollectQueue::TryPush(columns::Batch& batch, const std::shared_ptr<flow::Waker>& waker) {
  std::lock_guard lock(mutex_);
  if (cancelled_) {
    batch = {};
    return true;
  }
  if (batches_.size() >= limit_) {
    waiting_.push_back(waker);
    return false;
  }
  batches_.push_back(std::move(batch));
  changed_.notify_one();
  return true;
}

Result<std::optional<columns::Batch>> CollectQueue::Pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !batches_.empty() || end_ || cancelled_; });
  if (!batches_.empty()) {
    std::optional<columns::Batch> batch(std::move(batches_.front()));
    batches_.pop_front();
    given_ = true;
    WakeProducers();
    return batch;
  }
  if (end_ && !end_->ok()) return *end_;
  return std::optional<columns::Batch>();
}

void CollectQueue::Finish(Status status) {
  std::lock_guard lock(mutex_);
  if (!end_) end_ = std::move(status);
  changed_.notify_all();
}

void CollectQueue::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  batches_.clear();
  WakeProducers();
  changed_.notify_all();
}

void CollectQueue::WakeProducers() {
  for (const std::shared_ptr<flow::Waker>& waker : waiting_) waker->Wake();
  waiting_.clear();
}

void CollectQueue::Seal(uint64_t checkpoint, std::vector<columns::Batch> batches) {
  std::lock_guard lock(mutex_);
  if (!cancelled_) sealed_[checkpoint] = std::move(batches);
}

void CollectQueue::Release(uint64_t checkpoint) {
  std::lock_guard lock(mutex_);
  while (!sealed_.empty() && sealed_.begin()->first <= checkpoint) {
    for (columns::Batch& batch : sealed_.begin()->second) batches_.push_back(std::move(batch));
    sealed_.erase(sealed_.begin());
  }
  if (cancelled_) batches_.clear();
  changed_.notify_one();
}

void CollectQueue::DropSealed() {
  std::lock_guard lock(mutex_);
  sealed_.clear();
}

bool CollectQueue::given() const {
  std::lock_guard lock(mutex_);
  return given_;
}

std::unique_ptr<flow::Operator> MakeCollectSink(std::shared_ptr<CollectQueue> queue, CollectGuarantee guarantee) {
  if (guarantee == CollectGuarantee::kExactlyOnce) return std::make_unique<StagedCollectSink>(std::move(queue));
  return std::make_unique<CollectSink>(std::move(queue));
}

}  // namespace thalweg::connectors
