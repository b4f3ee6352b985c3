// The contract between the window operator and its assigner, trigger and function, in the facts of Flink's WindowOperatorContractTest
// and trigger tests. Rows carry their windows; the trigger does as its script says.
#include "operators/window.h"
#include "testing/harness.h"

namespace thalweg::operators {
namespace {

using namespace thalweg::testing;
using Spans = std::vector<std::pair<int64_t, int64_t>>;
using Fixed = std::pair<int, Spans>;  // key; its windows

class FixedWindows final : public WindowAssigner {
 public:
  explicit FixedWindows(TimeDomain domain, bool merging = false) : domain_(domain), merging_(merging) {}
  void Assign(const void* element, int64_t, int64_t, std::vector<Window>& windows) const override {
    for (const auto& [start, end] : static_cast<const Fixed*>(element)->second) windows.push_back({start, end});
  }
  TimeDomain domain() const override { return domain_; }
  bool merging() const override { return merging_; }
  std::string ToString() const override { return "FixedWindows"; }

 private:
  TimeDomain domain_;
  bool merging_;
};

struct TriggerScript {
  TriggerResult on_element = TriggerResult::kContinue;
  TriggerResult on_time = TriggerResult::kContinue;
  std::optional<int64_t> timer;  // registered at each row, deleted by Clear
  bool state = false;            // written at each row, cleared by Clear
  TimeDomain domain = TimeDomain::kEventTime;
};

class ScriptedTrigger final : public Trigger {
 public:
  explicit ScriptedTrigger(TriggerScript script) : script_(script) {}
  TriggerResult OnElement(const void*, int64_t, const Window&, TriggerContext& context) override {
    Register(context);
    return script_.on_element;
  }
  TriggerResult OnEventTime(int64_t, const Window&, TriggerContext&) override { return script_.on_time; }
  TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override { return script_.on_time; }
  bool CanMerge() const override { return true; }
  void OnMerge(const Window&, const std::vector<Window>&, TriggerContext& context) override { Register(context); }
  void Clear(const Window&, TriggerContext& context) override {
    if (script_.timer && script_.domain == TimeDomain::kEventTime) context.DeleteEventTimer(*script_.timer);
    if (script_.timer && script_.domain != TimeDomain::kEventTime) context.DeleteProcessingTimer(*script_.timer);
    if (script_.state) context.State<std::string>("hello").Clear();
  }
  std::string ToString() const override { return "Scripted"; }

 private:
  void Register(TriggerContext& context) {
    if (script_.timer && script_.domain == TimeDomain::kEventTime) context.RegisterEventTimer(*script_.timer);
    if (script_.timer && script_.domain != TimeDomain::kEventTime) context.RegisterProcessingTimer(*script_.timer);
    if (script_.state) context.State<std::string>("hello").Set("hello");
  }
  TriggerScript script_;
};

std::string Describe(int key, const Window& window, size_t rows) {
  return fmt::format("{}{}:{}", key, window.ToString(), rows);
}

WindowOptions Options(const TriggerScript& script, int64_t lateness = 0, bool merging = false) {
  return {.assigner = std::make_shared<FixedWindows>(script.domain, merging),
          .trigger = std::make_shared<ScriptedTrigger>(script),
          .allowed_lateness_ms = lateness};
}

flow::OperatorFactory Describing(WindowOptions options) {
  return ProcessWindow<Fixed, int, std::string>(
      std::move(options),
      [](int key, WindowContext& context, std::span<const Fixed> rows, Collector<std::string>& out) {
        out.Collect(Describe(key, context.window(), rows.size()));
      });
}

struct Windows : Harness<Fixed, std::string> {
  explicit Windows(const flow::OperatorFactory& factory) : Harness(factory) {
    KeyBy([](const Fixed& row) { return row.first; });
  }
  explicit Windows(const WindowOptions& options) : Windows(Describing(options)) {}
};

const Timed<Fixed> kTwoWindows{{0, {{2, 4}, {0, 2}}}, 0ms};
Timed<Fixed> In(int64_t start, int64_t end, int key = 0) { return {{key, {{start, end}}}, 0ms}; }

TEST(WindowContract, ARowWithoutWindowsIsNotLateBeforeItsTime) {
  WindowOptions options = Options({});
  options.late_output = true;
  Windows windows(options);
  windows.Watermark(0ms).Rows({{{0, {}}, 5ms}}).ExpectLate({}).ExpectNothing();
}
TEST(WindowContract, LateRowsGoToTheLateOutputWithOrWithoutWindows) {
  WindowOptions options = Options({});
  options.late_output = true;
  Windows windows(options);
  windows.Watermark(20ms)
      .Rows({{{0, {{0, 0}}}, 5ms}})
      .ExpectLate({{{0, {{0, 0}}}, 5ms}})
      .Rows({{{0, {}}, 10ms}})
      .ExpectLate({{{0, {}}, 10ms}});
}
TEST(WindowContract, SideOutputsCarryTheEndOfTheWindow) {
  const OutputTag<int> ints{"int-out"};
  const OutputTag<int64_t> longs{"long-out"};
  Windows windows(ProcessWindow<Fixed, int, std::string>(
      Options({.on_element = TriggerResult::kFire}),
      [=](int key, WindowContext& context, std::span<const Fixed>, Collector<std::string>&) {
        context.Output(ints, key);
        context.Output(longs, int64_t{key} * 2);
      },
      {SidePortOf(ints, 2), SidePortOf(longs, 3)}));
  windows.Rows({In(0, 42, 17)}).ExpectOn<int>(2, {{17, 41ms}}).ExpectOn<int64_t>(3, {{34, 41ms}});
}
TEST(WindowContract, EachWindowOfARowIsFiredByItself) {
  Windows windows(Options({.on_element = TriggerResult::kFire}));
  windows.Rows({kTwoWindows}).Expect({{"0[2, 4):1", 3ms}, {"0[0, 2):1", 1ms}});
}
TEST(WindowContract, WindowsOfDifferentKeysDoNotMix) {
  Windows windows(Options({.on_element = TriggerResult::kFire}));
  windows.Rows({In(0, 2, 0), In(0, 1, 1)})
      .Expect({{"0[0, 2):1"}, {"1[0, 1):1"}})
      .ExpectEntries(2)
      .ExpectTimers(2)
      .Rows({In(0, 1, 1), In(0, 2, 0)})
      .Expect({{"1[0, 1):2"}, {"0[0, 2):2"}});
}
TEST(WindowContract, AFunctionMayEmitSeveralRowsAtTheEndOfTheWindow) {
  Windows windows(ProcessWindow<Fixed, int, std::string>(
      Options({.on_element = TriggerResult::kFire}),
      [](int, WindowContext&, std::span<const Fixed>, Collector<std::string>& out) {
        out.Collect("Hallo");
        out.Collect("Ciao");
      }));
  windows.Rows({In(0, 2)}).Expect({{"Hallo", 1ms}, {"Ciao", 1ms}});
}

// A trigger's answer to a row and to a timer, in both time domains. Contents, trigger state; trigger timer and clean-up timer.

TEST(TriggerAnswer, ContinueOnElementKeepsAll) {
  Windows windows(Options({.timer = 0, .state = true}));
  windows.Rows({kTwoWindows}).ExpectNothing().ExpectEntries(4).ExpectTimers(4);
}
TEST(TriggerAnswer, FireOnElementKeepsTheContents) {
  Windows windows(Options({.on_element = TriggerResult::kFire, .timer = 0, .state = true}));
  windows.Rows({kTwoWindows}).Expect({{"0[2, 4):1"}, {"0[0, 2):1"}}).ExpectEntries(4).ExpectTimers(4);
}
TEST(TriggerAnswer, FireAndPurgeOnElementDropsTheContentsAndKeepsTheTriggersState) {
  Windows windows(Options({.on_element = TriggerResult::kFireAndPurge, .timer = 0, .state = true}));
  windows.Rows({kTwoWindows}).Expect({{"0[2, 4):1"}, {"0[0, 2):1"}}).ExpectEntries(2).ExpectTimers(4);
}
TEST(TriggerAnswer, PurgeOnElementDropsTheContentsSilently) {
  Windows windows(Options({.on_element = TriggerResult::kPurge, .timer = 0, .state = true}));
  windows.Rows({kTwoWindows}).ExpectNothing().ExpectEntries(2).ExpectTimers(4);
}

class TriggerOnTime : public ::testing::TestWithParam<TimeDomain> {
 protected:
  /// A row with a trigger timer at 0, then the domain's time reaches it.
  void Check(TriggerResult answer, std::vector<Timed<std::string>> expected, int32_t entries) {
    Windows windows(Options({.on_time = answer, .timer = 0, .state = true, .domain = GetParam()}));
    windows.StartAt(-10ms).Rows({kTwoWindows}).ExpectEntries(4).ExpectTimers(4);
    Advance(windows, 0).Expect(std::move(expected)).ExpectEntries(entries).ExpectTimers(2);
  }
  static Harness<Fixed, std::string>& Advance(Harness<Fixed, std::string>& harness, int64_t time) {
    std::chrono::milliseconds at(time);
    return GetParam() == TimeDomain::kEventTime ? harness.Watermark(at) : harness.ProcessingTime(at);
  }
};
TEST_P(TriggerOnTime, ContinueKeepsAllButTheTimer) { Check(TriggerResult::kContinue, {}, 4); }
TEST_P(TriggerOnTime, FireKeepsTheContents) { Check(TriggerResult::kFire, {{"0[2, 4):1"}, {"0[0, 2):1"}}, 4); }
TEST_P(TriggerOnTime, FireAndPurgeKeepsTheTriggersStateOnly) {
  Check(TriggerResult::kFireAndPurge, {{"0[2, 4):1"}, {"0[0, 2):1"}}, 2);
}
TEST_P(TriggerOnTime, PurgeDropsTheContentsSilently) { Check(TriggerResult::kPurge, {}, 2); }
TEST_P(TriggerOnTime, TheCleanUpTimerMayFireALastTimeAndThenAllIsGone) {
  int64_t lateness = GetParam() == TimeDomain::kEventTime ? 20 : 0;
  Windows windows(Options({.on_time = TriggerResult::kFire, .domain = GetParam()}, lateness));
  windows.Rows({In(0, 20)}).ExpectEntries(1).ExpectTimers(1);
  Advance(windows, 18 + lateness).ExpectNothing().ExpectEntries(1);
  Advance(windows, 19 + lateness).Expect({{"0[0, 20):1"}}).ExpectEntries(0).ExpectTimers(0);
}
TEST_P(TriggerOnTime, ATriggersTimerAtTheCleanUpTimeFiresOnce) {
  Windows windows(Options({.on_time = TriggerResult::kFire, .timer = 19, .domain = GetParam()}));
  windows.Rows({In(0, 20)}).ExpectTimers(1);
  Advance(windows, 19).Expect({{"0[0, 20):1"}}).ExpectEntries(0).ExpectTimers(0);
}
TEST_P(TriggerOnTime, CleanUpTakesTheTriggersStateAndFarTimers) {
  Windows windows(Options({.timer = 1000, .state = true, .domain = GetParam()}, 20));
  windows.Rows({In(0, 20)}).ExpectEntries(2).ExpectTimers(2);
  Advance(windows, 39).ExpectNothing().ExpectEntries(0).ExpectTimers(0);
}
TEST_P(TriggerOnTime, CleanUpAlsoComesToPurgedWindows) {
  Windows windows(
      Options({.on_element = TriggerResult::kPurge, .timer = 1000, .state = true, .domain = GetParam()}, 20));
  windows.Rows({In(0, 20)}).ExpectEntries(1).ExpectTimers(2);
  Advance(windows, 39).ExpectNothing().ExpectEntries(0).ExpectTimers(0);
}
TEST_P(TriggerOnTime, CleanUpAlsoComesToPurgedSessions) {
  Windows windows(
      Options({.on_element = TriggerResult::kPurge, .timer = 1000, .state = true, .domain = GetParam()}, 20, true));
  windows.Rows({In(0, 20)}).ExpectEntries(2).ExpectTimers(2);
  Advance(windows, 39).ExpectNothing().ExpectEntries(0).ExpectTimers(0);
}
TEST_P(TriggerOnTime, TheSetOfSessionsGoesWithTheLastOne) {
  Windows windows(Options({.domain = GetParam()}, 20, true));
  windows.Rows({In(0, 20)}).ExpectEntries(2).ExpectTimers(1);
  Advance(windows, 39).ExpectNothing().ExpectEntries(0).ExpectTimers(0);
}
TEST_P(TriggerOnTime, ASessionPurgedByATimerStaysInTheSet) {
  Windows windows(Options({.on_time = TriggerResult::kPurge, .timer = 1, .domain = GetParam()}, 0, true));
  windows.Rows({In(0, 4)}).ExpectEntries(2).ExpectTimers(2);
  Advance(windows, 1).ExpectNothing().ExpectEntries(1).ExpectTimers(1);
}
TEST_P(TriggerOnTime, MergedSessionsKeepOneSetOfStateAndTimers) {
  Windows windows(Options({.timer = 0, .state = true, .domain = GetParam()}, 0, true));
  windows.StartAt(-10ms)
      .Rows({In(0, 2)})
      .ExpectEntries(3)
      .ExpectTimers(2)
      .Rows({In(3, 5)})
      .ExpectEntries(5)
      .ExpectTimers(4)
      .Rows({In(1, 4)})
      .ExpectNothing()
      .ExpectEntries(3)
      .ExpectTimers(2);
}
TEST_P(TriggerOnTime, TheFunctionsOwnWindowStateIsClearedByIt) {
  struct Remembering {
    void operator()(int, WindowContext& context, std::span<const Fixed>, Collector<std::string>&) const {
      context.WindowState<std::string>("seen").Set("hello");
    }
    void Clear(WindowContext& context) const { context.WindowState<std::string>("seen").Clear(); }
  };
  Windows windows(ProcessWindow<Fixed, int, std::string>(
      Options({.on_element = TriggerResult::kFire, .domain = GetParam()}, 20), Remembering{}));
  windows.Rows({In(0, 20)}).ExpectEntries(2).ExpectTimers(1);
  Advance(windows, 39).ExpectEntries(0).ExpectTimers(0);
}
INSTANTIATE_TEST_SUITE_P(Domains, TriggerOnTime, ::testing::Values(TimeDomain::kEventTime, TimeDomain::kProcessingTime),
                         [](const auto& info) {
                           return std::string(info.param == TimeDomain::kEventTime ? "EventTime" : "ProcessingTime");
                         });

TEST(WindowContract, TheGlobalWindowHasNoCleanUpTimer) {
  Windows windows({.assigner = GlobalWindow(), .trigger = std::make_shared<ScriptedTrigger>(TriggerScript{})});
  windows.Rows({In(0, 0)}).ExpectEntries(1).ExpectTimers(0);
}
TEST(WindowContract, ACleanUpTimeBeyondTheEndOfTimeHasNoTimer) {
  Windows windows(Options({}, 20));
  windows.Rows({In(0, INT64_MAX - 10)}).ExpectEntries(1).ExpectTimers(0);
}
TEST(WindowContract, TheLastMillisecondOfAllowedLatenessStillCounts) {
  Windows windows(Options({.on_element = TriggerResult::kFire}, 20));
  windows.Watermark(20ms).Rows({In(0, 2)}).Expect({{"0[0, 2):1"}}).ExpectEntries(1).ExpectTimers(1);
}
TEST(WindowContract, AWindowPastItsLatenessIsDropped) {
  Windows windows(Options({.on_element = TriggerResult::kFire}, 20));
  windows.Watermark(21ms).Rows({In(0, 2)}).ExpectNothing().ExpectEntries(0).ExpectTimers(0);
}
TEST(WindowContract, PerWindowStateIsNotForMergingWindows) {
  Windows windows(ProcessWindow<Fixed, int, std::string>(
      Options({.on_element = TriggerResult::kFire}, 20, true),
      [](int, WindowContext& context, std::span<const Fixed>, Collector<std::string>&) {
        context.WindowState<std::string>("seen").Set("hello");
      }));
  windows.Rows({In(0, 20)}).ExpectError("Per-window state is not allowed when using merging windows.");
}
TEST(WindowContract, GlobalStateIsSharedByTheWindowsOfAKey) {
  Windows windows(ProcessWindow<Fixed, int, std::string>(
      Options({.on_element = TriggerResult::kFireAndPurge}),
      [](int, WindowContext& context, std::span<const Fixed>, Collector<std::string>& out) {
        out.Collect(std::to_string(++context.GlobalState<int64_t>("fired").Mutable()));
      }));
  windows.Rows({In(0, 2), In(4, 6), In(8, 9, 1)}).Expect({{"1", 1ms}, {"2", 5ms}, {"1", 8ms}});
}
TEST(WindowContract, APurgedSessionStaysInTheSet) {
  Windows windows(Options({.on_element = TriggerResult::kPurge}, 0, true));
  windows.Rows({In(0, 2)}).ExpectNothing().ExpectEntries(1).ExpectTimers(1);
}

// The given triggers.

WindowOptions Given(TriggerPtr trigger, TimeDomain domain = TimeDomain::kEventTime, bool merging = false,
                    int64_t lateness = 0) {
  return {.assigner = std::make_shared<FixedWindows>(domain, merging),
          .trigger = std::move(trigger),
          .allowed_lateness_ms = lateness};
}

TEST(GivenTrigger, EventTimeKeepsWindowsApart) {
  Windows windows(Given(EventTimeTrigger()));
  windows.Rows({In(0, 2), In(0, 2), In(0, 2), In(2, 4), In(2, 4)})
      .ExpectNothing()
      .ExpectTimers(2)
      .Watermark(2ms)
      .Expect({{"0[0, 2):3"}})
      .ExpectTimers(1)
      .Watermark(4ms)
      .Expect({{"0[2, 4):2"}})
      .ExpectTimers(0);
}
TEST(GivenTrigger, EventTimeFiresALateRowAtOnceAndOnce) {
  Windows windows(Given(EventTimeTrigger(), TimeDomain::kEventTime, false, 100));
  windows.Watermark(2ms).Rows({In(0, 2)}).Expect({{"0[0, 2):1"}}).ExpectTimers(1).Watermark(50ms).ExpectNothing();
}
TEST(GivenTrigger, EventTimeMergesItsTimers) {
  Windows windows(Given(EventTimeTrigger(), TimeDomain::kEventTime, true));
  windows.Rows({In(0, 2), In(2, 4)}).ExpectTimers(1).Watermark(4ms).Expect({{"0[0, 4):2"}}).ExpectTimers(0);
}
TEST(GivenTrigger, EventTimeDoesNotFireALateMergeTwice) {
  Windows windows(Given(EventTimeTrigger(), TimeDomain::kEventTime, true, 100));
  windows.Rows({In(0, 2), In(3, 4)})
      .Watermark(10ms)
      .Expect({{"0[0, 2):1"}, {"0[3, 4):1"}})
      .Rows({In(2, 3)})
      .Expect({{"0[0, 4):3"}})
      .Watermark(50ms)
      .ExpectNothing();
}
TEST(GivenTrigger, ProcessingTimeKeepsWindowsApart) {
  Windows windows(Given(ProcessingTimeTrigger(), TimeDomain::kProcessingTime));
  windows.Rows({In(0, 2), In(0, 2), In(2, 4)})
      .ExpectTimers(2)
      .ProcessingTime(2ms)
      .Expect({{"0[0, 2):2"}})
      .ExpectTimers(1)
      .ProcessingTime(4ms)
      .Expect({{"0[2, 4):1"}})
      .ExpectTimers(0);
}
TEST(GivenTrigger, ProcessingTimeMergesItsTimers) {
  Windows windows(Given(ProcessingTimeTrigger(), TimeDomain::kProcessingTime, true));
  windows.Rows({In(0, 2), In(2, 4)}).ExpectTimers(1).ProcessingTime(4ms).Expect({{"0[0, 4):2"}}).ExpectTimers(0);
}
TEST(GivenTrigger, CountKeepsWindowsApartAndForgetsWhenItFires) {
  Windows windows(Given(CountTrigger(3)));
  windows.Rows({In(0, 2), In(2, 4)})
      .ExpectNothing()
      .ExpectEntries(4)
      .Rows({In(0, 2), In(0, 2), In(2, 4)})
      .Expect({{"0[0, 2):3"}})
      .ExpectEntries(3)
      .Rows({In(2, 4)})
      .Expect({{"0[2, 4):3"}})
      .ExpectEntries(2)
      .Watermark(2ms)
      .ExpectEntries(1)
      .Watermark(4ms)
      .ExpectNothing()
      .ExpectEntries(0);
}
TEST(GivenTrigger, CountClearsOnlyTheWindowThatGoes) {
  Windows windows(Given(CountTrigger(3)));
  windows.Rows({In(0, 2), In(2, 4)}).ExpectEntries(4).Watermark(1ms).ExpectEntries(2).Watermark(3ms).ExpectEntries(0);
}
TEST(GivenTrigger, CountAddsUpWhenWindowsMerge) {
  Windows windows(Given(CountTrigger(3), TimeDomain::kEventTime, true));
  windows.Rows({In(0, 2), In(3, 4), In(7, 9)})
      .ExpectNothing()
      .Rows({In(2, 3)})
      .Expect({{"0[0, 4):3"}})
      .Rows({In(7, 9), In(7, 9)})
      .Expect({{"0[7, 9):3"}});
}
TEST(GivenTrigger, CountAddsUpWhenAWindowSwallowsOthers) {
  Windows windows(Given(CountTrigger(3), TimeDomain::kEventTime, true));
  windows.Rows({In(2, 3), In(4, 6)}).ExpectNothing().Rows({In(0, 8)}).Expect({{"0[0, 8):3"}});
}
TEST(GivenTrigger, PurgingEmptiesWhatFiresAndPassesTheRestOn) {
  Windows fires(
      Given(PurgingTrigger(std::make_shared<ScriptedTrigger>(TriggerScript{.on_element = TriggerResult::kFire}))));
  fires.Rows({In(0, 2), In(0, 2)}).Expect({{"0[0, 2):1"}, {"0[0, 2):1"}}).ExpectEntries(0);
  Windows continues(Given(PurgingTrigger(std::make_shared<ScriptedTrigger>(TriggerScript{}))));
  continues.Rows({In(0, 2)}).ExpectNothing().ExpectEntries(1);
  Windows on_time(Given(
      PurgingTrigger(std::make_shared<ScriptedTrigger>(TriggerScript{.on_time = TriggerResult::kFire, .timer = 0}))));
  on_time.Rows({In(0, 4)}).Watermark(0ms).Expect({{"0[0, 4):1"}}).ExpectEntries(0);
}
TEST(GivenTrigger, OneThatCannotMergeIsRefusedForSessions) {
  class NoMerge final : public TypedTrigger<Fixed> {
   public:
    TriggerResult OnRow(const Fixed&, int64_t, const Window&, TriggerContext&) override {
      return TriggerResult::kContinue;
    }
    TriggerResult OnEventTime(int64_t, const Window&, TriggerContext&) override { return TriggerResult::kContinue; }
    TriggerResult OnProcessingTime(int64_t, const Window&, TriggerContext&) override {
      return TriggerResult::kContinue;
    }
    void Clear(const Window&, TriggerContext&) override {}
    std::string ToString() const override { return "NoMerge"; }
  };
  Windows windows(Given(std::make_shared<NoMerge>(), TimeDomain::kEventTime, true));
  windows.ExpectError("cannot be used with a trigger that does not support merging: FixedWindows with NoMerge");
}

}  // namespace
}  // namespace thalweg::operators
