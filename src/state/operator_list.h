// Typed views of operator (non-keyed) state for user functions: lists that are split among, or given whole to, the subtasks of a
// restored job, and the map of the broadcast pattern. What they hold is always encoded: a snapshot costs nothing more.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "state/misuse.h"
#include "state/operator_state.h"
#include "types/codec.h"

namespace thalweg::state {

namespace internal {

template <types::HasCodec V>
std::string EncodeItem(const V& value) {
  ByteWriter out;
  types::Codec<V>::Encode(value, out);
  return out.Take();
}

/// Throws std::runtime_error if the bytes are not a V: they were written by another codec of the same name.
template <types::HasCodec V>
V DecodeItem(std::string_view bytes) {
  ByteReader in(bytes);
  V value{};
  types::Codec<V>::Decode(in, value);
  if (!in.status().ok() || in.remaining() > 0)
    throw std::runtime_error("An item of operator state is no " + types::Codec<V>::Name());
  return value;
}

}  // namespace internal

/// The task's thread. Reads decode, so keep what is needed often elsewhere.
template <types::HasCodec V>
class OperatorListState {
 public:
  OperatorListState() = default;
  explicit OperatorListState(std::vector<std::string>* items) : items_(items) {}
  void Add(const V& value) { items().push_back(internal::EncodeItem(value)); }
  std::vector<V> Get() const {
    std::vector<V> values;
    for (const std::string& item : items()) values.push_back(internal::DecodeItem<V>(item));
    return values;
  }
  /// Instead of all that it holds.
  void Update(const std::vector<V>& values) {
    items().clear();
    for (const V& value : values) Add(value);
  }
  void Clear() { items().clear(); }
  size_t size() const { return items().size(); }

 private:
  std::vector<std::string>& items() const {
    if (items_ == nullptr) [[unlikely]]
      internal::ThrowNotOpened();
    return *items_;
  }
  std::vector<std::string>* items_ = nullptr;
};

/// A map that every subtask holds alike, because every subtask gets the rows that change it (a broadcast stream). The task's thread.
template <types::HasCodec K, types::HasCodec V>
class BroadcastState {
 public:
  BroadcastState() = default;
  explicit BroadcastState(std::vector<std::string>* items) : items_(items) {
    for (size_t i = 0; i < items_->size(); ++i) places_[Entry((*items_)[i]).first] = i;
  }
  std::optional<V> Get(const K& key) const {
    const std::vector<std::string>& all = items();
    auto place = places_.find(internal::EncodeItem(key));
    if (place == places_.end()) return std::nullopt;
    return internal::DecodeItem<V>(Entry(all[place->second]).second);
  }
  bool Contains(const K& key) const {
    items();  // must be open
    return places_.contains(internal::EncodeItem(key));
  }
  void Put(const K& key, const V& value) {
    std::vector<std::string>& all = items();
    std::string encoded = internal::EncodeItem(key);
    std::string item = internal::EncodeItem(std::pair(encoded, internal::EncodeItem(value)));
    auto [place, added] = places_.try_emplace(std::move(encoded), all.size());
    if (added)
      all.push_back(std::move(item));
    else
      all[place->second] = std::move(item);
  }
  void Remove(const K& key) {
    std::vector<std::string>& all = items();
    auto place = places_.find(internal::EncodeItem(key));
    if (place == places_.end()) return;
    // The last item takes the free place.
    size_t free = place->second;
    places_.erase(place);
    if (free + 1 < all.size()) {
      all[free] = std::move(all.back());
      places_[Entry(all[free]).first] = free;
    }
    all.pop_back();
  }
  void Clear() {
    items().clear();
    places_.clear();
  }
  /// In the order of the encoded keys.
  std::vector<std::pair<K, V>> Entries() const {
    const std::vector<std::string>& all = items();
    std::vector<std::pair<K, V>> entries;
    for (const auto& [key, place] : places_)
      entries.emplace_back(internal::DecodeItem<K>(key), internal::DecodeItem<V>(Entry(all[place]).second));
    return entries;
  }
  size_t size() const { return items().size(); }

 private:
  std::vector<std::string>& items() const {
    if (items_ == nullptr) [[unlikely]]
      internal::ThrowNotOpened();
    return *items_;
  }
  static std::pair<std::string, std::string> Entry(std::string_view item) {
    return internal::DecodeItem<std::pair<std::string, std::string>>(item);
  }
  std::vector<std::string>* items_ = nullptr;
  std::map<std::string, size_t> places_;  // of encoded keys among the items
};

}  // namespace thalweg::state
