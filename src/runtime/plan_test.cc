#include "runtime/plan.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test_graph.h"

namespace thalweg::runtime {
namespace {

using graph::ChainingPolicy;
using graph::Partitioning;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

PhysicalPlan Plan(GraphOf& graph, int parallelism = 2, int cores = 1, bool chaining = true) {
  PlanOptions options;
  options.default_parallelism = parallelism;
  options.cores = cores;
  options.chaining = chaining;
  auto plan = MakePlan(graph.graph(), options);
  EXPECT_TRUE(plan.ok()) << plan.status().ToString();
  return plan.ok() ? *std::move(plan) : PhysicalPlan{};
}

std::vector<std::string> Names(const PhysicalPlan& plan) {
  std::vector<std::string> names;
  for (const ChainSpec& chain : plan.chains) names.push_back(chain.Name(plan.graph));
  return names;
}

/// (sending subtask, receiving subtask) of every channel of the edge.
std::vector<std::pair<int, int>> Subtasks(const PhysicalPlan& plan, int edge) {
  std::vector<std::pair<int, int>> pairs;
  for (const ChannelSpec& channel : plan.channels) {
    if (channel.edge != edge) continue;
    pairs.emplace_back(plan.tasks[static_cast<size_t>(channel.from_task)].subtask,
                       plan.tasks[static_cast<size_t>(channel.to_task)].subtask);
  }
  return pairs;
}

GraphOf Straight() {
  GraphOf graph;
  graph.Source("read");
  graph.Operator("map");
  graph.Sink("write");
  graph.Join(1, 2);
  graph.Join(2, 3);
  return graph;
}

/// Source of parallelism `from` to sink of parallelism `to`.
std::vector<std::pair<int, int>> Between(Partitioning partitioning, int from, int to) {
  GraphOf graph;
  graph.Source("read", from);
  graph.Sink("write", to);
  graph.Join(1, 2, partitioning);
  return Subtasks(Plan(graph, 1, 1, false), 0);
}

TEST(Plan, JoinsForwardNeighboursIntoOneChain) {
  GraphOf graph = Straight();
  PhysicalPlan plan = Plan(graph, 3);
  EXPECT_THAT(Names(plan), ElementsAre("read -> map -> write"));
  EXPECT_EQ(plan.tasks.size(), 3u);
  EXPECT_TRUE(plan.channels.empty());
  EXPECT_TRUE(plan.chained(plan.graph.edges[0]));
}

TEST(Plan, FillsInTheDefaultsOfTheJob) {
  GraphOf graph = Straight();
  PhysicalPlan plan = Plan(graph, 3);
  for (const graph::Node& node : plan.graph.nodes) {
    EXPECT_EQ(node.parallelism, 3);
    EXPECT_EQ(node.max_parallelism, 1024);
  }
  EXPECT_EQ(plan.chains[0].max_parallelism, 1024);
}

TEST(Plan, ChainsNothingWhenChainingIsOff) {
  GraphOf graph = Straight();
  PhysicalPlan plan = Plan(graph, 2, 1, false);
  EXPECT_THAT(Names(plan), ElementsAre("read", "map", "write"));
  EXPECT_THAT(Subtasks(plan, 0), ElementsAre(Pair(0, 0), Pair(1, 1)));
  EXPECT_FALSE(plan.chained(plan.graph.edges[0]));
}

TEST(Plan, AHeadStartsAChainThatOthersMayJoin) {
  GraphOf graph = Straight();
  graph.node(2).chaining = ChainingPolicy::kHead;
  EXPECT_THAT(Names(Plan(graph)), ElementsAre("read", "map -> write"));
}

TEST(Plan, ANodeThatNeverChainsStaysAlone) {
  GraphOf graph = Straight();
  graph.node(2).chaining = ChainingPolicy::kNever;
  EXPECT_THAT(Names(Plan(graph)), ElementsAre("read", "map", "write"));
}

TEST(Plan, SlotSharingGroupsSeparateChains) {
  GraphOf graph = Straight();
  graph.node(3).slot_sharing_group = "other";
  EXPECT_THAT(Names(Plan(graph)), ElementsAre("read -> map", "write"));
}

TEST(Plan, ABlockingExchangeSeparatesChains) {
  GraphOf graph = Straight();
  graph.graph().edges[1].exchange = graph::ExchangeMode::kBlocking;
  EXPECT_THAT(Names(Plan(graph)), ElementsAre("read -> map", "write"));
}

TEST(Plan, AnythingButForwardSeparatesChainsEvenAtParallelismOne) {
  for (Partitioning partitioning : {Partitioning::kKeyed, Partitioning::kRebalance, Partitioning::kRescale,
                                    Partitioning::kBroadcast, Partitioning::kGlobal, Partitioning::kCustom}) {
    GraphOf graph = Straight();
    graph.graph().edges[0].partitioning = partitioning;
    EXPECT_THAT(Names(Plan(graph, 1)), ElementsAre("read", "map -> write")) << graph::PartitioningName(partitioning);
  }
}

TEST(Plan, SeveralInputsStartAChain) {
  GraphOf graph;
  graph.Source("left");
  graph.Source("right");
  graph.Operator("join", 2);
  graph.Sink("write");
  graph.Join(1, 3);
  graph.Join(2, 3, Partitioning::kForward, 0, 1);
  graph.Join(3, 4);
  EXPECT_THAT(Names(Plan(graph)), ElementsAre("left", "right", "join -> write"));
}

TEST(Plan, AUnionOfTwoEdgesIntoOneInputStartsAChain) {
  GraphOf graph;
  graph.Source("left");
  graph.Source("right");
  graph.Sink("write");
  graph.Join(1, 3);
  graph.Join(2, 3);
  EXPECT_THAT(Names(Plan(graph)), ElementsAre("left", "right", "write"));
}

TEST(Plan, ForwardFanOutStaysInOneChain) {
  GraphOf graph;
  graph.Source("read");
  graph.Sink("first");
  graph.Sink("second");
  graph.Join(1, 2);
  graph.Join(1, 3, Partitioning::kForward, 1);
  EXPECT_THAT(Names(Plan(graph)), ElementsAre("read -> first -> second"));
}

TEST(Plan, ChannelsOfKeyedRebalancedBroadcastAndCustomEdgesReachEverySubtask) {
  for (Partitioning partitioning :
       {Partitioning::kKeyed, Partitioning::kRebalance, Partitioning::kBroadcast, Partitioning::kCustom}) {
    EXPECT_THAT(Between(partitioning, 2, 3),
                UnorderedElementsAre(Pair(0, 0), Pair(0, 1), Pair(0, 2), Pair(1, 0), Pair(1, 1), Pair(1, 2)));
  }
}

TEST(Plan, AGlobalEdgeHasAChannelToEverySubtaskForBarriersAndEnds) {
  EXPECT_THAT(Between(Partitioning::kGlobal, 2, 2), ElementsAre(Pair(0, 0), Pair(0, 1), Pair(1, 0), Pair(1, 1)));
}

TEST(Plan, RescaleKeepsRowsInTheirLocalGroup) {
  EXPECT_THAT(Between(Partitioning::kRescale, 2, 4), ElementsAre(Pair(0, 0), Pair(0, 1), Pair(1, 2), Pair(1, 3)));
  EXPECT_THAT(Between(Partitioning::kRescale, 4, 2), ElementsAre(Pair(0, 0), Pair(1, 0), Pair(2, 1), Pair(3, 1)));
  EXPECT_THAT(Between(Partitioning::kRescale, 3, 3), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 2)));
}

TEST(Plan, RescaleServesEverySubtaskOnBothSides) {
  for (int from = 1; from <= 9; ++from) {
    for (int to = 1; to <= 9; ++to) {
      std::set<int> senders, receivers;
      auto pairs = Between(Partitioning::kRescale, from, to);
      for (auto [sender, receiver] : pairs) {
        senders.insert(sender);
        receivers.insert(receiver);
      }
      EXPECT_EQ(senders.size(), static_cast<size_t>(from)) << from << " to " << to;
      EXPECT_EQ(receivers.size(), static_cast<size_t>(to)) << from << " to " << to;
      EXPECT_EQ(pairs.size(), static_cast<size_t>(std::max(from, to))) << from << " to " << to;
    }
  }
}

TEST(Plan, PlacesSubtaskIOnCoreIModuloCores) {
  GraphOf graph;
  graph.Source("read", 3);
  graph.Sink("write", 4);
  graph.Join(1, 2, Partitioning::kRebalance);
  PhysicalPlan plan = Plan(graph, 1, 2);
  EXPECT_EQ(plan.cores, 2);
  std::vector<int> cores;
  for (const TaskSpec& task : plan.tasks) cores.push_back(task.core);
  EXPECT_THAT(cores, ElementsAre(0, 1, 0, 0, 1, 0, 1));
  EXPECT_EQ(plan.chains[1].first_task, 3);
  for (size_t i = 0; i < plan.tasks.size(); ++i) EXPECT_EQ(plan.tasks[i].id, static_cast<int>(i));
}

TEST(Plan, ParallelismAboveTheMaximumNamesOperatorAndOption) {
  GraphOf graph = Straight();
  graph.node(2).max_parallelism = 4;
  PlanOptions options;
  options.default_parallelism = 8;
  auto plan = MakePlan(graph.graph(), options);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().message(),
            "Parallelism above the max parallelism at operator 'map': 8 > 4 (pipeline.max-parallelism)");
}

TEST(Plan, AForwardEdgeBetweenDifferentParallelismIsRefused) {
  GraphOf graph;
  graph.Source("read", 2);
  graph.Sink("write", 3);
  graph.Join(1, 2);
  auto plan = MakePlan(graph.graph(), {});
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.status().message(), HasSubstr("Forward edge joins different parallelism"));
}

}  // namespace
}  // namespace thalweg::runtime
