// Parts in the folders of their partitions, and how the file source finds them there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "columns/builder.h"
#include "connectors/bare_task.h"
#include "connectors/file_source.h"
#include "connectors/test_file_sink.h"
#include "expr/functions.h"

namespace thalweg::connectors {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using types::DataType;
using types::TypeId;

/// (dt STRING, n INT, hour INT), of which n is written.
types::SchemaPtr DatedNumbers() {
  return std::make_shared<const types::Schema>(std::vector<types::Field>{
      {"dt", DataType(TypeId::kString)}, {"n", DataType(TypeId::kInt)}, {"hour", DataType(TypeId::kInt)}});
}
FilePartitions ByDayAndHour() { return {{{"dt", DataType(TypeId::kString)}, {"hour", DataType(TypeId::kInt)}}}; }

struct DatedRow {
  std::optional<std::string> dt;
  int32_t n = 0;
  int32_t hour = 0;
};

/// Files in memory; counts how many are open at once.
class CountedMemory final : public io::Storage {
 public:
  Status Put(std::string_view path, std::string_view) override {
    std::lock_guard lock(mutex_);
    files_.emplace(path);
    return {};
  }
  Result<std::string> Get(std::string_view path) override { return ExternalError("No bytes are kept: {}", path); }
  Result<std::string> Get(std::string_view path, uint64_t, uint64_t) override { return Get(path); }
  Result<std::vector<std::string>> List(std::string_view) override { return std::vector<std::string>(); }
  Status Delete(std::string_view path) override {
    std::lock_guard lock(mutex_);
    files_.erase(std::string(path));
    return {};
  }
  Status Rename(std::string_view from, std::string_view to) override {
    std::lock_guard lock(mutex_);
    files_.erase(std::string(from));
    files_.emplace(to);
    return {};
  }
  Result<bool> Exists(std::string_view path) override {
    std::lock_guard lock(mutex_);
    return files_.contains(std::string(path));
  }
  Result<uint64_t> Size(std::string_view) override { return uint64_t{0}; }
  Result<io::FileStat> Stat(std::string_view) override { return io::FileStat(); }
  Result<std::unique_ptr<io::Writer>> OpenWriter(std::string_view path) override {
    return std::unique_ptr<io::Writer>(std::make_unique<OpenFile>(*this, std::string(path)));
  }
  Result<int64_t> DeleteAbandoned(std::string_view, int64_t) override { return int64_t{0}; }
  const std::string& uri() const override { return uri_; }

  std::set<std::string> files() const { return files_; }
  int most_open() const { return most_open_; }

 private:
  class OpenFile final : public io::Writer {
   public:
    OpenFile(CountedMemory& files, std::string path) : files_(files), path_(std::move(path)) {
      std::lock_guard lock(files_.mutex_);
      files_.most_open_ = std::max(files_.most_open_, ++files_.open_);
    }
    ~OpenFile() override {
      std::lock_guard lock(files_.mutex_);
      --files_.open_;
    }
    Status Append(std::string_view) override { return {}; }
    Status Commit() override { return files_.Put(path_, ""); }
    void Abort() override {}
    uint64_t size() const override { return 0; }

   private:
    CountedMemory& files_;
    std::string path_;
  };

  std::mutex mutex_;
  std::set<std::string> files_;
  int open_ = 0, most_open_ = 0;
  std::string uri_ = "memory";
};

class PartitionedFiles : public FileSinkFixture {
 protected:
  FileSinkOptions Options() const {
    FileSinkOptions options = OptionsFor(DatedNumbers());
    options.partitions = ByDayAndHour();
    return options;
  }
  Status Write(flow::Operator& sink, const std::vector<DatedRow>& dated) {
    columns::BatchBuilder builder(*DatedNumbers(), context_.pool(), columns::kMaxBatchRows);
    for (const DatedRow& row : dated) {
      row.dt ? builder.column(0).AppendString(*row.dt) : builder.column(0).AppendNull();
      builder.column(1).Append(row.n);
      builder.column(2).Append(row.hour);
      builder.FinishRow();
    }
    return WriteBatch(sink, builder.Take());
  }
  Status Commit(flow::Operator& sink, uint64_t id) {
    THALWEG_TRY(Checkpoint(sink, id).status());
    return sink.OnCheckpointComplete(id);
  }
  /// Folders below the table's that hold visible files, each as often as it does.
  std::vector<std::string> Folders() const {
    std::vector<std::string> folders;
    const std::filesystem::path out = folder_.path() + "/out";
    if (!std::filesystem::exists(out)) return folders;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out))
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.'))
        folders.push_back(entry.path().parent_path().lexically_relative(out).string());
    std::sort(folders.begin(), folders.end());
    return folders;
  }
  std::string ContentOf(const std::string& folder) const {
    std::string content;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/out/" + folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      content.append(std::istreambuf_iterator<char>(file), {});
    }
    return content;
  }
  FileSourceOptions SourceOptions(FileFormat format = FileFormat::kJson) const {
    FileSourceOptions options;
    options.path = folder_.path() + "/out";
    options.format = format;
    options.schema = std::make_shared<const types::Schema>(std::vector<types::Field>{{"n", DataType(TypeId::kInt)}});
    options.partitions = ByDayAndHour();
    return options;
  }
  /// Rows (n, dt, hour), or the error.
  std::vector<std::string> Read(const FileSourceOptions& options) {
    auto source = MakeFileSource(options);
    if (!source.ok()) return {source.status().ToString()};
    auto splits = SplitsOf(**source);
    if (!splits.ok()) return {splits.status().ToString()};
    KeptRows rows(context_.pool());
    if (Status status = ReadAll(**source, *splits, context_, rows); !status.ok()) return {status.ToString()};
    std::sort(rows.rows.begin(), rows.rows.end());
    return rows.rows;
  }
  void ExpectReadBack(FileFormat format) {
    SCOPED_TRACE(static_cast<int>(format));
    std::filesystem::remove_all(folder_.path() + "/out");
    FileSinkOptions options = Options();
    options.format = format;
    auto sink = Open(options);
    std::vector<DatedRow> rows;
    for (int i = 0; i < 3000; ++i) rows.push_back({fmt::format("d{}", i % 7), i, i % 3});
    ASSERT_TRUE(Write(*sink, rows).ok() && Commit(*sink, 1).ok());
    EXPECT_EQ(Folders().size(), 21u);
    const std::vector<std::string> read = Read(SourceOptions(format));
    ASSERT_EQ(read.size(), 3000u) << read.at(0);
    EXPECT_THAT(read, ::testing::IsSupersetOf({"+I[0, d0, 0]", "+I[2999, d3, 2]"}));
  }
  void Put(const std::string& name, std::string_view bytes) const {
    const std::filesystem::path path = folder_.path() + "/out/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
};

TEST_F(PartitionedFiles, EachPartitionHasItsFolderAndItsColumnsAreNotInTheFiles) {
  auto sink = Open(Options());
  ASSERT_TRUE(Write(*sink, {{"2024-01-31", 1, 8}, {"2024-01-31", 2, 9}, {"2024-01-31", 3, 8}}).ok());
  context_.Drain();
  EXPECT_THAT(Folders(), IsEmpty());
  ASSERT_EQ(Checkpoint(*sink, 1)->size(), 2u);
  EXPECT_THAT(Folders(), IsEmpty());
  ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
  EXPECT_THAT(Folders(), ElementsAre("dt=2024-01-31/hour=8", "dt=2024-01-31/hour=9"));
  EXPECT_EQ(ContentOf("dt=2024-01-31/hour=8"), "{\"n\":1}\n{\"n\":3}\n");
  EXPECT_EQ(ContentOf("dt=2024-01-31/hour=9"), "{\"n\":2}\n");
}

TEST_F(PartitionedFiles, AnyValueComesBackButTheEmptyOneWhichIsNull) {
  const std::vector<std::optional<std::string>> values = {
      std::nullopt, "", "a/b=c%d", "größe 東京", ".hidden", "_too", "..", "%2F", "\n", "-", std::string(60, 'x')};
  auto sink = Open(Options());
  std::vector<DatedRow> rows;
  for (const auto& value : values) rows.push_back({value, static_cast<int32_t>(rows.size()), 1});
  ASSERT_TRUE(Write(*sink, rows).ok() && Commit(*sink, 1).ok());
  EXPECT_THAT(Read(SourceOptions()),
              UnorderedElementsAre("+I[0, null, 1]", "+I[1, null, 1]", "+I[2, a/b=c%d, 1]", "+I[3, größe 東京, 1]",
                                   "+I[4, .hidden, 1]", "+I[5, _too, 1]", "+I[6, .., 1]", "+I[7, %2F, 1]",
                                   "+I[8, \n, 1]", "+I[9, -, 1]", "+I[10, " + std::string(60, 'x') + ", 1]"));
}

TEST_F(PartitionedFiles, EveryFormatOfRecordsIsReadBack) {
  for (FileFormat format : {FileFormat::kJson, FileFormat::kCsv, FileFormat::kAvro, FileFormat::kDebezium}) {
    ExpectReadBack(format);
  }
}

// Apart from the others: TSan runs those, and not this one (tests/sanitizers/tsan.exclude).
TEST_F(PartitionedFiles, ParquetIsReadBack) { ExpectReadBack(FileFormat::kParquet); }

TEST_F(PartitionedFiles, TenThousandPartitionsDoNotHoldTenThousandParts) {
  auto storage = std::make_shared<CountedMemory>();
  FileSinkOptions options = Options();
  options.path = "out";
  options.max_open_parts = 50;
  auto sink = *MakeFileSink(options, storage);
  ASSERT_TRUE(sink->Open(context_).ok());
  for (int from = 0; from < 10'000; from += 5000) {
    std::vector<DatedRow> rows;
    for (int i = from; i < from + 5000; ++i) rows.push_back({fmt::format("{}", i / 4), i, i % 4});
    ASSERT_TRUE(Write(*sink, rows).ok());
  }
  // What has not ended yet is what may be open.
  EXPECT_EQ(sink->Snapshot({1, flow::BarrierKind::kCheckpoint, 0})->size(), 10'000u - 50u);
  ASSERT_TRUE(Commit(*sink, 2).ok());
  EXPECT_EQ(storage->files().size(), 10'000u);
  EXPECT_EQ(storage->most_open(), 1);
}

TEST_F(PartitionedFiles, ThePartWithoutRowsForLongestMakesRoom) {
  FileSinkOptions options = Options();
  options.max_open_parts = 2;
  auto sink = Open(options);
  ASSERT_TRUE(Write(*sink, {{"a", 1, 0}}).ok());
  ASSERT_TRUE(Write(*sink, {{"b", 2, 0}}).ok());
  ASSERT_TRUE(Write(*sink, {{"a", 3, 0}}).ok());
  ASSERT_TRUE(Write(*sink, {{"c", 4, 0}}).ok());  // b ends
  ASSERT_TRUE(Write(*sink, {{"a", 5, 0}}).ok());
  ASSERT_TRUE(Write(*sink, {{"b", 6, 0}}).ok());  // c ends
  ASSERT_TRUE(Commit(*sink, 1).ok());
  EXPECT_THAT(Folders(), ElementsAre("dt=a/hour=0", "dt=b/hour=0", "dt=b/hour=0", "dt=c/hour=0"));
  EXPECT_EQ(ContentOf("dt=a/hour=0"), "{\"n\":1}\n{\"n\":3}\n{\"n\":5}\n");
}

TEST_F(PartitionedFiles, BytesThatPartsHoldAreBounded) {
  FileSinkOptions options = Options();
  options.max_held_bytes = 1000;
  auto sink = Open(options);
  std::vector<DatedRow> rows;
  for (int i = 0; i < 200; ++i) rows.push_back({i < 150 ? "much" : fmt::format("d{}", i), 1'000'000 + i, 0});
  ASSERT_TRUE(Write(*sink, rows).ok());
  // "much" alone may hold 150 * 14 bytes; then the others come, and it ends, for it holds most.
  const auto ended = *sink->Snapshot({1, flow::BarrierKind::kCheckpoint, 0});
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_THAT(ended[0], HasSubstr("dt=much/"));
  ASSERT_TRUE(Commit(*sink, 2).ok());
  EXPECT_EQ(Read(SourceOptions()).size(), 200u);
}

TEST_F(PartitionedFiles, OpenFilesAreBoundedToo) {
  FileSinkOptions options = Options();
  options.max_open_files = 2;
  options.schema = std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"dt", DataType(TypeId::kString)}, {"s", DataType(TypeId::kString)}});
  options.partitions = {{{"dt", DataType(TypeId::kString)}}};
  auto sink = Open(options);
  auto write = [&](const std::string& dt) {
    columns::BatchBuilder builder(*options.schema, context_.pool());
    builder.column(0).AppendString(dt);
    builder.column(1).AppendString(std::string(2 << 20, 'x'));
    builder.FinishRow();
    flow::Rows rows(builder.Take());
    return Until([&] { return sink->Process(0, rows, out_); });
  };
  for (const char* dt : {"a", "b", "a", "c", "a", "d"}) ASSERT_TRUE(write(dt).ok());
  ASSERT_TRUE(Commit(*sink, 1).ok());
  // c made b end, and d c.
  EXPECT_THAT(Folders(), ElementsAre("dt=a", "dt=b", "dt=c", "dt=d"));
  EXPECT_EQ(ContentOf("dt=a").size(), 3 * ((2u << 20) + sizeof("{\"s\":\"\"}\n") - 1));
}

TEST_F(PartitionedFiles, PartsRollOneByOne) {
  FileSinkOptions options = Options();
  options.rollover_interval_ms = 1000;
  auto sink = Open(options);
  ASSERT_TRUE(Write(*sink, {{"a", 1, 0}}).ok());
  context_.manual_clock.Set(600);
  ASSERT_TRUE(Write(*sink, {{"b", 2, 0}}).ok());
  EXPECT_THAT(context_.timers, ElementsAre(1000));
  context_.manual_clock.Set(1000);
  ASSERT_TRUE(Until([&] { return sink->OnTimer(1000, out_); }).ok());
  EXPECT_THAT(context_.timers, ElementsAre(1000, 1600));
  ASSERT_TRUE(Write(*sink, {{"a", 3, 0}, {"b", 4, 0}}).ok());
  ASSERT_TRUE(Commit(*sink, 1).ok());
  EXPECT_THAT(Folders(), ElementsAre("dt=a/hour=0", "dt=a/hour=0", "dt=b/hour=0"));
}

TEST_F(PartitionedFiles, ARestoreFinishesTheCommitAndNothingElse) {
  std::vector<std::string> committables;
  {
    auto sink = Open(Options());
    ASSERT_TRUE(Write(*sink, {{"a", 1, 0}, {"b", 2, 0}}).ok());
    committables = *Checkpoint(*sink, 1);
    ASSERT_TRUE(Write(*sink, {{"a", 3, 0}, {"c", 4, 0}}).ok());  // not in the checkpoint: must never appear
  }
  context_.Drain();
  ASSERT_EQ(committables.size(), 2u);
  // By two subtasks, as after a change of the parallelism.
  auto first = Open(Options()), second = Open(Options());
  ASSERT_TRUE(first->RestoreCommittables({committables[0]}).ok());
  ASSERT_TRUE(second->RestoreCommittables({committables[1]}).ok());
  ASSERT_TRUE(second->RestoreCommittables({committables[1]}).ok());
  EXPECT_THAT(Read(SourceOptions()), ElementsAre("+I[1, a, 0]", "+I[2, b, 0]"));
}

TEST_F(PartitionedFiles, AFileTellsThatAPartitionIsWholeOnceItsPartsAreThere) {
  BareContext context;
  synchronous_ = true;
  FileSinkOptions options = Options();
  options.commit.success_file = "_SUCCESS";
  options.commit.trigger = PartitionCommitOptions::Trigger::kPartitionTime;
  options.commit.time.pattern = "$dt $hour:00:00";
  auto sink = *MakeFileSink(options);
  ASSERT_TRUE(sink->Open(context).ok());
  ASSERT_TRUE(Write(*sink, {{"2024-01-31", 1, 8}, {"2024-01-31", 2, 9}}).ok());
  ASSERT_TRUE(sink->OnWatermark({1'706'688'000'001}, out_).ok());  // 8:00 and something
  ASSERT_TRUE(Checkpoint(*sink, 1).ok());
  EXPECT_THAT(Folders(), IsEmpty());
  ASSERT_TRUE(sink->OnCheckpointComplete(1).ok());
  EXPECT_THAT(Folders(), ElementsAre("dt=2024-01-31/hour=8", "dt=2024-01-31/hour=8", "dt=2024-01-31/hour=9"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/out/dt=2024-01-31/hour=8/_SUCCESS"));
  // A job that is stopped goes on later; one whose input has ended does not.
  ASSERT_TRUE(sink->OnEnd(flow::EndKind::kStop, out_).ok());
  ASSERT_TRUE(Commit(*sink, 2).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/out/dt=2024-01-31/hour=9/_SUCCESS"));
  ASSERT_TRUE(sink->OnEnd(flow::EndKind::kFinished, out_).ok());
  ASSERT_TRUE(Commit(*sink, 3).ok());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/out/dt=2024-01-31/hour=9/_SUCCESS"));
  EXPECT_EQ(Read(SourceOptions()).size(), 2u);
  sink->Close();
}

TEST_F(PartitionedFiles, ColumnsThatSayNoPartitionAreRefused) {
  FileSinkOptions options = Options();
  options.partitions.keys.push_back({"minute", DataType(TypeId::kInt)});
  EXPECT_THAT(MakeFileSink(options).status().message(), HasSubstr("Partition column 'minute' is none of (dt STRING"));
  options.partitions = {DatedNumbers()->fields()};
  EXPECT_THAT(MakeFileSink(options).status().message(), HasSubstr("Every column says the partition"));
  options = Options();
  options.commit.success_file = "a/b";
  EXPECT_THAT(MakeFileSink(options).status().message(), HasSubstr("Success file's name holds a '/'"));
}

TEST_F(PartitionedFiles, AFileInNoPartitionIsAnErrorAndHiddenOnesAreNot) {
  Put("dt=a/hour=1/x.json", "{\"n\":1}\n");
  Put("dt=a/_tmp/x.json", "no rows");
  Put("dt=a/hour=1/_SUCCESS", "");
  Put("_SUCCESS", "");
  EXPECT_THAT(Read(SourceOptions()), ElementsAre("+I[1, a, 1]"));
  Put("dt=a/stray.json", "{\"n\":1}\n");
  EXPECT_THAT(Read(SourceOptions()),
              ElementsAre("user error: File lies in no partition of its table: dt=a/stray.json; its path must be "
                          "dt=.../hour=.../FILE"));
}

TEST_F(PartitionedFiles, AFolderThatIsNoValueOfItsColumnNamesTheFile) {
  Put("dt=a/hour=noon/x.json", "{\"n\":1}\n");
  EXPECT_THAT(Read(SourceOptions()),
              ElementsAre(AllOf(HasSubstr("Partition column 'hour' has a folder whose name is not a INT: 'noon'"),
                                HasSubstr("out/dt=a/hour=noon/x.json"))));
}

TEST_F(PartitionedFiles, AContinuousSourceFindsNewPartitions) {
  FileSourceOptions options = SourceOptions();
  options.discovery_interval_ms = 10;
  auto source = *MakeFileSource(options);
  auto enumerator = *source->CreateEnumerator();
  enumerator->OnStart(1, {});
  EXPECT_THAT(enumerator->OnDiscovery(*enumerator->Discover()), IsEmpty());
  Put("dt=a/hour=1/x.json", "{\"n\":1}\n");
  EXPECT_EQ(enumerator->OnDiscovery(*enumerator->Discover()).size(), 1u);
  Put("dt=b/hour=1/x.json", "{\"n\":2}\n");
  const auto actions = enumerator->OnDiscovery(*enumerator->Discover());
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_THAT(actions[0].splits.at(0).id, HasSubstr("dt=b/hour=1/x.json"));
}

TEST_F(PartitionedFiles, AReaderGoesOnInTheMiddleOfAPartition) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += fmt::format("{{\"n\":{}}}\n", i);
  Put("dt=a/hour=1/x.json", lines);
  FileSourceOptions options = SourceOptions();
  options.batch_rows = 10;
  auto source = *MakeFileSource(options);
  KeptRows rows(context_.pool());
  rows.SetPollRows(10);
  auto reader = *source->CreateReader();
  ASSERT_TRUE(reader->Open(context_).ok() && reader->AddSplits(*SplitsOf(*source)).ok());
  ASSERT_TRUE(ReadOn(*reader, context_, rows, 30).ok());
  const auto splits = reader->SnapshotSplits();
  reader->Close();
  ASSERT_TRUE(ReadAll(*source, splits, context_, rows).ok());
  ASSERT_EQ(rows.rows.size(), 100u);
  EXPECT_EQ(rows.rows[0], "+I[0, a, 1]");
  EXPECT_EQ(rows.rows[99], "+I[99, a, 1]");
}

TEST_F(PartitionedFiles, FilesOfPartitionsThatNobodyWantsAreNotOpened) {
  Put("dt=a/hour=1/x.json", "{\"n\":1}\n");
  Put("dt=a/hour=2/x.json", "damaged");
  Put("dt=b/hour=noon/x.json", "{\"n\":3}\n");
  FileSourceOptions options = SourceOptions();
  const expr::Expression hour = expr::Expression::Input(1, DataType(TypeId::kInt));
  const auto wants = [&](int32_t value) {
    return *expr::Resolve("=", {hour, expr::Expression::Literal(expr::Value::Int(value))});
  };
  options.wanted_partitions = wants(3);
  EXPECT_THAT(Read(options), ElementsAre(HasSubstr("not a INT: 'noon'"))) << "reading the rows tells";
  std::filesystem::remove_all(folder_.path() + "/out/dt=b");
  EXPECT_THAT(Read(options), IsEmpty()) << "no files are left, which is no error";
  options.wanted_partitions = wants(1);
  EXPECT_THAT(Read(options), ElementsAre("+I[1, a, 1]"));
}

}  // namespace
}  // namespace thalweg::connectors
