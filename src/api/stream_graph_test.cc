#include "api/stream_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::api {
namespace {

using graph::NodeRole;
using graph::Partitioning;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

StreamGraph::NodeSpec Spec(std::string kind, std::string name = "") {
  StreamGraph::NodeSpec spec;
  spec.kind = std::move(kind);
  spec.name = std::move(name);
  spec.output_codec = "i64";
  return spec;
}

StreamGraph::NodeSpec SinkSpec() {
  StreamGraph::NodeSpec spec = Spec("print");
  spec.role = NodeRole::kSink;
  return spec;
}

flow::SourceFactory NoSource() {
  return [](const graph::Node&) -> Result<std::shared_ptr<flow::Source>> { return InternalError("not made here"); };
}

/// source -> map -> print
struct Line {
  StreamGraph graph;
  uint32_t source, map, sink;
  explicit Line(StreamGraph::Input to_map = {}) {
    source = graph.AddSource(Spec("numbers"), NoSource(), {.idle_timeout_ms = 7});
    to_map.node = source;
    map = graph.AddNode(Spec("map", "twice"), {{to_map}});
    sink = graph.AddNode(SinkSpec(), {{{map}}});
  }
};

TEST(StreamGraph, NodesGetIdsInOrderNamesByKindAndUidsByKindAndId) {
  Line line;
  flow::Program program = line.graph.Build("job", 2).value();
  EXPECT_EQ(program.graph.name, "job");
  ASSERT_EQ(program.graph.nodes.size(), 3u);
  EXPECT_EQ(program.graph.nodes[0].name, "numbers");
  EXPECT_EQ(program.graph.nodes[1].name, "twice");
  EXPECT_EQ(program.graph.nodes[1].uid, "map-2");
  EXPECT_TRUE(program.graph.nodes[1].uid_is_generated);
  EXPECT_EQ(program.graph.nodes[2].id, 3u);
  EXPECT_EQ(program.graph.nodes[0].role, NodeRole::kSource);
  EXPECT_EQ(program.graph.nodes[2].role, NodeRole::kSink);
  EXPECT_EQ(program.graph.nodes[0].inputs, 0);
  EXPECT_EQ(program.graph.nodes[1].inputs, 1);
  EXPECT_EQ(program.graph.nodes[1].outputs.size(), 1u);
  EXPECT_TRUE(program.graph.nodes[2].outputs.empty()) << "a sink has no output";
  EXPECT_TRUE(graph::Validate(program.graph).ok());
}

TEST(StreamGraph, AnEmptyJobAndAUidUsedTwiceAreUserErrors) {
  EXPECT_EQ(StreamGraph().Build("job", 2).status().category(), ErrorCategory::kUser);
  Line line;
  line.graph.node(line.source).uid = line.graph.node(line.map).uid = "same";
  Status twice = line.graph.Build("job", 2).status();
  EXPECT_EQ(twice.category(), ErrorCategory::kUser);
  EXPECT_THAT(twice.message(), HasSubstr("share the uid 'same'; the second is 'twice'"));
}

TEST(StreamGraph, NodesThatNameNoParallelismTakeTheDefault) {
  Line line;
  line.graph.node(line.map).parallelism = 5;
  flow::Program program = line.graph.Build("job", 2).value();
  EXPECT_EQ(program.graph.nodes[0].parallelism, 2);
  EXPECT_EQ(program.graph.nodes[1].parallelism, 5);
  EXPECT_EQ(program.graph.nodes[2].parallelism, 2);
  EXPECT_EQ(line.graph.node(line.source).parallelism, 0) << "the graph under construction stays as it is";
}

TEST(StreamGraph, AForwardEdgeBetweenDifferentParallelismsRebalances) {
  Line line;
  EXPECT_EQ(line.graph.Build("job", 2)->graph.edges[0].partitioning, Partitioning::kForward);
  line.graph.node(line.map).parallelism = 5;
  flow::Program program = line.graph.Build("job", 2).value();
  EXPECT_EQ(program.graph.edges[0].partitioning, Partitioning::kRebalance);
  EXPECT_EQ(program.graph.edges[1].partitioning, Partitioning::kRebalance);
  Line keyed({.partitioning = Partitioning::kKeyed});
  keyed.graph.node(keyed.map).parallelism = 5;
  EXPECT_EQ(keyed.graph.Build("job", 2)->graph.edges[0].partitioning, Partitioning::kKeyed)
      << "what was asked for stays";
}

TEST(StreamGraph, ACustomFunctionBelongsToItsEdgeByTheFinalUids) {
  Line line({.partitioning = Partitioning::kCustom, .custom = [](const columns::Batch&, int, int32_t*) {}});
  line.graph.node(line.map).uid = "mine";
  flow::Program program = line.graph.Build("job", 2).value();
  ASSERT_EQ(program.functions.partitioners.size(), 1u);
  EXPECT_EQ(program.functions.partitioners.begin()->first, "numbers-1/mine");
}

TEST(StreamGraph, InputsOfOneEntryAreUnionedAndEntriesAreNumbered) {
  Line line;
  uint32_t other = line.graph.AddSource(Spec("numbers"), NoSource(), {});
  uint32_t both = line.graph.AddNode(Spec("connect"), {{{line.map}, {other}}, {{line.source}}});
  flow::Program program = line.graph.Build("job", 2).value();
  std::vector<std::pair<uint32_t, int32_t>> inputs;
  for (const graph::Edge& edge : program.graph.edges)
    if (edge.to == both) inputs.emplace_back(edge.from, edge.to_input);
  EXPECT_THAT(inputs, ElementsAre(Pair(line.map, 0), Pair(other, 0), Pair(line.source, 1)));
  EXPECT_EQ(program.graph.FindNode(both)->inputs, 2);
}

TEST(StreamGraph, ASideOutputHasOnePortHoweverOftenItIsRead) {
  StreamGraph graph;
  std::vector<std::string> seen;
  uint32_t source = graph.AddSource(Spec("numbers"), NoSource(), {});
  StreamGraph::NodeSpec spec = Spec("process");
  spec.make = [&seen](const std::vector<operators::SidePort>& sides) -> flow::OperatorFactory {
    for (const operators::SidePort& side : sides) seen.push_back(fmt::format("{}={}", side.name, side.port));
    return nullptr;
  };
  uint32_t process = graph.AddNode(std::move(spec), {{{source}}});
  EXPECT_EQ(graph.FindPort(process, "late"), -1);
  EXPECT_EQ(graph.SidePort(process, operators::OutputTag<int64_t>{"late"}), 1);
  EXPECT_EQ(graph.SidePort(process, operators::OutputTag<int64_t>{"odd"}), 2);
  EXPECT_EQ(graph.SidePort(process, operators::OutputTag<int64_t>{"late"}), 1);
  EXPECT_EQ(graph.FindPort(process, "odd"), 2);
  ASSERT_TRUE(graph.Build("job", 2).ok());
  EXPECT_THAT(seen, ElementsAre("late=1", "odd=2")) << "the operator learns of its ports when the program is built";
}

TEST(StreamGraph, FunctionsStandUnderTheUidsAndPipelinesOnlyForSources) {
  Line line;
  line.graph.node(line.source).uid = "in";
  flow::Program program = line.graph.Build("job", 2).value();
  EXPECT_TRUE(program.functions.sources.contains("in"));
  ASSERT_EQ(program.functions.pipelines.size(), 1u);
  EXPECT_EQ(program.functions.pipelines.at("in").idle_timeout_ms, 7);
  EXPECT_TRUE(program.functions.operators.empty()) << "without a function the registry makes it by its kind";
}

}  // namespace
}  // namespace thalweg::api
