// Pooled, reference-counted memory under every batch.
// Rule: one thread allocates from a pool (its owner); any thread may drop the last reference, and the slab goes home. A buffer is
// written only by its sole owner; once shared it is immutable.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/check.h"

namespace thalweg::types {
struct ObjectType;
}

namespace thalweg::columns {

class BufferPool;

namespace internal {

struct PoolCore;

/// Header of a slab; the data follows, aligned to 64 bytes.
struct alignas(64) Slab {
  std::atomic<uint32_t> references{0};
  uint8_t size_class = 0;
  uint32_t objects = 0;                            // live objects at the start of the data, destroyed with the slab
  size_t capacity = 0;                             // bytes of data
  const types::ObjectType* object_type = nullptr;  // null: plain bytes
  PoolCore* home = nullptr;
  Slab* next = nullptr;  // in a free list
  std::byte* data() { return reinterpret_cast<std::byte*>(this + 1); }
};

void ReleaseSlab(Slab* slab);

}  // namespace internal

/// Handle on a slab; null or counted. Copying shares, and a shared buffer is immutable. Copies may live on any thread.
class BufferRef {
 public:
  BufferRef() = default;
  BufferRef(const BufferRef& other) : slab_(other.slab_) {
    if (slab_) slab_->references.fetch_add(1, std::memory_order_relaxed);
  }
  BufferRef(BufferRef&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(slab_, other.slab_);
    return *this;
  }
  ~BufferRef() { Reset(); }

  explicit operator bool() const { return slab_ != nullptr; }
  size_t capacity() const { return slab_ ? slab_->capacity : 0; }
  bool sole_owner() const { return slab_ && slab_->references.load(std::memory_order_acquire) == 1; }
  template <typename T = std::byte>
  const T* data() const {
    return slab_ ? reinterpret_cast<const T*>(slab_->data()) : nullptr;
  }
  /// For the sole owner only.
  template <typename T = std::byte>
  T* mutable_data() {
    THALWEG_CHECK(sole_owner(), "A shared buffer is immutable");
    return reinterpret_cast<T*>(slab_->data());
  }
  /// Declares that the first `count` values are live objects of `type`; they are destroyed with the slab. Sole owner only.
  void SetObjects(const types::ObjectType* type, uint32_t count) {
    THALWEG_CHECK(sole_owner());
    slab_->object_type = type;
    slab_->objects = count;
  }
  /// Live objects at the start of the data, as declared.
  uint32_t objects() const { return slab_ ? slab_->objects : 0; }
  void Reset() {
    if (slab_ && slab_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) internal::ReleaseSlab(slab_);
    slab_ = nullptr;
  }

 private:
  friend class BufferPool;
  explicit BufferRef(internal::Slab* slab) : slab_(slab) {}
  internal::Slab* slab_ = nullptr;
};

/// Bytes taken from the system, shared by the pools of a process and read by the memory limit. Any thread.
struct MemoryAccount {
  std::atomic<int64_t> bytes{0};
};

/// Slabs by powers of two, kept for reuse. Allocation: the owner's thread only (the thread that constructed the pool, or that
/// called BindToThread). Destruction may come before that of its buffers. A reused slab costs a few nanoseconds.
class BufferPool {
 public:
  /// `account` may be null; otherwise it is kept as long as the pool or one of its buffers is: rows that a job gave out are
  /// charged to it until they go.
  explicit BufferPool(std::shared_ptr<MemoryAccount> account = nullptr);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// At least `bytes` of data, 64-byte aligned, uninitialised.
  BufferRef Allocate(size_t bytes);
  /// Makes the calling thread the owner. No other thread may use the pool meanwhile.
  void BindToThread();
  /// Bytes held from the system: in use and in free lists.
  int64_t reserved_bytes() const;

 private:
  internal::PoolCore* core_;
};

}  // namespace thalweg::columns
