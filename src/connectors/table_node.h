// What the table connectors have in common: the node of a table, its metadata columns, and options that belong to one end only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/table_connector.h"

namespace thalweg::connectors {

/// Options of a table's WITH that only a source or only a sink reads: a table may have both, each end looks at its own.
struct EndOptions {
  std::set<std::string> source;
  std::set<std::string> sink;
};

/// A source node of `kind` over physical and metadata columns (`metadata.<column>`), without the sink's options. `scan.parallelism` is
/// the node's. UserError if a metadata column is none of `readable`, or cannot hold it.
Result<graph::Node> SourceNodeOf(const graph::TableDescriptor& table, const std::string& kind, const EndOptions& ends,
                                 const graph::MetadataKeys& readable);

/// A sink node, likewise; virtual columns are left out. `sink.parallelism` is the node's.
Result<graph::Node> SinkNodeOf(const graph::TableDescriptor& table, const std::string& kind, const EndOptions& ends,
                               const graph::MetadataKeys& writable);

/// UserError if the table has a primary key, or partitions, which mean nothing to its connector.
Status RefusePrimaryKey(const graph::TableDescriptor& table, const std::string& why);
Status RefusePartitions(const graph::TableDescriptor& table);

}  // namespace thalweg::connectors
