// State that user code names at run time, opened on first use: StateCell<V> is one value of it.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "state/keyed_backend.h"
#include "types/object_type.h"

namespace thalweg::operators {

/// One value of type V for one key and namespace. Valid during the call that gave it.
template <typename V>
class StateCell {
 public:
  StateCell(state::ObjectTable* table, const state::KeyView& key, std::string_view ns)
      : table_(table), key_(key), ns_(ns) {}
  /// Null if there is none. Valid until the next call on any cell of the same state.
  const V* Get() const { return static_cast<const V*>(table_->Find(key_, ns_)); }
  V ValueOr(V otherwise) const {
    const V* value = Get();
    return value ? *value : std::move(otherwise);
  }
  /// The value to change in place, default-constructed if there was none.
  V& Mutable() { return *static_cast<V*>(table_->FindOrCreate(key_, ns_, nullptr)); }
  void Set(V value) { Mutable() = std::move(value); }
  void Clear() { table_->Erase(key_, ns_); }

 private:
  state::ObjectTable* table_;
  state::KeyView key_;
  std::string ns_;
};

/// Tables by name. Thrown errors (a name used with two types, a codec missing) become user errors at the operator's border.
class NamedTables {
 public:
  void Bind(state::KeyedBackend* backend) { backend_ = backend; }

  template <typename V>
  state::ObjectTable* Open(const std::string& name, const char* namespace_codec) {
    static_assert(types::HasCodec<V>, "keyed state needs a codec (types/codec.h)");
    return OpenTable(name, namespace_codec, types::ObjectTypeOf<V>());
  }

 private:
  struct Entry {
    state::ObjectTable* table;
    const types::ObjectType* type;
  };
  state::ObjectTable* OpenTable(const std::string& name, const char* namespace_codec, const types::ObjectType& type) {
    auto found = tables_.find(name);
    if (found != tables_.end() && found->second.type == &type) return found->second.table;
    state::StateSpec spec;
    spec.name = name;
    spec.kind = state::StateKind::kValue;
    spec.value_codec = type.name;
    spec.namespace_codec = namespace_codec;
    Result<state::ObjectTable*> table = backend_->OpenTable(spec, type);
    if (!table.ok()) throw std::runtime_error(table.status().message());
    tables_[name] = {*table, &type};
    return *table;
  }
  state::KeyedBackend* backend_ = nullptr;
  std::map<std::string, Entry> tables_;
};

}  // namespace thalweg::operators
