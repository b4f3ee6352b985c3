#include "connectors/tables.h"

#include <optional>

#include "connectors/file_node.h"
#include "connectors/nexmark.h"
#include "connectors/node_options.h"
#include "connectors/table_node.h"
#include "connectors/trial_node.h"

namespace thalweg::connectors {
namespace {

using graph::MetadataKeys;
using graph::TableDescriptor;

const std::string kMonitorInterval = "source.monitor-interval";

const std::string kAutoCompaction = "auto-compaction";

/// Whether the lines say changes of rows, not rows.
bool TellsChanges(const TableDescriptor& table) {
  auto found = table.options.find("format");
  return found != table.options.end() && found->second == "debezium-json";
}

const std::string kShuffle = "sink.shuffle-by-partition.enable";

const EndOptions kFileEnds = {
    .source = {kMonitorInterval, "error-policy"},
    .sink = {kAutoCompaction, kShuffle, "compression", "sink.rolling-policy.file-size",
             "sink.rolling-policy.rollover-interval", "sink.rolling-policy.check-interval",
             "sink.partition-commit.trigger", "sink.partition-commit.delay",
             "sink.partition-commit.watermark-time-zone", "sink.partition-commit.policy.kind",
             "sink.partition-commit.success-file.name", "partition.time-extractor.kind",
             "partition.time-extractor.timestamp-pattern", "partition.time-extractor.timestamp-formatter"}};

/// Why an option of Flink's connector is none here; nullopt for those that are.
std::optional<std::string> WhyRefused(const std::string& key, const std::string& value) {
  if ((key == kAutoCompaction && value != "false") || key == "compaction.file-size" || key == "compaction.parallelism")
    return "small files are not put together";
  if (key == "source.path.regex-pattern") return "'path' takes a pattern as a shell's, *.json";
  if (key == "source.report-statistics") return "plans are made without statistics";
  if (key.starts_with("sink.partition-commit.policy.class") || key == "partition.time-extractor.class")
    return "it names a class in Java";
  return std::nullopt;
}

Status RefuseFilePolicies(const TableDescriptor& table) {
  for (const auto& [key, value] : table.options) {
    if (const std::optional<std::string> why = WhyRefused(key, value))
      return UserError("Option '{}' of table {} is not supported: {}; leave it out", key, table.name, *why);
    if (key.starts_with("partition-key."))
      return UserError("Unknown option '{}' of table {}: write PARTITIONED BY", key, table.name);
  }
  return {};
}

/// Takes out of the node whether rows of a partition go to one subtask.
Result<bool> TakeShuffle(graph::Node& node) {
  THALWEG_ASSIGN(const bool shuffle, NodeOptions(node).Get<bool>(kShuffle, false));
  node.options.erase(kShuffle);
  return shuffle;
}

class FileTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override {
    THALWEG_TRY(RefuseFilePolicies(table));
    graph::SourceTable source;
    THALWEG_ASSIGN(MetadataKeys keys, ReadableMetadata(table));
    THALWEG_ASSIGN(source.node, SourceNodeOf(table, "file-source", kFileEnds, keys));
    SetPartitionKeys(source.node, table.partition_keys);
    THALWEG_ASSIGN(FileSourceOptions options, ReadFileSourceNode(source.node));
    source.bounded = options.discovery_interval_ms == 0;
    source.eager_watermarks = true;
    if (TellsChanges(table)) source.changelog = graph::ChangelogMode::kRetract;
    return source;
  }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override {
    THALWEG_TRY(RefuseFilePolicies(table));
    graph::SinkTable sink;
    THALWEG_ASSIGN(sink.node, SinkNodeOf(table, "file-sink", kFileEnds, {}));
    sink.node.options.erase(kAutoCompaction);
    SetPartitionKeys(sink.node, table.partition_keys);
    THALWEG_ASSIGN(const bool shuffle, TakeShuffle(sink.node));
    THALWEG_ASSIGN(const FileSinkOptions options, ReadFileSinkNode(sink.node));
    // Only who has all rows of a partition knows when it is whole.
    if (shuffle || options.commit.enabled())
      for (const types::Field& key : options.partitions.keys) sink.together.push_back(options.schema->Find(key.name));
    if (TellsChanges(table)) sink.accepts = graph::ChangelogMode::kRetract;
    return sink;
  }
  Result<MetadataKeys> ReadableMetadata(const TableDescriptor&) const override {
    MetadataKeys keys;
    for (FileMetadata metadata : AllFileMetadata()) {
      const types::Field field = FileMetadataField(metadata);
      keys.emplace(field.name, field.type);
    }
    return keys;
  }
};

Status ReadOnly(const TableDescriptor& table, std::string_view connector) {
  return UserError("Table {} can only be read: connector {} is a source", table.name, connector);
}
Status WriteOnly(const TableDescriptor& table, std::string_view connector) {
  return UserError("Table {} can only be written: connector {} is a sink", table.name, connector);
}

class DatagenTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override {
    graph::SourceTable source;
    THALWEG_ASSIGN(source.node, SourceNodeOf(table, "datagen", {}, {}));
    THALWEG_ASSIGN(auto made, MakeDatagenNode(source.node, 0));
    source.bounded = made->bounded();
    source.eager_watermarks = true;
    return source;
  }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override { return ReadOnly(table, "datagen"); }
};

class NexmarkTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override {
    graph::SourceTable source;
    THALWEG_ASSIGN(source.node, SourceNodeOf(table, "nexmark", {}, {}));
    THALWEG_ASSIGN(NexmarkOptions options, ReadNexmarkNode(source.node));
    source.bounded = options.events > 0;
    source.eager_watermarks = true;
    return source;
  }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override { return ReadOnly(table, "nexmark"); }
};

/// Sinks that take whatever comes.
class PrintTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override { return WriteOnly(table, "print"); }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override {
    graph::SinkTable sink;
    THALWEG_ASSIGN(sink.node, SinkNodeOf(table, "print", {}, {}));
    THALWEG_TRY(MakePrintNode(sink.node, {}).status());
    sink.accepts = graph::ChangelogMode::kRetract;
    sink.keeps_no_rows = true;
    return sink;
  }
};

class BlackholeTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override {
    return WriteOnly(table, "blackhole");
  }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override {
    graph::SinkTable sink;
    THALWEG_ASSIGN(sink.node, SinkNodeOf(table, "blackhole", {}, {}));
    THALWEG_TRY(MakeBlackholeNode(sink.node).status());
    // As Flink's, it leaves -U out of what it asks for.
    sink.accepts = graph::ChangelogMode::kUpsert;
    sink.keeps_no_rows = true;
    return sink;
  }
};

}  // namespace

std::unique_ptr<graph::TableConnector> MakeFileTables() { return std::make_unique<FileTables>(); }
std::unique_ptr<graph::TableConnector> MakeDatagenTables() { return std::make_unique<DatagenTables>(); }
std::unique_ptr<graph::TableConnector> MakeNexmarkTables() { return std::make_unique<NexmarkTables>(); }
std::unique_ptr<graph::TableConnector> MakePrintTables() { return std::make_unique<PrintTables>(); }
std::unique_ptr<graph::TableConnector> MakeBlackholeTables() { return std::make_unique<BlackholeTables>(); }

void AddTableConnectors(graph::TableConnectors& connectors) {
  connectors.Add("kafka", MakeKafkaTables());
  connectors.Add("upsert-kafka", MakeUpsertKafkaTables());
  connectors.Add("filesystem", MakeFileTables());
  connectors.Add("datagen", MakeDatagenTables());
  connectors.Add("nexmark", MakeNexmarkTables());
  connectors.Add("print", MakePrintTables());
  connectors.Add("blackhole", MakeBlackholeTables());
}

}  // namespace thalweg::connectors
