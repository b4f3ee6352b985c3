#include "state/rocksdb_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "state/backends_for_test.h"

namespace thalweg::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-rocksdb-XXXXXX").string();
  THALWEG_CHECK(mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

std::vector<std::string> Keys(KvStore& store, std::string_view prefix) {
  std::vector<std::string> keys;
  for (auto it = store.Scan(prefix); it->Valid(); it->Next()) keys.emplace_back(it->key());
  return keys;
}

class KvStoreTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "rocksdb") {
      database_ = std::make_unique<TestDatabase>();
      store_ = RocksDbInstance::OpenStore(database_->instance(), 0).value();
    } else {
      store_ = std::make_unique<MemoryKvStore>();
    }
  }
  std::unique_ptr<TestDatabase> database_;
  std::unique_ptr<KvStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Stores, KvStoreTest, ::testing::Values("memory", "rocksdb"),
                         [](const auto& param) { return param.param; });

TEST_P(KvStoreTest, BatchIsAppliedInOrderAndReadBack) {
  KvBatch batch;
  batch.Put("a", "1");
  batch.Put("b", "2");
  batch.Delete("a");
  batch.Put("c", "");
  ASSERT_TRUE(store_->Write(batch).ok());
  std::vector<std::optional<std::string>> values;
  ASSERT_TRUE(store_->Get({"c", "a", "b"}, values).ok());
  EXPECT_THAT(values, ElementsAre("", std::nullopt, "2"));
}

TEST_P(KvStoreTest, ScanWalksAPrefixInByteOrder) {
  KvBatch batch;
  for (const char* key : {"b", "a\xff\xff", "ab", "a", "a\xff", "", "\xff\xff"}) batch.Put(key, "x");
  ASSERT_TRUE(store_->Write(batch).ok());
  EXPECT_THAT(Keys(*store_, "a"), ElementsAre("a", "ab", "a\xff", "a\xff\xff"));
  EXPECT_THAT(Keys(*store_, "a\xff"), ElementsAre("a\xff", "a\xff\xff"));
  EXPECT_THAT(Keys(*store_, "\xff"), ElementsAre("\xff\xff"));
  EXPECT_EQ(Keys(*store_, "").size(), 7u);
}

TEST_P(KvStoreTest, ScanSeesTheStoreAsItWas) {
  KvBatch batch;
  batch.Put("a", "1");
  batch.Put("b", "1");
  ASSERT_TRUE(store_->Write(batch).ok());
  auto walk = store_->Scan("");
  batch.Clear();
  batch.Delete("b");
  batch.Put("c", "1");
  ASSERT_TRUE(store_->Write(batch).ok());
  std::string seen;
  for (; walk->Valid(); walk->Next()) seen += walk->key();
  EXPECT_EQ(seen, "ab");
  EXPECT_TRUE(walk->status().ok());
}

TEST(RocksDb, StoresOfOneDatabaseDoNotSeeEachOther) {
  TestDatabase database;
  KvBatch batch;
  batch.Put("k", "1");
  auto a = RocksDbInstance::OpenStore(database.instance(), 0).value();
  auto b = RocksDbInstance::OpenStore(database.instance(), 0).value();
  auto c = RocksDbInstance::OpenStore(database.instance(), 1).value();
  ASSERT_TRUE(a->Write(batch).ok());
  EXPECT_THAT(Keys(*a, ""), ElementsAre("k"));
  EXPECT_TRUE(Keys(*b, "").empty());
  EXPECT_TRUE(Keys(*c, "").empty());
  ASSERT_TRUE(b->Write(batch).ok());
  a.reset();
  EXPECT_THAT(Keys(*b, ""), ElementsAre("k"));
}

TEST(RocksDb, WhatAFormerProcessLeftIsGone) {
  const std::string directory = TemporaryDirectory();
  for (int run = 0; run < 2; ++run) {
    auto instance = RocksDbInstance::Open({.directory = directory}).value();
    auto store = RocksDbInstance::OpenStore(instance, 0).value();
    EXPECT_TRUE(Keys(*store, "").empty());
    KvBatch batch;
    batch.Put("k", "v");
    ASSERT_TRUE(store->Write(batch).ok());
  }
  std::filesystem::remove_all(directory);
}

TEST(RocksDb, DirectoryInUseIsAnErrorWithItsPath) {
  const std::string directory = TemporaryDirectory();
  auto first = RocksDbInstance::Open({.directory = directory}).value();
  Status second = RocksDbInstance::Open({.directory = directory}).status();
  EXPECT_EQ(second.category(), ErrorCategory::kExternal);
  EXPECT_THAT(second.message(), HasSubstr(directory));
  first.reset();
  std::filesystem::remove_all(directory);
}

TEST(RocksDb, DirectoryBelowAFileIsAnErrorWithItsPath) {
  const std::string directory = TemporaryDirectory();
  std::ofstream(directory + "/file") << "x";
  Status opened = RocksDbInstance::Open({.directory = directory + "/file/db"}).status();
  EXPECT_EQ(opened.category(), ErrorCategory::kExternal);
  EXPECT_THAT(opened.message(), HasSubstr("Directory of RocksDB cannot be made: '" + directory + "/file/db'"));
  std::filesystem::remove_all(directory);
}

TEST(RocksDb, UnwritableDirectoryIsAnErrorWithItsPath) {
  constexpr uid_t kNobody = 65534;
  const std::string directory = TemporaryDirectory();
  std::filesystem::permissions(directory, std::filesystem::perms(0555));
  const uid_t user = geteuid();
  const uid_t writer = user == 0 ? kNobody : user;  // root may write anywhere
  ASSERT_EQ(seteuid(writer), 0);
  Status opened = RocksDbInstance::Open({.directory = directory}).status();
  ASSERT_EQ(seteuid(user), 0);
  EXPECT_EQ(opened.category(), ErrorCategory::kExternal);
  EXPECT_THAT(opened.message(), HasSubstr(directory));
  std::filesystem::permissions(directory, std::filesystem::perms(0755));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace thalweg::state
