#include "connectors/file_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/node_samples_test.h"
#include "connectors/trial_node.h"
#include "graph/scan_spec.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using types::DataType;
using types::TypeId;

Result<FileSourceOptions> Source(NodeOptionMap options, types::Schema schema = ViewSchema()) {
  return ReadFileSourceNode(SourceNode("file-source", std::move(options), std::move(schema)));
}
Result<FileSinkOptions> Sink(NodeOptionMap options) {
  return ReadFileSinkNode(SinkNode("file-sink", std::move(options)));
}

TEST(FileSourceNode, IsBoundedUnlessItMonitors) {
  auto source = Source({{"path", "/data"}, {"format", "csv"}, {"csv.field-delimiter", "\\t"}, {"csv.header", "true"}});
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(source->path, "/data");
  EXPECT_EQ(source->discovery_interval_ms, 0);
  EXPECT_EQ(source->csv.field_delimiter, '\t');
  EXPECT_TRUE(source->csv.header);
  EXPECT_EQ(
      Source({{"path", "/data"}, {"format", "parquet"}, {"source.monitor-interval", "2 s"}})->discovery_interval_ms,
      2000);
}

TEST(FileSourceNode, MetadataFillsColumnsAnywhere) {
  types::Schema schema({{"line", DataType(TypeId::kBigInt)},
                        {"page", DataType(TypeId::kString)},
                        {"file", DataType(TypeId::kString, false)}});
  auto source = Source(
      {{"path", "x"}, {"format", "json"}, {"metadata.line", "file.line"}, {"metadata.file", "file.name"}}, schema);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_THAT(source->metadata, ElementsAre(FileMetadata::kLine, FileMetadata::kName));
  EXPECT_EQ(FileSourceSchema(*source)->ToString(), schema.ToString());
  EXPECT_THAT(Source({{"path", "x"}, {"format", "json"}, {"metadata.line", "line"}}, schema).status().message(),
              HasSubstr("Unknown file metadata column: 'line'; there are file.path, file.name, file.offset, file.line, "
                        "file.size, file.modification-time"));
}

TEST(FileSourceNode, ReadsOnlyWhatItsScanSaysWhereTheFormatCan) {
  types::Schema schema({{"a", DataType(TypeId::kBigInt)},
                        {"line", DataType(TypeId::kBigInt)},
                        {"b", DataType::Row({{"x", DataType(TypeId::kInt)}})},
                        {"c", DataType(TypeId::kString)}});
  auto reads = [&](const std::string& format, std::vector<graph::ColumnPath> paths) {
    graph::Node node =
        SourceNode("file-source", {{"path", "x"}, {"format", format}, {"metadata.line", "file.line"}}, schema);
    graph::ScanSpec scan;
    scan.reads = std::move(paths);
    node.scan = graph::Encode(scan);
    auto source = ReadFileSourceNode(node);
    EXPECT_TRUE(source.ok()) << source.status().message();
    return source.ok() ? source->reads : std::vector<int>{-1};
  };
  // Of a, b, c, for the line is no column of the file's.
  EXPECT_THAT(reads("json", {{1}, {2, 0}}), ElementsAre(1));
  EXPECT_THAT(reads("parquet", {{0}, {3}}), ElementsAre(0, 2));
  EXPECT_THAT(reads("json", {{1}}), ElementsAre(0)) << "a row needs something";
  EXPECT_THAT(reads("json", {{0}, {2}, {3}}), ElementsAre());
  EXPECT_THAT(reads("avro", {{0}}), ElementsAre());
}

TEST(FileSourceNode, WrongOptionsAreErrors) {
  auto error = [](NodeOptionMap options) { return Source(std::move(options)).status().message(); };
  EXPECT_EQ(error({}), "Required option is missing: 'path' of file-source 'clicks'");
  EXPECT_EQ(error({{"path", "x"}}), "Required option is missing: 'format' of file-source 'clicks'");
  EXPECT_THAT(error({{"path", "x"}, {"format", "orc"}}),
              HasSubstr("write one of: json, csv, raw, parquet, avro, debezium-json"));
  EXPECT_THAT(error({{"path", "x"}, {"format", "json"}, {"json.fail-on-missing-fields", "true"}}),
              HasSubstr("did you mean 'json.fail-on-missing-field'?"));
  EXPECT_THAT(error({{"path", "x"}, {"format", "csv"}, {"csv.field-delimiter", "::"}}),
              HasSubstr("Not one character: '::'"));
  EXPECT_THAT(
      error({{"path", "x"}, {"format", "csv"}, {"csv.disable-quote-character", "true"}, {"csv.quote-character", "'"}}),
      HasSubstr("It contradicts 'csv.disable-quote-character' = true"));
}

TEST(FileSinkNode, RollingPolicyIsFlinks) {
  auto sink = Sink({{"path", "/out"},
                    {"format", "json"},
                    {"sink.rolling-policy.file-size", "1 mb"},
                    {"sink.rolling-policy.rollover-interval", "1 min"},
                    {"sink.rolling-policy.check-interval", "5 s"},
                    {"compression", "zstd"}});
  ASSERT_TRUE(sink.ok()) << sink.status().message();
  EXPECT_EQ(sink->rolling_file_size, 1u << 20);
  EXPECT_EQ(sink->rollover_interval_ms, 60'000);
  EXPECT_EQ(sink->compression, io::Compression::kZstd);
  EXPECT_EQ(*sink->schema, ViewSchema());
}

TEST(FileSinkNode, ParquetIsWrittenAsTheOptionsSay) {
  using formats::ParquetOptions;
  auto parquet = [](NodeOptionMap options) {
    options.insert({{"path", "x"}, {"format", "parquet"}});
    auto sink = Sink(std::move(options));
    EXPECT_TRUE(sink.ok()) << sink.status().message();
    return sink.ok() ? sink->parquet : ParquetOptions();
  };
  EXPECT_EQ(parquet({}).codec, ParquetOptions::Codec::kZstd);
  EXPECT_EQ(parquet({{"parquet.compression", "gzip"}}).codec, ParquetOptions::Codec::kGzip);
  EXPECT_EQ(parquet({{"parquet.enable.dictionary", "false"}}).dictionary, false);
  EXPECT_EQ(parquet({{"parquet.page.size", "4096"}}).page_bytes, 4096);
  EXPECT_EQ(parquet({{"parquet.dictionary.page.size", "4096"}}).dictionary_page_bytes, 4096);
  auto times = [&](NodeOptionMap options) { return parquet(std::move(options)).timestamps; };
  const std::string int64 = "parquet.write.int64.timestamp", unit = "parquet.timestamp.time.unit";
  using Timestamps = ParquetOptions::Timestamps;
  EXPECT_EQ(times({}), Timestamps::kByPrecision);
  EXPECT_EQ(times({{int64, "true"}}), Timestamps::kMicros);
  EXPECT_EQ(times({{int64, "true"}, {unit, "nanos"}}), Timestamps::kNanos);
  EXPECT_EQ(times({{unit, "millis"}}), Timestamps::kMillis);
  EXPECT_EQ(times({{int64, "false"}, {unit, "millis"}}), Timestamps::kInt96);
}

TEST(FileSinkNode, WrongOptionsAreErrors) {
  auto error = [](NodeOptionMap options) { return Sink(std::move(options)).status().message(); };
  EXPECT_EQ(error({{"format", "json"}}), "Required option is missing: 'path' of file-sink 'counts'");
  EXPECT_THAT(error({{"path", "x"}, {"format", "json"}, {"sink.rolling-policy.file-size", "0"}}),
              HasSubstr("Size is zero"));
  EXPECT_THAT(error({{"path", "x"}, {"format", "parquet"}, {"compression", "gzip"}}),
              HasSubstr("Parquet compresses by itself"));
  EXPECT_THAT(error({{"path", "x"}, {"format", "json"}, {"auto-compaction", "true"}}),
              StartsWith("Unknown option 'auto-compaction' of file-sink 'counts'"));
}

TEST(DatagenNode, FieldsAreReadByColumn) {
  auto datagen = ReadDatagenNode(SourceNode("datagen", {{"rows-per-second", "5"},
                                                        {"number-of-rows", "9"},
                                                        {"fields.page.length", "3"},
                                                        {"fields.user.kind", "sequence"},
                                                        {"fields.user.start", "1"},
                                                        {"fields.user.end", "4"}}),
                                 77);
  ASSERT_TRUE(datagen.ok()) << datagen.status().message();
  EXPECT_EQ(datagen->rows_per_second, 5);
  EXPECT_EQ(datagen->number_of_rows, 9);
  EXPECT_EQ(datagen->now_ms, 77);
  EXPECT_EQ(datagen->fields.at(0).length, 3);
  EXPECT_EQ(datagen->fields.at(1).end, 4);
}

TEST(DatagenNode, WrongOptionsAreErrors) {
  auto error = [](NodeOptionMap options) {
    return ReadDatagenNode(SourceNode("datagen", std::move(options)), 0).status().message();
  };
  EXPECT_THAT(error({{"fields.user.kind", "sequence"}, {"fields.user.start", "1"}}),
              HasSubstr("Required option is missing: 'fields.user.end' of datagen 'clicks'"));
  EXPECT_THAT(error({{"fields.usr.min", "1"}}), HasSubstr("did you mean 'fields.user.min'?"));
  EXPECT_THAT(error({{"fields.page.length", "0"}}), HasSubstr("Not between 1 and 2147483647: 0"));
}

TEST(PrintNode, KnowsFlinksOptionsOnly) {
  PrintStreams streams{std::make_shared<LineStream>(stdout), std::make_shared<LineStream>(stderr)};
  EXPECT_TRUE(MakePrintNode(SinkNode("print", {{"print-identifier", "p"}, {"standard-error", "true"}}), streams).ok());
  EXPECT_THAT(MakePrintNode(SinkNode("print", {{"identifier", "p"}}), streams).status().message(),
              HasSubstr("There are: print-identifier, standard-error"));
  EXPECT_THAT(MakeBlackholeNode(SinkNode("blackhole", {{"x", "y"}})).status().message(),
              HasSubstr("it has no options"));
}

}  // namespace
}  // namespace thalweg::connectors
