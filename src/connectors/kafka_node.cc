#include "connectors/kafka_node.h"

#include "connectors/format_options.h"
#include "connectors/kafka_topic.h"
#include "connectors/metadata_columns.h"
#include "connectors/node_options.h"

namespace thalweg::connectors {
namespace {

using namespace kafka_option;  // NOLINT(google-build-using-namespace): the names of this connector's options

const std::vector<std::string> kRecordFormats = {"json", "csv", "raw", "avro"};
const std::vector<std::string> kChangeFormats = {"json", "csv", "raw", "avro", "debezium-json"};

Status ReadTopics(NodeOptions& options, KafkaSourceOptions& source) {
  THALWEG_ASSIGN(source.topics, options.Get<config::StringList>(kTopic, {}));
  THALWEG_ASSIGN(source.topic_pattern, options.Get<std::string>(kTopicPattern, ""));
  if (source.topics.empty() && source.topic_pattern.empty())
    return UserError("Required option is missing: 'topic' or 'topic-pattern' of {}{}", options.Label(),
                     options.MisspeltText(kTopic));
  for (const std::string& topic : source.topics)
    if (Status name = CheckKafkaTopic(topic); !name.ok()) return options.Bad(kTopic, name);
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
      kOffsetReset,
      UserError("Not one of the allowed values: '{}'; write one of: earliest, latest, none", given.mapped()));
}

Status ReadStart(NodeOptions& options, KafkaSourceOptions& source) {
  THALWEG_ASSIGN(
      std::string mode,
      options.OneOf(kStart, {kEarliest, kLatest, kGroupOffsets, kTimestamp, kSpecificOffsets}, kGroupOffsets));
  if (mode == kEarliest) source.start = StartOffsets::Earliest();
  if (mode == kLatest) source.start = StartOffsets::Latest();
  if (mode == kGroupOffsets) {
    THALWEG_ASSIGN(OffsetReset reset, TakeOffsetReset(options, source.properties));
    source.start = StartOffsets::Committed(reset);
  }
  if (mode == kTimestamp) {
    THALWEG_ASSIGN(int64_t at, ReadTimestamp(options, kStartTimestamp));
    source.start = StartOffsets::Timestamp(at);
  }
  if (mode == kSpecificOffsets) {
    THALWEG_ASSIGN(LogOffsets offsets, ReadOffsets(options, kStartOffsets, source.topics));
    source.start = StartOffsets::Specific(std::move(offsets));
  }
  return {};
}

Status ReadStop(NodeOptions& options, KafkaSourceOptions& source) {
  THALWEG_ASSIGN(std::string mode,
                 options.OneOf(kStop, {kUnbounded, kLatest, kGroupOffsets, kTimestamp, kSpecificOffsets}, kUnbounded));
  if (mode == kLatest) source.stop = StopOffsets::Latest();
  if (mode == kGroupOffsets) source.stop = StopOffsets::Committed();
  if (mode == kTimestamp) {
    THALWEG_ASSIGN(int64_t at, ReadTimestamp(options, kStopTimestamp));
    source.stop = StopOffsets::Timestamp(at);
  }
  if (mode == kSpecificOffsets) {
    THALWEG_ASSIGN(LogOffsets offsets, ReadOffsets(options, kStopOffsets, source.topics));
    source.stop = StopOffsets::Specific(std::move(offsets));
  }
  return {};
}

Result<types::DataType> TypeOfKafkaMetadata(std::string_view name) {
  THALWEG_ASSIGN(KafkaMetadata metadata, ParseKafkaMetadata(name));
  return KafkaMetadataType(metadata);
}

/// `key.fields` of the rows, and what `key.format` and `value.fields-include` say of them.
struct KeyReading {
  std::vector<types::Field> fields;
  std::vector<int> columns;  // of the record's columns
  FormatOptions format;
  types::SchemaPtr decoded;  // as the key's format calls them
  bool in_value = true;
};

Status ReadKeyFields(NodeOptions& options, const types::Schema& columns, const std::string& prefix, KeyReading& key) {
  THALWEG_ASSIGN(config::StringList names, options.Get<config::StringList>(kKeyFields, {}));
  std::vector<types::Field> decoded;
  for (const std::string& name : names) {
    const int column = columns.Find(name);
    if (column < 0) return options.Bad(kKeyFields, UserError("No such column: '{}' of {}", name, columns.ToString()));
    key.columns.push_back(column);
    key.fields.push_back(columns.field(column));
    if (!name.starts_with(prefix))
      return options.Bad(kKeyFields, UserError("Key field '{}' does not begin with '{}', the value of '{}'", name,
                                               prefix, kKeyFieldsPrefix));
    decoded.push_back({name.substr(prefix.size()), columns.field(column).type});
  }
  key.decoded = std::make_shared<const types::Schema>(std::move(decoded));
  return {};
}

/// `columns`: those of the record, key and value. No fields: the table has no key.
Result<KeyReading> ReadSourceKey(NodeOptions& options, const types::Schema& columns) {
  KeyReading key;
  THALWEG_ASSIGN(std::string include, options.OneOf(kValueFields, {kAll, kExceptKey}, kAll));
  THALWEG_ASSIGN(std::string prefix, options.Get<std::string>(kKeyFieldsPrefix, ""));
  key.in_value = include == kAll;
  THALWEG_TRY(ReadKeyFields(options, columns, prefix, key));
  if (key.in_value && !prefix.empty())
    return options.Bad(kKeyFieldsPrefix, UserError("It needs '{}' = {}", kValueFields, kExceptKey));
  if (key.fields.empty()) {
    for (const char* given : {kKeyFormat, kKeyFieldsPrefix})
      if (options.Has(given)) return options.Bad(given, UserError("It needs the columns of the key: '{}'", kKeyFields));
    return key;
  }
  THALWEG_TRY(options.Required(kKeyFormat).status());
  THALWEG_ASSIGN(key.format, ReadFormat(options, kRecordFormats, "key."));
  if (Status status = MakeDecoder(key.format, key.decoded).status(); !status.ok())
    return options.Bad(kKeyFormat, status);
  return key;
}

/// Order of the rows' columns from names: `built` has them all.
RowLayout LayoutFor(const types::Schema& rows, std::vector<types::Field> built) {
  const types::Schema schema(built);
  std::vector<int> order;
  for (const types::Field& field : rows.fields()) order.push_back(schema.Find(field.name));
  return RowLayout::Make(std::move(built), order);
}

/// The key's part of `rows`, and the value's columns without it. Where both hold the key, a table by key takes it from the key (a
/// tombstone has no other), and any other from the value, as Flink does.
types::SchemaPtr PlaceKey(const KeyReading& key, const types::SchemaPtr& columns, KafkaRowOptions& rows) {
  if (key.fields.empty() || (key.in_value && !rows.upsert)) return columns;
  rows.key.schema = std::make_shared<const types::Schema>(key.fields);
  rows.key.make_decoder = [format = key.format, decoded = key.decoded] { return MakeDecoder(format, decoded); };
  if (key.in_value) {
    rows.key.replaced = key.columns;
    return columns;
  }
  std::vector<types::Field> values;
  for (const types::Field& field : columns->fields())
    if (rows.key.schema->Find(field.name) < 0) values.push_back(field);
  return std::make_shared<const types::Schema>(std::move(values));
}

Status ReadRows(NodeOptions& options, KafkaRowOptions& rows) {
  THALWEG_ASSIGN(types::SchemaPtr schema, SourceSchema(options.node()));
  THALWEG_ASSIGN(MetadataColumns columns, ReadMetadataColumns(options, schema, TypeOfKafkaMetadata));
  THALWEG_ASSIGN(FormatOptions format, ReadValueFormat(options, rows.upsert ? kRecordFormats : kChangeFormats));
  THALWEG_ASSIGN(KeyReading key, ReadSourceKey(options, *columns.values));
  THALWEG_ASSIGN(ErrorPolicy errors, ReadErrorPolicy(options, format.ignore_parse_errors()));
  if (rows.upsert && key.fields.empty()) THALWEG_TRY(options.Required(kKeyFields).status());
  for (const std::string& name : columns.metadata) rows.metadata.push_back(ParseKafkaMetadata(name).value());
  rows.value_schema = PlaceKey(key, columns.values, rows);
  if (rows.value_schema->size() == 0)
    return UserError("Every column is key or metadata, none is left for the value: {}", options.Label());
  rows.layout = std::move(columns.layout);
  if (rows.value_schema != columns.values) {
    std::vector<types::Field> built = rows.value_schema->fields();
    for (const types::Field& field : schema->fields())
      if (columns.values->Find(field.name) < 0) built.push_back(field);
    built.insert(built.end(), key.fields.begin(), key.fields.end());
    rows.layout = LayoutFor(*schema, std::move(built));
  }
  rows.make_decoder = [format, values = rows.value_schema] { return MakeDecoder(format, values); };
  rows.on_parse_error = errors.policy;
  rows.dead_letter_port = errors.dead_letter_port;
  return rows.make_decoder().status().WithContext(options.Label());
}

}  // namespace

Result<KafkaSourceOptions> ReadKafkaSourceNode(const graph::Node& node) {
  NodeOptions options(node);
  KafkaSourceOptions source;
  source.rows.upsert = node.kind == kUpsertKafkaSource;
  source.properties = options.WithPrefix(kProperties);
  THALWEG_TRY(options.Required(kServers).status());
  THALWEG_TRY(ReadTopics(options, source));
  THALWEG_TRY(ReadStart(options, source));
  THALWEG_TRY(ReadStop(options, source));
  THALWEG_ASSIGN(source.discovery_interval_ms, options.Millis(kDiscovery, source.discovery_interval_ms));
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

}  // namespace thalweg::connectors
