#include "metrics/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::metrics {
namespace {

using ::testing::HasSubstr;

TEST(ReportText, HasFlinksSectionsAndIdentifiers) {
  Registry registry;
  auto job = registry.Open(ScopeKind::kJobManagerJob, {{"host", "box"}, {"tm_id", "box:1"}, {"job_name", "clicks"}});
  auto map = job->Open(ScopeKind::kOperator, {{"operator_name", "Map"}, {"subtask_index", "0"}});
  job->gauge("numRestarts").Set(2);
  map->counter_with_rate("largeOrders").Add(3);
  map->float_gauge("share").Set(0.25);
  EXPECT_EQ(ReportText(registry.Snapshot(0)), R"(
=========================== Starting metrics report ===========================

-- Counters -------------------------------------------------------------------
box.taskmanager.box:1.clicks.Map.0.largeOrders: 3

-- Gauges ---------------------------------------------------------------------
box.jobmanager.clicks.numRestarts: 2
box.taskmanager.box:1.clicks.Map.0.share: 0.25

-- Meters ---------------------------------------------------------------------
box.taskmanager.box:1.clicks.Map.0.largeOrdersPerSecond: 0

-- Histograms -----------------------------------------------------------------

=========================== Finished metrics report ===========================)");
}

TEST(ReportText, AHistogramHasFlinksStatistics) {
  Registry registry;
  auto group = registry.Open(ScopeKind::kJobManager, {{"host", "box"}});
  Histogram& sizes = group->histogram("sizes");
  for (int i = 1; i <= 4; ++i) sizes.Record(i);
  EXPECT_THAT(ReportText(registry.Snapshot(0)),
              HasSubstr("\nbox.jobmanager.sizes: count=4, min=1, max=4, mean=2.5, stddev=1"));
  EXPECT_THAT(ReportText(registry.Snapshot(0)), HasSubstr(", p50=2, p75=3, p95=4, p98=4, p99=4, p999=4\n"));
}

}  // namespace
}  // namespace thalweg::metrics
