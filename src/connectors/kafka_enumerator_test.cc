#include "connectors/kafka_enumerator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/scripted_log.h"
#include "testing/golden_states.h"

namespace thalweg::connectors {
namespace {

using flow::EnumeratorAction;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct World {
  std::shared_ptr<ScriptedLog> log = std::make_shared<ScriptedLog>();
  std::unique_ptr<KafkaEnumerator> Make(KafkaEnumeratorOptions options, const std::string& group = "g") const {
    auto made = KafkaEnumerator::Make(std::move(options), std::make_shared<ScriptedLogClient>(log, group));
    return std::move(made).value();
  }
  void Fill(const std::string& topic, int32_t partition, int records) {
    for (int i = 0; i < records; ++i)
      log->partitions[{topic, partition}].Append({.value = "v", .timestamp_ms = i * 10});
  }
};

/// "<reader>: <split>@<next>..<stop>" per split and "<reader>: no more", in order.
std::vector<std::string> Text(const std::vector<EnumeratorAction>& actions) {
  std::vector<std::string> lines;
  for (const EnumeratorAction& action : actions) {
    if (action.kind == EnumeratorAction::Kind::kNoMoreSplits)
      lines.push_back(fmt::format("{}: no more", action.subtask));
    for (const flow::Split& split : action.splits) {
      KafkaSplit decoded = DecodeKafkaSplit(split.state).value();
      std::string stop = decoded.stop_offset == KafkaSplit::kNoStop ? "" : std::to_string(decoded.stop_offset);
      lines.push_back(fmt::format("{}: {}@{}..{}", action.subtask, split.id, decoded.next_offset, stop));
    }
  }
  return lines;
}

std::vector<std::string> FirstLook(KafkaEnumerator& enumerator, int parallelism = 1) {
  enumerator.OnStart(parallelism, {});
  return Text(enumerator.OnDiscovery(enumerator.Discover().value()));
}

TEST(KafkaSplit, BytesAreThoseOfTheDocumentation) {
  flow::Split split = EncodeKafkaSplit({{"clicks", 3}, 1042, 5000});
  EXPECT_EQ(split.id, "clicks-3");
  const std::string golden = testing::GoldenState("kafka-split");
  EXPECT_EQ(split.state, golden);
  EXPECT_EQ(DecodeKafkaSplit(golden).value(), (KafkaSplit{{"clicks", 3}, 1042, 5000}));
}

TEST(KafkaSplit, MalformedBytesAreAnError) {
  std::string bytes = EncodeKafkaSplit({{"clicks", 3}, 1042, 5000}).state;
  EXPECT_THAT(DecodeKafkaSplit(bytes.substr(0, 20)).status().message(), HasSubstr("Malformed Kafka split"));
  EXPECT_THAT(DecodeKafkaSplit(bytes + "x").status().message(), HasSubstr("1 bytes left over"));
  bytes[0] = 9;
  EXPECT_THAT(DecodeKafkaSplit(bytes).status().message(), HasSubstr("newer version: 9"));
}

TEST(KafkaSplitOwner, IsThatOfFlink) {
  // ((topic.hashCode() * 31) & 0x7FFFFFFF) % n + partition, modulo n.
  EXPECT_EQ(KafkaSplitOwner({"a", 0}, 4), (97 * 31) % 4);
  EXPECT_EQ(KafkaSplitOwner({"a", 1}, 4), (97 * 31 + 1) % 4);
  // "clicks".hashCode() is -1357714453; times 31 in int arithmetic, sign cleared: 860524917.
  EXPECT_EQ(KafkaSplitOwner({"clicks", 0}, 5), 860524917 % 5);
  EXPECT_EQ(KafkaSplitOwner({"clicks", 0}, 7), 860524917 % 7);
  EXPECT_EQ(KafkaSplitOwner({"clicks", 5}, 7), (860524917 % 7 + 5) % 7);
}

TEST(KafkaEnumerator, GivesEveryPartitionToOneReader) {
  World world;
  world.log->Create("a", 4);
  auto enumerator = world.Make({.topics = {"a"}});
  EXPECT_THAT(FirstLook(*enumerator, 3), ElementsAre("0: a-2@0..", "1: a-0@0..", "1: a-3@0..", "2: a-1@0..",
                                                     "0: no more", "1: no more", "2: no more"));
}

TEST(KafkaEnumerator, StartsWhereItIsTold) {
  World world;
  world.log->Create("a", 2);
  world.Fill("a", 0, 10);
  world.Fill("a", 1, 4);
  world.log->partitions[{"a", 0}].begin = 2;
  world.log->committed[{"a", 1}] = 3;
  auto look = [&](StartOffsets start) { return FirstLook(*world.Make({.topics = {"a"}, .start = std::move(start)})); };
  EXPECT_THAT(look(StartOffsets::Earliest()), ElementsAre("0: a-0@2..", "0: a-1@0..", "0: no more"));
  EXPECT_THAT(look(StartOffsets::Latest()), ElementsAre("0: a-0@10..", "0: a-1@4..", "0: no more"));
  EXPECT_THAT(look(StartOffsets::Committed(OffsetReset::kEarliest)),
              ElementsAre("0: a-0@2..", "0: a-1@3..", "0: no more"));
  EXPECT_THAT(look(StartOffsets::Committed(OffsetReset::kLatest)),
              ElementsAre("0: a-0@10..", "0: a-1@3..", "0: no more"));
  EXPECT_THAT(look(StartOffsets::Timestamp(35)), ElementsAre("0: a-0@4..", "0: a-1@4..", "0: no more"));
  EXPECT_THAT(look(StartOffsets::Specific({{{"a", 1}, 2}})), ElementsAre("0: a-0@2..", "0: a-1@2..", "0: no more"));
}

TEST(KafkaEnumerator, PartitionThatSpecificOffsetsLeaveOutGoesByTheGroupAndThenByItsBeginning) {
  World world;
  world.log->Create("a", 3);
  for (int partition = 0; partition < 3; ++partition) world.Fill("a", partition, 10);
  world.log->partitions[{"a", 2}].begin = 1;
  world.log->committed[{"a", 1}] = 4;
  const LogOffsets only_first = {{{"a", 0}, 7}};
  auto start = world.Make({.topics = {"a"}, .start = StartOffsets::Specific(only_first)});
  EXPECT_THAT(FirstLook(*start), ElementsAre("0: a-0@7..", "0: a-1@4..", "0: a-2@1..", "0: no more"));
  // Every partition has an end: the job ends, too. One that ends where it begins is not read.
  auto stop = world.Make({.topics = {"a"}, .stop = StopOffsets::Specific(only_first)});
  EXPECT_THAT(FirstLook(*stop), ElementsAre("0: a-0@0..7", "0: a-1@0..4", "0: a-2@1..1", "0: no more"));
  auto without_group = world.Make({.topics = {"a"}, .stop = StopOffsets::Specific(only_first)}, "");
  EXPECT_THAT(FirstLook(*without_group), ElementsAre("0: a-0@0..7", "0: a-1@0..0", "0: a-2@1..1", "0: no more"));
}

TEST(KafkaEnumerator, WithoutResetAMissingCommitIsAnErrorThatNamesPartitionAndGroup) {
  World world;
  world.log->Create("a", 2);
  world.log->committed[{"a", 1}] = 3;
  auto enumerator = world.Make({.topics = {"a"}, .start = StartOffsets::Committed()}, "readers");
  Status status = enumerator->Discover().status();
  EXPECT_EQ(
      status.message(),
      "Group 'readers' has committed no offset to start at for a-0: set 'properties.auto.offset.reset' to earliest "
      "or latest");
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
}

TEST(KafkaEnumerator, ItsBytesAreThoseOfTheDocumentation) {
  World world;
  world.log->Create("a", 2);
  auto enumerator = world.Make({.topics = {"a"}});
  FirstLook(*enumerator);
  EXPECT_EQ(enumerator->Snapshot(), testing::GoldenState("kafka-enumerator"));
  EXPECT_TRUE(world.Make({.topics = {"a"}})->Restore(testing::GoldenState("kafka-enumerator")).ok());
}

TEST(KafkaEnumerator, StopsWhereItIsTold) {
  World world;
  world.log->Create("a", 2);
  world.Fill("a", 0, 10);
  world.log->committed = {{{"a", 0}, 5}, {{"a", 1}, 0}};
  auto look = [&](StopOffsets stop) { return FirstLook(*world.Make({.topics = {"a"}, .stop = std::move(stop)})); };
  EXPECT_THAT(look(StopOffsets::Latest()), ElementsAre("0: a-0@0..10", "0: a-1@0..0", "0: no more"));
  EXPECT_THAT(look(StopOffsets::Committed()), ElementsAre("0: a-0@0..5", "0: a-1@0..0", "0: no more"));
  EXPECT_THAT(look(StopOffsets::Timestamp(35)), ElementsAre("0: a-0@0..4", "0: a-1@0..0", "0: no more"));
  EXPECT_THAT(look(StopOffsets::Specific({{{"a", 0}, 7}})), ElementsAre("0: a-0@0..7", "0: a-1@0..0", "0: no more"));
}

TEST(KafkaEnumerator, PartitionsFoundLaterAreReadFromTheirBeginning) {
  World world;
  world.log->Create("a", 1);
  world.Fill("a", 0, 5);
  auto enumerator = world.Make({.topics = {"a"}, .start = StartOffsets::Latest(), .discovery_interval_ms = 1000});
  EXPECT_THAT(FirstLook(*enumerator), ElementsAre("0: a-0@5.."));
  world.log->Create("a", 2);
  world.Fill("a", 1, 3);
  EXPECT_THAT(Text(enumerator->OnDiscovery(enumerator->Discover().value())), ElementsAre("0: a-1@0.."));
  EXPECT_THAT(Text(enumerator->OnDiscovery(enumerator->Discover().value())), IsEmpty());
}

TEST(KafkaEnumerator, PatternMatchesWholeNames) {
  World world;
  for (const char* topic : {"orders-eu", "orders-us", "old-orders-eu", "orders-eu-2"}) world.log->Create(topic, 1);
  auto enumerator = world.Make({.topic_pattern = "orders-[a-z]+", .discovery_interval_ms = 1000});
  EXPECT_THAT(FirstLook(*enumerator), ElementsAre("0: orders-eu-0@0..", "0: orders-us-0@0.."));
}

TEST(KafkaEnumerator, PatternThatMatchesNothingIsAnErrorWithoutDiscovery) {
  World world;
  world.log->Create("a", 1);
  EXPECT_EQ(world.Make({.topic_pattern = "b.*"})->Discover().status().message(),
            "Topic pattern matches no Kafka topic: 'b.*'");
  EXPECT_TRUE(world.Make({.topic_pattern = "b.*", .discovery_interval_ms = 1})->Discover().ok());
}

TEST(KafkaEnumerator, BadOptionsAreToldAtOnce) {
  auto client = std::make_shared<ScriptedLogClient>(std::make_shared<ScriptedLog>());
  EXPECT_THAT(KafkaEnumerator::Make({.topic_pattern = "a("}, client).status().message(),
              HasSubstr("Topic pattern is no regular expression: 'a(': missing closing parenthesis at character 2"));
  EXPECT_THAT(KafkaEnumerator::Make({}, client).status().message(), HasSubstr("either topics or a topic pattern"));
  EXPECT_THAT(KafkaEnumerator::Make({.topics = {"a"}, .topic_pattern = "a"}, client).status().message(),
              HasSubstr("either topics or a topic pattern"));
}

TEST(KafkaEnumerator, UnknownTopicFailsTheFirstLook) {
  World world;
  EXPECT_EQ(world.Make({.topics = {"nowhere"}})->Discover().status().message(), "Unknown Kafka topic: 'nowhere'");
}

TEST(KafkaEnumerator, BrokerThatIsGoneLaterOnlyDelaysDiscovery) {
  World world;
  world.log->Create("a", 1);
  auto enumerator = world.Make({.topics = {"a"}, .discovery_interval_ms = 1000});
  FirstLook(*enumerator);
  world.log->Create("a", 2);
  world.log->topics_error = ExternalError("Cannot reach Kafka");
  EXPECT_THAT(Text(enumerator->OnDiscovery(enumerator->Discover().value())), IsEmpty());
  world.log->topics_error = {};
  world.log->offsets_error = ExternalError("Cannot reach Kafka");
  EXPECT_THAT(Text(enumerator->OnDiscovery(enumerator->Discover().value())), IsEmpty());
  world.log->offsets_error = {};
  EXPECT_THAT(Text(enumerator->OnDiscovery(enumerator->Discover().value())), ElementsAre("0: a-1@0.."));
}

TEST(KafkaEnumerator, BrokerThatIsGoneAtTheStartIsAnError) {
  World world;
  world.log->topics_error = ExternalError("Cannot reach Kafka");
  EXPECT_FALSE(world.Make({.topics = {"a"}, .discovery_interval_ms = 1000})->Discover().ok());
}

TEST(KafkaEnumerator, CancelledItAsksNoMore) {
  World world;
  world.Fill("a", 0, 3);
  auto enumerator = world.Make({.topics = {"a"}, .discovery_interval_ms = 1000});
  world.log->on_topics = [&] { enumerator->Cancel(); };
  EXPECT_EQ(enumerator->Discover().status().message(), "Stopped") << "while topics are listed";
  auto next = world.Make({.topics = {"a"}});
  world.log->on_topics = {};
  EXPECT_TRUE(next->Discover().ok()) << "the next attempt's goes on with the same log";
}

TEST(KafkaEnumerator, RestoreGivesTheSplitsOfTheCheckpointOutAgainAtAnotherParallelism) {
  World world;
  world.log->Create("a", 3);
  world.Fill("a", 0, 10);
  auto before = world.Make({.topics = {"a"}, .stop = StopOffsets::Latest()});
  FirstLook(*before, 1);
  auto after = world.Make({.topics = {"a"}, .stop = StopOffsets::Latest()});
  ASSERT_TRUE(after->Restore(before->Snapshot()).ok());
  // a-1 and a-2 had ended; a-0 stood at 4 with its stop of then, though the topic has grown.
  world.Fill("a", 0, 10);
  std::vector<flow::Split> restored = {EncodeKafkaSplit({{"a", 0}, 4, 10})};
  EXPECT_THAT(Text(after->OnStart(2, restored)), ElementsAre("1: a-0@4..10", "0: no more", "1: no more"));
  EXPECT_THAT(Text(after->OnDiscovery(after->Discover().value())), ElementsAre("0: no more", "1: no more"));
}

TEST(KafkaEnumerator, RestoredJobStillDiscovers) {
  World world;
  world.log->Create("a", 1);
  auto before = world.Make({.topics = {"a"}, .start = StartOffsets::Latest(), .discovery_interval_ms = 1000});
  FirstLook(*before);
  auto after = world.Make({.topics = {"a"}, .start = StartOffsets::Latest(), .discovery_interval_ms = 1000});
  ASSERT_TRUE(after->Restore(before->Snapshot()).ok());
  world.log->Create("a", 2);
  world.Fill("a", 1, 3);
  EXPECT_THAT(Text(after->OnStart(1, {EncodeKafkaSplit({{"a", 0}, 4})})), ElementsAre("0: a-0@4.."));
  EXPECT_THAT(Text(after->OnDiscovery(after->Discover().value())), ElementsAre("0: a-1@0.."));
}

TEST(KafkaEnumerator, BoundedJobRestoredReadsNoPartitionThatCameLater) {
  World world;
  world.log->Create("a", 1);
  auto before = world.Make({.topics = {"a"}, .stop = StopOffsets::Latest()});
  FirstLook(*before);
  auto after = world.Make({.topics = {"a"}, .stop = StopOffsets::Latest()});
  ASSERT_TRUE(after->Restore(before->Snapshot()).ok());
  world.log->Create("a", 2);
  after->OnStart(1, {});
  EXPECT_THAT(Text(after->OnDiscovery(after->Discover().value())), ElementsAre("0: no more"));
}

TEST(KafkaEnumerator, SplitsFoundBeforeTheReadersStartedWaitAndAreInTheSnapshot) {
  World world;
  world.log->Create("a", 1);
  auto before = world.Make({.topics = {"a"}});
  EXPECT_THAT(before->OnDiscovery(before->Discover().value()), IsEmpty());
  auto after = world.Make({.topics = {"a"}});
  ASSERT_TRUE(after->Restore(before->Snapshot()).ok());
  for (KafkaEnumerator* enumerator : {before.get(), after.get()})
    EXPECT_THAT(Text(enumerator->OnStart(1, {})), ElementsAre("0: a-0@0..", "0: no more"));
}

TEST(KafkaEnumerator, SnapshotBytesAreThoseOfTheDocumentation) {
  World world;
  world.log->Create("a", 2);
  auto enumerator = world.Make({.topics = {"a"}});
  FirstLook(*enumerator);
  EXPECT_EQ(enumerator->Snapshot(), std::string("\x01\x01\x02\x03"
                                                "a-0\x03"
                                                "a-1\x00",
                                                12));
  EXPECT_THAT(enumerator->Restore("\x01\x01\x7f").message(), HasSubstr("Malformed Kafka enumerator state"));
  EXPECT_THAT(enumerator->Restore("\x02").message(), HasSubstr("newer version: 2"));
}

}  // namespace
}  // namespace thalweg::connectors
