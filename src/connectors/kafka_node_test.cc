#include "connectors/kafka_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/builder.h"
#include "connectors/node_samples_test.h"

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

TEST(KafkaSourceNode, AMisspeltOptionNamesTheNearest) {
  EXPECT_THAT(
      SourceError({{"scan.startup.mod", "x"}}),
      StartsWith(
          "Unknown option 'scan.startup.mod' of kafka-source 'clicks'; did you mean 'scan.startup.mode'? There are: "));
  // The other format's options are unknown, too.
  EXPECT_THAT(SourceError({{"csv.field-delimiter", ";"}}), StartsWith("Unknown option 'csv.field-delimiter'"));
  EXPECT_THAT(SourceError({{"format", "parquet"}}), HasSubstr("write one of: json, csv, raw"));
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

TEST(KafkaSinkNode, OtherKeysAreWrittenInTheValuesFormat) {
  auto sink = Sink({{"key.fields", "user;page"}});
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  columns::BufferPool pool;
  columns::BatchBuilder builder(ViewSchema(), pool);
  builder.column(0).AppendString("/index");
  builder.column(1).Append<int64_t>(7);
  builder.FinishRow();
  columns::Batch batch = builder.Take();
  std::string key, value;
  ASSERT_TRUE(sink->make_key_encoder().value()->Encode(batch, 0, &key).ok());
  ASSERT_TRUE(sink->make_value_encoder().value()->Encode(batch, 0, &value).ok());
  EXPECT_EQ(key, R"({"user":7,"page":"/index"})");
  EXPECT_EQ(value, R"({"page":"/index","user":7})");
}

TEST(KafkaSinkNode, WrongOptionsAreErrors) {
  EXPECT_EQ(SinkError({{"key.fields", "pag"}}),
            "Option 'key.fields' of kafka-sink 'counts': No such column: 'pag' of (page STRING NOT NULL, user BIGINT)");
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
