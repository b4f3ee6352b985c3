// Changelogs made over into other changelogs (graph/changelog_spec.h). Row kinds are those of Flink's ChangelogNormalize
// (ProcTimeDeduplicateKeepLastRowFunction over a changelog), SinkUpsertMaterializer and DropUpdateBefore.
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of nodes of the kinds "changelog-normalize", "upsert-materialize", "drop-update-before".
Result<std::unique_ptr<flow::Operator>> MakeChangelogNormalize(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeUpsertMaterialize(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeDropUpdateBefore(const graph::Node& node);

}  // namespace thalweg::operators
