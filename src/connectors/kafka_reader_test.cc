#include "connectors/kafka_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/bare_task.h"
#include "connectors/scripted_log.h"
#include "formats/json.h"

namespace thalweg::connectors {
namespace {

using flow::ReadProgress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// A reader over a scripted log.
struct World {
  std::shared_ptr<ScriptedLog> log = std::make_shared<ScriptedLog>();
  BareContext context;
  KeepingSourceOutput out{context.pool()};
  std::unique_ptr<KafkaReader> reader;

  explicit World(KafkaReaderOptions options = {}, const std::string& group = "g") {
    Restart(std::move(options), group);
  }
  void Restart(KafkaReaderOptions options = {}, const std::string& group = "g") {
    reader = std::make_unique<KafkaReader>(std::move(options), std::make_shared<ScriptedLogClient>(log, group));
    Status opened = reader->Open(context);
    THALWEG_CHECK(opened.ok(), "{}", opened.ToString());
  }
  ScriptedLog::Partition& Partition(int32_t partition) { return log->partitions[{"t", partition}]; }
  void Fill(int32_t partition, int records) {
    for (int i = 0; i < records; ++i) {
      ScriptedLog::Partition& to = Partition(partition);
      to.Append({.key = "k", .value = fmt::format("{}/{}", partition, to.end), .timestamp_ms = 1000 + to.end});
    }
  }
  Status Add(KafkaSplit split) { return reader->AddSplits({EncodeKafkaSplit(split)}); }
  /// Polls until there is nothing more; returns how it ended.
  ReadProgress Drain() {
    while (true) {
      auto progress = reader->Poll(out);
      THALWEG_CHECK(progress.ok(), "{}", progress.status().ToString());
      if (*progress != ReadProgress::kMore) return *progress;
    }
  }
  std::vector<std::string> TakeValues() {
    std::vector<std::string> values;
    for (auto& [split, batch] : out.batches)
      for (int32_t row = 0; row < batch.rows(); ++row)
        values.push_back(batch.column(0).IsNull(row) ? "NULL" : std::string(batch.column(0).String(row)));
    out.batches.clear();
    return values;
  }
  std::vector<std::string> Positions() const {
    std::vector<std::string> lines;
    for (const flow::Split& split : reader->SnapshotSplits())
      lines.push_back(fmt::format("{}@{}", split.id, DecodeKafkaSplit(split.state)->next_offset));
    return lines;
  }
};

TEST(KafkaReader, EmitsValuesWithKafkasTimestampAsEventTime) {
  World world;
  world.Fill(0, 2);
  world.Partition(0).Append({.timestamp_ms = 5});
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  ASSERT_EQ(world.out.batches.size(), 1u);
  const auto& [split, batch] = world.out.batches[0];
  EXPECT_EQ(split, "t-0");
  EXPECT_EQ(batch.time(0), 1000);
  EXPECT_EQ(batch.time(2), 5);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/0", "0/1", "NULL"));
}

TEST(KafkaReader, MetadataColumnsComeInTheOrderAskedFor) {
  KafkaReaderOptions options;
  options.rows.metadata = {KafkaMetadata::kOffset, KafkaMetadata::kPartition, KafkaMetadata::kTopic,
                           KafkaMetadata::kKey,    KafkaMetadata::kTimestamp, KafkaMetadata::kTimestampType,
                           KafkaMetadata::kHeaders};
  EXPECT_EQ(KafkaRowSchema(options.rows)->ToString().substr(0, 5).empty(), false);
  World world(options);
  world.Partition(7).Append({.key = "key",
                             .value = "v",
                             .timestamp_ms = 42,
                             .headers = {{"h", "a header that is long"}, {"n", std::nullopt}}});
  ASSERT_TRUE(world.Add({{"t", 7}}).ok());
  world.Drain();
  EXPECT_TRUE(world.log->consumer_options.headers);
  ASSERT_EQ(world.out.batches.size(), 1u);
  const columns::Batch& batch = world.out.batches[0].second;
  EXPECT_EQ(batch.column(1).data<int64_t>()[0], 0);
  EXPECT_EQ(batch.column(2).data<int32_t>()[0], 7);
  EXPECT_EQ(batch.column(3).String(0), "t");
  EXPECT_EQ(batch.column(4).String(0), "key");
  EXPECT_EQ(batch.column(5).data<int64_t>()[0], 42);
  EXPECT_EQ(batch.column(6).String(0), "CreateTime");
  const columns::Column& headers = batch.column(7);
  EXPECT_EQ(headers.offsets.data<int32_t>()[1], 2);
  EXPECT_EQ(headers.children[0].String(1), "n");
  EXPECT_EQ(headers.children[1].String(0), "a header that is long");
  EXPECT_TRUE(headers.children[1].IsNull(1));
}

TEST(KafkaReader, HeadersAreNotReadUnlessAskedFor) {
  World world;
  EXPECT_FALSE(world.log->consumer_options.headers);
}

TEST(KafkaReader, AListOfHeadersAsksForThem) {
  KafkaReaderOptions options;
  options.rows.metadata = {KafkaMetadata::kHeaderList};
  World world(options);
  world.Partition(0).Append({.value = "v", .headers = {{"h", "a"}, {"h", std::nullopt}}});
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  EXPECT_TRUE(world.log->consumer_options.headers);
  EXPECT_EQ(world.out.batches.at(0).second.column(1).offsets.data<int32_t>()[1], 2);
}

TEST(KafkaReader, ALeaderEpochThatIsNotKnownIsNull) {
  KafkaReaderOptions options;
  options.rows.metadata = {KafkaMetadata::kLeaderEpoch};
  World world(options);
  world.Partition(0).Append({.value = "v", .leader_epoch = 7});
  world.Partition(0).Append({.value = "w"});
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  const columns::Column& epochs = world.out.batches.at(0).second.column(1);
  EXPECT_EQ(epochs.data<int32_t>()[0], 7);
  EXPECT_FALSE(epochs.IsNull(0));
  EXPECT_TRUE(epochs.IsNull(1));
}

TEST(KafkaReader, PositionIsAfterTheLastRecordEmittedNotFetched) {
  World world;
  world.log->fetch_records = 5000;
  world.Fill(0, 1500);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  ASSERT_EQ(world.reader->Poll(world.out).value(), ReadProgress::kMore);
  EXPECT_EQ(world.TakeValues().size(), static_cast<size_t>(columns::kBatchRows));
  EXPECT_THAT(world.Positions(), ElementsAre("t-0@1024"));
  world.Drain();
  EXPECT_THAT(world.Positions(), ElementsAre("t-0@1500"));
}

TEST(KafkaReader, APollTakesNoMoreRecordsThanItIsAskedFor) {
  World world;
  world.log->fetch_records = 5;
  world.Fill(0, 5);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.out.SetPollRows(2);
  for (const char* position : {"t-0@2", "t-0@4", "t-0@5"}) {
    ASSERT_EQ(world.reader->Poll(world.out).value(), ReadProgress::kMore);
    EXPECT_THAT(world.Positions(), ElementsAre(position));
  }
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/0", "0/1", "0/2", "0/3", "0/4"));
}

TEST(KafkaReader, RestoredAtAnyPointReadsEachRecordOnce) {
  std::vector<std::string> expected;
  for (int stop_after = 0; stop_after < 12; ++stop_after) {
    World world;
    world.log->fetch_records = 4;
    world.Fill(0, 3);
    world.Partition(0).AppendMarker();
    world.Fill(0, 20);
    world.Partition(0).records.erase(11);
    world.Partition(0).AppendMarker();
    world.Fill(1, 9);
    ASSERT_TRUE(world.Add({{"t", 0}, 0, 24}).ok());
    ASSERT_TRUE(world.Add({{"t", 1}, 2, 9}).ok());
    for (int i = 0; i < stop_after; ++i) ASSERT_TRUE(world.reader->Poll(world.out).ok());
    std::vector<flow::Split> splits = world.reader->SnapshotSplits();
    world.Restart();
    ASSERT_TRUE(world.reader->AddSplits(splits).ok());
    world.reader->NoMoreSplits();
    EXPECT_EQ(world.Drain(), ReadProgress::kFinished);
    std::vector<std::string> values = world.TakeValues();
    std::sort(values.begin(), values.end());
    if (stop_after == 0) expected = values;
    EXPECT_EQ(values.size(), 3u + 19u + 7u);
    EXPECT_EQ(values, expected);
  }
}

TEST(KafkaReader, StopIsExclusive) {
  World world;
  world.Fill(0, 10);
  ASSERT_TRUE(world.Add({{"t", 0}, 2, 5}).ok());
  world.reader->NoMoreSplits();
  EXPECT_EQ(world.Drain(), ReadProgress::kFinished);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/2", "0/3", "0/4"));
  EXPECT_THAT(world.out.finished, ElementsAre("t-0"));
  EXPECT_THAT(world.log->assigned, IsEmpty());
  EXPECT_THAT(world.Positions(), IsEmpty());
}

TEST(KafkaReader, TheStopItselfIsNotReadThoughItWasFetchedWithTheOthers) {
  World world;
  world.log->fetch_records = 10;
  world.Fill(0, 10);
  ASSERT_TRUE(world.Add({{"t", 0}, 2, 5}).ok());
  world.reader->NoMoreSplits();
  EXPECT_EQ(world.Drain(), ReadProgress::kFinished);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/2", "0/3", "0/4"));
}

TEST(KafkaReader, RecordsBeforeItsPositionThatAreFetchedWithTheOthersAreDropped) {
  World world;
  world.log->fetch_records = 5;
  world.log->fetched_before = 2;
  world.Fill(0, 12);
  ASSERT_TRUE(world.Add({{"t", 0}, 4}).ok());
  EXPECT_EQ(world.reader->Poll(world.out).value(), ReadProgress::kMore);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/4", "0/5", "0/6")) << "of 2 to 6";
  EXPECT_THAT(world.Positions(), ElementsAre("t-0@7"));
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/7", "0/8", "0/9", "0/10", "0/11"));
  EXPECT_THAT(world.Positions(), ElementsAre("t-0@12"));
}

TEST(KafkaReader, PositionBeyondTheLogsEndGoesBackToItsBeginning) {
  World world;
  world.Fill(0, 3);
  ASSERT_TRUE(world.Add({{"t", 0}, 20}).ok());
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/0", "0/1", "0/2"));
  EXPECT_THAT(world.Positions(), ElementsAre("t-0@3"));
  world.reader->OnSnapshot(1);
  ASSERT_TRUE(world.reader->OnCheckpointComplete(1).ok());
  EXPECT_THAT(world.log->committed, ElementsAre(Pair(TopicPartition{"t", 0}, 3)));
  // What is fetched again after that is dropped as ever.
  world.log->fetched_before = 2;
  world.Fill(0, 2);
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/3", "0/4"));
}

TEST(KafkaReader, PositionThatIsNotInTheLogGoesToItsEndIfTheResetSaysSo) {
  KafkaReaderOptions options;
  options.offset_reset = "latest";
  World world(options);
  world.Fill(0, 3);
  ASSERT_TRUE(world.Add({{"t", 0}, 20}).ok());
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  EXPECT_THAT(world.TakeValues(), IsEmpty());
  EXPECT_THAT(world.Positions(), ElementsAre("t-0@3"));
  world.Fill(0, 1);
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/3"));
}

TEST(KafkaReader, EndsThoughTheLastOffsetsAreMarkers) {
  World world;
  world.Fill(0, 2);
  world.Partition(0).AppendMarker();
  world.Partition(0).AppendMarker();
  ASSERT_TRUE(world.Add({{"t", 0}, 0, 4}).ok());
  world.reader->NoMoreSplits();
  EXPECT_EQ(world.Drain(), ReadProgress::kFinished);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/0", "0/1"));
}

TEST(KafkaReader, EndsAtARecordBeyondAStopThatWasCompactedAway) {
  World world;
  world.Fill(0, 10);
  for (int64_t offset : {3, 4, 5}) world.Partition(0).records.erase(offset);
  ASSERT_TRUE(world.Add({{"t", 0}, 0, 5}).ok());
  world.reader->NoMoreSplits();
  EXPECT_EQ(world.Drain(), ReadProgress::kFinished);
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/0", "0/1", "0/2"));
}

TEST(KafkaReader, EmptySplitEndsWithoutAFetch) {
  World world;
  world.Partition(0);
  world.Fill(1, 1);
  ASSERT_TRUE(world.Add({{"t", 0}, 0, 0}).ok());
  ASSERT_TRUE(world.Add({{"t", 1}, 1, 1}).ok());
  EXPECT_THAT(world.log->assigned, IsEmpty());
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  EXPECT_THAT(world.out.finished, ElementsAre("t-0", "t-1"));
  world.reader->NoMoreSplits();
  EXPECT_EQ(world.Drain(), ReadProgress::kFinished);
}

TEST(KafkaReader, WithoutSplitsWaitsUntilNoneWillCome) {
  World world;
  EXPECT_EQ(world.Drain(), ReadProgress::kIdle);
  world.reader->NoMoreSplits();
  EXPECT_EQ(world.Drain(), ReadProgress::kFinished);
}

TEST(KafkaReader, PausedSplitIsNotReadAndTheOthersGoOn) {
  World world;
  world.Fill(0, 2);
  world.Fill(1, 2);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  ASSERT_TRUE(world.Add({{"t", 1}}).ok());
  world.reader->PauseSplit("t-0", true);
  world.Drain();
  EXPECT_THAT(world.TakeValues(), ElementsAre("1/0", "1/1"));
  world.reader->PauseSplit("t-0", false);
  world.Drain();
  EXPECT_THAT(world.TakeValues(), ElementsAre("0/0", "0/1"));
}

TEST(KafkaReader, CommitsTheOffsetsOfTheCheckpointNotThoseOfNow) {
  World world;
  world.Fill(0, 4);
  world.Fill(1, 1);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  ASSERT_TRUE(world.Add({{"t", 1}, 0, 1}).ok());
  world.Drain();
  world.reader->OnSnapshot(1);
  world.Fill(0, 3);
  world.Drain();
  EXPECT_THAT(world.log->commits, IsEmpty());
  ASSERT_TRUE(world.reader->OnCheckpointComplete(1).ok());
  EXPECT_THAT(world.log->commits,
              ElementsAre(ElementsAre(Pair(TopicPartition{"t", 0}, 4), Pair(TopicPartition{"t", 1}, 1))));
  world.reader->OnSnapshot(2);
  world.reader->OnSnapshot(3);
  ASSERT_TRUE(world.reader->OnCheckpointComplete(3).ok());
  // The ended split was committed and is not committed again; checkpoint 2 is covered by 3.
  EXPECT_THAT(world.log->commits.back(), ElementsAre(Pair(TopicPartition{"t", 0}, 7)));
  ASSERT_TRUE(world.reader->OnCheckpointComplete(2).ok());
  EXPECT_EQ(world.log->commits.size(), 2u);
}

TEST(KafkaReader, ClosingWaitsForTheLastCommitAndCountsIt) {
  World world;
  world.log->answer_commits_at_close = true;
  world.Fill(0, 4);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  world.reader->OnSnapshot(1);
  ASSERT_TRUE(world.reader->OnCheckpointComplete(1).ok());
  metrics::Counter& succeeded = world.context.metrics().AddGroup("KafkaSourceReader").counter("commitsSucceeded");
  EXPECT_THAT(world.log->committed, IsEmpty());
  EXPECT_EQ(succeeded.value(), 0);
  metrics::Gauge& committed = world.context.metrics()
                                  .AddGroup("KafkaSourceReader")
                                  .AddGroup("topic", "t")
                                  .AddGroup("partition", "0")
                                  .gauge("committedOffset");
  EXPECT_EQ(committed.value(), -1) << "the group has not answered";
  world.reader->Close();
  EXPECT_EQ(committed.value(), 4);
  EXPECT_THAT(world.log->committed, ElementsAre(Pair(TopicPartition{"t", 0}, 4)));
  EXPECT_EQ(succeeded.value(), 1);
}

TEST(KafkaReader, CommitsNothingWithoutAGroup) {
  World world({}, "");
  world.Fill(0, 4);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  world.reader->OnSnapshot(1);
  ASSERT_TRUE(world.reader->OnCheckpointComplete(1).ok());
  EXPECT_THAT(world.log->commits, IsEmpty());
}

TEST(KafkaReader, FailureOfTheLogIsReturnedAfterWhatWasFetched) {
  World world;
  world.Fill(0, 1);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  world.log->fetch_error = ExternalError("Kafka topic 't' partition 0 no longer exists");
  EXPECT_THAT(world.reader->Poll(world.out).status().message(), HasSubstr("no longer exists"));
}

TEST(KafkaReader, SplitGivenTwiceIsADefect) {
  World world;
  world.Partition(0);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  EXPECT_THAT(world.Add({{"t", 0}}).message(), HasSubstr("given out twice: t-0"));
}

TEST(KafkaReader, MetricsTellOffsetsAndLag) {
  World world;
  world.log->fetch_records = 3;
  world.Fill(0, 10);
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  ASSERT_TRUE(world.reader->Poll(world.out).ok());
  metrics::Group& group = world.context.metrics();
  metrics::Group& reader = group.AddGroup("KafkaSourceReader");
  metrics::Group& partition = reader.AddGroup("topic", "t").AddGroup("partition", "0");
  EXPECT_EQ(group.counter("numRecordsIn").value(), 3);
  EXPECT_EQ(group.gauge("pendingRecords").value(), 7);
  EXPECT_EQ(reader.AddGroup("KafkaConsumer").gauge("records-lag-max").value(), 7);
  EXPECT_EQ(partition.gauge("currentOffset").value(), 2);
  EXPECT_EQ(partition.gauge("committedOffset").value(), -1);
  world.reader->OnSnapshot(1);
  ASSERT_TRUE(world.reader->OnCheckpointComplete(1).ok());
  EXPECT_EQ(partition.gauge("committedOffset").value(), 3);
}

/// Decodes whole numbers, for the error policies.
class NumberDecoder final : public formats::Decoder {
 public:
  bool Decode(std::string_view record, columns::BatchBuilder& out, formats::ParseError* error) override {
    int64_t value = 0;
    for (char c : record) {
      if (c < '0' || c > '9') {
        error->reason = "not a BIGINT";
        error->text = record;
        return false;
      }
      value = value * 10 + (c - '0');
    }
    // Bytes behind the record are readable.
    EXPECT_EQ(record.data()[record.size() + formats::kDecodePadding - 1], '\0');
    out.column(0).Append<int64_t>(value);
    out.FinishRow();
    return true;
  }
};

KafkaReaderOptions Numbers(formats::ParseErrorPolicy policy) {
  KafkaReaderOptions options;
  options.rows.value_schema =
      std::make_shared<const types::Schema>(std::vector<types::Field>{{"n", types::DataType(types::TypeId::kBigInt)}});
  options.rows.make_decoder = []() -> Result<std::unique_ptr<formats::Decoder>> {
    return std::make_unique<NumberDecoder>();
  };
  options.rows.on_parse_error = policy;
  options.rows.metadata = {KafkaMetadata::kOffset};
  return options;
}

TEST(KafkaReader, RecordThatDoesNotParseFailsWithItsPlace) {
  World world(Numbers(formats::ParseErrorPolicy::kFail));
  world.Partition(2).Append({.value = "12"});
  world.Partition(2).Append({.value = "x3"});
  ASSERT_TRUE(world.Add({{"t", 2}}).ok());
  // The good ones before it come first.
  ASSERT_TRUE(world.reader->Poll(world.out).ok());
  EXPECT_EQ(world.out.batches.size(), 1u);
  EXPECT_THAT(world.Positions(), ElementsAre("t-2@1"));
  Status status = world.reader->Poll(world.out).status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_THAT(status.message(), HasSubstr("topic t, partition 2, offset 1"));
  EXPECT_THAT(status.message(), HasSubstr("not a BIGINT"));
}

TEST(KafkaReader, RecordThatDoesNotParseIsSkippedAndCounted) {
  World world(Numbers(formats::ParseErrorPolicy::kSkip));
  for (const char* text : {"12", "x3", "4"}) world.Partition(0).Append({.value = text});
  world.Partition(0).Append({.value = std::nullopt});
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  ASSERT_EQ(world.out.batches.size(), 2u);
  const columns::Batch& batch = world.out.batches[1].second;
  ASSERT_EQ(batch.rows(), 1);
  EXPECT_EQ(batch.column(0).data<int64_t>()[0], 4);
  EXPECT_EQ(batch.column(1).data<int64_t>()[0], 2);
  EXPECT_EQ(world.context.metrics().counter("numRecordsInErrors").value(), 1);
  EXPECT_THAT(world.Positions(), ElementsAre("t-0@4"));
}

TEST(KafkaReader, ArrayOfManyRowsGetsABatchOfItsOwn) {
  KafkaReaderOptions options = Numbers(formats::ParseErrorPolicy::kFail);
  options.rows.make_decoder = [schema = options.rows.value_schema] { return formats::MakeJsonDecoder(schema, {}); };
  World world(options);
  world.log->fetch_records = 2000;
  std::string array = "[";
  for (int i = 0; i < 1000; ++i) array += fmt::format("{}{{\"n\":{}}}", i ? "," : "", i);
  for (int i = 0; i < 30; ++i) world.Partition(0).Append({.value = "{\"n\":5}", .timestamp_ms = 1});
  world.Partition(0).Append({.value = array + "]", .timestamp_ms = 2});
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  ASSERT_EQ(world.out.batches.size(), 2u);
  const columns::Batch& batch = world.out.batches[1].second;
  ASSERT_EQ(batch.rows(), 1000);
  EXPECT_EQ(batch.column(0).data<int64_t>()[999], 999);
  EXPECT_EQ(batch.column(1).data<int64_t>()[999], 30);
  EXPECT_EQ(batch.time(999), 2);
}

TEST(KafkaReader, DeadLettersWithoutAnOutputAreRefused) {
  BareContext context;
  auto made = KafkaRows::Make(Numbers(formats::ParseErrorPolicy::kDeadLetter).rows, context.pool());
  EXPECT_THAT(made.status().message(), HasSubstr("needs an output for dead letters"));
}

TEST(KafkaReader, RecordsThatDoNotParseGoToTheSideWithTheirPlace) {
  KafkaReaderOptions options = Numbers(formats::ParseErrorPolicy::kDeadLetter);
  options.rows.dead_letter_port = 2;
  World world(options);
  world.Partition(3).Append({.value = "1"});
  world.Partition(3).Append({.value = "x3"});
  ASSERT_TRUE(world.Add({{"t", 3}}).ok());
  world.Drain();
  ASSERT_EQ(world.out.side.size(), 1u);
  EXPECT_EQ(world.out.side[0].first, 2);
  const columns::Batch& letters = world.out.side[0].second;
  ASSERT_EQ(letters.rows(), 1);
  EXPECT_EQ(letters.column(0).String(0), "x3");
  EXPECT_EQ(letters.column(1).String(0), "topic t, partition 3, offset 1");
  EXPECT_THAT(letters.column(3).String(0), HasSubstr("not a BIGINT"));
  ASSERT_EQ(world.out.batches.size(), 1u);
  EXPECT_EQ(world.out.batches[0].second.rows(), 1);
}

/// A program that cannot use the second row of a batch.
class PickyOutput final : public KeepingSourceOutput {
 public:
  using KeepingSourceOutput::KeepingSourceOutput;
  void Emit(const std::string& split, columns::Batch batch) override {
    judged = reader->OnUnfitRow({1, "Field 'n' of record R: out of range"});
    KeepingSourceOutput::Emit(split, std::move(batch));
  }
  KafkaReader* reader = nullptr;
  Status judged;
};

TEST(KafkaReader, RowThatDoesNotFitTheProgramIsTreatedAsARecordThatDoesNotParse) {
  using formats::ParseErrorPolicy;
  for (ParseErrorPolicy policy : {ParseErrorPolicy::kFail, ParseErrorPolicy::kSkip, ParseErrorPolicy::kDeadLetter}) {
    KafkaReaderOptions options = Numbers(policy);
    options.rows.dead_letter_port = 2;
    World world(options);
    for (const char* text : {"10", "11"}) world.Partition(3).Append({.value = text});
    ASSERT_TRUE(world.Add({{"t", 3}}).ok());
    PickyOutput out(world.context.pool());
    out.reader = world.reader.get();
    ASSERT_TRUE(world.reader->Poll(out).ok());
    const bool fails = policy == ParseErrorPolicy::kFail;
    EXPECT_EQ(
        out.judged.message(),
        fails ? "Cannot take topic t, partition 3, offset 1: Field 'n' of record R: out of range; record: 11" : "");
    EXPECT_EQ(world.context.metrics().counter("numRecordsInErrors").value(), fails ? 0 : 1);
    ASSERT_EQ(out.side.size(), policy == ParseErrorPolicy::kDeadLetter ? 1u : 0u);
    if (out.side.empty()) continue;
    const columns::Batch& letters = out.side[0].second;
    EXPECT_EQ(letters.column(0).String(0), "11");
    EXPECT_EQ(letters.column(1).String(0), "topic t, partition 3, offset 1");
    EXPECT_EQ(letters.column(3).String(0), "Field 'n' of record R: out of range");
  }
}

TEST(KafkaReader, ALayoutPutsMetadataBetweenTheValuesColumns) {
  KafkaReaderOptions options = Numbers(formats::ParseErrorPolicy::kFail);
  options.rows.metadata = {KafkaMetadata::kOffset};
  types::Schema wanted({{"at", types::DataType(types::TypeId::kBigInt)}, options.rows.value_schema->field(0)});
  options.rows.layout = RowLayout::Make({options.rows.value_schema->field(0), wanted.field(0)}, {1, 0});
  EXPECT_EQ(KafkaRowSchema(options.rows)->ToString(), wanted.ToString());
  World world(options);
  world.log->fetch_records = 100;
  for (int i = 0; i < 6; ++i) world.Partition(0).Append({.value = "70"});
  ASSERT_TRUE(world.Add({{"t", 0}}).ok());
  world.Drain();
  const columns::Batch& batch = world.out.batches[0].second;
  EXPECT_EQ(batch.column(0).data<int64_t>()[5], 5);
  EXPECT_EQ(batch.column(1).data<int64_t>()[5], 70);
}

TEST(KafkaMetadata, UnknownNameIsAnErrorWithThoseThatExist) {
  EXPECT_EQ(ParseKafkaMetadata("timestamp-type").value(), KafkaMetadata::kTimestampType);
  EXPECT_EQ(ParseKafkaMetadata("offsets").status().message(),
            "Unknown Kafka metadata column: 'offsets'; there are key, headers, topic, partition, offset, timestamp, "
            "timestamp-type, header-list, leader-epoch");
}

}  // namespace
}  // namespace thalweg::connectors
