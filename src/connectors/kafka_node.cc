#include "connectors/kafka_node.h"

#include "connectors/format_options.h"
#include "connectors/metadata_columns.h"
#include "connectors/node_options.h"

namespace thalweg::connectors {
namespace {

const std::vector<std::string> kTextFormats = {"json", "csv", "raw"};

Status ReadTopics(NodeOptions& options, KafkaSourceOptions& source) {
  THALWEG_ASSIGN(source.topics, options.Get<config::StringList>("topic", {}));
  THALWEG_ASSIGN(source.topic_pattern, options.Get<std::string>("topic-pattern", ""));
  if (source.topics.empty() && source.topic_pattern.empty())
    return UserError("Required option is missing: 'topic' or 'topic-pattern' of {}", options.Label());
  if (!source.topics.empty() && !source.topic_pattern.empty())
    return UserError("Options contradict each other: 'topic' and 'topic-pattern' of {}", options.Label());
  return {};
}

/// "partition:0,offset:42;partition:1,offset:300" of one topic.
Result<LogOffsets> ReadOffsets(NodeOptions& options, const std::string& key, const std::vector<std::string>& topics) {
  THALWEG_ASSIGN(std::string text, options.Required(key));
  if (topics.size() != 1)
    return options.Bad(key, UserError("Offsets belong to one topic; there are {}", topics.size()));
  THALWEG_ASSIGN(config::StringList entries, config::ParseList(text));
  LogOffsets offsets;
  for (const std::string& entry : entries) {
    int32_t partition = -1;
    int64_t offset = -1;
    auto parts = config::ParseMap(entry);
    bool good = parts.ok() && parts->size() == 2 && parts->contains("partition") && parts->contains("offset");
    if (good) {
      auto number = config::ParseInteger(parts->at("partition"));
      auto at = config::ParseInteger(parts->at("offset"));
      good = number.ok() && at.ok() && *number >= 0 && *number <= INT32_MAX && *at >= 0;
      if (good) partition = static_cast<int32_t>(*number), offset = *at;
    }
    if (!good)
      return options.Bad(key, UserError("Not of the form 'partition:0,offset:42;partition:1,offset:300': '{}'", entry));
    if (!offsets.emplace(TopicPartition{topics.front(), partition}, offset).second)
      return options.Bad(key, UserError("Partition is given twice: {}", partition));
  }
  return offsets;
}

Result<int64_t> ReadTimestamp(NodeOptions& options, const std::string& key) {
  THALWEG_TRY(options.Required(key).status());
  THALWEG_ASSIGN(int64_t at, options.Get<int64_t>(key, 0));
  if (at < 0) return options.Bad(key, UserError("Timestamp is negative: {}", at));
  return at;
}

/// Where a group without committed offset begins: the client's own property decides, as in Flink.
Result<OffsetReset> TakeOffsetReset(NodeOptions& options, Properties& properties) {
  auto given = properties.extract("auto.offset.reset");
  if (given.empty() || given.mapped() == "none") return OffsetReset::kNone;
  if (given.mapped() == "earliest") return OffsetReset::kEarliest;
  if (given.mapped() == "latest") return OffsetReset::kLatest;
  return options.Bad(
      "properties.auto.offset.reset",
      UserError("Not one of the allowed values: '{}'; write one of: earliest, latest, none", given.mapped()));
}

Status ReadStart(NodeOptions& options, KafkaSourceOptions& source) {
  THALWEG_ASSIGN(std::string mode,
                 options.OneOf("scan.startup.mode",
                               {"earliest-offset", "latest-offset", "group-offsets", "timestamp", "specific-offsets"},
                               "group-offsets"));
  if (mode == "earliest-offset") source.start = StartOffsets::Earliest();
  if (mode == "latest-offset") source.start = StartOffsets::Latest();
  if (mode == "group-offsets") {
    THALWEG_ASSIGN(OffsetReset reset, TakeOffsetReset(options, source.properties));
    source.start = StartOffsets::Committed(reset);
  }
  if (mode == "timestamp") {
    THALWEG_ASSIGN(int64_t at, ReadTimestamp(options, "scan.startup.timestamp-millis"));
    source.start = StartOffsets::Timestamp(at);
  }
  if (mode == "specific-offsets") {
    THALWEG_ASSIGN(LogOffsets offsets, ReadOffsets(options, "scan.startup.specific-offsets", source.topics));
    source.start = StartOffsets::Specific(std::move(offsets));
  }
  return {};
}

Status ReadStop(NodeOptions& options, KafkaSourceOptions& source) {
  THALWEG_ASSIGN(
      std::string mode,
      options.OneOf("scan.bounded.mode",
                    {"unbounded", "latest-offset", "group-offsets", "timestamp", "specific-offsets"}, "unbounded"));
  if (mode == "latest-offset") source.stop = StopOffsets::Latest();
  if (mode == "group-offsets") source.stop = StopOffsets::Committed();
  if (mode == "timestamp") {
    THALWEG_ASSIGN(int64_t at, ReadTimestamp(options, "scan.bounded.timestamp-millis"));
    source.stop = StopOffsets::Timestamp(at);
  }
  if (mode == "specific-offsets") {
    THALWEG_ASSIGN(LogOffsets offsets, ReadOffsets(options, "scan.bounded.specific-offsets", source.topics));
    source.stop = StopOffsets::Specific(std::move(offsets));
  }
  return {};
}

Result<types::DataType> TypeOfMetadata(std::string_view name) {
  THALWEG_ASSIGN(KafkaMetadata metadata, ParseKafkaMetadata(name));
  return KafkaMetadataType(metadata);
}

Status ReadRows(NodeOptions& options, KafkaRowOptions& rows) {
  THALWEG_ASSIGN(types::SchemaPtr schema, SourceSchema(options.node()));
  THALWEG_ASSIGN(MetadataColumns columns, ReadMetadataColumns(options, schema, TypeOfMetadata));
  THALWEG_ASSIGN(FormatOptions format, ReadFormat(options, kTextFormats));
  THALWEG_ASSIGN(ErrorPolicy errors, ReadErrorPolicy(options));
  for (const std::string& name : columns.metadata) rows.metadata.push_back(ParseKafkaMetadata(name).value());
  rows.value_schema = columns.values;
  rows.layout = std::move(columns.layout);
  rows.make_decoder = [format, values = columns.values] { return MakeDecoder(format, values); };
  rows.on_parse_error = errors.policy;
  rows.dead_letter_port = errors.dead_letter_port;
  return rows.make_decoder().status().WithContext(options.Label());
}

/// A row's key columns by themselves, in another encoder.
class KeyEncoder final : public formats::RowEncoder {
 public:
  KeyEncoder(std::vector<int> columns, std::unique_ptr<formats::RowEncoder> encoder)
      : columns_(std::move(columns)), encoder_(std::move(encoder)) {}
  Status Encode(const columns::Batch& batch, int32_t row, std::string* out) override {
    columns::Batch key(pool_, batch.rows());
    for (int column : columns_) key.AddColumn(batch.column(column));
    return encoder_->Encode(key, row, out);
  }

 private:
  const std::vector<int> columns_;
  const std::unique_ptr<formats::RowEncoder> encoder_;
  columns::BufferPool pool_;
};

/// `key.fields`: one column of STRING or BYTES is the key as it stands; otherwise they are written in the value's format.
Status ReadKey(NodeOptions& options, const types::SchemaPtr& rows, const FormatOptions& format,
               KafkaSinkOptions& sink) {
  const std::string key = "key.fields";
  THALWEG_ASSIGN(config::StringList names, options.Get<config::StringList>(key, {}));
  std::vector<int> columns;
  std::vector<types::Field> fields;
  for (const std::string& name : names) {
    columns.push_back(rows->Find(name));
    if (columns.back() < 0) return options.Bad(key, UserError("No such column: '{}' of {}", name, rows->ToString()));
    fields.push_back(rows->field(columns.back()));
  }
  if (columns.empty()) return {};
  if (columns.size() == 1 && fields.front().type.is_variable()) {
    sink.key_column = columns.front();
    return {};
  }
  auto schema = std::make_shared<const types::Schema>(std::move(fields));
  sink.make_key_encoder = [format, schema, columns]() -> Result<std::unique_ptr<formats::RowEncoder>> {
    THALWEG_ASSIGN(std::unique_ptr<formats::RowEncoder> encoder, MakeEncoder(format, schema));
    return std::unique_ptr<formats::RowEncoder>(std::make_unique<KeyEncoder>(columns, std::move(encoder)));
  };
  if (Status status = sink.make_key_encoder().status(); !status.ok()) return options.Bad(key, status);
  return {};
}

}  // namespace

Result<KafkaSourceOptions> ReadKafkaSourceNode(const graph::Node& node) {
  NodeOptions options(node);
  KafkaSourceOptions source;
  source.properties = options.WithPrefix("properties.");
  THALWEG_TRY(options.Required("properties.bootstrap.servers").status());
  THALWEG_TRY(ReadTopics(options, source));
  THALWEG_TRY(ReadStart(options, source));
  THALWEG_TRY(ReadStop(options, source));
  THALWEG_ASSIGN(source.discovery_interval_ms,
                 options.Millis("scan.topic-partition-discovery.interval", source.discovery_interval_ms));
  THALWEG_TRY(ReadRows(options, source.rows));
  THALWEG_TRY(options.Finish());
  return source;
}

Result<std::shared_ptr<flow::Source>> MakeKafkaSourceNode(const graph::Node& node) {
  THALWEG_ASSIGN(KafkaSourceOptions options, ReadKafkaSourceNode(node));
  auto source = KafkaSource::Make(std::move(options));
  THALWEG_TRY(source.status().WithContext(NodeOptions(node).Label()));
  return std::shared_ptr<flow::Source>(*std::move(source));
}

Result<KafkaSinkOptions> ReadKafkaSinkNode(const graph::Node& node) {
  NodeOptions options(node);
  KafkaSinkOptions sink;
  THALWEG_ASSIGN(types::SchemaPtr rows, SinkSchema(node));
  sink.properties = options.WithPrefix("properties.");
  THALWEG_TRY(options.Required("properties.bootstrap.servers").status());
  THALWEG_ASSIGN(sink.topic, options.Required("topic"));
  THALWEG_ASSIGN(std::string guarantee,
                 options.OneOf("sink.delivery-guarantee", {"none", "at-least-once", "exactly-once"}, "at-least-once"));
  if (guarantee == "exactly-once")
    return options.Bad("sink.delivery-guarantee",
                       UserError("Kafka sink cannot write exactly once yet; write one of: none, at-least-once"));
  sink.guarantee = guarantee == "none" ? DeliveryGuarantee::kNone : DeliveryGuarantee::kAtLeastOnce;
  THALWEG_ASSIGN(FormatOptions format, ReadFormat(options, kTextFormats));
  sink.make_value_encoder = [format, rows] { return MakeEncoder(format, rows); };
  THALWEG_TRY(sink.make_value_encoder().status().WithContext(options.Label()));
  THALWEG_TRY(ReadKey(options, rows, format, sink));
  THALWEG_TRY(options.Finish());
  return sink;
}

Result<std::unique_ptr<flow::Operator>> MakeKafkaSinkNode(const graph::Node& node) {
  THALWEG_ASSIGN(KafkaSinkOptions options, ReadKafkaSinkNode(node));
  auto sink = KafkaSink::Make(std::move(options));
  THALWEG_TRY(sink.status().WithContext(NodeOptions(node).Label()));
  return std::unique_ptr<flow::Operator>(*std::move(sink));
}

}  // namespace thalweg::connectors
