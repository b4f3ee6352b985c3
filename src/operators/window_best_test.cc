#include "operators/window_best.h"

#include <gmock/gmock.h>

#include "flow/idleness.h"
#include "graph/window_best_spec.h"
#include "operators/test_times.h"
#include "testing/golden_states.h"
#include "testing/row_harness.h"
#include "testing/subtask_context.h"

namespace thalweg::operators {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kPrices = "price BIGINT, ts TIMESTAMP(3)";

graph::WindowBestSpec Highest(const char* columns = kPrices) {
  graph::WindowBestSpec spec;
  spec.input = ParseSchema(columns);
  spec.time = 1;
  spec.size_ms = 10'000;
  return spec;
}

std::string Price(int64_t price, int time) { return "+I[" + std::to_string(price) + ", " + At(time) + "]"; }

TEST(WindowBest, ARowThatIsBeatenInItsWindowGoesAndThoseThatAreEqualStay) {
  RowHarness(MakeWindowBest, Encode(Highest()))
      .Input(kPrices)
      .Output(kPrices)
      .Rows({Price(5, 1000), Price(4, 2000), Price(5, 9999), Price(3, 10'000), Price(4, 9000), Price(7, 3000),
             Price(6, 3000), Price(2, 19'999)})
      .Expect({Price(5, 1000), Price(5, 9999), Price(3, 10'000), Price(7, 3000)});
}

TEST(WindowBest, TheLeastIsTheBestOfAMinimum) {
  constexpr const char* kNarrow = "price INT, ts TIMESTAMP(3)";
  graph::WindowBestSpec spec = Highest(kNarrow);
  spec.least = true;
  RowHarness(MakeWindowBest, Encode(spec))
      .Input(kNarrow)
      .Output(kNarrow)
      .Rows({Price(-5, 1000), Price(-4, 2000), Price(-6, 3000), Price(-5, 4000)})
      .Expect({Price(-5, 1000), Price(-6, 3000)})
      .Rows({Price(-5, 5000), Price(-6, 6000)})
      .Expect({Price(-6, 6000)});
}

TEST(WindowBest, WindowsBeginAtTheirOffset) {
  graph::WindowBestSpec spec = Highest();
  spec.offset_ms = 3000;
  RowHarness(MakeWindowBest, Encode(spec))
      .Input(kPrices)
      .Output(kPrices)
      .Rows({Price(5, 2999), Price(4, 3000), Price(3, 12'999), Price(3, 13'000)})
      .Expect({Price(5, 2999), Price(4, 3000), Price(3, 13'000)});
}

// It is within both windows where the end is within.
TEST(WindowBest, ARowOfAWindowsFirstMillisecondMayJoinTheOneBefore) {
  graph::WindowBestSpec spec = Highest();
  spec.begin_joins_before = true;
  RowHarness(MakeWindowBest, Encode(spec))
      .Input(kPrices)
      .Output(kPrices)
      .Rows(
          {Price(5, 10'001), Price(4, 10'000), Price(4, 10'001), Price(3, 20'000), Price(2, 20'000), Price(2, 20'001)})
      .Expect({Price(5, 10'001), Price(4, 10'000), Price(3, 20'000), Price(2, 20'000)});
}

// What a late row has, its window's result need not have.
TEST(WindowBest, LateRowsStayAndBeatNothing) {
  RowHarness(MakeWindowBest, Encode(Highest()))
      .Input(kPrices)
      .Output(kPrices)
      .Rows({Price(5, 1000), Price(6, 11'000)})
      .Watermark(milliseconds(9998))
      .Rows({Price(4, 2000)})
      .Expect({Price(5, 1000), Price(6, 11'000)})
      .Watermark(milliseconds(9999))
      .Rows({Price(9, 3000), Price(4, 4000), Price(5, 12'000)})
      .Expect({Price(9, 3000), Price(4, 4000)});
}

TEST(WindowBest, ValuesAndTimesThatAreNullStay) {
  RowHarness(MakeWindowBest, Encode(Highest()))
      .Input(kPrices)
      .Output(kPrices)
      .Rows({Price(9, 1000), "+I[null, " + At(2000) + "]", "+I[1, null]", Price(8, 2000)})
      .Expect({Price(9, 1000), "+I[null, " + At(2000) + "]", "+I[1, null]"});
}

TEST(WindowBest, ARowThatIsTakenBackIsAnError) {
  RowHarness(MakeWindowBest, Encode(Highest()))
      .Input(kPrices)
      .Output(kPrices)
      .Rows({"-D[1, " + At(1000) + "]"})
      .ExpectError("a join with the best of a window");
}

class PricesOutput final : public flow::Output {
 public:
  explicit PricesOutput(columns::BufferPool& pool) : pool_(pool) {}
  void Emit(int, columns::Batch batch) override {
    for (int32_t row = 0; row < batch.rows(); ++row) prices.push_back(batch.column(0).data<int64_t>()[row]);
  }
  columns::BufferPool& pool() override { return pool_; }
  std::vector<int64_t> prices;

 private:
  columns::BufferPool& pool_;
};

/// One subtask by hand: idleness, and restores with other subtasks' state.
class BestSubtask {
 public:
  explicit BestSubtask(std::vector<state::OperatorStateSnapshot> lists = {}, bool restored = false) {
    context_.restored = restored;
    context_.lists.Restore(std::move(lists));
    graph::Node node;
    node.payload = Encode(Highest());
    operator_ = MakeWindowBest(node).value();
    EXPECT_TRUE(operator_->Open(context_).ok());
  }
  /// The prices of those that stay.
  std::vector<int64_t> Stay(const std::vector<std::string>& rows) {
    columns::BatchBuilder builder(ParseSchema(kPrices), context_.pool());
    for (const std::string& row : rows) testing::AppendRowText(row, ParseSchema(kPrices), builder);
    flow::Rows batch(builder.Take());
    PricesOutput out(context_.pool());
    EXPECT_TRUE(operator_->Process(0, batch, out).ok());
    return out.prices;
  }
  void Watermark(int64_t time) {
    PricesOutput out(context_.pool());
    EXPECT_TRUE(operator_->OnWatermark({time}, out).ok());
  }
  void Idle() { dynamic_cast<flow::HearsIdleness&>(*operator_).OnIdle(); }
  std::vector<state::OperatorStateSnapshot> Snapshot() {
    EXPECT_TRUE(operator_->Snapshot({}).ok());
    return context_.lists.Snapshot();
  }

 private:
  testing::SubtaskContext context_;
  std::unique_ptr<flow::Operator> operator_;
};

/// The lists of two subtasks as one restored subtask gets them.
std::vector<state::OperatorStateSnapshot> Both(BestSubtask& a, BestSubtask& b) {
  return state::Redistribute({a.Snapshot(), b.Snapshot()}, 1)[0];
}

TEST(WindowBest, BytesAreThoseOfTheGoldenFile) {
  BestSubtask subtask;
  EXPECT_THAT(subtask.Stay({Price(7, 30'000), Price(-2, 41'000)}), ElementsAre(7, -2));
  subtask.Watermark(12'345);
  const std::vector<state::OperatorStateSnapshot> lists = subtask.Snapshot();
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_EQ(lists[0].name, "window-best");
  EXPECT_EQ(lists[0].codec, "window-best/1");
  EXPECT_EQ(lists[0].mode, state::Redistribution::kUnion);
  EXPECT_EQ(lists[0].items, std::vector<std::string>{testing::GoldenState("window-best")});
}

// Others' watermarks may have taken the aggregate beyond what comes now.
TEST(WindowBest, AfterIdlenessAllRowsStayUntilARestore) {
  BestSubtask subtask;
  EXPECT_THAT(subtask.Stay({Price(5, 11'000), Price(4, 11'000)}), ElementsAre(5));
  subtask.Idle();
  EXPECT_THAT(subtask.Stay({Price(4, 12'000), Price(3, 13'000)}), ElementsAre(4, 3));
  subtask.Watermark(5000);
  EXPECT_THAT(subtask.Stay({Price(4, 12'000), Price(3, 13'000)}), ElementsAre(4, 3));
  BestSubtask again(subtask.Snapshot(), true);
  EXPECT_THAT(again.Stay({Price(4, 12'000), Price(3, 13'000)}), ElementsAre(4));
}

TEST(WindowBest, ARestoreKnowsTheBestOfAllAndTheGreatestWatermark) {
  BestSubtask a, b;
  a.Stay({Price(5, 11'000), Price(8, 21'000)});
  b.Stay({Price(6, 11'000), Price(7, 21'000), Price(4, 31'000)});
  a.Watermark(19'999);
  BestSubtask restored(Both(a, b), true);
  EXPECT_THAT(restored.Stay({Price(9, 12'000), Price(1, 12'000)}), ElementsAre(9, 1)) << "its window may have fired";
  EXPECT_THAT(restored.Stay({Price(7, 22'000), Price(8, 23'000), Price(3, 32'000)}), ElementsAre(8));
}

// What is taken over of a build that had no such operator says nothing of how far its aggregate was.
TEST(WindowBest, WithoutStateInACheckpointAllRowsStay) {
  BestSubtask fresh({}, false), old({}, true);
  EXPECT_THAT(fresh.Stay({Price(5, 1000), Price(4, 1000)}), ElementsAre(5));
  EXPECT_THAT(old.Stay({Price(5, 1000), Price(4, 1000)}), ElementsAre(5, 4));
  BestSubtask again(Both(fresh, old), true);
  EXPECT_THAT(again.Stay({Price(3, 1000), Price(2, 1000)}), ElementsAre(3, 2));
}

TEST(WindowBest, TornBytesAreAnErrorThatNamesTheState) {
  BestSubtask subtask;
  subtask.Stay({Price(5, 1000)});
  for (size_t size : {size_t{5}, size_t{8}, size_t{20}}) {
    std::vector<state::OperatorStateSnapshot> lists = subtask.Snapshot();
    lists[0].items[0].resize(size);
    testing::SubtaskContext context;
    context.lists.Restore(std::move(lists));
    graph::Node node;
    node.payload = Encode(Highest());
    const Status status = MakeWindowBest(node).value()->Open(context);
    EXPECT_THAT(status.message(), ::testing::HasSubstr("window-best")) << size;
  }
}

}  // namespace
}  // namespace thalweg::operators
