#include "metrics/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "metrics/names.h"

namespace thalweg::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Variables kProcess = {{"host", "box"}, {"tm_id", "tm1"}};

std::vector<std::string> Names(const std::vector<Sample>& samples) {
  std::vector<std::string> names;
  for (const Sample& sample : samples) names.push_back(sample.Identifier());
  return names;
}

TEST(Registry, IdentifiersAreFlinks) {
  Registry registry;
  auto process = registry.Open(ScopeKind::kTaskManager, kProcess);
  auto job = process->Open(ScopeKind::kTaskManagerJob, {{"job_name", "clicks"}, {"job_id", "j1"}});
  auto task = job->Open(ScopeKind::kTask, {{"task_name", "Source"}, {"subtask_index", "0"}});
  auto op = task->Open(ScopeKind::kOperator, {{"operator_name", "Window"}, {"operator_id", "o1"}});
  process->gauge("Status.JVM.Memory.Heap.Used").Set(1);
  task->counter(kNumBytesOut).Add(1);
  op->counter(kNumRecordsIn).Add(1);
  auto samples = registry.Snapshot(0);
  EXPECT_THAT(Names(samples), ElementsAre("box.taskmanager.tm1.Status.JVM.Memory.Heap.Used",
                                          "box.taskmanager.tm1.clicks.Source.0.numBytesOut",
                                          "box.taskmanager.tm1.clicks.Window.0.numRecordsIn"));
  EXPECT_EQ(samples[2].LogicalName(), "taskmanager.job.task.operator.numRecordsIn");
  EXPECT_EQ(samples[2].variables->at("job_id"), "j1");
  EXPECT_EQ(samples[2].variables->at("task_name"), "Source");
}

TEST(Registry, CoordinatorScopesAndMissingVariables) {
  Registry registry;
  auto coordinator = registry.Open(ScopeKind::kJobManager, {{"host", "box"}});
  auto job = coordinator->Open(ScopeKind::kJobManagerJob, {});
  auto op = job->Open(ScopeKind::kJobManagerOperator, {{"operator_name", "Source"}, {"job_name", "clicks"}});
  job->gauge(kNumRestarts).Set(3);
  op->gauge("coordinator.enumerator.unassignedSplits").Set(2);
  EXPECT_THAT(Names(registry.Snapshot(0)),
              ElementsAre("box.jobmanager.<job_name>.numRestarts",
                          "box.jobmanager.clicks.Source.coordinator.enumerator.unassignedSplits"));
}

TEST(Registry, PartsPrefixNamesAndAddVariables) {
  Registry registry;
  auto op = registry.Open(ScopeKind::kOperator, {});
  Group& reader = op->AddGroup("KafkaSourceReader");
  reader.counter("commitsSucceeded").Add(4);
  reader.AddGroup("topic", "clicks").AddGroup("partition", "3").gauge("currentOffset").Set(17);
  EXPECT_EQ(&op->AddGroup("KafkaSourceReader"), &reader) << "a part is made once";
  auto samples = registry.Snapshot(0);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].name, "KafkaSourceReader.commitsSucceeded");
  EXPECT_EQ(samples[1].name, "KafkaSourceReader.topic.clicks.partition.3.currentOffset");
  EXPECT_EQ(samples[1].variables->at("topic"), "clicks");
  EXPECT_EQ(samples[1].variables->at("partition"), "3");
  EXPECT_FALSE(samples[0].variables->contains("topic"));
}

TEST(Registry, EachKindIsReadAsItIs) {
  Registry registry;
  auto group = registry.Open(ScopeKind::kTask, {});
  group->counter_with_rate("records").Add(10);
  group->float_gauge("usage").Set(0.5);
  group->histogram("latency").Record(7);
  registry.Snapshot(1000);
  group->counter("records").Add(20);
  auto samples = registry.Snapshot(2000);
  ASSERT_EQ(samples.size(), 4u);
  EXPECT_EQ(samples[0].name, "latency");
  EXPECT_EQ(samples[0].kind, MetricKind::kHistogram);
  EXPECT_EQ(std::get<HistogramSnapshot>(samples[0].value).Quantile(0.5), 7);
  EXPECT_EQ(samples[1].kind, MetricKind::kCounter);
  EXPECT_EQ(std::get<int64_t>(samples[1].value), 30);
  EXPECT_EQ(samples[2].name, "recordsPerSecond");
  EXPECT_EQ(samples[2].kind, MetricKind::kMeter);
  EXPECT_DOUBLE_EQ(std::get<double>(samples[2].value), 20);
  EXPECT_EQ(samples[3].kind, MetricKind::kFloatGauge);
  EXPECT_DOUBLE_EQ(std::get<double>(samples[3].value), 0.5);
}

TEST(Registry, ClosedGroupIsNotReadAndGroupsOutliveTheRegistry) {
  std::unique_ptr<Group> survivor;
  {
    Registry registry;
    auto task = registry.Open(ScopeKind::kTask, {});
    survivor = task->Open(ScopeKind::kOperator, {});
    task->counter("a").Add(1);
    survivor->counter("b").Add(1);
    task.reset();
    auto samples = registry.Snapshot(0);
    ASSERT_EQ(samples.size(), 1u);
    EXPECT_EQ(samples[0].name, "b");
  }
  survivor->counter("b").Add(1);
  EXPECT_EQ(survivor->counter("b").value(), 2);
}

TEST(Group, ScopesDoNotShareCacheLinesAndOneScopesCountersDo) {
  Registry registry;
  auto one = registry.Open(ScopeKind::kTask, {});
  auto two = registry.Open(ScopeKind::kTask, {});
  auto line = [](const Counter& counter) { return reinterpret_cast<uintptr_t>(&counter) / 64; };
  uintptr_t first = line(one->counter("a"));
  uintptr_t other = line(two->counter("a"));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(&one->counter("a")) % 64, 0u);
  EXPECT_NE(first, other);
  EXPECT_EQ(line(one->counter("b")), first);
  EXPECT_EQ(line(one->AddGroup("part").counter("c")), first) << "a part has the scope's writer";
  for (int i = 0; i < 20; ++i) EXPECT_NE(line(one->counter("x" + std::to_string(i))), other);
}

TEST(Group, UserNamesAreCheckedBeforeTheyAreUsed) {
  Registry registry;
  auto group = registry.Open(ScopeKind::kOperator, {});
  EXPECT_TRUE(group->CheckUserMetric("my-counter_1.x", MetricKind::kCounter).ok());
  for (std::string name : {"", "a b", "a/b", ".a", "a.", "ä", "a\n"}) {
    Status status = group->CheckUserMetric(name, MetricKind::kCounter);
    EXPECT_EQ(status.category(), ErrorCategory::kUser) << name;
    EXPECT_THAT(status.message(), HasSubstr("Metric name must be 1 to 200 letters"));
  }
  EXPECT_FALSE(CheckMetricName(std::string(201, 'a')).ok());
  group->counter("taken");
  EXPECT_TRUE(group->CheckUserMetric("taken", MetricKind::kCounter).ok());
  EXPECT_EQ(group->CheckUserMetric("taken", MetricKind::kGauge).message(),
            "Metric name is taken by a metric of another kind: 'taken'");
}

TEST(GroupDeathTest, AMalformedOrTakenNameOfOurOwnStopsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry registry;
  auto group = registry.Open(ScopeKind::kOperator, {});
  group->counter("taken");
  EXPECT_DEATH(group->gauge("taken"), "another kind: taken");
  EXPECT_DEATH(group->counter("a b"), "Metric name must be");
}

TEST(Registry, ManyWritersAndAReaderWhileGroupsComeAndGo) {
  Registry registry;
  constexpr int kWriters = 3;
  constexpr int kRounds = 20;
  std::atomic<int> running{kWriters};
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int round = 0; round < kRounds; ++round) {
        auto group = registry.Open(ScopeKind::kTask, {{"subtask_index", std::to_string(w)}});
        Counter& counter = group->counter_with_rate("records");
        Histogram& histogram = group->histogram("latency");
        for (int i = 0; i < 200; ++i) {
          counter.Increment();
          histogram.Record(i);
          group->AddGroup("part").gauge("g" + std::to_string(i % 5)).Set(i);
        }
      }
      --running;
    });
  }
  int64_t now_ms = 0;
  while (running > 0) {
    for (const Sample& sample : registry.Snapshot(++now_ms)) {
      if (sample.kind == MetricKind::kCounter) {
        EXPECT_LE(std::get<int64_t>(sample.value), 200);
      }
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_THAT(registry.Snapshot(++now_ms), IsEmpty());
}

}  // namespace
}  // namespace thalweg::metrics
