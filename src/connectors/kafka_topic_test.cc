#include "connectors/kafka_topic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::connectors {
namespace {

TEST(KafkaTopic, NamesAreThoseThatABrokerTakes) {
  for (const std::string& name :
       {std::string("t"), std::string("azAZ09._-"), std::string("..."), std::string(249, 'x')})
    EXPECT_TRUE(CheckKafkaTopic(name).ok()) << name;
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("bad topic!"),
                                  std::string("a/b"), std::string("\xc3\xa4"), std::string(250, 'x')})
    EXPECT_FALSE(CheckKafkaTopic(name).ok()) << name;
}

TEST(KafkaTopic, TheErrorSaysTheRule) {
  Status status = CheckKafkaTopic("bad topic!");
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(
      status.message(),
      "Not a name of a Kafka topic: 'bad topic!'; it has 1 to 249 letters, digits, '.', '_' and '-' of ASCII, and is "
      "neither '.' nor '..'");
}

}  // namespace
}  // namespace thalweg::connectors
