// Specs for the tests and the fuzz driver of their codecs.
#pragma once

#include "graph/aggregate_spec.h"

namespace thalweg::graph {

inline types::Schema SampleRows() {
  using types::DataType;
  using types::TypeId;
  return types::Schema({{"k", DataType(TypeId::kString)},
                        {"v", DataType(TypeId::kInt)},
                        {"ok", DataType(TypeId::kBoolean)},
                        {"t", DataType::Timestamp(3)}});
}

inline AggregateCall SampleCall() {
  AggregateCall call;
  call.function = "SUM";
  call.arguments = {1};
  call.filter = 2;
  call.distinct = true;
  call.type = types::DataType(types::TypeId::kInt);
  call.name = "s";
  return call;
}

inline GroupAggregateSpec SampleGroup() { return {SampleRows(), {0}, {SampleCall()}, true, true, 1000}; }

inline WindowAggregateSpec SampleWindowAggregate() {
  WindowShape window;
  window.size_ms = 5000;
  window.time_column = 3;
  return {SampleRows(), {0}, {SampleCall()}, window, {WindowProperty::kStart, WindowProperty::kTime}, true};
}

inline WindowTvfSpec SampleTvf() { return {SampleRows(), SampleWindowAggregate().window}; }

inline OverAggregateSpec SampleOver() { return {SampleRows(), {0}, 3, false, true, 2, {SampleCall()}, 7}; }

}  // namespace thalweg::graph
