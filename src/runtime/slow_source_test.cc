// A source whose chain is slow: time is virtual, and passes only in the chain's function.
#include <gtest/gtest.h>

#include "columns/object_writer.h"
#include "runtime/core.h"
#include "runtime/task.h"

namespace thalweg::runtime {
namespace {

/// Endless; gives as many rows as it is asked for, and notes how many.
class AskedReader final : public flow::SourceReader {
 public:
  explicit AskedReader(std::vector<int32_t>& asked) : asked_(&asked) {}
  Status AddSplits(const std::vector<flow::Split>&) override { return {}; }
  void NoMoreSplits() override {}
  void PauseSplit(const std::string&, bool) override {}
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    asked_->push_back(out.poll_rows());
    columns::ObjectWriter<int64_t> writer(out.pool(), out.poll_rows());
    for (int32_t i = 0; i < out.poll_rows(); ++i) writer.Append(i);
    out.Emit("s", writer.Take());
    return flow::ReadProgress::kMore;
  }
  std::vector<flow::Split> SnapshotSplits() const override { return {}; }

 private:
  std::vector<int32_t>* asked_;
};

/// Lets time pass for each row.
class TakingTime final : public flow::Operator {
 public:
  TakingTime(time::ManualClock& clock, const int64_t& ms_per_row) : clock_(&clock), ms_per_row_(&ms_per_row) {}
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    clock_->Advance(rows.TakeAll().rows() * *ms_per_row_);
    return flow::Progress::kDone;
  }

 private:
  time::ManualClock* clock_;
  const int64_t* ms_per_row_;
};

struct SlowSource {
  time::ManualClock clock{1000};
  int64_t ms_per_row = 0;
  std::vector<int32_t> asked;
  std::vector<uint64_t> snapshots;
  Core core{0, clock, nullptr};
  std::unique_ptr<Task> task;

  SlowSource() {
    Task::Parts parts;
    parts.waker = std::make_shared<TaskWaker>();
    auto source = std::make_unique<SourceOperator>(std::make_unique<AskedReader>(asked), nullptr);
    parts.source = source.get();
    Add(parts, "source", std::move(source));
    parts.members[0].ports = {{{1}, {}}};
    Add(parts, "slow", std::make_unique<TakingTime>(clock, ms_per_row));
    task = std::make_unique<Task>(Task::Options{}, std::move(parts), core, clock, [this](TaskReport report) {
      EXPECT_TRUE(report.error.ok()) << report.error.message();
      if (report.kind == TaskReport::Kind::kSnapshot) snapshots.push_back(report.checkpoint);
    });
    task->Open();
  }
  ~SlowSource() { task->Close(); }

  void Add(Task::Parts& parts, const std::string& name, std::unique_ptr<flow::Operator> op) {
    parts.contexts.push_back(std::make_unique<TaskContext>(flow::TaskName{}, TaskContext::World{.clock = &clock},
                                                           parts.waker, nullptr, nullptr));
    ChainMember member;
    member.name = member.uid = name;
    member.op = std::move(op);
    member.context = parts.contexts.back().get();
    parts.members.push_back(std::move(member));
    parts.is_sink.push_back(false);
  }
  /// A turn of the task. Where no time passes it takes the bound for it: a poll.
  void Turn() { task->Run(clock.MonotonicNs()); }
};

TEST(SlowSource, AsksForAsManyRowsAsPassInTime) {
  SlowSource source;
  source.ms_per_row = 2;
  for (int turn = 0; turn < 4; ++turn) source.Turn();
  EXPECT_EQ(source.asked, (std::vector<int32_t>{64, 25, 25, 25}));
  source.ms_per_row = 200;
  for (int turn = 0; turn < 3; ++turn) source.Turn();
  EXPECT_EQ(source.asked.back(), 1) << "a row has to pass";
}

TEST(SlowSource, ACheckpointWaitsForTheRowsUnderWayOnly) {
  SlowSource source;
  source.ms_per_row = 2;
  for (int turn = 0; turn < 4; ++turn) source.Turn();
  const int64_t triggered_ms = source.clock.NowMs();
  source.Turn();  // it comes while rows are under way
  source.task->Trigger(flow::Barrier{1, flow::BarrierKind::kCheckpoint, triggered_ms}, false);
  source.Turn();
  source.task->SaveSnapshots(INT64_MAX);
  EXPECT_EQ(source.snapshots, (std::vector<uint64_t>{1}));
  EXPECT_LE(source.clock.NowMs() - triggered_ms, kPollTargetNs / 1'000'000);
}

TEST(SlowSource, AsksForMoreAgainWhereRowsAreFast) {
  SlowSource source;
  source.ms_per_row = 30;
  for (int turn = 0; turn < 3; ++turn) source.Turn();
  EXPECT_EQ(source.asked, (std::vector<int32_t>{64, 1, 1}));
  source.ms_per_row = 0;
  source.asked.clear();
  while (source.asked.empty() || source.asked.back() < columns::kMaxBatchRows) source.Turn();
  EXPECT_EQ(source.asked.front(), 1);
  for (size_t i = 1; i < source.asked.size(); ++i) EXPECT_LE(source.asked[i], 2 * source.asked[i - 1]);
  source.ms_per_row = 1;
  for (int turn = 0; turn < 20; ++turn) source.Turn();
  EXPECT_EQ(source.asked.back(), 50) << "what became slow unseen is seen";
}

TEST(PollRows, FewRowsThatWereFastSayNothingOfMany) {
  PollRows rows;
  for (int i = 0; i < 10; ++i) rows.Passed(1, 1000);
  EXPECT_EQ(rows.rows(), kFirstPollRows);
  rows.Passed(kFirstPollRows, kPollTargetNs / 2 + 1);
  EXPECT_EQ(rows.rows(), kFirstPollRows) << "twice as many would take too long";
  rows.Passed(0, 10 * kPollTargetNs);
  EXPECT_EQ(rows.rows(), kFirstPollRows) << "that was no row's time";
  rows.Passed(kFirstPollRows, kPollTargetNs / 2);
  EXPECT_EQ(rows.rows(), 2 * kFirstPollRows);
}

}  // namespace
}  // namespace thalweg::runtime
