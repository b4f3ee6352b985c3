#include "exchange/channel.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/object_writer.h"
#include "exchange/input_gate.h"

namespace thalweg::exchange {
namespace {

using flow::Element;
using NextKind = InputGate::Next::Kind;

/// Keeps what was sent; Deliver hands it on.
class HeldLink final : public Link {
 public:
  void Send(Envelope envelope) override { sent.push_back(std::move(envelope)); }
  std::deque<Envelope> sent;
};

columns::Batch Rows(columns::BufferPool& pool, int count) {
  columns::ObjectWriter<int64_t> writer(pool);
  for (int i = 0; i < count; ++i) writer.Append(i);
  return writer.Take();
}

/// One channel over two links, moved by hand.
struct Wire {
  HeldLink forward, back;
  ChannelSender sender{7, forward, 2};
  ChannelReceiver receiver{7, back, 2};
  void DeliverElements() {
    for (; !forward.sent.empty(); forward.sent.pop_front())
      receiver.OnElement(forward.sent.front().sequence, std::move(forward.sent.front().element));
  }
  void DeliverCredit() {
    for (; !back.sent.empty(); back.sent.pop_front()) sender.OnCredit(back.sent.front().credit);
  }
};

TEST(Ring, GivesBackInOrderAndRefusesWhenFull) {
  SpscRing<int> ring(3);
  EXPECT_EQ(ring.capacity(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.Push(int(i)));
  EXPECT_FALSE(ring.Push(4));
  int value = -1;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.Pop(value));
    EXPECT_EQ(value, i);
  }
  EXPECT_FALSE(ring.Pop(value));
  EXPECT_TRUE(ring.empty());
}

TEST(Ring, HandsEveryElementFromOneThreadToAnotherOnce) {
  constexpr int kCount = 100'000;
  SpscRing<std::unique_ptr<int>> ring(64);
  std::thread producer([&] {
    for (int i = 0; i < kCount; ++i) {
      auto value = std::make_unique<int>(i);
      while (!ring.Push(std::move(value))) std::this_thread::yield();
    }
  });
  std::unique_ptr<int> value;
  for (int i = 0; i < kCount; ++i) {
    while (!ring.Pop(value)) std::this_thread::yield();
    ASSERT_EQ(*value, i);
  }
  producer.join();
  EXPECT_TRUE(ring.empty());
}

TEST(Channel, SendsOnlyOnCreditAndTheRestWhenItReturns) {
  columns::BufferPool pool;
  Wire wire;
  for (int i = 1; i <= 3; ++i) wire.sender.Send(Rows(pool, i));
  EXPECT_EQ(wire.forward.sent.size(), 2u);
  EXPECT_FALSE(wire.sender.has_credit());
  EXPECT_FALSE(wire.sender.flushed());
  wire.DeliverElements();
  EXPECT_EQ(wire.receiver.Pop().batch.rows(), 1);
  wire.DeliverCredit();
  EXPECT_TRUE(wire.sender.flushed());
  wire.DeliverElements();
  EXPECT_EQ(wire.receiver.Pop().batch.rows(), 2);
  EXPECT_EQ(wire.receiver.Pop().batch.rows(), 3);
  EXPECT_TRUE(wire.receiver.empty());
}

TEST(Channel, NeverHasMoreUnderWayThanItsCredit) {
  columns::BufferPool pool;
  Wire wire;
  size_t received = 0;
  for (int round = 0; round < 50; ++round) {
    wire.sender.Send(Rows(pool, 1));
    if (round % 2) wire.sender.Send(flow::Watermark{round});
    EXPECT_LE(wire.forward.sent.size(), 2u);
    EXPECT_LE(wire.back.sent.size(), 2u);
    wire.DeliverElements();
    for (; !wire.receiver.empty(); ++received) wire.receiver.Pop();
    wire.DeliverCredit();
  }
  wire.DeliverElements();
  for (; !wire.receiver.empty(); ++received) wire.receiver.Pop();
  EXPECT_EQ(received, 75u);
}

TEST(Channel, AWaitingWatermarkIsReplacedByTheNextOne) {
  Wire wire;
  for (int64_t i = 1; i <= 5; ++i) wire.sender.Send(flow::Watermark{i});
  wire.DeliverElements();
  EXPECT_EQ(wire.receiver.Pop().watermark.time, 1);
  EXPECT_EQ(wire.receiver.Pop().watermark.time, 2);
  wire.DeliverCredit();
  wire.DeliverElements();
  EXPECT_EQ(wire.receiver.Pop().watermark.time, 5);
  EXPECT_TRUE(wire.receiver.empty());
}

TEST(Channel, AMissingElementIsAProgrammerError) {
  ChannelReceiver* receiver = nullptr;
  HeldLink back;
  ChannelReceiver owner{1, back, 4};
  receiver = &owner;
  receiver->OnElement(0, flow::Watermark{1});
  EXPECT_DEATH(receiver->OnElement(2, flow::Watermark{2}), "element 2 where 1 was due");
}

/// Two inputs: 0 with two channels, 1 with one.
struct Gate {
  HeldLink back;
  std::vector<std::unique_ptr<ChannelReceiver>> receivers;
  std::vector<uint64_t> sequences = std::vector<uint64_t>(3, 0);
  std::unique_ptr<InputGate> gate;
  Gate() {
    for (uint32_t i = 0; i < 3; ++i) receivers.push_back(std::make_unique<ChannelReceiver>(i, back, 1000));
    gate = std::make_unique<InputGate>(
        std::vector<InputGate::Source>{{0, receivers[0].get()}, {0, receivers[1].get()}, {1, receivers[2].get()}}, 2);
  }
  void Put(size_t channel, Element element) { receivers[channel]->OnElement(sequences[channel]++, std::move(element)); }
  std::vector<NextKind> Kinds() {
    std::vector<NextKind> kinds;
    while (auto next = gate->Poll()) kinds.push_back(next->kind);
    return kinds;
  }
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST(InputGate, WatermarkIsTheLeastOfAllChannels) {
  Gate g;
  g.Put(0, flow::Watermark{10});
  g.Put(1, flow::Watermark{20});
  EXPECT_THAT(g.Kinds(), IsEmpty());
  g.Put(2, flow::Watermark{5});
  auto next = g.gate->Poll();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->kind, NextKind::kWatermark);
  EXPECT_EQ(next->element.watermark.time, 5);
}

TEST(InputGate, AnIdleChannelDoesNotHoldTheWatermarkBackUntilItSpeaksAgain) {
  Gate g;
  g.Put(0, flow::Watermark{10});
  g.Put(1, flow::Watermark{20});
  g.Put(2, flow::WatermarkStatus{true});
  auto next = g.gate->Poll();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->element.watermark.time, 10);
  columns::BufferPool pool;
  g.Put(2, Rows(pool, 1));
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kRows));
  g.Put(0, flow::Watermark{30});
  g.Put(1, flow::Watermark{30});
  EXPECT_THAT(g.Kinds(), IsEmpty());
}

TEST(InputGate, AChannelBackFromIdlenessIsLeftOutUntilItHasCaughtUpWithItsInput) {
  Gate g;
  g.Put(2, flow::EndOfInput{flow::EndKind::kFinished});
  g.Put(0, flow::Watermark{10});
  g.Put(1, flow::WatermarkStatus{true});
  g.Put(1, flow::Watermark{5});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kWatermark, NextKind::kEndOfInput));
  g.Put(0, flow::Watermark{30});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kWatermark));
  EXPECT_EQ(g.gate->watermark(), 30);
  g.Put(1, flow::Watermark{35});
  g.Put(0, flow::Watermark{40});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kWatermark));
  EXPECT_EQ(g.gate->watermark(), 35);
}

TEST(InputGate, TheWatermarkOfAnInputIsTheLeastOfItsChannelsAlsoOfIdleOnes) {
  Gate g;
  g.Put(0, flow::Watermark{10});
  g.Put(0, flow::Watermark{30});
  EXPECT_THAT(g.Kinds(), IsEmpty());
  EXPECT_EQ(g.gate->input_watermark(0), time::kMinWatermark);
  EXPECT_EQ(g.gate->input_watermark(1), time::kMinWatermark);
  g.Put(1, flow::Watermark{20});
  g.Put(1, flow::WatermarkStatus{true});
  g.Put(2, flow::Watermark{25});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kWatermark, NextKind::kWatermark));
  EXPECT_EQ(g.gate->watermark(), 25) << "what is idle does not hold the others back";
  EXPECT_EQ(g.gate->input_watermark(0), 20) << "but it may speak again";
  EXPECT_EQ(g.gate->input_watermark(1), 25);
}

TEST(InputGate, AChannelThatHasEndedHoldsItsInputBackOnlyIfItWasStopped) {
  Gate g;
  g.Put(0, flow::Watermark{10});
  g.Put(1, flow::Watermark{20});
  g.Put(0, flow::EndOfInput{flow::EndKind::kFinished});
  g.Kinds();
  EXPECT_EQ(g.gate->input_watermark(0), 20);
  g.Put(1, flow::EndOfInput{flow::EndKind::kStop});
  g.Kinds();
  EXPECT_EQ(g.gate->input_watermark(0), 20) << "it is to be gone on with";
  g.Put(2, flow::EndOfInput{flow::EndKind::kFinished});
  g.Kinds();
  EXPECT_EQ(g.gate->input_watermark(1), time::kMaxWatermark);
}

TEST(InputGate, AnInputWithoutChannelsHoldsNothingBack) {
  HeldLink back;
  ChannelReceiver receiver(0, back, 10);
  InputGate gate({{0, &receiver}}, 2);
  receiver.OnElement(0, flow::Watermark{7});
  auto next = gate.Poll();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->element.watermark.time, 7);
  EXPECT_EQ(gate.input_watermark(1), time::kMaxWatermark);
}

TEST(InputGate, AChannelThatDeliveredTheBarrierIsNotReadUntilAllHave) {
  columns::BufferPool pool;
  Gate g;
  g.Put(0, flow::Barrier{1, flow::BarrierKind::kCheckpoint, 0});
  g.Put(0, Rows(pool, 1));
  g.Put(1, Rows(pool, 2));
  g.Put(2, flow::Barrier{1, flow::BarrierKind::kCheckpoint, 0});
  auto next = g.gate->Poll();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->element.batch.rows(), 2);
  EXPECT_FALSE(g.gate->Poll().has_value());
  EXPECT_FALSE(g.gate->ready());
  g.Put(1, flow::Barrier{1, flow::BarrierKind::kCheckpoint, 0});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kBarrier, NextKind::kRows));
}

TEST(InputGate, AnEndedChannelCountsAsAligned) {
  Gate g;
  g.Put(0, flow::Barrier{1, flow::BarrierKind::kCheckpoint, 0});
  g.Put(1, flow::Barrier{1, flow::BarrierKind::kCheckpoint, 0});
  EXPECT_THAT(g.Kinds(), IsEmpty());
  g.Put(2, flow::EndOfInput{flow::EndKind::kFinished});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kBarrier, NextKind::kEndOfInput));
}

TEST(InputGate, ANewerBarrierSupersedesAnAlignmentThatCannotComplete) {
  Gate g;
  g.Put(0, flow::Barrier{1, flow::BarrierKind::kCheckpoint, 0});
  g.Put(1, flow::Barrier{2, flow::BarrierKind::kCheckpoint, 0});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kBarrierSuperseded));
  g.Put(0, flow::Barrier{2, flow::BarrierKind::kCheckpoint, 0});
  g.Put(2, flow::Barrier{1, flow::BarrierKind::kCheckpoint, 0});
  g.Put(2, flow::Barrier{2, flow::BarrierKind::kCheckpoint, 0});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kBarrier));
}

TEST(InputGate, EndsEachInputOnceAndStopWins) {
  Gate g;
  g.Put(2, flow::EndOfInput{flow::EndKind::kStop});
  g.Put(0, flow::EndOfInput{flow::EndKind::kFinished});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kEndOfInput));
  g.Put(1, flow::EndOfInput{flow::EndKind::kFinished});
  auto input = g.gate->Poll();
  auto all = g.gate->Poll();
  ASSERT_TRUE(input && all);
  EXPECT_EQ(input->input, 0);
  EXPECT_EQ(input->element.end.kind, flow::EndKind::kFinished);
  EXPECT_EQ(all->kind, NextKind::kEnd);
  EXPECT_EQ(all->element.end.kind, flow::EndKind::kStop);
  EXPECT_TRUE(g.gate->ended());
}

TEST(InputGate, AStoppedChannelStillHoldsTheWatermarkBackAndAFinishedOneDoesNot) {
  Gate g;
  g.Put(0, flow::Watermark{5});
  g.Put(1, flow::Watermark{50});
  g.Put(2, flow::Watermark{60});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kWatermark));
  g.Put(0, flow::EndOfInput{flow::EndKind::kStop});
  g.Put(2, flow::EndOfInput{flow::EndKind::kFinished});
  EXPECT_THAT(g.Kinds(), ElementsAre(NextKind::kEndOfInput));
  EXPECT_EQ(g.gate->watermark(), 5);

  Gate finished;
  finished.Put(0, flow::Watermark{5});
  finished.Put(1, flow::Watermark{50});
  finished.Put(2, flow::Watermark{60});
  EXPECT_THAT(finished.Kinds(), ElementsAre(NextKind::kWatermark));
  finished.Put(0, flow::EndOfInput{flow::EndKind::kFinished});
  EXPECT_THAT(finished.Kinds(), ElementsAre(NextKind::kWatermark));
  EXPECT_EQ(finished.gate->watermark(), 50);
}

TEST(InputGate, TakesChannelsInTurn) {
  columns::BufferPool pool;
  Gate g;
  for (int i = 0; i < 3; ++i) g.Put(0, Rows(pool, 1));
  for (int i = 0; i < 3; ++i) g.Put(2, Rows(pool, 2));
  std::vector<int> order;
  while (auto next = g.gate->Poll()) order.push_back(next->element.batch.rows());
  EXPECT_THAT(order, ElementsAre(1, 2, 1, 2, 1, 2));
}

}  // namespace
}  // namespace thalweg::exchange
