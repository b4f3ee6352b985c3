#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "columns/builder.h"
#include "connectors/collect_sink.h"
#include "connectors/print_sink.h"
#include "connectors/test_task.h"

namespace thalweg::connectors {
namespace {

columns::Batch Numbers(columns::BufferPool& pool, int64_t from, int64_t to) {
  columns::BatchBuilder builder(types::Schema({{"n", types::DataType(types::TypeId::kBigInt)}}), pool);
  for (int64_t i = from; i < to; ++i) {
    builder.column(0).Append(i);
    builder.FinishRow(columns::kNoTime, i % 2 ? types::RowKind::kDelete : types::RowKind::kInsert);
  }
  return builder.Take();
}

std::string Printed(PrintOptions options, int subtask, int parallelism) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* file = ::open_memstream(&text, &size);
  options.stream = std::make_shared<LineStream>(file);
  TestContext context;
  context.name.subtask = subtask;
  context.name.parallelism = parallelism;
  NoOutput out;
  auto sink = MakePrintSink(options);
  EXPECT_TRUE(sink->Open(context).ok());
  flow::Rows rows(Numbers(context.pool(), 0, 2));
  EXPECT_EQ(*sink->Process(0, rows, out), flow::Progress::kDone);
  EXPECT_TRUE(rows.done());
  std::fclose(file);
  std::string result(text, size);
  std::free(text);
  return result;
}

TEST(PrintSink, WritesRowsWithSubtaskAndIdentifierInFront) {
  EXPECT_EQ(Printed({}, 0, 1), "+I[0]\n-D[1]\n");
  EXPECT_EQ(Printed({}, 2, 3), "3> +I[0]\n3> -D[1]\n");
  PrintOptions named;
  named.identifier = "late";
  EXPECT_EQ(Printed(named, 0, 1), "late> +I[0]\nlate> -D[1]\n");
  EXPECT_EQ(Printed(named, 0, 2), "late:1> +I[0]\nlate:1> -D[1]\n");
  named.row_text = [](const columns::Batch&, int32_t row, std::string* out) { *out += std::to_string(row + 7); };
  EXPECT_EQ(Printed(named, 0, 1), "late> 7\nlate> 8\n");
}

TEST(PrintSink, AFullStreamIsAnErrorThatSaysWhy) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  PrintOptions options;
  options.stream = std::make_shared<LineStream>(full);
  TestContext context;
  NoOutput out;
  auto sink = MakePrintSink(options);
  ASSERT_TRUE(sink->Open(context).ok());
  flow::Rows rows(Numbers(context.pool(), 0, 1));
  EXPECT_EQ(sink->Process(0, rows, out).status().ToString(),
            "external error: Cannot print rows: No space left on device");
  std::fclose(full);
}

TEST(BlackholeSink, TakesEverything) {
  TestContext context;
  NoOutput out;
  flow::Rows rows(Numbers(context.pool(), 0, 5));
  EXPECT_EQ(*MakeBlackholeSink()->Process(0, rows, out), flow::Progress::kDone);
  EXPECT_TRUE(rows.done());
}

TEST(CollectSink, BlocksWhenTheQueueIsFullAndIsWokenByTheReader) {
  TestContext context;
  NoOutput out;
  auto queue = std::make_shared<CollectQueue>(1);
  auto sink = MakeCollectSink(queue);
  ASSERT_TRUE(sink->Open(context).ok());
  flow::Rows first(Numbers(context.pool(), 0, 2)), second(Numbers(context.pool(), 2, 4));
  EXPECT_EQ(*sink->Process(0, first, out), flow::Progress::kDone);
  EXPECT_EQ(*sink->Process(0, second, out), flow::Progress::kBlocked);
  EXPECT_EQ(second.batch().rows(), 2);
  EXPECT_FALSE(second.done());
  EXPECT_EQ((*queue->Pop())->rows(), 2);
  context.waiting_waker().Wait();
  EXPECT_EQ(*sink->Process(0, second, out), flow::Progress::kDone);
  queue->Finish(UserError("it failed"));
  queue->Finish({});
  EXPECT_EQ((*queue->Pop())->column(0).data<int64_t>()[0], 2);
  EXPECT_EQ(queue->Pop().status().message(), "it failed");
}

// What a restart may bring: a checkpoint that is complete though nobody was told, and one that never was.
TEST(CollectSink, ExactlyOnceGivesWhatCompleteCheckpointsHoldAndNothingTwice) {
  TestContext context;
  NoOutput out;
  auto queue = std::make_shared<CollectQueue>();
  auto take = [&](flow::Operator& sink, int64_t from, int64_t to, uint64_t checkpoint) {
    flow::Rows rows(Numbers(context.pool(), from, to));
    EXPECT_EQ(*sink.Process(0, rows, out), flow::Progress::kDone);
    return *sink.Snapshot(flow::Barrier{checkpoint, flow::BarrierKind::kCheckpoint, 0});
  };
  auto first = MakeCollectSink(queue, CollectGuarantee::kExactlyOnce);
  ASSERT_TRUE(first->Open(context).ok());
  take(*first, 0, 1, 1);
  EXPECT_FALSE(queue->given()) << "not before the checkpoint is complete";
  ASSERT_TRUE(first->OnCheckpointComplete(1).ok());
  std::vector<std::string> durable = take(*first, 1, 2, 2);  // complete, but the failure came before the news
  take(*first, 2, 4, 3);                                     // never complete

  auto second = MakeCollectSink(queue, CollectGuarantee::kExactlyOnce);
  ASSERT_TRUE(second->Open(context).ok());
  ASSERT_TRUE(second->RestoreCommittables(durable).ok());
  take(*second, 2, 3, 4);
  ASSERT_TRUE(second->OnCheckpointComplete(4).ok());
  queue->Finish({});
  std::vector<int64_t> given;
  while (std::optional<columns::Batch> batch = *queue->Pop())
    for (int32_t row = 0; row < batch->rows(); ++row) given.push_back(batch->column(0).data<int64_t>()[row]);
  EXPECT_THAT(given, ::testing::ElementsAre(0, 1, 2));
}

TEST(CollectSink, AReaderThatWantsNoMoreDoesNotHoldTheJobUp) {
  TestContext context;
  NoOutput out;
  auto queue = std::make_shared<CollectQueue>(1);
  auto sink = MakeCollectSink(queue);
  ASSERT_TRUE(sink->Open(context).ok());
  queue->Cancel();
  for (int i = 0; i < 3; ++i) {
    flow::Rows rows(Numbers(context.pool(), 0, 2));
    EXPECT_EQ(*sink->Process(0, rows, out), flow::Progress::kDone);
  }
  EXPECT_FALSE(queue->Pop()->has_value());
}

TEST(CollectSink, HandsAllRowsToAnotherThreadInOrder) {
  auto queue = std::make_shared<CollectQueue>(2);
  std::thread job([&] {
    TestContext context;
    NoOutput out;
    auto sink = MakeCollectSink(queue);
    ASSERT_TRUE(sink->Open(context).ok());
    for (int64_t i = 0; i < 500; ++i) {
      flow::Rows rows(Numbers(context.pool(), i, i + 1));
      while (*sink->Process(0, rows, out) == flow::Progress::kBlocked) context.waiting_waker().Wait();
    }
    queue->Finish({});
  });
  int64_t next = 0;
  while (true) {
    auto batch = *queue->Pop();
    if (!batch) break;
    ASSERT_EQ(batch->column(0).data<int64_t>()[0], next++);
  }
  EXPECT_EQ(next, 500);
  job.join();
}

}  // namespace
}  // namespace thalweg::connectors
