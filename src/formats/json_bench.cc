// JSON decoding beside simdjson alone, in one run: 5 fields of a page view of 217 bytes, all of them read.
// The goal is 85 % of the bare rate. All parse line by line from one padded buffer.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "columns/builder.h"
#include "formats/json.h"
#include "formats/json_plain.h"

namespace thalweg::formats {
namespace {

constexpr int kEvents = 4096;  // 0.9 MB: in the second-level cache, as a chunk of a file is

struct Lines {
  /// `colon` stands behind a name, `comma` between fields.
  Lines(std::string_view colon, std::string_view comma) {
    for (int i = 0; i < kEvents; ++i) {
      size_t begin = bytes.size();
      bytes += fmt::format(
          R"({{"user"{0}{1}{7}"page"{0}"/products/category-{2}/item-{3}"{7}"referrer"{0}"https://www.example.com/search?q=running+shoes&page={4}"{7}"time"{0}{5}{7}"agent"{0}"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 rv:{6}"}})",
          colon, 1000000 + i * 7919 % 999983, i % 100, 10000 + i % 90000, i % 10, 1700000000000 + i * 13, 100 + i % 900,
          comma);
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
  static const Lines lines(":", ",");
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

types::SchemaPtr EventSchema() {
  using types::DataType;
  using types::TypeId;
  return std::make_shared<const types::Schema>(std::vector<types::Field>{{"user", DataType(TypeId::kBigInt)},
                                                                         {"page", DataType(TypeId::kString)},
                                                                         {"referrer", DataType(TypeId::kString)},
                                                                         {"time", DataType(TypeId::kBigInt)},
                                                                         {"agent", DataType(TypeId::kString)}});
}

void Decode(benchmark::State& state, const Lines& lines, Decoder& decoder) {
  columns::BufferPool pool;
  columns::BatchBuilder builder(*EventSchema(), pool);
  ParseError error;
  for (auto _ : state) {
    for (size_t i = 0; i < kEvents; ++i) {
      if (!decoder.Decode(lines.line(i), builder, &error)) std::abort();
      if (builder.full()) benchmark::DoNotOptimize(builder.Take());
    }
  }
  Report(state);
}

// The engine's decoder: the same fields as columns of batches.
void DecodeToColumns(benchmark::State& state) { Decode(state, Events(), **MakeJsonDecoder(EventSchema(), {})); }
BENCHMARK(DecodeToColumns);

// With the blanks that Python's json.dumps writes.
void DecodeBlanks(benchmark::State& state) {
  static const Lines lines(": ", ", ");
  Decode(state, lines, **MakeJsonDecoder(EventSchema(), {}));
}
BENCHMARK(DecodeBlanks);

// What records cost that PlainJson leaves to simdjson.
void DecodeByJudge(benchmark::State& state) { Decode(state, Events(), **MakeJsonJudge(EventSchema(), {})); }
BENCHMARK(DecodeByJudge);

void EncodeRows(benchmark::State& state) {
  columns::BufferPool pool;
  columns::BatchBuilder builder(*EventSchema(), pool);
  ParseError error;
  auto decoder = *MakeJsonDecoder(EventSchema(), {});
  for (size_t i = 0; !builder.full(); ++i)
    if (!decoder->Decode(Events().line(i), builder, &error)) std::abort();
  columns::Batch batch = builder.Take();
  auto encoder = *MakeJsonEncoder(EventSchema(), {});
  std::string text;
  for (auto _ : state) {
    for (int copies = 0; copies < kEvents / batch.rows(); ++copies) {
      text.clear();
      for (int32_t row = 0; row < batch.rows(); ++row)
        if (!encoder->Encode(batch, row, &text).ok()) std::abort();
    }
  }
  Report(state);
}
BENCHMARK(EncodeRows);

}  // namespace
}  // namespace thalweg::formats

BENCHMARK_MAIN();
