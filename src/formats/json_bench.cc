// JSON decoding beside simdjson alone, in one run: 5 fields of a page view of 217 bytes, all of them read.
// The goal is 85 % of the bare rate (docs: goals). Both parse line by line from one padded buffer.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "columns/builder.h"
#include "formats/json.h"

namespace thalweg::formats {
namespace {

constexpr int kEvents = 4096;  // 0.9 MB: in the second-level cache, as a chunk of a file is

struct Lines {
  Lines() {
    for (int i = 0; i < kEvents; ++i) {
      size_t begin = bytes.size();
      bytes += fmt::format(
          R"({{"user":{},"page":"/products/category-{}/item-{}","referrer":"https://www.example.com/search?q=running+shoes&page={}","time":{},"agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 rv:{}"}})",
          1000000 + i * 7919 % 999983, i % 100, 10000 + i % 90000, i % 10, 1700000000000 + i * 13, 100 + i % 900);
      offsets.push_back({begin, bytes.size() - begin});
      bytes += '\n';
    }
    size = bytes.size();
    bytes.append(kDecodePadding, '\0');
  }
  std::string_view line(size_t i) const { return {bytes.data() + offsets[i].first, offsets[i].second}; }
  std::string bytes;
  size_t size = 0;
  std::vector<std::pair<size_t, size_t>> offsets;
};

const Lines& Events() {
  static const Lines lines;
  return lines;
}

void Report(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * kEvents);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(Events().size));
  state.counters["bytes_per_event"] = static_cast<double>(Events().size) / kEvents;
}

// What a program hand-written over simdjson would do: fields found in order, values summed up.
void BareSimdjson(benchmark::State& state) {
  const Lines& lines = Events();
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    int64_t sum = 0;
    for (size_t i = 0; i < kEvents; ++i) {
      std::string_view line = lines.line(i);
      simdjson::ondemand::document document;
      if (parser.iterate(line.data(), line.size(), line.size() + kDecodePadding).get(document)) std::abort();
      simdjson::ondemand::object object = document.get_object();
      sum += object.find_field("user").get_int64().value();
      sum += static_cast<int64_t>(object.find_field("page").get_string().value().size());
      sum += static_cast<int64_t>(object.find_field("referrer").get_string().value().size());
      sum += object.find_field("time").get_int64().value();
      sum += static_cast<int64_t>(object.find_field("agent").get_string().value().size());
    }
    benchmark::DoNotOptimize(sum);
  }
  Report(state);
}
BENCHMARK(BareSimdjson);

// The engine's decoder: the same fields as columns of batches.
void DecodeToColumns(benchmark::State& state) {
  using types::DataType;
  using types::TypeId;
  auto schema = std::make_shared<const types::Schema>(std::vector<types::Field>{{"user", DataType(TypeId::kBigInt)},
                                                                                {"page", DataType(TypeId::kString)},
                                                                                {"referrer", DataType(TypeId::kString)},
                                                                                {"time", DataType(TypeId::kBigInt)},
                                                                                {"agent", DataType(TypeId::kString)}});
  const Lines& lines = Events();
  auto decoder = *MakeJsonDecoder(schema, {});
  columns::BufferPool pool;
  columns::BatchBuilder builder(*schema, pool);
  ParseError error;
  for (auto _ : state) {
    for (size_t i = 0; i < kEvents; ++i) {
      if (!decoder->Decode(lines.line(i), builder, &error)) std::abort();
      if (builder.full()) benchmark::DoNotOptimize(builder.Take());
    }
  }
  Report(state);
}
BENCHMARK(DecodeToColumns);

}  // namespace
}  // namespace thalweg::formats

BENCHMARK_MAIN();
