#include "state/store_snapshot.h"

#include <algorithm>
#include <optional>

#include "base/hash.h"

namespace thalweg::state {

void FoundExpired::Add(std::string_view stored_key) {
  std::lock_guard lock(mutex_);
  if (keys_.size() < kMostKeys) keys_.emplace_back(stored_key);
}

std::vector<std::string> FoundExpired::Take(size_t count) {
  std::lock_guard lock(mutex_);
  const auto from = keys_.end() - static_cast<std::ptrdiff_t>(std::min(count, keys_.size()));
  std::vector<std::string> taken(std::make_move_iterator(from), std::make_move_iterator(keys_.end()));
  keys_.erase(from, keys_.end());
  return taken;
}

size_t StoredState::HashName::operator()(const Name& name) const {
  const uint64_t hash = Hash64(name.key);
  return name.ns.empty() ? hash : hash * 31 + Hash64(name.ns);
}

Status StoredState::Write(SnapshotWriter& out) { return WriteStored({}, out); }

Status StoredState::WriteStored(const Names& newer, SnapshotWriter& out) {
  for (uint32_t group = options_.groups.first; group <= options_.groups.last; ++group) {
    auto stored = stored_->Scan(options_.layout.Prefix(static_cast<uint16_t>(group)));
    for (; stored->Valid(); stored->Next()) {
      SavedSlots::Entry entry;
      entry.value = stored->value();
      std::optional<int64_t> expiry;
      if (!StoreLayout::Split(stored->key(), entry.group, entry.key, entry.ns) ||
          !StoreLayout::ReadValueHead(entry.value, expiry))
        return ExternalError("Malformed entry in the store").WithContext(options_.description);
      if (newer.contains({entry.key, entry.ns})) continue;
      entry.expiry_ms = expiry.value_or(options_.opened_expiry_ms);
      Add(entry, out);
    }
    THALWEG_TRY(stored->status().WithContext(options_.description));
  }
  stored_.reset();
  return {};
}

void StoredState::Add(const SavedSlots::Entry& entry, SnapshotWriter& out) const {
  if (!options_.with_expiry)
    out.Add(entry.group, entry.key, entry.ns, entry.value, 0);
  else if (entry.expiry_ms > options_.now_ms)
    out.Add(entry.group, entry.key, entry.ns, entry.value, entry.expiry_ms);
  else if (options_.expired != nullptr)
    options_.expired->Add(options_.layout.KeyPrefix({.bytes = entry.key, .hash = 0, .group = entry.group}) +
                          std::string(entry.ns));
}

TableSaver::TableSaver(Options options, std::shared_ptr<const KvSnapshot> stored, StoreTable& table,
                       const SavedBytes& held)
    : StoredState(std::move(options), std::move(stored)), table_(&table), dirty_(table.cache_, held) {
  table.cache_.Attach(*this);
}

TableSaver::~TableSaver() {
  if (table_ != nullptr) table_->cache_.Detach();
}

bool TableSaver::Advance(int64_t& budget) {
  if (table_ == nullptr) return true;
  table_->CleanUp(budget);
  if (!table_->cache_.SaveMore(cursor_, budget)) return false;
  failure_ = table_->context_.status;
  dirty_.Leave();
  table_->cache_.Detach();
  table_ = nullptr;
  return true;
}

int64_t TableSaver::Save(SlotTable::Slot slot) {
  return SlotTable::Has(slot, SlotTable::kDirty) ? dirty_.Save(slot) : 0;
}

Status TableSaver::Write(SnapshotWriter& out) {
  THALWEG_TRY(failure_);
  Names newer;
  dirty_.ForEach([&](const SavedSlots::Entry& entry) { newer.insert({entry.key, entry.ns}); });
  THALWEG_TRY(WriteStored(newer, out));
  newer.clear();  // its names go with what is drained
  dirty_.Drain([&](const SavedSlots::Entry& entry) {
    if (entry.is_there) Add(entry, out);
  });
  return {};
}

}  // namespace thalweg::state
