#include "state/kv_store.h"

namespace thalweg::state {

namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries EntriesOf(const std::map<std::string, std::string>& all, std::string_view prefix) {
  Entries found;
  for (auto it = all.lower_bound(std::string(prefix)); it != all.end() && it->first.starts_with(prefix); ++it)
    found.push_back(*it);
  return found;
}

class CopyIterator final : public KvIterator {
 public:
  CopyIterator(Entries entries, Status status) : entries_(std::move(entries)), status_(std::move(status)) {}
  bool Valid() const override { return at_ < entries_.size(); }
  void Next() override { ++at_; }
  std::string_view key() const override { return entries_[at_].first; }
  std::string_view value() const override { return entries_[at_].second; }
  Status status() const override { return status_; }

 private:
  Entries entries_;
  size_t at_ = 0;
  Status status_;
};

class CopySnapshot final : public KvSnapshot {
 public:
  CopySnapshot(std::map<std::string, std::string> entries, Status status)
      : entries_(std::move(entries)), status_(std::move(status)) {}
  std::unique_ptr<KvIterator> Scan(std::string_view prefix) const override {
    return std::make_unique<CopyIterator>(status_.ok() ? EntriesOf(entries_, prefix) : Entries(), status_);
  }

 private:
  const std::map<std::string, std::string> entries_;
  const Status status_;
};

}  // namespace

Status MemoryKvStore::Get(const std::vector<std::string>& keys, std::vector<std::optional<std::string>>& values) {
  THALWEG_TRY(failure_);
  values.assign(keys.size(), std::nullopt);
  for (size_t i = 0; i < keys.size(); ++i)
    if (auto it = entries_.find(keys[i]); it != entries_.end()) values[i] = it->second;
  return {};
}

Status MemoryKvStore::Write(const KvBatch& batch) {
  THALWEG_TRY(failure_);
  for (const auto& [key, value] : batch.changes()) {
    if (value)
      entries_[key] = *value;
    else
      entries_.erase(key);
  }
  return {};
}

std::unique_ptr<KvIterator> MemoryKvStore::Scan(std::string_view prefix) {
  return std::make_unique<CopyIterator>(failure_.ok() ? EntriesOf(entries_, prefix) : Entries(), failure_);
}

std::unique_ptr<KvSnapshot> MemoryKvStore::Snapshot() { return std::make_unique<CopySnapshot>(entries_, failure_); }

}  // namespace thalweg::state
