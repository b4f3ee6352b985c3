// How SQL reaches the outer world: a CREATE TABLE's connector makes the node of a job graph that reads or writes the table.
// Rule: SQL knows no connector; it asks by the name that WITH ('connector' = ...) gives, and gets a node and what its rows mean.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/job_graph.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// A table as its connector sees it. Computed columns and watermarks are the planner's.
struct TableDescriptor {
  struct MetadataColumn {
    std::string column;
    std::string key;          // METADATA FROM '...', or the column's own name
    types::DataType type;     // one that can hold what ReadableMetadata says for `key`; casts are the planner's
    bool is_virtual = false;  // only for reading
    bool operator==(const MetadataColumn&) const = default;
  };
  std::string name;  // for messages: "`catalog`.`database`.`table`"
  types::SchemaPtr physical;
  std::vector<MetadataColumn> metadata;
  /// WITH (...) without 'connector' and without the planner's own `scan.watermark.*`.
  std::map<std::string, std::string> options;
  std::vector<std::string> primary_key;
  std::vector<std::string> partition_keys;
};

/// A node without id, uid and edges. When the graph is done, the node's scan says which columns are read (graph::ReadsOf): a source
/// may leave out the rest, if Flink's finds no errors there either, and gives NULL in its place.
struct SourceTable {
  Node node;  // its rows, outputs[0].schema: physical columns, then metadata columns in their order
  /// kUpsert: +U (or +I) and -D by the primary key, no -U. kRetract: all kinds.
  ChangelogMode changelog = ChangelogMode::kAppend;
  bool bounded = false;
  /// Watermarks go with the rows, as from Flink's WatermarkAssigner, and not by the clock, as from sources that make their own.
  bool eager_watermarks = false;
  std::vector<std::string> warnings;  // for the person, one a line
};

struct SinkTable {
  Node node;  // its rows, the schema in the payload: physical columns, then metadata columns that are not virtual
  /// kAppend: +I only. kUpsert: no -U, by the primary key. kRetract: all kinds.
  ChangelogMode accepts = ChangelogMode::kAppend;
  /// It has no rows that a change could find: upserts need no primary key, and with one ON CONFLICT says what comes, whatever it accepts.
  bool keeps_no_rows = false;
  /// Columns of the node's rows: rows that are equal in them go to one subtask. Empty: they stay where they are.
  std::vector<int> together;
  std::vector<std::string> warnings;
};

using MetadataKeys = std::map<std::string, types::DataType>;

/// Immutable; any thread. UserErrors name table and option; nothing connects before the job runs.
class TableConnector {
 public:
  virtual ~TableConnector() = default;
  virtual Result<SourceTable> Source(const TableDescriptor& table) const = 0;
  virtual Result<SinkTable> Sink(const TableDescriptor& table) const = 0;
  /// Keys that METADATA columns of this table may name, and the types they have.
  virtual Result<MetadataKeys> ReadableMetadata(const TableDescriptor& table) const { return MetadataKeys(); }
  virtual Result<MetadataKeys> WritableMetadata(const TableDescriptor& table) const { return MetadataKeys(); }
};

/// The connectors of a process, by name. Filled once.
class TableConnectors {
 public:
  /// Stops the process if the name is taken.
  void Add(std::string name, std::unique_ptr<TableConnector> connector);
  /// UserError with those that exist, and the nearest.
  Result<const TableConnector*> Find(const std::string& name) const;
  std::vector<std::string> Names() const;

 private:
  std::map<std::string, std::unique_ptr<TableConnector>> connectors_;
};

}  // namespace thalweg::graph
