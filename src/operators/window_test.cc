// What windows do, told in the facts of Flink's own tests (docs/book/window_semantics.md has the table), each under all variations of
// the harness.
#include "operators/window.h"

#include <array>
#include <numeric>

#include "testing/harness.h"

namespace thalweg::operators {
namespace {

using namespace thalweg::testing;
using Pair = std::pair<std::string, int>;
using Span = std::tuple<std::string, int64_t, int64_t>;  // "key-sum", start and end of the window

std::string First(const Pair& pair) { return pair.first; }

struct SumPairs {
  Pair operator()(const Pair& a, const Pair& b) const { return {a.first, a.second + b.second}; }
};
struct CountRows {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& acc, const Pair&) const { ++acc; }
  int64_t GetResult(const int64_t& acc) const { return acc; }
  void Merge(int64_t& into, const int64_t& from) const { into += from; }
};
struct CountWithoutMerge {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& acc, const Pair&) const { ++acc; }
  int64_t GetResult(const int64_t& acc) const { return acc; }
};

flow::OperatorFactory SumWindow(WindowOptions options) {
  return ReduceWindow<Pair, std::string>(std::move(options), SumPairs{});
}
flow::OperatorFactory SumList(WindowOptions options) {
  return ProcessWindow<Pair, std::string, Pair>(
      std::move(options), [](const std::string& key, WindowContext&, std::span<const Pair> rows, Collector<Pair>& out) {
        int sum = 0;
        for (const Pair& row : rows) sum += row.second;
        out.Collect({key, sum});
      });
}
flow::OperatorFactory PassRows(WindowOptions options) {
  return ProcessWindow<Pair, std::string, Pair>(
      std::move(options), [](const std::string&, WindowContext&, std::span<const Pair> rows, Collector<Pair>& out) {
        for (const Pair& row : rows) out.Collect(row);
      });
}
struct SpanOf {
  void operator()(const std::string& key, WindowContext& context, std::span<const Pair> rows,
                  Collector<Span>& out) const {
    int sum = 0;
    for (const Pair& row : rows) sum += row.second;
    out.Collect({key + "-" + std::to_string(sum), context.window().start, context.window().end});
  }
};
flow::OperatorFactory ListSpans(WindowOptions options) {
  return ProcessWindow<Pair, std::string, Span>(std::move(options), SpanOf{});
}
flow::OperatorFactory SumSpans(WindowOptions options) {
  return ReduceProcessWindow<Pair, std::string, Span>(std::move(options), SumPairs{}, SpanOf{});
}
Timed<Pair> One(const char* key, int64_t time, int value = 1) {
  return {{key, value}, std::chrono::milliseconds(time)};
}
Timed<Span> Out(const char* text, int64_t start, int64_t end) {
  return {{text, start, end}, std::chrono::milliseconds(end - 1)};
}

std::vector<Timed<Pair>> Disorder() {
  return {One("key2", 3999), One("key2", 3000), One("key1", 20),   One("key1", 0),
          One("key1", 999),  One("key2", 1998), One("key2", 1999), One("key2", 1000)};
}

// Tumbling and sliding windows of event time.

void CheckTumbling(const flow::OperatorFactory& factory) {
  Harness<Pair>(factory)
      .KeyBy(First)
      .Rows(Disorder())
      .Watermark(999ms)
      .ExpectNothing()
      .Watermark(1999ms)
      .ExpectNothing()
      .Watermark(2999ms)
      .Expect({One("key1", 2999, 3), One("key2", 2999, 3)})
      .Watermark(3999ms)
      .ExpectNothing()
      .Watermark(4999ms)
      .ExpectNothing()
      .Watermark(5999ms)
      .Expect({One("key2", 5999, 2)})
      .Watermark(6999ms)
      .Watermark(7999ms)
      .ExpectNothing()
      .ExpectEntries(0)
      .ExpectTimers(0);
}
/// A tumbling sum whose allowed lateness depends on its parallelism, which the harness changes at restarts.
class ChangingLateness final : public flow::Operator {
 public:
  explicit ChangingLateness(std::array<int64_t, 2> lateness_ms) : lateness_ms_(lateness_ms) {}
  Status Open(flow::Context& context) override {
    int64_t lateness = lateness_ms_[context.task().parallelism == 1 ? 0 : 1];
    THALWEG_ASSIGN(window_, SumWindow({.assigner = Tumbling({.size = 1s}), .allowed_lateness_ms = lateness})({}));
    return window_->Open(context);
  }
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) override {
    return window_->Process(input, rows, out);
  }
  Result<flow::Progress> OnWatermark(flow::Watermark watermark, flow::Output& out) override {
    return window_->OnWatermark(watermark, out);
  }
  Result<flow::Progress> OnEnd(flow::EndKind kind, flow::Output& out) override { return window_->OnEnd(kind, out); }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override {
    return window_->Snapshot(barrier);
  }

 private:
  std::array<int64_t, 2> lateness_ms_;
  std::unique_ptr<flow::Operator> window_;
};

// Without lateness panes wait in lists, with it by timers: each becomes the other.
TEST(TumblingWindow, AllowedLatenessMayChangeWithARestart) {
  for (std::array<int64_t, 2> lateness : {std::array<int64_t, 2>{0, 700}, {700, 0}}) {
    Harness<Pair>([lateness](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
      return std::unique_ptr<flow::Operator>(std::make_unique<ChangingLateness>(lateness));
    })
        .KeyBy(First)
        .Rows({One("a", 100), One("b", 200), One("a", 1300)})
        .Watermark(999ms)
        .Expect({One("a", 999), One("b", 999)})
        .Rows({One("b", 1400), One("a", 1500), One("c", 2100)})
        .Watermark(1999ms)
        .Expect({One("a", 1999, 2), One("b", 1999)})
        .Rows({One("c", 2200)})
        .Watermark(2999ms)
        .Expect({One("c", 2999, 2)})
        .Watermark(9000ms)
        .ExpectNothing()
        .Rows({One("d", 20'000)})
        .ExpectEntries(1)
        .MaxWatermark()
        .Expect({One("d", 20'999)});
  }
}
TEST(TumblingWindow, KeepsNoTimersWhereAllPanesOfAWindowFireTogether) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 1s})}))
      .KeyBy(First)
      .Rows({One("a", 100), One("b", 200), One("a", 1300)})
      .ExpectEntries(3)
      .ExpectTimers(0)
      .Watermark(999ms)
      .Expect({One("a", 999), One("b", 999)})
      .ExpectEntries(1);
}
TEST(TumblingWindow, ReducesOutOfOrderRowsByKeyAndWindow) {
  CheckTumbling(SumWindow({.assigner = Tumbling({.size = 3s})}));
}
TEST(TumblingWindow, HandsAllRowsOfTheWindowToAProcessFunction) {
  CheckTumbling(SumList({.assigner = Tumbling({.size = 3s})}));
}

/// Reads the rows of a window after the function's own state, which on a store takes the place of other objects in the cache.
struct OwnStateThenRows {
  state::ValueState<std::string> last;
  void Open(RuntimeContext& runtime) {
    last = runtime.GetState(state::ValueStateDescriptor<std::string>{.name = "last"});
  }
  void operator()(const std::string& key, WindowContext& context, std::span<const Pair> rows, Collector<Pair>& out) {
    last.Update(std::string(1000, 'l'));
    ++context.GlobalState<int64_t>("fired").Mutable();
    int sum = 0;
    for (const Pair& row : rows) sum += row.first == key + std::string(3000, '-') ? row.second : 1'000'000;
    out.Collect({key, sum});
  }
};
/// Rows of 3000 bytes: more than the harness's cache holds.
Timed<Pair> Large(const char* key, int64_t time, int value) {
  return {{key + std::string(3000, '-'), value}, std::chrono::milliseconds(time)};
}
void CheckOwnState(const flow::OperatorFactory& factory) {
  Harness<Pair>(factory)
      .KeyBy([](const Pair& pair) { return pair.first.substr(0, 1); })
      .Rows({Large("a", 100, 1), Large("b", 200, 2), Large("a", 300, 4), Large("c", 400, 8)})
      .Watermark(999ms)
      .Expect({One("a", 999, 5), One("b", 999, 2), One("c", 999, 8)});
}
TEST(WindowFunction, ItsRowsHoldWhileItUsesItsOwnState) {
  for (int64_t lateness : {0, 700}) {
    const WindowOptions tumbling{.assigner = Tumbling({.size = 1s}), .allowed_lateness_ms = lateness};
    CheckOwnState(ProcessWindow<Pair, std::string, Pair>(tumbling, OwnStateThenRows{}));
    CheckOwnState(ReduceProcessWindow<Pair, std::string, Pair>(tumbling, SumPairs{}, OwnStateThenRows{}));
  }
  WindowOptions panes{.assigner = Tumbling({.size = 1s}), .trigger = PurgingTrigger(EventTimeTrigger())};
  CheckOwnState(ProcessWindow<Pair, std::string, Pair>(panes, OwnStateThenRows{}));
}

void CheckSliding(const flow::OperatorFactory& factory) {
  Harness<Pair>(factory)
      .KeyBy(First)
      .Rows(Disorder())
      .Watermark(999ms)
      .Expect({One("key1", 999, 3)})
      .Watermark(1999ms)
      .Expect({One("key1", 1999, 3), One("key2", 1999, 3)})
      .Watermark(2999ms)
      .Expect({One("key1", 2999, 3), One("key2", 2999, 3)})
      .Watermark(3999ms)
      .Expect({One("key2", 3999, 5)})
      .Watermark(4999ms)
      .Expect({One("key2", 4999, 2)})
      .Watermark(5999ms)
      .Expect({One("key2", 5999, 2)})
      .Watermark(6999ms)
      .Watermark(7999ms)
      .ExpectNothing()
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(SlidingWindow, ReducesEachRowIntoEveryWindowThatHoldsIt) {
  CheckSliding(SumWindow({.assigner = Sliding({.size = 3s, .slide = 1s})}));
}
TEST(SlidingWindow, HandsTheRowsOfEachWindowToAProcessFunction) {
  CheckSliding(SumList({.assigner = Sliding({.size = 3s, .slide = 1s})}));
}
TEST(SlidingWindow, ARowIsKeptOnceHoweverManyWindowsHoldIt) {
  Harness<Pair>(SumWindow({.assigner = Sliding({.size = 60s, .slide = 1s})}))
      .KeyBy(First)
      .Rows({One("a", 500), One("a", 600)})
      .ExpectEntries(1)
      .ExpectTimers(1)
      .Watermark(1999ms)
      .Expect({One("a", 999, 2), One("a", 1999, 2)})
      .ExpectEntries(1)
      .ExpectTimers(1);
}
TEST(SlidingWindow, OneJumpOfTheWatermarkFiresAllItsWindowsInTime) {
  Harness<Pair>(SumWindow({.assigner = Sliding({.size = 5ms, .slide = 3ms})}))
      .KeyBy(First)
      .Rows({One("a", 3), One("a", 5, 10), One("a", 6, 100)})
      .MaxWatermark()
      .Expect({One("a", 4, 1), One("a", 7, 111), One("a", 10, 100)})
      .ExpectEntries(0);
}
// Keys of one slice, of two and of all, in windows that fire at once and one by one: each key once a window, without timers.
TEST(SlidingWindow, AKeyFiresOnceAWindowHoweverManySlicesItHas) {
  Harness<Pair>(SumWindow({.assigner = Sliding({.size = 3ms, .slide = 1ms})}))
      .KeyBy(First)
      .Rows({One("a", 0), One("b", 0), One("b", 1, 2), One("a", 2, 4), One("c", 2), One("b", 2, 4)})
      .ExpectTimers(0)
      .Watermark(0ms)
      .Expect({One("a", 0, 1), One("b", 0, 1)})
      .Watermark(2ms)
      .Expect({One("a", 1, 1), One("b", 1, 3), One("a", 2, 5), One("b", 2, 7), One("c", 2, 1)})
      .Rows({One("c", 1, 2), One("d", 0)})  // of windows that are still to come, and late
      .MaxWatermark()
      .Expect({One("a", 3, 4), One("a", 4, 4), One("b", 3, 6), One("b", 4, 4), One("c", 3, 3), One("c", 4, 1)})
      .ExpectEntries(0);
}

TEST(SlidingWindow, AnAggregateWithoutMergeGivesTheSameFromPanes) {
  Harness<Pair, int64_t>(
      AggregateWindow<Pair, std::string>({.assigner = Sliding({.size = 3s, .slide = 1s})}, CountWithoutMerge{}))
      .KeyBy(First)
      .Rows({One("a", 2500), One("a", 1500)})
      .Inspect([](flow::Operator& op) { EXPECT_FALSE(dynamic_cast<WindowCore&>(op).sliced()); })
      .MaxWatermark()
      .Expect({{1, 1999ms}, {2, 2999ms}, {2, 3999ms}, {1, 4999ms}})
      .ExpectEntries(0);
}
TEST(TumblingWindow, TheOffsetMovesItsEnd) {
  Harness<Pair>(PassRows({.assigner = Tumbling({.size = 2s, .offset = 100ms})}))
      .KeyBy(First)
      .Rows({One("key2", 1000)})
      .Watermark(1985ms)
      .Rows({One("key2", 1980, 2), One("key2", 1998, 3), One("key2", 2001, 4)})
      .Watermark(2010ms)
      .ExpectNothing()
      .Watermark(2999ms)
      .Expect({One("key2", 2099, 1), One("key2", 2099, 2), One("key2", 2099, 3), One("key2", 2099, 4)})
      .Watermark(3999ms)
      .ExpectNothing();
}
TEST(SlidingWindow, TheOffsetMovesItsEnds) {
  Harness<Pair>(PassRows({.assigner = Sliding({.size = 2s, .slide = 500ms, .offset = 10ms})}))
      .KeyBy(First)
      .Rows({One("key2", 333)})
      .Watermark(6666ms)
      .Expect({One("key2", 509), One("key2", 1009), One("key2", 1509), One("key2", 2009)});
}
TEST(CumulativeWindow, EachStepHoldsAllSinceTheStart) {
  Harness<Pair>(SumWindow({.assigner = Cumulative({.max_size = 6s, .step = 2s})}))
      .KeyBy(First)
      .Rows({One("a", 500), One("a", 2500, 10), One("b", 4500, 100), One("a", 6100, 1000)})
      .Watermark(1999ms)
      .Expect({One("a", 1999, 1)})
      .Watermark(5999ms)
      .Expect({One("a", 3999, 11), One("a", 5999, 11), One("b", 5999, 100)})
      .MaxWatermark()
      .Expect({One("a", 7999, 1000), One("a", 9999, 1000), One("a", 11999, 1000)})
      .ExpectEntries(0);
}
TEST(EventTimeWindow, ARowWithoutEventTimeIsAUserError) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 3s})}))
      .KeyBy(First)
      .Rows({{{"a", 1}}})
      .ExpectError("A row without event time reached an event-time window");
}
TEST(EventTimeWindow, ATimeAtTheEndOfInt64IsRefused) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 1s}), .allowed_lateness_ms = 2000}))
      .KeyBy(First)
      .Rows({One("key2", INT64_MAX - 1750)})
      .ExpectError("Event time out of range");
}
TEST(EventTimeWindow, WhatAFunctionThrowsNamesTypeMessageAndRow) {
  auto thrower = [](const Pair&, const Pair& b) -> Pair { throw std::range_error("too many of " + b.first); };
  Harness<Pair>(ReduceWindow<Pair, std::string>({.assigner = Tumbling({.size = 3s})}, thrower))
      .KeyBy(First)
      .Rows({One("a", 1), One("a", 2, 7)})
      .ExpectError("User code of window threw std::range_error: too many of a, at the row (a,7)");
}
/// Adds and joins; a sum of 7 or more cannot be joined.
struct SumThatRefusesToMerge {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& sum, const Pair& pair) const { sum += pair.second; }
  int64_t GetResult(const int64_t& sum) const { return sum; }
  void Merge(int64_t& into, const int64_t& from) const {
    if (into + from >= 7) throw std::runtime_error("merge");
    into += from;
  }
};
TEST(SlidingWindow, WhatMergeThrowsNamesKeyAndWindow) {
  for (const Millis lateness : {0ms, 1ms}) {
    Harness<Pair, int64_t>(AggregateWindow<Pair, std::string>({.assigner = Sliding({.size = 2s, .slide = 1s}),
                                                               .allowed_lateness_ms = lateness.count()},
                                                              SumThatRefusesToMerge{}))
        .KeyBy(First)
        .Rows({One("a", 100, 3), One("b", 1100, 4), One("a", 1200, 4)})
        .Watermark(1999ms)
        .ExpectError("User code of window for key a and window [0, 2000) threw std::runtime_error: merge");
  }
}
TEST(SessionWindow, WhatMergeThrowsNamesTheRowThatJoinedThem) {
  Harness<Pair, int64_t>(
      AggregateWindow<Pair, std::string>({.assigner = Session({.gap = 1s})}, SumThatRefusesToMerge{}))
      .KeyBy(First)
      .Rows({One("a", 100, 3), One("a", 1900, 4)})
      .Rows({One("a", 1000, 1)})
      .ExpectError("User code of window threw std::runtime_error: merge, at the row (a,1)");
}
TEST(EventTimeWindow, WhatATriggerThrowsAtATimerNamesKeyAndWindow) {
  struct Thrower final : TypedTrigger<Pair> {
    TriggerResult OnRow(const Pair&, int64_t time, const Window&, TriggerContext& context) override {
      context.RegisterEventTimer(time);
      return TriggerResult::kContinue;
    }
    TriggerResult OnEventTime(int64_t, const Window&, TriggerContext&) override { throw std::runtime_error("tick"); }
    TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override {
      return TriggerResult::kContinue;
    }
    void Clear(const Window&, TriggerContext&) override {}
    std::string ToString() const override { return "Thrower"; }
  };
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 3s}), .trigger = std::make_shared<Thrower>()}))
      .KeyBy(First)
      .Rows({One("a", 100)})
      .Watermark(100ms)
      .ExpectError("User code of window for key a and window [0, 3000) threw std::runtime_error: tick");
}

// Sessions.

void CheckSessions(const flow::OperatorFactory& factory) {
  Harness<Pair, Span>(factory)
      .KeyBy(First)
      .Rows({One("key2", 0, 1), One("key2", 1000, 2), One("key2", 2500, 3), One("key1", 10, 1), One("key1", 1000, 2)})
      .Rows({One("key1", 2500, 3), One("key2", 5501, 4), One("key2", 6000, 5), One("key2", 6000, 5),
             One("key2", 6050, 6)})
      .Watermark(12000ms)
      .Expect({Out("key1-6", 10, 5500), Out("key2-6", 0, 5500), Out("key2-20", 5501, 9050)})
      .Rows({One("key2", 15000, 10), One("key2", 15000, 20)})
      .Watermark(17999ms)
      .Expect({Out("key2-30", 15000, 18000)})
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(SessionWindow, RowsWithinTheGapAreOneSession) { CheckSessions(ListSpans({.assigner = Session({.gap = 3s})})); }
TEST(SessionWindow, ReducedSessionsKnowTheirWindow) { CheckSessions(SumSpans({.assigner = Session({.gap = 3s})})); }

TEST(SessionWindow, ARowBetweenTwoSessionsJoinsThem) {
  Harness<Pair, Span>(SumSpans({.assigner = Session({.gap = 3s})}))
      .KeyBy(First)
      .Rows({One("a", 0), One("a", 5000, 10)})
      .ExpectEntries(3)  // two accumulators and the set of sessions
      .Rows({One("a", 2500, 100)})
      .ExpectEntries(2)
      .ExpectTimers(1)
      .MaxWatermark()
      .Expect({Out("a-111", 0, 8000)})
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(SessionWindow, TheGapMayComeFromTheRow) {
  AssignerPtr assigner =
      DynamicSessionOf<Pair>([](const Pair& pair) { return std::chrono::milliseconds(pair.second); });
  Harness<Pair, Span>(SumSpans({.assigner = assigner}))
      .KeyBy(First)
      .Rows({One("a", 0, 100), One("a", 90, 5), One("a", 300, 10)})
      .MaxWatermark()
      .Expect({Out("a-105", 0, 100), Out("a-10", 300, 310)});
  Harness<Pair, Span>(SumSpans({.assigner = assigner}))
      .KeyBy(First)
      .Rows({One("a", 0, -1)})
      .ExpectError("Session gap must be positive: -1 ms, at the row (a,-1)");
}
TEST(SessionWindow, CountsOfJoinedSessionsAddUpAndFire) {
  Harness<Pair, Span>(ListSpans({.assigner = Session({.gap = 3s}), .trigger = PurgingTrigger(CountTrigger(4))}))
      .KeyBy(First)
      .Rows({One("key2", 0, 1), One("key2", 1000, 2), One("key2", 2500, 3), One("key2", 3500, 4), One("key1", 10, 1),
             One("key1", 1000, 2)})
      .Expect({Out("key2-10", 0, 6500)})
      .Rows({One("key1", 2500, 3), One("key1", 6000, 1), One("key1", 6500, 2), One("key1", 7000, 3)})
      .ExpectNothing()
      .Rows({One("key1", 4500, 10)})
      .Expect({Out("key1-22", 10, 10000)});
}
TEST(SessionWindow, AnAggregateWithoutMergeIsRefused) {
  Harness<Pair, int64_t>(AggregateWindow<Pair, std::string>({.assigner = Session({.gap = 3s})}, CountWithoutMerge{}))
      .KeyBy(First)
      .ExpectError("needs an aggregate function with a Merge");
}

/// Rows of value 33 get a window without length at their time, the others a gap of 3 s.
class PointSessions final : public WindowAssigner {
 public:
  void Assign(const void* element, int64_t time, int64_t, std::vector<Window>& windows) const override {
    windows.push_back({time, time + (static_cast<const Pair*>(element)->second == 33 ? 0 : 3000)});
  }
  TimeDomain domain() const override { return TimeDomain::kEventTime; }
  bool merging() const override { return true; }
  std::string ToString() const override { return "PointSessions"; }
};
TEST(SessionWindow, APointInsideASessionBelongsToIt) {
  Harness<Pair, Span>(ListSpans({.assigner = std::make_shared<PointSessions>()}))
      .KeyBy(First)
      .Rows({One("key2", 0, 1), One("key2", 1000, 33)})
      .Rows({One("key2", 2500, 33), One("key1", 10, 1), One("key1", 1000, 2), One("key1", 2500, 33)})
      .Watermark(12000ms)
      .Expect({Out("key1-36", 10, 4000), Out("key2-67", 0, 3000)});
}

// Triggers on the global window.

TEST(GlobalWindow, ACountTriggerFiresAtEachCount) {
  Harness<Pair>(SumWindow({.assigner = GlobalWindow(), .trigger = PurgingTrigger(CountTrigger(4))}))
      .KeyBy(First)
      .Rows(
          {One("key2", 3000), One("key2", 3999), One("key1", 20), One("key1", 0), One("key1", 999), One("key2", 1998)})
      .Rows({One("key2", 1000)})
      .Expect({One("key2", INT64_MAX, 4)})
      .Rows({One("key1", 10999), One("key2", 1000), One("key2", 1000), One("key2", 1000)})
      .Expect({One("key1", INT64_MAX, 4)})
      .Rows({One("key2", 1000)})
      .Expect({One("key2", INT64_MAX, 4)})
      .ExpectEntries(0);
}
TEST(GlobalWindow, AContinuousTriggerFiresAtEachIntervalOfTheWatermark) {
  Harness<Pair>(SumWindow({.assigner = GlobalWindow(), .trigger = ContinuousEventTimeTrigger(3000)}))
      .KeyBy(First)
      .Rows({One("key1", 0), One("key2", 3000), One("key2", 3999), One("key1", 20), One("key1", 999), One("key2", 1998),
             One("key2", 1999), One("key2", 1000)})
      .Watermark(1000ms)
      .Watermark(2000ms)
      .ExpectNothing()
      .Watermark(3000ms)
      .Expect({One("key1", INT64_MAX, 3)})
      .Watermark(5000ms)
      .ExpectNothing()
      .Watermark(6000ms)
      .Expect({One("key1", INT64_MAX, 3), One("key2", INT64_MAX, 5)})
      .Watermark(8000ms)
      .ExpectNothing()
      .MaxWatermark()
      .Expect({One("key1", INT64_MAX, 3), One("key2", INT64_MAX, 5),    // the interval that ends at 9000
               One("key1", INT64_MAX, 3), One("key2", INT64_MAX, 5)});  // the window's end
}

// Windows of processing time.

constexpr TimeDomain kClock = TimeDomain::kProcessingTime;

TEST(ProcessingTimeWindow, TumbleByTheClockWhateverTheRowsTimes) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 3s, .domain = kClock})}))
      .KeyBy(First)
      .StartAt(3ms)
      .Rows({{{"key2", 1}, std::chrono::milliseconds(INT64_MAX)},
             One("key2", 7000),
             {{"key2", 1}},
             One("key1", 7000),
             One("key1", 7000)})
      .ProcessingTime(5000ms)
      .Expect({One("key2", 2999, 3), One("key1", 2999, 2)})
      .Rows({One("key1", 7000), One("key1", 7000), One("key1", 7000)})
      .ProcessingTime(7000ms)
      .Expect({One("key1", 5999, 3)})
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(ProcessingTimeWindow, SlideByTheClock) {
  Harness<Pair>(SumWindow({.assigner = Sliding({.size = 3s, .slide = 1s, .domain = kClock})}))
      .KeyBy(First)
      .StartAt(3ms)
      .Rows({One("key2", 0)})
      .ProcessingTime(1000ms)
      .Expect({One("key2", 999, 1)})
      .Rows({One("key2", 0), One("key2", 0)})
      .ProcessingTime(2000ms)
      .Expect({One("key2", 1999, 3)})
      .Rows({One("key1", 0), One("key1", 0)})
      .ProcessingTime(3000ms)
      .Expect({One("key2", 2999, 3), One("key1", 2999, 2)})
      .Rows({One("key1", 0), One("key1", 0), One("key1", 0)})
      .ProcessingTime(7000ms)
      .Expect({One("key2", 3999, 2), One("key1", 3999, 5), One("key1", 4999, 5), One("key1", 5999, 3)})
      .ExpectEntries(0);
}
TEST(ProcessingTimeWindow, SessionsEndWhenTheClockPassesTheirGap) {
  Harness<Pair>(SumWindow({.assigner = Session({.gap = 3s, .domain = kClock})}))
      .KeyBy(First)
      .StartAt(3ms)
      .Rows({One("key2", 1)})
      .ProcessingTime(1000ms)
      .Rows({One("key2", 1002)})
      .ProcessingTime(5000ms)
      .Expect({One("key2", 3999, 2)})
      .Rows({One("key2", 5000), One("key2", 5000), One("key1", 5000), One("key1", 5000), One("key1", 5000)})
      .ProcessingTime(10000ms)
      .Expect({One("key2", 7999, 2), One("key1", 7999, 3)})
      .ExpectEntries(0)
      .ExpectTimers(0);
}

// Lateness.

TEST(AllowedLateness, ALateRowWithinItFiresWhatThePurgedWindowHoldsSince) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 2s}),
                           .trigger = PurgingTrigger(EventTimeTrigger()),
                           .allowed_lateness_ms = 500,
                           .late_output = true}))
      .KeyBy(First)
      .Rows({One("key2", 500)})
      .Watermark(1500ms)
      .Rows({One("key2", 1300)})
      .Watermark(2300ms)
      .Expect({One("key2", 1999, 2)})
      .Rows({One("key2", 1997)})
      .Expect({One("key2", 1999, 1)})
      .Watermark(6000ms)
      .Rows({One("key2", 1998)})
      .Watermark(7000ms)
      .ExpectNothing()
      .ExpectLate({One("key2", 1998)})
      .ExpectEntries(0);
}
TEST(AllowedLateness, ALateRowWithinItUpdatesTheFiredResult) {
  Harness<Pair, int64_t>(
      AggregateWindow<Pair, std::string>(
          {.assigner = Tumbling({.size = 2s}), .allowed_lateness_ms = 500, .late_output = true}, CountRows{}))
      .KeyBy(First)
      .Rows({One("a", 500), One("a", 700)})
      .Watermark(1999ms)
      .Expect({{2, 1999ms}})
      .Rows({One("a", 800), One("a", 801)})
      .Expect({{3, 1999ms}, {4, 1999ms}})
      .Watermark(2498ms)
      .ExpectEntries(1)
      .Watermark(2499ms)
      .ExpectEntries(0)
      .ExpectTimers(0)
      .Rows({One("a", 900, 7)})
      .ExpectNothing()
      .ExpectLate({One("a", 900, 7)});
}
TEST(AllowedLateness, ALateRowFiresEachPassedWindowOfASlideAndLeavesTheOthersToTheirTime) {
  Harness<Pair>(SumWindow({.assigner = Sliding({.size = 3s, .slide = 1s}), .allowed_lateness_ms = 1000}))
      .KeyBy(First)
      .Rows({One("a", 500)})
      .Watermark(1999ms)
      .Expect({One("a", 999, 1), One("a", 1999, 1)})
      .Rows({One("a", 600, 10)})
      .Expect({One("a", 1999, 11)})  // [-2 s, 1 s) is past its lateness
      .Watermark(2999ms)
      .Expect({One("a", 2999, 11)})
      .Watermark(3999ms)
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(AllowedLateness, ARowIsLateWhenTheWatermarkHasReachedTheEndOfItsWindow) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 2s}), .late_output = true}))
      .KeyBy(First)
      .Rows({One("key2", 1000)})
      .Watermark(1985ms)
      .Rows({One("key2", 1980)})
      .Watermark(1999ms)
      .Expect({One("key2", 1999, 2)})
      .Rows({One("key2", 1998), One("key2", 2001)})
      .ExpectLate({One("key2", 1998)})
      .Watermark(2999ms)
      .ExpectNothing()
      .Watermark(3999ms)
      .Expect({One("key2", 3999, 1)});
}
TEST(AllowedLateness, ARowGoesToThoseOfItsWindowsThatAreNotLate) {
  Harness<Pair>(SumWindow({.assigner = Sliding({.size = 3s, .slide = 1s}), .late_output = true}))
      .KeyBy(First)
      .Rows({One("key2", 1000)})
      .Watermark(1999ms)
      .Expect({One("key2", 1999, 1)})
      .Rows({One("key2", 2000)})
      .Watermark(3000ms)
      .Expect({One("key2", 2999, 2)})
      .Rows({One("key1", 3001), One("key2", 2400), One("key2", 2400), One("key1", 3001), One("key2", 3900)})
      .Watermark(6000ms)
      .Expect({One("key2", 3999, 5), One("key1", 3999, 2), One("key2", 4999, 4), One("key1", 4999, 2),
               One("key2", 5999, 1), One("key1", 5999, 2)})
      .Rows({One("key1", 3001)})
      .ExpectLate({One("key1", 3001)})
      .Watermark(25000ms)
      .ExpectNothing()
      .ExpectEntries(0);
}
TEST(AllowedLateness, WithoutALateOutputLateRowsAreCounted) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 2s})}))
      .KeyBy(First)
      .Rows({One("a", 100)})
      .Watermark(5000ms)
      .Expect({One("a", 1999)})
      .Rows({One("a", 200), One("b", 4000), One("a", 300)})
      .Inspect([](flow::Operator& op) { EXPECT_EQ(dynamic_cast<WindowCore&>(op).late_rows(), 2); })
      .MaxWatermark()
      .Expect({One("b", 5999)});
}
TEST(AllowedLateness, ANegativeOneIsRefused) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 2s}), .allowed_lateness_ms = -1}))
      .KeyBy(First)
      .ExpectError("The allowed lateness cannot be negative: -1 ms");
}

/// The rows that all tests of late sessions begin with, up to the watermark 14600.
Harness<Pair, Span>& LateSessionsBegin(Harness<Pair, Span>& harness) {
  return harness.KeyBy(First)
      .Rows({One("key2", 1000)})
      .Watermark(1999ms)
      .Rows({One("key2", 2000)})
      .Watermark(4998ms)
      .Rows({One("key2", 4500), One("key2", 8500)})
      .Watermark(7400ms)
      .ExpectNothing()
      .Rows({One("key2", 7000)})
      .Watermark(11501ms)
      .Expect({Out("key2-5", 1000, 11500)})
      .Rows({One("key2", 11600)})
      .Watermark(14600ms)
      .Expect({Out("key2-1", 11600, 14600)});
}
void CheckLateSessionsDropped(WindowOptions options) {
  options.late_output = true;
  Harness<Pair, Span> harness(SumSpans(options));
  LateSessionsBegin(harness)
      .Rows({One("key2", 10000), One("key2", 10100), One("key2", 14500)})
      .ExpectLate({One("key2", 10000), One("key2", 10100)})
      .Watermark(20000ms)
      .Expect({Out("key2-1", 14500, 17500)})
      .Watermark(100000ms)
      .ExpectNothing()
      .ExpectEntries(0);
}
TEST(LateSession, WithoutLatenessAPassedSessionTakesNoRow) {
  CheckLateSessionsDropped({.assigner = Session({.gap = 3s})});
}
TEST(LateSession, WithoutLatenessAPurgingTriggerDropsTheSameRows) {
  CheckLateSessionsDropped({.assigner = Session({.gap = 3s}), .trigger = PurgingTrigger(EventTimeTrigger())});
}
TEST(LateSession, WithLittleLatenessALateRowJoinsTheSessionThatStillStands) {
  Harness<Pair, Span> harness(SumSpans({.assigner = Session({.gap = 3s}), .allowed_lateness_ms = 10}));
  LateSessionsBegin(harness)
      .Rows({One("key2", 10000)})
      .Expect({Out("key2-2", 10000, 14600)})
      .Rows({One("key2", 14500)})
      .Watermark(20000ms)
      .Expect({Out("key2-3", 10000, 17500)})
      .Watermark(100000ms)
      .ExpectNothing()
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(LateSession, WithLittleLatenessAPurgedSessionStillTakesTheLateRow) {
  Harness<Pair, Span> harness(SumSpans(
      {.assigner = Session({.gap = 3s}), .trigger = PurgingTrigger(EventTimeTrigger()), .allowed_lateness_ms = 10}));
  LateSessionsBegin(harness)
      .Rows({One("key2", 10000)})
      .Expect({Out("key2-1", 10000, 14600)})
      .Rows({One("key2", 14500)})
      .Watermark(20000ms)
      .Expect({Out("key2-1", 10000, 17500)})
      .Watermark(100000ms)
      .ExpectNothing()
      .ExpectEntries(0);
}
TEST(LateSession, WithMuchLatenessALateRowJoinsAllSessionsItTouches) {
  Harness<Pair, Span> harness(SumSpans({.assigner = Session({.gap = 3s}), .allowed_lateness_ms = 10000}));
  LateSessionsBegin(harness)
      .Rows({One("key2", 10000)})
      .Expect({Out("key2-7", 1000, 14600)})
      .Rows({One("key2", 14500)})
      .Watermark(20000ms)
      .Expect({Out("key2-8", 1000, 17500)})
      .Watermark(100000ms)
      .ExpectNothing()
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(LateSession, WithMuchLatenessAPurgedSessionFiresTheLateRowAlone) {
  Harness<Pair, Span> harness(SumSpans(
      {.assigner = Session({.gap = 3s}), .trigger = PurgingTrigger(EventTimeTrigger()), .allowed_lateness_ms = 10000}));
  LateSessionsBegin(harness)
      .Rows({One("key2", 10000)})
      .Expect({Out("key2-1", 1000, 14600)})
      .Rows({One("key2", 14500)})
      .Watermark(20000ms)
      .Expect({Out("key2-1", 1000, 17500)})
      .Watermark(100000ms)
      .ExpectNothing()
      .ExpectEntries(0);
}

// Clean-up.

void CheckCleanup(const flow::OperatorFactory& factory, int64_t end) {
  Harness<Pair>(factory)
      .KeyBy(First)
      .Rows({One("key2", 1000)})
      .Watermark(1599ms)
      .ExpectNothing()
      .Watermark(std::chrono::milliseconds(end - 1))
      .Expect({One("key2", end - 1)})
      .Watermark(std::chrono::milliseconds(end + 20))
      .Watermark(14600ms)
      .ExpectNothing()
      .ExpectEntries(0)
      .ExpectTimers(0);
}
TEST(CleanUp, ATumblingListLeavesNothingAndFiresOnce) {
  CheckCleanup(PassRows({.assigner = Tumbling({.size = 2s}), .allowed_lateness_ms = 1}), 2000);
}
TEST(CleanUp, ATumblingReduceLeavesNothingAndFiresOnce) {
  CheckCleanup(SumWindow({.assigner = Tumbling({.size = 2s}), .allowed_lateness_ms = 1}), 2000);
}
TEST(CleanUp, ASessionListLeavesNothingAndFiresOnce) {
  CheckCleanup(PassRows({.assigner = Session({.gap = 3s}), .allowed_lateness_ms = 10}), 4000);
}
TEST(CleanUp, ASessionReduceLeavesNothingAndFiresOnce) {
  CheckCleanup(SumWindow({.assigner = Session({.gap = 3s}), .allowed_lateness_ms = 10}), 4000);
}

}  // namespace
}  // namespace thalweg::operators
