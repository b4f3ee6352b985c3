#include "connectors/file_partition_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/builder.h"
#include "connectors/bare_task.h"
#include "testing/golden_states.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using types::DataType;
using types::TypeId;
using Trigger = PartitionCommitOptions::Trigger;

FilePartitions ByDay() { return {{{"dt", DataType(TypeId::kString)}, {"hour", DataType(TypeId::kString)}}}; }

int64_t Millis(const std::string& pattern, const std::string& formatter, std::vector<PartitionText> values) {
  const PartitionTimeExtractor time{pattern, formatter};
  Result<int64_t> millis = time.TimeOf(ByDay(), values);
  EXPECT_TRUE(millis.ok()) << millis.status().message();
  return millis.ok() ? *millis : -1;
}

constexpr int64_t kMillisOfHour = 3'600'000;
constexpr int64_t kJanuary31 = 19'753 * 24 * kMillisOfHour;  // 2024

TEST(PartitionTime, IsWhatTheFirstColumnSaysOrThePatternMakes) {
  EXPECT_EQ(Millis("", "", {"2024-01-31", "8"}), kJanuary31);
  EXPECT_EQ(Millis("", "", {"2024-1-31 7:5:09", "8"}), kJanuary31 + 7 * kMillisOfHour + 309'000);
  EXPECT_EQ(Millis("$dt $hour:00:00", "", {"2024-01-31", "8"}), kJanuary31 + 8 * kMillisOfHour);
  EXPECT_EQ(Millis("$dt", "yyyyMMdd", {"20240131", "8"}), kJanuary31);
  EXPECT_EQ(Millis("$dt/$hour", "yyyyMMdd/HH", {"20240131", "08"}), kJanuary31 + 8 * kMillisOfHour);
}

TEST(PartitionTime, ATextThatIsNoTimeIsAnErrorThatShowsIt) {
  auto error = [](const std::string& pattern, std::vector<PartitionText> values) {
    return PartitionTimeExtractor{pattern, ""}.TimeOf(ByDay(), values).status().message();
  };
  EXPECT_THAT(error("$dt $hour", {"2024-01-31", "8"}), HasSubstr("'2024-01-31 8' is not like 'yyyy-MM-dd HH:mm:ss'"));
  EXPECT_THAT(error("", {std::nullopt, "8"}), HasSubstr("'__DEFAULT_PARTITION__' is not like"));
  for (const char* text : {"", "2024", "2024-13-01", "2024-02-30", "2024-01-31 24:00:00", "2024-01-31x", "x-1-1"})
    EXPECT_THAT(error("", {text, "8"}), HasSubstr("Partition has no time")) << text;
}

TEST(PartitionCommitOptions, ZonesAndFormattersMustExist) {
  PartitionCommitOptions options;
  options.watermark_zone = "Nowhere/City";
  EXPECT_THAT(options.Check().message(), HasSubstr("sink.partition-commit.watermark-time-zone"));
  options.watermark_zone = "UTC";
  options.time.formatter = "yyyy'";
  EXPECT_THAT(options.Check().message(), HasSubstr("partition.time-extractor.timestamp-formatter"));
}

class PartitionCommitsTest : public ::testing::Test {
 protected:
  PartitionCommits Open(BareContext& context, PartitionCommitOptions options) {
    options.success_file = "_SUCCESS";
    PartitionCommits commits(std::move(options), ByDay());
    EXPECT_TRUE(commits.Open(context).ok());
    return commits;
  }
  static Status Rows(PartitionCommits& commits, BareContext& context, const std::string& dt, const std::string& hour) {
    columns::BatchBuilder builder(types::Schema(ByDay().keys), context.pool());
    builder.column(0).AppendString(dt);
    builder.column(1).AppendString(hour);
    builder.FinishRow();
    const columns::Batch batch = builder.Take();
    std::string folder;
    AppendPartitionFolder(ByDay(), batch, {0, 1}, 0, folder);
    return commits.OnRows(folder, batch, {0, 1}, 0);
  }
  static void Advance(BareContext& context, int64_t ms) { static_cast<time::ManualClock&>(context.clock()).Set(ms); }
};

TEST_F(PartitionCommitsTest, ByProcessTimeAPartitionIsWholeWhenTheDelayHasPassed) {
  BareContext context;
  PartitionCommits commits = Open(context, {.delay_ms = 1000});
  ASSERT_TRUE(Rows(commits, context, "a", "1").ok());
  commits.OnSnapshot(1);
  EXPECT_THAT(commits.OnComplete(1), IsEmpty());
  Advance(context, 600);
  ASSERT_TRUE(Rows(commits, context, "b", "1").ok());
  Advance(context, 1001);
  commits.OnSnapshot(2);
  EXPECT_THAT(commits.OnComplete(2), ElementsAre("dt=a/hour=1/"));
  Advance(context, 5000);
  commits.OnSnapshot(3);
  EXPECT_THAT(commits.OnComplete(3), ElementsAre("dt=b/hour=1/"));
  commits.OnSnapshot(4);
  EXPECT_THAT(commits.OnComplete(4), IsEmpty());
}

TEST_F(PartitionCommitsTest, ByPartitionTimeItIsTheWatermarkAtTheBarrierThatCounts) {
  BareContext context;
  PartitionCommits commits = Open(context, {.trigger = Trigger::kPartitionTime,
                                            .delay_ms = kMillisOfHour,
                                            .watermark_zone = "Europe/Berlin",
                                            .time = {.pattern = "$dt $hour:00:00"}});
  ASSERT_TRUE(Rows(commits, context, "2024-01-31", "8").ok());
  const int64_t end = kJanuary31 + 8 * kMillisOfHour;  // 8:00 in Berlin is 7:00 UTC, and an hour of delay
  commits.OnWatermark(end);
  commits.OnSnapshot(1);
  commits.OnWatermark(end + 1);
  EXPECT_THAT(commits.OnComplete(1), IsEmpty());
  commits.OnSnapshot(2);
  EXPECT_THAT(commits.OnComplete(2), ElementsAre("dt=2024-01-31/hour=8/"));
  EXPECT_THAT(Rows(commits, context, "yesterday", "8").message(),
              HasSubstr("Partition has no time: 'yesterday 8:00:00'"));
}

TEST_F(PartitionCommitsTest, RowsThatComeAfterwardsTellItAgain) {
  BareContext context;
  PartitionCommits commits = Open(context, {});
  ASSERT_TRUE(Rows(commits, context, "a", "1").ok());
  commits.OnSnapshot(1);
  ASSERT_TRUE(Rows(commits, context, "a", "1").ok());
  EXPECT_THAT(commits.OnComplete(1), ElementsAre("dt=a/hour=1/"));
  EXPECT_THAT(commits.OnComplete(1), IsEmpty()) << "what came since is in no checkpoint";
  commits.OnSnapshot(2);
  EXPECT_THAT(commits.OnComplete(2), ElementsAre("dt=a/hour=1/"));
}

TEST_F(PartitionCommitsTest, AnAbortedCheckpointTellsNothingAndTheNextDoes) {
  BareContext context;
  PartitionCommits commits = Open(context, {});
  ASSERT_TRUE(Rows(commits, context, "a", "1").ok());
  commits.OnSnapshot(1);
  commits.OnSnapshot(2);
  EXPECT_THAT(commits.OnComplete(2), ElementsAre("dt=a/hour=1/"));
}

TEST_F(PartitionCommitsTest, AtTheEndAllThatWaitsIsWhole) {
  BareContext context;
  PartitionCommits commits = Open(context, {.trigger = Trigger::kPartitionTime});
  ASSERT_TRUE(Rows(commits, context, "2024-01-31", "1").ok());
  ASSERT_TRUE(Rows(commits, context, "2024-01-30", "1").ok());
  commits.OnEnd();
  commits.OnSnapshot(1);
  EXPECT_THAT(commits.OnComplete(3), ElementsAre("dt=2024-01-30/hour=1/", "dt=2024-01-31/hour=1/"));
}

TEST_F(PartitionCommitsTest, WhatWaitsGoesToTheSubtaskThatGetsItsRows) {
  BareContext before;
  PartitionCommits commits = Open(before, {});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Rows(commits, before, fmt::format("d{}", i), "1").ok());
  commits.OnSnapshot(1);
  const auto lists = state::Redistribute({before.operator_state().Snapshot()}, 3);
  std::vector<std::string> all;
  for (int subtask = 0; subtask < 3; ++subtask) {
    BareContext context;
    context.task().subtask = subtask;
    context.task().parallelism = 3;
    context.operator_state().Restore(lists[static_cast<size_t>(subtask)]);
    PartitionCommits restored = Open(context, {});
    // Not before a checkpoint of this attempt: who published the parts of the old one is not known to have done so.
    EXPECT_THAT(restored.OnComplete(1), IsEmpty());
    restored.OnSnapshot(2);
    const std::vector<std::string> whole = restored.OnComplete(2);
    EXPECT_LT(whole.size(), 20u);
    all.insert(all.end(), whole.begin(), whole.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

// docs/internals/files.md
TEST_F(PartitionCommitsTest, TheBytesOfAWaitingPartitionAreTheGoldenOnes) {
  const std::string golden = testing::GoldenState("file-sink-waiting-partition");
  BareContext context;
  state::OperatorStateSnapshot list{"partitions", state::Redistribution::kUnion, "waiting-partition/1", {golden}};
  context.operator_state().Restore({list});
  PartitionCommits commits = Open(context, {.trigger = Trigger::kPartitionTime});
  commits.OnSnapshot(7);
  ASSERT_EQ(context.operator_state().Snapshot().size(), 1u);
  EXPECT_THAT(context.operator_state().Snapshot()[0].items, ElementsAre(golden));
  commits.OnWatermark(1'706'688'000'001);
  commits.OnSnapshot(8);
  EXPECT_THAT(commits.OnComplete(8), ElementsAre("dt=2024-01-31/hour=8/"));
  BareContext other;
  other.operator_state().Restore({{"partitions", state::Redistribution::kUnion, "waiting-partition/1", {"damaged"}}});
  PartitionCommits damaged({}, ByDay());
  EXPECT_FALSE(damaged.Open(other).ok());
}

}  // namespace
}  // namespace thalweg::connectors
