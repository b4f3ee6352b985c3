#include "runtime/row_run.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test_stages.h"

namespace thalweg::runtime {
namespace {

using columns::Batch;
using ::testing::ElementsAre;

constexpr int32_t kRows = 3 * flow::kStageRows + 7;  // blocks, and a rest

std::string TextOf(int64_t n) { return std::string(30, 'x') + std::to_string(n); }
bool ByThree(int64_t n) { return n % 3 == 0; }

struct Fixture {
  /// The stages as members 5, 6, ...
  RowRun Of(const std::vector<flow::RowStage*>& stages) {
    std::vector<RowRun::Stage> members;
    for (flow::RowStage* stage : stages)
      members.push_back({static_cast<int>(members.size()) + 5, stage, dynamic_cast<flow::MapStage*>(stage), 0});
    return RowRun(std::move(members));
  }
  columns::BufferPool pool;
  TestMap<int64_t, std::string> as_text{TextOf};
  TestMap<std::string, std::string> louder{[](const std::string& text) { return text + "!"; }};
  TestFilter<int64_t> by_three{ByThree};
  TestFilter<int64_t> late{[](int64_t n) { return n >= flow::kStageRows + 3; }};
  TestFilter<std::string> not_seven{[](const std::string& text) { return text[text.size() - 1] != '7'; }};
  TestFilter<std::string> none{[](const std::string&) { return false; }};
};

TEST(RowRun, GivesWhatItsStagesGiveOneAfterTheOther) {
  Fixture fixture;
  struct Case {
    std::vector<flow::RowStage*> stages;
    std::function<bool(int64_t)> stays;
    std::function<std::string(int64_t)> becomes;
  };
  auto all = [](int64_t) { return true; };
  auto not_seven = [](int64_t n) { return n % 10 != 7; };
  auto both = [&](int64_t n) { return ByThree(n) && not_seven(n); };
  auto late = [](int64_t n) { return n >= flow::kStageRows + 3; };
  auto loud = [](int64_t n) { return TextOf(n) + "!"; };
  for (const Case& each : std::vector<Case>{
           {{&fixture.as_text, &fixture.louder}, all, loud},
           {{&fixture.by_three, &fixture.as_text}, ByThree, TextOf},
           {{&fixture.late, &fixture.as_text}, late, TextOf},
           {{&fixture.as_text, &fixture.not_seven}, not_seven, TextOf},
           {{&fixture.by_three, &fixture.as_text, &fixture.not_seven, &fixture.louder}, both, loud},
           {{&fixture.by_three, &fixture.as_text, &fixture.louder, &fixture.not_seven}, ByThree, loud},
       }) {
    std::vector<std::pair<std::string, int64_t>> expected;
    for (int64_t n = 0; n < kRows; ++n)
      if (each.stays(n)) expected.emplace_back(each.becomes(n), n * 10);
    Batch batch = NumbersFrom(fixture.pool, 0, kRows);
    ASSERT_TRUE(fixture.Of(each.stages).Process(batch, fixture.pool).ok());
    EXPECT_EQ(ObjectsWithTimes<std::string>(batch), expected) << each.stages.size() << " stages";
    EXPECT_EQ(batch.column(0).length, batch.rows());
  }
}

TEST(RowRun, OfFiltersAloneLeavesTheRowsInTheirBuffer) {
  Fixture fixture;
  Batch batch = NumbersFrom(fixture.pool, 0, kRows);
  const auto* values = batch.objects<int64_t>();
  ASSERT_TRUE(fixture.Of({&fixture.by_three, &fixture.late}).Process(batch, fixture.pool).ok());
  EXPECT_EQ(batch.objects<int64_t>(), values);
  std::vector<std::pair<int64_t, int64_t>> expected;
  for (int64_t n = 0; n < kRows; ++n)
    if (ByThree(n) && n >= flow::kStageRows + 3) expected.emplace_back(n, n * 10);
  EXPECT_EQ(ObjectsWithTimes<int64_t>(batch), expected);
}

TEST(RowRun, CarriesRowKindsAndDropsKeysAtAMap) {
  Fixture fixture;
  Batch batch = NumbersFrom(fixture.pool, 0, 4);
  batch.kinds() = fixture.pool.Allocate(4);
  for (int i = 0; i < 4; ++i) batch.kinds().mutable_data<uint8_t>()[i] = static_cast<uint8_t>(i);
  batch.key_hashes() = fixture.pool.Allocate(4 * sizeof(uint64_t));
  batch.AddColumn(batch.column(0));  // as if of the key
  ASSERT_TRUE(fixture.Of({&fixture.by_three, &fixture.as_text}).Process(batch, fixture.pool).ok());
  ASSERT_EQ(batch.rows(), 2);
  EXPECT_EQ(batch.kind(1), static_cast<types::RowKind>(3));
  EXPECT_FALSE(batch.key_hashes());
  EXPECT_EQ(batch.num_columns(), 1);
}

TEST(RowRun, NoRowLeftIsNoBatchAndLaterStagesAreNotCalled) {
  Fixture fixture;
  RowRun run = fixture.Of({&fixture.as_text, &fixture.none, &fixture.louder});
  Batch batch = NumbersFrom(fixture.pool, 0, kRows);
  ASSERT_TRUE(run.Process(batch, fixture.pool).ok());
  EXPECT_FALSE(batch);
  EXPECT_EQ(fixture.louder.calls.blocks, 0);
  EXPECT_EQ(fixture.as_text.calls.released, 4) << "after each block";
}

TEST(RowRun, TellsHowManyRowsCameToEachStageOfTheLastBatch) {
  Fixture fixture;
  RowRun run = fixture.Of({&fixture.by_three, &fixture.as_text, &fixture.none, &fixture.louder});
  for (int32_t rows : {kRows, 6}) {
    Batch batch = NumbersFrom(fixture.pool, 0, rows);
    ASSERT_TRUE(run.Process(batch, fixture.pool).ok());
    std::vector<int32_t> came;
    for (const RowRun::Stage& stage : run.stages()) came.push_back(stage.rows);
    EXPECT_THAT(came, ElementsAre(rows, (rows + 2) / 3, (rows + 2) / 3, 0));
  }
}

TEST(RowRun, AnErrorIsOfTheStageThatMetIt) {
  Fixture fixture;
  RowRun run = fixture.Of({&fixture.by_three, &fixture.as_text, &fixture.louder});
  fixture.louder.fails_at = TextOf(300);
  Batch batch = NumbersFrom(fixture.pool, 0, kRows);
  Status status = run.Process(batch, fixture.pool);
  EXPECT_EQ(status.message(), "It does not like a row");
  EXPECT_EQ(run.failed_member(), 7);
  EXPECT_EQ(fixture.as_text.calls.released, 3) << "the block of the error, too";
  fixture.by_three.fails_at = 400;
  batch = NumbersFrom(fixture.pool, 390, 20);
  EXPECT_FALSE(run.Process(batch, fixture.pool).ok());
  EXPECT_EQ(run.failed_member(), 5);
}

TEST(RowRun, ASharedBatchIsNotWritten) {
  Fixture fixture;
  Batch batch = NumbersFrom(fixture.pool, 0, 9);
  Batch other = batch.Share(fixture.pool);
  ASSERT_TRUE(fixture.Of({&fixture.by_three, &fixture.by_three}).Process(batch, fixture.pool).ok());
  EXPECT_EQ(batch.rows(), 3);
  for (int64_t i = 0; i < 9; ++i) EXPECT_EQ(other.objects<int64_t>()[i], i);
}

}  // namespace
}  // namespace thalweg::runtime
