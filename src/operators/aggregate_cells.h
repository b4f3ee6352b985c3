#pragma once

// What aggregates of several files do with a cell: as a DOUBLE, as canonical bytes and back, and values counted.
#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "columns/batch.h"
#include "columns/builder.h"

namespace thalweg::operators {

/// The value of a numeric cell, DECIMAL included, as the nearest DOUBLE.
double NumberAsDouble(const columns::Column& column, int32_t row);

/// Canonical bytes (types/key_encoding.h): they order as the values do.
std::string CellBytes(const columns::Column& column, int32_t row);
void AppendCellBytes(const std::string& bytes, columns::ColumnBuilder& out);

/// Values that are not NULL, in order, each with its number, which is negative where more were retracted than added. Aggregates
/// with this state derive from it and say what comes out of it.
struct CountedCells {
  using State = std::map<std::string, int64_t>;
  int argument;
  const columns::Column* column = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) { column = &batch.column(argument); }
  void Add(State& state, int32_t row) const { ChangeAt(state, row, 1); }
  void Retract(State& state, int32_t row) const { ChangeAt(state, row, -1); }
  void Merge(State& into, const State& from) const;

 private:
  void ChangeAt(State& state, int32_t row, int64_t by) const;
};

}  // namespace thalweg::operators
