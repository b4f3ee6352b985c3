#include "sql/watermark_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using WatermarkHints = std::map<std::string, std::string>;

Table WatermarkedTable(WatermarkHints options) {
  Table table;
  table.path = {"c", "d", "clicks"};
  table.watermark.emplace();
  table.options = std::move(options);
  return table;
}

std::string WatermarkError(WatermarkHints options) {
  graph::ScanSpec spec;
  std::vector<std::string> warnings;
  return ReadWatermarkOptions(WatermarkedTable(std::move(options)), {}, spec, warnings).message();
}

TEST(WatermarkOptions, IdleTimeoutAndAlignmentAreTheScansAndHintsGoFirst) {
  const Table table = WatermarkedTable({{"scan.watermark.idle-timeout", "1 min"},
                                        {"scan.watermark.alignment.group", "g"},
                                        {"scan.watermark.alignment.max-drift", "30 s"},
                                        {"topic", "t"}});
  graph::ScanSpec spec;
  spec.idle_timeout_ms = 5;
  std::vector<std::string> warnings;
  ASSERT_TRUE(ReadWatermarkOptions(table, {{"scan.watermark.idle-timeout", "2 s"}}, spec, warnings).ok());
  EXPECT_EQ(spec.idle_timeout_ms, 2000);
  const graph::ScanSpec read = *graph::DecodeScan(graph::Encode(spec));
  EXPECT_EQ(read.alignment_group, "g");
  EXPECT_EQ(read.alignment_max_drift_ms, 30'000);
  EXPECT_EQ(read.alignment_interval_ms, 1000);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(WatermarkOptions, WithoutThemTheScanStaysAsItWas) {
  graph::ScanSpec spec;
  spec.idle_timeout_ms = 5;
  std::vector<std::string> warnings;
  ASSERT_TRUE(ReadWatermarkOptions(WatermarkedTable({{"topic", "t"}}), {}, spec, warnings).ok());
  EXPECT_EQ(spec.idle_timeout_ms, 5);
  EXPECT_EQ(graph::DecodeScan(graph::Encode(spec))->alignment_group, "");
}

TEST(WatermarkOptions, WhatHasNoEffectIsWarnedOf) {
  Table table =
      WatermarkedTable({{"scan.watermark.emit.strategy", "on-event"}, {"scan.watermark.emit.on-event.gap", "2"}});
  graph::ScanSpec spec;
  std::vector<std::string> warnings;
  ASSERT_TRUE(ReadWatermarkOptions(table, {}, spec, warnings).ok());
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("'scan.watermark.emit.strategy' has no effect")));
  warnings.clear();
  table.options = {{"scan.watermark.idle-timeout", "2 s"}};
  table.watermark.reset();
  ASSERT_TRUE(ReadWatermarkOptions(table, {}, spec, warnings).ok());
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("has no WATERMARK")));
}

TEST(WatermarkOptions, WrongOnesAreErrors) {
  EXPECT_THAT(WatermarkError({{"scan.watermark.idle-timeot", "1 s"}}),
              HasSubstr("Unknown option 'scan.watermark.idle-timeot' of table `c`.`d`.`clicks`; did you mean "
                        "'scan.watermark.idle-timeout'? There are: "));
  EXPECT_THAT(WatermarkError({{"scan.watermark.idle-timeout", "soon"}}),
              HasSubstr("Option 'scan.watermark.idle-timeout' of table `c`.`d`.`clicks`: "));
  EXPECT_THAT(WatermarkError({{"scan.watermark.alignment.group", "g"}}), HasSubstr("give both or none"));
  EXPECT_THAT(WatermarkError({{"scan.watermark.emit.strategy", "never"}}),
              HasSubstr("not one of on-event, on-periodic: 'never'"));
  EXPECT_THAT(WatermarkError({{"scan.watermark.emit.on-event.gap", "0"}}), HasSubstr("not at least 1: 0"));
}

}  // namespace
}  // namespace thalweg::sql
