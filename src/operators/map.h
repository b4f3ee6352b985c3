// Map and filter: a row in, at most a row out. A batch in is at most a batch out, so they never stop half-way.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "columns/batch.h"
#include "columns/gather.h"
#include "flow/operator.h"
#include "flow/program.h"
#include "operators/row_function.h"
#include "operators/user_error.h"

namespace thalweg::operators {

/// R operator()(const T&). Event times and row kinds are carried over; key columns end here.
template <typename T, typename R, typename F>
class MapOperator final : public RowFunctionOperator<F> {
 public:
  using RowFunctionOperator<F>::RowFunctionOperator;

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch in = rows.TakeAll();
    columns::Batch result(out.pool(), in.rows());
    columns::Column column = columns::NewObjectColumn(out.pool(), types::ObjectTypeOf<R>(), in.rows());
    const T* from = in.objects<T>();
    R* to = column.values.mutable_data<R>();
    int32_t row = 0;
    try {
      for (const int32_t count = in.rows(); row < count; ++row) new (to + row) R(this->function_(from[row]));
    } catch (...) {
      column.values.SetObjects(&types::ObjectTypeOf<R>(), static_cast<uint32_t>(row));  // those are to be destroyed
      return UserException("map", RowText(from[row]));
    }
    column.values.SetObjects(&types::ObjectTypeOf<R>(), static_cast<uint32_t>(row));
    result.AddColumn(std::move(column));
    result.times() = std::move(in.times());
    result.kinds() = std::move(in.kinds());
    out.Emit(std::move(result));
    return flow::Progress::kDone;
  }
};

/// bool operator()(const T&). Rows that stay are not copied where the batch has one owner.
template <typename T, typename F>
class FilterOperator final : public RowFunctionOperator<F> {
 public:
  using RowFunctionOperator<F>::RowFunctionOperator;

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch in = rows.TakeAll();
    const T* values = in.objects<T>();
    const int32_t count = in.rows();
    kept_.resize(static_cast<size_t>(count));
    int32_t kept = 0;
    int32_t row = 0;
    try {
      for (; row < count; ++row) {
        kept_[static_cast<size_t>(kept)] = row;  // without a branch: a predicate's outcome is hard to foresee
        kept += static_cast<bool>(this->function_(values[row])) ? 1 : 0;
      }
    } catch (...) {
      return UserException("filter", RowText(values[row]));
    }
    if (kept == count)
      out.Emit(std::move(in));
    else if (kept > 0)
      out.Emit(columns::Compact(std::move(in), kept_.data(), kept, out.pool()));
    return flow::Progress::kDone;
  }

 private:
  std::vector<int32_t> kept_;
};

/// Makes `Op(function)` for each subtask, each with its own copy of the function.
template <typename Op, typename F>
flow::OperatorFactory FactoryOf(F function) {
  return [function = std::move(function)](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
    return std::unique_ptr<flow::Operator>(std::make_unique<Op>(function));
  };
}

}  // namespace thalweg::operators
