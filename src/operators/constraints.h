// What a sink's types promise, held at run time (graph/constraint_spec.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "constraints". A row with NULL where the type is NOT NULL is an error, or dropped and counted; a string or bytes that
/// are longer than their type are cut, or an error; those that must fill it are filled up, or an error.
Result<std::unique_ptr<flow::Operator>> MakeConstraints(const graph::Node& node);

}  // namespace thalweg::operators
