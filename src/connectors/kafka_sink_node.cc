// The node "kafka-sink": which columns make a message's key, value, headers and place.
#include <algorithm>

#include "connectors/format_options.h"
#include "connectors/kafka_node.h"
#include "connectors/kafka_rows.h"
#include "connectors/kafka_topic.h"
#include "connectors/node_options.h"

namespace thalweg::connectors {
namespace {

using namespace kafka_option;  // NOLINT(google-build-using-namespace): the names of this connector's options

const std::vector<std::string> kTextFormats = {"json", "csv", "raw", "avro"};
const std::vector<std::string> kChangeTextFormats = {"json", "csv", "raw", "avro", "debezium-json"};

/// What is being read, and which columns are spoken for.
struct Reading {
  NodeOptions& options;
  types::SchemaPtr rows;
  KafkaSinkOptions sink;
  std::vector<int> metadata, key;

  Result<int> Column(const std::string& option, const std::string& name) const {
    int column = rows->Find(name);
    if (column < 0) return options.Bad(option, UserError("No such column: '{}' of {}", name, rows->ToString()));
    return column;
  }
};

/// The member of KafkaSinkOptions that a metadata fills; null: it is for reading.
int KafkaSinkOptions::* Filled(KafkaMetadata metadata) {
  switch (metadata) {
    case KafkaMetadata::kKey: return &KafkaSinkOptions::key_column;
    case KafkaMetadata::kHeaders:
    case KafkaMetadata::kHeaderList: return &KafkaSinkOptions::headers_column;
    case KafkaMetadata::kTopic: return &KafkaSinkOptions::topic_column;
    case KafkaMetadata::kPartition: return &KafkaSinkOptions::partition_column;
    case KafkaMetadata::kTimestamp: return &KafkaSinkOptions::timestamp_column;
    default: return nullptr;
  }
}

/// `metadata.<column>`: columns that are a part of the message beside its value.
Status ReadMetadata(Reading& reading) {
  for (const auto& [name, text] : reading.options.WithPrefix(kMetadata)) {
    const std::string option = kMetadata + name;
    THALWEG_ASSIGN(int column, reading.Column(option, name));
    auto metadata = ParseKafkaMetadata(text);
    if (!metadata.ok()) return reading.options.Bad(option, metadata.status());
    int KafkaSinkOptions::* filled = Filled(*metadata);
    if (!filled)
      return reading.options.Bad(option, UserError("Metadata '{}' can only be read; writable are key, headers, "
                                                   "header-list, topic, partition, timestamp",
                                                   text));
    if (reading.sink.*filled >= 0)
      return reading.options.Bad(option, UserError("Metadata '{}' is given twice: by '{}', too", text,
                                                   reading.rows->field(reading.sink.*filled).name));
    const types::DataType& type = reading.rows->field(column).type;
    if (!HoldsAs(type, KafkaMetadataType(*metadata)))
      return reading.options.Bad(option, UserError("Metadata '{}' is {}, the column is {}", text,
                                                   KafkaMetadataType(*metadata).ToString(), type.ToString()));
    reading.sink.*filled = column;
    reading.metadata.push_back(column);
  }
  return {};
}

/// `topic`: where rows go. With a topic column it is the list of those allowed, as in Flink, or left out.
Status ReadTopic(Reading& reading) {
  THALWEG_ASSIGN(config::StringList topics, reading.options.Get<config::StringList>(kTopic, {}));
  for (const std::string& topic : topics)
    if (Status name = CheckKafkaTopic(topic); !name.ok()) return reading.options.Bad(kTopic, name);
  if (reading.sink.topic_column >= 0) {
    reading.sink.allowed_topics = std::move(topics);
    return {};
  }
  THALWEG_TRY(reading.options.Required(kTopic).status());
  if (topics.size() != 1)
    return reading.options.Bad(
        kTopic,
        UserError("A sink of {} topics needs a column 'metadata.<column>' = topic that chooses", topics.size()));
  reading.sink.topic = topics.front();
  return {};
}

/// Fields of `columns`, without the prefix.
Result<types::SchemaPtr> Part(const Reading& reading, const std::vector<int>& columns, const std::string& prefix) {
  std::vector<types::Field> fields;
  for (int column : columns) {
    types::Field field = reading.rows->field(column);
    if (!field.name.starts_with(prefix))
      return reading.options.Bad(kKeyFields, UserError("Key field '{}' does not begin with '{}', the value of '{}'",
                                                       field.name, prefix, kKeyFieldsPrefix));
    field.name.erase(0, prefix.size());
    fields.push_back(std::move(field));
  }
  return std::make_shared<const types::Schema>(std::move(fields));
}

/// `key.fields` in `key.format`; without a format one column of STRING or BYTES is the key as it stands, others are written in the
/// value's.
Status ReadKey(Reading& reading, const FormatOptions& value_format) {
  NodeOptions& options = reading.options;
  THALWEG_ASSIGN(config::StringList names, options.Get<config::StringList>(kKeyFields, {}));
  THALWEG_ASSIGN(std::string prefix, options.Get<std::string>(kKeyFieldsPrefix, ""));
  if (names.empty()) {
    if (reading.sink.accepts == graph::ChangelogMode::kUpsert) THALWEG_TRY(options.Required(kKeyFields).status());
    for (const char* key : {kKeyFormat, kKeyFieldsPrefix})
      if (options.Has(key)) return options.Bad(key, UserError("It needs the columns of the key: '{}'", kKeyFields));
    return {};
  }
  if (reading.sink.key_column >= 0)
    return options.Bad(kKeyFields,
                       UserError("Column '{}' is the key already", reading.rows->field(reading.sink.key_column).name));
  for (const std::string& name : names) {
    THALWEG_ASSIGN(int column, reading.Column(kKeyFields, name));
    if (std::find(reading.metadata.begin(), reading.metadata.end(), column) != reading.metadata.end())
      return options.Bad(kKeyFields, UserError("Column '{}' is metadata", name));
    reading.key.push_back(column);
  }
  THALWEG_ASSIGN(types::SchemaPtr schema, Part(reading, reading.key, prefix));
  FormatOptions format = value_format;
  format.debezium = false;  // a key is no change
  if (options.Has(kKeyFormat)) {
    THALWEG_ASSIGN(format, ReadFormat(options, kTextFormats, "key."));
  } else if (names.size() == 1 && schema->field(0).type.is_variable()) {
    reading.sink.key_column = reading.key.front();
    return {};
  }
  reading.sink.key_columns = reading.key;
  reading.sink.make_key_encoder = [format, schema] { return MakeEncoder(format, schema); };
  if (Status status = reading.sink.make_key_encoder().status(); !status.ok())
    return options.Bad(options.Has(kKeyFormat) ? kKeyFormat : kKeyFields, status);
  return {};
}

/// The columns that are neither metadata nor, under EXCEPT_KEY, the key.
Status ReadValue(Reading& reading, const FormatOptions& format) {
  NodeOptions& options = reading.options;
  THALWEG_ASSIGN(std::string include, options.OneOf(kValueFields, {kAll, kExceptKey}, kAll));
  const bool with_key = include == kAll;
  if (with_key && options.Has(kKeyFieldsPrefix))
    return options.Bad(kKeyFieldsPrefix, UserError("It needs '{}' = {}", kValueFields, kExceptKey));
  std::vector<int> left;
  auto in = [](const std::vector<int>& columns, int column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  for (int column = 0; column < reading.rows->size(); ++column)
    if (!in(reading.metadata, column) && (with_key || !in(reading.key, column))) left.push_back(column);
  if (left.empty())
    return UserError("Every column is key or metadata, none is left for the value: {}", options.Label());
  THALWEG_ASSIGN(types::SchemaPtr schema, Part(reading, left, ""));
  if (schema->size() < reading.rows->size()) reading.sink.value_columns = std::move(left);
  reading.sink.make_value_encoder = [format, schema] { return MakeEncoder(format, schema); };
  return reading.sink.make_value_encoder().status().WithContext(options.Label());
}

Status ReadDelivery(Reading& reading) {
  NodeOptions& options = reading.options;
  THALWEG_ASSIGN(std::string guarantee,
                 options.OneOf(kDelivery, {"none", "at-least-once", "exactly-once"}, "at-least-once"));
  if (guarantee == DeliveryGuaranteeName(DeliveryGuarantee::kExactlyOnce))
    return options.Bad(kDelivery,
                       UserError("Kafka sink cannot write exactly once yet; write one of: none, at-least-once"));
  reading.sink.guarantee = guarantee == DeliveryGuaranteeName(DeliveryGuarantee::kNone)
                               ? DeliveryGuarantee::kNone
                               : DeliveryGuarantee::kAtLeastOnce;
  THALWEG_ASSIGN(std::string partitioner, options.OneOf(kPartitioner, {"default", "fixed", "round-robin"}, "default"));
  const bool keyed = reading.sink.key_column >= 0 || reading.sink.make_key_encoder;
  if (partitioner == KafkaPartitionerName(KafkaPartitioner::kFixed))
    reading.sink.partitioner = KafkaPartitioner::kFixed;
  if (partitioner == KafkaPartitionerName(KafkaPartitioner::kRoundRobin)) {
    if (keyed)
      return options.Bad(kPartitioner, UserError("round-robin is for rows without a key: leave the key out, or write "
                                                 "one of: default, fixed"));
    reading.sink.partitioner = KafkaPartitioner::kRoundRobin;
  }
  return {};
}

}  // namespace

Result<KafkaSinkOptions> ReadKafkaSinkNode(const graph::Node& node) {
  NodeOptions options(node);
  Reading reading{.options = options};
  THALWEG_ASSIGN(reading.rows, SinkSchema(node));
  reading.sink.properties = options.WithPrefix(kProperties);
  THALWEG_TRY(options.Required(kServers).status());
  THALWEG_TRY(ReadMetadata(reading));
  THALWEG_TRY(ReadTopic(reading));
  reading.sink.accepts = node.kind == kUpsertKafkaSink ? graph::ChangelogMode::kUpsert : graph::ChangelogMode::kAppend;
  const bool upsert = reading.sink.accepts == graph::ChangelogMode::kUpsert;
  THALWEG_ASSIGN(FormatOptions format, ReadValueFormat(options, upsert ? kTextFormats : kChangeTextFormats));
  if (format.debezium) reading.sink.accepts = graph::ChangelogMode::kRetract;
  THALWEG_TRY(ReadKey(reading, format));
  THALWEG_TRY(ReadValue(reading, format));
  THALWEG_TRY(ReadDelivery(reading));
  THALWEG_TRY(options.Finish());
  return std::move(reading.sink);
}

Result<std::unique_ptr<flow::Operator>> MakeKafkaSinkNode(const graph::Node& node) {
  THALWEG_ASSIGN(KafkaSinkOptions options, ReadKafkaSinkNode(node));
  auto sink = KafkaSink::Make(std::move(options));
  THALWEG_TRY(sink.status().WithContext(NodeOptions(node).Label()));
  return std::unique_ptr<flow::Operator>(*std::move(sink));
}

}  // namespace thalweg::connectors
