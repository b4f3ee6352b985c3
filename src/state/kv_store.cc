#include "state/kv_store.h"

namespace thalweg::state {

namespace {

class CopyIterator final : public KvIterator {
 public:
  CopyIterator(std::vector<std::pair<std::string, std::string>> entries, Status status)
      : entries_(std::move(entries)), status_(std::move(status)) {}
  bool Valid() const override { return at_ < entries_.size(); }
  void Next() override { ++at_; }
  std::string_view key() const override { return entries_[at_].first; }
  std::string_view value() const override { return entries_[at_].second; }
  Status status() const override { return status_; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
  size_t at_ = 0;
  Status status_;
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
  std::vector<std::pair<std::string, std::string>> found;
  if (failure_.ok())
    for (auto it = entries_.lower_bound(std::string(prefix)); it != entries_.end() && it->first.starts_with(prefix);
         ++it)
      found.push_back(*it);
  return std::make_unique<CopyIterator>(std::move(found), failure_);
}

}  // namespace thalweg::state
