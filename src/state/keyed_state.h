// Keyed state for user functions: plain values under the current key. Rule: reads and writes cannot fail where they stand; the
// first failure of the backend stays in KeyedStateStore::status(), which the task asks after every call into the function.
//
//   auto count = store.Get(ValueStateDescriptor<int64_t>{.name = "count", .ttl = StateTtl(1h)});
//   count.Update(count.ValueOr(0) + 1);
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "state/keyed_backend.h"
#include "state/misuse.h"
#include "state/state_spec.h"
#include "time/clock.h"
#include "types/key_encoding.h"

namespace thalweg::state {

/// Flink's StateTtlConfig: StateTtl(1h).UpdateOnReadAndWrite(). Without one, state lives for ever. One that is not positive is
/// refused when the state is opened.
class StateTtl {
 public:
  StateTtl() = default;
  explicit StateTtl(std::chrono::milliseconds ttl) : is_positive_(ttl.count() > 0) { spec_.ttl_ms = ttl.count(); }
  /// The time runs from the last read or write; else from creation or the last write.
  StateTtl UpdateOnReadAndWrite() const { return With(TtlSpec::Update::kOnReadAndWrite, spec_.visibility); }
  /// Reads may see an expired value until it is cleaned up; else never.
  StateTtl ReturnExpiredIfNotCleanedUp() const {
    return With(spec_.update, TtlSpec::Visibility::kReturnExpiredIfNotCleanedUp);
  }
  const TtlSpec& spec() const { return spec_; }
  /// Of the state `name`.
  Status Validate(std::string_view name) const {
    if (is_positive_) return {};
    return UserError("The TTL of state '{}' must be positive: {} ms; without a TTL it lives for ever", name,
                     spec_.ttl_ms);
  }

 private:
  StateTtl With(TtlSpec::Update update, TtlSpec::Visibility visibility) const {
    StateTtl copy = *this;
    copy.spec_.update = update;
    copy.spec_.visibility = visibility;
    return copy;
  }
  TtlSpec spec_;
  bool is_positive_ = true;
};

template <typename V>
struct ValueStateDescriptor {
  std::string name;
  StateTtl ttl = {};
};
template <typename V>
struct ListStateDescriptor {
  std::string name;
  StateTtl ttl = {};  // of each element, as in Flink
};
template <typename K, typename V>
struct MapStateDescriptor {
  std::string name;
  StateTtl ttl = {};  // of each entry
};
template <typename V>
struct ReducingStateDescriptor {
  std::string name;
  std::function<V(const V& sum, const V& value)> reduce;
  StateTtl ttl = {};
};
template <typename In, typename Acc, typename Out>
struct AggregatingStateDescriptor {
  std::string name;
  std::function<void(Acc& accumulator, const In& value)> add;  // a new accumulator is Acc()
  std::function<Out(const Acc& accumulator)> get;
  StateTtl ttl = {};
};

/// The current key and the first error; what every state of one operator shares.
struct CurrentKey {
  KeyView key;
  Status status;
  const ObjectTable* visited = nullptr;  // by a ForEach that runs
  /// No key: in Open, and for rows that have none. States read and write nothing then, and that is an error.
  bool IsSet() {
    if (key.bytes.data() != nullptr) [[likely]]
      return true;
    Fail(UserError(
        "Keyed state is asked for where there is no key: when the function is opened, or for a broadcast row"));
    return false;
  }
  void Fail(Status failure) {
    if (status.ok()) status = std::move(failure);
  }
};

namespace internal {

/// What each state kind holds: its table and the current key. A state whose table could not be opened reads as empty.
class StateHandle {
 public:
  StateHandle() = default;
  StateHandle(ObjectTable* table, CurrentKey* current) : table_(table), current_(current) {}

 protected:
  template <typename V>
  V* FindAs(std::string_view ns = {}) const {
    return !IsReady() ? nullptr : static_cast<V*>(table_->Find(current_->key, ns));
  }
  /// Null only when the state could not be opened, or there is no key.
  template <typename V>
  V* CreateAs(std::string_view ns = {}, bool* created = nullptr) {
    return !IsReady() ? nullptr : static_cast<V*>(table_->FindOrCreate(current_->key, ns, created));
  }
  void EraseNs(std::string_view ns = {}) {
    if (IsReady()) table_->Erase(current_->key, ns);
  }
  template <typename F>
  void ForEachNs(F&& visit) const {
    if (IsReady()) table_->ForEachOfKey(current_->key, std::forward<F>(visit));
  }
  bool IsReady() const {
    if (table_ != nullptr) [[likely]]
      return current_->IsSet();
    if (current_ == nullptr) ThrowNotOpened();
    return false;
  }
  ObjectTable* table_ = nullptr;
  CurrentKey* current_ = nullptr;
};

}  // namespace internal

template <typename V>
class ValueState : internal::StateHandle {
 public:
  using StateHandle::StateHandle;
  /// Null if there is none. Valid until the next call on a state.
  const V* Value() const { return FindAs<V>(); }
  V ValueOr(V otherwise) const {
    const V* value = Value();
    return value == nullptr ? std::move(otherwise) : *value;
  }
  void Update(V value) {
    if (V* at = CreateAs<V>()) *at = std::move(value);
  }
  /// The value to change in place, value-initialised if there was none (`*created`); null only when the state could not be opened, or there is no key.
  /// Valid until the next call on a state.
  V* Mutable(bool* created) { return CreateAs<V>({}, created); }
  void Clear() { EraseNs(); }
};

/// With a TTL each element carries its own expiry.
template <typename V>
class ListState : internal::StateHandle {
 public:
  using Stamped = std::vector<std::pair<V, int64_t>>;  // with the expiry, ms

  ListState() = default;
  ListState(ObjectTable* table, CurrentKey* current, const TtlPolicy& ttl)
      : StateHandle(table, current), ttl_(ttl), live_(std::make_shared<std::vector<V>>()) {}

  void Add(V value) {
    if (ttl_ && ttl_->enabled()) {
      if (auto* list = CreateAs<Stamped>()) list->emplace_back(std::move(value), ttl_->NewExpiry());
    } else if (auto* list = CreateAs<std::vector<V>>()) {
      list->push_back(std::move(value));
    }
  }
  void AddAll(std::vector<V> values) {
    for (V& value : values) Add(std::move(value));
  }
  /// Empty if there is none. Valid until the next call on a state.
  const std::vector<V>& Get() const {
    static const std::vector<V> none;
    if (ttl_ && ttl_->enabled()) return Live();
    const auto* list = FindAs<std::vector<V>>();
    return list == nullptr ? none : *list;
  }
  /// Replaces the list; an empty one clears it.
  void Update(std::vector<V> values) {
    Clear();
    AddAll(std::move(values));
  }
  void Clear() { EraseNs(); }

 private:
  const std::vector<V>& Live() const {
    live_->clear();
    auto* list = FindAs<Stamped>();
    if (list == nullptr) return *live_;
    const auto dead = [this](const auto& element) { return ttl_->Expired(element.second) && !ttl_->returns_expired(); };
    if (std::erase_if(*list, dead) > 0 || ttl_->refreshes_on_read()) {
      for (auto& element : *list)
        if (ttl_->refreshes_on_read() && !ttl_->Expired(element.second)) element.second = ttl_->NewExpiry();
      table_->MarkDirty();
    }
    for (const auto& element : *list) live_->push_back(element.first);
    return *live_;
  }
  std::optional<TtlPolicy> ttl_;
  std::shared_ptr<std::vector<V>> live_;
};

/// Iterates in the order of K (types/key_encoding.h; types without an order of theirs: of their codec's bytes).
template <typename K, typename V>
class MapState : internal::StateHandle {
 public:
  using StateHandle::StateHandle;

  /// Null if there is none. Valid until the next call on a state.
  const V* Get(const K& key) const { return FindAs<V>(Bytes(key)); }
  void Put(const K& key, V value) {
    RefuseInVisit("Put");
    if (V* at = CreateAs<V>(Bytes(key))) *at = std::move(value);
  }
  template <typename Entries>
  void PutAll(const Entries& entries) {
    for (const auto& [key, value] : entries) Put(key, value);
  }
  void Remove(const K& key) {
    RefuseInVisit("Remove");
    EraseNs(Bytes(key));
  }
  bool Contains(const K& key) const { return Get(key) != nullptr; }
  bool IsEmpty() const {
    bool empty = true;
    ForEachNs([&](std::string_view, void*) { return empty = false; });
    return empty;
  }
  /// `visit(key, value)`; it must not touch this state, and what would change it throws.
  template <typename F>
  void ForEach(F&& visit) const {
    if (!IsReady()) return;
    const Visit running(*current_, table_);
    ForEachNs([&](std::string_view ns, void* value) {
      K key{};
      types::KeyReader in(ns);
      types::ReadKey(in, key);
      if (in.failed() || !in.AtEnd()) {
        current_->Fail(ExternalError("Malformed key in a map state: {} bytes", ns.size()));
        return false;
      }
      visit(key, *static_cast<const V*>(value));
      return true;
    });
  }
  /// Copies, so that a loop over them may change the state.
  std::vector<std::pair<K, V>> Entries() const {
    std::vector<std::pair<K, V>> entries;
    ForEach([&](const K& key, const V& value) { entries.emplace_back(key, value); });
    return entries;
  }
  std::vector<K> Keys() const {
    std::vector<K> keys;
    ForEach([&](const K& key, const V&) { keys.push_back(key); });
    return keys;
  }
  std::vector<V> Values() const {
    std::vector<V> values;
    ForEach([&](const K&, const V& value) { values.push_back(value); });
    return values;
  }
  void Clear() {
    RefuseInVisit("Clear");
    std::vector<std::string> names;
    ForEachNs([&](std::string_view ns, void*) {
      names.emplace_back(ns);
      return true;
    });
    for (const std::string& ns : names) EraseNs(ns);
  }

 private:
  /// Marks the table as visited while it lives.
  class Visit {
   public:
    Visit(CurrentKey& current, const ObjectTable* table)
        : current_(current), before_(std::exchange(current.visited, table)) {}
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() { current_.visited = before_; }

   private:
    CurrentKey& current_;
    const ObjectTable* before_;
  };
  void RefuseInVisit(const char* call) const {
    if (IsReady() && current_->visited == table_) [[unlikely]]
      internal::ThrowChangedInVisit(call);
  }
  static std::string Bytes(const K& key) {
    std::string bytes;
    types::AppendKey(key, bytes);
    return bytes;
  }
};

template <typename V>
class ReducingState : internal::StateHandle {
 public:
  ReducingState() = default;
  ReducingState(ObjectTable* table, CurrentKey* current, std::function<V(const V&, const V&)> reduce)
      : StateHandle(table, current), reduce_(std::move(reduce)) {}
  void Add(V value) {
    bool created = false;
    V* sum = CreateAs<V>({}, &created);
    if (sum != nullptr) *sum = created ? std::move(value) : reduce_(*sum, value);
  }
  /// Null before the first Add. Valid until the next call on a state.
  const V* Get() const { return FindAs<V>(); }
  void Clear() { EraseNs(); }

 private:
  std::function<V(const V&, const V&)> reduce_;
};

template <typename In, typename Acc, typename Out>
class AggregatingState : internal::StateHandle {
 public:
  AggregatingState() = default;
  AggregatingState(ObjectTable* table, CurrentKey* current, const AggregatingStateDescriptor<In, Acc, Out>& descriptor)
      : StateHandle(table, current), add_(descriptor.add), get_(descriptor.get) {}
  void Add(const In& value) {
    if (Acc* accumulator = CreateAs<Acc>()) add_(*accumulator, value);
  }
  /// Nullopt before the first Add.
  std::optional<Out> Get() const {
    const Acc* accumulator = FindAs<Acc>();
    if (accumulator == nullptr) return std::nullopt;
    return get_(*accumulator);
  }
  void Clear() { EraseNs(); }

 private:
  std::function<void(Acc&, const In&)> add_;
  std::function<Out(const Acc&)> get_;
};

/// Gives an operator's functions their states. The task's thread. States point to the store, which outlives them.
class KeyedStateStore {
 public:
  KeyedStateStore(KeyedBackend& backend, time::Clock& clock) : backend_(backend), clock_(clock) {}
  KeyedStateStore(const KeyedStateStore&) = delete;
  KeyedStateStore& operator=(const KeyedStateStore&) = delete;

  /// The key that all states read and write from now on; its bytes must stay valid until the next call.
  void SetCurrentKey(const KeyView& key) { current_.key = key; }
  const KeyView& current_key() const { return current_.key; }
  /// For rows without key: using a state is an error until the next SetCurrentKey.
  void ClearCurrentKey() { current_.key = {}; }

  template <typename V>
  ValueState<V> Get(const ValueStateDescriptor<V>& d) {
    return ValueState<V>(TableOf(d), &current_);
  }
  template <typename V>
  ListState<V> Get(const ListStateDescriptor<V>& d) {
    return ListState<V>(TableOf(d), &current_, TtlPolicy(d.ttl.spec(), clock_));
  }
  template <typename K, typename V>
  MapState<K, V> Get(const MapStateDescriptor<K, V>& d) {
    return MapState<K, V>(TableOf(d), &current_);
  }
  template <typename V>
  ReducingState<V> Get(const ReducingStateDescriptor<V>& d) {
    return ReducingState<V>(TableOf(d), &current_, d.reduce);
  }
  template <typename In, typename Acc, typename Out>
  AggregatingState<In, Acc, Out> Get(const AggregatingStateDescriptor<In, Acc, Out>& d) {
    return AggregatingState<In, Acc, Out>(TableOf(d), &current_, d);
  }

  /// `visit(key)` for every key of this subtask that has an entry in the state `d`, with that key as the current one, in the order
  /// of the keys' bytes. `visit` may change states, this one too: the keys are copied first.
  template <typename Descriptor, typename F>
  void ForEachKeyOf(const Descriptor& d, F&& visit) {
    ObjectTable* table = TableOf(d);
    if (table == nullptr) return;
    std::map<std::string, KeyView> keys;
    table->ForEach([&](const KeyView& key, std::string_view, void*) { keys.try_emplace(std::string(key.bytes), key); });
    const KeyView before = current_.key;
    for (auto& [bytes, key] : keys) {
      key.bytes = bytes;
      SetCurrentKey(key);
      visit(key);
    }
    SetCurrentKey(before);
  }

  /// First failure of opening a state or of the backend; sticky.
  Status status() const { return current_.status.ok() ? backend_.status() : current_.status; }

 private:
  template <typename V>
  ObjectTable* TableOf(const ValueStateDescriptor<V>& d) {
    return Open<V>(d.name, StateKind::kValue, "", d.ttl);
  }
  template <typename V>
  ObjectTable* TableOf(const ListStateDescriptor<V>& d) {
    // An element's expiry is written with it; the whole list goes one TTL after the last write.
    return d.ttl.spec().ttl_ms > 0 ? Open<typename ListState<V>::Stamped>(d.name, StateKind::kList, "", d.ttl)
                                   : Open<std::vector<V>>(d.name, StateKind::kList, "", d.ttl);
  }
  template <typename K, typename V>
  ObjectTable* TableOf(const MapStateDescriptor<K, V>& d) {
    return Open<V>(d.name, StateKind::kMap, types::CodecName<K>(), d.ttl);
  }
  template <typename V>
  ObjectTable* TableOf(const ReducingStateDescriptor<V>& d) {
    return Open<V>(d.name, StateKind::kReducing, "", d.ttl);
  }
  template <typename In, typename Acc, typename Out>
  ObjectTable* TableOf(const AggregatingStateDescriptor<In, Acc, Out>& d) {
    return Open<Acc>(d.name, StateKind::kAggregating, "", d.ttl);
  }
  template <typename V>
  ObjectTable* Open(const std::string& name, StateKind kind, std::string namespace_codec, const StateTtl& ttl) {
    static_assert(types::HasCodec<V>, "a type in state needs a Codec (types/codec.h)");
    if (Status valid = ttl.Validate(name); !valid.ok()) {
      current_.Fail(std::move(valid));
      return nullptr;
    }
    const types::ObjectType& type = types::ObjectTypeOf<V>();
    Result<ObjectTable*> table = backend_.OpenTable({.name = name,
                                                     .kind = kind,
                                                     .value_codec = type.name,
                                                     .namespace_codec = std::move(namespace_codec),
                                                     .version = 1,
                                                     .ttl = ttl.spec()},
                                                    type);
    if (table.ok()) return *table;
    current_.Fail(table.status());
    return nullptr;
  }

  KeyedBackend& backend_;
  time::Clock& clock_;
  CurrentKey current_;
};

}  // namespace thalweg::state
