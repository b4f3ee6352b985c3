// Prefetch<T>: items made by blocking work on I/O threads, taken by the task's thread without waiting.
// Rule: one job at a time calls the producer, in order; it stops when the queue is full and is started again when half of it is taken.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "flow/context.h"

namespace thalweg::connectors {

/// Items made ahead of the reader.
constexpr size_t kPrefetchItems = 4;
/// When the I/O threads' queue is full, the task asks again after this.
constexpr int64_t kPrefetchRetryMs = 10;

/// Task's thread. Destruction does not wait: a running job ends after its item.
template <typename T>
class Prefetch {
 public:
  /// The next item; nullopt: there is none any more. On I/O threads, never two calls at once, never again after nullopt or an error.
  using Producer = std::function<Result<std::optional<T>>()>;

  Prefetch(flow::Context& context, Producer producer, size_t limit = kPrefetchItems)
      : context_(&context), shared_(std::make_shared<Shared>()) {
    shared_->producer = std::move(producer);
    shared_->limit = limit;
    shared_->waker = context.waker();
  }
  ~Prefetch() {
    std::lock_guard lock(shared_->mutex);
    shared_->cancelled = true;
  }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// kReady: `item` is the next. kPending: the Waker will be woken (or the timer come). kEnd: no more items.
  enum class State : uint8_t { kReady, kPending, kEnd };
  Result<State> Next(T* item) {
    State state = State::kPending;
    bool start = false;
    {
      std::lock_guard lock(shared_->mutex);
      if (!shared_->items.empty()) {
        *item = std::move(shared_->items.front());
        shared_->items.pop_front();
        state = State::kReady;
      } else if (shared_->ended) {
        if (!shared_->error.ok()) return shared_->error;
        return State::kEnd;
      }
      start = !shared_->running && !shared_->ended && shared_->items.size() * 2 <= shared_->limit;
      shared_->running |= start;
      shared_->wanted = state == State::kPending;
    }
    if (start) Start();
    return state;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::deque<T> items;
    Producer producer;
    size_t limit = 0;
    std::shared_ptr<flow::Waker> waker;
    Status error;
    bool running = false;
    bool ended = false;
    bool cancelled = false;
    bool wanted = false;  // the task found nothing and sleeps
  };

  void Start() {
    if (context_->RunBlocking([shared = shared_] { Fill(*shared); }).ok()) return;
    {
      std::lock_guard lock(shared_->mutex);
      shared_->running = false;
    }
    context_->RequestTimer(context_->clock().NowMs() + kPrefetchRetryMs);
  }

  // On an I/O thread. The producer belongs to it as long as `running` is set.
  static void Fill(Shared& shared) {
    while (true) {
      {
        std::lock_guard lock(shared.mutex);
        if (shared.cancelled || shared.ended || shared.items.size() >= shared.limit) {
          shared.running = false;
          return;
        }
      }
      Result<std::optional<T>> made = shared.producer();
      bool wake;
      {
        std::lock_guard lock(shared.mutex);
        if (!made.ok()) shared.error = made.status();
        shared.ended = !made.ok() || !made->has_value();
        if (!shared.ended && !shared.cancelled) shared.items.push_back(std::move(**made));
        wake = std::exchange(shared.wanted, false) && !shared.cancelled;
      }
      if (wake) shared.waker->Wake();
    }
  }

  flow::Context* context_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace thalweg::connectors
