// Map and filter: a row in, at most a row out. A batch in is at most a batch out, so they never stop half-way; and neighbours may be
// taken together, block by block (flow/row_stage.h).
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "columns/batch.h"
#include "columns/gather.h"
#include "flow/operator.h"
#include "flow/program.h"
#include "flow/row_stage.h"
#include "operators/row_function.h"
#include "operators/stage_scratch.h"
#include "operators/user_error.h"

namespace thalweg::operators {

namespace internal {

// Which slot row i of a block lies in.
struct Dense {
  int32_t operator()(int32_t i) const { return i; }
};
struct Scattered {
  const int32_t* slots;
  int32_t operator()(int32_t i) const { return slots[i]; }
};

}  // namespace internal

/// R operator()(const T&). Event times and row kinds are carried over; key columns end here.
template <typename T, typename R, typename F>
class MapOperator final : public RowFunctionOperator<F>, public flow::MapStage {
 public:
  using RowFunctionOperator<F>::RowFunctionOperator;

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch batch = rows.TakeAll();
    const int32_t count = batch.rows();
    columns::Column column = columns::NewObjectColumn(out.pool(), types::ObjectTypeOf<R>(), count);
    int32_t made = 0;
    Status status =
        Each(batch.objects<T>(), internal::Dense(), column.values.mutable_data<R>(), internal::Dense(), count, made);
    column.values.SetObjects(&types::ObjectTypeOf<R>(), static_cast<uint32_t>(made));  // those are to be destroyed
    THALWEG_TRY(std::move(status));
    batch.DropColumns(0);
    batch.AddColumn(std::move(column));
    batch.key_hashes() = {};
    out.Emit(std::move(batch));
    return flow::Progress::kDone;
  }

  const types::ObjectType& made_type() const override { return types::ObjectTypeOf<R>(); }
  Status RunStage(flow::StageRows& rows) override {
    const T* from = static_cast<const T*>(rows.values);
    internal::Scattered slots{rows.slots};
    R* to = scratch_.Begin(rows);
    int32_t made = 0;
    Status status = rows.dense ? Each(from, internal::Dense(), to, internal::Dense(), rows.count, made)
                               : Each(from, slots, to, slots, rows.count, made);
    scratch_.Constructed(made);
    rows.values = to;
    return status;
  }
  Status RunStageInto(const flow::StageRows& rows, void* to, int32_t& made) override {
    const T* from = static_cast<const T*>(rows.values);
    if (rows.dense) return Each(from, internal::Dense(), static_cast<R*>(to), internal::Dense(), rows.count, made);
    return Each(from, internal::Scattered{rows.slots}, static_cast<R*>(to), internal::Dense(), rows.count, made);
  }
  void MoveResults(const flow::StageRows& rows, void* to) override {
    R* from = scratch_.values();
    for (int32_t i = 0; i < rows.count; ++i)
      new (static_cast<R*>(to) + i) R(std::move(from[rows.dense ? i : rows.slots[i]]));
  }
  void ReleaseStage() override { scratch_.Clear(); }

 private:
  /// to[to_slot(i)] from from[from_slot(i)]; `made`: so many, after an error too.
  template <typename FromSlot, typename ToSlot>
  Status Each(const T* from, FromSlot from_slot, R* to, ToSlot to_slot, int32_t count, int32_t& made) {
    int32_t i = 0;
    try {
      for (; i < count; ++i) new (to + to_slot(i)) R(this->function_(from[from_slot(i)]));
    } catch (...) {
      made = i;
      return UserException("map", RowText(from[from_slot(i)]));
    }
    made = i;
    return {};
  }
  StageScratch<R> scratch_;
};

/// bool operator()(const T&). Rows that stay are not copied where the batch has one owner.
template <typename T, typename F>
class FilterOperator final : public RowFunctionOperator<F>, public flow::RowStage {
 public:
  using RowFunctionOperator<F>::RowFunctionOperator;

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch in = rows.TakeAll();
    const int32_t count = in.rows();
    if (kept_.size() < static_cast<size_t>(count)) kept_.resize(static_cast<size_t>(count));
    int32_t kept = 0;
    THALWEG_TRY(Keep(in.objects<T>(), internal::Dense(), count, kept_.data(), kept));
    if (kept == count)
      out.Emit(std::move(in));
    else if (kept > 0)
      out.Emit(columns::Compact(std::move(in), kept_.data(), kept, out.pool()));
    return flow::Progress::kDone;
  }

  Status RunStage(flow::StageRows& rows) override {
    const T* values = static_cast<const T*>(rows.values);
    int32_t kept = 0;
    THALWEG_TRY(rows.dense ? Keep(values, internal::Dense(), rows.count, rows.slots, kept)
                           : Keep(values, internal::Scattered{rows.slots}, rows.count, rows.slots, kept));
    rows.dense = rows.dense && kept == rows.count;
    rows.count = kept;
    return {};
  }

 private:
  /// The slots of those that pass, to `slots`, which may be where they are read from.
  template <typename Slot>
  Status Keep(const T* values, Slot slot_of, int32_t count, int32_t* slots, int32_t& kept) {
    int32_t i = 0;
    int32_t passed = 0;
    try {
      for (; i < count; ++i) {
        const int32_t slot = slot_of(i);
        const bool passes = static_cast<bool>(this->function_(values[slot]));
        slots[passed] = slot;  // without a branch: a predicate's outcome is hard to foresee
        passed += passes ? 1 : 0;
      }
    } catch (...) {
      return UserException("filter", RowText(values[slot_of(i)]));
    }
    kept = passed;
    return {};
  }
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
