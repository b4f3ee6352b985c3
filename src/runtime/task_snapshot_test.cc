#include "runtime/task_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace thalweg::runtime {
namespace {

using ::testing::HasSubstr;

/// Needs `pieces` calls of Advance; its one state is called `name`.
class Counted final : public state::PendingSnapshot {
 public:
  Counted(std::string name, int pieces, Status failure = {})
      : name_(std::move(name)), left_(pieces), failure_(std::move(failure)) {}
  bool Advance(int64_t) override { return left_-- <= 0; }
  Result<state::KeyedSnapshot> Take() override {
    if (name_.empty()) throw std::runtime_error("a codec's");
    THALWEG_TRY(failure_);
    state::KeyedSnapshot taken;
    taken.specs.push_back({.name = name_});
    return taken;
  }

 private:
  std::string name_;
  int left_;
  Status failure_;
};

state::OperatorSnapshot Of(std::string uid) {
  state::OperatorSnapshot snapshot;
  snapshot.uid = std::move(uid);
  return snapshot;
}

TEST(TaskSnapshot, IsSavedWhenEveryOperatorIsAndHasThemInTheirOrder) {
  TaskSnapshot snapshot;
  snapshot.Add(Of("source"), nullptr);
  snapshot.Add(Of("count"), std::make_unique<Counted>("counts", 2));
  snapshot.Add(Of("join"), std::make_unique<Counted>("rows", 1));
  int calls = 1;
  while (!snapshot.Advance(10)) ++calls;
  EXPECT_EQ(calls, 4);
  const state::TaskSnapshot taken = snapshot.Take().value();
  ASSERT_EQ(taken.operators.size(), 3u);
  EXPECT_EQ(taken.operators[0].uid, "source");
  EXPECT_TRUE(taken.operators[0].keyed.specs.empty());
  EXPECT_EQ(taken.operators[1].keyed.specs.at(0).name, "counts");
  EXPECT_EQ(taken.operators[2].keyed.specs.at(0).name, "rows");
}

TEST(TaskSnapshot, AFailureNamesTheOperator) {
  TaskSnapshot snapshot;
  snapshot.Add(Of("count"), std::make_unique<Counted>("counts", 0, ExternalError("Disk is full: {}", "/state")));
  ASSERT_TRUE(snapshot.Advance(10));
  EXPECT_THAT(snapshot.Take().status().message(), HasSubstr("State of operator 'count': Disk is full: /state"));
}

TEST(TaskSnapshot, WhatACodecThrowsIsAnError) {
  TaskSnapshot snapshot;
  snapshot.Add(Of("count"), std::make_unique<Counted>("", 0));
  ASSERT_TRUE(snapshot.Advance(10));
  const Status taken = snapshot.Take().status();
  EXPECT_EQ(taken.category(), ErrorCategory::kUser);
  EXPECT_THAT(taken.message(), HasSubstr("a codec's"));
}

}  // namespace
}  // namespace thalweg::runtime
