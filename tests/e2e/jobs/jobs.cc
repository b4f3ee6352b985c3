// Jobs for tests of this folder, in one library; the first argument chooses.
#include <atomic>
#include <stdexcept>

#include "api/thalweg.h"

using namespace thalweg;

struct Row {
  int64_t id = 0;
  std::string text;
};
THALWEG_RECORD(Row, id, text)

/// Gives each row of a key its number: 1, 2, ...
struct NumberRows {
  void Open(RuntimeContext& runtime) { count = runtime.GetState(state::ValueStateDescriptor<int64_t>{"count"}); }
  void ProcessElement(const Row& row, KeyedContext<int64_t>&, Collector<Row>& out) {
    count.Update(count.ValueOr(0) + 1);
    out.Collect({row.id, fmt::format("{:09}", count.ValueOr(0))});
  }
  state::ValueState<int64_t> count;
};

/// Rows without end, `rate` a second.
api::Source<Row> Endless(const std::string& rate) {
  return {.kind = "datagen",
          .name = "rows",
          .options = {{"rows-per-second", rate}, {"fields.text.length", "3"}},
          .schema = types::Record<Row>::schema(),
          .make = nullptr};
}

/// 500 rows a second whose ids are 0 to `end`.
api::Source<Row> Counting(const std::string& end) {
  api::Source<Row> rows = Endless("500");
  rows.options.insert({{"fields.id.kind", "sequence"}, {"fields.id.start", "0"}, {"fields.id.end", end}});
  return rows;
}

Status RunOne(StreamExecutionEnvironment& env, const std::string& job, const std::vector<std::string>& arguments) {
  if (job == "numbers") {
    env.FromSequence(1, 1000).Filter([](int64_t n) { return n % 100 == 0; }).Print();
  } else if (job == "endless") {
    env.FromSource(Endless("1000")).Map([](const Row& row) { return row.id; }).Print();
  } else if (job == "counting") {
    env.FromSource(Counting("1000000000")).Map([](const Row& row) { return row.id; }).Print();
  } else if (job == "failing once") {
    env.FromSource(Counting("999"))
        .Map([](const Row& row) {
          static std::atomic<bool> failed{false};
          if (row.id == 700 && !failed.exchange(true)) throw std::runtime_error("no seven hundred at first");
          return row.id;
        })
        .Print();
  } else if (job == "stuck") {
    env.FromSequence(1, 10)
        .Map([](int64_t n) {
          fmt::print("at {}\n", n);
          std::fflush(stdout);
          while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
          return n;
        })
        .Print();
  } else if (job == "throwing") {
    env.FromSequence(1, 10)
        .Map([](int64_t n) {
          if (n == 7) throw std::out_of_range("no seven");
          return n;
        })
        .Name("picky")
        .Print();
  } else if (job == "files") {
    env.FromSource(FileSource<Row>(arguments.at(1), "json").Build(), WatermarkStrategy<Row>::NoWatermarks(),
                   "rows in files")
        .Print();
  } else if (job == "number") {
    env.FromSource(FileSource<Row>(arguments.at(1), "json").Build())
        .KeyBy(&Row::id)
        .Process<Row>(NumberRows())
        .Name("number")
        .SinkTo(FileSink<Row>(arguments.at(2), "json").Build())
        .Name("numbered rows");
  } else if (job == "kafka") {
    env.FromSource(KafkaSource<Row>(arguments.at(1), "rows").Property("default.api.timeout.ms", "2000").Build())
        .Print();
  } else if (job == "misspelt") {
    api::Source<Row> rows = Endless("1");
    rows.options["rows-per-secnd"] = "1";
    env.FromSource(rows).Print();
  }
  return env.Execute(job).status();
}

THALWEG_JOB(env) {
  const std::vector<std::string>& arguments = env.arguments();
  if (arguments.empty()) throw std::invalid_argument("which job?");
  if (arguments[0] == "none") return {};
  if (arguments[0] == "arguments") {
    for (const std::string& argument : arguments) fmt::print("[{}]\n", argument);
    return UserError("No job today");
  }
  return RunOne(env, arguments[0], arguments);
}
