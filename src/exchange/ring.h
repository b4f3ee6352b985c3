// SpscRing: hand-over from one thread to one other (or to itself).
// Rule: the producer writes a slot before it publishes the tail (release), the consumer empties it before it publishes the head.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/check.h"

namespace thalweg::exchange {

/// Bounded, wait-free. Push: the producer's thread; Pop and empty: the consumer's.
template <typename T>
class SpscRing {
 public:
  /// Room for at least `capacity` elements.
  explicit SpscRing(size_t capacity)
      : slots_(std::bit_ceil(capacity < 2 ? size_t{2} : capacity)), mask_(slots_.size() - 1) {}

  /// False if full.
  bool Push(T&& value) {
    size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - cached_head_ > mask_) {
      cached_head_ = head_.load(std::memory_order_acquire);
      if (tail - cached_head_ > mask_) return false;
    }
    slots_[tail & mask_] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// False if empty.
  bool Pop(T& value) {
    size_t head = head_.load(std::memory_order_relaxed);
    if (head == cached_tail_) {
      cached_tail_ = tail_.load(std::memory_order_acquire);
      if (head == cached_tail_) return false;
    }
    value = std::move(slots_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  /// Consumer's thread.
  bool empty() const { return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire); }
  size_t capacity() const { return slots_.size(); }

 private:
  std::vector<T> slots_;
  const size_t mask_;
  alignas(64) std::atomic<size_t> head_{0};
  size_t cached_tail_ = 0;  // consumer's
  alignas(64) std::atomic<size_t> tail_{0};
  size_t cached_head_ = 0;  // producer's
};

}  // namespace thalweg::exchange
