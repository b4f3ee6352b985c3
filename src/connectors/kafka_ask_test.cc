#include "connectors/kafka_ask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;

constexpr std::chrono::hours kLong{24};  // never reached

/// Answers in order, and what it was given to find each; asked again after the last, it asks for a stop.
struct AskedBroker {
  std::vector<rd_kafka_resp_err_t> answers;
  Status state;
  std::stop_source stop;
  std::vector<int> slices;

  Result<rd_kafka_resp_err_t> Ask(std::chrono::milliseconds bound = kLong) {
    return AskInSlices(
        bound, stop.get_token(),
        [this](int timeout_ms) {
          slices.push_back(timeout_ms);
          if (slices.size() >= answers.size()) stop.request_stop();
          return answers.at(slices.size() - 1);
        },
        [this] { return state; });
  }
};

TEST(KafkaAsk, AStopEndsTheWaitAfterTheSliceUnderWay) {
  AskedBroker broker{.answers = {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TRANSPORT}};
  EXPECT_EQ(broker.Ask().value(), RD_KAFKA_RESP_ERR__TRANSPORT);
  EXPECT_THAT(broker.slices, ElementsAre(250, 250));
}

TEST(KafkaAsk, AfterAStopNothingIsAsked) {
  AskedBroker broker;
  broker.stop.request_stop();
  EXPECT_EQ(broker.Ask().value(), RD_KAFKA_RESP_ERR__TIMED_OUT);
  EXPECT_THAT(broker.slices, ElementsAre());
}

TEST(KafkaAsk, ABrokerThatIsSlowToAnswerGetsMoreTime) {
  constexpr auto kSlow = RD_KAFKA_RESP_ERR__TIMED_OUT;
  AskedBroker broker{.answers = {kSlow, kSlow, RD_KAFKA_RESP_ERR__TRANSPORT, kSlow, kSlow, RD_KAFKA_RESP_ERR_NO_ERROR}};
  EXPECT_EQ(broker.Ask().value(), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_THAT(broker.slices, ElementsAre(250, 500, 1000, 1000, 2000, 2000));
}

TEST(KafkaAsk, WhatIsFinalEndsIt) {
  AskedBroker refused{.answers = {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, RD_KAFKA_RESP_ERR_NO_ERROR}};
  EXPECT_EQ(refused.Ask().value(), RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
  AskedBroker broken{.answers = {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NO_ERROR},
                     .state = ExternalError("login refused")};
  EXPECT_EQ(broken.Ask().status().message(), "login refused");
  EXPECT_EQ(broken.slices.size(), 1u);
  AskedBroker late{.answers = {RD_KAFKA_RESP_ERR_NO_ERROR}};
  EXPECT_EQ(late.Ask(std::chrono::milliseconds(0)).value(), RD_KAFKA_RESP_ERR__TIMED_OUT);
}

}  // namespace
}  // namespace thalweg::connectors
