// GROUP BY without windows: each row changes its group's results, and the change is emitted (graph/aggregate_spec.h).
#pragma once

#include <memory>
#include <vector>

#include "flow/operator.h"
#include "graph/aggregate_spec.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "group-aggregate". Row kinds as Flink's: +I of the first row of a group, -U and +U of a changed result, nothing
/// of a result that stays equal (but with a TTL), -D when the last row was retracted. A retraction of no group is ignored. With a
/// mini-batch (graph/mini_batch.h) a group has one such change for all its rows of a bundle.
Result<std::unique_ptr<flow::Operator>> MakeGroupAggregate(const graph::Node& node);

/// Columns of the results: keys, calls.
std::vector<types::DataType> GroupResultTypes(const graph::GroupAggregateSpec& spec);

}  // namespace thalweg::operators
