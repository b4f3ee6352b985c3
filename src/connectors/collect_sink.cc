#include "connectors/collect_sink.h"

namespace thalweg::connectors {
namespace {

class CollectSink final : public flow::Operator {
 public:
  explicit CollectSink(std::shared_ptr<CollectQueue> queue) : queue_(std::move(queue)) {}

  Status Open(flow::Context& context) override {
    waker_ = context.waker();
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

std::unique_ptr<flow::Operator> MakeCollectSink(std::shared_ptr<CollectQueue> queue) {
  return std::make_unique<CollectSink>(std::move(queue));
}

}  // namespace thalweg::connectors
