// What tests of aggregating operators write specs with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "expr/aggregates.h"
#include "graph/aggregate_spec.h"

namespace thalweg::operators {

inline graph::AggregateCall CallOf(const types::Schema& input, std::string function, std::vector<int> arguments,
                                   bool grouped = true) {
  graph::AggregateCall call;
  call.function = std::move(function);
  call.arguments = std::move(arguments);
  std::vector<types::DataType> types;
  for (int argument : call.arguments) types.push_back(input.field(argument).type);
  call.type = expr::AggregateResultType(call.function, types, grouped).value();
  return call;
}

}  // namespace thalweg::operators
