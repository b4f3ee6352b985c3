#include "io/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

namespace thalweg::io {
namespace {

TEST(Executor, EveryAcceptedJobRunsBeforeDestructionEnds) {
  std::atomic<int> ran{0};
  {
    Executor executor({.threads = 2, .queue_jobs = 100});
    for (int i = 0; i < 100; ++i) {
      if (!executor.Submit([&] { ++ran; })) ADD_FAILURE() << "there was room for job " << i;
    }
  }
  EXPECT_EQ(ran, 100);
}

TEST(Executor, FullQueueRefusesAndLeavesTheJobWhole) {
  std::latch release(1);
  Executor executor({.threads = 1, .queue_jobs = 1});
  std::latch started(1);
  ASSERT_TRUE(executor.Submit([&] {
    started.count_down();
    release.wait();
  }));
  started.wait();
  ASSERT_TRUE(executor.Submit([] {}));
  bool ran = false;
  auto payload = std::make_unique<int>(42);
  auto job = [&ran, payload = std::move(payload)] { ran = *payload == 42; };
  EXPECT_FALSE(executor.Submit(std::move(job)));
  EXPECT_EQ(executor.metrics().refused, 1u);
  EXPECT_EQ(executor.metrics().queued, 1u);
  release.count_down();
  executor.Drain();
  ASSERT_TRUE(executor.Submit(std::move(job)));
  executor.Drain();
  EXPECT_TRUE(ran);
  EXPECT_EQ(executor.metrics().finished, 3u);
  EXPECT_EQ(executor.metrics().submitted, 3u);
  EXPECT_EQ(executor.metrics().longest_queue, 1u);
}

TEST(Executor, JobsMayBeMoveOnlyAndMaySubmitJobs) {
  Executor executor({.threads = 1});
  std::promise<int> answer;
  std::future<int> future = answer.get_future();
  ASSERT_TRUE(executor.Submit([&executor, answer = std::move(answer)]() mutable {
    bool accepted = executor.Submit([answer = std::move(answer)]() mutable { answer.set_value(7); });
    EXPECT_TRUE(accepted);
  }));
  EXPECT_EQ(future.get(), 7);
}

TEST(Executor, AJobsCapturesAreGoneWhenDrainReturns) {
  Executor executor({.threads = 2});
  auto token = std::make_shared<int>(1);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(executor.Submit([token] {}));
  executor.Drain();
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Executor, AJobsCapturesMayCallTheExecutorWhenTheyEnd) {
  struct CallsWhenItEnds {
    Executor* executor;
    std::atomic<int>* ended;
    void operator()(CallsWhenItEnds*) const { *ended += executor->metrics().finished == 0 ? 1 : 0; }
  };
  std::atomic<int> ended{0};
  Executor executor({.threads = 1});
  CallsWhenItEnds end{&executor, &ended};
  ASSERT_TRUE(executor.Submit([held = std::unique_ptr<CallsWhenItEnds, CallsWhenItEnds>(&end, end)] {}));
  executor.Drain();
  EXPECT_EQ(ended, 1);
}

TEST(Executor, ManySubmittersAndThreadsRunEachJobOnce) {
  constexpr int kSubmitters = 4;
  constexpr int kJobs = 500;
  std::vector<std::atomic<int>> runs(kSubmitters * kJobs);
  Executor executor({.threads = 3, .queue_jobs = 16});
  std::vector<std::thread> submitters;
  for (int s = 0; s < kSubmitters; ++s) {
    submitters.emplace_back([&, s] {
      for (int i = 0; i < kJobs; ++i) {
        while (!executor.Submit([&count = runs[s * kJobs + i]] { ++count; })) std::this_thread::yield();
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  executor.Drain();
  for (const std::atomic<int>& count : runs) EXPECT_EQ(count, 1);
  EXPECT_LE(executor.metrics().longest_queue, 16u);
  EXPECT_EQ(executor.metrics().finished, static_cast<uint64_t>(kSubmitters * kJobs));
}

}  // namespace
}  // namespace thalweg::io
