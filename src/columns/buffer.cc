#include "columns/buffer.h"

#include <bit>
#include <cstdlib>
#include <new>

#include "types/object_type.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(address, size) ASAN_POISON_MEMORY_REGION(address, size)
#define UNPOISON(address, size) ASAN_UNPOISON_MEMORY_REGION(address, size)
#else
#define POISON(address, size)
#define UNPOISON(address, size)
#endif

namespace thalweg::columns {
namespace internal {
namespace {

constexpr int kMinShift = 6;   // 64 bytes: one cache line
constexpr int kMaxShift = 22;  // 4 MiB: above that the system allocates as fast as it faults pages in
constexpr int kClasses = kMaxShift - kMinShift + 1;
constexpr uint8_t kUnpooled = 0xff;

/// Identity of a thread, never reused: the address of a thread-local would be, once the thread is gone.
uint64_t ThreadToken() {
  static std::atomic<uint64_t> next{1};
  static thread_local uint64_t token = 0;
  if (token == 0) token = next.fetch_add(1, std::memory_order_relaxed);
  return token;
}

void FreeToSystem(Slab* slab);

}  // namespace

/// A pool's part that outlives it until the last slab is home. `balance` counts slabs: remote frees subtract one each; closing
/// adds (allocated - freed at home). Before closing it is <= 0; after it, the one who brings it to 0 deletes the core.
struct PoolCore {
  Slab* free[kClasses] = {};
  std::atomic<uint64_t> owner{0};  // ThreadToken; read by threads that free
  bool closed = false;             // read and written by the owner's thread only
  int64_t out = 0;                 // allocated - freed at home
  std::shared_ptr<MemoryAccount> account;
  std::atomic<int64_t> reserved{0};
  std::atomic<Slab*> returned{nullptr};  // freed by other threads
  std::atomic<int64_t> balance{0};

  void Charge(int64_t bytes) {
    reserved.fetch_add(bytes, std::memory_order_relaxed);
    if (account) account->bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  /// Moves what other threads freed to the free lists. Owner's thread.
  void TakeReturned() {
    Slab* slab = returned.exchange(nullptr, std::memory_order_acquire);
    while (slab) {
      Slab* next = slab->next;
      slab->next = free[slab->size_class];
      free[slab->size_class] = slab;
      slab = next;
    }
  }
  ~PoolCore() {
    TakeReturned();
    for (Slab*& list : free)
      while (list) {
        Slab* next = list->next;
        FreeToSystem(list);
        list = next;
      }
  }
};

namespace {

void FreeToSystem(Slab* slab) {
  UNPOISON(slab->data(), slab->capacity);
  slab->home->Charge(-static_cast<int64_t>(slab->capacity + sizeof(Slab)));
  slab->~Slab();
  std::free(slab);
}

Slab* NewSlab(PoolCore* core, size_t capacity, uint8_t size_class) {
  void* memory = std::aligned_alloc(64, sizeof(Slab) + capacity);
  if (!memory) throw std::bad_alloc();
  Slab* slab = new (memory) Slab;
  slab->capacity = capacity;
  slab->size_class = size_class;
  slab->home = core;
  core->Charge(static_cast<int64_t>(capacity + sizeof(Slab)));
  return slab;
}

}  // namespace

void ReleaseSlab(Slab* slab) {
  if (slab->object_type) {
    if (!slab->object_type->trivial && slab->objects) slab->object_type->destroy(slab->data(), slab->objects);
    slab->object_type = nullptr;
    slab->objects = 0;
  }
  PoolCore* core = slab->home;
  bool at_home = core->owner.load(std::memory_order_relaxed) == ThreadToken() && !core->closed;
  if (slab->size_class == kUnpooled) {
    FreeToSystem(slab);
  } else {
    POISON(slab->data(), slab->capacity);
    if (at_home) {
      slab->next = core->free[slab->size_class];
      core->free[slab->size_class] = slab;
    } else {
      Slab* head = core->returned.load(std::memory_order_relaxed);
      do {
        slab->next = head;
      } while (!core->returned.compare_exchange_weak(head, slab, std::memory_order_release, std::memory_order_relaxed));
    }
  }
  if (at_home)
    --core->out;
  else if (core->balance.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete core;
}

}  // namespace internal

using internal::PoolCore;
using internal::Slab;

BufferPool::BufferPool(std::shared_ptr<MemoryAccount> account) : core_(new PoolCore) {
  core_->account = std::move(account);
  core_->owner.store(internal::ThreadToken(), std::memory_order_relaxed);
}

BufferPool::~BufferPool() {
  core_->owner.store(internal::ThreadToken(), std::memory_order_relaxed);
  core_->closed = true;
  int64_t out = core_->out;
  if (core_->balance.fetch_add(out, std::memory_order_acq_rel) + out == 0) delete core_;
}

void BufferPool::BindToThread() { core_->owner.store(internal::ThreadToken(), std::memory_order_relaxed); }

int64_t BufferPool::reserved_bytes() const { return core_->reserved.load(std::memory_order_relaxed); }

BufferRef BufferPool::Allocate(size_t bytes) {
  THALWEG_CHECK(core_->owner.load(std::memory_order_relaxed) == internal::ThreadToken(),
                "A buffer pool allocates on its owner's thread only");
  int shift = bytes <= 64 ? internal::kMinShift : std::bit_width(bytes - 1);
  Slab* slab;
  if (shift > internal::kMaxShift) {
    slab = internal::NewSlab(core_, (bytes + 63) / 64 * 64, internal::kUnpooled);
  } else {
    auto size_class = static_cast<uint8_t>(shift - internal::kMinShift);
    Slab*& list = core_->free[size_class];
    if (!list && core_->returned.load(std::memory_order_relaxed)) core_->TakeReturned();
    if (list) {
      slab = list;
      list = slab->next;
      UNPOISON(slab->data(), slab->capacity);
    } else {
      slab = internal::NewSlab(core_, size_t{1} << shift, size_class);
    }
  }
  slab->references.store(1, std::memory_order_relaxed);
  ++core_->out;
  return BufferRef(slab);
}

}  // namespace thalweg::columns
