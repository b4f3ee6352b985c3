#include "graph/job_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "base/bytes.h"
#include "base/fields.h"
#include "graph/sample_graph_test.h"
#include "testing/source_folder.h"

namespace thalweg::graph {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Golden(const std::string& name) {
  std::ifstream file(SourceFolder() + "/tests/golden/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GraphCodec, EncodingIsThatOfTheGoldenFile) {
  EXPECT_EQ(Encode(SampleGraph()), Golden("job_graph_v1.bin"));
  EXPECT_EQ(Digest(SampleGraph()), 0xfd2235d7e3584ef3);
}

TEST(GraphCodec, EveryFieldComesBack) {
  const JobGraph graph = Decode(Golden("job_graph_v1.bin")).value();
  const JobGraph sample = SampleGraph();
  EXPECT_EQ(graph.name, sample.name);
  ASSERT_EQ(graph.nodes.size(), 4u);
  const Node& source = graph.nodes[0];
  EXPECT_EQ(source.role, NodeRole::kSource);
  EXPECT_EQ(source.chaining, ChainingPolicy::kHead);
  EXPECT_EQ(source.options, sample.nodes[0].options);
  EXPECT_EQ(source.slot_sharing_group, "default");
  EXPECT_EQ(*source.outputs[0].schema, *sample.nodes[0].outputs[0].schema);
  const Node& window = graph.nodes[1];
  EXPECT_EQ(window.id, 3u);
  EXPECT_EQ(window.uid, "counts");
  EXPECT_TRUE(window.uid_is_generated);
  EXPECT_EQ(window.name, "count \"per page\"");
  EXPECT_EQ(window.kind, "window");
  EXPECT_EQ(window.parallelism, 4);
  EXPECT_EQ(window.max_parallelism, 128);
  EXPECT_EQ(window.slot_sharing_group, "heavy");
  EXPECT_EQ(window.inputs, 1);
  EXPECT_EQ(window.outputs[1].name, "late");
  EXPECT_EQ(window.outputs[1].schema, nullptr);
  EXPECT_EQ(window.outputs[1].object_codec, "str");
  EXPECT_TRUE(window.keyed);
  EXPECT_EQ(window.payload, sample.nodes[1].payload);
  EXPECT_EQ(window.function, sample.nodes[1].function);
  EXPECT_EQ(graph.nodes[2].role, NodeRole::kSink);
  EXPECT_EQ(graph.edges[0].partitioning, Partitioning::kKeyed);
  EXPECT_EQ(graph.edges[0].key_columns, std::vector<int32_t>{0});
  EXPECT_EQ(graph.edges[1].exchange, ExchangeMode::kBlocking);
  EXPECT_EQ(graph.edges[1].changelog, ChangelogMode::kUpsert);
  EXPECT_EQ(graph.edges[2].from_port, 1);
  EXPECT_EQ(graph.edges[2].to, 7u);
  EXPECT_EQ(graph.edges[2].changelog, ChangelogMode::kRetract);
}

TEST(GraphCodec, FieldsOfANewerVersionSurviveARoundTripEverywhere) {
  FieldWriter later;
  later.Bytes(99, "of tomorrow");
  const std::string unknown = later.Take();
  JobGraph graph = SampleGraph();
  graph.unknown = graph.nodes[1].unknown = graph.nodes[1].outputs[0].unknown = graph.edges[1].unknown = unknown;
  const std::string bytes = Encode(graph);
  const JobGraph decoded = Decode(bytes).value();
  EXPECT_EQ(decoded.unknown, unknown);
  EXPECT_EQ(decoded.nodes[1].unknown, unknown);
  EXPECT_EQ(decoded.nodes[1].outputs[0].unknown, unknown);
  EXPECT_EQ(decoded.edges[1].unknown, unknown);
  EXPECT_EQ(Encode(decoded), bytes);
  EXPECT_NE(Digest(decoded), Digest(SampleGraph()));
}

TEST(GraphCodec, BytesThatAreNoGraphAreRefusedByName) {
  EXPECT_THAT(Decode("").status().message(), HasSubstr("Not a job graph"));
  EXPECT_THAT(Decode("TWJX\x01").status().message(), HasSubstr("Not a job graph"));
  EXPECT_THAT(Decode("TWJG\x01").status().message(), HasSubstr("no version"));
  const Status newer = Decode(std::string("TWJG\x02\x00", 6)).status();
  EXPECT_EQ(newer.category(), ErrorCategory::kUser);
  EXPECT_EQ(newer.message(), "Newer job graph: its version is 2, this build reads up to 1");
}

TEST(GraphCodec, EveryCutIsAnErrorOrAShorterGraph) {
  const std::string bytes = Encode(SampleGraph());
  size_t refused = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Result<JobGraph> graph = Decode(std::string_view(bytes).substr(0, size));
    if (!graph.ok())
      ++refused;
    else
      EXPECT_LT(graph->nodes.size() + graph->edges.size(), 7u);
  }
  EXPECT_GT(refused, bytes.size() * 9 / 10);
}

TEST(GraphCodec, AnEnumOutOfRangeIsRefused) {
  JobGraph graph = SampleGraph();
  graph.edges[0].partitioning = static_cast<Partitioning>(7);
  EXPECT_THAT(Decode(Encode(graph)).status().message(), HasSubstr("Malformed graph edge"));
}

// The message of Validate after `change` was made to the sample.
std::string Broken(const std::function<void(JobGraph&)>& change) {
  JobGraph graph = SampleGraph();
  change(graph);
  const Status status = Validate(graph);
  if (status.ok()) return "valid";
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  return status.message();
}

TEST(GraphValidation, TheSampleIsValid) { EXPECT_TRUE(Validate(SampleGraph()).ok()); }

TEST(GraphValidation, NodesNeedAscendingIdsAndUniqueUids) {
  EXPECT_EQ(Broken([](JobGraph& g) { g.nodes.clear(); }), "Job has no operators: 'clicks per page'");
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[1].id = 1; }),
              StartsWith("Two nodes have the id 1: 'page views' (uid 'views', id 1)"));
  EXPECT_THAT(Broken([](JobGraph& g) { std::swap(g.nodes[1], g.nodes[2]); }), HasSubstr("Node ids do not ascend"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[3].uid = "to-topic"; }), HasSubstr("Two nodes have the uid 'to-topic'"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[3].uid.clear(); }), HasSubstr("Node has no uid: 'late'"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[3].kind.clear(); }), HasSubstr("Node has no kind: 'late'"));
}

TEST(GraphValidation, ParallelismIsWithinItsBounds) {
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[0].parallelism = -1; }),
              HasSubstr("Parallelism is negative: -1 of node 'page views'"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[1].max_parallelism = 3; }),
              HasSubstr("Parallelism 4 exceeds the max parallelism 3"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[1].max_parallelism = 32769; }), HasSubstr("between 1 and 32768"));
}

TEST(GraphValidation, PortsAndInputsExistAndAreJoined) {
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[2].from_port = 2; }), HasSubstr("has no output 2, which node 'late'"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[2].from_port = -1; }), HasSubstr("has no output -1"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[2].to_input = 1; }),
              HasSubstr("'late' (uid 'late-rows', id 7) has no input 1"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges.pop_back(); }),
              HasSubstr("Input 0 is not joined to anything: node 'late'"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[2].inputs = INT32_MAX; }), HasSubstr("Input 1 is not joined"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[0].inputs = 1; }), HasSubstr("Source has inputs"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[2].inputs = 0; }), HasSubstr("Node has no input and is no source"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[0].from = 2; }),
              HasSubstr("Edge comes from node 2, which does not exist"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[2].to = 8; }), HasSubstr("goes to node 8, which does not exist"));
  EXPECT_THAT(Broken([](JobGraph& g) { std::swap(g.edges[1].from, g.edges[1].to); }), HasSubstr("topological order"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.nodes[1].outputs[1].name = "out"; }),
              HasSubstr("Two outputs are named 'out'"));
}

TEST(GraphValidation, SeveralEdgesMayFeedOneInput) {
  EXPECT_EQ(Broken([](JobGraph& g) { g.edges.push_back({3, 1, 4, 0, Partitioning::kGlobal, {}, {}, {}, {}}); }),
            "valid");
}

TEST(GraphValidation, PartitioningFitsTheNodes) {
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[2].partitioning = Partitioning::kForward; }),
              HasSubstr("Forward edge joins different parallelism: 4 of node 'count \"per page\"'"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[0].key_columns = {2}; }), HasSubstr("Key column 2 does not exist"));
  EXPECT_THAT(Broken([](JobGraph& g) { g.edges[2].key_columns = {0}; }), HasSubstr("key columns and is not keyed"));
  EXPECT_THAT(Broken([](JobGraph& g) {
                g.edges[0].partitioning = Partitioning::kRebalance;
                g.edges[0].key_columns.clear();
              }),
              HasSubstr("is partitioned by REBALANCE, not by key"));
}

TEST(ExecutionPlan, HasTheShapeOfFlinksPlan) {
  EXPECT_EQ(ToJson(SampleGraph()), R"({
  "nodes": [{
    "id": 1,
    "type": "Source: page views",
    "pact": "Data Source",
    "contents": "Source: page views",
    "parallelism": 4
  }, {
    "id": 3,
    "type": "count \"per page\"",
    "pact": "Operator",
    "contents": "count \"per page\"",
    "parallelism": 4,
    "predecessors": [{"id": 1, "ship_strategy": "HASH", "side": "second"}]
  }, {
    "id": 4,
    "type": "Sink: counts",
    "pact": "Data Sink",
    "contents": "Sink: counts",
    "parallelism": 1,
    "predecessors": [{"id": 3, "ship_strategy": "REBALANCE", "side": "second"}]
  }, {
    "id": 7,
    "type": "Sink: late",
    "pact": "Data Sink",
    "contents": "Sink: late",
    "parallelism": 1,
    "predecessors": [{"id": 3, "ship_strategy": "GLOBAL", "side": "second"}]
  }]
}
)");
}

}  // namespace
}  // namespace thalweg::graph
