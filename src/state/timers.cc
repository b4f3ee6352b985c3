#include "state/timers.h"

#include <algorithm>
#include <new>
#include <tuple>

#include "base/hash.h"
#include "state/slot_saver.h"

namespace thalweg::state {

namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;

void AppendTime(int64_t time, std::string& out) {
  const uint64_t ordered = static_cast<uint64_t>(time) ^ kSign;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(ordered >> shift));
}

int64_t ReadTime(std::string_view bytes) {
  uint64_t ordered = 0;
  for (size_t i = 0; i < 8; ++i) ordered = ordered << 8 | static_cast<uint8_t>(bytes[i]);
  return static_cast<int64_t>(ordered ^ kSign);
}

}  // namespace

/// Followed by the key's and the namespace's bytes.
struct Timers::Node {
  Node* previous;
  Node* next;
  int64_t time;
  uint64_t hash;
  uint32_t key_size;
  uint32_t ns_size;
  uint16_t group;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  std::string_view key() { return {bytes(), key_size}; }
  std::string_view ns() { return {bytes() + key_size, ns_size}; }
  KeyView view() { return {.bytes = key(), .hash = hash, .group = group}; }
  int64_t size() const { return static_cast<int64_t>(sizeof(Node)) + key_size + ns_size; }
};

/// What a slot of the index holds. Its encoding is a timer's value in a snapshot.
struct Timers::Indexed {
  Node* node;
  uint64_t registration;

  static const types::ObjectType& Type() {
    static const types::ObjectType type = [] {
      types::ObjectType made;
      made.name = "timer";
      made.size = sizeof(Indexed);
      made.align = alignof(Indexed);
      made.trivial = true;
      made.construct = [](void* to) { new (to) Indexed(); };
      made.encode = [](const void* value, ByteWriter& out) {
        out.Varint(static_cast<const Indexed*>(value)->registration);
      };
      return made;
    }();
    return type;
  }
};

Timers::Timers() : index_(Indexed::Type(), false) {}

Timers::~Timers() {
  for (auto& [time, bucket] : buckets_)
    for (Node* node = bucket.head; node != nullptr;) ::operator delete(std::exchange(node, node->next));
}

std::string_view Timers::IndexName(int64_t time, std::string_view ns) const {
  scratch_.clear();
  AppendTime(time, scratch_);
  scratch_ += ns;
  return scratch_;
}

void Timers::Register(int64_t time, const KeyView& key, std::string_view ns) {
  Settle();
  Add(time, key, ns, next_registration_++);
}

void Timers::Add(int64_t time, const KeyView& key, std::string_view ns, uint64_t registration) {
  const std::string_view name = IndexName(time, ns);
  if (index_.Find(key, name) != nullptr) return;
  Node* node = new (::operator new(sizeof(Node) + key.bytes.size() + ns.size()))
      Node{.previous = nullptr,
           .next = nullptr,
           .time = time,
           .hash = key.hash,
           .key_size = static_cast<uint32_t>(key.bytes.size()),
           .ns_size = static_cast<uint32_t>(ns.size()),
           .group = key.group};
  std::copy(key.bytes.begin(), key.bytes.end(), node->bytes());
  std::copy(ns.begin(), ns.end(), node->bytes() + key.bytes.size());
  SlotTable::Slot slot = index_.Insert(key, name);
  index_.Construct(slot);
  *static_cast<Indexed*>(index_.Object(slot)) = {node, registration};
  Bucket& bucket = buckets_[time];
  node->previous = bucket.tail;
  (bucket.tail != nullptr ? bucket.tail->next : bucket.head) = node;
  bucket.tail = node;
  ++count_;
  bytes_ += node->size();
}

void Timers::Delete(int64_t time, const KeyView& key, std::string_view ns) {
  Settle();
  SlotTable::Slot slot = index_.Find(key, IndexName(time, ns));
  if (slot != nullptr) Remove(static_cast<const Indexed*>(index_.Object(slot))->node);
}

void Timers::Remove(Node* node) {
  index_.Erase(index_.Find(node->view(), IndexName(node->time, node->ns())));
  auto bucket = buckets_.find(node->time);
  (node->previous != nullptr ? node->previous->next : bucket->second.head) = node->next;
  (node->next != nullptr ? node->next->previous : bucket->second.tail) = node->previous;
  if (bucket->second.head == nullptr) buckets_.erase(bucket);
  --count_;
  bytes_ -= node->size();
  ::operator delete(node);
}

std::optional<Timer> Timers::PopDue(int64_t limit) {
  Settle();
  if (buckets_.empty() || buckets_.begin()->first > limit) return std::nullopt;
  Node* node = buckets_.begin()->second.head;
  Timer timer{.time = node->time,
              .key = std::string(node->key()),
              .hash = node->hash,
              .group = node->group,
              .ns = std::string(node->ns())};
  Remove(node);
  return timer;
}

std::optional<int64_t> Timers::Next() const {
  Settle();
  if (buckets_.empty()) return std::nullopt;
  return buckets_.begin()->first;
}

StateSpec Timers::SpecOf(const std::string& name) {
  return {.name = name,
          .kind = StateKind::kTimers,
          .value_codec = "varint",
          .namespace_codec = "timer",
          .version = 1,
          .ttl = {}};
}

std::unique_ptr<SnapshotPart> Timers::BeginSnapshot(int64_t now_ms, const SavedBytes& held) {
  Settle();
  return std::make_unique<SlotSaver>(index_, now_ms, held);
}

Status Timers::Restore(uint16_t group, const SegmentEntry& entry) {
  ByteReader value(entry.value);
  const uint64_t registration = value.Varint();
  if (entry.ns.size() < 8 || value.failed() || !value.AtEnd())
    return ExternalError("Malformed timer in key group {}", group);
  restored_.push_back({.timer = {.time = ReadTime(entry.ns),
                                 .key = std::string(entry.key),
                                 .hash = Hash64(entry.key),
                                 .group = group,
                                 .ns = std::string(entry.ns.substr(8))},
                       .registration = registration});
  return {};
}

void Timers::Settle() const {
  if (restored_.empty()) return;
  // What the queue holds does not change by it, only where: const to the caller.
  auto* self = const_cast<Timers*>(this);
  std::vector<Restored> restored = std::exchange(self->restored_, {});
  const auto order = [](const Restored& r) {
    return std::tie(r.registration, r.timer.group, r.timer.key, r.timer.time, r.timer.ns);
  };
  std::sort(restored.begin(), restored.end(),
            [&](const Restored& a, const Restored& b) { return order(a) < order(b); });
  for (const Restored& r : restored)
    self->Add(r.timer.time, {.bytes = r.timer.key, .hash = r.timer.hash, .group = r.timer.group}, r.timer.ns,
              r.registration);
  self->next_registration_ = std::max(self->next_registration_, restored.back().registration + 1);
}

}  // namespace thalweg::state
