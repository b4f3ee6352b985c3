#include "state/rocksdb_backend.h"

#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

namespace thalweg::state {

namespace {

constexpr int kBloomBits = 10;                // per key: 1 % false positives
constexpr double kMemtableBloomShare = 0.05;  // of a write buffer
constexpr size_t kStoreIdBytes = 4;

Status FromRocksDb(const rocksdb::Status& status, const std::string& directory) {
  if (status.ok()) return {};
  return ExternalError("RocksDB failed in directory '{}': {}", directory, status.ToString());
}

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

rocksdb::WriteOptions NoLog() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

/// The least key above all that begin with `prefix`; empty if there is none.
std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace

struct RocksDbInstance::Database {
  std::string directory;
  rocksdb::ColumnFamilyOptions family_options;
  std::unique_ptr<rocksdb::DB> db;
  std::mutex mutex;                                      // of what follows
  std::map<int, rocksdb::ColumnFamilyHandle*> families;  // by core
  uint32_t next_store = 0;

  ~Database() {
    if (db == nullptr) return;
    for (auto& [core, family] : families) db->DestroyColumnFamilyHandle(family);
    db->Close();
    db.reset();
    rocksdb::DestroyDB(directory, rocksdb::Options());
  }
};

RocksDbInstance::RocksDbInstance(std::unique_ptr<Database> database) : database_(std::move(database)) {}
RocksDbInstance::~RocksDbInstance() = default;

Result<std::shared_ptr<RocksDbInstance>> RocksDbInstance::Open(const RocksDbOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.directory, failed);
  if (failed)
    return ExternalError("Directory of RocksDB cannot be made: '{}': {}", options.directory, failed.message());

  auto database = std::make_unique<Database>();
  database->directory = options.directory;
  rocksdb::DBOptions db_options;
  db_options.create_if_missing = true;
  db_options.env = rocksdb::Env::Default();
  db_options.env->SetBackgroundThreads(options.background_threads, rocksdb::Env::LOW);
  db_options.env->SetBackgroundThreads(1, rocksdb::Env::HIGH);
  db_options.max_background_jobs = options.background_threads + 1;
  db_options.max_open_files = 256;
  db_options.keep_log_file_num = 1;
  db_options.stats_dump_period_sec = 0;
  db_options.avoid_flush_during_shutdown = true;
  const auto cache = rocksdb::NewLRUCache(static_cast<size_t>(options.memory_bytes));
  // Half of the memory may be write buffers; they are charged to the block cache, so that one limit holds for both.
  db_options.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(static_cast<size_t>(options.memory_bytes / 2), cache);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBits));
  database->family_options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  database->family_options.write_buffer_size = static_cast<size_t>(options.write_buffer_bytes);
  database->family_options.compression = rocksdb::kLZ4Compression;
  // Most reads are of keys that no memtable holds: a Bloom filter before each spares them the walk through a skip list.
  database->family_options.memtable_whole_key_filtering = true;
  database->family_options.memtable_prefix_bloom_size_ratio = kMemtableBloomShare;

  // The files of a former process mean nothing. A live one holds the lock: then this fails.
  THALWEG_TRY(FromRocksDb(rocksdb::DestroyDB(options.directory, rocksdb::Options(db_options, database->family_options)),
                          options.directory));
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened =
      rocksdb::DB::Open(rocksdb::Options(db_options, database->family_options), options.directory, &db);
  THALWEG_TRY(FromRocksDb(opened, options.directory));
  database->db.reset(db);
  return std::shared_ptr<RocksDbInstance>(new RocksDbInstance(std::move(database)));
}

class RocksDbInstance::Store final : public KvStore {
 public:
  Store(std::shared_ptr<RocksDbInstance> instance, rocksdb::ColumnFamilyHandle* family, uint32_t number)
      : instance_(std::move(instance)), database_(*instance_->database_), family_(family) {
    for (int shift = 24; shift >= 0; shift -= 8) prefix_.push_back(static_cast<char>(number >> shift));
  }
  ~Store() override {
    // What cannot be deleted now is deleted with the database.
    database_.db->DeleteRange(NoLog(), family_, prefix_, PrefixEnd(prefix_)).PermitUncheckedError();
  }

  Status Get(const std::vector<std::string>& keys, std::vector<std::optional<std::string>>& values) override {
    values.assign(keys.size(), std::nullopt);
    std::vector<std::string> full;
    full.reserve(keys.size());
    for (const std::string& key : keys) full.push_back(prefix_ + key);
    const std::vector<rocksdb::Slice> slices(full.begin(), full.end());
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    database_.db->MultiGet(rocksdb::ReadOptions(), family_, keys.size(), slices.data(), found.data(), statuses.data());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      THALWEG_TRY(FromRocksDb(statuses[i], database_.directory));
      values[i].emplace(found[i].data(), found[i].size());
    }
    return {};
  }

  Status Write(const KvBatch& batch) override {
    rocksdb::WriteBatch changes(batch.bytes());
    for (const auto& [key, value] : batch.changes()) {
      const std::string full = prefix_ + key;
      THALWEG_TRY(
          FromRocksDb(value ? changes.Put(family_, full, *value) : changes.Delete(family_, full), database_.directory));
    }
    return FromRocksDb(database_.db->Write(NoLog(), &changes), database_.directory);
  }

  std::unique_ptr<KvIterator> Scan(std::string_view prefix) override {
    return std::make_unique<Walk>(database_, family_, prefix_ + std::string(prefix), nullptr);
  }
  std::unique_ptr<KvSnapshot> Snapshot() override { return std::make_unique<Moment>(instance_, family_, prefix_); }

 private:
  class Walk final : public KvIterator {
   public:
    Walk(Database& database, rocksdb::ColumnFamilyHandle* family, const std::string& from,
         const rocksdb::Snapshot* moment)
        : directory_(database.directory), end_(PrefixEnd(from)), end_slice_(end_) {
      rocksdb::ReadOptions options;
      options.snapshot = moment;
      options.iterate_upper_bound = end_.empty() ? nullptr : &end_slice_;
      iterator_.reset(database.db->NewIterator(options, family));
      iterator_->Seek(SliceOf(from));
    }
    bool Valid() const override { return iterator_->Valid(); }
    void Next() override { iterator_->Next(); }
    std::string_view key() const override { return ViewOf(iterator_->key()).substr(kStoreIdBytes); }
    std::string_view value() const override { return ViewOf(iterator_->value()); }
    Status status() const override { return FromRocksDb(iterator_->status(), directory_); }

   private:
    const std::string& directory_;
    const std::string end_;
    const rocksdb::Slice end_slice_;
    std::unique_ptr<rocksdb::Iterator> iterator_;
  };

  /// Sees the store's range also after it was deleted with the store.
  class Moment final : public KvSnapshot {
   public:
    Moment(std::shared_ptr<RocksDbInstance> instance, rocksdb::ColumnFamilyHandle* family, std::string prefix)
        : instance_(std::move(instance)),
          family_(family),
          prefix_(std::move(prefix)),
          snapshot_(instance_->database_->db->GetSnapshot()) {}
    ~Moment() override { instance_->database_->db->ReleaseSnapshot(snapshot_); }
    std::unique_ptr<KvIterator> Scan(std::string_view prefix) const override {
      return std::make_unique<Walk>(*instance_->database_, family_, prefix_ + std::string(prefix), snapshot_);
    }

   private:
    const std::shared_ptr<RocksDbInstance> instance_;
    rocksdb::ColumnFamilyHandle* const family_;
    const std::string prefix_;
    const rocksdb::Snapshot* const snapshot_;
  };

  std::shared_ptr<RocksDbInstance> instance_;
  Database& database_;
  rocksdb::ColumnFamilyHandle* family_;
  std::string prefix_;  // the store's number
};

Result<std::unique_ptr<KvStore>> RocksDbInstance::OpenStore(const std::shared_ptr<RocksDbInstance>& instance,
                                                            int core) {
  Database& database = *instance->database_;
  std::lock_guard lock(database.mutex);
  rocksdb::ColumnFamilyHandle*& family = database.families[core];
  if (family == nullptr) {
    rocksdb::Status made =
        database.db->CreateColumnFamily(database.family_options, fmt::format("core-{}", core), &family);
    if (!made.ok()) {
      database.families.erase(core);
      return FromRocksDb(made, database.directory);
    }
  }
  return std::unique_ptr<KvStore>(std::make_unique<Store>(instance, family, database.next_store++));
}

Result<std::unique_ptr<KeyedBackend>> MakeRocksDbBackend(const std::shared_ptr<RocksDbInstance>& instance, int core,
                                                         const StoreBackendOptions& options, time::Clock& clock) {
  THALWEG_ASSIGN(std::unique_ptr<KvStore> store, RocksDbInstance::OpenStore(instance, core));
  return MakeStoreBackend(options, std::move(store), clock);
}

}  // namespace thalweg::state
