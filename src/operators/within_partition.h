// Results over the sorted rows of a partition that is whole: OVER in batch mode, by any order (graph/sorted_over_spec.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "batch-over". A partition is held in memory while its results are computed.
Result<std::unique_ptr<flow::Operator>> MakeBatchOver(const graph::Node& node);

}  // namespace thalweg::operators
