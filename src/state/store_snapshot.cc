#include "state/store_snapshot.h"

#include <algorithm>

namespace thalweg::state {

namespace {

constexpr int64_t kEntryCost = 512;  // of encoding an entry and writing it to the store, beside its bytes: about 3 us

}  // namespace

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

Status StoredState::Write(SnapshotWriter& out) {
  Status written = failure_.ok() ? Merge(out).WithContext(options_.description) : failure_;
  dirty_.clear();
  stored_.reset();
  return written;
}

Status StoredState::Merge(SnapshotWriter& out) {
  std::sort(dirty_.begin(), dirty_.end(), [](const Change& a, const Change& b) { return a.first < b.first; });
  auto dirty = dirty_.begin();
  const auto add_dirty = [&]() -> Status {
    const Change& change = *dirty++;
    return change.second ? Add(change.first, *change.second, out) : Status();
  };
  for (uint32_t group = options_.groups.first; group <= options_.groups.last; ++group) {
    auto stored = stored_->Scan(options_.layout.Prefix(static_cast<uint16_t>(group)));
    for (; stored->Valid(); stored->Next()) {
      while (dirty != dirty_.end() && dirty->first < stored->key()) THALWEG_TRY(add_dirty());
      if (dirty != dirty_.end() && dirty->first == stored->key())
        THALWEG_TRY(add_dirty());
      else
        THALWEG_TRY(Add(stored->key(), stored->value(), out));
    }
    THALWEG_TRY(stored->status());
  }
  while (dirty != dirty_.end()) THALWEG_TRY(add_dirty());
  return {};
}

Status StoredState::Add(std::string_view key, std::string_view value, SnapshotWriter& out) const {
  uint16_t group;
  std::string_view name, ns;
  std::optional<int64_t> stored_expiry;
  if (!StoreLayout::Split(key, group, name, ns) || !StoreLayout::ReadValueHead(value, stored_expiry))
    return ExternalError("Malformed entry in the store");
  const int64_t expiry = options_.with_expiry ? stored_expiry.value_or(options_.opened_expiry_ms) : 0;
  if (!options_.with_expiry || expiry > options_.now_ms)
    out.Add(group, name, ns, value, expiry);
  else if (options_.expired != nullptr)
    options_.expired->Add(key);
  return {};
}

TableSaver::TableSaver(Options options, std::shared_ptr<const KvSnapshot> stored, StoreTable& table, SavedBytes held)
    : StoredState(std::move(options), std::move(stored)), table_(&table), held_(std::move(held)) {
  table.cache_.Attach(*this);
}

TableSaver::~TableSaver() {
  if (table_ != nullptr) table_->cache_.Detach();
  Release();
}

void TableSaver::Release() { held_->fetch_sub(std::exchange(bytes_, 0), std::memory_order_relaxed); }

bool TableSaver::Advance(int64_t& budget) {
  if (table_ == nullptr) return true;
  table_->CleanUp(budget);
  KvBatch batch;
  walk_ = &batch;
  const bool all = table_->cache_.SaveMore(cursor_, budget);
  walk_ = nullptr;
  table_->WriteBatch(batch);
  if (!all) return false;
  failure_ = table_->context_.status;
  table_->cache_.Detach();
  table_ = nullptr;
  return true;
}

int64_t TableSaver::Save(SlotTable::Slot slot) {
  if (!SlotTable::Has(slot, SlotTable::kDirty)) return 0;
  Change change = table_->ChangeOf(slot);
  const auto size = static_cast<int64_t>(change.first.size() + (change.second ? change.second->size() : 0));
  if (walk_ != nullptr) {
    walk_->Add(change);
    SlotTable::Reset(slot, SlotTable::kDirty);
  }
  dirty_.push_back(std::move(change));
  bytes_ += size + static_cast<int64_t>(sizeof(Change));
  held_->fetch_add(size + static_cast<int64_t>(sizeof(Change)), std::memory_order_relaxed);
  return kEntryCost + size;
}

Status TableSaver::Write(SnapshotWriter& out) {
  Status written = StoredState::Write(out);
  Release();
  return written;
}

}  // namespace thalweg::state
