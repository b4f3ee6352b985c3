// The timers of one operator subtask in memory, in buckets by time. Both backends use it: a timer is touched twice in its life,
// and the head must be known at every watermark.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "state/keyed_backend.h"
#include "state/segment.h"
#include "state/slot_table.h"
#include "state/snapshot_parts.h"

namespace thalweg::state {

/// Timers of one time are linked in the order of registration; a hash table finds duplicates. Register, Delete and PopDue cost
/// O(log number of distinct times).
class Timers final : public TimerQueue {
 public:
  Timers();
  ~Timers() override;

  void Register(int64_t time, const KeyView& key, std::string_view ns) override;
  void Delete(int64_t time, const KeyView& key, std::string_view ns) override;
  std::optional<Timer> PopDue(int64_t limit) override;
  std::optional<int64_t> Next() const override;
  size_t size() const override { return count_ + restored_.size(); }

  /// The description of a queue in a snapshot.
  static StateSpec SpecOf(const std::string& name);
  /// Every timer of now. An entry's namespace is the time, big-endian with the sign flipped, then the timer's namespace; its value
  /// is a varint, the number of the registration.
  std::unique_ptr<SnapshotPart> BeginSnapshot(int64_t now_ms, const SavedBytes& held);
  /// A timer of a snapshot. Equal times are ordered by (registration, group, key, namespace) over all snapshots restored.
  Status Restore(uint16_t group, const SegmentEntry& entry);
  /// Puts restored timers in order; else the first use does, or a snapshot. After the last Restore.
  void Settle() const;
  int64_t memory_bytes() const { return bytes_ + index_.memory_bytes(); }

 private:
  struct Node;
  struct Indexed;
  struct Bucket {
    Node* head = nullptr;
    Node* tail = nullptr;
  };
  struct Restored {
    Timer timer;
    uint64_t registration;
  };

  void Add(int64_t time, const KeyView& key, std::string_view ns, uint64_t registration);
  void Remove(Node* node);
  /// The hash table's namespace: time and namespace.
  std::string_view IndexName(int64_t time, std::string_view ns) const;

  std::map<int64_t, Bucket> buckets_;
  SlotTable index_;  // of Indexed: what a snapshot is made of
  std::vector<Restored> restored_;
  uint64_t next_registration_ = 0;
  size_t count_ = 0;
  int64_t bytes_ = 0;
  mutable std::string scratch_;
};

}  // namespace thalweg::state
