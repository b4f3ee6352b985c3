// Whatever is killed whenever, the counts are right.
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

// What a sanitizer build may take of the whole test time; an optimised build does all rounds.
constexpr auto kStressLimit = std::chrono::seconds(6);

TEST(Job, CountsOnceWhateverIsKilledWhenever) {
  auto started = std::chrono::steady_clock::now();
  int rounds = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    if (std::chrono::steady_clock::now() - started > kStressLimit) break;
    Random random(seed);
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    Numbers numbers;
    numbers.splits = 1 + static_cast<int>(random.Below(5));
    numbers.rows_per_split = 200 + static_cast<int64_t>(random.Below(600));
    numbers.batch_rows = 1 + static_cast<int32_t>(random.Below(40));
    numbers.keys = 1 + static_cast<int64_t>(random.Below(40));
    if (random.Below(2)) numbers.gate = HoldForCheckpointAt(ledger, static_cast<int64_t>(random.Below(200)));
    numbers.on_discover = [pause = random.Below(4)]() -> Status {
      std::this_thread::sleep_for(std::chrono::milliseconds(pause));  // splits come while checkpoints are taken
      return {};
    };
    auto kill_at = static_cast<int64_t>(random.Below(static_cast<uint64_t>(numbers.splits * numbers.rows_per_split)));
    TestJob test = CountingJob(numbers, ledger, ThrowOnceFrom(kill_at));
    test.parallelism = 1 + static_cast<int>(random.Below(5));
    test.cores = 1 + static_cast<int>(random.Below(3));
    test.serialize_hops = random.Below(4) == 0;
    test.piecemeal = random.Below(2) == 0;
    test.directory = folder.uri();
    test.interval_ms = 1 + static_cast<int64_t>(random.Below(4));
    bool as_new_job = random.Below(2);
    if (as_new_job) {
      RunningJob killed(test);
      ASSERT_FALSE(killed.Wait().ok()) << "seed " << seed;
      test.restore = true;
      test.parallelism = 1 + static_cast<int>(random.Below(5));
      test.cores = 1 + static_cast<int>(random.Below(3));
    } else {
      test.restarts = 1;
    }
    RunningJob job(test);
    auto end = job.Wait();
    ASSERT_TRUE(end.ok()) << "seed " << seed << ": " << end.status().ToString();
    ASSERT_EQ(ledger->greatest("collect"), numbers.Counts()) << "seed " << seed << "\n" << job.LogText();
    ASSERT_EQ(job.job().progress().restarts, as_new_job ? 0 : 1) << "seed " << seed;
    ASSERT_EQ(ledger->number("late at count"), 0) << "seed " << seed;
    ++rounds;
  }
  EXPECT_GT(rounds, 0);
  RecordProperty("rounds", rounds);
}

}  // namespace
}  // namespace thalweg::runtime
