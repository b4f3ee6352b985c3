// Rows that stand in the plan itself: VALUES. Kind "values": the payload is a graph::ValuesSpec.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columns/batch.h"
#include "flow/source.h"
#include "graph/job_graph.h"

namespace thalweg::connectors {

/// A node of the rows of `batches`, whose columns are those of `schema`, in order and with their kinds; no rows: none. Without id, uid
/// and edges; parallelism 1. UserError if a column has no codec.
Result<graph::Node> MakeValuesNode(types::SchemaPtr schema, const std::vector<columns::Batch>& batches);

/// Bounded: one split, read in order. An external error if the payload is malformed or does not fit the schema.
Result<std::shared_ptr<flow::Source>> MakeValuesSource(const graph::Node& node);

}  // namespace thalweg::connectors
