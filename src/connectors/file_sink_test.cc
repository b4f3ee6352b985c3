#include "connectors/file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "columns/builder.h"
#include "connectors/file_source.h"
#include "connectors/test_file_sink.h"
#include "io/faulty_storage.h"
#include "metrics/names.h"
#include "testing/golden_states.h"

namespace thalweg::connectors {
namespace {

using flow::Progress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using types::DataType;
using types::TypeId;

types::SchemaPtr Numbers() {
  return std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"n", DataType(TypeId::kInt)}, {"s", DataType(TypeId::kString)}});
}

class FileSinkTest : public FileSinkFixture {
 protected:
  FileSinkOptions Options() const { return OptionsFor(Numbers()); }
  columns::Batch Batch(int from, int to) {
    columns::BatchBuilder builder(*Numbers(), context_.pool(), columns::kMaxBatchRows);
    for (int i = from; i < to; ++i) {
      builder.column(0).Append(int32_t{i});
      builder.column(1).AppendString(fmt::format("text {}", i));
      builder.FinishRow();
    }
    return builder.Take();
  }
  Status Write(flow::Operator& sink, int from, int to) { return WriteBatch(sink, Batch(from, to)); }
  // Names in the folder, visible ones only.
  std::vector<std::string> Parts(bool hidden = false) const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(folder_.path() + "/out")) return names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/out"))
      if (entry.path().filename().string().starts_with('.') == hidden)
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string Content(const std::string& name) const {
    std::ifstream file(folder_.path() + "/out/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Rows of all visible parts, as the file source reads them.
  std::vector<std::string> ReadBack(FileFormat format) {
    FileSourceOptions options;
    options.path = folder_.path() + "/out";
    options.format = format;
    options.schema = Numbers();
    auto source = *MakeFileSource(options);
    auto splits = SplitsOf(*source);
    if (!splits.ok()) return {};
    KeptRows rows(context_.pool());
    EXPECT_TRUE(ReadAll(*source, *splits, context_, rows).ok());
    std::sort(rows.rows.begin(), rows.rows.end());
    return rows.rows;
  }
  void ExpectReadBack(FileFormat format, io::Compression compression) {
    SCOPED_TRACE(static_cast<int>(format));
    std::filesystem::remove_all(folder_.path() + "/out");
    FileSinkOptions options = Options();
    options.format = format;
    options.compression = compression;
    auto sink = Open(options);
    ASSERT_TRUE(Write(*sink, 0, 5000).ok());
    ASSERT_TRUE(Until([&] { return sink->OnEnd(flow::EndKind::kFinished, out_); }).ok());
    ASSERT_EQ(Checkpoint(*sink, 1)->size(), 1u);
    ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
    sink->Close();
    std::vector<std::string> rows = ReadBack(format);
    ASSERT_EQ(rows.size(), 5000u);
    EXPECT_EQ(rows[1], "+I[1, text 1]");
  }
};

// docs/internals/files.md
TEST_F(FileSinkTest, ACommittablesBytesAreTheGoldenOnes) {
  const std::string golden = testing::GoldenState("file-sink-committable");
  const std::string name = "part-0a1b2c3d-0-7.json";
  auto sink = Open(Options());
  ASSERT_TRUE(Write(*sink, 0, 2).ok());
  auto committables = Checkpoint(*sink, 1);
  ASSERT_TRUE(committables.ok());
  // Of the same length as that of the golden one: ".part-RRRRRRRR-0-0.json.inprogress".
  const std::string hidden = Parts(true).at(0);
  std::string expected = golden;
  expected.replace(golden.find("." + name), hidden.size(), hidden);
  expected.replace(golden.rfind(name), name.size(), hidden.substr(1, name.size()));
  EXPECT_EQ(committables->at(0), expected);

  std::ofstream(folder_.path() + "/out/." + name + ".inprogress") << "{}\n";
  ASSERT_TRUE(sink->RestoreCommittables({golden}).ok());
  EXPECT_EQ(Content(name), "{}\n");
}

TEST_F(FileSinkTest, APartAppearsWhenItsCheckpointIsCompleteAndNotBefore) {
  auto sink = Open(Options());
  ASSERT_TRUE(Write(*sink, 0, 2).ok());
  context_.Drain();
  EXPECT_THAT(Parts(), IsEmpty());
  auto committables = Checkpoint(*sink, 1);
  ASSERT_TRUE(committables.ok());
  EXPECT_EQ(committables->size(), 1u);
  EXPECT_THAT(Parts(), IsEmpty());
  EXPECT_EQ(Parts(true).size(), 1u);
  ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
  ASSERT_EQ(Parts().size(), 1u);
  EXPECT_THAT(Parts()[0], ::testing::MatchesRegex("part-[0-9a-f]+-0-0\\.json"));
  EXPECT_EQ(Content(Parts()[0]), "{\"n\":0,\"s\":\"text 0\"}\n{\"n\":1,\"s\":\"text 1\"}\n");
  EXPECT_THAT(Parts(true), IsEmpty());
  EXPECT_THAT(*Checkpoint(*sink, 2), IsEmpty());
}

TEST_F(FileSinkTest, AnAbortedCheckpointsPartsComeWithTheNext) {
  auto sink = Open(Options());
  ASSERT_TRUE(Write(*sink, 0, 1).ok());
  ASSERT_EQ(Checkpoint(*sink, 1)->size(), 1u);
  ASSERT_TRUE(sink->OnCheckpointAborted(1).ok());
  ASSERT_TRUE(Write(*sink, 1, 2).ok());
  EXPECT_EQ(Checkpoint(*sink, 2)->size(), 2u);
  ASSERT_TRUE(sink->OnCheckpointComplete(2).ok());
  EXPECT_EQ(Parts().size(), 2u);
}

TEST_F(FileSinkTest, AnEndedAttemptLeavesOnlyThePartsThatACheckpointMayHold) {
  FileSinkOptions options = Options();
  options.rolling_file_size = 1;  // each batch is a part
  auto sink = Open(options);
  ASSERT_TRUE(Write(*sink, 0, 1).ok());
  ASSERT_EQ(Checkpoint(*sink, 1)->size(), 1u);
  const std::vector<std::string> held = Parts(true);
  ASSERT_EQ(held.size(), 1u);
  ASSERT_TRUE(Write(*sink, 1, 2).ok());
  context_.Drain();
  ASSERT_EQ(Parts(true).size(), 2u);
  sink->Close();
  EXPECT_EQ(Parts(true), held);
}

TEST_F(FileSinkTest, WhatAKilledWriterLeftIsRemovedWhenItIsADayOld) {
  const std::string out = folder_.path() + "/out";
  std::filesystem::create_directories(out);
  {
    auto dead = (*io::OpenStorage(out))->OpenWriter("part-x.json");
    ASSERT_TRUE(dead.ok() && (*dead)->Append(std::string(2 << 20, 'x')).ok());
    ASSERT_EQ(Parts(true).size(), 1u);
    std::filesystem::copy_file(out + "/" + Parts(true)[0], out + "/" + Parts(true)[0] + "0");
  }
  ASSERT_EQ(Parts(true).size(), 1u);  // the copy: its writer is gone
  const std::string left = out + "/" + Parts(true)[0];
  Open(Options())->Close();
  context_.Drain();
  EXPECT_EQ(Parts(true).size(), 1u) << "it may be in work";
  std::filesystem::last_write_time(left, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  Open(Options())->Close();
  context_.Drain();
  EXPECT_THAT(Parts(true), IsEmpty());
}

TEST_F(FileSinkTest, ACompletedCheckpointDoesNotPublishThePartsOfALaterOne) {
  auto sink = Open(Options());
  ASSERT_TRUE(Write(*sink, 0, 1).ok());
  ASSERT_TRUE(Checkpoint(*sink, 1).ok());
  ASSERT_TRUE(Write(*sink, 1, 2).ok());
  ASSERT_TRUE(Checkpoint(*sink, 2).ok());
  ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
  EXPECT_THAT(ReadBack(FileFormat::kJson), ElementsAre("+I[0, text 0]"));
}

TEST_F(FileSinkTest, ARestoreFinishesTheCommitOnceHoweverOftenItIsTold) {
  std::vector<std::string> committables;
  {
    auto sink = Open(Options());
    ASSERT_TRUE(Write(*sink, 0, 3).ok());
    committables = *Checkpoint(*sink, 1);
    ASSERT_TRUE(Write(*sink, 3, 6).ok());  // not in the checkpoint: must never appear
  }
  context_.Drain();
  auto sink = Open(Options());
  ASSERT_TRUE(sink->RestoreCommittables(committables).ok());
  ASSERT_TRUE(sink->RestoreCommittables(committables).ok());
  EXPECT_THAT(ReadBack(FileFormat::kJson), ElementsAre("+I[0, text 0]", "+I[1, text 1]", "+I[2, text 2]"));
  EXPECT_FALSE(sink->RestoreCommittables({"damaged"}).ok());
}

// As Flink does: published parts are anybody's to take.
TEST_F(FileSinkTest, ARestoreWithoutThePartsThatWereTakenAwayGoesOnLoudly) {
  std::vector<std::string> committables;
  {
    FileSinkOptions options = Options();
    options.rolling_file_size = 1;  // each batch is a part
    auto sink = Open(options);
    ASSERT_TRUE(Write(*sink, 0, 1).ok() && Write(*sink, 1, 2).ok() && Write(*sink, 2, 3).ok());
    committables = *Checkpoint(*sink, 1);
    ASSERT_EQ(committables.size(), 3u);
    ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
  }
  const std::vector<std::string> published = Parts();
  std::filesystem::remove(folder_.path() + "/out/" + published[0]);
  std::filesystem::remove(folder_.path() + "/out/" + published[1]);
  context_.name.operator_name = "to files";
  auto sink = Open(Options());
  ::testing::internal::CaptureStderr();
  const Status restored = sink->RestoreCommittables(committables);
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(restored.ok()) << restored.ToString();
  EXPECT_EQ(told, "warning: File sink 'to files' misses 2 parts of the checkpoint that was restored (" + published[0] +
                      ", ...): if nobody took them away, their rows are lost\n");
  EXPECT_EQ(context_.metrics().counter(metrics::kNumPartsMissing).value(), 2);
  ASSERT_TRUE(Write(*sink, 3, 4).ok() && Checkpoint(*sink, 2).ok() && sink->OnCheckpointComplete(2).ok());
  EXPECT_THAT(ReadBack(FileFormat::kJson), ElementsAre("+I[2, text 2]", "+I[3, text 3]"));
}

TEST_F(FileSinkTest, APartOfItsOwnThatIsGoneBeforeItsCheckpointIsCompleteIsAnError) {
  auto sink = Open(Options());
  ASSERT_TRUE(Write(*sink, 0, 1).ok() && Checkpoint(*sink, 1).ok());
  std::filesystem::remove(folder_.path() + "/out/" + Parts(true).at(0));
  EXPECT_THAT(sink->OnCheckpointComplete(1).ToString(),
              HasSubstr("external error: File sink misses a part that it wrote: neither .part-"));
}

TEST_F(FileSinkTest, PartsRollBySizeAndByTime) {
  FileSinkOptions options = Options();
  options.rolling_file_size = 10'000;
  options.rollover_interval_ms = 1000;
  auto sink = Open(options);
  ASSERT_TRUE(Write(*sink, 0, 2000).ok());
  ASSERT_TRUE(Checkpoint(*sink, 1).ok());
  ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
  size_t by_size = Parts().size();
  EXPECT_GT(by_size, 3u);
  EXPECT_EQ(ReadBack(FileFormat::kJson).size(), 2000u);
  ASSERT_TRUE(Write(*sink, 0, 1).ok());
  EXPECT_EQ(context_.timers.back(), 1000);
  context_.manual_clock.Set(999);
  ASSERT_TRUE(Until([&] { return sink->OnTimer(999, out_); }).ok());
  context_.manual_clock.Set(1000);
  ASSERT_TRUE(Until([&] { return sink->OnTimer(1000, out_); }).ok());
  ASSERT_TRUE(Write(*sink, 1, 2).ok());
  EXPECT_EQ(Checkpoint(*sink, 2)->size(), 2u);
}

TEST_F(FileSinkTest, EveryFormatOfRecordsAndCompressionIsReadBackByTheSource) {
  for (FileFormat format : {FileFormat::kJson, FileFormat::kCsv, FileFormat::kDebezium}) {
    for (io::Compression compression : {io::Compression::kNone, io::Compression::kGzip, io::Compression::kZstd}) {
      ExpectReadBack(format, compression);
    }
  }
}

// Apart from the others: TSan runs those, and not this one (tests/sanitizers/tsan.exclude).
TEST_F(FileSinkTest, ParquetIsReadBackByTheSource) { ExpectReadBack(FileFormat::kParquet, io::Compression::kNone); }

TEST_F(FileSinkTest, ParquetPartsRollBySize) {
  FileSinkOptions options = Options();
  options.format = FileFormat::kParquet;
  options.rolling_file_size = 10'000;
  auto sink = Open(options);
  for (int64_t from = 0; from < 2000; from += 100) ASSERT_TRUE(Write(*sink, from, from + 100).ok());
  ASSERT_TRUE(Checkpoint(*sink, 1).ok());
  ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
  EXPECT_GE(Parts().size(), 3u);
  EXPECT_EQ(ReadBack(FileFormat::kParquet).size(), 2000u);
}

TEST_F(FileSinkTest, ACsvHeaderBeginsEachPart) {
  FileSinkOptions options = Options();
  options.format = FileFormat::kCsv;
  options.csv.header = true;
  auto sink = Open(options);
  ASSERT_TRUE(Write(*sink, 7, 8).ok());
  ASSERT_TRUE(Checkpoint(*sink, 1).ok() && sink->OnCheckpointComplete(1).ok());
  EXPECT_EQ(Content(Parts()[0]), "n,s\n7,\"text 7\"\n");
}

TEST_F(FileSinkTest, ACsvHeaderQuotesNamesThatNeedIt) {
  FileSinkOptions options = Options();
  options.format = FileFormat::kCsv;
  options.csv.header = true;
  options.schema = std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"a,b", DataType(TypeId::kInt)}, {"the \"s\"", DataType(TypeId::kString)}});
  auto sink = Open(options);
  ASSERT_TRUE(Write(*sink, 7, 8).ok());
  ASSERT_TRUE(Checkpoint(*sink, 1).ok() && sink->OnCheckpointComplete(1).ok());
  EXPECT_EQ(Content(Parts()[0]), "\"a,b\",\"the \"\"s\"\"\"\n7,\"text 7\"\n");
}

TEST_F(FileSinkTest, AFullDiskNamesThePathAndTheFreeSpace) {
  auto storage = std::make_shared<io::FaultyStorage>(
      *io::OpenStorage(folder_.path()),
      std::vector<io::Fault>{{.call = io::StorageCall::kAppend, .times = io::kAlways}});
  FileSinkOptions options = Options();
  options.path = "out";
  auto sink = *MakeFileSink(options, storage);
  ASSERT_TRUE(sink->Open(context_).ok());
  ASSERT_TRUE(Write(*sink, 0, 1).ok());
  Status status = Checkpoint(*sink, 1).status();
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  EXPECT_THAT(status.message(),
              ::testing::ContainsRegex(
                  "File sink cannot write out/.part-[0-9a-f]+-0-0.json.inprogress \\([0-9]+ bytes free\\): .*ENOSPC"));
}

TEST_F(FileSinkTest, AFolderBelowAFileCannotBeWritten) {
  std::ofstream(folder_.path() + "/file") << "x";
  FileSinkOptions options = Options();
  options.path = folder_.path() + "/file/out";
  auto sink = Open(options);
  ASSERT_TRUE(Write(*sink, 0, 1).ok());
  EXPECT_THAT(Checkpoint(*sink, 1).status().ToString(),
              ::testing::AllOf(HasSubstr("user error: File sink cannot write "), HasSubstr("ENOTDIR")));
}

TEST_F(FileSinkTest, ContradictingOptionsAreRefused) {
  FileSinkOptions options = Options();
  options.format = FileFormat::kParquet;
  options.compression = io::Compression::kZstd;
  EXPECT_THAT(MakeFileSink(options).status().message(), HasSubstr("Parquet compresses by itself"));
  options = Options();
  options.rolling_file_size = 0;
  EXPECT_THAT(MakeFileSink(options).status().message(), HasSubstr("sink.rolling-policy.file-size"));
}

TEST_F(FileSinkTest, BusyThreadsAreAskedAgainByATimer) {
  auto sink = Open(Options());
  flow::Rows rows(Batch(0, 1));
  ASSERT_EQ(*sink->Process(0, rows, out_), Progress::kDone);
  context_.refuse_work = true;
  EXPECT_EQ(*sink->PrepareBarrier({1}, out_), Progress::kBlocked);
  EXPECT_EQ(context_.timers.back(), 10);
  ASSERT_TRUE(Checkpoint(*sink, 1).ok());
}

}  // namespace
}  // namespace thalweg::connectors
