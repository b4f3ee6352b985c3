// A slot table for each namespace: for tables whose keys share few namespaces, which come and go as a whole. Slots then need not hold the
// namespace, look-ups of one namespace stay together in memory, and what a window took goes back in one piece.
// Rule: a table that an attached saver reads stays until the saver has left, though it be empty.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "state/slot_table.h"

namespace thalweg::state {

/// One thread. A table is valid until it is empty and Drop or FindOrAdd is called.
class SlotsByNamespace {
 public:
  explicit SlotsByNamespace(const types::ObjectType& type) : type_(type) {}
  SlotsByNamespace(const SlotsByNamespace&) = delete;
  SlotsByNamespace& operator=(const SlotsByNamespace&) = delete;

  /// Null if no entry has this namespace.
  SlotTable* Find(std::string_view ns) const {
    if (last_ != tables_.end() && last_->first == ns) return last_->second.get();
    const auto found = tables_.find(ns);
    if (found == tables_.end()) return nullptr;
    last_ = found;
    return found->second.get();
  }
  SlotTable& FindOrAdd(std::string_view ns) {
    if (SlotTable* table = Find(ns)) return *table;
    DropEmpty();
    last_ = tables_.try_emplace(std::string(ns), std::make_unique<SlotTable>(type_, false)).first;
    return *last_->second;
  }
  /// Frees the namespace's table if it is empty and no saver reads it.
  void DropIfEmpty(std::string_view ns) {
    const SlotTable* table = Find(ns);
    if (table == nullptr || !IsDone(*table)) return;
    tables_.erase(last_);
    last_ = tables_.end();
  }
  /// Calls `visit(ns, table)` for each, in the order of their namespaces.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& [ns, table] : tables_) visit(ns, *table);
  }

 private:
  using Tables = std::map<std::string, std::unique_ptr<SlotTable>, std::less<>>;

  static bool IsDone(const SlotTable& table) { return table.size() == 0 && !table.attached(); }
  /// Those that a saver had held.
  void DropEmpty() {
    std::erase_if(tables_, [](const auto& each) { return IsDone(*each.second); });
    last_ = tables_.end();
  }

  const types::ObjectType& type_;
  mutable Tables tables_;
  mutable Tables::iterator last_ = tables_.end();  // that was found last: mostly the next one, too
};

}  // namespace thalweg::state
