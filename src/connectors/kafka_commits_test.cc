#include "connectors/kafka_commits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <thread>

#include "connectors/kafka_log_client.h"

namespace thalweg::connectors {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

LogOffsets Offset(int32_t partition, int64_t offset) { return {{{"t", partition}, offset}}; }

TEST(KafkaCommits, GoOutOneAtATime) {
  KafkaCommits commits;
  EXPECT_EQ(commits.Next(), std::nullopt);
  commits.Ask(Offset(0, 1));
  EXPECT_THAT(commits.Next(), Optional(Offset(0, 1)));
  commits.Ask(Offset(0, 2));
  EXPECT_EQ(commits.Next(), std::nullopt);
  commits.OnAnswer(true);
  EXPECT_THAT(commits.Next(), Optional(Offset(0, 2)));
  EXPECT_FALSE(commits.settled());
  commits.OnAnswer(true);
  EXPECT_TRUE(commits.settled());
  EXPECT_EQ(commits.Next(), std::nullopt);
}

TEST(KafkaCommits, NewerOffsetsReplaceThoseThatWaitAndLeaveOtherPartitions) {
  KafkaCommits commits;
  commits.Ask(Offset(0, 1));
  commits.Next();
  commits.Ask({{{"t", 0}, 2}, {{"t", 1}, 9}});  // partition 1 has ended: it is in no later one
  commits.Ask(Offset(0, 3));
  commits.OnAnswer(true);
  EXPECT_THAT(commits.Next(), Optional(LogOffsets{{{"t", 0}, 3}, {{"t", 1}, 9}}));
}

TEST(KafkaCommits, RefusedOffsetsGoWithTheNextCommitUnlessThereAreNewerOnes) {
  KafkaCommits commits;
  commits.Ask({{{"t", 0}, 2}, {{"t", 1}, 9}});
  commits.Next();
  commits.OnAnswer(false);
  EXPECT_EQ(commits.Next(), std::nullopt);
  EXPECT_EQ(commits.owed(), (LogOffsets{{{"t", 0}, 2}, {{"t", 1}, 9}}));
  commits.Ask(Offset(0, 3));
  EXPECT_THAT(commits.Next(), Optional(LogOffsets{{{"t", 0}, 3}, {{"t", 1}, 9}}));
  commits.Ask(Offset(0, 4));
  commits.OnAnswer(false);
  EXPECT_THAT(commits.Next(), Optional(LogOffsets{{{"t", 0}, 4}, {{"t", 1}, 9}}));
}

TEST(KafkaCommits, RefusedOffsetsGoOutAgainWhenAskedTo) {
  KafkaCommits commits;
  commits.AskAgain();
  EXPECT_EQ(commits.Next(), std::nullopt);
  commits.Ask(Offset(0, 2));
  commits.Next();
  commits.OnAnswer(false);
  commits.AskAgain();
  EXPECT_THAT(commits.Next(), Optional(Offset(0, 2)));
}

/// librdkafka's brokers in this process, which answer as they are told to.
class MockBrokers {
 public:
  static constexpr int16_t kOffsetCommit = 8;  // Kafka's key of the request
  static constexpr int32_t kBroker = 1;

  MockBrokers() {
    char text[512] = "";
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof(text)));
    THALWEG_CHECK(client_);
    cluster_.reset(rd_kafka_mock_cluster_new(client_.get(), 1));
    rd_kafka_mock_topic_create(cluster_.get(), "t", 2, 1);
  }
  rd_kafka_mock_cluster_t* get() { return cluster_.get(); }
  std::shared_ptr<LogClient> Client(Properties more = {}) {
    more["bootstrap.servers"] = rd_kafka_mock_cluster_bootstraps(cluster_.get());
    more["group.id"] = "g";
    return NewKafkaLogClient(TranslateKafkaProperties(more).value()).value();
  }
  /// By an answer after which it is worth asking again.
  void PutOffCommits(size_t count) {
    for (size_t i = 0; i < count; ++i)
      rd_kafka_mock_broker_push_request_error_rtts(cluster_.get(), kBroker, kOffsetCommit, 1,
                                                   RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 0);
  }
  /// Such answers not yet given.
  size_t put_off_left() {
    size_t left = 0;
    rd_kafka_mock_broker_error_stack_cnt(cluster_.get(), kBroker, kOffsetCommit, &left);
    return left;
  }
  LogOffsets Committed() {
    return Client()->Offsets({{"t", 0}, {"t", 1}}, {.kind = OffsetQuery::Kind::kCommitted}, {}).value();
  }

 private:
  struct Destroy {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
    void operator()(rd_kafka_mock_cluster_t* cluster) const { rd_kafka_mock_cluster_destroy(cluster); }
  };
  std::unique_ptr<rd_kafka_t, Destroy> client_;
  std::unique_ptr<rd_kafka_mock_cluster_t, Destroy> cluster_;
};

TEST(KafkaConsumerCommits, LastOneBeforeTheEndIsNotDropped) {
  MockBrokers brokers;
  for (int64_t run = 1; run <= 5; ++run) {
    auto consumer = brokers.Client()->CreateConsumer({}, [] {}).value();
    consumer->Commit({{{"t", 0}, 10 * run}, {{"t", 1}, 20 * run}});
    consumer->Close();
    EXPECT_EQ(consumer->commits_succeeded(), 1);
    EXPECT_EQ(consumer->commits_failed(), 0);
    EXPECT_EQ(consumer->TakeCommitted(), brokers.Committed());
    EXPECT_EQ(brokers.Committed(), (LogOffsets{{{"t", 0}, 10 * run}, {{"t", 1}, 20 * run}}));
  }
}

TEST(KafkaConsumerCommits, WhatWasAskedForWhileOneWasPutOffIsWhatTheGroupHas) {
  MockBrokers brokers;
  auto consumer = brokers.Client()->CreateConsumer({}, [] {}).value();
  brokers.PutOffCommits(1);
  consumer->Commit(Offset(0, 1));
  while (brokers.put_off_left() > 0) std::this_thread::yield();
  for (int64_t offset = 2; offset <= 50; ++offset) consumer->Commit(Offset(0, offset));
  while (consumer->commits_succeeded() + consumer->commits_failed() < 2) std::this_thread::yield();
  EXPECT_EQ(brokers.Committed(), Offset(0, 50));
}

TEST(KafkaConsumerCommits, LastOneIsAskedForAgainAtTheEndWhileTheBrokerPutsItOff) {
  MockBrokers brokers;
  auto consumer = brokers.Client()->CreateConsumer({}, [] {}).value();
  brokers.PutOffCommits(3);
  consumer->Commit(Offset(0, 50));
  consumer->Close();
  EXPECT_EQ(brokers.Committed(), Offset(0, 50));
  EXPECT_EQ(consumer->commits_succeeded(), 1);
}

TEST(KafkaConsumerCommits, RefusalForGoodIsToldAndNotAwaited) {
  MockBrokers brokers;
  auto consumer = brokers.Client({{"default.api.timeout.ms", "600000"}})->CreateConsumer({}, [] {}).value();
  rd_kafka_mock_push_request_errors(brokers.get(), MockBrokers::kOffsetCommit, 1,
                                    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  consumer->Commit({{{"t", 0}, 7}, {{"t", 1}, 8}});
  ::testing::internal::CaptureStderr();
  consumer->Close();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("did not take its last offsets (t-0 at 7, t-1 at 8): Broker: Group authorization failed"));
  EXPECT_EQ(consumer->commits_failed(), 1);
  EXPECT_EQ(consumer->TakeCommitted(), LogOffsets{});
}

}  // namespace
}  // namespace thalweg::connectors
