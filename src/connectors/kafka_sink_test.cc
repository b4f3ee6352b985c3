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
                        {"number", DataType(TypeId::kBigInt)}});
}

struct World {
  std::shared_ptr<ScriptedLog> log = std::make_shared<ScriptedLog>();
  BareContext context;
  KeepingOutput out{context.pool()};
  std::unique_ptr<KafkaSink> sink;
  columns::BatchBuilder builder{RowSchema(), context.pool()};

  explicit World(KafkaSinkOptions options) {
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
    builder.column(4).Append<int64_t>(7);
    builder.FinishRow(time, kind);
    return *this;
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
}

}  // namespace
}  // namespace thalweg::connectors
