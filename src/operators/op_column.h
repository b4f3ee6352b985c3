// Changelogs whose kinds of changes stand as codes in a column (graph/changelog_spec.h): what Flink's TO_CHANGELOG and FROM_CHANGELOG do.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of nodes of the kinds "to-changelog", "from-changelog".
Result<std::unique_ptr<flow::Operator>> MakeToChangelog(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeFromChangelog(const graph::Node& node);

}  // namespace thalweg::operators
