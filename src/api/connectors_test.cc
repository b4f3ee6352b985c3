// The builders: each call is an option of the connector, and the connector takes what was built.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/files.h"
#include "api/kafka.h"
#include "api/trial.h"
#include "connectors/file_node.h"
#include "connectors/kafka_node.h"
#include "connectors/trial_node.h"
#include "types/type_codec.h"

namespace thalweg::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using namespace std::chrono_literals;

struct View {
  std::string page;
  int64_t user = 0;
  std::optional<int32_t> partition;
  std::string country;
  int64_t at = 0;
  std::map<std::string, std::optional<std::string>> tags;
  std::string unlisted;
};
THALWEG_RECORD(View, page, user, partition, country, at, tags)

graph::Node NodeOf(const Source<View>& source) {
  graph::Node node{.name = source.name, .kind = source.kind, .options = source.options};
  node.outputs.push_back({"main", source.schema, {}, {}});
  return node;
}
graph::Node NodeOf(const Sink<View>& sink) {
  return {.name = sink.name, .kind = sink.kind, .options = sink.options, .payload = types::EncodeSchema(*sink.schema)};
}
connectors::KafkaSourceOptions Read(const KafkaSource<View>& source) {
  auto options = connectors::ReadKafkaSourceNode(NodeOf(source.Build()));
  EXPECT_TRUE(options.ok()) << options.status().message();
  return options.ok() ? *std::move(options) : connectors::KafkaSourceOptions();
}
KafkaSource<View> Views() { return {"localhost:9092", "views"}; }

TEST(KafkaSource, NamesTopicsOrAPattern) {
  EXPECT_THAT(Read(Views()).topics, ElementsAre("views"));
  EXPECT_THAT(Read(Views().Topics({"a", "b"})).topics, ElementsAre("a", "b"));
  auto pattern = Read(Views().TopicPattern("views-.*"));
  EXPECT_EQ(pattern.topic_pattern, "views-.*");
  EXPECT_THAT(pattern.topics, ElementsAre());
  EXPECT_EQ(KafkaSource<View>("h:1").TopicPattern("v.*").Build().name, "kafka:v.*");
  EXPECT_EQ(Views().Build().name, "kafka:views");
}

TEST(KafkaSource, TheLastStartHolds) {
  using Kind = connectors::StartOffsets::Kind;
  EXPECT_EQ(Read(Views()).start.kind, Kind::kEarliest);
  EXPECT_EQ(Read(Views().StartTimestamp(17).StartLatest()).start.kind, Kind::kLatest);
  EXPECT_EQ(Read(Views().StartLatest().StartTimestamp(17)).start.timestamp_ms, 17);
  auto specific = Read(Views().StartSpecific({{0, 42}, {1, 300}})).start;
  EXPECT_THAT(specific.specific, ElementsAre(Pair(connectors::TopicPartition{"views", 0}, 42),
                                             Pair(connectors::TopicPartition{"views", 1}, 300)));
  EXPECT_EQ(Read(Views().StartCommitted()).start.reset, OffsetReset::kNone);
  EXPECT_EQ(Read(Views().StartCommitted(OffsetReset::kLatest)).start.reset, OffsetReset::kLatest);
  EXPECT_EQ(Read(Views().Property("auto.offset.reset", "earliest").StartCommitted()).start.reset,
            OffsetReset::kEarliest);
}

TEST(KafkaSource, TheLastBoundHolds) {
  using Kind = connectors::StopOffsets::Kind;
  EXPECT_EQ(Read(Views()).stop.kind, Kind::kNever);
  EXPECT_EQ(Read(Views().BoundedTimestamp(17).BoundedLatest()).stop.kind, Kind::kLatest);
  EXPECT_EQ(Read(Views().BoundedCommitted()).stop.kind, Kind::kCommitted);
  EXPECT_EQ(Read(Views().BoundedTimestamp(17)).stop.timestamp_ms, 17);
  EXPECT_THAT(Read(Views().BoundedSpecific({{1, 9}})).stop.specific,
              ElementsAre(Pair(connectors::TopicPartition{"views", 1}, 9)));
}

TEST(KafkaSource, TakesTheRestOfItsOptions) {
  auto source = Read(Views()
                         .Group("stats")
                         .Property("fetch.min.bytes", "10")
                         .DiscoverEvery(30s)
                         .Metadata(&View::at, "timestamp")
                         .Metadata("tags", "headers")
                         .OnParseError(formats::ParseErrorPolicy::kSkip));
  EXPECT_EQ(source.properties.at("group.id"), "stats");
  EXPECT_EQ(source.properties.at("fetch.min.bytes"), "10");
  EXPECT_EQ(source.discovery_interval_ms, 30'000);
  EXPECT_THAT(source.rows.metadata,
              ElementsAre(connectors::KafkaMetadata::kTimestamp, connectors::KafkaMetadata::kHeaders));
  EXPECT_EQ(source.rows.on_parse_error, formats::ParseErrorPolicy::kSkip);
}

TEST(KafkaSource, AMemberThatTheRecordLeavesOutIsAnError) {
  auto options = connectors::ReadKafkaSourceNode(NodeOf(Views().Metadata(&View::unlisted, "key").Build()));
  EXPECT_THAT(options.status().message(), HasSubstr("No such column: '(a member that THALWEG_RECORD leaves out)'"));
}

TEST(KafkaSink, FieldsFillThePartsOfTheMessage) {
  auto sink = connectors::ReadKafkaSinkNode(NodeOf(KafkaSink<View>("localhost:9092")
                                                       .TopicFrom(&View::country)
                                                       .Topics({"de", "fr"})
                                                       .PartitionFrom(&View::partition)
                                                       .TimestampFrom("at")
                                                       .Headers(&View::tags)
                                                       .Key(&View::user, "page")
                                                       .KeyFormat("csv")
                                                       .ValueWithoutKey()
                                                       .Option("metadata.page", "key")
                                                       .Build()));
  EXPECT_THAT(sink.status().message(), HasSubstr("Column 'page' is the key already"));
  sink = connectors::ReadKafkaSinkNode(NodeOf(KafkaSink<View>("localhost:9092")
                                                  .TopicFrom(&View::country)
                                                  .Topics({"de", "fr"})
                                                  .PartitionFrom(&View::partition)
                                                  .TimestampFrom("at")
                                                  .Headers(&View::tags)
                                                  .Key(&View::user)
                                                  .KeyFormat("csv")
                                                  .ValueWithoutKey()
                                                  .Build()));
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->topic_column, 3);
  EXPECT_THAT(sink->allowed_topics, ElementsAre("de", "fr"));
  EXPECT_EQ(sink->partition_column, 2);
  EXPECT_EQ(sink->timestamp_column, 4);
  EXPECT_EQ(sink->headers_column, 5);
  EXPECT_THAT(sink->key_columns, ElementsAre(1));
  EXPECT_THAT(sink->value_columns, ElementsAre(0));
}

TEST(KafkaSink, DeliveryAndPartitionerAreOptions) {
  auto sink = connectors::ReadKafkaSinkNode(NodeOf(KafkaSink<View>("localhost:9092", "t")
                                                       .Delivery(DeliveryGuarantee::kNone)
                                                       .Partitioner(KafkaPartitioner::kFixed)
                                                       .Property("linger.ms", "5")
                                                       .Build()));
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->guarantee, DeliveryGuarantee::kNone);
  EXPECT_EQ(sink->partitioner, KafkaPartitioner::kFixed);
  EXPECT_EQ(sink->properties.at("linger.ms"), "5");
}

struct Line {
  std::string text;
  int64_t number = 0;
  double price = 0;
  std::optional<std::string> note;
  types::Timestamp at;
};
THALWEG_RECORD(Line, text, number, price, note, at)

TEST(FileBuilders, RollingCompressionAndMetadataAreOptions) {
  Sink<Line> built =
      FileSink<Line>("/tmp/lines", "json").RollAtSize(1000).RollEvery(2min).Compress(Compression::kZstd).Build();
  graph::Node node{.name = built.name, .kind = built.kind, .options = built.options};
  node.payload = types::EncodeSchema(*built.schema);
  auto sink = connectors::ReadFileSinkNode(node);
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->rolling_file_size, 1000u);
  EXPECT_EQ(sink->rollover_interval_ms, 120'000);
  EXPECT_EQ(sink->compression, Compression::kZstd);

  Source<Line> read = FileSource<Line>("/tmp/lines", "csv").Watch(5s).Metadata(&Line::number, "file.offset").Build();
  node = {.name = read.name, .kind = read.kind, .options = read.options};
  node.outputs.push_back({"main", read.schema, {}, {}});
  auto source = connectors::ReadFileSourceNode(node);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->discovery_interval_ms, 5000);
  EXPECT_THAT(source->metadata, ElementsAre(connectors::FileMetadata::kOffset));
}

TEST(Datagen, FieldsAreGeneratedAsTheyWereAskedFor) {
  Source<Line> built = Datagen<Line>()
                           .Rows(100)
                           .RowsPerSecond(0)
                           .Seed(7)
                           .Sequence(&Line::number, 5, 50)
                           .Between(&Line::price, 0.5, 2)
                           .LengthUpTo(&Line::text, 12)
                           .NullRate(&Line::note, 0.25)
                           .MaxPast(&Line::at, 1h)
                           .Build();
  graph::Node node{.name = built.name, .kind = built.kind, .options = built.options};
  node.outputs.push_back({"main", built.schema, {}, {}});
  auto datagen = connectors::ReadDatagenNode(node, 0);
  ASSERT_TRUE(datagen.ok()) << datagen.status().message();
  EXPECT_EQ(datagen->number_of_rows, 100);
  EXPECT_EQ(datagen->rows_per_second, 0);
  EXPECT_EQ(datagen->seed, 7u);
  EXPECT_EQ(datagen->fields[0].length, 12);
  EXPECT_TRUE(datagen->fields[0].var_len);
  EXPECT_EQ(datagen->fields[1].kind, connectors::DatagenField::Kind::kSequence);
  EXPECT_EQ(datagen->fields[1].end, 50);
  EXPECT_EQ(datagen->fields[2].min, 0.5);
  EXPECT_EQ(datagen->fields[2].max, 2);
  EXPECT_EQ(datagen->fields[3].null_rate, 0.25);
  EXPECT_EQ(datagen->fields[4].max_past_ms, 3'600'000);
  EXPECT_TRUE(connectors::MakeDatagenNode(node, 0).ok());
}

}  // namespace
}  // namespace thalweg::api
