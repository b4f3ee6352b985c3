// The namespaces of each key in order: what tables of maps and lists keep beside their hash table for ordered scans of one key.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "state/slot_table.h"

namespace thalweg::state {

/// One thread. Add and Remove cost O(log namespaces of the key).
class NamespaceIndex {
 public:
  using Set = std::set<std::string, std::less<>>;

  NamespaceIndex() : sets_(types::ObjectTypeOf<Set>(), false) {}

  void Add(const KeyView& key, std::string_view ns) {
    SlotTable::Slot slot = sets_.Find(key, {});
    if (slot == nullptr) {
      slot = sets_.Insert(key, {});
      sets_.Construct(slot);
    }
    static_cast<Set*>(sets_.Object(slot))->emplace(ns);
    bytes_ += kNodeBytes + static_cast<int64_t>(ns.size());
  }
  void Remove(const KeyView& key, std::string_view ns) {
    SlotTable::Slot slot = sets_.Find(key, {});
    if (slot == nullptr) return;
    Set& set = *static_cast<Set*>(sets_.Object(slot));
    auto it = set.find(ns);
    if (it == set.end()) return;
    set.erase(it);
    bytes_ -= kNodeBytes + static_cast<int64_t>(ns.size());
    if (set.empty()) sets_.Erase(slot);
  }
  /// Null if the key has none. Valid until the next Add or Remove.
  const Set* Of(const KeyView& key) const {
    SlotTable::Slot slot = sets_.Find(key, {});
    return slot == nullptr ? nullptr : static_cast<const Set*>(sets_.Object(slot));
  }
  int64_t memory_bytes() const { return bytes_ + sets_.memory_bytes(); }

 private:
  static constexpr int64_t kNodeBytes = 64;  // libstdc++'s tree node: 32 bytes of links and a std::string
  SlotTable sets_;
  int64_t bytes_ = 0;
};

}  // namespace thalweg::state
