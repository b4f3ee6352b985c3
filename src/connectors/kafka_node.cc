#include "connectors/kafka_node.h"

#include "connectors/format_options.h"
#include "connectors/metadata_columns.h"
#include "connectors/node_options.h"

namespace thalweg::connectors {
namespace {

using namespace kafka_option;  // NOLINT(google-build-using-namespace): the names of this connector's options

Status ReadTopics(NodeOptions& options, KafkaSourceOptions& source) {
  THALWEG_ASSIGN(source.topics, options.Get<config::StringList>(kTopic, {}));
  THALWEG_ASSIGN(source.topic_pattern, options.Get<std::string>(kTopicPattern, ""));
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

Status ReadRows(NodeOptions& options, KafkaRowOptions& rows) {
  THALWEG_ASSIGN(types::SchemaPtr schema, SourceSchema(options.node()));
  THALWEG_ASSIGN(MetadataColumns columns, ReadMetadataColumns(options, schema, TypeOfKafkaMetadata));
  THALWEG_ASSIGN(FormatOptions format, ReadFormat(options, {"json", "csv", "raw"}));
  THALWEG_ASSIGN(ErrorPolicy errors, ReadErrorPolicy(options));
  for (const std::string& name : columns.metadata) rows.metadata.push_back(ParseKafkaMetadata(name).value());
  rows.value_schema = columns.values;
  rows.layout = std::move(columns.layout);
  rows.make_decoder = [format, values = columns.values] { return MakeDecoder(format, values); };
  rows.on_parse_error = errors.policy;
  rows.dead_letter_port = errors.dead_letter_port;
  return rows.make_decoder().status().WithContext(options.Label());
}

}  // namespace

Result<KafkaSourceOptions> ReadKafkaSourceNode(const graph::Node& node) {
  NodeOptions options(node);
  KafkaSourceOptions source;
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
