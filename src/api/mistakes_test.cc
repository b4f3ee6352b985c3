// Arguments and calls that cannot be: each fails the job with a user error that says what to do.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/environment.h"

namespace thalweg::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

using Stamped = std::pair<int64_t, int64_t>;  // key, time

/// What a job that `make` describes ends with; it must be a user error.
template <typename Make>
std::string MistakeOf(Make make) {
  StreamExecutionEnvironment env;
  auto numbers = env.FromCollection<Stamped>({{1, 100}, {2, 200}, {1, 1500}},
                                             WatermarkStrategy<Stamped>::Monotonous().WithTimestamps(&Stamped::second));
  make(numbers);
  auto result = env.Execute();
  if (result.ok()) return "the job ran";
  EXPECT_EQ(result.status().category(), ErrorCategory::kUser) << result.status().ToString();
  return result.status().message();
}

std::string MistakeOfTrigger(const operators::AssignerPtr& assigner, const operators::TriggerPtr& trigger) {
  return MistakeOf([&](const DataStream<Stamped>& numbers) {
    numbers.KeyBy(&Stamped::first)
        .Window(assigner)
        .Trigger(trigger)
        .Reduce([](const Stamped& sum, const Stamped& row) { return Stamped{sum.first, sum.second + row.second}; })
        .Print();
  });
}

TEST(TriggerMistakes, AnIntervalOrACountThatIsNotPositiveIsRefused) {
  using namespace operators;
  for (int64_t number : {0, -5}) {
    EXPECT_THAT(MistakeOfTrigger(Tumbling({.size = 1s}), ContinuousEventTimeTrigger(number)),
                HasSubstr(fmt::format("The interval of a ContinuousEventTimeTrigger must be positive: {} ms", number)));
    EXPECT_THAT(MistakeOfTrigger(GlobalWindow(), CountTrigger(number)),
                HasSubstr(fmt::format("A CountTrigger fires at each 1 or more rows, not at each {}", number)));
    EXPECT_THAT(MistakeOfTrigger(GlobalWindow(), PurgingTrigger(ContinuousEventTimeTrigger(number))),
                HasSubstr("ContinuousEventTimeTrigger must be positive"))
        << "inside another trigger, too";
  }
}

TEST(TriggerMistakes, PurgingNeedsATriggerThatFires) {
  using namespace operators;
  EXPECT_THAT(MistakeOfTrigger(GlobalWindow(), PurgingTrigger(nullptr)),
              HasSubstr("A PurgingTrigger needs the trigger that fires, not nullptr"));
  EXPECT_THAT(MistakeOfTrigger(Session({.gap = 1s}), PurgingTrigger(PurgingTrigger(nullptr))),
              HasSubstr("A PurgingTrigger needs the trigger that fires, not nullptr"))
      << "before it is asked whether it merges";
}

TEST(WatermarkMistakes, DurationsThatCannotBeAreNamedAtExecute) {
  using Strategy = WatermarkStrategy<Stamped>;
  const std::vector<std::pair<Strategy, std::string>> mistakes = {
      {Strategy::BoundedOutOfOrderness(-5s), "The bound of BoundedOutOfOrderness is 0 or more, not -5000 ms"},
      {Strategy::BoundedOutOfOrderness(-5s).WithTimestamps(&Stamped::second).WithIdleness(1s),
       "0 or more, not -5000 ms"},
      {Strategy::Monotonous().WithIdleness(-5s), "The timeout of WithIdleness is 1 ms or more, not -5000 ms"},
      {Strategy::Monotonous().WithIdleness(0s), "The timeout of WithIdleness is 1 ms or more, not 0 ms"},
      {Strategy::Monotonous().WithWatermarkAlignment("g", -1s), "The drift of WithWatermarkAlignment is 0 or more"},
      {Strategy::Monotonous().WithWatermarkAlignment("g", 1s, 0s), "The update interval of WithWatermarkAlignment"},
  };
  for (const auto& [strategy, message] : mistakes) {
    StreamExecutionEnvironment env;
    env.FromCollection<Stamped>({{1, 1}}, strategy).Print();
    auto result = env.Execute();
    ASSERT_FALSE(result.ok()) << message;
    EXPECT_EQ(result.status().category(), ErrorCategory::kUser);
    EXPECT_THAT(result.status().message(), HasSubstr(message)) << "of a source";
    EXPECT_THAT(MistakeOf([&, strategy = strategy](const DataStream<Stamped>& numbers) {
                  numbers.AssignTimestampsAndWatermarks(strategy).Print();
                }),
                HasSubstr(message))
        << "in mid-stream";
  }
}

TEST(WatermarkMistakes, TheLeastDurationsRun) {
  StreamExecutionEnvironment env;
  auto rows = env.FromCollection<int64_t>({1}, WatermarkStrategy<int64_t>::BoundedOutOfOrderness(0s).WithIdleness(1ms))
                  .ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(rows->size(), 1u);
}

TEST(DeadLetterMistakes, OnlyASourceThatParsesHasThem) {
  const std::vector<std::pair<std::function<void(const DataStream<Stamped>&)>, std::string>> mistakes = {
      {[](const auto& n) { n.Map(&Stamped::first).DeadLetters().Print(); },
       "DeadLetters of 'map', a map: only a source"},
      {[](const auto& n) { n.KeyBy(&Stamped::first).DeadLetters().Print(); }, "DeadLetters of 'key-by', a key-by"},
      {[](const auto& n) { n.DeadLetters().Print(); }, "DeadLetters of 'collection', a collection: only a source"},
  };
  for (const auto& [make, message] : mistakes) {
    EXPECT_THAT(MistakeOf([&, make = make](const DataStream<Stamped>& numbers) {
                  numbers.Print();
                  make(numbers);
                }),
                AllOf(HasSubstr(message), HasSubstr("call it on what FromSource gave")));
  }
}

/// A process function that does `Do` with states that nobody opened.
struct Forgetful {
  using Do = std::function<void(Forgetful&)>;
  void ProcessElement(const Stamped&, operators::KeyedContext<int64_t>&, Collector<int64_t>&) { act(*this); }
  Do act;
  state::ValueState<int64_t> value = {};
  state::ListState<int64_t> list = {};
  state::MapState<int64_t, int64_t> map = {};
  state::ReducingState<int64_t> reducing = {};
  state::AggregatingState<int64_t, int64_t, int64_t> aggregating = {};
  state::OperatorListState<int64_t> items = {};
  state::BroadcastState<int64_t, int64_t> rules = {};
};

TEST(StateMistakes, AStateThatNobodyOpenedSaysSo) {
  const std::map<std::string, Forgetful::Do> uses = {
      {"ValueOr", [](Forgetful& f) { f.value.ValueOr(0); }},
      {"Update", [](Forgetful& f) { f.value.Update(1); }},
      {"Clear", [](Forgetful& f) { f.value.Clear(); }},
      {"list Get", [](Forgetful& f) { f.list.Get(); }},
      {"list Add", [](Forgetful& f) { f.list.Add(1); }},
      {"map Get", [](Forgetful& f) { f.map.Get(1); }},
      {"map Put", [](Forgetful& f) { f.map.Put(1, 1); }},
      {"map Remove", [](Forgetful& f) { f.map.Remove(1); }},
      {"map IsEmpty", [](Forgetful& f) { f.map.IsEmpty(); }},
      {"map Entries", [](Forgetful& f) { f.map.Entries(); }},
      {"reducing", [](Forgetful& f) { f.reducing.Add(1); }},
      {"aggregating", [](Forgetful& f) { f.aggregating.Add(1); }},
      {"items Get", [](Forgetful& f) { f.items.Get(); }},
      {"items Add", [](Forgetful& f) { f.items.Add(1); }},
      {"items Update", [](Forgetful& f) { f.items.Update({}); }},
      {"items size", [](Forgetful& f) { f.items.size(); }},
      {"rules Get", [](Forgetful& f) { f.rules.Get(1); }},
      {"rules Contains", [](Forgetful& f) { f.rules.Contains(1); }},
      {"rules Put", [](Forgetful& f) { f.rules.Put(1, 1); }},
      {"rules Remove", [](Forgetful& f) { f.rules.Remove(1); }},
      {"rules Entries", [](Forgetful& f) { f.rules.Entries(); }},
  };
  for (const auto& [name, act] : uses) {
    EXPECT_THAT(
        MistakeOf([act = act](const DataStream<Stamped>& numbers) {
          numbers.KeyBy(&Stamped::first).Process<int64_t>(Forgetful{.act = act}).Print();
        }),
        AllOf(HasSubstr("A state is used that was never opened: call GetState"), HasSubstr("at the row (1,100)")))
        << name;
  }
}

/// Changes a map in a loop over it.
struct ChangesAsItLoops {
  using Change = std::function<void(state::MapState<int64_t, int64_t>&, int64_t)>;
  void Open(RuntimeContext& runtime) {
    map = runtime.GetState(state::MapStateDescriptor<int64_t, int64_t>{.name = "map"});
    other = runtime.GetState(state::MapStateDescriptor<int64_t, int64_t>{.name = "other"});
  }
  void ProcessElement(const Stamped& row, operators::KeyedContext<int64_t>&, Collector<int64_t>&) {
    for (int64_t i = 0; i < 3; ++i) map.Put(i, row.second);
    map.ForEach([&](int64_t key, int64_t value) { other.Put(key, value); });
    other.Remove(0);
    map.Remove(0);
    map.ForEach([&](int64_t key, int64_t) { change(map, key); });
  }
  Change change;
  state::MapState<int64_t, int64_t> map = {};
  state::MapState<int64_t, int64_t> other = {};
};

TEST(StateMistakes, AMapIsNotChangedInALoopOverItself) {
  const std::map<std::string, ChangesAsItLoops::Change> changes = {
      {"Remove", [](auto& map, int64_t key) { map.Remove(key); }},
      {"Put", [](auto& map, int64_t key) { map.Put(key + 10, 1); }},
      {"Clear", [](auto& map, int64_t) { map.Clear(); }},
  };
  for (const auto& [name, change] : changes) {
    EXPECT_THAT(
        MistakeOf([change = change](const DataStream<Stamped>& numbers) {
          numbers.KeyBy(&Stamped::first).Process<int64_t>(ChangesAsItLoops{.change = change}).Print();
        }),
        HasSubstr(fmt::format("MapState::{} inside ForEach of the same state: loop over Entries() or Keys()", name)));
  }
  EXPECT_EQ(
      MistakeOf([](const DataStream<Stamped>& numbers) {
        numbers.KeyBy(&Stamped::first).Process<int64_t>(ChangesAsItLoops{.change = [](auto&, int64_t) {}}).Print();
      }),
      "the job ran")
      << "another map may change, and this one behind the loop";
}

/// Reads a state with a time to live.
struct WithTtl {
  void Open(RuntimeContext& runtime) {
    if (in_list)
      runtime.GetState(state::ListStateDescriptor<int64_t>{.name = "seen", .ttl = ttl});
    else
      runtime.GetState(state::ValueStateDescriptor<int64_t>{.name = "seen", .ttl = ttl});
  }
  void ProcessElement(const Stamped&, operators::KeyedContext<int64_t>&, Collector<int64_t>&) {}
  state::StateTtl ttl;
  bool in_list = false;
};

TEST(StateMistakes, ATtlThatIsNotPositiveIsRefused) {
  auto run = [](state::StateTtl ttl, bool in_list) {
    return MistakeOf([=](const DataStream<Stamped>& numbers) {
      numbers.KeyBy(&Stamped::first).Process<int64_t>(WithTtl{ttl, in_list}).Print();
    });
  };
  for (bool in_list : {false, true}) {
    EXPECT_THAT(run(state::StateTtl(-1s), in_list),
                HasSubstr("The TTL of state 'seen' must be positive: -1000 ms; without a TTL it lives for ever"));
    EXPECT_THAT(run(state::StateTtl(0s).UpdateOnReadAndWrite(), in_list), HasSubstr("must be positive: 0 ms"));
    EXPECT_EQ(run(state::StateTtl(1ms), in_list), "the job ran");
    EXPECT_EQ(run({}, in_list), "the job ran");
  }
}

}  // namespace
}  // namespace thalweg::api
