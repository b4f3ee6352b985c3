// What an aggregate is told of mini-batches: how many rows it may fold, and for how long, before it sends what they changed.
// Rule: it stands in the options of a node and not in its payload: state is found again whatever it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "graph/aggregate_spec.h"
#include "graph/job_graph.h"

namespace thalweg::graph {

struct MiniBatch {
  int64_t rows = 0;        // a bundle ends with so many
  int64_t latency_ms = 0;  // and when the clock comes to a multiple of it
  bool operator==(const MiniBatch&) const = default;
};

/// The node folds rows.
void SetMiniBatch(Node& node, const MiniBatch& batch);
/// nullopt: the node sends every row's change. User error: what is told is no number above 0, or half of it is missing.
Result<std::optional<MiniBatch>> MiniBatchOf(const Node& node);
/// Whether an option of a node is one of SetMiniBatch's.
bool IsMiniBatchOption(std::string_view name);

/// The rows that a local aggregate of `spec` sends to the global one: keys, then the block of a group as bytes.
types::Schema PartialSchema(const GroupAggregateSpec& spec);

}  // namespace thalweg::graph
