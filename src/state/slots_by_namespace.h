// A slot table for each of a few namespaces: for tables whose keys share few, which come and go as a whole. Slots then need not hold the
// namespace, look-ups of one namespace stay together in memory, and what a window took goes back in one piece.
// Rule: a table that an attached saver reads stays until the saver has left, though it be empty.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "state/slot_table.h"

namespace thalweg::state {

/// One thread. A table is valid until it is empty and DropIfEmpty or FindOrAdd is called.
class SlotsByNamespace {
 public:
  /// A table costs some hundred bytes, and a snapshot begins with each of them.
  static constexpr size_t kMaxTables = 256;

  explicit SlotsByNamespace(const types::ObjectType& type) : type_(type) {}
  SlotsByNamespace(const SlotsByNamespace&) = delete;
  SlotsByNamespace& operator=(const SlotsByNamespace&) = delete;

  /// Null if the namespace has no table.
  SlotTable* Find(std::string_view ns) const {
    if (last_ != tables_.end() && last_->first == ns) return last_->second.get();
    const auto found = tables_.find(ns);
    if (found == tables_.end()) return nullptr;
    last_ = found;
    return found->second.get();
  }
  /// Null if there are as many tables as there may be.
  SlotTable* FindOrAdd(std::string_view ns) {
    if (SlotTable* table = Find(ns)) return table;
    DropKept();
    if (tables_.size() == kMaxTables) return nullptr;
    last_ = tables_.try_emplace(std::string(ns), std::make_unique<SlotTable>(type_, false)).first;
    return last_->second.get();
  }
  /// Frees the namespace's table if it is empty, at once or when no saver reads it any more.
  void DropIfEmpty(std::string_view ns) {
    const SlotTable* table = Find(ns);
    if (table == nullptr || table->size() > 0) return;
    if (table->attached()) return kept_.emplace(ns), void();
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

  void DropKept() {
    for (; !kept_.empty(); kept_.erase(kept_.begin())) {
      const auto kept = tables_.find(*kept_.begin());
      if (kept == tables_.end() || kept->second->size() > 0) continue;
      if (kept->second->attached()) return;
      tables_.erase(kept);
      last_ = tables_.end();
    }
  }

  const types::ObjectType& type_;
  mutable Tables tables_;
  mutable Tables::iterator last_ = tables_.end();  // that was found last: mostly the next one, too
  std::set<std::string, std::less<>> kept_;        // empty ones that a saver read
};

}  // namespace thalweg::state
