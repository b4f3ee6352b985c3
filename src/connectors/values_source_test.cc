#include "connectors/values_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/builder.h"
#include "connectors/node_samples_test.h"
#include "connectors/test_task.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

columns::Batch ViewBatch(columns::BufferPool& pool, int first, int rows) {
  columns::BatchBuilder builder(ViewSchema(), pool);
  for (int i = first; i < first + rows; ++i) {
    builder.column(0).AppendString(fmt::format("page-with-a-long-name-{}", i));
    i % 2 ? builder.column(1).AppendNull() : builder.column(1).Append<int64_t>(i);
    builder.FinishRow(columns::kNoTime, i == 1 ? types::RowKind::kDelete : types::RowKind::kInsert);
  }
  return builder.Take();
}

graph::Node ThreeViews() {
  columns::BufferPool pool;
  std::vector<columns::Batch> batches;
  batches.push_back(ViewBatch(pool, 0, 2));
  batches.push_back(ViewBatch(pool, 2, 1));
  return *MakeValuesNode(std::make_shared<const types::Schema>(ViewSchema()), batches);
}

std::vector<flow::Split> ValueSplits(flow::Source& source) {
  std::vector<flow::Split> splits;
  auto enumerator = *source.CreateEnumerator();
  for (const flow::EnumeratorAction& action : enumerator->OnStart(1, {}))
    splits.insert(splits.end(), action.splits.begin(), action.splits.end());
  return splits;
}

TEST(ValuesSource, ReadsRowsInOrderWithTheirKindsAndEnds) {
  auto source = MakeValuesSource(ThreeViews());
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_TRUE((*source)->bounded());
  TestContext context;
  KeptRows out(context.pool());
  ASSERT_TRUE(ReadAll(**source, ValueSplits(**source), context, out).ok());
  EXPECT_THAT(out.rows, ElementsAre("+I[page-with-a-long-name-0, 0]", "-D[page-with-a-long-name-1, null]",
                                    "+I[page-with-a-long-name-2, 2]"));
}

TEST(ValuesSource, ARestoreGoesOnBehindTheLastRowRead) {
  auto source = *MakeValuesSource(ThreeViews());
  TestContext context;
  KeptRows out(context.pool());
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context).ok());
  ASSERT_TRUE(reader->AddSplits(ValueSplits(*source)).ok());
  reader->NoMoreSplits();
  out.SetPollRows(1);
  ASSERT_TRUE(reader->Poll(out).ok());
  KeptRows rest(context.pool());
  ASSERT_TRUE(ReadAll(*source, reader->SnapshotSplits(), context, rest).ok());
  EXPECT_THAT(rest.rows, ElementsAre("-D[page-with-a-long-name-1, null]", "+I[page-with-a-long-name-2, 2]"));
}

TEST(ValuesSource, NoRowsAreAnEndAtOnce) {
  auto node = *MakeValuesNode(std::make_shared<const types::Schema>(ViewSchema()), {});
  auto source = MakeValuesSource(node);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_TRUE(ValueSplits(**source).empty());
}

TEST(ValuesSource, RowsThatDoNotFitTheSchemaAreAnError) {
  graph::Node node = ThreeViews();
  node.outputs[0].schema =
      std::make_shared<const types::Schema>(types::Schema({{"page", types::DataType(types::TypeId::kInt)}}));
  EXPECT_THAT(MakeValuesSource(node).status().message(), HasSubstr("values 'values': "));
  node = ThreeViews();
  node.payload.resize(node.payload.size() / 2);
  EXPECT_FALSE(MakeValuesSource(node).ok());
  node = ThreeViews();
  node.options["rows"] = "3";
  EXPECT_THAT(MakeValuesSource(node).status().message(), HasSubstr("Unknown option 'rows'"));
}

}  // namespace
}  // namespace thalweg::connectors
