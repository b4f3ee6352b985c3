// Aggregates over each row and those that its order puts before it, where the order is of any columns and rows may change.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/aggregate_spec.h"
#include "operators/aggregate_layout.h"

namespace thalweg::operators {

/// Of an "over-aggregate" whose spec has an order. A row that comes or goes in the middle changes the results of all behind it, until
/// nothing differs any more; each gives -U and +U. State grows with the partition: a row and what was aggregated up to it.
std::unique_ptr<flow::Operator> MakeOrderedOver(graph::OverAggregateSpec spec, std::shared_ptr<AggregateLayout> layout);

}  // namespace thalweg::operators
