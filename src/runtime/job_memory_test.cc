// Whole jobs near the memory limit. What the process holds is said by the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using ::testing::HasSubstr;

// 4,000 numbers through a count, with what the process is said to hold.
TestJob Watched(const std::shared_ptr<std::atomic<int64_t>>& resident, std::function<bool(int, int, int64_t)> gate) {
  constexpr int64_t kMiB = int64_t{1} << 20;
  TestJob test;
  Numbers numbers;
  numbers.gate = std::move(gate);
  uint32_t read = test.Source("read", numbers);
  uint32_t count = test.Count("count");
  uint32_t collect = test.Collect("collect");
  test.graph.Join(read, count, graph::Partitioning::kKeyed);
  test.graph.Join(count, collect);
  test.memory_limit = 100 * kMiB;
  test.resident_bytes = [resident] { return resident->load() * kMiB; };
  return test;
}

TEST(Job, NearTheMemoryLimitSourcesStandStillAndThenGoOn) {
  auto resident = std::make_shared<std::atomic<int64_t>>(92);
  auto stopped = std::make_shared<std::atomic<bool>>(false);
  RunningJob job(Watched(resident, [stopped](int, int, int64_t at) { return at < 500 || *stopped; }));
  ASSERT_TRUE(Eventually([&] { return job.LogText().find("Sources stand still") != std::string::npos; }));
  EXPECT_THAT(job.LogText(), HasSubstr("92 MiB of 100 MiB in use"));
  *stopped = true;  // the gates are open, and nothing comes through
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(job.job().progress().rows_in, 4u * 501u);
  *resident = 50;
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_THAT(job.LogText(), HasSubstr("Sources go on"));
  EXPECT_EQ(job.job().progress().rows_in, 4000u);
}

TEST(Job, AtTheMemoryLimitItFailsAndSaysWhatTakesTheMemory) {
  auto resident = std::make_shared<std::atomic<int64_t>>(50);
  RunningJob job(Watched(resident, [](int, int, int64_t at) { return at < 500; }));
  ASSERT_TRUE(Eventually([&] { return job.job().progress().rows_in >= 2000u; }));
  *resident = 96;
  auto end = job.Wait();
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.status().message(), HasSubstr("Memory limit reached: 96 MiB of 100 MiB in use"));
  EXPECT_THAT(end.status().message(), HasSubstr("state of 'count"));
  EXPECT_THAT(end.status().message(), HasSubstr("taskmanager.memory.process.size"));
}

}  // namespace
}  // namespace thalweg::runtime
