#include "testing/harness.h"

#include <gmock/gmock.h>

#include "operators/emitter.h"

// The harness must catch operators that break the contract; each of these breaks one rule of it.
namespace thalweg::testing {
namespace {

using flow::Progress;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Emits the running count of rows; the base of those that do it wrongly.
class Counting : public flow::Operator {
 public:
  Status Open(flow::Context& context) override {
    THALWEG_ASSIGN(saved_, context.operator_state().Open("count", state::Redistribution::kSplit, "i64"));
    if (!saved_->empty()) count_ = *types::DecodeFromString<int64_t>(saved_->front());
    return {};
  }
  Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    emitter_.Drain(out);
    while (!rows.done() && out.has_credit()) {
      emitter_.Collect(++count_);
      rows.AdvanceTo(rows.next() + 1);
    }
    emitter_.Flush();
    return rows.done() ? Progress::kDone : Progress::kMore;
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    *saved_ = {types::EncodeToString(count_)};
    return std::vector<std::string>{};
  }

 protected:
  operators::Emitter<int64_t> emitter_;
  int64_t count_ = 0;
  std::vector<std::string>* saved_ = nullptr;
};

template <typename Op>
std::vector<std::string> FaultsOf() {
  Harness<int64_t> harness(
      []() -> Result<std::unique_ptr<flow::Operator>> { return std::unique_ptr<flow::Operator>(new Op); });
  harness.Rows({{7}, {8}, {9}}).Expect({{1}, {2}, {3}}).Rows({{7}}).Expect({{4}});
  return harness.Faults();
}

TEST(Harness, PassesAnOperatorThatKeepsTheContract) { EXPECT_THAT(FaultsOf<Counting>(), IsEmpty()); }

TEST(Harness, CatchesAnOperatorThatForgetsItsState) {
  struct Forgets : Counting {
    Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override { return std::vector<std::string>{}; }
  };
  std::vector<std::string> faults = FaultsOf<Forgets>();
  ASSERT_THAT(faults, Contains(HasSubstr("[restarted after each input] expectation 2")));
  EXPECT_THAT(faults, Contains(HasSubstr("expected:        4\n    got:             1\n    undisturbed run: 4")));
}

TEST(Harness, CatchesAnOperatorThatIgnoresCredit) {
  struct Greedy : Counting {
    Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
      for (; !rows.done(); rows.AdvanceTo(rows.next() + 1)) {
        columns::ObjectWriter<int64_t> writer(out.pool());
        writer.Append(++count_);
        out.Emit(writer.Take());
      }
      return Progress::kDone;
    }
  };
  EXPECT_THAT(FaultsOf<Greedy>(),
              Contains(HasSubstr("[credit of one row] broke the operator contract: emitted 2 rows beyond")));
}

TEST(Harness, CatchesAnOperatorThatDependsOnTheBatchSize) {
  struct PerBatch : Counting {
    Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
      emitter_.Drain(out);
      emitter_.Collect(count_ += rows.end());
      rows.AdvanceTo(rows.end());
      emitter_.Flush();
      return Progress::kDone;
    }
  };
  Harness<int64_t> harness(
      []() -> Result<std::unique_ptr<flow::Operator>> { return std::unique_ptr<flow::Operator>(new PerBatch); });
  harness.Rows({{7}, {8}}).Expect({{2}});
  EXPECT_THAT(harness.Faults(), Contains(HasSubstr("[one-row batches] expectation 1")));
}

TEST(Harness, CatchesRowsLostWhenWorkStopsHalfWay) {
  struct Loses : Counting {  // takes all rows, whatever the credit
    Result<Progress> Process(int input, flow::Rows& rows, flow::Output& out) override {
      Result<Progress> progress = Counting::Process(input, rows, out);
      rows.AdvanceTo(rows.end());
      return Progress::kDone;
    }
  };
  EXPECT_THAT(FaultsOf<Loses>(), Contains(HasSubstr("[credit of one row] expectation 1")));
}

TEST(Harness, CatchesRowsThatNobodyExpected) {
  Harness<int64_t> harness(
      []() -> Result<std::unique_ptr<flow::Operator>> { return std::unique_ptr<flow::Operator>(new Counting); });
  harness.Rows({{7}});
  EXPECT_THAT(harness.Faults(),
              Contains(HasSubstr("[undisturbed] rows on port 0 that no expectation asks for: 1 @ none")));
}

TEST(Harness, CatchesAnOperatorThatIsStuck) {
  struct Stuck : Counting {
    Result<Progress> Process(int, flow::Rows&, flow::Output&) override { return Progress::kMore; }
  };
  EXPECT_THAT(FaultsOf<Stuck>(), Contains(HasSubstr("The operator is stuck")));
}

TEST(Harness, AnUnexpectedErrorIsAFaultAndAnExpectedOneIsNot) {
  struct Fails : Counting {
    Result<Progress> Process(int, flow::Rows&, flow::Output&) override { return UserError("No more: {}", 3); }
  };
  auto make = []() -> Result<std::unique_ptr<flow::Operator>> { return std::unique_ptr<flow::Operator>(new Fails); };
  Harness<int64_t> unexpected(make);
  EXPECT_THAT(unexpected.Rows({{7}}).Faults(), Contains(HasSubstr("user error: No more: 3")));
  Harness<int64_t> expected(make);
  EXPECT_THAT(expected.Rows({{7}}).ExpectError("No more").Faults(), IsEmpty());
  Harness<int64_t> missing(
      []() -> Result<std::unique_ptr<flow::Operator>> { return std::unique_ptr<flow::Operator>(new Counting); });
  EXPECT_THAT(missing.Rows({{7}}).Expect({{1}}).ExpectError("No more").Faults(), Contains(HasSubstr("got none")));
}

}  // namespace
}  // namespace thalweg::testing
