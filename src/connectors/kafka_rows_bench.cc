// Kafka's records to columns beside the decoder alone, in one run: 5 fields of a page view of about 215 bytes, partition and offset.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "connectors/kafka_rows.h"
#include "formats/json.h"

namespace thalweg::connectors {
namespace {

constexpr int kRecords = 4096;

types::SchemaPtr ValueSchema() {
  using types::DataType;
  using types::TypeId;
  return std::make_shared<const types::Schema>(std::vector<types::Field>{{"user", DataType(TypeId::kBigInt)},
                                                                         {"page", DataType(TypeId::kString)},
                                                                         {"referrer", DataType(TypeId::kString)},
                                                                         {"time", DataType(TypeId::kBigInt)},
                                                                         {"agent", DataType(TypeId::kString)}});
}

// Each value in memory of its own, with the padding that only the bare decoder asks for.
struct Records {
  Records() {
    fetch.partition = {"views", 3};
    values.reserve(kRecords);
    for (int i = 0; i < kRecords; ++i) {
      std::string& value = values.emplace_back(fmt::format(
          R"({{"user":{},"page":"/products/category-{}/item-{}","referrer":"https://www.example.com/search?q=running+shoes&page={}","time":{},"agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 rv:{}"}})",
          1000000 + i * 7919 % 999983, i % 100, 10000 + i % 90000, i % 10, 1700000000000 + i * 13, 100 + i % 900));
      size_t size = value.size();
      value.append(formats::kDecodePadding, '\0');
      fetch.records.push_back({.value = std::string_view(value.data(), size), .offset = i, .timestamp_ms = i});
    }
  }
  std::vector<std::string> values;
  LogFetch fetch;
};

void DecodeValues(benchmark::State& state) {
  Records records;
  auto decoder = *formats::MakeJsonDecoder(ValueSchema(), {});
  columns::BufferPool pool;
  columns::BatchBuilder builder(*ValueSchema(), pool);
  formats::ParseError error;
  for (auto _ : state) {
    for (const LogRecord& record : records.fetch.records) {
      if (!decoder->Decode(record.value, builder, &error)) std::abort();
      if (builder.full()) benchmark::DoNotOptimize(builder.Take());
    }
  }
  state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(DecodeValues);

void RecordsToRows(benchmark::State& state) {
  Records records;
  columns::BufferPool pool;
  KafkaRowOptions options;
  options.metadata = {KafkaMetadata::kPartition, KafkaMetadata::kOffset};
  options.value_schema = ValueSchema();
  options.make_decoder = [] { return formats::MakeJsonDecoder(ValueSchema(), {}); };
  auto rows = *KafkaRows::Make(options, pool);
  for (auto _ : state) {
    for (const LogRecord& record : records.fetch.records) {
      if (!rows->Append(records.fetch, record).ok()) std::abort();
      if (rows->full()) benchmark::DoNotOptimize(rows->Take());
    }
  }
  state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(RecordsToRows);

}  // namespace
}  // namespace thalweg::connectors

BENCHMARK_MAIN();
