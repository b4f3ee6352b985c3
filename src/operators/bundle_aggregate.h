// GROUP BY over bundles (bundle.h): a group has one change for all its rows of a bundle. In one phase, or in two: a local aggregate in
// front of the exchange sends a block for each group of its bundle, and the global one behind it merges them.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/mini_batch.h"
#include "operators/aggregate_layout.h"

namespace thalweg::operators {

/// One phase: what MakeGroupAggregate makes of a node with a mini-batch.
Result<std::unique_ptr<flow::Operator>> MakeBundledAggregate(const graph::MiniBatch& limits,
                                                             graph::GroupAggregateSpec spec,
                                                             std::shared_ptr<AggregateLayout> layout);

/// Of nodes of kinds "local-group-aggregate" (its input is not keyed, it has no state) and "global-group-aggregate": their payload is
/// that of the one phase, and so is the state of the global one. Rows between them: graph::PartialSchema.
Result<std::unique_ptr<flow::Operator>> MakeLocalGroupAggregate(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeGlobalGroupAggregate(const graph::Node& node);

}  // namespace thalweg::operators
