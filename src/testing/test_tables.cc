#include "testing/test_tables.h"

#include "config/values.h"
#include "connectors/node_options.h"
#include "connectors/table_node.h"

namespace thalweg::testing {
namespace {

constexpr char kSourceMode[] = "changelog-mode", kSinkMode[] = "sink-changelog-mode", kBounded[] = "bounded";

/// "t" of "`c`.`d`.`t`".
std::string LastName(const std::string& name) {
  if (name.size() < 2 || name.back() != '`') return name;
  const size_t open = name.rfind('`', name.size() - 2);
  return name.substr(open + 1, name.size() - open - 2);
}

Result<graph::ChangelogMode> TakeMode(graph::Node& node, const char* key, const std::string& otherwise) {
  connectors::NodeOptions options(node);
  THALWEG_ASSIGN(std::string mode, options.OneOf(key, {"I", "I,UA,D", "I,UB,UA,D"}, otherwise));
  node.options.erase(key);
  if (mode == "I") return graph::ChangelogMode::kAppend;
  return mode == "I,UA,D" ? graph::ChangelogMode::kUpsert : graph::ChangelogMode::kRetract;
}

Status FinishTestNode(graph::Node& node, const graph::TableDescriptor& table) {
  node.options[kTestTable] = LastName(table.name);
  for (const graph::TableDescriptor::MetadataColumn& column : table.metadata)
    node.options.erase("metadata." + column.column);
  connectors::NodeOptions options(node);
  THALWEG_TRY(options.Required(kTestTable).status());
  return options.Finish();
}

class TestTables final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const graph::TableDescriptor& table) const override {
    graph::SourceTable source;
    THALWEG_ASSIGN(source.node, connectors::SourceNodeOf(table, kTestSource, {.sink = {kSinkMode}}, Keys(table)));
    THALWEG_ASSIGN(source.changelog, TakeMode(source.node, kSourceMode, "I"));
    THALWEG_ASSIGN(source.bounded, connectors::NodeOptions(source.node).Get<bool>(kBounded, false));
    source.node.options.erase(kBounded);
    if (source.changelog == graph::ChangelogMode::kUpsert && table.primary_key.empty())
      return UserError("Table {} has changelog-mode I,UA,D and needs a PRIMARY KEY", table.name);
    THALWEG_TRY(FinishTestNode(source.node, table));
    return source;
  }
  Result<graph::SinkTable> Sink(const graph::TableDescriptor& table) const override {
    graph::SinkTable sink;
    THALWEG_ASSIGN(sink.node,
                   connectors::SinkNodeOf(table, kTestSink, {.source = {kSourceMode, kBounded}}, Keys(table)));
    THALWEG_ASSIGN(sink.accepts, TakeMode(sink.node, kSinkMode, "I,UB,UA,D"));
    THALWEG_TRY(FinishTestNode(sink.node, table));
    // Flink's sink of tests follows a key likewise: one that only inserts keeps every row.
    if (sink.accepts != graph::ChangelogMode::kAppend && !table.primary_key.empty())
      sink.node.options[kTestKey] = config::FormatList(table.primary_key);
    return sink;
  }
  // Any key of any type: a test's rows have them all.
  Result<graph::MetadataKeys> ReadableMetadata(const graph::TableDescriptor& table) const override {
    return Keys(table);
  }
  Result<graph::MetadataKeys> WritableMetadata(const graph::TableDescriptor& table) const override {
    return Keys(table);
  }

 private:
  static graph::MetadataKeys Keys(const graph::TableDescriptor& table) {
    graph::MetadataKeys keys;
    for (const graph::TableDescriptor::MetadataColumn& column : table.metadata) keys.emplace(column.key, column.type);
    return keys;
  }
};

}  // namespace

std::unique_ptr<graph::TableConnector> MakeTestTables() { return std::make_unique<TestTables>(); }

}  // namespace thalweg::testing
