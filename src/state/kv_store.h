// The narrow seam below the state layouts that need not fit into memory: an ordered map of bytes. RocksDB implements it
// (rocksdb_backend.h), and an ordered map in memory for tests and simulation.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace thalweg::state {

/// Puts and deletes, applied in order and all at once.
class KvBatch {
 public:
  void Put(std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    changes_.emplace_back(std::move(key), std::move(value));
  }
  void Delete(std::string key) {
    bytes_ += key.size();
    changes_.emplace_back(std::move(key), std::nullopt);
  }
  void Add(std::pair<std::string, std::optional<std::string>> change) {
    change.second ? Put(std::move(change.first), std::move(*change.second)) : Delete(std::move(change.first));
  }
  const std::vector<std::pair<std::string, std::optional<std::string>>>& changes() const { return changes_; }
  size_t bytes() const { return bytes_; }
  bool empty() const { return changes_.empty(); }
  void Clear() {
    changes_.clear();
    bytes_ = 0;
  }

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> changes_;
  size_t bytes_ = 0;
};

/// Walks keys upwards, in memcmp order, through the store as it was when the walk began. Views live until Next.
class KvIterator {
 public:
  virtual ~KvIterator() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  /// Why the walk ended, if not at its end.
  virtual Status status() const = 0;
};

/// A store as it was when it was taken. One thread at a time, but any, also while the store is written; may outlive the store.
class KvSnapshot {
 public:
  virtual ~KvSnapshot() = default;
  /// Keys that begin with `prefix`. The iterator must not outlive the snapshot.
  virtual std::unique_ptr<KvIterator> Scan(std::string_view prefix) const = 0;
};

/// One thread at a time. Errors are external ones and name the place of the store.
class KvStore {
 public:
  virtual ~KvStore() = default;
  /// `values[i]`: what stands under `keys[i]`, or nullopt.
  virtual Status Get(const std::vector<std::string>& keys, std::vector<std::optional<std::string>>& values) = 0;
  virtual Status Write(const KvBatch& batch) = 0;
  /// Keys that begin with `prefix`. The iterator must not outlive the store.
  virtual std::unique_ptr<KvIterator> Scan(std::string_view prefix) = 0;
  /// Costs next to nothing where the state may be large.
  virtual std::unique_ptr<KvSnapshot> Snapshot() = 0;
};

/// In memory; a scan copies what it walks, a snapshot everything.
class MemoryKvStore final : public KvStore {
 public:
  Status Get(const std::vector<std::string>& keys, std::vector<std::optional<std::string>>& values) override;
  Status Write(const KvBatch& batch) override;
  std::unique_ptr<KvIterator> Scan(std::string_view prefix) override;
  std::unique_ptr<KvSnapshot> Snapshot() override;
  /// Every call fails with it from now on; an ok status ends that.
  void FailWith(Status failure) { failure_ = std::move(failure); }
  const std::map<std::string, std::string>& entries() const { return entries_; }

 private:
  std::map<std::string, std::string> entries_;
  Status failure_;
};

}  // namespace thalweg::state
