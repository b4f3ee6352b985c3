// File source and sink from a graph node: kinds "file-source" and "file-sink", under the names of Flink's filesystem connector.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/file_sink.h"
#include "connectors/file_source.h"
#include "graph/job_graph.h"

namespace thalweg::connectors {

/// Says which columns are PARTITIONED BY: the node's options `partition-key.<number>`.
void SetPartitionKeys(graph::Node& node, const std::vector<std::string>& columns);

/// The rows are the node's first output: columns in `format`, and `metadata.<column>`. UserErrors name option and node.
Result<FileSourceOptions> ReadFileSourceNode(const graph::Node& node);
/// The rows are those of the schema in the node's payload.
Result<FileSinkOptions> ReadFileSinkNode(const graph::Node& node);

Result<std::shared_ptr<flow::Source>> MakeFileSourceNode(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeFileSinkNode(const graph::Node& node);

}  // namespace thalweg::connectors
