#include "io/storage.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "io/local_storage.h"
#include "io/temporary_folder.h"

namespace thalweg::io {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::shared_ptr<Storage> Open(const std::string& uri) { return OpenStorage(uri).value(); }

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Runs `body` in a child process and returns what it returned. As nobody if we are root: root may write everywhere.
std::string InUnprivilegedChild(const std::function<std::string()>& body) {
  int fds[2];
  THALWEG_CHECK(::pipe(fds) == 0);
  pid_t child = ::fork();
  THALWEG_CHECK(child >= 0);
  if (child == 0) {
    if (::geteuid() == 0) THALWEG_CHECK(::setgid(65534) == 0 && ::setuid(65534) == 0);
    std::string answer = body();
    THALWEG_CHECK(::write(fds[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()));
    ::_exit(0);
  }
  ::close(fds[1]);
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = ::read(fds[0], buffer, sizeof(buffer))) > 0;)
    answer.append(buffer, static_cast<size_t>(got));
  ::close(fds[0]);
  int status = 0;
  THALWEG_CHECK(::waitpid(child, &status, 0) == child);
  EXPECT_EQ(status, 0);
  return answer;
}

TEST(OpenStorage, UnknownSchemeNamesTheKnownOnes) {
  Status status = OpenStorage("s3://bucket/x").status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(status.message(), "Unknown storage scheme 's3' in 's3://bucket/x'; known: file://");
}

TEST(OpenStorage, RelativePathIsRefusedWithTheFormToWrite) {
  Status status = OpenStorage("checkpoints").status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_THAT(status.message(), HasSubstr("write file:///folder or /folder"));
  EXPECT_THAT(OpenStorage("file://host/x").status().message(), HasSubstr("needs an absolute path"));
}

TEST(OpenStorage, FileUrisAndPlainPathsNameTheSameFolder) {
  EXPECT_EQ(*LocalFolder("/a/b"), "/a/b");
  EXPECT_EQ(*LocalFolder("file:///a/b"), "/a/b");
  EXPECT_EQ(*LocalFolder("file:/a/b"), "/a/b");
  EXPECT_EQ(*LocalFolder("file://localhost/a/b"), "/a/b");
  EXPECT_EQ(*LocalFolder("file:///a%20b"), "/a b");
  EXPECT_THAT(LocalFolder("file:///a%2").status().message(), HasSubstr("Malformed percent escape"));
}

TEST(LocalStorage, PutMakesFoldersAndGetGivesTheBytesBack) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri() + "/new/root/");
  std::string bytes("a\0b", 3);
  ASSERT_TRUE(storage->Put("x/y/z", bytes).ok());
  EXPECT_EQ(*storage->Get("x/y/z"), bytes);
  EXPECT_EQ(Slurp(folder.path() + "/new/root/x/y/z"), bytes);
  EXPECT_EQ(*storage->Size("x/y/z"), 3u);
  const std::chrono::sys_time<std::chrono::milliseconds> changed(std::chrono::milliseconds(1'700'000'000'123));
  std::filesystem::last_write_time(folder.path() + "/new/root/x/y/z", std::chrono::file_clock::from_sys(changed));
  EXPECT_EQ(storage->Stat("x/y/z")->size, 3u);
  EXPECT_EQ(storage->Stat("x/y/z")->modified_ms, 1'700'000'000'123);
  EXPECT_TRUE(*storage->Exists("x/y/z"));
  EXPECT_FALSE(*storage->Exists("x/y"));
}

TEST(LocalStorage, PutReplacesAWholeFile) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  ASSERT_TRUE(storage->Put("x", "a long first version").ok());
  ASSERT_TRUE(storage->Put("x", "short").ok());
  EXPECT_EQ(*storage->Get("x"), "short");
}

TEST(LocalStorage, RangesEndWhereTheFileEnds) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  ASSERT_TRUE(storage->Put("x", "0123456789").ok());
  EXPECT_EQ(*storage->Get("x", 2, 3), "234");
  EXPECT_EQ(*storage->Get("x", 8, 100), "89");
  EXPECT_EQ(*storage->Get("x", 10, 1), "");
  EXPECT_EQ(*storage->Get("x", 99, UINT64_MAX), "");
}

TEST(LocalStorage, ListIsSortedRecursiveAndByPrefix) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  EXPECT_THAT(*storage->List(""), IsEmpty());
  for (const char* path : {"chk-10/b", "chk-1/b", "chk-1/a", "chk-1x", "other"})
    ASSERT_TRUE(storage->Put(path, "1").ok());
  EXPECT_THAT(*storage->List(""), ElementsAre("chk-1/a", "chk-1/b", "chk-10/b", "chk-1x", "other"));
  EXPECT_THAT(*storage->List("chk-1"), ElementsAre("chk-1/a", "chk-1/b", "chk-10/b", "chk-1x"));
  EXPECT_THAT(*storage->List("chk-1/"), ElementsAre("chk-1/a", "chk-1/b"));
  EXPECT_THAT(*storage->List("none/at/all"), IsEmpty());
}

TEST(LocalStorage, DeleteRemovesEmptiedFoldersButNotTheRoot) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  ASSERT_TRUE(storage->Put("a/b/one", "1").ok());
  ASSERT_TRUE(storage->Put("a/two", "1").ok());
  ASSERT_TRUE(storage->Delete("a/b/one").ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/a/b"));
  EXPECT_TRUE(*storage->Exists("a/two"));
  ASSERT_TRUE(storage->Delete("a/two").ok());
  EXPECT_TRUE(std::filesystem::exists(folder.path()));
  EXPECT_TRUE(storage->Delete("a/two").ok()) << "a missing file is deleted already";
}

TEST(LocalStorage, MissingFileIsAnErrorWithItsPath) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  EXPECT_EQ(storage->Get("no/file").status().message(), "File does not exist: " + folder.path() + "/no/file");
  EXPECT_EQ(storage->Size("no/file").status().category(), ErrorCategory::kExternal);
  EXPECT_EQ(storage->Stat("no/file").status().category(), ErrorCategory::kExternal);
  EXPECT_THAT(storage->Stat("no/file").status().message(), ::testing::HasSubstr(folder.path() + "/no/file"));
}

TEST(LocalStorage, PathsThatLeaveTheRootAreRefused) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  for (std::string path :
       {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", ".thalweg-tmp-1", "d/.thalweg-tmp-1"}) {
    EXPECT_EQ(storage->Put(path, "x").category(), ErrorCategory::kUser) << path;
    EXPECT_FALSE(storage->Get(path).ok()) << path;
    EXPECT_FALSE(storage->Delete(path).ok()) << path;
    EXPECT_FALSE(storage->OpenWriter(path).ok()) << path;
  }
  EXPECT_THAT(storage->Put(std::string_view("a\0b", 3), "x").message(), HasSubstr("NUL"));
}

TEST(LocalStorage, RootBelowARegularFileSaysSo) {
  TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  auto storage = Open(folder.uri() + "/file/root");
  Status status = storage->Put("x", "1");
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(status.message(), "Cannot make folder: Not a directory (ENOTDIR): " + folder.path() +
                                  "/file/root; a part of the path is a file, not a folder: choose another folder");
  EXPECT_THAT(storage->OpenWriter("x").status().message(), HasSubstr("ENOTDIR"));
}

TEST(LocalStorage, FolderWithoutTheRightToWriteSaysSo) {
  TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  std::string root = folder.path() + "/readonly";
  ASSERT_EQ(::mkdir(root.c_str(), 0555), 0);
  ASSERT_EQ(::chmod(root.c_str(), 0555), 0);
  auto storage = Open(root);
  std::string message = InUnprivilegedChild([&] { return storage->Put("x", "1").ToString(); });
  // Of a child of root it is nobody.
  const std::string user =
      fmt::format("(uid {}) the right to the folder or choose another one", ::geteuid() ? ::geteuid() : 65534);
  EXPECT_THAT(message, AllOf(StartsWith("user error: Cannot create file in folder: Permission denied (EACCES): " +
                                        root + "; give user "),
                             EndsWith(user)));
  message = InUnprivilegedChild([&] { return storage->Put("sub/x", "1").ToString(); });
  EXPECT_THAT(message, AllOf(StartsWith("user error: Cannot make folder: Permission denied (EACCES): " + root +
                                        "/sub; give user "),
                             EndsWith(user)));
}

TEST(LocalStorage, ShortWriteThatThenFailsLeavesNothing) {
  TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  auto storage = Open(folder.uri());
  std::string message = InUnprivilegedChild([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{1000, 1000};
    THALWEG_CHECK(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    return storage->Put("x", std::string(1500, 'x')).ToString();
  });
  EXPECT_EQ(message, "external error: Cannot write file: File too large (EFBIG): " + folder.path() +
                         "/x; raise the limit on file sizes of this process");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(LocalStorage, GetOfAFolderIsAnError) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  ASSERT_TRUE(storage->Put("a/b", "1").ok());
  EXPECT_THAT(storage->Get("a").status().message(), HasSubstr("EISDIR"));
}

TEST(LocalWriter, NameAppearsOnlyAtCommit) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  auto writer = std::move(storage->OpenWriter("part/one")).value();
  std::string block(700 << 10, 'a');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(writer->Append(block).ok());
  ASSERT_TRUE(writer->Append("end").ok());
  EXPECT_EQ(writer->size(), 4 * block.size() + 3);
  EXPECT_FALSE(*storage->Exists("part/one"));
  EXPECT_THAT(*storage->List(""), IsEmpty());
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_EQ(*storage->Size("part/one"), 4 * block.size() + 3);
  EXPECT_EQ(*storage->Get("part/one", 4 * block.size() - 1, 10), "aend");
  writer->Abort();
  EXPECT_TRUE(*storage->Exists("part/one")) << "Abort after Commit has no effect";
}

TEST(LocalWriter, AbortAndDestructionLeaveNothing) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  {
    auto aborted = std::move(storage->OpenWriter("a")).value();
    auto dropped = std::move(storage->OpenWriter("b")).value();
    ASSERT_TRUE(aborted->Append("x").ok());
    ASSERT_TRUE(dropped->Append("x").ok());
    aborted->Abort();
    aborted->Abort();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(LocalStorage, AbandonedFilesOfDeadWritersAreDeletedAndThoseOfLivingWritersAreKept) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  auto living = std::move(storage->OpenWriter("d/living")).value();
  std::ofstream(folder.path() + "/d/.thalweg-tmp-1-1") << "left by a killed process";
  EXPECT_EQ(*storage->DeleteAbandoned("", 3600), 0) << "too young";
  EXPECT_EQ(*storage->DeleteAbandoned("other", 0), 0);
  EXPECT_EQ(*storage->DeleteAbandoned("", 0), 1);
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/d/.thalweg-tmp-1-1"));
  ASSERT_TRUE(living->Append("x").ok());
  ASSERT_TRUE(living->Commit().ok());
  EXPECT_EQ(*storage->Get("d/living"), "x");
}

TEST(LocalStorage, ReadersSeeOneWholeVersionWhileWritersReplaceAndDelete) {
  TemporaryFolder folder;
  auto storage = Open(folder.uri());
  constexpr int kRounds = 200;
  auto write = [&](char c) {
    for (int i = 0; i < kRounds; ++i) {
      ASSERT_TRUE(storage->Put("d/x", std::string(10000, c)).ok());
      Status deleted = storage->Delete("d/x");
      ASSERT_TRUE(deleted.ok()) << deleted.ToString();
    }
  };
  std::thread first(write, 'a');
  std::thread second(write, 'b');
  for (int i = 0; i < kRounds; ++i) {
    auto bytes = storage->Get("d/x");
    if (!bytes.ok()) {
      EXPECT_THAT(bytes.status().message(), HasSubstr("does not exist"));
      continue;
    }
    EXPECT_TRUE(*bytes == std::string(10000, 'a') || *bytes == std::string(10000, 'b'));
    EXPECT_TRUE(storage->List("").ok());
  }
  first.join();
  second.join();
  EXPECT_THAT(*storage->List(""), IsEmpty());
}

}  // namespace
}  // namespace thalweg::io
