#include "runtime/coordinators.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "runtime/test_jobs.h"

namespace thalweg::runtime {
namespace {

using checkpoint::CoordinatorEvent;
using flow::CoordinatorAction;
using flow::CoordinatorActions;
using graph::Partitioning;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- The order of events against barriers, step by step.

/// Remembers what it hears; obeys "send N", "timer", "work", "fail", "throw".
class ScriptedCoordinator final : public flow::OperatorCoordinator {
 public:
  explicit ScriptedCoordinator(std::string* heard) : heard_(heard) {}
  Status Restore(std::string_view state) override {
    *heard_ = std::string(state);
    return {};
  }
  Result<CoordinatorActions> OnStart(int parallelism) override { return Hear(fmt::format("start {}", parallelism)); }
  Result<CoordinatorActions> OnEvent(int subtask, std::string_view event) override {
    THALWEG_TRY(Hear(fmt::format("{} from {}", event, subtask)).status());
    if (event == "timer") return CoordinatorActions{CoordinatorAction::Timer(50)};
    if (event == "work")
      return CoordinatorActions{
          CoordinatorAction::Blocking([]() -> Result<std::string> { return std::string("done"); })};
    if (event == "fail") return UserError("No more");
    if (event == "throw") throw std::runtime_error("boo");
    if (event.starts_with("send "))
      return CoordinatorActions{CoordinatorAction::Send(std::stoi(std::string(event.substr(5))), "hello")};
    return CoordinatorActions{};
  }
  Result<CoordinatorActions> OnTimer() override { return Hear("timer"); }
  Result<CoordinatorActions> OnResult(Result<std::string> result) override { return Hear(*result); }
  Result<CoordinatorActions> OnCheckpointComplete(uint64_t checkpoint) override {
    return Hear(fmt::format("complete {}", checkpoint));
  }
  std::string Snapshot() const override { return *heard_; }

 private:
  Result<CoordinatorActions> Hear(const std::string& what) {
    *heard_ += (heard_->empty() ? "" : ", ") + what;
    return CoordinatorActions{};
  }
  std::string* heard_;
};

/// A source (task 0) and an operator "op" with a coordinator and two subtasks (tasks 1 and 2).
struct Stage {
  std::string heard;
  time::ManualClock clock{1000};
  std::vector<int> posted;  // to tasks
  std::vector<Coordinators::Work> work;
  PhysicalPlan plan;
  flow::Program program;
  flow::Registry registry;
  RestoredState restored;
  std::unique_ptr<Coordinators> coordinators;

  void Make() {
    TestJob test;
    uint32_t read = test.Source("read", {}, 1);
    uint32_t op = test.Pass("op");
    test.graph.node(op).parallelism = 2;
    test.graph.Join(read, op, Partitioning::kRebalance);
    plan = MakePlan(test.graph.graph(), {}).value();
    program.functions = test.functions;
    program.functions.coordinators["op"] =
        [this](const graph::Node&) -> Result<std::unique_ptr<flow::OperatorCoordinator>> {
      return std::unique_ptr<flow::OperatorCoordinator>(std::make_unique<ScriptedCoordinator>(&heard));
    };
    Coordinators::World world;
    world.clock = &clock;
    world.post = [this](int task, std::function<void(Task&)>) { posted.push_back(task); };
    world.run_blocking = [this](size_t, Coordinators::Work each) { work.push_back(std::move(each)); };
    coordinators = Coordinators::Make(plan, program, registry, restored, std::move(world)).value();
  }
  Status Event(int task, std::string event, uint64_t checkpoint = 0) {
    TaskReport report;
    report.kind = TaskReport::Kind::kEvent;
    report.task = task;
    report.uid = "op";
    report.event = std::move(event);
    report.checkpoint = checkpoint;
    return coordinators->OnEvent(report);
  }
  /// Of "op", as far as its checkpoints are complete: "checkpoint: state / subtask event ...".
  std::vector<std::string> Complete() {
    std::vector<std::string> texts;
    for (checkpoint::CoordinatorStates& states : coordinators->TakeComplete()) {
      texts.push_back(fmt::format("{}: {} /", states.checkpoint, states.by_uid.at("op").state));
      for (const CoordinatorEvent& event : states.by_uid.at("op").events)
        texts.back() += fmt::format(" {} {}", event.subtask, event.event);
    }
    return texts;
  }
};

TEST(Coordinators, WhatWasSentBeforeTheBarrierAndComesAfterTheCutIsPartOfTheCheckpoint) {
  Stage stage;
  stage.Make();
  EXPECT_TRUE(stage.coordinators->Contains("op"));
  EXPECT_TRUE(stage.coordinators->Contains("read"));
  EXPECT_TRUE(stage.Event(1, "a").ok());
  stage.posted.clear();
  stage.coordinators->Cut(5);
  EXPECT_THAT(stage.posted, ElementsAre(0, 1, 2)) << "every task with a coordinator hears of the cut";
  EXPECT_TRUE(stage.Event(2, "b").ok());
  stage.coordinators->OnBarrierTaken(0, 5);
  stage.coordinators->OnBarrierTaken(1, 5);
  EXPECT_TRUE(stage.Event(1, "c", 5).ok());
  EXPECT_TRUE(stage.Event(2, "d", 4).ok());
  EXPECT_THAT(stage.Complete(), IsEmpty());
  stage.coordinators->OnBarrierTaken(2, 5);
  EXPECT_THAT(stage.Complete(), ElementsAre("5: a from 0 / 1 b 1 d"));
  EXPECT_EQ(stage.heard, "a from 0, b from 1, c from 0, d from 1");
}

TEST(Coordinators, ATaskThatHasEndedIsNotWaitedForAndAnAbortedCutIsForgotten) {
  Stage stage;
  stage.Make();
  stage.coordinators->OnTaskEnded(0);
  stage.coordinators->Cut(5);
  stage.coordinators->Cut(6);
  stage.coordinators->OnAborted(5);
  EXPECT_TRUE(stage.Event(1, "late", 5).ok());
  stage.coordinators->OnTaskEnded(1);
  EXPECT_THAT(stage.Complete(), IsEmpty());
  stage.coordinators->OnTaskEnded(2);
  EXPECT_THAT(stage.Complete(), ElementsAre("6:  / 0 late"));
  stage.coordinators->Cut(7);
  EXPECT_THAT(stage.Complete(), ElementsAre("7: late from 0 /"));
}

TEST(Coordinators, EventsUnderWayInTheCheckpointComeAfterTheStart) {
  Stage stage;
  stage.restored.coordinators["op"] = {"restored", {{1, "first"}, {0, "second"}}};
  stage.Make();
  ASSERT_TRUE(stage.coordinators->Start().ok());
  EXPECT_EQ(stage.heard, "restored, start 2, first from 1, second from 0");
}

TEST(Coordinators, WhatHadEndedKeepsItsStateAndDoesNothing) {
  Stage stage;
  stage.restored.coordinators["op"] = {"restored", {{1, "first"}}};
  stage.restored.finished = {"op"};
  stage.Make();
  ASSERT_TRUE(stage.coordinators->Start().ok());
  for (int task : {0, 1, 2}) stage.coordinators->OnTaskEnded(task);
  stage.coordinators->Cut(9);
  EXPECT_THAT(stage.Complete(), ElementsAre("9: restored / 1 first"));
}

TEST(Coordinators, TimersBlockingWorkAndCompletionsComeBack) {
  Stage stage;
  stage.Make();
  EXPECT_TRUE(stage.Event(1, "timer").ok());
  EXPECT_EQ(stage.coordinators->next_timer_ms(), 1050);
  EXPECT_TRUE(stage.coordinators->OnTimers(1049).ok());
  EXPECT_TRUE(stage.coordinators->OnTimers(1050).ok());
  EXPECT_EQ(stage.coordinators->next_timer_ms(), INT64_MAX);
  EXPECT_TRUE(stage.Event(1, "work").ok());
  ASSERT_EQ(stage.work.size(), 1u);
  EXPECT_TRUE(stage.coordinators->OnResult(1, stage.work[0]()).ok());
  stage.posted.clear();
  EXPECT_TRUE(stage.Event(1, "send 1").ok());
  EXPECT_THAT(stage.posted, ElementsAre(2));
  EXPECT_EQ(stage.heard, "timer from 0, timer, work from 0, done, send 1 from 0");
}

TEST(Coordinators, ErrorsNameTheOperator) {
  Stage stage;
  stage.Make();
  EXPECT_EQ(stage.Event(1, "fail").message(), "Coordinator of operator 'op': No more");
  EXPECT_THAT(stage.Event(1, "throw").message(), HasSubstr("Coordinator of operator 'op': std::runtime_error"));
  EXPECT_THAT(stage.Event(1, "send 2").message(), HasSubstr("It sends to subtask 2 of 2"));
}

// --- Whole jobs: both directions count once, whatever is killed whenever.

/// Sends an event for each row, counts those that come back. Its state: sent, received.
class ChatOperator final : public LedgerOperator {
 public:
  ChatOperator(SharedLedger ledger, std::string run, Hook hook) : LedgerOperator(std::move(ledger), hook), run_(run) {}
  Status Open(flow::Context& context) override {
    THALWEG_TRY(LedgerOperator::Open(context));
    THALWEG_ASSIGN(saved_, context.operator_state().Open("chat", state::Redistribution::kSplit, "bytes"));
    for (const std::string& item : *saved_) {
      ByteReader in(item);
      sent_ += in.I64();
      received_ += in.I64();
    }
    std::string start = fmt::format("{} {}", run_, context.task().attempt);
    ledger_->Add("sent at start of " + start, sent_);
    ledger_->Add("received at start of " + start, received_);
    return {};
  }
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    std::vector<TestRow> passed;
    for (; !rows.done(); rows.AdvanceTo(rows.next() + 1)) {
      passed.push_back(RowAt(rows.batch(), rows.next()));
      Before(passed.back());
      context_->SendToCoordinator("row");
      ++sent_;
    }
    out.Emit(BatchOf(out.pool(), passed));
    return flow::Progress::kDone;
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    ByteWriter out;
    out.I64(sent_);
    out.I64(received_);
    *saved_ = {out.Take()};
    return std::vector<std::string>{};
  }
  Status OnEvent(std::string_view event) override {
    EXPECT_EQ(event, "reply");
    ++received_;
    return {};
  }

 private:
  std::string run_;
  std::vector<std::string>* saved_ = nullptr;
  int64_t sent_ = 0, received_ = 0;
};

/// Counts events; answers every second one.
class ChatCoordinator final : public flow::OperatorCoordinator {
 public:
  ChatCoordinator(SharedLedger ledger, std::string start) : ledger_(std::move(ledger)), start_(std::move(start)) {}
  Status Restore(std::string_view state) override {
    ByteReader in(state);
    total_ = in.I64();
    replied_ = in.I64();
    ledger_->Add("total at start of " + start_, total_);
    ledger_->Add("replied at start of " + start_, replied_);
    return in.status();
  }
  Result<CoordinatorActions> OnEvent(int subtask, std::string_view) override {
    CoordinatorActions actions;
    if (++total_ % 2 == 0) {
      ++replied_;
      actions.push_back(CoordinatorAction::Send(subtask, "reply"));
    }
    ledger_->Add("total", total_ - ledger_->number("total"));
    return actions;
  }
  std::string Snapshot() const override {
    ByteWriter out;
    out.I64(total_);
    out.I64(replied_);
    return out.Take();
  }

 private:
  SharedLedger ledger_;
  std::string start_;
  int64_t total_ = 0, replied_ = 0;
};

/// read -> chat -> collect; `run` tells the starts of several jobs apart.
TestJob ChatJob(const Numbers& numbers, const SharedLedger& ledger, const std::string& run, Partitioning partitioning,
                LedgerOperator::Hook hook) {
  TestJob test(ledger);
  uint32_t read = test.Source("read", numbers);
  test.Function<ChatOperator>("chat", run, std::move(hook));
  auto attempts = std::make_shared<std::atomic<int>>(0);
  test.functions.coordinators["chat"] = [=](const graph::Node&) -> Result<std::unique_ptr<flow::OperatorCoordinator>> {
    return std::unique_ptr<flow::OperatorCoordinator>(
        std::make_unique<ChatCoordinator>(ledger, fmt::format("{} {}", run, (*attempts)++)));
  };
  uint32_t chat = test.graph.Operator("chat");
  uint32_t collect = test.Collect("collect");
  test.graph.Join(read, chat, partitioning);
  test.graph.Join(chat, collect, Partitioning::kRebalance);
  return test;
}

TEST(Job, EventsToAndFromACoordinatorCountOnceWhateverIsKilledWhenever) {
  auto started = std::chrono::steady_clock::now();
  int restored = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    if (std::chrono::steady_clock::now() - started > std::chrono::seconds(5)) break;
    Random random(seed);
    io::TemporaryFolder folder;
    auto ledger = std::make_shared<Ledger>();
    Numbers numbers;
    numbers.splits = 1 + static_cast<int>(random.Below(4));
    numbers.rows_per_split = 100 + static_cast<int64_t>(random.Below(300));
    numbers.batch_rows = 1 + static_cast<int32_t>(random.Below(8));
    numbers.gate = HoldForCheckpointAt(ledger, static_cast<int64_t>(random.Below(100)));
    int64_t rows = numbers.splits * numbers.rows_per_split;
    auto killed = std::make_shared<std::atomic<bool>>(false);
    LedgerOperator::Hook hook = [killed,
                                 at = rows / 2 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(rows / 2)))](
                                    const flow::TaskName&, const TestRow& row) {
      if (row.value >= at && !killed->exchange(true)) throw std::runtime_error("killed");
    };
    Partitioning partitioning = random.Below(2) ? Partitioning::kForward : Partitioning::kRebalance;
    auto job_of = [&](const std::string& run) {
      TestJob test = ChatJob(numbers, ledger, run, partitioning, hook);
      test.parallelism = 1 + static_cast<int>(random.Below(4));
      test.cores = 1 + static_cast<int>(random.Below(3));
      test.directory = folder.uri();
      test.interval_ms = 1 + static_cast<int64_t>(random.Below(3));
      return test;
    };
    TestJob test = job_of("first");
    std::string start = "first 1";
    if (random.Below(2)) {
      RunningJob first(test);
      ASSERT_FALSE(first.Wait().ok()) << "seed " << seed;
      test = job_of("second");
      test.restore = true;
      start = "second 0";
    } else {
      test.restarts = 1;
    }
    RunningJob job(test);
    auto end = job.Wait();
    ASSERT_TRUE(end.ok()) << "seed " << seed << ": " << end.status().ToString();
    ASSERT_EQ(ledger->number("received at start of " + start), ledger->number("replied at start of " + start))
        << "seed " << seed;
    ASSERT_LE(ledger->number("total at start of " + start), ledger->number("sent at start of " + start));
    ASSERT_EQ(ledger->number("total"), rows) << "seed " << seed;
    restored += ledger->number("sent at start of " + start) > 0;
  }
  EXPECT_GT(restored, 0);
}

}  // namespace
}  // namespace thalweg::runtime
