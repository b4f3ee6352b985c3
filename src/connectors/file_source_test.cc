#include "connectors/file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "columns/builder.h"
#include "connectors/test_task.h"
#include "formats/parquet.h"
#include "io/compression.h"
#include "io/temporary_folder.h"
#include "testing/source_folder.h"

namespace thalweg::connectors {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using types::DataType;
using types::TypeId;

types::SchemaPtr Numbers() {
  return std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"n", DataType(TypeId::kInt)}, {"s", DataType(TypeId::kString)}});
}

/// A storage whose reads give at most `limit` bytes at a time.
class ShortReads final : public io::Storage {
 public:
  ShortReads(std::shared_ptr<io::Storage> inner, uint64_t limit) : inner_(std::move(inner)), limit_(limit) {}
  Status Put(std::string_view path, std::string_view bytes) override { return inner_->Put(path, bytes); }
  Result<std::string> Get(std::string_view path) override { return inner_->Get(path); }
  Result<std::string> Get(std::string_view path, uint64_t offset, uint64_t length) override {
    return inner_->Get(path, offset, std::min(length, limit_));
  }
  Result<std::vector<std::string>> List(std::string_view prefix) override { return inner_->List(prefix); }
  Status Delete(std::string_view path) override { return inner_->Delete(path); }
  Result<bool> Exists(std::string_view path) override { return inner_->Exists(path); }
  Result<uint64_t> Size(std::string_view path) override { return inner_->Size(path); }
  Result<io::FileStat> Stat(std::string_view path) override { return inner_->Stat(path); }
  Result<std::unique_ptr<io::Writer>> OpenWriter(std::string_view path) override { return inner_->OpenWriter(path); }
  Result<int64_t> DeleteAbandoned(std::string_view prefix, int64_t age) override {
    return inner_->DeleteAbandoned(prefix, age);
  }
  const std::string& uri() const override { return inner_->uri(); }

 private:
  std::shared_ptr<io::Storage> inner_;
  uint64_t limit_;
};

class FileSourceTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, std::string_view bytes) {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  FileSourceOptions Options(const std::string& path, FileFormat format = FileFormat::kJson) const {
    FileSourceOptions options;
    options.path = Path(path);
    options.format = format;
    options.schema = Numbers();
    return options;
  }
  // Rows, or the error, of reading it all.
  std::vector<std::string> Rows(const FileSourceOptions& options) {
    auto source = MakeFileSource(options);
    if (!source.ok()) return {source.status().ToString()};
    return Rows(**source);
  }
  std::vector<std::string> Rows(flow::Source& source) {
    out_ = std::make_unique<KeptRows>(context_.pool());
    auto splits = SplitsOf(source);
    if (!splits.ok()) return {splits.status().ToString()};
    Status status = ReadAll(source, *splits, context_, *out_);
    if (!status.ok()) out_->rows.push_back(status.ToString());
    return out_->rows;
  }
  // Stops after each number of rows and goes on from the snapshot: the rows must be the same.
  void CheckEveryResume(flow::Source& source, size_t expected) {
    std::vector<std::string> whole = Rows(source);
    ASSERT_EQ(whole.size(), expected) << whole.back();
    std::vector<flow::Split> splits = *SplitsOf(source);
    for (size_t stop = 0; stop <= whole.size(); ++stop) {
      KeptRows out(context_.pool());
      auto reader = *source.CreateReader();
      ASSERT_TRUE(reader->Open(context_).ok());
      ASSERT_TRUE(reader->AddSplits(splits).ok());
      ASSERT_TRUE(ReadOn(*reader, context_, out, stop).ok());
      std::vector<flow::Split> snapshot = reader->SnapshotSplits();
      reader->Close();
      ASSERT_TRUE(ReadAll(source, snapshot, context_, out).ok());
      ASSERT_EQ(out.rows, whole) << "stopped after " << stop;
    }
  }
  std::string Prefix() const { return folder_.path(); }

  io::TemporaryFolder folder_;
  TestContext context_;
  std::unique_ptr<KeptRows> out_;
};

std::string Lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("{{\"n\":{},\"s\":\"row {} of a file\"}}\n", i, i);
  return text;
}

TEST_F(FileSourceTest, ReadsAllFilesOfAFolderInOrderButHiddenOnes) {
  Write("in/b.json", "{\"n\":2}\n\n{\"n\":3}");
  Write("in/a.json", "\xef\xbb\xbf{\"n\":1}\r\n");
  Write("in/sub/c.json", "{\"n\":4}\n");
  Write("in/.part.json", "x");
  Write("in/_SUCCESS", "x");
  Write("in/_tmp/d.json", "x");
  Write("in/empty.json", "");
  EXPECT_THAT(Rows(Options("in")), ElementsAre("+I[1, null]", "+I[2, null]", "+I[3, null]", "+I[4, null]"));
  EXPECT_EQ(out_->finished.size(), 4u);
}

TEST_F(FileSourceTest, ColumnsThatNobodyReadsAreNullAndNotLookedAt) {
  Write("a.json", "{\"n\":\"no number\",\"s\":\"x\"}\n");
  FileSourceOptions options = Options("a.json");
  options.metadata = {FileMetadata::kLine};
  EXPECT_THAT(Rows(options), ElementsAre(HasSubstr("not a INT: 'no number'")));
  options.reads = {1};
  EXPECT_THAT(Rows(options), ElementsAre("+I[null, x, 1]"));
  Write("a.csv", "no number,x\n");
  options.path = Path("a.csv");
  options.format = FileFormat::kCsv;
  EXPECT_THAT(Rows(options), ElementsAre("+I[null, x, 1]"));
}

TEST_F(FileSourceTest, AGlobMatchesWithinItsFolders) {
  Write("in/1/a.json", "{\"n\":1}\n");
  Write("in/2/b.json", "{\"n\":2}\n");
  Write("in/2/b.csv", "x");
  Write("in/2/deep/c.json", "{\"n\":3}\n");
  EXPECT_THAT(Rows(Options("in/[12]/*.json")), ElementsAre("+I[1, null]", "+I[2, null]"));
  EXPECT_THAT(Rows(Options("in/2/?.json")), ElementsAre("+I[2, null]"));
}

TEST_F(FileSourceTest, AFileOrFolderOfThisVeryNameWinsOverWhatItWouldMatch) {
  Write("in/a[1].json", "{\"n\":1}\n");
  Write("in/a1.json", "{\"n\":2}\n");
  Write("day[2]/x.json", "{\"n\":3}\n");
  Write("day2/x.json", "{\"n\":4}\n");
  EXPECT_THAT(Rows(Options("in/a[1].json")), ElementsAre("+I[1, null]"));
  EXPECT_THAT(Rows(Options("in/a[12].json")), ElementsAre("+I[2, null]"));
  EXPECT_THAT(Rows(Options("day[2]")), ElementsAre("+I[3, null]"));
  EXPECT_THAT(Rows(Options("day[2]/*.json")), ElementsAre("+I[4, null]"));
  EXPECT_THAT(Rows(Options("day\\[2\\]/*.json")), ElementsAre("+I[3, null]"));
}

TEST_F(FileSourceTest, AMissingPathAndAnEmptyGlobSayWhatToDo) {
  for (const char* path : {"missing", "*.json"})
    EXPECT_THAT(Rows(Options(path)), ElementsAre("user error: File source finds no file: " + Path(path) +
                                                 "; check the path: it must be a file, a folder with files whose names "
                                                 "do not begin with . or _, or a pattern "
                                                 "that matches some"));
  FileSourceOptions remote = Options("x");
  remote.path = "s3://bucket/x";
  EXPECT_THAT(Rows(remote), ElementsAre(HasSubstr("Unknown storage scheme 's3'")));
  FileSourceOptions none = Options("x");
  none.schema = nullptr;
  EXPECT_THAT(Rows(none), ElementsAre(HasSubstr("File source needs a schema")));
}

TEST_F(FileSourceTest, ARestoreAtEveryRowContinuesExactly) {
  std::string csv = "1,\"a\n\"\"b\"\"\"\n# comment\n2,x\n\n3,\"\"\n4,last";
  std::string json = "{\"n\":1}\n{\"n\":2,\"s\":\"é\"}\r\n\n[{\"n\":3}]\n{\"n\":4}";
  for (uint64_t limit : {uint64_t{1}, uint64_t{7}, uint64_t{1} << 20}) {
    for (const char* extension : {"", ".gz", ".zst"}) {
      auto storage = std::make_shared<ShortReads>(*io::OpenStorage(Prefix()), limit);
      ASSERT_TRUE(
          storage->Put(std::string("a.csv") + extension, *io::CompressBytes(io::CompressionOfPath(extension), csv))
              .ok());
      ASSERT_TRUE(
          storage->Put(std::string("a.json") + extension, *io::CompressBytes(io::CompressionOfPath(extension), json))
              .ok());
      FileSourceOptions options = Options("");
      options.batch_rows = 1;
      options.metadata = {FileMetadata::kName, FileMetadata::kOffset, FileMetadata::kLine};
      options.path = std::string("a.json") + extension;
      CheckEveryResume(**MakeFileSource(options, storage), 4);
      options.path = std::string("a.csv") + extension;
      options.format = FileFormat::kCsv;
      options.csv.allow_comments = true;
      CheckEveryResume(**MakeFileSource(options, storage), 4);
    }
  }
}

TEST_F(FileSourceTest, MetadataNamesFileByteAndLine) {
  Write("a.json", "{\"n\":1}\n\n{\"n\":2}\n");
  FileSourceOptions options = Options("a.json");
  options.metadata = {FileMetadata::kPath, FileMetadata::kName, FileMetadata::kOffset, FileMetadata::kLine};
  EXPECT_EQ(FileSourceSchema(options)->ToString(),
            "(n INT, s STRING, file.path STRING NOT NULL, file.name STRING NOT NULL, file.offset BIGINT NOT NULL, "
            "file.line BIGINT)");
  EXPECT_THAT(Rows(options), ElementsAre("+I[1, null, " + Path("a.json") + ", a.json, 0, 1]",
                                         "+I[2, null, " + Path("a.json") + ", a.json, 9, 3]"));
}

TEST_F(FileSourceTest, MetadataTellsSizeAndLastChangeOfTheFileAsItWasFound) {
  Write("a.json", "{\"n\":1}\n{\"n\":2}\n");
  const std::chrono::sys_time<std::chrono::milliseconds> changed(std::chrono::milliseconds(1'700'000'000'123));
  std::filesystem::last_write_time(Path("a.json"), std::chrono::file_clock::from_sys(changed));
  FileSourceOptions options = Options("a.json");
  options.metadata = {FileMetadata::kSize, FileMetadata::kModificationTime};
  EXPECT_EQ(FileSourceSchema(options)->ToString(),
            "(n INT, s STRING, file.size BIGINT NOT NULL, file.modification-time TIMESTAMP_LTZ(3) NOT NULL)");
  EXPECT_THAT(Rows(options),
              ElementsAre("+I[1, null, 16, 2023-11-14T22:13:20.123Z]", "+I[2, null, 16, 2023-11-14T22:13:20.123Z]"));
  // Pieces of one file tell of the whole.
  options.split_bytes = 8;
  EXPECT_THAT(Rows(options), UnorderedElementsAre("+I[1, null, 16, 2023-11-14T22:13:20.123Z]",
                                                  "+I[2, null, 16, 2023-11-14T22:13:20.123Z]"));
}

TEST_F(FileSourceTest, ACsvHeaderIsPassedOver) {
  Write("a.csv", "n,s\n1,x\n");
  FileSourceOptions options = Options("a.csv", FileFormat::kCsv);
  options.csv.header = true;
  EXPECT_THAT(Rows(options), ElementsAre("+I[1, x]"));
}

TEST_F(FileSourceTest, DebeziumsLinesAreChangesAndAFileOfThemIsNotDivided) {
  constexpr char kUpdate[] = R"({"before":{"n":1,"s":"old"},"after":{"n":1,"s":"new"},"op":"u"})"
                             "\n";
  Write("changes.json", std::string(R"({"before":null,"after":{"n":1,"s":"old"},"op":"c"})") + "\n" + kUpdate +
                            R"({"before":{"n":1,"s":"new"},"after":null,"op":"d"})" + "\n");
  FileSourceOptions options = Options("changes.json", FileFormat::kDebezium);
  options.split_bytes = 8;
  EXPECT_THAT(Rows(options), ElementsAre("+I[1, old]", "-U[1, old]", "+U[1, new]", "-D[1, new]"));
  // The row of an update that fills a batch has room for its second.
  std::string many;
  for (int i = 0; i < columns::kMaxBatchRows; ++i) many += kUpdate;
  Write("many.json", many);
  options = Options("many.json", FileFormat::kDebezium);
  options.batch_rows = columns::kMaxBatchRows;
  EXPECT_EQ(Rows(options).size(), 2u * columns::kMaxBatchRows);
  Write("payload.json", R"({"schema":{},"payload":{"after":{"n":2,"s":"x"},"op":"r"}})");
  options = Options("payload.json", FileFormat::kDebezium);
  options.schema_include = true;
  EXPECT_THAT(Rows(options), ElementsAre("+I[2, x]"));
}

TEST_F(FileSourceTest, LargeFilesAreDividedWithoutLosingOrRepeatingALine) {
  std::string text = Lines(300);
  Write("a.json", text);
  for (uint64_t bytes : {uint64_t{10}, uint64_t{33}, uint64_t{36}, uint64_t{1000}, uint64_t{1} << 20}) {
    FileSourceOptions options = Options("a.json");
    options.split_bytes = bytes;
    auto source = *MakeFileSource(options);
    EXPECT_EQ(SplitsOf(*source)->size(), std::max<uint64_t>(1, text.size() / bytes));
    std::vector<std::string> rows = Rows(*source);
    ASSERT_EQ(rows.size(), 300u) << bytes;
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], fmt::format("+I[{}, row {} of a file]", i, i));
  }
}

TEST_F(FileSourceTest, FilesLargerThanTheReadAheadComeInBatches) {
  Write("a.json", Lines(60'000));
  std::vector<std::string> rows = Rows(Options("a.json"));
  ASSERT_EQ(rows.size(), 60'000u);
  EXPECT_EQ(rows.back(), "+I[59999, row 59999 of a file]");
  EXPECT_LE(*std::max_element(out_->batches.begin(), out_->batches.end()), columns::kBatchRows);
}

TEST_F(FileSourceTest, ARowThatDoesNotParseFailsWithFileLineColumnAndText) {
  Write("a.json", "{\"n\":1}\n\n{\"n\":\"x\",\"s\":\"...\"}\n");
  EXPECT_EQ(Rows(Options("a.json")).back(),
            "user error: Cannot parse " + Path("a.json") +
                ":3: column 'n' at byte 5: not a INT: 'x'; record: {\"n\":\"x\",\"s\":\"...\"}");
}

TEST_F(FileSourceTest, ARowThatDoesNotParseIsSkippedOrGoesToTheSide) {
  Write("a.json", "{\"n\":1}\n{\"n\":\"x\"}\n{\n{\"n\":2}\n");
  FileSourceOptions options = Options("a.json");
  options.on_parse_error = formats::ParseErrorPolicy::kSkip;
  EXPECT_THAT(Rows(options), ElementsAre("+I[1, null]", "+I[2, null]"));
  EXPECT_EQ(context_.metrics().counter("numRecordsInErrors").value(), 2);
  options.on_parse_error = formats::ParseErrorPolicy::kDeadLetter;
  options.dead_letter_port = 2;
  EXPECT_THAT(Rows(options), ElementsAre("+I[1, null]", "+I[2, null]"));
  ASSERT_EQ(out_->side[2].size(), 2u);
  EXPECT_EQ(out_->side[2][0],
            "+I[[123, 34, 110, 34, 58, 34, 120, 34, 125], " + Path("a.json") + ":2, n, not a INT: 'x']");
  EXPECT_THAT(out_->side[2][1], HasSubstr(Path("a.json") + ":3, null, not valid JSON"));
}

/// A program that cannot use the first row of a batch.
class PickyRows final : public flow::SourceOutput {
 public:
  explicit PickyRows(columns::BufferPool& pool) : pool_(&pool) {}
  void Emit(const std::string&, columns::Batch) override { judged = reader->OnUnfitRow({0, "no such thing"}); }
  void EmitSide(int, columns::Batch batch) override { letter = columns::RowText(batch, 0); }
  void FinishSplit(const std::string&) override {}
  columns::BufferPool& pool() override { return *pool_; }
  flow::SourceReader* reader = nullptr;
  Status judged;
  std::string letter;

 private:
  columns::BufferPool* pool_;
};

TEST_F(FileSourceTest, ARowThatDoesNotFitTheProgramIsTreatedAsARecordThatDoesNotParse) {
  Write("a.json", "{\"n\":1}\n{\"n\":2}\n");
  for (auto policy : {formats::ParseErrorPolicy::kFail, formats::ParseErrorPolicy::kDeadLetter}) {
    FileSourceOptions options = Options("a.json");
    options.on_parse_error = policy;
    auto source = *MakeFileSource(options);
    auto splits = SplitsOf(*source);
    ASSERT_TRUE(splits.ok());
    auto reader = *source->CreateReader();
    PickyRows out(context_.pool());
    out.reader = reader.get();
    ASSERT_TRUE(reader->Open(context_).ok());
    ASSERT_TRUE(reader->AddSplits(*splits).ok());
    reader->NoMoreSplits();
    while (true) {
      auto progress = reader->Poll(out);
      ASSERT_TRUE(progress.ok()) << progress.status().ToString();
      if (*progress == flow::ReadProgress::kFinished) break;
      if (*progress == flow::ReadProgress::kIdle) context_.waiting_waker().Wait();
    }
    const bool fails = policy == formats::ParseErrorPolicy::kFail;
    EXPECT_EQ(out.judged.message(), fails ? "Cannot take " + Path("a.json") + ", before line 3: no such thing" : "");
    EXPECT_EQ(out.letter, fails ? "" : "+I[[], " + Path("a.json") + ", before line 3, null, no such thing]");
  }
}

TEST_F(FileSourceTest, DamagedCompressionAndShrunkenFilesNameTheFile) {
  std::string gz = *io::CompressBytes(io::Compression::kGzip, Lines(100));
  Write("a.json.gz", gz.substr(0, gz.size() - 9));
  EXPECT_EQ(Rows(Options("a.json.gz")).back(), "external error: Cannot read " + Path("a.json.gz") +
                                                   ": Truncated gzip stream: the input ends inside a member");
  std::string flipped = gz;
  flipped[gz.size() / 2] ^= 0x55;
  Write("b.json.gz", flipped);
  EXPECT_THAT(Rows(Options("b.json.gz")).back(), HasSubstr("Cannot"));
  Write("c.json.zst", "not zstd");
  EXPECT_THAT(Rows(Options("c.json.zst")), ElementsAre(HasSubstr("Cannot read " + Path("c.json.zst") + ": ")));

  for (const char* name : {"d.json", "d.json.gz"}) {
    Write(name, *io::CompressBytes(io::CompressionOfPath(name), Lines(3)));
    FileSourceOptions options = Options(name);
    options.batch_rows = 1;
    auto source = *MakeFileSource(options);
    KeptRows out(context_.pool());
    auto reader = *source->CreateReader();
    ASSERT_TRUE(reader->Open(context_).ok() && reader->AddSplits(*SplitsOf(*source)).ok());
    ASSERT_TRUE(ReadOn(*reader, context_, out, 2).ok());
    Write(name, *io::CompressBytes(io::CompressionOfPath(name), Lines(1)));
    EXPECT_THAT(ReadAll(*source, reader->SnapshotSplits(), context_, out).ToString(),
                HasSubstr("File is shorter than it was: " + Path(name)));
  }
}

TEST_F(FileSourceTest, ARecordBeyondTheLimitIsAnErrorThatShowsItsPlace) {
  Write("a.csv", "1,x\n2,\"" + std::string(600'000, 'y'));
  FileSourceOptions options = Options("a.csv", FileFormat::kCsv);
  options.max_record_bytes = 100'000;
  EXPECT_THAT(Rows(options).back(), ::testing::AllOf(HasSubstr("Record is longer than 100000 bytes: " + Path("a.csv") +
                                                               ":2; it begins 2,\"yyy"),
                                                     HasSubstr("is a quote left open?")));
}

TEST_F(FileSourceTest, AFileThatCannotBeReadSaysWhy) {
  Write("gone.json", "{\"n\":1}\n");
  auto source = *MakeFileSource(Options("gone.json"));
  std::vector<flow::Split> splits = *SplitsOf(*source);
  std::filesystem::remove(Path("gone.json"));
  KeptRows out(context_.pool());
  EXPECT_EQ(ReadAll(*source, splits, context_, out).ToString(),
            "external error: File does not exist: " + Path("gone.json"));
}

TEST_F(FileSourceTest, AContinuousSourcePicksUpNewFilesOnceAndRemembersThem) {
  Write("in/a.json", "{\"n\":1}\n");
  FileSourceOptions options = Options("in");
  options.discovery_interval_ms = 1000;
  auto source = *MakeFileSource(options);
  EXPECT_FALSE(source->bounded());
  auto enumerator = *source->CreateEnumerator();
  EXPECT_EQ(enumerator->discovery_interval_ms(), 1000);
  EXPECT_TRUE(enumerator->OnStart(2, {}).empty());
  auto first = enumerator->OnDiscovery(*enumerator->Discover());
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].subtask, 0);
  EXPECT_TRUE(enumerator->OnDiscovery(*enumerator->Discover()).empty());
  Write("in/b.json", "{\"n\":2}\n");
  auto restored = *source->CreateEnumerator();
  ASSERT_TRUE(restored->Restore(enumerator->Snapshot()).ok());
  auto again = restored->OnStart(1, first[0].splits);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].splits, first[0].splits);
  auto second = restored->OnDiscovery(*restored->Discover());
  ASSERT_EQ(second.size(), 1u);
  EXPECT_THAT(second[0].splits[0].id, HasSubstr("in/b.json"));
}

TEST_F(FileSourceTest, ABoundedSourceDiscoversOnceAlsoAcrossARestore) {
  Write("in/a.json", "{\"n\":1}\n");
  auto source = *MakeFileSource(Options("in"));
  auto enumerator = *source->CreateEnumerator();
  auto before = enumerator->OnDiscovery(*enumerator->Discover());  // before the readers have started
  EXPECT_TRUE(before.empty());
  auto waiting = *source->CreateEnumerator();
  ASSERT_TRUE(waiting->Restore(enumerator->Snapshot()).ok());
  std::filesystem::remove_all(Path("in"));
  for (flow::SplitEnumerator* one : {enumerator.get(), waiting.get()}) {
    auto actions = one->OnStart(2, {});
    ASSERT_EQ(actions.size(), 3u);
    EXPECT_EQ(actions[0].kind, flow::EnumeratorAction::Kind::kAssign);
    EXPECT_EQ(actions[2].kind, flow::EnumeratorAction::Kind::kNoMoreSplits);
  }
  ASSERT_TRUE(waiting->Discover().ok());
  EXPECT_TRUE(waiting->OnDiscovery(*waiting->Discover()).empty());
  EXPECT_FALSE(waiting->Restore("damaged").ok());
}

TEST_F(FileSourceTest, APausedSplitWaitsWhileOthersAreRead) {
  Write("in/a.json", "{\"n\":1}\n{\"n\":2}\n");
  Write("in/b.json", "{\"n\":3}\n");
  FileSourceOptions options = Options("in");
  options.batch_rows = 1;
  auto source = *MakeFileSource(options);
  auto splits = *SplitsOf(*source);
  auto reader = *source->CreateReader();
  KeptRows out(context_.pool());
  ASSERT_TRUE(reader->Open(context_).ok() && reader->AddSplits(splits).ok());
  ASSERT_TRUE(ReadOn(*reader, context_, out, 1).ok());
  reader->PauseSplit(splits[0].id, true);
  ASSERT_TRUE(ReadOn(*reader, context_, out, 2).ok());
  reader->PauseSplit(splits[0].id, false);
  reader->NoMoreSplits();
  ASSERT_TRUE(ReadOn(*reader, context_, out).ok());
  EXPECT_THAT(out.rows, ElementsAre("+I[1, null]", "+I[3, null]", "+I[2, null]"));
}

TEST_F(FileSourceTest, WithoutCreditNothingIsEmittedAndBusyThreadsAreAskedAgain) {
  Write("a.json", "{\"n\":1}\n");
  auto source = *MakeFileSource(Options("a.json"));
  auto reader = *source->CreateReader();
  KeptRows out(context_.pool());
  ASSERT_TRUE(reader->Open(context_).ok() && reader->AddSplits(*SplitsOf(*source)).ok());
  out.SetCredit(false);
  EXPECT_EQ(*reader->Poll(out), flow::ReadProgress::kMore);
  out.SetCredit(true);
  context_.refuse_work = true;
  EXPECT_EQ(*reader->Poll(out), flow::ReadProgress::kIdle);
  EXPECT_THAT(context_.timers, ElementsAre(10));
  reader->NoMoreSplits();
  ASSERT_TRUE(ReadOn(*reader, context_, out).ok());
  EXPECT_THAT(out.rows, ElementsAre("+I[1, null]"));
}

TEST_F(FileSourceTest, APollReadsNoMoreRecordsThanItIsAskedFor) {
  Write("a.json", "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n");
  auto source = *MakeFileSource(Options("a.json", FileFormat::kJson));
  KeptRows out(context_.pool());
  out.SetPollRows(2);
  ASSERT_TRUE(ReadAll(*source, *SplitsOf(*source), context_, out).ok());
  EXPECT_THAT(out.batches, ElementsAre(2, 1));
}

TEST_F(FileSourceTest, ParquetIsReadFromAnyRowOnAndNamesWhatDoesNotFit) {
  columns::BatchBuilder builder(*Numbers(), context_.pool(), columns::kMaxBatchRows);
  for (int i = 0; i < 3000; ++i) {
    i % 7 == 0 ? builder.column(0).AppendNull() : builder.column(0).Append(int32_t{i});
    builder.column(1).AppendString(fmt::format("the text of row {}", i));
    builder.FinishRow();
  }
  columns::Batch batch = builder.Take();
  auto encoder = *formats::MakeParquetEncoder(Numbers());
  std::string bytes;
  ASSERT_TRUE(encoder->Append(batch, 0, 1700, &bytes).ok());
  ASSERT_TRUE(encoder->Append(batch, 1700, 3000, &bytes).ok());
  ASSERT_TRUE(encoder->Finish(&bytes).ok());
  Write("a.parquet", bytes);
  FileSourceOptions options = Options("a.parquet", FileFormat::kParquet);
  options.metadata = {FileMetadata::kOffset, FileMetadata::kLine};
  auto source = *MakeFileSource(options);
  std::vector<std::string> rows = Rows(*source);
  ASSERT_EQ(rows.size(), 3000u) << rows.back();
  for (int i = 0; i < 3000; ++i)
    ASSERT_EQ(rows[static_cast<size_t>(i)],
              fmt::format("+I[{}, the text of row {}, {}, null]", i % 7 ? std::to_string(i) : "null", i, i));
  KeptRows out(context_.pool());
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context_).ok() && reader->AddSplits(*SplitsOf(*source)).ok());
  ASSERT_TRUE(ReadOn(*reader, context_, out, 1).ok());
  ASSERT_LT(out.rows.size(), 3000u);
  ASSERT_TRUE(ReadAll(*source, reader->SnapshotSplits(), context_, out).ok());
  EXPECT_EQ(out.rows, rows);

  // Few at a time, also from within what was read at once.
  KeptRows few(context_.pool());
  few.SetPollRows(100);
  reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context_).ok() && reader->AddSplits(*SplitsOf(*source)).ok());
  ASSERT_TRUE(ReadOn(*reader, context_, few, 300).ok());
  EXPECT_THAT(few.batches, ElementsAre(100, 100, 100));
  ASSERT_TRUE(ReadAll(*source, reader->SnapshotSplits(), context_, few).ok());
  EXPECT_EQ(few.rows, rows);
  EXPECT_EQ(*std::max_element(few.batches.begin(), few.batches.end()), 100);

  options.reads = {1};
  EXPECT_EQ(Rows(options)[1], "+I[null, the text of row 1, 1, null]");
  options.reads.clear();
  options.metadata.clear();
  options.schema = std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"absent", DataType(TypeId::kDouble)}, {"n", DataType(TypeId::kBigInt)}});
  EXPECT_EQ(Rows(options)[1], "+I[null, 1]");
  options.schema = std::make_shared<const types::Schema>(std::vector<types::Field>{{"n", DataType(TypeId::kString)}});
  EXPECT_THAT(Rows(options),
              ElementsAre(HasSubstr("user error: Column 'n' is int32 in the Parquet file and STRING in the schema: ")));
  Write("a.parquet", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(Rows(options), ElementsAre(HasSubstr("user error: Not a readable Parquet file: " + Path("a.parquet"))));
}

TEST_F(FileSourceTest, ParquetIsReadHoweverItWasWritten) {
  using Written = formats::ParquetOptions;
  auto schema = std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"s", DataType(TypeId::kString)}, {"t", DataType::Timestamp(6)}});
  columns::BatchBuilder builder(*schema, context_.pool());
  for (const int64_t millis : {int64_t{-1}, int64_t{253'402'300'799'999}}) {  // the last one: the end of the year 9999
    builder.column(0).AppendString(std::string(1000, 'x'));
    builder.column(1).Append(types::TimestampValue{millis, 123'000, 0});
    builder.FinishRow();
  }
  const columns::Batch batch = builder.Take();
  auto written = [&](const Written& options) {
    auto encoder = *formats::MakeParquetEncoder(schema, options);
    std::string bytes;
    EXPECT_TRUE(encoder->Append(batch, 0, 2, &bytes).ok() && encoder->Finish(&bytes).ok());
    Write("a.parquet", bytes);
    FileSourceOptions source = Options("a.parquet", FileFormat::kParquet);
    source.schema = schema;
    std::vector<std::string> times;
    for (const std::string& row : Rows(source)) times.push_back(row.substr(row.find(',') + 2));
    return std::pair(bytes.size(), times);
  };
  const std::vector<std::string> exact = {"1969-12-31T23:59:59.999123]", "9999-12-31T23:59:59.999123]"};
  using Codec = Written::Codec;
  const size_t plain = written({.codec = Codec::kNone, .dictionary = false}).first;
  for (Codec codec : {Codec::kSnappy, Codec::kGzip, Codec::kBrotli, Codec::kZstd, Codec::kLz4, Codec::kLz4Raw}) {
    const auto [bytes, times] = written({.codec = codec, .dictionary = false});
    EXPECT_LT(bytes + 500, plain);
    EXPECT_EQ(times, exact);
  }
  using Timestamps = Written::Timestamps;
  EXPECT_EQ(written({.timestamps = Timestamps::kInt96}).second, exact);
  EXPECT_EQ(written({.timestamps = Timestamps::kMicros}).second, exact);
  EXPECT_THAT(written({.timestamps = Timestamps::kMillis}).second,
              ElementsAre("1969-12-31T23:59:59.999]", "9999-12-31T23:59:59.999]"));
}

TEST_F(FileSourceTest, ParquetErrorsNameTheFile) {
  const std::string golden = SourceFolder() + "/tests/golden/arrow_types.parquet";
  std::filesystem::copy_file(golden, Path("a.parquet"));
  FileSourceOptions options = Options("a.parquet", FileFormat::kParquet);
  options.schema =
      std::make_shared<const types::Schema>(std::vector<types::Field>{{"page", DataType(TypeId::kString, false)}});
  EXPECT_THAT(
      Rows(options),
      ElementsAre("user error: Column 'page' is NOT NULL and is NULL in row 2 of row group 0 of " + Path("a.parquet")));
  options.schema = std::make_shared<const types::Schema>(std::vector<types::Field>{{"page", DataType(TypeId::kInt)}});
  EXPECT_THAT(Rows(options),
              ElementsAre(AllOf(HasSubstr("user error: Column 'page' is dictionary<"),
                                HasSubstr("in the Parquet file and INT in the schema: " + Path("a.parquet")))));
  std::fstream file(Path("a.parquet"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4);
  file << std::string(60, '\xff');  // the first pages
  file.close();
  options.schema =
      std::make_shared<const types::Schema>(std::vector<types::Field>{{"page", DataType(TypeId::kString)}});
  EXPECT_THAT(Rows(options), ElementsAre(HasSubstr("external error: Damaged Parquet file: " + Path("a.parquet"))));
}

// tests/golden/parquet.py
TEST_F(FileSourceTest, ParquetOfDictionariesAndLargeTypesIsRead) {
  FileSourceOptions options = Options("unused", FileFormat::kParquet);
  options.path = SourceFolder() + "/tests/golden/arrow_types.parquet";
  options.schema = std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"page", DataType(TypeId::kString)},
                                {"user", DataType(TypeId::kString)},
                                {"code", DataType(TypeId::kBigInt)},
                                {"raw", DataType(TypeId::kBinary)},
                                {"tags", DataType::Array(DataType(TypeId::kString))},
                                {"view", DataType(TypeId::kString)}});
  EXPECT_THAT(Rows(options), ElementsAre("+I[/a, ann, 7, [0, -1], [x, y], v1]",
                                         "+I[/b, null, 8, [], [], a view of more than twelve bytes]",
                                         "+I[null, cid, 7, null, null, null]", "+I[/a, , null, [120], [null], ]",
                                         "+I[/c, dan, 9, [121], [z], v5]", "+I[/a, eve, 7, [122], [x], v6]"));
  options.schema = std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"page", DataType(TypeId::kBinary)}, {"user", DataType(TypeId::kBinary)}});
  EXPECT_EQ(Rows(options)[0], "+I[[47, 97], [97, 110, 110]]");
}

}  // namespace
}  // namespace thalweg::connectors
