// For tests: a connector to nothing.
#pragma once

#include <string>

#include "graph/table_connector.h"
#include "types/type_codec.h"

namespace thalweg::sql {

/// The option 'changes' = 'upsert' or 'retract' of a table says what its rows are, and what it takes; one with the option 'bounded' ends.
/// 'scan.parallelism' and 'sink.parallelism' are those of its nodes.
class FakeConnector final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const graph::TableDescriptor& table) const override {
    graph::SourceTable source;
    source.node.kind = "fake-source";
    source.node.options = table.options;
    source.node.parallelism = ParallelismOf(table, "scan.parallelism");
    source.node.outputs.push_back({"", table.physical, "", ""});
    source.changelog = ModeOf(table);
    source.bounded = table.options.contains("bounded");
    return source;
  }
  Result<graph::SinkTable> Sink(const graph::TableDescriptor& table) const override {
    graph::SinkTable sink;
    sink.node.kind = "fake-sink";
    sink.node.options = table.options;
    sink.node.parallelism = ParallelismOf(table, "sink.parallelism");
    sink.node.payload = types::EncodeSchema(*table.physical);
    sink.accepts = ModeOf(table);
    return sink;
  }

 private:
  static int32_t ParallelismOf(const graph::TableDescriptor& table, const std::string& option) {
    auto found = table.options.find(option);
    return found == table.options.end() ? 0 : std::stoi(found->second);
  }
  static graph::ChangelogMode ModeOf(const graph::TableDescriptor& table) {
    auto mode = table.options.find("changes");
    if (mode == table.options.end()) return graph::ChangelogMode::kAppend;
    return mode->second == "upsert" ? graph::ChangelogMode::kUpsert : graph::ChangelogMode::kRetract;
  }
};

}  // namespace thalweg::sql
