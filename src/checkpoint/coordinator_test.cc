#include "checkpoint/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "io/temporary_folder.h"

namespace thalweg::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TaskId kSource0{1, 0}, kSource1{1, 1}, kSink{2, 0};

// Two sources into one sink.
CoordinatorOptions TwoSources() {
  CoordinatorOptions options;
  options.job = "j";
  options.graph_digest = 42;
  options.interval_ms = 100;
  options.timeout_ms = 1000;
  options.tasks = {{kSource0, {}}, {kSource1, {}}, {kSink, {kSource0, kSource1}}};
  options.nodes = {{"in", 2, 8, false, false}, {"out", 1, 8, true, false}};
  return options;
}

// What a step said, one line each: "barrier 1 [1-0 1-1]", "commit 1", "complete 1", "abort 1: why", "fail: why", "fail for good: why", "answer 9: ...", "end".
std::string Say(const CoordinatorOutput& output) {
  struct {
    std::string operator()(const TriggerBarrier& m) {
      std::string tasks;
      for (const TaskId& task : m.tasks) tasks += (tasks.empty() ? "" : " ") + TaskName(task);
      return fmt::format("barrier {} [{}]{}{}", m.checkpoint, tasks, m.kind == CheckpointKind::kStop ? " stop" : "",
                         m.again ? " again" : "");
    }
    std::string operator()(const CommitManifest& m) { return fmt::format("commit {}", m.manifest.checkpoint); }
    std::string operator()(const NotifyComplete& m) { return fmt::format("complete {}", m.checkpoint); }
    std::string operator()(const NotifyAborted& m) { return fmt::format("abort {}: {}", m.checkpoint, m.reason); }
    std::string operator()(const FailJob& m) {
      return (m.for_good ? "fail for good: " : "fail: ") + m.reason.message();
    }
    std::string operator()(const SetTimer& m) { return fmt::format("timer {}", m.at_ms); }
    std::string operator()(const Answer& m) {
      return fmt::format("answer {}: {} {}", m.request, m.checkpoint, m.error);
    }
    std::string operator()(const EndJob& m) { return m.stopped ? "end stopped" : "end"; }
  } say;
  return std::visit(say, output);
}

// A coordinator and its last manifest; timers are left out of what it said.
struct Driver {
  explicit Driver(CoordinatorOptions options) : coordinator(std::move(options)) {}
  std::vector<std::string> operator()(int64_t now_ms, CoordinatorInput input) {
    std::vector<std::string> said;
    for (CoordinatorOutput& output : coordinator.Step(now_ms, std::move(input))) {
      if (const auto* timer = std::get_if<SetTimer>(&output)) {
        timer_ms = timer->at_ms;
        continue;
      }
      said.push_back(Say(output));
      if (auto* commit = std::get_if<CommitManifest>(&output)) manifest = commit->manifest;
    }
    return said;
  }
  CheckpointCoordinator coordinator;
  Manifest manifest;
  int64_t timer_ms = -1;
};

TaskState StateOf(const TaskId& task, const std::string& split = "s") {
  SubtaskState state;
  state.subtask = task.subtask;
  state.splits = {split};
  return {{task.vertex == 1 ? "in" : "out", state}};
}
TaskAck Ack(uint64_t checkpoint, TaskId task) { return {checkpoint, task, StateOf(task)}; }
TaskFinished Finished(TaskId task) { return {task, StateOf(task, "end")}; }
CommitResult Done(uint64_t checkpoint) { return {checkpoint, {CommitOutcome::Kind::kCommitted, {}}}; }
CommitResult Result_(uint64_t checkpoint, CommitOutcome::Kind kind) { return {checkpoint, {kind, "why"}}; }

// At time 100 the first checkpoint is under way.
Driver Started(CoordinatorOptions options = TwoSources()) {
  Driver step(std::move(options));
  EXPECT_THAT(step(0, TasksStarted{}), IsEmpty());
  return step;
}
void AckAll(Driver& step, int64_t now_ms, uint64_t checkpoint) {
  step(now_ms, Ack(checkpoint, kSource0));
  step(now_ms, Ack(checkpoint, kSource1));
  EXPECT_THAT(step(now_ms, Ack(checkpoint, kSink)), ElementsAre(fmt::format("commit {}", checkpoint)));
}

TEST(Coordinator, ACheckpointGoesFromBarrierOverManifestToNotification) {
  Driver step = Started();
  EXPECT_EQ(step.timer_ms, 100);
  EXPECT_THAT(step(99, Tick{}), IsEmpty());
  EXPECT_THAT(step(100, Tick{}), ElementsAre("barrier 1 [1-0 1-1]"));
  EXPECT_THAT(step(110, Ack(1, kSource0)), IsEmpty());
  EXPECT_THAT(step(110, Ack(1, kSink)), IsEmpty());
  EXPECT_THAT(step(111, Ack(1, kSource1)), ElementsAre("commit 1"));
  EXPECT_EQ(step.manifest.job, "j");
  EXPECT_EQ(step.manifest.graph_digest, 42u);
  EXPECT_EQ(step.manifest.created_at_ms, 100);
  EXPECT_EQ(step.manifest.parent, 0u);
  ASSERT_EQ(step.manifest.nodes.size(), 2u);
  EXPECT_EQ(step.manifest.nodes[0].subtasks.size(), 2u);
  EXPECT_EQ(step.manifest.nodes[1].subtasks[0].splits, std::vector<std::string>{"s"});
  EXPECT_TRUE(step.manifest.nodes[1].keyed);
  EXPECT_THAT(step(150, Tick{}), IsEmpty());  // nobody hears of it before it is durable
  EXPECT_THAT(step(160, Done(1)), ElementsAre("complete 1"));
  EXPECT_EQ(step.timer_ms, 200);
  EXPECT_THAT(step(200, Tick{}), ElementsAre("barrier 2 [1-0 1-1]"));
}

TEST(Coordinator, NothingStartsBeforeTheTasksRun) {
  Driver step(TwoSources());
  EXPECT_THAT(step(1000, Tick{}), IsEmpty());
  EXPECT_THAT(step(1000, TriggerNow{CheckpointKind::kRequested, 9}), IsEmpty());
  EXPECT_THAT(step(1001, TasksStarted{}), ElementsAre("barrier 1 [1-0 1-1]"));
}

TEST(Coordinator, NumbersContinueAfterTheNewestThatExists) {
  CoordinatorOptions options = TwoSources();
  options.newest = 41;
  Driver step = Started(options);
  EXPECT_THAT(step(100, Tick{}), ElementsAre("barrier 42 [1-0 1-1]"));
  AckAll(step, 100, 42);
  EXPECT_EQ(step.manifest.parent, 41u);
}

TEST(Coordinator, OneAtATimeAndTheNextOneAtOnceWhenOverdue) {
  Driver step = Started();
  step(100, Tick{});
  EXPECT_THAT(step(500, Tick{}), IsEmpty());
  AckAll(step, 500, 1);
  EXPECT_THAT(step(510, Done(1)), ElementsAre("complete 1", "barrier 2 [1-0 1-1]"));
}

TEST(Coordinator, MinPauseIsKeptFromTheEndOfTheOneBefore) {
  CoordinatorOptions options = TwoSources();
  options.min_pause_ms = 70;
  Driver step = Started(options);
  step(100, Tick{});
  AckAll(step, 150, 1);
  EXPECT_THAT(step(160, Done(1)), ElementsAre("complete 1"));
  EXPECT_EQ(step.timer_ms, 230);
  EXPECT_THAT(step(229, Tick{}), IsEmpty());
  EXPECT_THAT(step(230, Tick{}), ElementsAre("barrier 2 [1-0 1-1]"));
}

TEST(Coordinator, SeveralMayRunAndANewerCompletionEndsTheOlder) {
  CoordinatorOptions options = TwoSources();
  options.max_concurrent = 2;
  options.tolerable_failures = 0;
  Driver step = Started(options);
  step(100, Tick{});
  EXPECT_THAT(step(200, Tick{}), ElementsAre("barrier 2 [1-0 1-1]"));
  EXPECT_THAT(step(300, Tick{}), IsEmpty());
  AckAll(step, 310, 2);
  EXPECT_THAT(step(320, Done(2)),
              ElementsAre("abort 1: checkpoint 2 is newer and complete", "complete 2", "barrier 3 [1-0 1-1]"));
}

TEST(Coordinator, LateRepeatedAndUnknownAcknowledgementsChangeNothing) {
  Driver step = Started();
  step(100, Tick{});
  EXPECT_THAT(step(110, Ack(7, kSource0)), IsEmpty());
  EXPECT_THAT(step(110, Ack(1, TaskId{9, 9})), IsEmpty());
  step(110, Ack(1, kSource0));
  step(110, Ack(1, kSource0));
  step(110, Ack(1, kSource0));
  EXPECT_THAT(step(110, Ack(1, kSink)), IsEmpty());
  EXPECT_THAT(step(110, Ack(1, kSource1)), ElementsAre("commit 1"));
  EXPECT_THAT(step(110, Ack(1, kSource1)), IsEmpty());
  EXPECT_THAT(step(110, TaskDecline{1, kSink, "too late"}), IsEmpty());
  EXPECT_THAT(step(111, Done(1)), ElementsAre("complete 1"));
  EXPECT_THAT(step(112, Done(1)), IsEmpty());
  EXPECT_THAT(step(112, Ack(1, kSource1)), IsEmpty());
}

TEST(Coordinator, ATimeoutAbortsNamingWhoIsMissingAndFailsTheJobWhenNotTolerated) {
  Driver step = Started();
  step(100, Tick{});
  EXPECT_EQ(step.timer_ms, 1100);
  step(110, Ack(1, kSource0));
  EXPECT_THAT(step(1099, Tick{}), IsEmpty());
  EXPECT_THAT(step(1100, Tick{}),
              ElementsAre("abort 1: timed out after 1000 ms: 2 of 3 tasks have not acknowledged, the first is 1-1",
                          HasSubstr("fail: Checkpoint 1 failed, the 1. in a row with 0 tolerated: timed out")));
  EXPECT_THAT(step(5000, Tick{}), IsEmpty());
}

TEST(Coordinator, FailuresInARowAreCountedAndACompletionForgetsThem) {
  CoordinatorOptions options = TwoSources();
  options.tolerable_failures = 1;
  Driver step = Started(options);
  step(100, Tick{});
  EXPECT_THAT(step(120, TaskDecline{1, kSink, "No space left on device"}),
              ElementsAre("abort 1: task 2-0 declined: No space left on device"));
  step(200, Tick{});
  AckAll(step, 210, 2);
  step(220, Done(2));
  step(300, Tick{});
  EXPECT_THAT(step(310, TaskDecline{3, kSink, "x"}), ElementsAre("abort 3: task 2-0 declined: x"));
  step(400, Tick{});
  EXPECT_THAT(step(410, TaskDecline{4, kSink, "x"}),
              ElementsAre("abort 4: task 2-0 declined: x", HasSubstr("fail: Checkpoint 4 failed, the 2. in a row")));
}

TEST(Coordinator, AManifestThatCouldNotBeWrittenAborts) {
  CoordinatorOptions options = TwoSources();
  options.tolerable_failures = 1;
  Driver step = Started(options);
  step(100, Tick{});
  AckAll(step, 110, 1);
  EXPECT_THAT(step(120, Result_(1, CommitOutcome::Kind::kFailed)),
              ElementsAre("abort 1: its manifest could not be written: why"));
  EXPECT_THAT(step(200, Tick{}), ElementsAre("barrier 2 [1-0 1-1]"));
}

TEST(Coordinator, ACommitOfUnknownOutcomeOrASecondCoordinatorEndsTheAttempt) {
  for (const auto kind : {CommitOutcome::Kind::kUnknown, CommitOutcome::Kind::kSuperseded}) {
    CoordinatorOptions options = TwoSources();
    options.tolerable_failures = 100;
    Driver step = Started(options);
    step(100, Tick{});
    AckAll(step, 110, 1);
    const auto said = step(120, Result_(1, kind));
    ASSERT_EQ(said.size(), 1u);
    EXPECT_THAT(said[0],
                HasSubstr(kind == CommitOutcome::Kind::kUnknown ? "fail: Checkpoint 1 may or may not be committed: why"
                                                                : "fail for good: why"));
    EXPECT_THAT(step(500, Tick{}), IsEmpty());
  }
}

TEST(Coordinator, ATimeoutDoesNotTouchACommitUnderWay) {
  Driver step = Started();
  step(100, Tick{});
  AckAll(step, 110, 1);
  EXPECT_THAT(step(9000, Tick{}), IsEmpty());
  EXPECT_THAT(step(9001, Done(1)), ElementsAre("complete 1", "barrier 2 [1-0 1-1]"));
}

TEST(Coordinator, ATaskThatEndedCountsAsFinished) {
  Driver step = Started();
  EXPECT_THAT(step(50, Finished(kSource0)), IsEmpty());
  EXPECT_THAT(step(100, Tick{}), ElementsAre("barrier 1 [1-1]"));
  step(110, Ack(1, kSource1));
  EXPECT_THAT(step(110, Ack(1, kSink)), ElementsAre("commit 1"));
  EXPECT_TRUE(step.manifest.nodes[0].subtasks[0].finished);
  EXPECT_EQ(step.manifest.nodes[0].subtasks[0].splits, std::vector<std::string>{"end"});
  EXPECT_FALSE(step.manifest.nodes[0].subtasks[1].finished);
  EXPECT_EQ(step.manifest.kind, CheckpointKind::kPeriodic);
}

TEST(Coordinator, ATaskThatEndsBeforeItsBarrierAnswersWithItsLastWord) {
  Driver step = Started();
  step(100, Tick{});
  step(110, Ack(1, kSource1));
  step(110, Ack(1, kSink));
  EXPECT_THAT(step(120, Finished(kSource0)), ElementsAre("commit 1"));
  EXPECT_TRUE(step.manifest.nodes[0].subtasks[0].finished);
}

TEST(Coordinator, WhenAllUpstreamEndedTheBarrierComesFromTheCoordinator) {
  Driver step = Started();
  step(50, Finished(kSource0));
  step(50, Finished(kSource1));
  EXPECT_THAT(step(100, Tick{}), ElementsAre("barrier 1 [2-0]"));
  EXPECT_THAT(step(110, Ack(1, kSink)), ElementsAre("commit 1"));
}

TEST(Coordinator, WhenTheLastUpstreamEndsWithoutPassingTheBarrierOnItComesAgain) {
  Driver step = Started();
  step(100, Tick{});
  EXPECT_THAT(step(110, Finished(kSource0)), IsEmpty());
  EXPECT_THAT(step(110, Finished(kSource1)), ElementsAre("barrier 1 [2-0] again"));
}

TEST(Coordinator, WhenOneUpstreamPassedTheBarrierOnItIsInBand) {
  Driver step = Started();
  step(100, Tick{});
  step(105, Ack(1, kSource0));
  step(110, Finished(kSource0));
  EXPECT_THAT(step(110, Finished(kSource1)), IsEmpty());
  EXPECT_THAT(step(111, Ack(1, kSink)), ElementsAre("commit 1"));
}

TEST(Coordinator, ABoundedJobEndsWithALastCheckpointThatCommits) {
  Driver step = Started();
  step(10, Finished(kSource0));
  step(10, Finished(kSource1));
  EXPECT_THAT(step(20, Finished(kSink)), ElementsAre("barrier 1 []", "commit 1"));
  EXPECT_EQ(step.manifest.kind, CheckpointKind::kFinal);
  EXPECT_TRUE(step.manifest.nodes[1].IsFinished());
  EXPECT_THAT(step(25, Tick{}), IsEmpty());
  EXPECT_THAT(step(30, Done(1)), ElementsAre("complete 1", "end"));
  EXPECT_THAT(step(1000, Tick{}), IsEmpty());
}

TEST(Coordinator, ACheckpointWithOlderSnapshotsIsNotTheLast) {
  Driver step = Started();
  step(100, Tick{});
  AckAll(step, 110, 1);
  step(111, Finished(kSource0));
  step(111, Finished(kSource1));
  EXPECT_THAT(step(112, Finished(kSink)), IsEmpty());
  EXPECT_THAT(step(120, Done(1)), ElementsAre("complete 1", "barrier 2 []", "commit 2"));
  EXPECT_THAT(step(130, Done(2)), ElementsAre("complete 2", "end"));
}

TEST(Coordinator, ALastCheckpointThatFailsIsTriedAgainWhenTolerated) {
  CoordinatorOptions options = TwoSources();
  options.tolerable_failures = 1;
  options.interval_ms = 0;
  Driver step = Started(options);
  for (const TaskId task : {kSource0, kSource1, kSink}) step(10, Finished(task));
  EXPECT_THAT(step(20, Result_(1, CommitOutcome::Kind::kFailed)), ElementsAre(HasSubstr("abort 1")));
  EXPECT_EQ(step.timer_ms, 20 + kFinalRetryMs);
  EXPECT_THAT(step(20 + kFinalRetryMs, Tick{}), ElementsAre("barrier 2 []", "commit 2"));
  EXPECT_THAT(step(2000, Result_(2, CommitOutcome::Kind::kFailed)),
              ElementsAre(HasSubstr("abort 2"), HasSubstr("fail: ")));
}

TEST(Coordinator, WithoutACheckpointDirectoryTheJobEndsWithoutManifest) {
  CoordinatorOptions options = TwoSources();
  options.durable = false;
  Driver step = Started(options);
  EXPECT_THAT(step(500, Tick{}), IsEmpty());
  EXPECT_THAT(step(500, TriggerNow{CheckpointKind::kStop, 3}),
              ElementsAre("answer 3: 0 the job has no checkpoint directory"));
  step(510, Finished(kSource0));
  step(510, Finished(kSource1));
  EXPECT_THAT(step(510, Finished(kSink)), ElementsAre("complete 1", "end"));
}

TEST(Coordinator, CoordinatorStatesBelongToTheCheckpoint) {
  CoordinatorOptions options = TwoSources();
  options.nodes[0].has_coordinator = true;
  Driver step = Started(options);
  step(100, Tick{});
  step(110, Ack(1, kSource0));
  step(110, Ack(1, kSource1));
  EXPECT_THAT(step(110, Ack(1, kSink)), IsEmpty());
  EXPECT_THAT(step(111, CoordinatorStates{1, {{"in", {"seen", {{1, "e"}}}}}}), ElementsAre("commit 1"));
  EXPECT_EQ(step.manifest.nodes[0].coordinator, (CoordinatorState{"seen", {{1, "e"}}}));
}

TEST(Coordinator, ARequestIsAnsweredWhenDurableAndWaitsForTheOneUnderWay) {
  Driver step = Started();
  step(100, Tick{});
  EXPECT_THAT(step(105, TriggerNow{CheckpointKind::kRequested, 9}), IsEmpty());
  AckAll(step, 110, 1);
  EXPECT_THAT(step(120, Done(1)), ElementsAre("complete 1", "barrier 2 [1-0 1-1]"));
  AckAll(step, 130, 2);
  EXPECT_THAT(step(140, Done(2)), ElementsAre("complete 2", "answer 9: 2 "));
}

TEST(Coordinator, AFailedRequestIsAnsweredAndNotCounted) {
  Driver step = Started();
  step(10, TriggerNow{CheckpointKind::kRequested, 9});
  EXPECT_THAT(step(20, TaskDecline{1, kSink, "x"}),
              ElementsAre("abort 1: task 2-0 declined: x", "answer 9: 1 task 2-0 declined: x"));
  EXPECT_THAT(step(100, Tick{}), ElementsAre("barrier 2 [1-0 1-1]"));
}

TEST(Coordinator, StopEndsTheJobAfterItsCheckpointAndNoOtherStarts) {
  Driver step = Started();
  EXPECT_THAT(step(10, TriggerNow{CheckpointKind::kStop, 9}), ElementsAre("barrier 1 [1-0 1-1] stop"));
  EXPECT_THAT(step(500, Tick{}), IsEmpty());
  AckAll(step, 510, 1);
  EXPECT_EQ(step.manifest.kind, CheckpointKind::kStop);
  EXPECT_THAT(step(520, Done(1)), ElementsAre("complete 1", "answer 9: 1 ", "end stopped"));
}

TEST(Coordinator, AStopThatFailsLetsTheJobGoOn) {
  Driver step = Started();
  step(10, TriggerNow{CheckpointKind::kStop, 9});
  EXPECT_THAT(step(20, TaskDecline{1, kSink, "x"}), ElementsAre(HasSubstr("abort 1"), HasSubstr("answer 9: 1 task")));
  EXPECT_THAT(step(100, Tick{}), ElementsAre("barrier 2 [1-0 1-1]"));
}

TEST(Coordinator, WaitingRequestsAreBounded) {
  Driver step(TwoSources());
  for (size_t i = 0; i < kMaxWaitingRequests; ++i)
    EXPECT_THAT(step(0, TriggerNow{CheckpointKind::kRequested, i}), IsEmpty());
  EXPECT_THAT(step(0, TriggerNow{CheckpointKind::kRequested, 99}),
              ElementsAre("answer 99: 0 16 requests are waiting already"));
}

TEST(Coordinator, StateOfAnUnknownOperatorOrALastWordInAFileIsADefect) {
  Driver step = Started();
  step(100, Tick{});
  EXPECT_THAT(step(110, TaskAck{1, kSink, {{"nobody", {}}}}), ElementsAre(HasSubstr("does not have: 'nobody'")));
  Driver other = Started();
  TaskFinished finished = Finished(kSink);
  finished.state.at("out").file = "x";
  EXPECT_THAT(other(10, finished), ElementsAre(HasSubstr("left its state in a file")));
}

// Two attempts of one job that both believe to lead, over one store: their commits collide and one fails.
TEST(Coordinator, OfTwoCoordinatorsOverOneStoreOneEnds) {
  const io::TemporaryFolder folder;
  auto open = [&](const std::string& run) {
    return CheckpointStore(io::OpenStorage(folder.uri()).value(), io::OpenMetaStore(folder.uri()).value(),
                           {.run = run, .log = {}});
  };
  CheckpointStore store_a = open("a"), store_b = open("b");
  Driver a = Started(), b = Started();
  for (Driver* step : {&a, &b}) {
    (*step)(100, Tick{});
    AckAll(*step, 110, 1);
  }
  EXPECT_THAT(b(120, CommitResult{1, store_b.Commit(b.manifest)}), ElementsAre("complete 1"));
  EXPECT_THAT(a(120, CommitResult{1, store_a.Commit(a.manifest)}),
              ElementsAre("fail for good: Another coordinator runs job 'j': it committed checkpoint 1"));
}

// Random orders of everything, many seeds. Checks: a checkpoint ends once; notified only after its commit succeeded; its manifest
// has each subtask once; at most `max_concurrent` run; numbers ascend; the job ends.
class Chaos {
 public:
  explicit Chaos(uint64_t seed) : random_(seed), options_(Options()), coordinator_(options_) {}

  void Run() {
    Feed(TasksStarted{});
    for (int step = 0; step < 400 && !ended_; ++step) {
      now_ms_ += static_cast<int64_t>(random_.Below(60));
      RandomStep();
    }
    for (const CoordinatedTask& task : options_.tasks) Finish(task.id);
    for (int step = 0; step < 100 && !ended_; ++step) {
      now_ms_ += 500;
      AnswerCommits(false);
      Feed(CoordinatorStates{highest_, {}});
    }
    EXPECT_TRUE(ended_);
  }

 private:
  CoordinatorOptions Options() {
    CoordinatorOptions options = TwoSources();
    options.tasks.push_back({{3, 0}, {kSink}});
    options.nodes.push_back({"last", 1, 8, false, random_.Below(2) == 0});
    options.max_concurrent = static_cast<int>(1 + random_.Below(3));
    options.min_pause_ms = static_cast<int64_t>(random_.Below(100));
    options.tolerable_failures = random_.Below(4) == 0 ? 2 : 1'000'000;
    return options;
  }
  static TaskState State(const TaskId& task) {
    SubtaskState state;
    state.subtask = task.subtask;
    return {{task.vertex == 1 ? "in" : task.vertex == 2 ? "out" : "last", state}};
  }
  TaskId RandomTask() { return options_.tasks[random_.Below(options_.tasks.size())].id; }
  uint64_t RandomCheckpoint() { return highest_ > 0 ? 1 + random_.Below(highest_ + 1) : 1; }

  void RandomStep() {
    switch (random_.Below(40)) {
      case 0: return Feed(TaskDecline{RandomCheckpoint(), RandomTask(), "chance"});
      case 1: return Feed(TriggerNow{CheckpointKind::kRequested, now_ms_ > 0 ? static_cast<uint64_t>(now_ms_) : 0});
      case 2: return Finish(kSource0);
      case 3: return AnswerCommits(true);
      case 4: return AnswerCommits(false);
      case 5: return Feed(CoordinatorStates{RandomCheckpoint(), {{"last", {"c", {}}}}});
      case 6: return Feed(CommitResult{RandomCheckpoint() + 1000, {}});
      case 7: return Feed(Tick{});
      default: return Feed(TaskAck{highest_ > 0 && random_.Below(2) ? highest_ : RandomCheckpoint(), RandomTask(), {}});
    }
  }
  void Finish(const TaskId& task) { Feed(TaskFinished{task, State(task)}); }
  void AnswerCommits(bool fail) {
    if (!committing_) return;
    const uint64_t checkpoint = *committing_;
    committing_.reset();
    if (!fail) durable_.insert(checkpoint);
    Feed(CommitResult{checkpoint, {fail ? CommitOutcome::Kind::kFailed : CommitOutcome::Kind::kCommitted, "chance"}});
  }

  void Feed(CoordinatorInput input) {
    if (auto* ack = std::get_if<TaskAck>(&input)) ack->state = State(ack->task);
    for (const CoordinatorOutput& output : coordinator_.Step(now_ms_, std::move(input))) {
      EXPECT_FALSE(ended_) << Say(output);
      std::visit([this](const auto& of_kind) { Check(of_kind); }, output);
    }
    EXPECT_LE(running_.size(), static_cast<size_t>(options_.max_concurrent));
  }
  void Check(const TriggerBarrier& barrier) {
    if (barrier.again) {
      EXPECT_TRUE(running_.contains(barrier.checkpoint));
      return;
    }
    EXPECT_GT(barrier.checkpoint, highest_);
    highest_ = barrier.checkpoint;
    running_.insert(barrier.checkpoint);
  }
  void Check(const CommitManifest& commit) {
    EXPECT_FALSE(committing_.has_value());
    committing_ = commit.manifest.checkpoint;
    EXPECT_TRUE(running_.contains(*committing_));
    EXPECT_LT(commit.manifest.parent, *committing_);
    for (const NodeState& node : commit.manifest.nodes) {
      ASSERT_EQ(node.subtasks.size(), static_cast<size_t>(node.parallelism));
      for (int32_t i = 0; i < node.parallelism; ++i) EXPECT_EQ(node.subtasks[static_cast<size_t>(i)].subtask, i);
    }
    EXPECT_TRUE(DecodeManifest(EncodeManifest(commit.manifest)).ok());
  }
  void Check(const NotifyComplete& complete) {
    EXPECT_TRUE(durable_.contains(complete.checkpoint));
    EXPECT_EQ(running_.erase(complete.checkpoint), 1u);
    EXPECT_GT(complete.checkpoint, newest_);
    newest_ = complete.checkpoint;
  }
  void Check(const NotifyAborted& aborted) {
    EXPECT_FALSE(durable_.contains(aborted.checkpoint));
    EXPECT_EQ(running_.erase(aborted.checkpoint), 1u);
  }
  void Check(const FailJob&) {
    EXPECT_EQ(options_.tolerable_failures, 2);
    ended_ = true;
  }
  void Check(const SetTimer&) {}
  void Check(const Answer&) {}
  void Check(const EndJob&) {
    EXPECT_TRUE(running_.empty());
    ended_ = true;
  }

  Random random_;
  const CoordinatorOptions options_;
  CheckpointCoordinator coordinator_;
  int64_t now_ms_ = 0;
  uint64_t highest_ = 0, newest_ = 0;
  std::optional<uint64_t> committing_;
  std::set<uint64_t> running_, durable_;
  bool ended_ = false;
};

TEST(Coordinator, HoldsItsRulesInRandomOrders) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    Chaos(seed).Run();
    if (::testing::Test::HasFailure()) return;
  }
}

// What is handed to SetTimer is enough to be called in time: without any other tick the next checkpoint starts when it is due.
TEST(Coordinator, ItsTimersAloneKeepItGoing) {
  Driver step = Started();
  int64_t now_ms = 0;
  for (uint64_t checkpoint = 1; checkpoint <= 20; ++checkpoint) {
    now_ms = step.timer_ms;
    EXPECT_EQ(now_ms, static_cast<int64_t>(checkpoint) * 100);
    EXPECT_THAT(step(now_ms, Tick{}), ElementsAre(fmt::format("barrier {} [1-0 1-1]", checkpoint)));
    AckAll(step, now_ms + 5, checkpoint);
    step(now_ms + 10, Done(checkpoint));
  }
}

}  // namespace
}  // namespace thalweg::checkpoint
