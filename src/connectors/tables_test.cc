#include "connectors/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/file_node.h"
#include "connectors/kafka_consumer.h"
#include "connectors/kafka_node.h"
#include "connectors/node_options.h"
#include "connectors/node_samples_test.h"
#include "types/type_codec.h"

namespace thalweg::connectors {
namespace {

using graph::ChangelogMode;
using graph::TableDescriptor;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;
using types::DataType;
using types::TypeId;

TableDescriptor ViewTable(NodeOptionMap options) {
  TableDescriptor table;
  table.name = "`c`.`d`.`views`";
  table.physical = std::make_shared<const types::Schema>(ViewSchema());
  table.options = std::move(options);
  return table;
}
TableDescriptor KafkaTable(NodeOptionMap more = {}) {
  more.insert({{"topic", "views"}, {"properties.bootstrap.servers", "h:1"}, {"format", "json"}});
  return ViewTable(std::move(more));
}
TableDescriptor UpsertTable(NodeOptionMap more = {}) {
  more.insert(
      {{"topic", "views"}, {"properties.bootstrap.servers", "h:1"}, {"key.format", "json"}, {"value.format", "json"}});
  TableDescriptor table = ViewTable(std::move(more));
  table.primary_key = {"page"};
  return table;
}
graph::TableConnectors AllTables() {
  graph::TableConnectors connectors;
  AddTableConnectors(connectors);
  return connectors;
}

TEST(TableConnectorNames, AreFlinks) {
  EXPECT_THAT(AllTables().Names(),
              ElementsAre("blackhole", "datagen", "filesystem", "kafka", "nexmark", "print", "upsert-kafka"));
}

// As in Flink, whose sources of files have no watermarks of their own.
TEST(TableConnectors, WatermarksGoWithTheRowsWhereTheConnectorMakesNone) {
  TableDescriptor files = ViewTable({{"path", "/views"}, {"format", "json"}});
  EXPECT_TRUE(MakeFileTables()->Source(files)->eager_watermarks);
  EXPECT_FALSE(MakeKafkaTables()->Source(KafkaTable({{"scan.startup.mode", "earliest-offset"}}))->eager_watermarks);
}

TEST(KafkaTables, ATableIsASourceAndASinkEachWithItsOwnOptions) {
  const TableDescriptor table = KafkaTable({{"scan.startup.mode", "latest-offset"},
                                            {"scan.bounded.mode", "latest-offset"},
                                            {"properties.group.id", "g"},
                                            {"sink.delivery-guarantee", "none"},
                                            {"scan.parallelism", "3"},
                                            {"sink.parallelism", "2"}});
  auto source = MakeKafkaTables()->Source(table);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->node.kind, "kafka-source");
  EXPECT_EQ(source->node.role, graph::NodeRole::kSource);
  EXPECT_EQ(source->node.parallelism, 3);
  EXPECT_EQ(source->changelog, ChangelogMode::kAppend);
  EXPECT_TRUE(source->bounded);
  EXPECT_THAT(source->warnings, ElementsAre());
  EXPECT_THAT(source->node.options, Not(Contains(Key("sink.delivery-guarantee"))));
  auto sink = MakeKafkaTables()->Sink(table);
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->node.kind, "kafka-sink");
  EXPECT_EQ(sink->node.role, graph::NodeRole::kSink);
  EXPECT_EQ(sink->node.parallelism, 2);
  EXPECT_EQ(sink->accepts, ChangelogMode::kAppend);
  EXPECT_THAT(sink->node.options, Not(Contains(Key("scan.startup.mode"))));
  EXPECT_EQ(ReadKafkaSinkNode(sink->node)->guarantee, DeliveryGuarantee::kNone);
}

TEST(KafkaTables, AFirstRunWithoutStartupModeBeginsAtTheEarliestAndSaysSo) {
  auto grouped = MakeKafkaTables()->Source(KafkaTable({{"properties.group.id", "g"}}));
  ASSERT_TRUE(grouped.ok()) << grouped.status().message();
  EXPECT_THAT(grouped->warnings,
              ElementsAre(HasSubstr("offsets of group 'g', and where there are none at the earliest")));
  const KafkaSourceOptions read = *ReadKafkaSourceNode(grouped->node);
  EXPECT_EQ(read.start.kind, StartOffsets::Kind::kCommitted);
  EXPECT_EQ(read.start.reset, OffsetReset::kEarliest);
  EXPECT_FALSE(grouped->bounded);
  auto alone = MakeKafkaTables()->Source(KafkaTable());
  ASSERT_TRUE(alone.ok()) << alone.status().message();
  EXPECT_EQ(ReadKafkaSourceNode(alone->node)->start.kind, StartOffsets::Kind::kEarliest);
  EXPECT_THAT(alone->warnings, ElementsAre(HasSubstr("it starts at the earliest offset")));
  auto told = MakeKafkaTables()->Source(KafkaTable({{"scan.startup.mode", "group-offsets"}}));
  EXPECT_EQ(told.status().message(),
            "Table `c`.`d`.`views` starts at committed offsets and needs 'properties.group.id'");
}

TEST(KafkaTables, MetadataColumnsStandBehindThePhysicalOnesAndVirtualOnesAreNotWritten) {
  TableDescriptor table = KafkaTable({{"scan.startup.mode", "earliest-offset"}});
  table.metadata = {{"at", "timestamp", DataType::TimestampLtz(3), false},
                    {"offset", "offset", DataType(TypeId::kBigInt), true}};
  auto source = MakeKafkaTables()->Source(table);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->node.outputs[0].schema->ToString(),
            "(page STRING NOT NULL, user BIGINT, at TIMESTAMP_LTZ(3), offset BIGINT)");
  EXPECT_EQ(KafkaRowSchema(ReadKafkaSourceNode(source->node)->rows)->ToString(),
            source->node.outputs[0].schema->ToString());
  auto sink = MakeKafkaTables()->Sink(table);
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ((*SinkSchema(sink->node))->ToString(), "(page STRING NOT NULL, user BIGINT, at TIMESTAMP_LTZ(3))");
  table.metadata[1].is_virtual = false;
  EXPECT_THAT(
      MakeKafkaTables()->Sink(table).status().message(),
      StartsWith("Column 'offset' of table `c`.`d`.`views` cannot be written to metadata 'offset'. There are: "));
  table.metadata[0].key = "timestmp";
  EXPECT_THAT(MakeKafkaTables()->Source(table).status().message(),
              HasSubstr("cannot be read from metadata 'timestmp'; did you mean 'timestamp'? There are: header-list, "));
  table.metadata[0] = {"at", "timestamp", DataType(TypeId::kString), false};
  EXPECT_THAT(MakeKafkaTables()->Source(table).status().message(),
              HasSubstr("cannot hold metadata 'timestamp': it is STRING, the metadata TIMESTAMP_LTZ(3) NOT NULL"));
}

TEST(KafkaTables, ALeaderEpochThatTheClientDoesNotTellIsWarnedOf) {
  TableDescriptor table = KafkaTable({{"scan.startup.mode", "earliest-offset"}});
  table.metadata = {{"epoch", "leader-epoch", DataType(TypeId::kInt), true}};
  auto source = MakeKafkaTables()->Source(table);
  ASSERT_TRUE(source.ok()) << source.status().message();
  if (KafkaTellsLeaderEpochs())
    EXPECT_THAT(source->warnings, ElementsAre());
  else
    EXPECT_THAT(source->warnings, ElementsAre(HasSubstr("column 'epoch' is always NULL")));
  table.metadata[0].is_virtual = false;
  EXPECT_THAT(MakeKafkaTables()->Sink(table).status().message(),
              HasSubstr("cannot be written to metadata 'leader-epoch'"));
}

TEST(KafkaTables, PartitionsAreNoMatterOfReadingAndCannotBeWritten) {
  TableDescriptor parted = KafkaTable();
  parted.partition_keys = {"page"};
  EXPECT_EQ(MakeKafkaTables()->Source(parted).status().message(), "");
  EXPECT_THAT(MakeKafkaTables()->Sink(parted).status().message(), HasSubstr("cannot be PARTITIONED BY"));
}

TEST(KafkaTables, WrongTablesAreErrorsBeforeTheJobRuns) {
  auto error = [](TableDescriptor table) { return MakeKafkaTables()->Source(table).status().message(); };
  EXPECT_THAT(error(KafkaTable({{"scan.startup.mod", "x"}})), HasSubstr("did you mean 'scan.startup.mode'?"));
  EXPECT_THAT(error(KafkaTable({{"scan.parallelism", "0"}})), HasSubstr("Not between 1 and 32767: 0"));
  TableDescriptor keyed = KafkaTable();
  keyed.primary_key = {"page"};
  EXPECT_THAT(error(keyed), StartsWith("Table `c`.`d`.`views` cannot have a PRIMARY KEY"));
  EXPECT_THAT(MakeKafkaTables()->Sink(KafkaTable({{"sink.delivery-guarantee", "exactly-once"}})).status().message(),
              HasSubstr("cannot write exactly once yet"));
  auto prefixed = MakeKafkaTables()->Sink(KafkaTable({{"sink.transactional-id-prefix", "x"}}));
  EXPECT_THAT(prefixed->warnings, ElementsAre(HasSubstr("'sink.transactional-id-prefix' has no effect")));
}

TEST(FileTables, ReadAndWriteThePartitionsThatTheyAreDeclaredWith) {
  TableDescriptor table = ViewTable({{"path", "/data"}, {"format", "json"}, {"partition.default-name", "none"}});
  table.partition_keys = {"user"};
  auto source = MakeFileTables()->Source(table);
  ASSERT_TRUE(source.ok()) << source.status().message();
  const FileSourceOptions read = *ReadFileSourceNode(source->node);
  EXPECT_EQ(read.schema->ToString(), "(page STRING NOT NULL)");
  EXPECT_THAT(read.partitions.keys, ElementsAre(types::Field{"user", DataType(TypeId::kBigInt)}));
  EXPECT_EQ(read.partitions.default_name, "none");
  EXPECT_EQ(*FileSourceSchema(read), ViewSchema());
  auto sink = MakeFileTables()->Sink(table);
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_THAT(ReadFileSinkNode(sink->node)->partitions.keys,
              ElementsAre(types::Field{"user", DataType(TypeId::kBigInt)}));
  EXPECT_THAT(sink->together, ElementsAre());
  table.options["sink.shuffle-by-partition.enable"] = "true";
  EXPECT_THAT(MakeFileTables()->Sink(table)->together, ElementsAre(1));
  EXPECT_TRUE(MakeFileTables()->Source(table).ok());
  table.options.erase("sink.shuffle-by-partition.enable");
  table.options["sink.partition-commit.policy.kind"] = "success-file";
  table.options["sink.partition-commit.success-file.name"] = "_DONE";
  table.options["sink.partition-commit.trigger"] = "partition-time";
  table.options["sink.partition-commit.delay"] = "1 h";
  table.options["partition.time-extractor.timestamp-pattern"] = "$user";
  sink = MakeFileTables()->Sink(table);
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_THAT(sink->together, ElementsAre(1)) << "who tells must have all rows of a partition";
  const PartitionCommitOptions commit = ReadFileSinkNode(sink->node)->commit;
  EXPECT_EQ(commit.success_file, "_DONE");
  EXPECT_EQ(commit.trigger, PartitionCommitOptions::Trigger::kPartitionTime);
  EXPECT_EQ(commit.delay_ms, 3'600'000);
  EXPECT_EQ(commit.time.pattern, "$user");
  EXPECT_TRUE(MakeFileTables()->Source(table).ok());
}

TEST(FileTables, PartitionColumnsStandAnywhereAndMetadataBehindThem) {
  TableDescriptor table = ViewTable({{"path", "/data"}, {"format", "json"}});
  table.partition_keys = {"page"};
  table.metadata = {{"file", "file.name", DataType(TypeId::kString), true}};
  auto source = MakeFileTables()->Source(table);
  ASSERT_TRUE(source.ok()) << source.status().message();
  const FileSourceOptions read = *ReadFileSourceNode(source->node);
  EXPECT_EQ(read.schema->ToString(), "(user BIGINT)");
  EXPECT_EQ(FileSourceSchema(read)->ToString(), "(page STRING NOT NULL, user BIGINT, file STRING)");
}

TEST(FileTables, PartitionsThatCannotBeAreErrorsBeforeTheJobRuns) {
  TableDescriptor table = ViewTable({{"path", "/data"}, {"format", "json"}});
  auto errors = [&table] {
    const std::string message = MakeFileTables()->Source(table).status().message();
    EXPECT_NE(message, "");
    EXPECT_NE(MakeFileTables()->Sink(table).status().message(), "");
    return message;
  };
  table.partition_keys = {"page", "user"};
  EXPECT_THAT(errors(), HasSubstr("Every column is metadata or says the partition, none is left for the record"));
  table.partition_keys = {"user"};
  table.options["partition-key.0000"] = "page";
  EXPECT_THAT(errors(), HasSubstr("Unknown option 'partition-key.0000'"));
  table.options.erase("partition-key.0000");
  table.options["partition.default-name"] = "";
  EXPECT_THAT(errors(), HasSubstr("A folder needs a name"));
  table.options.erase("partition.default-name");
  table.physical = std::make_shared<const types::Schema>(std::vector<types::Field>{
      {"n", DataType(TypeId::kInt)}, {"user", DataType::Map(DataType(TypeId::kInt), DataType(TypeId::kInt))}});
  EXPECT_THAT(errors(), HasSubstr("Partition column 'user' is MAP<INT, INT>"));
}

TEST(KafkaTables, InDebeziumsFormatHaveEveryKindOfChangeAndMayHaveAKey) {
  TableDescriptor table = KafkaTable({{"scan.startup.mode", "earliest-offset"}});
  table.options["format"] = "debezium-json";
  table.primary_key = {"page"};
  auto source = MakeKafkaTables()->Source(table);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->changelog, ChangelogMode::kRetract);
  auto sink = MakeKafkaTables()->Sink(table);
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->accepts, ChangelogMode::kRetract);
  EXPECT_EQ(ReadKafkaSinkNode(sink->node)->accepts, ChangelogMode::kRetract);
  table.options["debezium-json.schema-include"] = "true";
  EXPECT_TRUE(MakeKafkaTables()->Source(table).ok());
  EXPECT_THAT(MakeKafkaTables()->Sink(table).status().message(), HasSubstr("not written"));
  table.options["json.ignore-parse-errors"] = "true";
  EXPECT_THAT(MakeKafkaTables()->Source(table).status().message(), StartsWith("Unknown option 'json.ignore"));
  EXPECT_THAT(MakeUpsertKafkaTables()->Source(UpsertTable({{"value.format", "debezium-json"}})).status().message(),
              HasSubstr("write one of: json, csv, raw, avro"));
}

TEST(UpsertKafkaTables, TheMessagesKeyIsThePrimaryKey) {
  auto source = MakeUpsertKafkaTables()->Source(UpsertTable({{"scan.bounded.mode", "latest-offset"}}));
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->node.kind, kUpsertKafkaSource);
  EXPECT_EQ(source->changelog, ChangelogMode::kUpsert);
  EXPECT_TRUE(source->bounded);
  EXPECT_THAT(source->node.options, Contains(Pair("key.fields", "page")));
  EXPECT_EQ(ReadKafkaSourceNode(source->node)->start.kind, StartOffsets::Kind::kEarliest);
  auto sink = MakeUpsertKafkaTables()->Sink(UpsertTable({{"sink.buffer-flush.interval", "1s"}}));
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->accepts, ChangelogMode::kUpsert);
  EXPECT_THAT(sink->warnings, ElementsAre(HasSubstr("each change is written as it comes")));
  EXPECT_EQ(ReadKafkaSinkNode(sink->node)->accepts, ChangelogMode::kUpsert);
}

TEST(UpsertKafkaTables, WrongTablesAreErrors) {
  auto error = [](TableDescriptor table) { return MakeUpsertKafkaTables()->Source(table).status().message(); };
  TableDescriptor keyless = UpsertTable();
  keyless.primary_key.clear();
  EXPECT_THAT(error(keyless), StartsWith("Table `c`.`d`.`views` needs a PRIMARY KEY"));
  EXPECT_THAT(error(UpsertTable({{"scan.startup.mode", "latest-offset"}})),
              HasSubstr("connector upsert-kafka does not have it"));
  TableDescriptor formless = UpsertTable();
  formless.options.erase("key.format");
  EXPECT_EQ(error(formless), "Required option is missing: 'key.format' of table `c`.`d`.`views`");
}

TEST(FileTables, AreBoundedUnlessTheyLookAgain) {
  const NodeOptionMap options = {{"path", "/data"}, {"format", "json"}, {"sink.rolling-policy.file-size", "1 mb"}};
  auto source = MakeFileTables()->Source(ViewTable(options));
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_TRUE(source->bounded);
  NodeOptionMap watching = options;
  watching["source.monitor-interval"] = "1 s";
  EXPECT_FALSE(MakeFileTables()->Source(ViewTable(watching))->bounded);
  auto sink = MakeFileTables()->Sink(ViewTable(watching));
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->accepts, ChangelogMode::kAppend);
  NodeOptionMap changes = options;
  changes["format"] = "debezium-json";
  EXPECT_EQ(MakeFileTables()->Source(ViewTable(changes))->changelog, ChangelogMode::kRetract);
  EXPECT_EQ(MakeFileTables()->Sink(ViewTable(changes))->accepts, ChangelogMode::kRetract);
  changes["debezium-json.schema-include"] = "true";
  EXPECT_THAT(MakeFileTables()->Sink(ViewTable(changes)).status().message(),
              HasSubstr("not written with their schema"));
  TableDescriptor named = ViewTable(options);
  named.metadata = {{"file", "file.name", DataType(TypeId::kString), true}};
  EXPECT_EQ(MakeFileTables()->Source(named)->node.options.at("metadata.file"), "file.name");
  named.metadata[0].is_virtual = false;
  EXPECT_THAT(MakeFileTables()->Sink(named).status().message(), HasSubstr("its connector has none"));
}

TEST(FileTables, ReadTextsAndNoNumbersLineByLine) {
  TableDescriptor table = ViewTable({{"path", "/data"}, {"format", "raw"}});
  table.physical = std::make_shared<const types::Schema>(std::vector<types::Field>{{"n", DataType(TypeId::kInt)}});
  auto source = MakeFileTables()->Source(table);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_THAT(MakeFileSourceNode(source->node).status().message(),
              HasSubstr("Format raw of files needs a column of STRING or BYTES"));
}

TEST(DatagenTables, AreBoundedByTheirRowsAndCannotBeWritten) {
  EXPECT_FALSE(MakeDatagenTables()->Source(ViewTable({}))->bounded);
  EXPECT_TRUE(MakeDatagenTables()->Source(ViewTable({{"number-of-rows", "10"}}))->bounded);
  EXPECT_EQ(MakeDatagenTables()->Sink(ViewTable({})).status().message(),
            "Table `c`.`d`.`views` can only be read: connector datagen is a source");
  EXPECT_THAT(MakeDatagenTables()->Source(ViewTable({{"number-of-row", "10"}})).status().message(),
              HasSubstr("did you mean 'number-of-rows'?"));
}

TEST(PlainSinkTables, TakeEveryKindOfChange) {
  auto print = MakePrintTables()->Sink(ViewTable({{"print-identifier", "x"}}));
  ASSERT_TRUE(print.ok()) << print.status().message();
  EXPECT_EQ(print->accepts, ChangelogMode::kRetract);
  EXPECT_TRUE(print->keeps_no_rows);
  auto blackhole = MakeBlackholeTables()->Sink(ViewTable({}));
  EXPECT_EQ(blackhole->accepts, ChangelogMode::kUpsert) << "as Flink's, it leaves -U out of what it asks for";
  EXPECT_TRUE(blackhole->keeps_no_rows);
  EXPECT_THAT(MakeBlackholeTables()->Sink(ViewTable({{"x", "y"}})).status().message(), HasSubstr("it has no options"));
  EXPECT_EQ(MakePrintTables()->Source(ViewTable({})).status().message(),
            "Table `c`.`d`.`views` can only be written: connector print is a sink");
}

}  // namespace
}  // namespace thalweg::connectors
