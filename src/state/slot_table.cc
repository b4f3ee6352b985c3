#include "state/slot_table.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/check.h"

namespace thalweg::state {

namespace {

constexpr uint32_t kNameOffset = 5;         // flags, two sizes, group
constexpr uint64_t kFlagByte = 0xff;        // of a slot's first word; 0: the slot is empty
constexpr uint8_t kHeapSize = 0xff;         // both sizes of a slot whose key lies on the heap
constexpr size_t kEntriesPerSegment = 768;  // mean; a split moves at most about twice that
constexpr uint32_t kFirstCapacity = 8;      // slots
constexpr size_t kFoundTogether = 32;       // keys of FindEach whose cache lines are on the way at a time
constexpr uint32_t kDoubleBelow = 256;      // slots; above, segments grow by a half

/// For a segment that has just been split: it is moved once, at 1.4 times its entries, before it has twice as many and is split again. On
/// the way it is about 70 % full. A look-up of what is not there costs 13 probes at 80 %, and 30 at 87 % (Knuth 1973, 6.4).
uint32_t CapacityFor(uint32_t entries) { return std::max(kFirstCapacity, entries + entries / 2 + entries / 4 + 2); }
bool Full(uint32_t used, uint32_t capacity) { return used + 1 > capacity - capacity / 5; }

template <typename T>
uint64_t Load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// The first eight bytes of `size`, or all of them and zeros, as a little-endian number; reads no byte beyond them. In registers:
/// a word put together in memory by smaller stores stalls the load that follows.
inline uint64_t LoadWord(const char* from, size_t size) {
  if (size >= 8) return Load<uint64_t>(from);
  if (size >= 4) return Load<uint32_t>(from) | Load<uint32_t>(from + size - 4) << ((size - 4) * 8);
  uint64_t word = 0;
  for (size_t i = 0; i < size; ++i) word |= uint64_t{static_cast<uint8_t>(from[i])} << (i * 8);
  return word;
}

/// Bytes [at, at + 8) of `bytes`, zeros beyond its end. Reads backwards over the end where it can.
inline uint64_t WordAt(std::string_view bytes, size_t at) {
  if (at >= bytes.size()) return 0;
  const size_t left = bytes.size() - at;
  if (left < 8 && at >= 8) return Load<uint64_t>(bytes.data() + bytes.size() - 8) >> ((8 - left) * 8);
  return LoadWord(bytes.data() + at, left);
}

/// Longest name whose slot header has two words.
constexpr size_t kShortName = 16 - kNameOffset;

/// The header of a slot whose name is a key of at most kShortName bytes and no namespace, without its flags: what MakeProbe gives, in registers.
struct ShortName {
  uint64_t words[4] = {};  // two of them; as many as Scan may read
};
inline ShortName ShortNameOf(const KeyView& key) {
  const size_t size = key.bytes.size();
  const uint64_t begin = WordAt(key.bytes, 0), rest = WordAt(key.bytes, 8);
  return {.words = {size << 8 | uint64_t{key.group} << 24 | begin << 40, begin >> 24 | rest << 40}};
}

/// Ors `word` into `words` from bit `bit` on.
inline void OrAt(uint64_t* words, size_t bit, uint64_t word) {
  words[bit / 64] |= word << (bit % 64);
  if (bit % 64 != 0) words[bit / 64 + 1] |= word >> (64 - bit % 64);
}

char* HeapBlock(const char* slot) {
  char* block;
  std::memcpy(&block, slot + 8, sizeof block);
  return block;
}

struct HeapSizes {
  uint32_t key;
  uint32_t ns;
  size_t block() const { return sizeof(HeapSizes) + size_t{key} + ns; }
};

HeapSizes SizesOf(const char* block) {
  HeapSizes sizes;
  std::memcpy(&sizes, block, sizeof sizes);
  return sizes;
}

}  // namespace

SlotTable::SlotTable(const types::ObjectType& type, bool with_expiry) : type_(type), with_expiry_(with_expiry) {}

SlotTable::~SlotTable() {
  Cursor cursor;
  while (Slot slot = At(cursor)) {
    if (Has(slot, kHasObject) && !type_.trivial) type_.destroy(Object(slot), 1);
    if (Has(slot, kHeapKey)) ::operator delete(HeapBlock(slot));
    ++cursor.index;
  }
  for (Segment& segment : segments_) FreeSlots(segment.slots, segment.capacity);
}

void SlotTable::ChooseLayout(size_t name_bytes) {
  header_ = name_bytes <= 11 || name_bytes > 27 ? 16 : name_bytes <= 19 ? 24 : 32;
  uint32_t end = header_ + (with_expiry_ ? 8 : 0);
  const uint32_t align = static_cast<uint32_t>(std::max<size_t>(type_.align, 1));
  object_offset_ = (end + align - 1) / align * align;
  slot_align_ = std::max<size_t>(8, align);
  stride_ = (object_offset_ + type_.size + slot_align_ - 1) / slot_align_ * slot_align_;
}

inline SlotTable::Probe SlotTable::MakeProbe(const KeyView& key, std::string_view ns) const {
  static_assert(std::endian::native == std::endian::little, "slots are compared as little-endian words");
  Probe probe{};
  probe.mix = Mix(key.hash, ns);
  const size_t size = key.bytes.size() + ns.size();
  probe.heap = size > header_ - kNameOffset;
  if (probe.heap) {
    probe.words[0] = uint64_t{kHeapSize} << 8 | uint64_t{kHeapSize} << 16 | uint64_t{key.group} << 24 | probe.mix << 40;
    return probe;
  }
  const uint64_t first = WordAt(key.bytes, 0);
  probe.words[0] = key.bytes.size() << 8 | ns.size() << 16 | uint64_t{key.group} << 24 | first << 40;
  probe.words[1] = first >> 24;
  for (size_t at = 8; at < key.bytes.size(); at += 8) OrAt(probe.words, (kNameOffset + at) * 8, WordAt(key.bytes, at));
  for (size_t at = 0; at < ns.size(); at += 8)
    OrAt(probe.words, (kNameOffset + key.bytes.size() + at) * 8, WordAt(ns, at));
  return probe;
}

bool SlotTable::RestMatches(const char* slot, const Probe& probe, const KeyView& key, std::string_view ns) const {
  if (!probe.heap) {
    for (uint32_t at = 16; at < header_; at += 8)
      if (Load<uint64_t>(slot + at) != probe.words[at / 8]) return false;
    return true;
  }
  const char* block = HeapBlock(slot);
  const HeapSizes sizes = SizesOf(block);
  const char* bytes = block + sizeof(HeapSizes);
  return std::string_view(bytes, sizes.key) == key.bytes && std::string_view(bytes + sizes.key, sizes.ns) == ns;
}

/// From `slot` on, the slot whose name is `words`; null if an empty one comes first. Words beyond the table's header are not
/// read. Not for names on the heap.
inline SlotTable::Slot SlotTable::Scan(const Segment& segment, Slot slot, const uint64_t* words) const {
  char* const end = segment.slots + size_t{segment.capacity} * stride_;
  for (;;) {
    const uint64_t first = Load<uint64_t>(slot);
    if ((first & kFlagByte) == 0) return nullptr;  // before the comparison: an empty slot may hold anything else
    if ((first ^ words[0]) >> 8 == 0 && Load<uint64_t>(slot + 8) == words[1] &&
        (header_ == 16 ||
         (Load<uint64_t>(slot + 16) == words[2] && (header_ == 24 || Load<uint64_t>(slot + 24) == words[3]))))
      return slot;
    slot += stride_;
    if (slot == end) slot = segment.slots;
  }
}

SlotTable::Slot SlotTable::Find(const KeyView& key, std::string_view ns) const {
  if (count_ == 0) return nullptr;
  if (header_ == 16 && ns.empty() && key.bytes.size() <= kShortName) {
    const uint64_t mix = Spread(key.hash);
    const Segment& segment = segments_[SegmentOf(mix)];
    if (segment.capacity == 0) return nullptr;
    const ShortName name = ShortNameOf(key);
    Slot slot = Scan(segment, segment.slots + size_t{Home(mix, segment.capacity)} * stride_, name.words);
    if (slot != nullptr) Touch(slot);
    return slot;
  }
  const Probe probe = MakeProbe(key, ns);
  const Segment& segment = segments_[SegmentOf(probe.mix)];
  if (segment.capacity == 0) return nullptr;
  char* const end = segment.slots + size_t{segment.capacity} * stride_;
  char* slot = segment.slots + size_t{Home(probe.mix, segment.capacity)} * stride_;
  const bool simple = header_ == 16 && !probe.heap;
  const uint64_t second = probe.words[1];
  for (;;) {
    const uint64_t first = Load<uint64_t>(slot);
    if ((first & kFlagByte) == 0) return nullptr;  // before the comparison: an empty slot may hold anything else
    if ((first ^ probe.words[0]) >> 8 == 0 && (probe.heap || Load<uint64_t>(slot + 8) == second) &&
        (simple || RestMatches(slot, probe, key, ns))) {
      Touch(slot);
      return slot;
    }
    slot += stride_;
    if (slot == end) slot = segment.slots;
  }
}

/// What a namespace gives to the hash and the name of its entries, made once for many keys.
struct SlotTable::NamespacePart {
  std::string_view ns;
  uint64_t hash;
  size_t key_size = SIZE_MAX;
  uint64_t words[5];  // sizes and namespace behind a key of `key_size`

  explicit NamespacePart(std::string_view bytes) : ns(bytes), hash(bytes.empty() ? 0 : Hash64(bytes)) {}
  uint64_t Mix(const KeyView& key) const { return Spread(ns.empty() ? key.hash : Join(key.hash, hash)); }
  /// The first words of the slot of (key, ns), which fit.
  void Name(const KeyView& key, uint64_t* to) {
    if (key.bytes.size() != key_size) {
      key_size = key.bytes.size();
      std::fill_n(words, std::size(words), 0);
      words[0] = key_size << 8 | ns.size() << 16;
      for (size_t at = 0; at < ns.size(); at += 8) OrAt(words, (kNameOffset + key_size + at) * 8, WordAt(ns, at));
    }
    std::memcpy(to, words, sizeof words);
    const uint64_t first = WordAt(key.bytes, 0);
    to[0] |= uint64_t{key.group} << 24 | first << 40;
    to[1] |= first >> 24;
    for (size_t at = 8; at < key_size; at += 8) OrAt(to, (kNameOffset + at) * 8, WordAt(key.bytes, at));
  }
};

// Two passes over some keys: where they would lie, whose cache lines are asked for; then the comparisons.
void SlotTable::FindEach(std::span<const KeyView> keys, std::string_view ns, void** objects) const {
  if (count_ == 0) return void(std::fill_n(objects, keys.size(), nullptr));
  struct {
    const Segment* segment;
    Slot slot;
  } homes[kFoundTogether];
  NamespacePart part(ns);
  const bool short_header = header_ == 16 && ns.empty();
  for (size_t from = 0; from < keys.size(); from += kFoundTogether) {
    const size_t count = std::min(keys.size() - from, kFoundTogether);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t mix = part.Mix(keys[from + i]);
      const Segment& segment = segments_[SegmentOf(mix)];
      homes[i] = {&segment, nullptr};
      if (segment.capacity == 0) continue;
      homes[i].slot = segment.slots + size_t{Home(mix, segment.capacity)} * stride_;
      __builtin_prefetch(homes[i].slot);
      __builtin_prefetch(homes[i].slot + kCacheLine);
    }
    for (size_t i = 0; i < count; ++i) {
      const KeyView& key = keys[from + i];
      Slot slot = homes[i].slot;
      if (key.bytes.size() + ns.size() > header_ - kNameOffset) {
        slot = Find(key, ns);
      } else if (slot == nullptr) {
      } else if (short_header) {
        const ShortName name = ShortNameOf(key);
        slot = Scan(*homes[i].segment, slot, name.words);
        if (slot != nullptr) Touch(slot);
      } else {
        uint64_t words[5];
        part.Name(key, words);
        slot = Scan(*homes[i].segment, slot, words);
        if (slot != nullptr) Touch(slot);
      }
      objects[from + i] = slot == nullptr ? nullptr : Object(slot);
    }
  }
}

SlotTable::Slot SlotTable::Insert(const KeyView& key, std::string_view ns) {
  if (header_ == 0) ChooseLayout(key.bytes.size() + ns.size());
  if (segments_.empty()) segments_.emplace_back();
  if (count_ >= segments_.size() * kEntriesPerSegment) SplitNext();
  const Probe probe = MakeProbe(key, ns);
  Segment& segment = segments_[SegmentOf(probe.mix)];
  if (segment.capacity == 0 || Full(segment.used, segment.capacity)) {
    const uint32_t now = segment.capacity;
    Resize(segment, now == 0 ? kFirstCapacity : now < kDoubleBelow ? now * 2 : now + now / 2);
  }
  uint32_t index = Home(probe.mix, segment.capacity);
  while (segment.slots[size_t{index} * stride_] != 0) index = index + 1 == segment.capacity ? 0 : index + 1;
  Slot slot = segment.slots + size_t{index} * stride_;
  std::memcpy(slot, probe.words, header_);
  *slot = static_cast<char>(kUsed | epoch_);
  if (probe.heap) {
    const HeapSizes sizes{static_cast<uint32_t>(key.bytes.size()), static_cast<uint32_t>(ns.size())};
    char* block = static_cast<char*>(::operator new(sizes.block()));
    std::memcpy(block, &sizes, sizeof sizes);
    std::memcpy(block + sizeof sizes, key.bytes.data(), key.bytes.size());
    if (!ns.empty()) std::memcpy(block + sizeof sizes + key.bytes.size(), ns.data(), ns.size());
    std::memcpy(slot + 8, &block, sizeof block);
    Set(slot, kHeapKey);
    bytes_ += static_cast<int64_t>(sizes.block());
  }
  if (with_expiry_) SetExpiry(slot, 0);
  ++segment.used;
  ++count_;
  return slot;
}

void SlotTable::Erase(Slot slot) {
  Touch(slot);
  const uint64_t mix = MixOf(slot);
  Segment& segment = segments_[SegmentOf(mix)];
  if (Has(slot, kHasObject)) Destroy(slot);
  if (Has(slot, kHeapKey)) {
    bytes_ -= static_cast<int64_t>(SizesOf(HeapBlock(slot)).block());
    ::operator delete(HeapBlock(slot));
  }
  *slot = 0;
  --segment.used;
  --count_;
  // Closes the gap: an entry moves back if its home does not lie behind the gap. No tombstones.
  const uint32_t capacity = segment.capacity;
  uint32_t gap = static_cast<uint32_t>(static_cast<size_t>(slot - segment.slots) / stride_);
  for (uint32_t at = gap;;) {
    at = at + 1 == capacity ? 0 : at + 1;
    Slot candidate = segment.slots + size_t{at} * stride_;
    if (*candidate == 0) break;
    const uint32_t home = Home(MixOf(candidate), capacity);
    const uint32_t from_home = at >= home ? at - home : at + capacity - home;
    const uint32_t from_gap = at >= gap ? at - gap : at + capacity - gap;
    if (from_home < from_gap) continue;
    MoveSlot(segment.slots + size_t{gap} * stride_, candidate);
    gap = at;
  }
  if (segment.used == 0 || (capacity > 2 * kFirstCapacity && segment.used < capacity / 4))
    Resize(segment, segment.used == 0 ? 0 : CapacityFor(segment.used));
}

void SlotTable::Construct(Slot slot) {
  if (type_.trivial) std::memset(Object(slot), 0, type_.size);
  type_.construct(Object(slot));
  Set(slot, kHasObject);
}

Status SlotTable::Decode(Slot slot, std::string_view bytes) {
  ByteReader in(bytes);
  THALWEG_TRY(type_.decode(in, Object(slot)));
  Set(slot, kHasObject);
  if (in.AtEnd()) return {};
  Destroy(slot);
  return ExternalError("Malformed bytes: {} left over after a value of {}", in.remaining(), type_.name);
}

void SlotTable::Destroy(Slot slot) {
  if (!type_.trivial) type_.destroy(Object(slot), 1);
  Reset(slot, kHasObject);
}

void SlotTable::ReadName(const char* slot, uint16_t* group, std::string_view* key, std::string_view* ns) {
  std::memcpy(group, slot + 3, sizeof *group);
  if ((static_cast<uint8_t>(*slot) & kHeapKey) != 0) {
    const char* block = HeapBlock(slot);
    const HeapSizes sizes = SizesOf(block);
    *key = {block + sizeof sizes, sizes.key};
    *ns = {block + sizeof sizes + sizes.key, sizes.ns};
  } else {
    *key = {slot + kNameOffset, static_cast<uint8_t>(slot[1])};
    *ns = {slot + kNameOffset + key->size(), static_cast<uint8_t>(slot[2])};
  }
}

KeyView SlotTable::Key(Slot slot, std::string_view* ns) const {
  KeyView key;
  ReadName(slot, &key.group, &key.bytes, ns);
  key.hash = Hash64(key.bytes);
  return key;
}

void SlotTable::Attach(Saver& saver) {
  THALWEG_CHECK(saver_ == nullptr, "one snapshot of a table at a time");
  saver_ = &saver;
  if (++older_epochs_ == kEpochs) {  // after as many snapshots that nobody ended
    Cursor cursor;
    for (; Slot slot = At(cursor); ++cursor.index) SetEpoch(slot);
    older_epochs_ = 1;
  }
  epoch_ = static_cast<uint8_t>(epoch_ + kEpochStep);
}

int64_t SlotTable::SaveSlot(Slot slot) const {
  const int64_t cost = saver_->Save(slot);
  SetEpoch(slot);
  return cost;
}

bool SlotTable::SaveMore(Cursor& cursor, int64_t& budget) {
  for (; cursor.segment < segments_.size(); ++cursor.segment) {
    const Segment& segment = segments_[cursor.segment];
    if (budget <= 0) return false;
    // From its beginning: entries move within their segment, and a split appends to the segments.
    Slot slot = segment.slots;
    for (uint32_t i = 0; i < segment.capacity; ++i, slot += stride_) {
      if (*slot == 0 || EpochOf(slot) == epoch_) continue;
      if (budget <= 0) return false;
      budget -= SaveSlot(slot);
    }
    budget -= segment.capacity;
  }
  older_epochs_ = 0;
  return true;
}

uint64_t SlotTable::MixOf(Slot slot) const {
  if (Has(slot, kHeapKey)) {
    std::string_view ns;
    const KeyView key = Key(slot, &ns);
    return Mix(key.hash, ns);
  }
  const char* name = slot + kNameOffset;
  const size_t key_size = static_cast<uint8_t>(slot[1]);
  const uint64_t hash =
      key_size == 9 ? Hash64Of9Bytes(Load<uint64_t>(name), Load<uint64_t>(name + 1)) : Hash64({name, key_size});
  const std::string_view ns(name + key_size, static_cast<uint8_t>(slot[2]));
  if (ns.empty()) return Spread(hash);
  // Neighbours are mostly of the same window.
  if (ns != std::string_view(last_ns_, last_ns_size_)) {
    std::memcpy(last_ns_, ns.data(), ns.size());
    last_ns_size_ = ns.size();
    last_ns_hash_ = Hash64(ns);
  }
  return Spread(Join(hash, last_ns_hash_));
}

SlotTable::Slot SlotTable::At(Cursor& cursor) const {
  for (; cursor.segment < segments_.size(); ++cursor.segment, cursor.index = 0) {
    const Segment& segment = segments_[cursor.segment];
    for (; cursor.index < segment.capacity; ++cursor.index) {
      Slot slot = segment.slots + size_t{cursor.index} * stride_;
      if (*slot != 0) return slot;
    }
  }
  return nullptr;
}

char* SlotTable::NewSlots(uint32_t capacity) {
  const size_t size = size_t{capacity} * stride_;
  char* slots = static_cast<char*>(::operator new(size, std::align_val_t{slot_align_}));
  for (uint32_t i = 0; i < capacity; ++i) slots[size_t{i} * stride_] = 0;
  bytes_ += static_cast<int64_t>(size);
  return slots;
}

void SlotTable::FreeSlots(char* slots, uint32_t capacity) {
  if (slots == nullptr) return;
  ::operator delete(slots, std::align_val_t{slot_align_});
  bytes_ -= static_cast<int64_t>(size_t{capacity} * stride_);
}

void SlotTable::MoveSlot(Slot to, Slot from) {
  if (type_.trivial || !Has(from, kHasObject)) {
    std::memcpy(to, from, type_.trivial ? stride_ : object_offset_);
  } else {
    std::memcpy(to, from, object_offset_);
    type_.move(Object(to), Object(from), 1);
    type_.destroy(Object(from), 1);
  }
  *from = 0;
}

void SlotTable::MoveInto(Segment& segment, Slot from, uint64_t mix) {
  uint32_t index = Home(mix, segment.capacity);
  while (segment.slots[size_t{index} * stride_] != 0) index = index + 1 == segment.capacity ? 0 : index + 1;
  MoveSlot(segment.slots + size_t{index} * stride_, from);
  ++segment.used;
}

void SlotTable::Resize(Segment& segment, uint32_t capacity) {
  Segment old = segment;
  segment = {};
  if (capacity > 0) segment = {.slots = NewSlots(capacity), .capacity = capacity, .used = 0};
  for (uint32_t i = 0; i < old.capacity; ++i) {
    Slot slot = old.slots + size_t{i} * stride_;
    if (*slot != 0) MoveInto(segment, slot, MixOf(slot));
  }
  FreeSlots(old.slots, old.capacity);
}

void SlotTable::SplitNext() {
  const size_t index = segments_.size() - round_;
  Segment old = segments_[index];
  segments_.emplace_back();
  if (segments_.size() == 2 * round_) round_ *= 2;
  const size_t added = segments_.size() - 1;
  std::vector<uint64_t> mixes(old.capacity);
  uint32_t moving = 0;
  for (uint32_t i = 0; i < old.capacity; ++i) {
    Slot slot = old.slots + size_t{i} * stride_;
    if (*slot == 0) continue;
    mixes[i] = MixOf(slot);
    moving += SegmentOf(mixes[i]) == added ? 1 : 0;
  }
  for (size_t target : {index, added}) {
    const uint32_t entries = target == added ? moving : old.used - moving;
    const uint32_t capacity = entries == 0 ? 0 : CapacityFor(entries);
    segments_[target] = {};
    if (capacity > 0) segments_[target] = {.slots = NewSlots(capacity), .capacity = capacity, .used = 0};
  }
  for (uint32_t i = 0; i < old.capacity; ++i) {
    Slot slot = old.slots + size_t{i} * stride_;
    if (*slot != 0) MoveInto(segments_[SegmentOf(mixes[i])], slot, mixes[i]);
  }
  FreeSlots(old.slots, old.capacity);
}

}  // namespace thalweg::state
