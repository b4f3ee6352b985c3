// A disk without room for checkpoints, through a whole job: what is told, what is counted, and that nothing is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "io/faulty_storage.h"
#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using io::Fault;
using io::StorageCall;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kHeldAt = 400;  // rows of each split, before it waits for checkpoints

/// read -> pass -(keyed)-> count -> collect, with checkpoints as often as they go. Only `count`, once it has state, writes files.
class FullDisk : public ::testing::TestWithParam<StorageCall> {
 protected:
  void SetUp() override {
    test_.directory = folder_.uri();
    test_.storage = faulty_;
    test_.interval_ms = 2;
    // Checkpoint by checkpoint: what was asked for by FillAfterACheckpoint comes into force when the first is complete.
    numbers_.gate = [this, hold = HoldForCheckpointAt(ledger_, kHeldAt)](int attempt, int split, int64_t position) {
      if (ledger_->completed() > 0 && fill_later_ > 0) Fill(std::exchange(fill_later_, 0));
      return hold(attempt, split, position);
    };
    uint32_t read = test_.Source("read", numbers_);
    uint32_t pass = test_.Pass("pass");
    uint32_t count = test_.Count("count");
    uint32_t collect = test_.Collect("collect");
    test_.graph.Join(read, pass);
    test_.graph.Join(pass, count, graph::Partitioning::kKeyed);
    test_.graph.Join(count, collect);
  }
  /// The next `files` files find no room.
  void Fill(uint64_t files) { faulty_->Add({.call = GetParam(), .path_contains = ".state", .times = files}); }
  void FillAfterACheckpoint(uint64_t files) { fill_later_ = files; }
  auto TellsOfTheDisk() const {
    return AllOf(HasSubstr("State of task"), HasSubstr("No space left on device (ENOSPC)"),
                 HasSubstr("free space on this disk or choose a folder on another one"));
  }

  io::TemporaryFolder folder_;
  SharedLedger ledger_ = std::make_shared<Ledger>();
  Numbers numbers_;
  TestJob test_{ledger_};
  std::shared_ptr<io::FaultyStorage> faulty_ =
      std::make_shared<io::FaultyStorage>(io::OpenStorage(folder_.uri()).value(), std::vector<Fault>{});
  uint64_t fill_later_ = 0;  // the one source task's
};

INSTANTIATE_TEST_SUITE_P(At, FullDisk, ::testing::Values(StorageCall::kAppend, StorageCall::kCommit),
                         [](const auto& info) { return info.param == StorageCall::kAppend ? "Append" : "Commit"; });

int Occurrences(const std::string& text, std::string_view of) {
  int count = 0;
  for (size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

TEST_P(FullDisk, CheckpointsWithoutRoomAreAbortedAndToleratedWithoutARestart) {
  Fill(2);
  test_.tolerable_failures = 2;
  RunningJob job(test_);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(faulty_->injected(), 2u);
  EXPECT_EQ(Occurrences(job.LogText(), "aborted"), 2) << job.LogText();
  EXPECT_THAT(job.LogText(), TellsOfTheDisk());
  EXPECT_EQ(job.job().progress().restarts, 0);
  EXPECT_GE(job.job().progress().checkpoints, 2u);
  EXPECT_EQ(ledger_->greatest("collect"), numbers_.Counts());
}

TEST_P(FullDisk, AFailureMoreThanIsToleratedRestartsTheJobFromTheNewestCheckpoint) {
  FillAfterACheckpoint(2);
  test_.tolerable_failures = 1;
  test_.restarts = 1;
  RunningJob job(test_);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_THAT(job.LogText(), AllOf(HasSubstr("failed, the 2. in a row with 1 tolerated"),
                                   HasSubstr("Restored checkpoint"), TellsOfTheDisk()));
  EXPECT_EQ(job.job().progress().restarts, 1);
  EXPECT_EQ(ledger_->greatest("collect"), numbers_.Counts());
  EXPECT_EQ(ledger_->number("late at count"), 0);
}

// An attempt that has ended may still write files of the checkpoint that failed it.
TEST_P(FullDisk, ANumberIsNotGivenAgainAfterARestart) {
  Fill(2);
  test_.restarts = 2;
  RunningJob job(test_);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().restarts, 2);
  std::set<uint64_t> used;
  for (const auto& [by, checkpoints] : ledger_->completed_by()) used.insert(checkpoints.begin(), checkpoints.end());
  const std::string log = job.LogText();
  const std::regex aborted("Checkpoint (\\d+) aborted");
  for (auto at = std::sregex_iterator(log.begin(), log.end(), aborted); at != std::sregex_iterator(); ++at)
    EXPECT_TRUE(used.insert(std::stoull((*at)[1])).second) << (*at)[1] << "\n" << log;
}

TEST_P(FullDisk, AJobThatEndedForWantOfRoomGoesOnFromItsCheckpointWhenThereIsSome) {
  FillAfterACheckpoint(io::kAlways);
  {
    RunningJob job(test_);
    auto end = job.Wait();
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.status().category(), ErrorCategory::kExternal);
    EXPECT_THAT(end.status().message(), AllOf(HasSubstr("failed, the 1. in a row with 0 tolerated"), TellsOfTheDisk()));
    EXPECT_TRUE(ledger_->arrivals("collect").empty());
  }
  test_.storage = io::OpenStorage(folder_.uri()).value();
  test_.restore = true;
  RunningJob job(test_);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_THAT(job.LogText(), HasSubstr("Restored checkpoint"));
  EXPECT_EQ(ledger_->greatest("collect"), numbers_.Counts());
}

}  // namespace
}  // namespace thalweg::runtime
