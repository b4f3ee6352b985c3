#include "checkpoint/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "checkpoint/samples_test.h"
#include "io/temporary_folder.h"

namespace thalweg::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr int32_t kMax = 32;

std::vector<RestoreNode> Nodes(int32_t parallelism, int32_t max_parallelism = 0) {
  return {{"views", 1, 0}, {"count", parallelism, max_parallelism}, {"sink", parallelism, 0}};
}

TEST(RestorePlan, TheSamePlacesGetTheirOwnBack) {
  const Manifest manifest = SampleManifest(2, 8);
  const RestorePlan plan = PlanRestore(manifest, Nodes(2)).value();
  EXPECT_EQ(plan.checkpoint, 7u);
  const NodePlan& count = plan.nodes.at("count");
  EXPECT_EQ(count.max_parallelism, 8);
  ASSERT_EQ(count.subtasks.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(count.subtasks[i].key_groups, types::KeyGroupsOf(static_cast<int32_t>(i), 8, 2));
    ASSERT_EQ(count.subtasks[i].keyed.size(), 1u);
    EXPECT_EQ(count.subtasks[i].keyed[0].from, &manifest.nodes[1].subtasks[i]);
    ASSERT_EQ(count.subtasks[i].in_flight.size(), 1u);
    EXPECT_EQ(count.subtasks[i].in_flight[0].rows, "rows of " + std::to_string(i));
    EXPECT_TRUE(count.subtasks[i].in_flight[0].by_key_group);
    EXPECT_THAT(plan.nodes.at("sink").subtasks[i].committables, ElementsAre("commit " + std::to_string(i)));
  }
  EXPECT_FALSE(count.finished);
}

TEST(RestorePlan, SourcesGetAllSplitsAndTheirEnumerator) {
  const Manifest manifest = SampleManifest();
  const RestorePlan plan = PlanRestore(manifest, {{"views", 3, 0}, {"count", 1, 0}, {"sink", 1, 0}}).value();
  EXPECT_THAT(plan.nodes.at("views").splits, ElementsAre("views-0@17", "views-1@4"));
  EXPECT_EQ(plan.nodes.at("views").coordinator, (CoordinatorState{"seen: 2 partitions", {{0, "idle"}}}));
  EXPECT_TRUE(plan.nodes.at("views").finished);
}

TEST(RestorePlan, AnEventUnderWayComesFromTheHeirOfItsSender) {
  Manifest manifest = SampleManifest(3, 8);
  manifest.nodes[1].coordinator.events = {{2, "c"}, {0, "a"}, {1, "b"}};
  EXPECT_THAT(PlanRestore(manifest, Nodes(2)).value().nodes.at("count").coordinator.events,
              ElementsAre(CoordinatorEvent{0, "c"}, CoordinatorEvent{0, "a"}, CoordinatorEvent{1, "b"}));
}

TEST(RestorePlan, CommittablesAndListItemsGoToOneAndBroadcastToAll) {
  const Manifest manifest = SampleManifest(3, 8);
  const RestorePlan plan = PlanRestore(manifest, Nodes(2)).value();
  std::vector<std::string> committables, items, rules;
  for (size_t i = 0; i < 2; ++i) {
    const auto& sink = plan.nodes.at("sink").subtasks[i];
    committables.insert(committables.end(), sink.committables.begin(), sink.committables.end());
    for (const state::OperatorStateSnapshot& list : plan.nodes.at("count").subtasks[i].lists)
      (list.name == "rules" ? rules : items)
          .insert((list.name == "rules" ? rules : items).end(), list.items.begin(), list.items.end());
  }
  EXPECT_THAT(committables, UnorderedElementsAre("commit 0", "commit 1", "commit 2"));
  EXPECT_THAT(items, UnorderedElementsAre("one of 0", "", "one of 1", "", "one of 2", ""));
  EXPECT_THAT(rules, ElementsAre("all", "all"));
}

TEST(RestorePlan, RowsInFlightOfAKeyedOperatorReachEveryHeirOfItsKeyGroups) {
  Manifest manifest = SampleManifest(1, 8);
  manifest.nodes[1].subtasks[0].segments.clear();  // nothing worked off yet: the flag must do
  manifest.nodes[1].subtasks[0].specs.clear();
  const RestorePlan plan = PlanRestore(manifest, Nodes(3)).value();
  for (const SubtaskPlan& subtask : plan.nodes.at("count").subtasks) {
    ASSERT_EQ(subtask.in_flight.size(), 1u);
    EXPECT_TRUE(subtask.in_flight[0].by_key_group);
  }
}

TEST(RestorePlan, RowsInFlightOfAnUnkeyedOperatorReachOne) {
  Manifest manifest = SampleManifest(3, 8);
  manifest.nodes[2].subtasks[2].in_flight = "unkeyed";
  const RestorePlan plan = PlanRestore(manifest, Nodes(2)).value();
  ASSERT_EQ(plan.nodes.at("sink").subtasks[0].in_flight.size(), 1u);
  EXPECT_FALSE(plan.nodes.at("sink").subtasks[0].in_flight[0].by_key_group);
  EXPECT_TRUE(plan.nodes.at("sink").subtasks[1].in_flight.empty());
}

TEST(RestorePlan, ASubtaskThatHadEndedLeavesOnlyWhatAllShare) {
  Manifest manifest = SampleManifest(2, 8);
  manifest.nodes[1].subtasks[0].finished = true;
  manifest.nodes[2].subtasks[0].finished = true;
  const RestorePlan plan = PlanRestore(manifest, Nodes(1)).value();
  const SubtaskPlan& count = plan.nodes.at("count").subtasks[0];
  EXPECT_FALSE(plan.nodes.at("count").finished);
  ASSERT_EQ(count.keyed.size(), 1u);
  EXPECT_EQ(count.keyed[0].from, &manifest.nodes[1].subtasks[1]);
  ASSERT_EQ(count.lists.size(), 2u);
  for (const state::OperatorStateSnapshot& list : count.lists) {
    if (list.name == "offsets")
      EXPECT_THAT(list.items, ElementsAre("one of 1", ""));
    else
      EXPECT_THAT(list.items, ElementsAre("all"));
  }
  EXPECT_THAT(plan.nodes.at("sink").subtasks[0].committables, ElementsAre("commit 0", "commit 1"));
}

TEST(RestorePlan, WhatHadEndedMustNotGetRowsAgain) {
  Manifest manifest = SampleManifest(2, 8);  // views had ended
  auto refused = [&](std::vector<RestoreNode> nodes) { return PlanRestore(manifest, nodes).status().message(); };
  std::vector<RestoreNode> nodes = Nodes(2);
  nodes[1].inputs = {{"views", false}};
  nodes[2].inputs = {{"count", true}};
  EXPECT_EQ(refused(nodes), "");
  manifest.nodes[1].subtasks[0].finished = true;
  EXPECT_EQ(refused(nodes), "");
  manifest.nodes[2].subtasks[0].finished = true;
  EXPECT_EQ(refused(nodes), "") << "subtask 0 of both";
  nodes[2].inputs = {{"count", false}};
  EXPECT_THAT(refused(nodes), HasSubstr("a part of operator 'sink' had ended, but of its input 'count' not"));
  manifest.nodes[2].subtasks[1].finished = true;
  nodes[2].inputs = {{"count", true}};
  EXPECT_THAT(refused(nodes), HasSubstr("all of operator 'sink' had ended, but of its input 'count' not"));
  manifest.nodes[1].subtasks[1].finished = true;
  EXPECT_EQ(refused(nodes), "");
  nodes.insert(nodes.begin(), {"new source", 1, 0, {}});
  nodes[2].inputs.push_back({"new source", false});
  EXPECT_THAT(refused(nodes), HasSubstr("all of operator 'count' had ended, but of its input 'new source' not"));
}

TEST(RestorePlan, ANewOperatorBehindWhatHadEndedCountsAsEnded) {
  Manifest manifest = SampleManifest(1, 8);
  manifest.nodes[1].subtasks[0].finished = manifest.nodes[2].subtasks[0].finished = true;
  std::vector<RestoreNode> nodes = Nodes(1);
  nodes.insert(nodes.begin() + 1, {"new", 1, 0, {{"views", false}}});
  nodes[2].inputs = {{"new", false}};
  nodes[3].inputs = {{"count", false}};
  EXPECT_EQ(PlanRestore(manifest, nodes).status().message(), "");
}

TEST(RestorePlan, AnOperatorThatIsGoneIsNamedUnlessAllowed) {
  const Manifest manifest = SampleManifest();
  const Result<RestorePlan> refused = PlanRestore(manifest, {{"views", 1, 0}, {"sink", 2, 0}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().category(), ErrorCategory::kUser);
  EXPECT_THAT(refused.status().message(),
              HasSubstr("Checkpoint 7 has state of operators that the job does not have: 'count'"));
  const RestorePlan allowed =
      PlanRestore(manifest, {{"views", 1, 0}, {"sink", 2, 0}}, {.allow_non_restored_state = true}).value();
  EXPECT_THAT(allowed.dropped, ElementsAre("count"));
}

TEST(RestorePlan, AnOperatorWithListsOfNothingMayGo) {
  Manifest manifest = SampleManifest();
  manifest.nodes.push_back({"local", 8, 1, false, {}, {{}}, {}});
  manifest.nodes.back().subtasks[0].lists = {{"spill/0", state::Redistribution::kSplit, "batch/1", {}}};
  const std::vector<RestoreNode> nodes = {{"views", 1, 0}, {"count", 2, 0}, {"sink", 2, 0}};
  EXPECT_EQ(PlanRestore(manifest, nodes).status().message(), "");
  manifest.nodes.back().subtasks[0].lists[0].items = {"a row that waits"};
  EXPECT_THAT(PlanRestore(manifest, nodes).status().message(), HasSubstr("does not have: 'local'"));
}

TEST(RestorePlan, AnOperatorWithoutStateMayGoAndANewOneStartsEmpty) {
  Manifest manifest = SampleManifest();
  manifest.nodes.push_back({"map", 8, 2, false, {}, {{}, {.subtask = 1}}, {}});
  std::vector<RestoreNode> nodes = Nodes(2);
  nodes.push_back({"new", 4, 0});
  const RestorePlan plan = PlanRestore(manifest, nodes).value();
  EXPECT_EQ(plan.nodes.at("new").subtasks.size(), 4u);
  EXPECT_EQ(plan.nodes.at("new").max_parallelism, types::kDefaultMaxParallelism);
  EXPECT_FALSE(plan.nodes.at("new").finished);
}

TEST(RestorePlan, MaxParallelismOfKeyedStateCannotChange) {
  const Manifest manifest = SampleManifest(2, 8);
  const Status status = PlanRestore(manifest, Nodes(2, 16)).status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(status.message(),
            "Max parallelism of 'count' cannot change from 8 to 16: its keyed state is divided into 8 key groups");
  EXPECT_TRUE(PlanRestore(manifest, Nodes(2, 8)).ok());
  EXPECT_EQ(PlanRestore(manifest, Nodes(9)).status().message(),
            "Parallelism 9 of 'count' exceeds its max parallelism 8");
}

TEST(RestorePlan, NodesOfAGraphTakeTheJobsParallelism) {
  graph::JobGraph graph;
  graph.nodes.resize(2);
  graph.nodes[0].uid = "a";
  graph.nodes[0].id = 1;
  graph.nodes[1].id = 2;
  graph.edges = {{.from = 1, .to = 2, .partitioning = graph::Partitioning::kRescale},
                 {.from = 1, .to = 2, .partitioning = graph::Partitioning::kBroadcast}};
  graph.nodes[1].uid = "b";
  graph.nodes[1].parallelism = 3;
  graph.nodes[1].max_parallelism = 7;
  const std::vector<RestoreNode> nodes = RestoreNodesOf(graph, 5);
  EXPECT_EQ(nodes[0].parallelism, 5);
  EXPECT_EQ(nodes[1].parallelism, 3);
  EXPECT_EQ(nodes[1].max_parallelism, 7);
  EXPECT_TRUE(nodes[0].inputs.empty());
  ASSERT_EQ(nodes[1].inputs.size(), 2u);
  EXPECT_EQ(nodes[1].inputs[0].uid, "a");
  EXPECT_TRUE(nodes[1].inputs[0].pointwise);
  EXPECT_FALSE(nodes[1].inputs[1].pointwise);
}

// 1 -> 3 -> 7 -> 2: after each step every key group's bytes, list item and committable is in exactly one subtask.
TEST(Rescaling, KeepsEveryEntryExactlyOnce) {
  for (const uint64_t inline_bytes : {uint64_t{1} << 20, uint64_t{0}}) {
    const io::TemporaryFolder folder;
    CheckpointStore store(io::OpenStorage(folder.uri()).value(), io::OpenMetaStore(folder.uri()).value(),
                          {.run = "a", .inline_bytes = inline_bytes, .num_retained = 2, .log = {}});
    std::vector<state::TaskSnapshot> tasks = {SampleSnapshot(0, 1, kMax, 40)};
    const std::map<uint16_t, std::string> all = tasks[0].operators[0].keyed.segments;
    uint64_t checkpoint = 0;
    for (const int32_t parallelism : {3, 7, 2}) {
      Manifest manifest;
      manifest.job = "j";
      manifest.parent = checkpoint;
      manifest.checkpoint = ++checkpoint;
      const auto old_parallelism = static_cast<int32_t>(tasks.size());
      manifest.nodes = {{"count", kMax, old_parallelism, true, {}, {}, {}},
                        {"sink", kMax, old_parallelism, false, {}, {}, {}}};
      for (int32_t i = 0; i < old_parallelism; ++i) {
        const TaskState state = store.WriteTask("j", checkpoint, {1, i}, tasks[static_cast<size_t>(i)]).value();
        for (size_t node = 0; node < 2; ++node)
          manifest.nodes[node].subtasks.push_back(state.at(manifest.nodes[node].uid));
      }
      ASSERT_EQ(store.Commit(manifest).kind, CommitOutcome::Kind::kCommitted);
      ASSERT_TRUE(store.Subsume(manifest).ok());
      const Manifest read = *store.ReadLatest("j")->manifest;
      const RestorePlan plan = PlanRestore(read, {{"count", parallelism, 0}, {"sink", parallelism, 0}}).value();

      std::vector<state::TaskSnapshot> next;
      std::map<uint16_t, std::string> seen;
      std::vector<std::string> items, committables;
      for (int32_t i = 0; i < parallelism; ++i) {
        const SubtaskPlan& subtask = plan.nodes.at("count").subtasks[static_cast<size_t>(i)];
        state::OperatorSnapshot count{.uid = "count", .keyed = {}, .lists = subtask.lists};
        const std::vector<state::KeyedSnapshot> parts = ReadKeyedState(store, read, subtask).value();
        for (const state::KeyedSnapshot& part : parts) {
          count.keyed.specs = part.specs;
          EXPECT_EQ(part.specs, std::vector<state::StateSpec>{SampleSpec()});
          for (const auto& [group, bytes] : part.segments) {
            EXPECT_EQ(types::SubtaskOf(group, kMax, parallelism), i);
            EXPECT_TRUE(seen.emplace(group, bytes).second) << "key group " << group << " twice";
            count.keyed.segments[group] = bytes;
          }
        }
        for (const state::OperatorStateSnapshot& list : subtask.lists)
          if (list.name == "offsets") items.insert(items.end(), list.items.begin(), list.items.end());
        const SubtaskPlan& sink = plan.nodes.at("sink").subtasks[static_cast<size_t>(i)];
        committables.insert(committables.end(), sink.committables.begin(), sink.committables.end());
        next.push_back({{count, {.uid = "sink", .keyed = {}, .lists = {}, .committables = sink.committables}}});
      }
      EXPECT_EQ(seen, all) << "at parallelism " << parallelism;
      EXPECT_THAT(items, UnorderedElementsAre("one of 0", ""));
      EXPECT_THAT(committables, ElementsAre("commit 0"));
      tasks = next;
    }
  }
}

}  // namespace
}  // namespace thalweg::checkpoint
