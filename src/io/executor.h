// Threads for work that blocks (fsync, file open, user calls), behind a bounded queue, so that event loops never wait.
// Rule: what Submit accepted is run, also when the executor is destroyed; what it refused was not touched.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace thalweg::io {

inline constexpr int kExecutorThreads = 4;  // fsync waits, it does not compute: a few more than one disk takes at once
inline constexpr size_t kExecutorQueueJobs =
    1024;  // a backlog of seconds at 1-5 ms an fsync; beyond it the caller must wait

struct ExecutorOptions {
  std::string name = "io";  // of the threads, for debuggers; at most 10 bytes are shown
  int threads = kExecutorThreads;
  size_t queue_jobs = kExecutorQueueJobs;
};

struct ExecutorMetrics {
  uint64_t submitted;
  uint64_t refused;  // queue full
  uint64_t finished;
  size_t queued;  // now
  size_t longest_queue;
};

class Executor {
 public:
  explicit Executor(ExecutorOptions options = {});
  /// Runs all that is queued, then joins. Must not be called by one of its own jobs.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Queues `job` (callable once, may be move-only, must not throw). Any thread; never blocks. False if the queue is full: the
  /// job is not consumed then, try again later.
  template <typename Job>
  [[nodiscard]] bool Submit(Job&& job) {
    return Enqueue([&]() -> std::unique_ptr<Task> {
      return std::make_unique<TaskOf<std::remove_cvref_t<Job>>>(std::forward<Job>(job));
    });
  }

  /// Waits until nothing is queued or running.
  void Drain();
  ExecutorMetrics metrics() const;

 private:
  struct Task {
    virtual ~Task() = default;
    virtual void Run() noexcept = 0;
  };
  template <typename Job>
  struct TaskOf final : Task {
    explicit TaskOf(Job job) : job(std::move(job)) {}
    void Run() noexcept override { job(); }
    Job job;
  };

  // `make` is called only if there is room, so that a refused job is left whole.
  template <typename Make>
  bool Enqueue(const Make& make) {
    {
      std::lock_guard lock(mutex_);
      if (!HasRoom()) return false;
      queue_.push_back(make());
      CountSubmitted();
    }
    work_.notify_one();
    return true;
  }
  bool HasRoom();
  void CountSubmitted();
  void RunThread();

  const ExecutorOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable idle_;
  std::deque<std::unique_ptr<Task>> queue_;
  ExecutorMetrics metrics_{};
  int running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace thalweg::io
