#include "bin/sql_tests.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "testing/source_folder.h"

namespace thalweg::bin {
namespace {

struct FilesRun {
  Result<bool> passed = false;
  std::string out;
};

FilesRun RunFiles(const std::vector<std::string>& files) {
  std::FILE* file = std::tmpfile();
  FilesRun run;
  run.passed = RunSqlTestFiles(files, file);
  std::rewind(file);
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) run.out.append(buffer, n);
  std::fclose(file);
  return run;
}

TEST(SqlTestFiles, AllOfTheTreePass) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(SourceFolder() + "/tests/sql"))
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_FALSE(files.empty());
  const FilesRun run = RunFiles(files);
  ASSERT_TRUE(run.passed.ok()) << run.passed.status().message();
  EXPECT_TRUE(*run.passed) << run.out;
}

TEST(SqlTestFiles, AFailureIsPrintedWithItsPlaceAndCounted) {
  io::TemporaryFolder folder;
  const std::string file = folder.path() + "/a.test";
  std::ofstream(file) << "=== right\nSELECT 1;\n--- expect\n[1]\n=== wrong\nSELECT 1;\n--- expect\n[2]\n";
  const FilesRun run = RunFiles({file});
  ASSERT_TRUE(run.passed.ok()) << run.passed.status().message();
  EXPECT_FALSE(*run.passed);
  EXPECT_EQ(run.out,
            "FAILED wrong\n" + file + ":7: Rows differ\nexpected:\n  +I[2]\ncame:\n  +I[1]\n\n2 cases, 1 failed\n");
}

TEST(SqlTestFiles, WhatIsNoFileOfCasesIsAnError) {
  io::TemporaryFolder folder;
  EXPECT_THAT(RunFiles({folder.path() + "/none.test"}).passed.status().message(), ::testing::HasSubstr("Cannot read"));
  const std::string file = folder.path() + "/a.test";
  std::ofstream(file) << "SELECT 1;\n";
  EXPECT_THAT(RunFiles({file}).passed.status().message(), ::testing::StartsWith(file + ":1: Before the first case"));
}

}  // namespace
}  // namespace thalweg::bin
