#include "state/store_backend.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/hash.h"
#include "state/snapshot_parts.h"
#include "state/store_snapshot.h"
#include "state/store_table.h"
#include "state/timers.h"

namespace thalweg::state {

namespace {

constexpr size_t kRestoreBatchBytes = size_t{1} << 20;
// An eviction frees a little more than it must, so that dirty entries are written together: some hundred of 100 bytes, a part of a
// millisecond. It frees no more than a share of the limit.
constexpr int64_t kEvictBytes = int64_t{16} << 10;
constexpr int64_t kEvictShare = 16;

class StoreBackend final : public KeyedBackend {
 public:
  StoreBackend(const StoreBackendOptions& options, std::unique_ptr<KvStore> store, time::Clock& clock)
      : cache_bytes_(options.cache_bytes),
        store_(std::move(store)),
        context_{.store = *store_, .groups = options.groups, .clock = clock, .status = {}, .make_room = [this] {
                   MakeRoom();
                 }} {}

  using KeyedBackend::OpenTable;
  Result<ObjectTable*> OpenTable(const StateSpec& spec, const types::ObjectType& value, TableLayout) override {
    THALWEG_TRY(CheckTableSpec(spec, value));
    if (timers_.contains(spec.name)) return CheckCompatible(Timers::SpecOf(spec.name), spec);
    auto it = states_.find(spec.name);
    if (it == states_.end()) {
      THALWEG_ASSIGN(State * added, AddState(spec));
      added->table = std::make_unique<StoreTable>(spec, value, added->layout, 0, context_);
      return added->table.get();
    }
    State& state = it->second;
    if (state.table != nullptr) {
      if (state.spec == spec) return state.table.get();
      return UserError("State exists with another description: {}, asked for as {}", Describe(state.spec),
                       Describe(spec));
    }
    THALWEG_TRY(CheckCompatible(state.spec, spec));
    state.spec = spec;
    state.table = std::make_unique<StoreTable>(spec, value, state.layout, state.restored_entries, context_);
    return state.table.get();
  }

  Result<TimerQueue*> OpenTimers(const std::string& name) override {
    if (auto it = states_.find(name); it != states_.end())
      return CheckCompatible(it->second.spec, Timers::SpecOf(name));
    auto& timers = timers_[name];
    if (timers == nullptr) timers = std::make_unique<Timers>();
    timers->Settle();
    return timers.get();
  }

  std::unique_ptr<PendingSnapshot> BeginSnapshot() override {
    under_way_.Finish();
    const std::shared_ptr<const KvSnapshot> stored = store_->Snapshot();
    std::map<std::string, SnapshotInParts::Parts::value_type> parts;  // names in order
    for (const auto& [name, timers] : timers_)
      parts[name] = {Timers::SpecOf(name), timers->BeginSnapshot(context_.clock.NowMs(), held_)};
    for (const auto& [name, state] : states_)
      parts[name] = {state.spec,
                     state.table != nullptr ? state.table->BeginSnapshot(stored, held_) : Unopened(state, stored)};
    SnapshotInParts::Parts in_order;
    for (auto& [name, part] : parts) in_order.push_back(std::move(part));
    return std::make_unique<SnapshotInParts>(std::move(in_order), under_way_);
  }

  Status Restore(const KeyedSnapshot& snapshot) override {
    for (const StateSpec& spec : snapshot.specs) THALWEG_TRY(AddRestored(spec));
    KvBatch batch;
    for (const auto& [group, segment] : snapshot.segments) {
      if (group < context_.groups.first || group > context_.groups.last) continue;
      SegmentReader in(segment, snapshot.specs);
      SegmentEntry entry;
      while (in.Next(entry)) {
        THALWEG_TRY(RestoreEntry(snapshot.specs[entry.state], group, entry, batch));
        if (batch.bytes() < kRestoreBatchBytes) continue;
        THALWEG_TRY(store_->Write(batch));
        batch.Clear();
      }
      THALWEG_TRY(in.status().WithContext(fmt::format("key group {}", group)));
    }
    return store_->Write(batch);
  }

  Status status() const override { return context_.status; }

  int64_t memory_bytes() const override {
    int64_t bytes = CacheBytes() + held_->load(std::memory_order_relaxed);
    for (const auto& [name, timers] : timers_) bytes += timers->memory_bytes();
    return bytes;
  }

 private:
  struct State {
    StateSpec spec;
    StoreLayout layout;
    size_t restored_entries = 0;
    std::unique_ptr<StoreTable> table;  // null until opened
  };

  Result<State*> AddState(const StateSpec& spec) {
    if (states_.size() > std::numeric_limits<uint16_t>::max())
      return UserError("Too many states in one operator: {}", states_.size());
    State& state = states_[spec.name];
    state.spec = spec;
    state.layout = {.state_id = static_cast<uint16_t>(states_.size() - 1)};
    return &state;
  }

  Status AddRestored(const StateSpec& spec) {
    if (spec.kind == StateKind::kTimers) {
      if (auto it = states_.find(spec.name); it != states_.end()) return CheckCompatible(it->second.spec, spec);
      auto& timers = timers_[spec.name];
      if (timers == nullptr) timers = std::make_unique<Timers>();
      return {};
    }
    if (timers_.contains(spec.name)) return CheckCompatible(Timers::SpecOf(spec.name), spec);
    auto it = states_.find(spec.name);
    if (it == states_.end()) return AddState(spec).status();
    THALWEG_CHECK(it->second.table == nullptr, "Restore comes before OpenTable");
    if (it->second.spec == spec) return {};
    return ExternalError("Subtasks saved a state under two descriptions: {} and {}", Describe(it->second.spec),
                         Describe(spec));
  }

  Status RestoreEntry(const StateSpec& spec, uint16_t group, const SegmentEntry& entry, KvBatch& batch) {
    if (spec.kind == StateKind::kTimers) return timers_[spec.name]->Restore(group, entry).WithContext(Describe(spec));
    State& state = states_[spec.name];
    std::string key = state.layout.KeyPrefix({.bytes = entry.key, .hash = 0, .group = group});
    key += entry.ns;
    ByteWriter value;
    StoreLayout::AppendValueHead(spec.ttl.ttl_ms > 0, entry.expiry_ms, value);
    value.Raw(entry.value);
    batch.Put(std::move(key), value.Take());
    ++state.restored_entries;
    return {};
  }

  std::unique_ptr<SnapshotPart> Unopened(const State& state, std::shared_ptr<const KvSnapshot> stored) const {
    StoredState::Options options{.description = Describe(state.spec),
                                 .layout = state.layout,
                                 .groups = context_.groups,
                                 .with_expiry = state.spec.ttl.ttl_ms > 0,
                                 .opened_expiry_ms = 0,
                                 .now_ms = context_.clock.NowMs(),
                                 .expired = nullptr};
    return std::make_unique<StoredState>(std::move(options), std::move(stored));
  }

  int64_t CacheBytes() const {
    int64_t bytes = 0;
    for (const auto& [name, state] : states_)
      if (state.table != nullptr) bytes += state.table->cache_bytes();
    return bytes;
  }

  /// Evicts from the largest table until all together are within the limit.
  void MakeRoom() {
    for (int64_t bytes = CacheBytes(); bytes > cache_bytes_; bytes = CacheBytes()) {
      StoreTable* largest = nullptr;
      for (const auto& [name, state] : states_)
        if (state.table != nullptr && (largest == nullptr || state.table->cache_bytes() > largest->cache_bytes()))
          largest = state.table.get();
      const int64_t beyond = bytes - cache_bytes_ + std::min(kEvictBytes, cache_bytes_ / kEvictShare);
      largest->Evict(std::max<int64_t>(0, largest->cache_bytes() - beyond));
    }
  }

  const int64_t cache_bytes_;
  std::unique_ptr<KvStore> store_;
  StoreContext context_;
  std::map<std::string, State> states_;
  std::map<std::string, std::unique_ptr<Timers>> timers_;
  const SavedBytes held_ = std::make_shared<std::atomic<int64_t>>(0);
  SnapshotsUnderWay under_way_;  // ends before the tables
};

}  // namespace

std::unique_ptr<KeyedBackend> MakeStoreBackend(const StoreBackendOptions& options, std::unique_ptr<KvStore> store,
                                               time::Clock& clock) {
  return std::make_unique<StoreBackend>(options, std::move(store), clock);
}

}  // namespace thalweg::state
