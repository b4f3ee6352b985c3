#include "connectors/tables.h"

#include "connectors/file_node.h"
#include "connectors/nexmark.h"
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

const EndOptions kFileEnds = {.source = {kMonitorInterval, "error-policy"},
                              .sink = {kAutoCompaction, "compression", "sink.rolling-policy.file-size",
                                       "sink.rolling-policy.rollover-interval", "sink.rolling-policy.check-interval"}};

/// What Flink's connector does with files and partitions beyond writing rows: none of it is done here.
Status RefuseFilePolicies(const TableDescriptor& table) {
  for (const auto& [key, value] : table.options) {
    if (key == kAutoCompaction && value != "false")
      return UserError("Option '{}' of table {} is not supported: small files are not put together; leave it out", key,
                       table.name);
    const bool partitions = key.starts_with("sink.partition-commit.") || key.starts_with("partition.");
    if (partitions || key == "compaction.file-size")
      return UserError("Option '{}' of table {} is not supported: {}; leave it out", key, table.name,
                       partitions ? "files are not partitioned" : "small files are not put together");
  }
  return {};
}

class FileTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const TableDescriptor& table) const override {
    THALWEG_TRY(RefusePartitions(table));
    THALWEG_TRY(RefuseFilePolicies(table));
    graph::SourceTable source;
    THALWEG_ASSIGN(MetadataKeys keys, ReadableMetadata(table));
    THALWEG_ASSIGN(source.node, SourceNodeOf(table, "file-source", kFileEnds, keys));
    THALWEG_ASSIGN(FileSourceOptions options, ReadFileSourceNode(source.node));
    source.bounded = options.discovery_interval_ms == 0;
    if (TellsChanges(table)) source.changelog = graph::ChangelogMode::kRetract;
    return source;
  }
  Result<graph::SinkTable> Sink(const TableDescriptor& table) const override {
    THALWEG_TRY(RefusePartitions(table));
    THALWEG_TRY(RefuseFilePolicies(table));
    graph::SinkTable sink;
    THALWEG_ASSIGN(sink.node, SinkNodeOf(table, "file-sink", kFileEnds, {}));
    sink.node.options.erase(kAutoCompaction);
    THALWEG_TRY(ReadFileSinkNode(sink.node).status());
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
    sink.accepts = graph::ChangelogMode::kRetract;
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
