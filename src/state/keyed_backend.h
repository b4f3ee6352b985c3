// Keyed state of one operator subtask, behind one seam for every backend.
// Rule: single-threaded (the task's); a pointer into a table is valid until the next call on that table, or until a snapshot begins;
// failures of the backend are sticky in status(), which the task checks after every call into the operator, so that user code
// reads and writes plainly.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "state/snapshot.h"
#include "types/object_type.h"

namespace thalweg::state {

/// A key as state sees it: canonical bytes (types/key_encoding.h), their Hash64, and the key group the hash falls into.
struct KeyView {
  std::string_view bytes;
  uint64_t hash = 0;
  uint16_t group = 0;
};

/// Key groups [first, last] that a subtask owns.
struct KeyGroupRange {
  uint16_t first = 0;
  uint16_t last = 0;
};

struct Timer {
  int64_t time = 0;
  std::string key;
  uint64_t hash = 0;
  uint16_t group = 0;
  std::string ns;  // a window's bytes, or empty
};

/// A set of (time, key, namespace); registering twice is once. Part of the keyed snapshot.
class TimerQueue {
 public:
  virtual ~TimerQueue() = default;
  virtual void Register(int64_t time, const KeyView& key, std::string_view ns) = 0;
  virtual void Delete(int64_t time, const KeyView& key, std::string_view ns) = 0;
  /// Removes and returns a timer with the least time <= `limit`, or nullopt. Among equal times: order of registration.
  virtual std::optional<Timer> PopDue(int64_t limit) = 0;
  /// Least time of any timer, or nullopt.
  virtual std::optional<int64_t> Next() const = 0;
  virtual size_t size() const = 0;
};

/// A table (key, namespace) -> C++ object, type-erased; typed by Table<V> in state/table.h.
class ObjectTable {
 public:
  virtual ~ObjectTable() = default;
  /// The live object, or null if absent or expired. The caller may change it if it says so by MarkDirty (or used FindOrCreate).
  virtual void* Find(const KeyView& key, std::string_view ns) = 0;
  /// As Find; when absent, default-constructs. `*created` (may be null) tells. The object counts as changed.
  virtual void* FindOrCreate(const KeyView& key, std::string_view ns, bool* created) = 0;
  /// For many keys of one namespace at once: objects[i] = the live object of keys[i], which counts as changed as FindOrCreate's does;
  /// null: not there, or not at hand: FindOrCreate knows. All hold until the next call.
  virtual void FindEach(std::span<const KeyView> keys, std::string_view ns, void** objects) {
    std::fill_n(objects, keys.size(), nullptr);
  }
  /// Null from FindEach means that it is not there, and what it gave holds until a call that is not FindEach.
  virtual bool shows_all() const { return false; }
  /// Declares that the object last returned by Find was changed.
  virtual void MarkDirty() = 0;
  virtual bool Erase(const KeyView& key, std::string_view ns) = 0;
  /// Entries of `key` in the order of their namespace bytes; `visit` returns false to stop. No other call meanwhile; `visit`
  /// only reads the object (a slow backend shows a copy).
  virtual void ForEachOfKey(const KeyView& key,
                            const std::function<bool(std::string_view ns, void* object)>& visit) = 0;
  /// Every live entry of the subtask, in an order that repeats for the same history on the same backend; read only, as above.
  virtual void ForEach(const std::function<void(const KeyView& key, std::string_view ns, void* object)>& visit) = 0;
  /// Brings the slot of (a key of `hash`, `ns`) towards the cache.
  virtual void Prefetch(uint64_t hash, std::string_view ns) const = 0;
  void Prefetch(uint64_t hash) const { Prefetch(hash, {}); }
  /// Entries held (expired ones may count until they are found).
  virtual size_t size() const = 0;
};

/// How the entries of a table lie in memory. Advice: a backend may do as it likes, and nothing of it shows but in speed and size.
enum class TableLayout : uint8_t {
  kTogether,
  /// Few namespaces, each of many keys, come and go as a whole (windows): the entries of each in a table of its own, which need not hold it.
  kByNamespace,
};

/// A snapshot that has begun: the state as it was then, saved piece by piece while the state goes on changing. Dropping it ends it.
class PendingSnapshot {
 public:
  virtual ~PendingSnapshot() = default;
  /// Saves about `budget` bytes more, or what takes as long (encoding an entry: 64, deleting one in a store: 1024). True when
  /// all is saved: from then on the snapshot may go to another thread, and outlive its backend. Until then: the task's thread.
  virtual bool Advance(int64_t budget) = 0;
  /// What was saved, encoded and in order; once, after Advance was true; blocks, so off the task's thread. External error if the
  /// backend had failed or a store cannot be read.
  virtual Result<KeyedSnapshot> Take() = 0;
};

class KeyedBackend {
 public:
  virtual ~KeyedBackend() = default;

  /// Opens (or returns) the table `spec.name`. An object has ObjectType `value`; it needs a codec. Ordered scans of one key are
  /// for tables whose kind is kMap or kList. Error if the name exists with another spec, or a restored one differs.
  virtual Result<ObjectTable*> OpenTable(const StateSpec& spec, const types::ObjectType& value, TableLayout layout) = 0;
  Result<ObjectTable*> OpenTable(const StateSpec& spec, const types::ObjectType& value) {
    return OpenTable(spec, value, TableLayout::kTogether);
  }
  virtual Result<TimerQueue*> OpenTimers(const std::string& name) = 0;

  /// A snapshot of every entry of the owned key groups as it is now; what follows does not show in it. Costs no more than there
  /// are states, and namespaces of tables that are kept by them. If one is under way that is not saved yet, it is saved at once.
  virtual std::unique_ptr<PendingSnapshot> BeginSnapshot() = 0;
  /// The same from its beginning to its end.
  Result<KeyedSnapshot> Snapshot() {
    const std::unique_ptr<PendingSnapshot> pending = BeginSnapshot();
    while (!pending->Advance(std::numeric_limits<int64_t>::max())) {
    }
    return pending->Take();
  }
  /// Adds the entries of `snapshot` that fall into the owned key groups. Before any OpenTable; may be called several times.
  virtual Status Restore(const KeyedSnapshot& snapshot) = 0;

  /// First failure since the backend was made; sticky.
  virtual Status status() const = 0;
  /// Bytes held in memory (approximate), for the memory table and metrics.
  virtual int64_t memory_bytes() const = 0;
};

}  // namespace thalweg::state
