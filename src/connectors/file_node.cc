#include "connectors/file_node.h"

#include <algorithm>

#include "connectors/format_options.h"
#include "connectors/metadata_columns.h"
#include "connectors/node_options.h"
#include "graph/scan_spec.h"
#include "types/scalar_text.h"

namespace thalweg::connectors {
namespace {

const std::vector<std::string> kFileFormats = {"json", "csv", "raw", "parquet", "avro", "debezium-json"};

const std::string kPartitionKey = "partition-key.";

std::vector<std::string> ReadPartitionKeys(NodeOptions& options) {
  std::vector<std::string> columns;
  for (const auto& [number, column] : options.WithPrefix(kPartitionKey)) columns.push_back(column);
  return columns;
}

Status ReadPartitions(NodeOptions& options, std::vector<types::Field> keys, FilePartitions& partitions) {
  const std::string key = "partition.default-name";
  THALWEG_ASSIGN(partitions.default_name, options.Get<std::string>(key, partitions.default_name));
  if (partitions.default_name.empty()) return options.Bad(key, UserError("A folder needs a name"));
  partitions.keys = std::move(keys);
  return CheckPartitions(partitions).WithContext(options.Label());
}

/// The names in `policy.kind`, of which there is one: success-file.
Result<bool> ReadCommitPolicy(NodeOptions& options) {
  const std::string key = "sink.partition-commit.policy.kind";
  THALWEG_ASSIGN(const std::string kinds, options.Get<std::string>(key, ""));
  bool success_file = false;
  for (size_t from = 0; from <= kinds.size() && !kinds.empty();) {
    const size_t comma = std::min(kinds.find(',', from), kinds.size());
    const std::string_view kind = types::Trim(std::string_view(kinds).substr(from, comma - from));
    if (kind == "metastore")
      return options.Bad(key, UserError("metastore is for tables of Hive, and there are none: write success-file"));
    if (kind == "custom") return options.Bad(key, UserError("custom names a class in Java: write success-file"));
    if (kind != "success-file") return options.Bad(key, UserError("No such policy: '{}'; there is success-file", kind));
    success_file = true;
    from = comma + 1;
  }
  return success_file;
}

Result<PartitionCommitOptions> ReadPartitionCommit(NodeOptions& options) {
  const std::string prefix = "sink.partition-commit.", extractor = "partition.time-extractor.";
  PartitionCommitOptions commit;
  THALWEG_ASSIGN(const bool told, ReadCommitPolicy(options));
  const std::string name_key = prefix + "success-file.name";
  THALWEG_ASSIGN(commit.success_file, options.Get<std::string>(name_key, "_SUCCESS"));
  if (commit.success_file.empty()) return options.Bad(name_key, UserError("A file needs a name"));
  THALWEG_ASSIGN(const std::string trigger,
                 options.OneOf(prefix + "trigger", {"process-time", "partition-time"}, "process-time"));
  if (trigger == "partition-time") commit.trigger = PartitionCommitOptions::Trigger::kPartitionTime;
  THALWEG_ASSIGN(commit.delay_ms, options.Millis(prefix + "delay", 0));
  THALWEG_ASSIGN(commit.watermark_zone, options.Get<std::string>(prefix + "watermark-time-zone", "UTC"));
  const std::string kind_key = extractor + "kind";
  THALWEG_ASSIGN(const std::string kind, options.Get<std::string>(kind_key, "default"));
  if (kind != "default")
    return options.Bad(kind_key, UserError("A class in Java cannot say the time: write default, and a "
                                           "'partition.time-extractor.timestamp-pattern'"));
  THALWEG_ASSIGN(commit.time.pattern, options.Get<std::string>(extractor + "timestamp-pattern", ""));
  THALWEG_ASSIGN(commit.time.formatter, options.Get<std::string>(extractor + "timestamp-formatter", ""));
  THALWEG_TRY(commit.Check().WithContext(options.Label()));
  if (!told) commit.success_file.clear();
  return commit;
}

Result<types::DataType> TypeOfFileMetadata(std::string_view name) {
  THALWEG_ASSIGN(FileMetadata metadata, ParseFileMetadata(name));
  return FileMetadataField(metadata).type;
}

/// The places among `values`, which are those of `rows` without the metadata's, of what the node's scan says is read; at least one, for
/// a row needs something to be a row of. Empty: all, as where the format cannot leave out columns.
Result<std::vector<int>> ReadReads(const graph::Node& node, const types::Schema& rows, const types::Schema& values,
                                   FileFormat format) {
  THALWEG_ASSIGN(const std::vector<graph::ColumnPath> reads, graph::ReadsOf(node));
  const bool can = format == FileFormat::kJson || format == FileFormat::kCsv || format == FileFormat::kParquet;
  if (reads.empty() || !can) return std::vector<int>();
  std::vector<int> columns;
  for (int i = 0; i < values.size(); ++i)
    if (graph::IsRead(reads, {rows.Find(values.field(i).name)})) columns.push_back(i);
  if (columns.empty()) columns.push_back(0);
  if (static_cast<int>(columns.size()) == values.size()) columns.clear();
  return columns;
}

/// What the node's scan wants of the partitions, over their values.
Status ReadWanted(const graph::Node& node, const types::Schema& rows, FileSourceOptions& source) {
  if (node.scan.empty()) return {};
  THALWEG_ASSIGN(const graph::ScanSpec scan, graph::DecodeScan(node.scan));
  if (!scan.partitions) return {};
  std::vector<int> keys(static_cast<size_t>(rows.size()), -1);
  for (size_t i = 0; i < source.partitions.keys.size(); ++i)
    keys[static_cast<size_t>(rows.Find(source.partitions.keys[i].name))] = static_cast<int>(i);
  for (int input : expr::InputsOf(*scan.partitions))
    if (input >= rows.size() || keys[static_cast<size_t>(input)] < 0) return {};
  source.wanted_partitions = expr::RemapInputs(*scan.partitions, keys);
  source.zone = scan.zone;
  return {};
}

Result<io::Compression> ReadCompression(NodeOptions& options, FileFormat format) {
  const std::string key = "compression";
  THALWEG_ASSIGN(std::string name, options.OneOf(key, {"none", "gzip", "zstd"}, "none"));
  if (name == "none") return io::Compression::kNone;
  if (format == FileFormat::kAvro)
    return options.Bad(key, UserError("Avro compresses by itself: leave it out; 'avro.codec' says how"));
  if (format == FileFormat::kParquet)
    return options.Bad(key, UserError("Parquet compresses by itself: leave it out; 'parquet.compression' says how"));
  return name == "gzip" ? io::Compression::kGzip : io::Compression::kZstd;
}

}  // namespace

void SetPartitionKeys(graph::Node& node, const std::vector<std::string>& columns) {
  for (size_t i = 0; i < columns.size(); ++i) node.options[fmt::format("{}{:04}", kPartitionKey, i)] = columns[i];
}

Result<FileSourceOptions> ReadFileSourceNode(const graph::Node& node) {
  NodeOptions options(node);
  FileSourceOptions source;
  THALWEG_ASSIGN(source.path, options.Required("path"));
  THALWEG_ASSIGN(types::SchemaPtr rows, SourceSchema(node));
  THALWEG_ASSIGN(MetadataColumns columns,
                 ReadMetadataColumns(options, rows, TypeOfFileMetadata, ReadPartitionKeys(options)));
  THALWEG_TRY(ReadPartitions(options, columns.partition, source.partitions));
  for (const std::string& name : columns.metadata) source.metadata.push_back(ParseFileMetadata(name).value());
  source.schema = columns.values;
  source.layout = std::move(columns.layout);
  THALWEG_ASSIGN(FormatOptions format, ReadFormat(options, kFileFormats));
  source.format = format.debezium ? FileFormat::kDebezium : format.format;
  source.schema_include = format.schema_include;
  source.json = format.json;
  source.csv = format.csv;
  source.avro = format.avro;
  THALWEG_TRY(ReadWanted(node, *rows, source));
  THALWEG_ASSIGN(source.reads, ReadReads(node, *rows, *source.schema, source.format));
  THALWEG_ASSIGN(ErrorPolicy errors, ReadErrorPolicy(options, format.ignore_parse_errors()));
  source.on_parse_error = errors.policy;
  source.dead_letter_port = errors.dead_letter_port;
  THALWEG_ASSIGN(source.discovery_interval_ms, options.Millis("source.monitor-interval", 0));
  THALWEG_TRY(options.Finish());
  return source;
}

Result<FileSinkOptions> ReadFileSinkNode(const graph::Node& node) {
  NodeOptions options(node);
  FileSinkOptions sink;
  THALWEG_ASSIGN(sink.path, options.Required("path"));
  THALWEG_ASSIGN(sink.schema, SinkSchema(node));
  std::vector<types::Field> keys;
  for (const std::string& name : ReadPartitionKeys(options)) {
    const int column = sink.schema->Find(name);
    if (column < 0)
      return UserError("Partition column '{}' is none that {} has: {}", name, options.Label(), sink.schema->ToString());
    keys.push_back(sink.schema->field(column));
  }
  if (static_cast<int>(keys.size()) >= sink.schema->size())
    return UserError("Every column says the partition, none is left for the files: {}", options.Label());
  THALWEG_TRY(ReadPartitions(options, std::move(keys), sink.partitions));
  THALWEG_ASSIGN(sink.commit, ReadPartitionCommit(options));
  if (sink.commit.enabled() && sink.partitions.empty())
    return options.Bad("sink.partition-commit.policy.kind", UserError("There are no partitions: write PARTITIONED BY"));
  THALWEG_ASSIGN(FormatOptions format, ReadFormat(options, kFileFormats));
  if (format.debezium && format.schema_include)
    return options.Bad("debezium-json.schema-include", UserError("Changes are not written with their schema"));
  sink.format = format.debezium ? FileFormat::kDebezium : format.format;
  sink.json = format.json;
  sink.csv = format.csv;
  sink.avro = format.avro;
  sink.avro_codec = format.avro_codec;
  sink.parquet = format.parquet;
  THALWEG_ASSIGN(sink.compression, ReadCompression(options, sink.format));
  const std::string size_key = "sink.rolling-policy.file-size";
  THALWEG_ASSIGN(config::MemorySize size, options.Get<config::MemorySize>(size_key, {sink.rolling_file_size}));
  if (size.bytes == 0) return options.Bad(size_key, UserError("Size is zero"));
  sink.rolling_file_size = size.bytes;
  THALWEG_ASSIGN(sink.rollover_interval_ms,
                 options.Millis("sink.rolling-policy.rollover-interval", sink.rollover_interval_ms));
  // Parts are looked at as time passes: the interval is checked for its form and changes nothing.
  THALWEG_TRY(options.Millis("sink.rolling-policy.check-interval", 0).status());
  THALWEG_TRY(options.Finish());
  return sink;
}

Result<std::shared_ptr<flow::Source>> MakeFileSourceNode(const graph::Node& node) {
  THALWEG_ASSIGN(FileSourceOptions options, ReadFileSourceNode(node));
  auto source = MakeFileSource(std::move(options));
  THALWEG_TRY(source.status().WithContext(NodeOptions(node).Label()));
  return source;
}

Result<std::unique_ptr<flow::Operator>> MakeFileSinkNode(const graph::Node& node) {
  THALWEG_ASSIGN(FileSinkOptions options, ReadFileSinkNode(node));
  auto sink = MakeFileSink(std::move(options));
  THALWEG_TRY(sink.status().WithContext(NodeOptions(node).Label()));
  return sink;
}

}  // namespace thalweg::connectors
