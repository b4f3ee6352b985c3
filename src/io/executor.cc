#include "io/executor.h"

#include <pthread.h>

#include <algorithm>

#include "base/check.h"

namespace thalweg::io {

Executor::Executor(ExecutorOptions options) : options_(std::move(options)) {
  THALWEG_CHECK(options_.threads > 0 && options_.queue_jobs > 0);
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { RunThread(); });
    pthread_setname_np(threads_.back().native_handle(), fmt::format("{}-{}", options_.name.substr(0, 10), i).c_str());
  }
}

Executor::~Executor() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Executor::HasRoom() {
  THALWEG_CHECK(!stopping_ || running_ > 0, "Submit to an executor that is being destroyed");
  if (queue_.size() < options_.queue_jobs) return true;
  ++metrics_.refused;
  return false;
}

void Executor::CountSubmitted() {
  ++metrics_.submitted;
  metrics_.longest_queue = std::max(metrics_.longest_queue, queue_.size());
}

void Executor::RunThread() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::unique_ptr<Task> task = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    task->Run();
    task.reset();  // before it counts as finished, and outside the lock: what it captured may call us when it ends
    lock.lock();
    --running_;
    ++metrics_.finished;
    if (queue_.empty() && running_ == 0) idle_.notify_all();
  }
}

void Executor::Drain() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
}

ExecutorMetrics Executor::metrics() const {
  std::lock_guard lock(mutex_);
  ExecutorMetrics metrics = metrics_;
  metrics.queued = queue_.size();
  return metrics;
}

}  // namespace thalweg::io
