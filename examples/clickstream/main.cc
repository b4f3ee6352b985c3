// Views and unique users per page in windows of five minutes of event time, over a stream that arrives out of order.
//
//   clickstream [--events N | --files FOLDER]                a generated stream, or one of JSON lines, to the terminal
//   clickstream --bootstrap-servers H:P --topic clicks --out-topic stats --late-topic late [--group G] [--bounded]
//
// Both take -D key=value (Flink's keys), --config FILE and --from-checkpoint latest|PATH.
#include <charconv>
#include <filesystem>
#include <set>

#include "clicks.h"
#include "generate.h"

using namespace thalweg;
using namespace std::chrono_literals;

// How rows of one page and window become a result. Users are kept, as unique ones are to be counted.
struct CountViews {
  struct Seen {
    int64_t views = 0;
    std::set<std::string> users;
  };
  Seen CreateAccumulator() const { return {}; }
  void Add(Seen& seen, const Click& click) const {
    ++seen.views;
    seen.users.insert(click.user_id);
  }
  void Merge(Seen& into, const Seen& from) const {
    into.views += from.views;
    into.users.insert(from.users.begin(), from.users.end());
  }
  PageStats GetResult(const Seen& seen) const {
    return {"", 0, 0, seen.views, static_cast<int64_t>(seen.users.size())};
  }
};
THALWEG_RECORD(CountViews::Seen, views, users)

const OutputTag<Click> kLate{"late"};

DataStream<PageStats> PageStatistics(const DataStream<Click>& clicks) {
  auto name_the_window = [](const std::string& page, WindowContext& context, std::span<const PageStats> stats,
                            Collector<PageStats>& out) {
    PageStats named = stats[0];
    named.page_url = page;
    named.window_start = context.window().start;
    named.window_end = context.window().end;
    out.Collect(named);
  };
  return clicks.KeyBy(&Click::page_url)
      .Window(Tumbling({.size = 5min}))
      .SideOutputLateData(kLate)
      .Aggregate<PageStats>(CountViews(), name_the_window)
      .Name("page statistics")
      .Uid("page-statistics");
}

// Clicks are at most five seconds late; what is later goes to an output of its own.
WatermarkStrategy<Click> FiveSecondsLate() {
  return WatermarkStrategy<Click>::BoundedOutOfOrderness(5s).WithTimestamps(&Click::ts);
}

struct Arguments {
  std::map<std::string, std::string> values;
  bool bounded = false;
  int64_t events = 1'000'000;
  const std::string& operator[](const std::string& name) { return values[name]; }
};

Result<int64_t> ParseEvents(const std::string& text) {
  int64_t events = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), events);
  if (error != std::errc() || end != text.data() + text.size() || events < 1)
    return UserError("--events is how many clicks to generate, a whole number from 1 on, not '{}'", text);
  return events;
}

Result<Arguments> ParseArguments(int argc, char** argv) {
  static const std::set<std::string> kNamed = {
      "bootstrap-servers", "topic", "out-topic", "late-topic", "group", "files", "events"};
  Arguments args;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--bounded") {
      args.bounded = true;
    } else if (!name.starts_with("--") || !kNamed.contains(name.substr(2))) {
      return UserError("unknown argument '{}'", name);
    } else if (i + 1 == argc) {
      return UserError("{} needs a value", name);
    } else {
      args.values[name.substr(2)] = argv[++i];
    }
  }
  if (args.values.contains("events")) {
    THALWEG_ASSIGN(args.events, ParseEvents(args["events"]));
  }
  return args;
}

Result<JobResult> RunKafka(StreamExecutionEnvironment& env, Arguments& args) {
  KafkaSource<Click> source(args["bootstrap-servers"], args["topic"]);
  source.StartEarliest().Metadata("partition", "partition").Metadata("offset", "offset");
  if (!args["group"].empty()) source.Group(args["group"]);
  if (args.bounded) source.BoundedLatest();
  auto clicks = env.FromSource(source.Build(), FiveSecondsLate(), "clicks");
  clicks.Uid("clicks");

  auto stats = PageStatistics(clicks);
  stats.SinkTo(KafkaSink<PageStats>(args["bootstrap-servers"], args["out-topic"]).Build()).Uid("stats-out");
  stats.GetSideOutput(kLate)
      .Map([](const Click& c) {
        return LateClick{c.partition, c.offset, {c.event_id, c.user_id, c.page_url, c.event_type, c.ts}};
      })
      .Name("late clicks")
      .SinkTo(KafkaSink<LateClick>(args["bootstrap-servers"], args["late-topic"]).Build())
      .Uid("late-out");
  return env.Execute("clickstream");
}

Result<JobResult> RunFiles(StreamExecutionEnvironment& env, Arguments& args) {
  std::filesystem::path folder = args["files"].empty() ? std::filesystem::temp_directory_path() / "thalweg-clickstream"
                                                       : std::filesystem::path(args["files"]);
  if (args["files"].empty()) {
    std::filesystem::create_directories(folder);
    fmt::print("Writing {} clicks, out of order, to {}\n", args.events, folder.string());
    GenerateClicks(folder.string(), args.events, 4);
  }
  auto clicks = env.FromSource(FileSource<Click>(folder.string(), "json").Build(), FiveSecondsLate(), "clicks");
  auto stats = PageStatistics(clicks);
  stats.Print();
  stats.GetSideOutput(kLate).Print("late");
  return env.Execute("clickstream");
}

int main(int argc, char** argv) {
  auto env = StreamExecutionEnvironment::FromArguments(argc, argv);
  auto args = ParseArguments(argc, argv);
  if (!args.ok()) {
    fmt::print(stderr, "clickstream: {}\n", args.status().message());
    return 2;
  }
  auto result = (*args)["bootstrap-servers"].empty() ? RunFiles(*env, *args) : RunKafka(*env, *args);
  if (!result.ok()) {
    fmt::print(stderr, "clickstream: {}\n", result.status().ToString());
    return 1;
  }
  return 0;
}
