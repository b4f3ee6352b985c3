// Four pipelines whose instructions per row scripts/callgrind.sh counts: each is run over `rows` rows and over twice as many, so that
// start-up cancels in the difference. One thread, virtual time, batches of 1024 rows.
//
//   instructions [PIPELINE...]     under callgrind with --instr-atstart=no; writes one dump per run, named "PIPELINE ROWS"
//   instructions --versions        what the numbers depend on besides our own code: "NAME VERSION" lines
#include <gnu/libc-version.h>
#include <valgrind/callgrind.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "api/thalweg.h"
#include "bench/one_loop.h"
#include "cli/version.h"
#include "columns/builder.h"
#include "connectors/range_source.h"
#include "formats/json.h"

namespace thalweg::bench {

struct View {
  int64_t user = 0;
  int64_t page = 0;
  int64_t time = 0;  // ms of event time
};

}  // namespace thalweg::bench
THALWEG_RECORD(thalweg::bench::View, user, page, time)

namespace thalweg::bench {
namespace {

using api::Sink;
using api::Source;
using namespace std::chrono_literals;

/// Batches of the source between two steps of the clock by 1 ms: 16 Mrow/s, and a flush of partial batches in every 16th.
constexpr int64_t kBatchesPerMs = 16;

/// What a run shares between its source and its loop.
struct World {
  time::ManualClock clock{1'000'000};
  StreamExecutionEnvironment env;
};

/// A batch of objects for a few instructions a row, so that the pipelines do not vanish beside their source.
template <typename T, typename F>
columns::Batch Fill(columns::BufferPool& pool, int32_t rows, F make) {
  columns::Column column;
  column.type = types::DataType::Object(types::ObjectTypeOf<T>());
  column.length = rows;
  column.values = pool.Allocate(sizeof(T) * static_cast<size_t>(rows));
  T* values = column.values.mutable_data<T>();
  for (int32_t i = 0; i < rows; ++i) new (values + i) T(make(i));
  column.values.SetObjects(&types::ObjectTypeOf<T>(), static_cast<uint32_t>(rows));
  columns::Batch batch(pool, rows);
  batch.AddColumn(std::move(column));
  return batch;
}

/// Rows 0 to `rows` - 1, made by `make(index)`; moves the clock on.
template <typename T, typename F>
Source<T> RowsOf(World& world, int64_t rows, F make) {
  connectors::RangeSourceOptions options;
  options.to = rows;
  options.make_rows = [&world, make] {
    return connectors::RangeRows(
        [&world, make, batches = int64_t{0}](int64_t first, int64_t step, int32_t count,
                                             columns::BufferPool& pool) mutable -> Result<columns::Batch> {
          if (++batches % kBatchesPerMs == 0) world.clock.Advance(1);
          return Fill<T>(pool, count, [&](int32_t i) { return make(first + i * step); });
        });
  };
  Source<T> source;
  source.kind = source.name = "rows";
  source.make = [made = connectors::MakeRangeSource(std::move(options))](
                    const graph::Node&) -> Result<std::shared_ptr<flow::Source>> { return made; };
  return source;
}

template <typename T>
Sink<T> Nowhere() {
  Sink<T> sink;
  sink.kind = sink.name = "nowhere";
  sink.make = [](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
    return connectors::MakeBlackholeSink();
  };
  return sink;
}

Status Finish(World& world) {
  THALWEG_ASSIGN(flow::Program program, world.env.graph().Build("instructions", 1));
  return RunInOneLoop(std::move(program), world.clock);
}

View ViewAt(int64_t i) {
  // A fixed pseudo-random order of the keys: the multiplier of a 64-bit linear congruential generator (Knuth).
  auto mixed = static_cast<uint64_t>(i) * 6364136223846793005ULL + 1442695040888963407ULL;
  return {static_cast<int64_t>(mixed >> 44), static_cast<int64_t>((mixed >> 33) % 1000), i / 50};
}

// map + filter + map over DataStream<int64_t>; half of the rows pass the filter.
Status Chain(int64_t rows) {
  World world;
  world.env.FromSource(RowsOf<int64_t>(world, rows, [](int64_t i) { return i; }))
      .Map([](const int64_t& v) { return v * 3; })
      .Filter([](const int64_t& v) { return v % 2 == 0; })
      .Map([](const int64_t& v) { return v + 1; })
      .SinkTo(Nowhere<int64_t>());
  return Finish(world);
}

struct Count {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& count, const View&) const { ++count; }
  void Merge(int64_t& into, const int64_t& from) const { into += from; }
  int64_t GetResult(const int64_t& count) const { return count; }
};

// Counts of 1000 keys in tumbling windows of 1 s: 50 rows per key and window, state in memory.
Status WindowedCount(int64_t rows) {
  World world;
  world.env
      .FromSource(RowsOf<View>(world, rows, ViewAt), WatermarkStrategy<View>::Monotonous().WithTimestamps(&View::time))
      .KeyBy(&View::page)
      .Window(Tumbling({.size = 1s}))
      .Aggregate(Count())
      .SinkTo(Nowhere<int64_t>());
  return Finish(world);
}

struct Drop {
  void ProcessElement(const View&, KeyedContext<int64_t>&, Collector<View>&) {}
};

// Key, key group, four partitions, channels and gates; nothing behind them.
Status KeyedExchange(int64_t rows) {
  World world;
  auto dropped = world.env.FromSource(RowsOf<View>(world, rows, ViewAt)).KeyBy(&View::page).Process<View>(Drop());
  dropped.SetParallelism(4);
  dropped.SinkTo(Nowhere<View>()).SetParallelism(4);
  return Finish(world);
}

// Page views of 220 bytes, one at a time into five columns.
Status JsonDecode(int64_t rows) {
  using types::DataType;
  using types::TypeId;
  static const auto kLines = [] {
    std::vector<std::string> lines;
    for (int i = 0; i < 512; ++i) {
      lines.push_back(fmt::format(
          R"({{"user":{},"page":"/products/category-{}/item-{}","referrer":"https://www.example.com/search?q=running+shoes&page={}","time":{},"agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 rv:{}"}})",
          1000000 + i * 7919 % 999983, i % 100, 10000 + i % 90000, i % 10, 1700000000000 + i * 13, 100 + i % 900));
      lines.back().reserve(lines.back().size() + formats::kDecodePadding);
    }
    return lines;
  }();
  auto schema = std::make_shared<const types::Schema>(std::vector<types::Field>{{"user", DataType(TypeId::kBigInt)},
                                                                                {"page", DataType(TypeId::kString)},
                                                                                {"referrer", DataType(TypeId::kString)},
                                                                                {"time", DataType(TypeId::kBigInt)},
                                                                                {"agent", DataType(TypeId::kString)}});
  THALWEG_ASSIGN(auto decoder, formats::MakeJsonDecoder(schema, {}));
  columns::BufferPool pool;
  columns::BatchBuilder builder(*schema, pool);
  formats::ParseError error;
  for (int64_t i = 0; i < rows; ++i) {
    if (!decoder->Decode(kLines[static_cast<size_t>(i) % kLines.size()], builder, &error))
      return InternalError("{}", error.ToString());
    if (builder.full()) builder.Take();
  }
  return {};
}

struct Pipeline {
  std::string name;
  int64_t rows;  // a multiple of 1024 such that window ends fall alike in one and in two times as many
  Status (*run)(int64_t rows);
};

const std::vector<Pipeline> kPipelines = {{"map_filter_map", 512 * 1024, Chain},
                                          {"windowed_count", 128 * 1024, WindowedCount},
                                          {"json_decode", 32 * 1024, JsonDecode},
                                          {"keyed_exchange", 128 * 1024, KeyedExchange}};

Status CountRun(const Pipeline& pipeline, int64_t rows) {
  static std::deque<std::string> names;  // callgrind reads a name after the request has returned
  names.push_back(fmt::format("{} {}", pipeline.name, rows));
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  Status status = pipeline.run(rows);
  CALLGRIND_DUMP_STATS_AT(names.back().c_str());
  CALLGRIND_STOP_INSTRUMENTATION;
  return status;
}

Status Run(const Pipeline& pipeline) {
  // Once uncounted: symbols are bound, pools and allocator are warm.
  THALWEG_TRY(pipeline.run(pipeline.rows));
  THALWEG_TRY(CountRun(pipeline, pipeline.rows));
  return CountRun(pipeline, 2 * pipeline.rows);
}

void PrintVersions() {
  fmt::print("compiler {}\nlibc {}\n", __VERSION__, gnu_get_libc_version());
  for (const auto& [name, version] : cli::LibraryVersions()) fmt::print("{} {}\n", name, version);
}

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  std::vector<std::string> wanted(argv + 1, argv + argc);
  if (wanted == std::vector<std::string>{"--versions"}) {
    thalweg::bench::PrintVersions();
    return 0;
  }
  for (const thalweg::bench::Pipeline& pipeline : thalweg::bench::kPipelines) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), pipeline.name) == wanted.end()) continue;
    thalweg::Status status = thalweg::bench::Run(pipeline);
    if (!status.ok()) {
      fmt::print(stderr, "{}: {}\n", pipeline.name, status.ToString());
      return 1;
    }
  }
  return 0;
}
