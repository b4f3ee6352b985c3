#include "bin/metric_reporters.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/thalweg.h"

namespace thalweg::bin {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kSlf4j = "org.apache.flink.metrics.slf4j.Slf4jReporterFactory";

config::Configuration ConfigOf(const std::vector<std::pair<std::string, std::string_view>>& values) {
  config::Configuration config;
  std::vector<std::string> warnings;
  for (const auto& [key, value] : values) EXPECT_TRUE(config.Set(key, value, &warnings).ok()) << key;
  EXPECT_THAT(warnings, IsEmpty());
  return config;
}

std::vector<std::string> Names(const config::Configuration& config) {
  std::vector<std::string> names;
  const std::vector<ReporterOptions> reporters = FindReporters(config).value();
  for (const ReporterOptions& reporter : reporters) names.push_back(reporter.name);
  return names;
}

TEST(FindReporters, AllWithAFactoryClassUnlessTheListChoosesSome) {
  EXPECT_THAT(Names({}), IsEmpty());
  const std::pair<std::string, std::string_view> one{"metrics.reporter.one.factory.class", kSlf4j};
  const std::pair<std::string, std::string_view> two{"metrics.reporter.two.factory.class", kSlf4j};
  EXPECT_THAT(Names(ConfigOf({two, one})), ElementsAre("one", "two"));
  EXPECT_THAT(Names(ConfigOf({one, two, {"metrics.reporters", "two"}})), ElementsAre("two"));
  EXPECT_THAT(Names(ConfigOf({one, two, {"metrics.reporters", " two , one,"}})), ElementsAre("two", "one"));
}

TEST(FindReporters, TheIntervalIsFlinksTenSecondsUnlessSet) {
  using std::chrono::seconds;
  config::Configuration config = ConfigOf({{"metrics.reporter.log.factory.class", kSlf4j}});
  EXPECT_EQ(FindReporters(config).value()[0].interval, seconds(10));
  ASSERT_TRUE(config.Set("metrics.reporter.log.interval", "60 SECONDS").ok());
  EXPECT_EQ(FindReporters(config).value()[0].interval, seconds(60));
  ASSERT_TRUE(config.Set("metrics.reporter.log.interval", "0 s").ok());
  EXPECT_THAT(FindReporters(config).status().message(), HasSubstr("metrics.reporter.log.interval"));
}

TEST(FindReporters, WhatThereIsNotIsAnErrorThatNamesWhatThereIs) {
  EXPECT_EQ(FindReporters(ConfigOf({{"metrics.reporters", "log"}})).status().message(),
            "Metrics reporter 'log' has no factory class: set metrics.reporter.log.factory.class to "
            "org.apache.flink.metrics.slf4j.Slf4jReporterFactory");
  EXPECT_EQ(
      FindReporters(
          ConfigOf({{"metrics.reporter.jmx.factory.class", "org.apache.flink.metrics.jmx.JMXReporterFactory"}}))
          .status()
          .message(),
      "Metrics reporter 'jmx' is of no class that there is: metrics.reporter.jmx.factory.class is "
      "'org.apache.flink.metrics.jmx.JMXReporterFactory'; write org.apache.flink.metrics.slf4j.Slf4jReporterFactory");
}

/// What reporters wrote. Any thread.
struct Reports {
  void operator()(const std::string& text) {
    std::lock_guard lock(mutex);
    texts.push_back(text);
    arrived.notify_all();
  }
  void AwaitMore(size_t than) {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return texts.size() > than; });
  }
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<std::string> texts;
};

TEST(MetricReporters, EachReportsAtTheEndThoughItsIntervalIsNotOver) {
  time::ManualClock clock;
  metrics::Registry registry;
  auto group = registry.Open(metrics::ScopeKind::kJobManager, {{"host", "box"}});
  Reports reports;
  {
    MetricReporters reporting({{"one", std::chrono::hours(1)}, {"two", config::Duration::max()}}, registry, clock,
                              std::ref(reports));
    group->counter("rows").Add(7);
  }
  ASSERT_THAT(reports.texts, SizeIs(2));
  for (const std::string& text : reports.texts) EXPECT_THAT(text, HasSubstr("\nbox.jobmanager.rows: 7\n"));
}

TEST(MetricReporters, OneReportsAgainAndAgain) {
  time::ManualClock clock;
  metrics::Registry registry;
  Reports reports;
  MetricReporters reporting({{"often", std::chrono::milliseconds(1)}, {"never", std::chrono::hours(1)}}, registry,
                            clock, std::ref(reports));
  for (size_t seen : {0, 1, 2}) reports.AwaitMore(seen);
}

TEST(MetricReporters, WithoutAReporterNothingIsReported) {
  time::ManualClock clock;
  metrics::Registry registry;
  Reports reports;
  {
    MetricReporters reporting({}, registry, clock, std::ref(reports));
  }
  EXPECT_THAT(reports.texts, IsEmpty());
}

struct CountLarge {
  void Open(RuntimeContext& runtime) { large = &runtime.metrics().counter("largeOrders"); }
  int64_t operator()(int64_t order) {
    if (order > 70) large->Increment();
    return order;
  }
  Counter* large = nullptr;
};

TEST(MetricReporters, TheCountersOfAProgramAreReportedUnderFlinksIdentifiers) {
  auto reports = std::make_shared<Reports>();
  api::RunOptions options;
  options.log = [reports](const std::string& line) { (*reports)(line); };
  StreamExecutionEnvironment env(
      ConfigOf({{"metrics.reporters", "log"}, {"metrics.reporter.log.factory.class", kSlf4j}}), options);
  env.FromSequence(1, 100)
      .Filter([](int64_t order) { return order > 60; })
      .Name("filter")
      .Map(CountLarge{})
      .Name("large")
      .ExecuteAndCollect("orders")
      .value();
  ASSERT_THAT(reports->texts, SizeIs(1));
  EXPECT_THAT(reports->texts[0],
              ContainsRegex("\n[^ ]+\\.taskmanager\\.[^ ]+:[0-9]+\\.orders\\.large\\.0\\.largeOrders: 30\n"));
  for (const char* rows : {"filter.0.numRecordsIn: 100", "filter.0.numRecordsOut: 40", "large.0.numRecordsIn: 40"})
    EXPECT_THAT(reports->texts[0], HasSubstr(rows));
  EXPECT_THAT(reports->texts[0], ContainsRegex("\n[^ ]+\\.jobmanager\\.orders\\.totalNumberOfCheckpoints: [0-9]+\n"));
}

TEST(MetricReporters, AClassThatThereIsNotEndsTheJobBeforeItStarts) {
  StreamExecutionEnvironment env(ConfigOf({{"metrics.reporter.x.factory.class", "com.example.Reporter"}}), {});
  EXPECT_THAT(env.FromSequence(1, 100).ExecuteAndCollect("orders").status().message(),
              HasSubstr("Metrics reporter 'x' is of no class that there is"));
}

}  // namespace
}  // namespace thalweg::bin
