#include "connectors/node_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "connectors/metadata_columns.h"
#include "connectors/node_samples_test.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using types::DataType;
using types::TypeId;

TEST(NodeOptions, ValuesAreReadByType) {
  graph::Node node = SourceNode("k", {{"flag", "true"}, {"number", "-7"}, {"time", "5 s"}, {"list", "a;b"}});
  NodeOptions options(node);
  EXPECT_EQ(options.Get<bool>("flag", false).value(), true);
  EXPECT_EQ(options.Get<int64_t>("number", 1).value(), -7);
  EXPECT_EQ(options.Get<int64_t>("absent", 1).value(), 1);
  EXPECT_EQ(options.Millis("time", 0).value(), 5000);
  EXPECT_THAT(options.Get<config::StringList>("list", {}).value(), ElementsAre("a", "b"));
  EXPECT_TRUE(options.Finish().ok());
}

TEST(NodeOptions, AnUnknownOptionIsAnErrorWithTheNearestAndAllThatExist) {
  graph::Node node = SinkNode("kafka-sink", {{"topik", "x"}, {"properties.a", "b"}});
  NodeOptions options(node);
  EXPECT_THAT(options.WithPrefix("properties."), ElementsAre(Pair("a", "b")));
  EXPECT_EQ(options.Get<std::string>("topic", "").value(), "");
  EXPECT_EQ(options.Get<std::string>("format", "").value(), "");
  EXPECT_EQ(
      options.Finish().message(),
      "Unknown option 'topik' of kafka-sink 'counts'; did you mean 'topic'? There are: format, topic, properties.*");
  EXPECT_EQ(NodeOptions(node).Finish().message(),
            "Unknown option 'properties.a' of kafka-sink 'counts': it has no options");
}

TEST(NodeOptions, APrefixWithoutANameIsUnknown) {
  graph::Node node = SinkNode("kafka-sink", {{"properties.", "x"}});
  NodeOptions options(node);
  EXPECT_THAT(options.WithPrefix("properties."), IsEmpty());
  EXPECT_FALSE(options.Finish().ok());
}

TEST(NodeOptions, AMissingOrEmptyRequiredOptionIsAnError) {
  graph::Node node = SinkNode("kafka-sink", {{"topic", ""}});
  NodeOptions options(node);
  EXPECT_EQ(options.Required("topic").status().message(), "Required option is missing: 'topic' of kafka-sink 'counts'");
  EXPECT_EQ(options.OneOf("format", {"json"}, "").status().message(),
            "Required option is missing: 'format' of kafka-sink 'counts'");
  graph::Node misspelt = SinkNode("kafka-sink", {{"topics", "x"}, {"formt", "json"}});
  NodeOptions given(misspelt);
  EXPECT_EQ(given.Required("topic").status().message(),
            "Required option is missing: 'topic' of kafka-sink 'counts'; is 'topics' a misspelling of it?");
  EXPECT_EQ(given.Required("format").status().message(),
            "Required option is missing: 'format' of kafka-sink 'counts'; is 'formt' a misspelling of it?");
}

TEST(NodeOptions, AMalformedValueIsAnErrorWithOptionAndNode) {
  graph::Node node = SourceNode("datagen", {{"flag", "yes"}, {"format", "avro"}, {"time", "-5 s"}});
  NodeOptions options(node);
  EXPECT_THAT(options.Get<bool>("flag", false).status().message(),
              ::testing::StartsWith("Option 'flag' of datagen 'clicks': "));
  EXPECT_EQ(options.OneOf("format", {"json", "csv"}, "json").status().message(),
            "Option 'format' of datagen 'clicks': Not one of the allowed values: 'avro'; write one of: json, csv");
  EXPECT_FALSE(options.Millis("time", 0).ok());
}

TEST(NodeOptions, ASourceWithoutSchemaAndASinkWithoutPayloadAreErrors) {
  graph::Node source = SourceNode("datagen", {});
  source.outputs[0].schema = nullptr;
  EXPECT_EQ(SourceSchema(source).status().message(), "Source needs a schema of its rows: datagen 'clicks'");
  graph::Node sink = SinkNode("file-sink", {});
  EXPECT_EQ(*SinkSchema(sink).value(), ViewSchema());
  sink.payload = "";
  EXPECT_EQ(SinkSchema(sink).status().message(), "Sink needs a schema of its rows: file-sink 'counts'");
  sink.payload = "\xff";
  EXPECT_THAT(SinkSchema(sink).status().message(), ::testing::StartsWith("Schema of file-sink 'counts': "));
}

TEST(NodeOptions, DeadLettersNeedTheirOutput) {
  graph::Node node = SourceNode("kafka-source", {{"error-policy", "dead-letter"}});
  NodeOptions without(node);
  EXPECT_EQ(ReadErrorPolicy(without).status().message(),
            "Option 'error-policy' of kafka-source 'clicks': Dead letters need an output of the source named "
            "'dead-letters', which a job in C++ gives it; in SQL choose fail or skip");
  node.outputs.push_back({"late", nullptr, {}, {}});
  node.outputs.push_back({"dead-letters", formats::DeadLetterSchema(), {}, {}});
  NodeOptions with(node);
  EXPECT_EQ(ReadErrorPolicy(with)->dead_letter_port, 2);
}

TEST(NodeOptions, AFormatThatIgnoresParseErrorsSkipsRecordsUnlessThePolicySaysMore) {
  using formats::ParseErrorPolicy;
  graph::Node silent = SourceNode("kafka-source", {}), strict = SourceNode("kafka-source", {{"error-policy", "fail"}});
  NodeOptions nothing(silent), fail(strict);
  EXPECT_EQ(ReadErrorPolicy(nothing, /*ignore_parse_errors=*/true)->policy, ParseErrorPolicy::kSkip);
  EXPECT_EQ(ReadErrorPolicy(nothing, /*ignore_parse_errors=*/false)->policy, ParseErrorPolicy::kFail);
  EXPECT_EQ(ReadErrorPolicy(fail, /*ignore_parse_errors=*/true)->policy, ParseErrorPolicy::kFail);
}

Result<DataType> TypeOfMetadata(std::string_view name) {
  if (name == "offset") return DataType(TypeId::kBigInt, false);
  if (name == "key") return DataType(TypeId::kBinary);
  return UserError("No metadata '{}'", name);
}

struct Reading {
  explicit Reading(NodeOptionMap given)
      : schema(
            std::make_shared<const types::Schema>(std::vector<types::Field>{{"at", DataType(TypeId::kBigInt, false)},
                                                                            {"page", DataType(TypeId::kString, false)},
                                                                            {"key", DataType(TypeId::kString)},
                                                                            {"user", DataType(TypeId::kInt)}})),
        node(SourceNode("s", std::move(given), *schema)) {}
  Result<MetadataColumns> Read() {
    NodeOptions options(node);
    return ReadMetadataColumns(options, schema, TypeOfMetadata);
  }
  types::SchemaPtr schema;
  graph::Node node;
};

TEST(MetadataColumns, TheOtherColumnsAreTheRecords) {
  auto columns = Reading({{"metadata.at", "offset"}, {"metadata.key", "key"}}).Read();
  ASSERT_TRUE(columns.ok()) << columns.status().message();
  EXPECT_EQ(columns->values->ToString(), "(page STRING NOT NULL, user INT)");
  EXPECT_THAT(columns->metadata, ElementsAre("offset", "key"));
  EXPECT_EQ(columns->layout.built->ToString(), "(page STRING NOT NULL, user INT, at BIGINT NOT NULL, key STRING)");
  EXPECT_EQ(columns->layout.Final()->ToString(), "(at BIGINT NOT NULL, page STRING NOT NULL, key STRING, user INT)");
}

TEST(MetadataColumns, AColumnThatCannotHoldItIsAnError) {
  auto message = [](NodeOptionMap given) { return Reading(std::move(given)).Read().status().message(); };
  EXPECT_EQ(message({{"metadata.when", "offset"}}),
            "Option 'metadata.when' of s 'clicks': No such column: 'when' of (at BIGINT NOT NULL, page STRING NOT "
            "NULL, key STRING, user INT)");
  EXPECT_EQ(message({{"metadata.user", "offset"}}),
            "Option 'metadata.user' of s 'clicks': Metadata 'offset' is BIGINT NOT NULL, the column is INT");
  EXPECT_EQ(message({{"metadata.page", "key"}}),
            "Option 'metadata.page' of s 'clicks': Metadata 'key' may be NULL, the column is STRING NOT NULL");
  EXPECT_EQ(message({{"metadata.at", "ofset"}}), "Option 'metadata.at' of s 'clicks': No metadata 'ofset'");
}

TEST(MetadataColumns, ARowOfMetadataAloneIsAnError) {
  types::Schema schema({{"at", DataType(TypeId::kBigInt)}});
  graph::Node node = SourceNode("s", {{"metadata.at", "offset"}}, schema);
  NodeOptions options(node);
  EXPECT_EQ(ReadMetadataColumns(options, node.outputs[0].schema, TypeOfMetadata).status().message(),
            "Every column is metadata, none is left for the record: s 'clicks'");
}

TEST(RowLayout, AnyOrderIsReached) {
  std::vector<types::Field> built;
  for (const char* name : {"a", "b", "c", "d"}) built.push_back({name, DataType(TypeId::kInt)});
  std::vector<int> order = {0, 1, 2, 3};
  do {
    types::SchemaPtr rows = RowLayout::Make(built, order).Final();
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(rows->field(i).name, built[static_cast<size_t>(order[static_cast<size_t>(i)])].name);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(HoldsAs, TypesAlikeInMemoryHoldEachOther) {
  EXPECT_TRUE(HoldsAs(DataType(TypeId::kBigInt), DataType::TimestampLtz(3)));
  EXPECT_FALSE(HoldsAs(DataType(TypeId::kBigInt), DataType::TimestampLtz(6)));
  EXPECT_FALSE(HoldsAs(DataType(TypeId::kInt), DataType(TypeId::kBigInt)));
  DataType text(TypeId::kString), bytes(TypeId::kBinary);
  EXPECT_TRUE(HoldsAs(DataType::Map(text, text), DataType::Map(text, bytes)));
  EXPECT_FALSE(HoldsAs(DataType::Map(text, DataType(TypeId::kInt)), DataType::Map(text, bytes)));
}

}  // namespace
}  // namespace thalweg::connectors
