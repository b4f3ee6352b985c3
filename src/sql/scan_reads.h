// Sources are told which columns of their rows are read: ScanSpec::reads.
// Rule: it changes no node's uid and no schema; what a source leaves out nobody looks at.
#pragma once

#include "graph/job_graph.h"

namespace thalweg::sql {

/// For the graph of a whole job: a source that several queries read gives what any of them needs.
void TellReads(graph::JobGraph& graph);

}  // namespace thalweg::sql
