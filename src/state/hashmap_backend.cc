#include "state/hashmap_backend.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "state/namespace_index.h"
#include "state/segment.h"
#include "state/slot_saver.h"
#include "state/slot_table.h"
#include "state/slots_by_namespace.h"
#include "state/snapshot_parts.h"
#include "state/state_spec.h"
#include "state/timers.h"

namespace thalweg::state {

namespace {

constexpr int kCleanedPerCall =
    4;  // slots looked at for expired entries by each call; Flink's incremental cleanup takes 5

class HashMapTable final : public ObjectTable {
 public:
  HashMapTable(const StateSpec& spec, const types::ObjectType& type, time::Clock& clock, TableLayout layout)
      : spec_(spec),
        type_(type),
        ttl_(spec.ttl, clock),
        slots_(type, ttl_.enabled()),
        ordered_(spec.kind == StateKind::kMap || spec.kind == StateKind::kList) {
    if (layout == TableLayout::kByNamespace && !ordered_ && !ttl_.enabled()) parts_.emplace(type);
  }

  void* Find(const KeyView& key, std::string_view ns) override {
    if (ttl_.enabled()) CleanUp();
    const Place at = Look(key, ns);
    last_ = at.slot;
    if (last_ == nullptr) return nullptr;
    if (ttl_.enabled() && !Readable(last_)) {
      EraseSlot(std::exchange(last_, nullptr));
      return nullptr;
    }
    return at.table->Object(last_);
  }

  void* FindOrCreate(const KeyView& key, std::string_view ns, bool* created) override {
    if (ttl_.enabled()) CleanUp();
    Place at = Look(key, ns);
    bool is_new = at.slot == nullptr;
    if (is_new) {
      at = Add(key, ns);
      at.table->Construct(at.slot);
      if (ordered_) index_.Add(key, ns);
    } else if (ttl_.enabled() && ttl_.Expired(slots_.Expiry(at.slot))) {
      slots_.Destroy(at.slot);
      slots_.Construct(at.slot);
      is_new = true;
    }
    if (ttl_.enabled()) slots_.SetExpiry(at.slot, ttl_.NewExpiry());
    if (created != nullptr) *created = is_new;
    last_ = at.slot;
    return at.table->Object(at.slot);
  }

  void FindEach(std::span<const KeyView> keys, std::string_view ns, void** objects) override {
    last_ = nullptr;
    if (ttl_.enabled()) return ObjectTable::FindEach(keys, ns, objects);
    const SlotTable* part = parts_ ? parts_->Find(ns) : nullptr;
    if (part == nullptr) return slots_.FindEach(keys, ns, objects);
    part->FindEach(keys, {}, objects);
    if (slots_.size() == 0) return;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (objects[i] != nullptr) continue;
      if (SlotTable::Slot slot = slots_.Find(keys[i], ns)) objects[i] = slots_.Object(slot);
    }
  }

  bool shows_all() const override { return !ttl_.enabled(); }

  void MarkDirty() override {
    if (ttl_.enabled() && last_ != nullptr) slots_.SetExpiry(last_, ttl_.NewExpiry());
  }

  bool Erase(const KeyView& key, std::string_view ns) override {
    if (ttl_.enabled()) CleanUp();
    last_ = nullptr;
    const Place at = Look(key, ns);
    if (at.slot == nullptr) return false;
    const bool live = !ttl_.enabled() || !ttl_.Expired(slots_.Expiry(at.slot));
    if (at.table == &slots_) {
      EraseSlot(at.slot);
    } else {
      at.table->Erase(at.slot);
      parts_->DropIfEmpty(ns);
    }
    return live;
  }

  void ForEachOfKey(const KeyView& key, const std::function<bool(std::string_view, void*)>& visit) override {
    THALWEG_CHECK(ordered_, "{} is not for ordered scans", Describe(spec_));
    last_ = nullptr;
    const NamespaceIndex::Set* namespaces = index_.Of(key);
    if (namespaces == nullptr) return;
    for (const std::string& ns : *namespaces) {
      SlotTable::Slot slot = slots_.Find(key, ns);
      if (ttl_.enabled() && !Readable(slot)) continue;
      if (!visit(ns, slots_.Object(slot))) return;
    }
  }

  void ForEach(const std::function<void(const KeyView&, std::string_view, void*)>& visit) override {
    const auto visit_all = [&](const SlotTable& table, const std::string* ns_of_all) {
      SlotTable::Cursor cursor;
      for (; SlotTable::Slot slot = table.At(cursor); ++cursor.index) {
        if (ttl_.enabled() && ttl_.Expired(table.Expiry(slot))) continue;
        std::string_view ns;
        const KeyView key = table.Key(slot, &ns);
        visit(key, ns_of_all != nullptr ? *ns_of_all : ns, table.Object(slot));
      }
    };
    visit_all(slots_, nullptr);
    if (parts_) parts_->ForEach([&](const std::string& ns, const SlotTable& table) { visit_all(table, &ns); });
  }

  void Prefetch(uint64_t hash, std::string_view ns) const override {
    const SlotTable* part = parts_ ? parts_->Find(ns) : nullptr;
    if (part == nullptr) return slots_.Prefetch(hash, ns);
    part->Prefetch(hash, {});
  }
  size_t size() const override {
    size_t size = slots_.size();
    if (parts_) parts_->ForEach([&](const std::string&, const SlotTable& table) { size += table.size(); });
    return size;
  }

  const StateSpec& spec() const { return spec_; }
  int64_t memory_bytes() const {
    int64_t bytes = slots_.memory_bytes() + (ordered_ ? index_.memory_bytes() : 0);
    if (parts_) parts_->ForEach([&](const std::string&, const SlotTable& table) { bytes += table.memory_bytes(); });
    return bytes;
  }

  std::unique_ptr<SnapshotPart> BeginSnapshot(int64_t now_ms, const SavedBytes& held) {
    last_ = nullptr;
    auto saver = std::make_unique<SlotSaver>(slots_, now_ms, held);
    if (!parts_) return saver;
    auto savers = std::make_unique<SaverOfParts>();
    savers->Add(std::move(saver));
    parts_->ForEach([&](const std::string& ns, SlotTable& table) {
      savers->Add(std::make_unique<SlotSaver>(table, now_ms, held, ns));
    });
    return savers;
  }

  /// `had_expiry`: the entries were written with one.
  Status Restore(uint16_t group, std::string_view entries, bool had_expiry) {
    ByteReader in(entries);
    SegmentEntry entry;
    while (ReadEntry(in, had_expiry, entry)) {
      const KeyView key{.bytes = entry.key, .hash = Hash64(entry.key), .group = group};
      if (Look(key, entry.ns).slot != nullptr)
        return ExternalError("State holds an entry twice: {}, key group {}", Describe(spec_), group);
      const auto [table, slot] = Add(key, entry.ns);
      Status decoded = table->Decode(slot, entry.value);
      if (!decoded.ok()) {
        table->Erase(slot);
        return decoded.WithContext(fmt::format("{}, key group {}", Describe(spec_), group));
      }
      if (ordered_) index_.Add(key, entry.ns);
      if (ttl_.enabled()) slots_.SetExpiry(slot, had_expiry ? entry.expiry_ms : ttl_.NewExpiry());
    }
    return {};
  }

 private:
  /// The parts one after another.
  class SaverOfParts final : public SnapshotPart {
   public:
    void Add(std::unique_ptr<SlotSaver> saver) { savers_.push_back(std::move(saver)); }
    bool Advance(int64_t& budget) override {
      for (; saved_ < savers_.size(); ++saved_)
        if (!savers_[saved_]->Advance(budget)) return false;
      return true;
    }
    Status Write(SnapshotWriter& out) override {
      for (std::unique_ptr<SlotSaver>& saver : savers_) {
        THALWEG_TRY(saver->Write(out));
        saver.reset();
      }
      return {};
    }

   private:
    std::vector<std::unique_ptr<SlotSaver>> savers_;
    size_t saved_ = 0;
  };

  struct Place {
    SlotTable* table;
    SlotTable::Slot slot;
  };
  /// Where the entry is; its slot is null if it is nowhere.
  Place Look(const KeyView& key, std::string_view ns) {
    if (parts_) {
      SlotTable* part = parts_->Find(ns);
      SlotTable::Slot slot = part != nullptr ? part->Find(key, {}) : nullptr;
      if (slot != nullptr) return {part, slot};
    }
    return {&slots_, slots_.Find(key, ns)};
  }
  /// A slot for an entry that is nowhere; it holds no object yet.
  Place Add(const KeyView& key, std::string_view ns) {
    if (SlotTable* part = parts_ ? parts_->FindOrAdd(ns) : nullptr) return {part, part->Insert(key, {})};
    return {&slots_, slots_.Insert(key, ns)};
  }

  /// Whether a read may see the entry; refreshes it if reads do.
  bool Readable(SlotTable::Slot slot) {
    if (ttl_.Expired(slots_.Expiry(slot))) return ttl_.returns_expired();
    if (ttl_.refreshes_on_read()) slots_.SetExpiry(slot, ttl_.NewExpiry());
    return true;
  }

  void EraseSlot(SlotTable::Slot slot) {
    if (ordered_) {
      std::string_view ns;
      const KeyView key = slots_.Key(slot, &ns);
      index_.Remove(key, ns);
    }
    slots_.Erase(slot);
  }

  void CleanUp() {
    for (int i = 0; i < kCleanedPerCall && slots_.size() > 0; ++i) {
      SlotTable::Slot slot = slots_.At(cleaned_);
      if (slot == nullptr) {
        cleaned_ = {};
      } else if (ttl_.Expired(slots_.Expiry(slot))) {
        EraseSlot(slot);
      } else {
        ++cleaned_.index;
      }
    }
  }

  const StateSpec spec_;
  const types::ObjectType& type_;
  TtlPolicy ttl_;
  SlotTable slots_;
  /// Of some namespaces, by which their slots need not hold it: an entry is in the part of its namespace, or in slots_. Not of tables that are
  /// ordered or have a TTL.
  std::optional<SlotsByNamespace> parts_;
  const bool ordered_;
  NamespaceIndex index_;  // only if ordered_
  SlotTable::Slot last_ = nullptr;
  SlotTable::Cursor cleaned_;
};

class HashMapBackend final : public KeyedBackend {
 public:
  HashMapBackend(const HashMapBackendOptions& options, time::Clock& clock) : groups_(options.groups), clock_(clock) {}

  using KeyedBackend::OpenTable;
  Result<ObjectTable*> OpenTable(const StateSpec& spec, const types::ObjectType& value, TableLayout layout) override {
    THALWEG_TRY(CheckTableSpec(spec, value));
    if (timers_.contains(spec.name)) return CheckCompatible(Timers::SpecOf(spec.name), spec);
    if (auto it = tables_.find(spec.name); it != tables_.end()) {
      if (it->second->spec() == spec) return it->second.get();
      return UserError("State exists with another description: {}, asked for as {}", Describe(it->second->spec()),
                       Describe(spec));
    }
    auto table = std::make_unique<HashMapTable>(spec, value, clock_, layout);
    if (auto it = restored_.find(spec.name); it != restored_.end()) {
      THALWEG_TRY(CheckCompatible(it->second->spec, spec));
      for (const auto& [group, entries] : it->second->groups)
        THALWEG_TRY(table->Restore(group, entries.view(), it->second->spec.ttl.ttl_ms > 0));
      restored_.erase(it);
    }
    return (tables_[spec.name] = std::move(table)).get();
  }

  Result<TimerQueue*> OpenTimers(const std::string& name) override {
    const StateSpec* other = nullptr;
    if (auto it = tables_.find(name); it != tables_.end()) other = &it->second->spec();
    if (auto it = restored_.find(name); it != restored_.end()) other = &it->second->spec;
    if (other != nullptr) return CheckCompatible(*other, Timers::SpecOf(name));
    auto& timers = timers_[name];
    if (timers == nullptr) timers = std::make_unique<Timers>();
    timers->Settle();
    return timers.get();
  }

  std::unique_ptr<PendingSnapshot> BeginSnapshot() override {
    under_way_.Finish();
    const int64_t now_ms = clock_.NowMs();
    std::map<std::string, SnapshotInParts::Parts::value_type> parts;  // names in order
    for (const auto& [name, table] : tables_) parts[name] = {table->spec(), table->BeginSnapshot(now_ms, held_)};
    for (const auto& [name, timers] : timers_)
      parts[name] = {Timers::SpecOf(name), timers->BeginSnapshot(now_ms, held_)};
    for (const auto& [name, state] : restored_) parts[name] = {state->spec, std::make_unique<UnopenedPart>(state)};
    SnapshotInParts::Parts in_order;
    for (auto& [name, part] : parts) in_order.push_back(std::move(part));
    return std::make_unique<SnapshotInParts>(std::move(in_order), under_way_);
  }

  Status Restore(const KeyedSnapshot& snapshot) override {
    THALWEG_CHECK(tables_.empty(), "Restore comes before OpenTable");
    for (const StateSpec& spec : snapshot.specs) THALWEG_TRY(AddRestored(spec));
    for (const auto& [group, segment] : snapshot.segments) {
      if (group < groups_.first || group > groups_.last) continue;
      SegmentReader in(segment, snapshot.specs);
      SegmentEntry entry;
      while (in.Next(entry)) {
        const StateSpec& spec = snapshot.specs[entry.state];
        if (spec.kind == StateKind::kTimers) {
          THALWEG_TRY(timers_[spec.name]->Restore(group, entry).WithContext(Describe(spec)));
        } else {
          AppendEntry(entry, spec.ttl.ttl_ms > 0, restored_[spec.name]->groups[group]);
        }
      }
      THALWEG_TRY(in.status().WithContext(fmt::format("key group {}", group)));
    }
    return {};
  }

  Status status() const override { return {}; }

  int64_t memory_bytes() const override {
    int64_t bytes = held_->load(std::memory_order_relaxed);
    for (const auto& [name, table] : tables_) bytes += table->memory_bytes();
    for (const auto& [name, timers] : timers_) bytes += timers->memory_bytes();
    for (const auto& [name, state] : restored_)
      for (const auto& [group, entries] : state->groups) bytes += static_cast<int64_t>(entries.size());
    return bytes;
  }

 private:
  /// A state of a snapshot that nobody has opened yet: its entries as they came.
  struct Unopened {
    StateSpec spec;
    std::map<uint16_t, ByteWriter> groups;
  };

  Status AddRestored(const StateSpec& spec) {
    if (spec.kind == StateKind::kTimers) {
      if (restored_.contains(spec.name)) return CheckCompatible(restored_[spec.name]->spec, spec);
      auto& timers = timers_[spec.name];
      if (timers == nullptr) timers = std::make_unique<Timers>();
      return {};
    }
    if (timers_.contains(spec.name)) return CheckCompatible(Timers::SpecOf(spec.name), spec);
    auto [it, created] = restored_.try_emplace(spec.name);
    if (created) {
      it->second = std::make_shared<Unopened>();
      it->second->spec = spec;
    }
    if (it->second->spec == spec) return {};
    return ExternalError("Subtasks saved a state under two descriptions: {} and {}", Describe(it->second->spec),
                         Describe(spec));
  }

  /// Nothing changes an unopened state: a snapshot shares it.
  class UnopenedPart final : public SnapshotPart {
   public:
    explicit UnopenedPart(std::shared_ptr<const Unopened> state) : state_(std::move(state)) {}
    bool Advance(int64_t&) override { return true; }
    Status Write(SnapshotWriter& out) override {
      for (const auto& [group, entries] : state_->groups) {
        ByteReader in(entries.view());
        SegmentEntry entry;
        while (ReadEntry(in, state_->spec.ttl.ttl_ms > 0, entry))
          out.Add(group, entry.key, entry.ns, entry.value, entry.expiry_ms);
      }
      return {};
    }

   private:
    std::shared_ptr<const Unopened> state_;
  };

  const KeyGroupRange groups_;
  time::Clock& clock_;
  std::map<std::string, std::unique_ptr<HashMapTable>> tables_;
  std::map<std::string, std::unique_ptr<Timers>> timers_;
  std::map<std::string, std::shared_ptr<Unopened>> restored_;
  const SavedBytes held_ = std::make_shared<std::atomic<int64_t>>(0);
  SnapshotsUnderWay under_way_;  // ends before the tables
};

}  // namespace

std::unique_ptr<KeyedBackend> MakeHashMapBackend(const HashMapBackendOptions& options, time::Clock& clock) {
  return std::make_unique<HashMapBackend>(options, clock);
}

}  // namespace thalweg::state
