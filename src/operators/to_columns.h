// ToColumns<T>: records as columns, for connectors that take rows by schema.
#pragma once

#include "columns/record_convert.h"
#include "flow/operator.h"
#include "flow/program.h"

namespace thalweg::operators {

template <typename T>
class ToColumnsOperator final : public flow::Operator {
 public:
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch in = rows.TakeAll();
    out.Emit(columns::RecordsToBatch<T>(in, out.pool()));
    return flow::Progress::kDone;
  }
};

template <typename T>
flow::OperatorFactory ToColumns() {
  return [](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
    return std::unique_ptr<flow::Operator>(std::make_unique<ToColumnsOperator<T>>());
  };
}

}  // namespace thalweg::operators
