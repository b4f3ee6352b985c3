// A file sink whose disk is full, through a whole job: what is told, and that the output is whole once there is room.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/file_sink.h"
#include "io/faulty_storage.h"
#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using io::StorageCall;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// read -> out: rows of (key, value) as JSON lines, with checkpoints as often as they go.
class FullDiskUnderAFileSink : public ::testing::TestWithParam<StorageCall> {
 protected:
  void SetUp() override {
    numbers_.splits = 2;
    numbers_.gate = HoldForCheckpointAt(ledger_, 400);
    test_.directory = checkpoints_.uri();
    test_.interval_ms = 2;
    uint32_t read = test_.Source("read", numbers_);
    uint32_t out = test_.graph.Sink("out");
    test_.graph.Join(read, out);
    test_.functions.operators["out"] = [this](const graph::Node&) {
      using types::DataType;
      connectors::FileSinkOptions options;
      options.schema = std::make_shared<const types::Schema>(std::vector<types::Field>{
          {"key", DataType(types::TypeId::kBigInt)}, {"value", DataType(types::TypeId::kBigInt)}});
      return connectors::MakeFileSink(options, storage_);
    };
  }
  /// Of the writes, `skip` go well, then `times` find no room.
  void FillAfter(uint64_t skip, uint64_t times) {
    storage_ =
        std::make_shared<io::FaultyStorage>(io::OpenStorage(folder_.uri()).value(),
                                            std::vector<io::Fault>{{.call = GetParam(), .skip = skip, .times = times}});
  }
  /// Lines of all parts that can be seen, sorted.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().starts_with('.')) continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  std::vector<std::string> AllLines() const {
    std::vector<std::string> lines;
    for (const TestRow& row : numbers_.All())
      lines.push_back(fmt::format(R"({{"key":{},"value":{}}})", row.key, row.value));
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  static auto TellsOfTheDisk() {
    return AllOf(HasSubstr("Operator 'out'"), HasSubstr("File sink cannot write .part-"), HasSubstr("bytes free"),
                 HasSubstr("No space left on device (ENOSPC)"),
                 HasSubstr("free space on this disk or choose a folder on another one"));
  }

  io::TemporaryFolder folder_, checkpoints_;
  SharedLedger ledger_ = std::make_shared<Ledger>();
  Numbers numbers_;
  TestJob test_{ledger_};
  std::shared_ptr<io::FaultyStorage> storage_;
};

INSTANTIATE_TEST_SUITE_P(At, FullDiskUnderAFileSink, ::testing::Values(StorageCall::kAppend, StorageCall::kCommit),
                         [](const auto& info) { return info.param == StorageCall::kAppend ? "Append" : "Commit"; });

TEST_P(FullDiskUnderAFileSink, EndsAJobWithoutRestartsAndNamesOperatorFileAndWhatToDo) {
  FillAfter(0, io::kAlways);
  RunningJob job(test_);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kExternal);
  EXPECT_THAT(end.status().message(), TellsOfTheDisk());
  EXPECT_TRUE(Lines().empty()) << "a part that was not committed is seen";
}

TEST_P(FullDiskUnderAFileSink, RestartsTheJobAndEveryRowIsThereOnceWhenThereIsRoomAgain) {
  FillAfter(1, 2);
  test_.restarts = 2;
  RunningJob job(test_);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().restarts, 2);
  EXPECT_THAT(job.LogText(), TellsOfTheDisk());
  EXPECT_EQ(Lines(), AllLines());
}

TEST_P(FullDiskUnderAFileSink, AJobThatEndedForItGoesOnFromItsCheckpointAndEveryRowIsThereOnce) {
  FillAfter(1, io::kAlways);
  {
    RunningJob job(test_);
    ASSERT_FALSE(job.Wait().ok());
  }
  FillAfter(0, 0);
  test_.restore = true;
  test_.seed = 1;  // another process: its parts have names of their own
  RunningJob job(test_);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(Lines(), AllLines());
}

}  // namespace
}  // namespace thalweg::runtime
