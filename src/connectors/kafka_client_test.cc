#include "connectors/kafka_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "connectors/bare_task.h"
#include "connectors/kafka_consumer.h"
#include "connectors/kafka_log_client.h"
#include "connectors/kafka_sink.h"
#include "connectors/kafka_source.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

Properties With(Properties more) {
  more.emplace("bootstrap.servers", "h:9092");
  return more;
}

TEST(KafkaProperties, WhatLibrdkafkaKnowsGoesOn) {
  KafkaProperties out =
      TranslateKafkaProperties(With({{"group.id", "g"}, {"compression.type", "lz4"}, {"client.id.prefix", "me"}}))
          .value();
  EXPECT_EQ(out.bootstrap_servers, "h:9092");
  EXPECT_EQ(out.group_id, "g");
  EXPECT_EQ(out.client_id_prefix, "me");
  EXPECT_THAT(out.client, ElementsAre(Pair("compression.type", "lz4")));
}

TEST(KafkaProperties, JavasNamesBecomeLibrdkafkas) {
  KafkaProperties out =
      TranslateKafkaProperties(With({{"fetch.max.wait.ms", "7"}, {"receive.buffer.bytes", "65536"}})).value();
  EXPECT_THAT(out.client, ElementsAre(Pair("fetch.wait.max.ms", "7"), Pair("socket.receive.buffer.bytes", "65536")));
}

TEST(KafkaProperties, WhatHasNoEffectIsWarnedOfOrDropped) {
  KafkaProperties out =
      TranslateKafkaProperties(
          With({{"key.deserializer", "org.X"}, {"max.poll.records", "5"}, {"auto.offset.reset", "latest"}}))
          .value();
  EXPECT_TRUE(out.client.empty());
  EXPECT_THAT(out.warnings,
              ElementsAre("Kafka property 'auto.offset.reset' has no effect: the source's start offsets decide",
                          "Kafka property 'max.poll.records' has no effect: batch sizes adapt to the load"));
}

TEST(KafkaProperties, SessionOfAGroupThatNobodyJoinsIsOurs) {
  KafkaProperties out = TranslateKafkaProperties(With({{"group.id", "g"}, {"session.timeout.ms", "45000"}})).value();
  EXPECT_TRUE(out.client.empty());
  EXPECT_THAT(out.warnings,
              ElementsAre(HasSubstr("'session.timeout.ms' has no effect: the source assigns partitions")));
  EXPECT_EQ(ConsumerProperties(out, {}).at("session.timeout.ms"), "1000");
}

TEST(KafkaProperties, WhatCannotWorkIsRefusedWithAWayOut) {
  EXPECT_THAT(TranslateKafkaProperties(With({{"ssl.truststore.location", "x.jks"}})).status().message(),
              HasSubstr("PEM file in ssl.ca.location"));
  EXPECT_THAT(TranslateKafkaProperties(With({{"transactional.id", "x"}})).status().message(),
              HasSubstr("'transactional.id' is not supported"));
  EXPECT_THAT(TranslateKafkaProperties({}).status().message(), HasSubstr("needs the property 'bootstrap.servers'"));
  EXPECT_THAT(TranslateKafkaProperties(With({{"partition.discovery.interval.ms", "10s"}})).status().message(),
              HasSubstr("no whole number: '10s'"));
}

TEST(KafkaProperties, JaasLineGivesUserAndPassword) {
  const std::string jaas =
      R"(org.apache.kafka.common.security.plain.PlainLoginModule required username="ann" password="se cret";)";
  KafkaProperties out = TranslateKafkaProperties(With({{"sasl.jaas.config", jaas}})).value();
  EXPECT_THAT(out.client, ElementsAre(Pair("sasl.password", "se cret"), Pair("sasl.username", "ann")));
  EXPECT_THAT(TranslateKafkaProperties(With({{"sasl.jaas.config", "Krb5LoginModule required;"}})).status().message(),
              HasSubstr("sasl.jaas.config"));
}

TEST(KafkaProperties, NegativeDiscoveryIntervalTurnsItOff) {
  EXPECT_EQ(TranslateKafkaProperties(With({{"partition.discovery.interval.ms", "-1"}}))->discovery_interval_ms, 0);
  EXPECT_EQ(TranslateKafkaProperties(With({}))->discovery_interval_ms, -1);
}

TEST(KafkaLogClient, UnknownOrBadPropertyIsNamedBeforeAnythingRuns) {
  auto make = [](Properties properties) {
    return NewKafkaLogClient(TranslateKafkaProperties(With(std::move(properties))).value()).status();
  };
  EXPECT_THAT(make({{"fetch.size", "1"}}).message(),
              HasSubstr("Kafka property 'fetch.size' is not known to librdkafka"));
  EXPECT_EQ(make({{"fetch.size", "1"}}).category(), ErrorCategory::kUser);
  EXPECT_THAT(make({{"security.protocol", "carrier-pigeon"}}).message(),
              HasSubstr("Kafka property 'security.protocol' is refused"));
}

TEST(KafkaLogClient, BrokerThatCannotBeReachedIsNamedWithWhatToCheck) {
  // Port 1 of the loopback: refused at once.
  auto client =
      NewKafkaLogClient(
          TranslateKafkaProperties({{"bootstrap.servers", "127.0.0.1:1"}, {"default.api.timeout.ms", "500"}}).value())
          .value();
  Status status = client->Topics({"clicks"}, {}).status();
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  EXPECT_THAT(status.message(), HasSubstr("Cannot reach Kafka at 127.0.0.1:1 (while listing topics)"));
  EXPECT_THAT(status.message(), HasSubstr("Connection refused"));
  EXPECT_THAT(status.message(), HasSubstr("Check that the broker runs"));
}

TEST(KafkaLogClient, AStopEndsTheWaitForABrokerThatCannotBeReached) {
  auto client = NewKafkaLogClient(TranslateKafkaProperties({{"bootstrap.servers", "127.0.0.1:1"},
                                                            {"group.id", "g"},
                                                            {"default.api.timeout.ms", "3600000"}})
                                      .value())
                    .value();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(client->Topics({"clicks"}, stop.get_token()).status().message(), "Stopped while listing topics");
  EXPECT_EQ(client->Offsets({{"clicks", 0}}, {OffsetQuery::Kind::kCommitted}, stop.get_token()).status().message(),
            "Stopped while asking for offsets");
}

/// Nothing listens there; the loopback refuses at once.
std::shared_ptr<LogClient> NobodysClient(Properties more = {}) {
  more["bootstrap.servers"] = "127.0.0.1:1";
  return NewKafkaLogClient(TranslateKafkaProperties(more).value()).value();
}

TEST(KafkaConsumer, WithoutABrokerWaitsAndCanBeClosed) {
  CountingWaker waker;
  auto consumer = NobodysClient({{"group.id", "g"}, {"default.api.timeout.ms", "100"}})
                      ->CreateConsumer({.memory_bytes = 1 << 20}, [&] { waker.Wake(); })
                      .value();
  consumer->Assign({{{"t", 0}, 5}, {{"t", 1}, 0}});
  consumer->Pause({"t", 0}, true);
  consumer->Unassign({"t", 1});
  consumer->Commit({{{"t", 0}, 5}});
  auto next = consumer->Next();
  ASSERT_TRUE(next.ok()) << next.status().ToString();
  EXPECT_FALSE(next->has_value());
  ::testing::internal::CaptureStderr();
  consumer->Close();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("warning: Kafka group 'g' did not take its last offsets (t-0 at 5): "),
                    HasSubstr("A restore goes by its checkpoint and loses nothing")));
  EXPECT_EQ(consumer->commits_failed(), 1);
}

TEST(KafkaConsumer, DefectInTheAssignmentIsReturnedAndWakesTheTask) {
  CountingWaker waker;
  auto consumer = NobodysClient()->CreateConsumer({}, [&] { waker.Wake(); }).value();
  consumer->Unassign({"never", 0});
  waker.Await(0);
  EXPECT_THAT(consumer->Next().status().message(), HasSubstr("cannot change its assignment"));
}

/// A broker of librdkafka's own with a topic `t` of one partition.
struct MockBroker {
  char text[512] = "";
  std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> host{
      rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof(text)), rd_kafka_destroy};
  std::unique_ptr<rd_kafka_mock_cluster_t, void (*)(rd_kafka_mock_cluster_t*)> brokers{
      rd_kafka_mock_cluster_new(host.get(), 1), rd_kafka_mock_cluster_destroy};
  MockBroker() { rd_kafka_mock_topic_create(brokers.get(), "t", 1, 1); }
  std::shared_ptr<LogClient> Client() const {
    return NewKafkaLogClient(
               TranslateKafkaProperties({{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(brokers.get())}})
                   .value())
        .value();
  }
};

/// What comes next, however long it takes.
Result<std::optional<LogFetch>> Await(LogConsumer& consumer, CountingWaker& waker) {
  while (true) {
    const int64_t seen = waker.wakes();
    auto next = consumer.Next();
    if (!next.ok() || *next) return next;
    waker.Await(seen);
  }
}

TEST(KafkaConsumer, OffsetThatIsNotThereIsToldWithWhereReadingGoesOn) {
  MockBroker broker;
  CountingWaker waker;
  ::testing::internal::CaptureStderr();
  auto consumer = broker.Client()->CreateConsumer({.offset_reset = "earliest"}, [&] { waker.Wake(); }).value();
  consumer->Assign({{{"t", 0}, 50}});
  auto first = Await(*consumer, waker);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_EQ((*first)->reset_position, 0);
  EXPECT_EQ((*first)->high_watermark, 0);
  auto second = Await(*consumer, waker);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ((*second)->reset_position, -1);
  EXPECT_EQ((*second)->end_position, 0) << "it is read";
  consumer->Close();
  EXPECT_THAT(
      ::testing::internal::GetCapturedStderr(),
      HasSubstr("warning: Kafka topic 't' partition 0 has no offset 50, where reading was to go on: its offsets "
                "begin at 0 and end before 0. Reading goes on at 0 (earliest): rows may be lost or come twice"));
}

TEST(KafkaConsumer, OffsetThatIsNotThereIsAnErrorWithoutAReset) {
  MockBroker broker;
  CountingWaker waker;
  auto consumer = broker.Client()->CreateConsumer({.offset_reset = "none"}, [&] { waker.Wake(); }).value();
  consumer->Assign({{{"t", 0}, 50}});
  EXPECT_THAT(Await(*consumer, waker).status().message(),
              HasSubstr("Kafka topic 't' partition 0 no longer has the offset to read from, 50"));
}

TEST(KafkaProducer, QueueIsBoundedByItsMemory) {
  auto producer = NobodysClient()->CreateProducer({.memory_bytes = 2 << 20}, [] {}).value();
  const std::string value(100'000, 'x');
  int taken = 0;
  while (producer->Produce({.topic = "t", .value = value}).value()) ++taken;
  EXPECT_GE(taken, 10);
  EXPECT_LE(taken, 21);
  EXPECT_EQ(producer->in_flight(), taken);
  EXPECT_TRUE(producer->status().ok());
}

TEST(KafkaProducer, UndeliveredMessageIsAnErrorWithTopicAndReasonAndNothingOfItsValue) {
  CountingWaker waker;
  auto producer = NobodysClient({{"message.timeout.ms", "200"}})->CreateProducer({}, [&] { waker.Wake(); }).value();
  ASSERT_TRUE(producer->Produce({.topic = "orders", .value = "a secret"}).value());
  for (int64_t seen = 0; producer->status().ok(); seen = waker.wakes())
    if (producer->in_flight() > 0) waker.Await(seen);
  EXPECT_THAT(producer->status().message(), HasSubstr("Kafka topic 'orders' partition"));
  EXPECT_THAT(producer->status().message(), HasSubstr("was not delivered"));
  EXPECT_THAT(producer->status().message(), HasSubstr("Connection refused"));
  EXPECT_THAT(producer->status().message(), Not(HasSubstr("secret")));
  EXPECT_FALSE(producer->Produce({.topic = "orders", .value = "more"}).ok());
}

TEST(KafkaProducer, ATopicThatTheBrokerCallsInvalidFailsIt) {
  MockBroker broker;
  rd_kafka_mock_topic_set_error(broker.brokers.get(), "t", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
  CountingWaker waker;
  auto producer = broker.Client()->CreateProducer({}, [&] { waker.Wake(); }).value();
  ASSERT_TRUE(producer->Produce({.topic = "t", .value = "v"}).value());
  for (int64_t seen = 0; producer->status().ok(); seen = waker.wakes())
    if (producer->in_flight() > 0) waker.Await(seen);
  EXPECT_THAT(producer->status().message(), HasSubstr("was not delivered: Broker: Invalid topic"));
}

TEST(KafkaSource, CommittedOffsetsNeedAGroup) {
  EXPECT_EQ(KafkaSource::Make({.properties = With({}), .topics = {"a"}, .start = StartOffsets::Committed()})
                .status()
                .message(),
            "Committed offsets need the property 'group.id'");
}

TEST(KafkaSource, ATopicThatNoBrokerTakesIsRefused) {
  EXPECT_THAT(KafkaSource::Make({.properties = With({}), .topics = {"a", "b c"}}).status().message(),
              HasSubstr("Not a name of a Kafka topic: 'b c'"));
}

TEST(KafkaSource, IsBoundedByItsStop) {
  EXPECT_FALSE(KafkaSource::Make({.properties = With({}), .topics = {"a"}}).value()->bounded());
  EXPECT_TRUE(
      KafkaSource::Make({.properties = With({}), .topics = {"a"}, .stop = StopOffsets::Latest()}).value()->bounded());
}

TEST(KafkaSink, ExactlyOnceIsRefusedNotFaked) {
  Status status =
      KafkaSink::Make({.properties = With({}), .guarantee = DeliveryGuarantee::kExactlyOnce, .topic = "a"}).status();
  EXPECT_EQ(status.message(),
            "Kafka sink cannot write exactly once yet: choose delivery guarantee at-least-once or none");
}

}  // namespace
}  // namespace thalweg::connectors
