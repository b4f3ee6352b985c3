#include "state/slot_saver.h"

#include <algorithm>
#include <cstring>

namespace thalweg::state {

namespace {

constexpr size_t kFirstChunkBytes = 512;          // tables may be many and small
constexpr size_t kChunkBytes = size_t{64} << 10;  // below the size that malloc maps and unmaps for itself
constexpr int64_t kEntryCost = 64;                // of encoding an entry, beside its bytes: a copied byte costs one

}  // namespace

void ChunkList::Grow(size_t size) {
  Chunk chunk;
  const size_t next = chunks_.empty() ? kFirstChunkBytes : std::min(chunks_.back().capacity * 2, kChunkBytes);
  chunk.capacity = std::max(size, next);
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

SavedSlots::SavedSlots(const SlotTable& table, SavedBytes held)
    : table_(&table),
      type_(table.type()),
      with_expiry_(table.with_expiry()),
      as_copies_(type_.trivial && type_.align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__),
      slots_(held),
      entries_(std::move(held)) {}

int64_t SavedSlots::Save(SlotTable::Slot slot) {
  if (!as_copies_ || SlotTable::Has(slot, SlotTable::kHeapKey)) return Encode(slot);
  const size_t size = table_->stride();
  std::memcpy(slots_.Add(size), slot, size);
  return static_cast<int64_t>(size);
}

int64_t SavedSlots::Encode(SlotTable::Slot slot) {
  uint16_t group;
  std::string_view key, ns;
  SlotTable::ReadName(slot, &group, &key, &ns);
  const bool is_there = SlotTable::Has(slot, SlotTable::kHasObject);
  scratch_.Clear();
  scratch_.U16(group);
  scratch_.Bool(is_there);
  scratch_.I64(with_expiry_ ? table_->Expiry(slot) : 0);
  scratch_.String(key);
  scratch_.String(ns);
  if (is_there) type_.encode(table_->Object(slot), scratch_);
  const auto size = static_cast<uint32_t>(scratch_.size());
  char* to = entries_.Add(sizeof size + size);
  std::memcpy(to, &size, sizeof size);
  std::memcpy(to + sizeof size, scratch_.view().data(), size);
  return kEntryCost + size;
}

void SavedSlots::Leave() {
  stride_ = table_->stride();
  expiry_offset_ = table_->expiry_offset();
  object_offset_ = table_->object_offset();
  table_ = nullptr;
}

SavedSlots::Entry SavedSlots::ReadCopy(const char* slot, ByteWriter& value) const {
  Entry entry;
  SlotTable::ReadName(slot, &entry.group, &entry.key, &entry.ns);
  if (with_expiry_) std::memcpy(&entry.expiry_ms, slot + expiry_offset_, sizeof entry.expiry_ms);
  entry.is_there = (static_cast<uint8_t>(*slot) & SlotTable::kHasObject) != 0;
  value.Clear();
  if (entry.is_there) type_.encode(slot + object_offset_, value);
  entry.value = value.view();
  return entry;
}

SavedSlots::Entry SavedSlots::ReadEncoded(ByteReader& in) {
  ByteReader bytes(in.Raw(in.U32()));
  Entry entry;
  entry.group = bytes.U16();
  entry.is_there = bytes.Bool();
  entry.expiry_ms = bytes.I64();
  entry.key = bytes.String();
  entry.ns = bytes.String();
  THALWEG_CHECK(!bytes.failed());
  entry.value = bytes.Rest();
  return entry;
}

SlotSaver::SlotSaver(SlotTable& table, int64_t now_ms, const SavedBytes& held, std::string ns)
    : table_(&table), with_expiry_(table.with_expiry()), now_ms_(now_ms), ns_(std::move(ns)), saved_(table, held) {
  table.Attach(*this);
}

SlotSaver::~SlotSaver() {
  if (table_ != nullptr) table_->Detach();
}

bool SlotSaver::Advance(int64_t& budget) {
  if (table_ == nullptr) return true;
  if (!table_->SaveMore(cursor_, budget)) return false;
  saved_.Leave();
  table_->Detach();
  table_ = nullptr;
  return true;
}

int64_t SlotSaver::Save(SlotTable::Slot slot) {
  if (with_expiry_ && table_->Expiry(slot) <= now_ms_) return 0;
  return saved_.Save(slot);
}

Status SlotSaver::Write(SnapshotWriter& out) {
  saved_.Drain([&](const SavedSlots::Entry& entry) {
    out.Add(entry.group, entry.key, ns_.empty() ? entry.ns : ns_, entry.value, entry.expiry_ms);
  });
  return {};
}

}  // namespace thalweg::state
