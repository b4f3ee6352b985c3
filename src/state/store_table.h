// One table of the store backend: a cache of live objects in front of a KvStore.
// Rule: what the cache holds is newer than the store; a slot without an object says "known to be absent". Dirty slots are written
// before they leave the cache and before the store is walked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "state/kv_store.h"
#include "state/namespace_index.h"
#include "state/segment.h"
#include "state/slot_table.h"
#include "state/snapshot_parts.h"
#include "state/state_spec.h"

namespace thalweg::state {

/// Keys and values of one state in the store.
struct StoreLayout {
  uint16_t state_id = 0;
  std::string Prefix(uint16_t group) const;
  std::string KeyPrefix(const KeyView& key) const;
  /// Splits a key of this state; false if it is malformed.
  static bool Split(std::string_view stored, uint16_t& group, std::string_view& key, std::string_view& ns);
  static void AppendValueHead(bool has_expiry, int64_t expiry_ms, ByteWriter& out);
  /// Takes the head off `value`; nullopt expiry if it has none. False if it is malformed.
  static bool ReadValueHead(std::string_view& value, std::optional<int64_t>& expiry_ms);
};

/// What the tables of one backend share.
struct StoreContext {
  KvStore& store;
  KeyGroupRange groups;
  time::Clock& clock;
  Status status;                    // first failure
  std::function<void()> make_room;  // evicts until the cache is within its limit; before a table touches its cache
  void Fail(const Status& failure) {
    if (status.ok() && !failure.ok()) status = failure;
  }
};

class FoundExpired;

class StoreTable final : public ObjectTable {
 public:
  /// `entries`: how many the store holds already. `context` outlives the table.
  StoreTable(const StateSpec& spec, const types::ObjectType& type, StoreLayout layout, size_t entries,
             StoreContext& context);
  ~StoreTable() override;

  void* Find(const KeyView& key, std::string_view ns) override;
  void* FindOrCreate(const KeyView& key, std::string_view ns, bool* created) override;
  void FindEach(std::span<const KeyView> keys, std::string_view ns, void** objects) override;
  void MarkDirty() override;
  bool Erase(const KeyView& key, std::string_view ns) override;
  void ForEachOfKey(const KeyView& key, const std::function<bool(std::string_view, void*)>& visit) override;
  void ForEach(const std::function<void(const KeyView&, std::string_view, void*)>& visit) override;
  void Prefetch(uint64_t hash, std::string_view ns) const override { cache_.Prefetch(hash, ns); }
  size_t size() const override { return entries_; }

  const StateSpec& spec() const { return spec_; }
  /// Approximate: what objects own outside their slot is taken to be as large as their encoding.
  int64_t cache_bytes() const;
  /// Removes entries, the least recently used ones first (by a clock hand), until cache_bytes() <= `limit`.
  void Evict(int64_t limit);
  /// Writes dirty entries to the store; they stay cached.
  void Flush();
  /// Expiry of an entry whose stored value has this one; only with a TTL.
  int64_t ExpiryOr(std::optional<int64_t> stored) const { return stored ? *stored : opened_expiry_ms_; }
  /// Every entry of now: what is in `stored`, which was taken now, under what is dirty.
  std::unique_ptr<SnapshotPart> BeginSnapshot(std::shared_ptr<const KvSnapshot> stored, const SavedBytes& held);

 private:
  friend class TableSaver;
  /// What a dirty slot changes in the store.
  std::pair<std::string, std::optional<std::string>> ChangeOf(SlotTable::Slot slot);
  /// Deletes expired entries that snapshots came across, for about `budget`.
  void CleanUp(int64_t& budget);
  void Fail(const Status& failure);
  SlotTable::Slot Load(const KeyView& key, std::string_view ns);
  /// Caches those of `keys` that are not, read from the store in one call.
  void LoadEach(std::span<const KeyView> keys, std::string_view ns);
  /// Caches an entry that is not, with what the store has of it.
  SlotTable::Slot Admit(const KeyView& key, std::string_view ns, const std::optional<std::string>& stored);
  bool Expired(SlotTable::Slot slot) const { return ttl_.enabled() && ttl_.Expired(cache_.Expiry(slot)); }
  bool Readable(SlotTable::Slot slot);
  void Drop(SlotTable::Slot slot);
  void AppendChange(SlotTable::Slot slot, KvBatch& batch);
  void WriteBatch(KvBatch& batch);
  /// Decodes an object of the store that is not cached into the one slot of `shown`; null after a failure.
  void* Show(std::string_view value, SlotTable& shown);

  const StateSpec spec_;
  const types::ObjectType& type_;
  const StoreLayout layout_;
  StoreContext& context_;
  TtlPolicy ttl_;
  const int64_t opened_expiry_ms_;  // of entries that were written without one
  SlotTable cache_;
  const bool ordered_;
  NamespaceIndex index_;  // of the cache, only if ordered_
  SlotTable::Slot last_ = nullptr;
  SlotTable::Cursor hand_;
  size_t entries_;
  bool
      in_store_;  // the store may have entries: until the first eviction of a job that restored none, a miss is an absence
  int64_t mean_encoded_ = 0;                     // bytes, moving
  const std::shared_ptr<FoundExpired> expired_;  // by snapshots; to be deleted
};

}  // namespace thalweg::state
