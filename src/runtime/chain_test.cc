#include "runtime/chain.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flow/idleness.h"
#include "metrics/registry.h"
#include "runtime/task.h"
#include "runtime/test_rows.h"
#include "runtime/test_stages.h"
#include "state/hashmap_backend.h"

namespace thalweg::runtime {
namespace {

using flow::Element;
using flow::EndKind;
using flow::Progress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Seen = std::vector<std::string>;

/// Does what the test tells it to, and writes down what came.
struct Scripted final : flow::Operator, flow::HearsIdleness {
  Scripted(std::string name, Seen& seen) : name(std::move(name)), seen(&seen) {}
  Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (block) return Progress::kBlocked;
    while (!rows.done()) {
      TestRow row = RowAt(rows.batch(), rows.next());
      if (row.value == throw_at) throw std::out_of_range("too far");
      if (row.value == fail_at) return ExternalError("Disk is full");
      rows.AdvanceTo(rows.next() + 1);
      seen->push_back(fmt::format("{} {}", name, row.value));
      out.Emit(BatchOf(out.pool(), {row}));
      if (port_too > 0) out.Emit(port_too, BatchOf(out.pool(), {row}));
      if (step_by_step && !rows.done()) return Progress::kMore;
      if (!out.has_credit() && !rows.done()) return Progress::kMore;
    }
    return Progress::kDone;
  }
  Result<Progress> OnWatermark(flow::Watermark watermark, flow::Output& out) override {
    seen->push_back(fmt::format("{} watermark {}", name, watermark.time));
    if (owns_watermarks) out.EmitWatermark({watermark.time - 5});
    return Progress::kDone;
  }
  bool OwnsWatermarks() const override { return owns_watermarks; }
  Result<Progress> PrepareBarrier(const flow::Barrier& barrier, flow::Output& out) override {
    if (emit_at_barrier) out.Emit(BatchOf(out.pool(), {{0, 1000, 0}}));
    seen->push_back(fmt::format("{} barrier {}", name, barrier.id));
    return Progress::kDone;
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    seen->push_back(fmt::format("{} snapshot", name));
    return std::vector<std::string>{name};
  }
  void OnIdle() override { seen->push_back(fmt::format("{} is idle", name)); }
  Result<Progress> OnTimer(int64_t now_ms, flow::Output&) override {
    seen->push_back(fmt::format("{} timer {}", name, now_ms));
    return Progress::kDone;
  }
  Result<Progress> OnEndOfInput(int input, EndKind, flow::Output&) override {
    seen->push_back(fmt::format("{} end of input {}", name, input));
    return Progress::kDone;
  }
  Result<Progress> OnEnd(EndKind, flow::Output& out) override {
    seen->push_back(fmt::format("{} end", name));
    if (emit_at_end) out.Emit(BatchOf(out.pool(), {{0, 2000, 0}}));
    return Progress::kDone;
  }
  Result<Progress> OnIdleFlush(flow::Output&) override {
    seen->push_back(fmt::format("{} idle", name));
    return Progress::kDone;
  }
  Status OnCheckpointComplete(uint64_t) override {
    if (throw_at_complete) throw 7;
    return {};
  }

  std::string name;
  Seen* seen;
  bool block = false;
  bool step_by_step = false;
  bool owns_watermarks = false;
  bool emit_at_barrier = false;
  bool emit_at_end = false;
  bool throw_at_complete = false;
  int port_too = 0;
  int64_t throw_at = -1;
  int64_t fail_at = -1;
};

/// Takes whole batches without looking: shows which buffers arrive.
struct Keeper final : flow::Operator {
  Result<Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    kept.push_back(rows.TakeAll());
    return Progress::kDone;
  }
  std::vector<columns::Batch> kept;
};

/// Emits what comes, whole, on port 0.
struct Forwarder final : flow::Operator {
  Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    out.Emit(rows.TakeAll());
    return Progress::kDone;
  }
};

/// Keeps what an edge sends.
struct HeldLink final : exchange::Link {
  void Send(exchange::Envelope envelope) override { sent.push_back(std::move(envelope.element)); }
  std::vector<Element> sent;
};

/// A chain grown by a test; `to` of a member are its chained successors on port 0.
struct Fixture {
  template <typename Op, typename... Args>
  Op& Add(const std::string& name, Args&&... args) {
    auto op = std::make_unique<Op>(std::forward<Args>(args)...);
    Op& reference = *op;
    TaskContext::World world;
    world.clock = &clock;
    world.pool = &pool;
    world.metrics = group.get();
    contexts.push_back(
        std::make_unique<TaskContext>(flow::TaskName{"job", name, name}, world, waker, nullptr, nullptr));
    ChainMember member;
    member.name = name;
    member.uid = name;
    member.op = std::move(op);
    member.context = contexts.back().get();
    member.ports.resize(2);
    members.push_back(std::move(member));
    return reference;
  }
  Scripted& Script(const std::string& name) { return Add<Scripted>(name, name, seen); }
  void Link(size_t from, int to, size_t port = 0) { members[from].ports[port].chained.push_back(to); }
  /// An edge behind `from` with `credit`.
  void Edge(size_t from, uint32_t credit) {
    sender = std::make_unique<exchange::ChannelSender>(0, held, credit);
    edge = std::make_unique<exchange::EdgeWriter>(exchange::EdgeWriter::Options{}, std::vector{sender.get()}, pool);
    members[from].ports[0].edges.push_back(edge.get());
  }
  Chain& Make() {
    Chain::Events events;
    events.on_snapshot = [this](const flow::Barrier& barrier, TaskSnapshot snapshot) {
      while (!snapshot.Advance(kSaveBytes)) {
      }
      snapshots.emplace_back(barrier.id, snapshot.Take().value());
      seen.push_back(fmt::format("snapshot {} of {}", barrier.id, snapshots.back().second.operators.size()));
    };
    events.on_rows = [this](int member, int32_t rows) { counted[member] += rows; };
    events.on_emitted = [this](int member, int32_t rows) { emitted[member] += rows; };
    chain = std::make_unique<Chain>(std::move(members), std::move(events), pool);
    EXPECT_TRUE(chain->Open().ok());
    return *chain;
  }
  Status Rows(std::vector<int64_t> values) {
    std::vector<TestRow> rows;
    for (int64_t value : values) rows.push_back({0, value, 0});
    return chain->Deliver(0, BatchOf(pool, rows));
  }
  /// Values of the rows that left by the edge; control elements by name.
  Seen Left() {
    Seen left;
    for (Element& element : held.sent) {
      if (element.kind == Element::Kind::kBatch)
        for (const TestRow& row : RowsOf(element.batch)) left.push_back(std::to_string(row.value));
      if (element.kind == Element::Kind::kWatermark)
        left.push_back(fmt::format("watermark {}", element.watermark.time));
      if (element.kind == Element::Kind::kBarrier) left.push_back(fmt::format("barrier {}", element.barrier.id));
      if (element.kind == Element::Kind::kStatus) left.push_back(element.status.idle ? "idle" : "active");
      if (element.kind == Element::Kind::kEnd) left.emplace_back("end");
    }
    held.sent.clear();
    return left;
  }

  columns::BufferPool pool;
  time::ManualClock clock;
  metrics::Registry registry;
  std::unique_ptr<metrics::Group> group = registry.Open(metrics::ScopeKind::kTask, {});
  std::shared_ptr<TaskWaker> waker = std::make_shared<TaskWaker>();
  Seen seen;
  std::vector<std::unique_ptr<TaskContext>> contexts;
  std::vector<ChainMember> members;
  HeldLink held;
  std::unique_ptr<exchange::ChannelSender> sender;
  std::unique_ptr<exchange::EdgeWriter> edge;
  std::vector<std::pair<uint64_t, state::TaskSnapshot>> snapshots;
  std::map<int, int32_t> counted, emitted;
  std::unique_ptr<Chain> chain;
};

TEST(Chain, RunsDepthFirst) {
  Fixture fixture;
  fixture.Script("a");
  fixture.Script("b");
  fixture.Link(0, 1);
  fixture.Make();
  ASSERT_TRUE(fixture.Rows({1, 2}).ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1", "b 1", "a 2", "b 2"));
  EXPECT_TRUE(fixture.chain->ready_for_input());
}

TEST(Chain, WhatStoppedHalfWayGoesOnBeforeWhatCameBehindIt) {
  Fixture fixture;
  fixture.Script("a").step_by_step = true;
  fixture.Script("b");
  fixture.Link(0, 1);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(fixture.Rows({1, 2, 3}).ok());
  EXPECT_TRUE(chain.pending());
  EXPECT_TRUE(chain.runnable());
  EXPECT_FALSE(chain.ready_for_input());
  ASSERT_TRUE(chain.Deliver(0, flow::Watermark{7}).ok());
  ASSERT_TRUE(chain.Deliver(0, flow::Barrier{1}).ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1", "b 1"));
  for (int i = 0; i < 5 && chain.pending(); ++i) ASSERT_TRUE(chain.Resume().ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1", "b 1", "a 2", "b 2", "a 3", "b 3", "a watermark 7", "b watermark 7",
                                        "a barrier 1", "a snapshot", "b barrier 1", "b snapshot", "snapshot 1 of 2"));
  EXPECT_TRUE(chain.ready_for_input());
}

TEST(Chain, ABlockedOperatorWaitsForItsWakerAndHoldsAllBehindIt) {
  Fixture fixture;
  fixture.Script("a");
  Scripted& second = fixture.Script("b");
  fixture.Link(0, 1);
  second.block = true;
  Chain& chain = fixture.Make();
  ASSERT_TRUE(fixture.Rows({1, 2}).ok());
  EXPECT_TRUE(chain.blocked());
  EXPECT_FALSE(chain.runnable());
  ASSERT_TRUE(chain.Deliver(0, flow::Barrier{1}).ok());
  ASSERT_TRUE(chain.Resume().ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1")) << "a waits with row 2 until b has room";
  EXPECT_TRUE(fixture.snapshots.empty());
  second.block = false;
  ASSERT_TRUE(chain.Resume().ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1")) << "nobody woke it";
  chain.Unblock();
  while (chain.pending()) ASSERT_TRUE(chain.Resume().ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1", "b 1", "a 2", "b 2", "a barrier 1", "a snapshot", "b barrier 1",
                                        "b snapshot", "snapshot 1 of 2"));
}

TEST(Chain, AnEdgeWithoutCreditStopsItsWriterAfterOneMoreBatch) {
  Fixture fixture;
  fixture.Script("a");
  fixture.Script("b");
  fixture.Link(0, 1);
  fixture.Edge(1, 1);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(fixture.Rows({1, 2, 3}).ok());
  EXPECT_FALSE(chain.ready_for_input());
  EXPECT_FALSE(chain.runnable()) << "nothing goes on without credit";
  EXPECT_THAT(fixture.Left(), ElementsAre("1"));
  Seen left;
  for (int i = 0; i < 5 && chain.pending(); ++i) {
    fixture.sender->OnCredit(1);
    ASSERT_TRUE(chain.Resume().ok());
    for (const std::string& each : fixture.Left()) left.push_back(each);
  }
  EXPECT_THAT(left, ElementsAre("2", "3"));
}

TEST(Chain, RowsEmittedAtABarrierGoBeforeIt) {
  Fixture fixture;
  fixture.Script("a").emit_at_barrier = true;
  fixture.Edge(0, 8);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(chain.Deliver(0, flow::Barrier{4}).ok());
  EXPECT_THAT(fixture.Left(), ElementsAre("1000", "barrier 4"));
}

TEST(Chain, ABarrierSnapshotsEveryMemberOnceInTheChainsOrder) {
  Fixture fixture;
  fixture.Script("a");
  fixture.Script("b");
  fixture.Script("c");
  fixture.Link(0, 1);
  fixture.Link(0, 2);
  Chain& chain = fixture.Make();
  for (uint64_t id : {1, 2}) ASSERT_TRUE(chain.Deliver(0, flow::Barrier{id}).ok());
  ASSERT_EQ(fixture.snapshots.size(), 2u);
  for (auto& [id, snapshot] : fixture.snapshots) {
    Seen names;
    for (const state::OperatorSnapshot& each : snapshot.operators) {
      names.push_back(each.uid);
      EXPECT_THAT(each.committables, ElementsAre(each.uid));
    }
    EXPECT_THAT(names, ElementsAre("a", "b", "c"));
  }
}

TEST(Chain, FanOutSharesTheBuffersOfABatch) {
  Fixture fixture;
  fixture.Add<Forwarder>("a");
  Keeper& first = fixture.Add<Keeper>("b");
  Keeper& second = fixture.Add<Keeper>("c");
  fixture.Link(0, 1);
  fixture.Link(0, 2);
  fixture.Make();
  ASSERT_TRUE(fixture.Rows({1, 2}).ok());
  ASSERT_EQ(first.kept.size(), 1u);
  ASSERT_EQ(second.kept.size(), 1u);
  EXPECT_EQ(RowsOf(first.kept[0]), RowsOf(second.kept[0]));
  EXPECT_EQ(first.kept[0].column(1).data<int64_t>(), second.kept[0].column(1).data<int64_t>());
}

TEST(Chain, PortsGoTheirOwnWay) {
  Fixture fixture;
  fixture.Script("a").port_too = 1;
  fixture.Script("main");
  fixture.Script("side");
  fixture.Link(0, 1);
  fixture.Link(0, 2, 1);
  fixture.Make();
  ASSERT_TRUE(fixture.Rows({5}).ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 5", "main 5", "side 5"));
}

TEST(Chain, EndsFromHeadToTailAfterTheLastRows) {
  Fixture fixture;
  fixture.Script("a").emit_at_end = true;
  fixture.Script("b");
  fixture.Link(0, 1);
  fixture.Edge(1, 8);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(chain.EndInput(0, EndKind::kFinished).ok());
  EXPECT_FALSE(chain.ended());
  ASSERT_TRUE(chain.Deliver(0, flow::EndOfInput{EndKind::kFinished}).ok());
  EXPECT_TRUE(chain.ended());
  EXPECT_THAT(fixture.seen, ElementsAre("a end of input 0", "a end", "b 2000", "b end of input 0", "b end"));
  EXPECT_THAT(fixture.Left(), ElementsAre("2000", "end"));
}

TEST(Chain, NothingRunsIdleAfterTheEnd) {
  Fixture fixture;
  fixture.Script("a");
  Chain& chain = fixture.Make();
  ASSERT_TRUE(chain.IdleFlush().ok());
  ASSERT_TRUE(chain.Deliver(0, flow::EndOfInput{EndKind::kFinished}).ok());
  ASSERT_TRUE(chain.IdleFlush().ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a idle", "a end"));
}

TEST(Chain, AnOperatorThatOwnsItsWatermarksReplacesThemButForTheLast) {
  Fixture fixture;
  fixture.Script("a").owns_watermarks = true;
  fixture.Script("b");
  fixture.Link(0, 1);
  fixture.Edge(1, 8);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(chain.Deliver(0, flow::Watermark{20}).ok());
  ASSERT_TRUE(chain.Deliver(0, flow::WatermarkStatus{true}).ok());
  EXPECT_THAT(fixture.Left(), ElementsAre("watermark 15")) << "nor is the idle status passed on";
  ASSERT_TRUE(chain.Deliver(0, flow::Watermark{time::kMaxWatermark}).ok());
  EXPECT_EQ(fixture.Left().back(), fmt::format("watermark {}", time::kMaxWatermark));
}

TEST(Chain, WatermarksAndStatusesPassOthers) {
  Fixture fixture;
  fixture.Script("a");
  fixture.Edge(0, 8);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(chain.Deliver(0, flow::Watermark{20}).ok());
  ASSERT_TRUE(chain.Deliver(0, flow::WatermarkStatus{true}).ok());
  EXPECT_THAT(fixture.Left(), ElementsAre("watermark 20", "idle"));
  ASSERT_TRUE(chain.Deliver(0, flow::WatermarkStatus{false}).ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a watermark 20", "a is idle"));
}

TEST(Chain, AnErrorCarriesTheNameOfTheOperatorThatMetIt) {
  Fixture fixture;
  fixture.Script("a");
  fixture.Script("b").fail_at = 2;
  fixture.Link(0, 1);
  fixture.Make();
  Status status = fixture.Rows({1, 2, 3});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  EXPECT_EQ(status.message(), "Operator 'b': Disk is full");
  EXPECT_THAT(fixture.seen, ElementsAre("a 1", "b 1", "a 2"));
}

TEST(Chain, AnExceptionIsAUserErrorWithTypeMessageAndOperator) {
  Fixture fixture;
  fixture.Script("a");
  fixture.Script("b").throw_at = 1;
  fixture.Link(0, 1);
  fixture.Make();
  Status status = fixture.Rows({1});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(status.message(), "Operator 'b': std::out_of_range thrown by user code: too far");
}

TEST(Chain, WhatASourceThrowsIsAUserErrorToo) {
  Fixture fixture;
  fixture.Script("a");
  Chain& chain = fixture.Make();
  Status status = chain.WithHeadOutput([](flow::Output&) -> Status { throw std::runtime_error("bad row"); });
  EXPECT_EQ(status.message(), "Operator 'a': std::runtime_error thrown by user code: bad row");
}

TEST(Chain, AThrownValueThatIsNoExceptionIsStillAnError) {
  Fixture fixture;
  fixture.Script("a").throw_at_complete = true;
  Chain& chain = fixture.Make();
  Status status = chain.NotifyComplete(1);
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_THAT(status.message(), HasSubstr("Operator 'a'"));
}

TEST(Chain, RowsAreCountedOnceHoweverOftenTheirOperatorWasCalled) {
  Fixture fixture;
  Scripted& only = fixture.Script("a");
  only.block = true;
  Chain& chain = fixture.Make();
  ASSERT_TRUE(fixture.Rows({1, 2}).ok());
  for (int i = 0; i < 3; ++i) {
    chain.Unblock();
    ASSERT_TRUE(chain.Resume().ok());
  }
  only.block = false;
  chain.Unblock();
  ASSERT_TRUE(chain.Resume().ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1", "a 2"));
  EXPECT_EQ(fixture.counted[0], 2);
  EXPECT_EQ(fixture.emitted[0], 2);
}

TEST(Chain, ATimerReachesItsMemberOnly) {
  Fixture fixture;
  fixture.Script("a");
  fixture.Script("b");
  fixture.Link(0, 1);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(chain.OnTimer(1, 77).ok());
  EXPECT_THAT(fixture.seen, ElementsAre("b timer 77"));
}

TEST(Chain, ATimerWaitsBehindWhatIsHalfWay) {
  Fixture fixture;
  fixture.Script("a").step_by_step = true;
  Chain& chain = fixture.Make();
  ASSERT_TRUE(fixture.Rows({1, 2}).ok());
  ASSERT_TRUE(chain.OnTimer(0, 77).ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1"));
  while (chain.pending()) ASSERT_TRUE(chain.Resume().ok());
  EXPECT_THAT(fixture.seen, ElementsAre("a 1", "a 2", "a timer 77"));
}

/// A chain of stages over numbers: half -> odd -> plus, each a member of its name; what follows is the test's.
struct StagesFixture : Fixture {
  using Map = TestMap<int64_t, int64_t>;
  StagesFixture() {
    for (int next : {1, 2}) Link(static_cast<size_t>(next - 1), next);
  }
  Status Numbers(int64_t first, int32_t rows) { return chain->Deliver(0, NumbersFrom(pool, first, rows)); }

  Map& half = Add<Map>("half", [](int64_t n) { return n / 2; });
  TestFilter<int64_t>& odd = Add<TestFilter<int64_t>>("odd", [](int64_t n) { return n % 2 == 1; });
  Map& plus = Add<Map>("plus", [](int64_t n) { return n + 100; });
};

TEST(Chain, NeighbouringRowStagesTakeRowsTogether) {
  StagesFixture fixture;
  Keeper& keeper = fixture.Add<Keeper>("keeper");
  fixture.Link(2, 3);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(fixture.Numbers(0, 8).ok());
  ASSERT_EQ(keeper.kept.size(), 1u);
  EXPECT_THAT(ObjectsWithTimes<int64_t>(keeper.kept[0]),
              ElementsAre(std::pair(101, 20), std::pair(101, 30), std::pair(103, 60), std::pair(103, 70)));
  EXPECT_EQ(fixture.half.calls.processed + fixture.odd.calls.processed + fixture.plus.calls.processed, 0);
  EXPECT_EQ(fixture.counted, (std::map<int, int32_t>{{0, 8}, {1, 8}, {2, 4}, {3, 4}}));
  EXPECT_EQ(fixture.emitted, (std::map<int, int32_t>{{0, 8}, {1, 4}, {2, 4}}));
  EXPECT_TRUE(chain.ready_for_input());
  ASSERT_TRUE(fixture.Numbers(0, 2).ok());
  EXPECT_EQ(keeper.kept.size(), 1u) << "no row was left";
  EXPECT_EQ(fixture.counted, (std::map<int, int32_t>{{0, 10}, {1, 10}, {2, 4}, {3, 4}}));
  EXPECT_EQ(fixture.emitted, (std::map<int, int32_t>{{0, 10}, {1, 4}, {2, 4}}));
}

TEST(Chain, RowStagesWithoutRoomWaitAsOthersDo) {
  StagesFixture fixture;
  fixture.Edge(2, 1);
  Chain& chain = fixture.Make();
  ASSERT_TRUE(fixture.Numbers(0, 4).ok());
  EXPECT_FALSE(chain.ready_for_input()) << "the credit is used up";
  EXPECT_FALSE(chain.pending());
  fixture.held.sent.clear();
  ASSERT_TRUE(fixture.Numbers(4, 4).ok());
  EXPECT_TRUE(chain.pending()) << "rows wait in the chain, not at its edge";
  ASSERT_TRUE(chain.Deliver(0, flow::Barrier{1}).ok());
  EXPECT_TRUE(chain.pending());
  EXPECT_TRUE(fixture.held.sent.empty());
  for (int i = 0; i < 3; ++i) {
    fixture.sender->OnCredit(1);
    ASSERT_TRUE(chain.Resume().ok());
  }
  ASSERT_EQ(fixture.held.sent.size(), 2u);
  EXPECT_THAT(ObjectsWithTimes<int64_t>(fixture.held.sent[0].batch),
              ElementsAre(std::pair(103, 60), std::pair(103, 70)));
  EXPECT_EQ(fixture.held.sent[1].kind, Element::Kind::kBarrier);
  EXPECT_EQ(fixture.snapshots[0].second.operators.size(), 3u);
}

TEST(Chain, AnErrorOfARowStageCarriesItsName) {
  StagesFixture fixture;
  fixture.Make();
  fixture.odd.fails_at = 2;
  EXPECT_EQ(fixture.Numbers(0, 8).message(), "Operator 'odd': It does not like a row");
}

TEST(Chain, RowStagesAreTakenApartWhereTheStreamForks) {
  StagesFixture fixture;
  Keeper& keeper = fixture.Add<Keeper>("keeper");
  fixture.Link(0, 3);
  fixture.Make();
  ASSERT_TRUE(fixture.Numbers(0, 4).ok());
  EXPECT_EQ(fixture.half.calls.processed, 1);
  EXPECT_EQ(fixture.odd.calls.processed, 0) << "this and the next are still a run";
  ASSERT_EQ(keeper.kept.size(), 1u);
  EXPECT_EQ(keeper.kept[0].rows(), 4);
  EXPECT_EQ(fixture.counted, (std::map<int, int32_t>{{0, 4}, {1, 4}, {2, 2}, {3, 4}}));
  EXPECT_EQ(fixture.emitted, (std::map<int, int32_t>{{0, 4}, {1, 2}, {2, 2}}));
}

TEST(Chain, ARowStageThatHadEndedIsInNoRun) {
  StagesFixture fixture;
  fixture.members[1].finished = true;
  fixture.Make();
  EXPECT_THAT(fixture.Numbers(0, 8).message(), HasSubstr("'odd': It had ended in the restored checkpoint"));
  EXPECT_EQ(fixture.half.calls.processed, 1);
}

}  // namespace
}  // namespace thalweg::runtime
