#include "operators/process.h"

#include <stdexcept>

#include "testing/harness.h"

namespace thalweg::operators {
namespace {

using namespace thalweg::testing;
using Pair = std::pair<std::string, int>;

std::string First(const Pair& pair) { return pair.first; }

TEST(ProcessFunction, EmitsAnyNumberOfRowsWithTheRowsEventTime) {
  Harness<int, std::string>(Process<int, std::string>([](int n, ProcessContext& context, Collector<std::string>& out) {
    for (int i = 0; i < n; ++i) out.Collect(std::to_string(i) + "/" + std::to_string(*context.timestamp()));
  }))
      .Rows({{0, 1ms}, {3, 2ms}, {1, 4ms}})
      .Expect({{"0/2", 2ms}, {"1/2", 2ms}, {"2/2", 2ms}, {"0/4", 4ms}});
}

TEST(ProcessFunction, SideOutputsGoToTheirPortsAndUnreadOnesNowhere) {
  const OutputTag<std::string> text{"text"}, unread{"unread"};
  Harness<int>(Process<int, int>(
                   [=](int n, ProcessContext& context, Collector<int>& out) {
                     context.Output(text, std::string(static_cast<size_t>(n), 'x'));
                     context.Output(unread, std::string("never seen"));
                     out.Collect(n);
                   },
                   {SidePortOf(text, 2)}))
      .Rows({{1, 5ms}, {3}})
      .Expect({{1}, {3}})
      .ExpectOn<std::string>(2, {{"x"}, {"xxx"}});
}

TEST(ProcessFunction, ASideOutputUsedWithAnotherTypeIsAUserError) {
  Harness<int>(Process<int, int>(
                   [](int n, ProcessContext& context, Collector<int>&) { context.Output(OutputTag<int>{"text"}, n); },
                   {SidePortOf(OutputTag<std::string>{"text"}, 2)}))
      .Rows({{1}})
      .ExpectError("Side output 'text' is of str, not i32");
}

TEST(ProcessFunction, WhatItThrowsNamesTypeMessageOperatorAndRow) {
  Harness<Pair>(Process<Pair, Pair>([](const Pair& pair, ProcessContext&, Collector<Pair>& out) {
    if (pair.second == 2) throw std::out_of_range("no such page");
    out.Collect(pair);
  }))
      .Rows({{{"a", 1}}})
      .Expect({{{"a", 1}}})
      .Rows({{{"b", 2}}})
      .ExpectError("user error: User code of process threw std::out_of_range: no such page, at the row (b,2)");
}

/// Counts rows of a key; tells the count when no row came for 10 s of event time.
struct Inactivity {
  state::ValueState<int64_t> count, deadline;
  void Open(RuntimeContext& runtime) {
    count = runtime.GetState(state::ValueStateDescriptor<int64_t>{.name = "count"});
    deadline = runtime.GetState(state::ValueStateDescriptor<int64_t>{.name = "deadline"});
  }
  void ProcessElement(const Pair&, KeyedContext<std::string>& context, Collector<std::string>&) {
    if (const int64_t* old = deadline.Value()) context.DeleteEventTimer(*old);
    deadline.Update(*context.timestamp() + 10'000);
    context.RegisterEventTimer(*context.timestamp() + 10'000);
    count.Update(count.ValueOr(0) + 1);
  }
  void OnTimer(int64_t time, KeyedContext<std::string>& context, Collector<std::string>& out) {
    out.Collect(context.current_key() + ":" + std::to_string(*count.Value()));
    count.Clear();
    deadline.Clear();
  }
};

TEST(KeyedProcessFunction, EventTimersFireByKeyWithTheirTimeAndState) {
  Harness<Pair, std::string>(KeyedProcess<Pair, std::string, std::string>(Inactivity{}))
      .KeyBy(First)
      .Rows({{{"a", 1}, 1s}, {{"b", 1}, 2s}, {{"a", 1}, 5s}})
      .Watermark(11s)
      .ExpectNothing()
      .ExpectTimers(2)
      .Watermark(12s)
      .Expect({{"b:1", 12s}})
      .Rows({{{"b", 1}, 13s}})
      .Watermark(60s)
      .Expect({{"a:2", 15s}, {"b:1", 23s}})
      .ExpectEntries(0)
      .ExpectTimers(0);
}

struct ProcessingAlarm {
  void ProcessElement(const Pair& pair, KeyedContext<std::string>& context, Collector<std::string>&) {
    context.RegisterProcessingTimer(context.now_ms() + pair.second);
    if (pair.second == 99) context.DeleteProcessingTimer(context.now_ms() + 99);
  }
  void OnTimer(int64_t time, KeyedContext<std::string>& context, Collector<std::string>& out) {
    out.Collect(context.current_key() + "@" + std::to_string(time) +
                (context.timer_kind() == TimerKind::kProcessingTime ? "p" : "e"));
  }
};

TEST(KeyedProcessFunction, ProcessingTimersFireByTheClockOnceEachAndWithoutEventTime) {
  Harness<Pair, std::string>(KeyedProcess<Pair, std::string, std::string>(ProcessingAlarm{}))
      .KeyBy(First)
      .StartAt(1000ms)
      .Rows({{{"a", 10}, 1s}, {{"a", 10}, 2s}, {{"b", 20}, 2s}, {{"c", 99}, 2s}})
      .ProcessingTime(1009ms)
      .ExpectNothing()
      .ProcessingTime(1010ms)
      .ExpectOn<std::string>(0, {{"a@1010p"}})
      .ProcessingTime(5000ms)
      .Expect({{"b@1020p"}});
}

struct ThrowingTimer {
  void ProcessElement(const Pair& pair, KeyedContext<std::string>& context, Collector<std::string>&) {
    if (pair.second == 0)
      context.RegisterEventTimer(5000);
    else
      context.RegisterProcessingTimer(7000);
  }
  void OnTimer(int64_t, KeyedContext<std::string>&, Collector<std::string>&) { throw 7; }
};
TEST(KeyedProcessFunction, WhatOnTimerThrowsNamesKeyAndTimer) {
  Harness<Pair, std::string>(KeyedProcess<Pair, std::string, std::string>(ThrowingTimer{}))
      .KeyBy(First)
      .Rows({{{"a", 0}, 1s}})
      .Watermark(9s)
      .ExpectError("User code of keyed process for key a and its event-time timer at 5000 threw a value of type int");
  Harness<Pair, std::string>(KeyedProcess<Pair, std::string, std::string>(ThrowingTimer{}))
      .KeyBy(First)
      .StartAt(1000ms)
      .Rows({{{"b", 1}, 1s}})
      .ProcessingTime(7000ms)
      .ExpectError("for key b and its processing-time timer at 7000 threw a value of type int");
}

TEST(KeyedReduce, EachRowGivesTheValueSoFar) {
  Harness<Pair>(
      KeyedReduce<Pair, std::string>([](const Pair& a, const Pair& b) { return Pair(a.first, a.second + b.second); }))
      .KeyBy(First)
      .Rows({{{"a", 1}, 1s}, {{"b", 5}, 2s}, {{"a", 2}, 3s}})
      .Expect({{{"a", 1}, 1s}, {{"b", 5}, 2s}, {{"a", 3}, 3s}})
      .Rows({{{"a", 10}, 4s}})
      .Expect({{{"a", 13}, 4s}})
      .ExpectEntries(2);
}

/// Joins names (input 1) to numbers (input 0) by key: numbers wait for their name.
struct Naming {
  state::ValueState<std::string> name;
  state::ListState<int> waiting;
  void Open(RuntimeContext& runtime) {
    name = runtime.GetState(state::ValueStateDescriptor<std::string>{.name = "name"});
    waiting = runtime.GetState(state::ListStateDescriptor<int>{.name = "waiting"});
  }
  void ProcessElement1(const Pair& pair, KeyedContext<std::string>&, Collector<std::string>& out) {
    if (const std::string* known = name.Value())
      out.Collect(*known + std::to_string(pair.second));
    else
      waiting.Add(pair.second);
  }
  void ProcessElement2(const std::pair<std::string, std::string>& named, KeyedContext<std::string>&,
                       Collector<std::string>& out) {
    name.Update(named.second);
    for (int number : waiting.Get()) out.Collect(named.second + std::to_string(number));
    waiting.Clear();
  }
};

TEST(KeyedCoProcess, TwoInputsShareTheStateOfAKey) {
  using Named = std::pair<std::string, std::string>;
  Harness<Pair, std::string>(KeyedCoProcess<Pair, Named, std::string, std::string>(Naming{}))
      .KeyBy(First)
      .Rows({{{"k", 1}}, {{"k", 2}}})
      .ExpectNothing()
      .RowsOn<Named>(1, {{{"k", "north"}}}, [](const Named& named) { return named.first; })
      .Expect({{"north1"}, {"north2"}})
      .Rows({{{"k", 3}}, {{"other", 4}}})
      .Expect({{"north3"}});
}

TEST(CoMap, EachInputHasItsFunction) {
  Harness<int, std::string>(CoMap<int, std::string, void, std::string>([](int n) { return "n" + std::to_string(n); },
                                                                       [](const std::string& s) { return "s" + s; }))
      .Rows({{1, 1s}})
      .RowsOn<std::string>(1, {{"x", 2s}})
      .Expect({{"n1", 1s}, {"sx", 2s}});
}

TEST(CoFlatMap, EachInputEmitsWhatItLikes) {
  Harness<int, int>(CoFlatMap<int, std::string, void, int>(
                        [](int n, Collector<int>& out) {
                          for (int i = 0; i < n; ++i) out.Collect(i);
                        },
                        [](const std::string& s, Collector<int>& out) {
                          if (!s.empty()) out.Collect(static_cast<int>(s.size()));
                        }))
      .Rows({{2}})
      .RowsOn<std::string>(1, {{""}, {"abc"}})
      .Expect({{0}, {1}, {3}});
}

TEST(KeyedProcessFunction, AStateNameUsedWithTwoTypesIsAUserError) {
  struct TwoTypes {
    void Open(RuntimeContext& runtime) {
      runtime.GetState(state::ValueStateDescriptor<int64_t>{.name = "x"});
      runtime.GetState(state::ValueStateDescriptor<std::string>{.name = "x"});
    }
    void ProcessElement(const Pair&, KeyedContext<std::string>&, Collector<int>&) {}
  };
  Harness<Pair, int>(KeyedProcess<Pair, std::string, int>(TwoTypes{})).KeyBy(First).ExpectError("'x'");
}

}  // namespace
}  // namespace thalweg::operators
