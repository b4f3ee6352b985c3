// What sources are told of the columns that a script reads.
#include "sql/scan_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/scan_spec.h"
#include "sql/session.h"
#include "types/type_codec.h"

namespace thalweg::sql {
namespace {

using graph::ColumnPath;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadsConnector final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const graph::TableDescriptor& table) const override {
    graph::SourceTable source;
    source.node.kind = "reads-source";
    std::vector<types::Field> fields = table.physical->fields();
    for (const auto& column : table.metadata) fields.push_back({column.column, column.type});
    source.node.outputs.push_back({"", std::make_shared<const types::Schema>(std::move(fields)), "", ""});
    if (!table.primary_key.empty()) source.changelog = graph::ChangelogMode::kUpsert;
    return source;
  }
  Result<graph::SinkTable> Sink(const graph::TableDescriptor& table) const override {
    graph::SinkTable sink;
    sink.node.kind = "reads-sink";
    sink.node.payload = types::EncodeSchema(*table.physical);
    sink.accepts = graph::ChangelogMode::kRetract;
    return sink;
  }
  Result<graph::MetadataKeys> ReadableMetadata(const graph::TableDescriptor&) const override {
    return graph::MetadataKeys{{"offset", types::DataType(types::TypeId::kBigInt)}};
  }
};

constexpr std::string_view kTables = R"(
  CREATE TABLE t (
    a INT, r ROW<x INT, y ROW<u STRING, v STRING>>, o BIGINT METADATA FROM 'offset', b STRING, c AS a + 1, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
  ) WITH ('connector' = 'reads');
  CREATE TABLE plain (a INT, b STRING, c STRING) WITH ('connector' = 'reads');
  CREATE TABLE upserts (k INT, a STRING, b STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'reads');
  CREATE TABLE parted (a INT, d AS dt + 1, b STRING, dt INT, hh INT) PARTITIONED BY (dt, hh) WITH ('connector' = 'reads');
  CREATE TABLE sink1 (s STRING) WITH ('connector' = 'reads');
  CREATE TABLE sink2 (n INT) WITH ('connector' = 'reads');
)";

/// The graph of the last statement.
graph::JobGraph GraphOf(std::string_view statement) {
  graph::TableConnectors connectors;
  connectors.Add("reads", std::make_unique<ReadsConnector>());
  Session session({.connectors = &connectors});
  const std::string script = fmt::format("{} {};", kTables, statement);
  const auto statements = *ParseScript(script);
  graph::JobGraph graph;
  for (const ParsedStatement& parsed : statements) {
    auto result = session.Execute(parsed, script);
    EXPECT_TRUE(result.ok()) << result.status().message();
    if (!result.ok()) return graph;
    if (auto* job = std::get_if<JobToRun>(&result->outcome)) graph = job->graph;
    if (auto* query = std::get_if<QueryToRun>(&result->outcome)) graph = query->graph;
  }
  return graph;
}

/// Of its first source.
std::vector<ColumnPath> ReadBy(std::string_view statement) {
  for (const graph::Node& node : GraphOf(statement).nodes)
    if (node.role == graph::NodeRole::kSource) return *graph::ReadsOf(node);
  ADD_FAILURE() << "no source";
  return {};
}

// Of the connector's rows: a, r, b, ts, then the metadata o.
TEST(ScanReads, AreColumnsAndFieldsThatExpressionsAndTheWatermarkName) {
  EXPECT_THAT(ReadBy("SELECT b FROM t WHERE r.x > 1"), ElementsAre(ColumnPath{1, 0}, ColumnPath{2}, ColumnPath{3}));
  EXPECT_THAT(ReadBy("SELECT r.y.v FROM t"), ElementsAre(ColumnPath{1, 1, 1}, ColumnPath{3}));
  EXPECT_THAT(ReadBy("SELECT c, o FROM t"), ElementsAre(ColumnPath{0}, ColumnPath{3}, ColumnPath{4}));
}

TEST(ScanReads, AFieldIsNothingMoreBesideItsWholeRow) {
  EXPECT_THAT(ReadBy("SELECT r.x, r FROM t"), ElementsAre(ColumnPath{1}, ColumnPath{3}));
}

TEST(ScanReads, ATableWithoutWatermarkIsToldToo) {
  EXPECT_THAT(ReadBy("SELECT b FROM plain"), ElementsAre(ColumnPath{1}));
  EXPECT_THAT(ReadBy("SELECT COUNT(*) FROM plain"), ElementsAre(ColumnPath{0})) << "a row needs something";
}

TEST(ScanReads, NothingIsSaidWhereEverythingIsRead) {
  EXPECT_THAT(ReadBy("SELECT * FROM plain"), IsEmpty());
  EXPECT_THAT(ReadBy("SELECT a, UPPER(b), c FROM plain"), IsEmpty());
  EXPECT_THAT(ReadBy("SELECT a FROM upserts"), IsEmpty()) << "rows are kept by their key as they are";
}

TEST(ScanReads, ASourceOfSeveralQueriesGivesWhatAnyOfThemReads) {
  EXPECT_THAT(ReadBy("EXECUTE STATEMENT SET BEGIN INSERT INTO sink1 SELECT b FROM plain; INSERT INTO sink2 SELECT a "
                     "FROM plain; END"),
              ElementsAre(ColumnPath{0}, ColumnPath{1}));
  EXPECT_THAT(ReadBy("SELECT x.b FROM plain x JOIN plain y ON x.a = y.a"), ElementsAre(ColumnPath{0}, ColumnPath{1}));
}

TEST(ScanReads, AreNoPartOfTheSourcesIdentity) {
  const auto uid_of = [](std::string_view statement) { return GraphOf(statement).nodes[0].uid; };
  EXPECT_EQ(uid_of("SELECT a FROM plain"), uid_of("SELECT b FROM plain"));
}

/// What the scan of the first source wants of partitions.
std::string WantedBy(std::string_view statement) {
  for (const graph::Node& node : GraphOf(statement).nodes) {
    if (node.role != graph::NodeRole::kSource) continue;
    const graph::ScanSpec scan = *graph::DecodeScan(node.scan);
    return scan.partitions ? scan.partitions->ToString() : "";
  }
  return "no source";
}

TEST(ScanPartitions, AreWhatTheOnlyReaderAsksOfThePartitionAlone) {
  EXPECT_EQ(WantedBy("SELECT a FROM parted WHERE dt = 5 AND b = 'x' AND hh > 3"), "AND(=($2, 5), >($3, 3))");
  EXPECT_EQ(WantedBy("SELECT a FROM parted WHERE d = 5 OR hh IS NULL"), "OR(=(+($2, 1), 5), IS NULL($3))");
  EXPECT_EQ(WantedBy("SELECT a FROM parted"), "");
  EXPECT_EQ(WantedBy("SELECT a FROM parted WHERE dt = a"), "");
  EXPECT_EQ(WantedBy("SELECT a FROM parted WHERE dt > RAND()"), "");
}

TEST(ScanPartitions, OfATableThatIsReadTwiceAreAll) {
  EXPECT_EQ(WantedBy("EXECUTE STATEMENT SET BEGIN INSERT INTO sink1 SELECT b FROM parted WHERE dt = 1; "
                     "INSERT INTO sink2 SELECT a FROM parted; END"),
            "");
}

}  // namespace
}  // namespace thalweg::sql
