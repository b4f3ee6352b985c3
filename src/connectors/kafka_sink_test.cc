#include "connectors/kafka_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/builder.h"
#include "connectors/bare_task.h"
#include "connectors/scripted_log.h"

namespace thalweg::connectors {
namespace {

using flow::Progress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

types::Schema RowSchema() {
  using types::DataType;
  using types::TypeId;
  return types::Schema({{"value", DataType(TypeId::kBinary)},
                        {"key", DataType(TypeId::kString)},
                        {"topic", DataType(TypeId::kString)},
                        {"headers", DataType::Map(DataType(TypeId::kString, false), DataType(TypeId::kBinary), false)},
                        {"number", DataType(TypeId::kBigInt)},
                        {"partition", DataType(TypeId::kInt)}});
}

struct World {
  std::shared_ptr<ScriptedLog> log;
  BareContext context;
  KeepingOutput out{context.pool()};
  std::unique_ptr<KafkaSink> sink;
  columns::BatchBuilder builder{RowSchema(), context.pool()};

  explicit World(KafkaSinkOptions options, std::shared_ptr<ScriptedLog> contents = std::make_shared<ScriptedLog>(),
                 int subtask = 0)
      : log(std::move(contents)) {
    context.task().subtask = subtask;
    sink = KafkaSink::Make(std::move(options), std::make_shared<ScriptedLogClient>(log)).value();
    THALWEG_CHECK(sink->Open(context).ok());
  }
  World& Row(std::optional<std::string> value, const std::string& key = "k", int64_t time = columns::kNoTime,
             types::RowKind kind = types::RowKind::kInsert) {
    value ? builder.column(0).AppendString(*value) : builder.column(0).AppendNull();
    builder.column(1).AppendString(key);
    builder.column(2).AppendString("to-" + key);
    builder.column(3).child(0).AppendString("h");
    builder.column(3).child(1).AppendString("of " + key);
    builder.column(3).CloseRow();
    number ? builder.column(4).Append<int64_t>(*number) : builder.column(4).AppendNull();
    partition ? builder.column(5).Append<int32_t>(*partition) : builder.column(5).AppendNull();
    builder.FinishRow(time, kind);
    return *this;
  }
  std::optional<int64_t> number = 7;
  std::optional<int32_t> partition;
  /// Partitions of the rows sent and not yet acknowledged.
  std::vector<int32_t> Partitions() const {
    std::vector<int32_t> partitions;
    for (const auto& [place, record] : log->unacknowledged) partitions.push_back(place.partition);
    return partitions;
  }
  Status Send() {
    flow::Rows rows(builder.Take());
    return Process(rows).status();
  }
  Result<Progress> Process(flow::Rows& rows) { return sink->Process(0, rows, out); }
  Result<Progress> Barrier() { return sink->PrepareBarrier({.id = 1}, out); }
};

TEST(KafkaSink, WritesValueKeyHeadersAndEventTimeToTheRowsTopic) {
  World world({.topic_column = 2, .key_column = 1, .headers_column = 3});
  flow::Rows rows(world.Row("one", "a", 77).Row(std::nullopt, "b").builder.Take());
  EXPECT_EQ(world.Process(rows).value(), Progress::kDone);
  world.log->Acknowledge();
  const ScriptedRecord& a = (world.log->partitions[{"to-a", 0}].records[0]);
  EXPECT_EQ(a.value, "one");
  EXPECT_EQ(a.key, "a");
  EXPECT_EQ(a.timestamp_ms, 77);
  EXPECT_THAT(a.headers, ElementsAre(std::pair<std::string, std::optional<std::string>>("h", "of a")));
  const ScriptedRecord& b = (world.log->partitions[{"to-b", 0}].records[0]);
  EXPECT_EQ(b.value, std::nullopt);
  EXPECT_EQ(b.timestamp_ms, -1);
  EXPECT_EQ(world.context.metrics().counter("numRecordsSend").value(), 2);
  EXPECT_EQ(world.context.metrics().counter("numBytesSend").value(), 5);
}

TEST(KafkaSink, TimestampColumnGoesBeforeTheEventTimeUnlessItIsNull) {
  World world({.topic = "t", .timestamp_column = 4});
  world.Row("1", "k", 77);
  world.number.reset();
  ASSERT_TRUE(world.Row("2", "k", 77).Send().ok());
  EXPECT_EQ(world.log->unacknowledged[0].second.timestamp_ms, 7);
  EXPECT_EQ(world.log->unacknowledged[1].second.timestamp_ms, 77);
  world.number = -1;
  EXPECT_EQ(world.Row("3").Send().message(), "Kafka sink got a timestamp before 1970: -1 ms");
}

TEST(KafkaSink, FixedPartitionerSendsASubtasksRowsToOnePartition) {
  auto log = std::make_shared<ScriptedLog>();
  log->Create("t", 3);
  World world({.topic = "t", .key_column = 1, .partition_column = 5, .partitioner = KafkaPartitioner::kFixed}, log, 4);
  ASSERT_TRUE(world.Row("1", "a").Row("2", "b").Send().ok());
  // But where the row itself says a partition.
  world.partition = 2;
  ASSERT_TRUE(world.Row("3", "c").Send().ok());
  EXPECT_THAT(world.Partitions(), ElementsAre(1, 1, 2));
  world.partition = -5;
  EXPECT_EQ(world.Row("4").Send().message(), "Kafka sink got a negative partition: -5");
}

TEST(KafkaSink, RoundRobinPartitionerGoesOnWithEachBatch) {
  auto log = std::make_shared<ScriptedLog>();
  log->Create("t", 3);
  World world({.topic = "t", .partitioner = KafkaPartitioner::kRoundRobin}, log, 1);
  log->queue_limit = 2;  // a batch that has to wait stays where it is
  flow::Rows rows(world.Row("1").Row("2").Row("3").builder.Take());
  EXPECT_EQ(world.Process(rows).value(), Progress::kBlocked);
  log->queue_limit = SIZE_MAX;
  EXPECT_EQ(world.Process(rows).value(), Progress::kDone);
  ASSERT_TRUE(world.Row("4").Send().ok());
  ASSERT_TRUE(world.Row("5").Row("6").Send().ok());
  EXPECT_THAT(world.Partitions(), ElementsAre(1, 1, 1, 2, 0, 0));
}

TEST(KafkaSink, RowForATopicThatIsNotAmongItsOwnIsAnError) {
  World world({.topic_column = 2, .allowed_topics = {"to-a", "to-b"}});
  ASSERT_TRUE(world.Row("1", "a").Send().ok());
  EXPECT_EQ(world.Row("2", "c").Send().message(),
            "Kafka sink got a row for a topic that is not among its own: 'to-c'; they are to-a, to-b");
}

TEST(KafkaSink, RowForATopicThatNoBrokerTakesIsAnError) {
  World world({.topic_column = 2});
  ASSERT_TRUE(world.Row("1", "a").Row("2", "b").Row("3", "a").Send().ok());
  EXPECT_THAT(world.Row("4", "b c").Send().message(), HasSubstr("Not a name of a Kafka topic: 'to-b c'"));
  EXPECT_EQ(world.log->unacknowledged.size(), 3u);
}

TEST(KafkaSink, FullQueueBlocksAndResumesAtTheNextRow) {
  World world({.topic = "t"});
  world.log->queue_limit = 2;
  flow::Rows rows(world.Row("1").Row("2").Row("3").builder.Take());
  EXPECT_EQ(world.Process(rows).value(), Progress::kBlocked);
  EXPECT_EQ(rows.next(), 2);
  const int64_t wakes = world.context.counting_waker().wakes();
  world.log->Acknowledge();
  EXPECT_GT(world.context.counting_waker().wakes(), wakes);
  EXPECT_EQ(world.Process(rows).value(), Progress::kDone);
  world.log->Acknowledge();
  EXPECT_EQ((world.log->partitions[{"t", 0}].records.size()), 3u);
}

TEST(KafkaSink, BarrierPassesOnlyWhenAllIsAcknowledged) {
  World world({.topic = "t"});
  EXPECT_TRUE(world.log->producer_options.idempotent);
  flow::Rows rows(world.Row("1").builder.Take());
  EXPECT_EQ(world.Process(rows).value(), Progress::kDone);
  EXPECT_EQ(world.Barrier().value(), Progress::kBlocked);
  world.log->Acknowledge();
  EXPECT_EQ(world.Barrier().value(), Progress::kDone);
}

TEST(KafkaSink, WithoutGuaranteeABarrierDoesNotWaitButTheEndDoes) {
  World world({.guarantee = DeliveryGuarantee::kNone, .topic = "t"});
  EXPECT_FALSE(world.log->producer_options.idempotent);
  flow::Rows rows(world.Row("1").builder.Take());
  EXPECT_EQ(world.Process(rows).value(), Progress::kDone);
  EXPECT_EQ(world.Barrier().value(), Progress::kDone);
  EXPECT_EQ(world.sink->OnEnd(flow::EndKind::kFinished, world.out).value(), Progress::kBlocked);
  world.log->Acknowledge();
  EXPECT_EQ(world.sink->OnEnd(flow::EndKind::kFinished, world.out).value(), Progress::kDone);
}

TEST(KafkaSink, FailedDeliveryFailsTheBarrierTheEndAndFurtherRows) {
  for (DeliveryGuarantee guarantee : {DeliveryGuarantee::kAtLeastOnce, DeliveryGuarantee::kNone}) {
    World world({.guarantee = guarantee, .topic = "t"});
    flow::Rows first(world.Row("1").builder.Take());
    EXPECT_EQ(world.Process(first).value(), Progress::kDone);
    world.log->delivery_error = ExternalError("Kafka topic 't' partition 0: a message was not delivered: gone");
    EXPECT_THAT(world.Barrier().status().message(), HasSubstr("was not delivered: gone"));
    EXPECT_THAT(world.sink->OnEnd(flow::EndKind::kStop, world.out).status().message(), HasSubstr("was not delivered"));
    flow::Rows second(world.Row("2").builder.Take());
    EXPECT_THAT(world.Process(second).status().message(), HasSubstr("was not delivered"));
    EXPECT_EQ(second.next(), 0);
  }
}

TEST(KafkaSink, UpdatesAreRefused) {
  World world({.topic = "t"});
  flow::Rows rows(world.Row("1", "k", 0, types::RowKind::kUpdateBefore).builder.Take());
  EXPECT_EQ(world.Process(rows).status().message(),
            "Kafka sink takes appended rows only, and got an update or delete: -U");
}

TEST(KafkaSink, ColumnThatIsNoBytesNeedsAnEncoder) {
  World world({.topic = "t", .value_column = 4});
  flow::Rows rows(world.Row("1").builder.Take());
  EXPECT_EQ(world.Process(rows).status().message(),
            "Kafka sink needs a value of BYTES or STRING: column 4 is BIGINT; give it an encoder");
}

TEST(KafkaSink, StringsOfADataStreamAreWrittenAsTheyAre) {
  World world({.topic = "t"});
  columns::Column column = columns::NewObjectColumn(world.context.pool(), types::ObjectTypeOf<std::string>(), 1);
  new (column.values.mutable_data<std::string>()) std::string("a string that does not lie in its object");
  column.values.SetObjects(&types::ObjectTypeOf<std::string>(), 1);
  columns::Batch batch(world.context.pool(), 1);
  batch.AddColumn(std::move(column));
  flow::Rows rows(std::move(batch));
  EXPECT_EQ(world.Process(rows).value(), Progress::kDone);
  EXPECT_EQ(world.log->unacknowledged[0].second.value, "a string that does not lie in its object");
}

TEST(KafkaSink, TopicIsGivenInExactlyOneWay) {
  auto client = std::make_shared<ScriptedLogClient>(std::make_shared<ScriptedLog>());
  EXPECT_THAT(KafkaSink::Make({}, client).status().message(), HasSubstr("either a topic or a topic column"));
  EXPECT_THAT(KafkaSink::Make({.topic = "t", .topic_column = 1}, client).status().message(),
              HasSubstr("either a topic or a topic column"));
  EXPECT_THAT(KafkaSink::Make({.topic = "a b"}, client).status().message(), HasSubstr("Kafka topic: 'a b'"));
  EXPECT_THAT(KafkaSink::Make({.topic_column = 1, .allowed_topics = {"a", "."}}, client).status().message(),
              HasSubstr("Kafka topic: '.'"));
}

}  // namespace
}  // namespace thalweg::connectors
