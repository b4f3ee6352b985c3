// Every option and metadata of Flink's connectors that programs use most: it works here, or it is refused by an error that says so and
// stands in docs/book/compatibility.md. Options of the planner (`scan.watermark.*`) are in sql/watermark_options_test.cc.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/tables.h"
#include "testing/source_folder.h"

namespace thalweg::connectors {
namespace {

using graph::TableDescriptor;
using types::DataType;
using types::TypeId;

enum class TableEnd : uint8_t { kSource, kSink };
constexpr TableEnd kRead = TableEnd::kSource, kWritten = TableEnd::kSink;

struct FlinkOption {
  std::string connector;
  TableEnd end;
  std::string key, value;
  std::map<std::string, std::string> with = {};  // what it goes with
  bool refused = false;
};
constexpr bool kRefused = true;

using OptionMap = std::map<std::string, std::string>;

OptionMap LeastOptions(const std::string& connector) {
  if (connector == "kafka")
    return {{"topic", "t"}, {"properties.bootstrap.servers", "b:1"}, {"properties.group.id", "g"}, {"format", "json"}};
  if (connector == "upsert-kafka")
    return {{"topic", "t"}, {"properties.bootstrap.servers", "b:1"}, {"key.format", "json"}, {"value.format", "json"}};
  if (connector == "filesystem") return {{"path", "/data"}, {"format", "json"}};
  return {};
}

OptionMap Csv() { return {{"format", "csv"}}; }
OptionMap Parquet() { return {{"format", "parquet"}}; }
OptionMap Raw() { return {{"format", "raw"}}; }
OptionMap Debezium() { return {{"format", "debezium-json"}}; }
OptionMap Sequence() { return {{"fields.n.kind", "sequence"}, {"fields.n.start", "1"}, {"fields.n.end", "5"}}; }

const std::vector<FlinkOption> kFlinkOptions = {
    {"kafka", kRead, "topic-pattern", "t-.*", {{"topic", ""}}},
    {"kafka", kRead, "properties.fetch.min.bytes", "1"},
    {"kafka", kRead, "key.format", "json", {{"key.fields", "n"}}},
    {"kafka",
     kRead,
     "key.fields",
     "k_n",
     {{"key.format", "json"}, {"key.fields-prefix", "k_"}, {"value.fields-include", "EXCEPT_KEY"}}},
    {"kafka", kRead, "value.format", "json", {{"format", ""}}},
    {"kafka", kRead, "value.fields-include", "ALL"},
    {"kafka", kRead, "scan.startup.mode", "latest-offset"},
    {"kafka", kRead, "scan.startup.mode", "group-offsets"},
    {"kafka",
     kRead,
     "scan.startup.specific-offsets",
     "partition:0,offset:42;partition:1,offset:300",
     {{"scan.startup.mode", "specific-offsets"}}},
    {"kafka", kRead, "scan.startup.timestamp-millis", "5", {{"scan.startup.mode", "timestamp"}}},
    {"kafka", kRead, "scan.bounded.mode", "latest-offset"},
    {"kafka", kRead, "scan.bounded.mode", "group-offsets"},
    {"kafka", kRead, "scan.bounded.mode", "unbounded"},
    {"kafka",
     kRead,
     "scan.bounded.specific-offsets",
     "partition:0,offset:42",
     {{"scan.bounded.mode", "specific-offsets"}}},
    {"kafka", kRead, "scan.bounded.timestamp-millis", "5", {{"scan.bounded.mode", "timestamp"}}},
    {"kafka", kRead, "scan.topic-partition-discovery.interval", "5 min"},
    {"kafka", kRead, "scan.parallelism", "2"},
    {"kafka", kWritten, "sink.partitioner", "round-robin"},
    {"kafka", kWritten, "sink.partitioner", "org.mine.Partitioner", {}, kRefused},
    {"kafka", kWritten, "sink.semantic", "at-least-once"},
    {"kafka", kWritten, "sink.delivery-guarantee", "none"},
    {"kafka", kWritten, "sink.delivery-guarantee", "exactly-once", {}, kRefused},
    {"kafka", kWritten, "sink.transactional-id-prefix", "x"},
    {"kafka", kWritten, "sink.parallelism", "2"},
    {"upsert-kafka", kRead, "properties.fetch.min.bytes", "1"},
    {"upsert-kafka", kWritten, "key.fields-prefix", "k_", {{"value.fields-include", "EXCEPT_KEY"}}},
    {"upsert-kafka", kRead, "value.fields-include", "EXCEPT_KEY"},
    {"upsert-kafka", kRead, "scan.parallelism", "2"},
    {"upsert-kafka", kWritten, "sink.parallelism", "2"},
    {"upsert-kafka", kWritten, "sink.buffer-flush.max-rows", "100"},
    {"upsert-kafka", kWritten, "sink.buffer-flush.interval", "1 s"},
    {"upsert-kafka", kWritten, "sink.delivery-guarantee", "at-least-once"},
    {"upsert-kafka", kWritten, "sink.delivery-guarantee", "exactly-once", {}, kRefused},
    {"upsert-kafka", kWritten, "sink.transactional-id-prefix", "x"},
    {"filesystem", kWritten, "sink.rolling-policy.file-size", "1 mb"},
    {"filesystem", kWritten, "sink.rolling-policy.rollover-interval", "1 min"},
    {"filesystem", kWritten, "sink.rolling-policy.check-interval", "1 min"},
    {"filesystem", kWritten, "auto-compaction", "false"},
    {"filesystem", kWritten, "auto-compaction", "true", {}, kRefused},
    {"filesystem", kWritten, "compaction.file-size", "1 mb", {}, kRefused},
    {"filesystem", kWritten, "compaction.parallelism", "1", {}, kRefused},
    {"filesystem", kRead, "source.path.regex-pattern", ".*", {}, kRefused},
    {"filesystem", kRead, "source.report-statistics", "all", {}, kRefused},
    {"filesystem", kWritten, "sink.shuffle-by-partition.enable", "true"},
    {"filesystem", kWritten, "partition.default-name", "none"},
    {"filesystem", kRead, "partition.default-name", "none"},
    {"filesystem", kWritten, "sink.partition-commit.trigger", "partition-time"},
    {"filesystem", kWritten, "sink.partition-commit.delay", "1 h"},
    {"filesystem", kWritten, "sink.partition-commit.watermark-time-zone", "Asia/Shanghai"},
    {"filesystem", kWritten, "sink.partition-commit.policy.kind", "success-file"},
    {"filesystem", kWritten, "sink.partition-commit.policy.kind", "metastore,success-file", {}, kRefused},
    {"filesystem", kWritten, "sink.partition-commit.policy.kind", "custom", {}, kRefused},
    {"filesystem", kWritten, "sink.partition-commit.policy.class", "x", {}, kRefused},
    {"filesystem", kWritten, "sink.partition-commit.policy.class.parameters", "x", {}, kRefused},
    {"filesystem", kWritten, "sink.partition-commit.success-file.name", "x"},
    {"filesystem", kRead, "partition.time-extractor.kind", "default"},
    {"filesystem", kWritten, "partition.time-extractor.kind", "default"},
    {"filesystem", kWritten, "partition.time-extractor.kind", "custom", {}, kRefused},
    {"filesystem", kRead, "partition.time-extractor.class", "x", {}, kRefused},
    {"filesystem", kRead, "partition.time-extractor.timestamp-pattern", "$d"},
    {"filesystem", kRead, "partition.time-extractor.timestamp-formatter", "yyyy"},
    {"filesystem", kWritten, "sink.parallelism", "2"},
    {"filesystem", kRead, "scan.parallelism", "2"},
    {"datagen", kRead, "rows-per-second", "5"},
    {"datagen", kRead, "number-of-rows", "5"},
    {"datagen", kRead, "scan.parallelism", "2"},
    {"datagen", kRead, "fields.n.kind", "random"},
    {"datagen", kRead, "fields.n.min", "1"},
    {"datagen", kRead, "fields.n.max", "1"},
    {"datagen", kRead, "fields.at.max-past", "1 h"},
    {"datagen", kRead, "fields.s.length", "3"},
    {"datagen", kRead, "fields.s.var-len", "true"},
    {"datagen", kRead, "fields.n.start", "1", Sequence()},
    {"datagen", kRead, "fields.n.end", "5", Sequence()},
    {"datagen", kRead, "fields.n.null-rate", "0.5"},
    {"print", kWritten, "print-identifier", "p"},
    {"print", kWritten, "standard-error", "true"},
    {"print", kWritten, "sink.parallelism", "2"},
    {"blackhole", kWritten, "sink.parallelism", "2"},
    {"kafka", kRead, "json.fail-on-missing-field", "true"},
    {"kafka", kRead, "json.ignore-parse-errors", "true"},
    {"kafka", kRead, "json.timestamp-format.standard", "ISO-8601"},
    {"kafka", kWritten, "json.map-null-key.mode", "DROP"},
    {"kafka", kWritten, "json.map-null-key.literal", "null"},
    {"kafka", kWritten, "json.encode.decimal-as-plain-number", "true"},
    {"kafka", kWritten, "json.encode.ignore-null-fields", "true"},
    {"kafka", kRead, "json.decode.json-parser.enabled", "false"},
    {"filesystem", kRead, "csv.field-delimiter", ";", Csv()},
    {"filesystem", kRead, "csv.disable-quote-character", "true", Csv()},
    {"filesystem", kRead, "csv.quote-character", "'", Csv()},
    {"filesystem", kRead, "csv.allow-comments", "true", Csv()},
    {"filesystem", kRead, "csv.ignore-parse-errors", "true", Csv()},
    {"filesystem", kRead, "csv.array-element-delimiter", "|", Csv()},
    {"filesystem", kRead, "csv.escape-character", "!", Csv()},
    {"filesystem", kRead, "csv.null-literal", "-", Csv()},
    {"filesystem", kWritten, "csv.write-bigdecimal-in-scientific-notation", "false", Csv()},
    {"filesystem", kRead, "csv.trim-spaces", "true", Csv()},
    {"filesystem", kRead, "csv.ignore-trailing-unmappable", "true", Csv()},
    {"filesystem", kRead, "csv.allow-trailing-comma", "false", Csv()},
    {"filesystem", kRead, "csv.fail-on-missing-columns", "true", Csv()},
    {"filesystem", kRead, "csv.empty-string-as-null", "true", Csv()},
    {"filesystem", kRead, "parquet.utc-timezone", "true", Parquet()},
    {"filesystem", kWritten, "parquet.utc-timezone", "false", Parquet(), kRefused},
    {"filesystem", kRead, "parquet.batch-size", "1024", Parquet()},
    {"filesystem", kRead, "parquet.write.int64.timestamp", "true", Parquet()},
    {"filesystem", kWritten, "parquet.write.int64.timestamp", "false", Parquet()},
    {"filesystem", kWritten, "parquet.timestamp.time.unit", "millis", Parquet()},
    {"filesystem", kWritten, "parquet.compression", "GZIP", Parquet()},
    {"filesystem", kWritten, "parquet.compression", "LZO", Parquet(), kRefused},
    {"filesystem", kWritten, "parquet.enable.dictionary", "false", Parquet()},
    {"filesystem", kWritten, "parquet.page.size", "65536", Parquet()},
    {"filesystem", kWritten, "parquet.dictionary.page.size", "65536", Parquet()},
    {"filesystem", kWritten, "parquet.block.size", "1048576", Parquet(), kRefused},
    {"filesystem", kWritten, "parquet.writer.version", "PARQUET_2_0", Parquet(), kRefused},
    {"kafka", kRead, "raw.charset", "UTF-8", Raw()},
    {"kafka", kRead, "raw.charset", "UTF-16", Raw(), kRefused},
    {"kafka", kRead, "raw.endianness", "little-endian", Raw()},
    {"kafka", kRead, "debezium-json.schema-include", "true", Debezium()},
    {"kafka", kRead, "debezium-json.ignore-parse-errors", "true", Debezium()},
    {"kafka", kRead, "debezium-json.timestamp-format.standard", "ISO-8601", Debezium()},
    {"kafka", kWritten, "debezium-json.map-null-key.mode", "DROP", Debezium()},
    {"kafka", kWritten, "debezium-json.map-null-key.literal", "null", Debezium()},
    {"kafka", kWritten, "debezium-json.encode.decimal-as-plain-number", "true", Debezium()},
    {"kafka", kWritten, "debezium-json.encode.ignore-null-fields", "true", Debezium()},
};

/// A table with all that `option` needs.
TableDescriptor TableWith(const FlinkOption& option) {
  TableDescriptor table;
  table.name = "t";
  std::vector<types::Field> fields = {{"n", DataType(TypeId::kInt)}};
  if (option.with.contains("key.fields-prefix") && option.key == "key.fields") fields[0].name = "k_n";
  if (option.connector == "upsert-kafka") {
    fields[0] = {option.key == "key.fields-prefix" ? "k_n" : "n", DataType(TypeId::kInt, false)};
    table.primary_key = {fields[0].name};
  }
  const bool raw = option.with.contains("format") && option.with.at("format") == "raw";
  if (!raw) fields.push_back({"s", DataType(TypeId::kString)});
  if (!raw) fields.push_back({"at", DataType::Timestamp(3)});
  table.physical = std::make_shared<const types::Schema>(std::move(fields));
  table.options = LeastOptions(option.connector);
  for (const auto& [key, value] : option.with) {
    if (value.empty())
      table.options.erase(key);
    else
      table.options[key] = value;
  }
  table.options[option.key] = option.value;
  if (option.connector == "filesystem" && option.key.find("partition") != std::string::npos)
    table.partition_keys = {"s"};
  return table;
}

Status MadeOf(const FlinkOption& option) {
  graph::TableConnectors connectors;
  AddTableConnectors(connectors);
  auto connector = connectors.Find(option.connector);
  if (!connector.ok()) return connector.status();
  const TableDescriptor table = TableWith(option);
  if (option.end == TableEnd::kSource) return (*connector)->Source(table).status();
  return (*connector)->Sink(table).status();
}

std::string BookOfDifferences() {
  std::ifstream in(SourceFolder() + "/docs/book/compatibility.md");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(FlinkOptions, EachWorksOrIsRefusedByAnErrorThatSaysSo) {
  for (const FlinkOption& option : kFlinkOptions) {
    const std::string message = MadeOf(option).message();
    if (!option.refused) {
      EXPECT_EQ(message, "") << option.connector << ": " << option.key << " = " << option.value;
      continue;
    }
    EXPECT_THAT(message, ::testing::HasSubstr(option.key));
    EXPECT_THAT(message, ::testing::Not(::testing::HasSubstr("Unknown option")));
  }
}

TEST(FlinkOptions, WhatIsRefusedStandsInTheBook) {
  const std::string book = BookOfDifferences();
  ASSERT_THAT(book, ::testing::HasSubstr("## Options of connectors"));
  for (const FlinkOption& option : kFlinkOptions)
    if (option.refused) EXPECT_THAT(book, ::testing::HasSubstr("`" + option.key + "`")) << option.connector;
}

TEST(FlinkOptions, AllMetadataOfFlinkCanBeRead) {
  const std::map<std::string, std::vector<std::string>> metadata = {
      {"kafka",
       {"topic", "partition", "headers", "header-list", "leader-epoch", "offset", "timestamp", "timestamp-type"}},
      {"filesystem", {"file.path", "file.name", "file.size", "file.modification-time"}}};
  graph::TableConnectors connectors;
  AddTableConnectors(connectors);
  for (const auto& [connector, keys] : metadata) {
    const graph::TableConnector* tables = *connectors.Find(connector);
    const graph::MetadataKeys readable =
        *tables->ReadableMetadata(TableWith({connector, kRead, "scan.parallelism", "1"}));
    for (const std::string& key : keys) {
      ASSERT_TRUE(readable.contains(key)) << connector << ": " << key;
      TableDescriptor table = TableWith({connector, kRead, "scan.parallelism", "1"});
      table.metadata = {{"m", key, readable.at(key), true}};
      EXPECT_EQ(tables->Source(table).status().message(), "") << connector << ": " << key;
    }
  }
}

}  // namespace
}  // namespace thalweg::connectors
