// Flink's connectors "kafka" and "upsert-kafka" as nodes.
#include <algorithm>

#include "connectors/kafka_consumer.h"
#include "connectors/kafka_node.h"
#include "connectors/kafka_properties.h"
#include "connectors/table_node.h"
#include "connectors/tables.h"

namespace thalweg::connectors {
namespace {

using namespace kafka_option;  // NOLINT(google-build-using-namespace): the names of this connector's options
using graph::MetadataKeys;
using graph::TableDescriptor;

const EndOptions kEnds = {.source = {kTopicPattern, kStart, kStartTimestamp, kStartOffsets, kStop, kStopTimestamp,
                                     kStopOffsets, kDiscovery, "error-policy", kGroup, kOffsetReset},
                          .sink = {kDelivery, kSemantic, kPartitioner, kTransactionalIdPrefix}};

MetadataKeys KeysOf(std::initializer_list<KafkaMetadata> left_out) {
  MetadataKeys keys;
  for (KafkaMetadata metadata : AllKafkaMetadata())
    if (std::find(left_out.begin(), left_out.end(), metadata) == left_out.end())
      keys.emplace(KafkaMetadataName(metadata), KafkaMetadataType(metadata));
  return keys;
}
MetadataKeys Readable() { return KeysOf({}); }
MetadataKeys Writable() {
  return KeysOf({KafkaMetadata::kOffset, KafkaMetadata::kTimestampType, KafkaMetadata::kLeaderEpoch});
}

void WarnOfLeaderEpoch(const TableDescriptor& table, graph::SourceTable& source) {
  const std::string_view key = KafkaMetadataName(KafkaMetadata::kLeaderEpoch);
  if (KafkaTellsLeaderEpochs()) return;
  for (const TableDescriptor::MetadataColumn& column : table.metadata)
    if (column.key == key)
      source.warnings.push_back(
          fmt::format("Table {}: column '{}' is always NULL, the Kafka client of this program (librdkafka below 2.1) "
                      "does not tell metadata '{}'",
                      table.name, column.column, key));
}

/// Flink's default needs a committed offset and fails without one. A first run shall read something: from the beginning.
void DefaultStart(const TableDescriptor& table, graph::SourceTable& source) {
  auto& options = source.node.options;
  if (options.contains(kStart) || options.contains(kOffsetReset)) return;
  if (options.contains(kGroup)) {
    options[kOffsetReset] = "earliest";
    source.warnings.push_back(
        fmt::format("Table {} has no '{}': it starts at the offsets of group '{}', and where there are none at the "
                    "earliest (Flink would fail there)",
                    table.name, kStart, options[kGroup]));
  } else {
    options[kStart] = kEarliest;
    source.warnings.push_back(
        fmt::format("Table {} has neither '{}' nor '{}': it starts at the earliest offset (Flink would fail)",
                    table.name, kStart, kGroup));
  }
}

// Partitions of a table say nothing about what is read: Flink does not look at them either.
Result<graph::SourceTable> ReadSource(const TableDescriptor& table, const std::string& kind, const EndOptions& ends) {
  graph::SourceTable source;
  THALWEG_ASSIGN(source.node, SourceNodeOf(table, kind, ends, Readable()));
  WarnOfLeaderEpoch(table, source);
  return source;
}

Status FinishSource(graph::SourceTable& source) {
  THALWEG_ASSIGN(KafkaSourceOptions options, ReadKafkaSourceNode(source.node));
  THALWEG_TRY(TranslateKafkaProperties(options.properties).status());
  if (options.start.kind == StartOffsets::Kind::kCommitted && !options.properties.contains("group.id"))
    return UserError("Table {} starts at committed offsets and needs '{}'", source.node.name, kGroup);
  source.bounded = options.stop.kind != StopOffsets::Kind::kNever;
  return {};
}

Status FinishSink(const TableDescriptor& table, graph::SinkTable& sink) {
  if (auto old = sink.node.options.extract(kSemantic)) {
    sink.warnings.push_back(fmt::format("Table {}: '{}' is deprecated, write '{}'", table.name, kSemantic, kDelivery));
    sink.node.options.emplace(kDelivery, std::move(old.mapped()));
  }
  if (sink.node.options.erase(kTransactionalIdPrefix) > 0)
    sink.warnings.push_back(fmt::format("Table {}: '{}' has no effect, nothing is written in transactions", table.name,
                                        kTransactionalIdPrefix));
  THALWEG_ASSIGN(KafkaSinkOptions options, ReadKafkaSinkNode(sink.node));
  return TranslateKafkaProperties(options.properties).status();
}

/// Whether the records say changes of rows, not rows.
bool HasChanges(const TableDescriptor& table) {
  for (const char* key : {kFormat, kValueFormat})
    if (auto found = table.options.find(key); found != table.options.end() && found->second == "debezium-json")
      return true;
  return false;
}

/// Records that are added one by one, or tell changes one by one.
class KafkaTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override {
    THALWEG_TRY(CheckKey(table));
    THALWEG_ASSIGN(graph::SourceTable source, ReadSource(table, "kafka-source", kEnds));
    DefaultStart(table, source);
    if (HasChanges(table)) source.changelog = graph::ChangelogMode::kRetract;
    THALWEG_TRY(FinishSource(source));
    return source;
  }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override {
    THALWEG_TRY(CheckKey(table));
    THALWEG_TRY(RefusePartitions(table));
    graph::SinkTable sink;
    if (HasChanges(table)) sink.accepts = graph::ChangelogMode::kRetract;
    THALWEG_ASSIGN(sink.node, SinkNodeOf(table, "kafka-sink", kEnds, Writable()));
    THALWEG_TRY(FinishSink(table, sink));
    return sink;
  }
  Result<MetadataKeys> ReadableMetadata(const TableDescriptor&) const override { return Readable(); }
  Result<MetadataKeys> WritableMetadata(const TableDescriptor&) const override { return Writable(); }

 private:
  static Status CheckKey(const TableDescriptor& table) {
    if (HasChanges(table)) return {};
    return RefusePrimaryKey(table, "a topic in this format may hold several rows of one key (upsert-kafka has one)");
  }
};

/// The newest row of each key.
class UpsertKafkaTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override {
    THALWEG_TRY(CheckKey(table));
    THALWEG_ASSIGN(graph::SourceTable source, ReadSource(table, kUpsertKafkaSource, Ends()));
    // An update that was not read is an update lost: always from the beginning.
    source.node.options[kStart] = kEarliest;
    source.node.options[kKeyFields] = KeyFields(table);
    source.changelog = graph::ChangelogMode::kUpsert;
    THALWEG_TRY(FinishSource(source));
    return source;
  }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override {
    THALWEG_TRY(CheckKey(table));
    THALWEG_TRY(RefusePartitions(table));
    graph::SinkTable sink;
    THALWEG_ASSIGN(sink.node, SinkNodeOf(table, kUpsertKafkaSink, Ends(), Writable()));
    sink.node.options[kKeyFields] = KeyFields(table);
    sink.accepts = graph::ChangelogMode::kUpsert;
    for (const char* key : {kFlushRows, kFlushInterval})
      if (sink.node.options.erase(key) > 0)
        sink.warnings.push_back(
            fmt::format("Table {}: '{}' has no effect, each change is written as it comes", table.name, key));
    THALWEG_TRY(FinishSink(table, sink));
    return sink;
  }
  Result<MetadataKeys> ReadableMetadata(const TableDescriptor&) const override { return Readable(); }
  Result<MetadataKeys> WritableMetadata(const TableDescriptor&) const override { return Writable(); }

 private:
  static constexpr const char* kFlushRows = "sink.buffer-flush.max-rows";
  static constexpr const char* kFlushInterval = "sink.buffer-flush.interval";

  static EndOptions Ends() {
    EndOptions ends = kEnds;
    ends.sink.insert({kFlushRows, kFlushInterval});
    return ends;
  }
  static Status CheckKey(const TableDescriptor& table) {
    if (table.primary_key.empty())
      return UserError("Table {} needs a PRIMARY KEY (...) NOT ENFORCED: its columns are the key of the messages",
                       table.name);
    for (const char* key : {kKeyFields, kStart, kStartOffsets, kStartTimestamp, kFormat, kTopicPattern})
      if (table.options.contains(key))
        return UserError("Unknown option '{}' of table {}: connector upsert-kafka does not have it", key, table.name);
    for (const char* key : {kKeyFormat, kValueFormat})
      if (!table.options.contains(key))
        return UserError("Required option is missing: '{}' of table {}", key, table.name);
    return {};
  }
  static std::string KeyFields(const TableDescriptor& table) {
    return fmt::format("{}", fmt::join(table.primary_key, ";"));
  }
};

}  // namespace

std::unique_ptr<graph::TableConnector> MakeKafkaTables() { return std::make_unique<KafkaTables>(); }
std::unique_ptr<graph::TableConnector> MakeUpsertKafkaTables() { return std::make_unique<UpsertKafkaTables>(); }

}  // namespace thalweg::connectors
