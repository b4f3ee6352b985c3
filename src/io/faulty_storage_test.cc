#include "io/faulty_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "io/temporary_folder.h"

namespace thalweg::io {
namespace {

using ::testing::HasSubstr;

TEST(FaultyStorage, FullDiskReadsAsARealOne) {
  TemporaryFolder folder;
  FaultyStorage storage(OpenStorage(folder.uri()).value(), {{.call = StorageCall::kPut, .path_contains = "chk-2"}});
  EXPECT_TRUE(storage.Put("chk-1/a", "x").ok());
  Status status = storage.Put("chk-2/a", "x");
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  EXPECT_EQ(status.message(),
            "Cannot write file: No space left on device (ENOSPC): chk-2/a; free space on this disk or choose a folder "
            "on another one");
  EXPECT_FALSE(*storage.Exists("chk-2/a"));
  EXPECT_TRUE(storage.Put("chk-2/a", "x").ok()) << "the fault was for one call";
  EXPECT_EQ(storage.injected(), 1u);
  EXPECT_EQ(storage.calls(StorageCall::kPut), 3u);
}

TEST(FaultyStorage, PlanSkipsThenFailsAsOftenAsItSays) {
  TemporaryFolder folder;
  FaultyStorage storage(OpenStorage(folder.uri()).value(),
                        {{.call = StorageCall::kGet, .error_number = EIO, .skip = 1, .times = 2}});
  ASSERT_TRUE(storage.Put("a", "x").ok());
  EXPECT_TRUE(storage.Get("a").ok());
  EXPECT_THAT(storage.Get("a").status().message(), HasSubstr("Cannot read file: Input/output error (EIO): a"));
  EXPECT_FALSE(storage.Get("a", 0, 1).ok());
  EXPECT_TRUE(storage.Get("a").ok());
  storage.Add({.call = StorageCall::kGet, .error_number = EIO, .times = kAlways});
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(storage.Get("a").ok());
}

TEST(FaultyStorage, TornAndLyingWritesLeaveHalfTheBytes) {
  TemporaryFolder folder;
  FaultyStorage storage(OpenStorage(folder.uri()).value(), {{.call = StorageCall::kPut, .kind = FaultKind::kTear},
                                                            {.call = StorageCall::kPut, .kind = FaultKind::kLoseTail},
                                                            {.call = StorageCall::kPut, .kind = FaultKind::kFlipBit}});
  EXPECT_FALSE(storage.Put("torn", "12345678").ok());
  EXPECT_EQ(*storage.Get("torn"), "1234");
  EXPECT_TRUE(storage.Put("lost", "12345678").ok());
  EXPECT_EQ(*storage.Get("lost"), "1234");
  EXPECT_TRUE(storage.Put("flipped", "12345678").ok());
  EXPECT_EQ(*storage.Get("flipped"), "1234%678");
}

TEST(FaultyStorage, ReadsCanBeShortOrWrong) {
  TemporaryFolder folder;
  FaultyStorage storage(OpenStorage(folder.uri()).value(), {{.call = StorageCall::kGet, .kind = FaultKind::kLoseTail},
                                                            {.call = StorageCall::kGet, .kind = FaultKind::kFlipBit}});
  ASSERT_TRUE(storage.Put("a", "12345678").ok());
  EXPECT_EQ(*storage.Get("a"), "1234");
  EXPECT_EQ(*storage.Get("a"), "1234%678");
  EXPECT_EQ(*storage.Get("a"), "12345678");
}

TEST(FaultyStorage, WriterFailsInAppendAndCommitAndLeavesNothing) {
  TemporaryFolder folder;
  FaultyStorage storage(OpenStorage(folder.uri()).value(),
                        {{.call = StorageCall::kAppend, .skip = 1}, {.call = StorageCall::kCommit}});
  {
    auto writer = std::move(storage.OpenWriter("a")).value();
    EXPECT_TRUE(writer->Append("x").ok());
    EXPECT_THAT(writer->Append("x").message(), HasSubstr("ENOSPC"));
  }
  {
    auto writer = std::move(storage.OpenWriter("b")).value();
    EXPECT_TRUE(writer->Append("x").ok());
    EXPECT_THAT(writer->Commit().message(), HasSubstr("Cannot sync file: No space left on device (ENOSPC): b"));
  }
  EXPECT_TRUE(storage.List("")->empty());
}

TEST(FaultyStorage, ListAndDeleteCanFail) {
  TemporaryFolder folder;
  FaultyStorage storage(OpenStorage(folder.uri()).value(), {{.call = StorageCall::kList, .error_number = EACCES},
                                                            {.call = StorageCall::kDelete, .error_number = EACCES}});
  EXPECT_THAT(storage.List("d").status().message(), HasSubstr("Cannot list folder: Permission denied (EACCES): d"));
  EXPECT_THAT(storage.Delete("d").message(), HasSubstr("Cannot delete file: Permission denied (EACCES): d"));
}

TEST(FaultyStorage, RandomFaultsRepeatFromTheirSeed) {
  auto run = [](uint64_t seed) {
    TemporaryFolder folder;
    FaultyStorage storage(OpenStorage(folder.uri()).value(), {}, seed, {.write_error = 0.3, .read_error = 0.3});
    std::string pattern;
    for (int i = 0; i < 40; ++i) pattern += storage.Put("a", "x").ok() ? '+' : '-';
    for (int i = 0; i < 40; ++i) pattern += storage.Get("a").ok() ? '+' : '-';
    EXPECT_GT(storage.injected(), 0u);
    EXPECT_LT(storage.injected(), 80u);
    return pattern;
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

}  // namespace
}  // namespace thalweg::io
