// Wakes a task from any thread; harmless once the task is gone.
#pragma once

#include <atomic>
#include <mutex>

#include "flow/context.h"

namespace thalweg::runtime {

class Task;

class TaskWaker final : public flow::Waker {
 public:
  void Wake() override;
  /// The task's life; called by it on construction and destruction.
  void Bind(Task* task);
  /// True once after one or more wakes. The task's thread.
  bool TakeWoken() { return woken_.exchange(false, std::memory_order_acquire); }

 private:
  std::mutex mutex_;
  Task* task_ = nullptr;
  std::atomic<bool> woken_{false};
};

}  // namespace thalweg::runtime
