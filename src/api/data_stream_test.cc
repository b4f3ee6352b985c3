// What programs do that is easily got wrong: order, several executions, rich functions, side outputs, partitioners, mistakes.
#include "api/data_stream.h"

#include <atomic>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/environment.h"
#include "api/test_folder.h"

namespace thalweg::api {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

std::string NewFolder() { return "file://" + NewTestFolder(); }

using Numbered = std::pair<int64_t, int64_t>;  // key, position

std::vector<Numbered> InOrder(int64_t rows, int64_t keys) {
  std::vector<Numbered> values;
  for (int64_t i = 0; i < rows; ++i) values.emplace_back(i % keys, i);
  return values;
}

/// Complains by a side output about rows that come before an earlier one of their key.
struct CheckOrder {
  void Open(RuntimeContext& runtime) { last = runtime.GetState(state::ValueStateDescriptor<int64_t>{"last"}); }
  void ProcessElement(const Numbered& row, operators::KeyedContext<int64_t>&, Collector<Numbered>& out) {
    if (last.ValueOr(-1) > row.second) out.Collect(row);
    last.Update(row.second);
  }
  state::ValueState<int64_t> last;
};

TEST(DataStream, RowsOfAKeyKeepTheOrderOfTheirSourceAtAnyParallelism) {
  StreamExecutionEnvironment env;
  env.SetParallelism(3);
  auto disordered = env.FromCollection(InOrder(100'000, 5)).KeyBy(&Numbered::first).Process<Numbered>(CheckOrder{});
  auto rows = disordered.ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, IsEmpty());
}

TEST(DataStream, AUnionIsNoOperatorAndKeepsTheOrderOfEachStream) {
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  auto some = env.FromCollection(InOrder(20'000, 3));
  auto others = env.FromCollection(InOrder(20'000, 3)).Map([](const Numbered& row) {
    return Numbered{row.first + 10, row.second};
  });
  others.SetParallelism(1);
  auto rows = some.Union(others).KeyBy(&Numbered::first).Process<Numbered>(CheckOrder{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, IsEmpty());
}

TEST(DataStream, AnExecutionRunsWhatWasAddedSinceTheLastOne) {
  StreamExecutionEnvironment env;
  static std::atomic<int> first_calls, second_calls;
  first_calls = second_calls = 0;
  auto numbers = env.FromElements(1, 2, 3);
  numbers.Map([](int n) { return ++first_calls, n; });
  ASSERT_TRUE(env.Execute().ok());
  numbers.Map([](int n) { return ++second_calls, n; });
  ASSERT_TRUE(env.Execute().ok());
  EXPECT_EQ(first_calls, 3);
  EXPECT_EQ(second_calls, 3);
  auto nothing = env.Execute();
  ASSERT_FALSE(nothing.ok());
  EXPECT_THAT(nothing.status().message(), HasSubstr("The job is empty"));
}

TEST(DataStream, AStreamMayBeCollectedAgain) {
  StreamExecutionEnvironment env;
  auto even = env.FromSequence(1, 200'000).Filter([](int64_t n) { return n % 2 == 0; });
  for (int run = 0; run < 2; ++run) {
    auto rows = even.ExecuteAndCollect();
    ASSERT_TRUE(rows.ok()) << rows.status().ToString();
    EXPECT_EQ(rows->size(), 100'000u);
  }
  auto some = even.ExecuteAndCollect("some", 10);
  ASSERT_TRUE(some.ok()) << some.status().ToString();
  EXPECT_EQ(some->size(), 10u);
}

TEST(DataStream, CollectedRowsComeOnceThroughARestart) {
  StreamExecutionEnvironment env;
  env.EnableCheckpointing(20ms).Configure("execution.checkpointing.dir", NewFolder());
  env.Configure("restart-strategy.type", "fixed-delay").Configure("restart-strategy.fixed-delay.delay", "1 ms");
  constexpr int64_t kRows = 20'000;
  static std::atomic<int64_t> seen;
  static std::atomic<bool> failed;
  seen = 0, failed = false;
  auto rows = env.FromSequence(1, kRows)
                  .Map([](int64_t n) {
                    if (n % 100 == 0) std::this_thread::sleep_for(1ms);  // some checkpoints go by
                    if (++seen == kRows / 2 && !failed.exchange(true)) throw std::runtime_error("once");
                    return n;
                  })
                  .ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_TRUE(failed);
  EXPECT_EQ(rows->size(), static_cast<size_t>(kRows));
  EXPECT_EQ(std::set<int64_t>(rows->begin(), rows->end()).size(), static_cast<size_t>(kRows));
}

TEST(DataStream, WithoutCheckpointsARestartAfterRowsWereGivenIsAnErrorOfTheReading) {
  StreamExecutionEnvironment env;
  env.Configure("restart-strategy.type", "fixed-delay").Configure("restart-strategy.fixed-delay.delay", "1 ms");
  static std::atomic<int64_t> seen;
  seen = 0;
  auto rows = env.FromSequence(1, 100'000)
                  .Map([](int64_t n) {
                    if (++seen == 90'000) throw std::runtime_error("once");
                    return n;
                  })
                  .ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(), HasSubstr("would come twice"));
}

TEST(DataStream, APartitionerThatLeavesTheRangeFailsTheJob) {
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  for (int choice : {-1, 2}) {
    auto rows = env.FromElements(1, 2)
                    .PartitionCustom([choice](int, int) { return choice; })
                    .Map([](int n) { return n; })
                    .ExecuteAndCollect();
    ASSERT_FALSE(rows.ok());
    EXPECT_THAT(rows.status().message(), HasSubstr(fmt::format("The partitioner chose subtask {} of 2", choice)));
  }
}

TEST(DataStream, TwoPartitionersBetweenTheSameOperatorsAreTwo) {
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  auto numbers = env.FromElements(1, 2, 3, 4);
  struct Subtask {
    void Open(RuntimeContext& runtime) { subtask = runtime.subtask(); }
    void ProcessElement1(int n, operators::ProcessContext&, Collector<int>& out) { out.Collect(n * 10 + subtask); }
    void ProcessElement2(int n, operators::ProcessContext&, Collector<int>& out) { out.Collect(n * 1000 + subtask); }
    int subtask = 0;
  };
  auto rows = numbers.PartitionCustom([](int, int) { return 0; })
                  .Connect(numbers.PartitionCustom([](int, int) { return 1; }))
                  .Process<int>(Subtask{})
                  .ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre(10, 20, 30, 40, 1001, 2001, 3001, 4001));
}

TEST(DataStream, RescaleKeepsToTheSubtasksNearby) {
  struct Subtask {
    void Open(RuntimeContext& runtime) { subtask = runtime.subtask(); }
    void ProcessElement(const int64_t& value, operators::ProcessContext&, Collector<Numbered>& out) {
      out.Collect({value, subtask});
    }
    int subtask = 0;
  };
  struct Further {
    void Open(RuntimeContext& runtime) { subtask = runtime.subtask(); }
    void ProcessElement(const Numbered& from, operators::ProcessContext&, Collector<Numbered>& out) {
      out.Collect({from.second, subtask});
    }
    int subtask = 0;
  };
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  auto near = env.FromSequence(0, 9999).Process<Numbered>(Subtask{}).Rescale().Process<Numbered>(Further{});
  near.SetParallelism(4);
  auto rows = near.ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  // Of two senders and four receivers: 0 has 0 and 1, 1 has 2 and 3.
  EXPECT_THAT(std::set<Numbered>(rows->begin(), rows->end()),
              UnorderedElementsAre(Numbered{0, 0}, Numbered{0, 1}, Numbered{1, 2}, Numbered{1, 3}));
  EXPECT_EQ(rows->size(), 10'000);
}

TEST(DataStream, ASideOutputReadAsAnotherTypeIsRefused) {
  StreamExecutionEnvironment env;
  OutputTag<int> side{"side"};
  auto main = env.FromElements(1, 2).Process<int>(
      [side](int n, operators::ProcessContext& context, Collector<int>&) { context.Output(side, n); });
  main.GetSideOutput(side).Print();
  main.GetSideOutput(OutputTag<std::string>{"side"}).Print();
  auto result = env.Execute();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().category(), ErrorCategory::kUser);
  EXPECT_THAT(result.status().message(), AllOf(HasSubstr("'side'"), HasSubstr("i32"), HasSubstr("str")));
}

TEST(DataStream, ATagWithoutANameIsNotTheLateOutput) {
  StreamExecutionEnvironment env;
  auto windows =
      env.FromCollection<Numbered>({{1, 100}},
                                   WatermarkStrategy<Numbered>::Monotonous().WithTimestamps(&Numbered::second))
          .KeyBy(&Numbered::first)
          .Window(operators::Tumbling({.size = 1s}))
          .SideOutputLateData(OutputTag<Numbered>{"late"})
          .Process<int64_t>([](const int64_t&, operators::WindowContext& context, std::span<const Numbered> rows,
                               Collector<int64_t>&) { context.Output(OutputTag<Numbered>{""}, rows[0]); });
  auto rows = windows.GetSideOutput(OutputTag<Numbered>{"late"}).ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(), HasSubstr("An OutputTag without a name"));
}

TEST(DataStream, AWindowFunctionMayCallItsSideOutputLate) {
  StreamExecutionEnvironment env;
  OutputTag<int64_t> late{"late"};
  auto windows =
      env.FromCollection<Numbered>({{1, 100}, {1, 200}},
                                   WatermarkStrategy<Numbered>::Monotonous().WithTimestamps(&Numbered::second))
          .KeyBy(&Numbered::first)
          .Window(operators::Tumbling({.size = 1s}))
          .Process<int64_t>(
              [late](const int64_t& key, operators::WindowContext& context, std::span<const Numbered> rows,
                     Collector<int64_t>&) { context.Output(late, key * 100 + static_cast<int64_t>(rows.size())); });
  auto rows = windows.GetSideOutput(late).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, ElementsAre(102));
}

TEST(DataStream, StreamsOfTwoEnvironmentsDoNotMeet) {
  StreamExecutionEnvironment env, other;
  auto stranger = other.FromElements(1);
  env.FromElements(2).Union(stranger).Print();
  auto result = env.Execute();
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr("two environments"));
}

TEST(DataStream, WhatOnlyAnOperatorHasAUnionHasNot) {
  StreamExecutionEnvironment env;
  auto all = env.FromElements(1).Union(env.FromElements(2));
  all.SetParallelism(3);
  all.Print();
  auto result = env.Execute();
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr("a union is no operator"));
}

void Sideways(int n, operators::ProcessContext& context, Collector<int>&) { context.Output(OutputTag<int>{"side"}, n); }

TEST(DataStream, MistakesOfTheChainOfCallsAreNamedAtExecute) {
  using Numbers = DataStream<int>;
  const std::vector<std::pair<std::function<void(const Numbers&)>, std::string>> mistakes = {
      {[](const Numbers& n) { n.Rebalance().SetParallelism(2); }, "'collection' was already partitioned"},
      {[](const Numbers& n) { n.KeyBy([](int v) { return v; }).Name("keyed"); }, "already partitioned"},
      {[](const Numbers& n) { n.Print().Map([](int v) { return v; }); }, "'print' is a sink"},
      {[](const Numbers& n) { n.Process<int>(Sideways).GetSideOutput(OutputTag<int>{"side"}).Uid("side"); },
       "this is a side output of 'process'"},
      {[](const Numbers& n) { n.Process<int>(Sideways).GetSideOutput(OutputTag<int>{""}).Print(); },
       "An OutputTag of 'process' has no name"},
      {[](const Numbers& n) { n.Map([](int v) { return v; }).SetParallelism(-3); }, "1 or more, not -3"},
      {[](const Numbers& n) { n.Map([](int v) { return v; }).SetMaxParallelism(0); }, "1 to 32768, not 0"},
      {[](const Numbers& n) { n.Forward().Map([](int v) { return v; }).SetParallelism(2); },
       "Forward() does not change the parallelism: 'collection' has 1, 'map' has 2"},
  };
  for (const auto& [make, message] : mistakes) {
    StreamExecutionEnvironment env;
    auto numbers = env.FromElements(1, 2);
    make(numbers);
    numbers.Print();
    auto result = env.Execute();
    ASSERT_FALSE(result.ok()) << message;
    EXPECT_EQ(result.status().category(), ErrorCategory::kUser);
    EXPECT_THAT(result.status().message(), HasSubstr(message));
  }
}

TEST(DataStream, MapsAndFiltersThatAreChainedGiveWhatTheyGiveApart) {
  std::vector<std::string> outcomes[2];
  for (bool apart : {false, true}) {
    StreamExecutionEnvironment env;
    auto labels = env.FromSequence(1, 10'000)
                      .Map([](int64_t n) { return fmt::format("a label that lies on the heap {}", n); })
                      .Filter([](const std::string& label) { return label.back() != '5'; });
    if (apart) labels.DisableChaining();
    auto rows = labels.Map([](const std::string& label) { return label + "!"; })
                    .Filter([](const std::string& label) { return label.size() % 2 == 0; })
                    .ExecuteAndCollect();
    ASSERT_TRUE(rows.ok()) << rows.status().ToString();
    outcomes[apart] = std::move(*rows);
  }
  EXPECT_EQ(outcomes[0].size(), 819u);
  EXPECT_EQ(outcomes[0], outcomes[1]);
}

TEST(DataStream, OfChainedMapsTheOneThatThrowsIsNamed) {
  StreamExecutionEnvironment env;
  auto checked = env.FromElements(1, 2, 3).Map([](int n) { return n * 10; }).Filter([](int n) {
    return n == 20 ? throw std::domain_error("not twenty") : true;
  });
  checked.Name("check");
  auto rows = checked.Map([](int n) { return n; }).ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(),
              HasSubstr("Operator 'check': User code of filter threw std::domain_error: not twenty, at the row 20"));
}

TEST(DataStream, FilterTakesAMember) {
  struct Flag {
    bool set = false;
    bool operator==(const Flag&) const = default;
  };
  StreamExecutionEnvironment env;
  auto rows = env.FromElements(Flag{true}, Flag{false}, Flag{true}).Filter(&Flag::set).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(rows->size(), 2u);
}

TEST(DataStream, ThePlanShowsTheParallelismThatWillBeUsed) {
  StreamExecutionEnvironment env;
  env.SetParallelism(4);
  env.FromElements(1, 2).Map([](int n) { return n; }).Print();
  std::string plan = *env.ExecutionPlan();
  EXPECT_THAT(plan, HasSubstr("\"parallelism\": 1"));  // a collection is read by one subtask
  EXPECT_THAT(plan, HasSubstr("\"parallelism\": 4"));
  EXPECT_THAT(plan, HasSubstr("REBALANCE"));
}

/// Counts calls per key, as a map, filter and flat map may on a keyed stream.
struct CallOfKey {
  void Open(RuntimeContext& runtime) { calls = runtime.GetState(state::ValueStateDescriptor<int64_t>{"calls"}); }
  int64_t Next() {
    calls.Update(calls.ValueOr(0) + 1);
    return *calls.Value();
  }
  state::ValueState<int64_t> calls;
};

TEST(KeyedStream, RichFunctionsHaveKeyedState) {
  struct NumberThem : CallOfKey {
    std::string operator()(const std::string& word) { return fmt::format("{}{}", word, Next()); }
  };
  struct FirstOnly : CallOfKey {
    bool operator()(const std::string&) { return Next() == 1; }
  };
  struct Twice : CallOfKey {
    void operator()(const std::string& word, Collector<std::string>& out) {
      if (Next() == 2) out.Collect(word + word);
    }
  };
  StreamExecutionEnvironment env;
  auto words = env.FromCollection<std::string>({"a", "b", "a", "a", "b"}).KeyBy([](const std::string& w) { return w; });
  EXPECT_THAT(*words.Map(NumberThem{}).ExecuteAndCollect(), ElementsAre("a1", "b1", "a2", "a3", "b2"));
  EXPECT_THAT(*words.Filter(FirstOnly{}).ExecuteAndCollect(), ElementsAre("a", "b"));
  EXPECT_THAT(*words.FlatMap<std::string>(Twice{}).ExecuteAndCollect(), ElementsAre("aa", "bb"));
  EXPECT_THAT(*words.ExecuteAndCollect(), UnorderedElementsAre("a", "b", "a", "a", "b")) << "it is a stream, too";
}

TEST(KeyedStream, ProcessingTimersFireForTheirKeyAndNotWhenTheyAreDeleted) {
  // A timer of a time that has come fires before the source ends: it has many batches left.
  struct Alarm {
    void ProcessElement(const int64_t& value, operators::KeyedContext<int64_t>& context, Collector<Numbered>&) {
      if (value >= 3) return;
      const int64_t now = context.now_ms();
      context.RegisterProcessingTimer(now);
      if (value == 2) context.DeleteProcessingTimer(now);
    }
    void OnTimer(int64_t time, operators::KeyedContext<int64_t>& context, Collector<Numbered>& out) {
      EXPECT_EQ(context.timer_kind(), operators::TimerKind::kProcessingTime);
      EXPECT_LE(time, context.now_ms());
      out.Collect({context.current_key(), 1});
    }
  };
  StreamExecutionEnvironment env;
  auto rows =
      env.FromSequence(0, 1'000'000).KeyBy([](int64_t n) { return n; }).Process<Numbered>(Alarm{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre(Numbered{0, 1}, Numbered{1, 1}));
}

TEST(KeyedStream, ConnectedKeysShareTheStateOfCoMaps) {
  // The same state from either side: the inputs of one operator, whose keys are the same.
  struct Count : CallOfKey {
    int64_t operator()(const std::string&) { return Next(); }
  };
  struct CountOther : CallOfKey {
    int64_t operator()(const int64_t&) { return Next(); }
  };
  StreamExecutionEnvironment env;
  auto words =
      env.FromElements(std::string("x"), std::string("x")).KeyBy([](const std::string& w) { return w.size(); });
  auto numbers = env.FromElements(int64_t{1}).KeyBy([](int64_t n) { return static_cast<size_t>(n); });
  auto rows = words.Connect(numbers).Map(Count{}, CountOther{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre(1, 2, 3));
}

TEST(ConnectedStreams, RichFunctionsAreOpenedAndClosed) {
  static std::atomic<int> closed;
  closed = 0;
  struct Rich {
    void Open(RuntimeContext& runtime) { parallelism = runtime.parallelism(); }
    void Close() { ++closed; }
    int operator()(int n) const { return n * 10 + parallelism; }
    int parallelism = 0;
  };
  StreamExecutionEnvironment env;
  auto rows = env.FromElements(1).Connect(env.FromElements(2)).Map(Rich{}, Rich{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre(11, 21));
  EXPECT_EQ(closed, 2);
}

TEST(WindowedStream, RichProcessFunctionsHaveStateThatAllWindowsShare) {
  struct Windows {
    void Open(RuntimeContext& runtime) { seen = runtime.GetState(state::ValueStateDescriptor<int64_t>{"windows"}); }
    void operator()(const int64_t& key, operators::WindowContext&, std::span<const Numbered> rows,
                    Collector<int64_t>& out) {
      seen.Update(seen.ValueOr(0) + 1);
      out.Collect(key * 1000 + *seen.Value() * 10 + static_cast<int64_t>(rows.size()));
    }
    state::ValueState<int64_t> seen;
  };
  StreamExecutionEnvironment env;
  auto rows = env.FromCollection<Numbered>({{1, 0}, {1, 1}, {2, 5}, {1, 1500}, {2, 2500}},
                                           WatermarkStrategy<Numbered>::Monotonous().WithTimestamps(&Numbered::second))
                  .KeyBy(&Numbered::first)
                  .Window(operators::Tumbling({.size = 1s}))
                  .Process<int64_t>(Windows{})
                  .ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre(1012, 2011, 1021, 2021));
}

TEST(WindowedStream, AFunctionThatThrowsAsItFiresNamesKeyAndWindow) {
  StreamExecutionEnvironment env;
  auto rows = env.FromCollection<Numbered>({{7, 1500}},
                                           WatermarkStrategy<Numbered>::Monotonous().WithTimestamps(&Numbered::second))
                  .KeyBy(&Numbered::first)
                  .Window(operators::Tumbling({.size = 1s}))
                  .Process<int64_t>([](const int64_t&, operators::WindowContext&, std::span<const Numbered>,
                                       Collector<int64_t>&) { throw std::runtime_error("boom"); })
                  .ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(),
              HasSubstr("window for key 7 and window [1000, 2000) threw std::runtime_error: boom"));
}

/// Passes numbers on until it has failed once; what it has seen is in operator state.
struct RememberAll {
  void Open(RuntimeContext& runtime) {
    kept = runtime.GetListState<int64_t>("kept");
    for (int64_t n : kept.Get()) unsaved.insert(n);
  }
  void Snapshot() { kept.Update({unsaved.begin(), unsaved.end()}); }
  void ProcessElement(int64_t n, operators::ProcessContext&, Collector<int64_t>& out) {
    unsaved.insert(n);
    if (n % 50 == 0) std::this_thread::sleep_for(1ms);
    if (unsaved.size() == 1500 && !failed.exchange(true)) throw std::runtime_error("once");
    if (unsaved.size() == 2000) out.Collect(static_cast<int64_t>(unsaved.size()));
  }
  state::OperatorListState<int64_t> kept;
  std::set<int64_t> unsaved;
  inline static std::atomic<bool> failed = false;
};

TEST(RuntimeContext, ListStateIsSavedBySnapshotAndComesBackAfterAFailure) {
  StreamExecutionEnvironment env;
  env.EnableCheckpointing(10ms).Configure("execution.checkpointing.dir", NewFolder());
  env.Configure("restart-strategy.type", "fixed-delay").Configure("restart-strategy.fixed-delay.delay", "1 ms");
  auto rows = env.FromSequence(1, 2000).Process<int64_t>(RememberAll{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_TRUE(RememberAll::failed);
  EXPECT_THAT(*rows, ElementsAre(2000)) << "each number is remembered once, those before the failure too";
}

TEST(RuntimeContext, MapsAndFlatMapsAreAskedForTheirStateAtBarriers) {
  static std::atomic<int> maps, flat_maps;
  maps = flat_maps = 0;
  struct Map {
    void Snapshot() { ++maps; }
    int64_t operator()(int64_t n) { return n; }
  };
  struct FlatMap {
    void Snapshot() { ++flat_maps; }
    void operator()(int64_t n, Collector<int64_t>& out) { out.Collect(n); }
  };
  StreamExecutionEnvironment env;
  env.Configure("execution.checkpointing.dir", NewFolder()).EnableCheckpointing(1h);  // the last one is enough
  auto rows = env.FromSequence(1, 10).Map(Map{}).FlatMap<int64_t>(FlatMap{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_GE(maps, 1);
  EXPECT_GE(flat_maps, 1);
}

TEST(RuntimeContext, BroadcastStateIsTheSameInEverySubtask) {
  struct Rules {
    void Open(RuntimeContext& runtime) { names = runtime.GetBroadcastState<int, std::string>("names"); }
    void ProcessElement1(int n, operators::ProcessContext&, Collector<std::string>&) { waiting.push_back(n); }
    void ProcessElement2(const std::pair<int, std::string>& rule, operators::ProcessContext&,
                         Collector<std::string>& out) {
      if (rule.second.empty())
        names.Remove(rule.first);
      else
        names.Put(rule.first, rule.second);
      if (rule.first == 0)
        for (const auto& [number, name] : names.Entries()) out.Collect(fmt::format("{}={}", number, name));
    }
    state::BroadcastState<int, std::string> names;
    std::vector<int> waiting;
  };
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  auto rules =
      env.FromCollection<std::pair<int, std::string>>({{1, "one"}, {2, "two"}, {1, ""}, {2, "zwei"}, {0, "end"}});
  auto rows = env.FromElements(1).Connect(rules.Broadcast()).Process<std::string>(Rules{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre("0=end", "2=zwei", "0=end", "2=zwei"));
}

/// Names numbers by the rule of their key; those that come before it wait in keyed state. Stops the job at `stop_at`.
struct Naming {
  static constexpr operators::BroadcastStateDescriptor<int64_t, std::string> kNames{"names"};
  static state::ListStateDescriptor<int64_t> Waiting() { return {.name = "waiting"}; }

  void Open(RuntimeContext& runtime) { waiting = runtime.GetState(Waiting()); }
  void ProcessElement(int64_t n, operators::ReadOnlyBroadcastContext<int64_t>& context, Collector<std::string>& out) {
    if (auto name = context.GetBroadcastState(kNames).Get(context.current_key()))
      out.Collect(fmt::format("{} {}", *name, n));
    else
      waiting.Add(n);
    if (n >= stop_at) *stop = true;
    if (*stop) std::this_thread::sleep_for(1ms);  // the stop comes before the last number
  }
  void ProcessBroadcastElement(const std::pair<int64_t, std::string>& rule,
                               operators::BroadcastContext<int64_t>& context, Collector<std::string>& out) {
    context.GetBroadcastState(kNames).Put(rule.first, rule.second);
    context.ApplyToKeyedState(Waiting(), [&](int64_t key, state::ListState<int64_t>& numbers) {
      if (key != rule.first) return;
      for (int64_t n : numbers.Get()) out.Collect(fmt::format("{} {}", rule.second, n));
      numbers.Clear();
    });
  }
  state::ListState<int64_t> waiting;
  int64_t stop_at = INT64_MAX;
  std::shared_ptr<std::atomic<bool>> stop;
};

TEST(BroadcastProcessFunction, ItsStateIsThereInEverySubtaskAfterARestoreAtAnotherParallelism) {
  constexpr int64_t kNumbers = 20'000, kKeys = 10;
  std::vector<std::pair<int64_t, std::string>> rules;
  std::vector<std::string> expected;
  for (int64_t key = 0; key < kKeys; ++key) rules.emplace_back(key, fmt::format("rule{}", key));
  for (int64_t n = 1; n <= kNumbers; ++n) expected.push_back(fmt::format("rule{} {}", n % kKeys, n));
  std::sort(expected.begin(), expected.end());
  for (auto [before, after] : {std::pair(2, 3), std::pair(3, 1)}) {
    const std::string folder = NewFolder();
    auto run = [&](int parallelism, int64_t stop_at, bool restore) {
      StreamExecutionEnvironment env;
      env.SetParallelism(parallelism).Configure("execution.checkpointing.dir", folder).EnableCheckpointing(1h);
      env.run_options().stop = std::make_shared<std::atomic<bool>>(false);
      if (restore) env.run_options().from_checkpoint = "latest";
      auto rows = env.FromSequence(1, kNumbers)
                      .KeyBy([](int64_t n) { return n % kKeys; })
                      .Connect(env.FromCollection(rules).Broadcast())
                      .Process<std::string>(Naming{.waiting = {}, .stop_at = stop_at, .stop = env.run_options().stop})
                      .ExecuteAndCollect();
      EXPECT_TRUE(rows.ok()) << rows.status().ToString();
      return rows.ok() ? *rows : std::vector<std::string>();
    };
    std::vector<std::string> rows = run(before, kNumbers / 4, false);
    EXPECT_LT(rows.size(), expected.size()) << "it was over before it was stopped";
    std::vector<std::string> rest = run(after, INT64_MAX, true);
    rows.insert(rows.end(), rest.begin(), rest.end());
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(rows, expected) << before << " to " << after;
  }
}

constexpr operators::BroadcastStateDescriptor<std::string, int> kLimit{"limit"};

TEST(BroadcastProcessFunction, WithoutKeysRowsReadWhatBroadcastRowsWrote) {
  struct Limit {
    void ProcessElement(int n, operators::ReadOnlyBroadcastContext<>& context, Collector<int>&) {
      EXPECT_LE(context.GetBroadcastState(kLimit).size(), 1u);
    }
    void ProcessBroadcastElement(int n, operators::BroadcastContext<>& context, Collector<int>& out) {
      context.GetBroadcastState(kLimit).Put("limit", n);
      out.Collect(*context.GetBroadcastState(kLimit).Get("limit"));
    }
  };
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  auto rows =
      env.FromElements(1, 2, 3).Connect(env.FromElements(7).Broadcast()).Process<int>(Limit{}).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre(7, 7));
}

TEST(RuntimeContext, KeyedStateWithoutAKeySaysToCallKeyBy) {
  struct Wrong {
    void Open(RuntimeContext& runtime) { runtime.GetState(state::ValueStateDescriptor<int>{"count"}); }
    int operator()(int n) const { return n; }
  };
  StreamExecutionEnvironment env;
  auto rows = env.FromElements(1).Map(Wrong{}).ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(), HasSubstr("call KeyBy first"));
}

}  // namespace
}  // namespace thalweg::api
