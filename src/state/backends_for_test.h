// The backends that the state tests run on, by name, and keys for them.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "state/hashmap_backend.h"
#include "state/rocksdb_backend.h"
#include "state/store_backend.h"

namespace thalweg::state {

constexpr int kTestKeyGroups = 16;

inline KeyView KeyOf(std::string_view bytes) {
  const uint64_t hash = Hash64(bytes);
  return {.bytes = bytes, .hash = hash, .group = static_cast<uint16_t>(hash % kTestKeyGroups)};
}

constexpr KeyGroupRange kAllGroups{.first = 0, .last = kTestKeyGroups - 1};

/// A database in a directory that goes with it.
class TestDatabase {
 public:
  TestDatabase() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-state-XXXXXX").string();
    THALWEG_CHECK(mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    instance_ =
        RocksDbInstance::Open({.directory = pattern + "/db", .memory_bytes = 4 << 20, .write_buffer_bytes = 1 << 20})
            .value();
  }
  ~TestDatabase() {
    instance_.reset();
    std::filesystem::remove_all(directory_);
  }
  const std::shared_ptr<RocksDbInstance>& instance() const { return instance_; }

 private:
  std::filesystem::path directory_;
  std::shared_ptr<RocksDbInstance> instance_;
};

/// A backend whose tables are all opened kByNamespace.
class ByNamespace final : public KeyedBackend {
 public:
  explicit ByNamespace(std::unique_ptr<KeyedBackend> backend) : backend_(std::move(backend)) {}
  using KeyedBackend::OpenTable;
  Result<ObjectTable*> OpenTable(const StateSpec& spec, const types::ObjectType& value, TableLayout) override {
    return backend_->OpenTable(spec, value, TableLayout::kByNamespace);
  }
  Result<TimerQueue*> OpenTimers(const std::string& name) override { return backend_->OpenTimers(name); }
  std::unique_ptr<PendingSnapshot> BeginSnapshot() override { return backend_->BeginSnapshot(); }
  Status Restore(const KeyedSnapshot& snapshot) override { return backend_->Restore(snapshot); }
  Status status() const override { return backend_->status(); }
  int64_t memory_bytes() const override { return backend_->memory_bytes(); }

 private:
  std::unique_ptr<KeyedBackend> backend_;
};

/// Makes backends of one kind; "hashmap", "hashmap_by_namespace", "store" (in-memory KvStore), "rocksdb"; a tiny cache where there is one.
class TestBackends {
 public:
  explicit TestBackends(std::string kind, int64_t cache_bytes = 600)
      : kind_(std::move(kind)), cache_bytes_(cache_bytes) {
    if (kind_ == "rocksdb") database_ = std::make_unique<TestDatabase>();
  }
  std::unique_ptr<KeyedBackend> Make(time::Clock& clock, KeyGroupRange groups = kAllGroups) {
    if (kind_ == "hashmap") return MakeHashMapBackend({.groups = groups}, clock);
    if (kind_ == "hashmap_by_namespace")
      return std::make_unique<ByNamespace>(MakeHashMapBackend({.groups = groups}, clock));
    const StoreBackendOptions options{.groups = groups, .cache_bytes = cache_bytes_};
    if (kind_ == "store") return MakeStoreBackend(options, std::make_unique<MemoryKvStore>(), clock);
    return MakeRocksDbBackend(database_->instance(), 0, options, clock).value();
  }

 private:
  std::string kind_;
  int64_t cache_bytes_;
  std::unique_ptr<TestDatabase> database_;
};

inline std::vector<std::string> TestBackendKinds() { return {"hashmap", "hashmap_by_namespace", "store", "rocksdb"}; }

}  // namespace thalweg::state
