#include "exchange/edge_writer.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/key_codec.h"
#include "columns/object_writer.h"
#include "types/key_group.h"

namespace thalweg::exchange {
namespace {

using flow::Element;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What went to each channel, as text: "1 2" for the rows of one batch, "W5", "B7", "end".
class Wires final : public Link {
 public:
  explicit Wires(size_t channels) : sent(channels) {}
  void Send(Envelope envelope) override {
    std::string text;
    switch (envelope.element.kind) {
      case Element::Kind::kBatch:
        for (int32_t i = 0; i < envelope.element.batch.rows(); ++i)
          text += (i ? " " : "") + std::to_string(envelope.element.batch.objects<int64_t>()[i]);
        break;
      case Element::Kind::kWatermark: text = fmt::format("W{}", envelope.element.watermark.time); break;
      case Element::Kind::kBarrier: text = fmt::format("B{}", envelope.element.barrier.id); break;
      case Element::Kind::kStatus: text = envelope.element.status.idle ? "idle" : "active"; break;
      case Element::Kind::kLatency: text = "latency"; break;
      case Element::Kind::kEnd: text = "end"; break;
    }
    sent[envelope.channel].push_back(text);
  }
  std::vector<std::vector<std::string>> sent;
};

/// An edge to `channels` subtasks with `credit` each.
struct Fan {
  columns::BufferPool pool;
  Wires wires;
  std::vector<std::unique_ptr<ChannelSender>> senders;
  std::unique_ptr<EdgeWriter> edge;

  Fan(size_t channels, EdgeWriter::Options options, uint32_t credit = 100) : wires(channels) {
    std::vector<ChannelSender*> pointers;
    for (size_t i = 0; i < channels; ++i) {
      senders.push_back(std::make_unique<ChannelSender>(static_cast<uint32_t>(i), wires, credit));
      pointers.push_back(senders.back().get());
    }
    edge = std::make_unique<EdgeWriter>(std::move(options), pointers, pool);
  }
  columns::Batch Rows(const std::vector<int64_t>& values) {
    columns::ObjectWriter<int64_t> writer(pool);
    for (int64_t value : values) writer.Append(value);
    columns::Batch batch = writer.Take();
    batch.key_hashes() = pool.Allocate(sizeof(uint64_t) * values.size());
    for (size_t i = 0; i < values.size(); ++i)
      batch.key_hashes().mutable_data<uint64_t>()[i] = columns::KeyCodec<int64_t>::Hash(values[i]);
    return batch;
  }
  void Emit(const std::vector<int64_t>& values) { edge->Emit(Rows(values)); }
};

TEST(EdgeWriter, ToOneSubtaskABatchGoesAsItIs) {
  Fan fan(1, {.route = Route::kRoundRobin});
  fan.Emit({1, 2});
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("1 2"));
  EXPECT_FALSE(fan.edge->has_partial());
  EXPECT_EQ(fan.edge->rows(), 2u);
}

TEST(EdgeWriter, AnEmptyBatchIsNotSent) {
  Fan fan(2, {.route = Route::kBroadcast});
  fan.edge->Emit(columns::Batch(fan.pool, 0));
  EXPECT_THAT(fan.wires.sent[0], IsEmpty());
  EXPECT_EQ(fan.edge->rows(), 0u);
}

TEST(EdgeWriter, AGlobalEdgeSendsRowsToTheFirstAndControlToAll) {
  Fan fan(2, {.route = Route::kOne});
  fan.Emit({1, 2});
  fan.edge->EmitControl(flow::Watermark{5});
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("1 2", "W5"));
  EXPECT_THAT(fan.wires.sent[1], ElementsAre("W5"));
}

TEST(EdgeWriter, BroadcastSendsEveryRowToAll) {
  Fan fan(3, {.route = Route::kBroadcast});
  fan.Emit({1, 2});
  for (const auto& sent : fan.wires.sent) EXPECT_THAT(sent, ElementsAre("1 2"));
  EXPECT_FALSE(fan.edge->has_partial());
  EXPECT_EQ(fan.edge->rows(), 2u) << "rows are counted once";
}

TEST(EdgeWriter, RoundRobinBeginsAtItsOwnSubtaskAndGoesOnWhereItWas) {
  Fan fan(3, {.route = Route::kRoundRobin, .subtask = 1});
  fan.Emit({1, 2, 3, 4});
  EXPECT_TRUE(fan.edge->has_partial());
  EXPECT_THAT(fan.wires.sent[1], IsEmpty()) << "rows gather";
  fan.Emit({5});
  fan.edge->Flush();
  EXPECT_FALSE(fan.edge->has_partial());
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("3"));
  EXPECT_THAT(fan.wires.sent[1], ElementsAre("1 4"));
  EXPECT_THAT(fan.wires.sent[2], ElementsAre("2 5"));
}

TEST(EdgeWriter, AFullBatchGoesAtOnceAndTheRestWaits) {
  Fan fan(2, {.route = Route::kCustom, .custom = [](const columns::Batch& batch, int, int32_t* subtasks) {
                for (int32_t i = 0; i < batch.rows(); ++i) subtasks[i] = 1;
              }});
  std::vector<int64_t> values(columns::kBatchRows - 1);
  std::iota(values.begin(), values.end(), 0);
  fan.Emit(values);
  EXPECT_THAT(fan.wires.sent[1], IsEmpty());
  fan.Emit({columns::kBatchRows - 1, columns::kBatchRows});
  ASSERT_EQ(fan.wires.sent[1].size(), 1u);
  EXPECT_TRUE(fan.wires.sent[1][0].ends_with(fmt::format(" {}", columns::kBatchRows - 1)));
  EXPECT_TRUE(fan.edge->has_partial());
  fan.edge->Flush();
  EXPECT_EQ(fan.wires.sent[1][1], std::to_string(columns::kBatchRows));
  fan.edge->Flush();
  EXPECT_EQ(fan.wires.sent[1].size(), 2u) << "nothing is left";
}

TEST(EdgeWriter, AControlElementDoesNotOvertakeGatheredRows) {
  Fan fan(2, {.route = Route::kRoundRobin});
  fan.Emit({1});
  fan.edge->EmitControl(flow::Barrier{7, flow::BarrierKind::kCheckpoint, 0});
  fan.Emit({2});
  fan.edge->EmitControl(flow::WatermarkStatus{true});
  fan.edge->EmitControl(flow::EndOfInput{flow::EndKind::kFinished});
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("1", "B7", "idle", "end"));
  EXPECT_THAT(fan.wires.sent[1], ElementsAre("B7", "2", "idle", "end"));
}

TEST(EdgeWriter, AKeyGoesToTheOwnerOfItsKeyGroup) {
  constexpr int kMax = 64;
  Fan fan(3, {.route = Route::kKeyed, .max_parallelism = kMax});
  std::vector<int64_t> values(40);
  std::iota(values.begin(), values.end(), 0);
  fan.Emit(values);
  fan.edge->Flush();
  std::vector<std::string> expected(3);
  for (int64_t value : values) {
    int32_t group = types::KeyGroupOf(columns::KeyCodec<int64_t>::Hash(value), kMax);
    std::string& text = expected[static_cast<size_t>(types::SubtaskOf(group, kMax, 3))];
    text += (text.empty() ? "" : " ") + std::to_string(value);
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_THAT(fan.wires.sent[i], ElementsAre(expected[i]));
}

TEST(EdgeWriter, RowsAreHashedByTheEdgesKeyWhateverHashesTheyBring) {
  constexpr int kMax = 64;
  Fan keyed(3, {.route = Route::kKeyed, .max_parallelism = kMax});
  Fan fan(3, {.route = Route::kKeyed, .max_parallelism = kMax, .key_columns = {1}});
  std::vector<int64_t> values(40);
  std::iota(values.begin(), values.end(), 0);
  keyed.Emit(values);
  columns::Batch batch = fan.Rows(values);
  columns::ColumnBuilder key(types::DataType(types::TypeId::kBigInt), fan.pool);
  for (int64_t value : values) key.Append(value);
  batch.AddColumn(key.Take());
  std::fill_n(batch.key_hashes().mutable_data<uint64_t>(), values.size(), 0);
  fan.edge->Emit(std::move(batch));
  keyed.edge->Flush();
  fan.edge->Flush();
  EXPECT_EQ(fan.wires.sent, keyed.wires.sent);
}

TEST(EdgeWriter, ACustomFunctionIsToldTheNumberOfSubtasks) {
  int told = 0;
  Fan fan(4, {.route = Route::kCustom, .custom = [&](const columns::Batch& batch, int parallelism, int32_t* subtasks) {
                told = parallelism;
                for (int32_t i = 0; i < batch.rows(); ++i) subtasks[i] = 3 - i;
              }});
  fan.Emit({10, 20, 30});
  fan.edge->Flush();
  EXPECT_EQ(told, 4);
  EXPECT_THAT(fan.wires.sent, ElementsAre(IsEmpty(), ElementsAre("30"), ElementsAre("20"), ElementsAre("10")));
}

TEST(EdgeWriter, HasCreditOnlyWhileEveryChannelHas) {
  Fan fan(2,
          {.route = Route::kCustom,
           .custom =
               [](const columns::Batch& batch, int, int32_t* subtasks) {
                 for (int32_t i = 0; i < batch.rows(); ++i) subtasks[i] = 0;
               }},
          /*credit=*/1);
  EXPECT_TRUE(fan.edge->has_credit());
  fan.Emit({1});
  EXPECT_TRUE(fan.edge->has_credit()) << "what gathers costs nothing yet";
  fan.edge->Flush();
  EXPECT_FALSE(fan.edge->has_credit());
  fan.Emit({2});
  fan.edge->Flush();
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("1")) << "without credit it waits";
  fan.senders[0]->OnCredit(1);
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("1", "2"));
  EXPECT_FALSE(fan.edge->has_credit());
  fan.senders[0]->OnCredit(1);
  EXPECT_TRUE(fan.edge->has_credit());
}

TEST(EdgeWriter, ABroadcastWaitsOnlyWhereThereIsNoCredit) {
  Fan fan(2, {.route = Route::kBroadcast}, /*credit=*/1);
  fan.Emit({1});
  fan.senders[1]->OnCredit(1);
  fan.Emit({2});
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("1"));
  EXPECT_THAT(fan.wires.sent[1], ElementsAre("1", "2"));
  fan.senders[0]->OnCredit(1);
  EXPECT_THAT(fan.wires.sent[0], ElementsAre("1", "2"));
}

}  // namespace
}  // namespace thalweg::exchange
