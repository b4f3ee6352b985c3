#include "connectors/kafka_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/builder.h"
#include "connectors/bare_task.h"
#include "connectors/node_samples_test.h"
#include "connectors/scripted_log.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using types::DataType;
using types::TypeId;

NodeOptionMap With(NodeOptionMap more) {
  more.insert({{"topic", "views"}, {"properties.bootstrap.servers", "localhost:9092"}, {"format", "json"}});
  return more;
}

Result<KafkaSourceOptions> Source(NodeOptionMap more) {
  return ReadKafkaSourceNode(SourceNode("kafka-source", With(std::move(more))));
}
std::string SourceError(NodeOptionMap more) { return Source(std::move(more)).status().message(); }
Result<KafkaSinkOptions> Sink(NodeOptionMap more) {
  return ReadKafkaSinkNode(SinkNode("kafka-sink", With(std::move(more))));
}
std::string SinkError(NodeOptionMap more) { return Sink(std::move(more)).status().message(); }

TEST(KafkaSourceNode, StartsAtTheGroupsOffsetsAndNeverEndsUnlessTold) {
  auto source = Source({{"properties.group.id", "g"}});
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_THAT(source->topics, ElementsAre("views"));
  EXPECT_THAT(source->properties, ElementsAre(Pair("bootstrap.servers", "localhost:9092"), Pair("group.id", "g")));
  EXPECT_EQ(source->start.kind, StartOffsets::Kind::kCommitted);
  EXPECT_EQ(source->start.reset, OffsetReset::kNone);
  EXPECT_EQ(source->stop.kind, StopOffsets::Kind::kNever);
  EXPECT_EQ(source->discovery_interval_ms, 300'000);
  EXPECT_EQ(KafkaRowSchema(source->rows)->ToString(), ViewSchema().ToString());
}

TEST(KafkaSourceNode, WhereAGroupWithoutOffsetsBeginsIsTheClientsProperty) {
  EXPECT_EQ(Source({{"properties.auto.offset.reset", "latest"}})->start.reset, OffsetReset::kLatest);
  EXPECT_EQ(Source({{"properties.auto.offset.reset", "earliest"}})->properties.count("auto.offset.reset"), 0u);
  EXPECT_THAT(SourceError({{"properties.auto.offset.reset", "middle"}}),
              HasSubstr("write one of: earliest, latest, none"));
}

TEST(KafkaSourceNode, StartAndStopModesAreFlinks) {
  auto source = Source({{"scan.startup.mode", "timestamp"},
                        {"scan.startup.timestamp-millis", "17"},
                        {"scan.bounded.mode", "specific-offsets"},
                        {"scan.bounded.specific-offsets", "partition:0,offset:42;partition:1,offset:300"},
                        {"scan.topic-partition-discovery.interval", "10 s"}});
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->start.timestamp_ms, 17);
  EXPECT_THAT(source->stop.specific,
              ElementsAre(Pair(TopicPartition{"views", 0}, 42), Pair(TopicPartition{"views", 1}, 300)));
  EXPECT_EQ(source->discovery_interval_ms, 10'000);
  EXPECT_EQ(Source({{"scan.startup.mode", "earliest-offset"}})->start.kind, StartOffsets::Kind::kEarliest);
  EXPECT_EQ(Source({{"scan.startup.mode", "latest-offset"}})->start.kind, StartOffsets::Kind::kLatest);
  EXPECT_EQ(Source({{"scan.bounded.mode", "latest-offset"}})->stop.kind, StopOffsets::Kind::kLatest);
  EXPECT_EQ(Source({{"scan.bounded.mode", "group-offsets"}})->stop.kind, StopOffsets::Kind::kCommitted);
}

TEST(KafkaSourceNode, AStartOrStopWithoutItsOptionIsAnError) {
  EXPECT_EQ(SourceError({{"scan.startup.mode", "timestamp"}}),
            "Required option is missing: 'scan.startup.timestamp-millis' of kafka-source 'clicks'");
  EXPECT_EQ(SourceError({{"scan.bounded.mode", "specific-offsets"}}),
            "Required option is missing: 'scan.bounded.specific-offsets' of kafka-source 'clicks'");
  EXPECT_THAT(SourceError({{"scan.startup.mode", "timestamp"}, {"scan.startup.timestamp-millis", "-1"}}),
              HasSubstr("Timestamp is negative: -1"));
  EXPECT_THAT(SourceError({{"scan.startup.mode", "begin"}}),
              HasSubstr("Not one of the allowed values: 'begin'; write one of: earliest-offset"));
  // An option of a mode that was not chosen has no effect: say so.
  EXPECT_THAT(SourceError({{"scan.startup.timestamp-millis", "17"}}),
              StartsWith("Unknown option 'scan.startup.timestamp-millis'"));
}

TEST(KafkaSourceNode, MalformedOffsetsAreErrors) {
  auto error = [](const std::string& text) {
    return SourceError({{"scan.startup.mode", "specific-offsets"}, {"scan.startup.specific-offsets", text}});
  };
  for (const char* text :
       {"0:42", "partition:0", "partition:0,offset:x", "partition:-1,offset:1", "partition:0,offset:1,x:2"})
    EXPECT_THAT(error(text), HasSubstr("Not of the form 'partition:0,offset:42;partition:1,offset:300'")) << text;
  EXPECT_THAT(error("partition:3,offset:1;partition:3,offset:2"), HasSubstr("Partition is given twice: 3"));
  NodeOptionMap two = {{"topic", "a;b"},
                       {"scan.startup.mode", "specific-offsets"},
                       {"scan.startup.specific-offsets", "partition:0,offset:1"}};
  EXPECT_THAT(SourceError(two), HasSubstr("Offsets belong to one topic; there are 2"));
}

TEST(KafkaSourceNode, NeedsEitherTopicOrPatternAndServersAndFormat) {
  auto error = [](NodeOptionMap options) {
    return ReadKafkaSourceNode(SourceNode("kafka-source", std::move(options))).status().message();
  };
  EXPECT_EQ(error({}), "Required option is missing: 'properties.bootstrap.servers' of kafka-source 'clicks'");
  EXPECT_EQ(error({{"properties.bootstrap.servers", "h:1"}}),
            "Required option is missing: 'topic' or 'topic-pattern' of kafka-source 'clicks'");
  EXPECT_EQ(error({{"properties.bootstrap.servers", "h:1"}, {"topic", "t"}}),
            "Required option is missing: 'format' of kafka-source 'clicks'");
  EXPECT_EQ(SourceError({{"topic-pattern", "v.*"}}),
            "Options contradict each other: 'topic' and 'topic-pattern' of kafka-source 'clicks'");
}

TEST(KafkaSourceNode, ATopicThatNoBrokerTakesNamesTheOption) {
  EXPECT_THAT(SourceError({{"topic", "views;bad topic!"}}),
              StartsWith("Option 'topic' of kafka-source 'clicks': Not a name of a Kafka topic: 'bad topic!'"));
}

TEST(KafkaSourceNode, AMisspeltOptionNamesTheNearest) {
  EXPECT_THAT(
      SourceError({{"scan.startup.mod", "x"}}),
      StartsWith(
          "Unknown option 'scan.startup.mod' of kafka-source 'clicks'; did you mean 'scan.startup.mode'? There are: "));
  // The other format's options are unknown, too.
  EXPECT_THAT(SourceError({{"csv.field-delimiter", ";"}}), StartsWith("Unknown option 'csv.field-delimiter'"));
  EXPECT_THAT(SourceError({{"format", "parquet"}}), HasSubstr("write one of: json, csv, raw, avro, debezium-json"));
}

TEST(KafkaSourceNode, IgnoringParseErrorsSkipsRecordsThatAreNoJson) {
  auto source = ReadKafkaSourceNode(SourceNode("kafka-source", With({{"json.ignore-parse-errors", "true"}})));
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->rows.on_parse_error, formats::ParseErrorPolicy::kSkip);
}

TEST(KafkaSourceNode, MetadataFillsColumnsAnywhere) {
  types::Schema schema({{"kafka_offset", DataType(TypeId::kBigInt, false)},
                        {"page", DataType(TypeId::kString)},
                        {"kafka_partition", DataType(TypeId::kInt, false)}});
  auto source = ReadKafkaSourceNode(SourceNode(
      "kafka-source",
      With({{"metadata.kafka_offset", "offset"}, {"metadata.kafka_partition", "partition"}, {"error-policy", "skip"}}),
      schema));
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_THAT(source->rows.metadata, ElementsAre(KafkaMetadata::kOffset, KafkaMetadata::kPartition));
  EXPECT_EQ(source->rows.value_schema->ToString(), "(page STRING)");
  EXPECT_EQ(KafkaRowSchema(source->rows)->ToString(), schema.ToString());
  EXPECT_EQ(source->rows.on_parse_error, formats::ParseErrorPolicy::kSkip);
  auto wrong = ReadKafkaSourceNode(SourceNode("kafka-source", With({{"metadata.page", "offfset"}}), schema));
  EXPECT_THAT(wrong.status().message(), HasSubstr("Unknown Kafka metadata column: 'offfset'; there are key, headers"));
}

TEST(KafkaSourceNode, AFormatThatCannotHoldTheRowsIsAnErrorBeforeTheJobRuns) {
  EXPECT_THAT(SourceError({{"format", "raw"}}), StartsWith("kafka-source 'clicks': Format raw needs one column"));
}

TEST(KafkaSourceNode, TheGroupModeWithoutAGroupIsAnError) {
  auto made = MakeKafkaSourceNode(SourceNode("kafka-source", With({})));
  EXPECT_EQ(made.status().message(), "kafka-source 'clicks': Committed offsets need the property 'group.id'");
  EXPECT_TRUE(MakeKafkaSourceNode(SourceNode("kafka-source", With({{"scan.startup.mode", "earliest-offset"}}))).ok());
}

TEST(KafkaSinkNode, IsAtLeastOnceUnlessTold) {
  EXPECT_EQ(Sink({})->guarantee, DeliveryGuarantee::kAtLeastOnce);
  EXPECT_EQ(Sink({{"sink.delivery-guarantee", "none"}})->guarantee, DeliveryGuarantee::kNone);
  EXPECT_EQ(Sink({})->topic, "views");
  EXPECT_TRUE(MakeKafkaSinkNode(SinkNode("kafka-sink", With({}))).ok());
}

TEST(KafkaSinkNode, ExactlyOnceIsRefused) {
  EXPECT_EQ(SinkError({{"sink.delivery-guarantee", "exactly-once"}}),
            "Option 'sink.delivery-guarantee' of kafka-sink 'counts': Kafka sink cannot write exactly once yet; write "
            "one of: none, at-least-once");
}

TEST(KafkaSinkNode, OneTextColumnIsTheKeyAsItStands) {
  auto sink = Sink({{"key.fields", "page"}});
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->key_column, 0);
  EXPECT_FALSE(sink->make_key_encoder);
}

/// Key and value of one row as the sink writes them, over another log.
std::string Written(Result<KafkaSinkOptions> options, columns::Batch batch) {
  if (!options.ok()) return options.status().message();
  auto log = std::make_shared<ScriptedLog>();
  BareContext context;
  KeepingOutput out(context.pool());
  auto sink = KafkaSink::Make(*std::move(options), std::make_shared<ScriptedLogClient>(log)).value();
  THALWEG_CHECK(sink->Open(context).ok());
  flow::Rows rows(std::move(batch));
  if (auto done = sink->Process(0, rows, out); !done.ok()) return done.status().message();
  const auto& [place, record] = log->unacknowledged.at(0);
  std::string headers;
  for (const auto& [name, value] : record.headers) headers += fmt::format(" {}={}", name, value.value_or("NULL"));
  return fmt::format("{}-{}@{} {} {}{}", place.topic, place.partition, record.timestamp_ms, record.key.value_or("NULL"),
                     record.value.value_or("NULL"), headers);
}
columns::Batch OneView(columns::BufferPool& pool) {
  columns::BatchBuilder builder(ViewSchema(), pool);
  builder.column(0).AppendString("/index");
  builder.column(1).Append<int64_t>(7);
  builder.FinishRow();
  return builder.Take();
}

TEST(KafkaSinkNode, KeysAreWrittenInTheirOwnFormatOrInTheValues) {
  columns::BufferPool pool;
  auto written = [&](NodeOptionMap options) { return Written(Sink(std::move(options)), OneView(pool)); };
  EXPECT_EQ(written({{"key.fields", "user;page"}}),
            R"(views-0@-1 {"user":7,"page":"/index"} {"page":"/index","user":7})");
  EXPECT_EQ(written({{"key.fields", "page"}}), R"(views-0@-1 /index {"page":"/index","user":7})");
  EXPECT_EQ(written({{"key.fields", "page"}, {"key.format", "json"}}),
            R"(views-0@-1 {"page":"/index"} {"page":"/index","user":7})");
  EXPECT_EQ(written({{"key.fields", "user;page"}, {"key.format", "csv"}, {"key.csv.field-delimiter", "|"}}),
            R"(views-0@-1 7|"/index" {"page":"/index","user":7})");
  EXPECT_EQ(written({{"key.fields", "user"}, {"value.fields-include", "EXCEPT_KEY"}}),
            R"(views-0@-1 {"user":7} {"page":"/index"})");
  EXPECT_EQ(written({{"key.fields", "user"}, {"key.fields-prefix", "us"}, {"value.fields-include", "EXCEPT_KEY"}}),
            R"(views-0@-1 {"er":7} {"page":"/index"})");
  // Flink's longer name of the value's format.
  NodeOptionMap longer = {{"topic", "views"},
                          {"properties.bootstrap.servers", "h:1"},
                          {"value.format", "csv"},
                          {"value.csv.field-delimiter", ";"}};
  EXPECT_EQ(Written(ReadKafkaSinkNode(SinkNode("kafka-sink", longer)), OneView(pool)), R"(views-0@-1 NULL "/index";7)");
}

types::Schema MessageSchema() {
  return types::Schema({{"page", DataType(TypeId::kString)},
                        {"headers", DataType::Map(DataType(TypeId::kString, false), DataType(TypeId::kString), true)},
                        {"to", DataType(TypeId::kString)},
                        {"at", DataType(TypeId::kBigInt)},
                        {"part", DataType(TypeId::kInt)},
                        {"id", DataType(TypeId::kString)}});
}
Result<KafkaSinkOptions> MessageSink(NodeOptionMap options) {
  options.insert({{"properties.bootstrap.servers", "localhost:9092"}, {"format", "json"}});
  return ReadKafkaSinkNode(SinkNode("kafka-sink", std::move(options), MessageSchema()));
}

TEST(KafkaSinkNode, MetadataColumnsFillTheMessageAndNotItsValue) {
  columns::BufferPool pool;
  columns::BatchBuilder builder(MessageSchema(), pool);
  builder.column(0).AppendString("/index");
  builder.column(1).child(0).AppendString("trace");
  builder.column(1).child(1).AppendString("17");
  builder.column(1).child(0).AppendString("none");
  builder.column(1).child(1).AppendNull();
  builder.column(1).CloseRow();
  builder.column(2).AppendString("views-eu");
  builder.column(3).Append<int64_t>(1042);
  builder.column(4).Append<int32_t>(3);
  builder.column(5).AppendString("k");
  builder.FinishRow();
  NodeOptionMap options = {{"metadata.headers", "headers"},
                           {"metadata.to", "topic"},
                           {"metadata.at", "timestamp"},
                           {"metadata.part", "partition"},
                           {"metadata.id", "key"}};
  EXPECT_EQ(Written(MessageSink(options), builder.Take()), R"(views-eu-3@1042 k {"page":"/index"} trace=17 none=NULL)");
  options["topic"] = "views-eu;views-us";
  EXPECT_THAT(MessageSink(options)->allowed_topics, ElementsAre("views-eu", "views-us"));
}

TEST(KafkaSinkNode, WrongMetadataIsAnError) {
  auto error = [](NodeOptionMap options) {
    options.emplace("topic", "t");
    return MessageSink(std::move(options)).status().message();
  };
  EXPECT_THAT(error({{"metadata.at", "offset"}}),
              HasSubstr("'metadata.at' of kafka-sink 'counts': Metadata 'offset' can only be read; writable are key, "
                        "headers, header-list, topic, partition, timestamp"));
  EXPECT_THAT(error({{"metadata.at", "headers"}}), HasSubstr("the column is BIGINT"));
  EXPECT_THAT(error({{"metadata.a", "headers"}}), HasSubstr("No such column: 'a' of (page STRING"));
  EXPECT_THAT(error({{"metadata.id", "key"}, {"metadata.to", "key"}}), HasSubstr("is given twice"));
  EXPECT_THAT(error({{"metadata.id", "key"}, {"key.fields", "page"}}), HasSubstr("Column 'id' is the key already"));
  EXPECT_THAT(error({{"metadata.at", "timestamp"}, {"key.fields", "at"}}), HasSubstr("Column 'at' is metadata"));
  EXPECT_THAT(error({{"topic", "a;b"}}), HasSubstr("A sink of 2 topics needs a column 'metadata.<column>' = topic"));
}

TEST(KafkaSinkNode, PartitionersAreFlinks) {
  EXPECT_EQ(Sink({})->partitioner, KafkaPartitioner::kDefault);
  EXPECT_EQ(Sink({{"sink.partitioner", "fixed"}, {"key.fields", "page"}})->partitioner, KafkaPartitioner::kFixed);
  EXPECT_EQ(Sink({{"sink.partitioner", "round-robin"}})->partitioner, KafkaPartitioner::kRoundRobin);
  EXPECT_THAT(SinkError({{"sink.partitioner", "round-robin"}, {"key.fields", "page"}}),
              HasSubstr("round-robin is for rows without a key"));
  EXPECT_THAT(SinkError({{"sink.partitioner", "org.mycompany.MyPartitioner"}}),
              HasSubstr("write one of: default, fixed, round-robin"));
}

TEST(KafkaSinkNode, WrongOptionsAreErrors) {
  EXPECT_THAT(SinkError({{"topic", "bad topic!"}}),
              StartsWith("Option 'topic' of kafka-sink 'counts': Not a name of a Kafka topic: 'bad topic!'"));
  EXPECT_THAT(SinkError({{"topic", "views;.."}, {"metadata.page", "topic"}}),
              StartsWith("Option 'topic' of kafka-sink 'counts': Not a name of a Kafka topic: '..'"));
  EXPECT_EQ(SinkError({{"key.fields", "pag"}}),
            "Option 'key.fields' of kafka-sink 'counts': No such column: 'pag' of (page STRING NOT NULL, user BIGINT)");
  EXPECT_THAT(SinkError({{"key.format", "json"}}), HasSubstr("It needs the columns of the key: 'key.fields'"));
  EXPECT_THAT(SinkError({{"key.fields", "user"}, {"key.format", "parquet"}}),
              HasSubstr("write one of: json, csv, raw, avro"));
  EXPECT_THAT(SinkError({{"key.fields", "user;page"}, {"key.format", "raw"}}),
              StartsWith("Option 'key.format' of kafka-sink 'counts': Format raw needs one column"));
  EXPECT_THAT(SinkError({{"key.fields", "user"}, {"key.fields-prefix", "us"}}),
              HasSubstr("It needs 'value.fields-include' = EXCEPT_KEY"));
  EXPECT_THAT(SinkError({{"key.fields", "user"}, {"key.fields-prefix", "k_"}, {"value.fields-include", "EXCEPT_KEY"}}),
              HasSubstr("Key field 'user' does not begin with 'k_'"));
  EXPECT_THAT(SinkError({{"key.fields", "user;page"}, {"value.fields-include", "EXCEPT_KEY"}}),
              HasSubstr("none is left for the value"));
  EXPECT_THAT(SinkError({{"scan.startup.mode", "earliest-offset"}}),
              StartsWith("Unknown option 'scan.startup.mode' of kafka-sink 'counts'"));
  auto error = [](NodeOptionMap options) {
    return ReadKafkaSinkNode(SinkNode("kafka-sink", std::move(options))).status().message();
  };
  EXPECT_EQ(error({{"properties.bootstrap.servers", "h:1"}}),
            "Required option is missing: 'topic' of kafka-sink 'counts'");
  EXPECT_THAT(SinkError({{"format", "raw"}}), StartsWith("kafka-sink 'counts': Format raw needs one column"));
}

}  // namespace
}  // namespace thalweg::connectors
