#include "state/slot_saver.h"

#include <algorithm>
#include <cstring>

namespace thalweg::state {

namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;  // below the size that malloc maps and unmaps for itself
constexpr int64_t kSavedEntryCost = 64;           // of encoding an entry, beside its bytes: a copied byte costs one

}  // namespace

void ChunkList::Grow(size_t size) {
  Chunk chunk;
  chunk.capacity = std::max(size, kChunkBytes);
  chunk.bytes = std::make_unique_for_overwrite<char[]>(chunk.capacity);
  held_->fetch_add(static_cast<int64_t>(chunk.capacity), std::memory_order_relaxed);
  at_ = chunk.bytes.get();
  left_ = chunk.capacity;
  chunks_.push_back(std::move(chunk));
}

void ChunkList::PopFront() {
  Chunk& chunk = chunks_[next_++];
  held_->fetch_sub(static_cast<int64_t>(chunk.capacity), std::memory_order_relaxed);
  chunk = {};
}

void ChunkList::Clear() {
  while (next_ < chunks_.size()) PopFront();
}

SlotSaver::SlotSaver(SlotTable& table, int64_t now_ms, const SavedBytes& held)
    : table_(&table),
      type_(table.type()),
      with_expiry_(table.with_expiry()),
      as_copies_(type_.trivial && type_.align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__),
      now_ms_(now_ms),
      slots_(held),
      entries_(held) {
  table.Attach(*this);
}

SlotSaver::~SlotSaver() {
  if (table_ != nullptr) table_->Detach();
}

bool SlotSaver::Advance(int64_t& budget) {
  if (table_ == nullptr) return true;
  if (!table_->SaveMore(cursor_, budget)) return false;
  stride_ = table_->stride();
  expiry_offset_ = table_->expiry_offset();
  object_offset_ = table_->object_offset();
  table_->Detach();
  table_ = nullptr;
  return true;
}

int64_t SlotSaver::Save(SlotTable::Slot slot) {
  if (!as_copies_ || SlotTable::Has(slot, SlotTable::kHeapKey)) return Encode(slot);
  const size_t size = table_->stride();
  std::memcpy(slots_.Add(size), slot, size);
  return static_cast<int64_t>(size);
}

int64_t SlotSaver::Encode(SlotTable::Slot slot) {
  const int64_t expiry = with_expiry_ ? table_->Expiry(slot) : 0;
  if (with_expiry_ && expiry <= now_ms_) return 0;
  uint16_t group;
  std::string_view key, ns;
  SlotTable::ReadName(slot, &group, &key, &ns);
  scratch_.Clear();
  scratch_.U16(group);
  scratch_.I64(expiry);
  scratch_.String(key);
  scratch_.String(ns);
  type_.encode(table_->Object(slot), scratch_);
  const auto size = static_cast<uint32_t>(scratch_.size());
  char* to = entries_.Add(sizeof size + size);
  std::memcpy(to, &size, sizeof size);
  std::memcpy(to + sizeof size, scratch_.view().data(), size);
  return kSavedEntryCost + size;
}

Status SlotSaver::Write(SnapshotWriter& out) {
  WriteCopies(out);
  for (std::string_view chunk; !(chunk = entries_.Front()).empty(); entries_.PopFront()) {
    for (ByteReader in(chunk); !in.AtEnd();) {
      ByteReader entry(in.Raw(in.U32()));
      const uint16_t group = entry.U16();
      const int64_t expiry = entry.I64();
      const std::string_view key = entry.String();
      const std::string_view ns = entry.String();
      THALWEG_CHECK(!entry.failed());
      out.Add(group, key, ns, entry.Rest(), expiry);
    }
  }
  return {};
}

void SlotSaver::WriteCopies(SnapshotWriter& out) {
  ByteWriter value;
  for (std::string_view chunk; !(chunk = slots_.Front()).empty(); slots_.PopFront()) {
    for (const char* slot = chunk.data(); slot != chunk.data() + chunk.size(); slot += stride_) {
      int64_t expiry = 0;
      if (with_expiry_) std::memcpy(&expiry, slot + expiry_offset_, sizeof expiry);
      if (with_expiry_ && expiry <= now_ms_) continue;
      uint16_t group;
      std::string_view key, ns;
      SlotTable::ReadName(slot, &group, &key, &ns);
      value.Clear();
      type_.encode(slot + object_offset_, value);
      out.Add(group, key, ns, value.view(), expiry);
    }
  }
}

}  // namespace thalweg::state
