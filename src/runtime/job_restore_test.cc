// Whole jobs that go on from a checkpoint: after a stop, a damage, another coordinator; and whose checkpoints are kept.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A counting job over `directory` whose splits stop at `position` for good, unless it is < 0.
TestJob StageOf(const io::TemporaryFolder& folder, SharedLedger ledger, int64_t position, int parallelism) {
  Numbers numbers;
  if (position >= 0) numbers.gate = [position](int, int, int64_t at) { return at < position; };
  TestJob test = CountingJob(numbers, std::move(ledger));
  test.parallelism = parallelism;
  test.cores = 2;
  test.directory = folder.uri();
  test.restore = true;
  return test;
}

void StopWhenRead(const TestJob& test, uint64_t rows) {
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.job().progress().rows_in == rows; })) << job.job().progress().rows_in;
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString() << job.LogText();
  EXPECT_EQ(*end, JobEnd::kStopped);
  EXPECT_EQ(job.job().progress().checkpoints, 1u) << job.LogText();
}

TEST(Job, StoppedInMidRunItGoesOnAtAnyParallelism) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 1), 800);
  StopWhenRead(StageOf(folder, ledger, 400, 3), 800);
  StopWhenRead(StageOf(folder, ledger, 700, 7), 1200);
  EXPECT_TRUE(ledger->arrivals("collect").empty()) << "a stop fires nothing";
  ExpectFinished(StageOf(folder, ledger, -1, 2));
  EXPECT_EQ(ledger->arrivals("collect").size(), 17u);
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

TEST(Job, AStoppedSourceSendsNothingBehindItsLastBarrier) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  Numbers numbers;
  numbers.rows_per_split = 20'000;
  const auto rows = static_cast<uint64_t>(numbers.rows_per_split * numbers.splits);
  const auto run = [&](const std::function<bool(int, int, int64_t)>& gate) {
    Numbers gated = numbers;
    gated.gate = gate;
    TestJob test = CountingJob(
        gated, ledger, [ledger](const flow::TaskName&, const TestRow& row) { ledger->Arrive("counted", {row, 0, 0}); });
    test.cores = 2;
    test.directory = folder.uri();
    test.restore = true;
    test.piecemeal = true;  // the source has many turns until the checkpoint is complete
    return test;
  };
  std::atomic<bool> stopping = false;
  RunningJob stopped(run([&](int, int, int64_t at) { return at < 200 || stopping; }));
  EXPECT_TRUE(Eventually([&] { return stopped.job().progress().rows_in == 800; }));
  stopping = true;  // from here on there is always more to read
  stopped.job().Stop();
  auto end = stopped.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, JobEnd::kStopped);
  EXPECT_LT(stopped.job().progress().rows_in, rows) << "or there is nothing left that could come twice";
  ExpectFinished(run(nullptr));
  EXPECT_EQ(ledger->arrivals("counted").size(), rows) << "each row comes to the count once";
}

TEST(Job, AStopWhoseCheckpointCannotBeTakenEndsTheJobAndSaysWhy) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  TestJob test = StageOf(folder, ledger, 200, 2);
  test.restore = false;
  test.restarts = 5;
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.job().progress().rows_in == 800; }));
  std::ofstream(folder.path() + "/job") << "in the way";
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kExternal);
  EXPECT_THAT(end.status().message(),
              HasSubstr("Stopped without a last checkpoint (there is none: it can only start afresh): "));
  EXPECT_THAT(end.status().message(), HasSubstr(folder.path() + "/job"));
  EXPECT_TRUE(ledger->arrivals("collect").empty());
}

TEST(Job, StoppedWithoutADirectoryItEndsAndFiresNothing) {
  Numbers numbers;
  numbers.gate = [](int, int, int64_t at) { return at < 500; };
  TestJob test = CountingJob(numbers);
  test.parallelism = 3;
  RunningJob job(test);
  EXPECT_TRUE(Eventually([&] { return job.job().progress().rows_in == 2000; }));
  job.job().Stop();
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, JobEnd::kStopped);
  EXPECT_TRUE(test.ledger->arrivals("collect").empty());
}

TEST(Job, RestoredAfterItsEndItHasNothingLeftToRead) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  ExpectFinished(StageOf(folder, ledger, -1, 2));
  TestJob again = StageOf(folder, ledger, -1, 3);
  RunningJob job(again);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().rows_in, 0u);
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

/// Turns a bit in the middle of the newest manifest.
uint64_t DamageNewest(const io::TemporaryFolder& folder) {
  uint64_t newest = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() + "/job")) {
    std::string name = entry.path().filename();
    if (name.starts_with("chk-")) newest = std::max<uint64_t>(newest, std::stoull(name.substr(4)));
  }
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(fmt::format("{}/job/chk-{}", folder.path(), newest))) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    auto middle = static_cast<std::streamoff>(entry.file_size() / 2);
    file.seekg(middle);
    char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(middle);
    file.put(byte);
  }
  return newest;
}

TEST(Job, ADamagedNewestCheckpointFallsBackToTheOneBeforeAndSaysSo) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
  StopWhenRead(StageOf(folder, ledger, 400, 2), 800);
  uint64_t damaged = DamageNewest(folder);
  EXPECT_GT(damaged, 1u);
  TestJob last = StageOf(folder, ledger, -1, 3);
  RunningJob job(last);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(job.job().progress().rows_in, 3200u) << "from position 200 on";
  EXPECT_THAT(job.LogText(), HasSubstr(fmt::format("{}", damaged)));
  EXPECT_THAT(job.LogText(), HasSubstr(fmt::format("Restored checkpoint {}", damaged - 1)));
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

TEST(Job, OldCheckpointsInTheFolderAreNotRestoredUnlessAskedFor) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
  TestJob fresh = StageOf(folder, ledger, -1, 2);
  fresh.restore = false;
  RunningJob job(fresh);
  ASSERT_TRUE(job.Wait().ok());
  EXPECT_EQ(job.job().progress().rows_in, 4000u);
  EXPECT_EQ(ledger->greatest("collect"), Numbers().Counts());
}

std::vector<uint64_t> CheckpointsIn(const io::TemporaryFolder& folder) {
  checkpoint::StoreOptions options;
  options.run = "look";
  checkpoint::CheckpointStore store(io::OpenStorage(folder.uri()).value(), io::OpenMetaStore(folder.uri()).value(),
                                    options);
  return store.List("job").value();
}

TEST(Job, AFreshStartKeepsTheCheckpointsOfEarlierRunsAndSaysSo) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
  TestJob fresh = StageOf(folder, ledger, -1, 2);
  fresh.restore = false;
  fresh.retained = 1;
  for (int earlier : {1, 2}) {
    RunningJob job(fresh);
    ASSERT_TRUE(job.Wait().ok()) << job.LogText();
    EXPECT_EQ(CheckpointsIn(folder).size(), static_cast<size_t>(earlier) + 1);
    EXPECT_THAT(job.LogText(), HasSubstr(fmt::format("Starting afresh; {} checkpoint", earlier)));
  }
  EXPECT_THAT(CheckpointsIn(folder), ElementsAre(1u, 2u, 3u));
}

TEST(Job, ARestoredCheckpointGoesOnlyIfItIsClaimed) {
  for (bool claim : {false, true}) {
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    StopWhenRead(StageOf(folder, ledger, 200, 2), 800);
    StopWhenRead(StageOf(folder, ledger, 400, 2), 800);
    TestJob last = StageOf(folder, ledger, -1, 2);
    last.retained = 1;
    last.claim = claim;
    RunningJob job(last);
    ASSERT_TRUE(job.Wait().ok()) << job.LogText();
    EXPECT_THAT(job.LogText(), Not(HasSubstr("Starting afresh")));
    if (claim)
      EXPECT_THAT(CheckpointsIn(folder), ElementsAre(1u, 3u));
    else
      EXPECT_THAT(CheckpointsIn(folder), ElementsAre(1u, 2u, 3u));
  }
}

TEST(Job, FencedByAnotherCoordinatorItEndsThoughRestartsAreLeft) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  TestJob slow = StageOf(folder, ledger, 200, 1);
  slow.restore = false;
  slow.restarts = 5;
  RunningJob first(slow);
  ASSERT_TRUE(Eventually([&] { return first.job().progress().rows_in == 800; }));
  TestJob other = StageOf(folder, std::make_shared<Ledger>(), -1, 1);
  other.restore = false;
  RunningJob second(other);
  ASSERT_TRUE(second.Wait().ok()) << second.LogText();
  first.job().Stop();
  auto end = first.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr("Another coordinator runs job 'job'"));
  EXPECT_EQ(first.job().progress().restarts, 0) << first.LogText();
}

/// Passes no rows on, throws when it is closed; at the first row, too, if it is to fail before.
class BadCloser final : public LedgerOperator {
 public:
  BadCloser(SharedLedger ledger, bool fails) : LedgerOperator(std::move(ledger)), fails_(fails) {}
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    if (fails_) return UserError("no rows, please");
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }
  void Close() override {
    ledger_->Add("closed");
    throw std::runtime_error("cannot close");
  }

 private:
  bool fails_;
};

TEST(Job, AnOperatorThatDoesNotCloseFailsAJobThatHadEndedAndIsLoggedOtherwise) {
  for (bool fails : {false, true}) {
    TestJob test;
    test.restarts = fails ? 0 : 5;
    uint32_t read = test.Source("read", Numbers());
    test.Function<BadCloser>("closer", fails);
    test.graph.Join(read, test.graph.Sink("closer", 1));
    RunningJob job(test);
    auto end = job.Wait();
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(test.ledger->number("closed"), 1);
    const std::string& told = fails ? job.LogText() : end.status().message();
    for (const char* part : {"did not close", "std::runtime_error", "cannot close", "closer"})
      EXPECT_THAT(told, HasSubstr(part));
    if (fails) EXPECT_THAT(end.status().message(), HasSubstr("no rows, please"));
  }
}

TEST(Job, StateOfAnOperatorThatIsNoMoreIsRefusedByName) {
  io::TemporaryFolder folder;
  auto ledger = std::make_shared<Ledger>();
  StopWhenRead(StageOf(folder, ledger, 200, 1), 800);
  TestJob test(ledger);
  test.directory = folder.uri();
  test.restore = true;
  uint32_t read = test.Source("read", {});
  uint32_t collect = test.Collect("collect");
  test.graph.Join(read, collect);
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().category(), ErrorCategory::kUser);
  EXPECT_THAT(end.status().message(), HasSubstr("count"));
}

TEST(Job, AnUnwritableCheckpointFolderFailsTheJobWithThePath) {
  io::TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "in the way";
  TestJob test = CountingJob({});
  test.directory = folder.uri() + "/file/below";
  test.interval_ms = 5;
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr(folder.path() + "/file"));
}

}  // namespace
}  // namespace thalweg::runtime
