#include "io/meta_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "io/temporary_folder.h"
#include "testing/source_folder.h"

namespace thalweg::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::shared_ptr<MetaStore> Open(const TemporaryFolder& folder) { return OpenMetaStore(folder.uri()).value(); }

TEST(FileMetaStore, AbsentKeyIsCreatedOnce) {
  TemporaryFolder folder;
  auto store = Open(folder);
  EXPECT_EQ(*store->Get("chk-1"), std::nullopt);
  CasOutcome first = *store->CompareAndSet("chk-1", std::nullopt, "manifest");
  EXPECT_TRUE(first.won);
  CasOutcome second = *store->CompareAndSet("chk-1", std::nullopt, "another leader's");
  EXPECT_FALSE(second.won);
  EXPECT_EQ(second.current->value, "manifest") << "the loser sees what won";
  EXPECT_EQ(second.current->version, first.current->version);
  EXPECT_EQ((*store->Get("chk-1"))->value, "manifest");
}

TEST(FileMetaStore, UpdateNeedsTheVersionThatIsThere) {
  TemporaryFolder folder;
  auto store = Open(folder);
  uint64_t first = store->CompareAndSet("leader", std::nullopt, "a")->current->version;
  CasOutcome updated = *store->CompareAndSet("leader", first, "b");
  ASSERT_TRUE(updated.won);
  EXPECT_NE(updated.current->version, first);
  CasOutcome late = *store->CompareAndSet("leader", first, "c");
  EXPECT_FALSE(late.won);
  EXPECT_EQ(late.current->value, "b");
  EXPECT_EQ((*store->Get("leader"))->value, "b");
}

TEST(FileMetaStore, UpdateOfAnAbsentKeyLosesAgainstNothing) {
  TemporaryFolder folder;
  CasOutcome outcome = *Open(folder)->CompareAndSet("leader", 5, "x");
  EXPECT_FALSE(outcome.won);
  EXPECT_FALSE(outcome.current.has_value());
}

TEST(FileMetaStore, VersionOfADeletedKeyDoesNotComeBack) {
  TemporaryFolder folder;
  auto store = Open(folder);
  uint64_t old = store->CompareAndSet("leader", std::nullopt, "a")->current->version;
  ASSERT_TRUE(store->Delete("leader").ok());
  ASSERT_TRUE(store->Delete("leader").ok()) << "an absent key is deleted already";
  ASSERT_TRUE(store->CompareAndSet("leader", std::nullopt, "a")->won);
  EXPECT_FALSE(store->CompareAndSet("leader", old, "b")->won);
}

TEST(FileMetaStore, ListShowsKeysAndNothingElse) {
  TemporaryFolder folder;
  auto store = Open(folder);
  for (const char* key : {"job/chk-2", "job/chk-1", "zoo"})
    ASSERT_TRUE(store->CompareAndSet(key, std::nullopt, "x")->won);
  uint64_t version = (*store->Get("zoo"))->version;
  ASSERT_TRUE(store->CompareAndSet("zoo", version, "y")->won);
  EXPECT_THAT(*store->List(""), ElementsAre("job/chk-1", "job/chk-2", "zoo"));
  EXPECT_THAT(*store->List("job/"), ElementsAre("job/chk-1", "job/chk-2"));
  EXPECT_EQ(store->Get(".thalweg-lock").status().message(), "Metadata key is kept for the lock file: .thalweg-lock");
}

TEST(FileMetaStore, DamagedEntryIsAnErrorWithItsPathAndCanBeDeleted) {
  TemporaryFolder folder;
  auto store = Open(folder);
  ASSERT_TRUE(store->CompareAndSet("chk-1", std::nullopt, "manifest")->won);
  std::ofstream(folder.path() + "/chk-1", std::ios::in | std::ios::out | std::ios::binary).seekp(40) << "X";
  Status status = store->Get("chk-1").status();
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  EXPECT_THAT(status.message(), StartsWith(folder.path() + "/chk-1: Damaged metadata entry: "));
  EXPECT_FALSE(store->CompareAndSet("chk-1", std::nullopt, "other").ok());
  EXPECT_TRUE(store->Delete("chk-1").ok());
  EXPECT_TRUE(store->CompareAndSet("chk-1", std::nullopt, "other")->won);
}

TEST(FileMetaStore, GoldenEntryIsRead) {
  TemporaryFolder folder;
  std::filesystem::copy_file(SourceFolder() + "/tests/golden/meta_entry_v1.bin", folder.path() + "/chk-1");
  MetaEntry entry = **Open(folder)->Get("chk-1");
  EXPECT_EQ(entry.value, "manifest");
  EXPECT_EQ(entry.version, 0x1122334455667788u);
}

TEST(FileMetaStore, UnwritableFolderSaysWhy) {
  TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  auto store = OpenMetaStore(folder.uri() + "/file/meta").value();
  Status status = store->CompareAndSet("k", std::nullopt, "x").status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_THAT(status.message(), HasSubstr("Cannot make folder: Not a directory (ENOTDIR)"));
  EXPECT_THAT(OpenMetaStore("etcd://x").status().message(), HasSubstr("known: file://"));
}

TEST(FileMetaStore, OneOfManyThreadsWinsEachName) {
  TemporaryFolder folder;
  constexpr int kThreads = 4;
  constexpr int kNames = 25;
  std::atomic<int> wins{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      auto store = Open(folder);
      for (int n = 0; n < kNames; ++n)
        wins += store->CompareAndSet(fmt::format("chk-{}", n), std::nullopt, "x")->won ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wins, kNames);
}

TEST(FileMetaStore, NoIncrementOfConcurrentProcessesIsLost) {
  TemporaryFolder folder;
  constexpr int kProcesses = 3;
  constexpr int kIncrements = 20;
  ASSERT_TRUE(Open(folder)->CompareAndSet("n", std::nullopt, "0")->won);
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    auto store = Open(folder);
    for (int done = 0; done < kIncrements;) {
      MetaEntry entry = **store->Get("n");
      if (store->CompareAndSet("n", entry.version, std::to_string(std::stoi(entry.value) + 1))->won) ++done;
    }
    ::_exit(0);
  }
  for (pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ((*Open(folder)->Get("n"))->value, std::to_string(kProcesses * kIncrements));
}

}  // namespace
}  // namespace thalweg::io
