// Row stages made of functions, for this folder's tests: as operators, which Process row by row, and as stages of a run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columns/gather.h"
#include "columns/object_writer.h"
#include "flow/operator.h"
#include "flow/row_stage.h"

namespace thalweg::runtime {

/// How a stage was called, for tests that want to know.
struct StageCalls {
  int processed = 0;  // whole batches
  int blocks = 0;
  int released = 0;
};

template <typename T, typename R>
struct TestMap final : flow::Operator, flow::MapStage {
  explicit TestMap(std::function<R(const T&)> f) : function(std::move(f)) {}

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    ++calls.processed;
    columns::Batch in = rows.TakeAll();
    columns::ObjectWriter<R> writer(out.pool(), in.rows());
    for (int32_t i = 0; i < in.rows(); ++i) writer.Append(function(in.objects<T>()[i]), in.time(i));
    out.Emit(writer.Take());
    return flow::Progress::kDone;
  }
  const types::ObjectType& made_type() const override { return types::ObjectTypeOf<R>(); }
  Status RunStage(flow::StageRows& rows) override {
    ++calls.blocks;
    results.resize(flow::kStageRows);
    for (int32_t i = 0; i < rows.count; ++i) {
      const int32_t slot = rows.dense ? i : rows.slots[i];
      results[static_cast<size_t>(slot)] = function(static_cast<const T*>(rows.values)[slot]);
    }
    rows.values = results.data();
    return {};
  }
  Status RunStageInto(const flow::StageRows& rows, void* to, int32_t& made) override {
    ++calls.blocks;
    for (made = 0; made < rows.count; ++made) {
      const T& row = static_cast<const T*>(rows.values)[rows.dense ? made : rows.slots[made]];
      if (fails_at && *fails_at == row) return UserError("It does not like a row");
      new (static_cast<R*>(to) + made) R(function(row));
    }
    return {};
  }
  void MoveResults(const flow::StageRows& rows, void* to) override {
    for (int32_t i = 0; i < rows.count; ++i)
      new (static_cast<R*>(to) + i) R(std::move(results[static_cast<size_t>(rows.dense ? i : rows.slots[i])]));
  }
  void ReleaseStage() override { ++calls.released; }

  std::function<R(const T&)> function;
  std::vector<R> results;
  StageCalls calls;
  std::optional<T> fails_at;
};

template <typename T>
struct TestFilter final : flow::Operator, flow::RowStage {
  explicit TestFilter(std::function<bool(const T&)> f) : function(std::move(f)) {}

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    ++calls.processed;
    columns::Batch in = rows.TakeAll();
    std::vector<int32_t> kept;
    for (int32_t i = 0; i < in.rows(); ++i)
      if (function(in.objects<T>()[i])) kept.push_back(i);
    if (!kept.empty())
      out.Emit(columns::Compact(std::move(in), kept.data(), static_cast<int32_t>(kept.size()), out.pool()));
    return flow::Progress::kDone;
  }
  Status RunStage(flow::StageRows& rows) override {
    ++calls.blocks;
    int32_t kept = 0;
    for (int32_t i = 0; i < rows.count; ++i) {
      const int32_t slot = rows.dense ? i : rows.slots[i];
      const T& row = static_cast<const T*>(rows.values)[slot];
      if (fails_at && *fails_at == row) return UserError("It does not like a row");
      if (function(row)) rows.slots[kept++] = slot;
    }
    rows.dense = rows.dense && kept == rows.count;
    rows.count = kept;
    return {};
  }

  std::function<bool(const T&)> function;
  StageCalls calls;
  std::optional<T> fails_at;
};

/// Rows `first` to `first` + `rows` - 1; the event time is ten times the row.
inline columns::Batch NumbersFrom(columns::BufferPool& pool, int64_t first, int32_t rows) {
  columns::ObjectWriter<int64_t> writer(pool, rows);
  for (int64_t i = first; i < first + rows; ++i) writer.Append(i, i * 10);
  return writer.Take();
}

template <typename T>
std::vector<std::pair<T, int64_t>> ObjectsWithTimes(const columns::Batch& batch) {
  std::vector<std::pair<T, int64_t>> rows;
  for (int32_t i = 0; i < batch.rows(); ++i) rows.emplace_back(batch.objects<T>()[i], batch.time(i));
  return rows;
}

}  // namespace thalweg::runtime
