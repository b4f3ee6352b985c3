#include "connectors/kafka_absence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::connectors {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const KafkaAbsence::Time kStart{std::chrono::hours(1)};
const TopicPartition kFirst{"t", 0}, kSecond{"t", 1};

TEST(KafkaAbsence, NobodyIsAskedWhileNothingIsMissed) {
  KafkaAbsence absence;
  EXPECT_FALSE(absence.ToLook(kStart));
  absence.Suspect();
  EXPECT_TRUE(absence.ToLook(kStart));
  EXPECT_FALSE(absence.ToLook(kStart + milliseconds(999))) << "no answer came";
  EXPECT_TRUE(absence.ToLook(kStart + seconds(1)));
  EXPECT_THAT(absence.OnAnswer({}, kStart + seconds(1)), IsEmpty());
  EXPECT_FALSE(absence.ToLook(kStart + seconds(9)));
}

TEST(KafkaAbsence, WhatIsAwayForAMomentIsNotTold) {
  KafkaAbsence absence;
  absence.Suspect();
  EXPECT_THAT(absence.OnAnswer({kFirst}, kStart), IsEmpty());
  EXPECT_TRUE(absence.ToLook(kStart + seconds(4)));
  EXPECT_THAT(absence.OnAnswer({}, kStart + seconds(4)), IsEmpty());
  EXPECT_FALSE(absence.ToLook(kStart + seconds(6)));
  EXPECT_THAT(absence.OnAnswer({kFirst}, kStart + seconds(6)), IsEmpty()) << "away again, for another moment";
}

TEST(KafkaAbsence, WhatStaysAwayIsToldAndRemindedOf) {
  KafkaAbsence absence;
  EXPECT_THAT(absence.OnAnswer({kFirst}, kStart), IsEmpty());
  EXPECT_THAT(absence.OnAnswer({kFirst, kSecond}, kStart + seconds(3)), IsEmpty());
  EXPECT_THAT(absence.OnAnswer({kFirst, kSecond}, kStart + seconds(5)), ElementsAre(kFirst));
  EXPECT_THAT(absence.OnAnswer({kFirst, kSecond}, kStart + seconds(8)), ElementsAre(kSecond));
  EXPECT_THAT(absence.OnAnswer({kFirst, kSecond}, kStart + seconds(64)), IsEmpty());
  EXPECT_THAT(absence.OnAnswer({kFirst, kSecond}, kStart + seconds(65)), ElementsAre(kFirst));
}

TEST(KafkaAbsence, WhatIsNoLongerReadIsNotMissed) {
  KafkaAbsence absence;
  EXPECT_THAT(absence.OnAnswer({kFirst}, kStart), IsEmpty());
  absence.Forget(kFirst);
  EXPECT_FALSE(absence.ToLook(kStart + seconds(1)));
}

}  // namespace
}  // namespace thalweg::connectors
