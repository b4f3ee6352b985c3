#include "connectors/range_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "columns/object_writer.h"
#include "connectors/collection_source.h"
#include "connectors/datagen.h"
#include "connectors/test_task.h"
#include "testing/golden_states.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using types::DataType;
using types::TypeId;

// Splits of each subtask at the first start.
std::vector<std::vector<flow::Split>> Started(flow::Source& source, int parallelism) {
  std::vector<std::vector<flow::Split>> splits(static_cast<size_t>(parallelism));
  auto enumerator = *source.CreateEnumerator();
  int ended = 0;
  for (const flow::EnumeratorAction& action : enumerator->OnStart(parallelism, {})) {
    ended += action.kind == flow::EnumeratorAction::Kind::kNoMoreSplits;
    for (const flow::Split& split : action.splits) splits[static_cast<size_t>(action.subtask)].push_back(split);
  }
  EXPECT_EQ(ended, parallelism);
  return splits;
}

std::vector<std::string> Rows(flow::Source& source, int parallelism) {
  TestContext context;
  KeptRows out(context.pool());
  for (const auto& splits : Started(source, parallelism)) EXPECT_TRUE(ReadAll(source, splits, context, out).ok());
  return out.rows;
}

// docs/internals/files.md
TEST(RangeSource, ASplitsBytesAreTheGoldenOnes) {
  RangeSourceOptions options;
  options.from = -2;
  options.to = int64_t{1} << 40;
  options.interleaved = true;
  options.make_rows = [] { return RangeRows(); };
  auto source = MakeRangeSource(std::move(options));
  EXPECT_EQ(Started(*source, 3)[0].at(0).state, testing::GoldenState("range-split"));
  TestContext context;
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context).ok());
  ASSERT_TRUE(reader->AddSplits({{"0/3", testing::GoldenState("range-split")}}).ok());
  EXPECT_EQ(reader->SnapshotSplits().at(0).state, testing::GoldenState("range-split"));
}

TEST(SequenceSource, CountsFromFirstToLastOverAnyNumberOfSubtasks) {
  auto source = *MakeSequenceSource(-2, 3, false);
  for (int parallelism : {1, 2, 4, 6, 9})
    EXPECT_THAT(Rows(*source, parallelism), ElementsAre("+I[-2]", "+I[-1]", "+I[0]", "+I[1]", "+I[2]", "+I[3]"))
        << parallelism;
  EXPECT_TRUE(source->bounded());
}

TEST(SequenceSource, APollGivesNoMoreRowsThanItIsAskedFor) {
  auto source = *MakeSequenceSource(0, 9, true);
  TestContext context;
  KeptRows out(context.pool());
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context).ok() && reader->AddSplits(Started(*source, 1)[0]).ok());
  reader->NoMoreSplits();
  out.SetPollRows(3);
  ASSERT_TRUE(ReadOn(*reader, context, out).ok());
  EXPECT_THAT(out.batches, ElementsAre(3, 3, 3, 1));
}

TEST(SequenceSource, ReachesTheEndsOfInt64AndRefusesNonsense) {
  EXPECT_THAT(Rows(**MakeSequenceSource(INT64_MIN, INT64_MIN + 1, false), 1),
              ElementsAre("+I[-9223372036854775808]", "+I[-9223372036854775807]"));
  EXPECT_THAT(Rows(**MakeSequenceSource(INT64_MAX - 1, INT64_MAX - 1, false), 3),
              ElementsAre("+I[9223372036854775806]"));
  for (bool as_objects : {false, true})
    EXPECT_EQ(Rows(**MakeSequenceSource(INT64_MAX - 2, INT64_MAX, as_objects), 2).size(), 3u);
  EXPECT_THAT(Rows(**MakeSequenceSource(INT64_MAX - 2, INT64_MAX, false), 2),
              ElementsAre("+I[9223372036854775805]", "+I[9223372036854775806]", "+I[9223372036854775807]"));
  EXPECT_THAT(Rows(**MakeSequenceSource(INT64_MAX, INT64_MAX, false), 3), ElementsAre("+I[9223372036854775807]"));
  EXPECT_TRUE(MakeSequenceSource(INT64_MIN + 1, INT64_MAX, false).ok());
  EXPECT_EQ(MakeSequenceSource(INT64_MIN, INT64_MAX, false).status().message(),
            "Sequence has more values than can be counted: from -9223372036854775808, to 9223372036854775807");
  EXPECT_EQ(MakeSequenceSource(1, 0, false).status().message(), "Sequence ends before it begins: from 1, to 0");
}

TEST(RangeSource, EmitsBatchesOfTheSizeAskedFor) {
  RangeSourceOptions options;
  options.to = 10;
  options.batch_rows = 4;
  options.make_rows = [] {
    return [](int64_t first, int64_t, int32_t rows, columns::BufferPool& pool) -> Result<columns::Batch> {
      columns::ObjectWriter<int64_t> writer(pool, rows);
      for (int32_t i = 0; i < rows; ++i) writer.Append(first + i);
      return writer.Take();
    };
  };
  auto source = MakeRangeSource(options);
  TestContext context;
  KeptRows out(context.pool());
  ASSERT_TRUE(ReadAll(*source, Started(*source, 1)[0], context, out).ok());
  EXPECT_THAT(out.batches, ElementsAre(4, 4, 2));
}

TEST(SequenceSource, ARestoreContinuesBehindTheLastBatchAndNeverDividesAgain) {
  auto source = *MakeSequenceSource(0, 4999, false);
  TestContext context;
  KeptRows out(context.pool());
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context).ok() && reader->AddSplits(Started(*source, 1)[0]).ok());
  ASSERT_TRUE(ReadOn(*reader, context, out, 2000).ok());
  auto enumerator = *source->CreateEnumerator();
  ASSERT_TRUE(enumerator->Restore("1").ok());
  auto actions = enumerator->OnStart(3, reader->SnapshotSplits());
  ASSERT_EQ(actions.size(), 4u);
  ASSERT_TRUE(ReadAll(*source, actions[0].splits, context, out).ok());
  ASSERT_EQ(out.rows.size(), 5000u);
  for (size_t i = 0; i < 5000; ++i) ASSERT_EQ(out.rows[i], fmt::format("+I[{}]", i));
  EXPECT_FALSE(enumerator->Restore("?").ok());
  EXPECT_FALSE(reader->AddSplits({{"0/1", "damaged"}}).ok());
}

TEST(SequenceSource, PausesWithoutCreditAndWhenTheSplitIsPaused) {
  auto source = *MakeSequenceSource(0, 1, false);
  TestContext context;
  KeptRows out(context.pool());
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context).ok());
  EXPECT_EQ(*reader->Poll(out), flow::ReadProgress::kIdle);
  ASSERT_TRUE(reader->AddSplits(Started(*source, 1)[0]).ok());
  reader->PauseSplit("0/1", true);
  EXPECT_EQ(*reader->Poll(out), flow::ReadProgress::kIdle);
  reader->PauseSplit("0/1", false);
  out.SetCredit(false);
  EXPECT_EQ(*reader->Poll(out), flow::ReadProgress::kMore);
  EXPECT_TRUE(out.rows.empty());
  out.SetCredit(true);
  reader->NoMoreSplits();
  EXPECT_EQ(*reader->Poll(out), flow::ReadProgress::kFinished);
  EXPECT_THAT(out.finished, ElementsAre("0/1"));
}

struct TextOutput final : flow::SourceOutput {
  explicit TextOutput(columns::BufferPool& pool) : pool_(&pool) {}
  void Emit(const std::string&, columns::Batch batch) override {
    for (int32_t i = 0; i < batch.rows(); ++i) values.push_back(batch.objects<std::string>()[i]);
  }
  void FinishSplit(const std::string&) override {}
  columns::BufferPool& pool() override { return *pool_; }
  std::vector<std::string> values;
  columns::BufferPool* pool_;
};

TEST(CollectionSource, EmitsItsValuesAsObjectsInOrder) {
  auto source = MakeCollectionSource<std::string>({"a", "a string beyond twelve bytes", "c"});
  TestContext context;
  TextOutput out(context.pool());
  for (const auto& splits : Started(*source, 2)) {
    auto reader = *source->CreateReader();
    ASSERT_TRUE(reader->Open(context).ok() && reader->AddSplits(splits).ok());
    reader->NoMoreSplits();
    while (*reader->Poll(out) != flow::ReadProgress::kFinished) {
    }
  }
  EXPECT_THAT(out.values, ElementsAre("a", "a string beyond twelve bytes", "c"));
  EXPECT_TRUE(Rows(*MakeCollectionSource<int64_t>({}), 2).empty());
}

types::SchemaPtr Schema(std::vector<types::Field> fields) {
  return std::make_shared<const types::Schema>(std::move(fields));
}

DatagenOptions Generated() {
  DatagenOptions options;
  options.schema = Schema({{"i", DataType(TypeId::kInt)},
                           {"s", DataType(TypeId::kString)},
                           {"d", DataType(TypeId::kDouble)},
                           {"n", DataType::Decimal(5, 2)},
                           {"b", DataType(TypeId::kBoolean)},
                           {"t", DataType::Timestamp(3)},
                           {"q", DataType(TypeId::kBigInt)}});
  options.fields.resize(7);
  options.fields[0].min = -3;
  options.fields[0].max = 3;
  options.fields[1].length = 5;
  options.fields[1].null_rate = 0.5;
  options.fields[5].max_past_ms = 1000;
  options.fields[6].kind = DatagenField::Kind::kSequence;
  options.fields[6].start = 10;
  options.fields[6].end = 1009;
  options.rows_per_second = 0;
  options.seed = 42;
  options.now_ms = 1'000'000;
  return options;
}

TEST(Datagen, OneLimitLeavesTheOtherToTheTypeAndTwoEqualOnesLeaveOneNumber) {
  DatagenOptions options;
  options.schema = Schema({{"low", DataType(TypeId::kTinyInt)},
                           {"high", DataType(TypeId::kTinyInt)},
                           {"one", DataType(TypeId::kInt)},
                           {"d", DataType(TypeId::kDouble)}});
  options.fields.resize(4);
  options.fields[0].min = 120;
  options.fields[1].max = -120;
  options.fields[2].min = options.fields[2].max = 5;
  options.fields[3].max = 1;
  options.number_of_rows = 200;
  options.rows_per_second = 0;
  std::set<std::string> low, high, one;
  for (const std::string& row : Rows(**MakeDatagenSource(options), 1)) {
    std::istringstream cells(row.substr(3, row.size() - 4));
    std::string cell;
    for (std::set<std::string>* cells_of : {&low, &high, &one}) {
      std::getline(cells >> std::ws, cell, ',');
      cells_of->insert(cell);
    }
    std::getline(cells >> std::ws, cell);
    EXPECT_GE(std::stod(cell), 0);
    EXPECT_LE(std::stod(cell), 1);
  }
  EXPECT_THAT(low, ElementsAre("120", "121", "122", "123", "124", "125", "126", "127"));
  EXPECT_THAT(high, ElementsAre("-120", "-121", "-122", "-123", "-124", "-125", "-126", "-127", "-128"));
  EXPECT_THAT(one, ElementsAre("5"));
}

TEST(Datagen, TheSameSeedGivesTheSameRowsAtAnyParallelism) {
  auto source = *MakeDatagenSource(Generated());
  EXPECT_TRUE(source->bounded());
  std::vector<std::string> one = Rows(*source, 1), three = Rows(*source, 3);
  EXPECT_EQ(one.size(), 1000u);
  std::sort(one.begin(), one.end());
  std::sort(three.begin(), three.end());
  EXPECT_EQ(one, three);
  DatagenOptions other = Generated();
  other.seed = 43;
  std::vector<std::string> different = Rows(**MakeDatagenSource(other), 1);
  std::sort(different.begin(), different.end());
  EXPECT_NE(one, different);
}

TEST(Datagen, StaysWithinItsOptions) {
  DatagenOptions options = Generated();
  options.schema = Schema({{"i", DataType(TypeId::kInt)}});
  options.fields.resize(1);
  options.number_of_rows = 500;
  std::vector<std::string> rows = Rows(**MakeDatagenSource(options), 1);
  EXPECT_EQ(rows.size(), 500u);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  EXPECT_THAT(rows, ElementsAre("+I[-1]", "+I[-2]", "+I[-3]", "+I[0]", "+I[1]", "+I[2]", "+I[3]"));
}

TEST(Datagen, NestedValuesAreAsLongAsTheyWereAskedForAndTheSameAtAnyParallelism) {
  DatagenOptions options;
  const DataType number(TypeId::kInt);
  options.schema = Schema({{"a", DataType::Array(number)},
                           {"m", DataType::Map(DataType(TypeId::kBoolean), number)},
                           {"s", DataType::Multiset(number)},
                           {"r", DataType::Row({{"d", DataType(TypeId::kDate)}, {"t", DataType(TypeId::kTime)}})}});
  options.fields.resize(4);
  options.fields[0].length = 2;
  options.fields[0].children.resize(1);
  options.fields[0].children[0].min = options.fields[0].children[0].max = 5;
  options.fields[1].length = 20;
  options.fields[2].length = 0;
  options.rows_per_second = 0;
  options.number_of_rows = 100;
  options.now_ms = 86'400'000 + 3'600'000;
  auto source = *MakeDatagenSource(options);
  std::vector<std::string> one = Rows(*source, 1), three = Rows(*source, 3);
  for (const std::string& row : one) {
    EXPECT_THAT(row, ::testing::StartsWith("+I[[5, 5], {"));
    EXPECT_THAT(row, AllOf(HasSubstr("true="), HasSubstr("false=")));  // two keys are all that there are
    EXPECT_THAT(row, ::testing::EndsWith("{}, +I[1970-01-02, 01:00]]"));
  }
  std::sort(one.begin(), one.end());
  std::sort(three.begin(), three.end());
  EXPECT_EQ(one, three);
}

TEST(Datagen, TheRateHoldsAndATimerIsSetForTheNextRow) {
  DatagenOptions options = Generated();
  options.fields[6].kind = DatagenField::Kind::kRandom;
  options.rows_per_second = 10;
  auto source = *MakeDatagenSource(options);
  EXPECT_FALSE(source->bounded());
  TestContext context;
  KeptRows out(context.pool());
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context).ok() && reader->AddSplits(Started(*source, 1)[0]).ok());
  auto drain = [&] {
    while (*reader->Poll(out) == flow::ReadProgress::kMore) {
    }
    return out.rows.size();
  };
  EXPECT_EQ(drain(), 1u);
  EXPECT_EQ(context.timers.back(), 100);
  context.manual_clock.Set(99);
  EXPECT_EQ(drain(), 1u);
  context.manual_clock.Set(1000);
  EXPECT_EQ(drain(), 11u);
  context.manual_clock.Set(1'000'000);  // a long stall is made up for by a second's rows only
  EXPECT_EQ(drain(), 22u);
}

TEST(Datagen, OptionsThatCannotBeAreRefusedByColumn) {
  DatagenOptions options;
  options.schema = Schema({{"a", DataType(TypeId::kNull)}});
  EXPECT_EQ(MakeDatagenSource(options).status().message(), "Datagen column 'a': no generator for NULL");
  options.schema = Schema({{"m", DataType::Map(DataType::VarChar(3), DataType(TypeId::kInt))}});
  options.fields.resize(1);
  options.fields[0].children.resize(2);
  options.fields[0].children[0].length = 4;
  EXPECT_EQ(MakeDatagenSource(options).status().message(),
            "Datagen column 'm': key: length 4 is more than VARCHAR(3) takes");
  options.fields.clear();
  options.schema = Schema({{"x", DataType(TypeId::kTinyInt)}});
  options.fields.resize(1);
  options.fields[0].kind = DatagenField::Kind::kSequence;
  options.fields[0].end = 128;
  EXPECT_EQ(MakeDatagenSource(options).status().message(), "Datagen column 'x': the sequence leaves TINYINT: 0 to 128");
}

}  // namespace
}  // namespace thalweg::connectors
