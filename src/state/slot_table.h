// Hash table (key, namespace) -> live object, in packed slots: what both keyed backends keep their objects in.
// Rule: a slot holds key, namespace, expiry and object side by side, so that a lookup is one cache line; the table grows by one
// segment at a time (linear hashing: Litwin 1980), so that no call costs more than about 2,000 moves whatever the size.
//
// Slot, little-endian: [flags u8][key size u8][namespace size u8][group u16][key and namespace, zero padded][expiry i64, if the
// table has a TTL][object]. 11, 19 or 27 bytes of key and namespace fit, as the first entry of the table decides; longer ones lie
// on the heap: both sizes 255, 3 bytes of hash, then at offset 8 a pointer to [u32 key size][u32 namespace size][bytes].
// The three upper bits of the flags are the epoch of the last snapshot that has the entry (or began before it was inserted).
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "state/keyed_backend.h"
#include "types/object_type.h"

namespace thalweg::state {

/// One thread. A Slot is valid until the next Insert or Erase. Iteration order: segments, then slots; it repeats for the same
/// history of calls. An attached Saver sees each entry before its first change.
class SlotTable {
 public:
  using Slot = char*;
  enum Flag : uint8_t { kUsed = 1, kHeapKey = 2, kHasObject = 4, kDirty = 8, kReferenced = 16 };

  /// Keeps entries as they were at a moment, while the table goes on changing (slot_saver.h).
  class Saver {
   public:
    virtual ~Saver() = default;
    /// Called once for each entry that was in the table when the saver was attached, before it may change. Returns what it cost, in
    /// bytes. Must not call the table's changing functions.
    virtual int64_t Save(Slot slot) = 0;
  };

  SlotTable(const types::ObjectType& type, bool with_expiry);
  ~SlotTable();
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  /// Null when absent. What it returns may be changed: an attached saver has it.
  Slot Find(const KeyView& key, std::string_view ns) const;
  /// objects[i] = the object in the slot of (keys[i], ns), null when absent; the keys' cache lines are brought in together. Every
  /// slot must hold an object.
  void FindEach(std::span<const KeyView> keys, std::string_view ns, void** objects) const;
  /// The slot of an entry that Find did not find; it holds no object yet, expiry 0.
  Slot Insert(const KeyView& key, std::string_view ns);
  /// Removes the entry and destroys its object.
  void Erase(Slot slot);
  void Prefetch(uint64_t hash, std::string_view ns) const {
    if (segments_.empty()) return;
    const uint64_t mix = Mix(hash, ns);
    const Segment& segment = segments_[SegmentOf(mix)];
    if (segment.slots == nullptr) return;  // emptied
    const char* slot = segment.slots + size_t{Home(mix, segment.capacity)} * stride_;
    __builtin_prefetch(slot);
    __builtin_prefetch(slot + kCacheLine);  // about half of the probes end there
  }

  void* Object(Slot slot) const { return slot + object_offset_; }
  int64_t Expiry(Slot slot) const {
    int64_t expiry;
    std::memcpy(&expiry, slot + header_, sizeof expiry);
    return expiry;
  }
  void SetExpiry(Slot slot, int64_t expiry) { std::memcpy(slot + header_, &expiry, sizeof expiry); }
  static bool Has(Slot slot, Flag flag) { return (static_cast<uint8_t>(*slot) & flag) != 0; }
  static void Set(Slot slot, uint8_t flags) { *slot = static_cast<char>(static_cast<uint8_t>(*slot) | flags); }
  static void Reset(Slot slot, uint8_t flags) { *slot = static_cast<char>(static_cast<uint8_t>(*slot) & ~flags); }
  /// Value-initialises the slot's object; it must hold none. / Decodes one there; after an error it holds none. / Destroys it.
  void Construct(Slot slot);
  Status Decode(Slot slot, std::string_view bytes);
  void Destroy(Slot slot);
  /// Key (its hash computed again) and namespace of a slot.
  KeyView Key(Slot slot, std::string_view* ns) const;

  /// A place in the iteration order. `index` may lie beyond what is there.
  struct Cursor {
    size_t segment = 0;
    uint32_t index = 0;
  };
  /// The first used slot at or after `cursor`, which is moved to it; null at the end. After Erase of that slot, or without it
  /// after ++cursor.index, the walk goes on; if slots are erased or inserted meanwhile, it may miss some or see them twice.
  Slot At(Cursor& cursor) const;

  /// From now on `saver` gets every entry that the table holds now, at the latest right before it changes. One at a time.
  void Attach(Saver& saver);
  /// Gives the saver entries that it has not got, in the order of `cursor` (at first {}), for about `budget` bytes, which are taken
  /// off it. True when it has all; then, or if the rest is not wanted any more, Detach.
  bool SaveMore(Cursor& cursor, int64_t& budget);
  void Detach() { saver_ = nullptr; }
  bool attached() const { return saver_ != nullptr; }
  /// The entry may be changed after this. For slots that At found.
  void Touch(Slot slot) const {
    if (saver_ != nullptr && EpochOf(slot) != epoch_) SaveSlot(slot);
  }

  size_t size() const { return count_; }
  /// Bytes of slots and long keys; what objects own elsewhere is not counted.
  int64_t memory_bytes() const { return bytes_; }
  size_t stride() const { return stride_; }
  size_t object_offset() const { return object_offset_; }
  bool with_expiry() const { return with_expiry_; }
  const types::ObjectType& type() const { return type_; }
  /// Where the expiry of a slot stands whose key is not on the heap.
  size_t expiry_offset() const { return header_; }
  /// Key group, key and namespace of a slot, or of a copy of it while its heap block is there.
  static void ReadName(const char* slot, uint16_t* group, std::string_view* key, std::string_view* ns);

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr uint8_t kEpochBits = 0xe0;
  static constexpr uint8_t kEpochStep = 0x20;
  static constexpr int kEpochs = 8;
  struct Segment {
    char* slots = nullptr;
    uint32_t capacity = 0;
    uint32_t used = 0;
  };
  struct Probe {
    uint64_t words[5];  // the slot's first bytes; one word more than fits, always 0
    uint64_t mix;
    bool heap;
  };

  static uint64_t Mix(uint64_t hash, std::string_view ns) {
    if (!ns.empty()) hash = Join(hash, Hash64(ns));
    return Spread(hash);
  }
  static uint64_t Join(uint64_t hash, uint64_t ns_hash) { return hash * 0xc2b2ae3d27d4eb4fULL + ns_hash; }
  static uint64_t Spread(uint64_t hash) {
    hash *= 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 32);
  }
  static uint32_t Home(uint64_t mix, uint32_t capacity) {
    return static_cast<uint32_t>(((mix >> 32) * capacity) >> 32);
  }
  size_t SegmentOf(uint64_t mix) const {
    size_t index = mix & (2 * round_ - 1);
    return index < segments_.size() ? index : index & (round_ - 1);
  }
  void ChooseLayout(size_t name_bytes);
  Probe MakeProbe(const KeyView& key, std::string_view ns) const;
  Slot Scan(const Segment& segment, Slot slot, const uint64_t* words) const;
  struct NamespacePart;
  /// Whether a slot whose first word is the probe's is the entry's.
  bool RestMatches(const char* slot, const Probe& probe, const KeyView& key, std::string_view ns) const;
  uint64_t MixOf(Slot slot) const;
  char* NewSlots(uint32_t capacity);
  void FreeSlots(char* slots, uint32_t capacity);
  /// Moves the slot at `from`, which becomes empty, to its place in `segment`.
  void MoveInto(Segment& segment, Slot from, uint64_t mix);
  void MoveSlot(Slot to, Slot from);
  void Resize(Segment& segment, uint32_t capacity);
  void SplitNext();
  static uint8_t EpochOf(const char* slot) { return static_cast<uint8_t>(*slot) & kEpochBits; }
  void SetEpoch(Slot slot) const { *slot = static_cast<char>((static_cast<uint8_t>(*slot) & ~kEpochBits) | epoch_); }
  int64_t SaveSlot(Slot slot) const;

  const types::ObjectType& type_;
  const bool with_expiry_;
  uint32_t header_ = 0;  // 16, 24 or 32; 0: not chosen yet
  uint32_t object_offset_ = 0;
  size_t stride_ = 0;
  size_t slot_align_ = 8;
  std::vector<Segment> segments_;  // round_ <= size < 2 * round_; segments below size - round_ are split
  size_t round_ = 1;
  size_t count_ = 0;
  int64_t bytes_ = 0;
  // The namespace that MixOf met last, and its hash.
  mutable char last_ns_[32];
  mutable size_t last_ns_size_ = 0;
  mutable uint64_t last_ns_hash_ = 0;

  Saver* saver_ = nullptr;
  uint8_t epoch_ = 0;     // of the newest snapshot, in its place among the flags
  int older_epochs_ = 0;  // how many epochs before epoch_ slots may still carry; less than kEpochs
};

}  // namespace thalweg::state
