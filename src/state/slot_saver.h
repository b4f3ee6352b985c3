// The entries of a slot table as they were at the barrier, for a snapshot that is written while the table goes on changing.
// Rule: an entry is saved once: by the walk, or right before its first change. Plain bytes are saved as they lie in the slot and
// encoded later, on another thread; what may change or go elsewhere (live objects, long keys) is encoded when it is saved.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "state/slot_table.h"
#include "state/snapshot_parts.h"

namespace thalweg::state {

/// Bytes that grow without being moved. Move-only.
class ChunkList {
 public:
  explicit ChunkList(SavedBytes held) : held_(std::move(held)) {}
  ~ChunkList() { Clear(); }
  ChunkList(const ChunkList&) = delete;
  ChunkList& operator=(const ChunkList&) = delete;

  /// Room for `size` bytes in one piece.
  char* Add(size_t size) {
    if (size > left_) Grow(size);
    left_ -= size;
    chunks_.back().used += size;
    return std::exchange(at_, at_ + size);
  }
  /// The first chunk's bytes; empty if there is none. A piece given out by Add lies in one chunk.
  std::string_view Front() const { return next_ < chunks_.size() ? chunks_[next_].view() : std::string_view(); }
  void PopFront();
  void Clear();
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (size_t i = next_; i < chunks_.size(); ++i) visit(chunks_[i].view());
  }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t capacity = 0;
    size_t used = 0;
    std::string_view view() const { return {bytes.get(), used}; }
  };
  void Grow(size_t size);

  SavedBytes held_;
  std::vector<Chunk> chunks_;
  size_t next_ = 0;  // those before were popped
  char* at_ = nullptr;
  size_t left_ = 0;
};

/// Entries of one table that were saved. Filled on the task's thread, then read on any.
class SavedSlots {
 public:
  struct Entry {
    uint16_t group = 0;
    std::string_view key, ns;
    bool is_there = true;  // false: the slot said that the entry is absent
    std::string_view value;
    int64_t expiry_ms = 0;  // only if the table has expiries
  };

  /// `table` must stay until Leave.
  SavedSlots(const SlotTable& table, SavedBytes held);
  /// What it cost, in bytes.
  int64_t Save(SlotTable::Slot slot);
  /// Everything is saved.
  void Leave();
  /// Calls `visit(entry)` for each. Key and namespace stay until Drain, the value until the next.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    slots_.ForEach([&](std::string_view chunk) { VisitCopies(chunk, visit); });
    entries_.ForEach([&](std::string_view chunk) { VisitEncoded(chunk, visit); });
  }
  /// The same, and frees what was visited.
  template <typename Visit>
  void Drain(Visit&& visit) {
    for (std::string_view chunk; !(chunk = slots_.Front()).empty(); slots_.PopFront()) VisitCopies(chunk, visit);
    for (std::string_view chunk; !(chunk = entries_.Front()).empty(); entries_.PopFront()) VisitEncoded(chunk, visit);
  }
  void Clear() {
    slots_.Clear();
    entries_.Clear();
  }

 private:
  int64_t Encode(SlotTable::Slot slot);
  Entry ReadCopy(const char* slot, ByteWriter& value) const;
  static Entry ReadEncoded(ByteReader& in);
  template <typename Visit>
  void VisitCopies(std::string_view chunk, Visit& visit) const {
    ByteWriter value;
    for (size_t at = 0; at < chunk.size(); at += stride_) visit(ReadCopy(chunk.data() + at, value));
  }
  template <typename Visit>
  void VisitEncoded(std::string_view chunk, Visit& visit) const {
    for (ByteReader in(chunk); !in.AtEnd();) visit(ReadEncoded(in));
  }

  const SlotTable* table_;
  const types::ObjectType& type_;
  const bool with_expiry_;
  const bool as_copies_;  // objects may be encoded later, from a copy of their slot
  ChunkList slots_;       // copies
  ChunkList entries_;  // each: size u32; group u16, is there u8, expiry i64, key, namespace, and to its end the value
  ByteWriter scratch_;
  size_t stride_ = 0;
  size_t expiry_offset_ = 0;
  size_t object_offset_ = 0;
};

/// Saves all entries that are not expired at `now_ms`. Detaches itself from the table when it has them, or when it is destroyed.
class SlotSaver final : public SnapshotPart, private SlotTable::Saver {
 public:
  /// `table` must stay until Advance is true or this is destroyed. `ns`: of all its entries, if their slots do not hold it.
  SlotSaver(SlotTable& table, int64_t now_ms, const SavedBytes& held, std::string ns = {});
  ~SlotSaver() override;

  bool Advance(int64_t& budget) override;
  Status Write(SnapshotWriter& out) override;

 private:
  int64_t Save(SlotTable::Slot slot) override;

  SlotTable* table_;
  const bool with_expiry_;
  const int64_t now_ms_;
  const std::string ns_;
  SlotTable::Cursor cursor_;
  SavedSlots saved_;
};

}  // namespace thalweg::state
