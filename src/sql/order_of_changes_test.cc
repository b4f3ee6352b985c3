// Changes of a row never overtake each other on their way between subtasks.
#include <gmock/gmock.h>

#include "sql/test_session.h"

namespace thalweg::sql {
namespace {

using graph::ChangelogMode;
using graph::Partitioning;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OrderOfChanges : public FakeSessionTest {
 protected:
  OrderOfChanges() {
    Run("SET 'parallelism.default' = '3';"
        "CREATE TABLE log (i INT, s STRING) WITH ('connector' = 'fake');"
        "CREATE TABLE narrow (i INT, s STRING) WITH ('connector' = 'fake', 'scan.parallelism' = '2');"
        "CREATE TABLE changing (i INT, s STRING) WITH ('connector' = 'fake', 'changes' = 'retract');"
        "CREATE TABLE narrow_changing (i INT, s STRING) WITH ('connector' = 'fake', 'changes' = 'retract', "
        "'scan.parallelism' = '2')");
  }
  /// How rows come to the node of this name, input by input.
  static std::vector<Partitioning> Ways(const graph::JobGraph& graph, const std::string& name) {
    std::vector<Partitioning> ways;
    for (const graph::Edge& edge : graph.edges)
      if (graph.FindNode(edge.to)->name == name) ways.push_back(edge.partitioning);
    return ways;
  }
  graph::JobGraph Query(const std::string& query) {
    const StatementResult result = Run(query);
    const auto* run = std::get_if<QueryToRun>(&result.outcome);
    return run ? run->graph : graph::JobGraph();
  }
  /// Of an INSERT of `query` into a table with these columns, key and options.
  graph::Edge IntoSink(const std::string& columns, const std::string& options, const std::string& query) {
    Run("CREATE TEMPORARY TABLE taken (" + columns + ") WITH ('connector' = 'fake'" + options + ")");
    const StatementResult result = Run("INSERT INTO taken " + query);
    Run("DROP TEMPORARY TABLE taken");
    const auto* job = std::get_if<JobToRun>(&result.outcome);
    return job ? job->graph.edges.back() : graph::Edge();
  }
};

TEST_F(OrderOfChanges, AUnionReadsAnInputOfOneSubtaskThatChangesInOne) {
  const graph::JobGraph graph = Query("SELECT s, i FROM log UNION ALL SELECT 'all', CAST(COUNT(*) AS INT) FROM log");
  EXPECT_THAT(Ways(graph, "Union"), ElementsAre(Partitioning::kForward, Partitioning::kGlobal));
}

TEST_F(OrderOfChanges, AUnionReadsAnInputOfOtherParallelismThatChangesInOne) {
  const graph::JobGraph graph = Query("SELECT * FROM narrow_changing UNION ALL SELECT * FROM changing");
  EXPECT_THAT(Ways(graph, "Union"), ElementsAre(Partitioning::kGlobal, Partitioning::kForward));
}

TEST_F(OrderOfChanges, WhatOnlyInsertsIsSpread) {
  const graph::JobGraph graph = Query("SELECT * FROM narrow UNION ALL SELECT * FROM log");
  EXPECT_THAT(Ways(graph, "Union"), ElementsAre(Partitioning::kRebalance, Partitioning::kForward));
}

TEST_F(OrderOfChanges, ASinkOfOtherParallelismGetsThemByItsKey) {
  const std::string columns = "i INT, s STRING, PRIMARY KEY (s) NOT ENFORCED";
  const graph::Edge edge =
      IntoSink(columns, ", 'changes' = 'retract', 'sink.parallelism' = '2'", "SELECT * FROM changing");
  EXPECT_EQ(edge.partitioning, Partitioning::kKeyed);
  EXPECT_THAT(edge.key_columns, ElementsAre(1));
  EXPECT_EQ(edge.changelog, ChangelogMode::kRetract);
}

TEST_F(OrderOfChanges, ASinkOfOtherParallelismBehindAMaterializerGetsThemByItsKey) {
  const graph::Edge edge =
      IntoSink("i INT, s STRING, PRIMARY KEY (s) NOT ENFORCED", ", 'changes' = 'upsert', 'sink.parallelism' = '2'",
               "SELECT CAST(COUNT(*) AS INT), MAX(s) FROM log GROUP BY i ON CONFLICT DO DEDUPLICATE");
  EXPECT_EQ(edge.partitioning, Partitioning::kKeyed);
  EXPECT_THAT(edge.key_columns, ElementsAre(1));
}

TEST_F(OrderOfChanges, ASinkOfOtherParallelismWithoutAKeyIsRefused) {
  Run("CREATE TABLE taken (i INT, s STRING) WITH ('connector' = 'fake', 'changes' = 'retract', 'sink.parallelism' = "
      "'2')");
  EXPECT_THAT(Error("INSERT INTO taken SELECT * FROM changing"),
              HasSubstr("'sink.parallelism' = '2' and its input a parallelism of 3: rows that change keep their order "
                        "only by a PRIMARY KEY, and the table has none"));
  EXPECT_THAT(Error("INSERT INTO taken SELECT CAST(COUNT(*) AS INT), 'all' FROM log"),
              HasSubstr("its input a parallelism of 1"));
}

TEST_F(OrderOfChanges, ASinkOfOneSubtaskOrOfTheSameParallelismNeedsNoKey) {
  const std::string columns = "i INT, s STRING";
  EXPECT_EQ(
      IntoSink(columns, ", 'changes' = 'retract', 'sink.parallelism' = '1'", "SELECT * FROM changing").partitioning,
      Partitioning::kGlobal);
  EXPECT_EQ(
      IntoSink(columns, ", 'changes' = 'retract', 'sink.parallelism' = '3'", "SELECT * FROM changing").partitioning,
      Partitioning::kForward);
  EXPECT_EQ(IntoSink(columns, ", 'sink.parallelism' = '2'", "SELECT * FROM log").partitioning,
            Partitioning::kRebalance);
}

}  // namespace
}  // namespace thalweg::sql
