// A state of the store backend in a snapshot: the store as it was at the barrier, and over it what was dirty in the cache then.
// Rule: the store is read by whoever takes the snapshot, off the task's thread; the task saves what is dirty, in pieces, and writes
// nothing to the store for it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "state/kv_store.h"
#include "state/slot_saver.h"
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
  struct Name {
    std::string_view key, ns;
    bool operator==(const Name&) const = default;
  };
  struct HashName {
    size_t operator()(const Name& name) const;
  };
  using Names = std::unordered_set<Name, HashName>;
  /// All that the store holds, but for the entries in `newer`.
  Status WriteStored(const Names& newer, SnapshotWriter& out);
  void Add(const SavedSlots::Entry& entry, SnapshotWriter& out) const;
  const Options& options() const { return options_; }

 private:
  const Options options_;
  std::shared_ptr<const KvSnapshot> stored_;
};

/// Of a table. What is dirty is saved by the walk, or right before its first change; it stays dirty.
class TableSaver final : public StoredState, private SlotTable::Saver {
 public:
  /// `table` must stay until Advance is true or this is destroyed.
  TableSaver(Options options, std::shared_ptr<const KvSnapshot> stored, StoreTable& table, const SavedBytes& held);
  ~TableSaver() override;

  bool Advance(int64_t& budget) override;
  Status Write(SnapshotWriter& out) override;

 private:
  int64_t Save(SlotTable::Slot slot) override;

  StoreTable* table_;
  SlotTable::Cursor cursor_;
  SavedSlots dirty_;
  Status failure_;  // of the backend
};

}  // namespace thalweg::state
