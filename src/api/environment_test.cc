#include "api/environment.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/files.h"
#include "api/test_folder.h"
#include "config/options.h"

namespace thalweg::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

struct Click {
  std::string page;
  int64_t user = 0;
  int64_t ts = 0;
};
THALWEG_RECORD(Click, page, user, ts)

TEST(Environment, MapsAndFiltersACollection) {
  StreamExecutionEnvironment env;
  auto rows = env.FromElements(1, 2, 3, 4)
                  .Map([](int n) { return n * 10; })
                  .Filter([](int n) { return n != 20; })
                  .ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, ElementsAre(10, 30, 40));
}

TEST(Environment, CountsByKeyInEventTimeWindows) {
  for (int parallelism : {1, 3}) {
    StreamExecutionEnvironment env;
    env.SetParallelism(parallelism);
    struct Count {
      int64_t CreateAccumulator() const { return 0; }
      void Add(int64_t& count, const Click&) const { ++count; }
      int64_t GetResult(const int64_t& count) const { return count; }
      void Merge(int64_t& into, const int64_t& from) const { into += from; }
    };
    auto clicks =
        env.FromCollection<Click>({{"a", 1, 1000}, {"b", 1, 2000}, {"a", 2, 70'000}, {"a", 2, 3000}},
                                  WatermarkStrategy<Click>::BoundedOutOfOrderness(5min).WithTimestamps(&Click::ts));
    auto rows = clicks.KeyBy(&Click::page)
                    .Window(operators::Tumbling({.size = 1min}))
                    .Aggregate<std::tuple<std::string, int64_t, int64_t>>(
                        Count{},
                        [](const std::string& page, operators::WindowContext& window, std::span<const int64_t> counts,
                           Collector<std::tuple<std::string, int64_t, int64_t>>& out) {
                          out.Collect({page, window.window().start, counts[0]});
                        })
                    .ExecuteAndCollect();
    ASSERT_TRUE(rows.ok()) << rows.status().ToString();
    EXPECT_THAT(*rows, UnorderedElementsAre(std::tuple("a", 0, 2), std::tuple("b", 0, 1), std::tuple("a", 60'000, 1)));
  }
}

TEST(Environment, SequenceIsSharedOutAmongSubtasks) {
  StreamExecutionEnvironment env;
  env.SetParallelism(4);
  auto rows = env.FromSequence(1, 1000).Map([](int64_t n) { return n; }).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(rows->size(), 1000u);
  EXPECT_EQ(std::accumulate(rows->begin(), rows->end(), int64_t{0}), 500'500);
}

TEST(Environment, AUserFunctionThatThrowsFailsTheJobWithTypeMessageOperatorAndRow) {
  StreamExecutionEnvironment env;
  auto rows = env.FromElements(1, 2, 3)
                  .Map([](int n) {
                    if (n == 2) throw std::runtime_error("boom");
                    return n;
                  })
                  .Name("risky")
                  .ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(), HasSubstr("Operator 'risky'"));
  EXPECT_THAT(rows.status().message(), HasSubstr("std::runtime_error: boom"));
  EXPECT_THAT(rows.status().message(), HasSubstr("2"));
}

TEST(Environment, AnUnknownKeyFailsAtExecuteAndNamesTheNearest) {
  StreamExecutionEnvironment env;
  env.Configure("paralelism.default", "2");
  env.FromElements(1).Print();
  auto result = env.Execute("job");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr("parallelism.default"));
}

TEST(Environment, AlignedSourcesGiveAllTheirRows) {
  auto strategy = WatermarkStrategy<int64_t>::Monotonous()
                      .WithTimestamps([](int64_t n) { return n; })
                      .WithWatermarkAlignment("g", Millis(10), Millis(1));
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  std::vector<int64_t> many(3000), few(100);
  std::iota(many.begin(), many.end(), 1);
  std::iota(few.begin(), few.end(), 1);
  auto rows = env.FromCollection(many, strategy).Union(env.FromCollection(few, strategy)).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(rows->size(), 3100u);
}

TEST(Environment, WatermarkAlignmentIsForSourcesOnly) {
  StreamExecutionEnvironment env;
  auto rows = env.FromElements(int64_t{1})
                  .AssignTimestampsAndWatermarks(
                      WatermarkStrategy<int64_t>::Monotonous().WithWatermarkAlignment("g", Millis(10)))
                  .ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(),
              HasSubstr("Watermark alignment (group 'g') works for the strategy of a source only"));
}

TEST(Environment, AnEmptyJobIsAnError) {
  StreamExecutionEnvironment env;
  auto result = env.Execute("job");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr("The job is empty"));
}

/// A folder with one file of JSON lines.
std::string FolderWith(const std::string& lines) {
  std::string folder = NewTestFolder();
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/clicks.jsonl") << lines;
  return folder;
}
constexpr auto kThreeLines =
    "{\"page\":\"a\",\"user\":1,\"ts\":1}\n{\"page\":\"b\",\"user\":\"x\"\n{\"page\":\"c\",\"user\":3,\"ts\":3}\n";

TEST(Environment, ARowThatDoesNotParseFailsTheJobAndIsShownWithItsPlace) {
  StreamExecutionEnvironment env;
  auto rows = env.FromSource(FileSource<Click>(FolderWith(kThreeLines), "json").Build()).ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(), HasSubstr("clicks.jsonl:2"));
  EXPECT_THAT(rows.status().message(), HasSubstr("{\"page\":\"b\""));
}

TEST(Environment, ARowThatDoesNotParseIsSkippedIfAskedFor) {
  StreamExecutionEnvironment env;
  auto source =
      FileSource<Click>(FolderWith(kThreeLines), "json").OnParseError(formats::ParseErrorPolicy::kSkip).Build();
  auto pages = env.FromSource(source).Map(&Click::page).ExecuteAndCollect();
  ASSERT_TRUE(pages.ok()) << pages.status().ToString();
  EXPECT_THAT(*pages, ElementsAre("a", "c"));
}

TEST(Environment, DeadLettersCarryTheRecordItsPlaceAndTheReason) {
  StreamExecutionEnvironment env;
  auto clicks = env.FromSource(FileSource<Click>(FolderWith(kThreeLines), "json").Build());
  auto letters = clicks.DeadLetters().ExecuteAndCollect();
  ASSERT_TRUE(letters.ok()) << letters.status().ToString();
  ASSERT_EQ(letters->size(), 1u);
  EXPECT_THAT((*letters)[0].raw, HasSubstr("{\"page\":\"b\""));
  EXPECT_THAT((*letters)[0].place, HasSubstr("clicks.jsonl:2"));
  EXPECT_NE((*letters)[0].reason, "");
}

TEST(Environment, AnOptionThatTheConnectorDoesNotKnowNamesThoseItDoes) {
  StreamExecutionEnvironment env;
  auto source = FileSource<Click>(FolderWith(kThreeLines), "json").Option("pth", "x").Build();
  auto rows = env.FromSource(source).ExecuteAndCollect();
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.status().message(), HasSubstr("pth"));
  EXPECT_THAT(rows.status().message(), HasSubstr("path"));
}

TEST(Environment, ThePlanNamesOperatorsAndTheirInputs) {
  StreamExecutionEnvironment env;
  env.FromElements(1, 2).Map([](int n) { return n; }).Name("twice").Print();
  auto plan = env.ExecutionPlan("job");
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(*plan, HasSubstr("\"twice\""));
  EXPECT_THAT(*plan, HasSubstr("predecessors"));
  EXPECT_THAT(*plan, HasSubstr("FORWARD"));
}

TEST(Environment, TwoOperatorsOfOneUidAreRefused) {
  StreamExecutionEnvironment env;
  auto numbers = env.FromElements(1, 2);
  numbers.Map([](int n) { return n; }).Uid("same").Print();
  numbers.Map([](int n) { return n; }).Uid("same").Print();
  auto result = env.Execute("job");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr("share the uid 'same'"));
}

TEST(Environment, WhatWasDeclaredWronglyGoesWithTheExecutionThatFailed) {
  StreamExecutionEnvironment env;
  env.FromElements(1, 2).Map([](int n) { return n; }).Uid("same").Map([](int n) { return n; }).Uid("same").Print();
  EXPECT_THAT(env.Execute("doubled").status().message(), HasSubstr("share the uid 'same'"));
  auto passed = env.FromElements(1, 2).Map([](int n) { return n; }).Name("passed");
  passed.GetSideOutput(OutputTag<int>{"side"}).Print();
  passed.GetSideOutput(OutputTag<std::string>{"side"}).Print();
  EXPECT_THAT(env.Execute("typed").status().message(), HasSubstr("Side output 'side' of 'passed' has rows of"));
  auto rows = env.FromElements(1, 2).Map([](int n) { return n * 10; }).ExecuteAndCollect("right");
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, ElementsAre(10, 20));
}

/// FromArguments of a program called with `arguments`, and what it left of them.
struct Called {
  explicit Called(std::vector<std::string> arguments) : words(std::move(arguments)) {
    words.insert(words.begin(), "program");
    for (std::string& word : words) argv.push_back(word.data());
    int argc = static_cast<int>(argv.size());
    env = StreamExecutionEnvironment::FromArguments(argc, argv.data());
    left.assign(argv.begin() + 1, argv.begin() + argc);
  }
  std::vector<std::string> words;
  std::vector<char*> argv;
  std::unique_ptr<StreamExecutionEnvironment> env;
  std::vector<std::string> left;
};

TEST(Environment, AProgramTakesTheOptionsOfRunInAllTheirForms) {
  for (const std::vector<std::string>& form :
       {std::vector<std::string>{"-p", "3", "-s", "latest", "-n", "--progress"},
        {"-p3", "-slatest", "--allow-non-restored-state", "--progress"},
        {"--parallelism=3", "--from-checkpoint=latest", "-n", "--progress"},
        {"--parallelism", "3", "--from-checkpoint", "latest", "-n", "--progress"}}) {
    std::vector<std::string> arguments = form;
    arguments.insert(arguments.begin(), "--mine");
    arguments.push_back("rows");
    Called called(arguments);
    EXPECT_THAT(called.left, ElementsAre("--mine", "rows"));
    EXPECT_EQ(called.env->run_options().from_checkpoint, "latest");
    EXPECT_TRUE(called.env->run_options().allow_non_restored_state);
    EXPECT_TRUE(called.env->run_options().progress_lines);
    EXPECT_EQ(*called.env->config().Get(config::kParallelism), 3);
  }
}

TEST(Environment, WhatStandsBehindTheDashesIsTheProgramsOwn) {
  Called called({"-p", "2", "--", "-p", "5", "--", "-s"});
  EXPECT_THAT(called.left, ElementsAre("-p", "5", "--", "-s"));
  EXPECT_EQ(*called.env->config().Get(config::kParallelism), 2);
  EXPECT_EQ(called.env->run_options().from_checkpoint, "");
}

TEST(Environment, AnOptionWithoutItsValueIsAnErrorOfExecute) {
  for (const char* option : {"-s", "--from-checkpoint", "-p", "--parallelism", "-D", "--config"}) {
    Called called({"rows", option});
    EXPECT_EQ(called.env->Execute("job").status().message(),
              fmt::format("Wrong command line: {} needs a value", option));
  }
}

TEST(Environment, AFileSinkShowsCompleteParts) {
  std::string folder = FolderWith(kThreeLines);
  StreamExecutionEnvironment env;
  auto clicks = env.FromElements(Click{"a", 1, 1}, Click{"b", 2, 2});
  clicks.SinkTo(FileSink<Click>(folder + "/out", "json").Build());
  auto result = env.Execute("job");
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->progress.checkpoints, 0u);  // none was written: there is no directory
  StreamExecutionEnvironment reader;
  auto pages =
      reader.FromSource(FileSource<Click>(folder + "/out", "json").Build()).Map(&Click::page).ExecuteAndCollect();
  ASSERT_TRUE(pages.ok()) << pages.status().ToString();
  EXPECT_THAT(*pages, UnorderedElementsAre("a", "b"));
}

TEST(Environment, UnionAndConnectBringStreamsTogether) {
  StreamExecutionEnvironment env;
  auto a = env.FromElements(1, 2);
  auto b = env.FromElements(10, 20);
  auto words = env.FromElements(std::string("x"));
  auto all =
      a.Union(b).Connect(words).Map([](int n) { return std::to_string(n); }, [](const std::string& s) { return s; });
  auto rows = all.ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, UnorderedElementsAre("1", "2", "10", "20", "x"));
}

/// A watermark behind every row, so that what is late does not depend on anybody's cadence.
struct EveryRow {
  void OnEvent(const Click& click, int64_t time, WatermarkOutput& out) {
    if (click.page.empty()) throw std::invalid_argument("no page");
    out.EmitWatermark(time);
  }
};

struct OnTheClock {
  void OnPeriodicEmit(WatermarkOutput&) { throw std::invalid_argument("no clock"); }
};

TEST(Environment, WhatIsThrownWhileAJobIsMadeIsItsError) {
  Source<Click> source;
  source.kind = source.name = "mine";
  source.make = [](const graph::Node&) -> Result<std::shared_ptr<flow::Source>> {
    throw std::runtime_error("no source");
  };
  StreamExecutionEnvironment env;
  const Status collected = env.FromSource(source).ExecuteAndCollect().status();
  EXPECT_THAT(collected.message(), HasSubstr("std::runtime_error: no source"));
  StreamExecutionEnvironment other;
  other.FromSource(source).Map(&Click::ts).Print();
  EXPECT_THAT(other.Execute().status().message(), HasSubstr("std::runtime_error: no source"));
}

TEST(Environment, LateRowsGoToTheSideOutput) {
  StreamExecutionEnvironment env;
  env.Configure("pipeline.auto-watermark-interval", "1 ms");
  OutputTag<Click> late{"late-clicks"};
  // The late row comes some batches after the one that moved the watermark; a batch takes longer than the watermarks' interval.
  std::vector<Click> values = {{"a", 1, 1000}, {"a", 2, 500'000}};
  for (int i = 0; i < 20'000; ++i) values.push_back({"b", 0, 500'000});
  values.push_back({"a", 3, 2000});
  auto clicks = env.FromCollection(values, WatermarkStrategy<Click>::NoWatermarks())
                    .Map([](const Click& click) {
                      static std::atomic<int> rows = 0;
                      if (++rows % 500 == 0) std::this_thread::sleep_for(1ms);
                      return click;
                    })
                    .DisableChaining()
                    .AssignTimestampsAndWatermarks(
                        WatermarkStrategy<Click>::ForGenerator([] { return EveryRow(); }).WithTimestamps(&Click::ts));
  auto reduced = clicks.KeyBy(&Click::page)
                     .Window(operators::Tumbling({.size = 1min}))
                     .SideOutputLateData(late)
                     .Reduce([](const Click& a, const Click& b) { return Click{a.page, a.user + b.user, b.ts}; });
  auto rows = reduced.GetSideOutput(late).Map(&Click::user).ExecuteAndCollect();
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_THAT(*rows, ElementsAre(3));
}

TEST(Environment, AGeneratorOrAssignerThatThrowsNamesTheRow) {
  const std::vector<Click> values = {{"a", 1, 1000}, {"", 2, 2000}};
  auto with_times = WatermarkStrategy<Click>::ForGenerator([] { return EveryRow(); }).WithTimestamps(&Click::ts);
  StreamExecutionEnvironment env;
  auto in_source = env.FromCollection(values, with_times).ExecuteAndCollect();
  ASSERT_FALSE(in_source.ok());
  EXPECT_THAT(in_source.status().message(), HasSubstr("watermark generator threw std::invalid_argument: no page"));
  EXPECT_THAT(in_source.status().message(), HasSubstr("at the row"));
  EXPECT_THAT(in_source.status().message(), HasSubstr("2000"));
  auto in_time = WatermarkStrategy<Click>::ForGenerator([] { return OnTheClock(); }).WithTimestamps(&Click::ts);
  Source<Click> endless{
      .kind = "datagen", .name = "clicks", .options = {}, .schema = types::Record<Click>::schema(), .make = nullptr};
  auto periodic = env.FromSource(endless, in_time).ExecuteAndCollect();
  ASSERT_FALSE(periodic.ok());
  EXPECT_THAT(periodic.status().message(), HasSubstr("watermark generator threw std::invalid_argument: no clock"));
  auto wrong = WatermarkStrategy<Click>::Monotonous().WithTimestamps(
      [](const Click& click) { return click.page.empty() ? throw std::range_error("no time") : click.ts; });
  auto assigned = env.FromCollection(values).AssignTimestampsAndWatermarks(wrong).ExecuteAndCollect();
  ASSERT_FALSE(assigned.ok());
  EXPECT_THAT(assigned.status().message(), HasSubstr("timestamp assigner threw std::range_error: no time"));
  EXPECT_THAT(assigned.status().message(), HasSubstr("2000"));
}

}  // namespace
}  // namespace thalweg::api
