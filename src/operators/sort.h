// Rows in order (graph/rank_spec.h): as the watermark passes them, or all of a bounded input at its end; and the first rows that come.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "sort", on one subtask. By the watermark: an append-only input, whose rows of equal order go out as they came; a row
/// whose time has been sent before is late and is dropped and counted, as by Flink's RowTimeSortOperator. At the end of the input: what
/// is left of a changelog, as +I.
Result<std::unique_ptr<flow::Operator>> MakeSort(const graph::Node& node);
/// Of a node of kind "limit", on one subtask.
Result<std::unique_ptr<flow::Operator>> MakeLimit(const graph::Node& node);

}  // namespace thalweg::operators
