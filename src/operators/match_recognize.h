// MATCH_RECOGNIZE over columns (graph/match_spec.h): the keyed operator around a pattern's automaton (cep/matcher.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "match-recognize". By event time rows wait for the watermark and are taken in the order of their times; those that the
/// watermark has passed are dropped and counted. By processing time a row is taken at once, or, if there is more to order by, with
/// those of its millisecond.
Result<std::unique_ptr<flow::Operator>> MakeMatchRecognize(const graph::Node& node);

}  // namespace thalweg::operators
