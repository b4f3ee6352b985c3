// Table<V>: an ObjectTable with its type. For engine operators; user functions have keyed_state.h.
#pragma once

#include <string_view>
#include <utility>

#include "state/keyed_backend.h"

namespace thalweg::state {

/// A handle, cheap to copy. Rules of ObjectTable: the task's thread; a pointer is valid until the next call on the table.
template <typename V>
class Table {
 public:
  /// Opens `spec.name` in `backend`; fills in `spec.value_codec`.
  static Result<Table> Open(KeyedBackend& backend, StateSpec spec) {
    const types::ObjectType& type = types::ObjectTypeOf<V>();
    spec.value_codec = type.name;
    THALWEG_ASSIGN(ObjectTable * table, backend.OpenTable(spec, type));
    return Table(table);
  }
  Table() = default;

  V* Find(const KeyView& key, std::string_view ns = {}) { return static_cast<V*>(table_->Find(key, ns)); }
  V& FindOrCreate(const KeyView& key, std::string_view ns = {}, bool* created = nullptr) {
    return *static_cast<V*>(table_->FindOrCreate(key, ns, created));
  }
  void FindEach(std::span<const KeyView> keys, std::string_view ns, void** objects) {
    table_->FindEach(keys, ns, objects);
  }
  void MarkDirty() { table_->MarkDirty(); }
  bool Erase(const KeyView& key, std::string_view ns = {}) { return table_->Erase(key, ns); }
  /// `visit(ns, value)` returns false to stop.
  template <typename F>
  void ForEachOfKey(const KeyView& key, F&& visit) {
    table_->ForEachOfKey(key,
                         [&](std::string_view ns, void* value) { return visit(ns, *static_cast<const V*>(value)); });
  }
  /// `visit(key, ns, value)`.
  template <typename F>
  void ForEach(F&& visit) {
    table_->ForEach(
        [&](const KeyView& key, std::string_view ns, void* value) { visit(key, ns, *static_cast<const V*>(value)); });
  }
  void Prefetch(uint64_t hash, std::string_view ns = {}) const { table_->Prefetch(hash, ns); }
  size_t size() const { return table_->size(); }

 private:
  explicit Table(ObjectTable* table) : table_(table) {}
  ObjectTable* table_ = nullptr;
};

}  // namespace thalweg::state
