#include "connectors/file_node.h"

#include "connectors/format_options.h"
#include "connectors/metadata_columns.h"
#include "connectors/node_options.h"
#include "graph/scan_spec.h"

namespace thalweg::connectors {
namespace {

const std::vector<std::string> kFileFormats = {"json", "csv", "raw", "parquet", "avro", "debezium-json"};

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

Result<io::Compression> ReadCompression(NodeOptions& options, FileFormat format) {
  const std::string key = "compression";
  THALWEG_ASSIGN(std::string name, options.OneOf(key, {"none", "gzip", "zstd"}, "none"));
  if (name == "none") return io::Compression::kNone;
  if (format == FileFormat::kAvro)
    return options.Bad(key, UserError("Avro compresses by itself: leave it out; 'avro.codec' says how"));
  if (format == FileFormat::kParquet) return options.Bad(key, UserError("Parquet compresses by itself: leave it out"));
  return name == "gzip" ? io::Compression::kGzip : io::Compression::kZstd;
}

}  // namespace

Result<FileSourceOptions> ReadFileSourceNode(const graph::Node& node) {
  NodeOptions options(node);
  FileSourceOptions source;
  THALWEG_ASSIGN(source.path, options.Required("path"));
  THALWEG_ASSIGN(types::SchemaPtr rows, SourceSchema(node));
  THALWEG_ASSIGN(MetadataColumns columns, ReadMetadataColumns(options, rows, TypeOfFileMetadata));
  for (const std::string& name : columns.metadata) source.metadata.push_back(ParseFileMetadata(name).value());
  source.schema = columns.values;
  source.layout = std::move(columns.layout);
  THALWEG_ASSIGN(FormatOptions format, ReadFormat(options, kFileFormats));
  source.format = format.debezium ? FileFormat::kDebezium : format.format;
  source.schema_include = format.schema_include;
  source.json = format.json;
  source.csv = format.csv;
  source.avro = format.avro;
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
  THALWEG_ASSIGN(FormatOptions format, ReadFormat(options, kFileFormats));
  if (format.debezium && format.schema_include)
    return options.Bad("debezium-json.schema-include", UserError("Changes are not written with their schema"));
  sink.format = format.debezium ? FileFormat::kDebezium : format.format;
  sink.json = format.json;
  sink.csv = format.csv;
  sink.avro = format.avro;
  sink.avro_codec = format.avro_codec;
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
