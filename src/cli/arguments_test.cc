#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(std::vector<std::string> arguments) {
  return ParseArguments(std::move(arguments)).status().message();
}

TEST(Arguments, RunTakesTheLibraryItsOptionsAndTheJobsOwnArguments) {
  auto run = ParseArguments({"run", "job.so", "--config", "c.yaml", "-D", "a=b", "-Dc.d=e=f", "--from-checkpoint",
                             "latest", "--allow-non-restored-state", "--progress", "--", "-D", "--input", "x"});
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(run->command, Command::kRun);
  EXPECT_EQ(run->library, "job.so");
  EXPECT_EQ(run->config_file, "c.yaml");
  EXPECT_THAT(run->definitions, ElementsAre("a=b", "c.d=e=f"));
  EXPECT_EQ(run->from_checkpoint, "latest");
  EXPECT_TRUE(run->allow_non_restored_state);
  EXPECT_TRUE(run->progress_lines);
  EXPECT_THAT(run->job_arguments, ElementsAre("-D", "--input", "x"));
}

TEST(Arguments, OptionsMayStandBeforeTheLibrary) {
  auto run = ParseArguments({"run", "-Da=b", "-s", "/c/chk-3", "-n", "job.so"});
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(run->library, "job.so");
  EXPECT_EQ(run->from_checkpoint, "/c/chk-3");
  EXPECT_TRUE(run->allow_non_restored_state);
}

TEST(Arguments, RunTakesAScriptOrStatementsOfSql) {
  auto file = ParseArguments({"run", "jobs/clicks.sql", "-o", "csv", "-p", "2"});
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->sql_file, "jobs/clicks.sql");
  EXPECT_EQ(file->library, "");
  EXPECT_FALSE(file->sql_text.has_value());
  EXPECT_EQ(file->output, OutputFormat::kCsv);
  EXPECT_THAT(file->definitions, ElementsAre("parallelism.default=2"));
  auto behind = ParseArguments({"run", "-D", "a=b", "-D", "c=d", "job.sql"});
  ASSERT_TRUE(behind.ok()) << behind.status().message();
  EXPECT_THAT(behind->definitions, ElementsAre("a=b", "c=d"));
  EXPECT_EQ(behind->sql_file, "job.sql");
  auto text = ParseArguments({"run", "-e", "SELECT 1", "-D", "a=b"});
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(text->sql_text, "SELECT 1");
  EXPECT_EQ(text->output, OutputFormat::kTable);
  EXPECT_EQ(ParseArguments({"run", "--execute=SELECT -1"})->sql_text, "SELECT -1");
}

TEST(Arguments, RunWantsOneProgramAndItsOwnOptions) {
  EXPECT_EQ(ErrorOf({"run", "-e", "SELECT 1", "a.sql"}),
            "Wrong command line: -e and a file, where one is enough; see 'thalweg run --help'");
  EXPECT_EQ(ParseArguments({"run", "clicks.txt"})->library, "clicks.txt");
  EXPECT_THAT(ErrorOf({"run", "a.so", "-o", "csv"}), HasSubstr("-o is for rows of SQL"));
  EXPECT_THAT(ErrorOf({"run", "a.sql", "-o", "xml"}), HasSubstr("write one of: table, csv, jsonl"));
  EXPECT_THAT(ErrorOf({"run", "a.sql", "--", "x"}), HasSubstr("SQL takes none"));
}

TEST(Arguments, TestTakesFiles) {
  auto test = ParseArguments({"test", "a.test", "b.test"});
  ASSERT_TRUE(test.ok()) << test.status().message();
  EXPECT_EQ(test->command, Command::kTest);
  EXPECT_THAT(test->test_files, ElementsAre("a.test", "b.test"));
  EXPECT_THAT(ErrorOf({"test"}), HasSubstr("files is required"));
}

TEST(Arguments, ParallelismIsADefinitionThatGoesOverTheOthers) {
  auto run = ParseArguments({"run", "job.so", "-p", "3", "-Dparallelism.default=2"});
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_THAT(run->definitions, ElementsAre("parallelism.default=2", "parallelism.default=3"));
}

// "$CHECKPOINT" of a variable that is not set: to start afresh would be a surprise.
TEST(Arguments, AnEmptyCheckpointIsNone) {
  EXPECT_THAT(ParseArguments({"run", "job.so", "--from-checkpoint", ""}).status().message(),
              HasSubstr("--from-checkpoint is empty"));
  EXPECT_TRUE(ParseArguments({"run", "job.so"}).ok());
}

TEST(Arguments, WithoutACommandHelpIsShown) {
  EXPECT_EQ(ParseArguments({})->command, Command::kHelp);
  EXPECT_THAT(ParseArguments({})->help, HasSubstr("doctor"));
  EXPECT_EQ(ParseArguments({"help"})->help, ParseArguments({})->help);
  EXPECT_EQ(ParseArguments({"--help"})->help, ParseArguments({})->help);
  EXPECT_THAT(ParseArguments({"run", "--help"})->help, HasSubstr("--from-checkpoint"));
}

TEST(Arguments, VersionAndDoctorAreCommands) {
  EXPECT_EQ(ParseArguments({"--version"})->command, Command::kVersion);
  EXPECT_EQ(ParseArguments({"version"})->command, Command::kVersion);
  EXPECT_EQ(ParseArguments({"doctor"})->command, Command::kDoctor);
  EXPECT_THAT(ParseArguments({"doctor", "-Da=b"})->definitions, ElementsAre("a=b"));
}

TEST(Arguments, AnUnknownCommandNamesTheNearest) {
  EXPECT_EQ(ErrorOf({"rnu", "job.so"}), "Unknown command 'rnu'; did you mean 'run'? 'thalweg help' lists them");
  EXPECT_THAT(ErrorOf({"docter"}), HasSubstr("did you mean 'doctor'?"));
}

TEST(Arguments, WhatIsMissingOrTooMuchIsNamed) {
  EXPECT_EQ(ErrorOf({"run"}), "Wrong command line: no file and no -e 'SQL'; see 'thalweg run --help'");
  EXPECT_EQ(ErrorOf({"run", "job.so", "--fast"}),
            "Wrong command line: The following argument was not expected: --fast; see 'thalweg run --help'");
  EXPECT_THAT(ErrorOf({"run", "a.so", "b.so"}), HasSubstr("not expected: b.so"));
  EXPECT_THAT(ErrorOf({"run", "a.so", "--config"}), HasSubstr("--config"));
  EXPECT_THAT(ErrorOf({"run", "a.so", "-p", "many"}), HasSubstr("many"));
  EXPECT_EQ(ErrorOf({"doctor", "--", "x"}), "Wrong command line: arguments behind -- are a job's, and there is none");
  EXPECT_THAT(ErrorOf({"--fast"}), StartsWith("Wrong command line: "));
}

TEST(Arguments, TheShellTakesAScriptAndAnOutput) {
  auto arguments = ParseArguments({"sql", "-i", "init.sql", "-o", "csv", "-p", "2"});
  ASSERT_TRUE(arguments.ok()) << arguments.status().ToString();
  EXPECT_EQ(arguments->command, Command::kSql);
  EXPECT_EQ(arguments->init_file, "init.sql");
  EXPECT_EQ(arguments->output, OutputFormat::kCsv);
  EXPECT_EQ(arguments->definitions, std::vector<std::string>{"parallelism.default=2"});
}

}  // namespace
}  // namespace thalweg::cli
