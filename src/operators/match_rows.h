// MatchRows: the rows of a match, or of a run so far, by number; and what is read of them (graph/match_spec.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cep/runs.h"
#include "columns/batch.h"
#include "columns/builder.h"
#include "graph/match_spec.h"
#include "operators/aggregate_layout.h"
#include "state/table.h"

namespace thalweg::operators {

/// The rows of one key at a time, in state by number (row_times.h), and the row at hand, which is not there yet. The task's thread.
class MatchRows {
 public:
  explicit MatchRows(types::Schema schema) : schema_(std::move(schema)) {}
  void Open(state::Table<std::string> rows, columns::BufferPool& pool);

  void SetKey(const state::KeyView& key);
  /// Row `number` is row `row` of `batch`, until the next call.
  void SetCurrent(const columns::Batch* batch, int32_t row, int64_t number);
  /// Puts the row at hand into state.
  void KeepCurrent();
  void Forget(int64_t from, int64_t to);

  struct Place {
    const columns::Batch* batch = nullptr;
    int32_t row = 0;
  };
  /// Holds until the next SetKey or SetCurrent.
  Place At(int64_t number);
  /// The rows of these numbers, as a batch.
  columns::Batch Together(const std::vector<int64_t>& numbers);

  const types::Schema& schema() const { return schema_; }
  columns::BufferPool& pool() const { return *pool_; }

 private:
  types::Schema schema_;
  state::Table<std::string> rows_;
  columns::BufferPool* pool_ = nullptr;
  state::KeyView key_;
  const columns::Batch* current_ = nullptr;
  int32_t current_row_ = 0;
  int64_t current_number_ = -1;
  std::map<int64_t, columns::Batch> decoded_;
};

/// Rows of a run by variable, with the row at hand behind them if it would be one of `current`.
struct RunRows {
  const std::vector<cep::Segment>* segments = nullptr;  // null: none
  int current = -1;                                     // -1: no row at hand
  int64_t number = 0;                                   // of the row at hand

  int64_t Count(int variable) const;
  /// The number of the row at `place` of those of `variable`, which must be there.
  int64_t At(int variable, int64_t place) const;
  std::vector<int64_t> All(int variable) const;
};

/// Reads of one condition, or of the output.
class MatchReads {
 public:
  static Result<MatchReads> Make(std::vector<graph::MatchRead> reads, const types::Schema& input);

  /// Appends each to its column of `out`, from `first` on. `time_ms`: of kTime.
  Status Append(const RunRows& run, MatchRows& rows, int64_t time_ms, columns::BatchBuilder& out, int first);
  int size() const { return static_cast<int>(reads_.size()); }
  const std::vector<types::DataType>& types() const { return types_; }

 private:
  struct Aggregate {
    std::shared_ptr<AggregateLayout> layout;  // null: no aggregate
    std::unique_ptr<AggregateObject> group;
  };
  Status AppendAggregate(size_t read, const RunRows& run, MatchRows& rows, columns::ColumnBuilder& out);

  std::vector<graph::MatchRead> reads_;
  std::vector<types::DataType> types_;
  std::vector<Aggregate> aggregates_;
};

}  // namespace thalweg::operators
