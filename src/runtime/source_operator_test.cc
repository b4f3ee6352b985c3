#include "runtime/source_operator.h"

#include <gtest/gtest.h>

#include "columns/gather.h"
#include "columns/object_writer.h"
#include "runtime/task.h"
#include "testing/golden_states.h"

namespace thalweg::runtime {
namespace {

TEST(SourceBytes, AreThoseOfTheDocument) {
  const SplitAssignment first{{"in/a.json#4096", "\x01state"},
                              std::string("\x00\x68\xe5\xcf\x8b\x01\x00\x00", 8)};  // 1,700,000,000,000 ms
  const SplitAssignment second{{"clicks-1", ""}, ""};
  EXPECT_EQ(EncodeSplit(first), testing::GoldenState("split"));
  EXPECT_EQ(EncodeSplit(second), testing::GoldenState("split-without-watermark"));
  const Result<SplitAssignment> split = DecodeSplit(testing::GoldenState("split"));
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->split.id, "in/a.json#4096");
  EXPECT_EQ(split->split.state, "\x01state");
  EXPECT_EQ(split->watermark_state, first.watermark_state);
  using Kind = SourceEvent::Kind;
  EXPECT_EQ(EncodeSourceEvent({Kind::kAssign, {first, second}, {}}), testing::GoldenState("source-event-assign"));
  EXPECT_EQ(EncodeSourceEvent({Kind::kNoMoreSplits, {}, {}}), testing::GoldenState("source-event-no-more"));
  EXPECT_EQ(EncodeSourceEvent({Kind::kForReader, {}, "paused: clicks-1"}),
            testing::GoldenState("source-event-for-reader"));
  const Result<SourceEvent> event = DecodeSourceEvent(testing::GoldenState("source-event-assign"));
  ASSERT_TRUE(event.ok());
  ASSERT_EQ(event->splits.size(), 2u);
  EXPECT_EQ(event->splits[1].split.id, "clicks-1");
}

/// Gives one row per Poll, of the times it was made with; all of split "s".
class TimesReader final : public flow::SourceReader {
 public:
  explicit TimesReader(std::vector<int64_t> times) : times_(std::move(times)) {}
  Status AddSplits(const std::vector<flow::Split>& splits) override {
    splits_ = splits;
    return {};
  }
  void NoMoreSplits() override {}
  void PauseSplit(const std::string&, bool) override {}
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    if (next_ == times_.size()) return flow::ReadProgress::kIdle;
    columns::ObjectWriter<int64_t> writer(out.pool());
    writer.Append(0, times_[next_++]);
    out.Emit("s", writer.Take());
    return flow::ReadProgress::kMore;
  }
  std::vector<flow::Split> SnapshotSplits() const override { return splits_; }

 private:
  std::vector<int64_t> times_;
  size_t next_ = 0;
  std::vector<flow::Split> splits_;
};

class CountingOutput final : public flow::Output {
 public:
  void Emit(int, columns::Batch batch) override { rows += batch.rows(); }
  columns::BufferPool& pool() override { return pool_; }
  int rows = 0;

 private:
  columns::BufferPool pool_;
};

/// A source operator over one split, with bounded out-of-orderness of 5 ms.
struct Reading {
  time::ManualClock clock{1000};
  flow::SourcePipeline pipeline;
  TaskContext context{{}, {.clock = &clock}, nullptr, nullptr, nullptr};
  CountingOutput out;
  SourceOperator source;

  Reading(std::vector<int64_t> times, const SplitAssignment& split)
      : pipeline{.make_watermarks = [] { return std::make_unique<time::BoundedOutOfOrderness>(5); }},
        source(std::make_unique<TimesReader>(std::move(times)), &pipeline) {
    EXPECT_TRUE(source.Open(context).ok());
    EXPECT_TRUE(source.AddSplits({split}).ok());
    while (*source.Poll(out) == flow::ReadProgress::kMore) {
    }
  }
};

TEST(SourceOperator, ARestoredSplitGoesOnWithTheWatermarkItHad) {
  Reading before({100, 200, 150}, {{"s", "position"}, ""});
  EXPECT_EQ(before.out.rows, 3);
  EXPECT_EQ(before.source.CurrentWatermark(), 194);
  state::OperatorSnapshot snapshot;
  before.source.CollectSplits(snapshot);
  ASSERT_EQ(snapshot.splits.size(), 1u);

  auto restored = DecodeSplit(snapshot.splits[0]);
  ASSERT_TRUE(restored.ok());
  EXPECT_EQ(restored->split, (flow::Split{"s", "position"}));
  Reading after({120}, *restored);
  EXPECT_EQ(after.source.CurrentWatermark(),
            194);  // not 114: the row would be judged otherwise than without the failure
}

TEST(SourceOperator, AGeneratorIsAskedOnceAnInterval) {
  struct Counted final : time::WatermarkGenerator {
    explicit Counted(int& asked) : asked(asked) {}
    void OnRows(const int64_t*, int32_t) override {}
    void OnPeriodicEmit() override { ++asked; }
    int64_t Current() const override { return asked; }
    void Snapshot(ByteWriter&) const override {}
    void Restore(ByteReader&) override {}
    int& asked;
  };
  int asked = 0;
  Reading reading({100, 200}, {{"s", ""}, ""});
  reading.pipeline.make_watermarks = [&asked] { return std::make_unique<Counted>(asked); };
  ASSERT_TRUE(reading.source.AddSplits({{{"other", ""}, ""}}).ok());
  EXPECT_EQ(asked, 0);
  reading.source.CurrentWatermark();
  EXPECT_EQ(asked, 1);
  reading.source.AlignmentWatermark();
  reading.source.SetWatermarkLimit(10);
  state::OperatorSnapshot snapshot;
  reading.source.CollectSplits(snapshot);
  EXPECT_EQ(asked, 1);
}

TEST(SourceOperator, WhenAllSplitsAreQuietTheWatermarkStays) {
  Reading reading({300}, {{"s", ""}, ""});
  reading.pipeline.idle_timeout_ms = 50;
  ASSERT_TRUE(reading.source.AddSplits({{{"behind", ""}, ""}}).ok());
  EXPECT_EQ(reading.source.CurrentWatermark(), time::kMinWatermark) << "the other split has shown nothing yet";
  reading.clock.Set(1030);
  EXPECT_EQ(reading.source.CurrentWatermark(), time::kMinWatermark);
  EXPECT_FALSE(reading.source.idle());
  reading.clock.Set(1090);  // both are idle: the one without rows since 1050, the other since 1080
  EXPECT_EQ(reading.source.CurrentWatermark(), time::kMinWatermark);
  EXPECT_TRUE(reading.source.idle());
}

TEST(SourceOperator, WhatASplitHasShownCountsBeforeItIsIdle) {
  Reading reading({300}, {{"s", ""}, ""});
  reading.pipeline.idle_timeout_ms = 1;
  reading.clock.Set(5000);  // the first look comes long after the row
  EXPECT_EQ(reading.source.CurrentWatermark(), 294);
  EXPECT_FALSE(reading.source.idle());
}

/// Gives a batch of all times in one Poll and ends the split with it.
class WholeReader final : public flow::SourceReader {
 public:
  explicit WholeReader(std::vector<int64_t> times) : times_(std::move(times)) {}
  Status AddSplits(const std::vector<flow::Split>&) override { return {}; }
  void NoMoreSplits() override {}
  void PauseSplit(const std::string&, bool) override {}
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    if (times_.empty()) return flow::ReadProgress::kFinished;
    columns::ObjectWriter<int64_t> writer(out.pool());
    for (int64_t time : times_) writer.Append(time, time);
    times_.clear();
    out.Emit("s", writer.Take());
    out.FinishSplit("s");
    return flow::ReadProgress::kFinished;
  }
  std::vector<flow::Split> SnapshotSplits() const override { return {}; }

 private:
  std::vector<int64_t> times_;
};

TEST(SourceOperator, RowsBehindAWatermarkThatIsDueAreHeldUntilItIsSent) {
  time::ManualClock clock{1000};
  const flow::SourcePipeline pipeline{.make_watermarks = [] { return std::make_unique<time::EagerWatermarks>(); }};
  TaskContext context{{}, {.clock = &clock}, nullptr, nullptr, nullptr};
  CountingOutput out;
  SourceOperator source(std::make_unique<WholeReader>(std::vector<int64_t>{1000, 1300, 1400, 1300, 1200, 2000, 900}),
                        &pipeline);
  source.SetWatermarkInterval(200);
  ASSERT_TRUE(source.Open(context).ok());
  ASSERT_TRUE(source.AddSplits({{{"s", ""}, ""}}).ok());

  // 1400 raises 1300 by less than the interval.
  EXPECT_EQ(source.Poll(out).value(), flow::ReadProgress::kMore) << "though the reader has finished";
  EXPECT_EQ(out.rows, 3);
  EXPECT_TRUE(source.holds_rows());
  EXPECT_EQ(source.CurrentWatermark(), 1300);
  EXPECT_EQ(source.CurrentWatermark(), 1300) << "that no row has come since does not raise it while rows are held";

  // 1200 is late already, and so is no reason to stop.
  EXPECT_EQ(source.Poll(out).value(), flow::ReadProgress::kMore);
  EXPECT_EQ(out.rows, 6);
  EXPECT_EQ(source.CurrentWatermark(), 2000);
  EXPECT_EQ(source.Poll(out).value(), flow::ReadProgress::kMore);
  EXPECT_EQ(out.rows, 7);
  EXPECT_TRUE(source.holds_rows()) << "the end of the split";
  EXPECT_EQ(source.Poll(out).value(), flow::ReadProgress::kMore);
  EXPECT_FALSE(source.holds_rows());
  EXPECT_EQ(source.Poll(out).value(), flow::ReadProgress::kFinished);
  EXPECT_EQ(source.rows(), 7u);
}

// A look at the clock before the first rows, as behind a restore, is no silence; nor is any where rows are only slow to come.
TEST(SourceOperator, OnlyAStreamThatIsSilentForAnIntervalRaisesTheWatermarkByIt) {
  for (const bool bounded : {false, true}) {
    SCOPED_TRACE(bounded ? "bounded" : "unbounded");
    time::ManualClock clock{1000};
    const flow::SourcePipeline pipeline{.make_watermarks = [] { return std::make_unique<time::EagerWatermarks>(); }};
    TaskContext context{{}, {.clock = &clock}, nullptr, nullptr, nullptr};
    time::EagerWatermarks before;
    before.OnRows(std::vector<int64_t>{1000, 1100}.data(), 2);
    ByteWriter state;
    before.Snapshot(state);
    SourceOperator source(std::make_unique<WholeReader>(std::vector<int64_t>{}), &pipeline, bounded);
    source.SetWatermarkInterval(200);
    ASSERT_TRUE(source.Open(context).ok());
    ASSERT_TRUE(source.AddSplits({{{"s", ""}, std::string(state.view())}}).ok());
    EXPECT_EQ(source.CurrentWatermark(), 1000);
    clock.Set(1199);
    EXPECT_EQ(source.CurrentWatermark(), 1000);
    clock.Set(1200);
    EXPECT_EQ(source.CurrentWatermark(), bounded ? 1000 : 1100);
  }
}

/// Ends split "s" at the first Poll.
class EndingReader final : public flow::SourceReader {
 public:
  Status AddSplits(const std::vector<flow::Split>&) override { return {}; }
  void NoMoreSplits() override {}
  void PauseSplit(const std::string&, bool) override {}
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    out.FinishSplit("s");
    return flow::ReadProgress::kIdle;
  }
  std::vector<flow::Split> SnapshotSplits() const override { return {}; }
};

// A bounded source may have read its last split before it hears that no more will come, and a look at the clock may lie between. Called
// idle there, it would let the end of another source through a join, in front of what a sort behind this one still holds.
TEST(SourceOperator, ABoundedSourceIsNeverIdleForWantOfASplit) {
  for (const bool bounded : {false, true}) {
    SCOPED_TRACE(bounded ? "bounded" : "unbounded");
    time::ManualClock clock{1000};
    flow::SourcePipeline pipeline;
    TaskContext context{{}, {.clock = &clock}, nullptr, nullptr, nullptr};
    CountingOutput out;
    SourceOperator source(std::make_unique<EndingReader>(), &pipeline, bounded);
    ASSERT_TRUE(source.Open(context).ok());
    ASSERT_TRUE(source.AddSplits({{{"s", ""}, ""}}).ok());
    source.CurrentWatermark();
    EXPECT_FALSE(source.idle());
    ASSERT_TRUE(source.Poll(out).ok());
    source.CurrentWatermark();
    EXPECT_EQ(source.idle(), !bounded);
  }
}

/// Takes what does not fit as `policy` says.
class JudgingReader final : public flow::SourceReader {
 public:
  explicit JudgingReader(bool fails) : fails_(fails) {}
  Status AddSplits(const std::vector<flow::Split>&) override { return {}; }
  void NoMoreSplits() override {}
  void PauseSplit(const std::string&, bool) override {}
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    columns::ObjectWriter<int64_t> writer(out.pool());
    for (int64_t i = 0; i < 3; ++i) writer.Append(0, i);
    out.Emit("s", writer.Take());
    return flow::ReadProgress::kFinished;
  }
  std::vector<flow::Split> SnapshotSplits() const override { return {}; }
  Status OnUnfitRow(const columns::UnfitRow& row) override {
    ++judged;
    return fails_ ? UserError("record {}: {}", row.row, row.reason) : Status();
  }
  int judged = 0;

 private:
  const bool fails_;
};

TEST(SourceOperator, TheReaderJudgesRowsThatDoNotFitTheProgram) {
  flow::SourcePipeline pipeline{.make_transform = [] {
    return [](columns::Batch batch, columns::BufferPool& pool, std::vector<columns::UnfitRow>& unfit) {
      unfit.push_back({1, "no such thing"});
      return Result<columns::Batch>(columns::Slice(batch, 0, 2, pool));
    };
  }};
  for (bool fails : {false, true}) {
    auto made = std::make_unique<JudgingReader>(fails);
    JudgingReader& reader = *made;
    SourceOperator source(std::move(made), &pipeline);
    CountingOutput out;
    auto polled = source.Poll(out);
    EXPECT_EQ(reader.judged, 1);
    EXPECT_EQ(out.rows, fails ? 0 : 2);
    EXPECT_EQ(polled.ok() ? "" : polled.status().message(), fails ? "record 1: no such thing" : "");
  }
}

TEST(SourceOperator, IdleTimeoutsStandStillWhileItMayNotEmit) {
  Reading reading({100}, {{"s", ""}, ""});
  reading.pipeline.idle_timeout_ms = 50;
  reading.clock.Set(1040);
  reading.source.CurrentWatermark();
  EXPECT_FALSE(reading.source.idle());
  reading.source.PauseIdleTimeouts();  // backpressure for a second
  reading.clock.Set(2040);
  reading.source.CurrentWatermark();
  EXPECT_FALSE(reading.source.idle());
  EXPECT_TRUE(reading.source.Poll(reading.out).ok());
  reading.clock.Set(2089);
  reading.source.CurrentWatermark();
  EXPECT_FALSE(reading.source.idle()) << "49 ms of silence";
  reading.clock.Set(2090);
  reading.source.CurrentWatermark();
  EXPECT_TRUE(reading.source.idle()) << "50 ms of silence";
}

TEST(SourceOperator, EventsOfItsCoordinatorComeThroughBytes) {
  SourceEvent assign{SourceEvent::Kind::kAssign, {{{"a", "1"}, "w"}, {{"b", ""}, ""}}, {}};
  auto event = DecodeSourceEvent(EncodeSourceEvent(assign));
  ASSERT_TRUE(event.ok());
  ASSERT_EQ(event->splits.size(), 2u);
  EXPECT_EQ(event->splits[0].split, (flow::Split{"a", "1"}));
  EXPECT_EQ(event->splits[0].watermark_state, "w");
  EXPECT_EQ(event->splits[1].split, (flow::Split{"b", ""}));
  EXPECT_EQ(DecodeSourceEvent(EncodeSourceEvent({SourceEvent::Kind::kNoMoreSplits, {}, {}}))->kind,
            SourceEvent::Kind::kNoMoreSplits);
  EXPECT_EQ(DecodeSourceEvent(EncodeSourceEvent({SourceEvent::Kind::kForReader, {}, "hello"}))->for_reader, "hello");
  std::string bytes = EncodeSourceEvent(assign);
  for (size_t size = 2; size < bytes.size(); ++size) {
    auto torn = DecodeSourceEvent(bytes.substr(0, size));
    EXPECT_TRUE(!torn.ok() || torn->splits.size() < 2) << size;
  }
  EXPECT_FALSE(DecodeSourceEvent("").ok());
  EXPECT_FALSE(DecodeSourceEvent("\x09").ok());
  for (const SourceEvent& event :
       {SourceEvent{SourceEvent::Kind::kNoMoreSplits, {}, {}}, SourceEvent{SourceEvent::Kind::kForReader, {}, "hello"}})
    EXPECT_FALSE(DecodeSourceEvent(EncodeSourceEvent(event) + "x").ok()) << "bytes behind the end";
  EXPECT_FALSE(DecodeSplit(EncodeSplit({{"a", "1"}, "w"}) + "x").ok());
}

TEST(SourceOperator, DamagedSplitsAreErrors) {
  EXPECT_FALSE(DecodeSplit("\x05"
                           "ab")
                   .ok());
  SplitAssignment torn{{"s", ""}, "abc"};
  time::ManualClock clock{0};
  flow::SourcePipeline pipeline{.make_watermarks = [] { return std::make_unique<time::BoundedOutOfOrderness>(5); }};
  TaskContext context{{}, {.clock = &clock}, nullptr, nullptr, nullptr};
  SourceOperator source(std::make_unique<TimesReader>(std::vector<int64_t>{}), &pipeline);
  ASSERT_TRUE(source.Open(context).ok());
  EXPECT_NE(source.AddSplits({torn}).message().find("Watermark state of split 's'"), std::string::npos);
}

}  // namespace
}  // namespace thalweg::runtime
