// Keyed state in RocksDB (`state.backend.type: rocksdb`): one database per process, shared by its subtasks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "state/keyed_backend.h"
#include "state/kv_store.h"
#include "state/store_backend.h"
#include "time/clock.h"

namespace thalweg::state {

struct RocksDbOptions {
  std::string directory;                      // state.backend.rocksdb.localdir: the database itself; made if absent
  int64_t memory_bytes = int64_t{128} << 20;  // block cache and write buffers together
  int64_t write_buffer_bytes = int64_t{32} << 20;  // of one column family, before it is flushed
  int background_threads = 2;                      // flushes and compactions, of the whole process
};

/// The database of a process. Any thread. It is no store of record: what a former process left in the directory is deleted at
/// Open, and there is no write-ahead log; the truth is in checkpoints.
class RocksDbInstance {
 public:
  /// ExternalError with the directory if it cannot be made, written or locked.
  static Result<std::shared_ptr<RocksDbInstance>> Open(const RocksDbOptions& options);
  ~RocksDbInstance();

  /// A store of its own in the column family of `core`, empty. Keys get a u32 number of the store (big-endian) in front; the
  /// whole range is deleted when the store is. The store keeps the instance alive.
  static Result<std::unique_ptr<KvStore>> OpenStore(const std::shared_ptr<RocksDbInstance>& instance, int core);

 private:
  struct Database;
  class Store;
  explicit RocksDbInstance(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

/// A subtask's backend on core `core` of `instance`.
Result<std::unique_ptr<KeyedBackend>> MakeRocksDbBackend(const std::shared_ptr<RocksDbInstance>& instance, int core,
                                                         const StoreBackendOptions& options, time::Clock& clock);

}  // namespace thalweg::state
