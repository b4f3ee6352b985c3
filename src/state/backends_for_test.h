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

/// Makes backends of one kind; "hashmap", "store" (in-memory KvStore), "rocksdb"; a tiny cache where there is one.
class TestBackends {
 public:
  explicit TestBackends(std::string kind, int64_t cache_bytes = 600)
      : kind_(std::move(kind)), cache_bytes_(cache_bytes) {
    if (kind_ == "rocksdb") database_ = std::make_unique<TestDatabase>();
  }
  std::unique_ptr<KeyedBackend> Make(time::Clock& clock, KeyGroupRange groups = kAllGroups) {
    if (kind_ == "hashmap") return MakeHashMapBackend({.groups = groups}, clock);
    const StoreBackendOptions options{.groups = groups, .cache_bytes = cache_bytes_};
    if (kind_ == "store") return MakeStoreBackend(options, std::make_unique<MemoryKvStore>(), clock);
    return MakeRocksDbBackend(database_->instance(), 0, options, clock).value();
  }

 private:
  std::string kind_;
  int64_t cache_bytes_;
  std::unique_ptr<TestDatabase> database_;
};

inline std::vector<std::string> TestBackendKinds() { return {"hashmap", "store", "rocksdb"}; }

}  // namespace thalweg::state
