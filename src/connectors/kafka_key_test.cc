// Columns from a record's key, and tables by key, over a log in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/format.h"
#include "connectors/bare_task.h"
#include "connectors/kafka_node.h"
#include "connectors/node_samples_test.h"
#include "connectors/scripted_log.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using types::DataType;
using types::TypeId;

types::Schema KeyedSchema() {
  return types::Schema({{"k_id", DataType(TypeId::kBigInt)},
                        {"name", DataType(TypeId::kString)},
                        {"at", DataType::TimestampLtz(3)},
                        {"k_zone", DataType(TypeId::kString)}});
}

NodeOptionMap KeyedOptions(NodeOptionMap more) {
  more.insert({{"topic", "people"},
               {"properties.bootstrap.servers", "h:1"},
               {"scan.startup.mode", "earliest-offset"},
               {"value.format", "json"},
               {"key.format", "json"},
               {"metadata.at", "timestamp"}});
  return more;
}

/// Rows of the records as the node's source makes them; an error as its only row.
std::vector<std::string> RowsOf(const std::string& kind, NodeOptionMap options,
                                const std::vector<ScriptedRecord>& records) {
  auto read = ReadKafkaSourceNode(SourceNode(kind, KeyedOptions(std::move(options)), KeyedSchema()));
  if (!read.ok()) return {read.status().message()};
  EXPECT_EQ(KafkaRowSchema(read->rows)->ToString(), KeyedSchema().ToString());
  columns::BufferPool pool;
  auto rows = *KafkaRows::Make(read->rows, pool);
  auto view = [](const std::optional<std::string>& bytes) {
    return bytes ? std::string_view(*bytes) : std::string_view();
  };
  LogFetch fetch;
  fetch.partition = {"people", 0};
  for (size_t i = 0; i < records.size(); ++i) {
    LogRecord record;
    record.offset = static_cast<int64_t>(i);
    record.key = view(records[i].key);
    record.value = view(records[i].value);
    record.timestamp_ms = records[i].timestamp_ms;
    auto taken = rows->Append(fetch, record);
    if (!taken.ok()) return {taken.status().message()};
    EXPECT_TRUE(*taken);
  }
  std::vector<std::string> text;
  columns::Batch batch = rows->Take();
  for (int32_t row = 0; row < batch.rows(); ++row) text.push_back(columns::RowText(batch, row));
  return text;
}

TEST(KafkaKeyColumns, ComeFromTheKeyWhereTheValueLeavesThemOut) {
  const std::vector<ScriptedRecord> records = {
      {R"({"id": 1, "zone": "eu"})", R"({"name": "ada"})", 1000},
      {R"({"id": 2})", R"([{"name": "bob"}, {"name": "cy"}])", 2000},
      {R"({"id": 3, "zone": "us"})", R"({"name": "di"})", 3000},
  };
  EXPECT_THAT(
      RowsOf("kafka-source",
             {{"key.fields", "k_id;k_zone"}, {"key.fields-prefix", "k_"}, {"value.fields-include", "EXCEPT_KEY"}},
             records),
      ElementsAre("+I[1, ada, 1970-01-01T00:00:01Z, eu]", "+I[2, bob, 1970-01-01T00:00:02Z, null]",
                  "+I[2, cy, 1970-01-01T00:00:02Z, null]", "+I[3, di, 1970-01-01T00:00:03Z, us]"));
}

TEST(KafkaKeyColumns, ComeFromTheValueWhereItHoldsThem) {
  EXPECT_THAT(RowsOf("kafka-source", {{"key.fields", "k_id"}},
                     {{R"({"k_id": 1})", R"({"k_id": 7, "name": "ada", "k_zone": "eu"})", 1000}}),
              ElementsAre("+I[7, ada, 1970-01-01T00:00:01Z, eu]"));
}

TEST(KafkaKeyColumns, ARecordWithoutKeyHasNullsThere) {
  const NodeOptionMap options = {
      {"key.fields", "k_id"}, {"key.fields-prefix", "k_"}, {"value.fields-include", "EXCEPT_KEY"}};
  EXPECT_THAT(RowsOf("kafka-source", options, {{std::nullopt, R"({"name": "ada"})", 0}}),
              ElementsAre("+I[null, ada, 1970-01-01T00:00:00Z, null]"));
}

TEST(KafkaKeyColumns, AKeyThatDoesNotParseIsARecordThatDoesNotParse) {
  NodeOptionMap options = {{"key.fields", "k_id"}, {"key.fields-prefix", "k_"}, {"value.fields-include", "EXCEPT_KEY"}};
  const std::vector<ScriptedRecord> records = {{R"({"id": "x"})", R"({"name": "ada"})", 0},
                                               {R"([{"id": 1}, {"id": 2}])", R"({"name": "bo"})", 0},
                                               {R"({"id": 5})", R"({"name": 17, "k_zone": {}})", 0},
                                               {R"({"id": 6})", R"({"name": "cy"})", 0}};
  EXPECT_THAT(RowsOf("kafka-source", options, {records[0]}),
              ElementsAre(HasSubstr("topic people, partition 0, offset 0: column 'id'")));
  EXPECT_THAT(RowsOf("kafka-source", options, {records[1]}), ElementsAre(HasSubstr("key holds 2 rows instead of one")));
  options["error-policy"] = "skip";
  EXPECT_THAT(RowsOf("kafka-source", options, {records[0], records[1], records[3]}),
              ElementsAre("+I[6, cy, 1970-01-01T00:00:00Z, null]"));
}

TEST(KafkaKeyColumns, WrongOptionsAreErrors) {
  auto error = [](NodeOptionMap options) { return RowsOf("kafka-source", std::move(options), {}).at(0); };
  EXPECT_THAT(error({{"key.fields", "id"}}), HasSubstr("No such column: 'id' of ("));
  EXPECT_THAT(error({{"key.fields-prefix", "k_"}}), HasSubstr("It needs 'value.fields-include' = EXCEPT_KEY"));
  EXPECT_THAT(error({{"key.fields", "name"}, {"key.fields-prefix", "k_"}, {"value.fields-include", "EXCEPT_KEY"}}),
              HasSubstr("Key field 'name' does not begin with 'k_'"));
  EXPECT_THAT(error({}), HasSubstr("Option 'key.format' of kafka-source 'clicks': It needs the columns of the key"));
  EXPECT_THAT(error({{"key.fields", "k_id;k_zone"}, {"key.format", "raw"}}), HasSubstr("Format raw needs one column"));
  EXPECT_THAT(error({{"key.fields", "k_id;name;k_zone"}, {"value.fields-include", "EXCEPT_KEY"}}),
              HasSubstr("none is left for the value"));
}

TEST(UpsertKafkaSource, AMessageWithoutValueDeletesItsKey) {
  const std::vector<ScriptedRecord> records = {
      {R"({"k_id": 1})", R"({"k_id": 1, "name": "ada", "k_zone": "eu"})", 1000},
      {R"({"k_id": 1})", std::nullopt, 2000},
  };
  EXPECT_THAT(RowsOf(kUpsertKafkaSource, {{"key.fields", "k_id"}}, records),
              ElementsAre("+I[1, ada, 1970-01-01T00:00:01Z, eu]", "-D[1, null, 1970-01-01T00:00:02Z, null]"));
  EXPECT_THAT(RowsOf(kUpsertKafkaSource,
                     {{"key.fields", "k_id"}, {"key.fields-prefix", "k_"}, {"value.fields-include", "EXCEPT_KEY"}},
                     {{R"({"id": 1})", R"({"name": "ada"})", 0}, {R"({"id": 1})", std::nullopt, 0}}),
              ElementsAre("+I[1, ada, 1970-01-01T00:00:00Z, null]", "-D[1, null, 1970-01-01T00:00:00Z, null]"));
  EXPECT_THAT(RowsOf(kUpsertKafkaSource, {{"key.fields", "k_id"}}, {{std::nullopt, R"({"k_id": 1})", 0}}),
              ElementsAre(HasSubstr("record has no key")));
  EXPECT_THAT(RowsOf(kUpsertKafkaSource, {{"key.format", "json"}}, {}), ElementsAre(HasSubstr("'key.f")));
}

TEST(UpsertKafkaSink, ADeletionIsAMessageWithoutValue) {
  auto log = std::make_shared<ScriptedLog>();
  auto options = ReadKafkaSinkNode(SinkNode(kUpsertKafkaSink, {{"topic", "views"},
                                                               {"properties.bootstrap.servers", "h:1"},
                                                               {"key.fields", "page"},
                                                               {"key.format", "json"},
                                                               {"value.format", "json"}}));
  ASSERT_TRUE(options.ok()) << options.status().message();
  BareContext context;
  KeepingOutput out(context.pool());
  auto sink = KafkaSink::Make(*std::move(options), std::make_shared<ScriptedLogClient>(log)).value();
  ASSERT_TRUE(sink->Open(context).ok());
  columns::BatchBuilder builder(ViewSchema(), context.pool());
  for (types::RowKind kind : {types::RowKind::kInsert, types::RowKind::kUpdateAfter, types::RowKind::kDelete}) {
    builder.column(0).AppendString("/index");
    builder.column(1).Append<int64_t>(7);
    builder.FinishRow(columns::kNoTime, kind);
  }
  flow::Rows rows(builder.Take());
  ASSERT_TRUE(sink->Process(0, rows, out).ok());
  std::vector<std::string> written;
  for (const auto& [place, record] : log->unacknowledged)
    written.push_back(record.key.value_or("NULL") + " " + record.value.value_or("NULL"));
  EXPECT_THAT(written, ElementsAre(R"({"page":"/index"} {"page":"/index","user":7})",
                                   R"({"page":"/index"} {"page":"/index","user":7})", R"({"page":"/index"} NULL)"));
}

}  // namespace
}  // namespace thalweg::connectors
