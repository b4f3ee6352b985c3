// A state of the store backend in a snapshot: the store as it was at the barrier, and over it what was dirty in the cache then.
// Rule: the store is read by whoever takes the snapshot, off the task's thread; what the task does for it is O(dirty), in pieces.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "state/kv_store.h"
#include "state/snapshot_parts.h"
#include "state/store_table.h"

namespace thalweg::state {

/// Keys of entries that were expired when a snapshot was written; the table deletes them while the next one is saved. Any thread.
class FoundExpired {
 public:
  static constexpr size_t kMostKeys = 16384;  // what is found beyond it, a later snapshot finds again
  void Add(std::string_view stored_key);
  /// At most `count` of them.
  std::vector<std::string> Take(size_t count);

 private:
  std::mutex mutex_;
  std::vector<std::string> keys_;
};

/// A state that nobody has opened is nothing but this.
class StoredState : public SnapshotPart {
 public:
  struct Options {
    std::string description;  // for errors
    StoreLayout layout;
    KeyGroupRange groups;
    bool with_expiry = false;
    int64_t opened_expiry_ms = 0;  // of entries without one
    int64_t now_ms = 0;
    std::shared_ptr<FoundExpired> expired;  // null: nobody would delete them
  };
  /// `stored` was taken when the snapshot began.
  StoredState(Options options, std::shared_ptr<const KvSnapshot> stored)
      : options_(std::move(options)), stored_(std::move(stored)) {}

  bool Advance(int64_t&) override { return true; }
  Status Write(SnapshotWriter& out) override;

 protected:
  using Change = std::pair<std::string, std::optional<std::string>>;
  std::deque<Change> dirty_;  // each key once
  Status failure_;            // of the backend

 private:
  Status Merge(SnapshotWriter& out);
  Status Add(std::string_view key, std::string_view value, SnapshotWriter& out) const;

  const Options options_;
  std::shared_ptr<const KvSnapshot> stored_;
};

/// Of a table. What is dirty is saved by the walk, which also writes it to the store, or right before its first change.
class TableSaver final : public StoredState, private SlotTable::Saver {
 public:
  /// `table` must stay until Advance is true or this is destroyed.
  TableSaver(Options options, std::shared_ptr<const KvSnapshot> stored, StoreTable& table, SavedBytes held);
  ~TableSaver() override;

  bool Advance(int64_t& budget) override;
  Status Write(SnapshotWriter& out) override;

 private:
  int64_t Save(SlotTable::Slot slot) override;
  void Release();

  StoreTable* table_;
  SavedBytes held_;
  int64_t bytes_ = 0;
  SlotTable::Cursor cursor_;
  KvBatch* walk_ = nullptr;  // what the walk writes to the store; null: the table is about to change an entry
};

}  // namespace thalweg::state
