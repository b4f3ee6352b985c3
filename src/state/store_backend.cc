#include "state/store_backend.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/hash.h"
#include "state/store_table.h"
#include "state/timers.h"

namespace thalweg::state {

namespace {

constexpr size_t kRestoreBatchBytes = size_t{1} << 20;
constexpr int64_t kEvictShare = 16;  // an eviction frees this part of the limit beyond what is over it

class StoreBackend final : public KeyedBackend {
 public:
  StoreBackend(const StoreBackendOptions& options, std::unique_ptr<KvStore> store, time::Clock& clock)
      : cache_bytes_(options.cache_bytes),
        store_(std::move(store)),
        context_{.store = *store_, .groups = options.groups, .clock = clock, .status = {}, .make_room = [this] {
                   MakeRoom();
                 }} {}

  Result<ObjectTable*> OpenTable(const StateSpec& spec, const types::ObjectType& value) override {
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
    return timers.get();
  }

  Result<KeyedSnapshot> Snapshot() override {
    std::map<std::string, StateSpec> specs;  // names in order
    for (const auto& [name, state] : states_) specs[name] = state.spec;
    for (const auto& [name, timers] : timers_) specs[name] = Timers::SpecOf(name);
    SnapshotWriter out;
    for (const auto& [name, spec] : specs) {
      out.Begin(spec);
      if (auto it = timers_.find(name); it != timers_.end()) it->second->Write(out);
      if (auto it = states_.find(name); it != states_.end()) WriteState(it->second, out);
    }
    THALWEG_TRY(context_.status);
    return out.Take();
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
    int64_t bytes = CacheBytes();
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

  /// Adds the live entries of `state`, and deletes the expired ones from the store: nobody else would.
  void WriteState(State& state, SnapshotWriter& out) {
    if (state.table != nullptr) state.table->Flush();
    const bool with_expiry = state.spec.ttl.ttl_ms > 0;
    KvBatch expired;
    for (uint32_t group = context_.groups.first; group <= context_.groups.last; ++group) {
      auto stored = store_->Scan(state.layout.Prefix(static_cast<uint16_t>(group)));
      for (; stored->Valid(); stored->Next()) {
        KeyView key;
        std::string_view ns;
        std::string_view value = stored->value();
        std::optional<int64_t> stored_expiry;
        if (!StoreLayout::Split(stored->key(), key.group, key.bytes, ns) ||
            !StoreLayout::ReadValueHead(value, stored_expiry))
          return context_.Fail(ExternalError("Malformed entry in the store").WithContext(Describe(state.spec)));
        const int64_t expiry =
            state.table != nullptr ? state.table->ExpiryOr(stored_expiry) : stored_expiry.value_or(0);
        if (!with_expiry || expiry > context_.clock.NowMs()) {
          out.Add(key.group, key.bytes, ns, value, with_expiry ? expiry : 0);
          continue;
        }
        key.hash = Hash64(key.bytes);
        if (state.table != nullptr) state.table->ForgetExpired(key, ns);
        expired.Delete(std::string(stored->key()));
      }
      context_.Fail(stored->status().WithContext(Describe(state.spec)));
    }
    context_.Fail(store_->Write(expired));
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
      largest->Evict(
          std::max<int64_t>(0, largest->cache_bytes() - (bytes - cache_bytes_) - cache_bytes_ / kEvictShare));
    }
  }

  const int64_t cache_bytes_;
  std::unique_ptr<KvStore> store_;
  StoreContext context_;
  std::map<std::string, State> states_;
  std::map<std::string, std::unique_ptr<Timers>> timers_;
};

}  // namespace

std::unique_ptr<KeyedBackend> MakeStoreBackend(const StoreBackendOptions& options, std::unique_ptr<KvStore> store,
                                               time::Clock& clock) {
  return std::make_unique<StoreBackend>(options, std::move(store), clock);
}

}  // namespace thalweg::state
