#include "base/status.h"

#include <gmock/gmock.h>

#include <memory>

namespace thalweg {

namespace {

Status FailIf(bool fail) {
  if (fail) return ExternalError("Disk full: {}", "/data");
  return {};
}

Result<int> Half(int value) {
  if (value % 2 != 0) return UserError("Not even: {}", value);
  return value / 2;
}

Result<int> Quarter(int value) {
  THALWEG_ASSIGN(const int half, Half(value));
  THALWEG_ASSIGN(int quarter, Half(half));
  return quarter;
}

Status TryTwice(bool first, bool second, int& reached) {
  THALWEG_TRY(FailIf(first));
  ++reached;
  THALWEG_TRY(FailIf(second));
  ++reached;
  return {};
}

TEST(Status, DefaultIsOk) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().message(), "");
  EXPECT_EQ(OkStatus().ToString(), "ok");
}

TEST(Status, CarriesCategoryAndMessage) {
  EXPECT_EQ(UserError("a {}", 1).ToString(), "user error: a 1");
  EXPECT_EQ(ExternalError("b").ToString(), "external error: b");
  EXPECT_EQ(InternalError("c").ToString(), "internal error: c");
  EXPECT_EQ(ExternalError("b").category(), ErrorCategory::kExternal);
}

TEST(Status, CopyIsIndependentOfTheOriginal) {
  Status original = UserError("first");
  Status copy = original;
  original = InternalError("second");
  EXPECT_EQ(copy.ToString(), "user error: first");
  copy = Status();
  EXPECT_TRUE(copy.ok());
  EXPECT_EQ(original.ToString(), "internal error: second");
}

TEST(Status, ContextGoesInFrontAndKeepsTheCategory) {
  EXPECT_EQ(UserError("bad").WithContext("column a").ToString(), "user error: column a: bad");
  EXPECT_TRUE(Status().WithContext("column a").ok());
}

TEST(Status, TryReturnsTheFirstErrorAndGoesNoFurther) {
  int reached = 0;
  EXPECT_EQ(TryTwice(true, true, reached).message(), "Disk full: /data");
  EXPECT_EQ(reached, 0);
  EXPECT_FALSE(TryTwice(false, true, reached).ok());
  EXPECT_EQ(reached, 1);
  EXPECT_TRUE(TryTwice(false, false, reached).ok());
  EXPECT_EQ(reached, 3);
}

TEST(Result, AssignTakesTheValueOrReturnsTheError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "Not even: 3");
  EXPECT_EQ(Quarter(7).status().message(), "Not even: 7");
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(ResultDeathTest, ValueOfAnErrorStopsTheProcessWithItsMessage) {
  EXPECT_DEATH((void)Half(3).value(), "Not even: 3");
}

TEST(ResultDeathTest, AnOkStatusIsNoResult) { EXPECT_DEATH(Result<int>{Status()}, "CHECK failed"); }

TEST(CheckDeathTest, AFailedCheckNamesPlaceConditionAndMessage) {
  EXPECT_DEATH(THALWEG_CHECK(1 + 1 == 3, "sum is {}", 2), "status_test.cc:.*1 \\+ 1 == 3 sum is 2");
}

}  // namespace

}  // namespace thalweg
