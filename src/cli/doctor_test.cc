#include "cli/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>

#include "base/version.h"
#include "cli/version.h"
#include "io/temporary_folder.h"

namespace thalweg::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Finding Of(const std::vector<Finding>& findings, const std::string& subject) {
  for (const Finding& finding : findings)
    if (finding.subject == subject) return finding;
  ADD_FAILURE() << "nothing found about " << subject;
  return {};
}

TEST(Doctor, LooksAtTheMachineAndSaysHowItIs) {
  const std::vector<Finding> findings = Examine({});
  for (const char* subject : {"cores", "cpu", "memory", "open files", "temporary folder"})
    EXPECT_NE(Of(findings, subject).health, Health::kFailure) << Of(findings, subject).found;
  EXPECT_THAT(Of(findings, "cores").found, HasSubstr("usable"));
  for (const Finding& finding : findings)
    EXPECT_EQ(finding.advice.empty(), finding.health == Health::kOk) << finding.subject;
}

TEST(Doctor, OpenSslMustNotBeArrows) { EXPECT_THAT(Of(Examine({}), "OpenSSL").found, StartsWith("from libcrypto")); }

TEST(Doctor, WithoutACheckpointFolderItSaysWhichKeyToSet) {
  Finding finding = Of(Examine({}), "checkpoints");
  EXPECT_EQ(finding.health, Health::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("Set execution.checkpointing.dir"));
}

TEST(Doctor, AFolderThatCanBeWrittenIsFineAndStaysEmpty) {
  io::TemporaryFolder folder;
  config::Configuration config;
  ASSERT_TRUE(config.Set("execution.checkpointing.dir", "file://" + folder.path()).ok());
  EXPECT_THAT(Of(Examine(config), "checkpoints").found, StartsWith(folder.path() + " is writable"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Doctor, AFolderBelowARegularFileIsAFailureWithAdvice) {
  io::TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  Finding finding = ExamineFolder("checkpoints", folder.path() + "/file/below", "execution.checkpointing.dir");
  EXPECT_EQ(finding.health, Health::kFailure);
  EXPECT_THAT(finding.found, HasSubstr(folder.path() + "/file"));
  EXPECT_THAT(finding.advice, HasSubstr("choose another by execution.checkpointing.dir"));
}

TEST(Doctor, AFolderWithoutPermissionNamesTheUser) {
  io::TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
  const bool root = geteuid() == 0;  // may write anywhere
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(root ? seteuid(kNobody) : 0, 0);
  Finding finding = ExamineFolder("checkpoints", folder.path() + "/below", "k");
  ASSERT_EQ(root ? seteuid(0) : 0, 0);
  EXPECT_EQ(finding.health, Health::kFailure);
  EXPECT_THAT(finding.found, HasSubstr("Permission denied"));
  EXPECT_THAT(finding.advice, StartsWith("Make it writable for user "));
}

TEST(Doctor, AnUnknownSchemeIsAFailure) {
  EXPECT_EQ(ExamineFolder("checkpoints", "s4://bucket/x", "k").health, Health::kFailure);
}

TEST(Doctor, AdviceStandsBelowWhatItIsAbout) {
  EXPECT_EQ(FindingsText({{Health::kOk, "cores", "2 usable", ""}, {Health::kFailure, "cpu", "old", "Buy one"}}),
            "ok       cores             2 usable\n"
            "FAILURE  cpu               old\n"
            "                           Buy one\n");
}

TEST(Version, NamesEveryLibraryWithANumber) {
  EXPECT_THAT(VersionText(), StartsWith(std::string("thalweg ") + Version() + "\n"));
  for (const auto& [name, version] : LibraryVersions())
    EXPECT_TRUE(!version.empty() && std::isdigit(version[0])) << name << " " << version;
}

}  // namespace
}  // namespace thalweg::cli
