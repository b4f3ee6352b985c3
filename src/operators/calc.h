// Calc: rows that pass a condition, with columns computed from them (graph/calc_spec.h).
#pragma once

#include <memory>

#include "flow/operator.h"
#include "graph/job_graph.h"

namespace thalweg::operators {

/// Of a node of kind "calc". Row kinds stay. An error of an expression names function and value.
Result<std::unique_ptr<flow::Operator>> MakeCalc(const graph::Node& node);

}  // namespace thalweg::operators
